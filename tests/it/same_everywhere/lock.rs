//! The lock that every request is tried on: what governs it.

use std::sync::Arc;

use doorward_core::{Bundle, Rules};

use super::callers::Callers;

/// Everything that governs, as the files of a project: `doorward.toml` first.
pub(crate) struct Lock {
    pub(crate) files: Vec<(String, String)>,
}

/// The forms of an authorizer's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerWord {
    Simple,
    IamPolicy,
}

const CONFIG: &str = r#"
[door]
name = "same"
table = "doorward"
screen_rate = 1000000
fronts = ["rest-api:rest1", "http-api:http1", "function-url:url1", "alb:same/49e9d65c45c6791a"]

[authorizer]
answer = "ANSWER"

[api_keys]
prefix = "same"

[iam]
user_type = "IamUser"
accounts = ["123456789012"]

[[domains]]
name = "api.same.example"
base_path = "/shop"

[[issuers]]
name = "main"
issuer = "https://id.main.example/"
jwks_file = "main.json"
audiences = ["shop-api"]
algorithms = ["ES256", "EdDSA"]
principal = { type = "User", id = "sub", groups = "groups" }

[[issuers]]
name = "partners"
issuer = "https://id.partners.example/"
jwks_file = "partners.json"
audiences = ["shop-api"]
algorithms = ["ES256"]
principal = { type = "Partner", id = "sub" }
claims = { tenant = { type = "String", required = true } }

[[targets]]
name = "orders"
lambda = "orders"
"#;

