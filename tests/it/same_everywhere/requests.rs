//! Requests as callers send them, and the good ones of each route.

use doorward_testkit::IdentitySource;
use fastrand::Rng;

use super::callers::{Callers, PARTNERS, USERS};
use super::lock::ORDERS;
use super::mutations::Tokens;

/// A request on the wire, and what its front knows beside it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As sent.
    pub(crate) path: String,
    /// As sent, without `?`.
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) source_ip: String,
    /// The role whose signature a front that checks signatures verified.
    pub(crate) role: Option<&'static str>,
    /// Whose token it shows, or would.
    pub(crate) subject: usize,
}

impl Request {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.into()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a field or parameter that the lock reads stands more than once, of which fronts tell different tales.
    pub(crate) fn repeats(&self) -> bool {
        let fields = ["authorization", "x-api-key", "x-reason"];
        let count =
            |name: &&str| self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).count();
        let parameters = decoded_query(&self.query);
        fields.iter().map(count).any(|count| count > 1)
            || parameters.iter().filter(|(name, _)| name == "scope").count() > 1
    }
}

/// The decoded parameters of a query string (WHATWG URL).
pub(crate) fn decoded_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| {
            (
                super::forms::percent_decoded(&name.replace('+', " ")),
                super::forms::percent_decoded(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// The routes of the lock by their ids, in its order.
pub(crate) const ROUTES: [&str; 15] = [
    "listOrders",
    "createOrder",
    "getOrder",
    "changeOrder",
    "dropOrder",
    "listLines",
    "searchOrders",
    "listCatalog",
    "getArticle",
    "getReport",
    "getStock",
    "openDesk",
    "machineState",
    "exchange",
    "visitCity",
];

/// A request of `route` as a caller means it, who may or may not be permitted.
pub(crate) fn good(route: &str, callers: &Callers, tokens: &Tokens, rng: &mut Rng) -> Request {
    let order = ["42", "43", "44", "45", "46", "caf%C3%A9", "4711"][rng.usize(0..ORDERS.len() + 1)];
    let (method, path) = match route {
        "listOrders" => ("GET", "/orders".to_owned()),
        "createOrder" => ("POST", "/orders".to_owned()),
        "getOrder" => ("GET", format!("/orders/{order}")),
        "changeOrder" => ("PUT", format!("/orders/{order}")),
        "dropOrder" => ("DELETE", format!("/orders/{order}")),
        "listLines" => ("GET", format!("/orders/{order}/lines")),
        "searchOrders" => ("GET", "/search".to_owned()),
        "listCatalog" => ("GET", "/catalog".to_owned()),
        "getArticle" => ("GET", format!("/catalog/TEA-{}", rng.u8(1..4))),
        "getReport" => ("GET", format!("/tenants/{}/reports/march", rng.u8(7..9))),
        "getStock" => ("GET", format!("/stock/TEA-{}", rng.u8(1..4))),
        "openDesk" => ("GET", "/office/desk".to_owned()),
        "machineState" => ("GET", "/machines/state".to_owned()),
        "exchange" => ("PATCH", "/exchange".to_owned()),
        "visitCity" => ("GET", "/st%C3%A4dte/K%C3%B6ln".to_owned()),
        other => panic!("{other}"),
    };
    let subject = match route {
        "getReport" => rng.usize(PARTNERS),
        "exchange" if rng.bool() => rng.usize(PARTNERS),
        // Who looks for orders and opens the desk is of the staff, more often than not.
        "searchOrders" | "openDesk" if rng.bool() => 3,
        _ => rng.usize(USERS),
    };
    let mut request = Request {
        method: method.to_owned(),
        path,
        query: String::new(),
        headers: vec![
            ("Host".to_owned(), "front.example".to_owned()),
            ("Accept".to_owned(), "*/*".to_owned()),
        ],
        source_ip: if rng.u8(0..3) == 0 { "198.51.100.7" } else { "192.0.2.7" }.to_owned(),
        role: None,
        subject,
    };
    let token = format!("Bearer {}", tokens.good(subject));
    let key = callers.api_key(rng.usize(Callers::GOOD_KEYS));
    match (route, rng.u8(0..4)) {
        ("listCatalog", _) | ("getArticle", 0 | 1) => {}
        ("machineState", roll) => {
            request.role = [Some("machines"), Some("machines"), Some("others"), None][usize::from(roll)]
        }
        ("getStock", 0) | ("createOrder" | "exchange", 0) => {
            request.set("Authorization", format!("Bearer {key}"))
        }
        ("getStock", _) | ("createOrder" | "exchange", 1) => request.set("X-Api-Key", key),
        _ => request.set("Authorization", token),
    }
    if route == "searchOrders" {
        request.set("X-Reason", "ticket 12");
        request.query = ["scope=mine", "scope=all", "page=2&scope=mine"][rng.usize(0..3)].to_owned();
    }
    request
}

/// What an answer about `route` depends on, as identity sources of the gateway; `None` where no set of sources does:
/// callers without any, or with one of two kinds.
pub(crate) fn sources(route: &str) -> Option<Vec<IdentitySource>> {
    let header = |name: &str| IdentitySource::Header(name.to_owned());
    let mut sources = vec![
        header("authorization"),
        IdentitySource::Method,
        IdentitySource::Path,
        IdentitySource::DomainName,
    ];
    match route {
        "createOrder" | "listCatalog" | "getArticle" | "getStock" | "machineState" | "exchange" => {
            return None;
        }
        "searchOrders" => sources.extend([header("x-reason"), IdentitySource::Query("scope".to_owned())]),
        "openDesk" => sources.push(IdentitySource::SourceIp),
        _ => {}
    }
    Some(sources)
}

/// Whether a token and the ARN are all that an answer about `route` depends on.
pub(crate) fn is_by_token_alone(route: &str) -> bool {
    !matches!(route, "searchOrders" | "openDesk") && sources(route).is_some()
}
