//! The buckets of addresses: a bounded table in shards.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::resilience::token_bucket::{Rate, TokenBucket};

/// Shards: enough that two cores seldom meet in one.
const SHARDS: usize = 64;

/// See the module.
#[derive(Debug)]
pub(super) struct Addresses {
    rate: Rate,
    shard_max: usize,
    /// Seeded at random, so that nobody can choose addresses that fall into one shard.
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<Origin, TokenBucket>>>,
}

/// An IPv4 address, or the first half of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Origin {
    V4(u32),
    V6(u64),
}

impl Origin {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

impl Addresses {
    pub(super) fn new(rate: Rate, addresses_max: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { rate, shard_max: (addresses_max / SHARDS).max(1), hasher: RandomState::new(), shards }
    }

    /// Takes one request of an address.
    ///
    /// # Errors
    /// How long until the next is allowed.
    pub(super) fn take(&self, address: IpAddr, now_ns: u64) -> Result<(), Duration> {
        let origin = Origin::of(address);
        let shard = &self.shards[self.hasher.hash_one(origin) as usize % SHARDS];
        // A bucket is one number, whole at any time: a poisoned lock needs no repair.
        let mut buckets = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(&origin) {
            *bucket = bucket.take(self.rate, now_ns)?;
            return Ok(());
        }
        let bucket = TokenBucket::default().take(self.rate, now_ns)?;
        if buckets.len() >= self.shard_max {
            make_room(&mut buckets, now_ns);
        }
        buckets.insert(origin, bucket);
        Ok(())
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }
}

/// Forgets the full buckets, which are as good as new ones; if there are none, the fullest.
fn make_room(buckets: &mut HashMap<Origin, TokenBucket>, now_ns: u64) {
    let before = buckets.len();
    buckets.retain(|_, bucket| !bucket.is_full(now_ns));
    if buckets.len() == before
        && let Some(fullest) = buckets.iter().min_by_key(|(_, bucket)| bucket.moment()).map(|(origin, _)| *origin)
    {
        buckets.remove(&fullest);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn one_a_second(burst: u32) -> Rate {
        Rate::new(1, Duration::from_secs(1), burst)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_own_bucket_and_a_64_has_one() {
        let addresses = Addresses::new(one_a_second(1), 1_000);
        for (text, ok) in [
            ("10.0.0.1", true),
            ("10.0.0.1", false),
            ("10.0.0.2", true),
            ("::ffff:10.0.0.2", false),
            ("fd00:0:0:1::1", true),
            ("fd00:0:0:1:ffff::2", false),
            ("fd00:0:0:2::1", true),
        ] {
            assert_eq!(addresses.take(address(text), 0).is_ok(), ok, "{text}");
        }
        assert_eq!(addresses.take(address("10.0.0.1"), 0), Err(Duration::from_secs(1)));
        assert_eq!(addresses.take(address("10.0.0.1"), 1_000_000_000), Ok(()));
    }

    #[test]
    fn a_flood_of_addresses_leaves_no_more_than_the_limit() {
        let addresses = Addresses::new(one_a_second(1), 640);
        for bits in 0..100_000_u64 {
            let v6 = Ipv6Addr::from_bits(u128::from(bits) << 64);
            let v4 = Ipv4Addr::from_bits(bits as u32);
            for address in [IpAddr::V6(v6), IpAddr::V4(v4)] {
                // Nothing is full at one moment, so each newcomer costs an older one its place.
                let _ = addresses.take(address, 0);
            }
        }
        assert!(addresses.len() <= 640, "{}", addresses.len());
    }

    #[test]
    fn who_is_at_the_limit_is_the_last_to_be_forgotten() {
        let mut buckets: HashMap<Origin, TokenBucket> =
            (0..10).map(|n| (Origin::V4(n), TokenBucket::full_at(100 + u64::from(n)))).collect();
        make_room(&mut buckets, 0);
        assert!(buckets.len() == 9 && !buckets.contains_key(&Origin::V4(0)));
        make_room(&mut buckets, 105);
        assert!(buckets.len() == 4 && buckets.contains_key(&Origin::V4(9)));
    }
}
