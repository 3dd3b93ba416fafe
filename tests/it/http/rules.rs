//! Rules over HTTP: what they make of answers, when it is seen, what is kept of them, and who is refused.

use serde_json::{Value, json};
use storefind::app::Mode;

use crate::support::server::{Answer, TestServer};

const RULES: &str = "/v1/shop/rules";

fn shop() -> TestServer {
    let server = TestServer::start();
    let lines = [
        json!({"id": "a", "title": "red shoe", "brand": "Nike", "popularity": 9, "categories": ["Shoes"]}),
        json!({"id": "b", "title": "blue shoe", "brand": "Puma", "popularity": 8, "categories": ["Shoes"]}),
        json!({"id": "c", "title": "green shoe", "brand": "Puma", "popularity": 7, "categories": ["Shoes > Running"]}),
        json!({"id": "x", "title": "desk lamp", "brand": "Ikea", "popularity": 1}),
    ];
    let answer = server.upload(&lines.map(|line| line.to_string()).join("\n"));
    assert_eq!(answer.status, 202, "{}", answer.text());
    server
}

fn put_with(server: &TestServer, body: &Value, headers: &[&str]) -> Answer {
    let headers: Vec<&str> = headers.iter().copied().chain(["Content-Type: application/json"]).collect();
    server.request("PUT", &format!("{RULES}?wait=searchable"), &headers, body.to_string().as_bytes())
}

/// Puts rules and returns their version.
fn put(server: &TestServer, rules: &Value) -> u64 {
    let answer = put_with(server, &json!({"rules": rules}), &[]);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let version = answer.json()["version"].as_u64().expect("a version");
    assert_eq!(answer.header("etag"), Some(format!("\"{version}\"")));
    version
}

fn pin(id: &str) -> Value {
    json!([{"id": "r", "when": {"query": "shoes"}, "then": {"pin": [{"id": id, "position": 1}]}, "enabled": true}])
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let hits = body["hits"].as_array().expect("hits");
    hits.iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()).collect()
}

fn found(server: &TestServer, query: &str) -> Vec<String> {
    ids(&server.get(&format!("/v1/shop/search?{query}")))
}

fn undo(server: &TestServer, query: &str, headers: &[&str]) -> Answer {
    let headers = [&["Content-Type: application/json"], headers].concat();
    server.request("POST", &format!("{RULES}/undo?wait=searchable{query}"), &headers, b"")
}

#[test]
fn rules_are_seen_at_once_and_cost_only_the_answers_that_they_may_alter() {
    let server = shop();
    let status = |query: &str| {
        server.get(&format!("/v1/shop/search?{query}")).header("cache-status").expect("a status").contains("; hit;")
    };
    assert_eq!(found(&server, "q=shoe"), ["a", "b", "c"]);
    assert_eq!((found(&server, "q=lamp"), status("q=lamp")), (vec!["x".to_owned()], true));
    put(&server, &pin("x"));
    assert_eq!(found(&server, "q=shoe"), ["x", "a", "b", "c"]);
    assert!(status("q=shoe") && status("q=lamp"), "an answer that no rule can alter was given up");
    put(&server, &json!([{"id": "r", "when": {"query": "shoe"}, "then": {"hide": ["a"], "redirect": "/shoes"}}]));
    let answer = server.get("/v1/shop/search?q=Shoe&facets=brand");
    assert_eq!((ids(&answer), &answer.json()["redirect"]), (vec!["b".into(), "c".into()], &json!("/shoes")));
    assert_eq!(answer.json()["facets"]["brand"]["values"], json!([{"value": "Puma", "count": 2}]));
    assert!(status("q=lamp"));
    put(&server, &json!([]));
    assert_eq!(found(&server, "q=shoe"), ["a", "b", "c"]);
}

