//! The front door itself: every HTTP request and every event comes in here and leaves checked, decided, limited,
//! forwarded and recorded.

mod serve;

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn, spawn_graceful_shutdown_handler};
use serde_json::value::RawValue;

fn main() -> Result<(), Error> {
    doorward_aws::block_on(serve_all)?
}

async fn serve_all() -> Result<(), Error> {
    doorward_aws::init_log();
    let door = Arc::new(doorward_aws::open_door().await?);
    let closing = Arc::clone(&door);
    spawn_graceful_shutdown_handler(|| async move { closing.close().await }).await;
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let door = Arc::clone(&door);
        async move { serve::serve(&door, &event.payload, &event.context).await }
    });
    run_concurrent(handler).await
}
