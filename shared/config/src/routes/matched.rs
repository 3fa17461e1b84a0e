//! `match` and `invoke`: which requests are a route's.

use std::collections::HashMap;

use doorward_model::Fault;
use http::Method;

use crate::checked::{InvokeRule, RouteMatch, RouteMethod, SchemaRef, SocketRule};
use crate::path_template::PathTemplate;
use crate::reader::{Section, Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;
use crate::{invoke, sockets};

/// What a route's `match` says.
pub(crate) enum Matched {
    Http(RouteMethod, PathTemplate),
    Socket(String),
    Invoke(InvokeRule),
}

impl Matched {
    /// `None` for a route key.
    pub(super) fn method(&self) -> Option<RouteMethod> {
        match self {
            Self::Http(method, _) => Some(method.clone()),
            Self::Invoke(_) => Some(RouteMethod::Only(Method::POST)),
            Self::Socket(_) => None,
        }
    }

    /// Whether an API may ask its authorizer about it.
    pub(super) fn is_asked_about(&self) -> bool {
        match self {
            Self::Http(..) => true,
            Self::Socket(key) => key == sockets::CONNECT,
            Self::Invoke(_) => false,
        }
    }

    /// The one method of what is found by method and path.
    pub(super) fn http_method(&self) -> Option<&Method> {
        match self {
            Self::Http(method, _) => method.only(),
            Self::Invoke(_) | Self::Socket(_) => None,
        }
    }

    /// `contract` is that of the payload of an invocation or a message.
    pub(super) fn into_checked(self, contract: Option<SchemaRef>) -> RouteMatch {
        match self {
            Self::Invoke(rule) => RouteMatch::Invoke(InvokeRule { contract, ..rule }),
            Self::Http(method, path) => RouteMatch::Http { method, path: path.text },
            Self::Socket(key) => RouteMatch::Socket(SocketRule { key, contract }),
        }
    }
}

/// Reads `match`, or `invoke` in its place.
pub(super) fn read_matched(
    section: &mut Section<'_>,
    table: &mut RouteTable,
    functions: &mut invoke::Functions,
) -> Result<Matched, Reported> {
    let rule = section.optional("invoke", |value| {
        let rule = invoke::read(value, functions)?;
        table.claim_invocations(value)?;
        Ok(rule)
    });
    if !section.has("invoke") {
        return section.required("match", |value| table.claim(value, value.parse(parse_match)?));
    }
    section.optional("match", |value| -> Result<(), Reported> {
        let fault = Fault::new("a route has `match` or `invoke`, not both");
        Err(value.fault(fault.hint("the requests that invoke a function are those of the Lambda Invoke API")))
    })?;
    match rule? {
        Some(rule) => Ok(Matched::Invoke(rule)),
        None => section.required("match", |value| table.claim(value, value.parse(parse_match)?)),
    }
}

/// What is taken. Which of several routes a request goes to is always clear where no two have one method and one shape of
/// path: a literal segment goes before a parameter, and this before a greedy one.
#[derive(Default)]
pub(super) struct RouteTable {
    /// By the shapes of paths, the routes that have it: their method, their path and their line.
    http: HashMap<String, Vec<(RouteMethod, String, usize)>>,
    /// Route keys, and the line of each.
    sockets: HashMap<String, usize>,
    /// Whether some route is of the invoke door, all of which have one path.
    invocations: bool,
}

impl RouteTable {
    fn claim_invocations(&mut self, value: Value<'_>) -> Result<(), Reported> {
        if std::mem::replace(&mut self.invocations, true) {
            return Ok(());
        }
        let path = PathTemplate::parse(invoke::PATH).map_err(|fault| value.fault(fault))?;
        self.claim(value, Matched::Http(RouteMethod::Only(Method::POST), path)).map(|_| ())
    }

    fn claim(&mut self, value: Value<'_>, matched: Matched) -> Result<Matched, Reported> {
        let (method, path) = match &matched {
            Matched::Http(method, path) => (method, path),
            Matched::Invoke(_) => return Ok(matched),
            Matched::Socket(key) => {
                let Some(line) = self.sockets.insert(key.clone(), value.line()) else { return Ok(matched) };
                let fault = Fault::new(format!("a second route takes {}", quote(key)));
                return Err(value.fault(fault.hint(format!("the first route is on line {line}"))));
            }
        };
        let taken = self.http.entry(path.shape()).or_default();
        let this = quote(&format!("{method} {}", path.text));
        if let Some((_, text, line)) = taken.iter().find(|(own, ..)| own == method) {
            let other = quote(&format!("{method} {text}"));
            let fault = Fault::new(format!("{this} matches the same requests as {other}"));
            return Err(value.fault(fault.hint(format!("the first route is on line {line}"))));
        }
        taken.push((method.clone(), path.text.clone(), value.line()));
        match taken.iter().find(|(own, ..)| *own == RouteMethod::Any) {
            // Which are all there are beside it.
            Some((any, text, line)) if taken.len() > RouteMethod::ALL.len() => {
                let any = quote(&format!("{any} {text}"));
                let fault =
                    Fault::new(format!("no request is left for {any}: each method has its own route"));
                Err(value.fault(fault.hint(format!("leave out the route on line {line}"))))
            }
            _ => Ok(matched),
        }
    }
}

fn parse_match(text: &str) -> Result<Matched, Fault> {
    if sockets::OWN.contains(&text) {
        return Ok(Matched::Socket(text.to_owned()));
    }
    if text.starts_with('$') {
        let fault = Fault::new(format!("{} is no route key that the door takes", quote(text)));
        return Err(with_hint(fault, suggest(text, sockets::OWN)));
    }
    let Some((word, path)) = text.split_once(' ') else {
        let fault = Fault::new(format!("{} is not a method and a path", quote(text)));
        return Err(fault.hint("write both with one space between: `POST /orders`"));
    };
    if word == sockets::MESSAGE {
        return sockets::message_key(path).map(Matched::Socket);
    }
    let known = RouteMethod::ALL.map(RouteMethod::Only).into_iter().chain([RouteMethod::Any]);
    let known: Vec<RouteMethod> = known.collect();
    let Some(method) = known.iter().find(|method| method.as_str() == word) else {
        let fault = Fault::new(format!("unknown method {}", quote(word)));
        if word.eq_ignore_ascii_case(sockets::MESSAGE) {
            return Err(fault.hint(format!("did you mean `{}`?", sockets::MESSAGE)));
        }
        return Err(with_hint(fault, suggest(word, known.iter().map(RouteMethod::as_str))));
    };
    Ok(Matched::Http(method.clone(), PathTemplate::parse(path)?))
}
