//! `explain=cache`: an answer's account of how the tiers dealt with it and which changes could alter it.
//!
//! For people; the shape may grow. Nothing here is ever cached, so times may stand in it.

use std::time::Duration;

use serde_json::{Value, json};
use storefind_index::dependency::Dependency;

use crate::cache::freshness::View;
use crate::cache::stack::Served;
use crate::cache::tier::TierName;

/// The account of one answer.
pub fn account(served: &Served, view: &View) -> Value {
    let entry = &served.entry;
    let stamp = entry.stamp();
    json!({
        "key": entry.key().text(),
        "outcome": served.outcome.as_str(),
        "reason": served.outcome.reason(),
        "detail": served.from.as_str(),
        "sequence": served.sequence,
        "validated": view.validated,
        "as_of": stamp.as_of,
        "age_ms": view.now.0.saturating_sub(stamp.computed_at.0),
        "max_age_ms": u64::try_from(stamp.max_age.as_millis()).unwrap_or(u64::MAX),
        "cost_ms": millis(entry.cost()),
        "bytes": entry.weight(),
        "tiers": tiers(served),
        "variants": variants(entry.dependency()),
    })
}

/// Every tier that was tried, in order, with what came of it.
fn tiers(served: &Served) -> Vec<Value> {
    let memory = json!({
        "tier": TierName::Memory.as_str(),
        "outcome": served.outcome.as_str(),
        "reason": served.outcome.reason(),
        "ms": millis(served.cache_time),
    });
    let index = served.compute_time.map(|time| json!({"tier": TierName::Index.as_str(), "ms": millis(time)}));
    std::iter::once(memory).chain(index).collect()
}

fn variants(dependency: &Dependency) -> Vec<Value> {
    let variants = dependency.variants.iter().map(|variant| {
        let clauses: Vec<_> = variant.clauses.iter().map(|clause| &clause.terms).collect();
        json!({"name": variant.name, "required": variant.required, "clauses": clauses})
    });
    variants.collect()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
