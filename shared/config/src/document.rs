use std::collections::{BTreeMap, BTreeSet};

use doorward_model::Fault;

use crate::auth::{self, Callers};
use crate::checked::{Config, Door};
use crate::fronts::Pins;
use crate::limits::{self, LimitNames};
use crate::names::{self, Names};
use crate::reader::{Section, Value};
use crate::report::Reported;
use crate::{
    api_keys, authorizer, certificates, cloudevents, cors, domains, door, events, fronts, iam, issuers,
    mappings, plans, routes, shadow, targets, webhooks,
};

/// Reads the whole file. Declarations are read before their uses, so that every use can be checked where it stands.
pub(crate) fn read(document: &mut Section<'_>) -> Result<Config, Reported> {
    let (door, fronts) = read_door_and_fronts(document);
    let api_keys = document.optional("api_keys", api_keys::read);
    let authorizer = document.optional("authorizer", authorizer::read);
    let certificates = document.optional("certificates", certificates::read);
    let accepted = document.lists("routes", "auth", auth::IAM);
    let iam = document.optional("iam", iam::read).map(|iam| iam.or_else(|| accepted.then(iam::default)));
    let cors = document.optional("cors", cors::read);
    let shadow = document.optional("shadow", shadow::read);
    let domains = domains::read(document);
    let pinned = fronts.as_ref().ok().map(|pins| pins.fronts.as_slice());
    let mappings = mappings::read(document, pinned);

    let mut names = Declared {
        callers: Names::new("issuer or webhook"),
        webhooks: BTreeSet::new(),
        targets: Names::new("target"),
        kinds: BTreeMap::new(),
        purposes: door.as_ref().ok().map(|door| door.purposes.as_slice()),
        actions: Names::new("route or event"),
        plans: Names::new("plan"),
    };
    let mut limit_names = LimitNames::new();
    let plans = plans::read(document, &mut names.plans, &mut limit_names);
    let limits = limits::of_door(document, &mut limit_names);
    let iam_users = iam.as_ref().ok().and_then(Option::as_ref);
    let user_type = iam_users.map(|iam| iam.user_type.as_str());
    let issuers = issuers::read(document, &mut names.callers, user_type);
    let webhooks = webhooks::read(document, &mut names);
    let targets = targets::read(document, &mut names.targets);
    let kinds = targets.iter().flatten().map(|target| (target.name.clone(), target.kind.word()));
    names.kinds = kinds.collect();
    // While it is faulty, fields are held against the one that keys are shown in by default.
    let key_header = api_keys.clone().ok().flatten().unwrap_or_else(api_keys::default).header;
    let callers = Callers {
        issuers: issuers.as_deref().unwrap_or_default(),
        webhooks: webhooks.as_deref().unwrap_or_default(),
        key_header: &key_header,
        iam: iam_users,
        certificates: document.has("certificates"),
        connections: authorizer.as_ref().ok().map(|read| {
            read.as_ref().map(|authorizer| authorizer.connections.as_slice()).unwrap_or_default()
        }),
    };
    let mut routes = routes::read(document, &mut names, &callers);
    let events = events::read(document, &mut names, pinned, routes.as_deref().ok());
    let settled = match (&mut routes, &events) {
        (Ok(routes), Ok(events)) => cloudevents::settle(document, routes, events),
        _ => Ok(()),
    };
    let named = limit_names.check(&names.actions, &names.targets, issuers.as_deref().ok());

    settled?;
    let Pins { fronts, arns } = fronts?;
    Ok(Config {
        fronts,
        front_arns: arns,
        mappings: mappings?,
        domains: domains?,
        api_keys: api_keys?.unwrap_or_else(api_keys::default),
        iam: iam?,
        certificates: certificates?,
        authorizer: authorizer?.unwrap_or_else(authorizer::default),
        cors: cors?,
        shadow: shadow?,
        issuers: issuers?,
        webhooks: webhooks?,
        targets: targets?,
        routes: routes?,
        events: events?,
        plans: plans?,
        limits: named.and(limits)?,
        door: door?,
    })
}

/// `fronts` may stand at the top level or in `[door]`, not in both.
fn read_door_and_fronts(document: &mut Section<'_>) -> (Result<Door, Reported>, Result<Pins, Reported>) {
    let mut inside = None;
    let door = document.required("door", |value| door::read(value, &mut inside));
    let outside = document.optional("fronts", Ok);
    let fronts = outside.and_then(|outside| match (outside, inside) {
        (Some(value), Some(_)) => {
            let fault = Fault::new("`fronts` stands both at the top level and in `[door]`");
            Err(value.fault(fault.hint("keep one of the two")))
        }
        (Some(value), None) | (None, Some(value)) => fronts::read(value),
        (None, None) => Ok(Pins::default()),
    });
    (door, fronts)
}

/// The names that routes and events may use, and the one space of names that they share.
pub(crate) struct Declared<'d> {
    /// What `auth` names: issuers and webhooks, which share one space of names.
    pub(crate) callers: Names,
    /// Those of them that are webhooks.
    pub(crate) webhooks: BTreeSet<String>,
    pub(crate) targets: Names,
    /// What each target is that has no fault.
    pub(crate) kinds: BTreeMap<String, &'static str>,
    /// Unknown while `[door]` is faulty: then no use of a purpose can be judged.
    purposes: Option<&'d [String]>,
    /// Routes and events are Cedar actions alike.
    pub(crate) actions: Names,
    pub(crate) plans: Names,
}

impl Declared<'_> {
    /// The plan that `value` holds, which must be declared.
    pub(crate) fn plan(&self, value: Value<'_>) -> Result<String, Reported> {
        self.plans.used(value)
    }

    /// Whether no purpose is declared at all, as far as that is known.
    pub(crate) fn lacks_purposes(&self) -> bool {
        self.purposes.is_some_and(<[String]>::is_empty)
    }

    /// The purpose that `value` holds, which must be declared.
    pub(crate) fn purpose(&self, value: Value<'_>) -> Result<String, Reported> {
        match self.purposes {
            Some(purposes) => names::declared(value, "purpose", || purposes.iter().map(String::as_str)),
            None => value.word(),
        }
    }
}
