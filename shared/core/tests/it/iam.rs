//! Callers whose AWS signature the front verified, from the configuration to the decision.

use doorward_config::parse_policy_tests;
use doorward_model::{EntityName, IamCaller, Inbound, Message, Principal, TrustLevel};
use doorward_testkit::http;
use expect_test::expect;
use http::Method;

use crate::shop::{Shop, json_body};

const NOBODY: (&str, &str) = ("orders.cedar", "");
const ACCOUNT: &str = "123456789012";
const ORGANIZATION: &str = "o-a1b2c3d4e5";

const POLICIES: &str = r#"
@id("orders-of-us") permit (principal == Role::"arn:aws:iam::123456789012:role/orders", action == Action::"status", resource);
@id("the-account") permit (principal is IamUser in AwsAccount::"123456789012", action == Action::"status", resource);
@id("partners") permit (principal in AwsOrganization::"o-a1b2c3d4e5", action == Action::"status", resource)
when { principal is Role && principal has session && principal.session like "build-*" };
@id("left") forbid (principal is Role, action, resource)
when { principal has unique_id && principal.unique_id == "AROALEFTLEFTLEFTLEFT" };
@id("users") permit (principal is User, action == Action::"status", resource);
"#;

/// The shop with a route for IAM callers, and `section` as `[iam]`.
fn shop(section: &str, auth: &str) -> Shop {
    let route = format!(
        "[[routes]]\nid = \"status\"\nmatch = \"GET /status\"\ntarget = \"orders\"\nauth = {auth}\n\n[[events]]"
    );
    let section = format!("[iam]\nuser_type = \"IamUser\"\n{section}\n\n[[targets]]");
    let change =
        |config: String| config.replacen("[[targets]]", &section, 1).replacen("[[events]]", &route, 1);
    let policies = if auth.contains("iam") { POLICIES } else { "" };
    let shop = Shop::with_files(change, &[NOBODY, ("iam.cedar", policies)]);
    shop.world.targets.answer(200, "{}");
    shop
}

fn caller(arn: &str) -> IamCaller {
    IamCaller { arn: arn.to_owned(), account: ACCOUNT.to_owned(), organization: None, unique_id: None }
}

fn inbound(shop: &Shop, caller: Option<IamCaller>, headers: &[(&str, &str)]) -> Inbound {
    let id = format!("c{}", shop.world.lines.calls().len());
    let mut inbound = http(&id, Method::GET, "/status", headers, "", shop.world.now());
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.verified.iam = caller;
    inbound
}

