//! Changes of price and stock: read by line, and shown by answers that are kept.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer, until};

const NDJSON: &str = "Content-Type: application/x-ndjson";
const KETTLES: &str = "{\"id\":\"1\",\"title\":\"Kettle red\",\"price\":10,\"stock\":5}\n\
                       {\"id\":\"2\",\"title\":\"Kettle blue\",\"price\":20,\"stock\":5}\n\
                       {\"id\":\"3\",\"title\":\"Kettle green\",\"price\":30,\"stock\":5}\n";

fn live(server: &TestServer, query: &str, lines: &str) -> Answer {
    server.request("POST", &format!("/v1/shop/live{query}"), &[NDJSON], lines.as_bytes())
}

/// A server with three kettles.
fn kettles(toml: &str) -> TestServer {
    let server = TestServer::with(toml);
    assert_eq!(server.upload(KETTLES).json()["accepted"], 3);
    server
}

fn price_of(page: &Value, id: &str) -> Option<f64> {
    let hits = page["hits"].as_array().unwrap();
    hits.iter().find(|hit| hit["id"] == id).and_then(|hit| hit["product"]["price"].as_f64())
}

fn cache(answer: &Answer) -> String {
    answer.header("cache-status").unwrap()
}

fn is_hit(answer: &Answer) -> bool {
    cache(answer).starts_with("storefind; hit")
}

#[test]
fn live_fields_are_changed_removed_and_left_alone() {
    let server = kettles("");
    let lines = "{\"id\":\"1\",\"price\":9.5}\n\n{\"stock\":0,\"id\":2}\n{\"id\":\"3\",\"price\":null,\"stock\":7.0}\n";
    let report = live(&server, "?wait=searchable", lines);
    assert_eq!(report.status, 202, "{}", report.text());
    let body = report.json();
    assert_eq!(body, json!({"accepted": 3, "rejected": 0, "sequence": body["sequence"], "errors": []}));
    let product = |id: &str| server.get(&format!("/v1/shop/products/{id}")).json();
    assert_eq!(product("1")["product"], json!({"title": "Kettle red", "price": 9.5, "stock": 5}));
    assert_eq!(product("2")["product"], json!({"title": "Kettle blue", "price": 20.0, "stock": 0}));
    assert_eq!(product("3")["product"], json!({"title": "Kettle green", "stock": 7}));
    assert_eq!(product("3")["sequence"], body["sequence"]);
    // What changes nothing is accepted, and is no event.
    let again = live(&server, "", lines).json();
    assert_eq!((&again["accepted"], &again["sequence"]), (&json!(3), &body["sequence"]), "{again}");
}

#[test]
fn each_bad_line_is_named_and_costs_only_itself() {
    let server = kettles("");
    let lines = "{\"id\":\"1\",\"prise\":1}\n{\"id\":\"9\",\"price\":1}\nnonsense\n{\"id\":\"2\",\"price\":\"1\"}\n\
                 {\"id\":\"2\",\"stock\":1.5}\n{\"id\":\"2\",\"title\":\"x\"}\n{\"price\":1}\n{\"id\":\"3\",\"price\":1}";
    let report = live(&server, "", lines).json();
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(1), &json!(7)), "{report}");
    let errors: Vec<_> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            (error["line"].as_u64().unwrap(), text("id"), text("code"), text("message"))
        })
        .collect();
    let mut sorted: Vec<_> = errors.clone();
    sorted.sort();
    let shown: Vec<_> = sorted.iter().map(|(line, id, code, _)| (*line, id.as_str(), code.as_str())).collect();
    assert_eq!(
        shown,
        [
            (1, "1", "unknown_field"),
            (2, "9", "unknown_product"),
            (3, "", "invalid_json"),
            (4, "2", "invalid_price"),
            (5, "2", "invalid_stock"),
            (6, "2", "unknown_field"),
            (7, "", "missing_id"),
        ]
    );
    assert!(sorted[0].3.contains("did you mean `price`?"), "{}", sorted[0].3);
    assert!(sorted[1].3.contains("\"9\""), "{}", sorted[1].3);
    assert!(sorted[5].3.contains("`title` is no live field"), "{}", sorted[5].3);
    let many = live(&server, "", &"{\"id\":\"none\",\"price\":1}\n".repeat(5_000)).json();
    assert_eq!((&many["rejected"], many["errors"].as_array().map(Vec::len)), (&json!(5_000), Some(100)));
    assert_eq!(many["errors"][99]["line"], 100);
}

#[test]
fn a_body_is_read_and_bounded_like_that_of_products() {
    let server = kettles("http.max_body_bytes = \"1KiB\"");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{\"id\":\"1\",\"price\":9}\n").unwrap();
    let zipped = encoder.finish().unwrap();
    let post = |path: &str, headers: &[&str], body: &[u8]| server.request("POST", path, headers, body);
    assert_eq!(post("/v1/shop/live", &[NDJSON, "Content-Encoding: gzip"], &zipped).json()["accepted"], 1);
    for (path, headers, body, status, code) in [
        ("/v1/shop/live", vec!["Content-Type: text/csv"], b"".as_slice(), 415, "unsupported_media_type"),
        ("/v1/shop/live", vec!["Content-Type: application/json"], b"[]", 415, "unsupported_media_type"),
        ("/v1/shop/live", vec![NDJSON, "Content-Encoding: br"], b"", 415, "unsupported_media_type"),
        ("/v1/shop/live?feed=false", vec![NDJSON], b"", 400, "invalid_parameter"),
        ("/v1/none/live", vec![NDJSON], b"", 404, "unknown_catalog"),
        ("/v1/shop/live", vec![NDJSON], &[b' '; 2_000], 413, "body_too_large"),
    ] {
        assert_eq!(post(path, &headers, body).error(), (status, code.into()), "{path} {headers:?}");
    }
    assert_eq!(server.request("GET", "/v1/shop/live", &[], b"").error().0, 405);
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("storefind_http_requests_total{route=\"live\",status=\"2xx\"} 1"), "{metrics}");
    assert!(metrics.contains("storefind_changes_accepted_total 4"), "{metrics}");
}

