//! Header fields: names, values, repetitions, absences, two credentials; and what fronts state beside them.

use super::super::callers::Callers;
use super::super::requests::Request;
use super::{Kit, Mutation, mutation};

pub(super) fn all() -> Vec<Mutation> {
    [authorizations(), schemes(), api_keys(), reasons(), spoofs(), surroundings()]
        .into_iter()
        .flatten()
        .collect()
}

fn field(name: &str, apply: fn(&mut Request, &Kit)) -> Mutation {
    mutation(format!("field: {name}"), move |request, kit, _| apply(request, kit))
}

/// The good token of the request's own subject.
fn own(request: &Request, kit: &Kit) -> String {
    format!("Bearer {}", kit.tokens.good(request.subject))
}

/// The good token of the next subject.
fn other(request: &Request, kit: &Kit) -> String {
    format!("Bearer {}", kit.tokens.good((request.subject + 1) % 5))
}

fn add(request: &mut Request, name: &str, value: impl Into<String>) {
    request.headers.push((name.to_owned(), value.into()));
}

fn authorizations() -> Vec<Mutation> {
    vec![
        field("no authorization", |r, _| r.remove("authorization")),
        field("an empty authorization", |r, _| r.set("authorization", "")),
        field("no credentials at all", |r, _| {
            r.remove("authorization");
            r.remove("x-api-key");
            r.role = None;
        }),
        field("the token", |r, k| r.set("authorization", own(r, k))),
        field("the token in a field in upper case", |r, k| r.set("AUTHORIZATION", own(r, k))),
        field("another's token", |r, k| r.set("authorization", other(r, k))),
        field("the token twice", |r, k| {
            r.set("authorization", own(r, k));
            add(r, "Authorization", own(r, k));
        }),
        field("another's token, then the own", |r, k| {
            r.set("authorization", other(r, k));
            add(r, "authorization", own(r, k));
        }),
        field("the own token, then another's", |r, k| {
            r.set("authorization", own(r, k));
            add(r, "authorization", other(r, k));
        }),
        field("no token, then the token", |r, k| {
            r.set("authorization", "Bearer x.y.z");
            add(r, "authorization", own(r, k));
        }),
        field("the token, then nothing", |r, k| {
            r.set("authorization", own(r, k));
            add(r, "authorization", "");
        }),
        field("the token, then a password", |r, k| {
            r.set("authorization", own(r, k));
            add(r, "authorization", "Basic YWxpY2U6eA==");
        }),
        field("two tokens in one line", |r, k| {
            r.set("authorization", format!("{}, {}", own(r, k), other(r, k)))
        }),
        field("the token in a twin with an underscore", |r, k| {
            r.remove("authorization");
            add(r, "authorization_", own(r, k));
        }),
        field("the token under another name", |r, k| {
            r.remove("authorization");
            add(r, "x-authorization", own(r, k));
        }),
        field("the token for a proxy", |r, k| {
            r.remove("authorization");
            add(r, "proxy-authorization", own(r, k));
        }),
        field("the token in a cookie", |r, k| {
            r.remove("authorization");
            add(r, "cookie", format!("authorization={}", own(r, k)));
        }),
        field("the token in the query", |r, k| {
            r.remove("authorization");
            r.query = format!("access_token={}", k.tokens.good(r.subject));
        }),
    ]
}

fn schemes() -> Vec<Mutation> {
    let scheme = |name: &str, make: fn(&str) -> String| {
        mutation(format!("field: {name}"), move |r: &mut Request, kit: &Kit, _: &mut fastrand::Rng| {
            r.set("authorization", make(kit.tokens.good(r.subject)));
        })
    };
    vec![
        scheme("the scheme in lower case", |token| format!("bearer {token}")),
        scheme("the scheme in upper case", |token| format!("BEARER {token}")),
        scheme("the scheme alone", |_| "Bearer".to_owned()),
        scheme("the scheme and a space", |_| "Bearer ".to_owned()),
        scheme("two spaces", |token| format!("Bearer  {token}")),
        scheme("a tab in place of the space", |token| format!("Bearer\t{token}")),
        scheme("a space behind", |token| format!("Bearer {token} ")),
        scheme("a space before", |token| format!(" Bearer {token}")),
        scheme("no scheme", str::to_owned),
        scheme("the scheme twice", |token| format!("Bearer Bearer {token}")),
        scheme("a password", |_| "Basic YWxpY2U6c2VjcmV0".to_owned()),
        scheme("the token as a digest", |token| format!("Digest {token}")),
        scheme("a colon behind the scheme", |token| format!("Bearer: {token}")),
        scheme("an AWS signature", |_| {
            "AWS4-HMAC-SHA256 Credential=AKIA/20261124/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0".to_owned()
        }),
        scheme("a character beyond ASCII", |token| format!("Bearer {token}é")),
    ]
}

