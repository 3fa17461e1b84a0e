//! Tokens that prove nobody, each one mutation away from one that is accepted.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use doorward_config::Algorithm;
use doorward_model::AuthFault;
use doorward_testkit::{SigningKey, hmac_token, http};
use http::Method;
use serde_json::{Value, json};

use crate::shop::{JWKS, Shop, json_body};

/// The shop with keys of every kind. The issuer is not trusted with `PS384`.
struct Kit {
    shop: Shop,
    rsa: SigningKey,
    /// Its JWK says `RS256`, and only that.
    rsa_pinned: SigningKey,
    p256: SigningKey,
    /// A second one of the same issuer.
    p256_other: SigningKey,
    p384: SigningKey,
    ed: SigningKey,
    /// Named as `p256`, and nobody's.
    mallory: SigningKey,
}

impl Kit {
    fn new() -> Self {
        let shop = Shop::with(|config| {
            let all = r#"["RS256", "RS384", "RS512", "PS256", "PS512", "ES256", "ES384", "EdDSA"]"#;
            let config = config
                .replace(
                    r#"["RS256", "ES256", "EdDSA"]"#,
                    &format!("{all}\nclaims = {{ tenant = \"String\" }}"),
                )
                .replace("refresh = \"30s\"", "refresh = \"30s\"\nscreen_rate = 100000")
                .replace(r#"rate = "5/s", burst = 10"#, r#"rate = "1000/s", burst = 10000"#)
                .replace("1000/day", "100000/day");
            assert!(config.contains(all) && config.contains("100000/day"), "{config}");
            config
        });
        shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
        let kit = Self {
            shop,
            rsa: SigningKey::new("rsa", Algorithm::RS256),
            rsa_pinned: SigningKey::new("rsa-pinned", Algorithm::RS256),
            p256: SigningKey::new("p256", Algorithm::ES256),
            p256_other: SigningKey::new("p256-other", Algorithm::ES256),
            p384: SigningKey::new("p384", Algorithm::ES384),
            ed: SigningKey::new("ed", Algorithm::EdDSA),
            mallory: SigningKey::new("p256", Algorithm::ES256),
        };
        let mut pinned = kit.rsa_pinned.jwk();
        pinned["alg"] = json!("RS256");
        let others = [&kit.rsa, &kit.p256, &kit.p256_other, &kit.p384, &kit.ed].map(SigningKey::jwk);
        let keys: Vec<Value> = others.into_iter().chain([pinned]).collect();
        kit.shop.world.documents.put(JWKS, json!({ "keys": keys }).to_string());
        kit
    }

    /// The accepted token that is signed as `algorithm` with `key`.
    fn good<'k>(&self, key: &'k SigningKey, algorithm: Algorithm) -> Draft<'k> {
        let header = json!({ "alg": algorithm.word(), "typ": "JWT", "kid": key.kid() });
        let claims = self.shop.claims("alice", &["customers"], json!({ "tenant": "acme" }));
        Draft { key, algorithm, header: header.to_string(), claims: claims.to_string() }
    }

    /// The status, the code and the operator's cause of a call with this in `authorization: Bearer`.
    async fn ask(&self, token: &str) -> (u16, Value, String) {
        let field = format!("Bearer {token}");
        let headers = [("authorization", field.as_str())];
        let now = self.shop.world.now();
        let reply = self.shop.ask(http("c", Method::GET, "/orders/1001", &headers, "", now)).await;
        let status = reply.status.as_u16();
        let problem = json_body(reply).await;
        (status, problem["code"].clone(), self.shop.last_line().cause.unwrap_or_default())
    }

    /// The good token passes, and what `mutate` makes of it is refused for this reason.
    async fn check(&self, row: &Row) {
        let Row { name, key, algorithm, mutate, expected } = row;
        let good = self.good(key(self), *algorithm);
        let (status, _, cause) = self.ask(&good.sign()).await;
        assert_eq!(status, 200, "{name}: the token that is mutated must be good: {cause}");
        let mutated = mutate(self, good);
        let (status, code, cause) = self.ask(&mutated).await;
        assert_eq!((status, cause.as_str()), (401, expected.to_string().as_str()), "{name}: {mutated}");
        assert_eq!(code, "invalid-token", "{name}");
    }
}

