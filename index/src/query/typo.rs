//! Corrections: the words of the vocabulary within a word's typo budget, all of them; and the nearest of some names.
//!
//! Which words exist is read from the term dictionaries. A word that only deleted products had may still be there;
//! it matches nothing.

pub(crate) mod near;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy::schema::Field;
use tantivy::{SegmentReader, TantivyError};
use tantivy_fst::Automaton;

use crate::snapshot::Snapshot;
use near::Near;

/// Corrections of one word. A mistyped word is near a handful of others; where a limit cuts this list off, the
/// answer depends on everything.
pub(crate) const CORRECTIONS_MAX: usize = 64;
/// Largest budget for which automata are prepared.
const BUDGET_MAX: u8 = 2;

/// A word of the vocabulary that may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Correction {
    /// The word, or the prefix, of the vocabulary.
    pub(crate) text: String,
    /// Edits: insertions, deletions, replacements, transpositions.
    pub(crate) distance: u8,
    /// Products that have it, deleted ones that are not yet merged away included.
    pub(crate) products: u64,
}

/// Corrections by distance, then text, and whether [`CORRECTIONS_MAX`] cut any off.
pub(crate) fn corrections(
    snapshot: &Snapshot,
    field: Field,
    word: &str,
    budget: u8,
) -> Result<(Vec<Correction>, bool), TantivyError> {
    let Some(first) = word.chars().next() else { return Ok((Vec::new(), false)) };
    if budget == 0 || budget > BUDGET_MAX {
        return Ok((Vec::new(), false));
    }
    // Built by the first segment that has to be walked, if any.
    let dfa = OnceCell::new();
    let mut found: BTreeMap<Box<str>, (u8, u64)> = BTreeMap::new();
    for (segment, columns) in snapshot.searcher().segment_readers().iter().zip(snapshot.columns()) {
        let walk = || {
            let dfa = dfa.get_or_init(|| builder(budget).build_dfa(word));
            near_in(segment, field, &Walk { dfa, first })
        };
        for near in columns.near.get_or_walk((field, budget, word), walk)?.iter() {
            match found.get_mut(&near.text) {
                Some((_, products)) => *products += u64::from(near.products),
                None => drop(found.insert(near.text.clone(), (near.distance, near.products.into()))),
            }
        }
    }
    let mut corrections: Vec<Correction> = found
        .into_iter()
        .map(|(text, (distance, products))| Correction { text: text.into(), distance, products })
        .collect();
    corrections.sort_by(|a, b| (a.distance, &a.text).cmp(&(b.distance, &b.text)));
    let cut = corrections.len() > CORRECTIONS_MAX;
    corrections.truncate(CORRECTIONS_MAX);
    Ok((corrections, cut))
}

/// The words of one segment within reach, but for the word itself.
fn near_in(segment: &SegmentReader, field: Field, walk: &Walk<'_>) -> Result<Vec<Near>, TantivyError> {
    let index = segment.inverted_index(field)?;
    let mut stream = index.terms().search(walk).into_stream()?;
    let mut found = Vec::new();
    while stream.advance() {
        let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
        let Distance::Exact(distance) = walk.dfa.eval(term) else { continue };
        // Numbers and model numbers are no targets.
        if distance > 0 && !term.contains(|c: char| c.is_numeric()) {
            found.push(Near { text: term.into(), distance, products: stream.value().doc_freq });
        }
    }
    Ok(found)
}

/// The first of `known` with the fewest edits from `name`, if those are at most `edits_max`.
pub(crate) fn nearest(name: &str, known: impl IntoIterator<Item = String>, edits_max: u8) -> Option<String> {
    if edits_max == 0 || edits_max > BUDGET_MAX {
        return None;
    }
    let dfa = builder(edits_max).build_dfa(name);
    let near = known.into_iter().filter_map(|candidate| match dfa.eval(&candidate) {
        Distance::Exact(edits) => Some((edits, candidate)),
        Distance::AtLeast(_) => None,
    });
    near.min_by_key(|(edits, _)| *edits).map(|(_, candidate)| candidate)
}

/// The words of `known` within reach, as corrections are: the word itself and words with digits are none, and the first
/// letter is right.
pub(crate) fn near_among<'a>(word: &str, budget: u8, known: impl Iterator<Item = &'a str>) -> Vec<(&'a str, u8)> {
    if budget == 0 || budget > BUDGET_MAX {
        return Vec::new();
    }
    let dfa = builder(budget).build_dfa(word);
    let first = word.chars().next();
    let alike = known.filter(|known| known.chars().next() == first && !known.contains(char::is_numeric));
    let near = alike.filter_map(|known| match dfa.eval(known) {
        Distance::Exact(edits) if edits > 0 => Some((known, edits)),
        Distance::Exact(_) | Distance::AtLeast(_) => None,
    });
    near.collect()
}

/// Preparing an automaton of two edits takes milliseconds, so each is prepared once.
fn builder(budget: u8) -> &'static LevenshteinAutomatonBuilder {
    static BUILDERS: [OnceLock<LevenshteinAutomatonBuilder>; BUDGET_MAX as usize] =
        [const { OnceLock::new() }; BUDGET_MAX as usize];
    BUILDERS[usize::from(budget) - 1].get_or_init(|| LevenshteinAutomatonBuilder::new(budget, true))
}

/// Walks the dictionary along words that are near and begin with the same letter.
struct Walk<'a> {
    dfa: &'a DFA,
    first: char,
}

/// Bytes of the first letter already seen, and the state of the distance.
#[derive(Clone, Copy)]
struct State {
    matched: u8,
    distance: u32,
}

impl Automaton for &Walk<'_> {
    type State = State;

    fn start(&self) -> State {
        State { matched: 0, distance: self.dfa.initial_state() }
    }

    fn is_match(&self, state: &State) -> bool {
        matches!(self.dfa.distance(state.distance), Distance::Exact(_))
    }

    fn can_match(&self, state: &State) -> bool {
        state.distance != SINK_STATE
    }

    fn accept(&self, state: &State, byte: u8) -> State {
        let mut buffer = [0; 4];
        let first = self.first.encode_utf8(&mut buffer).as_bytes();
        let distance = match first.get(usize::from(state.matched)) {
            Some(&expected) if expected != byte => SINK_STATE,
            _ => self.dfa.transition(state.distance, byte),
        };
        State { matched: state.matched.saturating_add(1), distance }
    }
}
