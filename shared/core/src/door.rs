use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use doorward_model::{Call, Inbound, Message, Outcome, Refusal, Reply};
use tokio::time::{Instant, timeout};

use crate::api_key::ApiKey;
use crate::authorizer_cache::{self, Reuse, Shared};
use crate::balance::Fleet;
use crate::batch::Batch;
use crate::claim::within;
use crate::closing::Closing;
use crate::keys::KeyRing;
use crate::known_keys::KnownKeys;
use crate::limit::Limiter;
use crate::pipeline::Told;
use crate::ports::{
    Aggregates, AnswerBound, ApiKeys, Clock, Decisions, EntityStore, Fetch, IdempotencyStore, Journal,
    Ledger, LimitStore, PlanKeeper, Quarantine, Secrets, Switches, Targets,
};
use crate::reserve::Tab;
use crate::respond::complete;
use crate::rules::Rules;
use crate::screen::Screen;
use crate::secrets::SecretRing;
use crate::switches::KnownSwitches;
use crate::unread;

/// What the door stands on.
#[derive(Clone)]
pub struct Ports {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Reads key sets.
    pub fetch: Arc<dyn Fetch>,
    /// API keys.
    pub api_keys: Arc<dyn ApiKeys>,
    /// Reads secrets; an authorizer, which needs none, has nobody to read them.
    pub secrets: Option<Arc<dyn Secrets>>,
    /// Rates and quotas.
    pub limits: Arc<dyn LimitStore>,
    /// What is switched off.
    pub switches: Arc<dyn Switches>,
    /// What was used.
    pub aggregates: Arc<dyn Aggregates>,
    /// Keeps what plans were; an authorizer, which is no place to say what calls cost, has nobody to keep them.
    pub plans: Option<Arc<dyn PlanKeeper>>,
    /// The record of every call.
    pub ledger: Arc<dyn Ledger>,
    /// Decisions, where they are recorded.
    pub decisions: Arc<dyn Decisions>,
    /// Keys that calls were given, and what came of them.
    pub idempotency: Arc<dyn IdempotencyStore>,
    /// Where refused events are kept.
    pub quarantine: Arc<dyn Quarantine>,
    /// What policies read of resources.
    pub entities: Arc<dyn EntityStore>,
    /// What calls are forwarded to.
    pub targets: Arc<dyn Targets>,
    /// What the front can carry back.
    pub answers: Arc<dyn AnswerBound>,
    /// One line per call.
    pub journal: Arc<dyn Journal>,
}

/// The front door over one bundle. Built once; it serves any number of calls at a time.
pub struct Door {
    pub(crate) rules: Arc<Rules>,
    pub(crate) ports: Ports,
    pub(crate) keys: KeyRing,
    pub(crate) known_keys: Arc<KnownKeys>,
    pub(crate) secrets: SecretRing,
    pub(crate) screen: Screen,
    /// Calls that are answered and not written yet.
    pub(crate) batch: Arc<Batch>,
    pub(crate) closing: Arc<Closing>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) switches: Arc<KnownSwitches>,
    pub(crate) fleet: Fleet,
    /// What this sandbox may still keep of events that nobody can read.
    pub(crate) unread: unread::SharedBound,
}

/// How long the ledger is waited for when the sandbox is told to end, of the 500 ms that it is given at most
/// (<https://github.com/aws-samples/graceful-shutdown-with-aws-lambda>): the log must have its own.
const CLOSING: Duration = Duration::from_millis(350);

/// What open streams have of that to end and to be recorded.
const ENDING_STREAMS: Duration = Duration::from_millis(150);

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
    /// Whether a gateway may keep an answer that says so, as it is configured to; where it may not, only an error will
    /// do, which it never keeps.
    pub may_keep: bool,
    /// What the answer says of all routes, where the gateway holds one against the requests for each of them.
    pub shared: Option<Shared>,
    /// The API key that a caller who may pass has shown, for the gateway's own usage plans; `None` unless `[authorizer]
    /// usage_identifier` is set.
    pub usage_key: Option<ApiKey>,
    /// What the gateway is to keep with the connection that is opened, so that its messages have a caller.
    pub connection: Option<String>,
}