/// Status and code of a call, and who is to have made it.
async fn ask(shop: &Shop, caller: Option<IamCaller>, headers: &[(&str, &str)]) -> String {
    let admitted = shop.world.door.admit(inbound(shop, caller.clone(), headers)).await.refusal;
    let reply = shop.ask(inbound(shop, caller, headers)).await;
    let status = reply.status.as_u16();
    let code = json_body(reply).await["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(admitted.map_or("", |refusal| refusal.code()), code, "the authorizer says the same");
    let line = shop.last_line();
    let by_front =
        line.caller.as_ref().is_some_and(|caller| ["Role", "IamUser"].contains(&caller.type_name.as_str()));
    assert_eq!(by_front, line.trust == Some(TrustLevel::Attested));
    let by = line.caller.map(|caller| format!(" {caller}")).unwrap_or_default();
    let cause = line.cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    let policies = line.decision.map(|note| note.policies.join(" ")).filter(|policies| !policies.is_empty());
    let policies = policies.map(|policies| format!(" {policies}")).unwrap_or_default();
    let code = if code.is_empty() { code } else { format!(" {code}") };
    format!("{status}{code}{by}{policies}{cause}")
}

const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/orders/i-0abc";

#[tokio::test]
async fn roles_and_users_are_let_in_by_policies() {
    let shop = shop("", r#"["iam"]"#);
    let role = r#"Role::"arn:aws:iam::123456789012:role/orders""#;
    assert_eq!(ask(&shop, Some(caller(SESSION)), &[]).await, format!("200 {role} orders-of-us"));
    let user = "arn:aws:iam::123456789012:user/sales/ann";
    assert_eq!(ask(&shop, Some(caller(user)), &[]).await, format!("200 IamUser::\"{user}\" the-account"));
    let other = "arn:aws:sts::123456789012:assumed-role/other/build-7";
    let denied = ask(&shop, Some(caller(other)), &[]).await;
    assert!(denied.starts_with("403 forbidden Role::"), "{denied}");
    let partner = IamCaller { organization: Some(ORGANIZATION.to_owned()), ..caller(other) };
    assert!(ask(&shop, Some(partner.clone()), &[]).await.ends_with("role/other\" partners"));
    let session = "arn:aws:sts::123456789012:assumed-role/other/deploy-7";
    let partner = IamCaller { arn: session.to_owned(), ..partner };
    assert!(ask(&shop, Some(partner), &[]).await.starts_with("403 forbidden"));
    let unique = |id: &str| IamCaller { unique_id: Some(format!("{id}:i-0abc")), ..caller(SESSION) };
    assert!(ask(&shop, Some(unique("AROASTAYSTAYSTAYSTAY")), &[]).await.starts_with("200"));
    let left = ask(&shop, Some(unique("AROALEFTLEFTLEFTLEFT")), &[]).await;
    assert_eq!(left, format!("403 forbidden {role} left: a policy forbids it"));
}

#[tokio::test]
async fn what_the_front_did_not_verify_proves_nobody() {
    let shop = shop("", r#"["iam"]"#);
    let missing = "401 missing-credentials: no credentials";
    for headers in [
        &[][..],
        &[(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/execute-api/aws4_request",
        )],
        &[("x-amzn-oidc-identity", SESSION), ("x-amzn-oidc-data", "e30.e30.e30")],
        &[("x-amz-security-token", "x"), ("x-amz-user-arn", SESSION)],
        &[("x-amzn-mtls-clientcert-subject", "CN=admin")],
    ] {
        assert_eq!(ask(&shop, None, headers).await, missing, "{headers:?}");
    }
    let reply = shop.ask(inbound(&shop, None, &[])).await;
    assert_eq!(reply.headers["www-authenticate"], r#"AWS4-HMAC-SHA256 realm="shop""#);
}

#[tokio::test]
async fn what_is_shown_first_counts_and_must_hold() {
    let shop = shop("", r#"["iam", "main"]"#);
    let token = format!("Bearer {}", shop.token("alice", &[]));
    let headers = [("authorization", token.as_str())];
    assert_eq!(ask(&shop, None, &headers).await, r#"200 User::"alice" users"#);
    assert!(ask(&shop, Some(caller(SESSION)), &headers).await.starts_with("200 Role::"));
    let nobody = caller("arn:aws:iam::123456789012:role/orders");
    assert_eq!(
        ask(&shop, Some(nobody), &headers).await,
        "401 invalid-identity: the caller's ARN names no session of a role, no user and no root"
    );
}

/// A route that does not accept them takes an IAM caller for nobody.
/// A front may leave the signature that it verified in its field.
#[tokio::test]
async fn the_signature_itself_was_taken_for_a_broken_token() {
    let shop = shop("", r#"["main", "iam"]"#);
    let signature =
        [("authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/execute-api/aws4_request")];
    let signed = ask(&shop, Some(caller(SESSION)), &signature).await;
    assert!(signed.starts_with("200 Role::"), "{signed}");
    // What nobody verified proves nobody, and a token that is shown counts before what the front verified.
    assert!(ask(&shop, None, &signature).await.starts_with("401 invalid-token"));
    let broken = [("authorization", "Bearer broken")];
    assert!(ask(&shop, Some(caller(SESSION)), &broken).await.starts_with("401 invalid-token"));
}

#[tokio::test]
async fn a_route_that_takes_no_iam_looks_at_none() {
    let shop = shop("", r#"["main"]"#);
    let missing = "401 missing-credentials: no credentials";
    assert_eq!(ask(&shop, Some(caller(SESSION)), &[]).await, missing);
}

#[tokio::test]
async fn accounts_and_organizations_that_are_not_listed_are_refused() {
    let listed =
        shop(&format!("accounts = [\"{ACCOUNT}\"]\norganizations = [\"{ORGANIZATION}\"]"), r#"["iam"]"#);
    let of =
        |organization: &str| IamCaller { organization: Some(organization.to_owned()), ..caller(SESSION) };
    assert!(ask(&listed, Some(of(ORGANIZATION)), &[]).await.starts_with("200"));
    assert_eq!(
        ask(&listed, Some(of("o-zzzzzzzzzz")), &[]).await,
        "401 invalid-identity: the organization `o-zzzzzzzzzz` is not among the `organizations` of `[iam]`"
    );
    assert_eq!(
        ask(&listed, Some(caller(SESSION)), &[]).await,
        "401 invalid-identity: `[iam]` lists `organizations`, and the front names none for the caller"
    );
    let other = shop("accounts = [\"000000000001\"]", r#"["iam"]"#);
    assert_eq!(
        ask(&other, Some(caller(SESSION)), &[]).await,
        "401 invalid-identity: the account `123456789012` is not among the `accounts` of `[iam]`"
    );
}

#[test]
fn the_schema_says_who_they_are() {
    let shop = shop("", r#"["iam", "main"]"#);
    let schema = shop.world.door.rules().policies().schema();
    let start = schema.find("entity AwsAccount").unwrap();
    let of = |name: &str| {
        let from =
            schema.find(&format!("entity {name} ")).or_else(|| schema.find(&format!("entity {name};")));
        let from = from.unwrap_or_else(|| panic!("no {name} in {schema}"));
        schema[from..].split_inclusive(';').next().unwrap().to_owned()
    };
    assert!(start > 0);
    let all = ["AwsAccount", "AwsOrganization", "IamUser", "Role"].map(of).join("\n");
    expect![[r#"
        entity AwsAccount in [AwsOrganization];
        entity AwsOrganization;
        entity IamUser in [AwsAccount, AwsOrganization, Group] {
          "unique_id"?: String,
        };
        entity Role in [AwsAccount, AwsOrganization, Group] {
          "session"?: String,
          "unique_id"?: String,
        };"#]]
    .assert_eq(&all);
    let action = &schema[schema.find("action \"status\"").unwrap()..];
    assert!(action.contains("principal: [IamUser, Role, User],"), "{action}");
}

#[test]
fn what_a_role_may_do_is_told_by_its_account() {
    let shop = shop("", r#"["iam"]"#);
    let may = |type_name: &str, id: &str, parents: &[(&str, &str)]| {
        let parents = parents.iter().map(|(name, id)| EntityName::new(*name, *id)).collect();
        let name = EntityName::new(type_name, id);
        let grants = shop.world.door.rules().can(&Principal { name, parents, ..Principal::anonymous() });
        grants.into_iter().map(|grant| grant.permit.policy).collect::<Vec<_>>()
    };
    assert_eq!(may("Role", "arn:aws:iam::123456789012:role/orders", &[]), ["orders-of-us"]);
    assert_eq!(may("IamUser", "arn:aws:iam::123456789012:user/ann", &[]), ["the-account"]);
    assert!(may("IamUser", "arn:aws:iam::000000000001:user/ann", &[]).is_empty());
    let partner = [("AwsOrganization", ORGANIZATION)];
    assert_eq!(may("Role", "arn:aws:iam::000000000001:role/x", &partner), ["partners"]);
}

fn tests(text: &str) -> Result<Vec<String>, String> {
    let shop = shop("accounts = [\"123456789012\"]", r#"["iam"]"#);
    let tests = parse_policy_tests("iam.test.toml", text).map_err(|faults| faults.to_string())?;
    let report = shop.world.door.rules().test_policies(&tests, &|_| panic!("no envelopes"));
    let report = report.map_err(|faults| faults.to_string())?;
    let told = report.results.iter().flat_map(|result| &result.differences);
    Ok(told.map(|one| format!("{}: {}, not {}", one.what, one.found, one.expected)).collect())
}

#[test]
fn policy_tests_state_them() {
    let good = r#"
[[tests]]
name = "a role"
principal = 'Role::"arn:aws:iam::123456789012:role/orders"'
action = "status"
decision = "allow"
policies = ["orders-of-us"]

[[tests]]
name = "a user of the account, whole"
principal = 'IamUser::"arn:aws:iam::123456789012:user/ann"'
request = { method = "GET", path = "/status" }
decision = "allow"
policies = ["the-account"]

[[tests]]
name = "a partner"
principal = 'Role::"arn:aws:iam::123456789012:role/other"'
in = ['AwsOrganization::"o-a1b2c3d4e5"']
attributes = { session = "build-7" }
action = "status"
decision = "allow"
policies = ["partners"]

[[tests]]
name = "one who left"
principal = 'Role::"arn:aws:iam::123456789012:role/orders"'
attributes = { unique_id = "AROALEFTLEFTLEFTLEFT" }
request = { method = "GET", path = "/status" }
decision = "deny"
reason = "forbid"
policies = ["left"]

[[tests]]
name = "of another account"
principal = 'IamUser::"arn:aws:iam::000000000001:user/ann"'
request = { method = "GET", path = "/status" }
code = "invalid-identity"
"#;
    assert_eq!(tests(good).unwrap(), Vec::<String>::new());
    let faults =
        |test: &str| tests(&format!("[[tests]]\nname = \"it\"\ndecision = \"allow\"\n{test}")).unwrap_err();
    let role = "principal = 'Role::\"arn:aws:iam::123456789012:role/orders\"'\naction = \"status\"\n";
    expect![[r#"
        iam.test.toml:4:13: the caller's ARN names no session of a role, no user and no root
          hint: roles are `arn:aws:iam::ACCOUNT:role/NAME`, without their path; users are named by their ARN"#]]
        .assert_eq(&faults("principal = 'Role::\"orders\"'\naction = \"status\""));
    expect![[r#"
        iam.test.toml:6:25: no credentials give a `Role` the attribute `sesion`
          hint: did you mean `session`?
        iam.test.toml:6:42: the attribute `unique_id` of `Role` is a `String`"#]]
    .assert_eq(&faults(&format!("{role}attributes = {{ sesion = \"x\", unique_id = 7 }}")));
    expect![[r#"
        iam.test.toml:6:7: a `Role` cannot be in Group::"a" by its credentials
          hint: state groups as `groups`, by their ids
        iam.test.toml:6:21: a `Role` cannot be in Function::"orders" by its credentials"#]]
    .assert_eq(&faults(&format!("{role}in = ['Group::\"a\"', 'Function::\"orders\"']")));
    expect!["iam.test.toml:4:6: this is of a `principal`, and none is given"].assert_eq(&faults(
        "in = ['AwsOrganization::\"o-a1b2c3d4e5\"']\nrequest = { method = \"GET\", path = \"/status\" }",
    ));
    expect!["iam.test.toml:5:26: no credentials give a `User` the attribute `session`"].assert_eq(&faults(
        "principal = 'User::\"alice\"'\nattributes = { session = \"x\" }\naction = \"getOrder\"\nresource = 'Order::\"1\"'",
    ));
}
