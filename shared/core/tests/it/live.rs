use std::sync::Arc;
use std::time::Duration;

use doorward_core::ports::BundleNews;
use doorward_core::{Answer, Archive, Bundle, Door, LiveDoor, Publication, Rules};
use doorward_model::{Call, Inbound, Outcome};
use doorward_testkit::{MemoryPublications, http, s3};
use http::Method;

use crate::archive::{Parts, gzip, packed};
use crate::shop::{self, GOOD_ORDER, JWKS, Shop};

/// The shop's door while bundles are published.
struct Live {
    shop: Shop,
    publications: Arc<MemoryPublications>,
    door: LiveDoor,
}

/// Closes what the shop's own policies allow.
const CLOSED: (&str, &str) = (
    "closed.cedar",
    r#"@id("orders-are-closed") forbid (principal, action == Action::"createOrder", resource);"#,
);

/// The shop with its configuration changed.
fn changed(found: &str, replacement: &str) -> Bundle {
    let mut bundle = shop::bundle(&[]);
    assert!(bundle.config.1.contains(found), "{found}");
    bundle.config.1 = bundle.config.1.replace(found, replacement);
    bundle
}

impl Live {
    fn new() -> Self {
        Self::with(|_| None)
    }

    fn with(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let shop = Shop::new();
        let rules = Rules::compile(&shop::bundle(&[]), &lookup).unwrap();
        let publications = Arc::new(MemoryPublications::default());
        let door = Door::new(Arc::new(rules), shop.world.ports.clone());
        let door = LiveDoor::following(door, publications.clone(), lookup);
        Self { shop, publications, door }
    }

    /// What `archive` would be published as.
    fn publication(&self, sequence: u64, archive: &[u8]) -> Publication {
        let digest = Archive::read(archive).map(|archive| archive.digest().to_owned());
        Publication::of(sequence, &digest.unwrap_or_default(), archive, self.shop.world.now())
    }

    fn publish(&self, sequence: u64, archive: &[u8]) -> Publication {
        let publication = self.publication(sequence, archive);
        self.publications.keep(&publication, archive);
        self.publications.point_at(publication.clone());
        publication
    }

    /// Makes what is known of publications as old as it may be.
    fn wait(&self) {
        self.shop.world.clock.advance(self.door.current().rules().config().door.refresh);
    }

    async fn ask(&self, inbound: Inbound) -> u16 {
        match self.door.enter(inbound.deadline).await.serve(inbound).await {
            Answer::Http(reply) => reply.status.as_u16(),
            Answer::Event(answer) => panic!("an event's answer: {answer:?}"),
        }
    }

    async fn order(&self) -> u16 {
        self.ask(self.shop.order("c", GOOD_ORDER)).await
    }

    fn last_line(&self) -> Call {
        self.shop.last_line()
    }

    fn news(&self) -> Vec<BundleNews> {
        self.shop.world.lines.news()
    }

    fn looks(&self) -> (usize, usize) {
        (self.publications.looks.calls(), self.publications.fetches.calls())
    }
}

#[tokio::test]
async fn the_table_is_looked_at_once_in_the_refresh_interval() {
    let live = Live::new();
    live.door.prepare().await;
    for _ in 0..5 {
        assert_eq!(live.order().await, 201);
    }
    assert_eq!(live.looks(), (1, 0), "at start");
    live.shop
        .world
        .clock
        .advance(live.door.current().rules().config().door.refresh - Duration::from_micros(1));
    assert_eq!((live.order().await, live.looks()), (201, (1, 0)));
    live.shop.world.clock.advance(Duration::from_micros(1));
    for _ in 0..5 {
        assert_eq!(live.order().await, 201);
    }
    assert_eq!(live.looks(), (2, 0), "by the first of them");
    assert_eq!(live.news(), []);
}

