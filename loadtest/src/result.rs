//! A result: what is written to a file, shown, and compared.
//!
//! Owns the shape of the JSON. It refuses to measure and to draw.
//!
//! Invariant: a result can be read without the program that wrote it: figures have names with units, histograms are in
//! HdrHistogram's own format, and what was run stands beside what was seen.

pub(crate) mod build;
pub(crate) mod faults;
pub(crate) mod pairs;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::client::Tier;
use crate::machine::Machine;
use crate::record::distribution::Distribution;
use crate::scenario::{Arrivals, Goal, Scenario};
use crate::traffic::Kind;
use faults::FaultsResult;
use pairs::PairsResult;

/// Raised when a reader of an older result would misunderstand it.
const FORMAT: u32 = 1;

/// Where and how a result came to be.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) command: String,
    pub(crate) server_command: Option<String>,
    pub(crate) commit: String,
    pub(crate) started: String,
    pub(crate) machine: Machine,
    /// The highest rate that this generator can claim on this machine; absent when it was not calibrated.
    pub(crate) generator_limit: Option<f64>,
}

impl Header {
    pub(crate) fn new(name: &str, about: &str) -> Self {
        Self {
            format: FORMAT,
            name: name.to_owned(),
            about: about.to_owned(),
            command: crate::machine::command(),
            server_command: None,
            commit: crate::machine::commit(),
            started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            machine: Machine::read(),
            generator_limit: None,
        }
    }

    /// Whether a rate may be claimed.
    pub(crate) fn within_limit(&self, rate: f64) -> bool {
        self.generator_limit.is_none_or(|limit| rate <= limit)
    }
}

/// Answers and hits, as users define hit rates.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct HitRate {
    pub(crate) answers: u64,
    pub(crate) hits: u64,
    /// Requests that were made for the first time: no cache could know them.
    pub(crate) first_asked: u64,
    /// Hits among these: another spelling of the same request was known.
    pub(crate) first_asked_hits: u64,
    /// An entry existed and was no longer valid.
    pub(crate) outdated: u64,
}

impl HitRate {
    /// Hits of all answers; none without answers.
    pub(crate) fn share(&self) -> Option<f64> {
        ratio(self.hits, self.answers)
    }

    /// Hits of the answers to requests that had been made before.
    pub(crate) fn repeated_share(&self) -> Option<f64> {
        ratio(self.hits - self.first_asked_hits, self.answers - self.first_asked)
    }

    pub(crate) fn first_asked_share(&self) -> Option<f64> {
        ratio(self.first_asked, self.answers)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PrefixHits {
    pub(crate) characters: usize,
    #[serde(flatten)]
    pub(crate) rate: HitRate,
}

/// Latency of one kind of request from one tier.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Cell {
    pub(crate) kind: Kind,
    pub(crate) tier: Tier,
    pub(crate) latency: Distribution,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct KindHits {
    pub(crate) kind: Kind,
    #[serde(flatten)]
    pub(crate) rate: HitRate,
}

/// A phase, a step of a sweep, or all counted phases together.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    /// Requests a second that were asked for.
    pub(crate) rate: f64,
    pub(crate) counted: bool,
    pub(crate) planned: u64,
    pub(crate) answered: u64,
    pub(crate) shed: u64,
    pub(crate) failed: u64,
    pub(crate) answered_per_second: f64,
    /// Of answered requests, from the intended moment of sending.
    pub(crate) latency: Distribution,
    pub(crate) by_tier: Vec<TierLatency>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) shed_latency: Distribution,
    pub(crate) failures: BTreeMap<String, u64>,
    pub(crate) hits_overall: HitRate,
    /// First page, not filtered, not sorted; with price facets or without.
    pub(crate) hits_first_page: HitRate,
    pub(crate) hits_autocomplete: HitRate,
    pub(crate) hits_by_kind: Vec<KindHits>,
    /// Autocomplete, by characters of the prefix; the last stands for longer ones too.
    pub(crate) hits_by_prefix: Vec<PrefixHits>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct TierLatency {
    pub(crate) tier: Tier,
    pub(crate) latency: Distribution,
}

impl Measured {
    /// Requests a second that came due: about the rate that was set.
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
    pub(crate) fn planned_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.planned as f64 / self.seconds } else { 0.0 }
    }

    /// Requests that were shed, dropped or failed, of all.
    pub(crate) fn failure_share(&self) -> f64 {
        ratio(self.shed + self.failed, self.planned).unwrap_or(0.0)
    }

    /// What of a goal is not met; empty when all is.
    pub(crate) fn missed(&self, goal: &Goal) -> Vec<String> {
        let mut missed = Vec::new();
        let mean_ms = self.latency.mean_us / 1e3;
        if self.latency.count == 0 {
            missed.push("no request was answered".to_owned());
        }
        if mean_ms > goal.mean_ms {
            missed.push(format!("mean {mean_ms:.2} ms, above {} ms", goal.mean_ms));
        }
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a minute")]
        let p99_ms = self.latency.p99_us as f64 / 1e3;
        if p99_ms > goal.p99_ms {
            missed.push(format!("p99 {p99_ms:.2} ms, above {} ms", goal.p99_ms));
        }
        if self.failure_share() > goal.failures {
            missed.push(format!("{:.2} % failed, above {} %", self.failure_share() * 100.0, goal.failures * 100.0));
        }
        missed
    }
}

