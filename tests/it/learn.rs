//! What shoppers do, and what comes of it: events over the wire, suggestions that learn, figures for merchandisers.

mod analytics;
mod events;
mod sharing;
mod suggestions;
mod synonyms;

use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer, until};

const NDJSON: &str = "Content-Type: application/x-ndjson";
const PRODUCTS: &str = "{\"id\":\"1\",\"title\":\"Kettle blue\",\"price\":10,\"stock\":5}\n\
                        {\"id\":\"2\",\"title\":\"Kettle red\",\"price\":20,\"stock\":5}\n\
                        {\"id\":\"3\",\"title\":\"Tea pot green\",\"price\":30,\"stock\":0}\n";

/// A server with two kettles and a tea pot that is sold out, which takes events.
fn shop(toml: &str) -> TestServer {
    let server = TestServer::with(toml);
    assert_eq!(server.upload(PRODUCTS).json()["accepted"], 3);
    until_learning(&server);
    server
}

/// Waits until what was learned before is known.
fn until_learning(server: &TestServer) {
    until("events are taken", || send(server, &[]).status == 202);
}

fn send(server: &TestServer, events: &[Value]) -> Answer {
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    server.request("POST", "/v1/shop/events", &[NDJSON], lines.as_bytes())
}

/// Shoppers who search this and open a product.
fn shoppers(server: &TestServer, query: &str, sessions: std::ops::Range<u32>) {
    let did = |session: u32| {
        [
            json!({"type": "search", "session": session, "query": query}),
            json!({"type": "click", "session": session, "query": query, "id": "1", "position": 1}),
        ]
    };
    let events: Vec<Value> = sessions.flat_map(did).collect();
    let answer = send(server, &events);
    assert_eq!((answer.status, &answer.json()["accepted"]), (202, &json!(events.len())), "{}", answer.text());
}

/// What is suggested for a prefix.
fn suggested(server: &TestServer, prefix: &str) -> Vec<String> {
    let answer = server.get(&format!("/v1/shop/autocomplete?q={}", prefix.replace(' ', "%20"))).json();
    let suggestions = answer["suggestions"].as_array().expect("a list");
    suggestions.iter().map(|suggestion| suggestion["text"].as_str().expect("text").to_owned()).collect()
}
