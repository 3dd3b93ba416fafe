//! Events on the wire: what is taken, what is refused, and what is said of it.

use serde_json::{Value, json};
use storefind::app::Mode;

use super::{NDJSON, send, shop, until_learning};
use crate::support::server::TestServer;

const SEARCH: &str = "{\"type\":\"search\",\"session\":\"a\",\"query\":\"kettle\"}";

#[test]
fn each_bad_event_is_named_by_its_line_and_costs_only_itself() {
    let server = shop("");
    let lines = format!(
        "{SEARCH}\nnonsense\n{{\"type\":\"buy\",\"session\":\"a\"}}\n\n{{\"type\":\"click\",\"session\":\"a\"}}\n"
    );
    let report = server.request("POST", "/v1/shop/events", &[NDJSON], lines.as_bytes());
    assert_eq!(report.status, 202, "{}", report.text());
    let report = report.json();
    assert_eq!((&report["accepted"], &report["rejected"], &report["repeated"]), (&json!(1), &json!(3), &json!(0)));
    let errors: Vec<(u64, &str)> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["line"].as_u64().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(errors, [(2, "invalid_json"), (3, "invalid_type"), (5, "missing_id")]);
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("storefind_shopper_events_accepted_total 1"), "{metrics}");
    assert!(metrics.contains("storefind_shopper_events_rejected_total 3"), "{metrics}");
}

#[test]
fn events_come_as_lines_as_an_array_and_as_browsers_send_them_on_leaving() {
    let server = shop("");
    let post = |headers: &[&str], body: &str| server.request("POST", "/v1/shop/events", headers, body.as_bytes());
    for (content_type, body) in [
        ("application/x-ndjson", SEARCH.to_owned()),
        ("application/json", format!("[{SEARCH},{SEARCH}]")),
        ("text/plain;charset=UTF-8", format!("{SEARCH}\n{SEARCH}\n")),
    ] {
        let answer = post(&[&format!("Content-Type: {content_type}"), "Origin: https://shop.example"], &body);
        let expected = body.matches("search").count();
        assert_eq!(answer.json()["accepted"], expected, "{content_type}: {}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("*"));
    }
    let preflight = server.request("OPTIONS", "/v1/shop/events", &["Origin: https://shop.example"], b"");
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-methods").as_deref(), Some("POST, OPTIONS"));
}

#[test]
fn a_request_that_is_sent_again_under_its_key_counts_once() {
    let server = shop("");
    let headers = [NDJSON, "Idempotency-Key: once"];
    let post = || server.request("POST", "/v1/shop/events", &headers, SEARCH.as_bytes()).json();
    assert_eq!(post(), json!({"accepted": 1, "repeated": 0, "rejected": 0, "errors": []}));
    assert_eq!(post(), json!({"accepted": 1, "repeated": 1, "rejected": 0, "errors": []}));
}

#[test]
fn what_cannot_be_taken_is_refused_with_its_reason() {
    let server = shop("");
    let post = |path: &str, headers: &[&str], body: &[u8]| server.request("POST", path, headers, body).error();
    let long = vec![b' '; (1 << 20) + 1];
    for (path, headers, body, status, code) in [
        ("/v1/shop/events", vec!["Content-Type: text/csv"], SEARCH.as_bytes(), 415, "unsupported_media_type"),
        ("/v1/shop/events", vec![], SEARCH.as_bytes(), 415, "unsupported_media_type"),
        ("/v1/shop/events", vec![NDJSON, "Content-Encoding: gzip"], b"", 415, "unsupported_media_type"),
        ("/v1/shop/events?wait=searchable", vec![NDJSON], b"", 400, "invalid_parameter"),
        ("/v1/none/events", vec![NDJSON], b"", 404, "unknown_catalog"),
        ("/v1/shop/events", vec![NDJSON], &long, 413, "body_too_large"),
        ("/v1/shop/events", vec![NDJSON, "Idempotency-Key: a b"], b"", 400, "invalid_parameter"),
    ] {
        assert_eq!(post(path, &headers, body), (status, code.into()), "{path} {headers:?}");
    }
}

#[test]
fn a_node_that_takes_no_writes_or_keeps_nothing_says_so() {
    let server = TestServer::in_mode("", Mode::ReadOnly);
    let refused = |server: &TestServer| server.request("POST", "/v1/shop/events", &[NDJSON], SEARCH.as_bytes()).error();
    assert_eq!(refused(&server), (403, "read_only".into()));
    assert_eq!(server.get("/v1/shop/analytics").status, 200);

    let server = shop("");
    send(&server, &[serde_json::from_str::<Value>(SEARCH).unwrap()]);
    let folder = server.data().join("catalogs/shop/events");
    assert!(folder.is_dir());
    let server = TestServer::over(server.into_data(), "learning.keep_days = 0", Mode::ReadWrite);
    assert!(!server.data().join("catalogs/shop/events").exists(), "what was kept is removed");
    assert_eq!(refused(&server), (404, "not_found".into()));
    assert_eq!(server.get("/v1/shop/analytics").error(), (404, "not_found".into()));
    assert_eq!(server.get("/v1/shop/search?q=kettle").json()["total"], 2);
}

#[test]
fn a_disk_that_takes_no_events_is_told_and_search_goes_on() {
    let server = shop("");
    let folder = server.data().join("catalogs/shop/events");
    std::fs::remove_dir_all(&folder).unwrap();
    // A file in its place, so that nothing can be written there.
    std::fs::write(&folder, b"").unwrap();
    let answer = server.request("POST", "/v1/shop/events", &[NDJSON], SEARCH.as_bytes());
    assert_eq!(answer.error(), (503, "write_failed".into()));
    assert!(answer.header("retry-after").is_some() && !answer.text().contains("catalogs/"), "{}", answer.text());
    assert_eq!(server.get("/v1/shop/search?q=kettle").json()["total"], 2);
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    until_learning(&server);
    assert_eq!(send(&server, &[serde_json::from_str::<Value>(SEARCH).unwrap()]).json()["accepted"], 1);
}
