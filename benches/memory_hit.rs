//! What does a memory hit cost, without HTTP?
//!
//! Corpus: 1,000 products with five words of title each, written in a fixed order; one page of 20 (about 5 KB). Three
//! ways to the same entry: a URL that was seen before (front, lookup, headers), another spelling of it (parsing and
//! normalising as well), and the same with `If-None-Match`. The futures never wait on a hit, so they are polled once,
//! without a runtime's overhead.
//!
//! Run: `cargo bench --bench memory_hit`

use std::hint::black_box;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use storefind::answer::{Answers, Asked};
use storefind::catalog::{Catalog, Change};
use storefind::config::{Config, Sources};
use storefind_index::product::Product;
use storefind_index::settings::Settings;

const PRODUCTS: usize = 1_000;

fn products() -> Vec<Change> {
    let colours = ["red", "blue", "green", "black", "white"];
    let kinds = ["running shoe", "laptop bag", "phone case", "desk lamp"];
    (0..PRODUCTS)
        .map(|n| {
            let (colour, kind) = (colours[n % colours.len()], kinds[n % kinds.len()]);
            Change::Upsert(Product {
                id: n.to_string(),
                title: format!("{colour} {kind} model {n}"),
                brand: Some(format!("brand {}", n % 20)),
                description: Some("A description of some length, as products have it. ".repeat(3)),
                price: Some(n as f64),
                ..Product::default()
            })
        })
        .collect()
}

fn memory_hit(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder");
    let bound = Duration::from_millis(100);
    let catalog = Catalog::open("shop", dir.path(), &Settings::default(), bound, false).expect("a catalog");
    let written = catalog.write(products()).expect("written");
    let config = Config::load(&Sources::default()).expect("defaults are valid");
    let answers = Answers::new(&config).expect("answers");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let ask = |raw: &str, headers: &HeaderMap| {
        answers
            .search(&catalog, Asked::Query(raw), headers, None)
            .now_or_never()
            .expect("a hit never waits")
            .expect("a hit")
    };

    let mut plain = HeaderMap::new();
    plain.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd"));
    let first = runtime.block_on(async {
        catalog.wait_visible(written.sequence, Duration::from_secs(30)).await.expect("visible");
        answers.search(&catalog, Asked::Query("q=running+shoe"), &plain, None).await.expect("an answer")
    });
    let mut conditional = plain.clone();
    conditional.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());

    let mut group = criterion.benchmark_group("memory_hit");
    group.bench_function("repeated_url", |bencher| bencher.iter(|| black_box(ask("q=running+shoe", &plain))));
    group.bench_function("not_modified", |bencher| bencher.iter(|| black_box(ask("q=running+shoe", &conditional))));
    // Longer than the front remembers, so it is parsed each time.
    let spelled = format!("q=Running++shoe{}", "&".repeat(600));
    group.bench_function("parsed_url", |bencher| bencher.iter(|| black_box(ask(&spelled, &plain))));
    group.finish();
}

criterion_group!(benches, memory_hit);
criterion_main!(benches);
