//! The keys of a scenario with their defaults.
//!
//! Owns the shape of the file and where each default comes from. It refuses to check values: that is its parent's.
//!
//! Invariant: an unknown key is an error of the parser, never ignored.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Fault, Keys};

/// A whole scenario file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The scenario's name, which is also the name of its result.
    pub(crate) name: String,
    /// What it is meant to show, for the report.
    #[serde(default)]
    pub(crate) about: String,
    /// The catalog that is asked.
    pub(crate) catalog: String,
    /// The server's address: loopback only.
    #[serde(default = "default_address")]
    pub(crate) address: SocketAddr,
    /// All randomness comes from it: one seed, one sequence of requests.
    #[serde(default = "default_seed")]
    pub(crate) seed: u64,
    /// How to start the server; without it, one must be running.
    pub(crate) server: Option<Server>,
    #[serde(default)]
    pub(crate) keys: Keys,
    #[serde(default)]
    pub(crate) client: Client,
    /// What counts as good enough.
    #[serde(default)]
    pub(crate) goal: Goal,
    #[serde(default)]
    pub(crate) arrivals: Arrivals,
    #[serde(default)]
    pub(crate) traffic: Traffic,
    #[serde(default)]
    pub(crate) popularity: Popularity,
    #[serde(default)]
    pub(crate) queries: Queries,
    #[serde(default)]
    pub(crate) search: Search,
    #[serde(default)]
    pub(crate) changes: Changes,
    #[serde(default)]
    pub(crate) probe: Probe,
    /// What happens one after the other.
    #[serde(default)]
    pub(crate) phases: Vec<Phase>,
    /// How `sweep` looks for the knee.
    pub(crate) sweep: Option<Sweep>,
    /// How `pairs` treats the server between two runs.
    #[serde(default)]
    pub(crate) pairs: Pairs,
}

/// How the server is started. In every argument, `{storefind}`, `{address}`, `{data}`, `{root}` and `{write_key}` are
/// replaced by the program, the scenario's address, a temporary folder, the repository and the key for writes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) command: Vec<String>,
    /// Variables of its environment, with the same placeholders.
    #[serde(default)]
    pub(crate) environment: std::collections::BTreeMap<String, String>,
    /// Commands that run beside it from before its start to after its end: Redis, Memcached.
    #[serde(default)]
    pub(crate) beside: Vec<Vec<String>>,
    /// Commands that fill the catalog once the server is ready.
    #[serde(default)]
    pub(crate) load: Vec<Vec<String>>,
    /// The catalog must show at least so many products before the load begins.
    #[serde(default)]
    pub(crate) products: u64,
    /// Longest wait for that.
    #[serde(default = "default_ready_seconds")]
    pub(crate) ready_seconds: u64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Client {
    /// A request that would be one more is dropped and counted as a failure, never delayed.
    pub(crate) in_flight_max: usize,
    /// After it the caller has gone: a failure.
    pub(crate) timeout_ms: u64,
    /// Connections opened before the first request; more are opened on demand.
    pub(crate) connections: usize,
    /// What browsers send is compressed.
    pub(crate) accept_encoding: String,
}

impl Default for Client {
    fn default() -> Self {
        Self { in_flight_max: 4096, timeout_ms: 5_000, connections: 32, accept_encoding: "gzip".into() }
    }
}

/// The card's two figures, and how many may fail at all.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Goal {
    pub(crate) mean_ms: f64,
    pub(crate) p99_ms: f64,
    /// Largest share of requests that are shed, dropped or fail.
    pub(crate) failures: f64,
}

impl Default for Goal {
    fn default() -> Self {
        Self { mean_ms: 1.2, p99_ms: 12.0, failures: 0.001 }
    }
}

/// When plain requests arrive. Sessions always arrive at random.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Arrivals {
    /// Independent of each other.
    #[default]
    Poisson,
    /// Poisson at `factor` times the rate in bursts, and so much less between them that the mean is the rate.
    Bursts {
        #[serde(default = "default_factor")]
        factor: f64,
        #[serde(default = "default_burst_ms")]
        burst_ms: f64,
        #[serde(default = "default_calm_ms")]
        calm_ms: f64,
    },
}

impl Arrivals {
    /// Those of a scenario that says no more than that it has bursts.
    pub(crate) fn usual_bursts() -> Self {
        Self::Bursts { factor: default_factor(), burst_ms: default_burst_ms(), calm_ms: default_calm_ms() }
    }

