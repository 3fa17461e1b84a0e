//! Callers whose client certificate the front verified.

use doorward_config::parse_policy_tests;
use doorward_model::{Front, FrontKind, Inbound, Message, TrustLevel};
use doorward_testkit::http;
use expect_test::expect;
use http::Method;
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, SanType};

use crate::shop::{Shop, json_body, now};

const NOBODY: (&str, &str) = ("orders.cedar", "");
const ALB: &str = "alb:mutual/49e9d65c45c6791a";

const POLICIES: &str = r#"
@id("till") permit (principal == Certificate::"CN=till-1,O=Shop", action == Action::"status", resource);
@id("named") permit (principal is Certificate, action == Action::"status", resource)
when { principal has names && principal.names.contains("dns:till.shop.example")
    && principal.names.containsAll(["ip:192.0.2.1", "ip:2001:db8::1", "email:till@shop.example", "uri:spiffe://shop/till"]) };
@id("serial") permit (principal is Certificate, action == Action::"status", resource)
when { principal has serial && principal.serial == "0102ff" && principal has fingerprint && principal.fingerprint like "sha256:*"
    && principal has issuer && principal.issuer == "CN=own" };
@id("ends-soon") forbid (principal is Certificate, action, resource)
when { principal has expires && principal.expires.durationSince(context.now) < duration("1h") };
"#;

/// The shop with a route for certificates, believed of one ALB; another is pinned too.
fn shop(id: &str, auth: &str) -> Shop {
    let route = format!(
        "[[routes]]\nid = \"status\"\nmatch = \"GET /status\"\ntarget = \"orders\"\nauth = {auth}\n\n[[events]]"
    );
    let section = format!("[certificates]\nfronts = [\"{ALB}\"]\nid = \"{id}\"\n\n[[targets]]");
    let change = |config: String| {
        let config = config.replacen("[[targets]]", &section, 1).replacen("[[events]]", &route, 1);
        let fronts = format!("fronts = [\"{ALB}\", \"alb:plain/49e9d65c45c6791b\", ");
        let changed = config.replacen("fronts = [\"function-url:", &format!("{fronts}\"function-url:"), 1);
        if changed == config { config.replacen("fronts = [", &fronts, 1) } else { changed }
    };
    let shop = Shop::with_files(change, &[NOBODY, ("certificates.cedar", POLICIES)]);
    shop.world.targets.answer(200, "{}");
    shop
}

fn subject(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), DnValue::Utf8String((*value).to_owned()));
    }
    name
}

fn params(name: DistinguishedName) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params
}

