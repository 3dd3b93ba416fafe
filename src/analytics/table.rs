//! One day: figures by query, bounded; the more so once the day is over.
//!
//! Owns what is forgotten when a day has too many queries. Invariant: the sum over the held queries and `other` is the sum
//! of everything that was counted.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::learn::event::Act;
use crate::learn::sessions::Query;

/// Queries held of a day after some were forgotten; twice as many at any time. Some 250 bytes each: 5 MB; 12 if all are of
/// the longest.
const QUERIES_HELD_MAX: usize = 10_000;
/// Queries held of a day that is over: half a megabyte, and twice what the longest list shows.
pub(super) const PAST_QUERIES_MAX: usize = 2_000;

/// What is counted of a query, a day or all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Times that the server answered, from whichever tier.
    pub answered: u64,
    /// … and found nothing.
    pub found_nothing: u64,
    /// … and answered for a corrected query.
    pub corrected: u64,
    /// Searches that shoppers committed to, by session.
    pub searches: u64,
    /// Sessions that opened a product.
    pub clicks: u64,
    /// Sessions that put one into the basket.
    pub add_to_carts: u64,
    /// Sessions that bought one.
    pub purchases: u64,
    /// What it was corrected to last.
    #[serde(skip)]
    pub correction: Option<Box<str>>,
    /// Sum and number of the positions that were opened.
    #[serde(skip)]
    pub positions: (u64, u64),
}

impl Figures {
    pub(super) fn deed(&mut self, act: Act, position: u32) {
        match act {
            Act::Search => self.searches += 1,
            Act::Click => self.clicks += 1,
            Act::AddToCart => self.add_to_carts += 1,
            Act::Purchase => self.purchases += 1,
        }
        if act == Act::Click && position > 0 {
            self.positions.0 += u64::from(position);
            self.positions.1 += 1;
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.found_nothing += other.found_nothing;
        self.corrected += other.corrected;
        self.searches += other.searches;
        self.clicks += other.clicks;
        self.add_to_carts += other.add_to_carts;
        self.purchases += other.purchases;
        self.positions.0 += other.positions.0;
        self.positions.1 += other.positions.1;
        if other.correction.is_some() {
            self.correction.clone_from(&other.correction);
        }
    }

    /// How much was asked for it, by whichever source knows more.
    pub fn demand(&self) -> u64 {
        self.searches.max(self.answered)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) by_key: FxHashMap<Box<str>, (Box<str>, Figures)>,
    /// The figures of the queries that were forgotten.
    pub(super) other: Figures,
    /// How often a query was forgotten; one that came back and was forgotten again counts twice.
    pub(super) forgotten: u64,
    /// Deeds and answers whose query must not be kept.
    pub(super) withheld: u64,
}

impl Table {
    /// The figures of a query.
    pub(super) fn of(&mut self, query: &Query) -> &mut Figures {
        if self.by_key.len() >= 2 * QUERIES_HELD_MAX && !self.by_key.contains_key(&query.key) {
            self.forget(QUERIES_HELD_MAX);
        }
        let (_, figures) =
            self.by_key.entry(query.key.clone()).or_insert_with(|| (query.text.clone(), Figures::default()));
        figures
    }

    /// Holds less, since the day is over.
    pub(super) fn end(&mut self) {
        if self.by_key.len() > PAST_QUERIES_MAX {
            self.forget(PAST_QUERIES_MAX);
            self.by_key.shrink_to_fit();
        }
    }

    /// Forgets all but so many queries, those of most demand. There are more.
    fn forget(&mut self, held: usize) {
        let mut demands: Vec<u64> = self.by_key.values().map(|(_, figures)| figures.demand()).collect();
        let (_, least, _) = demands.select_nth_unstable_by(held - 1, |a, b| b.cmp(a));
        let least = *least;
        let above = self.by_key.values().filter(|(_, figures)| figures.demand() > least).count();
        let mut ties = held - above;
        let Self { by_key, other, forgotten, .. } = self;
        by_key.retain(|_, (_, figures)| {
            let is_tie_kept = figures.demand() == least && ties > 0;
            ties -= usize::from(is_tie_kept);
            let stays = figures.demand() > least || is_tie_kept;
            if !stays {
                other.add(figures);
                *forgotten += 1;
            }
            stays
        });
    }

    /// The sum of everything.
    pub(super) fn sum(&self) -> Figures {
        let mut sum = self.other.clone();
        self.by_key.values().for_each(|(_, figures)| sum.add(figures));
        sum.correction = None;
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_many_queries_stays_bounded_and_its_sums_exact() {
        let mut table = Table::default();
        let often = Query::of("often").unwrap();
        (0..5).for_each(|_| table.of(&often).deed(Act::Search, 0));
        let many = 5 * QUERIES_HELD_MAX;
        for number in 0..many {
            table.of(&Query::of(&format!("single {number}")).unwrap()).answered += 1;
            assert!(table.by_key.len() <= 2 * QUERIES_HELD_MAX);
        }
        assert_eq!(table.of(&often).searches, 5);
        let sum = table.sum();
        assert_eq!((sum.answered, sum.searches), (many as u64, 5));
        assert_eq!(table.forgotten + table.by_key.len() as u64, many as u64 + 1);
        table.end();
        assert_eq!((table.by_key.len(), table.sum()), (PAST_QUERIES_MAX, sum));
        assert!(table.by_key.contains_key("often"));
    }
}
