use serde_json::Value;

use super::check::Ran;
use super::kind::Kind;
use super::run::Seen;
use super::traffic::Delivery;
use crate::fleet::Fleet;
use crate::fleet::requests::calls_of;
use crate::fleet::runtime_api::Answer;

impl Seen {
    /// What comes again ran once however often it came, and has one row.
    pub(super) async fn check_deliveries(&self, fleet: &Fleet, ran: &mut Ran) {
        for (delivery, answer) in &self.last {
            match delivery.kind {
                Kind::Webhook => self.check_webhook(fleet, delivery, answer, ran).await,
                _ => self.check_records(fleet, delivery, answer, ran).await,
            }
        }
    }

    /// How many events and deliveries of webhooks there were, each of which came several times.
    pub(super) fn events(&self) -> u64 {
        self.last.iter().map(|(delivery, _)| delivery.subjects.len().max(1) as u64).sum()
    }

    async fn check_webhook(&self, fleet: &Fleet, delivery: &Delivery, answer: &Answer, ran: &mut Ran) {
        let Answer::Returned(reply) = answer else { panic!("{}: {answer:?}", self.run) };
        let call =
            reply["headers"]["x-request-id"].as_str().unwrap_or_else(|| panic!("{}: {reply}", self.run));
        assert!(call.starts_with("webhook-"), "{}: {reply}", self.run);
        let row = self.check_claimed(fleet, delivery, call, call, ran).await;
        let admitted = row["outcome"]["S"] == "admitted";
        assert!(
            matches!((answer.status(), admitted), (Some(201), true) | (Some(409), _)),
            "{}: {reply} for {row}",
            self.run
        );
    }

    async fn check_records(&self, fleet: &Fleet, delivery: &Delivery, answer: &Answer, ran: &mut Ran) {
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
            let row = self.check_claimed(fleet, delivery, &call, subject, ran).await;
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
        ran: &mut Ran,
    ) -> Value {
        let (row, runs) = (fleet.row(call).await, fleet.targets.runs(subject));
        let attempts: usize = row["attempt"]["N"].as_str().and_then(|count| count.parse().ok()).unwrap_or(0);
        assert!(runs.succeeded <= 1, "{}: {subject}: {runs:?}", self.run);
        assert!(runs.succeeded + runs.failed <= attempts, "{}: {subject}: {runs:?} for {row}", self.run);
        match row["outcome"]["S"].as_str() {
            Some("admitted") => {
                assert_eq!(runs.succeeded, 1, "{}: {subject}: {row}", self.run);
            }
            Some("unresolved") => assert!(self.lost(delivery), "{}: {subject}: {row}", self.run),
            _ => panic!("{}: {subject}: {runs:?} for {row}", self.run),
        }
        ran.add(delivery.kind, runs.succeeded + runs.failed);
        row
    }
}
