//! `explain=cache`: an answer's account of how the tiers dealt with it and which changes could alter it.
//!
//! For people; the shape may grow. Nothing here is ever cached, so times may stand in it.
//!
//! Clauses name words of the whole catalog, such as those that a mistyped word may have meant. Who has a key with a
//! filter sees only part of the catalog, and no clauses.

use std::time::Duration;

use serde_json::{Value, json};
use storefind_index::answer::LiveDependency;

use super::within::Within;
use crate::cache::entry::Entry;
use crate::cache::freshness::View;
use crate::cache::proof::Proof;
use crate::cache::stack::Served;
use crate::cache::tier::TierName;
use crate::cache::tier::counters::CameOf;

/// The account of one answer.
pub fn account(served: &Served, view: &View, within: Option<&Within>) -> Value {
    let mut account = json!({
        "outcome": served.outcome.as_str(),
        "reason": served.outcome.reason(),
        "detail": served.from.as_str(),
        "sequence": served.sequence,
        "validated": view.validated,
        "tiers": tiers(served),
        "grace_ms": millis(served.age),
    });
    if let (Some(account), Value::Object(of_entry)) = (account.as_object_mut(), entry(&served.entry, view, within)) {
        account.extend(of_entry);
    }
    account
}

/// The account of an entry, whoever asks for it.
pub fn entry(entry: &Entry, view: &View, within: Option<&Within>) -> Value {
    let stamp = entry.stamp();
    json!({
        "key": entry.key().text(),
        "as_of": stamp.as_of,
        "age_ms": view.now.0.saturating_sub(stamp.computed_at.0),
        "max_age_ms": u64::try_from(stamp.max_age.as_millis()).unwrap_or(u64::MAX),
        "cost_ms": millis(entry.cost()),
        "bytes": entry.weight(),
        "live_as_of": stamp.live_as_of,
        "live": live(entry.proof(), view, stamp.live_as_of),
        "variants": variants(entry.proof(), view, stamp.as_of, within.is_none()),
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
    let remote = served.trail.iter().flat_map(|trail| trail.iter()).map(|tried| {
        let (tier, came_of) = (tried.tier.as_str(), tried.came_of);
        let (outcome, reason) = match came_of {
            CameOf::Hit => ("hit", None),
            CameOf::Stale(_) => ("stale", Some(came_of.as_str())),
            CameOf::Miss(_) => ("miss", Some(came_of.as_str())),
            CameOf::Passed(_) => ("passed", Some(came_of.as_str())),
        };
        json!({"tier": tier, "outcome": outcome, "reason": reason, "ms": millis(tried.time)})
    });
    let index = served.compute_time.map(|time| json!({"tier": TierName::Index.as_str(), "ms": millis(time)}));
    std::iter::once(memory).chain(remote).chain(index).collect()
}

/// Every variant with its clauses, if they may be shown, and which of them a change after the entry has touched.
fn variants(proof: &Proof, view: &View, as_of: u64, shows_clauses: bool) -> Vec<Value> {
    let touched = proof.touched_clauses(view.visibility.touches(), as_of);
    let variants = proof.dependency().variants.iter().zip(touched).map(|(variant, touched)| {
        let is_touched = touched.iter().filter(|touched| **touched).count() >= variant.required;
        let mut stated = json!({"name": variant.name, "required": variant.required, "touched": is_touched});
        if shows_clauses {
            let clauses = variant.clauses.iter().zip(touched);
            stated["clauses"] =
                clauses.map(|(clause, touched)| json!({"terms": clause.terms, "touched": touched})).collect();
        }
        stated
    });
    variants.collect()
}

/// How live fields decide the answer, beyond being shown.
fn live(proof: &Proof, view: &View, live_as_of: u64) -> Value {
    let products = match proof.live() {
        LiveDependency::None => return Value::Null,
        LiveDependency::Products(ordinals) => json!(ordinals.len()),
        LiveDependency::Any => json!("any"),
    };
    json!({"products": products, "touched": proof.live_touched_since(view.visibility.live(), live_as_of)})
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
