use std::collections::BTreeMap;

use doorward_model::{EntityName, EventKind, EventRecord, Faults, Field, Front, FrontKind, Principal, Shape};
use doorward_policy::{
    ActionSpec, CallContext, CallShape, Context, Decision, HttpShape, Input, Policies, Question, SourceFile,
    Sources, Vocabulary,
};
use serde_json::{Value, json};

/// The entity types that the shop declares by hand.
pub const SCHEMA: &str = "
entity User in [Group] { level?: Long, manager?: User } tags String;
entity Order in [Function] { owner: User };
";

pub const ENTITIES: &str = r#"[
    {"uid": {"type": "User", "id": "ann"}, "attrs": {"level": 3, "manager": {"type": "User", "id": "max"}},
     "parents": [{"type": "Group", "id": "buyers"}], "tags": {"site": "north"}},
    {"uid": {"type": "User", "id": "max"}, "attrs": {"level": 9223372036854775807}, "parents": []},
    {"uid": {"type": "Group", "id": "buyers"}, "attrs": {}, "parents": [{"type": "Group", "id": "people"}]},
    {"uid": {"type": "Group", "id": "staff"}, "attrs": {}, "parents": [{"type": "Group", "id": "people"}]},
    {"uid": {"type": "Order", "id": "42"}, "attrs": {"owner": {"type": "User", "id": "ann"}}, "parents": []}
]"#;

pub fn file(name: &str, text: &str) -> SourceFile {
    SourceFile { name: name.to_owned(), text: text.to_owned() }
}

pub fn required(shape: Shape) -> Field {
    Field { shape, required: true }
}

pub fn optional(shape: Shape) -> Field {
    Field { shape, required: false }
}

pub fn text() -> Shape {
    Shape::Text { values: Vec::new() }
}

pub fn record<const N: usize>(fields: [(&str, Field); N]) -> Shape {
    Shape::Record(fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect())
}

/// What `createOrder` takes.
pub fn order() -> Shape {
    let item = record([("sku", required(text())), ("quantity", required(Shape::Long))]);
    record([
        ("total", required(Shape::Long)),
        ("discount", optional(Shape::Decimal)),
        ("note", optional(text())),
        ("tags", optional(Shape::List(Box::new(text())))),
        ("items", optional(Shape::List(Box::new(item)))),
        ("gift", optional(Shape::Bool)),
        ("extra", optional(Shape::Opaque { reason: "a union of types".to_owned() })),
    ])
}

pub fn action(name: &str, principals: &[&str], resource: &str, call: CallShape) -> ActionSpec {
    let principals = principals.iter().map(|name| (*name).to_owned()).collect();
    ActionSpec {
        name: name.to_owned(),
        principals,
        resource: resource.to_owned(),
        resource_parents: Vec::new(),
        load: None,
        has_purpose: false,
        call,
    }
}

pub fn vocabulary() -> Vocabulary {
    let plain = || CallShape::Http(HttpShape::default());
    let with_input = HttpShape { input: Some(order()), ..HttpShape::default() };
    Vocabulary {
        actions: vec![
            action("createOrder", &["User"], "Function", CallShape::Http(with_input)),
            action("readOrder", &["User"], "Order", plain()),
            action("status", &["Anonymous", "User"], "Function", plain()),
            action(
                "receiptUploaded",
                &["EventSource"],
                "Function",
                CallShape::Event {
                    kind: EventKind::S3,
                    claimed: EventKind::S3.claims(),
                    input: None,
                    omissions: Vec::new(),
                },
            ),
        ],
        purposes: vec!["checkout".to_owned(), "analytics".to_owned()],
        ..Vocabulary::default()
    }
}

pub fn compile(policies: &str) -> Result<Policies, Faults> {
    compile_linked(policies, None)
}

/// The same with the content of `links.json`.
pub fn compile_linked(policies: &str, links: Option<&str>) -> Result<Policies, Faults> {
    let links = links.map(|text| file("links.json", text));
    let sources = Sources {
        policies: &[file("policies/shop.cedar", policies)],
        links: links.as_ref(),
        schemas: &[file("shop.cedarschema", SCHEMA)],
        entities: Some(&file("entities.json", ENTITIES)),
        ..Sources::default()
    };
    Policies::compile(&sources, &vocabulary())
}

/// A project of these files and no links.
pub fn compile_files(
    policies: &[SourceFile],
    schemas: &[SourceFile],
    entities: Option<&SourceFile>,
    vocabulary: &Vocabulary,
) -> Result<Policies, Faults> {
    Policies::compile(&Sources { policies, schemas, entities, ..Sources::default() }, vocabulary)
}

/// A question in owned parts, so that tests can say only what they vary.
#[derive(Debug, Clone)]
pub struct Call {
    pub principal: Principal,
    pub action: String,
    pub resource: EntityName,
    pub parents: Vec<EntityName>,
    pub purpose: Option<String>,
    pub source_ip: Option<String>,
    pub headers: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub event: Option<fn() -> EventRecord>,
    pub input: Payload,
}

