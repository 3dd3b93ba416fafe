//! Every place at which a phrase can be entered, in order: its beginning, and the beginning of each further word.
//!
//! Owns the sorted entries, the range of entries that a prefix selects, and their ranks. A phrase's entry at a later
//! word makes `pavilion` find "HP Pavilion".
//!
//! Invariant: entries are in order of the rest of the key from where they enter; every entry has its own rank, 0 the
//! best.

use std::ops::Range;

use super::phrases::Phrases;
use super::range_min::RangeMin;

/// What an entry at a later word counts against one at the beginning: of two phrases of like weight the one that
/// begins as typed comes first, while a clearly weightier one (a third more on the logarithmic scale) may pass it.
const INFIX_FACTOR: f64 = 0.75;

/// A phrase and the byte of its key at which it is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) phrase: u32,
    pub(super) offset: u32,
}

/// All entries in order.
#[derive(Debug, Default)]
pub(super) struct Arena {
    entries: Vec<Entry>,
    /// The first eight bytes of each entry's key, so that a search seldom leaves this array.
    heads: Vec<u64>,
    ranks: RangeMin,
}

impl Arena {
    pub(super) fn new(phrases: &Phrases) -> Self {
        let mut entries = Vec::new();
        for phrase in 0..phrases.len() {
            let spaces = phrases.key(phrase).match_indices(' ').map(|(at, _)| at as u32 + 1);
            let offsets = std::iter::once(0).chain(spaces);
            entries.extend(offsets.map(|offset| Entry { phrase: phrase as u32, offset }));
        }
        let key = |entry: &Entry| key_of(phrases, *entry);
        entries.sort_by_cached_key(|entry| head(key(entry)));
        for run in entries.chunk_by_mut(|a, b| head(key(a)) == head(key(b))) {
            run.sort_unstable_by(|a, b| key(a).cmp(key(b)).then(a.phrase.cmp(&b.phrase)).then(a.offset.cmp(&b.offset)));
        }
        entries.shrink_to_fit();
        let heads = entries.iter().map(|entry| head(key(entry))).collect();
        let ranks = RangeMin::new(rank(&entries, phrases));
        Self { entries, heads, ranks }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, at: usize) -> Entry {
        self.entries[at]
    }

    pub(super) fn ranks(&self) -> &RangeMin {
        &self.ranks
    }

    /// The key of an entry from where it enters its phrase.
    pub(super) fn key<'a>(&self, phrases: &'a Phrases, at: usize) -> &'a [u8] {
        key_of(phrases, self.entries[at])
    }

    /// Entries whose key begins with `prefix`.
    pub(super) fn beginning_with(&self, phrases: &Phrases, prefix: &[u8]) -> Range<usize> {
        let least = head(prefix);
        let greatest = if prefix.len() >= 8 { least } else { least | (u64::MAX >> (8 * prefix.len())) };
        let start = self.heads.partition_point(|head| *head < least);
        let end = start + self.heads[start..].partition_point(|head| *head <= greatest);
        if prefix.len() <= 8 {
            return start..end;
        }
        let run = &self.entries[start..end];
        let rest = |entry: &Entry| &key_of(phrases, *entry)[8..];
        let first = run.partition_point(|entry| rest(entry) < &prefix[8..]);
        let matching = run[first..].partition_point(|entry| rest(entry).starts_with(&prefix[8..]));
        start + first..start + first + matching
    }

    /// Entries that have `words` and after them no letter of the same word: either nothing or a further word.
    pub(super) fn having_words(&self, phrases: &Phrases, words: &[u8]) -> [Range<usize>; 2] {
        let beginning = self.beginning_with(phrases, words);
        let run = &self.entries[beginning.clone()];
        let equal = run.partition_point(|entry| key_of(phrases, *entry).len() == words.len());
        // A space sorts before every letter, so further words follow at once.
        let further = run[equal..].partition_point(|entry| key_of(phrases, *entry)[words.len()] == b' ');
        let middle = beginning.start + equal;
        [beginning.start..middle, middle..middle + further]
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let entries = self.entries.capacity() * size_of::<Entry>();
        entries + self.heads.capacity() * size_of::<u64>() + self.ranks.heap_bytes()
    }
}

/// What an entry is worth: the phrase's weight, less at a later word.
pub(super) fn worth(phrases: &Phrases, entry: Entry) -> f64 {
    let weight = phrases.weight(entry.phrase as usize);
    if entry.offset == 0 { weight } else { weight * INFIX_FACTOR }
}

/// The rank of each entry: by worth, then the shorter phrase, then the phrase and place in order.
fn rank(entries: &[Entry], phrases: &Phrases) -> Vec<u32> {
    let mut order: Vec<(f64, usize, Entry, u32)> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| (worth(phrases, *entry), phrases.key(entry.phrase as usize).len(), *entry, at as u32))
        .collect();
    order.sort_unstable_by(|a, b| {
        let by_worth = b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        by_worth.then(a.2.phrase.cmp(&b.2.phrase)).then(a.2.offset.cmp(&b.2.offset))
    });
    let mut ranks = vec![0; entries.len()];
    for (rank, (_, _, _, at)) in order.into_iter().enumerate() {
        ranks[at as usize] = rank as u32;
    }
    ranks
}

fn key_of(phrases: &Phrases, entry: Entry) -> &[u8] {
    &phrases.key(entry.phrase as usize).as_bytes()[entry.offset as usize..]
}

/// The first eight bytes as a number that sorts like them. Keys hold no NUL, so padding sorts before every byte.
fn head(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = key.len().min(8);
    bytes[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(bytes)
}
