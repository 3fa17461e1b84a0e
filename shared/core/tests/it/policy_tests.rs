//! Policy tests over the demo's rules.

use doorward_config::parse_policy_tests;
use doorward_core::{Rules, TestReport};
use doorward_model::Faults;
use doorward_policy::Holds;
use doorward_testkit::s3;

use crate::shop::{Shop, now};

fn run(shop: &Shop, text: &str) -> Result<TestReport, Faults> {
    let tests = parse_policy_tests("shop.test.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let rules: &Rules = shop.world.door.rules();
    rules.test_policies(&tests, &|_| Ok(s3("e1", "inbox/a.pdf", 1000, now())))
}

/// What is not as expected of one test: `policies: a, not b`.
#[track_caller]
fn check(test: &str, expected: &[&str]) {
    let report = run(&Shop::new(), &format!("[[tests]]\nname = \"it\"\n{test}"))
        .unwrap_or_else(|faults| panic!("{faults}"));
    let [result] = report.results.as_slice() else { panic!("{report:?}") };
    let told: Vec<String> = result
        .differences
        .iter()
        .map(|difference| format!("{}: {}, not {}", difference.what, difference.found, difference.expected))
        .collect();
    assert_eq!(told, expected, "{test}");
    let explicable = !expected.is_empty() && result.rehearsed.decision.is_some();
    assert_eq!(result.rehearsed.explanation.is_some(), explicable, "a failure is explained");
}

const ORDER: &str = "principal = 'User::\"alice\"'\ngroups = [\"customers\"]\naction = \"createOrder\"\n";
const GOOD: &str = "context = { input = { total = 100, items = [{ sku = \"TEA-1\", quantity = 1 }] } }\n";

#[test]
fn what_is_not_as_expected_is_told() {
    check(
        &format!(
            "{ORDER}{GOOD}decision = \"allow\"\npolicies = [\"customers-order-up-to-1000\"]\nerrors = []"
        ),
        &[],
    );
    check(
        &format!(
            "{ORDER}{GOOD}decision = \"deny\"\nreason = \"no-permit\"\npolicies = []\nerrors = [\"owners-read-their-orders\"]"
        ),
        &[
            "decision: allow, not deny",
            "reason: none, not no-permit",
            "policies: customers-order-up-to-1000, not none",
            "errors: none, not owners-read-their-orders",
        ],
    );
    check(
        &format!(
            "{ORDER}decision = \"deny\"\nreason = \"permit-errored\"\nerrors = [\"customers-order-up-to-1000\"]"
        ),
        &[],
    );
    let suspended = ORDER.replace("[\"customers\"]", "[\"customers\", \"suspended\"]");
    check(
        &format!(
            "{suspended}{GOOD}decision = \"deny\"\nreason = \"forbid\"\npolicies = [\"suspended-may-nothing\"]"
        ),
        &[],
    );
    check(
        &format!("{suspended}{GOOD}decision = \"deny\"\nreason = \"forbid-errored\""),
        &["reason: forbid, not forbid-errored"],
    );
    let get =
        "principal = 'User::\"alice\"'\naction = \"getOrder\"\nresource = 'Order::\"1001\"'\ndecision = ";
    check(&format!("{get}\"allow\""), &[]);
    check(
        &format!(
            "{}\"deny\"\nreason = \"missing-entity\"\nerrors = [\"owners-read-their-orders\"]",
            get.replace("1001", "1")
        ),
        &[],
    );
    let misfit = ORDER.replace("createOrder", "getOrder");
    check(
        &format!("{misfit}resource = 'Function::\"orders\"'\ndecision = \"deny\"\nreason = \"unfit\""),
        &[],
    );
}

#[test]
fn a_whole_sample_may_be_refused_before_the_decision() {
    let get = |path: &str| {
        format!("principal = 'User::\"alice\"'\nrequest = {{ method = \"GET\", path = \"{path}\" }}\n")
    };
    check(&format!("{}code = \"not-found\"", get("/nowhere")), &[]);
    check(
        &format!("{}decision = \"deny\"", get("/nowhere")),
        &["decision: none, not deny", "refusal: not-found, not none"],
    );
    check(
        &format!("{}decision = \"allow\"\ncode = \"not-found\"", get("/orders/1001")),
        &["refusal: none, not not-found"],
    );
    check(&format!("{}decision = \"deny\"\ncode = \"forbidden\"", get("/orders/1002")), &[]);
    let order = "groups = [\"customers\"]\nprincipal = 'User::\"alice\"'\nrequest = { method = \"POST\", path = \"/orders\", body = { items = [], total = \"much\" } }\n";
    check(&format!("{order}decision = \"allow\"\ncode = \"contract-violation\""), &[]);
    check(
        &format!("{order}decision = \"allow\""),
        &[
            "refusal: contract-violation (body /items: must hold at least 1 item; body /total: must be of type `integer`), not none",
        ],
    );
    let stranger = order.replace("[\"customers\"]", "[]");
    check(&format!("{stranger}decision = \"deny\"\ncode = \"forbidden\""), &[]);
}

#[test]
fn what_no_test_covers_is_listed_and_told_apart_from_what_never_applied() {
    let report = run(
        &Shop::new(),
        &format!(
            "[[tests]]\nname = \"a\"\n{ORDER}{GOOD}decision = \"allow\"\n[[tests]]\nname = \"b\"\nprincipal = 'User::\"eve\"'\naction = \"getOrder\"\nresource = 'Order::\"1001\"'\ndecision = \"deny\""
        ),
    )
    .unwrap_or_else(|faults| panic!("{faults}"));
    let told: Vec<(&str, bool)> =
        report.uncovered.iter().map(|policy| (policy.id.as_str(), policy.applied)).collect();
    assert_eq!(
        told,
        [
            ("buyers-order-any-amount", false),
            ("owners-read-their-orders", true),
            ("suspended-may-nothing", false),
            ("receipts-are-small-pdfs", false),
        ]
    );
    assert_eq!(run(&Shop::new(), "").unwrap().uncovered.len(), 5);
    let faulty = "[[tests]]\nname = \"a\"\nprincipal = 'User::\"alice\"'\ngroups = [\"customers\"]\nrequest = { method = \"POST\", path = \"/orders\", body = {} }\ndecision = \"allow\"\ncode = \"contract-violation\"";
    let report = run(&Shop::new(), faulty).unwrap();
    assert_eq!(report.results[0].differences, []);
    assert!(
        report.uncovered[0].id == "customers-order-up-to-1000" && report.uncovered[0].applied,
        "{report:?}"
    );
}

#[test]
fn a_failed_test_says_which_part_of_a_condition_did_not_hold() {
    let test =
        format!("[[tests]]\nname = \"it\"\n{ORDER}{}decision = \"allow\"", GOOD.replace("100", "100001"));
    let report = run(&Shop::new(), &test).unwrap_or_else(|faults| panic!("{faults}"));
    let explanation = report.results[0].rehearsed.explanation.as_ref().unwrap();
    let [policy] = explanation.applicable.as_slice() else { panic!("{explanation:?}") };
    assert_eq!((policy.id.as_str(), &policy.holds), ("customers-order-up-to-1000", &Holds::No));
    assert_eq!(policy.clauses[0].parts[0].text, "context.input.total <= 100000");
}

#[track_caller]
fn faults(text: &str, expected: &str) {
    let shop = Shop::new();
    let faults = run(&shop, &format!("[[tests]]\nname = \"it\"\ndecision = \"deny\"\n{text}"));
    assert_eq!(faults.unwrap_err().to_string(), expected);
}

#[test]
fn names_that_the_project_does_not_have_are_faults() {
    faults(
        "principal = 'Usr::\"alice\"'\naction = \"createOder\"",
        "shop.test.toml:4:13: no entity type is named `Usr`\n  hint: did you mean `User`?\nshop.test.toml:5:10: no action is named `createOder`\n  hint: did you mean `createOrder`?",
    );
    faults(
        "principal = 'User::\"alice\"'\naction = \"getOrder\"",
        "shop.test.toml:5:10: `getOrder` is done to an entity of the type `Order`\n  hint: write `resource = 'Order::\"…\"'`",
    );
    faults(
        "principal = 'User::\"alice\"'\naction = \"createOrder\"\nresource = 'Func::\"x\"'\npolicies = [\"customers-order-up-to-100\"]\nerrors = [\"x\"]",
        "shop.test.toml:6:12: no entity type is named `Func`\n  hint: expected `Client`, `EventSource`, `Function`, `Group`, `Order`, `Sender` or `User`\nshop.test.toml:7:13: no policy has the id `customers-order-up-to-100`\n  hint: did you mean `customers-order-up-to-1000`?\nshop.test.toml:8:11: no policy has the id `x`",
    );
    faults(
        "request = { method = \"GET\", path = \"/\" }\ncode = \"contract\"",
        "shop.test.toml:5:8: no call is refused as `contract` before or by the decision\n  hint: expected `ambiguous-path`, `contract-violation`, `duplicate-key`, `forbidden`, `invalid-identity`, `invalid-token`, `malformed-header`, `malformed-json`, `malformed-query`, `malformed-request`, `method-not-allowed`, `missing-credentials`, `not-found`, `payload-too-large`, `unknown-front` or `unsupported-media-type`",
    );
}

#[test]
fn what_policies_cannot_read_is_a_fault_at_its_place() {
    faults(
        &format!(
            "{ORDER}context = {{ purpose = \"checkuot\", input = {{ total = \"1\", itms = [] }}, request = {{ methd = \"POST\" }}, event = {{}} }}"
        ),
        "shop.test.toml:7:23: no purpose is named `checkuot`\n  hint: did you mean `checkout`?\n\
         shop.test.toml:7:43: missing `items` (`context.input`)\n\
         shop.test.toml:7:53: expected an integer (`context.input.total`)\n\
         shop.test.toml:7:65: policies know no `itms` here (`context.input.itms`)\n  hint: did you mean `items`?\n\
         shop.test.toml:7:91: policies know no `methd` here (`context.request.methd`)\n  hint: did you mean `method`?\n\
         shop.test.toml:7:109: the action's context has no `event` (`context.event`)\n  hint: expected `input`, `now`, `purpose`, `request` or `trust`",
    );
    faults(
        "principal = 'EventSource::\"bucket:receipts\"'\naction = \"receiptUploaded\"\ncontext = { event = { bucket = \"receipts\" } }",
        "shop.test.toml:6:21: missing `key` (`context.event`)\n\
         shop.test.toml:6:21: missing `region` (`context.event`)\n\
         shop.test.toml:6:21: missing `type` (`context.event`)",
    );
}

#[test]
fn an_item_stands_for_what_the_table_holds() {
    let resource = r#"resource = { type = "Order", id = "path.id" }"#;
    let loading = || {
        let change =
            |config: String| config.replace(resource, &resource.replace(" }", ", load = \"table\" }"));
        Shop::with_files(change, &[("entities.json", "[]")])
    };
    let check = |item: &str, expected: &str| {
        for call in [
            "action = \"getOrder\"\nresource = 'Order::\"7\"'",
            "request = { method = \"GET\", path = \"/orders/7\" }",
        ] {
            let test = format!(
                "[[tests]]\nname = \"it\"\nprincipal = 'User::\"alice\"'\n{call}\n{item}\n{expected}"
            );
            let report = run(&loading(), &test).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(report.results[0].differences, [], "{test}");
        }
    };
    check("item = { owner = \"alice\" }", "decision = \"allow\"");
    check("item = { owner = \"bob\" }", "decision = \"deny\"\nreason = \"no-permit\"");
    check("item = { owner = 4711 }", "decision = \"deny\"\nreason = \"entity-unfit\"");
    check("", "decision = \"deny\"\nreason = \"no-entity\"");
    faults(
        "principal = 'User::\"alice\"'\naction = \"getOrder\"\nresource = 'Order::\"7\"'\nitem = { owner = \"alice\" }",
        "shop.test.toml:7:8: the resource of `getOrder` is not read from a table\n  hint: its attributes are those of `entities.json`: leave `item` out",
    );
}

/// A shop whose issuer declares claims, and whose orders are in the tenant that their path names.
fn tenants() -> Shop {
    let change = |config: String| {
        config
            .replace(
                "groups = \"groups\" }",
                "groups = \"groups\", attributes = [\"tenant\"] }\nclaims = { tenant = { type = \"String\", required = true }, level = \"Long\" }",
            )
            .replace("match = \"GET /orders/{id}\"", "match = \"GET /tenants/{tenant}/orders/{id}\"\ncontext = { headers = [\"x-reason\"] }")
            .replace("contract = \"contracts/shop.yaml#getOrder\"\n", "")
            .replace("id = \"path.id\" }", "id = \"path.id\", parents = [{ type = \"Tenant\", id = \"path.tenant\" }] }")
    };
    let policy = r#"@id("tenants") permit (principal is User, action == Action::"getOrder", resource in Tenant::"7")
        when { context.token.tenant == "7" && principal has tenant && principal.tenant == "7" && context.token has level && context.token.level > 2 }
        unless { context.request.headers has "x-reason" && context.request.headers["x-reason"] == "none" };"#;
    Shop::with_files(
        change,
        &[
            ("tenants.cedar", policy),
            ("shop.cedarschema", "entity Tenant; entity Order in [Function, Tenant] = { owner: User };"),
        ],
    )
}

#[test]
fn claims_named_fields_and_parents_are_stated_as_policies_read_them() {
    let check = |claims: &str, context: &str, headers: &str, expected: &str| {
        for call in [
            format!(
                "action = \"getOrder\"\nresource = 'Order::\"9\"'\nparents = ['Tenant::\"7\"']\ncontext = {{ {context} }}"
            ),
            format!(
                "request = {{ method = \"GET\", path = \"/tenants/7/orders/9\", headers = {{ {headers} }} }}"
            ),
        ] {
            let test = format!(
                "[[tests]]\nname = \"it\"\nprincipal = 'User::\"alice\"'\nclaims = {{ {claims} }}\n{call}\n{expected}"
            );
            let report = run(&tenants(), &test).unwrap_or_else(|faults| panic!("{faults}\n{test}"));
            assert_eq!(report.results[0].differences, [], "{test}");
        }
    };
    let allow = "decision = \"allow\"\npolicies = [\"tenants\"]";
    check("tenant = \"7\", level = 3", "", "", allow);
    check("tenant = \"7\", level = 2", "", "", "decision = \"deny\"");
    check("tenant = \"8\", level = 3", "", "", "decision = \"deny\"");
    let (context, headers) = ("request = { headers = { x-reason = \"none\" } }", "x-reason = \"none\"");
    check("tenant = \"7\", level = 3", context, headers, "decision = \"deny\"");

    let whole = "principal = 'User::\"alice\"'\nclaims = { level = 3 }\nrequest = { method = \"GET\", path = \"/tenants/7/orders/9\" }";
    let report =
        run(&tenants(), &format!("[[tests]]\nname = \"it\"\n{whole}\ncode = \"invalid-token\"")).unwrap();
    assert_eq!(report.results[0].differences, [], "as the token would be refused");
    let question = "principal = 'User::\"alice\"'\nclaims = { levle = 3 }\naction = \"getOrder\"\nresource = 'Order::\"9\"'\nparents = ['Tenat::\"7\"']";
    let faults =
        run(&tenants(), &format!("[[tests]]\nname = \"it\"\ndecision = \"deny\"\n{question}")).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "shop.test.toml:5:20: no issuer declares the claim `levle`\n  hint: did you mean `level`?\n\
         shop.test.toml:8:12: no entity type is named `Tenat`\n  hint: did you mean `Tenant`?"
    );
    let faults = run(
        &tenants(),
        &format!(
            "[[tests]]\nname = \"it\"\ndecision = \"deny\"\n{}",
            question.replace("levle", "level").replace("Tenat", "Tenant")
        ),
    )
    .unwrap_err();
    assert_eq!(
        faults.to_string(),
        "shop.test.toml:5:10: the claim `tenant` is missing or has the wrong type\n  hint: state it in `claims`"
    );
}

