use bytes::Bytes;
use doorward_model::BodyError;
use futures_util::{Stream, StreamExt as _};
use http::HeaderMap;

use super::allowance::{Allowance, Bomb};
use super::coding;
use super::decoder::{Decoder, Stop};

/// How much of a body is read before others have their turn, in bytes: some of it may become a thousand times as much.
const TURN: usize = 1024;

/// What a compressed body has become so far.
struct Gauge {
    allowance: Allowance,
    came: u64,
    readers: Vec<Reader>,
}

/// One way to read it.
struct Reader {
    decoder: Decoder,
    inflated: u64,
}

/// Holds a whole body with these fields to `allowance`.
pub(crate) async fn hold(headers: &HeaderMap, body: &[u8], allowance: Allowance) -> Result<(), Bomb> {
    if body.is_empty() {
        return Ok(());
    }
    let mut gauge = Gauge::new(headers, allowance)?;
    gauge.came = body.len() as u64;
    for part in body.chunks(TURN) {
        if gauge.readers.is_empty() {
            break;
        }
        gauge.read(part)?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Holds a body to `allowance` while it comes in: the chunk that makes too much of what came until then is the first that is not
/// handed on.
pub(crate) fn hold_stream<S>(
    headers: &HeaderMap,
    chunks: S,
    allowance: Allowance,
) -> Result<impl Stream<Item = Result<Bytes, BodyError>> + use<S>, Bomb>
where
    S: Stream<Item = Result<Bytes, BodyError>>,
{
    let mut gauge = Gauge::new(headers, allowance)?;
    Ok(chunks.map(move |chunk| {
        let chunk = chunk?;
        gauge.came += chunk.len() as u64;
        gauge.read(&chunk).map_err(|bomb| BodyError::Inflates(bomb.to_string()))?;
        Ok(chunk)
    }))
}

impl Gauge {
    fn new(headers: &HeaderMap, allowance: Allowance) -> Result<Self, Bomb> {
        let decoders = coding::of(headers)?.map_or_else(|| Ok(Vec::new()), Decoder::all_of)?;
        let readers = decoders.into_iter().map(|decoder| Reader { decoder, inflated: 0 }).collect();
        Ok(Self { allowance, came: 0, readers })
    }

    /// Reads what comes next of the body.
    fn read(&mut self, bytes: &[u8]) -> Result<(), Bomb> {
        let (allowance, came) = (self.allowance, self.came);
        let mut bomb = None;
        self.readers.retain_mut(|Reader { decoder, inflated }| {
            let decoded = decoder.decode(bytes, &mut |written| {
                *inflated += written as u64;
                allowance.check(came, *inflated)
            });
            match decoded {
                Ok(()) => true,
                Err(Stop::End) => false,
                Err(Stop::Bomb(found)) => {
                    bomb = Some(found);
                    false
                }
            }
        });
        bomb.map_or(Ok(()), Err)
    }
}
