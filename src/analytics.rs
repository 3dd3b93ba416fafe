//! What merchandisers are told: by day, what was searched, what found nothing, what nobody clicked, what typos cost.
//!
//! Two sources meet here. **Answers**: how often a query was answered by this server, from whichever tier, whether it found
//! nothing and what it was corrected to; this knows no shoppers, and counts every keystroke of a storefront that searches
//! while they type. **Deeds**: searches that shoppers committed to, and what they opened, put into the basket and bought
//! ([`crate::learn`]); this needs events. Both stand side by side, and neither is made to look like the other.
//!
//! Owns the tables of the days that are kept, and what is shown of them. Invariants: a day holds a bounded number of
//! queries; what was forgotten of a day is counted as `other`, so that its sums are exact; a query that fewer than
//! [`SHOWN_MIN`] asked for is never shown by its words.

pub mod report;
mod table;

use std::collections::BTreeMap;

use crate::learn::day::Day;
use crate::learn::record::Answered;
use crate::learn::sessions::{Counted, Query};
use report::{Range, Report};
pub use table::Figures;
use table::Table;

/// Fewest times that a query was answered or committed to before its words are shown. What was asked once or twice is
/// where a shopper's own name would be, and is nothing to act upon.
pub const SHOWN_MIN: u64 = 3;

/// See the module.
#[derive(Debug, Default)]
pub struct Analytics {
    days: BTreeMap<Day, Table>,
}

impl Analytics {
    /// Counts what a session did.
    pub fn deed(&mut self, counted: &Counted) {
        self.day(counted.time).of(&counted.query).deed(counted.act, counted.position);
    }

    /// Counts how often a query was answered.
    pub fn answered(&mut self, answered: &Answered) {
        let Some(query) = Query::of(&answered.query) else { return };
        let times = u64::from(answered.times);
        let figures = self.day(answered.time).of(&query);
        figures.answered += times;
        figures.found_nothing += if answered.found_nothing { times } else { 0 };
        if !answered.corrected.is_empty() {
            figures.corrected += times;
            figures.correction = Some(answered.corrected.as_str().into());
        }
    }

    /// Counts a deed whose query must not be kept.
    pub fn withheld(&mut self, time: u64) {
        self.day(time).withheld += 1;
    }

    /// Forgets the days before `first`.
    pub fn forget_before(&mut self, first: Day) {
        self.days = self.days.split_off(&first);
    }

    /// What is told of some days, with lists of at most `limit` queries.
    pub fn report(&self, range: Range, limit: usize) -> Report {
        Report::of(range, self.days.range(range.from..=range.to), limit)
    }

    fn day(&mut self, time: u64) -> &mut Table {
        let day = Day::of(time);
        if !self.days.contains_key(&day) {
            self.days.values_mut().for_each(Table::end);
        }
        self.days.entry(day).or_default()
    }
}

#[cfg(test)]
mod tests;
