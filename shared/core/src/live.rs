use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;

use crate::bundle::Archive;
use crate::claim::{RESERVE, within};
use crate::door::Door;
use crate::ports::{BundleNews, Publications, StoreError};
use crate::publication::{Publication, PublicationFault};
use crate::rules::Rules;

/// A door that takes up newer bundles while it runs. A call is handed the door that is in force when it comes in, and
/// goes by that one to its end.
///
/// What is published is looked at from within a call, since a frozen sandbox runs nothing in between: by one call at a
/// time, once in `[door] refresh`.
pub struct LiveDoor(Arc<Inner>);

struct Inner {
    door: RwLock<Arc<Door>>,
    published: Option<Published>,
    /// Held for as long as a look takes, so that there is one at a time.
    memory: Arc<tokio::sync::Mutex<Memory>>,
}

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

struct Published {
    publications: Arc<dyn Publications>,
    lookup: Box<Lookup>,
}

/// What earlier looks found.
#[derive(Default)]
struct Memory {
    looked: Option<Timestamp>,
    /// Whether the last look got no answer.
    failed: bool,
    /// The newest publication that is in force here.
    taken: Option<Publication>,
    /// A refused one is reported once, and not fetched again.
    refused: Option<Publication>,
}

/// How long a call waits for a look; one that takes longer ends behind the calls that go on meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long a look waits for one answer of the table.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);
/// How many publications a new sandbox tries below one that is refused.
const MOST_EARLIER: usize = 8;
/// The pause after a look that got no answer; no `refresh` is shorter.
const RETRY: SignedDuration = SignedDuration::from_secs(1);

impl LiveDoor {
    /// A door that serves what it was built over, and looks nowhere.
    #[must_use]
    pub fn fixed(door: Door) -> Self {
        Self::new(door, None)
    }

    /// A door that takes up what is published; `lookup` gives the environment's overrides, which hold for newer bundles
    /// as well.
    #[must_use]
    pub fn following(
        door: Door,
        publications: Arc<dyn Publications>,
        lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(door, Some(Published { publications, lookup: Box::new(lookup) }))
    }

    fn new(door: Door, published: Option<Published>) -> Self {
        Self(Arc::new(Inner { door: RwLock::new(Arc::new(door)), published, memory: Arc::default() }))
    }

    /// The door that is in force.
    #[must_use]
    pub fn current(&self) -> Arc<Door> {
        self.0.current()
    }

    /// Does what the first call would wait for: looks for a newer bundle, and loads the issuers' keys.
    pub async fn prepare(&self) {
        let packaged = self.current();
        // What the store is asked for comes one after the other: DynamoDB speaks HTTP/1.1, and each connection that is opened
        // costs a handshake.
        let store = async {
            if let Some(look) = self.begin_look() {
                let _ = look.await;
            }
            packaged.load_switches().await;
            packaged.keep_plans().await;
        };
        tokio::join!(store, packaged.load_keys());
        let current = self.current();
        if !Arc::ptr_eq(&packaged, &current) {
            current.load_keys().await;
        }
    }

    /// Writes what waits to be written and hands back what is held of limits, before the sandbox ends. It takes no longer
    /// than the platform gives it then.
    pub async fn close(&self) {
        self.current().close().await;
    }

    /// The door for a call that the platform ends at `deadline`; a deadline in the past sets no end. When the last look
    /// is older than `[door] refresh`, this call looks first, for a second at most and never for longer than it has.
    pub async fn enter(&self, deadline: Timestamp) -> Arc<Door> {
        let current = self.current();
        if self.0.published.is_none() {
            return current;
        }
        let left = deadline.duration_since(current.ports.clock.now());
        let left = Duration::try_from(left).ok().filter(|left| !left.is_zero());
        let wait = left.map_or(LONGEST_WAIT, |left| left.saturating_sub(RESERVE).min(LONGEST_WAIT));
        if !wait.is_zero()
            && let Some(look) = self.begin_look()
        {
            let _ = tokio::time::timeout(wait, look).await;
        }
        self.current()
    }

    /// A look in a task of its own, which goes on when nobody waits for it: a large bundle would else be fetched in
    /// vain by one call after the other. `None` while there is another, or none is due.
    fn begin_look(&self) -> Option<JoinHandle<()>> {
        self.0.published.as_ref()?;
        let mut memory = Arc::clone(&self.0.memory).try_lock_owned().ok()?;
        let door = self.current();
        let now = door.ports.clock.now();
        if !memory.is_due(now, door.rules.config().door.refresh) {
            return None;
        }
        memory.looked = Some(now);
        let inner = Arc::clone(&self.0);
        Some(tokio::spawn(async move { inner.look(memory).await }))
    }
}

impl Memory {
    fn is_due(&self, now: Timestamp, refresh: Duration) -> bool {
        let refresh = SignedDuration::try_from(refresh).unwrap_or(SignedDuration::MAX);
        let pause = if self.failed { RETRY } else { refresh };
        self.looked.is_none_or(|looked| now.duration_since(looked).abs() >= pause)
    }
}