    /// How much higher the rate is in a burst; none without bursts.
    pub(crate) fn factor(&self) -> Option<f64> {
        match self {
            Self::Poisson => None,
            Self::Bursts { factor, .. } => Some(*factor),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TrafficKind {
    /// Shoppers who type, look, page and filter.
    #[default]
    Sessions,
    /// Independent requests by shares.
    Queries,
}

/// Who asks what. The defaults are those of ENGINEERING.md §5.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Traffic {
    pub(crate) kind: TrafficKind,
    /// Share of queries with a typing error.
    pub(crate) typos: f64,
    /// Share of requests that are hostile.
    pub(crate) hostile: f64,
    /// Mean number of searches of a session.
    pub(crate) session_searches: f64,
    /// Median and spread (σ of the logarithm) of the time for which a shopper looks at an answer.
    pub(crate) think_seconds: f64,
    pub(crate) think_sigma: f64,
    /// Share of searches that begin with a click on a suggestion.
    pub(crate) ends_on_suggestion: f64,
    /// Share of searches that go on to page 2, and to a filter or sort.
    pub(crate) second_page: f64,
    pub(crate) refine: f64,
    /// With `kind = "queries"`: share of requests that are autocomplete requests; the rest are searches.
    pub(crate) autocomplete: f64,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            kind: TrafficKind::Sessions,
            typos: 0.08,
            hostile: 0.01,
            session_searches: 4.0,
            think_seconds: 8.0,
            think_sigma: 0.8,
            ends_on_suggestion: 0.35,
            second_page: 0.15,
            refine: 0.25,
            autocomplete: 0.8,
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Popularity {
    /// Zipf's exponent over the known queries.
    pub(crate) exponent: f64,
    /// How many known queries there are.
    pub(crate) distinct: usize,
    /// Share of queries that nobody has asked before.
    pub(crate) fresh: f64,
    /// Ranks whose queries change places as time goes by, and the share of them that does so each minute.
    pub(crate) head: usize,
    pub(crate) churn_per_minute: f64,
}

impl Default for Popularity {
    fn default() -> Self {
        Self { exponent: 0.85, distinct: 100_000, fresh: 0.35, head: 1_000, churn_per_minute: 0.02 }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum QuerySource {
    /// Made from the catalog's products.
    #[default]
    Catalog,
    /// Read from a query log.
    Log,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Queries {
    pub(crate) source: QuerySource,
    /// Products read from the server at the start, from which queries, filters and changes are made.
    pub(crate) sample: usize,
    /// The log: lines of text, or JSON lines with `query` and `popularity`; `.gz` is unpacked.
    pub(crate) path: Option<PathBuf>,
}

impl Default for Queries {
    fn default() -> Self {
        Self { source: QuerySource::Catalog, sample: 20_000, path: None }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Search {
    /// Facets of every search, comma-separated as in the URL. Those of price or stock make an answer price-dependent.
    pub(crate) facets: String,
    /// Fields by which a shopper filters; a price becomes a range.
    pub(crate) filters: Vec<String>,
    /// Orders that a shopper chooses.
    pub(crate) sorts: Vec<String>,
    pub(crate) per_page: u32,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            facets: String::new(),
            filters: vec!["brand".into(), "price".into()],
            sorts: vec!["price:asc".into(), "popularity:desc".into()],
            per_page: 20,
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Changes {
    /// Products of one content write, and of one live write.
    pub(crate) content_batch: usize,
    pub(crate) live_batch: usize,
    /// Writes that wait for an answer at one time; one more is not sent and counted.
    pub(crate) in_flight_max: usize,
}

impl Default for Changes {
    fn default() -> Self {
        Self { content_batch: 50, live_batch: 50, in_flight_max: 64 }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Probe {
    /// Marker products written a second; 0: none.
    pub(crate) content_per_second: f64,
    /// Price changes a second of products that popular answers show; 0: none.
    pub(crate) price_per_second: f64,
    /// Time between two looks.
    pub(crate) poll_ms: u64,
    /// The freshness bound that is held against what is seen.
    pub(crate) bound_ms: u64,
}

impl Default for Probe {
    fn default() -> Self {
        Self { content_per_second: 0.0, price_per_second: 0.0, poll_ms: 5, bound_ms: 1_000 }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    /// Requests a second, all kinds together.
    pub(crate) rate: f64,
    /// Content and live changes a second.
    #[serde(default)]
    pub(crate) content: f64,
    #[serde(default)]
    pub(crate) live: f64,
    /// Share of searches that are for one and the same query.
    #[serde(default)]
    pub(crate) flash: f64,
    /// A phase that is not counted warms up: it stands in the time series only.
    #[serde(default = "default_counted")]
    pub(crate) counted: bool,
    /// What is done meanwhile to the processes of `server.beside`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) faults: Vec<Fault>,
}

impl Phase {
    /// A phase without changes, flash and faults.
    pub(crate) fn new(name: &str, seconds: f64, rate: f64, counted: bool) -> Self {
        let faults = Vec::new();
        Self { name: name.to_owned(), seconds, rate, content: 0.0, live: 0.0, flash: 0.0, counted, faults }
    }
}

/// How `pairs` runs a scenario again and again. The phases before the first counted one warm up: they run once, before
/// the first pair. All from the first counted one on run in every pair.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pairs {
    /// The server is started anew for each run, on the folder that it left, and stopped after it. What stands beside it
    /// goes on, so that remote tiers stay warm. Otherwise it stays up, and idle while the other scenario is run.
    pub(crate) restart: bool,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sweep {
    /// First and highest rate.
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Uncounted and counted seconds of each step.
    #[serde(default = "default_sweep_warm")]
    pub(crate) warm_seconds: f64,
    #[serde(default = "default_sweep_seconds")]
    pub(crate) seconds: f64,
    /// The search ends when the knee is known to this share of it.
    #[serde(default = "default_precision")]
    pub(crate) precision: f64,
    /// A rate misses the goal when it did so in as many steps one after the other. One is strict; on a machine that
    /// others use too, two forgive a bad moment, and the result shows both.
    #[serde(default = "default_tries")]
    pub(crate) tries: usize,
    /// Content and live changes a second during all steps.
    #[serde(default)]
    pub(crate) content: f64,
    #[serde(default)]
    pub(crate) live: f64,
}

fn default_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 7791))
}

fn default_seed() -> u64 {
    1
}

fn default_ready_seconds() -> u64 {
    300
}

fn default_factor() -> f64 {
    4.0
}

fn default_burst_ms() -> f64 {
    200.0
}

fn default_calm_ms() -> f64 {
    1_800.0
}

fn default_counted() -> bool {
    true
}

fn default_sweep_warm() -> f64 {
    2.0
}

fn default_sweep_seconds() -> f64 {
    8.0
}

fn default_tries() -> usize {
    1
}

fn default_precision() -> f64 {
    0.1
}
