use std::sync::Arc;

use doorward_model::{Call, Inbound, Message, Outcome, Refusal, Reply};

use crate::health;
use crate::keys::KeyRing;
use crate::ports::{AnswerBound, Clock, Fetch, Journal, Ledger, LimitStore, Quarantine, Targets};
use crate::rules::Rules;
use crate::screen::Screen;

/// What the door stands on.
#[derive(Clone)]
#[expect(missing_docs, reason = "each port says what it is")]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub fetch: Arc<dyn Fetch>,
    pub limits: Arc<dyn LimitStore>,
    pub ledger: Arc<dyn Ledger>,
    pub quarantine: Arc<dyn Quarantine>,
    pub targets: Arc<dyn Targets>,
    pub answers: Arc<dyn AnswerBound>,
    pub journal: Arc<dyn Journal>,
}

/// The front door. Built once at start; it serves any number of calls at a time.
pub struct Door {
    pub(crate) rules: Arc<Rules>,
    pub(crate) ports: Ports,
    pub(crate) keys: KeyRing,
    pub(crate) screen: Screen,
}

/// What comes back to the front.
#[derive(Debug)]
pub enum Answer {
    /// The answer to an HTTP request.
    Http(Reply),
    /// The answer to the source of an event record.
    Event(EventAnswer),
}

/// What becomes of an event record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventAnswer {
    /// The source need not send it again.
    Done(Outcome),
    /// The source shall send it again; the text says why, for its log.
    Again(String),
}

/// What an authorizer answers.
#[derive(Debug)]
pub struct Admission {
    /// Everything that is known of the call.
    pub call: Call,
    /// `None` when the call may pass on to the dispatcher.
    pub refusal: Option<Refusal>,
}

impl Door {
    /// A door over `rules`. Call [`Door::prepare`] before the first call.
    #[must_use]
    pub fn new(rules: Arc<Rules>, ports: Ports) -> Self {
        let keys = KeyRing::new(&rules.config.issuers, &rules.jwks_files, rules.config.door.refresh);
        let screen = Screen::new(rules.config.door.screen_rate);
        Self { rules, ports, keys, screen }
    }

    /// What this door was built over.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Loads what the first call would wait for: the issuers' keys. An issuer that is away is asked again soon, by a
    /// call that needs it.
    pub async fn prepare(&self) {
        self.keys.load(self.ports.fetch.as_ref(), self.ports.clock.as_ref()).await;
    }

    /// Carries one call through the whole door: the outcome is recorded and answered whatever it is.
    pub async fn serve(&self, inbound: Inbound) -> Answer {
        let mut call = Call::begin(&inbound, self.ports.clock.now());
        if let Some(reply) = health::answer(&self.rules, &inbound) {
            return Answer::Http(reply);
        }
        let event = match &inbound.message {
            Message::Http(_) => None,
            Message::Event(record) => Some(record.clone()),
        };
        let outcome = self.run(inbound, &mut call).await;
        let outcome = self.record(outcome, event.as_ref(), &mut call).await;
        self.respond(outcome, event.is_some(), &mut call)
    }

    /// Decides for an authorizer, which sees no body: the pipeline up to the decision. A refusal of a known caller is
    /// recorded here; what passes is recorded by the dispatcher behind.
    pub async fn admit(&self, inbound: Inbound) -> Admission {
        let mut call = Call::begin(&inbound, self.ports.clock.now());
        let outcome = self.decide(inbound, &mut call).await;
        let refusal = self.record_admission(outcome, &mut call).await;
        Admission { call, refusal }
    }
}
