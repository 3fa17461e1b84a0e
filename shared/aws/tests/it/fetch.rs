use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use doorward_aws::HttpsFetch;
use doorward_core::ports::Fetch;

use crate::loopback::{self, Nobody};

/// Reads `path` with a limit of 16 bytes.
async fn fetch(path: &str) -> Result<String, String> {
    let app = Router::new()
        .route("/keys", get(|| async { r#"{"keys":[]}"# }))
        .route("/full", get(|| async { "x".repeat(16) }))
        .route("/large", get(|| async { "x".repeat(17) }))
        .route("/moved", get(|| async { Redirect::temporary("/keys") }))
        .route("/away", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }));
    let address = loopback::serve(app).await;
    read(&format!("http://{address}{path}")).await
}

async fn read(url: &str) -> Result<String, String> {
    let nobody = Nobody::new();
    let fetch = HttpsFetch::new(&loopback::clients(nobody.address()));
    let body = fetch.get(url, 16).await.map_err(|error| {
        assert_eq!(error.url, url);
        error.cause
    })?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_document_is_read_within_its_limit() {
    assert_eq!(fetch("/keys").await.as_deref(), Ok(r#"{"keys":[]}"#));
    assert_eq!(fetch("/full").await, Ok("x".repeat(16)));
    assert_eq!(fetch("/large").await, Err("the answer is larger than 16 bytes".into()));
}

#[tokio::test]
async fn anything_but_200_is_no_document() {
    assert_eq!(fetch("/moved").await, Err("the server answered 307".into()));
    assert_eq!(fetch("/away").await, Err("the server answered 503".into()));
    assert_eq!(fetch("/empty").await, Err("the server answered 204".into()));
}

#[tokio::test]
async fn who_is_not_there_cannot_be_reached() {
    let nobody = Nobody::new();
    assert_eq!(
        read(&format!("http://{}/keys", nobody.address())).await,
        Err("the server cannot be reached".into())
    );
}

#[tokio::test]
async fn plain_http_stays_on_this_machine() {
    let refused = Err("only `https` is read, or `http` on loopback".into());
    assert_eq!(read("http://192.0.2.1/keys").await, refused);
}
