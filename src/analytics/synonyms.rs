//! Which synonyms are offered for approval: what shoppers said in other words, as far as it would help.
//!
//! Nothing here changes a search. A candidate becomes a synonym when a merchandiser puts it into the settings, which is
//! an event like every other change of them.
//!
//! Owns what is offered of what was learned. Invariants: what the settings say already, generic synonyms and forms of a
//! word among it, is not offered, nor is what finds nothing; the work is bounded in number and time.

use serde::Serialize;
use storefind_index::error::IndexError;
use storefind_index::snapshot::{CancelCheck, Snapshot};

use crate::learn::finding::products_with;
use crate::learn::pairs::Supported;

/// Most candidates that are offered: more than anybody decides upon at a time.
const OFFERED_MAX: usize = 50;
/// Pairs that are looked at for them, the most supported first: each costs up to two searches.
const LOOKED_AT_MAX: usize = 200;

/// Two texts of which the first could find what the second finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    from: Box<str>,
    to: Box<str>,
    /// Different sessions that searched one and then the other, told apart up to fifty.
    sessions: usize,
    /// Products that are found now.
    from_results: u64,
    to_results: u64,
}

/// The candidates of these pairs, in their order and at most `limit`. Who cancels gets what was found until then.
///
/// # Errors
/// A failing engine.
pub fn offered(
    snapshot: &Snapshot,
    supported: Vec<Supported>,
    limit: usize,
    cancel: CancelCheck<'_>,
) -> Result<Vec<Candidate>, IndexError> {
    let mut offered = Vec::new();
    for Supported { pair, sessions } in supported.into_iter().take(LOOKED_AT_MAX) {
        if offered.len() >= limit.min(OFFERED_MAX) {
            break;
        }
        if snapshot.means_also(&pair.from, &pair.to) {
            continue;
        }
        let results = |text: &str| products_with(snapshot, text, cancel);
        let counted = results(&pair.to).and_then(|to| Ok((if to > 0 { results(&pair.from)? } else { 0 }, to)));
        let (from_results, to_results) = match counted {
            Err(IndexError::Cancelled) => break,
            counted => counted?,
        };
        if to_results > 0 {
            offered.push(Candidate { from: pair.from, to: pair.to, sessions, from_results, to_results });
        }
    }
    Ok(offered)
}
