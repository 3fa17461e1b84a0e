use std::collections::HashMap;

use cedar_policy::{
    Context as CedarContext, Effect as CedarEffect, Entities, EntityTypeName, EntityUid, PolicyId, Request,
    RestrictedExpression,
};
use doorward_model::entity_type::{ANONYMOUS, FUNCTION};
use doorward_model::{DecisionNote, DenyReason, Effect, EntityName, EventRecord, ReadTree};

use crate::compile::Policies;
use crate::engine::{Engine, While};
use crate::entities::Given;
use crate::entities::express::{self, Unfit};
use crate::entities::partial::{self, Misfit};
use crate::question::{CallContext, Connection, Decision, Input, Invocation, Question};
use crate::schema::EntityType;
use crate::schema::actions::{Action, CallType};
use crate::schema::types::Members;

/// A question that fits the schema.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
    pub(crate) known: While,
}

/// Members of a record, as Cedar takes them.
type Expressed = Vec<(String, RestrictedExpression)>;

impl Policies {
    /// Decides `question`; the crate's documentation says how each [`Input`] is decided.
    #[must_use]
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        self.ask(question).map_or_else(refuse, |asked| close(&self.engine, &asked))
    }

    /// Builds the one request that every engine is asked.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Result<Asked, DenyReason> {
        let action = self.actions.get(question.action).ok_or(DenyReason::UnknownAction)?;
        self.asked(action, question).map_err(|Unfit| self.misfit(action, question))
    }

    /// Why `question` does not fit.
    fn misfit(&self, action: &Action, question: &Question<'_>) -> DenyReason {
        let (Some(ty), Input::Checked(Some(value))) = (&action.context.input, question.context.input) else {
            return DenyReason::Unfit;
        };
        match partial::express(ty, value, self.input_reads(question.action)) {
            Ok(_) | Err(Misfit::Type) => DenyReason::Unfit,
            Err(Misfit::Number(pointer)) => DenyReason::InputUnfit(pointer),
        }
    }

    /// What policies and candidates read of the input of an action.
    fn input_reads(&self, action: &str) -> Option<&ReadTree> {
        partial::member(&self.read_by_any(action).context, "input")
    }

    /// The question in Cedar's terms.
    pub(crate) fn asked(&self, action: &Action, question: &Question<'_>) -> Result<Asked, Unfit> {
        let (principal_type, principal) = self.entity(&question.principal.name)?;
        let (resource_type, resource) = self.entity(question.resource)?;
        if !action.principals.contains(principal.type_name()) || action.resource != *resource.type_name() {
            return Err(Unfit);
        }
        let own = question.loaded;
        if action.loads != own.is_some() || own.is_some_and(|own| own.entity.uid() != resource) {
            return Err(Unfit);
        }
        let mut subjects: HashMap<EntityUid, Given> = HashMap::new();
        let given = subjects.entry(principal.clone()).or_default();
        given.parents.extend(self.parents(principal_type, &question.principal.parents)?);
        let attributes = |name: &str| question.principal.attributes.get(name);
        given.attributes.extend(express::payload_members(&principal_type.from_tokens, attributes)?);
        let parents = self.parents(resource_type, question.resource_parents)?;
        let given = subjects.entry(resource.clone()).or_default();
        // The function comes from the configuration, all else from the path.
        let named = question.resource_parents.iter().zip(&parents);
        let by_path = named.filter(|(name, _)| name.type_name != FUNCTION).map(|(_, uid)| uid.clone());
        given.by_path.extend(by_path);
        given.parents.extend(parents);
        if !given.by_path.is_empty() && resource == principal {
            return Err(Unfit);
        }
        let entities = self.store.load(&action.entity, subjects, own)?;

        let (context, whole) = self.context(action, question)?;
        let given = matches!(question.context.input, Input::Checked(Some(_)));
        let complete = (given && whole) || action.context.input.is_none();
        // The schema demands the input, so it cannot check a context without it, or without a member of it that nothing
        // reads; the types were checked above, and the rest of the context is built from the schema's own types.
        let schema = complete.then_some(&self.schema);
        let unknown = !complete && !matches!(question.context.input, Input::Checked(_));
        let request =
            Request::new(principal, action.uid.clone(), resource, context, schema).map_err(|_| Unfit)?;
        Ok(Asked { request, entities, known: if unknown { While::Unknown } else { While::Known } })
    }

    pub(crate) fn entity(&self, name: &EntityName) -> Result<(&EntityType, EntityUid), Unfit> {
        let entity_type = self.entity_types.get(&name.type_name).ok_or(Unfit)?;
        Ok((entity_type, entity_type.uid(name)))
    }

    pub(crate) fn parents<'n>(
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

    /// The context, and whether all of the payload is in it.
    fn context(&self, action: &Action, question: &Question<'_>) -> Result<(CedarContext, bool), Unfit> {
        let context = &question.context;
        let mut members = vec![
            ("now".to_owned(), express::instant(context.now)),
            ("trust".to_owned(), express::text(question.principal.trust.word())),
        ];
        if let Some(purpose) = context.purpose {
            if !self.purposes.contains(purpose) {
                return Err(Unfit);
            }
            members.push(("purpose".to_owned(), express::text(purpose)));
        }
        match (&action.context.call, context.call) {
            (
                CallType::Http { headers, query, invocation, connection, claimed, .. },
                CallContext::Http { claimed: said, .. },
            ) if claimed.is_empty() == said.is_none() => {
                let request = request(headers, query, *invocation, *connection, &context.call)?;
                members.push(("request".to_owned(), express::record(request)?));
                if let Some(said) = said {
                    let claims = express::payload_members(claimed, |name| said.get(name))?;
                    members.push(("claimed".to_owned(), express::record(claims)?));
                }
            }
            (CallType::Event { kind, attributes, claimed }, CallContext::Event(record))
                if record.source == *kind =>
            {
                members.push(("event".to_owned(), express::record(event(attributes, record)?)?));
                if !claimed.is_empty() {
                    let claims = express::payload_members(claimed, |name| record.claims.get(name))?;
                    members.push(("claimed".to_owned(), express::record(claims)?));
                }
            }
            (of, CallContext::Stated { call, claimed }) => {
                let (name, ty) = of.member();
                members.push((name.to_owned(), express::payload(&ty, call)?));
                if let Some(ty) = of.claimed() {
                    members.push(("claimed".to_owned(), express::payload(&ty, claimed)?));
                }
            }
            _ => return Err(Unfit),
        }
        if let CallType::Http { token: Some(token), .. } = &action.context.call
            && token.is_shown_by(question.principal)
        {
            let claim = |name: &str| question.principal.claims.get(name);
            let claims = express::payload_members(&token.claims, claim)?;
            members.push(("token".to_owned(), express::record(claims)?));
        }
        let mut whole = true;
        if let (Some(ty), Input::Checked(Some(value))) = (&action.context.input, context.input) {
            let input = match express::payload(ty, value) {
                Ok(input) => Some(input),
                Err(Unfit) => {
                    whole = false;
                    partial::express(ty, value, self.input_reads(question.action)).map_err(|_| Unfit)?
                }
            };
            members.extend(input.map(|input| ("input".to_owned(), input)));
        }
        Ok((CedarContext::from_pairs(members).map_err(|_| Unfit)?, whole))
    }
}

