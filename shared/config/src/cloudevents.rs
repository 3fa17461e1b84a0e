//! `cloudevents` of a route: its requests bring CloudEvents, which `[[events]]` with the same source decide on one by one.

use doorward_model::{EventKind, Fault};
use http::Method;

use crate::checked::{CloudEventsRule, Credential, EventRoute, EventRule, Route};
use crate::pattern::Pattern;
use crate::reader::{Section, Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;

/// The most events of one request where nothing else is said.
const BATCH: usize = 100;
/// More are not served within the time that fronts leave.
const MOST_BATCH: u64 = 1_000;
/// "Attribute names SHOULD NOT exceed 20 characters in length" (CloudEvents 1.0.2, section "Naming Conventions").
const LONGEST_NAME: usize = 20;
/// A host name, in bytes (RFC 1035 section 2.3.4).
const LONGEST_ORIGIN: usize = 253;

/// What a rule of each event says, or what has no place where many events share a request.
const OF_EVENTS: [(&str, &str); 12] = [
    ("target", "each of its events names the target"),
    ("contract", "each of its events has the contract of its own data"),
    ("check_answers", "answers are held to no contract"),
    ("stream", "what targets answer is gathered whole"),
    ("rewrite", "targets are sent the path that was asked for"),
    ("resource", "each of its events is done to its function"),
    ("units", "each event counts for one"),
    ("purpose", "each of its events states the purpose"),
    ("durability", "each event is claimed before its target is called"),
    ("on_store_failure", "without the ledger it is not known whether an event was here before"),
    ("max_inflated", "events are held to what is usual"),
    ("idempotency", "events are known by their `source` and `id`"),
];

/// Reads `cloudevents = { batch = 100, extensions = ["tenant"], origins = ["eventgrid.azure.net"] }`; `method` is absent while
/// it is faulty.
pub(crate) fn read(value: Value<'_>, method: Option<Option<&Method>>) -> Result<CloudEventsRule, Reported> {
    if method.is_some_and(|method| method != Some(&Method::POST)) {
        let fault = Fault::new("events come by `POST`");
        return Err(value.fault(fault.hint("write `match = \"POST /…\"`")));
    }
    value.section("`cloudevents`", |section| {
        let batch = section.or("batch", BATCH, |value| {
            let most = value.integer(1..=MOST_BATCH)?;
            Ok(usize::try_from(most).unwrap_or(BATCH))
        });
        let extensions =
            section.or("extensions", Vec::new(), |value| value.nonempty_set(|item| item.parse(extension)));
        let origins =
            section.or("origins", Vec::new(), |value| value.nonempty_set(|item| item.parse(origin)));
        Ok(CloudEventsRule { batch: batch?, extensions: extensions?, origins: origins? })
    })
}

/// Refuses what a route of events leaves to its events.
pub(crate) fn check_beside(section: &mut Section<'_>) -> Result<(), Reported> {
    let mut checked = Ok(());
    for (key, why) in OF_EVENTS {
        let refused = section.optional(key, |value| -> Result<(), Reported> {
            let fault = Fault::new(format!("a route of CloudEvents has no `{key}`: {why}"));
            Err(value.fault(fault.hint(format!("leave `{key}` out"))))
        });
        checked = checked.and(refused.map(|_| ()));
    }
    checked
}

/// Events are known by what their sender calls them, so senders must be told apart.
pub(crate) fn check_auth(value: Value<'_>, auth: &[Credential]) -> Result<(), Reported> {
    if !auth.contains(&Credential::Anonymous) {
        return Ok(());
    }
    let fault = Fault::new("anonymous senders have no events of their own");
    Err(value.fault(fault.hint("one could take the ids of another's: let the route ask for credentials")))
}

fn extension(text: &str) -> Result<String, Fault> {
    let is_name = (1..=LONGEST_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !is_name {
        let fault = Fault::new(format!("{} is no name of an attribute", quote(text)));
        return Err(fault.hint(format!("use 1 to {LONGEST_NAME} lower-case letters and digits: `tenant`")));
    }
    let own = EventKind::CloudEvents.claims();
    if own.contains_key(text) || ["specversion", "data", "route", "event"].contains(&text) {
        let fault = Fault::new(format!("{} is no extension", quote(text)));
        return Err(fault.hint("the attributes of the specification are read anyway: leave it out"));
    }
    Ok(text.to_owned())
}

/// "The origin is a DNS expression" (CloudEvents HTTP webhook specification, section 4.1.1).
fn origin(text: &str) -> Result<String, Fault> {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if (1..=LONGEST_ORIGIN).contains(&text.len()) && text.split('.').all(is_label) {
        return Ok(text.to_ascii_lowercase());
    }
    let fault = Fault::new(format!("{} is no origin", quote(text)));
    Err(fault.hint("write the host name of the sender: `eventemitter.example.com`"))
}

/// The route that `match` of an event names; `routes` are absent while they are faulty.
pub(crate) fn route_of(
    section: &Section<'_>,
    matches: &[(String, Pattern)],
    routes: Option<&[Route]>,
) -> Result<EventRoute, Reported> {
    let key = EventKind::CloudEvents.front_attribute();
    let Some((_, pattern)) = matches.iter().find(|(name, _)| name == key) else {
        let fault = Fault::new("CloudEvents come by a route");
        return Err(section.fault(fault.hint("name it: `match = { route = \"…\" }`")));
    };
    let Some(id) = pattern.literal() else {
        let fault = Fault::new(format!("{} names no route", quote(pattern.as_str())));
        return Err(section.fault(fault.hint("write the id of one route, without `*`")));
    };
    let Some(routes) = routes else { return Ok(EventRoute { id: id.to_owned(), extensions: Vec::new() }) };
    let rule = routes.iter().find(|route| route.id == id).and_then(|route| route.cloudevents.as_ref());
    match rule {
        Some(rule) => Ok(EventRoute { id: id.to_owned(), extensions: rule.extensions.clone() }),
        None => {
            let fault = Fault::new(format!("no route {} takes CloudEvents", quote(id)));
            Err(section.fault(fault.hint("declare it: `cloudevents = {}` of the route")))
        }
    }
}

/// Gives each route of CloudEvents the target of its first event, which stands for it where no event is looked at yet.
pub(crate) fn settle(
    document: &Section<'_>,
    routes: &mut [Route],
    events: &[EventRule],
) -> Result<(), Reported> {
    let mut settled = Ok(());
    for route in routes.iter_mut().filter(|route| route.cloudevents.is_some()) {
        let is_of = |event: &&EventRule| event.route.as_ref().is_some_and(|of| of.id == route.id);
        match events.iter().find(is_of) {
            Some(event) => route.target.clone_from(&event.target),
            None => {
                let fault = Fault::new(format!(
                    "the route {} takes CloudEvents, and no event is of it",
                    quote(&route.id)
                ));
                let hint = format!(
                    "add `[[events]]` with `source = \"cloudevents\"` and `match = {{ route = \"{}\" }}`",
                    route.id
                );
                settled = Err(document.fault(fault.hint(hint)));
            }
        }
    }
    settled
}

/// Holds `match` to what is said of CloudEvents of the route, once that is known.
pub(crate) fn check_match(value: Value<'_>, route: &EventRoute) -> Result<(), Reported> {
    let mut known: Vec<String> = EventKind::CloudEvents.claims().into_keys().collect();
    // It is what `event` tests.
    known.retain(|name| name != "type");
    known.extend(["event", "route"].map(str::to_owned));
    known.extend(route.extensions.iter().cloned());
    let checked = value.entries(|key, _| {
        if known.iter().any(|name| name == key.text) {
            return Ok(());
        }
        let fault = Fault::new(format!("events of `cloudevents` have no {}", quote(key.text)));
        let hint = match key.text {
            "type" => Some("write `event`, which tests the type of every source's events".to_owned()),
            text => suggest(text, known.iter().map(String::as_str)).or_else(|| {
                Some("extension attributes are declared: `cloudevents = { extensions = [\"…\"] }` of the route".to_owned())
            }),
        };
        Err(key.fault(with_hint(fault, hint)))
    });
    checked.map(|_: Vec<()>| ())
}
