//! What an attack found, each held once and for all.

use doorward_model::EntityName;
use doorward_policy::{CallShape, HttpShape, Policies, Sources, Vocabulary};

use crate::shop::{Call, action, check, compile, file, render, user};

/// Cedar ends a comment at a carriage return as well. A policy behind it is a policy, and none at the end is lost.
#[test]
fn a_carriage_return_ends_a_comment() {
    let policies = "permit(principal, action, resource);\n// old\rforbid(principal == User::\"eve\", action, resource);\nforbid(principal == User::\"max\", action, resource);";
    assert_eq!(compile(policies).unwrap().count(), 3);
    check(policies, &Call::status(user("eve", &[])), "deny: a policy forbids it by shop#2");
    check(policies, &Call::status(user("max", &[])), "deny: a policy forbids it by shop#3");
    let hidden = format!("// \r{}", "(".repeat(300));
    assert!(compile(&hidden).expect_err("faults").to_string().contains("nested deeper"));
}

/// Where a condition is too long for the validator's stack, it gives up without a word; such a condition is refused before
/// it gets there, and one within the bound is validated to its end, however small the stack of whoever asks.
#[test]
fn a_long_condition_is_validated_or_refused() {
    let long = |count: usize, head: &str| {
        let terms: Vec<String> =
            (0..count).map(|nth| format!("context.request.path == \"/{nth}\"")).collect();
        format!(
            "forbid(principal, action == Action::\"status\", resource) when {{ {head} || {} }};",
            terms.join(" || ")
        )
    };
    let on_a_small_stack = |text: String| {
        let compile =
            move || compile(&text).map(|policies| policies.depth()).map_err(|faults| faults.to_string());
        std::thread::Builder::new().stack_size(512 * 1024).spawn(compile).unwrap().join().unwrap()
    };
    assert_eq!(on_a_small_stack(long(490, "1 == 2")), Ok(1));
    assert_eq!(on_a_small_stack(long(490, "principal has manager && principal.manager has level")), Ok(2));
    let misspelt = on_a_small_stack(long(490, "context.nothing == 1")).expect_err("faults");
    assert!(misspelt.contains("attribute `nothing`"), "{misspelt}");
    let refused = on_a_small_stack(long(800, "context.nothing == 1")).expect_err("faults");
    assert!(refused.contains("more than 500 operators"), "{refused}");
}

/// A path puts the resource somewhere, and nobody else: who is in the resource is not for the path to place.
#[test]
fn a_path_places_nobody_but_the_resource() {
    let http = CallShape::Http(HttpShape::default());
    let mut read = action("readTenant", &["User"], "Tenant", http);
    read.resource_parents = vec!["Org".to_owned()];
    let vocabulary = Vocabulary { actions: vec![read], ..Vocabulary::default() };
    let schema = "entity Tenant in [Function, Org]; entity Org; entity User in [Group, Tenant];";
    let entities = r#"[{"uid": {"type": "User", "id": "ann"}, "attrs": {}, "parents": [{"type": "Tenant", "id": "7"}]},
        {"uid": {"type": "Tenant", "id": "7"}, "attrs": {}, "parents": [{"type": "Org", "id": "bronze"}]}]"#;
    let policies = "permit(principal in Org::\"gold\", action, resource); permit(principal, action, resource in Org::\"bronze\");";
    let sources = Sources {
        policies: &[file("p.cedar", policies)],
        schemas: &[file("s.cedarschema", schema)],
        entities: Some(&file("entities.json", entities)),
        ..Sources::default()
    };
    let compiled = Policies::compile(&sources, &vocabulary).unwrap_or_else(|faults| panic!("{faults}"));
    let ask = |name: &str, tenant: &str, org: &str| {
        let parents = vec![EntityName::new("Function", "tenants"), EntityName::new("Org", org)];
        let resource = EntityName::new("Tenant", tenant);
        let call =
            Call { action: "readTenant".to_owned(), resource, parents, ..Call::status(user(name, &[])) };
        render(&call.ask(&compiled))
    };
    assert_eq!(ask("ann", "7", "gold"), "deny: the request does not fit the policy schema");
    assert_eq!(ask("ann", "7", "bronze"), "allow by p#2", "the path says what the file does");
    assert_eq!(ask("ann", "8", "gold"), "deny: no policy permits it");
    assert_eq!(ask("ann", "8", "bronze"), "allow by p#2");
    assert_eq!(ask("bob", "7", "gold"), "allow by p#2", "the file puts it there");
}