/// Id, match, `auth`, and the rest of each route.
const ROUTES: &[(&str, &str, &str, &str)] = &[
    ("listOrders", "GET /orders", r#"["main"]"#, ""),
    ("createOrder", "POST /orders", r#"["main", "api-key"]"#, ""),
    ("getOrder", "GET /orders/{id}", r#"["main"]"#, r#"resource = { type = "Order", id = "path.id" }"#),
    ("changeOrder", "PUT /orders/{id}", r#"["main"]"#, r#"resource = { type = "Order", id = "path.id" }"#),
    (
        "dropOrder",
        "DELETE /orders/{id}",
        r#"["main"]"#,
        "resource = { type = \"Order\", id = \"path.id\" }\nscopes = [\"orders:drop\"]",
    ),
    (
        "listLines",
        "GET /orders/{id}/lines",
        r#"["main"]"#,
        r#"resource = { type = "Order", id = "path.id" }"#,
    ),
    (
        "searchOrders",
        "GET /search",
        r#"["main"]"#,
        r#"context = { headers = ["x-reason"], query = ["scope"] }"#,
    ),
    ("listCatalog", "GET /catalog", r#"["anonymous"]"#, ""),
    ("getArticle", "GET /catalog/{sku}", r#"["main", "anonymous"]"#, ""),
    (
        "getReport",
        "GET /tenants/{tenant}/reports/{id}",
        r#"["partners"]"#,
        r#"resource = { type = "Report", id = "path.id", parents = [{ type = "Tenant", id = "path.tenant" }] }"#,
    ),
    ("getStock", "GET /stock/{sku}", r#"["api-key"]"#, ""),
    ("openDesk", "GET /office/desk", r#"["main"]"#, ""),
    ("machineState", "GET /machines/state", r#"["iam"]"#, ""),
    ("exchange", "PATCH /exchange", r#"["main", "partners", "api-key"]"#, ""),
    ("visitCity", "GET /städte/{name}", r#"["main"]"#, ""),
];

const SCHEMA: &str = r#"
entity Order in [Function] = { owner: User, locked: Bool };
entity Report in [Function, Tenant];
entity Tenant;
"#;

const POLICIES: &str = r#"
@id("customers-list") permit (principal in Group::"customers", action in [Action::"listOrders", Action::"visitCity"], resource);
@id("customers-order") permit (principal in Group::"customers", action == Action::"createOrder", resource);
@id("owners") permit (
  principal is User,
  action in [Action::"getOrder", Action::"changeOrder", Action::"dropOrder", Action::"listLines"],
  resource is Order
) when { resource.owner == principal };
@id("staff-reads") permit (principal in Group::"staff", action in [Action::"getOrder", Action::"listLines"], resource is Order);
@id("locked") forbid (principal, action in [Action::"changeOrder", Action::"dropOrder"], resource is Order) when { resource.locked };
@id("staff-searches") permit (principal in Group::"staff", action == Action::"searchOrders", resource)
when { context.request.headers has "x-reason" && context.request.headers["x-reason"] != "" }
when { context.request.query has scope && context.request.query.scope like "mine*" };
@id("anybody-lists") permit (principal is Anonymous, action in [Action::"listCatalog", Action::"getArticle"], resource);
@id("users-look") permit (principal is User, action == Action::"getArticle", resource);
@id("own-reports") permit (principal == Partner::"p1", action == Action::"getReport", resource in Tenant::"7")
when { context.token.tenant == "7" };
@id("warehouses") permit (principal in Group::"warehouses", action in [Action::"getStock", Action::"createOrder", Action::"exchange"], resource);
@id("desk") permit (principal in Group::"staff", action == Action::"openDesk", resource)
when { context.request has source_ip && context.request.source_ip.isInRange(ip("192.0.2.0/24")) };
@id("machines") permit (principal == Role::"arn:aws:iam::123456789012:role/machines", action == Action::"machineState", resource);
@id("exchange") permit (principal in Group::"staff", action == Action::"exchange", resource);
@id("partners-exchange") permit (principal is Partner, action == Action::"exchange", resource);
@id("suspended") forbid (principal in Group::"suspended", action, resource);
"#;

/// How gateways keep the authorizer's answers.
pub(crate) struct Keeping {
    pub(crate) answer: &'static str,
    pub(crate) sources: &'static str,
    /// The routes before which the authorizer is.
    pub(crate) guarded: &'static [&'static str],
}

impl Lock {
    /// The lock's rules where answers are kept so; a configuration that would be wrong is refused.
    #[track_caller]
    pub(crate) fn keeping(&self, keeping: &Keeping) -> Arc<Rules> {
        let Keeping { answer, sources, guarded } = keeping;
        let section = format!("answer = \"{answer}\"\ncache = \"60s\"\nidentity_sources = {sources}");
        let mut files = self.files.clone().into_iter();
        let (name, config) = files.next().unwrap();
        let mut config = config.replace("answer = \"ANSWER\"", &section);
        for (id, ..) in ROUTES.iter().filter(|(id, ..)| !guarded.contains(id)) {
            config =
                config.replace(&format!("id = \"{id}\"\n"), &format!("id = \"{id}\"\nauthorizer = false\n"));
        }
        compile((name, config), files)
    }

    pub(crate) fn new(callers: &Callers) -> Self {
        let routes: String = ROUTES
            .iter()
            .map(|(id, matched, auth, more)| {
                format!("\n[[routes]]\nid = \"{id}\"\nmatch = \"{matched}\"\ntarget = \"orders\"\nauth = {auth}\n{more}\n")
            })
            .collect();
        let order = |(id, owner, locked): &(&str, &str, bool)| {
            serde_json::json!({
                "uid": { "type": "Order", "id": id },
                "attrs": { "owner": { "__entity": { "type": "User", "id": owner } }, "locked": locked },
                "parents": [{ "type": "Function", "id": "orders" }],
            })
        };
        let entities = serde_json::Value::Array(ORDERS.iter().map(order).collect()).to_string();
        let files = [
            ("doorward.toml", format!("{CONFIG}{routes}")),
            ("same.cedar", POLICIES.to_owned()),
            ("same.cedarschema", SCHEMA.to_owned()),
            ("entities.json", entities),
            ("main.json", callers.main_keys()),
            ("partners.json", callers.partner_keys()),
        ];
        Self { files: files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect() }
    }

    /// The lock's files for an authorizer that answers in this form.
    pub(crate) fn answering(&self, answer: AnswerWord) -> Vec<(String, String)> {
        let word = match answer {
            AnswerWord::Simple => "simple",
            AnswerWord::IamPolicy => "iam-policy",
        };
        let set = |(name, text): &(String, String)| (name.clone(), text.replace("ANSWER", word));
        self.files.iter().map(set).collect()
    }

    #[track_caller]
    pub(crate) fn rules(&self, answer: AnswerWord) -> Arc<Rules> {
        let mut files = self.answering(answer).into_iter();
        let config = files.next().unwrap();
        compile(config, files)
    }
}

#[track_caller]
fn compile(config: (String, String), files: impl Iterator<Item = (String, String)>) -> Arc<Rules> {
    let bundle = Bundle { config, files: files.collect() };
    Arc::new(Rules::compile(&bundle, |_| None).unwrap_or_else(|faults| panic!("{faults}")))
}

/// Id, owner, and whether it is locked.
pub(crate) const ORDERS: &[(&str, &str, bool)] = &[
    ("42", "alice", false),
    ("43", "bob", false),
    ("44", "carol", false),
    ("45", "alice", true),
    ("46", "alice", false),
    ("café", "alice", false),
];
