use super::*;
use serde_json::json;

const ARN: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1/prod/GET";

/// A cache of a minute, and the moment of its last request.
struct Stage {
    cache: GatewayCache,
    now: Timestamp,
    /// How often the function was asked.
    asked: usize,
}

fn stage(api: GatewayApi, sources: &[IdentitySource]) -> Stage {
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    Stage { cache: GatewayCache::new(api, sources, Duration::from_secs(60)), now, asked: 0 }
}

fn authorization() -> IdentitySource {
    IdentitySource::Header("authorization".to_owned())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Stage {
    /// What becomes of `GET /orders/{order}` with these fields, where the function would say `result` of it.
    fn ask(&mut self, fields: &[(&str, &str)], order: &str, result: &FunctionResult) -> Gate {
        self.ask_with(fields, &[], order, result)
    }

    fn ask_with(
        &mut self,
        fields: &[(&str, &str)],
        query: &[(&str, &str)],
        order: &str,
        result: &FunctionResult,
    ) -> Gate {
        let (headers, query) = (pairs(fields), pairs(query));
        let (path, arn) = (format!("/prod/orders/{order}"), format!("{ARN}/orders/{order}"));
        let request = GatewayRequest {
            headers: &headers,
            query: &query,
            method: "GET",
            path: &path,
            source_ip: "192.0.2.1",
            domain: "a1.execute-api.eu-central-1.amazonaws.com",
            route_key: "GET /orders/{id}",
            arn: &arn,
        };
        match self.cache.look(&request, self.now) {
            Look::Answered(gate) | Look::Kept(gate, _) => gate,
            Look::Ask(key) => {
                self.asked += 1;
                self.cache.take(key, result.clone(), &request, self.now)
            }
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds)).unwrap();
    }
}

fn simple(is_authorized: bool) -> FunctionResult {
    FunctionResult::Returned(json!({"isAuthorized": is_authorized, "context": {"callerId": "alice"}}))
}

fn policy(effect: &str, order: &str) -> FunctionResult {
    FunctionResult::Returned(json!({
        "principalId": "alice",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": format!("{ARN}/orders/{order}")}],
        },
        "context": {"callerId": "alice"},
    }))
}

fn status(gate: &Gate) -> u16 {
    match gate {
        Gate::Passed(_) => 200,
        Gate::Refused { status, .. } => *status,
    }
}

const ALICE: &[(&str, &str)] = &[("Authorization", "a")];

#[test]
fn a_kept_policy_is_evaluated_for_every_method_arn() {
    for api in
        [GatewayApi::RestToken, GatewayApi::RestRequest, GatewayApi::HttpApi1, GatewayApi::HttpApi2Policy]
    {
        let mut stage = stage(api, &[authorization()]);
        let gate = stage.ask(ALICE, "42", &policy("Allow", "42"));
        assert_eq!(gate, Gate::Passed(json!({"callerId": "alice"}).as_object().unwrap().clone()));
        // The function would allow it, and is not asked.
        assert_eq!(status(&stage.ask(ALICE, "43", &policy("Allow", "43"))), 403, "{api:?}");
        assert_eq!(status(&stage.ask(ALICE, "42", &policy("Deny", "42"))), 200, "{api:?}");
        assert_eq!(stage.asked, 1, "{api:?}");
    }
}

#[test]
fn a_kept_simple_answer_is_for_every_route_of_the_same_identity() {
    let mut stage = stage(GatewayApi::HttpApi2Simple, &[authorization()]);
    assert!(stage.ask(ALICE, "42", &simple(true)).is_passed());
    assert!(stage.ask(ALICE, "43", &simple(false)).is_passed());
    assert_eq!(status(&stage.ask(&[("authorization", "b")], "43", &simple(false))), 403);
    assert_eq!(status(&stage.ask(&[("AUTHORIZATION", "b")], "42", &simple(true))), 403);
    assert_eq!(stage.asked, 2);
}

#[test]
fn every_source_is_part_of_the_key() {
    let by_route = [authorization(), IdentitySource::RouteKey];
    let mut stage_of_route = stage(GatewayApi::HttpApi2Simple, &by_route);
    assert!(stage_of_route.ask(ALICE, "42", &simple(true)).is_passed());
    assert!(stage_of_route.ask(ALICE, "43", &simple(false)).is_passed(), "one route has both orders");
    let by_path = [
        authorization(),
        IdentitySource::Method,
        IdentitySource::Path,
        IdentitySource::SourceIp,
        IdentitySource::Query("scope".to_owned()),
    ];
    let mut stage = stage(GatewayApi::HttpApi2Simple, &by_path);
    let mut ask = |order: &str, scope: &str, allow: bool| {
        stage.ask_with(ALICE, &[("scope", scope)], order, &simple(allow)).is_passed()
    };
    assert!(ask("42", "mine", true) && ask("42", "mine", false));
    assert!(!ask("43", "mine", false) && !ask("42", "all", false));
    assert!(!ask("43", "mine", true) && ask("42", "all", false) == ask("42", "all", true));
    assert_eq!(stage.asked, 3);
}

