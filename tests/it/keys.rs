//! Who may do what, over the wire.

mod commands;
mod filters;
mod rates;
mod scopes;

use storefind::config::KeyHash;

use crate::support::server::{Answer, TestServer};

/// An entry of the configuration for the key `name`, whose text is its name.
fn key(name: &str, rest: &str) -> String {
    let hash = KeyHash::of(name.as_bytes()).to_text();
    format!("[[keys]]\nname = \"{name}\"\nhash = \"{hash}\"\n{rest}\n")
}

/// One request with a key.
fn ask(server: &TestServer, name: &str, method: &str, path: &str, body: &str) -> Answer {
    let authorization = format!("Authorization: Bearer {name}");
    server.request(method, path, &[&authorization, "Content-Type: application/json"], body.as_bytes())
}

fn get(server: &TestServer, name: &str, path: &str) -> Answer {
    ask(server, name, "GET", path, "")
}
