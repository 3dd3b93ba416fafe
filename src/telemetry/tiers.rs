//! The figures of tiers as metrics: what they hold, what they did for each catalog, how they fare.
//!
//! Invariant: labels are catalogs and servers of the configuration, passwords hidden, and words of closed sets.

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::answer::counters::Stats;
use crate::cache::tier::counters::TierStats;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tier {
    tier: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Server {
    tier: &'static str,
    server: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lookup {
    tier: &'static str,
    catalog: String,
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fill {
    tier: &'static str,
    catalog: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Unfilled {
    reason: &'static str,
}

type Encoded = Result<(), std::fmt::Error>;

/// Everything about tiers.
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    memory(encoder, stats)?;
    lookups(encoder, stats)?;
    fills(encoder, stats)?;
    queue(encoder, stats)?;
    traffic(encoder, stats)?;
    servers(encoder, stats)
}

fn memory(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let memory = &stats.memory;
    for (name, help, value) in [
        ("tier_entries", "Entries held", memory.entries),
        ("tier_bytes", "Bytes held, keys and compressed variants counted", memory.bytes),
        ("tier_max_bytes", "Most bytes that may be held", memory.bytes_max),
    ] {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(signed(value)).encode(metric.encode_family(&Tier { tier: "memory" })?)?;
    }
    Ok(())
}

/// What each remote tier did for each catalog.
fn by_catalog(stats: &Stats) -> impl Iterator<Item = (&str, &'static str, &TierStats)> {
    stats
        .catalogs
        .iter()
        .flat_map(|(catalog, stats)| stats.tiers.iter().map(move |(tier, figures)| (catalog.as_str(), *tier, figures)))
}

fn lookups(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let help = "Lookups in remote tiers, by outcome and reason; `passed`: without an answer";
    let mut metric = encoder.encode_descriptor("tier_lookups", help, None, MetricType::Counter)?;
    for (catalog, tier, figures) in by_catalog(stats) {
        let hits = [("hit", "", figures.hits)];
        let stale = figures.stale.iter().map(|(reason, count)| ("stale", *reason, *count));
        let misses = figures.misses.iter().map(|(reason, count)| ("miss", *reason, *count));
        let passed = figures.passed.iter().map(|(reason, count)| ("passed", *reason, *count));
        for (outcome, reason, count) in hits.into_iter().chain(stale).chain(misses).chain(passed) {
            let labels = Lookup { tier, catalog: catalog.to_owned(), outcome, reason };
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn fills(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let help = "Entries put into remote tiers, or not, with the reason";
    let mut metric = encoder.encode_descriptor("tier_fills", help, None, MetricType::Counter)?;
    for (catalog, tier, figures) in by_catalog(stats) {
        let passed = figures.fills_passed.iter().map(|(reason, count)| (*reason, *count));
        for (reason, count) in std::iter::once(("", figures.fills)).chain(passed) {
            let labels = Fill { tier, catalog: catalog.to_owned(), reason };
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn queue(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let filling = &stats.filling;
    for (name, help, value) in [
        ("fill_queue_entries", "Entries on their way to remote tiers", filling.queued),
        ("fill_queue_bytes", "Their bytes", filling.queued_bytes),
    ] {
        let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(signed(value)).encode(metric)?;
    }
    let help = "Entries that were not put into remote tiers: the queue was full, live fields decide them, or too large";
    let mut metric = encoder.encode_descriptor("fills_dropped", help, None, MetricType::Counter)?;
    for (reason, count) in [("queue_full", filling.dropped), ("live", filling.live), ("too_large", filling.too_large)] {
        ConstCounter::new(count).encode(metric.encode_family(&Unfilled { reason })?)?;
    }
    Ok(())
}

fn traffic(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let mut read = encoder.encode_descriptor("tier_read_bytes", "Bytes of values read", None, MetricType::Counter)?;
    for (tier, figures) in &stats.remote {
        ConstCounter::new(figures.bytes_read).encode(read.encode_family(&Tier { tier })?)?;
    }
    let help = "Bytes of values written";
    let mut written = encoder.encode_descriptor("tier_written_bytes", help, None, MetricType::Counter)?;
    for (tier, figures) in &stats.remote {
        ConstCounter::new(figures.bytes_written).encode(written.encode_family(&Tier { tier })?)?;
    }
    for (at, (name, help)) in [
        ("tier_get_duration_seconds", "Time of lookups in remote tiers, also of those given up"),
        ("tier_put_duration_seconds", "Time of fills, also of those given up"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (tier, figures) in &stats.remote {
            figures.histograms[at].encode(metric.encode_family(&Tier { tier })?)?;
        }
    }
    let mut paused = encoder.encode_descriptor("tier_paused", "1 while paused", None, MetricType::Gauge)?;
    for (tier, figures) in &stats.remote {
        ConstGauge::new(i64::from(figures.paused)).encode(paused.encode_family(&Tier { tier })?)?;
    }
    Ok(())
}

fn servers(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let all = || {
        stats.remote.iter().flat_map(|(tier, figures)| {
            figures.servers.iter().map(|server| (Server { tier, server: server.address.clone() }, server))
        })
    };
    let help = "1 while the breaker of a remote tier's server is not closed";
    let mut open = encoder.encode_descriptor("tier_breaker_open", help, None, MetricType::Gauge)?;
    for (labels, server) in all() {
        ConstGauge::new(i64::from(!server.is_closed())).encode(open.encode_family(&labels)?)?;
    }
    let help = "How often the breaker of a remote tier's server has opened";
    let mut openings = encoder.encode_descriptor("tier_breaker_openings", help, None, MetricType::Counter)?;
    for (labels, server) in all() {
        ConstCounter::new(server.breaker_openings).encode(openings.encode_family(&labels)?)?;
    }
    Ok(())
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
