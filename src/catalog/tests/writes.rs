//! What a writer and a reader of one catalog may rely on.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::catalog::registry::{Catalogs, catalog_dir};
use crate::config::{Config, Sources};

#[tokio::test]
async fn a_write_becomes_visible_and_its_sequence_tells_when() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let changes = vec![upsert("a", "Kettle"), upsert("b", "Pot"), retitle("b", "Tea pot"), delete("a")];
    let written = catalog.write(changes).expect("writes");
    assert_eq!(written.sequence, 5);
    catalog.wait_visible(5, LONG).await.expect("becomes visible");
    let published = catalog.published();
    assert_eq!((catalog.validated(), published.snapshot.sequence()), (5, 5));
    assert_eq!(products(&published.snapshot), titles(&[("b", "Tea pot")]));
    let far = catalog.wait_visible(6, Duration::from_millis(1)).await;
    assert!(matches!(far, Err(CatalogError::NotYetVisible(6))), "{far:?}");
}

#[test]
fn an_acknowledged_write_is_read_back_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    for version in 0..20 {
        let title = format!("Kettle {version}");
        let sequence = catalog.write(vec![upsert("a", &title)]).expect("writes").sequence;
        let (read_sequence, product) = catalog.product("a").expect("reads").expect("is there");
        assert_eq!((read_sequence, product.title), (sequence, title));
    }
}

#[test]
fn the_validated_sequence_is_never_ahead_of_the_snapshot_and_never_falls() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (catalog, done) = (&catalog, &done);
        scope.spawn(move || {
            let mut before = 0;
            while !done.load(Ordering::Acquire) {
                let validated = catalog.validated();
                let snapshot = catalog.snapshot().sequence();
                assert!(before <= validated && validated <= snapshot, "{before} {validated} {snapshot}");
                before = validated;
            }
        });
        for n in 0..10 {
            write_through(catalog, vec![upsert(&n.to_string(), "Kettle")]);
        }
        done.store(true, Ordering::Release);
    });
}

#[test]
fn writers_at_the_same_time_end_in_one_state_that_log_and_index_agree_on() {
    const WRITERS: usize = 4;
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let catalog = &catalog;
            scope.spawn(move || {
                for n in 0..30 {
                    let own = format!("{writer}-{n}");
                    let shared = format!("shared {}", n % 5);
                    let mut changes = vec![upsert(&own, "Kettle"), upsert(&shared, &own)];
                    if n % 3 == 0 {
                        changes.push(delete(&shared));
                        changes.push(retitle(&own, "Pot"));
                    }
                    catalog.write(changes).expect("writes");
                }
            });
        }
    });
    let last = catalog.status().log_sequence;
    catalog.wait_visible_blocking(last, LONG).expect("becomes visible");
    let snapshot = catalog.snapshot();
    assert_eq!(snapshot.sequence(), last);
    assert_eq!(products(&snapshot), acknowledged(&catalog));
}

#[test]
fn a_closed_catalog_has_shown_everything_and_refuses_writes() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    for n in 0..50 {
        catalog.write(vec![upsert(&n.to_string(), "Kettle")]).expect("writes");
    }
    catalog.close();
    catalog.close();
    assert_eq!((catalog.validated(), catalog.snapshot().product_count()), (51, 50));
    assert!(matches!(catalog.write(vec![upsert("x", "Pot")]), Err(CatalogError::Closed)));
    assert!(matches!(catalog.put_settings(Settings::default()), Err(CatalogError::Closed)));
    assert_eq!(catalog.export(None, 100).expect("reads").len(), 50);
    drop(catalog);
    let catalog = open(dir.path());
    catalog.wait_visible_blocking(52, LONG).expect("only its start is left to walk");
    assert_eq!(catalog.snapshot().product_count(), 50);
}

#[test]
fn a_read_only_catalog_shows_the_log_and_takes_no_writes() {
    let dir = tempfile::tempdir().expect("a folder");
    let read_only = || Catalog::open("test", dir.path(), &Settings::default(), BOUND, true);
    assert!(read_only().is_err(), "there is nothing to read");
    let catalog = open(dir.path());
    write_through(&catalog, vec![upsert("a", "Kettle"), upsert("b", "Pot"), delete("a")]);
    assert!(matches!(read_only(), Err(CatalogError::Log(_))), "the log is in use");
    catalog.close();
    drop(catalog);
    std::fs::remove_dir_all(dir.path().join("index")).expect("removes");
    let catalog = read_only().expect("opens");
    catalog.wait_visible_blocking(4, LONG).expect("is built");
    assert_eq!(products(&catalog.snapshot()), titles(&[("b", "Pot")]));
    assert!(matches!(catalog.write(vec![upsert("x", "Urn")]), Err(CatalogError::ReadOnly)));
    assert!(matches!(catalog.admit(), Err(CatalogError::ReadOnly)));
    assert!(!dir.path().join("index").exists(), "the index is elsewhere");
}

#[test]
fn a_catalog_tells_how_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    write_through(&catalog, vec![upsert("a", "Kettle"), upsert("b", "Pot"), delete("a")]);
    let status = catalog.status();
    assert_eq!((status.log_sequence, status.applied, status.validated), (4, 4, 4));
    assert_eq!((status.lag_events, status.lag), (0, Duration::ZERO));
    assert_eq!((status.products, status.set_aside, status.failures), (1, 0, 0));
    assert!(status.ready && status.commits > 0 && status.commit_last.is_some() && status.failing.is_none());
    assert!(status.log_bytes.is_some_and(|bytes| bytes > 0));
}

#[test]
fn suggestions_follow_the_products() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    assert!(catalog.suggestions().index.is_empty());
    write_through(&catalog, vec![upsert("a", "Tea kettle"), upsert("b", "Tea pot")]);
    let deadline = tokio::time::Instant::now() + LONG;
    while catalog.suggestions().index.is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "suggestions never came");
        std::thread::yield_now();
    }
    assert!(catalog.suggestions().generation > 0);
}

fn config(data_dir: &Path, names: &[&str]) -> Config {
    let mut text = format!("data_dir = {data_dir:?}\n");
    for name in names {
        text.push_str(&format!("[catalogs.{name}]\n"));
    }
    let sources = Sources { file: Some(("test.toml".into(), text)), ..Sources::default() };
    Config::load(&sources).expect("a valid configuration")
}

#[test]
fn the_configured_catalogs_are_opened_and_closed_together() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = config(dir.path(), &["one", "two"]);
    let catalogs = Catalogs::open(&config, false).expect("opens");
    let names: Vec<&str> = catalogs.iter().map(|catalog| catalog.name()).collect();
    assert_eq!(names, ["one", "two"]);
    assert!(catalogs.get("three").is_none());
    let two = Arc::clone(catalogs.get("two").expect("is configured"));
    write_through(&two, vec![upsert("a", "Kettle")]);
    let error = Catalogs::open(&config, false).expect_err("is in use");
    assert_eq!(error.name, "one");
    catalogs.close();
    assert!(matches!(two.write(vec![]), Err(CatalogError::Closed)));
    drop((two, catalogs));
    let two = Catalog::open("two", &catalog_dir(dir.path(), "two"), &Settings::default(), BOUND, false);
    assert!(two.expect("opens").validated() >= 2);
}
