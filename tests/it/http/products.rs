//! One product at a time, the export, settings, and what an engineer reads.

use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer};

fn send(server: &TestServer, method: &str, path: &str, body: &Value) -> Answer {
    server.request(method, path, &["Content-Type: application/json"], body.to_string().as_bytes())
}

#[test]
fn a_product_is_put_read_patched_and_deleted() {
    let server = TestServer::start();
    let path = "/v1/shop/products/a%2Fb";
    let put = send(&server, "PUT", path, &json!({"title": "Kettle", "price": 10, "brand": "Acme"}));
    // The log's first event is its start.
    assert_eq!((put.status, put.json()["sequence"].as_u64()), (202, Some(2)), "{}", put.text());
    let read = server.get(path).json();
    assert_eq!((&read["id"], &read["sequence"]), (&json!("a/b"), &json!(2)));
    assert_eq!(read["product"]["title"], "Kettle");
    assert!(read["product"].get("id").is_none());
    let patch = send(&server, "PATCH", &format!("{path}?wait=searchable"), &json!({"price": 12.5, "brand": null}));
    assert_eq!(patch.status, 202, "{}", patch.text());
    let read = server.get(path).json();
    assert_eq!((&read["product"]["price"], read["product"].get("brand")), (&json!(12.5), None));
    let found = server.get("/v1/shop/search?q=kettle").json();
    assert_eq!((&found["total"], &found["hits"][0]["id"]), (&json!(1), &json!("a/b")), "{found}");
    assert_eq!(server.request("DELETE", path, &[], b"").status, 202);
    assert_eq!(server.get(path).error(), (404, "unknown_product".into()));
}

#[test]
fn each_refused_change_of_one_product_says_why() {
    let server = TestServer::start();
    let path = "/v1/shop/products/1";
    for (method, body, status, code, parameter) in [
        ("PUT", r#"{"title":"Kettle","price":"cheap"}"#, 400, "invalid_product", Some("price")),
        ("PUT", r#"{"price":1}"#, 400, "invalid_product", Some("title")),
        ("PUT", r#"{"id":"2","title":"Kettle"}"#, 400, "invalid_product", Some("id")),
        ("PUT", r#"["title"]"#, 400, "invalid_body", None),
        ("PUT", r#"{"title":"#, 400, "invalid_body", None),
        ("PATCH", r#"{"title":"Pot"}"#, 404, "unknown_product", None),
        ("DELETE", "", 404, "unknown_product", None),
        ("GET", "", 404, "unknown_product", None),
    ] {
        let answer = server.request(method, path, &["Content-Type: application/json"], body.as_bytes());
        assert_eq!(answer.error(), (status, code.into()), "{method} {body}: {}", answer.text());
        assert_eq!(answer.json()["error"].get("parameter").and_then(Value::as_str), parameter, "{method} {body}");
    }
    let large = format!(r#"{{"title":"{}"}}"#, "x".repeat(9 << 20));
    let answer = server.request("PUT", path, &[], large.as_bytes());
    assert_eq!(answer.error(), (413, "body_too_large".into()));
}

#[test]
fn each_bad_parameter_is_named() {
    let server = TestServer::start();
    for (path, part) in [
        ("/v1/shop/products?limit=0", "limit"),
        ("/v1/shop/products?limit=10001", "limit"),
        ("/v1/shop/products?limt=1", "did you mean `limit`"),
        ("/v1/shop/settings?x=1", "takes none"),
        ("/v1/stats?catalog=shop", "catalog"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.error(), (400, "invalid_parameter".into()), "{path}");
        assert!(answer.text().contains(part), "{path}: {}", answer.text());
    }
}

#[test]
fn an_export_is_read_page_by_page_and_can_be_imported_again() {
    let server = TestServer::start();
    let lines: String =
        (0..600).map(|id| format!("{{\"id\":\"{id:03}\",\"title\":\"Kettle {id}\",\"colour\":\"red\"}}\n")).collect();
    assert_eq!(server.upload(&lines).json()["accepted"], 600);
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/shop/products?limit=251{after}"));
        assert_eq!(page.header("content-type").as_deref(), Some("application/x-ndjson"));
        let products: Vec<Value> = page.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let full = products.len() == 251;
        after = format!("&after={}", products.last().and_then(|last| last["id"].as_str()).unwrap_or_default());
        pages.push(products);
        if !full {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [251, 251, 98]);
    let all: Vec<&Value> = pages.iter().flatten().collect();
    let ids: Vec<String> = all.iter().map(|product| product["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, (0..600).map(|id| format!("{id:03}")).collect::<Vec<_>>());
    let other = TestServer::start();
    let lines: String = all.iter().map(|product| format!("{product}\n")).collect();
    assert_eq!(other.upload(&lines).json()["accepted"], 600);
    assert_eq!(
        other.get("/v1/shop/products/042").json()["product"],
        server.get("/v1/shop/products/042").json()["product"]
    );
    assert_eq!(TestServer::start().get("/v1/shop/products").text(), "");
}

#[test]
fn settings_are_replaced_as_a_whole_and_checked() {
    let server = TestServer::start();
    let path = "/v1/shop/settings";
    let mut settings = server.get(path).json();
    assert_eq!(settings["language"], "english");
    settings["synonyms"] = json!([{"to": ["kettle", "boiler"]}]);
    let put = send(&server, "PUT", &format!("{path}?wait=searchable"), &settings);
    assert_eq!((put.status, put.json()["sequence"].is_u64()), (202, true), "{}", put.text());
    assert_eq!(server.get(path).json()["synonyms"][0]["to"], json!(["kettle", "boiler"]));
    let answer = send(&server, "PUT", path, &json!({"searchable": {"title": -1}}));
    assert_eq!(answer.error(), (400, "invalid_settings".into()));
    assert!(answer.text().contains("searchable.title is -1"), "{}", answer.text());
}

#[test]
fn stats_tell_of_catalogs_tiers_and_requests() {
    let server = TestServer::start();
    server.upload("{\"id\":\"1\",\"title\":\"Kettle\"}\n");
    for _ in 0..3 {
        assert_eq!(server.get("/v1/shop/search?q=kettle").status, 200);
    }
    let stats = server.get("/v1/stats").json();
    assert_eq!(stats["catalogs"]["shop"]["products"], 1, "{stats}");
    assert_eq!(stats["answers"]["catalogs"]["shop"]["search"]["lookups"], 3, "{stats}");
    assert_eq!(stats["http"]["search"]["requests"], 3, "{stats}");
    let metrics = server.get("/metrics").text();
    for line in [
        "storefind_http_requests_total{route=\"search\",status=\"2xx\"} 3",
        "storefind_catalog_products{catalog=\"shop\"} 1",
        "storefind_changes_accepted_total 1",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|given| given == line), "{line} is not in:\n{metrics}");
    }
}
