//! The demo's news of orders: a function that answers by a stream, written with `lambda_http` as a user would. Two orders
//! misbehave on purpose.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Frame;
use lambda_http::{Error, Request, RequestExt as _, Response, run_with_streaming_response, service_fn};

/// What becomes of an order, as server-sent events
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
const WAY: [&str; 3] = ["placed", "packed", "shipped"];
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(50);
/// The function ends in the middle of the news of this order.
const ENDS: &str = "ENDS";
/// The news of this order is longer than an answer that comes whole may be.
const IS_LONG: &str = "LONG";
const LONG: usize = 8 * 1024 * 1024;

type News = UnsyncBoxBody<Bytes, Infallible>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run_with_streaming_response(service_fn(answer)).await
}

async fn answer(request: Request) -> Result<Response<News>, Error> {
    let parameters = request.path_parameters();
    let order = parameters.first("id").unwrap_or_default().to_owned();
    let is_long = order == IS_LONG;
    let news = stream::iter(WAY).enumerate().then(move |(at, state)| {
        let ends = order == ENDS && at > 0;
        async move {
            if at > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            if ends {
                std::process::exit(1);
            }
            Bytes::from(format!("event: {state}\ndata: {at}\n\n"))
        }
    });
    let long = stream::iter(std::iter::repeat_n(Bytes::from(vec![b'\n'; 64 * 1024]), LONG / (64 * 1024)));
    let body =
        news.chain(long.take(if is_long { usize::MAX } else { 0 })).map(|chunk| Ok(Frame::data(chunk)));
    let response =
        Response::builder().header("content-type", "text/event-stream").header("set-cookie", "seen=1");
    Ok(response.body(UnsyncBoxBody::new(StreamBody::new(body)))?)
}
