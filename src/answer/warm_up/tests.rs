//! Who goes first, and when it ends. The rest is seen over sockets, in `tests/it/warm_up.rs`.

use std::sync::mpsc;

use super::ledger::Kept;
use super::*;
use crate::config::Sources;
use crate::resilience::pool::Lane;

/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

struct World {
    keeper: Arc<Keeper>,
    _data: tempfile::TempDir,
}

impl World {
    /// A catalog without products, one query thread, and one question to ask again.
    async fn new(limit: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let text = format!("http.query_threads = 1\ncache.warm_up.limit = \"{limit}\"\n[catalogs.shop]\n");
        let sources = Sources { file: Some(("test.toml".into(), text)), ..Sources::default() };
        let config = Config { data_dir: data.path().to_owned(), ..Config::load(&sources).unwrap() };
        let catalogs = Catalogs::open(&config, false).unwrap();
        let answers = Arc::new(Answers::new(&config).unwrap());
        let kept = Kept { question: "q=lamp".into(), times: 9.0, cost: Duration::from_millis(1) };
        let ledger = Ledger::restored(vec![kept], Instant::now());
        let catalog = catalogs.get("shop").unwrap();
        let keeper = Arc::new(Keeper::new(&config, (catalog, &answers), (ledger, None), None));
        let first = catalog.status().log_sequence;
        catalog.wait_visible(first, PATIENCE).await.unwrap();
        Self { keeper, _data: data }
    }

    /// Keeps the only thread until the sender is dropped.
    async fn occupy(&self) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let answers = Arc::clone(&self.keeper.answers);
        tokio::spawn(async move {
            let job = move |_: &_| {
                let _ = begin.send(());
                let _ = released.recv();
            };
            answers.pool.run(Lane::Normal, Instant::now() + PATIENCE, job).await
        });
        begun.await.unwrap();
        release
    }

    fn stats(&self) -> replays::ReplayStats {
        self.keeper.counters.warm_up.stats()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_live_searches_take_every_thread_nothing_is_asked_and_the_limit_ends_the_waiting() {
    let world = World::new("50ms").await;
    let live = world.occupy().await;
    world.keeper.ask_all_again(3).await;
    let stats = world.stats();
    assert_eq!((stats.times, stats.cut, stats.failed, stats.answered["index"]), (1, 1, 0, 0));
    assert_eq!(world.keeper.answers.pool.stats().finished, 0);
    drop(live);
    let answered = tokio::time::timeout(PATIENCE, async {
        while world.stats().answered["index"] == 0 {
            world.keeper.ask_all_again(3).await;
        }
    });
    answered.await.expect("once there is a thread");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_it_at_once() {
    let world = World::new("60s").await;
    let live = world.occupy().await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(Arc::clone(&world.keeper).run(stopped));
    tokio::task::yield_now().await;
    assert!(!running.is_finished());
    stop.send_replace(true);
    tokio::time::timeout(PATIENCE / 2, running).await.expect("long before the limit").expect("without a panic");
    assert!(!world.keeper.warm.load(Ordering::Acquire));
    drop(live);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_any_more_is_counted_and_holds_nothing_up() {
    let world = World::new("60s").await;
    for question in ["facets=nowhere", "no=parameter", "filter=nowhere%3Ax"] {
        world.keeper.remembered().ledger.note(question.into(), 99, Duration::from_millis(9));
    }
    world.keeper.ask_all_again(1).await;
    let stats = world.stats();
    assert_eq!((stats.failed, stats.cut, stats.answered["index"]), (3, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_that_are_asked_for_at_once_are_counted_once() {
    let world = World::new("60s").await;
    let keeper = &world.keeper;
    let figured = || keeper.figured.lock().unwrap();
    keeper.harvest_for_figures();
    assert!(figured().is_some());
    let just_now = Some(Instant::now() + PATIENCE);
    *figured() = just_now;
    keeper.harvest_for_figures();
    assert_eq!(*figured(), just_now, "they are those of before");
    let before = Instant::now().checked_sub(COUNTS_AGE_MIN);
    *figured() = before;
    keeper.harvest_for_figures();
    assert_ne!(*figured(), before);
}
