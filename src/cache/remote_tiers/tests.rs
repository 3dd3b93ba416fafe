//! The stack over remote tiers in memory that fail on purpose: what is served, from where, and at what price.

mod apart;

use std::sync::atomic::AtomicUsize;

use storefind_index::answer::LiveDependency;
use storefind_index::dependency::{Clause, Dependency, Variant};
use storefind_index::live::LiveTable;
use storefind_index::settings::Settings;
use storefind_index::touch::touch_hash;
use storefind_index::writer::Writer;

use super::*;
use crate::answer::render::live_fields;
use crate::cache::admission::Shape;
use crate::cache::body::Body;
use crate::cache::codec::encode;
use crate::cache::freshness::Stamp;
use crate::cache::proof::Proof;
use crate::cache::single_flight::FlightError;
use crate::cache::stack::{Ask, FetchError, Filler, Rescue, Served, Stack};
use crate::cache::tier::guard::Setup;
use crate::cache::tier::memory::MemoryTier;
use crate::cache::tier::remote::Fault;
use crate::cache::tier::remote::fake::{Fake, Mood};
use crate::catalog::touch_table::TouchTable;
use crate::catalog::visibility::Visibility;

const LONG: Duration = Duration::from_secs(3_600);
const DEADLINE: Duration = Duration::from_millis(5);
const HOUR: Duration = Duration::from_secs(3_600);

/// A catalog at sequence 10 whose terms can be touched, and the two servers that its nodes share.
struct World {
    writer: Writer,
    visibility: Arc<Visibility>,
    redis: Fake,
    memcached: Fake,
}

/// One process: memory of its own.
struct Node {
    stack: Stack<String>,
    catalog: Arc<CatalogTiers>,
    computed: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        let live = Arc::<LiveTable>::default();
        let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::clone(&live)).expect("in memory");
        let first = writer.commit(10).expect("commits");
        // No grace: what is touched is stale at once.
        let bound = Duration::ZERO;
        let visibility = Visibility::new(first, live, TouchTable::new(1 << 10, 0), bound, Vec::new().into());
        Self { writer, visibility: Arc::new(visibility), redis: Fake::default(), memcached: Fake::default() }
    }

    fn node(&self, admission: Admission) -> Node {
        let tier = |name, fake: &Fake, ttl_factor| {
            let servers =
                vec![("fake".to_owned(), Box::new(fake.clone()) as Box<dyn super::super::tier::remote::Remote>)];
            GuardedTier::new(Setup { name, servers, deadline_max: DEADLINE, ttl_factor })
        };
        let tiers = vec![tier(TierName::Redis, &self.redis, 1), tier(TierName::Memcached, &self.memcached, 10)];
        let remote = RemoteTiers::new(tiers, admission, DEADLINE, live_fields, Chance::seeded(1));
        let is_ours = |failed: &FetchError<String>| !matches!(failed, FetchError::Compute(error) if error == "refused");
        let stack = Stack::new(MemoryTier::new(1 << 20).expect("a thread"), live_fields)
            .with_remote(Some(remote))
            .with_rescue(Rescue { beyond: HOUR, is_ours });
        Node { stack, catalog: Arc::new(CatalogTiers::new("shop")), computed: Arc::default() }
    }

    fn view(&self) -> View {
        View::of(&self.visibility)
    }

    /// Publishes a change of products with this word.
    fn touch(&mut self, word: &str, sequence: u64) {
        let snapshot = self.writer.commit(sequence).expect("commits");
        self.visibility.publish(snapshot, &[(touch_hash(&format!("word:{word}")), sequence)], Instant::now());
    }
}

fn key(word: &str) -> Arc<Key> {
    Arc::new(Key::new(format!("search/v2/shop/1?q={word}")))
}

fn entry(word: &str, as_of: u64, computed_at: UnixMillis, cost: Duration) -> Entry {
    let variant =
        Variant { name: "strict".into(), required: 1, clauses: vec![Clause { terms: vec![format!("word:{word}")] }] };
    let proof = Proof::new(Dependency { variants: vec![variant] }, LiveDependency::None);
    let body = Body::new(format!("{{\"query\":\"{word}\",\"as_of\":{as_of}}}").into_bytes(), Vec::new());
    Entry::new(key(word), Stamp::new(as_of, computed_at, 1), Arc::new(proof), cost, body, Arc::default())
}