/// One second of a run.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct SecondResult {
    pub(crate) second: usize,
    pub(crate) phase: usize,
    pub(crate) planned: u64,
    pub(crate) answered: u64,
    pub(crate) hits: u64,
    pub(crate) shed: u64,
    pub(crate) failed: u64,
    pub(crate) in_flight_max: usize,
    pub(crate) p50_us: Option<u64>,
    pub(crate) p99_us: Option<u64>,
    pub(crate) max_us: Option<u64>,
    pub(crate) content_accepted: u64,
    pub(crate) live_accepted: u64,
    pub(crate) server_cores: Option<f64>,
    pub(crate) server_bytes: Option<u64>,
    pub(crate) generator_cores: Option<f64>,
    /// All programs together.
    pub(crate) machine_cores: Option<f64>,
}

/// What became of a stream of changes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct StreamResult {
    pub(crate) due: u64,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) failed: u64,
    pub(crate) not_sent: u64,
    pub(crate) waits_429: u64,
    pub(crate) accepted_per_second: f64,
    pub(crate) due_per_second: f64,
    pub(crate) acknowledgement: Distribution,
}

/// Share of the changes due that must be accepted for a rate to count: a server that sheds its writers would be
/// measured beside fewer changes than the scenario says.
const ACCEPTED_SHARE_MIN: f64 = 0.95;

impl StreamResult {
    /// What kept the stream from its rate, if anything did.
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
    pub(crate) fn missed(&self, name: &str) -> Option<String> {
        let kept = self.accepted as f64 >= ACCEPTED_SHARE_MIN * self.due as f64;
        (!kept).then(|| format!("{} of {} {name} changes were accepted", self.accepted, self.due))
    }
}

/// What probes of one kind saw.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct FreshnessResult {
    pub(crate) acknowledged_to_visible: Distribution,
    pub(crate) later_than_bound: u64,
    pub(crate) never_visible: u64,
    pub(crate) writes_failed: u64,
}