#[tokio::test]
async fn calls_go_by_a_newer_bundle_within_the_refresh_interval() {
    let live = Live::new();
    live.door.prepare().await;
    assert_eq!(live.order().await, 201);
    let before = shop::digest(&shop::bundle(&[]));
    assert_eq!(live.last_line().bundle.as_deref(), Some(&before[..12]));
    let publication = live.publish(1, &packed(&shop::bundle(&[CLOSED])));
    assert_eq!(live.order().await, 201, "not looked at yet");
    live.wait();
    assert_eq!(live.order().await, 403, "by the very call that looked");
    let line = live.last_line();
    assert_eq!(line.bundle.as_deref(), Some(&publication.digest[..12]));
    assert_eq!(line.decision.unwrap().policies, ["orders-are-closed"]);
    assert_eq!(live.news(), [BundleNews::Taken { publication, before }]);
    live.wait();
    assert_eq!((live.order().await, live.looks()), (403, (3, 1)), "fetched once");
    assert_eq!(live.news(), []);
}

#[tokio::test]
async fn what_is_published_already_holds_from_the_first_call_on() {
    let live = Live::new();
    let publication = live.publish(7, &packed(&shop::bundle(&[CLOSED])));
    live.door.prepare().await;
    assert_eq!(live.door.current().rules().digest(), publication.digest);
    assert_eq!(live.order().await, 403);
}

#[tokio::test]
async fn an_earlier_bundle_published_anew_rolls_back() {
    let live = Live::new();
    let (open, closed) = (packed(&shop::bundle(&[])), packed(&shop::bundle(&[CLOSED])));
    for (sequence, archive, status) in
        [(1, &open, 201), (2, &closed, 403), (3, &open, 201), (9, &closed, 403)]
    {
        live.publish(sequence, archive);
        live.wait();
        assert_eq!(live.order().await, status, "{sequence}");
    }
    assert_eq!(live.looks(), (4, 3), "what is in force already is not fetched");
}

/// Publishes what `break_it` makes of a good publication and its archive: it is refused for this cause, once, and what
/// was in force stays until something better comes.
async fn check(break_it: impl FnOnce(&Live, &mut Publication, &mut Vec<u8>), expected: &str) {
    let live = Live::new();
    live.publish(3, &packed(&shop::bundle(&[("more.cedar", "// nothing")])));
    live.door.prepare().await;
    let held = live.door.current().rules().digest().to_owned();
    live.news();

    let mut archive = packed(&shop::bundle(&[CLOSED]));
    let mut publication = live.publication(4, &archive);
    break_it(&live, &mut publication, &mut archive);
    live.publications.keep(&publication, &archive);
    live.publications.point_at(publication.clone());
    live.wait();
    assert_eq!(live.order().await, 201);
    match live.news().as_slice() {
        [BundleNews::Refused { publication: refused, held: stays, cause }] => {
            assert_eq!((refused, stays), (&publication, &held));
            assert!(!cause.contains('\n'), "{cause}");
            assert_eq!(cause, expected);
        }
        other => panic!("{other:?}"),
    }
    let (_, fetched) = live.looks();
    live.wait();
    assert_eq!((live.order().await, live.news()), (201, Vec::new()), "reported once");
    assert_eq!(live.looks().1, fetched, "and not fetched again");
    assert_eq!(live.door.current().rules().digest(), held);

    live.publish(5, &packed(&shop::bundle(&[CLOSED])));
    live.wait();
    assert_eq!(live.order().await, 403, "until something better comes");
}

/// The same, with the parts of the archive changed, and listed and published as they are then.
async fn check_parts(change: impl FnOnce(&mut Parts), expected: &str) {
    let forge = |live: &Live, publication: &mut Publication, archive: &mut Vec<u8>| {
        let mut parts = Parts::of(archive);
        change(&mut parts);
        parts.list();
        *archive = gzip(&parts.tar());
        *publication = live.publication(4, archive);
    };
    check(forge, expected).await;
}

#[tokio::test]
async fn a_publication_that_does_not_follow_is_refused() {
    let older = |_: &Live, publication: &mut Publication, _: &mut Vec<u8>| publication.sequence = 2;
    check(older, "number 3 was taken up before, and is newer").await;
    let again = |_: &Live, publication: &mut Publication, _: &mut Vec<u8>| publication.sequence = 3;
    check(again, "another bundle was published under its number").await;
}

