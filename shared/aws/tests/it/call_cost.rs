//! What a call costs the store, in each mode of limits with each durability: requests, and write units.

use std::sync::Arc;
use std::time::Duration;

use doorward_aws::{DynamoLedger, DynamoLimits, DynamoSwitches};
use doorward_core::{Answer, Bundle, Door, Ports, Rules};
use doorward_testkit::{World, http};
use http::Method;

use crate::sample;
use crate::store::{Store, TABLE};

const POLICY: &str = "@id(\"all\") permit (principal == Anonymous::\"anonymous\", action, resource);";

/// What calls cost, 10 milliseconds apart in one sandbox.
struct Cost {
    store: Store,
    world: World,
    door: Arc<Door>,
    calls: u64,
}

impl Cost {
    /// A door whose plan has these limits, and beside it these.
    async fn of(durability: &str, plan: &str, more: &str) -> Self {
        let config = format!(
            r#"
[door]
name = "shop"
table = "{TABLE}"
screen_rate = 1000000
fronts = ["function-url:shopurl"]

[[targets]]
name = "x"
lambda = "x"

[[routes]]
id = "x"
match = "GET /x"
target = "x"
auth = ["anonymous"]
durability = "{durability}"

[[plans]]
name = "default"
limits = [{plan}]
{more}
"#
        );
        let store = Store::start().await;
        let world = World::new(&config, &[("all.cedar", POLICY)], sample::now())
            .unwrap_or_else(|faults| panic!("{faults}"));
        let files = [("all.cedar".to_owned(), POLICY.to_owned())].into();
        let bundle = Bundle { config: ("doorward.toml".to_owned(), config), files };
        let rules = Rules::compile(&bundle, |_| None).unwrap_or_else(|faults| panic!("{faults}"));
        let ports = Ports {
            limits: Arc::new(DynamoLimits::new(&store.clients, TABLE)),
            ledger: Arc::new(DynamoLedger::new(&store.clients, TABLE)),
            switches: Arc::new(DynamoSwitches::new(&store.clients, TABLE)),
            ..world.ports.clone()
        };
        let door = Arc::new(Door::new(Arc::new(rules), ports));
        let mut cost = Self { store, world, door, calls: 0 };
        // What is switched off is read at the first call, and then each time the refresh interval is over.
        cost.call().await;
        let _ = cost.store.asked();
        cost
    }

    async fn call(&mut self) {
        self.world.clock.advance(Duration::from_millis(10));
        self.calls += 1;
        let id = format!("7c5ad9c4-52f5-4fb8-9d07-{:012x}", self.calls);
        let call = http(&id, Method::GET, "/x", &[], "", self.world.now());
        match self.door.serve(call).await {
            Answer::Http(reply) => assert_eq!(reply.status, 200, "{id}"),
            Answer::Event(answer) => panic!("an event's answer: {answer:?}"),
        }
    }

    /// Each of the next calls asks exactly this, and costs so many write units.
    async fn each(mut self, operations: &[&str], write_units: f64) {
        for _ in 0..20 {
            self.call().await;
            let asked = self.store.proxy.take();
            let names: Vec<&str> = asked.iter().map(|one| one.asked.operation.as_str()).collect();
            assert_eq!(names, operations);
            let units: f64 = asked.iter().map(|one| one.write_units).sum();
            assert!((units - write_units).abs() < 0.01, "{units} write units");
        }
    }

    /// Twenty seconds of calls ask and cost at most so much a call.
    async fn twenty_seconds(mut self, requests: f64, write_units: f64) {
        const CALLS: u32 = 2_000;
        for _ in 0..CALLS {
            self.call().await;
        }
        let asked = self.store.proxy.take();
        let (each, units) = (
            asked.len() as f64 / f64::from(CALLS),
            asked.iter().map(|one| one.write_units).sum::<f64>() / f64::from(CALLS),
        );
        println!("{each:.4} requests and {units:.4} write units a call");
        assert!(each <= requests, "{each} requests a call");
        assert!(units <= write_units, "{units} write units a call");
    }
}

/// Four limits of the caller, in one item.
const FOUR: &str = r#"{ rate = "1000/s", burst = 2000 }, { quota = "100000/minute" }, { quota = "1000000/day" },
    { quota = "10000000/month" }"#;
/// A rate whose burst lasts five seconds, and a quota.
const LEASED: &str =
    r#"{ rate = "1000/s", burst = 5000, mode = "leased" }, { quota = "10000000/month", mode = "leased" }"#;

#[tokio::test]
async fn hard_limits_and_a_row_are_two_requests() {
    Cost::of("before-answer", FOUR, "").await.each(&["UpdateItem", "PutItem"], 2.0).await;
}

#[tokio::test]
async fn each_further_scope_is_one_request_more() {
    let all = "[[limits]]\nname = \"all\"\nquota = \"1000000/day\"\nby = \"action\"\n";
    let both = "[[limits]]\nname = \"both\"\nquota = \"1000000/day\"\nby = [\"action\", \"target\"]\n";
    let two = Cost::of("before-answer", FOUR, all).await;
    two.each(&["UpdateItem", "UpdateItem", "PutItem"], 3.0).await;
    let three = Cost::of("before-answer", FOUR, &format!("{all}{both}")).await;
    three.each(&["UpdateItem", "UpdateItem", "UpdateItem", "PutItem"], 4.0).await;
}

#[tokio::test]
async fn an_intent_is_one_request_more() {
    Cost::of("intent", FOUR, "").await.each(&["PutItem", "UpdateItem", "UpdateItem"], 3.0).await;
}

#[tokio::test]
async fn leased_limits_and_blocks_of_calls_cost_next_to_nothing() {
    Cost::of("batched", LEASED, "").await.twenty_seconds(0.015, 0.03).await;
}

#[tokio::test]
async fn a_short_burst_makes_blocks_small() {
    Cost::of("batched", &LEASED.replace("5000", "2000"), "").await.twenty_seconds(0.021, 0.035).await;
}

#[tokio::test]
async fn leased_limits_leave_the_row() {
    Cost::of("before-answer", LEASED, "").await.twenty_seconds(1.005, 1.005).await;
}

#[tokio::test]
async fn local_limits_ask_for_the_plan_alone() {
    let local = LEASED.replace("leased", "local");
    Cost::of("batched", &local, "").await.twenty_seconds(0.011, 0.021).await;
}
