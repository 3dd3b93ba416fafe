//! Answers of a real catalog through every step behind HTTP: keys, tiers, freshness, codings, limits.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use storefind::answer::error::AnswerError;
use storefind::answer::{Answers, Asked};
use storefind::app::{App, Mode};
use storefind::catalog::{Catalog, Change};
use storefind::config::{Config, Sources};
use storefind::http::edge::Edge;
use storefind_index::product::Product;
use storefind_index::settings::Settings;

/// Publishes every 50 ms, so that no test waits long for a change.
const BOUND: Duration = Duration::from_millis(100);
const VISIBLE_MAX: Duration = Duration::from_secs(30);

/// A catalog with a few products and what answers for it.
pub(crate) struct Shop {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) answers: Arc<Answers>,
    _dir: tempfile::TempDir,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::load(&Sources::default()).expect("defaults are valid");
        config.freshness_bound = BOUND;
        // Builds on a busy machine are slow; what tests a deadline sets its own.
        config.http.request_deadline = Duration::from_secs(30);
        configure(&mut config);
        let dir = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open("shop", dir.path(), &Settings::default(), BOUND, false).expect("a catalog");
        let answers = Arc::new(Answers::new(&config).expect("answers"));
        let shop = Self { catalog, answers, _dir: dir };
        shop.write(products()).await;
        shop
    }

    /// Writes and waits until it is visible; returns the sequence.
    pub(crate) async fn write(&self, products: Vec<Value>) -> u64 {
        let catalog = Arc::clone(&self.catalog);
        let changes = products.into_iter().map(upsert).collect();
        let written =
            tokio::task::spawn_blocking(move || catalog.write(changes)).await.expect("task").expect("written");
        assert!(written.outcomes.iter().all(Result::is_ok), "{:?}", written.outcomes);
        self.catalog.wait_visible(written.sequence, VISIBLE_MAX).await.expect("visible");
        written.sequence
    }

    pub(crate) async fn ask(&self, raw: &str) -> Answer {
        self.ask_with(raw, &[]).await
    }

    pub(crate) async fn ask_with(&self, raw: &str, headers: &[(HeaderName, &str)]) -> Answer {
        let headers = headers_of(headers);
        read(self.answers.search(&self.catalog, Asked::Query(raw), &headers, None).await.expect("an answer")).await
    }

    pub(crate) async fn post(&self, body: &Value) -> Answer {
        let (body, headers) = (body.to_string(), HeaderMap::new());
        read(self.answers.search(&self.catalog, Asked::Json(body.as_bytes()), &headers, None).await.expect("an answer"))
            .await
    }

    pub(crate) async fn complete(&self, raw: &str) -> Answer {
        read(self.answers.autocomplete(&self.catalog, raw, &HeaderMap::new(), None).await.expect("an answer")).await
    }

    pub(crate) async fn refused(&self, raw: &str) -> AnswerError {
        self.answers.search(&self.catalog, Asked::Query(raw), &HeaderMap::new(), None).await.expect_err("refused")
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn status_of_cache(&self) -> String {
        // Without the time to live, which depends on jitter and clock.
        let parts = self.header("cache-status").split("; ").filter(|part| !part.starts_with("ttl="));
        parts.collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("JSON")
    }

    fn ids(&self) -> BTreeSet<String> {
        let body = self.json();
        let hits = body["hits"].as_array().expect("hits");
        hits.iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()).collect()
    }
}

pub(crate) const HIT: &str = "storefind; hit; detail=memory";
pub(crate) const MISS: &str = "storefind; fwd=miss; stored; detail=index";
pub(crate) const STALE: &str = "storefind; fwd=stale; stored; detail=index";

fn headers_of(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).expect("ASCII"))).collect()
}

async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a whole body").to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, bytes }
}

fn upsert(product: Value) -> Change {
    let Value::Object(object) = product else { panic!("an object") };
    Change::Upsert(Product::from_json(object).expect("a product"))
}

