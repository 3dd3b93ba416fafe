//! What a client can and cannot do with a connection.

use std::io::{Read, Write};
use std::net::TcpStream;

use storefind::http::accept::{Drained, Server};

use crate::support::server::{Answer, TestServer, close_half, read_to_end, read_until, until};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n";

#[test]
fn headers_that_drip_in_are_cut_off() {
    let server = TestServer::with("http.header_timeout = \"300ms\"");
    let mut stream = server.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\nX-Drip: ").unwrap();
    // Each byte on its own would be in time.
    until("the server closes while bytes drip in", || {
        std::thread::park_timeout(std::time::Duration::from_millis(20));
        stream.write_all(b"x").is_err()
    });
    assert_eq!(server.app.metrics.http.connections_timed_out.get(), 1);
}

#[test]
fn a_connection_without_requests_is_closed_when_idle() {
    let server = TestServer::with("http.idle_timeout = \"300ms\"");
    let mut silent = server.connect();
    assert_eq!(read_to_end(&mut silent), "");
    let mut used = server.connect();
    used.write_all(HEALTH).unwrap();
    let answer = read_to_end(&mut used);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn an_idle_connection_lives_longer_than_headers_may_take() {
    let server = TestServer::with("http.header_timeout = \"100ms\"\nhttp.idle_timeout = \"60s\"");
    let mut stream = server.connect();
    stream.write_all(HEALTH).unwrap();
    read_until(&mut stream, "\"ok\"");
    std::thread::park_timeout(std::time::Duration::from_millis(400));
    stream.write_all(HEALTH).unwrap();
    read_until(&mut stream, "\"ok\"");
}

#[test]
fn one_connection_too_many_is_told_so_and_closed() {
    let server = TestServer::with("http.max_connections = 2");
    let mut open: Vec<TcpStream> = (0..2).map(|_| server.connect()).collect();
    for stream in &mut open {
        stream.write_all(HEALTH).unwrap();
        read_until(stream, "\"ok\"");
    }
    let refused = Answer::of(server.raw(HEALTH).as_bytes());
    assert_eq!(refused.error(), (503, "overloaded".into()));
    assert_eq!(refused.header("retry-after").as_deref(), Some("1"));
    assert_eq!(server.app.metrics.http.connections_refused.get(), 1);
    open.pop();
    until("a closed connection makes room", || {
        server.raw(b"GET /healthz HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200")
    });
}

#[test]
fn a_client_that_closes_its_half_still_gets_the_answer() {
    let server = TestServer::start();
    let mut stream = server.connect();
    stream.write_all(HEALTH).unwrap();
    close_half(&stream);
    assert!(read_to_end(&mut stream).contains("\"ok\""));
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = TestServer::start();
    let mut requests = String::new();
    for number in 0..20 {
        requests.push_str(&format!("GET /healthz HTTP/1.1\r\nHost: shop\r\nX-Request-Id: n-{number}\r\n\r\n"));
    }
    requests.push_str("GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    let answers = server.raw(requests.as_bytes());
    let ids: Vec<&str> = answers.lines().filter_map(|line| line.strip_prefix("x-request-id: n-")).collect();
    assert_eq!(ids, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn too_many_or_too_large_headers_are_refused() {
    let server = TestServer::start();
    let many: String = (0..70).map(|number| format!("X-{number}: 1\r\n")).collect();
    let large = format!("X-Large: {}\r\n", "x".repeat(64 << 10));
    for headers in [many, large] {
        let answer = server.raw(format!("GET /healthz HTTP/1.1\r\nHost: shop\r\n{headers}\r\n").as_bytes());
        // Who still sends when the answer comes may lose it with the connection.
        let lost = answer.is_empty() && headers.len() > 16 << 10;
        assert!(answer.starts_with("HTTP/1.1 431") || lost, "{answer}");
    }
}

#[test]
fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = TestServer::start();
    for behind in ["\r\n", "GET /heal", "GET /healthz HTTP/1.1\r\nHost: "] {
        let mut stream = server.connect();
        stream.write_all(&[HEALTH, behind.as_bytes()].concat()).unwrap();
        read_until(&mut stream, "\"ok\"");
    }
}

#[test]
fn http_2_without_tls_is_spoken_to_those_who_begin_with_it() {
    let server = TestServer::start();
    let mut stream = server.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00").unwrap();
    let mut frame = [0_u8; 9];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "the first frame of a server is SETTINGS: {frame:?}");
}

/// An upload whose body has begun and not ended.
fn begin_upload(server: &TestServer) -> TcpStream {
    let mut stream = server.connect();
    let head = "POST /v1/shop/products HTTP/1.1\r\nHost: shop\r\nContent-Type: application/x-ndjson\r\n\
                Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // The handler has asked for the body.
    read_until(&mut stream, "100 Continue");
    stream
}

#[test]
fn a_running_request_is_finished_before_the_server_stops() {
    let mut server = TestServer::start();
    let mut idle = server.connect();
    idle.write_all(HEALTH).unwrap();
    read_until(&mut idle, "\"ok\"");
    let mut upload = begin_upload(&server);
    server.begin_stop();
    // Idle connections end at once, new ones are refused.
    assert_eq!(read_to_end(&mut idle), "");
    until("the listener closes", || TcpStream::connect(server.address).is_err());
    let line = "{\"id\":\"1\",\"title\":\"Kettle\"}\n";
    upload.write_all(format!("{:x}\r\n{line}\r\n0\r\n\r\n", line.len()).as_bytes()).unwrap();
    let answer = Answer::of(read_to_end(&mut upload).as_bytes());
    assert_eq!((answer.status, answer.json()["accepted"].as_u64()), (202, Some(1)));
    assert_eq!(server.drained(), Drained::All);
}

#[test]
fn what_does_not_end_in_time_is_cut_and_reported() {
    let mut server = TestServer::with("http.drain_timeout = \"200ms\"");
    let mut upload = begin_upload(&server);
    assert_eq!(server.drained(), Drained::Cut(1));
    assert_eq!(read_to_end(&mut upload), "");
}

#[test]
fn a_taken_address_is_named() {
    let server = TestServer::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let error = Server::bind(server.address, 2).unwrap_err().to_string();
    assert!(error.contains(&server.address.to_string()), "{error}");
}
