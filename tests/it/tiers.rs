//! Answers shared through real Redis and Memcached servers, and what becomes of answers when these fail.
//!
//! The nodes of a test are read-only copies of one log, so that an entry of one proves its freshness on the other. Every
//! answer is compared with what a node without remote tiers computes.

mod bytes;
mod crowds;
mod encrypted;
mod faults;
mod leases;
mod proxied;
mod sharing;

use serde_json::Value;
use storefind::app::Mode;
use tempfile::TempDir;

use crate::support::child::ChildNode;
use crate::support::server::{Answer, Ask, TestServer, copy_of, until};
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
        let node = TestServer::over(copy_of(self.data.path()), &attached(redis, memcached, more), Mode::ReadOnly);
        ready(&node);
        node
    }

    /// The same in a process of its own, with these variables.
    fn child(&self, redis: &str, more: &str, variables: &[(&str, &str)]) -> ChildNode {
        let node = ChildNode::start(copy_of(self.data.path()), &attached(Some(redis), None, more), variables);
        ready(&node);
        node
    }

    /// Asks a node; the answer must be what the plain node says.
    #[track_caller]
    fn ask(&self, node: &impl Ask, query: &str) -> Answer {
        let path = format!("/v1/shop/search?{query}");
        let (answer, expected) = (node.get(&path), self.plain.get(&path));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.text(), expected.text(), "{}", answer.head);
        answer
    }
}

/// The configuration of a node with these tiers.
fn attached(redis: Option<&str>, memcached: Option<u16>, more: &str) -> String {
    let mut toml = "cache.admission = \"always\"\ncache.remote_deadline = \"100ms\"\n".to_owned();
    if let Some(url) = redis {
        toml.push_str(&format!("cache.redis.url = \"{url}\"\n"));
    }
    if let Some(port) = memcached {
        toml.push_str(&format!("cache.memcached.url = \"memcache://127.0.0.1:{port}\"\n"));
    }
    toml + more
}

fn ready(server: &impl Ask) {
    until("the node is ready", || server.get("/readyz").status == 200);
}

/// The key of an answer, as `explain=cache` tells it.
fn key_of(node: &impl Ask, query: &str) -> String {
    let explained = node.get(&format!("/v1/shop/search?{query}&explain=cache")).json();
    explained["explain"]["key"].as_str().expect("a key").to_owned()
}

/// The path of the admin routes to one entry.
fn entry_path(key: &str) -> String {
    let key: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    format!("/v1/admin/cache/shop?key={key}")
}

/// What came of asking each tier, as `Cache-Status` tells it: `redis:absent`.
fn tried(answer: &Answer) -> Vec<String> {
    let status = answer.header("cache-status").expect("every answer has it");
    let tiers = status.split("; ").find_map(|part| part.strip_prefix("tiers=\""));
    tiers.map_or_else(Vec::new, |tiers| tiers.trim_end_matches('"').split(',').map(str::to_owned).collect())
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
fn stat(server: &impl Ask, pointer: &str) -> Value {
    let stats = server.get("/v1/stats").json();
    stats["answers"].pointer(pointer).cloned().unwrap_or_default()
}

fn count(server: &impl Ask, pointer: &str) -> u64 {
    stat(server, pointer).as_u64().unwrap_or(0)
}

/// Waits until a tier has taken so many entries.
fn filled(server: &impl Ask, tier: &str, entries: u64) {
    until("the tier is filled", || count(server, &format!("/catalogs/shop/tiers/{tier}/fills")) >= entries);
}

/// Asks until a node fills Redis and another finds there what the first computed; to connect takes longer than one lookup
/// may.
fn both_use_redis(shop: &Shop, a: &impl Ask, b: &impl Ask) {
    let mut page = 0;
    until("the first node uses it", || {
        page += 1;
        shop.ask(a, &format!("q=lamp&page={page}"));
        count(a, "/catalogs/shop/tiers/redis/fills") > 0
    });
    until("the second node uses it", || {
        page += 1;
        let query = format!("q=lamp&page={page}");
        shop.ask(a, &query);
        detail(&shop.ask(b, &query)) == "redis"
    });
}