#[test]
fn a_read_only_node_takes_no_live_changes() {
    let server = TestServer::in_mode("", storefind::app::Mode::ReadOnly);
    assert_eq!(live(&server, "", "").error(), (403, "read_only".into()));
}

#[test]
fn a_kept_answer_shows_the_new_price_and_stays_a_hit() {
    let server = kettles("");
    let search = "/v1/shop/search?q=kettle";
    server.get(search);
    assert!(is_hit(&server.get(search)), "{}", cache(&server.get(search)));
    let sequence = live(&server, "", "{\"id\":\"2\",\"price\":19.99}\n").json()["sequence"].as_u64().unwrap();
    let before = Instant::now();
    until("the kept answer shows the price", || {
        let answer = server.get(search);
        assert!(is_hit(&answer), "{}", cache(&answer));
        price_of(&answer.json(), "2") == Some(19.99)
    });
    // The bound is 20 s here, and a price does not wait for half of it.
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
    let asked = server.get(&format!("{search}&min_sequence={sequence}"));
    let reflects: u64 = asked.header("storefind-sequence").unwrap().parse().unwrap();
    assert!(asked.status == 200 && reflects >= sequence, "{}", asked.head);
}

#[test]
fn min_sequence_shows_an_acknowledged_price_at_once() {
    let server = kettles("");
    for price in 1..=5 {
        server.get("/v1/shop/search?q=kettle&sort=price:asc");
        let report = live(&server, "", &format!("{{\"id\":\"3\",\"price\":{price}}}\n")).json();
        let search = format!("/v1/shop/search?q=kettle&sort=price:asc&min_sequence={}", report["sequence"]);
        let page = server.get(&search).json();
        assert_eq!((price_of(&page, "3"), &page["hits"][0]["id"]), (Some(f64::from(price)), &json!("3")), "{page}");
    }
}

#[test]
fn a_search_filtered_by_price_sees_a_change_within_the_bound() {
    let bound = Duration::from_secs(6);
    let server = kettles("freshness_bound = \"6s\"");
    let search = "/v1/shop/search?q=kettle&filter=price%3C15";
    assert_eq!(server.get(search).json()["total"], 1);
    assert!(is_hit(&server.get(search)));
    assert_eq!(live(&server, "", "{\"id\":\"2\",\"price\":12}\n").status, 202);
    let acknowledged = Instant::now();
    until("the filter sees the price", || server.get(search).json()["total"] == 2);
    assert!(acknowledged.elapsed() < bound, "{:?}", acknowledged.elapsed());
    assert!(is_hit(&server.get(search)));
}

#[test]
fn who_waits_until_it_is_searchable_is_shown_nothing_older() {
    let server = kettles("");
    let (cheap, buyable) =
        ("/v1/shop/search?q=kettle&filter=price%3C15", "/v1/shop/search?q=kettle&filter=in_stock:true");
    for round in 0..3 {
        let (price, stock, cheaper, more) = if round % 2 == 0 { (12, 0, 2, 2) } else { (20, 4, 1, 3) };
        server.get(cheap);
        server.get(buyable);
        let report =
            live(&server, "?wait=searchable", &format!("{{\"id\":\"2\",\"price\":{price},\"stock\":{stock}}}"));
        assert_eq!(report.status, 202, "{}", report.text());
        assert_eq!(server.get(cheap).json()["total"], cheaper, "round {round}");
        assert_eq!(server.get(buyable).json()["total"], more, "round {round}");
    }
}

#[test]
fn a_product_that_goes_out_of_stock_is_shown_so() {
    let server = kettles("");
    let search = "/v1/shop/search?q=kettle&facets=in_stock";
    server.get(search);
    assert_eq!(live(&server, "?wait=searchable", "{\"id\":\"1\",\"stock\":0}\n").status, 202);
    let page = server.get(search).json();
    let hit = page["hits"].as_array().unwrap().iter().find(|hit| hit["id"] == "1").unwrap().clone();
    assert_eq!(hit["product"]["stock"], 0, "{page}");
    let values = page["facets"]["in_stock"]["values"].as_array().unwrap();
    let counts: Vec<_> = values.iter().map(|value| (value["value"].to_string(), &value["count"])).collect();
    assert!(counts.iter().any(|(value, count)| value.contains("false") && **count == 1), "{page}");
}

#[test]
fn many_changes_are_all_there_in_the_end() {
    let server = TestServer::start();
    let products: String =
        (0..3_000).map(|id| format!("{{\"id\":\"{id}\",\"title\":\"Kettle {id}\",\"price\":1}}\n")).collect();
    assert_eq!(server.upload(&products).json()["accepted"], 3_000);
    let lines: String = (0..15_000).map(|n| format!("{{\"id\":\"{}\",\"price\":{}}}\n", n % 3_000, n)).collect();
    let report = live(&server, "?wait=searchable", &lines).json();
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(15_000), &json!(0)), "{}", report["errors"][0]);
    assert_eq!(server.get("/v1/shop/search?filter=price%3C12000&per_page=0").json()["total"], 0);
    assert_eq!(server.get("/v1/shop/products/7").json()["product"]["price"], 12_007.0);
}
