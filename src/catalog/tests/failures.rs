//! An engine that fails: events are set aside or not, commits are tried again, writers are held back.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};

use storefind_index::error::IndexError;
use storefind_index::live::LiveTable;

use super::*;
use crate::catalog::log::{Access, Log};
use crate::catalog::projector::{IndexFolder, OpenTarget, Start, Target};
use crate::catalog::{BackPressure, Parts, WRITE_WAIT_MAX};

/// How the engine fails.
#[derive(Default)]
struct Faults {
    /// Commits that fail before one succeeds.
    commits: AtomicU32,
    /// Upserts that fail before one succeeds, whatever the product.
    upserts: AtomicU32,
    /// While shut, upserts wait.
    gate: Mutex<bool>,
    opened: Condvar,
}

impl Faults {
    fn shut(&self) {
        *self.gate.lock().expect("no panic") = true;
    }

    fn open(&self) {
        *self.gate.lock().expect("no panic") = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let gate = self.gate.lock().expect("no panic");
        drop(self.opened.wait_while(gate, |shut| *shut).expect("no panic"));
    }
}

fn take(count: &AtomicU32) -> bool {
    count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok()
}

fn full_disk() -> IndexError {
    IndexError::Io { path: "index".to_owned(), source: std::io::ErrorKind::StorageFull.into() }
}

/// A real index whose calls fail as planned. A product titled `poison` always fails, one titled `panic` panics.
struct Faulty {
    inner: Box<dyn Target>,
    faults: Arc<Faults>,
}

impl Target for Faulty {
    fn sequence(&self) -> u64 {
        self.inner.sequence()
    }

    fn upsert(&mut self, product: &Product) -> Result<&[u64], IndexError> {
        self.faults.pass();
        assert_ne!(product.title, "panic", "on purpose");
        if product.title == "poison" || take(&self.faults.upserts) {
            return Err(full_disk());
        }
        self.inner.upsert(product)
    }

    fn delete(&mut self, id: &str) -> Result<&[u64], IndexError> {
        self.inner.delete(id)
    }

    fn set_settings(&mut self, settings: Arc<Settings>) -> bool {
        self.inner.set_settings(settings)
    }

    fn commit(&mut self, sequence: u64) -> Result<Snapshot, IndexError> {
        if take(&self.faults.commits) {
            return Err(full_disk());
        }
        self.inner.commit(sequence)
    }

    fn prepare(&mut self) -> Result<(), IndexError> {
        self.inner.prepare()
    }

    fn uncommitted(&self) -> usize {
        self.inner.uncommitted()
    }

    fn checkpoint(&mut self) -> Result<u64, IndexError> {
        self.inner.checkpoint()
    }

    fn durable(&self) -> u64 {
        self.inner.durable()
    }

    fn snapshot(&self) -> Snapshot {
        self.inner.snapshot()
    }

    fn close(self: Box<Self>) {
        self.inner.close();
    }
}

struct OpenFaulty {
    folder: IndexFolder,
    faults: Arc<Faults>,
}

impl OpenTarget for OpenFaulty {
    fn open(&mut self, settings: Arc<Settings>, start: Start) -> Result<Box<dyn Target>, IndexError> {
        let inner = self.folder.open(settings, start)?;
        Ok(Box::new(Faulty { inner, faults: Arc::clone(&self.faults) }))
    }

    fn adopt(&mut self) -> Result<(), IndexError> {
        self.folder.adopt()
    }
}

fn open_faulty(dir: &Path, back_pressure: BackPressure) -> (Arc<Catalog>, Arc<Faults>) {
    let log = Arc::new(Log::open(&dir.join("log"), "test", Access::ReadWrite).expect("opens"));
    let faults = Arc::new(Faults::default());
    let live = Arc::<LiveTable>::default();
    let folder = IndexFolder::new(dir, log.origin(), Arc::clone(&live));
    let target = Box::new(OpenFaulty { folder, faults: Arc::clone(&faults) });
    let settings = Settings::default();
    let parts = Parts {
        settings: &settings,
        freshness_bound: BOUND,
        access: Access::ReadWrite,
        back_pressure,
        touches: None,
        folder: None,
    };
    (Catalog::start("test", log, (target, live), None, &parts).expect("starts"), faults)
}