fn pem(params: CertificateParams) -> String {
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

fn till() -> CertificateParams {
    params(subject(&[(DnType::OrganizationName, "Shop"), (DnType::CommonName, "till-1")]))
}

fn inbound(shop: &Shop, front: &str, pem: Option<&str>, headers: &[(&str, &str)]) -> Inbound {
    let id = format!("c{}", shop.world.lines.calls().len());
    let mut inbound = http(&id, Method::GET, "/status", headers, "", shop.world.now());
    inbound.front = front.parse::<Front>().unwrap();
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.verified.certificate = pem.map(str::to_owned);
    inbound
}

async fn ask_by(shop: &Shop, front: &str, pem: Option<&str>, headers: &[(&str, &str)]) -> String {
    let admitted = shop.world.door.admit(inbound(shop, front, pem, headers)).await.refusal;
    let reply = shop.ask(inbound(shop, front, pem, headers)).await;
    let status = reply.status.as_u16();
    let code = json_body(reply).await["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(admitted.map_or("", |refusal| refusal.code()), code, "the authorizer says the same");
    let line = shop.last_line();
    let by_front = line.caller.as_ref().is_some_and(|caller| caller.type_name == "Certificate");
    assert_eq!(by_front, line.trust == Some(TrustLevel::Attested));
    let by = line.caller.map(|caller| format!(" {caller}")).unwrap_or_default();
    let cause = line.cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    let policies = line.decision.map(|note| note.policies.join(" ")).filter(|policies| !policies.is_empty());
    let policies = policies.map(|policies| format!(" {policies}")).unwrap_or_default();
    let code = if code.is_empty() { code } else { format!(" {code}") };
    format!("{status}{code}{by}{policies}{cause}")
}

async fn ask(shop: &Shop, pem: &str) -> String {
    ask_by(shop, ALB, Some(pem), &[]).await
}

#[tokio::test]
async fn a_certificate_is_its_subject() {
    let shop = shop("subject", r#"["certificate"]"#);
    assert_eq!(ask(&shop, &pem(till())).await, r#"200 Certificate::"CN=till-1,O=Shop" till"#);
    // The same subject, renewed; as PEM of other lines.
    let renewed = pem(till()).replace('\n', "\r\n");
    assert_eq!(ask(&shop, &renewed).await, r#"200 Certificate::"CN=till-1,O=Shop" till"#);
    let hostile = params(subject(&[(DnType::CommonName, "till-1,O=Shop")]));
    let denied = ask(&shop, &pem(hostile)).await;
    assert_eq!(denied, r#"403 forbidden Certificate::"CN=till-1\\,O=Shop": no policy permits it"#);
    let other = params(subject(&[(DnType::CommonName, "till-1"), (DnType::OrganizationName, "Shop")]));
    assert!(ask(&shop, &pem(other)).await.starts_with("403 forbidden"));
}

#[tokio::test]
async fn its_attributes_are_read() {
    let shop = shop("subject", r#"["certificate"]"#);
    let mut named = params(subject(&[(DnType::CommonName, "other")]));
    named.subject_alt_names = vec![
        SanType::DnsName("till.shop.example".try_into().unwrap()),
        SanType::URI("spiffe://shop/till".try_into().unwrap()),
        SanType::Rfc822Name("till@shop.example".try_into().unwrap()),
        SanType::IpAddress("192.0.2.1".parse().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
    ];
    assert_eq!(ask(&shop, &pem(named)).await, r#"200 Certificate::"CN=other" named"#);
    let mut own = params(subject(&[(DnType::CommonName, "own")]));
    own.serial_number = Some(vec![1, 2, 255].into());
    assert_eq!(ask(&shop, &pem(own)).await, r#"200 Certificate::"CN=own" serial"#);
}

#[tokio::test]
async fn a_certificate_is_its_fingerprint() {
    let shop = shop("fingerprint", r#"["certificate"]"#);
    let (one, other) = (pem(till()), pem(till()));
    let name = |text: String| text.split('"').nth(1).unwrap().to_owned();
    let (first, again, second) =
        (name(ask(&shop, &one).await), name(ask(&shop, &one).await), name(ask(&shop, &other).await));
    assert!(first.starts_with("sha256:") && first.len() == 7 + 64, "{first}");
    assert_eq!(first, again);
    assert_ne!(first, second);
    let nameless = pem(params(DistinguishedName::new()));
    assert!(ask(&shop, &nameless).await.starts_with("403 forbidden Certificate::\"sha256:"));
}

#[tokio::test]
async fn only_named_fronts_are_believed() {
    let shop = shop("subject", r#"["certificate"]"#);
    let pem = pem(till());
    let missing = "401 missing-credentials: no credentials";
    for front in ["alb:plain/49e9d65c45c6791b", "function-url:shopurl"] {
        assert_eq!(ask_by(&shop, front, Some(&pem), &[]).await, missing, "{front}");
    }
    let unknown = ask_by(&shop, "alb:forged/49e9d65c45c6791a", Some(&pem), &[]).await;
    assert!(unknown.starts_with("403 unknown-front"), "{unknown}");
    // What stands in header fields is the front's to read; here it is nothing.
    let escaped = pem.replace('\n', "%0A").replace(' ', "%20");
    for front in [ALB, "alb:plain/49e9d65c45c6791b", "function-url:shopurl"] {
        for headers in [
            &[("x-amzn-mtls-clientcert-leaf", escaped.as_str())][..],
            &[
                ("x-amzn-mtls-clientcert", escaped.as_str()),
                ("x-amzn-mtls-clientcert-subject", "CN=till-1,O=Shop"),
            ],
            &[("x-amzn-mtls-clientcert-serial-number", "1"), ("x-amzn-oidc-data", "e30.e30.e30")],
            &[("x-amzn-oidc-identity", "till-1"), ("x-amzn-oidc-accesstoken", "x")],
        ] {
            assert_eq!(ask_by(&shop, front, None, headers).await, missing, "{front} {headers:?}");
        }
    }
    let reply = shop.ask(inbound(&shop, ALB, None, &[])).await;
    assert_eq!(reply.headers["www-authenticate"], r#"ClientCertificate realm="shop""#);
}

/// Forged fields beside a true certificate make nobody else of its caller.
#[tokio::test]
async fn forged_fields_change_nothing() {
    let shop = shop("subject", r#"["certificate", "anonymous"]"#);
    let pem = pem(till());
    let headers = [("x-amzn-mtls-clientcert-subject", "CN=admin"), ("x-amzn-oidc-identity", "admin")];
    let by = ask_by(&shop, ALB, Some(&pem), &headers).await;
    assert_eq!(by, r#"200 Certificate::"CN=till-1,O=Shop" till"#);
    let nobody = ask_by(&shop, ALB, None, &headers).await;
    assert!(nobody.starts_with("403 forbidden Anonymous::"), "{nobody}");
}

#[tokio::test]
async fn what_is_no_one_certificate_is_refused() {
    let shop = shop("subject", r#"["certificate", "anonymous"]"#);
    let good = pem(till());
    let body: String = good.lines().filter(|line| !line.starts_with("-----")).collect();
    let wrapped = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    assert!(ask(&shop, &wrapped(&body)).await.starts_with("200"), "on one line");
    let cut = format!("{}AAAA", &body[..body.len() - 8]);
    let not_pem = "401 invalid-certificate: what the front hands over is not one certificate as PEM";
    let not_der = "401 invalid-certificate: the client certificate cannot be read";
    for (text, expected) in [
        (String::new(), not_pem),
        ("CN=till-1,O=Shop".to_owned(), not_pem),
        (format!("{good}{good}"), not_pem),
        (format!("subject: x\n{good}"), not_pem),
        (format!("{good}trailing"), not_pem),
        (good.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), not_pem),
        (good.replace("-----BEGIN CERTIFICATE-----", ""), not_pem),
        (wrapped("!!!!"), not_pem),
        (wrapped(&format!("{body}AAAA")), if body.ends_with('=') { not_pem } else { not_der }),
        (wrapped(""), not_der),
        (wrapped("MAA="), not_der),
        (wrapped(&cut), not_der),
        (
            wrapped(&"A".repeat(17_000)),
            "401 invalid-certificate: the client certificate is larger than 16384 bytes",
        ),
    ] {
        assert_eq!(ask(&shop, &text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn one_out_of_its_time_is_refused() {
    let shop = shop("subject", r#"["certificate"]"#);
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let within = |from: i64, until: i64| {
        let time = |seconds: i64| {
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(seconds).unwrap())
        };
        let mut params = till();
        params.not_before = time(from).into();
        params.not_after = time(until).into();
        pem(params)
    };
    let between = |from: &str, until: &str| within(at(from).as_second(), at(until).as_second());
    assert_eq!(now(), at("2026-11-24T12:00:00Z"));
    let until_now = between("2026-01-01T00:00:00Z", "2026-11-24T12:00:00Z");
    assert!(ask(&shop, &until_now).await.contains("ends-soon"), "read, and forbidden by a policy");
    let from_now = between("2026-11-24T12:00:00Z", "2027-01-01T00:00:00Z");
    assert!(ask(&shop, &from_now).await.starts_with("200"));
    assert_eq!(
        ask(&shop, &between("2026-01-01T00:00:00Z", "2026-11-24T11:59:59Z")).await,
        "401 invalid-certificate: the client certificate expired at 2026-11-24T11:59:59Z"
    );
    assert_eq!(
        ask(&shop, &between("2026-11-24T12:00:01Z", "2027-01-01T00:00:00Z")).await,
        "401 invalid-certificate: the client certificate is not valid before 2026-11-24T12:00:01Z"
    );
    shop.world.clock.advance(std::time::Duration::from_secs(1));
    assert!(ask(&shop, &until_now).await.starts_with("401 invalid-certificate"));
    // RFC 5280 section 4.1.2.5: 9999-12-31T23:59:59Z.
    let forever = within(at("2026-01-01T00:00:00Z").as_second(), 253_402_300_799);
    assert!(ask(&shop, &forever).await.starts_with("200"), "one without an end has no `expires`");
}

#[tokio::test]
async fn a_subject_that_is_no_id_is_refused() {
    let shop = shop("subject", r#"["certificate"]"#);
    let refused =
        "401 invalid-certificate: the subject of the client certificate is empty or too long to be an id";
    assert_eq!(ask(&shop, &pem(params(DistinguishedName::new()))).await, refused);
    let long = params(subject(&[(DnType::CommonName, &"x".repeat(600))]));
    assert_eq!(ask(&shop, &pem(long)).await, refused);
    let nul = ask(&shop, &pem(params(subject(&[(DnType::CommonName, "till-1\0.evil")])))).await;
    assert!(nul.starts_with(r#"403 forbidden Certificate::"CN=till-1\\00.evil""#), "{nul}");
}

#[tokio::test]
async fn names_without_one_reading_are_refused() {
    let shop = shop("subject", r#"["certificate"]"#);
    for name in ["till.shop.example\0.evil.example", "", "a b", "a\n"] {
        let mut params = till();
        params.subject_alt_names = vec![SanType::URI(name.try_into().unwrap())];
        assert_eq!(
            ask(&shop, &pem(params)).await,
            "401 invalid-certificate: an alternative name of the client certificate has no one reading",
            "{name:?}"
        );
    }
}

#[test]
fn the_schema_and_policy_tests_know_them() {
    let shop = shop("subject", r#"["certificate"]"#);
    let schema = shop.world.door.rules().policies().schema();
    let of = &schema[schema.find("entity Certificate").unwrap()..];
    expect![[r#"
        entity Certificate in [Group] {
          "expires"?: datetime,
          "fingerprint"?: String,
          "issuer"?: String,
          "names"?: Set<String>,
          "serial"?: String,
          "subject"?: String,
        };"#]]
    .assert_eq(of.split_inclusive(';').next().unwrap());
    let text = r#"
[[tests]]
name = "the till"
principal = 'Certificate::"CN=till-1,O=Shop"'
attributes = { expires = "2027-01-01T00:00:00Z" }
request = { method = "GET", path = "/status" }
decision = "allow"
policies = ["till"]

[[tests]]
name = "one that ends"
principal = 'Certificate::"CN=till-1,O=Shop"'
attributes = { expires = "2026-01-01T00:30:00Z", names = ["dns:a"] }
action = "status"
decision = "deny"
policies = ["ends-soon"]
"#;
    let tests = parse_policy_tests("c.test.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let report = shop.world.door.rules().test_policies(&tests, &|_| panic!("no envelopes"));
    let report = report.unwrap_or_else(|faults| panic!("{faults}"));
    assert!(report.results.iter().all(|result| result.differences.is_empty()), "{report:?}");
    assert_eq!(FrontKind::Alb.word(), "alb");
}
