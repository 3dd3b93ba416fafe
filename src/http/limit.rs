//! Rate limits of keys and of addresses.
//!
//! Owns the buckets: one for each key, and a bounded table of addresses. The arithmetic is in
//! [`crate::resilience::token_bucket`]; who asks behind a proxy is told by [`client`]. A whole IPv6 /64 counts as one
//! address, since that is what one customer of a network gets.
//!
//! Invariant: at most [`ADDRESSES_MAX`] addresses are remembered, and one that is forgotten was nearly full, so
//! that a flood of addresses costs no memory and forgives next to nothing.

mod addresses;
mod client;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use tokio::time::Instant;

use self::addresses::Addresses;
use crate::config::{Config, Network};
use crate::resilience::token_bucket::{Rate, TokenBucket};

/// Addresses that are remembered: a few megabytes, and more shoppers than ask within the seconds that a bucket takes to
/// fill.
pub(super) const ADDRESSES_MAX: usize = 65_536;

/// Where a request comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peer {
    /// The other end of the connection; `None` within the process, where nothing is limited.
    pub address: Option<IpAddr>,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// Every limit.
#[derive(Debug)]
pub(super) struct Limits {
    began: Instant,
    keys: Option<Keys>,
    addresses: Option<Addresses>,
    trusted_proxies: Vec<Network>,
}

#[derive(Debug)]
struct Keys {
    rate: Rate,
    buckets: Vec<AtomicU64>,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        let buckets = config.keys.iter().map(|_| AtomicU64::default()).collect();
        Self {
            began: Instant::now(),
            keys: config.limits.per_key.map(|rate| Keys { rate, buckets }),
            addresses: config.limits.per_address.map(|rate| Addresses::new(rate, ADDRESSES_MAX)),
            trusted_proxies: config.http.trusted_proxies.clone(),
        }
    }

    /// Takes one request of whoever asks.
    ///
    /// # Errors
    /// How long until the next is allowed.
    pub(super) fn address(&self, peer: Peer, headers: &HeaderMap, now: Instant) -> Result<(), Duration> {
        match (&self.addresses, peer.address) {
            (Some(addresses), Some(address)) => {
                addresses.take(client::address(address, headers, &self.trusted_proxies), self.moment(now))
            }
            _ => Ok(()),
        }
    }

    /// Takes one request of the key at this place.
    ///
    /// # Errors
    /// How long until the next is allowed.
    pub(super) fn key(&self, place: usize, now: Instant) -> Result<(), Duration> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let Some(bucket) = keys.buckets.get(place) else { return Ok(()) };
        let now_ns = self.moment(now);
        let mut held = bucket.load(Ordering::Relaxed);
        loop {
            let after = TokenBucket::full_at(held).take(keys.rate, now_ns)?;
            // Only the number itself is shared, so no other order matters.
            match bucket.compare_exchange_weak(held, after.moment(), Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(newer) => held = newer,
            }
        }
    }

    fn moment(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }
}
