//! The way of requests through the proxy, connection by connection.

use std::net::TcpListener;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, BufReader};
use tokio::net::TcpStream;

use super::fault::refusal;
use super::operation::{priced, write_units};
use super::{Asked, Fault, Shared, Step};
use crate::http1::HttpMessage;

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let mut closing = shared.closing.subscribe();
    loop {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            accepted = listener.accept() => {
                let Ok((caller, _)) = accepted else { return };
                let _ = caller.set_nodelay(true);
                shared.state().connections += 1;
                let connection = Connection { caller: BufReader::new(caller), store: None, shared: Arc::clone(&shared) };
                tokio::spawn(connection.carry());
            }
        }
    }
}

struct Connection {
    caller: BufReader<TcpStream>,
    /// Opened by the first request that is forwarded.
    store: Option<BufReader<TcpStream>>,
    shared: Arc<Shared>,
}

/// What comes after a request.
enum Then {
    Next,
    Close,
    Reset,
    /// The connection stays as it is until the caller gives up.
    Hold,
}

impl Connection {
    async fn carry(mut self) {
        while let Ok(Some(request)) = HttpMessage::read(&mut self.caller).await {
            self.shared.open.send_modify(|open| *open += 1);
            let then = self.answer(request).await;
            self.shared.open.send_modify(|open| *open -= 1);
            match then {
                Ok(Then::Next) => {}
                Ok(Then::Close) | Err(_) => return,
                Ok(Then::Reset) => {
                    let _ = self.caller.get_ref().set_zero_linger();
                    return;
                }
                Ok(Then::Hold) => return self.hold().await,
            }
        }
    }

    async fn hold(&mut self) {
        let _ = self.caller.read(&mut [0]).await;
    }

    async fn answer(&mut self, request: HttpMessage) -> std::io::Result<Then> {
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let (asked, fault, entry) = self.shared.decide(&request, body);
        if *self.shared.away.borrow() {
            return Ok(Then::Hold);
        }
        let Some(fault) = fault else {
            self.forward(request, &asked, entry).await?.write(&mut self.caller).await?;
            return Ok(Then::Next);
        };
        match fault {
            Fault::Throttled | Fault::AccountThrottled | Fault::ServerError | Fault::Conflict => {
                self.refuse(&fault, &asked).await
            }
            Fault::ServerErrorAfterCommit => {
                self.forward(request, &asked, entry).await?;
                self.refuse(&fault, &asked).await
            }
            Fault::HeldBeforeCommit => Ok(Then::Hold),
            Fault::HeldAfterCommit => {
                self.forward(request, &asked, entry).await?;
                Ok(Then::Hold)
            }
            Fault::Late => {
                self.hold().await;
                self.forward(request, &asked, entry).await?;
                Ok(Then::Close)
            }
            Fault::ClosedBeforeCommit => Ok(Then::Close),
            Fault::ResetBeforeCommit => Ok(Then::Reset),
            Fault::ResetAfterCommit => {
                self.forward(request, &asked, entry).await?;
                Ok(Then::Reset)
            }
            Fault::Truncated | Fault::Shortened => {
                let answer = self.forward(request, &asked, entry).await?;
                let whole = answer.body.len();
                let declared = if matches!(fault, Fault::Truncated) { whole } else { whole / 2 };
                answer.write_cut(&mut self.caller, whole / 2, declared).await?;
                Ok(Then::Close)
            }
            Fault::Interrupted(step, hook) => {
                if step != Step::Asked {
                    let answer = self.forward(request, &asked, entry).await?;
                    if step == Step::Answered {
                        answer.write(&mut self.caller).await?;
                    }
                }
                hook();
                Ok(Then::Close)
            }
        }
    }

    async fn refuse(&mut self, fault: &Fault, asked: &Asked) -> std::io::Result<Then> {
        match refusal(fault, asked) {
            Some(answer) => {
                answer.write(&mut self.caller).await?;
                Ok(Then::Next)
            }
            None => Ok(Then::Close),
        }
    }

    /// The store's own answer.
    async fn forward(
        &mut self,
        request: HttpMessage,
        asked: &Asked,
        entry: u64,
    ) -> std::io::Result<HttpMessage> {
        let store = match &mut self.store {
            Some(store) => store,
            None => {
                let store = TcpStream::connect(self.shared.behind).await?;
                store.set_nodelay(true)?;
                self.store.insert(BufReader::new(store))
            }
        };
        priced(request, asked).write(store).await?;
        let answer = HttpMessage::read(store).await?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        self.shared.note(entry, answer.status(), write_units(asked, &answer));
        Ok(answer)
    }
}
