//! The front door itself: every HTTP request and every event comes in here and leaves checked, decided, limited,
//! forwarded and recorded.

mod serve;
mod streamed;
mod unread;

use std::sync::Arc;

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn, spawn_graceful_shutdown_handler};
use serde_json::value::RawValue;

use crate::streamed::StreamedLayer;

fn main() -> Result<(), Error> {
    doorward_aws::block_on(serve_all)?
}

async fn serve_all() -> Result<(), Error> {
    doorward_aws::init_log();
    let door = Arc::new(doorward_aws::open_door().await?);
    let closing = Arc::clone(&door);
    // A runtime without extensions gives no notice of the end: what waits then is lost with the sandbox, as if it were killed.
    let notice = tokio::spawn(spawn_graceful_shutdown_handler(|| async move { closing.close().await }));
    if notice.await.is_err() {
        tracing::warn!("this runtime gives no notice of a sandbox's end");
    }
    let streamed = StreamedLayer::new(Arc::clone(&door));
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let door = Arc::clone(&door);
        async move { serve::serve(&door, &event.payload, &event.context).await }
    });
    Runtime::new(handler).layer(streamed).layer(TracingLayer::new()).run_concurrent().await
}
