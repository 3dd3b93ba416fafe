//! HTTPS over real sockets, with certificates made here.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::CertifiedKey;
use storefind::telemetry::tls::{Handshake, Reload};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::server::{Answer, TestServer, close_half, read_to_end, until};

type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// A folder with a certificate and its key.
struct Pair {
    folder: TempDir,
    certificate: CertificateDer<'static>,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = write(folder.path());
        Self { folder, certificate }
    }

    /// Takes a new certificate and key.
    fn renew(&mut self) {
        self.certificate = write(self.folder.path());
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn server(&self, more: &str) -> TestServer {
        let tls =
            format!("tls.certificate = {:?}\ntls.key = {:?}\n", self.path("certificate.pem"), self.path("key.pem"));
        TestServer::with(&(tls + more))
    }
}

fn write(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("certificate.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

/// A connection that trusts one certificate and offers these protocols. The handshake happens with the first byte.
fn connect(server: &TestServer, trusted: &CertificateDer<'static>, protocols: &[&str]) -> Encrypted {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(client, server.connect())
}

/// One request; the error is the client's, such as for a certificate that it does not trust.
fn get(server: &TestServer, trusted: &CertificateDer<'static>, path: &str) -> std::io::Result<Answer> {
    let mut stream = connect(server, trusted, &["http/1.1"]);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(Answer::of(&bytes))
}

#[test]
fn requests_are_answered_over_tls_and_browsers_are_told_to_stay_with_it() {
    let pair = Pair::new();
    let server = pair.server("");
    for path in ["/healthz", "/v1/shop/search?q=x", "/", "/nowhere"] {
        let answer = get(&server, &pair.certificate, path).unwrap();
        assert!(matches!(answer.status, 200 | 404), "{path}: {}", answer.head);
        let promise = answer.header("strict-transport-security").unwrap_or_default();
        assert!(promise.starts_with("max-age="), "{path}: {}", answer.head);
    }
    assert_eq!(server.app.metrics.tls.handshakes(Handshake::Done).get(), 4);
}

#[test]
fn http2_is_preferred_and_http1_is_spoken_with_those_who_ask_for_it() {
    let pair = Pair::new();
    let server = pair.server("");
    for (offered, chosen) in [(&["http/1.1", "h2"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)] {
        let mut stream = connect(&server, &pair.certificate, offered);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        let agreed = stream.conn.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
        assert_eq!(agreed.as_deref(), chosen, "{offered:?}");
        if chosen == Some("h2") {
            stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
            let mut frame = [0; 9];
            stream.read_exact(&mut frame).unwrap();
            assert_eq!(frame[3], 4, "the server's settings come first: {frame:?}");
        }
    }
    let mut stranger = connect(&server, &pair.certificate, &["spdy/3"]);
    assert!(stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").and_then(|()| stranger.read(&mut [0; 9])).is_err());
}

#[test]
fn a_new_certificate_is_used_without_a_restart_and_open_connections_live_on() {
    let mut pair = Pair::new();
    let server = pair.server("");
    let old = pair.certificate.clone();
    let mut open = connect(&server, &old, &["http/1.1"]);
    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut begin = [0; 12];
    open.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    pair.renew();
    // The server looks by itself.
    until("the new certificate is in use", || get(&server, &pair.certificate, "/healthz").is_ok());
    assert!(get(&server, &old, "/healthz").is_err());
    assert_eq!(server.app.metrics.tls.reloads(Reload::Done).get(), 1);
    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    open.read_to_end(&mut rest).unwrap();
    assert!(String::from_utf8_lossy(&rest).contains("HTTP/1.1 200"), "{rest:?}");
}

#[test]
fn a_broken_new_pair_leaves_the_old_one_in_use_and_a_good_one_then_replaces_it() {
    let mut pair = Pair::new();
    let server = pair.server("");
    let (tls, metrics) = (server.app.tls.clone().unwrap(), &server.app.metrics.tls);
    let old = pair.certificate.clone();
    let stranger = Pair::new();
    let (certificate, key) = (pair.path("certificate.pem"), pair.path("key.pem"));
    let broken: [&dyn Fn(); 5] = [
        // As a renewal is seen between its two writes.
        &|| assert!(std::fs::copy(stranger.path("certificate.pem"), &certificate).unwrap() > 0),
        &|| std::fs::write(&certificate, "").unwrap(),
        &|| std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap(),
        &|| std::fs::write(&key, "no key").unwrap(),
        &|| std::fs::remove_file(&key).unwrap(),
    ];
    for (times, break_it) in broken.into_iter().enumerate() {
        break_it();
        tls.refresh(metrics);
        // Looking again at the same files is no new failure.
        tls.refresh(metrics);
        assert!(metrics.reloads(Reload::Failed).get() > times as u64, "{times}");
        assert_eq!(get(&server, &old, "/healthz").unwrap().status, 200, "{times}");
    }
    assert_eq!(metrics.reloads(Reload::Done).get(), 0);
    pair.renew();
    tls.refresh(metrics);
    assert_eq!(get(&server, &pair.certificate, "/healthz").unwrap().status, 200);
    assert_eq!(metrics.reloads(Reload::Done).get(), 1);
}

#[test]
fn a_client_that_speaks_plain_http_is_told_that_this_is_https() {
    let pair = Pair::new();
    let server = pair.server("");
    let mut plain = server.connect();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
    close_half(&plain);
    let answer = Answer::of(read_to_end(&mut plain).as_bytes());
    assert_eq!((answer.status, answer.text().as_str()), (400, "this port speaks HTTPS\n"));
    until("it is counted", || server.app.metrics.tls.handshakes(Handshake::Plain).get() == 1);
    assert_eq!(server.app.metrics.http.durations(storefind::http::route::Route::Health).count(), 0);
}

#[test]
fn a_client_that_never_finishes_the_handshake_is_closed_and_keeps_nobody_waiting() {
    let pair = Pair::new();
    let server = pair.server("http.header_timeout = \"300ms\"");
    // One sends nothing, one the beginning of a record whose end never comes.
    let mut silent = [server.connect(), server.connect()];
    silent[1].write_all(&[0x16, 3, 1, 0x40, 0]).unwrap();
    assert_eq!(get(&server, &pair.certificate, "/healthz").unwrap().status, 200);
    for stream in &mut silent {
        assert_eq!(read_to_end(stream), "");
    }
    until("both are counted", || server.app.metrics.tls.handshakes(Handshake::TimedOut).get() == 2);
    assert_eq!(server.app.metrics.http.connections.get(), 0);
}

#[test]
fn garbage_and_distrust_are_failed_handshakes() {
    let pair = Pair::new();
    let server = pair.server("");
    let mut garbage = server.connect();
    garbage.write_all(&[0x16, 0xff, 0xff, 0, 4, 1, 2, 3, 4]).unwrap();
    close_half(&garbage);
    let mut answer = Vec::new();
    drop(garbage.read_to_end(&mut answer));
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(get(&server, &Pair::new().certificate, "/healthz").is_err());
    until("both are counted", || server.app.metrics.tls.handshakes(Handshake::Failed).get() == 2);
}

#[test]
fn a_shutdown_does_not_wait_for_handshakes() {
    let pair = Pair::new();
    let mut server = pair.server("http.header_timeout = \"60s\"\nhttp.drain_timeout = \"60s\"");
    let mut silent = server.connect();
    assert_eq!(get(&server, &pair.certificate, "/healthz").unwrap().status, 200);
    assert_eq!(server.drained(), storefind::http::accept::Drained::All);
    assert_eq!(read_to_end(&mut silent), "");
}

#[test]
fn files_that_cannot_be_served_are_a_problem_of_the_configuration() {
    let pair = Pair::new();
    let stranger = Pair::new();
    let missing = pair.path("missing.pem");
    for (certificate, key, part) in [
        (pair.path("certificate.pem"), stranger.path("key.pem"), "cannot be used together"),
        (pair.path("key.pem"), pair.path("key.pem"), "holds no certificate"),
        (missing.clone(), pair.path("key.pem"), "missing.pem"),
        (pair.path("certificate.pem"), pair.path("certificate.pem"), "certificate.pem"),
    ] {
        let file = pair.path("storefind.toml");
        let text = format!(
            "tls.certificate = {certificate:?}\ntls.key = {key:?}\nlisten = \"127.0.0.1:0\"\ndata_dir = {:?}\n[catalogs.shop]\n",
            pair.path("data")
        );
        std::fs::write(&file, text).unwrap();
        for command in [&["check-config"][..], &["serve", "--config"]] {
            let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_storefind"));
            let output = process.args(command).arg(&file).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
            assert!(said.contains(part) && !said.contains("PRIVATE"), "{command:?}: {said}");
        }
    }
}

#[test]
fn a_command_reaches_a_server_whose_certificate_the_system_trusts_and_no_other() {
    let pair = Pair::new();
    let server = pair.server("");
    std::fs::write(pair.path("products.jsonl"), "{\"id\":\"1\",\"title\":\"Kettle\"}\n").unwrap();
    let url = format!("https://localhost:{}", server.address.port());
    let import = |trusted: Option<&Path>| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_storefind"));
        command.current_dir(pair.folder.path()).env_remove("SSL_CERT_DIR").env_remove("SSL_CERT_FILE");
        // What OpenSSL and its like read, too.
        command.envs(trusted.map(|path| ("SSL_CERT_FILE", path)));
        command.args(["import", "shop", "products.jsonl", "--url", &url]).output().unwrap()
    };
    let trusted = import(Some(&pair.path("certificate.pem")));
    assert_eq!(trusted.status.code(), Some(0), "{}", String::from_utf8_lossy(&trusted.stderr));
    let stranger = Pair::new();
    let untrusted = import(Some(&stranger.path("certificate.pem")));
    let said = String::from_utf8_lossy(&untrusted.stderr);
    assert_eq!(untrusted.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot reach"), "{said}");
}
