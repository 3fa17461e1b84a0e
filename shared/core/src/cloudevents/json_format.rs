//! The JSON event format, 1.0.2: an object is an event, an array of them a batch.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use doorward_model::{CloudEventFault as Fault, EventPayload, MalformedFault, parse_json};
use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::event::{Attributes, CloudEvent, is_json, known, media_type};

/// Nesting in an event, its data among it.
const MAX_DEPTH: usize = 64;

/// Reads one event, of which `text` is the whole text.
pub(super) fn event(text: Bytes) -> CloudEvent {
    let members = match parse_json(&text, MAX_DEPTH) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return CloudEvent::unread(text, Fault::NoObject.into()),
        Err(fault) => return CloudEvent::unread(text, fault.into()),
    };
    let (data, mut attributes) = (data(&members), Attributes::default());
    for (name, value) in members {
        match value {
            // "an unset attribute MAY be encoded to the JSON value of null" (section 2.2).
            Value::Null => {}
            _ if ["data", "data_base64"].contains(&name.as_str()) => {}
            Value::String(text) => attributes.take(&name, text),
            Value::Bool(value) if known(&name).is_none() => attributes.take(&name, value.to_string()),
            Value::Number(number) if known(&name).is_none() && number.as_i64().is_some_and(is_integer) => {
                attributes.take(&name, number.to_string());
            }
            _ => attributes.fail(known(&name).map_or(Fault::Extension, Fault::Attribute)),
        }
    }
    let data = data.unwrap_or_else(|fault| {
        attributes.fail(fault);
        EventPayload::Absent
    });
    attributes.finish(data, Some(text))
}

/// Writes the event in this format, as its sender did where that was in it. In binary mode, `body` is its data; what is no text of
/// the kind that its media type says is in `data_base64` ("Handling of Data").
pub(super) fn write(event: &CloudEvent, body: &Bytes) -> Option<String> {
    if let Some(text) = &event.text {
        return std::str::from_utf8(text).ok().map(str::to_owned);
    }
    let mut members: Vec<String> = vec![r#""specversion":"1.0""#.to_owned()];
    members.extend(
        event.attributes.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))),
    );
    let media = event.attributes.get("datacontenttype").and_then(Value::as_str);
    let text = std::str::from_utf8(body).ok();
    members.extend(match (body.is_empty(), media, text) {
        (true, ..) => None,
        (false, Some(media), Some(text)) if is_json(Some(media)) && parse_json(body, MAX_DEPTH).is_ok() => {
            Some(format!(r#""data":{text}"#))
        }
        (false, Some(media), Some(text))
            if media_type(media).starts_with("text/") && !is_json(Some(media)) =>
        {
            Some(format!(r#""data":{}"#, Value::from(text)))
        }
        (false, ..) => Some(format!(r#""data_base64":"{}""#, STANDARD.encode(body))),
    });
    Some(format!("{{{}}}", members.join(",")))
}

/// Takes a batch apart: the text of each event, byte for byte. Of more than `most`, one more is all that is kept.
pub(super) fn batch(body: &Bytes, most: usize) -> Result<Vec<Bytes>, MalformedFault> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = reader.deserialize_seq(Items { most }).and_then(|items| reader.end().map(|()| items));
    let items: Vec<&RawValue> = match read {
        Ok(items) => items,
        // What is wrong with it as JSON is said as everywhere.
        Err(_) => {
            parse_json(body, MAX_DEPTH)?;
            return Err(Fault::NoArray.into());
        }
    };
    Ok(items.into_iter().map(|item| body.slice_ref(item.get().as_bytes())).collect())
}

/// Reads the items of an array, and keeps at most one more than `most` of them.
struct Items {
    most: usize,
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = items.next_element()? {
            if kept.len() <= self.most {
                kept.push(item);
            }
        }
        Ok(kept)
    }
}

/// The integers that attributes have: of 32 bits, with a sign.
fn is_integer(value: i64) -> bool {
    i32::try_from(value).is_ok()
}

/// "Handling of Data" (section 3.1).
fn data(members: &Map<String, Value>) -> Result<EventPayload, Fault> {
    let media = members.get("datacontenttype").and_then(Value::as_str);
    match (members.get("data"), members.get("data_base64")) {
        (Some(_), Some(_)) => Err(Fault::TwoData),
        (None, None) => Ok(EventPayload::Absent),
        (Some(data), None) if is_json(media) => Ok(EventPayload::Json(data.clone())),
        (Some(Value::String(text)), None) => Ok(EventPayload::Binary(text.len())),
        // A value that is no text, though its media type is none of JSON's.
        (Some(data), None) => Ok(EventPayload::Binary(data.to_string().len())),
        (None, Some(Value::String(text))) => {
            let bytes = STANDARD.decode(text).map_err(|_| Fault::Base64)?;
            Ok(bytes_of(bytes, media))
        }
        (None, Some(_)) => Err(Fault::Base64),
    }
}

/// Data as bytes: text where their media type says that they are JSON.
pub(super) fn bytes_of(bytes: Vec<u8>, media: Option<&str>) -> EventPayload {
    if !is_json(media) {
        return EventPayload::Binary(bytes.len());
    }
    match String::from_utf8(bytes) {
        Ok(text) => EventPayload::Text(text),
        Err(error) => EventPayload::Binary(error.as_bytes().len()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(media: Option<&str>, body: &[u8], expected: &Value) {
        let mut attributes = Attributes::default();
        let said =
            [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t"), ("subject", "a\"b")];
        for (name, text) in said.into_iter().chain(media.map(|media| ("datacontenttype", media))) {
            attributes.take(name, text.to_owned());
        }
        let written = write(&attributes.finish(EventPayload::Absent, None), &Bytes::copy_from_slice(body));
        let mut whole =
            json!({ "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "subject": "a\"b" });
        if let Some(media) = media {
            whole["datacontenttype"] = json!(media);
        }
        for (name, value) in expected.as_object().unwrap() {
            whole[name] = value.clone();
        }
        let written = written.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), whole, "{media:?}");
        // What is written is the same event when it is read.
        assert_eq!(event(written.into()).fault, None);
    }

    #[test]
    fn an_event_in_header_fields_is_written_with_its_data() {
        check(None, b"", &json!({}));
        check(Some("application/json"), br#" {"total": 5} "#, &json!({ "data": { "total": 5 } }));
        check(Some("application/json"), b"{", &json!({ "data_base64": "ew==" }));
        check(
            Some("application/json"),
            br#"{"a":1,"a":2}"#,
            &json!({ "data_base64": "eyJhIjoxLCJhIjoyfQ==" }),
        );
        check(Some("text/plain"), "\u{e4}\n".as_bytes(), &json!({ "data": "\u{e4}\n" }));
        check(Some("text/plain"), b"\xff", &json!({ "data_base64": "/w==" }));
        check(Some("image/png"), b"png", &json!({ "data_base64": "cG5n" }));
        check(None, b"1", &json!({ "data_base64": "MQ==" }));
    }

    #[test]
    fn an_event_in_this_format_stays_as_it_is() {
        let text = r#"{ "specversion": "1.0", "id":"1","source":"/s","type":"t", "data": 1.50 }"#;
        assert_eq!(write(&event(text.into()), &Bytes::new()).as_deref(), Some(text));
    }
}
