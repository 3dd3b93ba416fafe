//! What two scenarios in turns came to, in a result.
//!
//! Owns the shape. It refuses to judge: an interval stands beside each median.
//!
//! Invariant: every run of a whole pair is kept with its figures, in the order in which it was made.

use serde::{Deserialize, Serialize};

use super::faults::FaultsResult;
use super::{Header, Measured};
use crate::pairs::statistics::Interval;
use crate::scenario::Scenario;
use crate::traffic::Kind;

/// One run of one side.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct PairRun {
    /// From 0.
    pub(crate) pair: usize,
    /// Whether it was scenario B.
    pub(crate) is_b: bool,
    /// Its counted phases together.
    pub(crate) total: Measured,
    /// The generator's own lateness, and cores that neither it nor the server kept busy.
    pub(crate) generator_lag_p99_us: u64,
    pub(crate) others_cores: Option<f64>,
    /// Changes that came due and were accepted, content and live together.
    pub(crate) changes_due: u64,
    pub(crate) changes_accepted: u64,
    /// Seconds that the server took to start again; none where it stays up.
    pub(crate) start_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) faults: Option<FaultsResult>,
}

/// One figure of all requests or of one kind, A ÷ B.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct MeasureResult {
    pub(crate) figure: String,
    /// None: all kinds together.
    pub(crate) kind: Option<Kind>,
    /// The median over the runs of each side, for orientation.
    pub(crate) a_us: Option<f64>,
    pub(crate) b_us: Option<f64>,
    /// Of each pair that has both figures.
    pub(crate) ratios: Vec<f64>,
    pub(crate) median: Option<f64>,
    pub(crate) interval: Option<Interval>,
}

impl MeasureResult {
    pub(crate) fn name(&self) -> String {
        format!("{}, {}", self.figure, self.kind.map_or("all requests", Kind::as_str))
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PairsResult {
    pub(crate) header: Header,
    pub(crate) a: Scenario,
    pub(crate) b: Scenario,
    /// Command of B's server; A's stands in the header.
    pub(crate) b_server_command: Option<String>,
    /// Whether both ask the same at the same moments, so that only the servers differ.
    pub(crate) asks_alike: bool,
    pub(crate) interrupted: bool,
    /// Pairs that are whole.
    pub(crate) pairs: usize,
    pub(crate) measures: Vec<MeasureResult>,
    pub(crate) runs: Vec<PairRun>,
}

impl PairsResult {
    /// Whether the rates of both may be claimed.
    pub(crate) fn claimed(&self) -> bool {
        let phases = [&self.a, &self.b].into_iter().flat_map(|scenario| &scenario.phases);
        phases.filter(|phase| phase.counted).all(|phase| self.header.within_limit(phase.rate))
    }

    /// The runs of one side.
    pub(crate) fn side(&self, is_b: bool) -> impl Iterator<Item = &PairRun> {
        self.runs.iter().filter(move |run| run.is_b == is_b)
    }
}
