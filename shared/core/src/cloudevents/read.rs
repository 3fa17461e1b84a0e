//! The three ways in which a request brings events (HTTP protocol binding 1.0.2, section 3).

use doorward_config::CloudEventsRule;
use doorward_model::{CloudEventFault as Fault, HttpRequest, MalformedFault, Refusal};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::event::{CloudEvent, media_type};
use super::{binary, json_format};

/// How events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The request is the event: its attributes are header fields.
    Binary,
    /// The body is the event.
    Structured,
    /// The body is a list of events.
    Batch,
}

/// An event that has no reading.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Broken {
    /// What can be told of it all the same.
    pub(crate) event: CloudEvent,
    pub(crate) fault: MalformedFault,
}

/// What media types of CloudEvents begin with.
const PREFIX: &str = "application/cloudevents";
const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// How the request brings its events: its media type says that, else a field of binary mode.
///
/// # Errors
/// A media type in another event format or character set, a content coding around events, and a request without any.
pub(crate) fn mode(request: &HttpRequest) -> Result<Mode, Refusal> {
    let malformed = |fault: MalformedFault| Refusal::Malformed(fault);
    let mut medias = request.headers.get_all(CONTENT_TYPE).iter();
    let media = medias.next().map(|media| media.to_str().map(str::to_owned)).transpose();
    let header = || malformed(MalformedFault::Header(CONTENT_TYPE.as_str().to_owned()));
    let media = media.map_err(|_| header())?;
    if medias.next().is_some() {
        return Err(header());
    }
    let name = media.as_deref().map(media_type).unwrap_or_default();
    if !name.starts_with(PREFIX) {
        let version = format!("{}specversion", binary::PREFIX);
        return match request.headers.contains_key(version) {
            true => Ok(Mode::Binary),
            false => Err(malformed(Fault::Nothing.into())),
        };
    }
    let mode = match name.as_str() {
        STRUCTURED => Mode::Structured,
        BATCH => Mode::Batch,
        _ => return Err(Refusal::UnsupportedMediaType),
    };
    let is_utf8 = media.as_deref().is_none_or(states_utf8);
    if !is_utf8 || request.headers.contains_key(CONTENT_ENCODING) {
        return Err(Refusal::UnsupportedMediaType);
    }
    Ok(mode)
}

/// The events of a request, in their order.
///
/// # Errors
/// What holds for the request as a whole: a batch that is none, or that brings more than the route takes.
pub(crate) fn events(
    mode: Mode,
    request: &HttpRequest,
    rule: &CloudEventsRule,
) -> Result<Vec<Result<CloudEvent, Broken>>, MalformedFault> {
    match mode {
        Mode::Binary => Ok(vec![binary::event(request)]),
        Mode::Structured => Ok(vec![json_format::event(request.body.clone())]),
        Mode::Batch => {
            let texts = json_format::batch(&request.body)?;
            if texts.len() > rule.batch {
                return Err(Fault::TooMany(rule.batch).into());
            }
            Ok(texts.into_iter().map(json_format::event).collect())
        }
    }
}

/// Whether a media type names no character set but UTF-8, which is the one of JSON (RFC 8259 section 8.1).
fn states_utf8(media: &str) -> bool {
    media.split(';').skip(1).all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}
