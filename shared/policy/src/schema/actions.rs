use std::collections::{BTreeSet, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid};
use doorward_model::{EventKind, InvocationType, Principal, SocketEvent, TrustLevel};

use crate::schema::types::{self, Member, Members, Type};
use crate::vocabulary::{ActionSpec, CallShape, HttpShape};

/// What an action's context holds, as far as a schema can state it.
#[derive(Debug, Clone)]
pub(crate) struct ContextType {
    pub(crate) call: CallType,
    pub(crate) input: Option<Type>,
    /// What `purpose` may be, and whether it is always there; `None` where no purpose is declared.
    pub(crate) purpose: Option<Member>,
}

#[derive(Debug, Clone)]
pub(crate) enum CallType {
    Http {
        /// The methods that requests may have; none where they may have any.
        methods: Vec<String>,
        token: Option<TokenType>,
        /// Header fields, each an optional text.
        headers: Members,
        /// Query parameters, each an optional text.
        query: Members,
        /// Whether a function is invoked.
        invocation: bool,
        /// Whether it comes by a connection.
        connection: bool,
        /// What the event says of itself that the request brings; empty where it brings none.
        claimed: Members,
    },
    Event {
        kind: EventKind,
        /// What its source attests.
        attributes: Members,
        /// What whoever sent it says; empty where that is nothing.
        claimed: Members,
    },
}

/// The token of the caller, where there is one.
#[derive(Debug, Clone)]
pub(crate) struct TokenType {
    pub(crate) claims: Members,
    /// The types of the principals that come with one.
    principals: BTreeSet<String>,
    /// Whether nobody may call without one.
    pub(crate) required: bool,
}

impl TokenType {
    /// Whether `principal` came with one.
    pub(crate) fn is_shown_by(&self, principal: &Principal) -> bool {
        self.required || self.principals.contains(&principal.name.type_name)
    }
}

impl ContextType {
    pub(crate) fn new(action: &ActionSpec, purposes: &[String], unstated: &mut Vec<String>) -> Self {
        let name = &action.name;
        let (call, input, omissions) = match &action.call {
            CallShape::Http(shape) => {
                let claimed = types::state_fields(&shape.claimed, &format!("{name}: claimed"), unstated);
                (http(shape, claimed), &shape.input, &shape.omissions)
            }
            CallShape::Event { kind, claimed, input, omissions } => {
                let attributes = types::state_fields(&kind.attributes(), &format!("{name}: event"), unstated);
                let claimed = types::state_fields(claimed, &format!("{name}: claimed"), unstated);
                (CallType::Event { kind: *kind, attributes, claimed }, input, omissions)
            }
        };
        let path = format!("{name}: input");
        let input = input.as_ref().and_then(|shape| types::state(shape, &path, unstated));
        unstated.extend(omissions.iter().map(|left| format!("{path}{}: {}", left.place, left.reason)));
        let purpose =
            Member { ty: Type::one_of(purposes.iter().map(String::as_str)), required: action.has_purpose };
        Self { call, input, purpose: (!purposes.is_empty()).then_some(purpose) }
    }

    /// The whole context, as the schema states it.
    pub(crate) fn members(&self) -> Members {
        let mut members = Members::from([
            ("now".to_owned(), Member::required(Type::Instant)),
            ("trust".to_owned(), Member::required(Type::one_of(TrustLevel::ALL.map(TrustLevel::word)))),
        ]);
        members.extend(self.purpose.clone().map(|purpose| ("purpose".to_owned(), purpose)));
        let (name, ty) = self.call.member();
        members.insert(name.to_owned(), Member::required(ty));
        if let Some(claimed) = self.call.claimed() {
            members.insert("claimed".to_owned(), Member::required(claimed));
        }
        if let CallType::Http { token: Some(TokenType { claims, required, .. }), .. } = &self.call {
            let member = Member { ty: Type::Record(claims.clone()), required: *required };
            members.insert("token".to_owned(), member);
        }
        if let Some(input) = &self.input {
            members.insert("input".to_owned(), Member::required(input.clone()));
        }
        members
    }
}

