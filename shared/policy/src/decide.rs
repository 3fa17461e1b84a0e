use std::collections::HashMap;

use cedar_policy::{AuthorizationError, Context as CedarContext, Entities, EntityUid, Request, Response};
use doorward_model::{DecisionNote, DenyReason, Effect, EntityName, EventRecord};

use crate::actions::{Action, CallType};
use crate::compile::Policies;
use crate::express::{self, Unfit};
use crate::question::{CallContext, Context, Decision, Input, Question};
use crate::schema::EntityType;
use crate::types::Members;

/// A question that fits the schema.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
    /// Whether the policies that read the input are left open.
    pub(crate) without_input: bool,
}

impl Policies {
    /// Decides `question`; the crate's documentation says how each [`Input`] is decided.
    #[must_use]
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        match self.ask(question) {
            Ok(response) => self.close(&response),
            Err(Unfit) => deny(DenyReason::Unfit, Vec::new(), Vec::new()),
        }
    }

    fn ask(&self, question: &Question<'_>) -> Result<Response, Unfit> {
        let Asked { request, entities, without_input } = self.asked(question)?;
        let policies = self.without_input.as_ref().filter(|_| without_input).unwrap_or(&self.whole);
        Ok(self.authorizer.is_authorized(&request, policies, &entities))
    }

    /// The question in Cedar's terms.
    pub(crate) fn asked(&self, question: &Question<'_>) -> Result<Asked, Unfit> {
        let action = self.actions.get(question.action).ok_or(Unfit)?;
        let (principal_type, principal) = self.entity(&question.principal.name)?;
        let (resource_type, resource) = self.entity(question.resource)?;
        if !action.principals.contains(principal.type_name()) || action.resource != *resource.type_name() {
            return Err(Unfit);
        }
        let mut subjects: HashMap<EntityUid, Vec<EntityUid>> = HashMap::new();
        let parents = self.parents(principal_type, &question.principal.parents)?;
        subjects.entry(principal.clone()).or_default().extend(parents);
        let parents = self.parents(resource_type, question.resource_parent)?;
        subjects.entry(resource.clone()).or_default().extend(parents);
        let entities = self.store.load(&action.entity, subjects)?;

        let context = self.context(action, &question.context)?;
        let given = matches!(question.context.input, Input::Checked(Some(_)));
        let complete = given || action.context.input.is_none();
        // The schema demands the input, so it cannot check a context without it; the types were checked above, and the
        // rest of the context is built from the schema's own types.
        let schema = complete.then_some(&self.schema);
        let without_input = !complete && !matches!(question.context.input, Input::Checked(_));
        let request =
            Request::new(principal, action.uid.clone(), resource, context, schema).map_err(|_| Unfit)?;
        Ok(Asked { request, entities, without_input })
    }

    fn entity(&self, name: &EntityName) -> Result<(&EntityType, EntityUid), Unfit> {
        let entity_type = self.entity_types.get(&name.type_name).ok_or(Unfit)?;
        Ok((entity_type, entity_type.uid(name)))
    }

    fn parents<'n>(
        &self,
        child: &EntityType,
        names: impl IntoIterator<Item = &'n EntityName>,
    ) -> Result<Vec<EntityUid>, Unfit> {
        let parent = |name| {
            let (_, uid) = self.entity(name)?;
            child.ancestors.contains(uid.type_name()).then_some(uid).ok_or(Unfit)
        };
        names.into_iter().map(parent).collect()
    }

    fn context(&self, action: &Action, context: &Context<'_>) -> Result<CedarContext, Unfit> {
        let mut members = vec![("now".to_owned(), express::instant(context.now))];
        if let Some(purpose) = context.purpose {
            if !self.purposes.contains(purpose) {
                return Err(Unfit);
            }
            members.push(("purpose".to_owned(), express::text(purpose)));
        }
        members.push(match (&action.context.call, context.call) {
            (CallType::Http, CallContext::Http { method, path, source_ip }) => {
                let mut request = vec![
                    ("method".to_owned(), express::text(method)),
                    ("path".to_owned(), express::text(path)),
                ];
                request.extend(source_ip.map(|address| ("source_ip".to_owned(), express::address(address))));
                ("request".to_owned(), express::record(request)?)
            }
            (CallType::Event { word, attributes }, CallContext::Event(record))
                if record.source.word() == *word =>
            {
                ("event".to_owned(), express::record(event(attributes, record)?)?)
            }
            (of, CallContext::Stated(value)) => {
                let (name, ty) = of.member();
                (name.to_owned(), express::payload(&ty, value)?)
            }
            _ => return Err(Unfit),
        });
        if let (Some(ty), Input::Checked(Some(value))) = (&action.context.input, context.input) {
            members.push(("input".to_owned(), express::payload(ty, value)?));
        }
        CedarContext::from_pairs(members).map_err(|_| Unfit)
    }

    /// The closed layer: an erring `forbid` counts as satisfied.
    fn close(&self, response: &Response) -> Decision {
        let diagnostics = response.diagnostics();
        let mut policies: Vec<String> = diagnostics.reason().map(ToString::to_string).collect();
        let mut errors: Vec<String> = diagnostics
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().to_string())
            .collect();
        policies.sort();
        errors.sort();
        let erring: Vec<String> = errors.iter().filter(|id| self.forbids.contains(*id)).cloned().collect();
        match response.decision() {
            cedar_policy::Decision::Deny if !policies.is_empty() => {
                deny(DenyReason::Forbidden, policies, errors)
            }
            _ if !erring.is_empty() => deny(DenyReason::ForbidErrored, erring, errors),
            cedar_policy::Decision::Deny => deny(DenyReason::NoPermit, policies, errors),
            cedar_policy::Decision::Allow => {
                Decision { note: DecisionNote { effect: Effect::Allow, policies, errors }, deny: None }
            }
        }
    }
}

fn event(
    attributes: &Members,
    record: &EventRecord,
) -> Result<Vec<(String, cedar_policy::RestrictedExpression)>, Unfit> {
    let mut members = express::payload_members(attributes, |name| record.attributes.get(name))?;
    let fixed = [("source", record.source.word()), ("type", &record.event_type), ("region", &record.region)];
    members.extend(fixed.map(|(name, value)| (name.to_owned(), express::text(value))));
    members.extend(record.account.iter().map(|account| ("account".to_owned(), express::text(account))));
    Ok(members)
}

fn deny(reason: DenyReason, policies: Vec<String>, errors: Vec<String>) -> Decision {
    Decision { note: DecisionNote { effect: Effect::Deny, policies, errors }, deny: Some(reason) }
}
