//! The figures of warm-up as metrics.
//!
//! Invariant: labels are catalogs of the configuration and names of tiers.

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::answer::counters::Stats;
use crate::answer::warm_up::replays::ReplayStats;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Catalog {
    catalog: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    catalog: String,
    tier: &'static str,
}

type Encoded = Result<(), std::fmt::Error>;

/// Everything about warm-up.
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    answered(encoder, stats)?;
    counter(encoder, stats, "warm_ups", "How often the kept questions were asked again", |replays| replays.times)?;
    counter(encoder, stats, "warm_up_failed", "Kept questions that had no answer any more", |replays| replays.failed)?;
    counter(encoder, stats, "warm_up_cut", "Kept questions that the limit left no time for", |replays| replays.cut)?;
    gauge(encoder, stats, "warm_up_questions", "Questions kept to be asked again", |replays| replays.kept as f64)?;
    let help = "What asking them took the last time";
    gauge(encoder, stats, "warm_up_last_seconds", help, |replays| replays.last_seconds)
}

fn answered(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let help = "Kept questions that were answered again";
    let mut metric = encoder.encode_descriptor("warm_up_answered", help, None, MetricType::Counter)?;
    for (catalog, figures) in &stats.catalogs {
        for (tier, count) in &figures.warm_up.answered {
            let labels = Answered { catalog: catalog.clone(), tier };
            ConstCounter::new(*count).encode(metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    stats: &Stats,
    name: &str,
    help: &str,
    figure: impl Fn(&ReplayStats) -> u64,
) -> Encoded {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (catalog, figures) in &stats.catalogs {
        let labels = Catalog { catalog: catalog.clone() };
        ConstCounter::new(figure(&figures.warm_up)).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    stats: &Stats,
    name: &str,
    help: &str,
    figure: impl Fn(&ReplayStats) -> f64,
) -> Encoded {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (catalog, figures) in &stats.catalogs {
        let labels = Catalog { catalog: catalog.clone() };
        ConstGauge::new(figure(&figures.warm_up)).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}