impl FreshnessResult {
    pub(crate) fn tried(&self) -> u64 {
        self.acknowledged_to_visible.count + self.never_visible + self.writes_failed
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct RunResult {
    pub(crate) header: Header,
    pub(crate) scenario: Scenario,
    pub(crate) sampled_products: usize,
    pub(crate) known_queries: usize,
    pub(crate) interrupted: bool,
    pub(crate) phases: Vec<Measured>,
    /// All counted phases together; empty when none was.
    pub(crate) total: Measured,
    /// How late requests left: the generator's share of every latency.
    pub(crate) generator_lag: Distribution,
    pub(crate) connections_opened: u64,
    /// Requests that were sent again because the server had closed the kept connection they were sent on.
    #[serde(default)]
    pub(crate) sent_again: u64,
    pub(crate) content: StreamResult,
    pub(crate) live: StreamResult,
    pub(crate) freshness_content: FreshnessResult,
    #[serde(default)]
    pub(crate) freshness_published: FreshnessResult,
    pub(crate) freshness_price: FreshnessResult,
    pub(crate) series: Vec<SecondResult>,
    /// What was done to the processes beside the server, and what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) faults: Option<FaultsResult>,
}

impl RunResult {
    /// Whether the rates of all counted phases may be claimed: a total with one that may not is no figure either.
    pub(crate) fn claimed(&self) -> bool {
        self.phases.iter().filter(|phase| phase.counted).all(|phase| self.header.within_limit(phase.rate))
    }
}

/// One rate of a sweep.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Step {
    pub(crate) rate: f64,
    pub(crate) measured: Measured,
    pub(crate) generator_lag: Distribution,
    /// The changes beside it.
    #[serde(default)]
    pub(crate) content: StreamResult,
    #[serde(default)]
    pub(crate) live: StreamResult,
    /// What of the goal was not met.
    pub(crate) missed: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct SweepResult {
    pub(crate) header: Header,
    pub(crate) scenario: Scenario,
    pub(crate) sampled_products: usize,
    pub(crate) known_queries: usize,
    pub(crate) interrupted: bool,
    /// In the order in which they were tried.
    pub(crate) steps: Vec<Step>,
    pub(crate) verdict: Verdict,
}

/// What a sweep may claim.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The highest rate that met the goal, and the lowest tried one that did not.
    Knee { rate: f64, missed_at: f64 },
    /// The first rate already missed the goal.
    BelowFirst { rate: f64 },
    /// Every rate up to the highest of the scenario met it.
    AboveLast { rate: f64 },
    /// Every rate that the generator can claim met it.
    BeyondGenerator { limit: f64 },
}

impl Verdict {
    pub(crate) fn text(&self) -> String {
        use crate::report::rate as written;
        match self {
            Self::Knee { rate, missed_at } => {
                format!("{} requests/s met the goal; {} requests/s did not", written(*rate), written(*missed_at))
            }
            Self::BelowFirst { rate } => {
                format!("the first rate, {} requests/s, did not meet the goal", written(*rate))
            }
            Self::AboveLast { rate } => {
                format!("the highest rate tried, {} requests/s, still met the goal", written(*rate))
            }
            Self::BeyondGenerator { limit } => {
                format!(
                    "{} ({} requests/s on this machine): no figure is claimed",
                    crate::report::BEYOND,
                    written(*limit)
                )
            }
        }
    }
}

/// One rate of a calibration.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct CalibrationStep {
    pub(crate) rate: f64,
    pub(crate) answered_per_second: f64,
    pub(crate) failed: u64,
    pub(crate) latency: Distribution,
    pub(crate) generator_lag: Distribution,
    pub(crate) held: bool,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct CalibrationResult {
    pub(crate) header: Header,
    pub(crate) body_bytes: usize,
    /// Highest rate at which the generator kept its plan against a bare handler.
    pub(crate) limit: f64,
    pub(crate) steps: Vec<CalibrationStep>,
    /// The same where requests come in bursts.
    #[serde(default)]
    pub(crate) bursts: Vec<BurstLimit>,
}

/// How far the generator keeps its plan when requests come in bursts; rates are means over bursts and calm times.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct BurstLimit {
    pub(crate) arrivals: Arrivals,
    pub(crate) limit: f64,
    pub(crate) steps: Vec<CalibrationStep>,
}

impl BurstLimit {
    /// The bursts in words.
    pub(crate) fn text(&self) -> String {
        match self.arrivals {
            Arrivals::Poisson => "at random".to_owned(),
            Arrivals::Bursts { factor, burst_ms, calm_ms } => {
                format!("in bursts of {factor} times the rate, {burst_ms} ms long, {calm_ms} ms between them")
            }
        }
    }
}

/// One URL at one number of connections, as fast as it goes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct SaturationRow {
    /// The URL, or what sort of answer it is.
    pub(crate) target: String,
    pub(crate) connections: usize,
    pub(crate) answered_per_second: f64,
    /// Answers that said 503: at many connections a server that cannot compute for all sheds.
    #[serde(default)]
    pub(crate) shed: u64,
    pub(crate) failed: u64,
    /// Answers that were kept ones: all where a hit is measured, none where a miss is.
    #[serde(default)]
    pub(crate) kept: u64,
    pub(crate) latency: Distribution,
    /// Its throughput as a share of the bare handler's at as many connections; none for the bare handler itself.
    #[serde(default)]
    pub(crate) of_bare: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct SaturationResult {
    pub(crate) header: Header,
    pub(crate) seconds: f64,
    pub(crate) rows: Vec<SaturationRow>,
}

/// Any result.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(crate) enum Outcome {
    Run(Box<RunResult>),
    Sweep(Box<SweepResult>),
    Calibration(Box<CalibrationResult>),
    Saturation(Box<SaturationResult>),
    Pairs(Box<PairsResult>),
}

impl Outcome {
    pub(crate) fn header(&self) -> &Header {
        match self {
            Self::Run(run) => &run.header,
            Self::Sweep(sweep) => &sweep.header,
            Self::Calibration(calibration) => &calibration.header,
            Self::Saturation(saturation) => &saturation.header,
            Self::Pairs(pairs) => &pairs.header,
        }
    }

    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_string(self)?;
        text.push('\n');
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let outcome: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is no result of a load test", path.display()))?;
        let format = outcome.header().format;
        anyhow::ensure!(format == FORMAT, "{}: format {format} is not {FORMAT}", path.display());
        Ok(outcome)
    }
}

impl RunResult {
    /// What the probes saw, with what they looked at.
    pub(crate) fn freshness(&self) -> [(&'static str, &FreshnessResult); 3] {
        [
            ("a new word in a title, computed anew", &self.freshness_published),
            ("a new word in a title", &self.freshness_content),
            ("a price on a popular page", &self.freshness_price),
        ]
    }
}
