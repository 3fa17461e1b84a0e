//! A quota that goes to sandboxes in blocks, of which one is killed.

use std::time::Duration;

use doorward_testkit::fault_proxy::{Operation, Step};

use super::kind::Kind;
use super::point::{Place, Point, gives_back};
use super::run::TIMEOUT;
use super::traffic::Traffic;
use crate::fleet::Fleet;
use crate::fleet::process::Process;
use crate::fleet::runtime_api::Answer;

/// How long a sandbox spends a block: what it holds then is lost, however slow the machine was.
const BLOCK_LIVES: Duration = Duration::from_secs(9);
/// How many calls are made before a sandbox holds units beyond them: a block is what it spent in the second before.
const MOST_CALLS: usize = 100;

/// What came of the quota.
pub(super) struct Leased {
    /// Of the process that was killed: how much it was given, less what it gave back, and how much of it ran.
    given: u64,
    ran: u64,
    /// The last block that it was given; `None` where what it held before may have grown old.
    block: Option<u64>,
}

/// Has the process hold units that it did not spend.
pub(super) async fn hold_units(
    run: &str,
    traffic: &mut Traffic,
    answers: &mut Vec<Answer>,
    fleet: &Fleet,
    victim: &Process,
) {
    for more in 0..MOST_CALLS {
        if fleet.given(&traffic.holders[&Kind::Leased].name).await > ran(traffic, fleet) {
            return;
        }
        let one = traffic.more(Kind::Leased, &format!("{run}-more-{more}"));
        answers.push(victim.invoke(&one.id, &one.event, TIMEOUT).await);
        traffic.deliveries.push(one);
    }
    panic!("{run}: every block is spent at once");
}

/// How many calls of the process ran, one unit each.
fn ran(traffic: &Traffic, fleet: &Fleet) -> u64 {
    let leased = traffic.deliveries.iter().filter(|one| one.kind == Kind::Leased);
    leased.map(|one| fleet.targets.runs(&one.id).succeeded as u64).sum()
}

impl Leased {
    /// What the process left of its quota is there for the other one, to the last unit.
    pub(super) async fn drain(
        run: &str,
        traffic: &Traffic,
        asked: &[Operation],
        lived: Duration,
        fleet: &Fleet,
        survivor: &Process,
    ) -> Option<Self> {
        if !traffic.has(Kind::Leased) {
            return None;
        }
        let (holder, quota) = (&traffic.holders[&Kind::Leased], traffic.leased);
        let (given, ran) = (fleet.given(&holder.name).await, ran(traffic, fleet));
        assert!(given <= quota, "{run}: {given} of {quota}");
        let path = Kind::Leased.path().unwrap();
        let rest = quota - given;
        if rest > 0 {
            let id = format!("{run}-rest");
            let answer =
                survivor.invoke(&id, &holder.post_bytes(path, usize::try_from(rest).unwrap()), TIMEOUT).await;
            assert_eq!(answer.status(), Some(201), "{run}: {rest} of {quota} are left: {answer:?}");
            assert_eq!(fleet.recorded(&id).await.unwrap().units, rest, "{run}");
        }
        let answer = survivor.invoke(&format!("{run}-beyond"), &holder.post(path), TIMEOUT).await;
        assert_eq!(answer.status(), Some(429), "{run}: nothing is left: {answer:?}");
        assert_eq!(fleet.given(&holder.name).await, quota, "{run}");
        let is_block = |one: &&Operation| {
            let owner = &one.asked.body["Key"]["owner"]["S"];
            one.status == Some(200)
                && *owner == format!("caller#{}", holder.name)
                && !gives_back(&one.asked.body)
        };
        let block = asked.iter().rfind(is_block).map_or(0, |one| {
            let by = one.asked.body["ExpressionAttributeValues"][":by0"]["N"].as_str();
            by.unwrap().parse().unwrap()
        });
        Some(Self { given, ran, block: (lived < BLOCK_LIVES).then_some(block) })
    }

    /// Nothing ran that was not given, and what was given in vain is at most the block and the calls that were cut off;
    /// where the block was handed in, nothing.
    pub(super) fn check(&self, point: Point, lost: u64, run: &str) {
        let Self { given, ran, block } = *self;
        assert!(ran <= given, "{run}: {ran} of {given}");
        let in_vain = given - ran;
        let Some(block) = block else { return };
        let expected = match (point.place, point.step) {
            (Place::HandIn, Step::Asked) => 1..=block,
            (Place::HandIn, _) => 0..=0,
            _ => 0..=block + lost,
        };
        assert!(expected.contains(&in_vain), "{run}: {ran} of {given}, with a block of {block}");
    }
}
