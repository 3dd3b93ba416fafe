//! Kept passes against evaluated ones, while products come, change and die.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::answer::SearchPage;
use crate::filter;
use crate::live::LiveFields;
use crate::product::{Attribute, Product, Scalar};
use crate::request::{Order, SearchRequest, SortKey};
use crate::settings::Settings;
use crate::switch::without;
use crate::writer::Writer;

const WORDS: [&str; 5] = ["red", "running", "shoe", "lamp", "laptop"];
const BRANDS: [&str; 3] = ["Acme", "Globex", "Initech"];

#[derive(Debug, Clone)]
enum Step {
    Put { id: u8, words: [usize; 2], brand: usize, price: u8, popularity: u8 },
    Delete { id: u8 },
    Commit,
}

fn step() -> impl Strategy<Value = Step> {
    let put = (0..60_u8, [0..WORDS.len(), 0..WORDS.len()], 0..BRANDS.len(), 0..9_u8, 0..4_u8)
        .prop_map(|(id, words, brand, price, popularity)| Step::Put { id, words, brand, price, popularity });
    prop_oneof![6 => put, 3 => (0..60_u8).prop_map(|id| Step::Delete { id }), 1 => Just(Step::Commit)]
}

fn product(id: u8, words: [usize; 2], brand: usize, price: u8, popularity: u8) -> Product {
    Product {
        id: id.to_string(),
        title: words.map(|word| WORDS[word]).join(" "),
        brand: Some(BRANDS[brand].to_owned()),
        categories: vec![format!("Things > {}", WORDS[words[1]])],
        price: Some(f64::from(price)),
        popularity: Some(f64::from(popularity)),
        attributes: vec![("size".to_owned(), Attribute::One(Scalar::Number(f64::from(price % 3))))],
        ..Product::default()
    }
}

fn requests() -> Vec<SearchRequest> {
    let facets = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let by = |field: &str| SortKey { field: field.to_owned(), order: Order::Descending };
    // By relevance statistics decide which products a page holds, so all stand on one.
    let all = SearchRequest { facets: facets(&["categories", "brand"]), per_page: 100, ..SearchRequest::default() };
    let ask = |q: &str| SearchRequest { q: q.to_owned(), ..all.clone() };
    vec![
        all.clone(),
        ask("r"),
        ask("shoe"),
        ask("red sho"),
        SearchRequest { facets: facets(&["brand", "price", "size"]), ..ask("l") },
        SearchRequest { sort: vec![by("popularity")], per_page: 3, page: 2, ..ask("") },
        SearchRequest { sort: vec![by("brand")], per_page: 5, ..ask("la -red") },
        SearchRequest { filter: filter::parse("brand:acme").ok(), facets: facets(&["categories"]), ..ask("s") },
        SearchRequest { filter: filter::parse("NOT categories:lamp").ok(), per_page: 0, ..ask("ru") },
    ]
}

/// All that must be the same; the order only where it was asked for.
fn told(request: &SearchRequest, page: Result<SearchPage, IndexError>) -> String {
    let page = match page {
        Ok(page) => page,
        // An attribute that no product has yet.
        Err(error) => return error.to_string(),
    };
    let mut ids: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
    if request.sort.is_empty() {
        ids.sort();
    }
    format!("{} {} {ids:?} {:?} {:?}", page.total, page.relaxed, page.facets, page.live)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_kept_pass_tells_what_an_evaluated_one_does(steps in proptest::collection::vec(step(), 1..200)) {
        let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).unwrap();
        let (mut sequence, mut snapshots) = (0, Vec::new());
        for step in steps.into_iter().chain([Step::Commit]) {
            sequence += 1;
            match step {
                Step::Put { id, words, brand, price, popularity } => {
                    let product = product(id, words, brand, price, popularity);
                    let ordinal = writer.live().ordinal_or_new(&product.id).unwrap();
                    writer.live().set(ordinal, sequence, LiveFields::of(&product));
                    writer.upsert(&product).map(|_| ()).unwrap();
                }
                Step::Delete { id } => writer.delete(&id.to_string()).map(|_| ()).unwrap(),
                Step::Commit => snapshots.push(writer.commit(sequence).unwrap()),
            }
            // The newest, and one that others have overtaken: what is kept is of both.
            for snapshot in [snapshots.last(), snapshots.get(snapshots.len() / 2)].into_iter().flatten() {
                for request in requests() {
                    let ask = || told(&request, snapshot.search(&request, &|| false));
                    prop_assert_eq!(ask(), without(Rule::KeptPasses, ask), "{:?}", request);
                }
            }
        }
    }
}

