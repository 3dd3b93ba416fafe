//! The figures of `answer` as metrics, made when somebody reads them.
//!
//! `answer` counts for itself; this only writes its figures in the form of Prometheus. Invariant: labels come from the
//! configuration (catalogs) and from closed enums, never from a request.

use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::{tiers, warm_up};
use crate::answer::Answers;
use crate::answer::counters::{KindStats, Stats};

/// Reads [`Answers::stats`].
#[derive(Debug)]
pub struct AnswerCollector {
    answers: Arc<Answers>,
}

impl AnswerCollector {
    /// A collector of these answers' figures.
    pub fn new(answers: Arc<Answers>) -> Self {
        Self { answers }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lookup {
    catalog: String,
    kind: &'static str,
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    catalog: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failed {
    catalog: String,
    kind: &'static str,
    error: &'static str,
}

type Encoded = Result<(), std::fmt::Error>;

impl Collector for AnswerCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Encoded {
        let stats = self.answers.stats();
        lookups(&mut encoder, &stats)?;
        errors(&mut encoder, &stats)?;
        by_kind(
            &mut encoder,
            &stats,
            "answers_bypassed",
            "Requests that asked not to be answered from a tier",
            |kind| kind.bypasses as f64,
        )?;
        by_kind(&mut encoder, &stats, "answers_collapsed", "Requests that waited for another's computation", |kind| {
            kind.collapsed as f64
        })?;
        by_kind(&mut encoder, &stats, "answers_not_modified", "Answers that the caller had already", |kind| {
            kind.not_modified as f64
        })?;
        by_kind(&mut encoder, &stats, "computations", "Answers computed by the index", |kind| {
            kind.computations.count as f64
        })?;
        by_kind(&mut encoder, &stats, "computation_seconds", "Time spent computing answers", |kind| {
            kind.computations.sum_seconds
        })?;
        by_kind(
            &mut encoder,
            &stats,
            "answers_rescued",
            "Stale answers in place of ones that could not be computed",
            |kind| kind.rescued as f64,
        )?;
        tiers::encode(&mut encoder, &stats)?;
        warm_up::encode(&mut encoder, &stats)?;
        pool(&mut encoder, &stats)
    }
}

fn kinds(stats: &Stats) -> impl Iterator<Item = (Kind, &KindStats)> {
    stats.catalogs.iter().flat_map(|(catalog, kinds)| {
        [("search", &kinds.search), ("autocomplete", &kinds.autocomplete)]
            .map(|(kind, stats)| (Kind { catalog: catalog.clone(), kind }, stats))
    })
}

fn lookups(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let help = "Lookups in tiers, by outcome and reason";
    let mut metric = encoder.encode_descriptor("lookups", help, None, MetricType::Counter)?;
    for (Kind { catalog, kind }, figures) in kinds(stats) {
        let hits = [("hit", "", figures.hits)];
        let stale = figures.stale.iter().map(|(reason, count)| ("stale", *reason, *count));
        let misses = figures.misses.iter().map(|(reason, count)| ("miss", *reason, *count));
        for (outcome, reason, count) in hits.into_iter().chain(stale).chain(misses) {
            let labels = Lookup { catalog: catalog.clone(), kind, outcome, reason };
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn errors(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let help = "Requests without an answer, by kind of error";
    let mut metric = encoder.encode_descriptor("answer_errors", help, None, MetricType::Counter)?;
    for (Kind { catalog, kind }, figures) in kinds(stats) {
        for (error, count) in &figures.errors {
            ConstCounter::new(*count).encode(metric.encode_family(&Failed {
                catalog: catalog.clone(),
                kind,
                error,
            })?)?;
        }
    }
    Ok(())
}

fn by_kind(
    encoder: &mut DescriptorEncoder<'_>,
    stats: &Stats,
    name: &str,
    help: &str,
    figure: impl Fn(&KindStats) -> f64,
) -> Encoded {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, figures) in kinds(stats) {
        ConstCounter::new(figure(figures)).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn pool(encoder: &mut DescriptorEncoder<'_>, stats: &Stats) -> Encoded {
    let pool = &stats.pool;
    for (name, help, value) in [
        ("query_pool_queued", "Queries that wait for a thread", pool.queued),
        ("query_pool_running", "Queries that run", pool.running),
        ("query_pool_places", "Queries that may wait for a thread at present", pool.places),
    ] {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
    }
    for (name, help, value) in [
        ("query_pool_finished", "Queries that ran to their end", pool.finished),
        ("query_pool_refused", "Queries turned away because too many waited", pool.refused),
        ("query_pool_timed_out", "Queries that waited past their deadline", pool.timed_out),
        ("query_pool_panicked", "Queries that panicked", pool.panicked),
    ] {
        ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
    }
    Ok(())
}
