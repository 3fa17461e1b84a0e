use doorward_config::{Placed, QuestionSample, Stated, suggest};
use doorward_model::{EntityName, Fault, Faults, Place, Principal};
use doorward_policy::{CallContext, Context, Input, Misfit, Question};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::rules::{EventRules, RouteRules, Rules};

/// A question to the policies alone.
#[derive(Debug)]
pub(super) struct OwnedQuestion {
    pub(super) principal: Principal,
    pub(super) action: String,
    pub(super) resource: EntityName,
    parent: Option<EntityName>,
    at: Timestamp,
    purpose: Option<String>,
    /// What policies read as `context.request` or `context.event`.
    call: Value,
    input: Option<Value>,
}

/// The rule that an action comes from.
enum Rule<'r> {
    Route(&'r RouteRules),
    Event(&'r EventRules),
}

impl OwnedQuestion {
    /// The question that `sample` states, the rest as the configuration says.
    pub(super) fn new(
        rules: &Rules,
        at: Timestamp,
        principal: Result<Option<Principal>, Faults>,
        sample: &QuestionSample,
    ) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let principal = principal.unwrap_or_else(|more| {
            faults.0.extend(more.0);
            None
        });
        let action = &sample.action;
        let Some(rule) = rules.rule(&action.value) else {
            let message = format!("no action is named `{}`", action.value);
            faults.0.push(misnamed(message, &action.place, &action.value, rules.policies().actions()));
            return Err(faults);
        };
        if let Some(stated) = &sample.resource {
            faults.0.extend(rules.check_type(stated).err());
        }
        let resource = resource(&rule, sample).map_err(|fault| faults.0.push(fault));
        if let Some(Placed { value, place }) = &sample.purpose {
            let known = &rules.config().door.purposes;
            if !known.contains(value) {
                let known = known.iter().map(String::as_str);
                faults.0.push(misnamed(format!("no purpose is named `{value}`"), place, value, known));
            }
        }
        let mut hold = |member: &str, value: &Value, stated: Option<&Stated>| {
            for misfit in rules.policies().misfits(&action.value, member, value) {
                let place = stated.and_then(|stated| stated.place(&misfit.pointer)).unwrap_or(&sample.place);
                faults.0.push(fault(misfit, member, place));
            }
        };
        let (member, stated, other) = match &rule {
            Rule::Route(_) => ("request", &sample.request, ("event", &sample.event)),
            Rule::Event(_) => ("event", &sample.event, ("request", &sample.request)),
        };
        let call = completed(&rule, resource.as_ref().ok(), stated.as_ref());
        hold(member, &call, stated.as_ref());
        for (member, stated) in [other, ("input", &sample.input)] {
            if let Some(stated) = stated {
                hold(member, &stated.value, Some(stated));
            }
        }
        let function = rule.function();
        let (Some(principal), Ok(resource)) = (principal, resource) else { return Err(faults) };
        faults.or(Self {
            principal,
            action: action.value.clone(),
            parent: (resource != *function).then(|| function.clone()),
            resource,
            at,
            purpose: sample.purpose.as_ref().map(|purpose| &purpose.value).or(rule.purpose()).cloned(),
            call,
            input: sample.input.as_ref().map(|input| input.value.clone()),
        })
    }

    pub(super) fn as_question(&self) -> Question<'_> {
        Question {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            resource_parent: self.parent.as_ref(),
            context: Context {
                now: self.at,
                purpose: self.purpose.as_deref(),
                call: CallContext::Stated(&self.call),
                input: Input::Checked(self.input.as_ref()),
            },
        }
    }
}

impl Rule<'_> {
    fn function(&self) -> &EntityName {
        match self {
            Self::Route(rules) => &rules.function,
            Self::Event(rules) => &rules.function,
        }
    }

    fn purpose(&self) -> Option<&String> {
        match self {
            Self::Route(rules) => rules.route.purpose.as_ref(),
            Self::Event(rules) => rules.rule.purpose.as_ref(),
        }
    }
}

impl Rules {
    fn rule(&self, action: &str) -> Option<Rule<'_>> {
        let route = self.routes.iter().find(|rules| rules.route.id == action).map(Rule::Route);
        route.or_else(|| self.events.iter().find(|rules| rules.rule.id == action).map(Rule::Event))
    }

    /// Whether the project has entities of the type that is stated.
    pub(super) fn check_type(&self, stated: &Placed<EntityName>) -> Result<(), Fault> {
        let (known, name) = (self.policies().entity_types(), &stated.value.type_name);
        if known.contains(&name.as_str()) {
            return Ok(());
        }
        Err(misnamed(format!("no entity type is named `{name}`"), &stated.place, name, known))
    }
}

fn resource(rule: &Rule<'_>, sample: &QuestionSample) -> Result<EntityName, Fault> {
    match (&sample.resource, rule) {
        (Some(stated), _) => Ok(stated.value.clone()),
        (None, Rule::Route(RouteRules { route, .. })) if route.resource.is_some() => {
            let kind = route.resource.as_ref().map_or("", |rule| rule.type_name.as_str());
            let fault = Fault::new(format!("`{}` is done to an entity of the type `{kind}`", route.id));
            Err(fault.at(sample.action.place.clone()).hint(format!("write `resource = '{kind}::\"…\"'`")))
        }
        (None, rule) => Ok(rule.function().clone()),
    }
}

/// What is stated of the request or event, and what the rule says where nothing is.
fn completed(rule: &Rule<'_>, resource: Option<&EntityName>, stated: Option<&Stated>) -> Value {
    let mut call = match rule {
        Rule::Route(RouteRules { route, .. }) => {
            let id = resource.map_or("", |name| name.id.as_str());
            let path = match &route.resource {
                Some(rule) => route.path.replace(&format!("{{{}}}", rule.parameter), id),
                None => route.path.clone(),
            };
            Map::from_iter([
                ("method".to_owned(), json!(route.method.as_str())),
                ("path".to_owned(), json!(path)),
            ])
        }
        Rule::Event(rules) => Map::from_iter([("source".to_owned(), json!(rules.rule.source.word()))]),
    };
    match stated.map(|stated| &stated.value) {
        Some(Value::Object(members)) => {
            call.extend(members.clone());
            Value::Object(call)
        }
        Some(other) => other.clone(),
        None => Value::Object(call),
    }
}

fn misnamed<'k>(
    message: String,
    place: &Place,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Fault {
    with_hint(Fault::new(message).at(place.clone()), suggest(name, known))
}

fn fault(misfit: Misfit, member: &str, place: &Place) -> Fault {
    let Misfit { pointer, message, known } = misfit;
    let fault = Fault::new(format!("{message} (`context.{member}{}`)", pointer.replace('/', ".")));
    let name = pointer.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(member);
    with_hint(fault.at(place.clone()), suggest(name, known.iter().map(String::as_str)))
}

pub(super) fn with_hint(fault: Fault, hint: Option<String>) -> Fault {
    match hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}
