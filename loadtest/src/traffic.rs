//! The traffic model: an endless, ordered, repeatable row of requests with the moment of each.
//!
//! Owns who asks what and when. It refuses to send anything and never sees an answer: what is sent next may not
//! depend on how fast the server was, or the load would no longer be open.
//!
//! Invariant: the same scenario, products and seed give the same row, in order of time.

pub(crate) mod hostile;
pub(crate) mod keystrokes;
pub(crate) mod plain;
pub(crate) mod queries;
pub(crate) mod session;
pub(crate) mod typos;
pub(crate) mod urls;
pub(crate) mod zipf;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::arrivals::Rates;
use crate::scenario::{Scenario, TrafficKind};
use queries::QueryPool;

/// What kind of answer is asked for, as users tell hit rates apart.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The first page of a search, not filtered and not sorted.
    FirstPage,
    /// The same with facets of price or stock.
    FirstPagePriced,
    /// A later page, a filter or a sort.
    Other,
    /// The same, by price or stock.
    OtherPriced,
    Autocomplete,
    Hostile,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::FirstPage => "search, first page",
            Self::FirstPagePriced => "search, first page, price-dependent",
            Self::Other => "search, page 2, filter or sort",
            Self::OtherPriced => "search, filter or sort by price",
            Self::Autocomplete => "autocomplete",
            Self::Hostile => "hostile",
        }
    }
}

/// One request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ask {
    pub(crate) kind: Kind,
    /// Path and query.
    pub(crate) target: String,
    /// Characters of the prefix of an autocomplete request; otherwise 0.
    pub(crate) prefix_characters: usize,
}

/// One request with its moment, counted from the start of the run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Planned {
    pub(crate) at: Duration,
    pub(crate) ask: Ask,
}

/// The row of requests of a run.
#[derive(Debug)]
pub(crate) enum Traffic {
    Sessions(Box<session::Sessions>),
    Queries(Box<plain::Plain>),
}

impl Traffic {
    pub(crate) fn new(scenario: &Scenario, pool: QueryPool, rates: Rates, seed: u64) -> Self {
        match scenario.traffic.kind {
            TrafficKind::Sessions => Self::Sessions(Box::new(session::Sessions::new(scenario, pool, rates, seed))),
            TrafficKind::Queries => Self::Queries(Box::new(plain::Plain::new(scenario, pool, rates, seed))),
        }
    }
}

impl Iterator for Traffic {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        match self {
            Self::Sessions(sessions) => sessions.next(),
            Self::Queries(plain) => plain.next(),
        }
    }
}