/// The engine's answer under the closed layer: an erring `forbid` counts as satisfied, and nobody in particular is
/// permitted only what a permit says of nobody in particular.
pub(crate) fn close(engine: &Engine, asked: &Asked) -> Decision {
    let answer = engine.decide(&asked.request, &asked.entities, asked.known);
    let policies = sorted(answer.reason.iter().copied());
    let errors = sorted(answer.errors.iter().map(|erring| erring.id));
    let of = |effect| answer.errors.iter().filter(move |erring| erring.effect == effect);
    // Policies are validated: they read a missing attribute only of an entity that nothing describes.
    let why = |effect, otherwise| {
        if of(effect).any(|erring| erring.missing_entity) { DenyReason::MissingEntity } else { otherwise }
    };
    if !answer.allow && !policies.is_empty() {
        deny(DenyReason::Forbidden, policies, errors)
    } else if of(CedarEffect::Forbid).next().is_some() {
        let erring = sorted(of(CedarEffect::Forbid).map(|erring| erring.id));
        deny(why(CedarEffect::Forbid, DenyReason::ForbidErrored), erring, errors)
    } else if answer.allow && !answer.named && must_be_named(&asked.request) {
        deny(DenyReason::Unnamed, Vec::new(), errors)
    } else if answer.allow {
        Decision { note: DecisionNote { effect: Effect::Allow, policies, errors }, deny: None }
    } else if errors.is_empty() {
        deny(DenyReason::NoPermit, policies, errors)
    } else {
        deny(why(CedarEffect::Permit, DenyReason::PermitErrored), policies, errors)
    }
}

