//! The queue at its limits, and what is never put.

use super::*;
use crate::cache::body::Body;
use crate::cache::key::Key;
use crate::cache::proof::Proof;
use crate::cache::tier::TierName;
use crate::cache::tier::guard::Setup;
use crate::cache::tier::remote::Remote;
use crate::cache::tier::remote::fake::{Fake, Mood};
use storefind_index::answer::LiveDependency;
use storefind_index::dependency::Dependency;

fn queue(fake: &Fake) -> FillQueue {
    let servers = vec![("fake".to_owned(), Box::new(fake.clone()) as Box<dyn Remote>)];
    let setup = Setup { name: TierName::Redis, servers, deadline_max: Duration::from_millis(5), ttl_factor: 1 };
    FillQueue::new(vec![Arc::new(GuardedTier::new(setup))])
}

fn entry(n: usize, body_bytes: usize, live: LiveDependency, computed_at: UnixMillis) -> Arc<Entry> {
    let key = Arc::new(Key::new(format!("search/v2/shop/1?q={n}")));
    let body = Body::new(vec![b' '; body_bytes], Vec::new());
    let proof = Arc::new(Proof::new(Dependency::default(), live));
    Arc::new(Entry::new(key, Stamp::new(1, computed_at, 1), proof, Duration::ZERO, body, Arc::default()))
}

fn offer(queue: &FillQueue, entry: &Arc<Entry>) {
    let catalog = Arc::new(CatalogTiers::new("shop"));
    queue.offer(entry, &catalog, RemoteKey::of("shop", entry.key()), None, |_| true);
}

async fn drained(queue: &FillQueue) {
    while queue.stats().queued > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_beyond_the_limits_is_dropped_and_counted_and_the_rest_is_put() {
    let fake = Fake::default();
    let queue = queue(&fake);
    let now = UnixMillis::now();
    let offered = ENTRIES_MAX + 10;
    // Nobody drains it while this task does not wait.
    (0..offered).for_each(|n| offer(&queue, &entry(n, 10, LiveDependency::None, now)));
    let stats = queue.stats();
    assert_eq!((stats.queued, stats.dropped, stats.offered), (ENTRIES_MAX as u64, 10, offered as u64));
    drained(&queue).await;
    assert_eq!((fake.len(), queue.stats().queued_bytes), (ENTRIES_MAX, 0));
    // Nine fit, by what the allocator takes for each.
    let large = BYTES_MAX / 12;
    (0..12).for_each(|n| offer(&queue, &entry(n, large, LiveDependency::None, now)));
    let stats = queue.stats();
    assert!(stats.queued_bytes <= BYTES_MAX as u64 && stats.dropped == 10 + 3, "{stats:?}");
    drained(&queue).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_holds_the_queue_and_nobody_else() {
    let fake = Fake::default();
    fake.set(Mood::Frozen);
    let queue = queue(&fake);
    (0..100).for_each(|n| offer(&queue, &entry(n, 10, LiveDependency::None, UnixMillis::now())));
    drained(&queue).await;
    assert_eq!((fake.len(), queue.stats().dropped), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_live_fields_decide_and_what_is_too_large_or_too_old_is_not_put() {
    let fake = Fake::default();
    let queue = queue(&fake);
    let now = UnixMillis::now();
    offer(&queue, &entry(1, 10, LiveDependency::Any, now));
    offer(&queue, &entry(2, 5 << 20, LiveDependency::None, now));
    offer(&queue, &entry(3, 10, LiveDependency::None, UnixMillis(now.0 - 700_000)));
    drained(&queue).await;
    let stats = queue.stats();
    assert_eq!((fake.len(), stats.live, stats.too_large, stats.dropped), (0, 1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_kept_for_the_rest_of_its_age() {
    let fake = Fake::default();
    let queue = queue(&fake);
    let entry = entry(1, 10, LiveDependency::None, UnixMillis(UnixMillis::now().0 - 500_000));
    offer(&queue, &entry);
    drained(&queue).await;
    let ttl = fake.ttl().expect("put");
    let rest = entry.stamp().max_age - Duration::from_secs(500);
    assert!(ttl <= rest && ttl + Duration::from_secs(60) > rest, "{ttl:?} of {rest:?}");
}
