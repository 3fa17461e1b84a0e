//! Routes that take CloudEvents, and the events that come by them.

use doorward_config::OnDeny;
use doorward_model::EventKind;
use expect_test::{Expect, expect};

const CONFIG: &str = r#"
fronts = ["function-url:shopurl"]
[door]
name = "shop"
table = "doorward"
[[targets]]
name = "orders"
lambda = "orders"
[[targets]]
name = "queue"
sqs = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"
[[routes]]
id = "shopEvents"
match = "POST /events"
auth = ["api-key"]
cloudevents = { extensions = ["tenant"] }
[[events]]
id = "orderPlaced"
source = "cloudevents"
match = { route = "shopEvents", event = "com.example.*", tenant = "7" }
target = "orders"
"#;

#[track_caller]
fn check(from: &str, to: &str, faults: Expect) {
    assert!(CONFIG.contains(from), "{from}");
    let config = CONFIG.replacen(from, to, 1);
    let told = match doorward_config::parse("doorward.toml", &config) {
        Ok(_) => "sound".to_owned(),
        Err(faults) => faults.to_string(),
    };
    faults.assert_eq(told.trim_end());
}

#[test]
fn a_route_of_events_is_read() {
    let config = doorward_config::parse("doorward.toml", CONFIG).unwrap();
    let (route, event) = (&config.routes[0], &config.events[0]);
    let rule = route.cloudevents.as_ref().unwrap();
    assert_eq!((rule.batch, &rule.extensions[..], rule.origins.len()), (100, &["tenant".to_owned()][..], 0));
    assert_eq!((route.target.as_str(), route.authorizer), ("orders", false));
    assert_eq!((event.source, event.on_deny), (EventKind::CloudEvents, OnDeny::Fail));
    assert_eq!(event.route.as_ref().unwrap().id, "shopEvents");
    let claims = event.claims();
    let required: Vec<_> = claims.iter().filter(|(_, field)| field.required).map(|(name, _)| name).collect();
    assert_eq!(required, ["id", "source", "type"]);
    assert!(claims.contains_key("tenant"));
}

#[test]
fn what_events_say_themselves_their_route_does_not() {
    check(
        "auth = [\"api-key\"]",
        "auth = [\"api-key\"]\ntarget = \"orders\"\nidempotency = \"optional\"",
        expect![[r#"
            doorward.toml:16:10: a route of CloudEvents has no `target`: each of its events names the target
              hint: leave `target` out
            doorward.toml:17:15: a route of CloudEvents has no `idempotency`: events are known by their `source` and `id`
              hint: leave `idempotency` out"#]],
    );
    check(
        "POST /events",
        "GET /events",
        expect![[r#"
            doorward.toml:16:15: events come by `POST`
              hint: write `match = "POST /…"`"#]],
    );
    check(
        "[\"api-key\"]",
        "[\"api-key\", \"anonymous\"]",
        expect![[r#"
            doorward.toml:15:8: anonymous senders have no events of their own
              hint: one could take the ids of another's: let the route ask for credentials"#]],
    );
    check(
        "auth = [\"api-key\"]",
        "auth = [\"api-key\"]\nauthorizer = true",
        expect![[r#"
            doorward.toml:16:14: no authorizer can be asked about invocations, or about events
              hint: it is given no payload, and may keep its answer for another one: the dispatcher decides"#]],
    );
    check(
        r#"["tenant"]"#,
        r#"["Tenant", "subject"]"#,
        expect![[r#"
            doorward.toml:16:31: `Tenant` is no name of an attribute
              hint: use 1 to 20 lower-case letters and digits: `tenant`
            doorward.toml:16:41: `subject` is no extension
              hint: the attributes of the specification are read anyway: leave it out"#]],
    );
    check(
        "{ extensions",
        "{ batch = 0, origins = [\"a b\"], extensions",
        expect![[r#"
            doorward.toml:16:25: `0` is not between 1 and 1000
            doorward.toml:16:39: `a b` is no origin
              hint: write the host name of the sender: `eventemitter.example.com`"#]],
    );
}

#[test]
fn events_come_by_a_route_that_takes_them() {
    check(
        r#"route = "shopEvents", "#,
        "",
        expect![[r#"
        doorward.toml:17:1: CloudEvents come by a route
          hint: name it: `match = { route = "…" }`"#]],
    );
    check(
        r#"route = "shopEvents""#,
        r#"route = "shop*""#,
        expect![[r#"
        doorward.toml:17:1: `shop*` names no route
          hint: write the id of one route, without `*`"#]],
    );
    check(
        r#"route = "shopEvents""#,
        r#"route = "others""#,
        expect![[r#"
        doorward.toml:17:1: no route `others` takes CloudEvents
          hint: declare it: `cloudevents = {}` of the route"#]],
    );
    check(
        "event = \"com.example.*\", tenant",
        "type = \"com.example.*\", shop",
        expect![[r#"
        doorward.toml:20:33: events of `cloudevents` have no `type`
          hint: write `event`, which tests the type of every source's events
        doorward.toml:20:57: events of `cloudevents` have no `shop`
          hint: expected `datacontenttype`, `dataschema`, `id`, `source`, `subject`, `time`, `event`, `route` or `tenant`"#]],
    );
    check(
        "target = \"orders\"\n",
        "target = \"queue\"\non_deny = \"discard\"\n",
        expect![[r#"
        doorward.toml:22:11: who sends an event by a request is told what became of it
          hint: write `fail`, or `quarantine` to keep it as well"#]],
    );
    check(
        "source = \"cloudevents\"",
        "source = \"cloudevents\"\nthrough = [\"queue:a\"]",
        expect![[r#"
        doorward.toml:20:11: the queue `a` may not send anything
          hint: add `queue:a` to `fronts`
        doorward.toml:20:11: CloudEvents are read of requests, not of messages
          hint: leave `through` out"#]],
    );
    check(
        "source = \"cloudevents\"",
        "source = \"s3\"",
        expect![[r#"
        doorward.toml:20:11: events of `s3` have no `route`
          hint: expected `account`, `bucket`, `event`, `key`, `owner`, `region`, `size`, `user` or `version`
        doorward.toml:20:58: events of `s3` have no `tenant`
          hint: expected `account`, `bucket`, `event`, `key`, `owner`, `region`, `size`, `user` or `version`"#]],
    );
}
