use bytes::Bytes;
use doorward_model::BodyError;
use futures_util::{Stream, StreamExt as _};
use http::HeaderMap;

use super::allowance::{Allowance, Bomb};
use super::coding;
use super::decoder::{Decoder, Stop};

/// How much of a body is read before others have their turn: some of it may become a thousand times as much.
const TURN: usize = 16 * 1024;

/// What a compressed body has become so far.
struct Gauge {
    allowance: Allowance,
    came: u64,
    /// The codings, the last one that was applied first.
    layers: Vec<Layer>,
}

/// A coding that is taken off.
struct Layer {
    /// `None` once nothing can be read any more.
    decoder: Option<Decoder>,
    /// How much it has inflated.
    inflated: u64,
}

/// Holds a whole body with these fields to `allowance`.
pub(crate) async fn hold(headers: &HeaderMap, body: &[u8], allowance: Allowance) -> Result<(), Bomb> {
    let mut gauge = Gauge::new(headers, allowance)?;
    if gauge.layers.is_empty() {
        return Ok(());
    }
    for part in body.chunks(TURN) {
        gauge.take(part)?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Holds a body to `allowance` while it comes in: the chunk that makes too much of it is the first that is not handed on.
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
        gauge.take(&chunk).map_err(|bomb| BodyError::Inflates(bomb.to_string()))?;
        Ok(chunk)
    }))
}

impl Gauge {
    fn new(headers: &HeaderMap, allowance: Allowance) -> Result<Self, Bomb> {
        let layer = |coding| Layer { decoder: Some(Decoder::new(coding)), inflated: 0 };
        let layers = coding::of(headers)?.into_iter().map(layer).collect();
        Ok(Self { allowance, came: 0, layers })
    }

    /// Takes what comes next of the body.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Bomb> {
        self.came += bytes.len() as u64;
        let (allowance, came) = (self.allowance, self.came);
        inflate(&mut self.layers, bytes, &|inflated| allowance.check(came, inflated))
    }
}

/// Takes the codings off, one after the other, each of which is held to what the whole is.
fn inflate(layers: &mut [Layer], bytes: &[u8], check: &dyn Fn(u64) -> Result<(), Bomb>) -> Result<(), Bomb> {
    let Some((Layer { decoder: stage, inflated }, inner)) = layers.split_first_mut() else { return Ok(()) };
    let Some(decoder) = stage else { return Ok(()) };
    let decoded = decoder.decode(bytes, &mut |piece| {
        *inflated += piece.len() as u64;
        check(*inflated)?;
        inflate(inner, piece, check)
    });
    match decoded {
        Ok(()) => Ok(()),
        Err(Stop::Bomb(bomb)) => Err(bomb),
        Err(Stop::End) => {
            *stage = None;
            Ok(())
        }
    }
}
