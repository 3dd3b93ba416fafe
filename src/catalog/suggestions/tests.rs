//! When suggestions are built, what they are built from, and what becomes of those that were saved.

use std::path::Path;

use storefind_index::product::Product;
use storefind_index::suggest::{Completion, Source};

use super::*;
use crate::catalog::{Catalog, Change};
use crate::learn::Sent;
use crate::learn::event::{Act, Event};
use crate::learn::journal::Keep;

fn fingerprint(products: &[Product]) -> u64 {
    let mut fingerprint = Fingerprint::new("english");
    products.iter().for_each(|product| fingerprint.add(&product.into()));
    fingerprint.finish()
}

fn product(title: &str, brand: Option<&str>) -> Product {
    Product {
        id: title.into(),
        title: title.into(),
        brand: brand.map(String::from),
        price: Some(1.0),
        ..Product::default()
    }
}

#[test]
fn a_build_rests_nineteen_times_its_duration_within_the_age_limit() {
    let seconds = Duration::from_secs_f64;
    for (build, pause) in [(0.0, 1.0), (0.05, 1.0), (0.5, 9.5), (2.0, 38.0), (10.0, 40.0), (29.5, 1.0), (90.0, 1.0)] {
        assert_eq!(pause_after(seconds(build)), seconds(pause), "a build of {build} s");
    }
}

#[test]
fn the_fingerprint_sees_what_suggestions_are_made_from() {
    let base = [product("Tea pot", Some("Alessi")), product("Kettle", None)];
    let other_order = [base[1].clone(), base[0].clone()];
    assert_eq!(fingerprint(&base), fingerprint(&other_order));
    let dearer = [Product { price: Some(2.0), ..base[0].clone() }, base[1].clone()];
    assert_eq!(fingerprint(&base), fingerprint(&dearer));
    for changed in [
        product("Tea pots", Some("Alessi")),
        product("Tea pot", None),
        product("Tea potAlessi", None),
        Product { categories: vec!["Tea".into()], ..base[0].clone() },
        Product { popularity: Some(1.0), ..base[0].clone() },
    ] {
        assert_ne!(fingerprint(&base), fingerprint(&[changed, base[1].clone()]));
    }
    assert_ne!(fingerprint(&base), fingerprint(&base[..1]));
}
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

fn open(folder: &Path) -> Arc<Catalog> {
    Catalog::open("test", folder, &Settings::default(), Duration::ZERO, false).unwrap()
}

/// The learner of a folder, which has not read its journal yet.
fn learner(folder: &Path) -> Arc<Learner> {
    Arc::new(Learner::open(folder, Keep { days: 2, bytes_max: 1 << 20 }, false).unwrap())
}

/// Whether a learned phrase is suggested.
fn suggests(suggestions: &Suggestions, phrase: &str) -> bool {
    let completion = Completion { prefix: phrase, limit: 10, category: None, typos: false };
    let found = suggestions.index.complete(completion);
    found.iter().any(|it| it.source == Source::Learned && it.text == phrase)
}

fn until(claim: &str, mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "{claim}");
        std::thread::yield_now();
    }
}

/// A catalog in this folder with a kettle, of which shoppers have searched the blue one.
fn shop(folder: &Path) {
    let catalog = open(folder);
    let written = catalog.write(vec![Change::Upsert(product("Kettle blue", None))]).unwrap();
    catalog.wait_visible_blocking(written.sequence, LONG).unwrap();
    let learner = learner(folder);
    learner.restore(now_ms()).unwrap();
    let search = |session: u32| Event {
        act: Act::Search,
        session: session.to_string(),
        query: Some("blue kettle".into()),
        products: Vec::new(),
        position: None,
        time: Some(now_ms() - 60_000),
        event_id: None,
    };
    let sent: Vec<Sent> = (0..20).map(|session| Sent { event: search(session), request: None }).collect();
    learner.take(&sent, now_ms() - 60_000, &|_| false).unwrap();
    catalog.learn_from(learner);
    until("it is learned", || suggests(&catalog.suggestions(), "blue kettle"));
    catalog.close();
}

#[test]
fn what_was_learned_is_suggested_from_the_start_on_until_it_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let catalog = open(folder.path());
    let learner = learner(folder.path());
    catalog.learn_from(Arc::clone(&learner));
    until("what was saved is read", || !catalog.suggestions().index.is_empty());
    assert_eq!(catalog.suggestions().generation, 0);
    learner.restore(now_ms()).unwrap();
    until("new ones are built", || {
        let suggestions = catalog.suggestions();
        assert!(suggests(&suggestions, "blue kettle"), "generation {}", suggestions.generation);
        suggestions.generation > 0
    });
}

#[test]
fn who_does_not_know_what_was_learned_saves_nothing_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let file = folder.path().join("suggestions");
    let saved = std::fs::read(&file).unwrap();
    // As a command at rest: there is no learner, and nobody says that there will be none.
    let catalog = open(folder.path());
    until("they are built", || catalog.suggestions().generation > 0);
    assert!(!suggests(&catalog.suggestions(), "blue kettle"));
    catalog.close();
    drop(catalog);
    assert!(std::fs::read(&file).unwrap() == saved);
    // Where nothing is to be kept, nothing is.
    let catalog = open(folder.path());
    catalog.learn_from_nobody();
    until("they are built at once", || catalog.suggestions().generation > 0);
    catalog.close();
    assert!(std::fs::read(&file).unwrap() != saved);
}

#[test]
fn a_block_list_is_prepared_once() {
    let blocks = |words: &[&str]| {
        let mut settings = Settings::default();
        settings.autocomplete.blocked = words.iter().map(|word| (*word).to_owned()).collect();
        Arc::new(settings)
    };
    let suggestions = Suggestions::new(1, SuggestIndex::empty(), blocks(&["bomb"]));
    assert!(
        suggestions.blocked_by(&suggestions.settings).is_none() && suggestions.blocked_by(&blocks(&["bomb"])).is_none()
    );
    let first = suggestions.blocked_by(&blocks(&["gun"])).unwrap();
    assert!(first.blocks("gun") && Arc::ptr_eq(&first, &suggestions.blocked_by(&blocks(&["gun"])).unwrap()));
    assert!(suggestions.blocked_by(&blocks(&["knife"])).unwrap().blocks("knife"));
}
