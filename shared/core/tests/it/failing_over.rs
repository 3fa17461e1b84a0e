//! Whom a call goes to when an endpoint hangs, refuses it or asks for a pause; time passes by what the endpoints take of it.

use std::sync::Arc;
use std::time::Duration;

use doorward_model::{Reply, TargetFault};
use http::HeaderValue;
use http::header::RETRY_AFTER;

use crate::forwarding::{look, reply, told};
use crate::shop::{GOOD_ORDER, Shop};

const A: &str = "https://a.shop.example";
const B: &str = "https://b.shop.example";
const C: &str = "https://c.shop.example";
const BACKUP: &str = "https://backup.shop.example";

/// The shop, whose orders are at these primaries and a backup, with more of the target's keys. All have two seconds.
fn shop(primaries: &[&str], keys: &str) -> Shop {
    Shop::with(|config| {
        let primaries: String = primaries.iter().map(|url| format!("{{ url = \"{url}\" }}, ")).collect();
        let servers = format!("http = [{primaries}{{ url = \"{BACKUP}\", backup = true }}]\n{keys}");
        config
            .replace("lambda = \"orders\"", &servers)
            .replace("rate = \"5/s\", burst = 10", "rate = \"1000/s\"")
    })
}

/// From now on each endpoint answers after so many milliseconds, or hangs.
fn take(shop: &Shop, status: u16, times: fn(&str) -> Option<u64>) {
    let clock = Arc::clone(&shop.world.clock);
    shop.world.targets.respond_within(move |address, within| {
        let time = times(address).map(Duration::from_millis).filter(|time| *time < within);
        clock.advance(time.unwrap_or(within));
        time.map_or(Err(TargetFault::TimedOut), |_| reply(status))
    });
}

fn hanging(address: &str) -> Option<u64> {
    (address == BACKUP).then_some(600)
}

const HASTY: &str = "retry = { attempts = 2, budget = \"100%\", attempt_timeout = \"1500ms\" }";

#[tokio::test]
async fn a_backup_that_others_leave_too_little_time_is_not_left_alone() {
    let shop = shop(&[A], HASTY);
    take(&shop, 200, hanging);
    for n in 0..5 {
        assert_eq!(told(&shop, look(&shop, &format!("c{n}"))).await, (504, 2, Some("attempts")));
    }
    // From now on the backup has all of the time, and trials of the other leave it enough.
    let _ = shop.world.targets.went();
    for n in 0..100 {
        shop.world.clock.advance(Duration::from_millis(400));
        let (status, tries, why) = told(&shop, look(&shop, &format!("d{n}"))).await;
        assert_eq!((status, why), (200, None), "call {n} of {tries} tries");
    }
    let went = shop.world.targets.went();
    // After 10, 30 and 70 seconds.
    assert_eq!(went.iter().filter(|address| *address == A).count(), 3, "{went:?}");
    // Once it answers in its time, it is back.
    shop.world.clock.advance(Duration::from_secs(80));
    take(&shop, 200, |address| Some(if address == A { 1_000 } else { 600 }));
    for n in 0..5 {
        assert_eq!(told(&shop, look(&shop, &format!("e{n}"))).await, (200, 1, None));
    }
    assert_eq!(shop.world.targets.went(), [A; 5]);
}

#[tokio::test]
async fn a_trial_is_made_where_no_retry_is_paid_for_and_costs_none() {
    let shop =
        shop(&[A], "retry = { attempts = 1, budget = \"0%\" }\nhealth = { faults = 1, pause = \"10s\" }");
    take(&shop, 200, hanging);
    assert_eq!(told(&shop, look(&shop, "c1")).await, (504, 1, Some("attempts")));
    assert_eq!(told(&shop, look(&shop, "c2")).await, (200, 1, None));
    shop.world.clock.advance(Duration::from_secs(10));
    assert_eq!(told(&shop, look(&shop, "c3")).await, (200, 2, None));
    assert_eq!(shop.world.targets.went(), [A, BACKUP, A, BACKUP]);
}

#[tokio::test]
async fn what_cannot_be_repeated_tries_nobody_out_while_others_may() {
    let shop = shop(&[A], "health = { faults = 1, pause = \"10s\" }");
    take(&shop, 201, hanging);
    let order = |id: &str| shop.order(id, GOOD_ORDER);
    assert_eq!(told(&shop, order("c1")).await, (504, 1, Some("not-idempotent")));
    for n in 0..15 {
        shop.world.clock.advance(Duration::from_millis(600));
        assert_eq!(told(&shop, order(&format!("d{n}"))).await, (201, 1, None));
    }
    // Nobody else came for as long as the pause was.
    shop.world.clock.advance(Duration::from_secs(2));
    assert_eq!(told(&shop, order("e1")).await, (504, 1, Some("not-idempotent")));
    assert_eq!(shop.world.targets.within(), Duration::from_secs(2));
}

