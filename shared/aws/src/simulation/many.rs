//! One caller at 5,000 calls a second over 250 sandboxes.

use std::time::Duration;

use super::items::Network;
use super::sandbox::{Ground, Sandbox};
use super::{config, start, still};

const SANDBOXES: usize = 250;
/// Calls of one sandbox in a second: one at a time, of 50 milliseconds each.
const PACE: u64 = 20;
const SECONDS: usize = 8;
/// What a partition of DynamoDB takes in a second, in write units.
const PARTITION: u64 = 1_000;

/// Write units of each second, and how many calls were let in.
fn run(limits: &str) -> (Vec<u64>, Vec<u64>) {
    let runtime = still();
    let _entered = runtime.enter();
    let ground = Ground::new(&config(1, limits), start());
    let network = Network::new(1, 0);
    let sandboxes: Vec<Sandbox> = (0..SANDBOXES).map(|_| ground.sandbox(&network, start())).collect();
    let (mut units, mut admitted, mut calls) = (Vec::new(), Vec::new(), 0);
    for _ in 0..SECONDS {
        let before = network.state().write_units;
        let mut let_in = 0;
        for _ in 0..PACE {
            for (at, sandbox) in sandboxes.iter().enumerate() {
                // Spread over the 50 milliseconds, as calls come.
                calls += 1;
                let mut flight = sandbox.call(at, 1, calls);
                let status = loop {
                    if let Some(status) = flight.step() {
                        break status;
                    }
                };
                let_in += u64::from(status == 200);
                for sandbox in &sandboxes {
                    sandbox.advance(Duration::from_micros(50_000 / SANDBOXES as u64));
                }
            }
        }
        units.push(network.state().write_units - before);
        admitted.push(let_in);
    }
    (units, admitted)
}

#[test]
fn a_caller_of_5000_calls_a_second_does_not_fill_a_partition() {
    let (units, admitted) = run(
        r#"{ quota = "1000000/hour", by = "source-ip", mode = "leased", name = "q" }, { rate = "10000/s", by = "source-ip", mode = "leased", name = "r" }"#,
    );
    println!("under the limit: write units a second {units:?}, calls let in {admitted:?}");
    assert!(admitted.iter().all(|count| *count == 5_000), "{admitted:?}");
    assert!(units.iter().all(|count| *count < PARTITION), "{units:?}");
}

#[test]
fn of_a_quota_alone_it_takes_fifty_blocks_a_second() {
    let (units, admitted) =
        run(r#"{ quota = "1000000/hour", by = "source-ip", mode = "leased", name = "q" }"#);
    println!("a quota: write units a second {units:?}, calls let in {admitted:?}");
    assert!(admitted.iter().all(|count| *count == 5_000), "{admitted:?}");
    assert!(units.iter().all(|count| *count < PARTITION), "{units:?}");
    let steady: u64 = units.iter().skip(SECONDS / 2).sum();
    assert!(steady <= 60 * (SECONDS / 2) as u64, "{units:?}");
}

#[test]
fn nor_does_one_who_wants_more_than_the_rate_gives() {
    let (units, admitted) =
        run(r#"{ rate = "2000/s", burst = 2000, by = "source-ip", mode = "leased", name = "r" }"#);
    println!("over the limit: write units a second {units:?}, calls let in {admitted:?}");
    // In the first one all sandboxes begin at once, and find out how much there is; a partition bridges that.
    assert!(units.iter().skip(1).all(|count| *count < PARTITION), "{units:?}");
    assert!(units.iter().take(1).all(|count| *count < 6 * SANDBOXES as u64), "{units:?}");
    let all: u64 = admitted.iter().sum();
    assert!(all <= 2_000 * (SECONDS as u64 + 1), "{admitted:?}");
    assert!(all >= 2_000 * SECONDS as u64 * 3 / 4, "{admitted:?}: the limit is made use of");
}
