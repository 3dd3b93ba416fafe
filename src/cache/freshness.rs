//! Whether an entry may be served: the proof of freshness (DESIGN.md, "Freshness").
//!
//! Owns the judgement and nothing that it judges by: the sequence through which the catalog is validated and the
//! time are passed in, so that every case is a test without a clock. Until touch tables exist, any change of the
//! catalog counts as one that can alter the answer: an entry is fresh exactly if nothing newer has been validated.
//! The touch table becomes a part of [`View`], and its reading of the entry's dependency the second half of
//! [`judge`]'s comparison of sequences.
//!
//! Invariant: `as_of` is never raised, however often an entry proves fresh.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The catalog's validated sequence.
    pub validated: u64,
    /// The time.
    pub now: UnixMillis,
}

impl View {
    /// The same view for an entry that was computed while the request waited for it: by the request's own clock
    /// that entry would come from the future.
    pub fn having_waited_for(self, stamp: &Stamp) -> Self {
        Self { now: self.now.max(stamp.computed_at), ..self }
    }
}

/// When and from what an entry was computed.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Sequence of the snapshot that it was computed from.
    pub as_of: u64,
    /// When.
    pub computed_at: UnixMillis,
    /// This entry's own limit, [`MAX_AGE`] give or take the jitter.
    pub max_age: Duration,
}

impl Stamp {
    /// Stamps an answer. `spread` is any well-mixed number, such as the key's hash; it places the limit within the
    /// jitter.
    pub fn new(as_of: u64, computed_at: UnixMillis, spread: u64) -> Self {
        // 53 bits fill a double exactly: a share in [0, 1).
        let share = (spread.rotate_left(17) ^ computed_at.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 11;
        let share = share as f64 / (1_u64 << 53) as f64;
        let max_age = MAX_AGE.mul_f64(1.0 + MAX_AGE_JITTER * (2.0 * share - 1.0));
        Self { as_of, computed_at, max_age }
    }
}

/// The judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// May be served.
    Fresh {
        /// What the answer reflects: the later of its own sequence and the one that it was validated at.
        sequence: u64,
        /// Time until the maximum age.
        ttl: Duration,
    },
    /// May not.
    Stale(StaleReason),
}

/// Why an entry is no longer fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StaleReason {
    /// A change after it may alter the answer.
    Touched,
    /// It reached its maximum age.
    TooOld,
    /// It was computed in the future: a clock was set back.
    FromTheFuture,
}

impl StaleReason {
    /// Every reason, for tables of counters.
    pub const ALL: [Self; 3] = [Self::Touched, Self::TooOld, Self::FromTheFuture];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Touched => "touched",
            Self::TooOld => "too_old",
            Self::FromTheFuture => "from_the_future",
        }
    }
}

/// Judges an entry.
pub fn judge(stamp: &Stamp, view: &View) -> Verdict {
    let age = match view.now.0.checked_sub(stamp.computed_at.0) {
        Some(age) => Duration::from_millis(age),
        None if Duration::from_millis(stamp.computed_at.0 - view.now.0) <= CLOCK_SKEW_MAX => Duration::ZERO,
        None => return Verdict::Stale(StaleReason::FromTheFuture),
    };
    if age >= stamp.max_age {
        return Verdict::Stale(StaleReason::TooOld);
    }
    if stamp.as_of < view.validated {
        return Verdict::Stale(StaleReason::Touched);
    }
    Verdict::Fresh { sequence: stamp.as_of.max(view.validated), ttl: stamp.max_age - age }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(as_of: u64, computed_at: u64) -> Stamp {
        Stamp { as_of, computed_at: UnixMillis(computed_at), max_age: MAX_AGE }
    }

    #[track_caller]
    fn check(as_of: u64, validated: u64, now: u64, expected: Result<u64, StaleReason>) {
        let view = View { validated, now: UnixMillis(now) };
        let found = match judge(&stamp(as_of, 10_000), &view) {
            Verdict::Fresh { sequence, .. } => Ok(sequence),
            Verdict::Stale(reason) => Err(reason),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn an_entry_is_fresh_until_something_newer_is_validated() {
        check(7, 7, 10_000, Ok(7));
        check(7, 8, 10_000, Err(StaleReason::Touched));
    }

    #[test]
    fn an_entry_newer_than_what_is_validated_is_fresh_and_tells_its_own_sequence() {
        check(9, 7, 10_000, Ok(9));
    }

    #[test]
    fn an_entry_lives_until_its_maximum_age_and_not_a_millisecond_longer() {
        check(7, 7, 10_000 + 599_999, Ok(7));
        check(7, 7, 10_000 + 600_000, Err(StaleReason::TooOld));
    }

    #[test]
    fn a_clock_may_lag_by_a_second_and_no_more() {
        check(7, 7, 9_000, Ok(7));
        check(7, 7, 8_999, Err(StaleReason::FromTheFuture));
    }

    #[test]
    fn maximum_ages_differ_by_a_tenth_at_most_and_do_differ() {
        let ages: Vec<_> = (0..1_000_u64)
            .map(|n| Stamp::new(1, UnixMillis(5), n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max_age)
            .collect();
        assert!(ages.iter().all(|age| (MAX_AGE.mul_f64(0.9)..=MAX_AGE.mul_f64(1.1)).contains(age)));
        let spread = ages.iter().max().zip(ages.iter().min()).map(|(max, min)| *max - *min);
        assert!(spread > Some(Duration::from_secs(100)), "{spread:?}");
    }
}
