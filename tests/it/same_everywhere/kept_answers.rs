//! An answer that the gateway keeps, and a request that it was not about.

use std::time::Duration;

use doorward_testkit::{FunctionResult, Gate, GatewayApi, GatewayCache, IdentitySource, Look};

use super::callers::Callers;
use super::door::OwnDoor;
use super::forms::{Form, Place, event, question};
use super::lock::{AnswerWord, Lock};
use super::mutations::Kit;
use super::outcome::{Decision, Outcome};
use super::requests::Request;

/// A gateway, its authorizer and the dispatcher behind, each with an eye on how often it was asked.
struct Chain {
    api: GatewayApi,
    form: Form,
    cache: GatewayCache,
    authorizer: OwnDoor,
    dispatcher: OwnDoor,
    kit: Kit,
    asked: usize,
}

impl Chain {
    fn new(api: GatewayApi, form: Form, sources: &[IdentitySource]) -> Self {
        let kit = Kit::new(Callers::new("2026-11-24T12:00:00Z".parse().unwrap()));
        let lock = Lock::new(&kit.callers);
        let answer =
            if api == GatewayApi::HttpApi2Simple { AnswerWord::Simple } else { AnswerWord::IamPolicy };
        let rules = lock.rules(answer);
        let open = || OwnDoor::open(&rules, &kit.callers, kit.callers.now);
        let (authorizer, dispatcher) = (open(), open());
        let cache = GatewayCache::new(api, sources, Duration::from_secs(60));
        Self { api, form, cache, authorizer, dispatcher, kit, asked: 0 }
    }

    /// What the gateway does with alice's `GET /orders/{order}`, and what the dispatcher does with what it is handed.
    fn get(&mut self, order: &str) -> (Gate, Option<Outcome>) {
        self.get_at(Place::Own, &format!("/orders/{order}"))
    }

    fn get_at(&mut self, place: Place, path: &str) -> (Gate, Option<Outcome>) {
        let request = Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: vec![("Authorization".to_owned(), format!("Bearer {}", self.kit.tokens.good(0)))],
            source_ip: "192.0.2.7".to_owned(),
            role: None,
            subject: 0,
        };
        let asked = question(&request, self.api, place, false);
        let (about, now) = (asked.request(), self.kit.callers.now);
        let gate = match self.cache.look(&about, now) {
            Look::Answered(gate) | Look::Kept(gate, _) => gate,
            Look::Ask(key) => {
                self.asked += 1;
                let (result, _): (FunctionResult, Outcome) = self.authorizer.authorize(&asked.event);
                self.cache.take(key, result, &about, now)
            }
        };
        let behind = gate
            .context()
            .map(|context| self.dispatcher.dispatch(&event(&request, self.form, place, Some(context))));
        (gate, behind)
    }
}

const APIS: [(GatewayApi, Form); 5] = [
    (GatewayApi::RestToken, Form::RestApi),
    (GatewayApi::RestRequest, Form::RestApi),
    (GatewayApi::HttpApi1, Form::HttpApi1),
    (GatewayApi::HttpApi2Policy, Form::HttpApi2),
    (GatewayApi::HttpApi2Simple, Form::HttpApi2),
];

fn authorization() -> IdentitySource {
    IdentitySource::Header("authorization".to_owned())
}

/// Order 42 is alice's and order 43 is not. Where the key is the credentials alone, a policy is evaluated for order 43 and
/// says nothing of it; a simple answer says the same of both, and the dispatcher decides for itself.
#[test]
fn a_cached_answer_for_order_42_never_opens_order_43() {
    for (api, form) in APIS {
        let mut chain = Chain::new(api, form, &[authorization()]);
        let (gate, behind) = chain.get("42");
        assert!(gate.is_passed() && behind.unwrap().is_allowed(), "{api:?}");
        let (gate, behind) = chain.get("43");
        assert_eq!(chain.asked, 1, "{api:?}: the answer for order 42 was taken for order 43");
        assert_eq!(gate.is_passed(), api == GatewayApi::HttpApi2Simple, "{api:?}: {gate:?}");
        if let Some(behind) = behind {
            assert_eq!(behind.decision, Decision::Refuse("forbidden".to_owned()), "{api:?}");
            let about = Some(("getOrder".to_owned(), "Order::\"43\"".to_owned()));
            assert_eq!(
                (behind.route, behind.principal.as_deref()),
                (about, Some("User::\"alice\"")),
                "{api:?}"
            );
        }
    }
}

/// Where method and path are in the key, there is no answer about order 42 to be taken for one about order 43.
#[test]
fn with_method_and_path_in_the_key_the_authorizer_is_asked_about_each_order() {
    let sources = [authorization(), IdentitySource::Method, IdentitySource::Path];
    // A `TOKEN` authorizer has its token as the key, and nothing else.
    for (api, form) in APIS.into_iter().filter(|(api, _)| *api != GatewayApi::RestToken) {
        let mut chain = Chain::new(api, form, &sources);
        for _ in 0..2 {
            assert!(chain.get("42").0.is_passed(), "{api:?}");
            assert!(!chain.get("43").0.is_passed(), "{api:?}");
            assert!(chain.get("46").0.is_passed(), "{api:?}");
        }
        assert_eq!(chain.asked, 3, "{api:?}");
    }
}

/// Below a custom domain, `/orders` with the base path `/shop` is the path that `/shop/orders` is at the API's own name. A
/// simple answer names neither, so only the domain in the key tells them apart before the dispatcher does.
#[test]
fn an_answer_below_a_base_path_is_not_one_about_the_whole_path_where_the_key_has_the_domain() {
    let by_path = [authorization(), IdentitySource::Method, IdentitySource::Path];
    let mut chain = Chain::new(GatewayApi::HttpApi2Simple, Form::HttpApi2, &by_path);
    assert!(chain.get_at(Place::Domain, "/orders").0.is_passed());
    let (gate, behind) = chain.get_at(Place::Own, "/shop/orders");
    assert!(gate.is_passed() && chain.asked == 1, "{gate:?}");
    assert_eq!(behind.unwrap().decision, Decision::Refuse("not-found".to_owned()));

    let by_domain = [&by_path[..], &[IdentitySource::DomainName]].concat();
    let mut chain = Chain::new(GatewayApi::HttpApi2Simple, Form::HttpApi2, &by_domain);
    assert!(chain.get_at(Place::Domain, "/orders").0.is_passed());
    assert!(!chain.get_at(Place::Own, "/shop/orders").0.is_passed());
    assert_eq!(chain.asked, 2);
}