#[test]
fn a_rule_is_for_a_category_or_a_context() {
    let server = shop();
    put(
        &server,
        &json!([
            {"id": "category", "when": {"category": "Shoes", "query": ""}, "then": {"boost": [{"filter": "brand:Puma", "factor": 5}]}},
            {"id": "context", "when": {"context": "club"}, "then": {"filter": "NOT brand:Nike"}},
        ]),
    );
    assert_eq!(found(&server, "filter=categories:Shoes"), ["b", "c", "a"]);
    assert_eq!(found(&server, "filter=brand:Puma+OR+brand:Nike"), ["a", "b", "c"]);
    assert_eq!(found(&server, "q=shoe&context=phone,club"), ["b", "c"]);
    assert_eq!(found(&server, "q=shoe&context=phone"), ["a", "b", "c"]);
    // A context that no rule asks for makes no other answer.
    let status = server.get("/v1/shop/search?q=shoe&context=tablet").header("cache-status");
    assert!(status.as_deref().is_some_and(|status| status.contains("; hit;")), "{status:?}");
}

#[test]
fn hidden_products_stay_out_of_autocomplete_too() {
    let server = shop();
    let products = |server: &TestServer| {
        let answer = server.get("/v1/shop/autocomplete?q=shoe").json();
        let products = answer["products"].as_array().expect("products").clone();
        products.iter().map(|product| product["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(products(&server), ["a", "b", "c"]);
    put(&server, &json!([{"id": "recall", "then": {"hide": ["a"]}}]));
    assert_eq!(products(&server), ["b", "c"]);
}

#[test]
fn an_explained_answer_tells_which_rules_applied() {
    let server = shop();
    put(&server, &pin("x"));
    let answer = server.get("/v1/shop/search?q=shoe&explain=ranking").json();
    assert_eq!(answer["rules"], json!([{"id": "r", "does": ["pin"]}]));
    assert_eq!(answer["hits"][0]["ranking"]["pinned"], json!({"rule": "r", "position": 1}));
    assert_eq!(server.get("/v1/shop/search?q=shoe").json()["rules"], Value::Null);
    let variants = server.get("/v1/shop/search?q=shoe&explain=cache").json()["explain"]["variants"].clone();
    assert!(variants.as_array().is_some_and(|all| all.iter().any(|variant| variant["name"] == "pin:1")), "{variants}");
}

#[test]
fn a_preview_shows_other_rules_and_other_days_and_keeps_nothing() {
    let server = shop();
    put(&server, &json!([{"id": "s", "when": {"query": "shoe"}, "then": {"hide": ["a"]}, "from": "2999-01-01"}]));
    let preview = |body: Value| {
        let headers = ["Content-Type: application/json"];
        server.request("POST", &format!("{RULES}/preview"), &headers, body.to_string().as_bytes())
    };
    let shoes = json!({"q": "shoe"});
    assert_eq!(ids(&preview(json!({"search": shoes}))), ["a", "b", "c"]);
    assert_eq!(ids(&preview(json!({"search": shoes, "at": "2999-01-01"}))), ["b", "c"]);
    let other = preview(json!({"search": {"q": "shoe", "context": "club"}, "rules": [
        {"id": "new", "when": {"context": "club"}, "then": {"pin": [{"id": "x", "position": 2}]}}
    ]}));
    assert_eq!(ids(&other), ["a", "x", "b", "c"]);
    assert_eq!(other.json()["rules"], json!([{"id": "new", "does": ["pin"]}]));
    assert_eq!(other.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(found(&server, "q=shoe&context=club"), ["a", "b", "c"]);
    for (body, code) in [
        (json!({"searches": {}}), "invalid_rules"),
        (json!({"rules": [{"id": "r", "then": {}}]}), "invalid_rules"),
        (json!({"search": {"page": 0}}), "invalid_parameter"),
        (json!({"at": "soon"}), "invalid_parameter"),
    ] {
        assert_eq!(preview(body.clone()).error(), (400, code.to_owned()), "{body}");
    }
}

#[test]
fn every_change_can_be_undone_and_the_undoing_too() {
    let server = shop();
    assert_eq!(undo(&server, "", &[]).error(), (400, "invalid_parameter".into()));
    let first = put(&server, &pin("b"));
    put(&server, &pin("x"));
    assert_eq!(put(&server, &pin("x")), server.get(RULES).json()["version"].as_u64().unwrap(), "no change, no version");
    let undone = undo(&server, "", &[]);
    assert_eq!((undone.status, found(&server, "q=shoe")[0].as_str()), (202, "b"));
    assert_eq!(undo(&server, "", &[]).status, 202);
    assert_eq!(found(&server, "q=shoe")[0], "x");
    let history = server.get(&format!("{RULES}/history")).json();
    assert_eq!(history["versions"].as_array().map(Vec::len), Some(4), "{history}");
    assert_eq!((&history["versions"][3]["version"], &history["versions"][3]["rules"]), (&json!(first), &json!(1)));
    assert!(history["versions"][0]["put_at"].as_u64() > Some(1_700_000_000_000), "{history}");
    assert_eq!(server.get(&format!("{RULES}?version={first}")).json()["rules"], pin("b"));
    assert_eq!(undo(&server, &format!("&version={first}"), &[]).status, 202);
    assert_eq!(found(&server, "q=shoe")[0], "b");
    assert_eq!(undo(&server, "&version=1", &[]).error(), (400, "invalid_parameter".into()));
    assert_eq!(server.get(&format!("{RULES}?version=1")).error(), (400, "invalid_parameter".into()));
}

#[test]
fn the_first_rules_are_undone_to_none() {
    let server = shop();
    put(&server, &pin("x"));
    assert_eq!(undo(&server, "", &[]).status, 202);
    assert_eq!((server.get(RULES).json()["rules"].clone(), found(&server, "q=shoe").len()), (json!([]), 3));
}

#[test]
fn a_page_of_another_origin_cannot_undo_anything() {
    let server = shop();
    let version = put(&server, &pin("x"));
    let bare = |headers: &[&str]| server.request("POST", &format!("{RULES}/undo"), headers, b"");
    // What a form or a script may send anywhere without asking first.
    for headers in [&[][..], &["Content-Type: text/plain"], &["Content-Type: application/x-www-form-urlencoded"]] {
        assert_eq!(bare(headers).error(), (415, "unsupported_media_type".into()), "{headers:?}");
    }
    assert_eq!(server.get(RULES).json()["version"], version);
    assert_eq!(bare(&[&format!("If-Match: \"{version}\"")]).status, 202);
}

#[test]
fn rules_that_are_sent_again_are_no_conflict() {
    let server = shop();
    let first = put(&server, &pin("a"));
    let seen = format!("If-Match: \"{first}\"");
    let sent = || put_with(&server, &json!({"rules": pin("b")}), &[&seen]);
    let (once, again) = (sent(), sent());
    assert_eq!((once.status, again.status, once.json()), (202, 202, again.json()));
    assert_eq!(put_with(&server, &json!({"rules": pin("x")}), &[&seen]).error(), (412, "version_changed".into()));
}

#[test]
fn who_has_not_seen_the_latest_rules_changes_nothing() {
    let server = shop();
    assert_eq!(server.get(RULES).header("etag").as_deref(), Some("\"0\""));
    let none = put_with(&server, &json!({"rules": pin("a")}), &["If-Match: \"0\""]);
    assert_eq!(none.status, 202, "{}", none.text());
    let mut seen = server.get(RULES).json();
    put(&server, &pin("b"));
    seen["rules"] = pin("x");
    let stale = format!("If-Match: \"{}\"", seen["version"]);
    for answer in [
        put_with(&server, &seen, &[]),
        put_with(&server, &json!({"rules": pin("x")}), &[&stale]),
        undo(&server, "", &[&stale]),
    ] {
        assert_eq!(answer.error(), (412, "version_changed".into()));
    }
    assert_eq!(server.get(RULES).json()["rules"], pin("b"));
    assert_eq!(put_with(&server, &json!({"rules": pin("x")}), &["If-Match: *"]).status, 202);
    assert_eq!(put_with(&server, &json!({"rules": []}), &["If-Match: x"]).error(), (400, "invalid_parameter".into()));
}

#[test]
fn a_retry_with_its_key_changes_nothing_again() {
    let server = shop();
    put(&server, &pin("a"));
    let once = ["Idempotency-Key: k1"];
    let first = put_with(&server, &json!({"rules": pin("b")}), &once).json();
    put(&server, &pin("x"));
    assert_eq!(put_with(&server, &json!({"rules": pin("b")}), &once).json(), first);
    assert_eq!(found(&server, "q=shoe")[0], "x");
    assert_eq!(put_with(&server, &json!({"rules": pin("c")}), &once).error().0, 422);
    let once = ["Idempotency-Key: k2"];
    let undone = undo(&server, "", &once).json();
    assert_eq!((undo(&server, "", &once).json(), found(&server, "q=shoe")[0].as_str()), (undone, "b"));
    for other in ["If-Match: \"0\"", "If-Match: \"18446744073709551615\""] {
        assert_eq!(undo(&server, "", &[once[0], other]).error(), (422, "idempotency_key_reused".into()), "{other}");
    }
    let farthest = json!({"rules": pin("c"), "version": u64::MAX});
    assert_eq!(put_with(&server, &farthest, &["Idempotency-Key: k3"]).error(), (412, "version_changed".into()));
    assert_eq!(undo(&server, &format!("&version={}", u64::MAX), &["Idempotency-Key: k4"]).status, 400);
}

#[test]
fn what_is_no_rule_is_refused_by_name() {
    let server = shop();
    for (body, part) in [
        (json!([]), "expected a JSON object"),
        (json!({}), "missing field `rules`"),
        (
            json!({"rules": [{"id": "sale", "then": {"boost": [{"filter": "brand:"}]}}]}),
            "rule `sale`: then.boost[0].filter",
        ),
        (json!({"rules": [{"id": "sale", "then": {"pins": []}}]}), "unknown field `pins`"),
        (json!({"rules": [], "rule": 1}), "unknown field `rule`"),
    ] {
        let answer = put_with(&server, &body, &[]);
        assert_eq!(answer.error(), (400, "invalid_rules".into()), "{body}");
        assert!(answer.text().replace("\\\"", "\"").contains(part), "{}", answer.text());
    }
    let excluding = json!({"rules": [{"id": "sale", "when": {"query": "shoe -red"}, "then": {"hide": ["a"]}}]});
    let answer = put_with(&server, &excluding, &[]);
    assert_eq!(answer.error(), (400, "invalid_rules".into()));
    assert!(answer.text().contains("which excludes `red`"), "{}", answer.text());
    let large = format!("{{\"rules\":[],\"x\":\"{}\"}}", "x".repeat(4 << 20));
    assert_eq!(server.request("PUT", RULES, &[], large.as_bytes()).error(), (413, "body_too_large".into()));
    assert_eq!(server.get(RULES).json()["version"], 0);
}

#[test]
fn rules_outlive_a_restart_and_a_read_only_node_serves_them() {
    let server = shop();
    put(&server, &pin("b"));
    let version = put(&server, &pin("x"));
    let server = TestServer::over(server.into_data(), "", Mode::ReadWrite);
    assert_eq!(server.get(RULES).json()["version"], version);
    crate::support::server::until("it is ready", || server.get("/readyz").status == 200);
    assert_eq!(found(&server, "q=shoe"), ["x", "a", "b", "c"]);
    assert_eq!(undo(&server, "", &[]).status, 202);
    let server = TestServer::over(server.into_data(), "", Mode::ReadOnly);
    crate::support::server::until("it is ready", || server.get("/readyz").status == 200);
    assert_eq!(found(&server, "q=shoe")[0], "b");
    assert_eq!(server.get(&format!("{RULES}/history")).json()["versions"].as_array().map(Vec::len), Some(3));
    assert_eq!(put_with(&server, &json!({"rules": []}), &[]).error(), (403, "read_only".into()));
}

#[test]
fn settings_and_rules_do_not_touch_each_other() {
    let server = shop();
    put(&server, &pin("x"));
    let settings = json!({"language": "none"}).to_string();
    assert_eq!(server.request("PUT", "/v1/shop/settings?wait=searchable", &[], settings.as_bytes()).status, 202);
    assert_eq!(server.get(RULES).json()["rules"], pin("x"));
    // Without stems `shoe` is not `shoes`, for rules as for products.
    assert_eq!((&*found(&server, "q=shoe")[0], &*found(&server, "q=shoes")[0]), ("a", "x"));
}
