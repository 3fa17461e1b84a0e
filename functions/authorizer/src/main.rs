//! The authorizer of an API Gateway HTTP API: refuses early what the dispatcher behind it would refuse as well.

mod admit;

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn, spawn_graceful_shutdown_handler};
use serde_json::value::RawValue;

fn main() -> Result<(), Error> {
    doorward_aws::block_on(serve_all)?
}

async fn serve_all() -> Result<(), Error> {
    doorward_aws::init_log();
    let door = Arc::new(doorward_aws::open_authorizer().await?);
    let closing = Arc::clone(&door);
    // A runtime without extensions gives no notice of the end: what waits then is lost with the sandbox, as if it were killed.
    let notice = tokio::spawn(spawn_graceful_shutdown_handler(|| async move { closing.close().await }));
    if notice.await.is_err() {
        tracing::warn!("this runtime gives no notice of a sandbox's end");
    }
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let door = Arc::clone(&door);
        async move { admit::admit(&door, &event.payload, &event.context).await }
    });
    run_concurrent(handler).await
}
