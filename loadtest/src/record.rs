//! What happened to each request, by the second, the phase, the kind and the tier.
//!
//! Owns counting. It refuses to know clocks and sockets: moments and outcomes are handed in.
//!
//! **Which time counts.** A latency runs from the moment at which a request was meant to leave, and belongs to the
//! second and the phase of that moment. A server that stalls for half a second is thus charged with half a second by
//! every request of that half second, whether or not the generator could send it.
//!
//! Invariant: every planned request is counted exactly once, as answered, shed, failed or dropped.

pub(crate) mod distribution;
pub(crate) mod series;
pub(crate) mod totals;
pub(crate) mod windows;

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::time::Duration;

use rustc_hash::FxBuildHasher;

use crate::client::{Failure, Head};
use crate::traffic::{Ask, Kind};
use distribution::Recording;
use series::Series;
use totals::Totals;
use windows::Windows;

/// A request that has been planned, as far as its recording needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// The intended moment of sending, since the start of the run.
    pub(crate) at: Duration,
    pub(crate) phase: usize,
    pub(crate) kind: Kind,
    pub(crate) prefix_characters: usize,
    /// Nobody was answered this before in the run: no cache could know it.
    pub(crate) first: bool,
    /// The hash of what was asked.
    key: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    Answered,
    /// 503: the server protects itself.
    Shed,
    /// 429: a rate limit.
    Limited,
    /// Any other refusal that was not asked for.
    Status(u16),
    Failed(Failure),
}

impl Ending {
    pub(crate) fn of(kind: Kind, outcome: Result<&Head, Failure>) -> Self {
        match outcome.map(|head| head.status) {
            Ok(200..=299 | 304) => Self::Answered,
            Ok(503) => Self::Shed,
            Ok(429) => Self::Limited,
            // A refusal is the right answer to a hostile request.
            Ok(400..=499) if kind == Kind::Hostile => Self::Answered,
            Ok(status) => Self::Status(status),
            Err(failure) => Self::Failed(failure),
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::Answered => "answered".into(),
            Self::Shed => "shed: status 503".into(),
            Self::Limited => "rate limit: status 429".into(),
            Self::Status(status) => format!("status {status}"),
            Self::Failed(failure) => failure.as_str().into(),
        }
    }
}

/// Everything that is recorded of the requests of a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Of each phase.
    pub(crate) phases: Vec<Totals>,
    pub(crate) series: Series,
    /// The same requests between faults.
    pub(crate) windows: Windows,
    /// How late requests left: the generator's own fault.
    pub(crate) lag: Recording,
    answered: HashSet<u64, FxBuildHasher>,
}

impl Recorder {
    pub(crate) fn new(phases: usize) -> Self {
        Self {
            phases: (0..phases).map(|_| Totals::default()).collect(),
            series: Series::default(),
            windows: Windows::default(),
            lag: Recording::default(),
            answered: HashSet::default(),
        }
    }

    /// A request is due.
    pub(crate) fn planned(&mut self, at: Duration, phase: usize, ask: &Ask, in_flight: usize) -> Asked {
        let key = FxBuildHasher.hash_one(&ask.target);
        let first = !self.answered.contains(&key);
        self.series.at(at).planned(in_flight);
        self.phases[phase].planned += 1;
        if let Some(window) = self.windows.at(at) {
            window.planned += 1;
        }
        Asked { at, phase, kind: ask.kind, prefix_characters: ask.prefix_characters, first, key }
    }

    /// A request has left, this long after its moment.
    pub(crate) fn sent(&mut self, lag: Duration) {
        self.lag.record(lag);
    }

    /// A request has ended, this long after its moment.
    pub(crate) fn finished(&mut self, asked: Asked, outcome: Result<&Head, Failure>, latency: Duration) {
        let ending = Ending::of(asked.kind, outcome);
        if ending == Ending::Answered {
            self.answered.insert(asked.key);
        }
        let cache = outcome.map(|head| head.cache).ok();
        self.series.at(asked.at).finished(ending, cache, latency);
        self.phases[asked.phase].finished(asked, ending, cache, latency);
        if let Some(window) = self.windows.at(asked.at) {
            window.finished(asked, ending, cache, latency);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{CacheStatus, Tier};

    fn ask(kind: Kind, target: &str) -> Ask {
        Ask { kind, target: target.into(), prefix_characters: 0 }
    }

    fn head(status: u16, tier: Tier) -> Head {
        Head { status, cache: CacheStatus { tier, was_stale: false }, retry_after_seconds: None, closes: false }
    }

    #[test]
    fn every_request_is_counted_once() {
        let mut recorder = Recorder::new(1);
        let ends: [(Kind, Result<Head, Failure>); 7] = [
            (Kind::FirstPage, Ok(head(200, Tier::Memory))),
            (Kind::FirstPage, Ok(head(503, Tier::Unknown))),
            (Kind::FirstPage, Ok(head(429, Tier::Unknown))),
            (Kind::FirstPage, Ok(head(400, Tier::Unknown))),
            (Kind::Hostile, Ok(head(400, Tier::Unknown))),
            (Kind::Hostile, Ok(head(500, Tier::Unknown))),
            (Kind::FirstPage, Err(Failure::Dropped)),
        ];
        for (kind, outcome) in ends {
            let asked = recorder.planned(Duration::from_secs(1), 0, &ask(kind, "/x"), 0);
            recorder.finished(asked, outcome.as_ref().map_err(|failure| *failure), Duration::from_millis(2));
        }
        let totals = &recorder.phases[0];
        assert_eq!((totals.planned, totals.answered(), totals.shed.count()), (7, 2, 1));
        let endings: Vec<_> = totals.failures.iter().map(|(text, count)| (text.as_str(), *count)).collect();
        assert_eq!(
            endings,
            [
                ("dropped: over the cap of requests in flight", 1),
                ("rate limit: status 429", 1),
                ("status 400", 1),
                ("status 500", 1)
            ]
        );
        let second = recorder.series.at(Duration::from_secs(1));
        assert_eq!((second.planned, second.answered, second.shed, second.failed), (7, 2, 1, 4));
    }

    #[test]
    fn a_request_is_a_first_one_until_it_was_answered() {
        let mut recorder = Recorder::new(1);
        let mut first = |target, outcome| {
            let asked = recorder.planned(Duration::ZERO, 0, &ask(Kind::FirstPage, target), 0);
            recorder.finished(asked, outcome, Duration::from_millis(1));
            asked.first
        };
        let answered = head(200, Tier::Index);
        let firsts = [
            first("/a", Ok(&answered)),
            first("/b", Err(Failure::Dropped)),
            first("/a", Ok(&answered)),
            first("/b", Ok(&answered)),
            first("/b", Ok(&answered)),
        ];
        assert_eq!(firsts, [true, true, false, true, false]);
    }
}
