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
    /// A remote tier holds something that is no entry: another program's value.
    NotOurs,
    /// A remote tier holds an entry of a version with another format.
    OtherFormat,
    /// A remote tier's bytes are cut or altered.
    Damaged,
    /// It shows a product that this node has never seen.
    UnknownProduct,
    /// It is larger than a reader takes.
    TooLarge,
    /// An engineer had everything dropped that is as old as this.
    Dropped,
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
    pub const ALL: [Self; 8] = [
        Self::Absent,
        Self::OtherKey,
        Self::NotOurs,
        Self::OtherFormat,
        Self::Damaged,
        Self::UnknownProduct,
        Self::TooLarge,
        Self::Dropped,
    ];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::OtherKey => "other_key",
            Self::NotOurs => "not_ours",
            Self::OtherFormat => "other_format",
            Self::Damaged => "damaged",
            Self::UnknownProduct => "unknown_product",
            Self::TooLarge => "too_large",
            Self::Dropped => "dropped",
        }
    }
}
