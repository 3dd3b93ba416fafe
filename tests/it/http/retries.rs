//! `Idempotency-Key`: a retry is harmless, also in the middle of a body and beside other writers.

use std::io::Write;

use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer, read_until, until};

const NDJSON: &str = "Content-Type: application/x-ndjson";
const JSON: &str = "Content-Type: application/json";

fn send(server: &TestServer, method: &str, path: &str, kind: &str, key: &str, body: &str) -> Answer {
    server.request(method, path, &[kind, &format!("Idempotency-Key: {key}")], body.as_bytes())
}

fn lines(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| format!("{{\"id\":\"{id}\",\"title\":\"Kettle {id}\"}}\n")).collect()
}

/// Sequence of the last event.
fn last(server: &TestServer) -> u64 {
    server.request("POST", "/v1/shop/live", &[NDJSON], b"").json()["sequence"].as_u64().unwrap()
}

#[test]
fn every_write_route_answers_a_retry_as_the_first_time() {
    let server = TestServer::start();
    server.upload("{\"id\":\"1\",\"title\":\"Kettle\",\"price\":10}\n");
    for (key, method, path, kind, body) in [
        ("a", "PUT", "/v1/shop/products/2", JSON, "{\"title\":\"Pot\",\"price\":1}"),
        ("b", "PATCH", "/v1/shop/products/2", JSON, "{\"price\":2}"),
        ("c", "DELETE", "/v1/shop/products/2", JSON, ""),
        ("d", "DELETE", "/v1/shop/products/none", JSON, ""),
        ("e", "PUT", "/v1/shop/settings", JSON, "{\"stop_words\":[\"the\"]}"),
        ("f", "POST", "/v1/shop/products", NDJSON, "{\"id\":\"3\",\"title\":\"Pan\"}\nnonsense\n"),
        ("g", "POST", "/v1/shop/live", NDJSON, "{\"id\":\"3\",\"price\":5}\n{\"id\":\"9\",\"price\":5}\n"),
        ("h", "POST", "/v1/shop/live", NDJSON, ""),
    ] {
        let first = send(&server, method, path, kind, key, body);
        // Another writer in between, whose work a second effect would undo.
        server.upload("{\"id\":\"2\",\"title\":\"Other\"}\n{\"id\":\"3\",\"title\":\"Other\",\"price\":7}\n");
        send(&server, "PUT", "/v1/shop/settings", JSON, &format!("other-{key}"), "{\"stop_words\":[\"a\"]}");
        let before = last(&server);
        let again = send(&server, method, path, kind, key, body);
        let with_wait = send(&server, method, &format!("{path}?wait=searchable"), kind, key, body);
        assert_eq!((first.status, first.text()), (again.status, again.text()), "{method} {path}");
        assert_eq!(first.text(), with_wait.text(), "{method} {path}: whether one waits is not part of the request");
        assert_eq!(last(&server), before, "{method} {path} made an event again");
    }
    assert_eq!(server.get("/v1/shop/products/3").json()["product"]["price"], 7.0);
}

#[test]
fn another_request_with_the_key_is_refused() {
    let server = TestServer::start();
    let put = |path: &str, body: &str| send(&server, "PUT", path, JSON, "key", body);
    assert_eq!(put("/v1/shop/products/1", "{\"title\":\"Kettle\"}").status, 202);
    let refused = put("/v1/shop/products/1", "{\"title\":\"Pot\"}");
    assert_eq!(refused.error(), (422, "idempotency_key_reused".into()));
    assert_eq!(refused.json()["error"]["parameter"], "Idempotency-Key");
    assert!(refused.text().contains("`key`"), "{}", refused.text());
    for (method, path, kind, body) in [
        ("PUT", "/v1/shop/products/2", JSON, "{\"title\":\"Kettle\"}"),
        ("PATCH", "/v1/shop/products/1", JSON, "{\"title\":\"Kettle\"}"),
        ("DELETE", "/v1/shop/products/1", JSON, ""),
        ("PUT", "/v1/shop/settings", JSON, "{}"),
        ("POST", "/v1/shop/products", NDJSON, "{\"id\":\"1\",\"title\":\"Kettle\"}\n"),
        ("POST", "/v1/shop/live", NDJSON, ""),
    ] {
        let refused = send(&server, method, path, kind, "key", body);
        assert_eq!(refused.error(), (422, "idempotency_key_reused".into()), "{method} {path}");
    }
    // Longer and shorter bodies are other requests, too.
    let post = |body: &str| send(&server, "POST", "/v1/shop/products", NDJSON, "bulk", body);
    assert_eq!(post(&lines(0..1_000)).json()["accepted"], 1_000);
    for body in [lines(0..999), lines(0..1_001), lines(0..2_000), String::new()] {
        assert_eq!(post(&body).error(), (422, "idempotency_key_reused".into()), "{} bytes", body.len());
    }
    assert_eq!(server.get("/v1/shop/products/1000").status, 404);
}