/// A policy for all callers was written for callers who are known: without this, a route that comes to accept
/// `anonymous` would be open to everybody at once.
fn must_be_named(request: &Request) -> bool {
    request.principal().is_some_and(|principal| is_anonymous(principal.type_name()))
}

/// Whether principals of this type are permitted only by policies whose scope names them.
pub(crate) fn is_anonymous(type_name: &EntityTypeName) -> bool {
    type_name.namespace().is_empty() && type_name.basename() == ANONYMOUS
}

fn sorted<'e>(ids: impl Iterator<Item = &'e PolicyId>) -> Vec<String> {
    let mut ids: Vec<String> = ids.map(ToString::to_string).collect();
    ids.sort();
    ids
}

fn request(
    headers: &Members,
    query: &Members,
    invoked: bool,
    connected: bool,
    call: &CallContext<'_>,
) -> Result<Expressed, Unfit> {
    let CallContext::Http {
        method,
        path,
        source_ip,
        headers: given_headers,
        query: given_query,
        invocation,
        connection,
        claimed: _,
    } = *call
    else {
        return Err(Unfit);
    };
    if invocation.is_some() != invoked || connection.is_some() != connected {
        return Err(Unfit);
    }
    let mut members =
        vec![("method".to_owned(), express::text(method)), ("path".to_owned(), express::text(path))];
    if let Some(Invocation { kind, qualifier }) = invocation {
        members.push(("invocation_type".to_owned(), express::text(kind)));
        members.extend(qualifier.map(|qualifier| ("qualifier".to_owned(), express::text(qualifier))));
    }
    if let Some(Connection { route_key, event, id, connected }) = connection {
        let texts = [("route_key", route_key), ("event_type", event), ("connection_id", id)];
        members.extend(texts.map(|(name, text)| (name.to_owned(), express::text(text))));
        members.extend(connected.map(|at| ("connected_at".to_owned(), express::instant(at))));
    }
    members.extend(source_ip.map(|address| ("source_ip".to_owned(), express::address(address))));
    for (name, named, given) in [("headers", headers, given_headers), ("query", query, given_query)] {
        if !named.is_empty() {
            let there = given.iter().filter(|(name, _)| named.contains_key(name));
            let texts = there.map(|(name, value)| (name.clone(), express::text(value))).collect();
            members.push((name.to_owned(), express::record(texts)?));
        }
    }
    Ok(members)
}

fn event(attributes: &Members, record: &EventRecord) -> Result<Expressed, Unfit> {
    let mut members = express::payload_members(attributes, |name| record.attributes.get(name))?;
    let type_name = record.source.attests_type().then_some(("type", record.event_type.as_str()));
    let fixed = [("source", record.source.word()), ("region", &record.region)];
    let fixed = fixed.into_iter().chain(type_name);
    members.extend(fixed.map(|(name, value)| (name.to_owned(), express::text(value))));
    members.extend(record.account.iter().map(|account| ("account".to_owned(), express::text(account))));
    Ok(members)
}

/// The answer to a question that no policy sees.
pub(crate) fn refuse(reason: DenyReason) -> Decision {
    deny(reason, Vec::new(), Vec::new())
}

fn deny(reason: DenyReason, policies: Vec<String>, errors: Vec<String>) -> Decision {
    Decision { note: DecisionNote { effect: Effect::Deny, policies, errors }, deny: Some(reason) }
}
