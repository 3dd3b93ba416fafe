//! What merchandisers are told: by day, what was searched, what found nothing, what nobody clicked, what typos cost.
//!
//! Two sources meet here. **Answers**: how often a query was answered by this server, from whichever tier, whether it found
//! nothing and what it was corrected to; this knows no shoppers, and counts every keystroke of a storefront that searches
//! while they type. **Deeds**: searches that shoppers committed to, and what they opened, put into the basket and bought
//! ([`crate::learn`]); this needs events. Both stand side by side, and neither is made to look like the other.
//!
//! Owns the tables of the days that are kept, and what is shown of them. Invariants: a day holds a bounded number of
//! queries; what was forgotten of a day is counted as `other`, so that its sums are exact; a query that was answered, and
//! committed to, less than [`SHOWN_MIN`] times is never shown by its words.

pub mod report;
pub mod synonyms;
mod table;

use std::collections::BTreeMap;

use crate::learn::day::Day;
use crate::learn::record::Answered;
use crate::learn::sessions::{Counted, Query};
use report::{Range, Report};
pub use table::Figures;
use table::Table;

/// Fewest times that a query was answered or committed to before its words are shown. What was asked once or twice is
/// where a shopper's own name would be, and is nothing to act upon. Answers know no shoppers, so one who asks three times
/// is as three: shops that report no events would be told nothing otherwise.
pub const SHOWN_MIN: u64 = 3;

/// How many days ago a day must be to be over. A shopper's clock may be ahead, so that tomorrow begins before today ends.
const OVER_AFTER: u32 = 2;

/// See the module.
#[derive(Debug, Default)]
pub struct Analytics {
    /// The first day that is kept.
    first: Day,
    days: BTreeMap<Day, Table>,
}

impl Analytics {
    /// Counts what a session did.
    pub fn deed(&mut self, counted: &Counted) {
        if let Some(table) = self.day(counted.time) {
            table.of(&counted.query).deed(counted.act, counted.position);
        }
    }

    /// Counts how often a query was answered.
    pub fn answered(&mut self, answered: &Answered) {
        let Some(query) = Query::of(&answered.query) else { return };
        let times = u64::from(answered.times);
        let Some(table) = self.day(answered.time) else { return };
        let figures = table.of(&query);
        figures.answered += times;
        figures.found_nothing += if answered.found_nothing { times } else { 0 };
        if !answered.corrected.is_empty() {
            figures.corrected += times;
            figures.correction = Some(answered.corrected.as_str().into());
        }
    }

    /// Counts deeds or answers whose query must not be kept.
    pub fn withheld(&mut self, time: u64, times: u64) {
        if let Some(table) = self.day(time) {
            table.withheld += times;
        }
    }

    /// Forgets the days before `first`, and takes nothing of them any more.
    pub fn forget_before(&mut self, first: Day) {
        self.first = first;
        self.days = self.days.split_off(&first);
    }

    /// What is told of some days, with lists of at most `limit` queries.
    pub fn report(&self, range: Range, limit: usize) -> Report {
        Report::of(range, self.days.range(range.from..=range.to), limit)
    }

    /// The table of a day that is kept.
    fn day(&mut self, time: u64) -> Option<&mut Table> {
        let day = Day::of(time);
        if day < self.first {
            return None;
        }
        if !self.days.contains_key(&day) {
            let newest = self.days.last_key_value().map_or(day, |(newest, _)| day.max(*newest));
            let over = self.days.iter_mut().filter(|(day, _)| newest.since(**day) >= OVER_AFTER);
            over.for_each(|(_, table)| table.end());
        }
        Some(self.days.entry(day).or_default())
    }
}

#[cfg(test)]
mod tests;
