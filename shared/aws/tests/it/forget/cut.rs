use doorward_testkit::fault_proxy::{Asked, Fault, rules};

use super::shop::{beside, forget, forgotten, ledger, naming, renamed, windows};
use crate::rollup::ledger::aggregates;
use crate::store::Store;

fn writes(asked: &Asked) -> bool {
    ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"].contains(&asked.operation.as_str())
}

/// Cut off at a write, with nothing getting through from there on, and begun again.
async fn cut(at: usize, fault: Fault) -> bool {
    let store = Store::start().await;
    ledger(&store).await;
    beside(&store).await;
    let (before, sums) = (aggregates(&store), windows(&store));
    let mut met = 0;
    store.proxy.rule(rules::always(
        move |asked| {
            met += usize::from(writes(asked));
            writes(asked) && met > at
        },
        fault,
    ));
    let mut first = forget(&store, 1);
    let done = async {
        first.begin().await?;
        first.tables().await?;
        first.end().await
    };
    let whole = done.await.is_ok();
    store.proxy.clear();
    store.proxy.settled().await;

    let begun = forget(&store, 2).survey().await.unwrap().begun;
    if !whole {
        let (name, _) = forgotten(&store, 2).await;
        assert_eq!(name.name().to_string(), begun.unwrap_or_else(|| name.name().to_string()), "cut at {at}");
        assert_eq!(aggregates(&store), renamed(&before, &name), "cut at {at}");
    }
    assert_eq!(naming(&store), Vec::<String>::new(), "cut at {at}");
    assert_eq!(windows(&store), sums, "cut at {at}");
    whole
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_it_is_cut_off_it_goes_on_to_the_same_pseudonym() {
    // `CUTS=1` tries each write, which takes minutes.
    let stride = std::env::var("CUTS").ok().and_then(|stride| stride.parse().ok()).unwrap_or(5);
    for at in (0..).step_by(stride) {
        let fault = if at % 2 == 0 { Fault::ResetBeforeCommit } else { Fault::ResetAfterCommit };
        if cut(at, fault).await {
            assert!(at > 20, "it took more writes: {at}");
            break;
        }
    }
}