/// A token that is not signed yet.
#[derive(Clone)]
struct Draft<'k> {
    key: &'k SigningKey,
    algorithm: Algorithm,
    header: String,
    claims: String,
}

impl Draft<'_> {
    fn sign(&self) -> String {
        self.key.sign(self.algorithm, self.header.as_bytes(), self.claims.as_bytes())
    }

    /// With the members of `change` in the header; `null` there is `null`.
    fn header(mut self, change: &Value) -> Self {
        self.header = merged(&self.header, change);
        self
    }

    fn claims(mut self, change: &Value) -> Self {
        self.claims = merged(&self.claims, change);
        self
    }

    fn parts(&self) -> [String; 3] {
        let token = self.sign();
        let parts: Vec<&str> = token.split('.').collect();
        [0, 1, 2].map(|part| parts[part].to_owned())
    }

    /// With another signature than the honest one.
    fn with_signature(&self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
        let [header, claims, signature] = self.parts();
        let changed = change(URL_SAFE_NO_PAD.decode(signature).unwrap());
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(changed))
    }

    /// With a checksum in place of the signature.
    fn with_hmac(self, bits: usize, secret: &[u8]) -> String {
        let draft = self.header(&json!({ "alg": format!("HS{bits}") }));
        hmac_token(bits, secret, &draft.header, &draft.claims)
    }
}

fn merged(text: &str, change: &Value) -> String {
    let mut members: Value = serde_json::from_str(text).unwrap();
    for (name, value) in change.as_object().unwrap() {
        members[name] = value.clone();
    }
    members.to_string()
}

fn without(text: &str, name: &str) -> String {
    let mut members: Value = serde_json::from_str(text).unwrap();
    members.as_object_mut().unwrap().remove(name).unwrap();
    members.to_string()
}

