use crate::loopback::{self, Nobody};
use crate::store::{Store, TABLE};

#[tokio::test]
async fn warming_up_is_one_read() {
    let store = Store::start().await;
    store.clients.warm(TABLE).await;
    assert_eq!(store.asked(), ["GetItem"]);
}

#[tokio::test]
async fn a_store_that_is_away_stops_no_start() {
    let nobody = Nobody::new();
    loopback::clients(nobody.address()).warm(TABLE).await;
}