impl Door {
    /// A door over `rules`. Call [`Door::prepare`] before the first call.
    #[must_use]
    pub fn new(rules: Arc<Rules>, ports: Ports) -> Self {
        let config = rules.config();
        let keys = KeyRing::new(&config.issuers, &rules.key_sets, config.door.refresh);
        let secrets = SecretRing::new(&config.webhooks, config.door.refresh);
        let screen = Screen::new(config.door.screen_rate);
        let (limiter, switches) = (Arc::new(Limiter::new(sandbox())), Arc::default());
        let (batch, closing) = (Arc::new(Batch::new(sandbox())), Arc::default());
        let fleet = Fleet::new(&config.targets);
        Self {
            rules,
            ports,
            keys,
            secrets,
            known_keys: Arc::default(),
            screen,
            limiter,
            switches,
            batch,
            closing,
            fleet,
            unread: Arc::default(),
        }
    }

    /// A door over newer `rules`, which stands on the same, keeps the keys of issuers that keep them where they were, the
    /// secrets that it still names, what it knows of API keys and of targets, and has not forgotten who floods.
    #[must_use]
    pub(crate) fn renew(&self, rules: Arc<Rules>) -> Self {
        let config = rules.config();
        let keys = self.keys.renew(&config.issuers, &rules.key_sets, config.door.refresh);
        let secrets = self.secrets.renew(&config.webhooks, config.door.refresh);
        let screen = self.screen.renew(config.door.screen_rate);
        let known_keys = Arc::clone(&self.known_keys);
        let (limiter, switches) = (Arc::clone(&self.limiter), Arc::clone(&self.switches));
        let (batch, closing) = (Arc::clone(&self.batch), Arc::clone(&self.closing));
        let fleet = self.fleet.renew(&config.targets);
        Self {
            rules,
            ports: self.ports.clone(),
            keys,
            secrets,
            known_keys,
            screen,
            limiter,
            switches,
            batch,
            closing,
            fleet,
            unread: Arc::clone(&self.unread),
        }
    }

    /// What this door was built over.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Loads what the first call would wait for: the keys of issuers and the secrets of webhooks that were not
    /// asked for yet. What is away is asked for again soon, by a call that needs it.
    pub async fn prepare(&self) {
        tokio::join!(self.load_keys(), self.load_switches());
    }

    pub(crate) async fn load_keys(&self) {
        let (fetch, clock) = (self.ports.fetch.as_ref(), self.ports.clock.as_ref());
        let secrets = async {
            if let Some(secrets) = &self.ports.secrets {
                self.secrets.load(secrets.as_ref(), clock).await;
            }
        };
        tokio::join!(self.keys.load(fetch, clock), secrets);
    }

    pub(crate) async fn load_switches(&self) {
        self.switches.load(self.ports.switches.as_ref(), self.ports.clock.as_ref()).await;
    }

    /// Has what its plans are kept, so that its calls are priced by it ever after.
    pub(crate) async fn keep_plans(&self) {
        if let Some(plans) = &self.ports.plans {
            plans.keep(&self.rules.config().plans).await;
        }
    }

    /// Carries one call through the whole door: the outcome is recorded and answered whatever it is.
    ///
    /// An answer that passes on while it comes in is recorded at its end, by a task that its body waits for.
    pub async fn serve(self: &Arc<Self>, inbound: Inbound) -> Answer {
        let mut answer = self.answer(&inbound).await;
        if let Answer::Http(reply) = &mut answer {
            self.tell_browsers(&inbound, &mut reply.headers);
        }
        answer
    }