type Mutate = Box<dyn Fn(&Kit, Draft<'_>) -> String>;

struct Row {
    name: String,
    key: fn(&Kit) -> &SigningKey,
    algorithm: Algorithm,
    mutate: Mutate,
    expected: AuthFault,
}

fn row(
    name: impl Into<String>,
    expected: AuthFault,
    mutate: impl Fn(&Kit, Draft<'_>) -> String + 'static,
) -> Row {
    Row {
        name: name.into(),
        key: |kit| &kit.p256,
        algorithm: Algorithm::ES256,
        mutate: Box::new(mutate),
        expected,
    }
}

impl Row {
    fn of(self, algorithm: Algorithm, key: fn(&Kit) -> &SigningKey) -> Self {
        Self { key, algorithm, ..self }
    }
}

/// An honest signature over a header with these members.
fn header(name: &str, change: Value, expected: AuthFault) -> Row {
    row(name, expected, move |_, draft| draft.header(&change).sign())
}

/// An honest signature over another text in place of the header.
fn header_text(name: &str, text: fn(&str) -> Vec<u8>, expected: AuthFault) -> Row {
    row(name, expected, move |_, draft| {
        draft.key.sign(draft.algorithm, &text(&draft.header), draft.claims.as_bytes())
    })
}

/// An honest signature over claims with these members.
fn claims(name: &str, change: Value, expected: AuthFault) -> Row {
    row(name, expected, move |_, draft| draft.claims(&change).sign())
}

/// An honest signature over claims without this one.
fn no_claim(name: &'static str, expected: AuthFault) -> Row {
    row(format!("no {name}"), expected, move |_, mut draft| {
        draft.claims = without(&draft.claims, name);
        draft.sign()
    })
}

/// An honest signature over another text in place of the claims.
fn payload(name: &str, text: fn(&str) -> Vec<u8>, expected: AuthFault) -> Row {
    row(name, expected, move |_, draft| {
        draft.key.sign(draft.algorithm, draft.header.as_bytes(), &text(&draft.claims))
    })
}

/// The good token's three parts, put together otherwise.
fn form(name: &str, make: fn(&str, &str, &str) -> String, expected: AuthFault) -> Row {
    row(name, expected, move |_, draft| {
        let [header, claims, signature] = draft.parts();
        make(&header, &claims, &signature)
    })
}

fn claim(name: &str) -> AuthFault {
    AuthFault::Claim(name.to_owned())
}

/// A time from now, in seconds.
fn at(name: &'static str, from_now: i64, expected: AuthFault) -> Row {
    row(format!("{name} {from_now} s from now"), expected, move |kit, draft| {
        let now = doorward_testkit::numeric_date(kit.shop.world.now());
        draft.claims(&json!({ name: now + from_now })).sign()
    })
}

fn algorithms() -> Vec<Row> {
    use AuthFault::{Algorithm as NotAllowed, Signature, UnknownKey};
    let unsigned = |word: &'static str| {
        row(format!("alg {word} and no signature"), NotAllowed, move |_, draft| {
            let [header, claims, _] = draft.header(&json!({ "alg": word })).parts();
            format!("{header}.{claims}.")
        })
    };
    let named = |alg: Value| header(&format!("alg {alg}"), json!({ "alg": alg }), NotAllowed);
    let as_other = |name: &str, alg: &'static str, expected| header(name, json!({ "alg": alg }), expected);
    vec![
        unsigned("none"),
        unsigned("None"),
        unsigned("NONE"),
        unsigned("nOnE"),
        header("alg none over a good signature", json!({ "alg": "none" }), NotAllowed),
        row("no alg", NotAllowed, |_, mut draft| {
            draft.header = without(&draft.header, "alg");
            draft.sign()
        }),
        named(json!("")),
        named(json!(null)),
        named(json!(256)),
        named(json!(["ES256"])),
        named(json!("es256")),
        named(json!("ES256 ")),
        named(json!("ES512")),
        named(json!("ES256K")),
        named(json!("RS1")),
        named(json!("Ed448")),
        named(json!("ed25519")),
        row("HS256 with the bytes of the point", NotAllowed, |kit, draft| {
            draft.with_hmac(256, kit.p256.public_bytes())
        }),
        row("HS256 with the DER of the RSA key", NotAllowed, |kit, draft| {
            draft.with_hmac(256, kit.rsa.public_bytes())
        })
        .of(Algorithm::RS256, |kit| &kit.rsa),
        row("HS384 with the text of the JWK", NotAllowed, |kit, draft| {
            draft.with_hmac(384, kit.rsa.jwk().to_string().as_bytes())
        })
        .of(Algorithm::RS384, |kit| &kit.rsa),
        row("HS512 with the Ed25519 key", NotAllowed, |kit, draft| {
            draft.with_hmac(512, kit.ed.public_bytes())
        })
        .of(Algorithm::EdDSA, |kit| &kit.ed),
        row("HS256 with no secret", NotAllowed, |_, draft| draft.with_hmac(256, b"")),
        row("a checksum under the name of ES256", Signature, |kit, draft| {
            hmac_token(256, kit.p256.public_bytes(), &draft.header, &draft.claims)
        }),
        row("an algorithm that this issuer is not trusted with", NotAllowed, |_, mut draft| {
            draft.algorithm = Algorithm::PS384;
            draft.header(&json!({ "alg": "PS384" })).sign()
        })
        .of(Algorithm::RS384, |kit| &kit.rsa),
        as_other("RS256 with the name of a P-256 key", "RS256", UnknownKey),
        as_other("ES384 with the name of a P-256 key", "ES384", UnknownKey),
        as_other("EdDSA with the name of a P-256 key", "EdDSA", UnknownKey),
        as_other("ES256 with the name of a P-384 key", "ES256", UnknownKey)
            .of(Algorithm::ES384, |kit| &kit.p384),
        as_other("ES256 with the name of an Ed25519 key", "ES256", UnknownKey)
            .of(Algorithm::EdDSA, |kit| &kit.ed),
        as_other("EdDSA with the name of an RSA key", "EdDSA", UnknownKey)
            .of(Algorithm::RS512, |kit| &kit.rsa),
        as_other("RS512 with a key that its JWK holds to RS256", "RS512", UnknownKey)
            .of(Algorithm::RS256, |kit| &kit.rsa_pinned),
        as_other("PS256 over a signature of RS256", "PS256", Signature).of(Algorithm::RS256, |kit| &kit.rsa),
        as_other("RS256 over a signature of PS256", "RS256", Signature).of(Algorithm::PS256, |kit| &kit.rsa),
        as_other("RS384 over a signature of RS256", "RS384", Signature).of(Algorithm::RS256, |kit| &kit.rsa),
        as_other("PS512 over a signature of PS256", "PS512", Signature).of(Algorithm::PS256, |kit| &kit.rsa),
    ]
}

fn key_names() -> Vec<Row> {
    use AuthFault::{KeyId, Signature, UnknownKey};
    let kid = |kid: Value, expected| {
        let name = format!("kid {kid}");
        header(name.get(..40).unwrap_or(&name), json!({ "kid": kid }), expected)
    };
    vec![
        kid(json!("unknown"), UnknownKey),
        kid(json!(""), UnknownKey),
        kid(json!("P256"), UnknownKey),
        kid(json!("p256 "), UnknownKey),
        kid(json!("p256\u{0}"), UnknownKey),
        kid(json!("../p256"), UnknownKey),
        kid(json!("/dev/null"), UnknownKey),
        kid(json!("p256' OR '1'='1"), UnknownKey),
        kid(json!("https://mallory.example/jwks.json"), UnknownKey),
        kid(json!("p256-other"), Signature),
        kid(json!("k".repeat(256)), UnknownKey),
        kid(json!("k".repeat(257)), KeyId),
        kid(json!(null), KeyId),
        kid(json!(7), KeyId),
        kid(json!(["p256"]), KeyId),
        kid(json!({ "kid": "p256" }), KeyId),
        row("no kid where two keys could be meant", UnknownKey, |_, mut draft| {
            draft.header = without(&draft.header, "kid");
            draft.sign()
        }),
    ]
}

fn headers() -> Vec<Row> {
    use AuthFault::{Critical, NotAToken, NotJson, Signature, Type};
    let bad = || NotJson("header");
    let own_key = |name: &str, change: fn(&Kit) -> Value| {
        row(name, Signature, move |kit, draft| {
            let draft = draft.header(&change(kit));
            Draft { key: &kit.mallory, ..draft }.sign()
        })
    };
    let typ = |typ: Value| header(&format!("typ {typ}"), json!({ "typ": typ }), Type);
    vec![
        header("crit that is empty", json!({ "crit": [] }), Critical),
        header("crit that is null", json!({ "crit": null }), Critical),
        header("crit of what is there", json!({ "crit": ["exp"], "exp": 1 }), Critical),
        header("crit of what is not there", json!({ "crit": ["http://example.com/x"] }), Critical),
        header("b64 false and critical", json!({ "crit": ["b64"], "b64": false }), Critical),
        header("b64 false", json!({ "b64": false }), Critical),
        header("b64 true", json!({ "b64": true }), Critical),
        header_text("alg twice", |text| text.replacen('{', r#"{"alg":"none","#, 1).into(), bad()),
        header_text(
            "alg twice, once escaped",
            |text| text.replacen('{', r#"{"\u0061lg":"none","#, 1).into(),
            bad(),
        ),
        header_text("kid twice", |text| text.replacen('}', r#","kid":"p256-other"}"#, 1).into(), bad()),
        header_text("a list", |text| format!("[{text}]").into(), bad()),
        header_text("a text", |text| json!(text).to_string().into(), bad()),
        header_text("null", |_| b"null".to_vec(), bad()),
        header_text("two objects", |text| format!("{text}{text}").into(), bad()),
        header_text("a byte order mark", |text| format!("\u{feff}{text}").into(), bad()),
        header_text("a comment", |text| format!("{text}//").into(), bad()),
        header_text(
            "no UTF-8",
            |text| [text.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat(),
            bad(),
        ),
        header_text("cut off", |text| text.trim_end_matches('}').into(), bad()),
        header_text(
            "too deep",
            |text| text.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(20), "]".repeat(20)), 1).into(),
            bad(),
        ),
        header_text("a number beyond all", |text| text.replacen('{', r#"{"x":1e400,"#, 1).into(), bad()),
        header_text("nothing", |_| Vec::new(), NotAToken),
        own_key("a key of its own, as jwk", |kit| json!({ "jwk": kit.mallory.jwk() })),
        own_key("a key of its own, at jku", |_| json!({ "jku": "https://mallory.example/jwks.json" })),
        own_key("a key of its own, at jku of the issuer's host", |_| json!({ "jku": JWKS })),
        own_key("a key of its own, at x5u", |_| json!({ "x5u": "https://mallory.example/cert.pem" })),
        own_key("a key of its own, in x5c", |_| json!({ "x5c": ["MIIB"] })),
        own_key("a key of its own, of the same name", |_| json!({})),
        typ(json!("logout+jwt")),
        typ(json!("dpop+jwt")),
        typ(json!("secevent+jwt")),
        typ(json!("application/entity-statement+jwt")),
        typ(json!("text/jwt")),
        typ(json!("application/application/jwt")),
        typ(json!("JWT ")),
        typ(json!("JWE")),
        typ(json!("")),
        typ(json!(null)),
        typ(json!(["JWT"])),
        header("cty of a token in a token", json!({ "cty": "JWT" }), Type),
    ]
}

fn issuers_and_audiences() -> Vec<Row> {
    let iss = |iss: Value| claims(&format!("iss {iss}"), json!({ "iss": iss }), AuthFault::Issuer);
    let aud = |aud: Value| claims(&format!("aud {aud}"), json!({ "aud": aud }), AuthFault::Audience);
    vec![
        no_claim("iss", AuthFault::Issuer),
        iss(json!(null)),
        iss(json!("")),
        iss(json!("https://id.shop.example")),
        iss(json!("https://id.shop.example//")),
        iss(json!("https://ID.shop.example/")),
        iss(json!("http://id.shop.example/")),
        iss(json!("https://id.shop.example:443/")),
        iss(json!("https://id.shop.example/ ")),
        iss(json!("https://id.shop.example/tenant")),
        iss(json!("https://id.shop.example.mallory.example/")),
        iss(json!("https://mallory@id.shop.example/")),
        iss(json!("main")),
        iss(json!(["https://id.shop.example/"])),
        no_claim("aud", AuthFault::Audience),
        aud(json!(null)),
        aud(json!("")),
        aud(json!("other")),
        aud(json!("Shop-api")),
        aud(json!("shop-ap")),
        aud(json!("shop-api2")),
        aud(json!("shop-api/")),
        aud(json!(" shop-api")),
        aud(json!("shop-api other")),
        aud(json!("*")),
        aud(json!([])),
        aud(json!(["other", "another"])),
        aud(json!(["shop-api", 7])),
        aud(json!(["shop-api", null])),
        aud(json!([["shop-api"]])),
        aud(json!({ "shop-api": true })),
    ]
}

fn times() -> Vec<Row> {
    use AuthFault::{Expired, NotJson, NotYetValid};
    let wrong = |name: &'static str, value: Value| {
        claims(&format!("{name} {value}"), json!({ name: value }), claim(name))
    };
    vec![
        no_claim("exp", claim("exp")),
        at("exp", -30, Expired),
        at("exp", -86_400, Expired),
        at("nbf", 31, NotYetValid),
        at("iat", 31, NotYetValid),
        claims("exp at the beginning", json!({ "exp": 0 }), Expired),
        wrong("exp", json!(null)),
        wrong("exp", json!("4102444800")),
        wrong("exp", json!(true)),
        wrong("exp", json!([4_102_444_800_i64])),
        wrong("exp", json!({ "seconds": 4_102_444_800_i64 })),
        wrong("exp", json!(-1)),
        wrong("exp", json!(4_102_444_800_000_i64)),
        wrong("exp", json!(1e300)),
        wrong("nbf", json!(null)),
        wrong("nbf", json!("0")),
        wrong("nbf", json!(-1)),
        wrong("nbf", json!(-1e300)),
        wrong("iat", json!("now")),
        wrong("iat", json!(false)),
        wrong("iat", json!(-1.5)),
        payload("exp beyond all numbers", |text| with_exp(text, "1e400"), NotJson("payload")),
        payload("exp that is NaN", |text| with_exp(text, "NaN"), NotJson("payload")),
        payload("exp that is Infinity", |text| with_exp(text, "Infinity"), NotJson("payload")),
        payload("exp in hexadecimal digits", |text| with_exp(text, "0xffffffff"), NotJson("payload")),
        payload(
            "exp that no reader keeps exactly",
            |text| with_exp(text, "4102444800.0000000000001"),
            NotJson("payload"),
        ),
    ]
}

fn with_exp(text: &str, exp: &str) -> Vec<u8> {
    without(text, "exp").replacen('{', &format!("{{\"exp\":{exp},"), 1).into()
}

fn subjects_and_payloads() -> Vec<Row> {
    let bad = || AuthFault::NotJson("payload");
    let sub = |sub: Value| {
        let name = format!("sub {sub}");
        claims(name.get(..40).unwrap_or(&name), json!({ "sub": sub }), claim("sub"))
    };
    vec![
        no_claim("sub", claim("sub")),
        sub(json!(null)),
        sub(json!("")),
        sub(json!(7)),
        sub(json!(["alice"])),
        sub(json!("alice\n")),
        sub(json!("al\u{0}ice")),
        sub(json!("a".repeat(513))),
        claims("a group that is a number", json!({ "groups": ["customers", 7] }), claim("groups")),
        claims("a group without a name", json!({ "groups": [""] }), claim("groups")),
        claims("groups that are an object", json!({ "groups": { "customers": true } }), claim("groups")),
        claims("a declared claim of another type", json!({ "tenant": 7 }), claim("tenant")),
        claims("a declared claim that is null", json!({ "tenant": null }), claim("tenant")),
        claims(
            "a token of a log-out",
            json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": {} } }),
            AuthFault::Type,
        ),
        payload("sub twice", |text| text.replacen('{', r#"{"sub":"bob","#, 1).into(), bad()),
        payload("aud twice", |text| text.replacen('}', r#","aud":"shop-api"}"#, 1).into(), bad()),
        payload("exp twice, once escaped", |text| text.replacen('{', r#"{"\u0065xp":0,"#, 1).into(), bad()),
        payload("a list", |text| format!("[{text}]").into(), bad()),
        payload("two objects", |text| format!("{text}{text}").into(), bad()),
        payload(
            "no UTF-8",
            |text| [text.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat(),
            bad(),
        ),
        payload("half a surrogate", |text| text.replacen('{', r#"{"x":"\ud800","#, 1).into(), bad()),
        payload("not JSON", |_| b"alice".to_vec(), bad()),
        payload("nothing", |_| Vec::new(), AuthFault::NotAToken),
        row("a good token in a token", bad(), |_, draft| {
            let inner = draft.sign();
            draft.key.sign(draft.algorithm, draft.header.as_bytes(), inner.as_bytes())
        }),
        row("larger than is looked at", AuthFault::TooLarge(8192), |_, draft| {
            draft.claims(&json!({ "x": "x".repeat(8192) })).sign()
        }),
    ]
}

fn forms() -> Vec<Row> {
    use AuthFault::{NotAToken, NotJson};
    vec![
        form("empty", |_, _, _| String::new(), NotAToken),
        form("one part", |_, c, _| c.to_owned(), NotAToken),
        form("two parts", |h, c, _| format!("{h}.{c}"), NotAToken),
        form("four parts", |h, c, s| format!("{h}.{c}.{s}.{s}"), NotAToken),
        form("five parts, as an encrypted one", |h, c, s| format!("{h}.{c}.{s}.{c}.{s}"), NotAToken),
        form("a dot at the end", |h, c, s| format!("{h}.{c}.{s}."), NotAToken),
        form("a dot at the beginning", |h, c, s| format!(".{h}.{c}.{s}"), NotAToken),
        form("two dots", |h, c, s| format!("{h}..{c}.{s}"), NotAToken),
        form("a detached payload", |h, _, s| format!("{h}..{s}"), NotAToken),
        form("no header", |_, c, s| format!(".{c}.{s}"), NotAToken),
        form("dots in percent-encoding", |h, c, s| format!("{h}%2E{c}%2E{s}"), NotAToken),
        form("padding of the header", |h, c, s| format!("{h}=.{c}.{s}"), NotAToken),
        form("padding of the payload", |h, c, s| format!("{h}.{c}==.{s}"), NotAToken),
        form("padding of the signature", |h, c, s| format!("{h}.{c}.{s}=="), NotAToken),
        form("the other alphabet", |h, c, s| format!("{h}.{c}.+/{}", &s[2..]), NotAToken),
        form("bits after the last byte", |h, c, s| format!("{h}.{c}.{}", one_bit_more(s)), NotAToken),
        form("a space in the payload", |h, c, s| format!("{h}.{} {}.{s}", &c[..4], &c[4..]), NotAToken),
        form("a space after a dot", |h, c, s| format!("{h}. {c}.{s}"), NotAToken),
        form("a tab before it", |h, c, s| format!("\t{h}.{c}.{s}"), NotAToken),
        form("a tab within", |h, c, s| format!("{h}.{c}\t.{s}"), NotAToken),
        form("quotes around it", |h, c, s| format!("\"{h}.{c}.{s}\""), NotAToken),
        form("the scheme twice", |h, c, s| format!("Bearer {h}.{c}.{s}"), NotAToken),
        form("two tokens", |h, c, s| format!("{h}.{c}.{s},{h}.{c}.{s}"), NotAToken),
        form("a parameter after it", |h, c, s| format!("{h}.{c}.{s}, realm=shop"), NotAToken),
        form(
            "JSON serialization",
            |h, c, s| json!({ "protected": h, "payload": c, "signature": s }).to_string(),
            NotAToken,
        ),
        form("header and payload changed round", |h, c, s| format!("{c}.{h}.{s}"), AuthFault::Algorithm),
        form(
            "the header in the other alphabet's encoding of itself",
            |h, c, s| format!("{}.{c}.{s}", STANDARD_NO_PAD.encode(h)),
            NotJson("header"),
        ),
    ]
}

/// The same bytes to a reader who does not look at the bits that are left over.
fn one_bit_more(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = text.split_at(text.len() - 1);
    let value = ALPHABET.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
    format!("{rest}{}", char::from(ALPHABET[value + 1]))
}

fn signatures() -> Vec<Row> {
    let changed = |name: &str, change: fn(Vec<u8>) -> Vec<u8>| {
        row(name, AuthFault::Signature, move |_, draft| draft.with_signature(change))
    };
    let rsa = |row: Row| row.of(Algorithm::RS256, |kit| &kit.rsa);
    let ed = |row: Row| row.of(Algorithm::EdDSA, |kit| &kit.ed);
    vec![
        changed("no signature", |_| Vec::new()),
        changed("nothing but zeros", |_| vec![0; 64]),
        changed("a bit flipped in r", |s| flipped(s, 0)),
        changed("a bit flipped in s", |s| flipped(s, 63)),
        changed("r is zero", |s| [&[0; 32], &s[32..]].concat()),
        changed("s is zero", |s| [&s[..32], &[0; 32]].concat()),
        changed("r and s are the group's order", |_| [P256_ORDER, P256_ORDER].concat()),
        changed("r and s changed round", |s| [&s[32..], &s[..32]].concat()),
        changed("DER in place of r and s", der),
        changed("cut off by a byte", |s| s[..63].to_vec()),
        changed("a byte more", |s| [&s[..], &[0]].concat()),
        changed("a zero before r", |s| [&[0], &s[..]].concat()),
        changed("half of it", |s| s[..32].to_vec()),
        changed("twice", |s| [&s[..], &s[..]].concat()),
        row("a signature over other claims", AuthFault::Signature, |_, draft| {
            let [header, _, signature] = draft.parts();
            let [_, other, _] = draft.claims(&json!({ "sub": "bob" })).parts();
            format!("{header}.{other}.{signature}")
        }),
        row("a signature over another header", AuthFault::Signature, |_, draft| {
            let [_, claims, signature] = draft.parts();
            let [other, _, _] = draft.header(&json!({ "typ": "at+jwt" })).parts();
            format!("{other}.{claims}.{signature}")
        }),
        row("a key of the issuer's that is not the named one", AuthFault::Signature, |kit, draft| {
            Draft { key: &kit.p256_other, ..draft }.sign()
        }),
        row("a signature of the other curve", AuthFault::Signature, |kit, draft| {
            Draft { key: &kit.p384, ..draft }.sign()
        }),
        rsa(changed("RSA: nothing but zeros", |s| vec![0; s.len()])),
        rsa(changed("RSA: one", |s| [&vec![0; s.len() - 1][..], &[1]].concat())),
        rsa(changed("RSA: a bit flipped", |s| flipped(s, 100))),
        rsa(changed("RSA: a zero before it", |s| [&[0], &s[..]].concat())),
        rsa(changed("RSA: cut off by a byte", |s| s[..s.len() - 1].to_vec())),
        ed(changed("Ed25519: nothing but zeros", |_| vec![0; 64])),
        ed(changed("Ed25519: s and the group's order", ed_malleated)),
        ed(changed("Ed25519: a bit flipped", |s| flipped(s, 40))),
        changed("P-384: cut to the length of P-256", |s| s[..64].to_vec())
            .of(Algorithm::ES384, |kit| &kit.p384),
    ]
}

fn flipped(mut signature: Vec<u8>, byte: usize) -> Vec<u8> {
    signature[byte] ^= 1;
    signature
}

/// SEC 2, section 2.4.2.
const P256_ORDER: &[u8] = &[
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The ASN.1 form of the same signature (RFC 3279 section 2.2.3).
fn der(signature: Vec<u8>) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let sign: &[u8] = if bytes[zeros] >= 0x80 { &[0] } else { &[] };
        let number = [sign, &bytes[zeros..]].concat();
        [&[2, u8::try_from(number.len()).unwrap()], &number[..]].concat()
    };
    let both = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, u8::try_from(both.len()).unwrap()], &both[..]].concat()
}

/// RFC 8032 section 5.1.7 demands that `s` is below the group's order, for this very reason.
fn ed_malleated(mut signature: Vec<u8>) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "it still fits");
    signature
}

#[tokio::test]
async fn every_token_that_is_one_mutation_away_from_a_good_one_is_refused_for_its_reason() {
    let kit = Kit::new();
    kit.shop.world.door.prepare().await;
    let groups = [
        algorithms(),
        key_names(),
        headers(),
        issuers_and_audiences(),
        times(),
        subjects_and_payloads(),
        forms(),
        signatures(),
    ];
    let rows: Vec<Row> = groups.into_iter().flatten().collect();
    let mut names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 200, "{} different tokens", names.len());
    for row in &rows {
        kit.check(row).await;
    }
    assert_eq!(kit.shop.world.documents.asked(), 1, "no token made the door fetch anything");
}

#[tokio::test]
async fn every_algorithm_is_accepted_with_a_key_of_its_own() {
    let kit = Kit::new();
    for (key, algorithm) in [
        (&kit.rsa, Algorithm::RS256),
        (&kit.rsa, Algorithm::RS384),
        (&kit.rsa, Algorithm::RS512),
        (&kit.rsa, Algorithm::PS256),
        (&kit.rsa, Algorithm::PS512),
        (&kit.p256, Algorithm::ES256),
        (&kit.p384, Algorithm::ES384),
        (&kit.ed, Algorithm::EdDSA),
    ] {
        assert_eq!(kit.ask(&kit.good(key, algorithm).sign()).await.0, 200, "{}", algorithm.word());
    }
    let fully_specified = kit.good(&kit.ed, Algorithm::EdDSA).header(&json!({ "alg": "Ed25519" }));
    assert_eq!(kit.ask(&fully_specified.sign()).await.0, 200, "RFC 9864");
}

#[tokio::test]
async fn what_differs_in_nothing_that_counts_is_accepted() {
    let kit = Kit::new();
    let good = || kit.good(&kit.p256, Algorithm::ES256);
    for typ in
        ["jwt", "JOSE", "at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT", "application/jwt"]
    {
        assert_eq!(kit.ask(&good().header(&json!({ "typ": typ })).sign()).await.0, 200, "{typ}");
    }
    let untyped = Draft { header: without(&good().header, "typ"), ..good() };
    assert_eq!(kit.ask(&untyped.sign()).await.0, 200, "no typ");
    // What a token says of its own key is not looked at: the named one verifies it.
    let boastful = good().header(&json!({ "x5c": ["MIIB"], "jku": "https://mallory.example/", "jwk": {} }));
    assert_eq!(kit.ask(&boastful.sign()).await.0, 200);
    let zero = good().claims(&json!({ "nbf": 0, "iat": 1.5, "events": "a text of somebody's" }));
    assert_eq!(kit.ask(&zero.sign()).await.0, 200);
    assert_eq!(kit.ask(&format!("  {}", good().sign())).await.0, 200, "more than one space after the scheme");
}