impl Node {
    fn ask(&self, word: &str) -> Ask {
        let class = Class::of(Shape { words: 1, ..Shape::default() });
        let remote = RemoteAsk { catalog: Arc::clone(&self.catalog), class, holding: Arc::default() };
        Ask { key: key(word), remote: Some(remote) }
    }

    /// Asks; computing costs what is said, or fails.
    async fn fetch(&self, world: &World, word: &str, computing: Result<Duration, &str>) -> Result<Served, String> {
        let view = world.view();
        let (computed, as_of, word_owned) = (Arc::clone(&self.computed), view.validated, word.to_owned());
        let computing = computing.map_err(str::to_owned);
        let compute = move |filler: Filler| async move {
            computed.fetch_add(1, Ordering::Relaxed);
            computing.map(|cost| filler.fill(entry(&word_owned, as_of, UnixMillis::now(), cost)))
        };
        let served = self.stack.fetch(&self.ask(word), view, Instant::now() + LONG, compute).await;
        served.map_err(|error| error.to_string())
    }

    async fn dear(&self, world: &World, word: &str) -> Served {
        self.fetch(world, word, Ok(Duration::from_millis(2))).await.expect("an answer")
    }

    fn computations(&self) -> usize {
        self.computed.load(Ordering::Relaxed)
    }

