//! Bad input and abuse over real sockets: a clear answer, and nothing lost.
//!
//! `docs/ROBUSTNESS.md` is the table of cases. Each test runs inside [`survive`], which looks afterwards whether the
//! server still answers and still has what it had accepted.

mod bodies;
mod data_dir;
mod fuzzing;
mod lines;
mod queries;
mod sockets;

use serde_json::json;

use crate::support::server::TestServer;

/// The product that is there before the abuse and has to be there after it.
const KEPT: &str =
    "{\"id\":\"kept\",\"title\":\"Copper kettle\",\"brand\":\"Harlow\",\"price\":49.5,\"colour\":\"red\"}\n";

/// Runs the abuse against a server with a product in it. Afterwards the server must be alive and take writes, and the
/// product must be as it was, in the log and in the index.
fn survive(toml: &str, abuse: impl FnOnce(&TestServer)) {
    let server = TestServer::with(&format!("freshness_bound = \"200ms\"\n{toml}"));
    assert_eq!(server.upload(KEPT).json()["accepted"], 1);
    abuse(&server);
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.app.metrics.http.panics.get(), 0, "a handler panicked");
    let kept = server.get("/v1/shop/products/kept").json();
    assert_eq!(kept["product"]["title"], "Copper kettle", "{kept}");
    let later = server.upload("{\"id\":\"later\",\"title\":\"Copper kettle, large\"}\n");
    assert_eq!((later.status, &later.json()["accepted"]), (202, &json!(1)), "{}", later.text());
    let found = server.get("/v1/shop/search?q=copper%20kettle&fields=title").json();
    let ids: Vec<_> = found["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"kept") && ids.contains(&"later"), "{found}");
}

/// Text as it stands in a URL.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
