//! The search for the highest rate that holds: doubling until one does not, then halving the gap.
//!
//! Owns which rate is tried next and what the tried ones prove. It refuses to measure.
//!
//! Invariant: a verdict names only rates that were tried.

use crate::result::Verdict;

/// Rates tried at most: doubling over a thousandfold and halving to a hundredth take fewer.
const TRIED_MAX: usize = 40;

/// The bounds of a search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) first: f64,
    pub(crate) last: f64,
    /// The search ends when the gap is this share of the rate that held.
    pub(crate) precision: f64,
    /// What the generator can claim.
    pub(crate) limit: Option<f64>,
    /// A rate counts as missed when it missed so many times.
    pub(crate) tries: usize,
}

impl Plan {
    fn highest(&self) -> f64 {
        self.limit.map_or(self.last, |limit| limit.min(self.last))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Next {
    Try(f64),
    Done(Verdict),
}

/// Each rate once: it held if any of its tries did.
fn settled(tried: &[(f64, bool)]) -> Vec<(f64, bool)> {
    let mut rates: Vec<(f64, bool)> = Vec::new();
    for (rate, held) in tried {
        match rates.iter_mut().find(|(other, _)| other == rate) {
            Some((_, ever)) => *ever |= held,
            None => rates.push((*rate, *held)),
        }
    }
    rates
}

/// The lowest rate that did not hold, and the highest below it that did. On a noisy machine a rate may hold above one
/// that did not: it does not count.
fn bounds(tried: &[(f64, bool)]) -> (Option<f64>, Option<f64>) {
    let missed = tried.iter().filter(|(_, held)| !held).map(|(rate, _)| *rate).reduce(f64::min);
    let below = |rate: f64| missed.is_none_or(|missed| rate < missed);
    let held = tried.iter().filter(|(rate, held)| *held && below(*rate)).map(|(rate, _)| *rate).reduce(f64::max);
    (held, missed)
}

/// What to try after these rates, each with whether it held.
pub(crate) fn next(plan: &Plan, tried: &[(f64, bool)]) -> Next {
    let done = || Next::Done(verdict(plan, tried));
    if tried.len() >= TRIED_MAX {
        return done();
    }
    if let Some((rate, false)) = tried.last()
        && tried.iter().filter(|(other, _)| other == rate).count() < plan.tries
    {
        return Next::Try(*rate);
    }
    match bounds(&settled(tried)) {
        (None, None) if plan.first > plan.highest() => done(),
        (None, None) => Next::Try(plan.first),
        (None, Some(_)) => done(),
        (Some(held), None) if held >= plan.highest() => done(),
        (Some(held), None) => Next::Try((held * 2.0).min(plan.highest())),
        (Some(held), Some(missed)) if missed - held <= plan.precision * held => done(),
        (Some(held), Some(missed)) => Next::Try((held + missed) / 2.0),
    }
}

/// What these rates prove.
pub(crate) fn verdict(plan: &Plan, tried: &[(f64, bool)]) -> Verdict {
    match bounds(&settled(tried)) {
        (Some(rate), Some(missed_at)) => Verdict::Knee { rate, missed_at },
        (None, Some(rate)) => Verdict::BelowFirst { rate },
        (held, None) => match (held, plan.limit) {
            (Some(held), Some(limit)) if held >= limit => Verdict::BeyondGenerator { limit },
            (None, Some(limit)) if plan.first > limit => Verdict::BeyondGenerator { limit },
            (held, _) => Verdict::AboveLast { rate: held.unwrap_or(0.0) },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(limit: Option<f64>) -> Plan {
        Plan { first: 100.0, last: 10_000.0, precision: 0.1, limit, tries: 1 }
    }

    /// Searches where every rate up to a given one holds.
    fn searched(plan: &Plan, knee: f64) -> (Vec<f64>, Verdict) {
        let mut tried = Vec::new();
        loop {
            match next(plan, &tried) {
                Next::Try(rate) => tried.push((rate, rate <= knee)),
                Next::Done(verdict) => return (tried.into_iter().map(|(rate, _)| rate).collect(), verdict),
            }
        }
    }

    #[test]
    fn rates_double_and_then_the_gap_is_halved() {
        let (tried, verdict) = searched(&plan(None), 1_100.0);
        assert_eq!(tried, [100.0, 200.0, 400.0, 800.0, 1_600.0, 1_200.0, 1_000.0, 1_100.0]);
        assert_eq!(verdict, Verdict::Knee { rate: 1_100.0, missed_at: 1_200.0 });
    }

    #[test]
    fn the_ends_of_the_search_are_told_apart() {
        assert_eq!(searched(&plan(None), 50.0).1, Verdict::BelowFirst { rate: 100.0 });
        assert_eq!(searched(&plan(None), 1e9).1, Verdict::AboveLast { rate: 10_000.0 });
    }

    #[test]
    fn nothing_beyond_the_generator_is_tried_or_claimed() {
        let (tried, verdict) = searched(&plan(Some(700.0)), 1e9);
        assert!(tried.iter().all(|rate| *rate <= 700.0), "{tried:?}");
        assert_eq!(verdict, Verdict::BeyondGenerator { limit: 700.0 });
        assert_eq!(searched(&plan(Some(50.0)), 1e9).1, Verdict::BeyondGenerator { limit: 50.0 });
    }

    #[test]
    fn a_rate_that_missed_is_tried_again_as_often_as_asked() {
        let plan = Plan { tries: 2, ..plan(None) };
        assert_eq!(next(&plan, &[(100.0, false)]), Next::Try(100.0));
        assert_eq!(next(&plan, &[(100.0, false), (100.0, true)]), Next::Try(200.0));
        let missed = [(100.0, false), (100.0, false)];
        assert_eq!(next(&plan, &missed), Next::Done(Verdict::BelowFirst { rate: 100.0 }));
    }

    #[test]
    fn a_rate_that_holds_above_one_that_did_not_is_no_knee() {
        let tried = [(100.0, true), (200.0, false), (400.0, true)];
        assert_eq!(verdict(&plan(None), &tried), Verdict::Knee { rate: 100.0, missed_at: 200.0 });
    }
}