fn api_keys() -> Vec<Mutation> {
    vec![
        field("a good API key beside", |r, k| r.set("x-api-key", k.callers.api_key(0))),
        field("a good API key alone", |r, k| {
            r.remove("authorization");
            r.set("x-api-key", k.callers.api_key(0));
        }),
        field("another good API key alone", |r, k| {
            r.remove("authorization");
            r.set("X-API-KEY", k.callers.api_key(1));
        }),
        field("a good API key as a token", |r, k| {
            r.remove("x-api-key");
            r.set("authorization", format!("Bearer {}", k.callers.api_key(0)));
        }),
        field("an API key in both places", |r, k| {
            r.set("x-api-key", k.callers.api_key(0));
            r.set("authorization", format!("Bearer {}", k.callers.api_key(0)));
        }),
        field("two API keys", |r, k| {
            r.set("x-api-key", k.callers.api_key(0));
            add(r, "x-api-key", k.callers.api_key(1));
        }),
        field("the same API key twice", |r, k| {
            r.set("x-api-key", k.callers.api_key(0));
            add(r, "X-Api-Key", k.callers.api_key(0));
        }),
        field("a revoked API key", |r, k| {
            r.remove("authorization");
            r.set("x-api-key", k.callers.api_key(Callers::REVOKED_KEY));
        }),
        field("an API key past its end", |r, k| {
            r.remove("authorization");
            r.set("x-api-key", k.callers.api_key(Callers::EXPIRED_KEY));
        }),
        field("an API key that nobody made", |r, k| {
            r.remove("authorization");
            r.set("x-api-key", k.callers.unknown_key());
        }),
        field("a misspelt API key", |r, k| {
            let key = k.callers.api_key(0);
            let last = if key.ends_with('A') { 'B' } else { 'A' };
            r.set("x-api-key", format!("{}{last}", &key[..key.len() - 1]));
        }),
        field("an API key of another door", |r, k| {
            r.set("x-api-key", k.callers.api_key(0).replacen("same", "other", 1));
        }),
        field("an API key in upper case", |r, k| r.set("x-api-key", k.callers.api_key(0).to_uppercase())),
        field("an API key with a space", |r, k| r.set("x-api-key", format!("{} ", k.callers.api_key(0)))),
        field("an empty API key", |r, _| r.set("x-api-key", "")),
        field("no API key", |r, _| r.remove("x-api-key")),
        field("the token as an API key", |r, k| r.set("x-api-key", k.tokens.good(r.subject))),
    ]
}

fn reasons() -> Vec<Mutation> {
    vec![
        field("no reason", |r, _| r.remove("x-reason")),
        field("an empty reason", |r, _| r.set("x-reason", "")),
        field("a reason of spaces", |r, _| r.set("x-reason", "  ")),
        field("another reason", |r, _| r.set("x-reason", "ticket 13")),
        field("two reasons", |r, _| {
            r.set("x-reason", "ticket 12");
            add(r, "X-Reason", "ticket 13");
        }),
        field("a reason, then an empty one", |r, _| {
            r.set("x-reason", "ticket 12");
            add(r, "x-reason", "");
        }),
        field("a reason in a twin with an underscore", |r, _| {
            r.remove("x-reason");
            add(r, "x_reason", "ticket 12");
        }),
        field("a reason beyond ASCII", |r, _| r.set("x-reason", "Fällig")),
    ]
}

fn spoofs() -> Vec<Mutation> {
    let stated = |name: &'static str, value: &'static str| {
        mutation(format!("field: {name}: {value}"), move |request, _, _| add(request, name, value))
    };
    vec![
        stated("X-Doorward-Caller", "User::\"alice\""),
        stated("x-amzn-oidc-identity", "alice"),
        stated("X-Amzn-Mtls-Clientcert-Leaf", "x"),
        stated("x-amzn-mtls-clientcert", "x"),
        stated("X-Forwarded-For", "192.0.2.7"),
        stated("x-forwarded-for", "192.0.2.7, 198.51.100.9"),
        stated("Forwarded", "for=192.0.2.7"),
        stated("X-Real-Ip", "192.0.2.7"),
        stated("X-Http-Method-Override", "DELETE"),
        stated("X-Original-Url", "/orders/42"),
        stated("X-Rewrite-Url", "/orders/42"),
        stated("X-Forwarded-Host", "api.same.example"),
        stated("X-Forwarded-Prefix", "/shop"),
        stated("Connection", "authorization"),
        stated("Connection", "x-reason, x-api-key"),
        stated("Transfer-Encoding", "chunked"),
        stated("X-Amz-Security-Token", "x"),
        stated("Cookie", "a=1; b=2"),
        stated("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678"),
        stated("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]
}

fn surroundings() -> Vec<Mutation> {
    vec![
        field("the host of a custom domain", |r, _| r.set("Host", "api.same.example")),
        field("an address of elsewhere", |r, _| r.source_ip = "203.0.113.9".to_owned()),
        field("an address of the office", |r, _| r.source_ip = "192.0.2.200".to_owned()),
        field("an IPv6 address", |r, _| r.source_ip = "2001:db8::7".to_owned()),
        field("an IPv4 address in IPv6", |r, _| r.source_ip = "::ffff:192.0.2.7".to_owned()),
        field("another role", |r, _| r.role = Some("others")),
        field("the machines' role", |r, _| r.role = Some("machines")),
        field("a hundred fields", |r, _| (0..100).for_each(|n| add(r, &format!("x-{n}"), "x"))),
        field("a long field", |r, _| add(r, "x-long", "x".repeat(8000))),
        field("a media type", |r, _| r.set("Content-Type", "application/json; charset=utf-8")),
    ]
}