impl CallType {
    /// The member of the context that tells of the call itself.
    pub(crate) fn member(&self) -> (&'static str, Type) {
        match self {
            Self::Http { methods, headers, query, invocation, connection, .. } => {
                ("request", request(methods, headers, query, *invocation, *connection))
            }
            Self::Event { kind, attributes, .. } => ("event", event(*kind, attributes)),
        }
    }

    /// The member of the context that tells what whoever sent an event says of it.
    pub(crate) fn claimed(&self) -> Option<Type> {
        match self {
            Self::Http { claimed, .. } | Self::Event { claimed, .. } if !claimed.is_empty() => {
                Some(Type::Record(claimed.clone()))
            }
            Self::Http { .. } | Self::Event { .. } => None,
        }
    }
}

fn http(shape: &HttpShape, claimed: Members) -> CallType {
    let named = |names: &[String]| -> Members {
        names.iter().map(|name| (name.clone(), Member::optional(Type::Text))).collect()
    };
    let token = shape.token.as_ref();
    CallType::Http {
        methods: shape.methods.clone(),
        token: token.map(|token| TokenType {
            claims: types::claims(&token.claims),
            principals: token.principals.clone(),
            required: token.required,
        }),
        headers: named(&shape.headers),
        query: named(&shape.query),
        invocation: shape.invocation,
        connection: shape.connection,
        claimed,
    }
}

/// What a request names of itself is there only where there are names for it.
fn request(
    methods: &[String],
    headers: &Members,
    query: &Members,
    invocation: bool,
    connection: bool,
) -> Type {
    let named = [("headers", headers), ("query", query)].into_iter().filter(|(_, names)| !names.is_empty());
    let named = named.map(|(name, names)| (name.to_owned(), Member::required(Type::Record(names.clone()))));
    let fixed = [
        ("method".to_owned(), Member::required(Type::one_of(methods.iter().map(String::as_str)))),
        ("path".to_owned(), Member::required(Type::Text)),
        ("source_ip".to_owned(), Member::optional(Type::Address)),
    ];
    let invocation_types = InvocationType::ALL.map(InvocationType::decided_as).map(InvocationType::word);
    let asked = [
        ("invocation_type".to_owned(), Member::required(Type::one_of(invocation_types))),
        ("qualifier".to_owned(), Member::optional(Type::Text)),
    ];
    let asked = asked.into_iter().filter(|_| invocation);
    let connected = [
        ("route_key".to_owned(), Member::required(Type::Text)),
        ("event_type".to_owned(), Member::required(Type::one_of(SocketEvent::ALL.map(SocketEvent::word)))),
        ("connection_id".to_owned(), Member::required(Type::Text)),
        ("connected_at".to_owned(), Member::optional(Type::Instant)),
    ];
    let connected = connected.into_iter().filter(|_| connection);
    Type::Record(named.chain(fixed).chain(asked).chain(connected).collect())
}

fn event(kind: EventKind, attributes: &Members) -> Type {
    let mut members = attributes.clone();
    // Of every kind: what is said of all events at once names those of other projects too.
    let sources = EventKind::ALL.into_iter().filter(|kind| kind.front().is_some()).map(EventKind::word);
    let fixed = [
        ("source", Member::required(Type::one_of(sources))),
        ("region", Member::required(Type::Text)),
        ("account", Member::optional(Type::Text)),
    ];
    let types = kind.attests_type().then(|| Member::required(Type::one_of(kind.types().iter().copied())));
    let fixed = fixed.into_iter().chain(types.map(|types| ("type", types)));
    members.extend(fixed.map(|(name, member)| (name.to_owned(), member)));
    Type::Record(members)
}

/// An action, ready to be asked about.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) uid: EntityUid,
    /// With its group as parent.
    pub(crate) entity: Entity,
    pub(crate) principals: HashSet<EntityTypeName>,
    pub(crate) resource: EntityTypeName,
    /// Whether the resource is read from a table.
    pub(crate) loads: bool,
    pub(crate) context: ContextType,
}

/// `Action::"name"`; `None` never happens, as `Action` is a type name.
pub(crate) fn action_uid(name: &str) -> Option<EntityUid> {
    let action: EntityTypeName = "Action".parse().ok()?;
    Some(EntityUid::from_type_name_and_id(action, EntityId::new(name)))
}