    async fn answer(self: &Arc<Self>, inbound: &Inbound) -> Answer {
        let mut call = self.begin(inbound);
        if let Some(reply) = self.health(inbound, &mut call) {
            return Answer::Http(reply);
        }
        if let Some(reply) = self.preflight(inbound, &mut call) {
            return Answer::Http(reply);
        }
        if let Some(reply) = self.handshake(inbound, &mut call) {
            return Answer::Http(reply);
        }
        if let Some(reply) = self.openapi(inbound, &mut call).await {
            return Answer::Http(reply);
        }
        if let Some(reply) = self.own_usage(inbound, &mut call).await {
            return Answer::Http(reply);
        }
        if let Some(reply) = self.cloud_events(inbound, &mut call).await {
            return Answer::Http(reply);
        }
        let event = match &inbound.message {
            Message::Http(_) => None,
            Message::Event(record) => Some(record),
        };
        let mut tab = Tab::default();
        let outcome = match self.run(inbound, &mut tab, &mut call).await {
            Ok(answered) if answered.is_stream() => {
                let mut answered = answered;
                complete(&mut answered.reply_mut().headers, &call);
                return Answer::Http(self.pass_on(answered, tab, call));
            }
            outcome => outcome,
        };
        let outcome = self.record(outcome, event, tab, &mut call).await;
        self.respond(outcome, event.is_none().then_some(inbound), &mut call)
    }

    /// Hands back what this sandbox holds of limits, before it ends. What cannot be handed back in time is lost to the
    /// limits, and never given twice.
    ///
    /// Streams that are open end as ones that are broken off, and are recorded as that. Calls that wait to be written are
    /// written then, or to the log where the ledger does not take them.
    pub async fn close(&self) {
        let begun = Instant::now();
        // One that cannot be recorded in this time stays in the ledger as a call that began.
        let _ = timeout(ENDING_STREAMS, self.closing.end_streams()).await;
        let left = CLOSING.saturating_sub(begun.elapsed());
        let limits = self.limiter.close(self.ports.limits.as_ref(), self.ports.clock.now());
        let limits = within(Some(left), async {
            limits.await;
            Ok(())
        });
        let _ = tokio::join!(self.write_batch(left), limits);
    }

    pub(crate) fn begin(&self, inbound: &Inbound) -> Call {
        let mut call = Call::begin(inbound, self.ports.clock.now());
        call.bundle = Some(self.rules.short_digest().to_owned());
        call
    }

    /// Decides for an authorizer, which sees no body: the pipeline up to the decision. A refusal of a known caller is
    /// recorded here; what passes is recorded by the dispatcher behind, or here where there is none.
    pub async fn admit(&self, mut inbound: Inbound) -> Admission {
        let config = self.rules.config();
        let reuse = match &mut inbound.message {
            Message::Http(request) if request.socket.is_none() => {
                if self.rules.reuse != Reuse::Never {
                    authorizer_cache::narrow(request, config);
                }
                self.rules.reuse
            }
            _ => Reuse::Never,
        };
        let mut call = self.begin(&inbound);
        let mut told = Told::default();
        let outcome = self.decide(&inbound, &mut told, &mut call).await;
        let (outcome, shared) = self.share(reuse, &inbound, outcome).await;
        if let (true, Some(shared)) = (config.authorizer.alone, &shared) {
            // The answer opens routes, whatever it says of the one that is asked for.
            call.caller = call.caller.or_else(|| shared.caller.clone());
        }
        let opens = outcome.is_ok() || shared.as_ref().is_some_and(|shared| !shared.routes.is_empty());
        let refusal = self.record_admission(outcome, opens, &mut call).await;
        let shared = shared.filter(|_| refusal.as_ref().is_none_or(|refusal| reuse.may_keep(refusal)));
        let may_keep = refusal.as_ref().is_none_or(|refusal| reuse.may_keep(refusal));
        let Told { usage_key, connection } = if refusal.is_none() { told } else { Told::default() };
        Admission { call, refusal, may_keep, shared, usage_key, connection }
    }
}

/// What tells this sandbox from all others: eight random bytes.
fn sandbox() -> String {
    // The standard library's hashers are seeded by the system's own randomness.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
