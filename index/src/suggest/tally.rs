//! Counting phrases over a whole catalog in bounded memory.
//!
//! Owns the counts and what is forgotten when there are too many phrases. It knows neither weights nor sources.
//!
//! Invariant: never more than `held_max` phrases. Up to that, counts are exact and independent of the order of
//! products. Beyond it, the half with the fewest products is forgotten (among equals the less popular, then by a hash
//! of the phrase), so a phrase of many products survives and a phrase of few may be counted short.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::categories::SetId;

/// Written forms told apart per phrase: casing differs in two or three ways; more is noise.
const FORMS_MAX: usize = 4;
/// Category sets told apart per phrase. A phrase spread over more of them belongs to no one category, and a linear
/// search through them stays short.
const SETS_MAX: usize = 128;

/// What is known of a phrase.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Products that have it.
    pub(super) products: u32,
    /// Sum of the demand of those products, in fixed point, so that the order of addition does not matter.
    pub(super) demand: u64,
    /// How it is written, and how often so.
    forms: SmallVec<[(Box<str>, u32); 1]>,
    /// In which categories its products lie together.
    pub(super) sets: SmallVec<[(SetId, u32); 1]>,
}

/// What a product adds to the tally of each of its phrases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub(super) demand: u32,
    pub(super) set: SetId,
}

/// Tallies by folded phrase.
#[derive(Debug)]
pub(super) struct TallyTable {
    held_max: usize,
    tallies: FxHashMap<Box<str>, Tally>,
}

impl TallyTable {
    pub(super) fn new(held_max: usize) -> Self {
        Self { held_max, tallies: FxHashMap::default() }
    }

    /// Counts one product that has the phrase. The caller sees to it that a product counts once.
    pub(super) fn count(&mut self, key: &str, written: &str, sighting: Sighting) {
        if let Some(tally) = self.tallies.get_mut(key) {
            tally.count(written, sighting);
            return;
        }
        let mut tally = Tally::default();
        tally.count(written, sighting);
        self.tallies.insert(key.into(), tally);
        if self.tallies.len() > self.held_max {
            self.forget_half();
        }
    }

    fn forget_half(&mut self) {
        let worth = |key: &str, tally: &Tally| (tally.products, tally.demand, Reverse(xxh3_64(key.as_bytes())));
        let mut worths: Vec<_> = self.tallies.iter().map(|(key, tally)| worth(key, tally)).collect();
        let middle = worths.len() / 2;
        let (_, least_kept, _) = worths.select_nth_unstable(middle);
        let least_kept = *least_kept;
        self.tallies.retain(|key, tally| worth(key, tally) >= least_kept);
    }

    /// Every phrase with the number of its products, in no order.
    pub(super) fn products(&self) -> impl Iterator<Item = (&str, u32)> {
        self.tallies.iter().map(|(key, tally)| (&**key, tally.products))
    }

    /// Every tally, in no order.
    pub(super) fn into_tallies(self) -> impl Iterator<Item = (Box<str>, Tally)> {
        self.tallies.into_iter()
    }
}

impl Tally {
    fn count(&mut self, written: &str, sighting: Sighting) {
        self.products = self.products.saturating_add(1);
        self.demand = self.demand.saturating_add(u64::from(sighting.demand));
        if let Some((_, times)) = self.forms.iter_mut().find(|(form, _)| **form == *written) {
            *times += 1;
        } else if self.forms.len() < FORMS_MAX {
            self.forms.push((written.into(), 1));
        }
        if let Some((_, times)) = self.sets.iter_mut().find(|(set, _)| *set == sighting.set) {
            *times += 1;
        } else if self.sets.len() < SETS_MAX {
            self.sets.push((sighting.set, 1));
        }
    }

    /// The most frequent written form; among equals the first by bytes, which prefers capitals.
    pub(super) fn best_form(&self) -> &str {
        let best = self.forms.iter().max_by_key(|(form, times)| (*times, Reverse(form)));
        best.map_or("", |(form, _)| form)
    }

    /// The demand of the mean product.
    pub(super) fn mean_demand(&self) -> f64 {
        if self.products == 0 { 0.0 } else { self.demand as f64 / f64::from(self.products) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(table: &mut TallyTable, written: &str, times: usize) {
        let sighting = Sighting { demand: 0, set: SetId::default() };
        (0..times).for_each(|_| table.count(&written.to_lowercase(), written, sighting));
    }

    #[test]
    fn the_most_frequent_casing_wins_and_capitals_break_ties() {
        for (forms, best) in [(&["hp", "HP", "HP"][..], "HP"), (&["hp", "HP"], "HP"), (&["HP", "hp", "hp"], "hp")] {
            let mut table = TallyTable::new(10);
            forms.iter().for_each(|form| count(&mut table, form, 1));
            let tallies: Vec<_> = table.into_tallies().collect();
            assert_eq!(tallies[0].1.best_form(), best);
            assert_eq!(tallies[0].1.products as usize, forms.len());
        }
    }

    #[test]
    fn frequent_phrases_survive_a_flood_of_single_ones() {
        let mut table = TallyTable::new(100);
        count(&mut table, "frequent", 5);
        for at in 0..10_000 {
            count(&mut table, &format!("single {at}"), 1);
            assert!(table.tallies.len() <= 100);
        }
        assert_eq!(table.tallies["frequent"].products, 5);
        assert!(table.tallies.len() >= 50, "only half is forgotten at a time");
    }
}