impl Inner {
    // A poisoned lock holds a whole door all the same.
    fn current(&self) -> Arc<Door> {
        Arc::clone(&self.door.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn look(self: Arc<Self>, mut memory: OwnedMutexGuard<Memory>) {
        let door = self.current();
        let held = door.rules.digest().to_owned();
        let found = self.newer(&memory, &door).await;
        memory.failed = found.is_err();
        let mut fallen_back = None;
        let news = match found {
            Ok(None) => return,
            Err(error) => BundleNews::Away { held, cause: error.to_string() },
            Ok(Some((publication, Err(fault)))) => {
                memory.refused = Some(publication.clone());
                if memory.taken.is_none() {
                    fallen_back = self.last_good(publication.sequence, &door).await;
                }
                BundleNews::Refused { publication, held, cause: fault.to_string() }
            }
            Ok(Some((publication, Ok(rules)))) => {
                let Some(news) = self.take(publication, rules, &door, &mut memory) else { return };
                news
            }
        };
        door.ports.journal.report(&news);
        if let Some((publication, rules)) = fallen_back
            && let Some(news) = self.take(publication, rules, &door, &mut memory)
        {
            door.ports.journal.report(&news);
        }
    }

    /// Puts a publication in force; nothing is to be told where the door goes by it already.
    fn take(
        &self,
        publication: Publication,
        rules: Option<Rules>,
        door: &Door,
        memory: &mut Memory,
    ) -> Option<BundleNews> {
        memory.taken = Some(publication.clone());
        let newer = Arc::new(door.renew(Arc::new(rules?)));
        let keeping = Arc::clone(&newer);
        // No call waits for it.
        tokio::spawn(async move { keeping.keep_plans().await });
        *self.door.write().unwrap_or_else(PoisonError::into_inner) = newer;
        Some(BundleNews::Taken { publication, before: door.rules.digest().to_owned() })
    }

    /// What the sandboxes go by that were here before the publication with this number was refused: the last one before it
    /// that opens. A new sandbox would else go by its package, which may be older than all of them.
    async fn last_good(self: &Arc<Self>, refused: u64, door: &Door) -> Option<(Publication, Option<Rules>)> {
        let publications = &self.published.as_ref()?.publications;
        for sequence in (1..refused).rev().take(MOST_EARLIER) {
            let found = within(Some(LONGEST_ANSWER), publications.numbered(sequence)).await.ok()?;
            let Some(publication) = found else { continue };
            if publication.digest == door.rules.digest() {
                return Some((publication, None));
            }
            let fetched = within(Some(LONGEST_ANSWER), publications.fetch(&publication)).await.ok()?;
            let Some(archive) = fetched else { continue };
            if let Ok(rules) = self.open(&publication, archive, door).await {
                return Some((publication, Some(rules)));
            }
        }
        None
    }

    /// The publication that this door has not seen yet, and what is made of it.
    async fn newer(self: &Arc<Self>, memory: &Memory, door: &Door) -> Result<Option<Newer>, StoreError> {
        let Some(Published { publications, .. }) = &self.published else { return Ok(None) };
        let Some(publication) = within(Some(LONGEST_ANSWER), publications.current()).await? else {
            return Ok(None);
        };
        if [&memory.taken, &memory.refused].into_iter().flatten().any(|seen| *seen == publication) {
            return Ok(None);
        }
        let opened = match fits(&publication, memory) {
            Err(fault) => Err(fault),
            Ok(()) if publication.digest == door.rules.digest() => Ok(None),
            Ok(()) => match within(Some(LONGEST_ANSWER), publications.fetch(&publication)).await? {
                None => Err(PublicationFault::Incomplete),
                Some(archive) => self.open(&publication, archive, door).await.map(Some),
            },
        };
        Ok(Some((publication, opened)))
    }

    /// Compiling takes long enough to keep other calls waiting, so it has a thread of its own.
    async fn open(
        self: &Arc<Self>,
        publication: &Publication,
        archive: Bytes,
        door: &Door,
    ) -> Result<Rules, PublicationFault> {
        let (inner, publication) = (Arc::clone(self), publication.clone());
        let opening = tokio::task::spawn_blocking(move || {
            let lookup = |name: &str| (inner.published.as_ref()?.lookup)(name);
            publication.open(&archive, lookup)
        });
        let rules = opening.await.map_err(|_| PublicationFault::Unchecked)??;
        // The ports are those of the running door's tables.
        let (own_config, its_config) = (door.rules.config(), rules.config());
        let (own, its) = (&own_config.door, &its_config.door);
        if own.name != its.name {
            return Err(PublicationFault::OtherDoor(its.name.clone()));
        }
        if own.table != its.table {
            return Err(PublicationFault::OtherTable(its.table.clone()));
        }
        // APIs keep answers as they were deployed to, and what was proven of the answers holds for that alone.
        if !own_config.authorizer.is_deployed_as(&its_config.authorizer) {
            return Err(PublicationFault::OtherAuthorizer);
        }
        Ok(rules)
    }
}

/// A publication, and what it holds: nothing where the door goes by that already.
type Newer = (Publication, Result<Option<Rules>, PublicationFault>);

/// Whether it may follow the one that is in force, as far as it says of itself.
fn fits(publication: &Publication, memory: &Memory) -> Result<(), PublicationFault> {
    match &memory.taken {
        Some(taken) if publication.sequence < taken.sequence => Err(PublicationFault::Older(taken.sequence)),
        Some(taken) if publication.sequence == taken.sequence => Err(PublicationFault::Renumbered),
        _ if publication.bytes > Archive::MAX_BYTES as u64 => {
            Err(PublicationFault::TooLarge(publication.bytes))
        }
        _ => Ok(()),
    }
}
