use doorward_aws::DynamoEntities;
use doorward_config::EntityTable;
use doorward_core::ports::EntityStore as _;
use serde_json::json;

use super::{ATTEMPTS, counted, each};
use crate::entities::{item, source, text};
use crate::store::TABLE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entity_is_never_missing_because_nobody_answers() {
    each("GetItem", |case| async move {
        let order = json!({
            "owner": { "S": "entity#Order" },
            "item": { "S": "42" },
            "attributes": { "M": { "owner": { "S": "ann" } } },
        });
        case.store.put(&format!("{TABLE}-state"), order);
        let from = source(EntityTable::State, &["owner"]);
        case.begin();
        let loaded = case.answer(DynamoEntities::new(&case.store.clients, TABLE).load(&from, "42")).await;
        let (attempts, _) = counted(&case.end().await, "GetItem");
        assert!(attempts <= ATTEMPTS, "{}: {attempts} attempts", case.name);
        let whole = Ok(Some(item([("owner", text("ann"))])));
        assert!(loaded == whole || (loaded.is_err() && !case.passes()), "{}: {loaded:?}", case.name);
    })
    .await;
}