#[test]
fn a_caller_is_as_trusted_as_credentials_can_make_them_where_nothing_else_is_stated() {
    let policies =
        r#"@id("proven") forbid (principal, action, resource) unless { context.trust != "attested" };"#;
    let shop = Shop::with_files(|config| config, &[("trust.cedar", policies)]);
    let event = "principal = 'EventSource::\"bucket:receipts\"'\naction = \"receiptUploaded\"\n";
    let context = |trust: &str| {
        format!(
            "context = {{ trust = \"{trust}\", input = {{ total = 100, items = [{{ sku = \"TEA-1\", quantity = 1 }}] }} }}"
        )
    };
    let event_context = "context = { event = { source = \"s3\", type = \"ObjectCreated:Put\", region = \"eu-central-1\", bucket = \"receipts\", key = \"inbox/a.pdf\" } }";
    for (test, policy) in [
        (format!("{ORDER}{GOOD}decision = \"allow\""), "customers-order-up-to-1000"),
        (format!("{ORDER}{}\ndecision = \"allow\"", context("verified")), "customers-order-up-to-1000"),
        (format!("{ORDER}{}\ndecision = \"deny\"", context("attested")), "proven"),
        (format!("{event}{event_context}\ndecision = \"deny\""), "proven"),
    ] {
        let test = format!("[[tests]]\nname = \"it\"\n{test}\npolicies = [\"{policy}\"]");
        let report = run(&shop, &test).unwrap_or_else(|faults| panic!("{faults}\n{test}"));
        assert_eq!(report.results[0].differences, [], "{test}");
    }
    let impossible = event_context.replace("{ event", "{ trust = \"verified\", event");
    let test = format!("[[tests]]\nname = \"it\"\n{event}{impossible}\ndecision = \"deny\"");
    assert_eq!(
        run(&shop, &test).unwrap_err().to_string(),
        "shop.test.toml:5:21: no call of `receiptUploaded` by such a caller is `verified`\n  hint: at most, it is `attested`"
    );
}
