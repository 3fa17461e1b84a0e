use serde_json::Value;

use super::point::Kind;
use super::run::Seen;
use super::traffic::Delivery;
use crate::fleet::Fleet;
use crate::fleet::requests::calls_of;
use crate::fleet::runtime_api::Answer;

/// What the calls of one caller came to.
#[derive(Default)]
struct Sums {
    admitted: u64,
    /// How often a target ran.
    runs: u64,
}

impl Seen {
    /// Holds the ledger, the quarantine, the quotas and the targets against what was answered.
    pub(super) async fn check(&self, fleet: &Fleet) {
        let [plain, intents] = self.check_http(fleet).await;
        let (mut webhooks, mut uploads) = (Sums::default(), Sums::default());
        for (delivery, answer) in &self.last {
            match delivery.kind {
                Kind::Webhook => self.check_webhook(fleet, delivery, answer, &mut webhooks).await,
                _ => self.check_records(fleet, delivery, answer, &mut uploads).await,
            }
        }
        let lost = [Kind::Plain, Kind::Intent, Kind::Webhook, Kind::Upload].map(|kind| self.lost_of(kind));
        for ((sums, given), lost) in [plain, intents, webhooks, uploads].iter().zip(self.given).zip(lost) {
            // No run without a permit, and no permit wasted but by calls that were cut off.
            assert!(
                sums.runs <= given && given <= sums.runs + lost,
                "{}: {given} of {}",
                self.run,
                sums.runs
            );
            assert!(sums.admitted <= sums.runs, "{}: {} of {}", self.run, sums.admitted, sums.runs);
        }
    }

    /// A caller's call is answered as admitted only when its row says so; no other is admitted but one that was cut off
    /// between its record and its answer. Where intents are recorded, what ran has a row whatever happened.
    async fn check_http(&self, fleet: &Fleet) -> [Sums; 2] {
        let mut sums = [Sums::default(), Sums::default()];
        for (delivery, answer) in self.traffic.deliveries.iter().zip(&self.answers) {
            let (expected, status) = match delivery.kind {
                Kind::Plain | Kind::Intent => ("admitted", 201),
                Kind::Throttled => ("throttled", 429),
                _ => continue,
            };
            let is_intent = delivery.kind == Kind::Intent;
            let row = fleet.row(&delivery.id).await;
            let runs = fleet.targets.runs(&delivery.id);
            let outcome = row["outcome"]["S"].as_str();
            match answer {
                Answer::Returned(_) => {
                    assert_eq!(
                        (outcome, answer.status()),
                        (Some(expected), Some(status)),
                        "{}: {row}",
                        self.run
                    );
                }
                Answer::Lost => {
                    let open = is_intent && outcome == Some("unresolved");
                    assert!(row.is_null() || open || outcome == Some(expected), "{}: {row}", self.run);
                }
                Answer::Failed(error) => panic!("{}: {error}", self.run),
            }
            let admitted = usize::from(outcome == Some("admitted"));
            assert!(admitted <= runs.succeeded && runs.succeeded <= 1, "{}: {runs:?} for {row}", self.run);
            assert!(!is_intent || runs.succeeded == 0 || !row.is_null(), "{}: {}", self.run, delivery.id);
            let sums = &mut sums[usize::from(is_intent)];
            sums.admitted += admitted as u64;
            sums.runs += runs.succeeded as u64;
        }
        sums
    }

    async fn check_webhook(&self, fleet: &Fleet, delivery: &Delivery, answer: &Answer, sums: &mut Sums) {
        let Answer::Returned(reply) = answer else { panic!("{}: {answer:?}", self.run) };
        let call =
            reply["headers"]["x-request-id"].as_str().unwrap_or_else(|| panic!("{}: {reply}", self.run));
        assert!(call.starts_with("webhook-"), "{}: {reply}", self.run);
        let row = self.check_claimed(fleet, delivery, call, call, sums).await;
        let admitted = row["outcome"]["S"] == "admitted";
        assert!(
            matches!((answer.status(), admitted), (Some(201), true) | (Some(409), _)),
            "{}: {reply} for {row}",
            self.run
        );
    }

    async fn check_records(&self, fleet: &Fleet, delivery: &Delivery, answer: &Answer, sums: &mut Sums) {
        let mut open = false;
        for (subject, call) in delivery.subjects.iter().zip(calls_of(&delivery.event)) {
            let kept = !fleet.state("quarantine", &call).await.is_null();
            if delivery.kind == Kind::Denied {
                let row = fleet.row(&call).await;
                let runs = fleet.targets.runs(subject);
                assert_eq!(
                    (row["outcome"]["S"].as_str(), kept),
                    (Some("denied"), true),
                    "{}: {row}",
                    self.run
                );
                assert_eq!(runs.succeeded + runs.failed, 0, "{}: {subject}", self.run);
                continue;
            }
            let row = self.check_claimed(fleet, delivery, &call, subject, sums).await;
            let unresolved = row["outcome"]["S"] == "unresolved";
            open |= unresolved;
            // The platform's own retry found it lost, and kept it for somebody to look at.
            assert_eq!(kept, unresolved, "{}: {subject}: {row}", self.run);
        }
        match answer {
            Answer::Returned(value) => assert!(value.is_null() && !open, "{}: {value}", self.run),
            answer => assert!(open, "{}: {answer:?}", self.run),
        }
    }

    /// What was claimed ran at most once a claim and succeeded at most once; it has one row, which says how it ended, or
    /// that this is not known, because it was cut off.
    async fn check_claimed(
        &self,
        fleet: &Fleet,
        delivery: &Delivery,
        call: &str,
        subject: &str,
        sums: &mut Sums,
    ) -> Value {
        let (row, runs) = (fleet.row(call).await, fleet.targets.runs(subject));
        let attempts: usize = row["attempt"]["N"].as_str().and_then(|count| count.parse().ok()).unwrap_or(0);
        assert!(runs.succeeded <= 1, "{}: {subject}: {runs:?}", self.run);
        assert!(runs.succeeded + runs.failed <= attempts, "{}: {subject}: {runs:?} for {row}", self.run);
        match row["outcome"]["S"].as_str() {
            Some("admitted") => {
                assert_eq!(runs.succeeded, 1, "{}: {subject}: {row}", self.run);
                sums.admitted += 1;
            }
            Some("unresolved") => assert!(self.lost(delivery), "{}: {subject}: {row}", self.run),
            _ => panic!("{}: {subject}: {runs:?} for {row}", self.run),
        }
        sums.runs += (runs.succeeded + runs.failed) as u64;
        row
    }
}
