//! AWS services that have no SDK client here.

mod answer;
mod error;
mod service;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use crate::connection;
use crate::fetch::check_url;
use crate::signer::{Scope, Signer};

pub(crate) use answer::{element, word};
pub(crate) use error::ApiError;
pub(crate) use service::Service;

/// The longest that is waited for a secret.
const WITHIN: Duration = Duration::from_secs(5);
/// The largest answer that is read of one: Secrets Manager keeps at most 64 KiB, which JSON may escape.
const LARGEST: usize = 512 * 1024;

/// AWS services called as they document it and signed with Signature Version 4
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>). One request each and no retry: who asks
/// does so again.
#[derive(Clone)]
pub(crate) struct ServiceApi {
    connector: SharedHttpConnector,
    signer: Signer,
    region: String,
    /// In the order of [`service::ALL`].
    endpoints: [Option<String>; service::ALL.len()],
}

/// What a service is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) service: Service,
    /// `None` for the function's own.
    pub(crate) region: Option<&'a str>,
    /// Where it is asked, unless a variable says where.
    pub(crate) place: Place<'a>,
    pub(crate) operation: &'a str,
    /// As the service's protocol has it.
    pub(crate) body: &'a str,
    /// `X-Amzn-Trace-Id`.
    pub(crate) trace: Option<&'a str>,
    pub(crate) within: Duration,
    /// The most bytes that are read of the answer.
    pub(crate) largest: usize,
}

/// Where a service is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// At its host in the region, whose name begins so.
    Region(&'static str),
    /// At this address, which ends with the host.
    Origin(&'a str),
}

impl ServiceApi {
    pub(crate) fn new(
        connector: SharedHttpConnector,
        credentials: Credentials,
        region: String,
        endpoint: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let endpoints = service::ALL.map(|service| endpoint(service.variable()));
        Self { connector, signer: credentials.into(), region, endpoints }
    }

    /// Who signs with the function's own credentials, and the region that it is in.
    pub(crate) fn signer(&self) -> (&Signer, &str) {
        (&self.signer, &self.region)
    }

    /// The JSON text that `operation` answers; `region` where it is not the function's own.
    pub(crate) async fn call(
        &self,
        service: Service,
        region: Option<&str>,
        operation: &str,
        input: &Value,
    ) -> Result<Vec<u8>, ApiError> {
        self.ask(Question {
            service,
            region,
            place: Place::Region(""),
            operation,
            body: &input.to_string(),
            trace: None,
            within: WITHIN,
            largest: LARGEST,
        })
        .await
    }

    /// What the service answers with status 200.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Vec<u8>, ApiError> {
        let request = self.request(&question)?;
        let asked = async {
            let answer = self.connector.call(request).await.map_err(|error| match error {
                error if connection::never_made(&error) => ApiError::NotReached,
                error if error.is_timeout() => ApiError::Late,
                _ => ApiError::Cut,
            })?;
            answer::read(answer, question.largest).await
        };
        tokio::time::timeout(question.within, asked).await.unwrap_or(Err(ApiError::Late))
    }

    fn endpoint(&self, question: &Question<'_>, region: &str) -> String {
        let set = service::ALL.iter().zip(&self.endpoints).find(|(service, _)| **service == question.service);
        if let Some(set) = set.and_then(|(_, endpoint)| endpoint.as_ref()) {
            return set.clone();
        }
        match question.place {
            Place::Region(prefix) => question.service.address(region, prefix),
            Place::Origin(origin) => origin.to_owned(),
        }
    }

    fn request(&self, question: &Question<'_>) -> Result<HttpRequest, ApiError> {
        let unusable =
            |cause: &str| ApiError::Unsendable(format!("the service's address cannot be used: {cause}"));
        let region = question.region.unwrap_or(&self.region);
        let url = format!("{}/", self.endpoint(question, region).trim_end_matches('/'));
        // What is sent and what comes back may be secret.
        check_url(&url).map_err(|cause| unusable(&cause))?;
        let uri: http::Uri = url.parse().map_err(|_| unusable("it cannot be read"))?;
        let host = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        let protocol = question.service.protocol();
        let target = protocol.target(question.operation);
        let mut fields = vec![("content-type", protocol.content_type()), ("host", &host)];
        fields.extend(target.as_deref().map(|target| ("x-amz-target", target)));
        fields.extend(question.trace.map(|trace| ("x-amzn-trace-id", trace)));

        let scope = Scope { region, service: question.service.name() };
        let signature = self.signer.sign(scope, "POST", &url, &fields, question.body.as_bytes());
        let signature = signature.map_err(|error| ApiError::Unsendable(error.to_string()))?;

        let mut request = HttpRequest::new(SdkBody::from(question.body));
        request.set_method("POST").map_err(|_| unusable("it cannot be sent"))?;
        request.set_uri(url.as_str()).map_err(|_| unusable("it cannot be sent"))?;
        let headers = request.headers_mut();
        for (name, value) in fields {
            headers.insert(name, value.to_owned());
        }
        headers.insert("user-agent", "doorward");
        for (name, value) in signature {
            headers.insert(name, value);
        }
        Ok(request)
    }
}