fn products() -> Vec<Value> {
    let words = ["Red running shoe", "Blue running shoe", "Laptop bag", "Laptop 17 inch", "Phone case"];
    (0..40)
        .map(|n| {
            json!({
                "id": n.to_string(),
                "title": format!("{} {n}", words[n % words.len()]),
                "brand": if n % 2 == 0 { "Acme" } else { "Globex" },
                "categories": [if n % 5 < 2 { "Shoes" } else { "Computers > Laptops" }],
                "price": 10.0 + n as f64,
                "stock": n,
                "description": "A product with a description that is long enough for compression to be worth while.",
            })
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_misses_then_hits_and_after_a_write_is_stale_then_hits_again() {
    let shop = Shop::open().await;
    let first = shop.ask("q=shoe").await;
    assert_eq!((first.status, first.status_of_cache().as_str()), (StatusCode::OK, MISS));
    let again = shop.ask("q=shoe").await;
    assert_eq!(again.status_of_cache(), HIT);
    assert_eq!((&again.bytes, again.header("etag")), (&first.bytes, first.header("etag")));
    assert_eq!((again.header("age"), again.header("vary")), ("0", "accept-encoding"));
    assert_eq!(again.header("storefind-sequence"), first.header("storefind-sequence"));
    let sequence = shop.write(vec![json!({"id": "new", "title": "Green shoe"})]).await;
    let stale = shop.ask(&format!("q=shoe&min_sequence={sequence}")).await;
    assert_eq!(stale.status_of_cache(), STALE);
    assert!(stale.ids().contains("new"));
    assert_eq!(stale.header("storefind-sequence"), sequence.to_string());
    assert_eq!(shop.ask("q=shoe").await.status_of_cache(), HIT);
}

#[tokio::test(flavor = "multi_thread")]
async fn spellings_of_one_question_and_its_post_share_an_entry() {
    let shop = Shop::open().await;
    let first = shop.ask("q=running+shoe&facets=price,brand&filter=brand:Acme&per_page=5").await;
    assert_eq!(first.status_of_cache(), MISS);
    let raw = "per_page=5&q=RUNNING++shoe&facets=brand&facets=price&page=1&filter=(brand:Acme)";
    for _ in 0..2 {
        let spelled = shop.ask(raw).await;
        assert_eq!((spelled.status_of_cache().as_str(), &spelled.bytes), (HIT, &first.bytes));
    }
    let body = json!({"q": "Running shoe", "facets": ["price", "brand"], "filter": "brand:Acme", "per_page": 5});
    let posted = shop.post(&body).await;
    assert_eq!((posted.status_of_cache().as_str(), &posted.bytes), (HIT, &first.bytes));
    assert_eq!(first.json()["query"], "running shoe");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_coding_decodes_to_the_identity_body_has_its_own_tag_and_answers_304() {
    let shop = Shop::open().await;
    let plain = shop.ask("q=shoe").await;
    assert_eq!(plain.header("content-encoding"), "");
    let mut tags = BTreeSet::from([plain.header("etag").to_owned()]);
    for coding in ["gzip", "br", "zstd"] {
        let encoded = shop.ask_with("q=shoe", &[(header::ACCEPT_ENCODING, coding)]).await;
        assert_eq!(encoded.header("content-encoding"), coding);
        assert_eq!(decode(coding, &encoded.bytes), plain.bytes);
        assert!(tags.insert(encoded.header("etag").to_owned()));
        let held = [(header::ACCEPT_ENCODING, coding), (header::IF_NONE_MATCH, encoded.header("etag"))];
        let unchanged = shop.ask_with("q=shoe", &held).await;
        assert_eq!((unchanged.status, unchanged.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        for name in ["etag", "cache-control", "vary", "cache-status", "storefind-sequence", "age"] {
            assert_ne!(unchanged.header(name), "", "{name}");
        }
        assert_eq!(unchanged.header("etag"), encoded.header("etag"));
        for name in ["content-type", "content-encoding"] {
            assert_eq!(unchanged.header(name), "", "{name}");
        }
        let other = [(header::ACCEPT_ENCODING, coding), (header::IF_NONE_MATCH, plain.header("etag"))];
        assert_eq!(shop.ask_with("q=shoe", &other).await.status, StatusCode::OK);
    }
}

fn decode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).map(drop).expect("gzip"),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut text).map(drop).expect("br"),
        _ => text = zstd::decode_all(bytes).expect("zstd"),
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recomputed_answer_with_the_same_bytes_keeps_its_tag() {
    let shop = Shop::open().await;
    let raw = "filter=brand:Acme&sort=price&per_page=3";
    let first = shop.ask(raw).await;
    let held = [(header::IF_NONE_MATCH, first.header("etag"))];
    shop.write(vec![json!({"id": "other", "title": "Teapot", "brand": "Globex", "price": 1})]).await;
    let again = shop.ask_with(raw, &held).await;
    assert_eq!((again.status, again.status_of_cache().as_str()), (StatusCode::NOT_MODIFIED, HIT), "not touched");
    // A product that matches, but is not on the page, nor changes what the page counts.
    let sequence = shop.write(vec![json!({"id": "38", "title": "Slipper", "brand": "Acme", "price": 48})]).await;
    let again = shop.ask_with(&format!("{raw}&min_sequence={sequence}"), &held).await;
    assert_eq!((again.status, again.status_of_cache().as_str()), (StatusCode::NOT_MODIFIED, STALE));
    let sequence = shop.write(vec![json!({"id": "other", "title": "Teapot", "brand": "Acme", "price": 1})]).await;
    let changed = shop.ask_with(&format!("{raw}&min_sequence={sequence}"), &held).await;
    assert_eq!((changed.status, changed.status_of_cache().as_str()), (StatusCode::OK, STALE));
}

/// Versions are written one after the other while readers ask; each reader knows what was visible before it asked.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_older_than_what_was_visible_when_it_was_asked() {
    const VERSIONS: u64 = 40;
    let shop = Arc::new(Shop::open().await);
    let visible = Arc::new(AtomicU64::new(0));
    let version = |n: u64| json!({"id": "versioned", "title": "Versioned lamp", "price": n});
    let first = shop.write(vec![version(0)]).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (shop, visible) = (Arc::clone(&shop), Arc::clone(&visible));
            tokio::spawn(async move {
                let mut hits = 0;
                while visible.load(Ordering::SeqCst) < VERSIONS {
                    let (floor, validated) = (visible.load(Ordering::SeqCst), shop.catalog.validated());
                    let answer = shop.ask("q=versioned&fields=price").await;
                    let shown = answer.json()["hits"][0]["product"]["price"].as_f64().expect("a price");
                    assert!(shown >= floor as f64, "{shown} after {floor} was visible");
                    let sequence: u64 = answer.header("storefind-sequence").parse().expect("a number");
                    assert!(sequence >= validated && sequence >= first, "{sequence} after {validated}");
                    hits += u64::from(answer.status_of_cache() == HIT);
                }
                hits
            })
        })
        .collect();
    for n in 1..=VERSIONS {
        shop.write(vec![version(n)]).await;
        visible.store(n, Ordering::SeqCst);
    }
    let mut hits = 0;
    for reader in readers {
        hits += reader.await.expect("no assertion failed");
    }
    assert!(hits > VERSIONS, "{hits}: the cache took part");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_a_head_has_the_headers_of_its_get_and_a_refusal_names_its_parameter() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = format!("data_dir = {:?}\n[catalogs.shop]\n", dir.path().join("data"));
    let sources = Sources { file: Some(("storefind.toml".into(), text)), ..Sources::default() };
    let mut config = Config::load(&sources).expect("valid");
    config.http.request_deadline = Duration::from_secs(30);
    let app = App::build(config, Mode::ReadWrite).expect("an application");
    let edge = Edge::new(Arc::clone(&app));
    let call = |method: &'static str, uri: &'static str, body: &'static str| {
        let request = Request::builder().method(method).uri(uri).body(Body::from(body)).expect("a request");
        let answer = edge.handle(request);
        async { read(answer.await).await }
    };
    // Until the log's own first event is published, which raises the sequence.
    while call("GET", "/readyz", "").await.status != StatusCode::OK {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let got = call("GET", "/v1/shop/search?q=shoe", "").await;
    assert_eq!((got.status, got.status_of_cache().as_str()), (StatusCode::OK, MISS));
    let head = call("HEAD", "/v1/shop/search?q=shoe", "").await;
    assert_eq!((head.status, head.status_of_cache().as_str(), head.bytes.len()), (StatusCode::OK, HIT, 0));
    assert_eq!(head.header("content-length"), got.bytes.len().to_string());
    for name in ["etag", "content-type", "storefind-sequence", "cache-control", "vary"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    assert!(head.header("server-timing").starts_with("total;dur="));
    let posted = call("POST", "/v1/shop/search", r#"{"q":"SHOE"}"#).await;
    assert_eq!((posted.status_of_cache().as_str(), posted.bytes), (HIT, got.bytes));
    let refused = call("GET", "/v1/shop/search?per_page=101", "").await;
    let error = refused.json()["error"].clone();
    assert_eq!((refused.status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_parameter")));
    assert_eq!(error["parameter"], "per_page");
    let completed = call("GET", "/v1/shop/autocomplete?q=", "").await;
    assert_eq!((completed.status, &completed.json()["products"]), (StatusCode::OK, &json!([])));
    tokio::task::spawn_blocking(move || app.close()).await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn min_sequence_waits_until_it_is_visible_and_gives_up_in_time() {
    let shop = Shop::open().await;
    let catalog = Arc::clone(&shop.catalog);
    let change = upsert(json!({"id": "fresh", "title": "Fresh shoe"}));
    let written =
        tokio::task::spawn_blocking(move || catalog.write(vec![change])).await.expect("task").expect("written");
    let answer = shop.ask(&format!("q=fresh&min_sequence={}", written.sequence)).await;
    assert!(answer.ids().contains("fresh"));
    let beyond = written.sequence + 1;
    assert!(matches!(
        shop.refused(&format!("q=fresh&min_sequence={beyond}")).await,
        AnswerError::NotYetVisible(sequence) if sequence == beyond
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explained_answer_tells_its_key_and_dependency_and_stores_nothing() {
    let shop = Shop::open().await;
    let explained = shop.ask("q=laptop&explain=cache").await;
    assert_eq!(explained.header("cache-control"), "no-store");
    assert_eq!(
        (explained.header("etag"), explained.status_of_cache().as_str()),
        ("", "storefind; fwd=miss; detail=index")
    );
    let explain = &explained.json()["explain"];
    assert!(explain["key"].as_str().is_some_and(|key| key.ends_with("?q=laptop")), "{explain}");
    assert_eq!((&explain["outcome"], &explain["reason"]), (&json!("miss"), &json!("absent")));
    assert!(explain["variants"].as_array().is_some_and(|variants| !variants.is_empty()), "{explain}");
    assert!(explain["tiers"][1]["ms"].is_number());
    let plain = shop.ask("q=laptop").await;
    assert_eq!(plain.status_of_cache(), MISS);
    assert!(plain.json().get("explain").is_none());
    let explained = shop.ask("q=laptop&explain=cache").await;
    assert_eq!((explained.status_of_cache().as_str(), &explained.json()["explain"]["outcome"]), (HIT, &json!("hit")));
    let ranked = shop.ask("q=laptop&explain=ranking").await;
    assert_eq!(ranked.status_of_cache(), "storefind; fwd=bypass; detail=index");
    assert!(ranked.json()["hits"][0]["ranking"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_no_product_has_is_named_with_the_one_meant_or_those_that_exist() {
    let shop = Shop::open().await;
    for (raw, parameter) in [("facets=brnd", "facets"), ("sort=brnd", "sort"), ("filter=brnd:red", "filter")] {
        let error = shop.refused(raw).await;
        let AnswerError::UnknownField { parameter: found, field, nearest, known } = &error else { panic!("{error:?}") };
        assert_eq!((*found, field.as_str(), nearest.as_deref()), (parameter, "brnd", Some("brand")));
        assert!(known.iter().any(|name| name == "brand"));
        assert_eq!(error.to_string(), "no product has a field `brnd`; did you mean `brand`?");
    }
    let far = shop.refused("facets=flavour").await.to_string();
    assert!(far.starts_with("no product has a field `flavour`; there are `id`, `title`"), "{far}");
    let errors = shop.answers.stats().catalogs["shop"].search.errors["refused"];
    assert_eq!(errors, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_past_its_deadline_or_over_a_full_queue_is_shed_but_hits_are_served() {
    let shop = Shop::with(|config| config.http.request_deadline = Duration::ZERO).await;
    assert!(matches!(shop.refused("q=shoe").await, AnswerError::DeadlineExceeded));
    let shop = Shop::with(|config| config.http.query_queue_max = 0).await;
    assert!(matches!(shop.refused("q=shoe").await, AnswerError::Overloaded));
    let shop = Shop::open().await;
    shop.ask("q=shoe").await;
    shop.answers.close();
    assert_eq!(shop.ask("q=shoe").await.status_of_cache(), HIT);
    assert!(matches!(shop.refused("q=laptop").await, AnswerError::Overloaded));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_of_one_question_are_one_computation() {
    let shop = Arc::new(Shop::open().await);
    let callers: Vec<_> = (0..500)
        .map(|_| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { shop.ask("q=running+shoe&facets=brand").await.bytes })
        })
        .collect();
    let mut bodies = BTreeSet::new();
    for caller in callers {
        bodies.insert(caller.await.expect("task"));
    }
    let stats = shop.answers.stats().catalogs["shop"].search.clone();
    assert_eq!((bodies.len(), stats.computations.count, stats.lookups), (1, 1, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn autocomplete_has_suggestions_products_and_categories_and_is_cached() {
    let shop = Shop::open().await;
    let first = shop.complete("q=lap").await;
    assert_eq!(first.status_of_cache(), MISS);
    let body = first.json();
    assert_eq!(body["query"], "lap");
    assert_eq!(body["products"].as_array().map(Vec::len), Some(3));
    assert!(body["products"][0]["product"]["title"].as_str().is_some_and(|title| title.contains("Laptop")));
    assert!(body["categories"].as_array().is_some_and(|all| all.iter().any(|one| one["value"] != json!(null))));
    let stats = shop.answers.stats().catalogs["shop"].clone();
    assert_eq!((stats.autocomplete.lookups, stats.search.lookups), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn autocomplete_survives_new_suggestions_that_say_the_same() {
    let shop = Shop::open().await;
    let later = async |generation| {
        while shop.catalog.suggestions().generation <= generation {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        shop.catalog.suggestions().generation
    };
    // The first ones may be those of a catalog that was still empty.
    while shop.catalog.suggestions().index.is_empty() {
        later(shop.catalog.suggestions().generation).await;
    }
    let generation = shop.catalog.suggestions().generation;
    assert_eq!(shop.complete("q=lap").await.status_of_cache(), MISS);
    let kite = |n: u32| json!({"id": format!("kite-{n}"), "title": "Paper kite"});
    shop.write(vec![kite(1), kite(2)]).await;
    later(generation).await;
    assert_eq!(shop.complete("q=lap").await.status_of_cache(), HIT);
    let kites = shop.complete("q=paper+k").await.json();
    assert_eq!(kites["suggestions"][0]["results"], 2, "{kites}");
    let generation = shop.catalog.suggestions().generation;
    shop.write(vec![kite(3)]).await;
    later(generation).await;
    assert_eq!(shop.complete("q=paper+k").await.json()["suggestions"][0]["results"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn autocomplete_works_on_nothing_and_within_a_category() {
    let shop = Shop::open().await;
    let nothing = shop.complete("").await.json();
    assert_eq!(nothing["products"].as_array().map(Vec::len), Some(3));
    let scoped = shop.complete("q=&category=Shoes&products=20&limit=0").await.json();
    let products = scoped["products"].as_array().expect("products");
    assert!(products.len() > 5);
    assert!(products.iter().all(|one| one["product"]["title"].as_str().is_some_and(|title| title.contains("shoe"))));
    assert_eq!(scoped["suggestions"], json!([]));
    let none = shop.complete("q=lap&products=0").await.json();
    assert_eq!(none["products"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_answers_equal_computed_ones() {
    let shop = Shop::open().await;
    let fresh = Answers::new(&Config::load(&Sources::default()).expect("valid")).expect("answers");
    for raw in [
        "",
        "q=shoe&facets=*",
        "q=laptop&sort=price:desc&per_page=3&page=2",
        "q=sheo",
        "q=red+laptop",
        "q=&filter=price:10+TO+20&facets=price",
        "q=shoe&group=brand&highlight=title",
        "q=-shoe&fields=title,price",
        "q=%22running+shoe%22&per_page=0&facets=categories,brand",
    ] {
        let (missed, hit) = (shop.ask(raw).await, shop.ask(raw).await);
        assert_eq!((missed.status_of_cache().as_str(), hit.status_of_cache().as_str()), (MISS, HIT), "{raw}");
        let headers = HeaderMap::new();
        let computed =
            read(fresh.search(&shop.catalog, Asked::Query(raw), &headers, None).await.expect("an answer")).await;
        assert_eq!((&hit.bytes, &hit.bytes), (&missed.bytes, &computed.bytes), "{raw}");
    }
}