#[test]
fn repeated_fields_are_one_value_as_the_api_has_them() {
    let twice: &[(&str, &str)] = &[("authorization", "x"), ("Authorization", "a")];
    let mut rest = stage(GatewayApi::RestRequest, &[authorization()]);
    assert!(rest.ask(ALICE, "42", &policy("Allow", "42")).is_passed());
    assert!(rest.ask(twice, "42", &policy("Deny", "42")).is_passed(), "the last value is the key");
    let mut http = stage(GatewayApi::HttpApi2Simple, &[authorization()]);
    assert!(http.ask(ALICE, "42", &simple(true)).is_passed());
    assert!(!http.ask(twice, "42", &simple(false)).is_passed(), "both values are the key");
}

#[test]
fn a_source_that_is_missing_or_empty_is_401_and_nobody_is_asked() {
    for seconds in [0, 60] {
        for api in [GatewayApi::RestToken, GatewayApi::RestRequest, GatewayApi::HttpApi2Simple] {
            let mut stage = stage(api, &[authorization()]);
            stage.cache.ttl = Duration::from_secs(seconds);
            let fields: [&[(&str, &str)]; 3] = [&[], &[("authorization", "")], &[("x-authorization", "a")]];
            for fields in fields {
                assert_eq!(status(&stage.ask(fields, "42", &simple(true))), 401, "{api:?} {fields:?}");
            }
            assert_eq!(stage.asked, 0, "{api:?}");
        }
    }
}

#[test]
fn nothing_is_kept_beyond_its_time_or_without_a_source() {
    let mut stage_of_time = stage(GatewayApi::HttpApi2Simple, &[authorization()]);
    assert!(stage_of_time.ask(ALICE, "42", &simple(true)).is_passed());
    stage_of_time.wait(59);
    assert!(stage_of_time.ask(ALICE, "42", &simple(false)).is_passed());
    stage_of_time.wait(1);
    assert!(!stage_of_time.ask(ALICE, "42", &simple(false)).is_passed());
    stage_of_time.cache.flush();
    assert!(stage_of_time.ask(ALICE, "42", &simple(true)).is_passed());
    for (sources, seconds) in [(vec![], 60), (vec![authorization()], 0)] {
        let mut stage = stage(GatewayApi::HttpApi2Simple, &sources);
        stage.cache.ttl = Duration::from_secs(seconds);
        assert!(stage.ask(ALICE, "42", &simple(true)).is_passed());
        assert!(!stage.ask(ALICE, "42", &simple(false)).is_passed());
    }
}

#[test]
fn a_failure_is_answered_and_not_kept() {
    let mut stage = stage(GatewayApi::HttpApi2Simple, &[authorization()]);
    let failed = |message: &str| FunctionResult::Failed(message.to_owned());
    assert_eq!(status(&stage.ask(ALICE, "42", &failed("Unauthorized"))), 401);
    assert_eq!(status(&stage.ask(ALICE, "42", &failed("unauthorized"))), 500);
    for wrong in [
        json!(null),
        json!({"isAuthorized": "true"}),
        json!({"isAuthorized": true, "context": []}),
        json!({"isAuthorized": true, "context": {"x": "y".repeat(9000)}}),
    ] {
        assert_eq!(status(&stage.ask(ALICE, "42", &FunctionResult::Returned(wrong))), 500);
    }
    assert_eq!(status(&stage.ask(ALICE, "42", &policy("Allow", "42"))), 500);
    assert!(stage.ask(ALICE, "42", &simple(true)).is_passed());
}

#[test]
fn a_rest_api_takes_policies_with_a_principal_and_a_flat_context() {
    let mut stage = stage(GatewayApi::RestRequest, &[authorization()]);
    assert_eq!(status(&stage.ask(ALICE, "42", &simple(true))), 500);
    let FunctionResult::Returned(good) = policy("Allow", "42") else { unreachable!() };
    for (member, value) in
        [("principalId", json!(null)), ("context", json!({"x": ["y"]})), ("policyDocument", json!({}))]
    {
        let mut wrong = good.clone();
        wrong[member] = value;
        assert_eq!(status(&stage.ask(ALICE, "42", &FunctionResult::Returned(wrong))), 500, "{member}");
    }
    assert!(stage.ask(ALICE, "42", &FunctionResult::Returned(good)).is_passed());
}
