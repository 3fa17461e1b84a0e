//! Servers that the demo's door forwards to: two of the shop's catalogue, one that searches it, and a mailer that is somebody
//! else's. They misbehave when a scene says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use doorward_config::target_variable;
use serde_json::json;
use tokio::net::TcpListener;

use crate::output::Failure;

/// The servers of a demo, which end with it.
pub(crate) struct Upstreams {
    pub(crate) catalog: [Server; 2],
    search: Server,
    pub(crate) mailer: Server,
}

/// One server, and what it is told to do.
pub(crate) struct Server {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    name: &'static str,
    token: String,
    away: AtomicBool,
    odd: AtomicBool,
    served: AtomicUsize,
}

impl Upstreams {
    /// Starts them on free ports of this machine; the mailer lets in who shows `token`.
    pub(crate) async fn start(token: &str) -> Result<Self, Failure> {
        let item = || Router::new().route("/v1/items/{sku}", get(item));
        let mailer = Router::new().route("/v1/messages", post(message));
        let search = Router::new().route("/v1/search", get(async || StatusCode::BAD_GATEWAY));
        Ok(Self {
            catalog: [Server::start("a", "", item()).await?, Server::start("b", "", item()).await?],
            search: Server::start("search", "", search).await?,
            mailer: Server::start("mailer", token, mailer).await?,
        })
    }

    /// Where the targets of the demo's `doorward.toml` are, by the names of variables.
    pub(crate) fn places(&self) -> BTreeMap<String, String> {
        let [a, b] = &self.catalog;
        BTreeMap::from([
            (target_variable("catalog"), format!("{},{}", a.url, b.url)),
            (target_variable("search"), self.search.url.clone()),
            (target_variable("mailer"), self.mailer.url.clone()),
        ])
    }
}

impl Server {
    async fn start(name: &'static str, token: &str, router: Router<Arc<Shared>>) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Failure::new)?;
        let url = format!("http://{}", listener.local_addr().map_err(Failure::new)?);
        let shared = Arc::new(Shared { name, token: token.to_owned(), ..Shared::default() });
        let service = router.with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(Self { url, shared })
    }

    /// From now on it answers 503, or serves again.
    pub(crate) fn be_away(&self, away: bool) {
        self.shared.away.store(away, Ordering::SeqCst);
    }

    /// From now on its answers are not what the contract says, or are again.
    pub(crate) fn be_odd(&self, odd: bool) {
        self.shared.odd.store(odd, Ordering::SeqCst);
    }

    /// How many requests it was sent since the last time.
    pub(crate) fn served(&self) -> usize {
        self.shared.served.swap(0, Ordering::SeqCst)
    }
}

async fn item(State(server): State<Arc<Shared>>, Path(sku): Path<String>) -> Response {
    server.served.fetch_add(1, Ordering::SeqCst);
    if server.away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let price = if server.odd.load(Ordering::SeqCst) { json!("much") } else { json!(2100) };
    Json(json!({ "sku": sku, "price": price, "server": server.name })).into_response()
}

/// Takes a message from whoever shows the token, and tells what else it was shown.
async fn message(State(server): State<Arc<Shared>>, request: Request) -> Response {
    let shown = |headers: &HeaderMap, name| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let headers = request.headers();
    if shown(headers, "authorization") != Some(format!("Bearer {}", server.token)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    server.served.fetch_add(1, Ordering::SeqCst);
    let told = json!({ "status": "queued", "cookie": shown(headers, "cookie"), "caller": shown(headers, "x-doorward-caller") });
    (StatusCode::ACCEPTED, Json(told)).into_response()
}
