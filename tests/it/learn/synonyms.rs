//! Synonyms that are offered: from what shoppers did, until somebody decides, and never by themselves.

use serde_json::{Value, json};
use storefind::app::Mode;

use super::{send, shop, until_learning};
use crate::support::server::{Answer, TestServer};

const JSON: &str = "Content-Type: application/json";

/// What a shopper does who searches in vain and then finds a product.
fn reformulates(session: &str, vain: &str, found: &str) -> [Value; 3] {
    [
        json!({"type": "search", "session": session, "query": vain}),
        json!({"type": "search", "session": session, "query": found}),
        json!({"type": "click", "session": session, "query": found, "id": "1"}),
    ]
}

fn reformulate(server: &TestServer, sessions: std::ops::Range<u32>, vain: &str, found: &str) {
    let events: Vec<Value> =
        sessions.flat_map(|session| reformulates(&format!("{vain} {session}"), vain, found)).collect();
    let answer = send(server, &events);
    assert_eq!((answer.status, &answer.json()["accepted"]), (202, &json!(events.len())), "{}", answer.text());
}

fn candidates(server: &TestServer) -> Value {
    let answer = server.get("/v1/shop/analytics");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["synonym_candidates"].clone()
}

/// The pairs that are offered, in their order.
fn offered(server: &TestServer) -> Vec<String> {
    let text = |pair: &Value, side: &str| pair[side].as_str().unwrap().to_owned();
    let pair = |pair: &Value| format!("{} → {}", text(pair, "from"), text(pair, "to"));
    candidates(server).as_array().unwrap().iter().map(pair).collect()
}

fn total(server: &TestServer, query: &str) -> Value {
    server.get(&format!("/v1/shop/search?q={query}")).json()["total"].clone()
}

fn put_settings(server: &TestServer, settings: &Value) {
    let put = server.request("PUT", "/v1/shop/settings?wait=searchable", &[JSON], settings.to_string().as_bytes());
    assert_eq!(put.status, 202, "{}", put.text());
}

fn dismiss(server: &TestServer, body: &str) -> Answer {
    server.request("POST", "/v1/shop/analytics/dismiss", &[JSON], body.as_bytes())
}

#[test]
fn a_synonym_is_offered_when_enough_shoppers_said_so_and_in_force_when_it_is_approved() {
    let server = shop("");
    reformulate(&server, 0..9, "blue boiler", "blue kettle");
    assert_eq!(candidates(&server), json!([]), "one too few");
    reformulate(&server, 9..10, "blue boiler", "blue kettle");
    let told = json!([{"from": "boiler", "to": "kettle", "sessions": 10, "from_results": 0, "to_results": 2}]);
    assert_eq!(candidates(&server), told);
    assert_eq!(total(&server, "boiler"), 0, "nothing is applied by itself");
    assert_eq!(server.get("/v1/shop/settings").json()["synonyms"], json!([]));

    put_settings(&server, &json!({"synonyms": [{"from": "boiler", "to": ["kettle"]}]}));
    assert_eq!(total(&server, "boiler"), 2);
    assert_eq!(candidates(&server), json!([]), "what the settings say is not offered");
    put_settings(&server, &json!({"synonyms": [{"from": "kettle", "to": ["boiler"]}]}));
    assert_eq!((total(&server, "boiler"), candidates(&server)), (json!(0), told), "the other way is another synonym");
}

#[test]
fn what_is_dismissed_stays_away_over_restarts_and_the_rest_is_offered_again() {
    let server = shop("");
    reformulate(&server, 0..12, "boiler", "kettle");
    reformulate(&server, 0..11, "tank", "kettle");
    assert_eq!(offered(&server), ["boiler → kettle", "tank → kettle"], "most supported first");
    let answer = dismiss(&server, r#"{"from": " Boiler", "to": "KETTLE"}"#);
    assert_eq!(answer.json(), json!({"dismissed": {"from": "boiler", "to": "kettle"}}));
    assert_eq!(offered(&server), ["tank → kettle"]);
    let server = TestServer::over(server.into_data(), "", Mode::ReadWrite);
    until_learning(&server);
    assert_eq!(offered(&server), ["tank → kettle"]);
    for body in
        ["{}", "[]", r#"{"from": "boiler"}"#, r#"{"from": "…", "to": "kettle"}"#, r#"{"from":"a","to":"b","c":1}"#]
    {
        assert_eq!(dismiss(&server, body).error(), (400, "invalid_body".into()), "{body}");
    }
    let simple = server.request("POST", "/v1/shop/analytics/dismiss", &["Content-Type: text/plain"], b"{}");
    assert_eq!(simple.status, 415, "what a page of another origin can send is refused");
}

#[test]
fn neither_spelling_nor_what_finds_nothing_nor_what_any_shop_knows_is_offered() {
    let server = shop("");
    for (vain, found) in
        [("kettel", "kettle"), ("kettle red", "kettle"), ("boiler", "unicorn"), ("red kettle", "green kettle")]
    {
        reformulate(&server, 0..12, vain, found);
    }
    // Colours are no synonyms, but that is for a person to say.
    assert_eq!(offered(&server), ["red → green"]);
}

#[test]
fn personal_queries_are_never_offered() {
    let server = shop("");
    for vain in ["jane@example.org", "+49 171 5556677", "0171 kettle 5556677"] {
        reformulate(&server, 0..12, vain, "kettle");
        reformulate(&server, 20..32, "boiler", vain);
    }
    assert_eq!(candidates(&server), json!([]));
}

#[test]
fn one_session_that_tells_thousands_of_pairs_is_one_voice() {
    let server = shop("");
    let robot: Vec<Value> =
        (0..3_000).flat_map(|number| reformulates("robot", &format!("junk{number}x"), "kettle")).collect();
    for events in robot.chunks(1_000) {
        assert_eq!(send(&server, events).status, 202);
    }
    for _ in 0..20 {
        assert_eq!(send(&server, &reformulates("robot", "boiler", "kettle")).status, 202);
    }
    assert_eq!(candidates(&server), json!([]));
    reformulate(&server, 0..10, "boiler", "kettle");
    assert_eq!(offered(&server), ["boiler → kettle"], "and shoppers are heard beside it");
}
