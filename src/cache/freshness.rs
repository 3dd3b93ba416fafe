//! Whether an entry may be served: the proof of freshness (DESIGN.md, "Freshness").
//!
//! Owns the judgement and nothing that it judges by: what readers see of the catalog and the time are passed in, so that
//! every case is a test without a clock. The rules, in order:
//! 1. An entry from the future, past its maximum age or past the time until which it is valid, is not fresh.
//! 2. An entry of another history of the log is not, nor one from before the touch table knows every touch.
//! 3. An entry that no change after it can have altered is fresh. Only validated changes count: the others are not
//!    visible to anyone yet.
//! 4. One that a change may have altered is still served for the grace, half of the freshness bound, after the first
//!    change behind it: unless the request wants a sequence, or somebody was promised to see that change.
//!
//! Apart from that, [`rescuable`] says whether an entry that is not fresh may stand in for an answer that cannot be had.
//!
//! Invariant: `as_of` is never raised, however often an entry proves fresh.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use storefind_index::switch::{Rule, is_off};
use tokio::time::Instant;

use super::proof::Proof;
use crate::catalog::Catalog;
use crate::catalog::visibility::Visibility;

/// Oldest answer that is served whatever the sequences say: ranking statistics and suggestions drift with it.
pub const MAX_AGE: Duration = Duration::from_secs(600);
/// Largest share of [`MAX_AGE`] by which one entry's limit differs from it, so that entries that were computed
/// together, after a start, are not all recomputed together.
pub const MAX_AGE_JITTER: f64 = 0.1;
/// How far in the future an entry may have been computed: clocks of several nodes, and one that is set back.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(1);

/// Milliseconds since 1970 by the wall clock, since ages are compared between nodes and across restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The wall clock now; a clock before 1970 reads as 1970.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// What a request judges entries by, read once when it begins (after a wait for `min_sequence`).
#[derive(Debug, Clone)]
pub struct View {
    /// The catalog's validated sequence. Read before any slot of the touch table.
    pub validated: u64,
    /// The time, for ages.
    pub now: UnixMillis,
    /// The same moment, for what happened in this process.
    pub instant: Instant,
    /// Whether what a recent change may have altered may be served.
    pub graced: bool,
    /// The catalog as readers see it.
    pub visibility: Arc<Visibility>,
}

impl View {
    /// The view of now of a catalog.
    pub fn of_catalog(catalog: &Catalog) -> Self {
        Self::of(catalog.visibility())
    }

    /// The view of now.
    pub fn of(visibility: &Arc<Visibility>) -> Self {
        Self {
            validated: visibility.validated(),
            now: UnixMillis::now(),
            instant: Instant::now(),
            graced: true,
            visibility: Arc::clone(visibility),
        }
    }

    /// The same view for an entry that was computed while the request waited for it: by the request's own clock
    /// that entry would come from the future.
    pub fn having_waited_for(&self, stamp: &Stamp) -> Self {
        Self { now: self.now.max(stamp.computed_at), ..self.clone() }
    }
}

/// When and from what an entry was computed.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Sequence of the snapshot that it was computed from.
    pub as_of: u64,
    /// Live changes through this sequence are in it.
    pub live_as_of: u64,
    /// The log's history in force at `as_of`.
    pub start: u64,
    /// When.
    pub computed_at: UnixMillis,
    /// This entry's own limit, [`MAX_AGE`] give or take the jitter.
    pub max_age: Duration,
    /// When it ceases to be right by itself: a rule with a date begins or ends.
    pub valid_until: Option<UnixMillis>,
}

impl Stamp {
    /// Stamps an answer. `spread` is any well-mixed number, such as the key's hash; it places the limit within the
    /// jitter.
    pub fn new(as_of: u64, computed_at: UnixMillis, spread: u64) -> Self {
        // 53 bits fill a double exactly: a share in [0, 1).
        let share = (spread.rotate_left(17) ^ computed_at.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 11;
        let share = share as f64 / (1_u64 << 53) as f64;
        let max_age = MAX_AGE.mul_f64(1.0 + MAX_AGE_JITTER * (2.0 * share - 1.0));
        Self { as_of, live_as_of: as_of, start: 0, computed_at, max_age, valid_until: None }
    }

    /// How much longer the answer may be right, if nothing changes.
    pub fn left(&self, now: UnixMillis) -> Duration {
        let left = self.max_age.saturating_sub(Duration::from_millis(now.0.saturating_sub(self.computed_at.0)));
        match self.valid_until {
            Some(until) => left.min(Duration::from_millis(until.0.saturating_sub(now.0))),
            None => left,
        }
    }
}

/// The judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// May be served.
    Fresh {
        /// What the answer reflects: the later of its own sequence and the one that it was validated at.
        sequence: u64,
        /// Time until the maximum age, or until a rule with a date begins or ends.
        ttl: Duration,
        /// Time since it was last known to be right: none, but within the grace.
        age: Duration,
    },
    /// May not.
    Stale(StaleReason),
}

