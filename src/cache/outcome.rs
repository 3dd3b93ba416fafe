//! What a lookup came to: one closed set of words for headers, logs and metric labels alike.

use super::freshness::StaleReason;

/// What a lookup came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A fresh entry was found.
    Hit,
    /// An entry was found that is no longer fresh.
    Stale(StaleReason),
    /// No entry was found.
    Miss(MissReason),
    /// The request asked not to be answered from a tier.
    Bypass,
}

/// Why a lookup found no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MissReason {
    /// Never stored, or evicted.
    Absent,
    /// Another key with the same hash lives there.
    OtherKey,
}

impl Outcome {
    /// The stable name, without reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale(_) => "stale",
            Self::Miss(_) => "miss",
            Self::Bypass => "bypass",
        }
    }

    /// The reason's stable name, where there is one.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Stale(reason) => Some(reason.as_str()),
            Self::Miss(reason) => Some(reason.as_str()),
            Self::Hit | Self::Bypass => None,
        }
    }
}

impl MissReason {
    /// Every reason, for tables of counters.
    pub const ALL: [Self; 2] = [Self::Absent, Self::OtherKey];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::OtherKey => "other_key",
        }
    }
}
