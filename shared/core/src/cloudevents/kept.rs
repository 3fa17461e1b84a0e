use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_config::OnDeny;
use doorward_model::{
    Call, CallId, EntityName, EventKind, EventRecord, Front, FrontVerified, HttpRequest, PathForm, Principal,
    QueryPairs, RecordEnvelope, ReplyForm, TrustLevel,
};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::binary;
use super::event::{CloudEvent, id_of};
use super::opened::Opened;
use super::read;
use crate::door::Door;
use crate::reserve::Tab;
use crate::rules::Rules;

impl Door {
    /// The event as quarantine keeps it, where its rule has it kept when it is refused: under one id, however often and by
    /// whichever request it comes.
    pub(super) fn to_keep(
        &self,
        opened: &Opened<'_>,
        event: &CloudEvent,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Option<EventRecord> {
        self.event_rule(call).filter(|rule| rule.on_deny == OnDeny::Quarantine)?;
        if !tab.is_open() {
            // One without a reading is its sender's all the same.
            let found = self.rules.find_cloud_event(&opened.http, &opened.request, event, opened.trace, call);
            tab.open(&found.ok()?, &opened.sender, call);
        }
        call.kept_as = Some(match (&opened.released, &event.fault) {
            (Some(kept), _) => kept.clone(),
            (None, None) => self.rules.event_call_id(opened, event),
            (None, Some(_)) => self.rules.broken_event_id(opened, event),
        });
        let mut record = EventRecord::new(
            EventKind::CloudEvents,
            opened.http.front,
            event.attribute("type"),
            "",
            json!({}),
        );
        record.happened = event.attribute("time").parse().ok();
        record.item = Some(event.attribute("id").to_owned());
        record.envelope = RecordEnvelope::Nothing;
        record.record = written(opened, event).into();
        Some(record)
    }
}

impl Rules {
    /// The id of an event that has no reading: that of its bytes, since what it says of itself may be another's `source` and
    /// `id`.
    fn broken_event_id(&self, opened: &Opened<'_>, event: &CloudEvent) -> CallId {
        let (http, sender) = (&opened.http, opened.sender.name.to_string());
        let mut fields: Vec<(&str, &[u8])> = match &event.text {
            Some(_) => Vec::new(),
            None => {
                let fields = opened.request.headers.iter().filter(|(name, _)| is_of_binary(name));
                fields.map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
            }
        };
        fields.sort_unstable();
        let path = http.path.to_string();
        let places = ["broken", &self.config().door.name, &http.rules.route.id, &path, &sender];
        let body = event.text.as_ref().unwrap_or(&opened.request.body);
        let parts = places.into_iter().map(str::as_bytes).chain([&body[..]]);
        id_of(parts.chain(fields.into_iter().flat_map(|(name, value)| [name.as_bytes(), value])))
    }
}

/// Whether the field is part of an event in binary mode.
fn is_of_binary(name: &HeaderName) -> bool {
    name.as_str().starts_with(binary::PREFIX) || name == CONTENT_TYPE
}

/// What of a request goes on with its event when it is released: what policies read of it by name, and what the event is in. No
/// credentials are kept: who sent it was proven then.
fn written(opened: &Opened<'_>, event: &CloudEvent) -> Value {
    let (http, request) = (&opened.http, &opened.request);
    let named = &http.rules.route.context.headers;
    let of_event = |name: &HeaderName| event.text.is_none() && is_of_binary(name);
    // The media type of a batch is none of its events'.
    let is_named = |name: &HeaderName| named.contains(name) && name != CONTENT_TYPE;
    let goes_on = |name: &HeaderName| of_event(name) || is_named(name);
    let kept = request.headers.iter().filter(|(name, _)| goes_on(name));
    let headers: Vec<Value> =
        kept.map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())])).collect();
    let (media, body) = match &event.text {
        Some(text) => (Some(read::STRUCTURED), text),
        None => (None, &request.body),
    };
    json!({
        "front": http.front.to_string(),
        "sender": principal(&opened.sender),
        "path": request.path,
        "decoded": request.path_form == PathForm::Decoded,
        "stage": request.stage,
        "host": request.host,
        "query": named_query(&request.query, &http.rules.route.context.query),
        "source_ip": request.source_ip,
        "media": media,
        "headers": headers,
        "body": std::str::from_utf8(body).ok(),
        "body_base64": std::str::from_utf8(body).is_err().then(|| STANDARD.encode(body)),
    })
}

/// What policies read of a query, as it was sent, and nothing else of it: a token may stand there.
fn named_query(query: &str, named: &[String]) -> String {
    let is_named = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        QueryPairs::decode_exactly(name).is_some_and(|name| named.contains(&name))
    };
    query.split('&').filter(is_named).collect::<Vec<_>>().join("&")
}

fn principal(sender: &Principal) -> Value {
    let name = |name: &EntityName| json!([name.type_name, name.id]);
    json!({
        "name": name(&sender.name),
        "trust": sender.trust,
        "parents": sender.parents.iter().map(name).collect::<Vec<_>>(),
        "claims": sender.claims,
        "attributes": sender.attributes,
        "plan": sender.plan,
    })
}

/// A request that brings an event which was kept, and who sent it then.
pub(super) struct Kept {
    pub(super) front: Front,
    pub(super) request: HttpRequest,
    pub(super) sender: Principal,
}

impl Kept {
    /// Reads what [`written`] wrote; `None` of anything else.
    pub(super) fn read(kept: &Value) -> Option<Self> {
        let text = |name: &str| kept.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut headers = HeaderMap::new();
        let media = text("media").map(|media| (CONTENT_TYPE, media));
        let fields = kept.get("headers")?.as_array()?.iter().map(|field| {
            let name = field.get(0)?.as_str()?.parse::<HeaderName>().ok()?;
            Some((name, field.get(1)?.as_str()?.to_owned()))
        });
        for (name, value) in fields.collect::<Option<Vec<_>>>()?.into_iter().chain(media) {
            headers.append(name, HeaderValue::from_str(&value).ok()?);
        }
        let body = match text("body") {
            Some(body) => body.into_bytes(),
            None => STANDARD.decode(text("body_base64")?).ok()?,
        };
        let is_decoded = kept.get("decoded")?.as_bool()?;
        let request = HttpRequest {
            method: Method::POST,
            path: text("path")?,
            path_form: if is_decoded { PathForm::Decoded } else { PathForm::Encoded },
            query: text("query")?,
            headers,
            body: body.into(),
            source_ip: text("source_ip").and_then(|address| address.parse().ok()),
            host: text("host")?,
            stage: text("stage"),
            socket: None,
            verified: FrontVerified::default(),
            reply: ReplyForm::default(),
        };
        Some(Self { front: text("front")?.parse().ok()?, request, sender: sender(kept.get("sender")?)? })
    }
}

fn sender(kept: &Value) -> Option<Principal> {
    let name = |kept: &Value| Some(EntityName::new(kept.get(0)?.as_str()?, kept.get(1)?.as_str()?));
    Some(Principal {
        name: name(kept.get("name")?)?,
        // What was kept before this was said was proven all the same, nobody knows any more by whom.
        trust: match kept.get("trust") {
            Some(word) => TrustLevel::from_word(word.as_str()?)?,
            None => TrustLevel::Attested,
        },
        parents: kept.get("parents")?.as_array()?.iter().map(name).collect::<Option<_>>()?,
        claims: kept.get("claims")?.as_object()?.clone(),
        attributes: kept.get("attributes")?.as_object()?.clone(),
        plan: kept.get("plan")?.as_str().map(str::to_owned),
    })
}
