//! The newest events, decoded, in memory.
//!
//! The projectors follow the log closely, so nearly everything that they read was appended a moment ago. Owns a
//! bounded queue of those events; who is further behind reads the store.
//!
//! Invariant: it holds *every* event after `from`, in order. It may hold some that were pruned meanwhile, which does
//! a reader no harm: it passes through more states of the log, not fewer.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ReadLimits;
use super::resolve::Given;
use crate::catalog::event::Event;

/// Most events: sixteen steps of a projector.
const EVENTS_MAX: usize = 8_192;

/// Most bytes of events, as encoded; decoded they take about three times as much.
const BYTES_MAX: usize = 4 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Tail {
    /// The event before the first one here.
    from: u64,
    events: VecDeque<(u64, Arc<Event>, usize)>,
    bytes: usize,
}

impl Tail {
    /// Empty, of a log that ends with `from`.
    pub(super) fn new(from: u64) -> Self {
        Self { from, events: VecDeque::new(), bytes: 0 }
    }

    /// Adds the next event.
    pub(super) fn push(&mut self, given: Given) {
        self.bytes += given.bytes;
        self.events.push_back((given.sequence, Arc::new(given.event), given.bytes));
        while self.events.len() > EVENTS_MAX || self.bytes > BYTES_MAX {
            let Some((sequence, _, bytes)) = self.events.pop_front() else { break };
            self.from = sequence;
            self.bytes -= bytes;
        }
    }

    /// The events after `sequence` through `last` within the limits, and whether these are all; `None` if some of
    /// them are no longer here.
    #[expect(clippy::type_complexity, reason = "two callers' worth of a name would say no more")]
    pub(super) fn after(&self, sequence: u64, last: u64, limits: ReadLimits) -> Option<(Vec<(u64, Arc<Event>)>, bool)> {
        if sequence < self.from {
            return None;
        }
        let start = self.events.partition_point(|(at, ..)| *at <= sequence);
        let (mut found, mut bytes) = (Vec::new(), 0);
        for (at, event, size) in self.events.range(start..).take_while(|(at, ..)| *at <= last) {
            if found.len() >= limits.events_max || bytes >= limits.bytes_max {
                return Some((found, false));
            }
            bytes += size;
            found.push((*at, Arc::clone(event)));
        }
        Some((found, true))
    }
}
