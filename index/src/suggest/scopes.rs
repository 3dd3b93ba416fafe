//! Suggestions within a category.
//!
//! Owns, per category path and per category name, the entries of phrases with products there.
//!
//! Fetching more from the whole arena and dropping what lies elsewhere has no good bound: in a category with one
//! phrase in ten thousand, a short prefix would pop ten thousand entries. So each scope has its own entries, with its
//! own ranks and range minima: the range of the arena that a prefix selects is a range of the scope's entries too,
//! since both are in the same order, and the k best cost the same as in the whole. That takes 8 to 9 bytes per entry
//! and scope, some four scopes a phrase.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::arena::Arena;
use super::categories::{append_level, level_names};
use super::phrases::Draft;
use super::range_min::RangeMin;

/// Scopes by folded path or folded name.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    by_key: FxHashMap<Box<str>, u32>,
    scopes: Vec<Scope>,
}

/// The entries of one category.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Places in the arena, in order.
    places: Vec<u32>,
    ranks: RangeMin,
}

impl Scopes {
    /// Sorts entries into scopes. `drafts` are the arena's phrases, in order.
    pub(super) fn new(drafts: &[Draft], arena: &Arena) -> Self {
        let mut by_key: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut scopes_of: Vec<Vec<u32>> = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let numbers = draft.scopes.iter().map(|key| {
                let next = by_key.len() as u32;
                *by_key.entry(key.clone()).or_insert(next)
            });
            scopes_of.push(numbers.collect());
        }
        let mut places: Vec<Vec<u32>> = vec![Vec::new(); by_key.len()];
        for at in 0..arena.len() {
            for scope in &scopes_of[arena.entry(at).phrase as usize] {
                places[*scope as usize].push(at as u32);
            }
        }
        let scopes = places.into_iter().map(|mut places| {
            places.shrink_to_fit();
            let ranks = places.iter().map(|at| arena.ranks().rank(*at as usize)).collect();
            Scope { places, ranks: RangeMin::new(ranks) }
        });
        Self { scopes: scopes.collect(), by_key }
    }

    /// The names of all scopes, and for each phrase the places of its scopes among them.
    pub(super) fn by_phrase(&self, arena: &Arena, phrases: usize) -> (Vec<&str>, Vec<Vec<u32>>) {
        let mut names: Vec<(&str, u32)> = self.by_key.iter().map(|(key, number)| (&**key, *number)).collect();
        names.sort_unstable();
        let mut scopes_of = vec![Vec::new(); phrases];
        for (at, (_, number)) in names.iter().enumerate() {
            let entries = self.scopes[*number as usize].places.iter().map(|place| arena.entry(*place as usize));
            for entry in entries.filter(|entry| entry.offset == 0) {
                scopes_of[entry.phrase as usize].push(at as u32);
            }
        }
        (names.into_iter().map(|(name, _)| name).collect(), scopes_of)
    }

    /// The scope with this path or name, if anything lies in it.
    pub(super) fn find(&self, category: &str) -> Option<&Scope> {
        let mut key = String::new();
        for name in level_names(category) {
            append_level(&mut key, name);
        }
        self.by_key.get(key.as_str()).map(|scope| &self.scopes[*scope as usize])
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let keys: usize = self.by_key.keys().map(|key| key.len() + 32).sum();
        let lists =
            self.scopes.iter().map(|scope| scope.places.capacity() * size_of::<u32>() + scope.ranks.heap_bytes());
        keys + self.scopes.capacity() * size_of::<Scope>() + lists.sum::<usize>()
    }
}

impl Scope {
    /// The scope's part of a range of the arena.
    pub(super) fn narrow(&self, range: Range<usize>) -> Range<usize> {
        let start = self.places.partition_point(|place| (*place as usize) < range.start);
        start..start + self.places[start..].partition_point(|place| (*place as usize) < range.end)
    }

    /// The place in the arena of one of the scope's entries.
    pub(super) fn place(&self, at: usize) -> usize {
        self.places[at] as usize
    }

    pub(super) fn ranks(&self) -> &RangeMin {
        &self.ranks
    }
}