#[test]
fn a_key_is_visible_ascii_once() {
    let server = TestServer::start();
    let with = |headers: &[&str]| {
        let headers: Vec<&str> = headers.iter().copied().chain([NDJSON]).collect();
        server.request("POST", "/v1/shop/live", &headers, b"")
    };
    let long = format!("Idempotency-Key: {}", "k".repeat(255));
    assert_eq!(with(&[&long]).status, 202);
    let longer = format!("{long}k");
    for headers in [
        vec![longer.as_str()],
        vec!["Idempotency-Key: "],
        vec!["Idempotency-Key: a b"],
        vec!["Idempotency-Key: ä"],
        vec!["Idempotency-Key: a", "Idempotency-Key: a"],
    ] {
        let refused = with(&headers);
        assert_eq!(refused.error(), (400, "invalid_parameter".into()), "{headers:?}");
        assert_eq!(refused.json()["error"]["parameter"], "Idempotency-Key", "{headers:?}");
    }
}

#[test]
fn an_upload_that_broke_off_continues_where_it_stopped() {
    let server = TestServer::start();
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/shop/products HTTP/1.1\r\nHost: shop\r\n{NDJSON}\r\nIdempotency-Key: feed\r\n\
         Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    read_until(&mut stream, "100 Continue");
    let sent = lines(0..1_700);
    stream.write_all(format!("{:x}\r\n{sent}\r\n", sent.len()).as_bytes()).unwrap();
    let stored = || server.get("/v1/shop/products?limit=10000").text().lines().count();
    until("the first batch is written", || stored() == 1_000);
    drop(stream);
    // Another writer, whose change a doubled batch would undo.
    let other = "{\"title\":\"Changed meanwhile\"}";
    assert_eq!(server.request("PUT", "/v1/shop/products/7", &[JSON], other.as_bytes()).status, 202);
    let before = last(&server);
    let report: Value = send(&server, "POST", "/v1/shop/products", NDJSON, "feed", &lines(0..2_500)).json();
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(2_500), &json!(0)), "{report}");
    assert_eq!(report["sequence"].as_u64(), Some(before + 1_500), "only what was missing is an event");
    assert_eq!(stored(), 2_500);
    assert_eq!(server.get("/v1/shop/products/7").json()["product"]["title"], "Changed meanwhile");
    let again = send(&server, "POST", "/v1/shop/products", NDJSON, "feed", &lines(0..2_500)).json();
    assert_eq!(again, report);
}

#[test]
fn a_body_over_the_limit_keeps_its_whole_batches() {
    let server = TestServer::with("http.max_body_bytes = \"64KiB\"");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(lines(0..5_000).as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    let headers = [NDJSON, "Content-Encoding: gzip", "Idempotency-Key: feed"];
    for _ in 0..2 {
        let answer = server.request("POST", "/v1/shop/products", &headers, &zipped);
        assert_eq!(answer.error(), (413, "body_too_large".into()), "{}", answer.text());
        assert_eq!(answer.json()["accepted"], 1_000, "{}", answer.text());
    }
}