#[tokio::test]
async fn an_archive_that_is_not_the_published_one_is_refused() {
    let cut_off = |_: &Live, _: &mut Publication, archive: &mut Vec<u8>| archive.truncate(archive.len() / 2);
    let changed = "its archive is not the one that was published: the SHA-256 differs";
    check(cut_off, changed).await;
    let flipped = |_: &Live, _: &mut Publication, archive: &mut Vec<u8>| archive[20] ^= 1;
    check(flipped, changed).await;
    let other =
        |_: &Live, publication: &mut Publication, _: &mut Vec<u8>| publication.digest = "0".repeat(64);
    let digest = shop::digest(&shop::bundle(&[CLOSED]));
    check(other, &format!("its archive holds another bundle, `{digest}`")).await;
}

#[tokio::test]
async fn an_archive_that_reads_less_deep_has_another_digest() {
    let honest = shop::digest(&shop::bundle(&[CLOSED]));
    let forge = |parts: &mut Parts| {
        let depth = if parts.depth() == 1 { 2 } else { 1 };
        parts.set_manifest("depth", depth.into());
    };
    let mut parts = Parts::of(&packed(&shop::bundle(&[CLOSED])));
    forge(&mut parts);
    parts.state();
    let forged = gzip(&parts.tar());
    let other = Archive::read(&forged).unwrap().digest().to_owned();
    let publish_as_honest = |live: &Live, publication: &mut Publication, archive: &mut Vec<u8>| {
        *archive = forged;
        *publication = Publication::of(4, &honest, archive, live.shop.world.now());
    };
    check(publish_as_honest, &format!("its archive holds another bundle, `{other}`")).await;
    let mut parts = Parts::of(&packed(&shop::bundle(&[CLOSED])));
    forge(&mut parts);
    let forged = gzip(&parts.tar());
    let state_the_honest = |live: &Live, publication: &mut Publication, archive: &mut Vec<u8>| {
        *archive = forged;
        *publication = Publication::of(4, &honest, archive, live.shop.world.now());
    };
    let said = format!(
        "its archive cannot be read: what it holds has the digest `{other}`, and its manifest says `{honest}`"
    );
    check(state_the_honest, &said).await;
}

#[tokio::test]
async fn an_archive_that_is_too_large_is_not_even_fetched() {
    let large = |_: &Live, publication: &mut Publication, _: &mut Vec<u8>| publication.bytes = u64::MAX;
    check(large, "its archive has 18446744073709551615 bytes, more than 16 MiB").await;
}

#[tokio::test]
async fn an_archive_that_cannot_be_trusted_is_refused() {
    let republish = |bytes: &'static [u8]| {
        move |live: &Live, publication: &mut Publication, archive: &mut Vec<u8>| {
            *archive = bytes.to_vec();
            *publication = live.publication(4, archive);
        }
    };
    check(republish(b"no archive"), "its archive cannot be read: it is not compressed by gzip").await;
    check(republish(b""), "its archive cannot be read: it is not compressed by gzip").await;
}

#[tokio::test]
async fn a_bundle_with_a_fault_is_refused_whole() {
    let with = |policy: &'static str, door: Option<&'static str>| {
        move |parts: &mut Parts| {
            *parts.text("policies/closed.cedar") = policy.as_bytes().to_vec();
            if let Some(door) = door {
                parts.set_manifest("door", door.into());
            }
            parts.state();
        }
    };
    let cut = "closed.cedar:1:9: unexpected end of input: expected `)` or identifier";
    check_parts(with("permit (", None), cut).await;
    let unsound = "permit (principal is User, action, resource) when { principal.rank == 1 };";
    let said = "closed.cedar:1:53: for policy `closed#1`, attribute `rank` on entity type `User` not found";
    check_parts(with(unsound, Some("0.0.1")), said).await;
    let many = "permit (x);\nforbid (y);";
    let first = "closed.cedar:1:9: found an invalid variable in the policy scope: x, and 5 more";
    check_parts(with(many, None), first).await;
}

