//! What browsers are told that run pages of other origins: the CORS protocol of the Fetch Standard (section 3.2). It keeps
//! pages from each other and guards nothing: whoever is no browser calls as ever, and is decided upon as ever.

use doorward_config::{Cors, OpenapiAccess};
use doorward_model::{Body, Call, Inbound, Message, Reply};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, ORIGIN,
    RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::door::Door;
use crate::idempotency::IDEMPOTENT_REPLAYED;
use crate::respond::{RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID};
use crate::router::Match;
use crate::send::IDEMPOTENCY_KEY;
use crate::{health, openapi, own_usage};

/// The action under which preflights stand in the log; no route may have a name that begins so.
const ACTION: &str = "doorward.preflight";

/// What stands before the names of the fields that say who may read.
const PREFIX: &str = "access-control-";

impl Door {
    /// The answer to a preflight: an `OPTIONS` request by which a browser asks whether a page may send what it wants to.
    /// `None` where it is none, where the path is nobody's, or where a route takes `OPTIONS` there by name. It asks for no
    /// credentials, which browsers do not send with it, and leaves a line and no ledger item.
    pub(crate) fn preflight(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        let cors = self.rules.config().cors.as_ref()?;
        let Message::Http(request) = &inbound.message else { return None };
        let asks = request.headers.contains_key(ORIGIN)
            && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && request.method == Method::OPTIONS
            && request.socket.is_none();
        if !asks || self.rules.check_front(inbound).is_err() {
            return None;
        }
        let methods = self.methods(inbound)?;
        let answered = self.screen_request(request).map(|()| {
            let mut headers = HeaderMap::new();
            if allowed_origin(cors, &request.headers).is_some() {
                self.allow(cors, &methods, &mut headers);
            }
            for name in [ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS] {
                headers.append(VARY, HeaderValue::from(name));
            }
            Reply { status: StatusCode::NO_CONTENT, headers, body: Body::Empty }
        });
        Some(self.answer_itself(ACTION, answered, call))
    }

    /// Says in an answer which pages may read it. What a target says of that is taken off: the configuration speaks for all.
    pub(crate) fn tell_browsers(&self, inbound: &Inbound, headers: &mut HeaderMap) {
        let (Some(cors), Message::Http(request)) = (&self.rules.config().cors, &inbound.message) else {
            return;
        };
        // A route that takes `OPTIONS` says what may be sent, and not who may send it.
        let preflight = call_is_preflight(&request.method, &request.headers);
        let of_origin = [ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS];
        let is_stated = |name: &HeaderName| match preflight {
            true => of_origin.contains(name),
            false => name.as_str().starts_with(PREFIX),
        };
        let stated: Vec<HeaderName> = headers.keys().filter(|name| is_stated(name)).cloned().collect();
        for name in stated {
            headers.remove(name);
        }
        if !cors.origins.is_empty() {
            headers.append(VARY, HeaderValue::from(ORIGIN));
        }
        let Some(origin) = allowed_origin(cors, &request.headers) else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if cors.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if !preflight {
            let own = [REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY, RETRY_AFTER, IDEMPOTENT_REPLAYED];
            put(
                headers,
                ACCESS_CONTROL_EXPOSE_HEADERS,
                own.iter().chain(&cors.expose).map(HeaderName::as_str),
            );
        }
    }

    /// The methods that routes take at the path; `None` where there are none, or one takes `OPTIONS` itself, and not as any
    /// method.
    fn methods(&self, inbound: &Inbound) -> Option<Vec<Method>> {
        let Message::Http(request) = &inbound.message else { return None };
        let own = self.rules.own_path(inbound.front.kind, request)?;
        let served = self.rules.config().door.openapi != OpenapiAccess::Off;
        if [own_usage::PATH, health::PATH].contains(&own) || (own == openapi::PATH && served) {
            return Some(vec![Method::GET]);
        }
        let path = self.rules.path_of(inbound)?;
        match self.rules.router.find(&Method::OPTIONS, &path) {
            Match::OtherMethods(methods) => Some(methods),
            Match::Route(place, _) => {
                let is_any = self.rules.routes.get(place).is_some_and(|rules| rules.route.takes_any_method());
                is_any.then(|| self.rules.router.methods(&path))
            }
            Match::Invocation(_) | Match::Nothing => None,
        }
    }

    fn allow(&self, cors: &Cors, methods: &[Method], headers: &mut HeaderMap) {
        put(headers, ACCESS_CONTROL_ALLOW_METHODS, methods.iter().map(Method::as_str));
        let key = self.rules.takes_api_keys.then(|| self.rules.config().api_keys.header.clone());
        let own = [Some(AUTHORIZATION), Some(CONTENT_TYPE), Some(IDEMPOTENCY_KEY), key];
        let names: Vec<HeaderName> = own.into_iter().flatten().chain(cors.headers.iter().cloned()).collect();
        put(headers, ACCESS_CONTROL_ALLOW_HEADERS, names.iter().map(HeaderName::as_str));
        put(headers, ACCESS_CONTROL_MAX_AGE, [cors.max_age.as_secs().to_string().as_str()].into_iter());
    }
}

fn call_is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What the page is told where its origin may call: compared byte by byte, as the Fetch Standard has it.
fn allowed_origin(cors: &Cors, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut stated = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (stated.next(), stated.next()) else { return None };
    if cors.origins.is_empty() {
        return Some(HeaderValue::from_static("*"));
    }
    cors.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

fn put<'t>(headers: &mut HeaderMap, name: HeaderName, items: impl Iterator<Item = &'t str>) {
    let mut listed: Vec<&str> = Vec::new();
    for item in items {
        if !listed.contains(&item) {
            listed.push(item);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&listed.join(", ")) {
        headers.insert(name, value);
    }
}
