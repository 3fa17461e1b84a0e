//! Tokens, each one mutation away from a good one; most of them prove nobody.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_config::Algorithm;
use doorward_testkit::{hmac_token, numeric_date};
use serde_json::{Value, json};

use super::super::callers::{Callers, SUBJECTS, TokenDraft, without};

type Attack = (String, Box<dyn Fn(&Callers, TokenDraft<'_>) -> String>);

pub(super) fn attacks() -> Vec<Attack> {
    [algorithms(), key_names(), headers(), issuers(), times(), claims(), forms(), signatures(), good()]
        .into_iter()
        .flatten()
        .collect()
}

fn attack(name: impl Into<String>, make: impl Fn(&Callers, TokenDraft<'_>) -> String + 'static) -> Attack {
    (name.into(), Box::new(make))
}

/// An honest signature over a header with these members.
fn header(change: Value) -> Attack {
    attack(format!("header {change}"), move |_, draft| draft.header(&change).sign())
}

/// An honest signature over claims with these members.
fn claim(change: Value) -> Attack {
    let name = change.to_string();
    attack(format!("claims {}", name.get(..60).unwrap_or(&name)), move |_, draft| {
        draft.claims(&change).sign()
    })
}

fn no_claim(name: &'static str) -> Attack {
    attack(format!("no {name}"), move |_, mut draft| {
        draft.claims = without(&draft.claims, name);
        draft.sign()
    })
}

/// An honest signature over another text in the place of the header or the claims.
fn texts(name: &str, change: fn(&str, &str) -> (String, String)) -> Attack {
    attack(name, move |_, mut draft| {
        (draft.header, draft.claims) = change(&draft.header, &draft.claims);
        draft.sign()
    })
}

fn form(name: &str, make: fn(&str, &str, &str) -> String) -> Attack {
    attack(name, move |_, draft| {
        let [header, claims, signature] = draft.parts();
        make(&header, &claims, &signature)
    })
}

fn algorithms() -> Vec<Attack> {
    let unsigned = |word: &'static str| {
        attack(format!("alg {word} and no signature"), move |_, draft| {
            let [header, claims, _] = draft.header(&json!({ "alg": word })).parts();
            format!("{header}.{claims}.")
        })
    };
    let hmac = |bits: usize| {
        attack(format!("HS{bits} with the public key"), move |callers, draft| {
            let secret = callers.main.public_bytes().to_vec();
            let draft = draft.header(&json!({ "alg": format!("HS{bits}") }));
            hmac_token(bits, &secret, &draft.header, &draft.claims)
        })
    };
    let named = |alg: Value| header(json!({ "alg": alg }));
    vec![
        unsigned("none"),
        unsigned("None"),
        unsigned("NONE"),
        hmac(256),
        hmac(384),
        hmac(512),
        named(json!("none")),
        named(json!("")),
        named(json!(null)),
        named(json!(256)),
        named(json!(["ES256"])),
        named(json!("es256")),
        named(json!("ES256 ")),
        named(json!("ES384")),
        named(json!("ES512")),
        named(json!("RS256")),
        named(json!("EdDSA")),
        attack("no alg", |_, mut draft| {
            draft.header = without(&draft.header, "alg");
            draft.sign()
        }),
    ]
}

fn key_names() -> Vec<Attack> {
    let kid = |kid: Value| header(json!({ "kid": kid }));
    vec![
        kid(json!("unknown")),
        kid(json!("")),
        kid(json!("MAIN-1")),
        kid(json!("main-1 ")),
        kid(json!("main-2")),
        kid(json!("main-1\u{0}")),
        kid(json!("../main-1")),
        kid(json!("/dev/null")),
        kid(json!("main-1' OR '1'='1")),
        kid(json!("https://mallory.example/jwks.json")),
        kid(json!(null)),
        kid(json!(7)),
        kid(json!(["main-1"])),
        attack("a kid beyond all bounds", |_, draft| draft.header(&json!({ "kid": "k".repeat(300) })).sign()),
        attack("no kid", |_, mut draft| {
            draft.header = without(&draft.header, "kid");
            draft.sign()
        }),
    ]
}

fn headers() -> Vec<Attack> {
    let own_key = |name: &str, change: fn(&Callers) -> Value| {
        attack(name, move |callers, draft| {
            let draft = draft.header(&change(callers));
            TokenDraft { key: &callers.mallory, ..draft }.sign()
        })
    };
    vec![
        header(json!({ "crit": [] })),
        header(json!({ "crit": ["exp"], "exp": 1 })),
        header(json!({ "crit": ["b64"], "b64": false })),
        header(json!({ "b64": false })),
        header(json!({ "typ": "logout+jwt" })),
        header(json!({ "typ": "dpop+jwt" })),
        header(json!({ "typ": "JWE" })),
        header(json!({ "typ": null })),
        header(json!({ "cty": "JWT" })),
        own_key("a key of its own, as jwk", |callers| json!({ "jwk": callers.mallory.jwk() })),
        own_key("a key of its own, at jku", |_| json!({ "jku": "https://mallory.example/jwks.json" })),
        own_key("a key of its own, at x5u", |_| json!({ "x5u": "https://mallory.example/cert.pem" })),
        own_key("a key of its own, in x5c", |_| json!({ "x5c": ["MIIB"] })),
        own_key("a key of its own, of the same name", |_| json!({})),
        texts("alg twice", |h, c| (h.replacen('{', r#"{"alg":"none","#, 1), c.to_owned())),
        texts("alg twice, once escaped", |h, c| (h.replacen('{', r#"{"\u0061lg":"none","#, 1), c.to_owned())),
        texts("kid twice", |h, c| (h.replacen('}', r#","kid":"main-2"}"#, 1), c.to_owned())),
        texts("a header that is a list", |h, c| (format!("[{h}]"), c.to_owned())),
        texts("a header that is cut off", |h, c| (h.trim_end_matches('}').to_owned(), c.to_owned())),
        texts("a header that is nothing", |_, c| (String::new(), c.to_owned())),
        texts("a header with a byte order mark", |h, c| (format!("\u{feff}{h}"), c.to_owned())),
    ]
}

fn issuers() -> Vec<Attack> {
    let iss = |iss: Value| claim(json!({ "iss": iss }));
    let aud = |aud: Value| claim(json!({ "aud": aud }));
    vec![
        no_claim("iss"),
        iss(json!(null)),
        iss(json!("")),
        iss(json!("https://id.main.example")),
        iss(json!("https://id.main.example//")),
        iss(json!("https://ID.main.example/")),
        iss(json!("http://id.main.example/")),
        iss(json!("https://id.main.example.mallory.example/")),
        iss(json!("https://id.partners.example/ ")),
        iss(json!(["https://id.main.example/"])),
        attack("the other issuer's name", |_, draft| {
            let other = match draft.claims.contains("id.main.example") {
                true => json!({ "iss": "https://id.partners.example/", "tenant": "7" }),
                false => json!({ "iss": "https://id.main.example/" }),
            };
            draft.claims(&other).sign()
        }),
        no_claim("aud"),
        aud(json!(null)),
        aud(json!("")),
        aud(json!("other")),
        aud(json!("Shop-api")),
        aud(json!("shop-api2")),
        aud(json!("*")),
        aud(json!([])),
        aud(json!(["other"])),
        aud(json!(["other", "shop-api"])),
        aud(json!(["shop-api", 7])),
        aud(json!({ "shop-api": true })),
    ]
}

fn times() -> Vec<Attack> {
    let at = |name: &'static str, from_now: i64| {
        attack(format!("{name} {from_now} s from now"), move |callers, draft| {
            draft.claims(&json!({ name: numeric_date(callers.now) + from_now })).sign()
        })
    };
    vec![
        no_claim("exp"),
        at("exp", -86_400),
        at("exp", -30),
        at("exp", -29),
        // Good at first, and for less than the gateway keeps an answer.
        at("exp", 0),
        at("exp", 60),
        at("exp", 120),
        at("exp", 240),
        // Good later only.
        at("nbf", 31),
        at("nbf", 120),
        at("iat", 31),
        at("iat", 300),
        claim(json!({ "exp": null })),
        claim(json!({ "exp": "4102444800" })),
        claim(json!({ "exp": true })),
        claim(json!({ "exp": -1 })),
        claim(json!({ "exp": 1e300 })),
        claim(json!({ "nbf": "0" })),
        claim(json!({ "iat": "now" })),
        texts("exp beyond all numbers", |h, c| (h.to_owned(), with_exp(c, "1e400"))),
        texts("exp that is NaN", |h, c| (h.to_owned(), with_exp(c, "NaN"))),
    ]
}

fn with_exp(text: &str, exp: &str) -> String {
    without(text, "exp").replacen('{', &format!("{{\"exp\":{exp},"), 1)
}

fn claims() -> Vec<Attack> {
    vec![
        no_claim("sub"),
        no_claim("groups"),
        no_claim("scope"),
        no_claim("tenant"),
        claim(json!({ "sub": null })),
        claim(json!({ "sub": "" })),
        claim(json!({ "sub": 7 })),
        claim(json!({ "sub": ["alice"] })),
        claim(json!({ "sub": "alice\n" })),
        claim(json!({ "sub": "Alice" })),
        claim(json!({ "sub": "alice " })),
        claim(json!({ "sub": "a".repeat(513) })),
        claim(json!({ "sub": "a".repeat(512) })),
        claim(json!({ "sub": "\u{1F511}\"\\" })),
        claim(json!({ "groups": "staff" })),
        claim(json!({ "groups": ["staff", 7] })),
        claim(json!({ "groups": ["customers", "staff", "suspended"] })),
        claim(json!({ "groups": { "staff": true } })),
        claim(json!({ "scope": 7 })),
        claim(json!({ "scope": "orders:drop" })),
        claim(json!({ "scope": "orders:dropped" })),
        claim(json!({ "tenant": 7 })),
        claim(json!({ "tenant": "7" })),
        texts("sub twice", |h, c| (h.to_owned(), c.replacen('{', r#"{"sub":"bob","#, 1))),
        texts("exp twice, once escaped", |h, c| (h.to_owned(), c.replacen('{', r#"{"\u0065xp":0,"#, 1))),
        texts("claims that are a list", |h, c| (h.to_owned(), format!("[{c}]"))),
        texts("claims that are nothing", |h, _| (h.to_owned(), String::new())),
        texts("claims that are no JSON", |h, _| (h.to_owned(), "alice".to_owned())),
        attack("larger than is looked at", |_, draft| draft.claims(&json!({ "x": "x".repeat(8192) })).sign()),
    ]
}

fn forms() -> Vec<Attack> {
    vec![
        form("empty", |_, _, _| String::new()),
        form("one part", |_, c, _| c.to_owned()),
        form("two parts", |h, c, _| format!("{h}.{c}")),
        form("four parts", |h, c, s| format!("{h}.{c}.{s}.{s}")),
        form("a dot at the end", |h, c, s| format!("{h}.{c}.{s}.")),
        form("a dot at the beginning", |h, c, s| format!(".{h}.{c}.{s}")),
        form("a detached payload", |h, _, s| format!("{h}..{s}")),
        form("padding of the signature", |h, c, s| format!("{h}.{c}.{s}==")),
        form("a space after a dot", |h, c, s| format!("{h}. {c}.{s}")),
        form("quotes around it", |h, c, s| format!("\"{h}.{c}.{s}\"")),
        form("a parameter after it", |h, c, s| format!("{h}.{c}.{s}, realm=same")),
        form("JSON serialization", |h, c, s| {
            json!({ "protected": h, "payload": c, "signature": s }).to_string()
        }),
        form("header and claims changed round", |h, c, s| format!("{c}.{h}.{s}")),
    ]
}

fn signatures() -> Vec<Attack> {
    let changed = |name: &str, change: fn(Vec<u8>) -> Vec<u8>| {
        attack(name, move |_, draft| {
            let [header, claims, signature] = draft.parts();
            let changed = change(URL_SAFE_NO_PAD.decode(signature).unwrap());
            format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(changed))
        })
    };
    vec![
        changed("no signature", |_| Vec::new()),
        changed("a signature of zeros", |_| vec![0; 64]),
        changed("a bit flipped in r", |mut s| {
            s[0] ^= 1;
            s
        }),
        changed("a bit flipped in s", |mut s| {
            s[63] ^= 1;
            s
        }),
        changed("r and s changed round", |s| [&s[32..], &s[..32]].concat()),
        changed("a signature cut off", |s| s[..63].to_vec()),
        changed("a signature and a byte", |s| [&s[..], &[0]].concat()),
        attack("a signature over other claims", |_, draft| {
            let [header, _, signature] = draft.parts();
            let [_, other, _] =
                draft.claims(&json!({ "sub": "alice", "groups": ["staff"], "tenant": "7" })).parts();
            format!("{header}.{other}.{signature}")
        }),
        attack("a key of the issuer's that is not the named one", |callers, draft| {
            TokenDraft { key: &callers.main_other, ..draft }.sign()
        }),
    ]
}

/// What differs in nothing that counts, or in who it is.
fn good() -> Vec<Attack> {
    let of_subject = |at: usize| {
        attack(format!("the token of {}", SUBJECTS[at].sub), move |callers, _| {
            callers.draft(&SUBJECTS[at]).sign()
        })
    };
    let by = |name: &str, key: fn(&Callers) -> (&doorward_testkit::SigningKey, Algorithm)| {
        attack(name, move |callers, draft| {
            let (key, algorithm) = key(callers);
            let draft = draft.header(&json!({ "kid": key.kid(), "alg": algorithm.word() }));
            TokenDraft { key, algorithm, ..draft }.sign()
        })
    };
    let mut attacks: Vec<Attack> = (0..SUBJECTS.len()).map(of_subject).collect();
    attacks.extend([
        header(json!({ "typ": "at+jwt" })),
        header(json!({ "x5c": ["MIIB"], "jku": "https://mallory.example/" })),
        by("the issuer's second key", |callers| (&callers.main_other, Algorithm::ES256)),
        by("the issuer's Ed25519 key", |callers| (&callers.main_ed, Algorithm::EdDSA)),
    ]);
    attacks
}
