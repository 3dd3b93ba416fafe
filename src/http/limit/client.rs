//! Who asks, when a proxy stands between.
//!
//! `X-Forwarded-For` is a list to which each proxy appends whom it was asked by, and whose beginning anybody can
//! write. So it is read from its end, only if the connection comes from a proxy that the configuration trusts, and only
//! as far as the addresses in it are trusted proxies themselves: the first that is not is the client.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::config::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that counts.
pub(super) fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let mut client = peer;
    for line in headers.get_all(X_FORWARDED_FOR).iter().rev() {
        for part in line.as_bytes().rsplit(|byte| *byte == b',') {
            // What is no address was not written by a proxy of ours.
            let Some(address) = parse(part) else { return client };
            client = address;
            if !is_trusted(address) {
                return client;
            }
        }
    }
    client
}

/// An address, also with a port as some proxies write it.
fn parse(part: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(part).ok()?.trim();
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::config::{Config, Sources};

    fn trusted(text: &str) -> Vec<Network> {
        let file = format!("http.trusted_proxies = {text:?}");
        Config::load(&Sources { file: Some(("t".into(), file)), ..Sources::default() }).unwrap().http.trusted_proxies
    }

    fn forwarded(lines: &[&str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (X_FORWARDED_FOR, HeaderValue::from_str(line).unwrap()));
        lines.collect()
    }

    #[test]
    fn the_client_is_the_last_that_no_trusted_proxy_stands_for() {
        let proxies = trusted("10.0.0.0/8, ::1");
        for (peer, lines, expected) in [
            // Nobody else may claim an address.
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            // What the client wrote before the proxy appended to it.
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", &["203.0.113.9:5000"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &[""], "10.0.0.1"),
        ] {
            let found = address(peer.parse().unwrap(), &forwarded(lines), &proxies);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
        }
        let untrusted = address("10.0.0.1".parse().unwrap(), &forwarded(&["203.0.113.9"]), &[]);
        assert_eq!(untrusted, "10.0.0.1".parse::<IpAddr>().unwrap());
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(bytes in proptest::collection::vec(32_u8..=126, 0..80)) {
            let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_bytes(&bytes).unwrap())]);
            address("10.0.0.1".parse().unwrap(), &headers, &trusted("10.0.0.1"));
        }
    }
}
