use doorward_model::{Front, FrontKind, FrontVerified, HttpRequest, Inbound, PathForm, ReplyForm};
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::fault::MalformedRequest;
use crate::members::Members;
use crate::parameters::{self, Given};
use crate::{fields, request, verified};

/// Reads a request of a REST API, or of an HTTP API in payload format 1.0, which `kind` tells ("Input format of a Lambda
/// function for proxy integration" and "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway guide).
pub(crate) fn read(
    envelope: &Envelope<'_>,
    document: Map<String, Value>,
    kind: FrontKind,
) -> Result<Inbound, MalformedRequest> {
    let mut document = Members::of(document);
    let mut context = document.object("requestContext")?;
    let front = Front { kind, id: context.text("apiId")? };
    let stage = context.optional_text("stage")?;
    // A REST API leaves `path` encoded, and its stage out of it; an HTTP API decodes it, and puts a named stage before.
    let (path_form, stage) = match kind {
        FrontKind::RestApi => (PathForm::Encoded, None),
        _ => (PathForm::Decoded, request::named_stage(stage)),
    };
    let mut verified = FrontVerified::default();
    let mut source_ip = None;
    if let Some(mut identity) = context.optional_object("identity")? {
        source_ip = identity.optional_text("sourceIp")?.and_then(|address| address.parse().ok());
        verified.iam = verified::iam_of_identity(&mut identity)?;
        verified.certificate = verified::certificate(&mut identity)?;
    }
    // Of an HTTP API, `authorizer.claims` may be what a Lambda authorizer has put into its context, maps among it: only
    // payload format 2.0 tells the two apart.
    if kind == FrontKind::RestApi {
        verified.claims = verified::cognito_claims(&mut context)?;
    }
    let request = HttpRequest {
        method: request::method(&document.text("httpMethod")?)?,
        path: document.text("path")?,
        path_form,
        query: parameters::query(&mut document, Given::Decoded)?,
        headers: fields::received(&request::headers(&mut document)?),
        body: request::body(&mut document)?,
        source_ip,
        // The gateway's word for it; the caller's own `Host` is no substitute.
        host: context.optional_text("domainName")?.unwrap_or_default(),
        stage,
        socket: None,
        verified,
        reply: ReplyForm::V1,
    };
    request::through_gateway(envelope, front, context, request)
}
