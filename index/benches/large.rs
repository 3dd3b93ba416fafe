//! Question: what does a miss cost on a large catalog, by kind of question, beside bare tantivy?
//!
//! Corpus: an index folder that a server made, by default the million products of the load test
//! (`cargo run --release -p storefind-loadtest -- run loadtest/scenarios/knee-million.toml` makes it), read through hard
//! links. Questions: words of the titles of products drawn at random (seed 42), one to three of them, as typed to the
//! end, and as an autocomplete asks for them at a random keystroke. Every question is asked once, when segments keep
//! nothing of it yet, and then [`TRIES`] times more, of which the least time counts. Bare tantivy answers the searches
//! without facets, as in `page.rs`, and keeps nothing.
//!
//! Run: `[STOREFIND_BENCH_INDEX=FOLDER] cargo bench -p storefind-index --bench large [-- KIND]`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

#[path = "page/bare.rs"]
mod bare;

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use storefind_index::live::LiveFields;
use storefind_index::product::Product;
use storefind_index::request::SearchRequest;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::writer::Writer;
use tantivy::Index;

use bare::{bare_page, bare_query};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Questions of each kind: enough that the 99th percentile rests on four of them.
const QUESTIONS: usize = 400;
/// Times that each is asked again.
const TRIES: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/loadtest/million/catalogs/demo/index");
    let from = std::env::var_os("STOREFIND_BENCH_INDEX").map_or(made, PathBuf::from);
    let dir = tempfile::tempdir_in(from.parent().ok_or("an index folder has a parent")?)?;
    let linked = std::fs::read_dir(&from).map_err(|error| format!("{}: {error}", from.display()))?;
    for file in linked {
        let file = file?;
        if !file.file_name().to_string_lossy().ends_with(".lock") {
            std::fs::hard_link(file.path(), dir.path().join(file.file_name()))?;
        }
    }
    let writer = Writer::open(dir.path(), Arc::new(Settings::default()), Arc::default())?;
    let snapshot = writer.snapshot();
    let titles = titles(&snapshot)?;
    println!("{} products, {} segments", snapshot.product_count(), snapshot.segment_count());
    let mut random = Random(42);
    let queries: Vec<String> = (0..QUESTIONS).map(|_| random.query(&titles)).collect();

    let searcher = Index::open_in_dir(dir.path())?.reader()?.searcher();
    let plain: Vec<_> = queries.iter().map(|q| bare_query(&searcher, q, false)).collect::<Result<_, _>>()?;
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let bare = match wanted.is_empty() {
        true => Some(report("bare", plain.len(), |at| bare_page(&searcher, plain[at].as_ref()).map(|()| 0))?),
        false => None,
    };
    let three = ["brand", "price", "categories"];
    let kinds = [("search", &[][..]), ("search, three facets", &three[..])];
    for (name, facets) in kinds.into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let requests: Vec<_> = queries.iter().map(|q| search(q, facets)).collect();
        let mean = report(name, requests.len(), |at| ask(&snapshot, &requests[at]))?;
        if let Some(bare) = bare {
            println!("    {:.2} times bare", mean.as_secs_f64() / bare.as_secs_f64());
        }
    }
    let filtered = "search, price filter";
    if filtered.contains(&wanted) {
        let filter = storefind_index::filter::parse("price < 50")?;
        let requests = queries.iter().map(|q| SearchRequest { filter: Some(filter.clone()), ..search(q, &[]) });
        let requests: Vec<_> = requests.collect();
        report(filtered, requests.len(), |at| ask(&snapshot, &requests[at]))?;
    }
    let prefixes: Vec<_> = queries.iter().map(|q| complete(&random.typed(q))).collect();
    let autocomplete = "autocomplete's products";
    if autocomplete.contains(&wanted) {
        report(autocomplete, prefixes.len(), |at| ask(&snapshot, &prefixes[at]))?;
    }
    writer.close()?;
    Ok(())
}

fn ask(snapshot: &Snapshot, request: &SearchRequest) -> Result<u64, Box<dyn Error>> {
    Ok(black_box(snapshot.search(request, &|| false)?).total)
}

/// Times each question; prints, and returns the mean of the first times.
fn report(
    name: &str,
    questions: usize,
    mut ask: impl FnMut(usize) -> Result<u64, Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    let mut found = 0;
    let (mut first, mut again) = (Vec::with_capacity(questions), Vec::with_capacity(questions));
    for at in 0..questions {
        let began = Instant::now();
        found += ask(at)?;
        first.push(began.elapsed());
        let mut least = Duration::MAX;
        for _ in 0..TRIES {
            let began = Instant::now();
            ask(at)?;
            least = least.min(began.elapsed());
        }
        again.push(least);
    }
    println!("{name}: finds {} on average", found / questions as u64);
    let mean = print("first", first);
    print("again", again);
    Ok(mean)
}

fn print(name: &str, mut times: Vec<Duration>) -> Duration {
    let mean = times.iter().sum::<Duration>() / times.len() as u32;
    times.sort();
    let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1e3;
    println!(
        "    {name}: mean {:.3} ms, p50 {:.3}, p90 {:.3}, p99 {:.3}",
        mean.as_secs_f64() * 1e3,
        at(50),
        at(90),
        at(99),
    );
    mean
}

/// Every product's title; gives each a price and stock, which the index does not hold.
fn titles(snapshot: &Snapshot) -> Result<Vec<String>, Box<dyn Error>> {
    let mut titles = Vec::new();
    snapshot.for_each_product(&mut |product: &Product| {
        if let Some(ordinal) = snapshot.live().ordinal_or_new(&product.id) {
            let price = Some((titles.len() % 5_000) as f64 + 0.99);
            let priced = Product { price, stock: Some(3), ..Product::default() };
            snapshot.live().set(ordinal, 1, LiveFields::of(&priced));
        }
        titles.push(product.title.clone());
    })?;
    snapshot.live().applied_through(1);
    Ok(titles)
}

fn search(q: &str, facets: &[&str]) -> SearchRequest {
    let facets = facets.iter().map(|facet| (*facet).to_owned()).collect();
    SearchRequest { q: q.to_owned(), facets, ..SearchRequest::default() }
}

/// As the server asks beside suggestions.
fn complete(prefix: &str) -> SearchRequest {
    let fields = ["title", "brand", "image", "price", "url"].map(String::from).to_vec();
    SearchRequest {
        q: prefix.to_owned(),
        facets: vec!["categories".into()],
        facet_limit: 5,
        per_page: 3,
        fields: Some(fields),
        window: 32,
        enough: 3,
        tells_wording: false,
        ..SearchRequest::default()
    }
}

/// A small generator of our own, so that the questions stay the same whatever a crate changes (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }

    /// One to three neighbouring words of a title.
    fn query(&mut self, titles: &[String]) -> String {
        let words: Vec<&str> = titles[self.below(titles.len())].split_whitespace().collect();
        let count = (1 + self.below(3)).min(words.len());
        let first = self.below(words.len() + 1 - count);
        words[first..first + count].join(" ").to_lowercase()
    }

    /// What stands in the box at a keystroke.
    fn typed(&mut self, query: &str) -> String {
        let letters = query.chars().count();
        query.chars().take(1 + self.below(letters)).collect()
    }
}