#[tokio::test]
async fn what_nobody_took_goes_to_every_endpoint_and_so_to_the_backup_from_the_first_call_on() {
    let refuse = || Err::<Reply, _>(TargetFault::Unreachable("refused".into()));
    for keys in ["", "retry = { attempts = 1, budget = \"0%\" }"] {
        let shop = shop(&[A, B, C], keys);
        shop.world.targets.respond_at(move |address| if address == BACKUP { reply(201) } else { refuse() });
        for n in 0..7 {
            let (status, _, why) = told(&shop, shop.order(&format!("c{n}"), GOOD_ORDER)).await;
            assert_eq!((status, why), (201, None), "call {n} with {keys:?}");
        }
        let went = shop.world.targets.went();
        assert_eq!(went.iter().filter(|address| *address == BACKUP).count(), 7, "{went:?}");
        assert_eq!(went.len(), 7 + 3 * 5, "three primaries are left alone after five faults");
    }
    let shop = shop(&[A, B, C], "health = false");
    shop.world.targets.respond(refuse);
    assert_eq!(told(&shop, shop.order("c1", GOOD_ORDER)).await, (503, 4, Some("attempts")));
    let mut went = shop.world.targets.went();
    assert_eq!(went.pop().as_deref(), Some(BACKUP));
    went.sort_unstable();
    assert_eq!(went, [A, B, C]);
}

#[tokio::test]
async fn what_may_have_been_carried_out_is_tried_as_often_as_it_may_be() {
    let shop = shop(&[A, B], "health = false\nbalance = \"round-robin\"");
    shop.world.targets.respond_at(|address| match address {
        BACKUP => reply(200),
        A => Err(TargetFault::Unreachable("refused".into())),
        _ => Err(TargetFault::Reset("cut".into())),
    });
    for n in 0..4 {
        let (status, tries, why) = told(&shop, look(&shop, &format!("c{n}"))).await;
        let went = shop.world.targets.went();
        match went[0].as_str() {
            // The reset was the last of two tries; the refusal goes on beyond them.
            A => assert_eq!((status, tries, why), (502, 2, Some("attempts"))),
            _ => assert_eq!(
                (status, tries, why, &*went),
                (200, 3, None, &[B, A, BACKUP].map(String::from)[..])
            ),
        }
    }
}

/// A 503, of which the orders' contract knows nothing: callers hear 502.
fn busy(until: &str) -> Result<Reply, TargetFault> {
    let mut answer = reply(503)?;
    answer.headers.insert(RETRY_AFTER, HeaderValue::from_str(until).unwrap());
    Ok(answer)
}

/// The shop with one server, or with two of the same kind.
fn servers(urls: &[&str]) -> Shop {
    Shop::with(|config| {
        let urls: Vec<_> = urls.iter().map(|url| format!("{{ url = \"{url}\" }}")).collect();
        let keys = "health = false\nretry = { attempts = 4, budget = \"100%\" }";
        config
            .replace("lambda = \"orders\"", &format!("http = [{}]\n{keys}", urls.join(", ")))
            .replace("rate = \"5/s\", burst = 10", "rate = \"1000/s\"")
    })
}

#[tokio::test]
async fn who_asks_for_a_pause_is_not_asked_again_before() {
    let shop = servers(&[A]);
    let date = "Fri, 31 Dec 9999 23:59:59 GMT";
    for (number, until) in ["2", "120", "99999999999999999999", date].into_iter().enumerate() {
        shop.world.targets.respond(move || busy(until));
        assert_eq!(told(&shop, look(&shop, &format!("c{number}"))).await, (502, 1, Some("retry-after")));
    }
    for (number, past) in ["0", "Sun, 06 Nov 1994 08:49:37 GMT", "soon"].into_iter().enumerate() {
        shop.world.targets.respond(move || busy(past));
        assert_eq!(told(&shop, look(&shop, &format!("d{number}"))).await, (502, 4, Some("attempts")));
    }
}

#[tokio::test]
async fn another_endpoint_is_asked_meanwhile() {
    let shop = servers(&[A, B]);
    shop.world.targets.respond_at(|address| if address == A { busy("120") } else { reply(200) });
    for n in 0..9 {
        assert_eq!(told(&shop, look(&shop, &format!("c{n}"))).await.0, 200);
    }
    shop.world.targets.respond_at(|address| if address == A { busy("120") } else { reply(503) });
    let _ = shop.world.targets.went();
    assert_eq!(told(&shop, look(&shop, "d1")).await, (502, 4, Some("attempts")));
    assert_eq!(shop.world.targets.went().iter().filter(|address| *address == A).count(), 1);
    shop.world.targets.respond(|| busy("120"));
    assert_eq!(told(&shop, look(&shop, "e1")).await, (502, 2, Some("retry-after")));
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_is_waited_for() {
    let shop = servers(&[A]);
    shop.world.clock.follow_tokio();
    let answers = std::sync::atomic::AtomicUsize::new(0);
    shop.world.targets.respond(move || match answers.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => busy("1"),
        _ => reply(200),
    });
    let begun = tokio::time::Instant::now();
    assert_eq!(told(&shop, look(&shop, "c1")).await, (200, 2, None));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn what_can_never_be_tried_again_has_all_of_the_time() {
    let shop = shop(&[A], "health = false\nretry = { attempt_timeout = \"300ms\" }");
    take(&shop, 201, |_| Some(1_300));
    assert_eq!(told(&shop, shop.order("c1", GOOD_ORDER)).await, (201, 1, None));
    assert_eq!(shop.world.targets.within(), Duration::from_secs(2));
    // The last try has what the others left.
    take(&shop, 200, |_| Some(1_300));
    assert_eq!(told(&shop, look(&shop, "c2")).await, (200, 2, None));
    assert_eq!(shop.world.targets.within(), Duration::from_millis(1_700));
}