    /// Until the queue is empty.
    async fn filled(&self) {
        let remote = self.stack.remote().expect("remote tiers");
        while remote.filling().stats().queued > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn trail(served: &Served) -> Vec<(TierName, &'static str)> {
    served.trail.iter().flat_map(|trail| trail.iter()).map(|tried| (tried.tier, tried.came_of.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_one_node_computed_another_serves_from_redis_and_then_from_its_own_memory() {
    let world = World::new();
    let (a, b) = (world.node(Admission::Always), world.node(Admission::Always));
    let computed = a.dear(&world, "lamp").await;
    assert_eq!((computed.from, computed.outcome), (TierName::Index, Outcome::Miss(MissReason::Absent)));
    assert_eq!(trail(&computed), [(TierName::Redis, "absent"), (TierName::Memcached, "absent")]);
    a.filled().await;
    assert_eq!((world.redis.len(), world.memcached.len()), (1, 1));
    let served = b.dear(&world, "lamp").await;
    assert_eq!((served.from, served.outcome, served.collapsed), (TierName::Redis, Outcome::Hit, false));
    assert_eq!((trail(&served), b.computations()), (vec![(TierName::Redis, "hit")], 0));
    assert_eq!(served.entry.body().text(), computed.entry.body().text());
    let again = b.dear(&world, "lamp").await;
    assert_eq!((again.from, world.redis.gets()), (TierName::Memory, 2));
    let stats = b.catalog.counters.stats(&TierName::REMOTE);
    assert_eq!((stats["redis"].hits, stats["redis"].lookups, stats["memcached"].lookups), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_only_memcached_has_is_served_and_given_to_redis() {
    let world = World::new();
    let (a, b) = (world.node(Admission::Always), world.node(Admission::Always));
    world.redis.set(Mood::Failing(Fault::Unreachable("down".into())));
    a.dear(&world, "lamp").await;
    a.filled().await;
    assert_eq!((world.redis.len(), world.memcached.len()), (0, 1));
    world.redis.set(Mood::Well);
    let served = b.dear(&world, "lamp").await;
    assert_eq!((served.from, b.computations()), (TierName::Memcached, 0));
    assert_eq!(trail(&served), [(TierName::Redis, "absent"), (TierName::Memcached, "hit")]);
    b.filled().await;
    assert_eq!(world.redis.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_a_change_touched_since_is_stale_wherever_it_lies() {
    let mut world = World::new();
    let (a, b) = (world.node(Admission::Always), world.node(Admission::Always));
    a.dear(&world, "lamp").await;
    a.dear(&world, "shoe").await;
    a.filled().await;
    world.touch("lamp", 11);
    let lamp = b.dear(&world, "lamp").await;
    assert_eq!((lamp.from, lamp.sequence), (TierName::Index, 11));
    assert_eq!(trail(&lamp), [(TierName::Redis, "touched"), (TierName::Memcached, "touched")]);
    let shoe = b.dear(&world, "shoe").await;
    assert_eq!((shoe.from, shoe.sequence, b.computations()), (TierName::Redis, 11, 1));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_cause_one_lookup_in_redis_and_one_computation() {
    let world = Arc::new(World::new());
    let node = Arc::new(world.node(Admission::Always));
    world.redis.set(Mood::Slow(Duration::from_millis(2)));
    let ask = || {
        let (world, node) = (Arc::clone(&world), Arc::clone(&node));
        tokio::spawn(async move { node.dear(&world, "lamp").await })
    };
    let callers: Vec<_> = (0..1_000).map(|_| ask()).collect();
    let mut collapsed = 0;
    for caller in callers {
        collapsed += usize::from(caller.await.expect("no panic").collapsed);
    }
    assert_eq!((node.computations(), world.redis.gets(), collapsed), (1, 1, 999));
}

#[tokio::test(start_paused = true)]
async fn whatever_a_tier_does_the_answer_is_there_within_the_budget() {
    for mood in [
        Mood::Frozen,
        Mood::Slow(Duration::from_secs(10)),
        Mood::Failing(Fault::Refused("WRONGPASS".into())),
        Mood::Panicking,
    ] {
        let world = World::new();
        let node = world.node(Admission::Always);
        world.redis.set(mood.clone());
        world.memcached.set(mood.clone());
        for n in 0..20 {
            let began = Instant::now();
            let served = node.dear(&world, &n.to_string()).await;
            assert_eq!(served.from, TierName::Index, "{mood:?}");
            assert!(began.elapsed() <= DEADLINE * 2 + Duration::from_millis(2), "{mood:?}: {:?}", began.elapsed());
        }
        let servers = node.stack.remote().expect("tiers").tiers().iter().flat_map(|tier| tier.servers());
        assert!(servers.into_iter().all(|server| server.openings == 1), "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_damaged_value_is_a_miss_and_is_overwritten() {
    let world = World::new();
    let (a, b) = (world.node(Admission::Always), world.node(Admission::Always));
    a.dear(&world, "lamp").await;
    a.filled().await;
    world.redis.change(|value| {
        let mut value = value.to_vec();
        let last = value.len() - 1;
        value[last] ^= 1;
        value.into()
    });
    world.memcached.change(|_| Bytes::from_static(b"another program's"));
    let served = b.dear(&world, "lamp").await;
    assert_eq!(trail(&served), [(TierName::Redis, "damaged"), (TierName::Memcached, "not_ours")]);
    b.filled().await;
    let c = world.node(Admission::Always);
    assert_eq!(c.dear(&world, "lamp").await.from, TierName::Redis);
}

#[tokio::test(start_paused = true)]
async fn auto_asks_for_dear_questions_and_not_for_cheap_ones() {
    let world = World::new();
    world.redis.set(Mood::Slow(Duration::from_millis(1)));
    let node = world.node(Admission::Auto);
    let cheap = Duration::from_micros(50);
    node.fetch(&world, "first", Ok(cheap)).await.expect("asked, since nothing is known");
    node.filled().await;
    let mut skipped = 0;
    for n in 0..50 {
        let served = node.fetch(&world, &n.to_string(), Ok(cheap)).await.expect("an answer");
        skipped += usize::from(trail(&served)[0] == (TierName::Redis, "skipped"));
    }
    assert!(skipped >= 45, "{skipped} of 50 cheap questions skipped Redis");
    assert_eq!(world.redis.len(), 0, "what is cheap is not kept there either");
    for n in 50..150 {
        node.fetch(&world, &n.to_string(), Ok(Duration::from_millis(20))).await.expect("an answer");
    }
    node.filled().await;
    let dear = node.fetch(&world, "dear", Ok(Duration::from_millis(20))).await.expect("an answer");
    assert_eq!(trail(&dear)[0], (TierName::Redis, "absent"));
    assert!(world.redis.len() > 90, "{}", world.redis.len());
}

#[tokio::test(start_paused = true)]
async fn when_computing_fails_an_invalid_entry_is_served_from_memory_and_says_so() {
    let mut world = World::new();
    let node = world.node(Admission::Always);
    node.dear(&world, "lamp").await;
    world.touch("lamp", 11);
    let stale = node.fetch(&world, "lamp", Err("overloaded")).await.expect("better than nothing");
    assert_eq!((stale.from, stale.sequence), (TierName::Memory, 10));
    assert!(stale.late.is_some_and(|late| late >= Duration::from_secs(1)));
    let refused = node.fetch(&world, "lamp", Err("refused")).await;
    assert_eq!(refused.err().as_deref(), Some("refused"), "the question itself is at fault");
    assert!(node.fetch(&world, "shoe", Err("overloaded")).await.is_err(), "nothing to serve");
}

#[tokio::test(start_paused = true)]
async fn when_computing_fails_an_expired_entry_is_served_from_memcached_and_asked_for_once() {
    let world = Arc::new(World::new());
    let remote_key = RemoteKey::of("shop", &key("lamp"));
    let at = |age: Duration| UnixMillis(UnixMillis::now().0 - age.as_millis() as u64);
    let old = entry("lamp", 10, at(Duration::from_secs(1_800)), Duration::from_millis(2));
    world.memcached.put_now(&remote_key, encode(&old).expect("suited"));
    let node = Arc::new(world.node(Admission::Always));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (world, node) = (Arc::clone(&world), Arc::clone(&node));
            tokio::spawn(async move { node.fetch(&world, "lamp", Err("overloaded")).await })
        })
        .collect();
    for caller in callers {
        let served = caller.await.expect("no panic").expect("better than nothing");
        assert!(matches!(served.from, TierName::Memcached | TierName::Memory));
        let late = served.late.expect("marked");
        assert!(late > Duration::from_secs(1_100) && late < Duration::from_secs(1_300), "{late:?}");
    }
    assert!(world.memcached.gets() <= 4, "{} lookups for 50 callers", world.memcached.gets());
    let too_old = entry("lamp", 10, at(HOUR + Duration::from_secs(700)), Duration::from_millis(2));
    world.memcached.put_now(&remote_key, encode(&too_old).expect("suited"));
    let other = world.node(Admission::Always);
    assert!(other.fetch(&world, "lamp", Err("overloaded")).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_names_a_sequence_is_never_given_a_stale_answer() {
    let mut world = World::new();
    let node = world.node(Admission::Always);
    node.dear(&world, "lamp").await;
    world.touch("lamp", 11);
    let view = View { graced: false, ..world.view() };
    let compute = |_: Filler| async { Err("overloaded".to_owned()) };
    let failed = node.stack.fetch(&node.ask("lamp"), view, Instant::now() + LONG, compute).await;
    assert!(matches!(failed, Err(FetchError::Compute(_))));
}

#[tokio::test(start_paused = true)]
async fn a_computation_that_panics_or_takes_too_long_is_replaced_by_a_stale_answer() {
    let mut world = World::new();
    let node = world.node(Admission::Always);
    node.dear(&world, "lamp").await;
    world.touch("lamp", 11);
    let panics = |_: Filler| async { panic!("on purpose") };
    let served = node.stack.fetch(&node.ask("lamp"), world.view(), Instant::now() + LONG, panics).await;
    assert!(served.is_ok_and(|served| served.late.is_some()));
    let hangs = |_: Filler| std::future::pending();
    let deadline = Instant::now() + Duration::from_millis(120);
    let served = node.stack.fetch(&node.ask("lamp"), world.view(), deadline, hangs).await;
    assert!(served.is_ok_and(|served| served.late.is_some()));
    let hangs = |_: Filler| std::future::pending();
    let deadline = Instant::now() + Duration::from_millis(120);
    let failed = node.stack.fetch(&node.ask("shoe"), world.view(), deadline, hangs).await;
    assert!(matches!(failed, Err(FetchError::Flight(FlightError::TimedOut))));
}

#[tokio::test(start_paused = true)]
async fn a_dear_answer_is_computed_by_one_node_and_found_by_the_other() {
    let world = Arc::new(World::new());
    let cost = Duration::from_millis(40);
    let node = || {
        let node = world.node(Admission::Always);
        node.catalog.costs.record(Class::of(Shape { words: 1, ..Shape::default() }), cost);
        Arc::new(node)
    };
    let (a, b) = (node(), node());
    let ask = |node: &Arc<Node>| {
        let (world, node) = (Arc::clone(&world), Arc::clone(node));
        tokio::spawn(async move {
            let (view, computed) = (world.view(), Arc::clone(&node.computed));
            let compute = move |filler: Filler| async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                computed.fetch_add(1, Ordering::Relaxed);
                Ok(filler.fill(entry("lamp", 10, UnixMillis::now(), cost)))
            };
            node.stack.fetch(&node.ask("lamp"), view, Instant::now() + LONG, compute).await.expect("an answer").from
        })
    };
    let (first, second) = (ask(&a), ask(&b));
    let mut from = [first.await.expect("no panic"), second.await.expect("no panic")].map(TierName::as_str);
    from.sort_unstable();
    assert_eq!((from, a.computations() + b.computations()), (["index", "redis"], 1));
    a.filled().await;
    b.filled().await;
    assert!(world.redis.get_now(&RemoteKey::of("shop", &key("lamp")).lease()).is_none(), "the lease is given back");
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_given_back_when_computing_fails() {
    let world = World::new();
    let node = world.node(Admission::Always);
    node.catalog.costs.record(Class::of(Shape { words: 1, ..Shape::default() }), Duration::from_millis(40));
    assert!(node.fetch(&world, "lamp", Err("refused")).await.is_err());
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(world.redis.get_now(&RemoteKey::of("shop", &key("lamp")).lease()).is_none());
    assert_eq!((node.computations(), world.redis.gets()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn tiers_that_hang_leave_half_of_a_short_deadline_for_computing() {
    let world = World::new();
    let node = world.node(Admission::Always);
    world.redis.set(Mood::Frozen);
    world.memcached.set(Mood::Frozen);
    let (began, short) = (Instant::now(), Duration::from_millis(8));
    let compute = |filler: Filler| async move {
        tokio::time::sleep(Duration::from_millis(3)).await;
        Ok(filler.fill(entry("lamp", 10, UnixMillis::now(), Duration::from_millis(3))))
    };
    let served = node.stack.fetch(&node.ask("lamp"), world.view(), began + short, compute).await.expect("in time");
    assert_eq!(served.from, TierName::Index);
    assert!(began.elapsed() < short, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_entry_from_beyond_what_this_node_has_walked_is_not_served() {
    let world = World::new();
    let ahead = entry("lamp", 11, UnixMillis::now(), Duration::from_millis(2));
    world.redis.put_now(&RemoteKey::of("shop", &key("lamp")), encode(&ahead).expect("suited"));
    let node = world.node(Admission::Always);
    let served = node.dear(&world, "lamp").await;
    assert_eq!((served.from, trail(&served)[0]), (TierName::Index, (TierName::Redis, "other_history")));
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_holder_died_costs_a_bounded_wait() {
    let world = World::new();
    let node = world.node(Admission::Always);
    let cost = Duration::from_millis(400);
    node.catalog.costs.record(Class::of(Shape { words: 1, ..Shape::default() }), cost);
    world.redis.put_now(&RemoteKey::of("shop", &key("lamp")).lease(), Bytes::from_static(b"1"));
    let began = Instant::now();
    assert_eq!(node.dear(&world, "lamp").await.from, TierName::Index);
    assert!(began.elapsed() <= lease::WAIT_MAX + DEADLINE, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_was_dropped_is_not_accepted_any_more_neither_from_a_tier_nor_from_memory() {
    let world = World::new();
    let (a, b) = (world.node(Admission::Always), world.node(Admission::Always));
    a.dear(&world, "lamp").await;
    a.filled().await;
    b.catalog.drop_through(UnixMillis::now());
    let served = b.dear(&world, "lamp").await;
    assert_eq!(trail(&served), [(TierName::Redis, "dropped"), (TierName::Memcached, "dropped")]);
    assert_eq!((b.stack.forget_all(|_| true), b.stack.forget(&key("lamp"))), (1, false));
    assert!(a.stack.forget(&key("lamp")));
}
