//! Keys, scopes and catalogs.

use serde_json::Value;

use super::{ask, get, key};
use crate::support::server::TestServer;

/// Paths of the contract that are open: they hold no data of the shop.
const OPEN: [&str; 8] =
    ["/healthz", "/readyz", "/", "/dashboard", "/dashboard/analytics", "/dashboard/rules", "/docs", "/openapi.json"];
const SCOPES: [&str; 4] = ["search", "write", "merchandise", "admin"];

/// Every route of the contract: method and path, in the catalog `shop`.
fn routes() -> Vec<(String, String)> {
    let contract: Value = serde_json::from_str(include_str!("../../../web/openapi.json")).unwrap();
    let paths = contract["paths"].as_object().unwrap().clone();
    let routes = paths.into_iter().flat_map(|(path, methods)| {
        let concrete = path.replace("{catalog}", "shop").replace("{id}", "1");
        let methods: Vec<String> = methods.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        methods.into_iter().map(move |method| (method, concrete.clone()))
    });
    routes.collect()
}

/// The scope that a route needs, as the documentation has it.
fn needed(path: &str) -> &'static str {
    match path {
        "/v1/shop/search" | "/v1/shop/autocomplete" | "/v1/shop/events" => "search",
        "/v1/shop/settings" | "/v1/shop/analytics" | "/v1/shop/analytics/dismiss" => "merchandise",
        _ if path.starts_with("/v1/shop/rules") => "merchandise",
        "/v1/stats" | "/metrics" => "admin",
        _ if path.starts_with("/v1/admin/") => "admin",
        _ if path.starts_with("/v1/shop/products") || path == "/v1/shop/live" => "write",
        other => panic!("say what {other} needs"),
    }
}

fn server() -> TestServer {
    let keys: String =
        SCOPES.iter().map(|scope| key(scope, &format!("scopes = [\"{scope}\"]\ncatalogs = [\"*\"]"))).collect();
    let limited = key("limited", "scopes = [\"search\", \"write\", \"merchandise\", \"admin\"]\ncatalogs = [\"shop\"]");
    TestServer::with(&format!("catalogs.other.language = \"english\"\n{keys}{limited}"))
}

#[test]
fn without_a_key_only_files_and_health_are_open() {
    let server = server();
    for (method, path) in routes() {
        let answer = server.request(&method, &path, &["Origin: https://shop.example"], b"");
        if OPEN.contains(&path.as_str()) {
            assert!(answer.status < 400 || answer.status == 503, "{method} {path}: {}", answer.head);
            continue;
        }
        assert_eq!(answer.error(), (401, "unauthorized".into()), "{method} {path}");
        assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"), "{method} {path}");
        let is_public = needed(&path) == "search";
        // A page must be able to read why it was refused.
        assert_eq!(answer.header("access-control-allow-origin").is_some(), is_public, "{method} {path}");
    }
    assert_eq!(server.get("/v1/shop/nonsense").status, 401, "what does not exist is not told to strangers");
    assert_eq!(server.get("/style.css").status, 200);
}

#[test]
fn a_wrong_key_is_as_good_as_none_and_is_not_repeated() {
    let server = server();
    for header in [
        "Authorization: Bearer wrong-key",
        "Authorization: Bearer",
        "Authorization: Basic c2VhcmNoOg==",
        "Authorization: search",
        "X-Storefind-Key: wrong-key",
        "X-Storefind-Key:",
        "X-Storefind-Key: search2",
    ] {
        let answer = server.request("GET", "/v1/shop/search?q=x", &[header], b"");
        assert_eq!(answer.error(), (401, "unauthorized".into()), "{header}");
        assert!(!answer.text().contains("wrong-key"), "{}", answer.text());
    }
    for header in ["Authorization: Bearer search", "authorization: bearer search", "X-Storefind-Key: search"] {
        assert_eq!(server.request("GET", "/v1/shop/search?q=x", &[header], b"").status, 200, "{header}");
    }
    let text = get(&server, "admin", "/metrics").text();
    assert!(text.contains("storefind_http_refused_total{reason=\"unauthorized\"} 7"), "{text}");
}