/// Whether every segment keeps a pass of this kind.
fn is_kept(snapshot: &Snapshot, passes: usize) -> bool {
    snapshot.columns().iter().all(|columns| columns.kept.0.lock().unwrap().passes.len() == passes)
}

#[test]
fn a_pass_is_kept_and_what_died_is_taken_out_of_it() {
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).unwrap();
    for id in 0..40 {
        writer.upsert(&product(id, [0, 2], 0, 1, 1)).map(|_| ()).unwrap();
    }
    let request = SearchRequest { facets: vec!["brand".to_owned()], per_page: 3, ..SearchRequest::default() };
    let before = writer.commit(40).unwrap();
    before.search(&request, &|| false).unwrap();
    assert!(is_kept(&before, 1));
    writer.delete("7").map(|_| ()).unwrap();
    let after = writer.commit(41).unwrap();
    let total = |snapshot: &Snapshot| snapshot.search(&request, &|| false).unwrap().total;
    assert_eq!((total(&after), total(&before)), (39, 40), "who holds an old snapshot sees what it saw");
    assert_eq!(without(Rule::Deaths, || total(&after)), 40, "it was not evaluated anew");
}

fn pass(best: usize) -> Arc<Pass> {
    let candidate = Candidate { keys: Default::default(), id_ord: 0, doc: 0, relevance: Default::default() };
    Arc::new(Pass {
        products: 1,
        best: vec![candidate; best],
        is_whole: false,
        counts: Vec::new(),
        examples: Default::default(),
        statistics: Vec::new(),
        deaths: 0,
    })
}

#[test]
fn a_pass_needs_no_room_beside_its_former_self() {
    let kept = KeptPasses::default();
    let names = (0..BYTES_MIN / pass(10).bytes("000")).map(|number| Arc::from(format!("{number:03}")));
    let names: Vec<Arc<str>> = names.collect();
    names.iter().chain(&names[..1]).for_each(|name| kept.keep(name, pass(10), 1));
    assert!(names.len() > 10 && names.iter().all(|name| kept.get(name).is_some()));
}

#[test]
fn what_is_kept_has_bounded_room_and_gives_way_whole() {
    let kept = KeptPasses::default();
    for number in 0..2_000 {
        kept.keep(&number.to_string().into(), pass(10), 1);
        assert!(kept.0.lock().unwrap().bytes <= BYTES_MIN);
    }
    assert!(kept.get("1999").is_some() && kept.get("0").is_none());
    kept.keep(&"1999".into(), pass(1), 1);
    let inner = kept.0.lock().unwrap();
    let bytes: usize = inner.passes.iter().map(|(key, pass)| pass.bytes(key)).sum();
    assert_eq!(inner.bytes, bytes, "what was replaced is not counted any more");
    drop(inner);
    kept.keep(&"large".into(), pass(BYTES_MIN), 1);
    assert!(kept.get("large").is_none());
}

#[test]
fn statistics_that_moved_are_not_near() {
    let pass = Pass {
        products: 0,
        best: Vec::new(),
        is_whole: true,
        counts: Vec::new(),
        examples: Default::default(),
        statistics: vec![1.0, 5.0],
        deaths: 0,
    };
    assert!(pass.is_near(&[1.0, 5.04]) && !pass.is_near(&[1.0, 5.1]) && !pass.is_near(&[1.0]));
}
