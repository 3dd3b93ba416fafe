//! A Redis that speaks TLS only. The nodes are processes of their own: whom a process trusts is told by its environment.

use std::path::Path;

use rcgen::CertifiedKey;
use tempfile::TempDir;

use super::{Shop, both_use_redis, count, detail, stat};
use crate::support::server::until;
use crate::support::servers::{free_port, redis_tls};

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// A folder with a certificate for this machine, which stands for the authority that signed it, and its key.
fn pair() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.path().join(CERTIFICATE), cert.pem()).unwrap();
    std::fs::write(folder.path().join(KEY), signing_key.serialize_pem()).unwrap();
    folder
}

fn trusting(certificate: &Path) -> [(&str, &str); 1] {
    [("SSL_CERT_FILE", certificate.to_str().unwrap())]
}

#[test]
fn a_redis_with_tls_is_a_tier_for_who_trusts_it_and_a_fault_that_is_told_for_who_does_not() {
    let (shop, pair, stranger) = (Shop::new(), pair(), pair());
    let certificate = pair.path().join(CERTIFICATE);
    let server = redis_tls(free_port(), &certificate, &pair.path().join(KEY));
    let url = format!("rediss://127.0.0.1:{}", server.port);

    let node = || shop.child(&url, "", &trusting(&certificate));
    let (a, b) = (node(), node());
    both_use_redis(&shop, &a, &b);

    let other = stranger.path().join(CERTIFICATE);
    let wary = shop.child(&url, "", &trusting(&other));
    for n in 1..=20 {
        assert_eq!(detail(&shop.ask(&wary, &format!("q=lamp&page={n}"))), "index");
    }
    // Connecting goes on beside the questions; only who waits for it hears why it fails.
    let mut page = 20;
    until("it tells that it is not reached, and stops asking", || {
        page += 1;
        shop.ask(&wary, &format!("q=lamp&page={page}"));
        let of_server = |figure: &str| stat(&wary, &format!("/remote/redis/servers/0/{figure}"));
        of_server("failing") == "unreachable" && of_server("breaker") == "open"
    });
    assert_eq!(count(&wary, "/catalogs/shop/tiers/redis/lookups"), 0);
    // Nor is a server trusted that speaks no TLS where it is asked for.
    let plain = crate::support::servers::redis(free_port(), &[]);
    let misled = shop.child(&format!("rediss://127.0.0.1:{}", plain.port), "", &trusting(&certificate));
    for n in 1..=10 {
        assert_eq!(detail(&shop.ask(&misled, &format!("q=lamp&page={n}"))), "index");
    }
    assert_eq!(plain.redis_keys(), Vec::<String>::new());
}
