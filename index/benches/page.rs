//! Question: what does a page of 20 products cost over bare tantivy, without and with three facets?
//!
//! Corpus: `../shared/data/icecat-products.jsonl.gz` (19,406 products) in one segment; queries: those of
//! `icecat-judgments.csv`. Bare tantivy reads the very same index: the same terms in the same fields, boolean over
//! words and fields, the top 20 with their stored bytes, and the count. It evaluates each query once, in the form that
//! answers it: all words, or some of them where too few products have all. Storefind does not know that beforehand and
//! evaluates such queries twice, with typos corrected up to three times. Both run in turns, round by round; the
//! figure is the median of the rounds' ratios with their range.
//!
//! Run: `cargo bench -p storefind-index --bench page`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

#[path = "page/bare.rs"]
mod bare;
#[path = "touch/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use storefind_index::request::SearchRequest;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::writer::Writer;
use tantivy::Index;
use tantivy::query::Query;

use bare::{bare_page, bare_query};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pairs of rounds; each goes over all queries several times.
const ROUNDS: usize = 21;
const PASSES: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let dir = tempfile::tempdir()?;
    let snapshot = build(dir.path())?;
    let searcher = Index::open_in_dir(dir.path())?.reader()?.searcher();
    let queries = queries(&data)?;
    println!("{} products, {} segments, {} queries", snapshot.product_count(), snapshot.segment_count(), queries.len());
    let mut plans: Vec<Box<dyn Query>> = Vec::with_capacity(queries.len());
    for query in &queries {
        let relaxed = snapshot.search(&request(query, &[], false), &|| false)?.relaxed;
        plans.push(bare_query(&searcher, query, relaxed)?);
    }
    // An empty facet costs nothing, and the figure would lie.
    let priced = snapshot.search(&request("", &["price"], false), &|| false)?;
    if priced.facets.iter().all(|facet| facet.stats.is_none_or(|stats| stats.count == 0)) {
        return Err("no product has a price".into());
    }
    let three = &["brand", "price", "product_type"][..];
    for (facets, typos) in [(&[][..], false), (three, false), (&[][..], true), (three, true)] {
        let requests: Vec<SearchRequest> = queries.iter().map(|q| request(q, facets, typos)).collect();
        let mut ratios = Vec::with_capacity(ROUNDS);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            theirs
                .push(timed(plans.len(), || plans.iter().try_for_each(|query| bare_page(&searcher, query.as_ref())))?);
            ours.push(timed(plans.len(), || {
                requests.iter().try_for_each(|request| {
                    black_box(snapshot.search(request, &|| false)?);
                    Ok(())
                })
            })?);
            ratios.push(ours[ours.len() - 1].as_secs_f64() / theirs[theirs.len() - 1].as_secs_f64());
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{} facets, typos {}: page {:.1} µs, bare {:.1} µs, ratio {:.2} ({:.2}–{:.2})",
            facets.len(),
            if typos { "corrected" } else { "left" },
            median(ours).as_secs_f64() * 1e6,
            median(theirs).as_secs_f64() * 1e6,
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1],
        );
    }
    Ok(())
}

/// The mean time of a query over some passes.
fn timed(queries: usize, mut pass: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    for _ in 0..PASSES {
        pass()?;
    }
    Ok(start.elapsed() / u32::try_from(PASSES * queries)?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn request(q: &str, facets: &[&str], typos: bool) -> SearchRequest {
    let facets = facets.iter().map(|facet| (*facet).to_owned()).collect();
    SearchRequest { q: q.to_owned(), facets, typos, ..SearchRequest::default() }
}

fn build(dir: &Path) -> Result<Snapshot, Box<dyn Error>> {
    let mut writer = Writer::open(dir, Arc::new(Settings::default()), Arc::default())?;
    let sequence = corpus::load(&mut writer, &corpus::products()?)?;
    Ok(writer.commit(sequence)?)
}

fn queries(data: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let path = data.join("icecat-judgments.csv");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let distinct: BTreeSet<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    Ok(distinct.into_iter().map(str::to_owned).collect())
}
