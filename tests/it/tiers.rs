//! Answers shared through real Redis and Memcached servers, and what becomes of answers when these fail.
//!
//! The nodes of a test are read-only copies of one log, so that an entry of one proves its freshness on the other. Every
//! answer is compared with what a node without remote tiers computes.

mod faults;
mod proxied;
mod sharing;

use serde_json::Value;
use storefind::app::Mode;
use tempfile::TempDir;

use crate::support::server::{Answer, TestServer, copy_of, until};
use crate::support::servers::Process;

/// Multiplied by it, numbers have nothing in common that a compressor could find.
const SCATTER: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A log with some products, closed, and a node without remote tiers on a copy of it.
struct Shop {
    data: TempDir,
    plain: TestServer,
}

impl Shop {
    fn new() -> Self {
        let server = TestServer::start();
        let words = ["red running shoe", "blue running shoe", "laptop bag", "desk lamp"];
        let lines: String = (0..40)
            .map(|n| {
                let (title, brand) = (words[n % words.len()], ["Acme", "Globex"][n % 2]);
                let text = "A description of some length, as products have it. ".repeat(2);
                // What does not compress.
                let serial: String =
                    (1..=4).map(|k| format!("{:032x}", SCATTER.wrapping_mul(n as u128 * 4 + k))).collect();
                format!(
                    "{{\"id\":\"{n}\",\"title\":\"{title} {n}\",\"brand\":\"{brand}\",\"price\":{n},\"stock\":{},\
                     \"description\":\"{text} {serial}\"}}\n",
                    n % 3
                )
            })
            .collect();
        assert_eq!(server.upload(&lines).status, 202);
        let data = server.into_data();
        let plain = TestServer::over(copy_of(data.path()), "", Mode::ReadOnly);
        let shop = Self { data, plain };
        ready(&shop.plain);
        shop
    }

    /// Another node, with these tiers. Asks them for everything, and gives them more time than a loaded machine needs.
    fn node(&self, redis: Option<&str>, memcached: Option<u16>) -> TestServer {
        self.node_with(redis, memcached, "")
    }

    fn node_with(&self, redis: Option<&str>, memcached: Option<u16>, more: &str) -> TestServer {
        let mut toml = "cache.admission = \"always\"\ncache.remote_deadline = \"100ms\"\n".to_owned();
        if let Some(url) = redis {
            toml.push_str(&format!("cache.redis.url = \"{url}\"\n"));
        }
        if let Some(port) = memcached {
            toml.push_str(&format!("cache.memcached.url = \"memcache://127.0.0.1:{port}\"\n"));
        }
        toml.push_str(more);
        let node = TestServer::over(copy_of(self.data.path()), &toml, Mode::ReadOnly);
        ready(&node);
        node
    }

    /// Asks a node; the answer must be what the plain node says.
    #[track_caller]
    fn ask(&self, node: &TestServer, query: &str) -> Answer {
        let path = format!("/v1/shop/search?{query}");
        let (answer, expected) = (node.get(&path), self.plain.get(&path));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.text(), expected.text(), "{}", answer.head);
        answer
    }
}

fn ready(server: &TestServer) {
    until("the node is ready", || server.get("/readyz").status == 200);
}

fn url(redis: &Process) -> String {
    format!("redis://127.0.0.1:{}", redis.port)
}

/// Where an answer came from, as `Cache-Status` tells it.
fn detail(answer: &Answer) -> String {
    let status = answer.header("cache-status").expect("every answer has it");
    let detail = status.split("; ").find_map(|part| part.strip_prefix("detail="));
    detail.expect("every answer tells its tier").to_owned()
}

/// A figure of `/v1/stats`.
fn stat(server: &TestServer, pointer: &str) -> Value {
    let stats = server.get("/v1/stats").json();
    stats["answers"].pointer(pointer).cloned().unwrap_or_default()
}

fn count(server: &TestServer, pointer: &str) -> u64 {
    stat(server, pointer).as_u64().unwrap_or(0)
}

/// Waits until a tier has taken so many entries.
fn filled(server: &TestServer, tier: &str, entries: u64) {
    until("the tier is filled", || count(server, &format!("/catalogs/shop/tiers/{tier}/fills")) >= entries);
}