#[tokio::test]
async fn the_bundle_of_another_door_is_refused() {
    let other = |bundle: Bundle| {
        move |live: &Live, publication: &mut Publication, archive: &mut Vec<u8>| {
            *archive = packed(&bundle);
            *publication = live.publication(4, archive);
        }
    };
    let name = changed("name = \"shop\"", "name = \"depot\"");
    check(other(name), "it is for the door `depot`").await;
    let table = changed("table = \"doorward\"", "table = \"elsewhere\"");
    check(other(table), "it keeps its state in the tables `elsewhere-…`").await;
}

#[tokio::test]
async fn a_bundle_whose_answers_apis_would_keep_otherwise_is_refused() {
    let said = "its `[authorizer]` is another one, which takes a deployment";
    let deployed = "answer = \"simple\"";
    for section in
        ["answer = \"iam-policy\"", "cache = \"60s\"", "identity_sources = [\"header.authorization\"]"]
    {
        let bundle = changed(deployed, section);
        let publish = move |live: &Live, publication: &mut Publication, archive: &mut Vec<u8>| {
            *archive = packed(&bundle);
            *publication = live.publication(4, archive);
        };
        check(publish, said).await;
    }
    let live = Live::new();
    let same = changed(deployed, "cache = \"0s\"\nusage_identifier = true");
    let publication = live.publish(1, &packed(&same));
    live.door.prepare().await;
    assert_eq!(live.door.current().rules().digest(), publication.digest);
}

#[tokio::test]
async fn a_part_that_is_missing_is_told_from_a_table_that_is_away() {
    let live = Live::new();
    live.door.prepare().await;
    let archive = packed(&shop::bundle(&[CLOSED]));
    let publication = live.publication(1, &archive);
    live.publications.point_at(publication.clone());
    live.publications.fetches.away(true);
    live.wait();
    assert_eq!(live.order().await, 201);
    let held = shop::digest(&shop::bundle(&[]));
    let away = BundleNews::Away { held: held.clone(), cause: "the store is away: switched off".to_owned() };
    assert_eq!(live.news(), [away]);
    live.publications.fetches.away(false);
    live.shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(live.order().await, 201);
    let cause = "a part of its archive is missing".to_owned();
    assert_eq!(live.news(), [BundleNews::Refused { publication, held, cause }]);
}

/// Sandboxes that were here before go by the last good one; so does a new one, whatever its package says.
#[tokio::test]
async fn a_new_sandbox_goes_by_the_last_publication_that_opens() {
    let live = Live::new();
    let good = live.publish(3, &packed(&shop::bundle(&[CLOSED])));
    let lost = live.publication(4, &packed(&shop::bundle(&[("more.cedar", "// lost")])));
    live.publications.point_at(lost);
    let broken = live.publication(5, b"no archive");
    live.publications.keep(&broken, b"no archive");
    live.publications.point_at(broken.clone());
    let packaged = live.door.current().rules().digest().to_owned();
    live.door.prepare().await;
    assert_eq!(live.order().await, 403);
    match live.news().as_slice() {
        [
            BundleNews::Refused { publication: refused, held, .. },
            BundleNews::Taken { publication: taken, before },
        ] => {
            assert_eq!((refused, taken), (&broken, &good));
            assert_eq!((held, before), (&packaged, &packaged));
        }
        other => panic!("{other:?}"),
    }
    live.publish(6, &packed(&shop::bundle(&[])));
    live.wait();
    assert_eq!(live.order().await, 201);
}

#[tokio::test]
async fn while_the_table_is_away_the_held_bundle_stays_and_it_is_asked_again_soon() {
    let live = Live::new();
    live.publications.looks.away(true);
    live.door.prepare().await;
    assert_eq!((live.order().await, live.looks().0), (201, 1), "not asked again at once");
    let cause = "the store is away: switched off".to_owned();
    assert_eq!(live.news(), [BundleNews::Away { held: shop::digest(&shop::bundle(&[])), cause }]);
    live.publications.looks.away(false);
    live.publish(1, &packed(&shop::bundle(&[CLOSED])));
    live.shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!((live.order().await, live.looks().0), (403, 2), "but after a second");
}

