//! What is refused where kept answers would be wrong.

use doorward_core::{Archive, Bundle, Revocation, Rules, Source, revocations};
use doorward_testkit::World;
use expect_test::{Expect, expect};

use super::{LOCK, OWN, POLICIES, SHARED, permit, route, world, world_of};
use crate::archive::packed;
use crate::shop::now;

#[track_caller]
fn check_faults(authorizer: &str, more: &str, policies: &str, expected: Expect) {
    let faults = world(authorizer, more, policies).err().unwrap_or_else(|| "no fault".to_owned());
    expected.assert_eq(&faults);
}

#[test]
fn sound_configurations_are_taken() {
    let one = route("getOrder", "GET /orders/{id}", "auth = [\"main\"]");
    let unasked = route("getOrder", "GET /orders/{id}", "auth = [\"main\"]\nauthorizer = false");
    for (authorizer, more) in [(OWN, one.as_str()), (SHARED, ""), (SHARED, unasked.as_str())] {
        assert_eq!(world(authorizer, more, "").err(), None, "{authorizer}");
    }
    assert_eq!(world_of("[authorizer]\ncache = \"0s\"", &one).err(), None);
}

#[test]
fn what_policies_read_is_what_callers_are_told_apart_by() {
    let more = route("late", "GET /late", "auth = [\"main\"]")
        + &route("near", "GET /near", "auth = [\"main\"]")
        + &route(
            "named",
            "GET /named",
            "auth = [\"main\"]\ncontext = { headers = [\"x-tenant\"], query = [\"page\"] }",
        );
    let policies = permit("late", "context.now > datetime(\"2026-01-01\")")
        + &permit(
            "near",
            "context.request has source_ip && context.request.source_ip.isInRange(ip(\"10.0.0.0/8\"))",
        );
    check_faults(
        OWN,
        &more,
        &policies,
        expect![[r#"
        doorward.toml:8:1: answers about `late` cannot be reused: its policies read the time (`context.now`)
          hint: turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `near` cannot be reused: its policies read `source_ip`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `named` cannot be reused: its policies read `header.x-tenant`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `named` cannot be reused: its policies read `query.page`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
    let all = r#"identity_sources = ["header.authorization", "method", "path", "source_ip", "header.x-tenant", "query.page"]"#;
    check_faults(
        all,
        &more,
        &policies,
        expect![[r#"
        doorward.toml:8:1: answers about `late` cannot be reused: its policies read the time (`context.now`)
          hint: turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
}

#[test]
fn what_policies_compare_as_a_whole_they_read_all_of() {
    check_faults(
        OWN,
        "",
        "\npermit (principal, action == Action::\"getReport\", resource) when { [context].contains(context) };",
        expect![[r#"
        doorward.toml:8:1: answers about `getReport` cannot be reused: its policies read the time (`context.now`)
          hint: turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `getReport` cannot be reused: its policies read `source_ip`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
}

#[test]
fn a_link_and_a_group_of_actions_read_what_their_policies_read() {
    let section = format!("[authorizer]\ncache = \"60s\"\n{OWN}");
    let config = LOCK.replace("AUTHORIZER", &section);
    let template = r#"@id("late") permit (principal in ?principal, action == Action::"getReport", resource)
        when { context.now > datetime("2026-01-01") };"#;
    let links =
        r#"[{"template_id": "late", "link_id": "late-staff", "args": {"?principal": "Group::\"staff\""}}]"#;
    let group = r#"forbid (principal, action in Action::"http", resource) when { {a: context}.a has request.source_ip };"#;
    let with = |files: &[(&str, &str)]| World::new(&config, files, now()).err().unwrap_or_default();
    let files = [("lock.cedar", POLICIES), ("late.cedar", template), ("links.json", links)];
    let said = with(&files);
    assert_eq!(said.matches("cannot be reused").count(), 1, "{said}");
    assert!(said.contains("`getReport` cannot be reused: its policies read the time"), "{said}");
    let said = with(&[("lock.cedar", POLICIES), ("late.cedar", group)]);
    assert_eq!(said.matches("read `source_ip`").count(), 3, "{said}");
}

#[test]
fn what_proves_a_caller_tells_callers_apart() {
    let certificates = "\n[certificates]\nfronts = [\"http-api:shop\"]\n";
    let more = route("keyed", "GET /keyed", "auth = [\"api-key\", \"main\"]")
        + &route("proven", "GET /proven", "auth = [\"certificate\", \"main\"]")
        + &route("certified", "GET /certified", "auth = [\"certificate\"]")
        + certificates;
    check_faults(
        OWN,
        &more,
        "",
        expect![[r#"
        doorward.toml:8:1: answers about `keyed` cannot be reused: `api-key` counts before `main`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: answers about `proven` cannot be reused: `certificate` counts before `main`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: no identity source holds credentials that `certified` accepts
          hint: name the header field of its credentials, or set `authorizer = false` on the route"#]],
    );
    let by_key = r#"identity_sources = ["header.x-api-key", "method", "path"]"#;
    check_faults(
        by_key,
        "",
        "",
        expect![[r#"
        doorward.toml:8:1: answers about `listOrders` cannot be reused: `main` counts before `api-key`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: answers about `createOrder` cannot be reused: `main` counts before `api-key`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: no identity source holds credentials that `getReport` accepts
          hint: name the header field of its credentials, or set `authorizer = false` on the route"#]],
    );
}

#[test]
fn one_exact_arn_stands_for_each_route_of_a_shared_policy() {
    let more = route("getOrder", "GET /orders/{id}", "auth = [\"main\"]")
        + &route("cafe", "GET /café", "auth = [\"main\"]");
    check_faults(
        SHARED,
        &more,
        "",
        expect![[r#"
        doorward.toml:8:1: answers about `getOrder` cannot be shared between routes: its path has parameters, and no exact ARN stands for it
          hint: add `method` and `path` to `identity_sources`, so that each path has an answer of its own, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `cafe` cannot be shared between routes: its path holds characters that an ARN may write in two ways, and no exact ARN stands for it
          hint: add `method` and `path` to `identity_sources`, so that each path has an answer of its own, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
    let many: String = (0..70)
        .map(|n| route(&format!("many{n}"), &format!("GET /a-path-of-some-length/{n}"), "auth = [\"main\"]"))
        .collect();
    check_faults(
        SHARED,
        &many,
        "",
        expect![[r#"
        doorward.toml:8:1: a policy of all routes may take 7894 bytes, more than the 7168 that an answer has for it
          hint: add `method` and `path` to `identity_sources`, so that each has an answer of its own"#]],
    );
    check_faults(
        r#"identity_sources = ["header.authorization"]"#,
        "",
        "",
        expect![[r#"
        doorward.toml:8:1: a simple answer that is reused holds for every method and path of an HTTP API
          hint: add `method` and `path` to `identity_sources`, or set `answer = "iam-policy"`"#]],
    );
    let two = "answer = \"iam-policy\"\nidentity_sources = [\"header.authorization\", \"header.x-api-key\"]";
    check_faults(
        two,
        "",
        "",
        expect![[r#"
        doorward.toml:8:1: a policy that is shared is about one caller, and two fields may name two
          hint: keep one of the header fields of credentials"#]],
    );
}

#[test]
fn one_path_is_one_route() {
    check_faults(
        OWN,
        "\n[[domains]]\nname = \"api.example.com\"\nbase_path = \"/shop\"\n",
        "",
        expect![[r#"
        doorward.toml:8:1: answers cannot be reused: with `[[domains]]`, one path may be two routes
          hint: add `domain` to `identity_sources`"#]],
    );
}

#[test]
fn who_shows_nothing_is_not_asked_about() {
    let more = route("open", "GET /open", "auth = [\"anonymous\"]\nauthorizer = true");
    check_faults(
        OWN,
        &more,
        "",
        expect![[r#"
            doorward.toml:8:1: nobody can call `open` anonymously: APIs refuse who shows no `header.authorization` without asking
              hint: set `authorizer = false` on the route: the dispatcher decides"#]],
    );
}

#[test]
fn a_header_that_states_the_purpose_tells_callers_apart() {
    let more = route(
        "audited",
        "GET /audited",
        "auth = [\"main\"]\npurpose = { header = \"x-purpose\", required = true }",
    );
    check_faults(
        OWN,
        &more,
        "",
        expect![[r#"
            doorward.toml:8:1: answers about `audited` cannot be reused: its purpose comes from `header.x-purpose`, which is no identity source
              hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
    let with_it = r#"identity_sources = ["header.authorization", "method", "path", "header.x-purpose"]"#;
    check_faults(with_it, &more, "", expect!["no fault"]);
}

#[test]
fn an_authorizer_alone_counts_by_nothing_that_it_is_not_given() {
    let counted =
        |units: &str| route("counted", "POST /counted", &format!("auth = [\"main\"]\nunits = {units}"));
    let alone = format!("{OWN}\nalone = true");
    let fault = || {
        expect![[r#"
        doorward.toml:8:1: what calls of `counted` count for depends on what an authorizer alone never sees
          hint: set `units` to a number, or put the dispatcher behind the authorizer"#]]
    };
    check_faults(&alone, &counted("\"context.request.bytes\""), "", fault());
    check_faults(&alone, &counted("{ header = \"x-units\", most = 8 }"), "", fault());
    check_faults(&alone, &counted("8"), "", expect!["no fault"]);
}

#[test]
fn behind_an_authorizer_alone_one_path_may_be_two_routes_of_an_http_api() {
    let more = route("named", "GET /things/{id}", "auth = [\"main\"]");
    let alone = format!("{OWN}\nalone = true");
    check_faults(OWN, &more, "", expect!["no fault"]);
    check_faults(
        &alone,
        &more,
        "",
        expect![[r#"
        doorward.toml:8:1: answers cannot be reused: an HTTP API tells two of its routes by one path, for it decodes it before
          hint: add `route` to `identity_sources`"#]],
    );
    let told = alone.replace("\"path\"", "\"path\", \"route\"");
    check_faults(&told, &more, "", expect!["no fault"]);
    check_faults("alone = true", &more, "", expect!["no fault"]);
}

#[test]
fn an_authorizer_alone_decides_by_nothing_that_it_is_not_given() {
    let contract =
        route("input", "POST /input", "auth = [\"main\"]\ncontract = \"contracts/lock.yaml#input\"");
    let document = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/input":{"post":{"operationId":"input",
        "requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["total"],
        "properties":{"total":{"type":"integer"}}}}}},"responses":{"200":{"description":"ok"}}}}}}"#;
    let policies = format!("{POLICIES}{}", permit("input", "context.input.total < 10"));
    let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\nalone = true\n{OWN}"))
        + &contract;
    let files = [("lock.cedar", policies.as_str()), ("contracts/lock.yaml", document)];
    expect![[r#"
        doorward.toml:8:1: policies of `input` read the payload (`context.input`), which an authorizer alone never sees
          hint: put the dispatcher behind the authorizer and leave `alone` out"#]].assert_eq(&World::new(&config, &files, now()).err().unwrap_or_default());
}

#[test]
fn revocations_take_the_caches_time_more_where_nothing_decides_again() {
    let times = |section: &str| {
        let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\n{section}"));
        let config = doorward_config::parse("doorward.toml", &config).unwrap();
        let line = |Revocation { what, within }: &Revocation| format!("{what}: {within:?}\n");
        revocations(&config).iter().map(line).collect::<String>()
    };
    expect![[r#"
        a token that expires: Some(30s)
        a key that its issuer withdraws: Some(30s)
        an API key that is revoked: Some(30s)
        a policy that is changed: None
        a refusal, after what it was refused for is given: Some(60s)
    "#]]
    .assert_eq(&times(OWN));
    expect![[r#"
        a token that expires: Some(90s)
        a key that its issuer withdraws: Some(90s)
        an API key that is revoked: Some(90s)
        a policy that is changed: None
        a refusal, after what it was refused for is given: Some(60s)
    "#]]
    .assert_eq(&times(&format!("{OWN}\nalone = true")));
    let connect =
        "\n[[routes]]\nid = \"connect\"\nmatch = \"$connect\"\ntarget = \"orders\"\nauth = [\"api-key\"]\n";
    let told = times(&format!("{OWN}\n{connect}"));
    assert!(told.contains("a connection that was opened before any of these: Some(7200s)\n"), "{told}");
}

#[test]
fn what_the_environment_changes_of_a_packed_bundle_is_looked_at_again() {
    let shared = "answer = \"simple\"\nidentity_sources = [\"header.authorization\"]";
    let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\n{shared}"));
    let config = config.replace("\"http-api:shop\"", "\"rest-api:rest\"");
    let files = [("lock.cedar".to_owned(), POLICIES.to_owned())];
    let bundle = Bundle { config: ("doorward.toml".to_owned(), config), files: files.into() };
    let open = |fronts: Option<&str>| {
        let archive = Archive::read(&packed(&bundle)).unwrap();
        let lookup = |name: &str| fronts.filter(|_| name == "DOORWARD_FRONTS").map(str::to_owned);
        Rules::open(&Source::Archive(archive), lookup).err().map(|faults| faults.to_string())
    };
    assert_eq!(open(None), None);
    let said = open(Some("http-api:shop")).unwrap();
    assert!(said.contains("a simple answer that is reused holds for every method and path"), "{said}");
}
