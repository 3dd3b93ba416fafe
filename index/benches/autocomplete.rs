//! Question: how long does a completion take over 150,000 strings?
//!
//! Corpus: the first 150,000 distinct runs of one to four words in the titles of `shared/data/icecat-products.jsonl.gz`,
//! each as heavy as its titles are many; and, for the figures of a real catalog, the icecat products themselves.
//! Seed: 42. Run: `cargo bench -p storefind-index --bench autocomplete`.
//!
//! Besides criterion's means it prints quantiles over single calls, since a mean hides the prefix that is slow, and
//! the most states that any call visited.
#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use rustc_hash::FxHashMap;
use storefind_index::settings::Language;
use storefind_index::suggest::{Completion, SuggestBuilder, SuggestIndex};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Strings in the index: a shop with some hundred thousand products, and the size in the stated target.
const STRINGS: usize = 150_000;
/// Prefixes per path: enough that the 99th percentile rests on 300 of them.
const PREFIXES: usize = 30_000;
/// Timed calls per prefix, in rounds over all of them.
const ROUNDS: usize = 5;
/// What a storefront shows.
const LIMIT: usize = 8;

struct Product {
    title: String,
    brand: Option<String>,
}

fn products() -> Vec<Product> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/icecat-products.jsonl.gz");
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let text = |value: &serde_json::Value, name: &str| value[name].as_str().map(str::to_owned);
    lines
        .map(|line| {
            let line = line.expect("the catalog can be read to its end");
            let value: serde_json::Value = serde_json::from_str(&line).expect("every line is JSON");
            Product { title: text(&value, "title").unwrap_or_default(), brand: text(&value, "supplier") }
        })
        .collect()
}

/// The first runs of one to four words, with the number of times that they occur.
fn strings(products: &[Product]) -> Vec<(String, u32)> {
    let mut counts: FxHashMap<String, usize> = FxHashMap::default();
    let mut strings: Vec<(String, u32)> = Vec::new();
    for product in products {
        let words: Vec<&str> = product.title.split_whitespace().collect();
        for len in 1..=4 {
            for run in words.windows(len) {
                let key = run.join(" ").to_lowercase();
                let key: String = key.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
                let key = key.split_whitespace().collect::<Vec<_>>().join(" ");
                if let Some(at) = counts.get(&key) {
                    strings[*at].1 += 1;
                } else if strings.len() < STRINGS && !key.is_empty() {
                    counts.insert(key.clone(), strings.len());
                    strings.push((key, 1));
                }
            }
        }
    }
    strings
}

/// A small generator of our own, so that the queries stay the same whatever a crate changes (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

/// Prefixes of one to twelve letters of strings drawn at random.
fn exact_prefixes(strings: &[(String, u32)], random: &mut Random) -> Vec<String> {
    let mut prefix = || {
        let text = &strings[random.below(strings.len())].0;
        text.chars().take(1 + random.below(12)).collect()
    };
    (0..PREFIXES).map(|_| prefix()).collect()
}

/// Prefixes of five to twenty letters with `slips` slips in a word that is long enough to be corrected.
fn mistyped_prefixes(strings: &[(String, u32)], random: &mut Random, slips: usize) -> Vec<String> {
    let mut prefixes = Vec::with_capacity(PREFIXES);
    while prefixes.len() < PREFIXES {
        let text = &strings[random.below(strings.len())].0;
        let mut letters: Vec<char> = text.chars().take(5 + random.below(16)).collect();
        let start = letters.iter().rposition(|c| *c == ' ').map_or(0, |at| at + 1);
        let word = &letters[start..];
        if word.len() < [6, 10][slips - 1] || word.iter().any(|c| c.is_numeric()) {
            continue;
        }
        for _ in 0..slips {
            let at = start + 1 + random.below(letters.len() - start - 2);
            let letter = char::from(b'a' + random.below(26) as u8);
            match random.below(4) {
                0 => letters.insert(at, letter),
                1 => drop(letters.remove(at)),
                2 => letters[at] = letter,
                _ => letters.swap(at, at + 1),
            }
        }
        prefixes.push(letters.into_iter().collect());
    }
    prefixes
}

fn completion(prefix: &str) -> Completion<'_> {
    Completion { prefix, limit: LIMIT, category: None, typos: true }
}

/// Times single calls and prints their quantiles: over all calls, as a caller sees them on this machine, and over each
/// prefix's fastest call, which leaves out what other processes took.
fn report(index: &SuggestIndex, name: &str, prefixes: &[String], typos: bool) {
    let mut fastest = vec![Duration::MAX; prefixes.len()];
    let mut all = Vec::with_capacity(prefixes.len() * ROUNDS);
    let (mut visited_max, mut candidates_max, mut walks) = (0, 0, 0);
    for round in 0..=ROUNDS {
        for (prefix, fastest) in prefixes.iter().zip(&mut fastest) {
            let start = Instant::now();
            let (suggestions, effort) = index.complete_measured(Completion { typos, ..completion(black_box(prefix)) });
            let time = start.elapsed();
            black_box(&suggestions);
            // The first round only warms.
            if round > 0 {
                all.push(time);
                *fastest = time.min(*fastest);
                visited_max = visited_max.max(effort.visited_states);
                candidates_max = candidates_max.max(effort.candidates);
                walks += usize::from(effort.visited_states > 0);
            }
        }
    }
    let calls = all.len();
    println!("{name}: {calls} calls, {walks} walked; at most {visited_max} states, {candidates_max} candidates");
    print_quantiles("all calls", all);
    print_quantiles("fastest per prefix", fastest);
}

fn print_quantiles(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let quantile = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(quantile);
    println!("  {name}: p50 {p50:.1?}, p99 {p99:.1?}, p99.9 {p999:.1?}, max {max:.1?}");
}

fn build(name: &str, fill: impl FnOnce(&mut SuggestBuilder)) -> SuggestIndex {
    let start = Instant::now();
    let mut builder = SuggestBuilder::new(Language::English);
    fill(&mut builder);
    let filled = start.elapsed();
    let index = builder.build();
    println!(
        "{name}: {} suggestions, counted in {filled:.1?}, built in {:.1?}, {:.1} MB",
        index.len(),
        start.elapsed() - filled,
        index.heap_bytes() as f64 / 1e6
    );
    index
}

fn autocomplete(criterion: &mut Criterion) {
    let products = products();
    let strings = strings(&products);
    let catalog = build("icecat", |builder| {
        for product in &products {
            builder.add(&product.title, product.brand.as_deref(), &[], None);
        }
    });
    let index = build("strings", |builder| {
        for (text, count) in &strings {
            builder.add_learned(text, f64::from(*count), u64::from(*count));
        }
    });
    let mut random = Random(42);
    let exact = exact_prefixes(&strings, &mut random);
    let slips = [1, 2].map(|slips| mistyped_prefixes(&strings, &mut random, slips));
    for (corpus, index) in [("icecat", &catalog), ("strings", &index)] {
        report(index, &format!("{corpus}, exact, typos off"), &exact, false);
        report(index, &format!("{corpus}, exact, typos on"), &exact, true);
        report(index, &format!("{corpus}, one slip"), &slips[0], true);
        report(index, &format!("{corpus}, two slips"), &slips[1], true);
    }
    for (name, prefixes) in [("exact prefix", &exact), ("one slip", &slips[0]), ("two slips", &slips[1])] {
        let mut next = prefixes.iter().cycle();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| next.next().map(|prefix| index.complete(completion(prefix))));
        });
    }
}

criterion_group!(benches, autocomplete);
criterion_main!(benches);
