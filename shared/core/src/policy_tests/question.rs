use doorward_config::{Issuer, Placed, QuestionSample, Sample, Stated, suggest};
use doorward_model::{DenyReason, EntityName, Fault, Faults, Place, Principal};
use doorward_policy::{CallContext, Context, Decision, Input, Loaded, Misfit, Question};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::identify;
use crate::load;
use crate::rehearsal::{Ask, denied};
use crate::rules::{EventRules, RouteRules, Rules};

/// A question to the policies alone.
#[derive(Debug)]
pub(super) struct OwnedQuestion {
    pub(super) principal: Principal,
    pub(super) action: String,
    pub(super) resource: EntityName,
    parents: Vec<EntityName>,
    at: Timestamp,
    purpose: Option<String>,
    /// The resource as its item makes it, where the action has it read from a table.
    loaded: Result<Option<Loaded>, DenyReason>,
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
    /// The question that `sample` is, the rest as the configuration says.
    pub(super) fn new(
        rules: &Rules,
        sample: &Sample,
        principal: Result<Option<Principal>, Faults>,
        question: &QuestionSample,
    ) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let principal = principal.unwrap_or_else(|more| {
            faults.0.extend(more.0);
            None
        });
        let action = &question.action;
        let Some(rule) = rules.rule(&action.value) else {
            let message = format!("no action is named `{}`", action.value);
            faults.0.push(misnamed(message, &action.place, &action.value, rules.policies().actions()));
            return Err(faults);
        };
        if let Some(stated) = &question.resource {
            faults.0.extend(rules.check_type(stated).err());
        }
        let resource = resource(&rule, question).map_err(|fault| faults.0.push(fault));
        if let Some(Placed { value, place }) = &question.purpose {
            let known = &rules.config().door.purposes;
            if !known.contains(value) {
                let known = known.iter().map(String::as_str);
                faults.0.push(misnamed(format!("no purpose is named `{value}`"), place, value, known));
            }
        }
        let mut hold = |member: &str, value: &Value, stated: Option<&Stated>| {
            for misfit in rules.policies().misfits(&action.value, member, value) {
                let place =
                    stated.and_then(|stated| stated.place(&misfit.pointer)).unwrap_or(&question.place);
                faults.0.push(fault(misfit, member, place));
            }
        };
        let (member, stated, other) = match &rule {
            Rule::Route(_) => ("request", &question.request, ("event", &question.event)),
            Rule::Event(_) => ("event", &question.event, ("request", &question.request)),
        };
        let call = completed(&rule, resource.as_ref().ok(), stated.as_ref());
        hold(member, &call, stated.as_ref());
        for (member, stated) in [other, ("input", &question.input)] {
            if let Some(stated) = stated {
                hold(member, &stated.value, Some(stated));
            }
        }
        if let (Some(item), false) = (&sample.item, rule.loads()) {
            let message = format!("the resource of `{}` is not read from a table", action.value);
            let fault = Fault::new(message).at(item.place.clone());
            faults.0.push(fault.hint("its attributes are those of `entities.json`: leave `item` out"));
        }
        faults.0.extend(question.parents.iter().filter_map(|parent| rules.check_type(parent).err()));
        let principal = principal.and_then(|caller| {
            identify::stated(rule.issuers(), &caller)
                .map_err(|fault| {
                    let claims = sample.claims.as_ref().and_then(|claims| claims.place(""));
                    let place = claims.unwrap_or(&action.place).clone();
                    faults.0.push(Fault::new(fault.to_string()).at(place).hint("state it in `claims`"));
                })
                .ok()
        });
        let (Some(principal), Ok(resource)) = (principal, resource) else { return Err(faults) };
        let own = (resource != *rule.function()).then(|| rule.function().clone());
        let named = question.parents.iter().map(|parent| parent.value.clone());
        let item = sample.item.as_ref().map(|item| &item.value);
        let loaded =
            if rule.loads() { load::made(rules.policies(), &resource, item).map(Some) } else { Ok(None) };
        faults.or(Self {
            principal,
            loaded,
            action: action.value.clone(),
            parents: own.into_iter().chain(named).collect(),
            resource,
            at: sample.at,
            purpose: question.purpose.as_ref().map(|purpose| &purpose.value).or(rule.purpose()).cloned(),
            call,
            input: question.input.as_ref().map(|input| input.value.clone()),
        })
    }

    /// What `ask` says of it; a resource that is not there, or not as the schema says, is denied before.
    pub(super) fn decide(&self, ask: &mut Ask<'_>) -> Decision {
        match &self.loaded {
            Ok(loaded) => ask(&self.as_question(loaded.as_ref())),
            Err(reason) => denied(reason.clone()),
        }
    }

    fn as_question<'a>(&'a self, loaded: Option<&'a Loaded>) -> Question<'a> {
        Question {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            resource_parents: &self.parents,
            loaded,
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

    fn issuers(&self) -> &[Issuer] {
        match self {
            Self::Route(rules) => &rules.issuers,
            Self::Event(_) => &[],
        }
    }

    fn loads(&self) -> bool {
        match self {
            Self::Route(rules) => rules.load.is_some(),
            Self::Event(_) => false,
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
    let mut call: Map<String, Value> = match rule {
        Rule::Route(RouteRules { route, .. }) => {
            let id = resource.map_or("", |name| name.id.as_str());
            let path = match &route.resource {
                Some(rule) => route.path.replace(&format!("{{{}}}", rule.parameter), id),
                None => route.path.clone(),
            };
            let context = &route.context;
            let none = |named: bool| named.then(|| json!({}));
            let members = [
                ("method", Some(json!(route.method.as_str()))),
                ("path", Some(json!(path))),
                ("headers", none(!context.headers.is_empty())),
                ("query", none(!context.query.is_empty())),
            ];
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
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
