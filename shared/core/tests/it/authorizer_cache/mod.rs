//! Which answers of the authorizer a gateway may keep: what is refused where they would be wrong, and what they say.

use doorward_testkit::World;

use crate::shop::now;

mod answers;
mod proof;

const LOCK: &str = r#"
[door]
name = "lock"
table = "lock"
purposes = ["audit"]
fronts = ["http-api:shop", "function-url:shopurl"]

AUTHORIZER

[[issuers]]
name = "main"
issuer = "https://id.shop.example/"
jwks = "https://id.shop.example/.well-known/jwks.json"
audiences = ["shop-api"]
algorithms = ["RS256", "ES256", "EdDSA"]
principal = { type = "User", id = "sub", groups = "groups" }

[[targets]]
name = "orders"
lambda = "orders"

[[routes]]
id = "listOrders"
match = "GET /orders"
target = "orders"
auth = ["main", "api-key"]

[[routes]]
id = "createOrder"
match = "POST /orders"
target = "orders"
auth = ["main", "api-key"]

[[routes]]
id = "getReport"
match = "GET /report"
target = "orders"
auth = ["main"]
purpose = "audit"

[[plans]]
name = "partner"
limits = [{ rate = "5/s" }]
"#;

const POLICIES: &str = r#"
@id("customers")
permit (principal in Group::"customers", action in [Action::"listOrders", Action::"createOrder"], resource);
@id("staff")
permit (principal in Group::"staff", action in [Action::"listOrders", Action::"getReport"], resource);
@id("clients")
permit (principal is Client, action == Action::"listOrders", resource);
"#;

const OWN: &str = r#"identity_sources = ["header.authorization", "method", "path"]"#;
const SHARED: &str = "answer = \"iam-policy\"\nidentity_sources = [\"header.authorization\"]";

/// The lock with this `[authorizer]`, whose answers are kept for a minute, and more routes and policies.
fn world(authorizer: &str, more: &str, policies: &str) -> Result<World, String> {
    let section = format!("[authorizer]\ncache = \"60s\"\n{authorizer}");
    let config = LOCK.replace("AUTHORIZER", &section) + more;
    World::new(&config, &[("lock.cedar", &format!("{POLICIES}{policies}"))], now())
}

/// A route that staff may call, with more keys.
fn route(id: &str, matched: &str, more: &str) -> String {
    format!("\n[[routes]]\nid = \"{id}\"\nmatch = \"{matched}\"\ntarget = \"orders\"\n{more}\n")
}

fn permit(id: &str, when: &str) -> String {
    format!("\n@id(\"{id}\") permit (principal, action == Action::\"{id}\", resource) when {{ {when} }};")
}

fn world_of(section: &str, more: &str) -> Result<World, String> {
    World::new(&(LOCK.replace("AUTHORIZER", section) + more), &[("lock.cedar", POLICIES)], now())
}