const AMPLE: BackPressure = BackPressure { unapplied_events_max: 1_000, write_wait_max: WRITE_WAIT_MAX };

fn check_set_aside(bad: &str, reason: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let (catalog, _faults) = open_faulty(dir.path(), AMPLE);
    write_through(&catalog, vec![upsert("a", "Kettle"), upsert("b", "Pot")]);
    write_through(&catalog, vec![upsert("c", "Urn"), upsert("bad", bad), upsert("d", "Cup"), delete("a")]);
    let expected = titles(&[("b", "Pot"), ("c", "Urn"), ("d", "Cup")]);
    assert_eq!(products(&catalog.snapshot()), expected);
    let status = catalog.status();
    let last = status.set_aside_last.expect("one was set aside");
    assert_eq!((status.set_aside, last.sequence), (1, 5));
    assert!(last.reason.contains(reason), "{}", last.reason);
    assert_eq!(catalog.product("bad").expect("reads").expect("is acknowledged").0, 5);
    // What comes behind goes on as ever, and a better version of the product is taken.
    write_through(&catalog, vec![upsert("bad", "Mug")]);
    assert_eq!(products(&catalog.snapshot())["bad"], "Mug");
    assert_eq!(catalog.status().set_aside, 1);
}

#[test]
fn an_event_that_cannot_be_applied_is_set_aside_and_those_behind_it_are_not() {
    check_set_aside("poison", "index files");
}

#[test]
fn an_event_that_makes_the_engine_panic_is_set_aside_and_those_behind_it_are_not() {
    check_set_aside("panic", "on purpose");
}

#[test]
fn several_bad_events_are_each_set_aside_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (catalog, _faults) = open_faulty(dir.path(), AMPLE);
    let changes = vec![
        upsert("a", "poison"),
        upsert("b", "panic"),
        upsert("c", "Kettle"),
        upsert("d", "poison"),
        upsert("e", "Pot"),
    ];
    write_through(&catalog, changes);
    assert_eq!(products(&catalog.snapshot()), titles(&[("c", "Kettle"), ("e", "Pot")]));
    assert_eq!(catalog.status().set_aside, 3);
}

#[test]
fn a_commit_that_fails_is_tried_again_and_reported_and_no_event_is_blamed() {
    let dir = tempfile::tempdir().expect("a folder");
    let (catalog, faults) = open_faulty(dir.path(), AMPLE);
    write_through(&catalog, vec![upsert("a", "Kettle")]);
    faults.commits.store(2, Ordering::Release);
    let sequence = catalog.write(vec![upsert("b", "Pot"), delete("a")]).expect("writes").sequence;
    let deadline = tokio::time::Instant::now() + LONG;
    while catalog.status().failures == 0 {
        assert!(tokio::time::Instant::now() < deadline, "no failure was reported");
        std::thread::yield_now();
    }
    catalog.wait_visible_blocking(sequence, LONG).expect("becomes visible");
    let status = catalog.status();
    assert_eq!((status.failures, status.failing, status.set_aside), (2, None, 0));
    assert_eq!(products(&catalog.snapshot()), titles(&[("b", "Pot")]));
}

#[test]
fn an_ill_engine_is_not_blamed_on_the_event_that_met_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let (catalog, faults) = open_faulty(dir.path(), AMPLE);
    faults.shut();
    // The first upsert fails; the next attempt fails in the commit before the suspect.
    faults.upserts.store(1, Ordering::Release);
    faults.commits.store(1, Ordering::Release);
    let sequence = catalog.write(vec![upsert("a", "Kettle"), upsert("b", "Pot")]).expect("writes").sequence;
    faults.open();
    catalog.wait_visible_blocking(sequence, LONG).expect("becomes visible");
    assert_eq!(products(&catalog.snapshot()), titles(&[("a", "Kettle"), ("b", "Pot")]));
    assert_eq!((catalog.status().set_aside, catalog.status().failures), (0, 2));
}

