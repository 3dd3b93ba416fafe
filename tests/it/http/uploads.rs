//! Many products in one body: every format, every way to break off, and nothing accepted lost.

use std::io::Write;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer, read_to_end, read_until, until};

const NDJSON: &str = "Content-Type: application/x-ndjson";

fn lines(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| format!("{{\"id\":\"{id}\",\"title\":\"Kettle {id}\"}}\n")).collect()
}

fn post(server: &TestServer, query: &str, headers: &[&str], body: &[u8]) -> Answer {
    server.request("POST", &format!("/v1/shop/products{query}"), headers, body)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_format_is_read() {
    let csv = "id,title,colour,tags\n1,Kettle,red,a|b\n2,\"Pot, large\",,\n";
    let array = json!([{"id": 1, "title": "Kettle"}, {"id": 2, "title": "Pot"}]).to_string();
    let zipped = gzip(lines(0..2).as_bytes());
    for (headers, body) in [
        (vec![NDJSON], lines(0..2).into_bytes()),
        (vec!["Content-Type: application/json"], array.into_bytes()),
        (vec!["Content-Type: text/csv; charset=utf-8"], csv.as_bytes().to_vec()),
        (vec![NDJSON, "Content-Encoding: gzip"], zipped),
    ] {
        let server = TestServer::start();
        let answer = post(&server, "?wait=searchable", &headers, &body);
        assert_eq!((answer.status, &answer.json()["accepted"]), (202, &json!(2)), "{headers:?}: {}", answer.text());
        assert_eq!(server.get("/v1/shop/search").json()["total"], 2, "{headers:?}");
    }
}

#[test]
fn bad_lines_are_reported_and_cost_only_themselves() {
    let server = TestServer::start();
    let body = "{\"id\":\"1\",\"title\":\"Kettle\"}\nnonsense\n{\"id\":\"2\"}\n\n{\"id\":\"3\",\"title\":\"Pot\",\"price\":\"x\"}\n{\"id\":\"4\",\"title\":\"Pan\"}";
    let answer = server.upload(body);
    let report = answer.json();
    assert_eq!((answer.status, &report["accepted"], &report["rejected"]), (202, &json!(2), &json!(3)), "{report}");
    let places: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|error| (&error["line"], &error["code"])).collect();
    let expected = [
        (&json!(2), &json!("invalid_json")),
        (&json!(3), &json!("missing_title")),
        (&json!(5), &json!("invalid_price")),
    ];
    assert_eq!(places, expected, "{report}");
    assert_eq!(report["errors"][1]["id"], "2");
    assert_eq!(server.get("/v1/shop/products/4").status, 200);
}

#[test]
fn only_the_first_hundred_rejections_are_listed_and_all_are_counted() {
    let report = TestServer::start().upload(&"nonsense\n".repeat(250)).json();
    assert_eq!((&report["rejected"], report["errors"].as_array().map(Vec::len)), (&json!(250), Some(100)));
}

#[test]
fn a_feed_is_mapped_unless_the_caller_says_that_it_is_none() {
    let server =
        TestServer::with("catalogs.shop.feed = { title = \"name\", price = { field = \"cents\", scale = 0.01 } }");
    let mapped = post(&server, "", &[NDJSON], b"{\"id\":\"1\",\"name\":\"Kettle\",\"cents\":1195,\"junk\":1}\n").json();
    assert_eq!((&mapped["accepted"], &mapped["ignored_fields"]), (&json!(1), &json!(1)), "{mapped}");
    assert_eq!(server.get("/v1/shop/products/1").json()["product"], json!({"title": "Kettle", "price": 11.95}));
    let plain = post(&server, "?feed=false", &[NDJSON], b"{\"id\":\"2\",\"title\":\"Pot\",\"cents\":1195}\n").json();
    assert_eq!(plain["accepted"], 1, "{plain}");
    assert_eq!(server.get("/v1/shop/products/2").json()["product"]["attributes"]["cents"], 1195);
}

#[test]
fn what_cannot_be_read_is_refused_before_the_body() {
    let server = TestServer::start();
    for (query, headers, status, code) in [
        ("", vec![], 415, "unsupported_media_type"),
        ("", vec!["Content-Type: application/x-www-form-urlencoded"], 415, "unsupported_media_type"),
        ("", vec![NDJSON, "Content-Encoding: br"], 415, "unsupported_media_type"),
        ("?fed=false", vec![NDJSON], 400, "invalid_parameter"),
        ("?feed=maybe", vec![NDJSON], 400, "invalid_parameter"),
        ("?wait=forever", vec![NDJSON], 400, "invalid_parameter"),
    ] {
        let answer = post(&server, query, &headers, lines(0..1).as_bytes());
        assert_eq!(answer.error(), (status, code.into()), "{query} {headers:?}");
    }
    assert_eq!(server.get("/v1/shop/products").text(), "");
}

#[test]
fn a_body_that_announces_too_much_is_refused_at_once() {
    let server = TestServer::with("http.max_body_bytes = \"1KiB\"");
    let at_limit = format!("{}{}", lines(0..1), " ".repeat(1_024 - lines(0..1).len()));
    assert_eq!(post(&server, "", &[NDJSON], at_limit.as_bytes()).json()["accepted"], 1);
    let over = post(&server, "", &[NDJSON], format!("{at_limit} ").as_bytes());
    assert_eq!(over.error(), (413, "body_too_large".into()));
}