#[derive(Debug, Clone)]
pub enum Payload {
    Checked(Option<Value>),
    Faulty,
    Absent,
}

pub const NOW: &str = "2026-03-04T05:06:07Z";

pub fn user(name: &str, groups: &[&str]) -> Principal {
    Principal {
        name: EntityName::new("User", name),
        parents: groups.iter().map(|group| EntityName::new("Group", *group)).collect(),
        ..Principal::anonymous()
    }
}

impl Call {
    fn new(principal: Principal, action: &str, resource: EntityName) -> Self {
        Self {
            principal,
            action: action.to_owned(),
            resource,
            parents: Vec::new(),
            purpose: None,
            source_ip: None,
            headers: Vec::new(),
            query: Vec::new(),
            event: None,
            input: Payload::Checked(None),
        }
    }

    /// `user` creates an order.
    pub fn create(principal: Principal, input: Value) -> Self {
        let call = Self::new(principal, "createOrder", EntityName::new("Function", "orders"));
        call.input(Payload::Checked(Some(input)))
    }

    /// `user` reads an order.
    pub fn read(principal: Principal, order: &str) -> Self {
        let parents = vec![EntityName::new("Function", "orders")];
        Self { parents, ..Self::new(principal, "readOrder", EntityName::new("Order", order)) }
    }

    pub fn status(principal: Principal) -> Self {
        Self::new(principal, "status", EntityName::new("Function", "orders"))
    }

    /// The bucket `receipts` tells of an upload.
    pub fn upload() -> Self {
        let principal =
            Principal { name: EntityName::new("EventSource", "receipts"), ..Principal::anonymous() };
        let resource = EntityName::new("Function", "receipts");
        Self { event: Some(upload), ..Self::new(principal, "receiptUploaded", resource) }
    }

    pub fn input(self, input: Payload) -> Self {
        Self { input, ..self }
    }

    pub fn from(self, source_ip: &str) -> Self {
        Self { source_ip: Some(source_ip.to_owned()), ..self }
    }

    pub fn purpose(self, purpose: &str) -> Self {
        Self { purpose: Some(purpose.to_owned()), ..self }
    }

    pub fn ask(&self, policies: &Policies) -> Decision {
        self.question(|question| policies.decide(question))
    }

    /// What `of` makes of the question.
    pub fn question<T>(&self, of: impl FnOnce(&Question<'_>) -> T) -> T {
        let event = self.event.map(|event| event());
        let call = match &event {
            Some(record) => CallContext::Event(record),
            None => CallContext::Http {
                method: "POST",
                path: "/orders",
                source_ip: self.source_ip.as_deref().map(|address| address.parse().unwrap()),
                headers: &self.headers,
                query: &self.query,
                invocation: None,
                connection: None,
                claimed: None,
            },
        };
        let input = match &self.input {
            Payload::Checked(value) => Input::Checked(value.as_ref()),
            Payload::Faulty => Input::Faulty,
            Payload::Absent => Input::Absent,
        };
        of(&Question {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            resource_parents: &self.parents,
            loaded: None,
            context: Context { now: NOW.parse().unwrap(), purpose: self.purpose.as_deref(), call, input },
        })
    }
}

fn upload() -> EventRecord {
    let front = Front { kind: FrontKind::Bucket, id: "receipts".to_owned() };
    let attributes = BTreeMap::from([
        ("bucket".to_owned(), json!("receipts")),
        ("key".to_owned(), json!("inbox/1.pdf")),
        ("size".to_owned(), json!(2048)),
        ("etag".to_owned(), json!("left out")),
    ]);
    EventRecord {
        account: Some("123456789012".to_owned()),
        attributes,
        ..EventRecord::new(EventKind::S3, &front, "ObjectCreated:Put", "eu-central-1", Value::Null)
    }
}

/// `allow by shop#1, erring shop#2`.
pub fn render(decision: &Decision) -> String {
    let mut text = match &decision.deny {
        None => "allow".to_owned(),
        Some(reason) => format!("deny: {reason}"),
    };
    for (word, ids) in [(" by", &decision.note.policies), (", erring", &decision.note.errors)] {
        if !ids.is_empty() {
            text += &format!("{word} {}", ids.join(" "));
        }
    }
    text
}

#[track_caller]
pub fn check(policies: &str, call: &Call, expected: &str) {
    check_with(&compile(policies).unwrap_or_else(|faults| panic!("{faults}")), call, expected);
}

#[track_caller]
pub fn check_linked(policies: &str, links: &str, call: &Call, expected: &str) {
    check_with(
        &compile_linked(policies, Some(links)).unwrap_or_else(|faults| panic!("{faults}")),
        call,
        expected,
    );
}

#[track_caller]
pub fn check_with(policies: &Policies, call: &Call, expected: &str) {
    let decision = call.ask(policies);
    assert_eq!(render(&decision), expected);
    assert_eq!(decision.note.effect == doorward_model::Effect::Allow, decision.deny.is_none());
}