#[tokio::test]
async fn a_call_waits_no_longer_than_it_has_and_what_it_began_goes_on() {
    let live = Live::new();
    live.door.prepare().await;
    let publication = live.publish(1, &packed(&shop::bundle(&[CLOSED])));
    live.publications.fetches.hang(true);
    live.wait();
    let short = |milliseconds| {
        let mut inbound = live.shop.order("c", GOOD_ORDER);
        inbound.deadline = live.shop.world.now() + Duration::from_millis(milliseconds);
        inbound
    };
    live.door.enter(short(500).deadline).await;
    assert_eq!(live.looks(), (1, 0), "who has no time does not look");
    assert_eq!(live.ask(short(600)).await, 201);
    assert_eq!(live.looks(), (2, 1));
    live.wait();
    assert_eq!(
        (live.order().await, live.looks()),
        (201, (2, 1)),
        "one look at a time, and nobody waits for another's"
    );
    live.publications.fetches.hang(false);
    for _ in 0..1000 {
        if live.door.current().rules().digest() == publication.digest {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(live.order().await, 403);
}

#[tokio::test]
async fn a_call_goes_by_one_bundle_from_its_beginning_to_its_end() {
    let live = Live::new();
    live.door.prepare().await;
    live.publish(1, &packed(&shop::bundle(&[CLOSED])));
    live.shop.world.limits.switch.hang(true);
    let under_way = async {
        let mut inbound = live.shop.order("first", GOOD_ORDER);
        inbound.deadline += Duration::from_secs(3600);
        live.ask(inbound).await
    };
    let meanwhile = async {
        while live.shop.world.limits.switch.calls() == 0 {
            tokio::task::yield_now().await;
        }
        live.wait();
        let status = live.order().await;
        live.shop.world.limits.switch.hang(false);
        status
    };
    assert_eq!(tokio::join!(under_way, meanwhile), (201, 403));
    let rows = live.shop.world.ledger.rows();
    let bundle = |id: &str| rows[id].call.bundle.clone().unwrap();
    assert_eq!(bundle("first"), shop::digest(&shop::bundle(&[]))[..12]);
    assert_eq!(bundle("c"), shop::digest(&shop::bundle(&[CLOSED]))[..12]);
}

#[tokio::test]
async fn routes_targets_plans_and_events_follow_the_bundle() {
    let live = Live::new();
    live.door.prepare().await;
    let health = |live: &Live| http("h", Method::GET, "/orders/1001", &[], "", live.shop.world.now());
    assert_eq!(live.ask(health(&live)).await, 401);
    let mut bundle = changed("match = \"GET /orders/{id}\"", "match = \"GET /purchases/{id}\"");
    bundle.config.1 = bundle.config.1.replace(
        "limits = [{ rate = \"5/s\", burst = 10 }, { quota = \"1000/day\" }]",
        "limits = [{ quota = \"1/day\" }]",
    );
    bundle.config.1 = bundle.config.1.replace("key = \"inbox/*\"", "key = \"elsewhere/*\"");
    let contract = bundle.files.get_mut("contracts/shop.yaml").unwrap();
    *contract = contract.replace("/orders/{id}:", "/purchases/{id}:");
    live.publish(1, &packed(&bundle));
    live.wait();
    assert_eq!(live.ask(health(&live)).await, 404);
    assert_eq!(live.ask(live.shop.order("a", GOOD_ORDER)).await, 201);
    assert_eq!(live.ask(live.shop.order("b", GOOD_ORDER)).await, 429, "the plan is the new one");
    let now = live.shop.world.now();
    live.door.enter(now).await.serve(s3("e", "inbox/a.pdf", 10, now)).await;
    assert_eq!(live.last_line().outcome, Outcome::Invalid, "no rule claims it");
}

#[tokio::test]
async fn keys_of_issuers_that_stay_are_kept_and_new_ones_are_fetched() {
    let live = Live::new();
    live.door.prepare().await;
    assert_eq!(live.shop.world.documents.asked(), 1);
    live.publish(1, &packed(&changed("\"shop-api\"", "\"shop-api\", \"more\"")));
    live.wait();
    assert_eq!(live.order().await, 201);
    assert_eq!(
        (live.looks().1, live.shop.world.documents.asked()),
        (1, 1),
        "another audience, the same keys"
    );
    let elsewhere = "https://id.shop.example/moved.json";
    live.shop.world.documents.put(elsewhere, live.shop.issuer.jwks());
    live.publish(2, &packed(&changed(JWKS, elsewhere)));
    live.wait();
    assert_eq!(live.order().await, 201);
    assert_eq!((live.looks().1, live.shop.world.documents.asked()), (2, 2));
}

#[tokio::test]
async fn who_floods_is_not_forgotten() {
    let live = Live::new();
    live.publish(1, &packed(&changed("[door]", "[door]\nscreen_rate = 2")));
    live.door.prepare().await;
    let stranger = || http("s", Method::POST, "/orders", &[], "", live.shop.world.now());
    assert_eq!(
        [live.ask(stranger()).await, live.ask(stranger()).await, live.ask(stranger()).await],
        [401, 401, 429]
    );
    let flooding = live.door.current();
    let newer = changed("[door]", "[door]\nscreen_rate = 2\nmax_body = 1000");
    live.publish(2, &packed(&newer));
    let due = flooding.rules().config().door.refresh;
    live.shop.world.clock.advance(due);
    assert_eq!([live.ask(stranger()).await, live.ask(stranger()).await], [401, 401], "its time has passed");
    assert!(!Arc::ptr_eq(&flooding, &live.door.current()));
    assert_eq!(live.ask(stranger()).await, 429);
    // The old door, where a call is under way, counts with the new one.
    assert!(matches!(flooding.serve(stranger()).await, Answer::Http(reply) if reply.status == 429));
}

#[tokio::test]
async fn the_environments_overrides_hold_for_newer_bundles() {
    let lookup = |name: &str| (name == "DOORWARD_FRONTS").then(|| "function-url:shopurl".to_owned());
    let live = Live::with(lookup);
    live.publish(1, &packed(&changed("\"function-url:shopurl\", ", "")));
    live.door.prepare().await;
    assert_eq!(live.looks(), (1, 1));
    assert_eq!(live.order().await, 201);
}

/// The name and version of every plan of these rules.
fn versions(live: &Live) -> Vec<(String, String)> {
    let current = live.door.current();
    current.rules().config().plans.iter().map(|plan| (plan.name.clone(), plan.version.clone())).collect()
}

#[tokio::test]
async fn what_plans_are_is_kept_at_the_start_and_for_every_bundle_that_is_taken_up() {
    let live = Live::new();
    live.door.prepare().await;
    let first = versions(&live);
    assert_eq!(live.shop.world.plans.kept(), first);
    assert!(first.iter().any(|(plan, _)| plan == "default"));

    live.publish(1, &packed(&changed("5/s", "6/s")));
    live.wait();
    assert_eq!(live.order().await, 201);
    let second = versions(&live);
    assert_ne!(second, first);
    // In a task of its own, which this thread gets round to when it is given up.
    while live.shop.world.plans.kept().len() < first.len() + second.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(live.shop.world.plans.kept(), [first, second.clone()].concat());

    // Calls are recorded by the version that they went by.
    let line = live.last_line();
    let plan = line.plan.zip(line.plan_version);
    assert!(second.contains(&plan.unwrap()));
}

#[tokio::test]
async fn a_fixed_door_stays_what_it_is() {
    let shop = Shop::new();
    let rules = Rules::compile(&shop::bundle(&[]), |_| None).unwrap();
    let live = LiveDoor::fixed(Door::new(Arc::new(rules), shop.world.ports.clone()));
    live.prepare().await;
    let first = live.current();
    shop.world.clock.advance(Duration::from_secs(3600));
    assert!(Arc::ptr_eq(&first, &live.enter(shop.world.now()).await));
    assert_eq!(shop.world.lines.news(), []);
}
