//! What every answer has, and what routes that do not exist answer.

use storefind::app::Mode;

use crate::support::server::TestServer;

#[test]
fn every_answer_has_a_request_id_and_timing() {
    let server = TestServer::start();
    for path in ["/healthz", "/v1/shop/search?q=x", "/v1/shop/search?nonsense=1", "/nowhere", "/v1/stats", "/docs"] {
        let answer = server.get(path);
        assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{path}: {}", answer.head);
        assert!(
            answer.header("server-timing").is_some_and(|timing| timing.contains("dur=")),
            "{path}: {}",
            answer.head
        );
    }
    let answer = server.request("GET", "/healthz", &["X-Request-Id: mine-1"], b"");
    assert_eq!(answer.header("x-request-id").as_deref(), Some("mine-1"));
}

#[test]
fn what_does_not_exist_is_a_404_in_the_form_of_all_errors() {
    let server = TestServer::start();
    for path in [
        "/nowhere",
        "/v1/shop/rules/other",
        "/v1/shop/events/1",
        "/v1/shop/analytics/today",
        "/dashbord",
        "/v1/admin/nothing",
        "/v1/shop/search/",
        "/app/nothing.js",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.error(), (404, "not_found".into()), "{path}");
        assert_eq!(answer.json()["error"]["docs"], "/docs#not_found");
    }
    for path in ["/v1/nothing/search", "/v1/nothing/autocomplete?q=a", "/v1/nothing/products", "/v1/nothing/settings"] {
        let answer = server.get(path);
        assert_eq!(answer.error(), (404, "unknown_catalog".into()), "{path}");
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains("`nothing`") && !message.contains("shop"), "{message}");
    }
}

#[test]
fn a_wrong_method_is_a_405_that_lists_the_right_ones() {
    let server = TestServer::start();
    for (method, path, allowed) in [
        ("DELETE", "/v1/shop/search", "POST"),
        ("POST", "/v1/shop/autocomplete", "GET"),
        ("POST", "/v1/shop/products/1", "PATCH"),
        ("POST", "/healthz", "GET"),
        ("PUT", "/", "GET"),
    ] {
        let answer = server.request(method, path, &[], b"");
        assert_eq!(answer.error(), (405, "method_not_allowed".into()), "{method} {path}");
        assert!(
            answer.header("allow").is_some_and(|allow| allow.contains(allowed)),
            "{method} {path}: {}",
            answer.head
        );
    }
}

#[test]
fn browsers_of_any_origin_may_search_and_do_nothing_else() {
    let server = TestServer::start();
    let origin = ["Origin: https://shop.example"];
    for path in ["/v1/shop/search?q=x", "/v1/shop/autocomplete?q=x", "/v1/shop/search?nonsense=1", "/v1/none/search"] {
        let answer = server.request("GET", path, &origin, b"");
        assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("*"), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
        for name in ["Storefind-Sequence", "Cache-Status", "Age", "ETag", "Server-Timing", "X-Request-Id"] {
            assert!(exposed.contains(name), "{path}: {exposed}");
        }
    }
    for path in ["/v1/shop/products", "/v1/shop/settings", "/v1/stats", "/metrics"] {
        let answer = server.request("GET", path, &origin, b"");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
    let preflight =
        server.request("OPTIONS", "/v1/shop/search", &[origin[0], "Access-Control-Request-Method: POST"], b"");
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
    assert_eq!(preflight.header("access-control-allow-origin").as_deref(), Some("*"));
}

#[test]
fn configured_origins_are_echoed_and_others_are_not() {
    let server = TestServer::with("http.cors_origins = [\"https://a.example\", \"https://b.example\"]");
    for (origin, echoed) in [("https://b.example", true), ("https://c.example", false), ("null", false)] {
        let answer = server.request("GET", "/v1/shop/search", &[&format!("Origin: {origin}")], b"");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed.as_deref(), echoed.then_some(origin));
        assert!(
            answer.header("vary").is_some_and(|vary| vary.to_ascii_lowercase().contains("origin")),
            "{}",
            answer.head
        );
    }
}

#[test]
fn events_of_a_page_that_is_not_named_are_refused() {
    const EVENT: &[u8] = b"{\"type\":\"search\",\"session\":\"s\",\"query\":\"kettle\"}";
    let none = TestServer::with("http.cors_origins = \"\"");
    let some = TestServer::with("http.cors_origins = [\"https://a.example\"]");
    let post = |server: &TestServer, headers: &[&str]| {
        let headers = [&["Content-Type: text/plain"], headers].concat();
        server.request("POST", "/v1/shop/events", &headers, EVENT)
    };
    // The host that these requests ask for.
    let own = "Origin: http://shop";
    for server in [&none, &some] {
        for headers in [&["Origin: https://c.example"][..], &["Origin: null"], &[own, "Sec-Fetch-Site: same-site"]] {
            assert_eq!(post(server, headers).error(), (403, "forbidden".into()), "{headers:?}");
        }
        // A proxy may have asked for another host than the browser did.
        let behind_a_proxy = ["Origin: https://c.example", "Sec-Fetch-Site: same-origin"];
        for headers in [&[][..], &[own], &behind_a_proxy] {
            let answer = post(server, headers);
            assert_eq!((answer.status, answer.json()["accepted"].as_u64()), (202, Some(1)), "{headers:?}");
        }
    }
    assert_eq!(post(&none, &["Origin: https://a.example"]).status, 403);
    assert_eq!(post(&some, &["Origin: https://a.example"]).status, 202);
    // Others read nothing, and change nothing by asking.
    assert_eq!(some.request("GET", "/v1/shop/search?q=x", &["Origin: https://c.example"], b"").status, 200);
}

#[test]
fn a_node_is_ready_once_its_catalogs_have_caught_up() {
    let server = TestServer::start();
    crate::support::server::until("the empty catalog becomes ready", || server.get("/readyz").status == 200);
    assert_eq!(server.get("/readyz").json()["status"], "ready");
    assert_eq!(server.get("/healthz").json()["status"], "ok");
}

#[test]
fn a_read_only_node_answers_and_refuses_every_write() {
    let server = TestServer::in_mode("", Mode::ReadOnly);
    assert_eq!(server.get("/v1/shop/search?q=x").status, 200);
    let json = ["Content-Type: application/json"];
    for (method, path, body) in [
        ("POST", "/v1/shop/products", "[]"),
        ("PUT", "/v1/shop/products/1", "{\"title\":\"Kettle\"}"),
        ("PATCH", "/v1/shop/products/1", "{\"title\":\"Kettle\"}"),
        ("DELETE", "/v1/shop/products/1", ""),
        ("PUT", "/v1/shop/settings", "{}"),
    ] {
        let answer = server.request(method, path, &json, body.as_bytes());
        assert_eq!(answer.error(), (403, "read_only".into()), "{method} {path}");
    }
}
