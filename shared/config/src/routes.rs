use std::collections::HashMap;

use doorward_model::Fault;
use http::Method;
use matchit::Router;

use crate::auth::Callers;
use crate::checked::{
    CheckAnswers, ContractRef, Credential, InvokeRule, ParentRule, ResourceRule, Rewrite, Route, RouteMatch,
    SchemaRef, Scopes, SocketRule, UnitsRule,
};
use crate::document::Declared;
use crate::idempotency::Beside;
use crate::path_template::PathTemplate;
use crate::reader::{Section, Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;
use crate::{
    auth, cloudevents, entity_type, events, idempotency, invoke, load, location, metering, names,
    request_context, rewrite, sockets, streaming, units,
};

/// The longest name of a scope, in bytes.
const LONGEST_SCOPE: usize = 256;

/// Methods that API Gateway and function URLs pass on.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// Reads `[[routes]]` and declares their ids.
pub(crate) fn read(
    document: &mut Section<'_>,
    names: &mut Declared<'_>,
    callers: &Callers<'_>,
) -> Result<Vec<Route>, Reported> {
    let mut table = RouteTable::default();
    let mut functions = invoke::Functions::default();
    let mut loaded = load::Loaded::default();
    document.sections("routes", "`[[routes]]`", |section| {
        let id = section.required("id", |value| names.actions.declare(value, names::action));
        let matched = read_matched(section, &mut table, &mut functions);
        let cloudevents = section.optional("cloudevents", |value| {
            cloudevents::read(value, matched.as_ref().ok().map(Matched::http_method))
        });
        let is_cloud = section.has("cloudevents");
        let beside = if is_cloud { cloudevents::check_beside(section) } else { Ok(()) };
        let target = match is_cloud {
            true => Ok(String::new()),
            false => section.required("target", |value| names.targets.used(value)),
        };
        let is_invoke = section.has("invoke");
        let decides_alone = is_invoke || is_cloud;
        let auth = section.required("auth", |value| {
            let auth = auth::read(value, names, callers)?;
            if is_invoke && auth.iter().any(|kind| matches!(kind, Credential::Webhook(_))) {
                let fault = Fault::new("a webhook's sender does not speak the Lambda Invoke API");
                return Err(value.fault(fault.hint("give the webhook a route of its own, with `match`")));
            }
            Ok(auth)
        });
        let named = section.optional("auth", |value| match (&auth, is_cloud) {
            (Ok(auth), true) => cloudevents::check_auth(value, auth),
            _ => Ok(()),
        });
        let fits = section.optional("invoke", |value| {
            let (Ok(Matched::Invoke(rule)), Ok(target)) = (&matched, &target) else { return Ok(()) };
            invoke::fits(value, rule, names.kinds.get(target))
        });
        let scopes =
            section.or("scopes", Scopes::default(), |value| read_scopes(value, auth.as_deref().ok()));
        let takes_payload =
            is_invoke || matches!(&matched, Ok(Matched::Socket(key)) if key != sockets::CONNECT);
        let (contract, schema) = match takes_payload {
            true => {
                (Ok(None), section.optional("contract", |value| read_schema(value, matched.as_ref().ok())))
            }
            false => {
                (section.optional("contract", |value| read_contract(value, matched.as_ref().ok())), Ok(None))
            }
        };
        let check_answers =
            section.optional("check_answers", |value| Ok((read_check_answers(value)?, value)));
        let rewrite = section.optional("rewrite", |value| {
            read_rewrite(
                value,
                matched.as_ref().ok(),
                target.as_ref().ok().and_then(|name| names.kinds.get(name)),
            )
        });
        let resource = section
            .optional("resource", |value| read_resource(value, matched.as_ref().ok(), callers, &mut loaded));
        let context = section.optional("context", |value| request_context::read(value, callers.key_header));
        let units = section.or("units", UnitsRule::default(), units::read);
        let purpose = section
            .optional("purpose", |value| metering::purpose(value, names, callers, auth.as_deref().ok()));
        let stream = section.optional("stream", |value| streaming::read(value, matched.as_ref().ok()));
        let streams = matches!(stream, Ok(Some(true)));
        let durability = metering::durability(section, auth.as_deref().ok(), streams);
        let on_store_failure = metering::on_store_failure(section, auth.as_deref().ok());
        let idempotency = section.optional("idempotency", |value| {
            let beside = Beside {
                method: matched.as_ref().ok().map(Matched::method),
                auth: auth.as_deref().ok(),
                durability: durability.as_ref().ok().copied(),
                on_store_failure: on_store_failure.as_ref().ok().copied(),
                streams,
            };
            idempotency::read(value, &beside)
        });
        let authorizer = section
            .optional("authorizer", |value| read_authorizer(value, auth.as_deref().ok(), decides_alone));
        let fits_socket = match &matched {
            Ok(Matched::Socket(key)) => {
                let beside = sockets::Beside {
                    auth: auth.as_deref().ok(),
                    purpose: purpose.as_ref().ok().and_then(Option::as_ref),
                    kind: target.as_ref().ok().and_then(|name| names.kinds.get(name)).copied(),
                    connections: callers.connections,
                };
                sockets::fits(section, key, &beside)
            }
            _ => Ok(()),
        };
        let asks = !decides_alone && matched.as_ref().is_ok_and(Matched::is_asked_about);

        let (contract, schema) = (contract?, schema?);
        let check_answers = match (check_answers?, &contract) {
            (Some((wanted, value)), _) if streams && wanted != CheckAnswers::Off => {
                return Err(streaming::unchecked(value));
            }
            (None, Some(_)) if streams => CheckAnswers::Off,
            (None, Some(_)) => CheckAnswers::Enforce,
            (None, None) => CheckAnswers::Off,
            (Some((wanted, value)), None) if wanted != CheckAnswers::Off => {
                let (what, hint) = match (is_invoke, takes_payload) {
                    (true, _) => {
                        ("answers of invocations are passed on as they are", "leave `check_answers` out")
                    }
                    (false, true) => {
                        ("answers to messages are passed on as they are", "leave `check_answers` out")
                    }
                    (false, false) => (
                        "answers cannot be checked without a contract",
                        "set `contract`, or leave `check_answers` out",
                    ),
                };
                return Err(value.fault(Fault::new(what).hint(hint)));
            }
            (Some((wanted, _)), _) => wanted,
        };
        fits?;
        fits_socket?;
        beside?;
        named?;
        Ok(Route {
            id: id?,
            matched: matched?.into_checked(schema),
            target: target?,
            cloudevents: cloudevents?,
            authorizer: authorizer?.unwrap_or_else(|| asks && auth.as_deref().is_ok_and(asks_authorizer)),
            auth: auth?,
            scopes: scopes?,
            contract,
            check_answers,
            rewrite: rewrite?,
            resource: resource?,
            context: context?.unwrap_or_default(),
            units: units?,
            purpose: purpose?,
            durability: durability?,
            on_store_failure: on_store_failure?,
            idempotency: idempotency?.flatten(),
            stream: stream?.unwrap_or_default(),
        })
    })
}

/// What a route's `match` says.
pub(crate) enum Matched {
    Http(Method, PathTemplate),
    Socket(String),
    Invoke(InvokeRule),
}

impl Matched {
    fn method(&self) -> Option<&Method> {
        match self {
            Self::Http(method, _) => Some(method),
            Self::Invoke(_) => Some(&Method::POST),
            Self::Socket(_) => None,
        }
    }

    /// Whether an API may ask its authorizer about it.
    fn is_asked_about(&self) -> bool {
        match self {
            Self::Http(..) => true,
            Self::Socket(key) => key == sockets::CONNECT,
            Self::Invoke(_) => false,
        }
    }

    /// The method of what is found by method and path.
    fn http_method(&self) -> Option<&Method> {
        match self {
            Self::Http(method, _) => Some(method),
            Self::Invoke(_) | Self::Socket(_) => None,
        }
    }

    /// `contract` is that of the payload of an invocation or a message.
    fn into_checked(self, contract: Option<SchemaRef>) -> RouteMatch {
        match self {
            Self::Invoke(rule) => RouteMatch::Invoke(InvokeRule { contract, ..rule }),
            Self::Http(method, path) => RouteMatch::Http { method, path: path.text },
            Self::Socket(key) => RouteMatch::Socket(SocketRule { key, contract }),
        }
    }
}

/// Reads `match`, or `invoke` in its place.
fn read_matched(
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

/// What is taken. Methods and paths are kept by the router that serves them, so that both judge alike.
#[derive(Default)]
struct RouteTable {
    http: HashMap<Method, Router<(String, usize)>>,
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
        self.claim(value, Matched::Http(Method::POST, path)).map(|_| ())
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
        let router = self.http.entry(method.clone()).or_default();
        let Err(error) = router.insert(&path.text, (path.text.clone(), value.line())) else {
            return Ok(matched);
        };
        let this = quote(&format!("{method} {}", path.text));
        // Literal segments come before parameters and never hold a brace: the template taken as a path meets the route
        // of its own shape, whatever the parameters are named there.
        let fault = match router.at(&path.text).map(|taken| taken.value) {
            Ok((text, line)) => {
                let other = quote(&format!("{method} {text}"));
                Fault::new(format!("{this} matches the same requests as {other}"))
                    .hint(format!("the first route is on line {line}"))
            }
            Err(_) => Fault::new(format!("{this} cannot be routed: {error}")),
        };
        Err(value.fault(fault))
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
    let known = METHODS;
    let Some(method) = known.iter().find(|method| method.as_str() == word) else {
        let fault = Fault::new(format!("unknown method {}", quote(word)));
        if word.eq_ignore_ascii_case(sockets::MESSAGE) {
            return Err(fault.hint(format!("did you mean `{}`?", sockets::MESSAGE)));
        }
        return Err(with_hint(fault, suggest(word, known.iter().map(Method::as_str))));
    };
    Ok(Matched::Http(method.clone(), PathTemplate::parse(path)?))
}

/// `auth` is absent while it is faulty.
fn read_scopes(value: Value<'_>, auth: Option<&[Credential]>) -> Result<Scopes, Reported> {
    let shows_token = |auth: &[Credential]| auth.iter().any(|kind| matches!(kind, Credential::Token(_)));
    if auth.is_some_and(|auth| !shows_token(auth)) {
        let fault = Fault::new("only tokens have scopes, and `auth` names no issuer");
        return Err(value.fault(fault.hint("leave `scopes` out, or accept the tokens of an issuer")));
    }
    if value.is_table() {
        return value.section("`scopes`", |section| {
            section.required("any", read_scope_names).map(|names| Scopes { names, any: true })
        });
    }
    read_scope_names(value).map(|names| Scopes { names, any: false })
}

fn read_scope_names(value: Value<'_>) -> Result<Vec<String>, Reported> {
    value.nonempty_set(|item| {
        item.parse(|text| {
            // RFC 6749 section 3.3: what a header field can hold in quotes, without a space.
            let is_scope = |c: char| matches!(c, '!' | '#'..='[' | ']'..='~');
            if (1..=LONGEST_SCOPE).contains(&text.len()) && text.chars().all(is_scope) {
                return Ok(text.to_owned());
            }
            let fault = Fault::new(format!("{} is not a scope", quote(text)));
            let hint = format!(
                "use 1 to {LONGEST_SCOPE} visible ASCII characters, without spaces, `\"` and `\\`: `orders.write`"
            );
            Err(fault.hint(hint))
        })
    })
}

/// Whether APIs ask the authorizer where the route says nothing: where it could prove a caller, but not about webhooks,
/// whose signature covers the body that an authorizer is not given, and not where a caller may show nothing, since most
/// gateways then ask nobody. An API that verifies signatures or tokens itself asks no authorizer.
fn asks_authorizer(auth: &[Credential]) -> bool {
    let can_prove = |kind: &Credential| {
        matches!(kind, Credential::Token(_) | Credential::ApiKey | Credential::Certificate)
    };
    auth.iter().any(can_prove)
        && !auth.iter().any(|kind| matches!(kind, Credential::Webhook(_) | Credential::Anonymous))
}

/// `auth` is absent while it is faulty.
fn read_authorizer(
    value: Value<'_>,
    auth: Option<&[Credential]>,
    needs_payload: bool,
) -> Result<bool, Reported> {
    let wanted = value.flag()?;
    if wanted && needs_payload {
        let fault = Fault::new("no authorizer can be asked about invocations, or about events");
        let hint = "it is given no payload, and may keep its answer for another one: the dispatcher decides";
        return Err(value.fault(fault.hint(hint)));
    }
    let webhook = auth.into_iter().flatten().any(|kind| matches!(kind, Credential::Webhook(_)));
    if wanted && webhook {
        let fault = Fault::new("no authorizer can be asked about this route");
        let hint = "it is given no body, which a webhook's signature covers: the dispatcher decides";
        return Err(value.fault(fault.hint(hint)));
    }
    Ok(wanted)
}

/// Reads the schema of a payload that comes without a method and a path.
fn read_schema(value: Value<'_>, matched: Option<&Matched>) -> Result<SchemaRef, Reported> {
    match matched {
        Some(Matched::Socket(key)) if key == sockets::DISCONNECT => Err(sockets::no_payload(value, key)),
        _ => events::read_contract(value),
    }
}

fn read_contract(value: Value<'_>, matched: Option<&Matched>) -> Result<ContractRef, Reported> {
    if let Some(Matched::Socket(key)) = matched {
        let fault = Fault::new(format!("{} has no method and path, which a contract describes", quote(key)));
        return Err(value.fault(fault.hint("leave `contract` out")));
    }
    value.parse(|text| match text.split_once('#') {
        Some((file, operation)) if !operation.is_empty() => Ok(ContractRef {
            file: location::parse_file(file)?,
            operation: operation.to_owned(),
            place: value.place(),
        }),
        _ => {
            let fault = Fault::new(format!("{} names no operation", quote(text)));
            Err(fault.hint("write the file, `#` and the `operationId`: `contracts/shop.yaml#createOrder`"))
        }
    })
}

/// `kind` is what the target is; absent while that is faulty.
fn read_rewrite(
    value: Value<'_>,
    matched: Option<&Matched>,
    kind: Option<&&'static str>,
) -> Result<Rewrite, Reported> {
    if let Some(kind) = kind.filter(|kind| **kind != "http") {
        let fault =
            Fault::new(format!("a target of kind `{kind}` is sent no path that could be another one"));
        return Err(value.fault(fault.hint("leave `rewrite` out: it is for targets that speak HTTP")));
    }
    match matched {
        Some(Matched::Http(_, path)) => rewrite::read(value, Some(&path.parameters)),
        Some(Matched::Socket(_) | Matched::Invoke(_)) => rewrite::read(value, Some(&[])),
        None => rewrite::read(value, None),
    }
}

fn read_check_answers(value: Value<'_>) -> Result<CheckAnswers, Reported> {
    value.choice(&[
        ("enforce", CheckAnswers::Enforce),
        ("report", CheckAnswers::Report),
        ("off", CheckAnswers::Off),
    ])
}

/// `matched` is absent while the route's `match` is faulty: then no parameter can be judged.
fn read_resource(
    value: Value<'_>,
    matched: Option<&Matched>,
    callers: &Callers<'_>,
    loaded: &mut load::Loaded,
) -> Result<ResourceRule, Reported> {
    value.section("`resource`", |section| {
        let type_name = section.required("type", |value| {
            let type_name = value.parse(entity_type::parse)?;
            // One entity cannot be both: its parents would be the caller's groups and the target at once.
            if callers.issuers.iter().any(|issuer| issuer.principal.type_name == type_name) {
                let fault =
                    Fault::new(format!("{} is the type of an issuer's principals", quote(&type_name)));
                return Err(value.fault(fault.hint("give resources a type of their own")));
            }
            if callers.iam.is_some_and(|iam| iam.user_type == type_name) {
                let fault = Fault::new(format!("{} is the type of IAM users", quote(&type_name)));
                return Err(value.fault(fault.hint("give resources a type of their own")));
            }
            Ok(type_name)
        });
        let parameter = section.required("id", |value| read_parameter(value, matched));
        let parents = section.or("parents", Vec::new(), |value| {
            value.nonempty_set(|item| {
                let parent = read_parent(item, matched)?;
                if (type_name.as_ref().ok(), parameter.as_ref().ok())
                    == (Some(&parent.type_name), Some(&parent.parameter))
                {
                    return Err(item.fault(Fault::new("a resource cannot be in itself")));
                }
                Ok(parent)
            })
        });
        let load = section.optional("load", |value| {
            let rule = load::read(value)?;
            type_name.as_ref().map_or(Ok(()), |name| loaded.claim(name, &rule, value))?;
            Ok(rule)
        });
        Ok(ResourceRule { type_name: type_name?, parameter: parameter?, parents: parents?, load: load? })
    })
}

/// A parent may be of the principals' type: a user's own things are in the user.
fn read_parent(value: Value<'_>, matched: Option<&Matched>) -> Result<ParentRule, Reported> {
    value.section("a parent", |section| {
        let type_name = section.required("type", |value| value.parse(entity_type::parse));
        let parameter = section.required("id", |value| read_parameter(value, matched));
        Ok(ParentRule { type_name: type_name?, parameter: parameter? })
    })
}

/// Reads `path.id`.
fn read_parameter(value: Value<'_>, matched: Option<&Matched>) -> Result<String, Reported> {
    value.parse(|text| {
        let Some(name) = text.strip_prefix("path.") else {
            let fault = Fault::new(format!("{} is not a parameter of the path", quote(text)));
            return Err(fault.hint("write `path.` and the parameter's name"));
        };
        match matched {
            Some(Matched::Socket(key)) => {
                Err(Fault::new(format!("{} has no path, and so no parameters", quote(key)))
                    .hint("leave `resource` out: it is the function then"))
            }
            Some(Matched::Invoke(_)) => Err(Fault::new("an invocation has no path with parameters")
                .hint("leave `resource` out: it is the function then")),
            Some(Matched::Http(_, path)) if !path.parameters.iter().any(|parameter| parameter == name) => {
                let fault = Fault::new(format!("the path has no parameter {}", quote(name)));
                Err(with_hint(fault, suggest(name, path.parameters.iter().map(String::as_str))))
            }
            _ => Ok(name.to_owned()),
        }
    })
}
