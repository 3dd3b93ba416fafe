//! Too many requests.

use super::{get, key};
use crate::support::server::TestServer;

fn keys() -> String {
    let rest = "scopes = [\"search\", \"admin\"]\ncatalogs = [\"*\"]";
    key("one", rest) + &key("two", rest)
}

#[test]
fn a_key_over_its_rate_is_told_when_to_return_and_another_is_not_held_up() {
    // An hour a request: nothing comes back while the test runs.
    let server = TestServer::with(&format!("limits.per_key = \"1/h\"\nlimits.per_key_burst = 3\n{}", keys()));
    for _ in 0..3 {
        assert_eq!(get(&server, "one", "/v1/shop/search?q=x").status, 200);
    }
    let refused = get(&server, "one", "/v1/shop/search?q=x");
    assert_eq!(refused.error(), (429, "rate_limited".into()));
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3_000..=3_600).contains(&seconds), "{seconds}");
    assert_eq!(get(&server, "two", "/v1/shop/search?q=x").status, 200);
    // A wrong key is nobody's, and a right one cannot be used up by those who lack it.
    assert_eq!(server.get("/v1/shop/search?q=x").status, 401);
    assert!(get(&server, "two", "/metrics").text().contains("storefind_http_refused_total{reason=\"key_rate\"} 1"));
}

#[test]
fn an_address_over_its_rate_is_refused_with_or_without_a_key_but_is_told_that_the_node_is_well() {
    let limits = "limits.per_address = \"1/h\"\nlimits.per_address_burst = 2\n";
    let server = TestServer::with(&format!("{limits}{}", keys()));
    assert_eq!(server.get("/v1/shop/search?q=x").status, 401);
    assert_eq!(get(&server, "one", "/v1/shop/search?q=x").status, 200);
    for answer in [get(&server, "one", "/v1/shop/search?q=x"), server.get("/"), server.get("/nowhere")] {
        assert_eq!(answer.error(), (429, "rate_limited".into()));
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
    }
    for _ in 0..10 {
        assert_eq!(server.get("/healthz").status, 200);
    }
    assert!(matches!(server.get("/readyz").status, 200 | 503));
}

#[test]
fn behind_a_trusted_proxy_each_client_has_its_own_rate_and_nobody_else_can_claim_one() {
    let limits = "limits.per_address = \"1/h\"\nlimits.per_address_burst = 1\n";
    let from = |server: &TestServer, client: &str| {
        server.request("GET", "/v1/shop/search?q=x", &[&format!("X-Forwarded-For: {client}")], b"").status
    };
    let trusting = TestServer::with(&format!("{limits}http.trusted_proxies = \"127.0.0.0/8\"\n"));
    assert_eq!(from(&trusting, "192.0.2.1"), 200);
    assert_eq!(from(&trusting, "192.0.2.2"), 200);
    assert_eq!(from(&trusting, "192.0.2.1"), 429);
    assert_eq!(from(&trusting, "192.0.2.3, 192.0.2.2"), 429);
    let plain = TestServer::with(limits);
    assert_eq!(from(&plain, "192.0.2.1"), 200);
    assert_eq!(from(&plain, "192.0.2.2"), 429);
}

#[test]
fn without_limits_nothing_is_limited() {
    let server = TestServer::with(&keys());
    for _ in 0..50 {
        assert_eq!(get(&server, "one", "/v1/shop/search?q=x").status, 200);
    }
}
