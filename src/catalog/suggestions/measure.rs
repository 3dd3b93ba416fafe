//! How often autocomplete offers what the shopper means, without and with learning.
//!
//! Catalog: `shared/data/bestbuy-products.jsonl.gz`. Queries: `bestbuy-queries.jsonl.gz`, each as often as it was searched.
//! Training: 20,000 sessions, drawn by that popularity with seed 42, a search each; so rare queries stay below the ten
//! sessions that a suggestion needs, as they would in a shop. Test: every query of the file that is longer than what is
//! typed of it, weighted by its popularity: is it among the first eight suggestions, the same but for case and accents?
//! Training and test are drawn from the same shoppers: this measures how well demand of before is repeated, not how demand
//! that nobody has seen is foreseen. Queries that find nothing in this catalog cannot be suggested, and are told apart.
//!
//! `cargo test --lib the_intended_query -- --nocapture` prints the table.

use std::io::{BufRead, BufReader};

use rand::SeedableRng as _;
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use storefind_index::product::Product;
use storefind_index::suggest::{Completion, fold};

use super::*;
use crate::catalog::{Catalog, Change};
use crate::learn::event::{Act, Event};
use crate::learn::journal::Keep;
use crate::learn::{Sent, finding};

const SESSIONS: usize = 20_000;
const SEED: u64 = 42;
const TYPED_MAX: usize = 6;
/// What a storefront shows.
const LIMIT: usize = 8;

struct Query {
    text: String,
    popularity: f64,
    is_found: bool,
}

fn lines(name: &str) -> impl Iterator<Item = serde_json::Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

fn catalog(folder: &std::path::Path) -> Arc<Catalog> {
    let catalog = Catalog::open("bestbuy", folder, &Settings::default(), Duration::ZERO, false).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let products: Vec<Change> = lines("bestbuy-products.jsonl.gz")
        .map(|line| {
            let categories = line["categories"].as_array().into_iter().flatten().filter_map(&text).collect();
            Change::Upsert(Product {
                id: line["id"].as_str().map_or_else(|| line["id"].to_string(), str::to_owned),
                title: text(&line["name"]).unwrap(),
                brand: text(&line["brand"]),
                description: text(&line["description"]),
                categories,
                popularity: line["popularity"].as_f64(),
                ..Product::default()
            })
        })
        .collect();
    let sequence = catalog.write(products).unwrap().sequence;
    assert!(catalog.visibility().wait_until(Duration::from_secs(60), |validated| validated >= sequence));
    catalog
}

fn queries(snapshot: &Snapshot) -> Vec<Query> {
    let read = lines("bestbuy-queries.jsonl.gz").map(|line| {
        let text = line["query"].as_str().unwrap().to_owned();
        let found = finding::find(snapshot, &text, &|| false).unwrap();
        // Found as it is, not by a correction.
        let is_found = found.is_some_and(|found| fold(&found.phrase) == fold(&text));
        Query { text, popularity: line["popularity"].as_f64().unwrap(), is_found }
    });
    read.filter(|query| query.popularity > 0.0).collect()
}

fn train(learner: &Learner, queries: &[Query]) {
    let drawn = WeightedIndex::new(queries.iter().map(|query| query.popularity)).unwrap();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(SEED);
    let now = now_ms();
    let sent: Vec<Sent> = (0..SESSIONS)
        .map(|session| Event {
            act: Act::Search,
            session: session.to_string(),
            query: Some(queries[drawn.sample(&mut random)].text.clone()),
            products: Vec::new(),
            position: None,
            time: Some(now - 60_000),
            event_id: None,
        })
        .map(|event| Sent { event, request: None })
        .collect();
    learner.take(&sent, now - 60_000, &|_| true).unwrap();
}

/// The suggestions of a catalog, with what was learned if it was.
fn suggestions(snapshot: &Snapshot, learner: Option<&Learner>) -> SuggestIndex {
    let settings = snapshot.settings();
    let mut builder = SuggestBuilder::new(settings.language);
    let mut add = |it: &Naming| builder.add(&it.title, it.brand.as_deref(), &it.categories, it.popularity);
    snapshot.for_each_naming(&mut add).unwrap();
    if let Some(learner) = learner {
        let candidates = learner.learned(now_ms(), &settings.autocomplete, CANDIDATES_MAX);
        let mut findings = Findings::default();
        let phrases = loop {
            let phrases = findings.phrases(&candidates, snapshot, &BlockList::default(), &|| false);
            if !findings.is_behind() {
                break phrases;
            }
        };
        println!("{} queries had enough sessions, {} of them find something", candidates.len(), phrases.len());
        phrases.iter().for_each(|phrase| builder.add_learned(&phrase.text, phrase.weight, phrase.results));
    }
    builder.build()
}

/// Share of the demand for which the query is among the first suggestions.
fn share<'a>(index: &SuggestIndex, queries: impl Iterator<Item = &'a Query>, typed: usize) -> f64 {
    let (mut offered, mut all) = (0.0, 0.0);
    for query in queries.filter(|query| query.text.chars().count() > typed) {
        let prefix: String = query.text.chars().take(typed).collect();
        let found = index.complete(Completion { prefix: &prefix, limit: LIMIT, category: None, typos: true });
        let wanted = fold(&query.text);
        offered += if found.iter().any(|it| fold(&it.text) == wanted) { query.popularity } else { 0.0 };
        all += query.popularity;
    }
    offered / all
}

#[test]
fn the_intended_query_is_offered_far_oftener_with_learning() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path());
    let snapshot = catalog.snapshot();
    let queries = queries(&snapshot);
    let learner = Learner::open(folder.path(), Keep { days: 2, bytes_max: 64 << 20 }, false).unwrap();
    learner.restore(now_ms()).unwrap();
    train(&learner, &queries);
    let (without, with) = (suggestions(&snapshot, None), suggestions(&snapshot, Some(&learner)));
    let demand = |of: &dyn Fn(&Query) -> bool| -> f64 {
        queries.iter().filter(|query| of(query)).map(|query| query.popularity).sum()
    };
    let found = demand(&|query| query.is_found) / demand(&|_| true);
    println!("{} queries; {:.1} % of the demand finds something as it is", queries.len(), found * 100.0);
    println!("typed | all: without, with | that find something: without, with");
    for typed in 1..=TYPED_MAX {
        let all = [&without, &with].map(|index| share(index, queries.iter(), typed));
        let findable = || queries.iter().filter(|query| query.is_found);
        let [before, after] = [&without, &with].map(|index| share(index, findable(), typed));
        println!("{typed} | {:.3}, {:.3} | {before:.3}, {after:.3}", all[0], all[1]);
        assert!(after > before, "{typed} typed: {after} with learning, {before} without");
    }
    catalog.close();
}