#[test]
fn an_unreadable_event_is_set_aside() {
    let dir = tempfile::tempdir().expect("a folder");
    let (catalog, faults) = open_faulty(dir.path(), AMPLE);
    faults.shut();
    catalog.write(vec![upsert("a", "Kettle"), upsert("b", "Pot"), upsert("c", "Urn")]).expect("writes");
    drop_projector(&catalog, &faults);
    drop(catalog);
    spoil(dir.path(), 3);
    let catalog = open(dir.path());
    catalog.wait_visible_blocking(5, LONG).expect("becomes visible");
    assert_eq!(products(&catalog.snapshot()), titles(&[("a", "Kettle"), ("c", "Urn")]));
    assert_eq!(catalog.status().set_aside_last.map(|last| last.sequence), Some(3));
    assert!(matches!(catalog.product("b"), Err(CatalogError::Log(_))));
}

/// Lets a projector that waits at the gate see that it is to stop.
fn drop_projector(catalog: &Catalog, faults: &Faults) {
    catalog.stop.abandon();
    faults.open();
}

/// Overwrites an event with bytes that are none.
fn spoil(dir: &Path, sequence: u64) {
    let connection = rusqlite::Connection::open(dir.join("log/log.db")).expect("opens");
    let spoil = "UPDATE events SET event = CAST('u{' AS BLOB) WHERE sequence = ?1";
    assert_eq!(connection.execute(spoil, [sequence.cast_signed()]).expect("writes"), 1);
}

#[test]
fn writers_far_ahead_of_the_projector_are_held_back_and_then_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let patience = Duration::from_millis(20);
    let (catalog, faults) = open_faulty(dir.path(), BackPressure { unapplied_events_max: 3, write_wait_max: patience });
    // The log's start takes no room.
    catalog.wait_visible_blocking(1, LONG).expect("becomes visible");
    faults.shut();
    let write = |id: &str| catalog.write(vec![upsert(id, "Kettle")]);
    for id in ["a", "b", "c"] {
        catalog.admit().expect("has room");
        write(id).expect("has room");
    }
    assert!(matches!(catalog.admit(), Err(CatalogError::Busy)));
    assert!(matches!(write("d"), Err(CatalogError::Busy)));
    assert!(matches!(catalog.put_settings(Settings::default()), Err(CatalogError::Busy)));
    assert_eq!(catalog.product("d").expect("reads"), None, "what was refused is not there");
    assert_eq!(catalog.status().lag_events, 3);
    faults.open();
    catalog.wait_visible_blocking(4, LONG).expect("becomes visible");
    catalog.admit().expect("has room");
    assert_eq!(write("d").expect("has room").sequence, 5);
}

#[test]
fn a_writer_that_waits_for_room_goes_on_when_there_is_some() {
    let dir = tempfile::tempdir().expect("a folder");
    let (catalog, faults) = open_faulty(dir.path(), BackPressure { unapplied_events_max: 1, write_wait_max: LONG });
    faults.shut();
    catalog.write(vec![upsert("a", "Kettle")]).expect("has room");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| catalog.write(vec![upsert("b", "Pot")]));
        faults.open();
        assert_eq!(writer.join().expect("no panic").expect("gets room").sequence, 3);
    });
}

#[test]
fn closing_does_not_wait_for_an_engine_that_keeps_failing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (catalog, faults) = open_faulty(dir.path(), AMPLE);
    faults.commits.store(u32::MAX, Ordering::Release);
    catalog.write(vec![upsert("a", "Kettle")]).expect("writes");
    catalog.close();
    drop(catalog);
    let catalog = open(dir.path());
    catalog.wait_visible_blocking(2, LONG).expect("is replayed");
    assert_eq!(products(&catalog.snapshot()), titles(&[("a", "Kettle")]));
}
