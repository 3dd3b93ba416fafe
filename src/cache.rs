//! The answer cache: what is kept of an answer, where, and when it may be served again.
//!
//! Owns keys, entries, tiers, the proof of freshness, single flight and the order in which a lookup asks
//! (`stack`). It refuses to know what an answer says: it never parses a query nor renders a body, and it does not
//! know HTTP beyond the header values that an entry keeps ready.
//!
//! Invariants: an entry is served only under a key that is equal in full, and only after it has been judged fresh
//! against the sequence that the catalog had validated when the request began. No invalidation message exists, so
//! none can be lost.

pub mod key;

pub mod freshness;

pub mod proof;

pub mod outcome;

pub mod body;

pub mod coding;

mod weight;

pub mod entry;

pub mod codec;

pub mod front;

pub mod tier;

pub mod admission;

pub mod single_flight;

pub mod remote_tiers;

pub mod fill;

pub mod stack;