#[test]
fn each_scope_opens_its_routes_and_no_other() {
    let server = server();
    for (method, path) in routes().into_iter().filter(|(_, path)| !OPEN.contains(&path.as_str())) {
        for scope in SCOPES {
            let answer = ask(&server, scope, &method, &path, "");
            if scope == needed(&path) {
                assert!(!matches!(answer.status, 401 | 403), "{scope}: {method} {path}: {}", answer.text());
            } else {
                assert_eq!(answer.error(), (403, "forbidden".into()), "{scope}: {method} {path}");
                let message = answer.json()["error"]["message"].to_string();
                assert!(message.contains(&format!("lacks the scope `{}`", needed(&path))), "{message}");
            }
        }
    }
}

#[test]
fn a_catalog_beyond_the_key_is_told_apart_from_none_by_nothing() {
    let server = server();
    for (method, path) in [
        ("GET", "/v1/CATALOG/search?q=x"),
        ("POST", "/v1/CATALOG/search"),
        ("GET", "/v1/CATALOG/autocomplete?q=x"),
        ("GET", "/v1/CATALOG/products"),
        ("PUT", "/v1/CATALOG/products/1"),
        ("POST", "/v1/CATALOG/live"),
        ("GET", "/v1/CATALOG/settings"),
        ("POST", "/v1/CATALOG/rules/undo"),
    ] {
        let [other, none, encoded] = ["other", "nothi", "%6Fther"].map(|catalog| {
            let answer = ask(&server, "limited", method, &path.replace("CATALOG", catalog), "{}");
            assert_eq!(answer.error(), (403, "forbidden".into()), "{method} {path} {catalog}");
            answer.text().replace("nothi", "other")
        });
        assert_eq!((&other, &other), (&none, &encoded), "{method} {path}");
    }
    assert_eq!(get(&server, "limited", "/v1/shop/search?q=x").status, 200);
    assert_eq!(get(&server, "limited", "/v1/sh%6Fp/search?q=x").status, 200);
    // Who reaches every catalog may know that there is none.
    assert_eq!(get(&server, "search", "/v1/nothing/search?q=x").error(), (404, "unknown_catalog".into()));
}

#[test]
fn what_concerns_every_catalog_needs_a_key_for_every_catalog() {
    let server = server();
    for (method, path) in
        [("GET", "/v1/stats"), ("GET", "/metrics"), ("POST", "/v1/admin/rebuild"), ("POST", "/v1/admin/backup")]
    {
        let answer = ask(&server, "limited", method, path, "{\"catalog\":\"other\"}");
        assert_eq!(answer.error(), (403, "forbidden".into()), "{method} {path}");
        assert!(!answer.text().contains("other"), "{}", answer.text());
    }
    assert_eq!(get(&server, "admin", "/v1/stats").status, 200);
}

#[test]
fn a_preflight_passes_without_a_key_and_allows_both_headers() {
    let server = server();
    for path in ["/v1/shop/search", "/v1/shop/autocomplete", "/v1/nothing/search"] {
        let answer = server.request("OPTIONS", path, &["Origin: https://shop.example"], b"");
        assert_eq!(answer.status, 204, "{path}");
        let allowed = answer.header("access-control-allow-headers").unwrap_or_default();
        assert!(allowed.contains("Authorization") && allowed.contains("X-Storefind-Key"), "{allowed}");
    }
    assert_eq!(server.request("OPTIONS", "/v1/shop/products", &[], b"").status, 401);
}

#[test]
fn answers_vary_by_key_where_there_are_keys_and_only_there() {
    let server = server();
    let vary = get(&server, "search", "/v1/shop/search?q=x").header("vary").unwrap_or_default();
    assert!(vary.contains("authorization") && vary.contains("x-storefind-key"), "{vary}");
    let open = TestServer::start().get("/v1/shop/search?q=x").header("vary").unwrap_or_default();
    assert_eq!(open, "accept-encoding");
}

#[test]
fn every_answer_has_the_headers_that_protect_browsers() {
    let server = TestServer::start();
    for (path, resource) in [
        ("/v1/shop/search?q=x", "cross-origin"),
        ("/v1/shop/autocomplete?q=x", "cross-origin"),
        ("/v1/shop/search?nonsense=1", "cross-origin"),
        ("/v1/stats", "same-origin"),
        ("/metrics", "same-origin"),
        ("/healthz", "same-origin"),
        ("/nowhere", "same-origin"),
        ("/", "same-origin"),
        ("/openapi.json", "same-origin"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy").as_deref(), Some("same-origin"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy").as_deref(), Some(resource), "{path}");
        assert_eq!(answer.header("strict-transport-security"), None, "{path}: no promise without TLS");
    }
    assert_eq!(server.get("/").header("cross-origin-opener-policy").as_deref(), Some("same-origin"));
}