/// Why an entry is no longer fresh. Those of touches are ordered by how plain they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaleReason {
    /// A change of a product with the searched words or values.
    Touched,
    /// A change of a product with a word that begins like the unfinished one.
    TouchedPrefix,
    /// A word came into the catalog that a mistyped one may have meant.
    TouchedBucket,
    /// A change of something else that shares a slot of the touch table.
    Collision,
    /// Any change: no clause could be stated.
    Anything,
    /// A live change of a product that a live filter, sort or facet looked at.
    Live,
    /// A shown product went out of stock, or came back.
    StockChanged,
    /// It was computed in another history of the log.
    OtherHistory,
    /// It is older than what the touch table knows.
    BeforeTouches,
    /// It reached its maximum age.
    TooOld,
    /// A rule with a date began or ended.
    Expired,
    /// It was computed in the future: a clock was set back.
    FromTheFuture,
}

impl StaleReason {
    /// Every reason, for tables of counters.
    pub const ALL: [Self; 12] = [
        Self::Touched,
        Self::TouchedPrefix,
        Self::TouchedBucket,
        Self::Collision,
        Self::Anything,
        Self::Live,
        Self::StockChanged,
        Self::OtherHistory,
        Self::BeforeTouches,
        Self::TooOld,
        Self::Expired,
        Self::FromTheFuture,
    ];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Touched => "touched",
            Self::TouchedPrefix => "touched_prefix",
            Self::TouchedBucket => "touched_bucket",
            Self::Collision => "collision",
            Self::Anything => "anything",
            Self::Live => "live",
            Self::StockChanged => "stock_changed",
            Self::OtherHistory => "other_history",
            Self::BeforeTouches => "before_touches",
            Self::TooOld => "too_old",
            Self::Expired => "expired",
            Self::FromTheFuture => "from_the_future",
        }
    }
}

/// Judges an entry by its stamp and its proof.
pub fn judge(stamp: &Stamp, proof: &Proof, view: &View) -> Verdict {
    let age = match view.now.0.checked_sub(stamp.computed_at.0) {
        Some(age) => Duration::from_millis(age),
        None if Duration::from_millis(stamp.computed_at.0 - view.now.0) <= CLOCK_SKEW_MAX => Duration::ZERO,
        None => return Verdict::Stale(StaleReason::FromTheFuture),
    };
    if age >= stamp.max_age {
        return Verdict::Stale(StaleReason::TooOld);
    }
    if stamp.valid_until.is_some_and(|until| view.now >= until) && !is_off(Rule::Dates) {
        return Verdict::Stale(StaleReason::Expired);
    }
    let visibility = &*view.visibility;
    if stamp.start != visibility.start_at(stamp.as_of) && !is_off(Rule::Starts) {
        return Verdict::Stale(StaleReason::OtherHistory);
    }
    if stamp.as_of < visibility.touches().complete_from() && !is_off(Rule::CompleteFrom) {
        return Verdict::Stale(StaleReason::BeforeTouches);
    }
    let unproven = match altered(stamp, proof, view) {
        Ok(unproven) => unproven,
        Err(reason) => return Verdict::Stale(reason),
    };
    let sequence = if unproven.is_some() { stamp.as_of } else { stamp.as_of.max(view.validated) };
    Verdict::Fresh { sequence, ttl: stamp.left(view.now), age: unproven.unwrap_or_default() }
}

/// How late an entry is that is to be served because nothing better can be had; `None` if it must not be: it is of
/// another history, from the future, or more than `beyond` past its maximum age.
///
/// Late means: past its maximum age, since a rule with a date began or ended, or since the first change after it, where
/// that is remembered; else since it was computed. At least a second, so that it can be told.
pub fn rescuable(stamp: &Stamp, view: &View, beyond: Duration) -> Option<Duration> {
    let visibility = &*view.visibility;
    let age = match view.now.0.checked_sub(stamp.computed_at.0) {
        Some(age) => Duration::from_millis(age),
        None if Duration::from_millis(stamp.computed_at.0 - view.now.0) <= CLOCK_SKEW_MAX => Duration::ZERO,
        None => return None,
    };
    if stamp.start != visibility.start_at(stamp.as_of) || age > stamp.max_age.saturating_add(beyond) {
        return None;
    }
    let expired = stamp.valid_until.and_then(|until| view.now.0.checked_sub(until.0)).map(Duration::from_millis);
    let late = match age.checked_sub(stamp.max_age).or(expired) {
        Some(late) => late,
        None => visibility.publications().first_after(stamp.as_of, view.instant).unwrap_or(age).min(age),
    };
    Some(late.max(Duration::from_secs(1)))
}

/// Whether a change may have altered the entry: `None` if none can, the time since the first one within the grace, or
/// the reason beyond it.
fn altered(stamp: &Stamp, proof: &Proof, view: &View) -> Result<Option<Duration>, StaleReason> {
    let visibility = &*view.visibility;
    let mut unproven = None;
    let touched =
        if stamp.as_of < view.validated { proof.touched_since(visibility.touches(), stamp.as_of) } else { None };
    if let Some(reason) = touched {
        let may = view.graced && stamp.as_of >= visibility.floor();
        let since = visibility.publications().first_after(stamp.as_of, view.instant).filter(|_| may);
        unproven = Some(since.filter(|since| *since < visibility.grace()).ok_or(reason)?);
    }
    if proof.live_touched_since(visibility.live(), stamp.live_as_of) {
        let may = view.graced && stamp.live_as_of >= visibility.floor();
        let since = visibility.live_changes().first_after(stamp.live_as_of, view.instant).filter(|_| may);
        let since = since.filter(|since| *since < visibility.grace()).ok_or(StaleReason::Live)?;
        unproven = Some(unproven.unwrap_or_default().max(since));
    }
    Ok(unproven)
}

#[cfg(test)]
mod tests;
