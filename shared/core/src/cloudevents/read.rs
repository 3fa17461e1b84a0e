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

/// What media types of CloudEvents begin with.
const PREFIX: &str = "application/cloudevents";
pub(super) const STRUCTURED: &str = "application/cloudevents+json";
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
) -> Result<Vec<CloudEvent>, MalformedFault> {
    match mode {
        Mode::Binary => Ok(vec![binary::event(request)]),
        Mode::Structured => Ok(vec![json_format::event(request.body.clone())]),
        Mode::Batch => {
            let texts = json_format::batch(&request.body, rule.batch)?;
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use doorward_model::{EventPayload, FrontVerified, JsonFault, PathForm, ReplyForm};
    use http::{HeaderMap, HeaderName, HeaderValue, Method};
    use serde_json::{Value, json};

    use super::super::forward;
    use super::*;

    fn request(headers: &[(&str, &str)], body: &str) -> HttpRequest {
        let field = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let mut fields = HeaderMap::new();
        for (name, value) in headers.iter().map(field) {
            fields.append(name, value);
        }
        HttpRequest {
            method: Method::POST,
            path: "/events".to_owned(),
            path_form: PathForm::Encoded,
            query: String::new(),
            headers: fields,
            body: Bytes::copy_from_slice(body.as_bytes()),
            source_ip: None,
            host: "shop.example".to_owned(),
            stage: None,
            socket: None,
            verified: FrontVerified::default(),
            reply: ReplyForm::V2,
        }
    }

    fn read(headers: &[(&str, &str)], body: &str) -> Vec<CloudEvent> {
        let request = request(headers, body);
        let rule = CloudEventsRule { batch: 10, extensions: Vec::new(), origins: Vec::new() };
        events(mode(&request).unwrap(), &request, &rule).unwrap()
    }

    fn read_or_fault(event: CloudEvent) -> Result<CloudEvent, MalformedFault> {
        event.fault.clone().map_or(Ok(event), Err)
    }

    fn structured(event: &str) -> Result<CloudEvent, MalformedFault> {
        let mut events = read(&[("Content-Type", "Application/CloudEvents+JSON; charset=\"utf-8\"")], event);
        let event = events.pop().unwrap();
        assert!(events.is_empty());
        read_or_fault(event)
    }

    fn with(more: &Value) -> String {
        let mut event = json!({ "specversion": "1.0", "id": "1", "source": "/s", "type": "t" });
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        event.to_string()
    }

    #[track_caller]
    fn told(more: &Value, attributes: &Value, data: &EventPayload) {
        let text = with(more);
        let event = structured(&text).unwrap();
        let told: Value = event.attributes.clone().into_iter().collect::<serde_json::Map<_, _>>().into();
        let mut expected = json!({ "id": "1", "source": "/s", "type": "t" });
        for (name, value) in attributes.as_object().unwrap() {
            expected[name] = value.clone();
        }
        assert_eq!((&told, &event.data), (&expected, data), "{text}");
        assert_eq!(event.text.as_deref(), Some(text.as_bytes()));
    }

    #[test]
    fn an_object_is_an_event() {
        told(&json!({}), &json!({}), &EventPayload::Absent);
        told(&json!({ "data": null }), &json!({}), &EventPayload::Json(Value::Null));
        told(&json!({ "data": [1, "ä"] }), &json!({}), &EventPayload::Json(json!([1, "ä"])));
        let extensions = json!({ "tenant": -7, "first": true, "trace": "", "gone": null, "subject": null });
        let texts = json!({ "tenant": "-7", "first": "true", "trace": "" });
        told(&extensions, &texts, &EventPayload::Absent);
        let plain = json!({ "datacontenttype": "text/plain" });
        told(&json!({ "datacontenttype": "text/plain", "data": "abc" }), &plain, &EventPayload::Binary(3));
        told(
            &json!({ "data_base64": "eyJhIjoxfQ==" }),
            &json!({}),
            &EventPayload::Text("{\"a\":1}".to_owned()),
        );
        told(&json!({ "data_base64": "/w==" }), &json!({}), &EventPayload::Binary(1));
        let binary = json!({ "datacontenttype": "image/png", "data_base64": "AAEC" });
        told(&binary, &json!({ "datacontenttype": "image/png" }), &EventPayload::Binary(3));
        let subject =
            json!({ "subject": "Ä/🦀", "dataschema": "urn:a:b", "time": "2026-11-24T12:00:00.5+01:00" });
        told(&subject, &subject, &EventPayload::Absent);
    }

    #[track_caller]
    fn broken(event: &str, fault: impl Into<MalformedFault>) {
        assert_eq!(structured(event), Err(fault.into()), "{event}");
    }

    #[test]
    fn what_is_no_event_is_said_to_be_none() {
        for (more, fault) in [
            (json!({ "specversion": "0.3" }), Fault::Version),
            (json!({ "specversion": 1 }), Fault::Attribute("specversion")),
            (json!({ "specversion": null }), Fault::Missing("specversion")),
            (json!({ "id": null }), Fault::Missing("id")),
            (json!({ "id": "" }), Fault::Empty("id")),
            (json!({ "id": 7 }), Fault::Attribute("id")),
            (json!({ "source": "" }), Fault::Empty("source")),
            (json!({ "source": "a b" }), Fault::Attribute("source")),
            (json!({ "type": ["t"] }), Fault::Attribute("type")),
            (json!({ "subject": "" }), Fault::Empty("subject")),
            (json!({ "time": "2026-11-24" }), Fault::Attribute("time")),
            (json!({ "dataschema": "relative" }), Fault::Attribute("dataschema")),
            (json!({ "datacontenttype": "json" }), Fault::Attribute("datacontenttype")),
            (json!({ "Tenant": "7" }), Fault::Name),
            (json!({ "data-x": "7" }), Fault::Name),
            (json!({ "tenant": 1.5 }), Fault::Extension),
            (json!({ "tenant": 2_147_483_648_i64 }), Fault::Extension),
            (json!({ "tenant": {} }), Fault::Extension),
            (json!({ "data": 1, "data_base64": "AA==" }), Fault::TwoData),
            (json!({ "data_base64": "AA" }), Fault::Base64),
            (json!({ "data_base64": null }), Fault::Base64),
        ] {
            broken(&with(&more), fault);
        }
        broken("7", Fault::NoObject);
        broken(r#"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#.replace("\"1\"", "\"1\",\"id\":\"1\"").as_str(), JsonFault::DuplicateKey);
        broken(
            &with(&json!({})).replace("\"1\"", "\"1\",\"data\":12345678901234567890123"),
            JsonFault::Inexact,
        );
        let deep = format!("{{\"data\":{}1{}}}", "[".repeat(80), "]".repeat(80));
        broken(&deep, JsonFault::TooDeep(64));
    }

    const FIELDS: [(&str, &str); 4] =
        [("ce-specversion", "1.0"), ("Ce-Id", "1"), ("CE-SOURCE", "/s"), ("ce-type", "t")];

    fn binary(more: &[(&str, &str)], body: &str) -> Result<CloudEvent, MalformedFault> {
        let mut events = read(&[&FIELDS[..], more].concat(), body);
        read_or_fault(events.pop().unwrap())
    }

    #[test]
    fn header_fields_are_an_event() {
        let event = binary(&[], "").unwrap();
        assert_eq!((event.attribute("id"), &event.data, &event.text), ("1", &EventPayload::Absent, &None));
        let event = binary(&[("content-type", "application/json")], "{\"a\": 1}").unwrap();
        assert_eq!(event.data, EventPayload::Text("{\"a\": 1}".to_owned()));
        assert_eq!(event.attribute("datacontenttype"), "application/json");
        let more =
            [("ce-subject", "%C3%84%20\u{22}"), ("ce-tenant", "\"a \\\"b\\\"\""), ("cell", "x"), ("ce", "x")];
        let event = binary(&more, "text").unwrap();
        assert_eq!((event.attribute("subject"), event.attribute("tenant")), ("Ä \"", "a \"b\""));
        // Nothing says what these bytes are.
        assert_eq!((event.data, event.attributes.len()), (EventPayload::Binary(4), 5));
    }

    #[test]
    fn header_fields_have_one_reading() {
        for (more, fault) in [
            (("ce-id", "1"), Fault::Twice),
            (("ce-subject", ""), Fault::Empty("subject")),
            (("ce-tenant-id", "7"), Fault::Name),
            (("ce-", "7"), Fault::Name),
            (("ce-datacontenttype", "text/plain"), Fault::Twice),
            (("ce-subject", "Ä"), Fault::Encoding),
            (("ce-subject", "%C3"), Fault::Encoding),
            (("ce-subject", "%0A"), Fault::Attribute("subject")),
            (("ce-time", "now"), Fault::Attribute("time")),
        ] {
            assert_eq!(binary(&[more], ""), Err(fault.into()), "{more:?}");
        }
    }

    #[test]
    fn a_list_is_taken_apart_byte_for_byte() {
        let events = [
            r#"{ "specversion":"1.0","id":"1","source":"/s","type":"t", "data": 1.50e1 }"#,
            r#"{"specversion":"1.0","id":"\u0032","source":"/s","type":"t","data":"]},["}"#,
            "[]",
        ];
        let media = ("content-type", "application/cloudevents-batch+json");
        let all = read(&[media], &format!("\n[ {} ]\n", events.join(" ,\n")));
        let texts: Vec<_> = all.iter().map(|event| event.text.clone().unwrap()).collect();
        assert_eq!(texts, events.map(|text| Bytes::from_static(text.as_bytes())));
        assert_eq!(all[1].attribute("id"), "2");
        assert_eq!(all[2].fault, Some(Fault::NoObject.into()));
        assert!(read(&[media], "[]").is_empty());
        let sent = forward::batch(&request(&[media], ""), [&all[1], &all[0]]);
        assert_eq!(sent.body, format!("[{},{}]", events[1], events[0]));
    }

    #[test]
    fn targets_are_not_sent_what_was_not_looked_at() {
        let fields = [
            ("content-type", "application/cloudevents-batch+json"),
            ("ce-type", "another"),
            ("content-digest", "sha-256=:AA=:"),
            ("idempotency-key", "k"),
            ("x-shop", "tea"),
        ];
        let names = |mode| {
            let cleaned = forward::cleaned(&request(&fields, ""), mode);
            let mut names: Vec<_> = cleaned.headers.keys().map(ToString::to_string).collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(names(Mode::Batch), "content-type x-shop");
        assert_eq!(names(Mode::Structured), "content-digest content-type idempotency-key x-shop");
        assert_eq!(names(Mode::Binary).split(' ').count(), 5);
    }
}
