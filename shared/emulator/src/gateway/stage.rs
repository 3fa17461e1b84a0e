//! The stage of an API that a request has arrived at.

use super::client_certificate::ClientCertificate;

/// Where an API of API Gateway is deployed.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) api_id: String,
    /// `$default` of an HTTP API.
    pub(super) name: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) domain_name: String,
    /// Port of the listener.
    pub(super) port: u16,
    /// What every caller is taken to have shown.
    pub(super) certificate: Option<ClientCertificate>,
}

impl Stage {
    /// The ARN of a method or route, `tail` being `GET/orders/42` or `$connect`.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>
    pub(super) fn arn(&self, tail: &str) -> String {
        let Self { region, account, api_id, name, .. } = self;
        format!("arn:aws:execute-api:{region}:{account}:{api_id}/{name}/{tail}")
    }
}
