//! Writers and readers side by side over real sockets: each answer is compared with the acknowledged history.
//!
//! No clock decides here. An answer tells the sequence that it reflects, and its content must be exactly what the
//! acknowledged changes make of the catalog at that sequence, wherever the answer came from. Each price that it shows
//! must be the product's price at that sequence or at a later one.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::server::TestServer;

const WRITERS: usize = 3;
const READERS: usize = 3;
/// Changes of each writer.
const CHANGES: usize = 120;
/// Products of each writer.
const PRODUCTS: usize = 4;

/// What a product was made by a change: its words and price; `None` when it was deleted.
type State = Option<(String, f64)>;

/// An acknowledged change.
struct Change {
    sequence: u64,
    id: String,
    state: State,
}

struct Seen {
    query: &'static str,
    sequence: u64,
    hit: bool,
    body: Value,
}

const QUERIES: [&str; 4] = [
    "q=lamp&per_page=100",
    "q=lam&typos=false&per_page=100",
    "filter=brand:Acme&sort=title:asc&per_page=100",
    "q=chair&filter=price+%3C+50&sort=price:asc&per_page=100",
];

fn write(server: &TestServer, history: &Mutex<Vec<Change>>, writer: usize) {
    let mut states: BTreeMap<String, (String, f64)> = BTreeMap::new();
    for n in 0..CHANGES {
        let id = format!("w{writer}-{}", (n * 7 + writer) % PRODUCTS);
        let path = format!("/v1/shop/products/{id}");
        let held = states.get(&id).cloned();
        let (method, body, state) = match (n % 5, held) {
            (4, Some(_)) => ("DELETE", Value::Null, None),
            (2 | 3, Some((title, _))) => {
                let price = (n % 90) as f64;
                ("PATCH", json!({"price": price}), Some((title, price)))
            }
            _ => {
                let title = format!("{} {n}", if (n / 5) % 2 == 0 { "lamp" } else { "chair" });
                let brand = if n % 3 == 0 { "Acme" } else { "Globex" };
                let price = (n % 90) as f64;
                let title = format!("{title} {brand}");
                let body = json!({"title": title, "brand": brand, "price": price});
                ("PUT", body, Some((title, price)))
            }
        };
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = server.request(method, &path, &["Content-Type: application/json"], text.as_bytes());
        assert_eq!(answer.status, 202, "{}", answer.text());
        let sequence = answer.json()["sequence"].as_u64().expect("a sequence");
        match &state {
            Some(state) => states.insert(id.clone(), state.clone()),
            None => states.remove(&id),
        };
        history.lock().expect("no panic").push(Change { sequence, id, state });
    }
}

fn read(server: &TestServer, done: &AtomicBool, seen: &Mutex<Vec<Seen>>) {
    for at in 0.. {
        let query = QUERIES[at % QUERIES.len()];
        let answer = server.get(&format!("/v1/shop/search?{query}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sequence = answer.header("storefind-sequence").and_then(|text| text.parse().ok()).expect("a sequence");
        let hit = answer.header("cache-status").is_some_and(|status| status.contains("; hit"));
        seen.lock().expect("no panic").push(Seen { query, sequence, hit, body: answer.json() });
        if done.load(Ordering::Acquire) {
            return;
        }
    }
}

/// Every product's words at a sequence.
fn content_at(history: &[Change], sequence: u64) -> BTreeMap<&str, &str> {
    let mut content = BTreeMap::new();
    for change in history.iter().take_while(|change| change.sequence <= sequence) {
        match &change.state {
            Some((title, _)) => content.insert(change.id.as_str(), title.as_str()),
            None => content.remove(change.id.as_str()),
        };
    }
    content
}

/// Prices of a product at a sequence and at every later one.
fn prices_from(history: &[Change], id: &str, sequence: u64) -> Vec<f64> {
    let mut prices = Vec::new();
    for change in history.iter().filter(|change| change.id == id) {
        if change.sequence <= sequence {
            prices.clear();
        }
        prices.extend(change.state.as_ref().map(|(_, price)| *price));
    }
    prices
}

#[test]
fn every_answer_is_a_state_of_the_acknowledged_history() {
    let server = TestServer::start();
    let (history, seen, done) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (server, history, seen, done) = (&server, &history, &seen, &done);
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(move || read(server, done, seen))).collect();
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(server, history, writer))).collect();
        writers.into_iter().for_each(|writer| writer.join().expect("no writer fails"));
        done.store(true, Ordering::Release);
        readers.into_iter().for_each(|reader| reader.join().expect("no reader fails"));
    });
    let mut history = history.into_inner().expect("no panic");
    history.sort_by_key(|change| change.sequence);
    assert!(history.windows(2).all(|pair| pair[0].sequence < pair[1].sequence), "a change has its own sequence");
    let seen = seen.into_inner().expect("no panic");
    let hits = seen.iter().filter(|answer| answer.hit).count();
    assert!(hits * 4 > seen.len(), "{hits} hits of {}: the cache took part", seen.len());
    for answer in &seen {
        check(answer, &history);
    }
}

fn check(answer: &Seen, history: &[Change]) {
    let content = content_at(history, answer.sequence);
    let hits = answer.body["hits"].as_array().expect("hits");
    let shown: BTreeMap<&str, &str> = hits
        .iter()
        .map(|hit| (hit["id"].as_str().expect("id"), hit["product"]["title"].as_str().expect("title")))
        .collect();
    let has = |title: &str| match answer.query {
        query if query.starts_with("q=lam") => title.starts_with("lamp"),
        query if query.starts_with("filter=brand") => title.ends_with("Acme"),
        _ => title.starts_with("chair"),
    };
    let by_price = answer.query.contains("price");
    let expected: BTreeMap<&str, &str> = content.into_iter().filter(|(_, title)| has(title)).collect();
    let about = || format!("{} at {}: {}", answer.query, answer.sequence, answer.body);
    if by_price {
        // Which of them cost less than 50 is a matter of later prices, too.
        assert!(shown.iter().all(|(id, title)| expected.get(id) == Some(title)), "{}", about());
        for (id, _) in expected.iter().filter(|(id, _)| !shown.contains_key(*id)) {
            let prices = prices_from(history, id, answer.sequence);
            assert!(prices.iter().any(|price| *price >= 50.0), "{id} is missing: {}", about());
        }
    } else {
        assert_eq!(shown, expected, "{}", about());
    }
    assert_eq!(answer.body["total"].as_u64(), Some(shown.len() as u64), "{}", about());
    let mut before = 0.0;
    for hit in hits {
        let (id, price) = (hit["id"].as_str().expect("id"), hit["product"]["price"].as_f64().expect("a price"));
        assert!(prices_from(history, id, answer.sequence).contains(&price), "{id} for {price}: {}", about());
        if by_price {
            assert!(price < 50.0 && price >= before, "filtered and sorted by what is shown: {}", about());
            before = price;
        }
    }
}
