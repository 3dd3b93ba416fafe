//! The contract that is served and what is served, compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use storefind::http::error::ErrorCode;

use crate::support::server::TestServer;

const ROUTER: &str = include_str!("../../../src/http/router.rs");
const METRICS: &str = include_str!("../../../docs/METRICS.md");

fn contract() -> Value {
    serde_json::from_str(include_str!("../../../web/openapi.json")).unwrap()
}

/// Path to methods, as the contract has them.
fn described() -> BTreeMap<String, BTreeSet<String>> {
    let contract = contract();
    let paths = contract["paths"].as_object().unwrap();
    let methods = |path: &Value| path.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
    paths.iter().map(|(path, described)| (path.clone(), methods(described))).collect()
}

#[test]
fn every_route_of_the_contract_exists_with_exactly_its_methods() {
    let server = TestServer::start();
    for (path, described) in described() {
        let concrete = path.replace("{catalog}", "shop").replace("{id}", "1").replace("{tier}", "none");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = server.request(method, &concrete, &[], b"");
            if described.contains(method) {
                let known = answer.status != 405 && (answer.status != 404 || answer.error().1 == "unknown_product");
                assert!(known, "{method} {path}: {}", answer.head);
            } else {
                assert_eq!(answer.status, 405, "{method} {path} is served, but not described");
            }
        }
    }
}

#[test]
fn every_route_of_the_router_is_in_the_contract() {
    let described = described();
    let pages = ["/", "/dashboard", "/dashboard/analytics", "/dashboard/rules", "/docs", "/openapi.json"];
    let listed: Vec<&str> = ROUTER.split(".route(").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect();
    assert!(listed.len() >= 9, "{listed:?}");
    for path in listed.into_iter().chain(pages) {
        assert!(described.contains_key(path), "{path} is not described");
    }
    assert_eq!(described.len(), 21 + pages.len());
}

#[test]
fn every_error_code_is_explained_with_its_status() {
    let explained: Vec<(String, u64)> = contract()["x-errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["code"].as_str().unwrap().to_owned(), error["status"].as_u64().unwrap()))
        .collect();
    let codes: Vec<(String, u64)> =
        ErrorCode::ALL.iter().map(|code| (code.as_str().to_owned(), u64::from(code.status().as_u16()))).collect();
    assert_eq!(explained, codes);
    let listed =
        contract()["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["enum"].clone();
    let listed: Vec<&str> = listed.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(listed, ErrorCode::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
}

#[test]
fn every_reference_of_the_contract_resolves() {
    fn walk(contract: &Value, at: &Value) {
        match at {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(contract.pointer(pointer).is_some(), "{reference}");
                }
                fields.values().for_each(|value| walk(contract, value));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(contract, item)),
            _ => {}
        }
    }
    let contract = contract();
    walk(&contract, &contract);
}

#[test]
fn the_list_of_metrics_is_the_list_of_metrics() {
    let server = TestServer::start();
    assert_eq!(server.get("/v1/shop/search?q=x").status, 200);
    let text = server.get("/metrics").text();
    let written: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let listed: BTreeMap<&str, &str> = METRICS
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| row.split_once("` | "))
        .map(|(name, rest)| (name, rest.split(" |").next().unwrap_or_default()))
        .collect();
    assert_eq!(written, listed);
    // Prometheus wants each name once.
    assert_eq!(text.matches("# TYPE ").count(), written.len());
}

#[test]
fn pages_allow_no_foreign_code_and_are_not_sent_twice() {
    let server = TestServer::start();
    for (path, content_type) in [
        ("/", "text/html"),
        ("/dashboard", "text/html"),
        ("/dashboard/analytics", "text/html"),
        ("/dashboard.css", "text/css"),
        ("/dashboard/rules", "text/html"),
        ("/app/rules/main.js", "text/javascript"),
        ("/app/dashboard/main.js", "text/javascript"),
        ("/docs", "text/html"),
        ("/docs.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/openapi.json", "application/json"),
    ] {
        let answer = server.request("GET", path, &["Accept-Encoding: gzip"], b"");
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").is_some_and(|given| given.starts_with(content_type)), "{path}");
        assert_eq!(answer.header("content-encoding").as_deref(), Some("gzip"), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        let tag = answer.header("etag").unwrap();
        let again = server.request("GET", path, &["Accept-Encoding: gzip", &format!("If-None-Match: {tag}")], b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_ne!(server.get(path).header("etag"), Some(tag), "{path}: a tag stands for one encoding");
    }
}
