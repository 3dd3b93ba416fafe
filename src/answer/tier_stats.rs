//! The figures of a remote tier as a whole, for `/v1/stats` and the dashboard.
//!
//! Invariant: nothing in them is a secret: servers are shown by host and port.

use std::time::Duration;

use serde::Serialize;

use crate::cache::tier::guard::{GuardedTier, ServerStats};
use crate::resilience::breaker::Phase;
use crate::telemetry::histogram::DurationHistogram;

/// Figures of one remote tier, since the start.
#[derive(Debug, Clone, Serialize)]
pub struct RemoteStats {
    /// Whether an engineer has paused it.
    pub paused: bool,
    /// Share of its latest answers that were hits.
    pub hit_share: f64,
    /// Bytes of values read.
    pub bytes_read: u64,
    /// Bytes of values written.
    pub bytes_written: u64,
    /// Time of lookups.
    pub get: CallStats,
    /// Time of fills.
    pub put: CallStats,
    /// Its servers.
    pub servers: Vec<RemoteServerStats>,
    /// The histograms, for `/metrics`.
    #[serde(skip)]
    pub histograms: [DurationHistogram; 2],
}

/// What calls took.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CallStats {
    /// How many.
    pub count: u64,
    /// Half took at most so long.
    pub p50_ms_at_most: Option<f64>,
    /// 99 % took at most so long.
    pub p99_ms_at_most: Option<f64>,
}

/// One server of a remote tier.
#[derive(Debug, Clone, Serialize)]
pub struct RemoteServerStats {
    /// Host and port.
    pub address: String,
    /// `closed`, `open` or `half_open`.
    pub breaker: &'static str,
    /// How often the breaker has opened.
    pub breaker_openings: u64,
    /// Mean of its latest answers.
    pub latency_ms: Option<f64>,
    /// How long it is given for the next one.
    pub deadline_ms: f64,
    /// How it fails, if it does.
    pub failing: Option<&'static str>,
}

impl RemoteStats {
    /// The figures of a tier now.
    pub fn of(tier: &GuardedTier) -> Self {
        let (bytes_read, bytes_written) = tier.bytes();
        Self {
            paused: tier.is_paused(),
            hit_share: tier.hit_share.value(),
            bytes_read,
            bytes_written,
            get: CallStats::of(&tier.get_latency),
            put: CallStats::of(&tier.put_latency),
            servers: tier.servers().into_iter().map(RemoteServerStats::of).collect(),
            histograms: [tier.get_latency.clone(), tier.put_latency.clone()],
        }
    }
}

impl CallStats {
    fn of(latency: &DurationHistogram) -> Self {
        let at_most = |quantile| latency.quantile_at_most(quantile).map(millis);
        Self { count: latency.count(), p50_ms_at_most: at_most(0.5), p99_ms_at_most: at_most(0.99) }
    }
}

impl RemoteServerStats {
    fn of(server: ServerStats) -> Self {
        Self {
            breaker: server.breaker.as_str(),
            breaker_openings: server.openings,
            latency_ms: server.latency.map(millis),
            deadline_ms: millis(server.deadline),
            failing: server.failing.map(|failing| failing.as_str()),
            address: server.address,
        }
    }

    /// Whether calls are let through.
    pub fn is_closed(&self) -> bool {
        self.breaker == Phase::Closed.as_str()
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
