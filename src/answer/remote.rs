//! From the configuration to the remote tiers: which there are, in which order, and for how long each keeps an entry.
//!
//! Connects to nothing: a server that is absent now is found when it appears.

use super::{SetupError, render};
use crate::cache::remote_tiers::RemoteTiers;
use crate::cache::tier::TierName;
use crate::cache::tier::guard::{GuardedTier, Setup};
use crate::cache::tier::memcached::Memcached;
use crate::cache::tier::redis::Redis;
use crate::cache::tier::remote::Remote;
use crate::config::{Admission, CacheConfig};
use crate::resilience::chance::Chance;

/// Redis keeps an entry until its maximum age: what is older is of no use to a lookup, and its memory is dear.
const REDIS_TTL_FACTOR: u32 = 1;
/// Memcached keeps it ten times as long: the store for stale-if-error.
const MEMCACHED_TTL_FACTOR: u32 = 10;

/// The configured tiers; `None` if there are none, or none is to be used.
pub(super) fn tiers(config: &CacheConfig) -> Result<Option<RemoteTiers>, SetupError> {
    if config.admission == Admission::Never {
        return Ok(None);
    }
    let deadline_max = config.remote_deadline;
    let mut tiers = Vec::new();
    if let Some(redis) = &config.redis {
        let name = TierName::Redis;
        let address = redis.urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let server = Redis::new(redis).map_err(|source| SetupError::Remote { tier: name, source })?;
        let servers = vec![(address, Box::new(server) as Box<dyn Remote>)];
        tiers.push(GuardedTier::new(Setup { name, servers, deadline_max, ttl_factor: REDIS_TTL_FACTOR }));
    }
    if !config.memcached.is_empty() {
        let server = |address: &String| (address.clone(), Box::new(Memcached::new(address.clone())) as Box<dyn Remote>);
        let servers = config.memcached.iter().map(server).collect();
        let name = TierName::Memcached;
        tiers.push(GuardedTier::new(Setup { name, servers, deadline_max, ttl_factor: MEMCACHED_TTL_FACTOR }));
    }
    if tiers.is_empty() {
        return Ok(None);
    }
    Ok(Some(RemoteTiers::new(tiers, config.admission, deadline_max, render::live_fields, Chance::of_process())))
}