#[test]
fn a_limit_that_is_configured_holds_for_every_body() {
    let server = TestServer::with("http.max_body_bytes = \"1KiB\"");
    let padding = " ".repeat(1_024);
    for (method, path, body) in [
        ("POST", "/v1/shop/search", "{\"q\":\"x\"}"),
        ("POST", "/v1/shop/rules/preview", "{}"),
        ("PUT", "/v1/shop/rules", "{\"rules\":[]}"),
        ("PUT", "/v1/shop/settings", "{}"),
        ("PUT", "/v1/shop/products/1", "{\"title\":\"Kettle\"}"),
        ("POST", "/v1/shop/events", "[]"),
        ("POST", "/v1/admin/rebuild", "{\"catalog\":\"none\"}"),
    ] {
        let json = ["Content-Type: application/json"];
        let send = |body: &str| server.request(method, path, &json, body.as_bytes());
        assert_ne!(send(body).status, 413, "{method} {path}");
        assert_eq!(send(&format!("{body}{padding}")).error(), (413, "body_too_large".into()), "{method} {path}");
    }
}

/// Sends a body chunk by chunk, without announcing its length.
fn begin_chunked(server: &TestServer, headers: &str) -> TcpStream {
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/shop/products HTTP/1.1\r\nHost: shop\r\n{NDJSON}\r\n{headers}Transfer-Encoding: chunked\r\n\
         Connection: close\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    read_until(&mut stream, "100 Continue");
    stream
}

fn chunk(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).unwrap();
    stream.write_all(bytes).unwrap();
    stream.write_all(b"\r\n").unwrap();
}

#[test]
fn what_was_accepted_before_the_limit_stands_and_is_counted() {
    let server = TestServer::with("http.max_body_bytes = \"2KiB\"");
    let mut stream = begin_chunked(&server, "");
    chunk(&mut stream, lines(0..10).as_bytes());
    chunk(&mut stream, format!("{{\"id\":\"x\",\"title\":\"{}", "x".repeat(2_048)).as_bytes());
    let answer = Answer::of(read_to_end(&mut stream).rsplit("100 Continue\r\n\r\n").next().unwrap().as_bytes());
    assert_eq!(answer.error(), (413, "body_too_large".into()));
    assert_eq!(answer.json()["accepted"], 10, "{}", answer.text());
    assert_eq!(server.get("/v1/shop/products").text().lines().count(), 10);
}

#[test]
fn a_small_body_that_unpacks_to_a_large_one_is_bounded() {
    let server = TestServer::with("http.max_body_bytes = \"1MiB\"");
    let bomb = gzip(format!("{}{}", lines(0..10), " ".repeat(8 << 20)).as_bytes());
    assert!(bomb.len() < 100_000);
    let answer = post(&server, "", &[NDJSON, "Content-Encoding: gzip"], &bomb);
    assert_eq!(answer.error(), (413, "body_too_large".into()));
    assert_eq!(answer.json()["accepted"], 10, "{}", answer.text());
}

#[test]
fn a_damaged_archive_costs_what_lies_behind_the_damage() {
    let server = TestServer::start();
    let whole = gzip(lines(0..5_000).as_bytes());
    let answer = post(&server, "", &[NDJSON, "Content-Encoding: gzip"], &whole[..whole.len() / 2]);
    assert_eq!(answer.error(), (400, "invalid_body".into()), "{}", answer.text());
    let accepted = answer.json()["accepted"].as_u64().unwrap();
    assert!((1_000..5_000).contains(&accepted), "{}", answer.text());
    let stored = server.get("/v1/shop/products?limit=10000").text();
    assert_eq!(stored.lines().count() as u64, accepted);
}

#[test]
fn a_client_that_leaves_keeps_its_whole_lines_and_only_those() {
    let server = TestServer::start();
    let mut stream = begin_chunked(&server, "");
    let half = "{\"id\":\"half\",\"title\":\"Half a line\"}";
    chunk(&mut stream, format!("{}{half}", lines(0..10)).as_bytes());
    drop(stream);
    until("the whole lines are written", || server.get("/v1/shop/products").text().lines().count() == 10);
    // The line without an end could be half of a longer one.
    assert_eq!(server.get("/v1/shop/products/half").status, 404);
}

#[test]
fn a_body_that_stops_arriving_is_given_up() {
    let server = TestServer::with("http.idle_timeout = \"300ms\"");
    let mut stream = begin_chunked(&server, "");
    chunk(&mut stream, lines(0..3).as_bytes());
    let answer = Answer::of(read_to_end(&mut stream).as_bytes());
    assert_eq!(answer.error(), (408, "body_timeout".into()));
    assert_eq!(answer.json()["accepted"], 3, "{}", answer.text());
}

#[test]
fn an_empty_body_is_accepted_and_tells_the_sequence() {
    let server = TestServer::start();
    let report: Value = server.upload("").json();
    assert_eq!((&report["accepted"], &report["sequence"]), (&json!(0), &json!(1)), "{report}");
}
