use doorward_aws::DynamoPlanVersions;
use doorward_config::{Config, parse};
use doorward_core::ports::PlanKeeper;
use serde_json::json;

use crate::loopback::{self, Nobody};
use crate::store::{Store, TABLE};

/// A configuration whose plan `free` includes so many units, beside a plan without a price.
fn config(included: u64) -> Config {
    let text = format!(
        r#"
door = {{ name = "d", table = "shop" }}
plans = [
    {{ name = "free", limits = [{{ rate = "5/s" }}], price = {{ currency = "EUR", included = {included}, tiers = [{{ unit = "0.0008" }}] }} }},
    {{ name = "internal", limits = [{{ rate = "50/s" }}] }},
]"#
    );
    parse("doorward.toml", &text).unwrap()
}

#[tokio::test]
async fn versions_are_kept_once_and_for_good() {
    let store = Store::start().await;
    let versions = DynamoPlanVersions::new(&store.clients, TABLE);
    let (first, second) = (config(1_000), config(2_000));
    store.asked();

    versions.keep(&first.plans).await;
    assert_eq!(store.asked(), ["BatchGetItem", "PutItem", "PutItem"]);
    let kept = versions.all("free").await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&kept[0].version, &kept[0].definition),
        (&first.plans[0].version, &first.plans[0].definition)
    );
    assert_eq!(kept[0].definition.price(), first.plans[0].price);
    assert_eq!(versions.all("internal").await.unwrap()[0].definition.price(), None);

    // A start over what is kept is one read, and changes nothing.
    store.asked();
    versions.keep(&first.plans).await;
    assert_eq!(store.asked(), ["BatchGetItem"]);
    assert_eq!(versions.all("free").await.unwrap(), kept);

    store.asked();
    versions.keep(&second.plans).await;
    assert_eq!(store.asked(), ["BatchGetItem", "PutItem"]);
    let mut known: Vec<_> =
        versions.all("free").await.unwrap().into_iter().map(|kept| kept.version).collect();
    known.sort();
    let mut expected = vec![first.plans[0].version.clone(), second.plans[0].version.clone()];
    expected.sort();
    assert_eq!(known, expected);
    assert_eq!(versions.all("other").await.unwrap(), []);
}

#[tokio::test]
async fn the_first_time_of_a_version_stands() {
    let store = Store::start().await;
    let versions = DynamoPlanVersions::new(&store.clients, TABLE);
    let plans = config(1_000).plans;
    let item = |since: &str| {
        json!({
            "owner": { "S": "plan#free" }, "item": { "S": plans[0].version }, "since": { "S": since },
            "definition": { "S": plans[0].definition.text() },
        })
    };
    let (one, other) = (versions.clone(), versions.clone());
    tokio::join!(one.keep(&plans), other.keep(&plans));
    assert_eq!(versions.all("free").await.unwrap().len(), 1);
    store.put("shop-state", item("2026-01-01T00:00:00Z"));
    versions.keep(&plans).await;
    let since = versions.all("free").await.unwrap()[0].since;
    assert_eq!(since.to_string(), "2026-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_definition_that_was_changed_prices_nothing() {
    let store = Store::start().await;
    let versions = DynamoPlanVersions::new(&store.clients, TABLE);
    let plan = config(1_000).plans.remove(0);
    store.put(
        "shop-state",
        json!({
            "owner": { "S": "plan#free" }, "item": { "S": plan.version }, "since": { "S": "2026-01-01T00:00:00Z" },
            "definition": { "S": plan.definition.text().replace("0.0008", "0.0007") },
        }),
    );
    let error = versions.all("free").await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "the store is away: the definition kept for version `{}` is not that version's",
            plan.version
        )
    );
}

#[tokio::test]
async fn a_store_that_is_away_stops_no_start() {
    let nobody = Nobody::new();
    DynamoPlanVersions::new(&loopback::clients(nobody.address()), TABLE).keep(&config(1).plans).await;
}
