//! Clients that are slow, many, rude, or gone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use super::survive;
use crate::support::server::{Answer, TestServer, close_half, read_to_end, read_until, until};

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n";
const UPLOAD: &str = "POST /v1/shop/products HTTP/1.1\r\nHost: shop\r\nContent-Type: application/x-ndjson\r\n";
const LINE: &str = "{\"id\":\"1\",\"title\":\"Pot\"}\n";

/// How the first answer to some bytes begins, and how many answers there were.
fn answers(server: &TestServer, request: &str) -> (String, usize) {
    let text = server.raw(request.as_bytes());
    (text.lines().next().unwrap_or_default().to_owned(), text.matches("HTTP/1.").count())
}

#[test]
fn what_is_no_http_is_refused_and_closed() {
    survive("http.idle_timeout = \"500ms\"", |server| {
        for (name, bytes, begins) in [
            ("noise", "\u{1}\u{2}\u{3}\u{4}\r\n\r\n".to_owned(), "HTTP/1.1 400"),
            ("a greeting of TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n".into(), "HTTP/1.1 400"),
            ("another version", "GET / HTTP/9.9\r\n\r\n".into(), "HTTP/1.1 400"),
            ("no path", "GET\r\n\r\n".into(), "HTTP/1.1 400"),
            ("NUL in a header", "GET /healthz HTTP/1.1\r\nA: \0\r\n\r\n".into(), "HTTP/1.1 400"),
            ("a header of two lines", "GET /healthz HTTP/1.1\r\nA: b\r\n c\r\n\r\n".into(), "HTTP/1.1 400"),
            ("a header without a name", "GET /healthz HTTP/1.1\r\n: b\r\n\r\n".into(), "HTTP/1.1 400"),
            ("a length that is none", format!("{UPLOAD}Content-Length: -1\r\n\r\n"), "HTTP/1.1 400"),
            ("two lengths", format!("{UPLOAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), "HTTP/1.1 400"),
            ("a chunk that is none", format!("{UPLOAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "HTTP/1.1 400"),
            ("half a request", "GET /healthz HTTP/1.1\r\nHost: sh".into(), ""),
            ("nothing", String::new(), ""),
        ] {
            let (first, count) = answers(server, &bytes);
            assert!(first.starts_with(begins), "{name}: {first}");
            assert!(count <= 1, "{name}: {count} answers");
        }
    });
}

#[test]
fn headers_and_targets_at_their_limit_are_read_and_beyond_refused() {
    let headers = |count: usize| (0..count).map(|number| format!("X-{number}: 1\r\n")).collect::<String>();
    let one = |bytes: usize| format!("X: {}\r\n", "x".repeat(bytes));
    survive("", |server| {
        // With `Host` and `Connection`, that is 64.
        for (name, target, headers, status) in [
            ("64 headers", "/healthz".to_owned(), headers(62), "200"),
            ("65 headers", "/healthz".into(), headers(63), "431"),
            ("1,000 headers", "/healthz".into(), headers(1_000), "431"),
            ("a header of 15 KB", "/healthz".into(), one(15_000), "200"),
            ("a header of 17 KB", "/healthz".into(), one(17_000), "431"),
            ("a header of 1 MB", "/healthz".into(), one(1 << 20), "431"),
            ("a target of 15 KB", format!("/v1/shop/search?q={}", "a".repeat(15_000)), String::new(), "400"),
        ] {
            let request = format!("GET {target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n{headers}\r\n");
            let (first, _) = answers(server, &request);
            // Who still sends when the answer comes may lose it with the connection.
            let lost = first.is_empty() && request.len() > 1 << 19;
            assert!(first.starts_with(&format!("HTTP/1.1 {status}")) || lost, "{name}: {first}");
        }
    });
}

#[test]
fn every_form_of_a_valid_request_is_understood() {
    survive("", |server| {
        let length = LINE.len();
        let chunk = format!("{length:x}\r\n{LINE}\r\n0\r\n");
        for (name, request, begins) in [
            ("HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n".to_owned(), "HTTP/1.0 200"),
            ("a whole address", HEALTH.replace("/healthz", "http://shop.example:80/healthz"), "HTTP/1.1 200"),
            ("an empty line before it", format!("\r\n{HEALTH}"), "HTTP/1.1 200"),
            ("bare line ends", "GET /healthz HTTP/1.1\nHost: shop\n\n".into(), "HTTP/1.1 200"),
            ("any resource", "OPTIONS * HTTP/1.1\r\nHost: shop\r\n\r\n".into(), "HTTP/1.1 404"),
            ("a tunnel", "CONNECT shop.example:80 HTTP/1.1\r\nHost: shop\r\n\r\n".into(), "HTTP/1.1 404"),
            ("no host", "GET /healthz HTTP/1.1\r\n\r\n".into(), "HTTP/1.1 200"),
            ("trailers", format!("{UPLOAD}Transfer-Encoding: chunked\r\n\r\n{chunk}X-Sum: 1\r\n\r\n"), "HTTP/1.1 202"),
            (
                "a body that nobody reads",
                "GET /healthz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc".into(),
                "HTTP/1.1 200",
            ),
        ] {
            let request =
                request.replacen("\r\n", "\r\nConnection: close\r\n", usize::from(!request.starts_with("\r\n")));
            let mut stream = server.connect();
            stream.write_all(request.as_bytes()).unwrap();
            close_half(&stream);
            let text = read_to_end(&mut stream);
            assert!(text.starts_with(begins), "{name}: {text}");
        }
        assert_eq!(server.get("/v1/shop/products/1").status, 200, "what came with trailers is kept");
    });
}

#[test]
fn a_length_and_chunks_at_once_make_one_request() {
    survive("http.idle_timeout = \"500ms\"", |server| {
        // One who believes the length would take the second request for a part of the body.
        let request = format!("{UPLOAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        let (first, count) = answers(server, &request);
        assert!(first.starts_with("HTTP/1.1 202") || first.starts_with("HTTP/1.1 400"), "{first}");
        assert_eq!(count, 1);
        let surplus = format!("{UPLOAD}Content-Length: {}\r\n\r\n{LINE}surplus\r\n\r\n", LINE.len());
        let text = server.raw(surplus.as_bytes());
        assert!(text.starts_with("HTTP/1.1 202") && text.contains("HTTP/1.1 400"), "{text}");
        assert_eq!(server.get("/v1/shop/products/1").status, 200);
    });
}

#[test]
fn a_body_shorter_than_announced_gives_its_whole_lines() {
    survive("http.idle_timeout = \"500ms\"", |server| {
        let half = format!("{UPLOAD}Content-Length: 1000\r\n\r\n{LINE}{{\"id\":\"2\",\"ti");
        let mut stream = server.connect();
        stream.write_all(half.as_bytes()).unwrap();
        let answer = Answer::of(read_to_end(&mut stream).as_bytes());
        assert_eq!((answer.error(), &answer.json()["accepted"]), ((408, "body_timeout".into()), &json!(1)));
        let mut stream = server.connect();
        stream.write_all(half.replace("\"1\"", "\"3\"").as_bytes()).unwrap();
        close_half(&stream);
        read_to_end(&mut stream);
        until("the whole line is kept", || server.get("/v1/shop/products/3").status == 200);
        assert_eq!(server.get("/v1/shop/products/2").status, 404);
    });
}

#[test]
fn fifty_clients_that_drip_keep_nobody_out() {
    survive("http.header_timeout = \"2s\"\nhttp.idle_timeout = \"2s\"", |server| {
        let begin = |start: &str| {
            let mut stream = server.connect();
            stream.write_all(start.as_bytes()).unwrap();
            stream
        };
        let heads = (0..25).map(|_| begin("GET /healthz HTTP/1.1\r\nX-Drip: "));
        let put = "PUT /v1/shop/products/x HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000\r\n\r\n{\"title\":\"";
        let mut dripping: Vec<TcpStream> = heads.chain((0..25).map(|_| begin(put))).collect();
        let mut served = 0;
        until("each of them is closed, however long it goes on", || {
            assert_eq!(server.get("/v1/shop/search?q=kettle").status, 200);
            served += 1;
            std::thread::park_timeout(std::time::Duration::from_millis(50));
            // The answer of one that was given up may still lie there; then the connection is over, too.
            dripping.retain_mut(|stream| stream.write_all(b"x").is_ok());
            dripping.is_empty()
        });
        assert!(served > 1);
        assert_eq!(server.get("/v1/shop/products/x").status, 404);
    });
}

#[test]
fn a_flood_of_connections_is_refused_and_passes() {
    survive("http.max_connections = 20", |server| {
        let mut open: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
        for stream in &mut open {
            stream.write_all(HEALTH.as_bytes()).unwrap();
            read_until(stream, "\"ok\"");
        }
        let flood: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
        until("all of them are refused", || server.app.metrics.http.connections_refused.get() >= 200);
        let mut told = 0;
        for mut stream in flood {
            let mut text = String::new();
            // Some are only closed: those who tell are bounded, too.
            drop(stream.read_to_string(&mut text));
            told += usize::from(text.starts_with("HTTP/1.1 503") && text.contains("Retry-After"));
        }
        assert!(told > 0, "none was told why");
        for stream in &mut open {
            stream.write_all(HEALTH.as_bytes()).unwrap();
            read_until(stream, "\"ok\"");
        }
        drop(open);
        until("there is room again", || server.raw(b"GET /healthz HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200"));
    });
}

/// Writes until the other side takes no more, or everything is written.
fn push(stream: &mut TcpStream, bytes: &[u8]) {
    stream.set_write_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
    drop(stream.write_all(bytes));
}

#[test]
fn a_client_that_sends_and_never_reads_is_closed() {
    survive("http.idle_timeout = \"300ms\"", |server| {
        let mut pipeline = server.connect();
        push(&mut pipeline, "GET /openapi.json HTTP/1.1\r\nHost: shop\r\n\r\n".repeat(2_000).as_bytes());
        until("it is given up", || server.app.metrics.http.connections_timed_out.get() >= 1);
        drop(pipeline);
    });
}

#[test]
fn a_client_that_leaves_mid_answer_costs_nothing() {
    survive("http.idle_timeout = \"1s\"", |server| {
        let text = "x".repeat(2_000);
        let lines: String = (0..4_000)
            .map(|id| format!("{{\"id\":\"p{id}\",\"title\":\"Pot\",\"description\":\"{text}\"}}\n"))
            .collect();
        assert_eq!(server.upload(&lines).json()["accepted"], 4_000);
        for path in ["/v1/shop/products?limit=10000", "/v1/shop/search?q=pot&per_page=100"] {
            for _ in 0..30 {
                let mut stream = server.connect();
                stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n").as_bytes()).unwrap();
                read_until(&mut stream, "HTTP/1.1 200");
            }
        }
        // One that stays and does not read is given up, and its thread goes on to others.
        let timed_out = || server.app.metrics.http.connections_timed_out.get();
        let before = timed_out();
        let mut stream = server.connect();
        stream.write_all(b"GET /v1/shop/products?limit=10000 HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
        until("it is given up", || timed_out() > before);
        assert_eq!(server.get("/v1/shop/products?limit=10000").text().lines().count(), 4_001);
        // Ten searches whose callers are gone before the answer.
        for number in 0..10 {
            let mut stream = server.connect();
            let request = format!("GET /v1/shop/search?q=pot%20{number} HTTP/1.1\r\nHost: shop\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
        }
    });
}

#[test]
fn a_half_closed_connection_still_gets_each_answer() {
    survive("", |server| {
        let mut stream = server.connect();
        stream.write_all(HEALTH.repeat(3).as_bytes()).unwrap();
        let upload = format!("{UPLOAD}Content-Length: {}\r\n\r\n{LINE}", LINE.len());
        stream.write_all(upload.as_bytes()).unwrap();
        close_half(&stream);
        let text = read_to_end(&mut stream);
        assert_eq!((text.matches("\"ok\"").count(), text.matches("\"accepted\":1").count()), (3, 1), "{text}");
    });
}
