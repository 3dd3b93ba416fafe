//! What faults came to, in a result.
//!
//! Owns the shape. It refuses to draw.
//!
//! Invariant: a time that was not seen is absent, never zero.

use serde::{Deserialize, Serialize};

use super::Measured;
use crate::scenario::Act;

/// A fault that was done, and what the breakers of its tier did then.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct FaultResult {
    pub(crate) process: String,
    pub(crate) act: Act,
    /// When it was done, since the beginning of the run.
    pub(crate) at_seconds: f64,
    /// From there to the first look that found a breaker open; after a harm only.
    pub(crate) opened_after_ms: Option<f64>,
    /// From there to the first look that found it closed again; after a repair only.
    pub(crate) closed_after_ms: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct BreakerChange {
    pub(crate) at_seconds: f64,
    pub(crate) tier: String,
    pub(crate) server: String,
    /// What it became.
    pub(crate) to: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct FaultsResult {
    pub(crate) faults: Vec<FaultResult>,
    /// The requests before, between and after the faults, from the first counted phase on.
    pub(crate) windows: Vec<Measured>,
    pub(crate) breakers: Vec<BreakerChange>,
    /// Time between two looks at the breakers: times after faults are too long by as much.
    pub(crate) looked_every_ms: u64,
}
