//! Corrected prefixes: what of the index lies within a few edits of what was typed.
//!
//! Owns the edit budget, the walk over the keys and its bound. It ranks nothing.
//!
//! The keys are an `fst`, walked together with one Levenshtein automaton per word. A plain automaton, not a prefix
//! automaton: each node at which the last word's automaton accepts is a corrected prefix of its own, with its exact
//! number of edits, and the subtree below it is a range of the arena. A prefix automaton reports the least number of
//! edits over a whole path, so a subtree would have to be walked to its leaves to rank what is in it.
//!
//! Words are compared one to one. A word's first letter stands, since a slip there is rare and letting it go would
//! open the whole dictionary; a word with a digit is neither corrected nor a correction, since a model number with
//! another digit is another product. An edit inserts, drops, replaces or swaps two neighbouring letters.

use std::sync::LazyLock;

use fst::raw::{Fst, Node};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};

use super::words::has_digit;

/// Most edits of one word, and of all words of a prefix together: with more, what was meant is a guess.
pub(super) const EDITS_MAX: u8 = 2;
/// Most nodes of the key automaton that one completion visits: ten times what the worst of 60,000 mistyped prefixes
/// visited over 150,000 strings, and some half a millisecond.
pub(super) const VISITED_STATES_MAX: usize = 5_000;
/// Longest word that is corrected, in letters: its automaton takes 70 kB per letter.
const WORD_CHARS_MAX: usize = 24;

/// Tables from which the automaton of a word is built, for one and two edits. They depend on nothing and take
/// milliseconds to make.
static AUTOMATA: LazyLock<[LevenshteinAutomatonBuilder; EDITS_MAX as usize]> =
    LazyLock::new(|| [1, 2].map(|edits| LevenshteinAutomatonBuilder::new(edits, true)));

/// Makes the tables now rather than within the first mistyped prefix.
pub(super) fn warm() {
    LazyLock::force(&AUTOMATA);
}

/// Edits allowed in a folded word: none up to 4 letters or with a digit, one up to 8, two above.
pub(super) fn budget(word: &str) -> u8 {
    if has_digit(word) {
        return 0;
    }
    match word.chars().count() {
        0..=4 => 0,
        5..=8 => 1,
        9..=WORD_CHARS_MAX => EDITS_MAX,
        _ => 0,
    }
}

/// Whether the last word of what was typed may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastWord {
    /// It may: `lapt` is the beginning of "laptop".
    Unfinished,
    /// A space follows it.
    Finished,
}

/// A prefix of some key that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Corrected {
    pub(super) prefix: Vec<u8>,
    /// Edits between it and what was typed; never 0.
    pub(super) edits: u8,
}

/// Corrected prefixes, and what it cost to find them.
#[derive(Debug, Default)]
pub(super) struct Corrections {
    pub(super) found: Vec<Corrected>,
    /// Nodes visited.
    pub(super) visited: usize,
}

/// Finds every prefix of a key within `edits_max` edits of `typed`, which is folded, but not `typed` itself. At most
/// `visits_max` nodes are visited; what lies beyond is not found.
pub(super) fn correct(
    keys: &Fst<Vec<u8>>,
    typed: &str,
    last_word: LastWord,
    edits_max: u8,
    visits_max: usize,
) -> Corrections {
    let words: Vec<Word<'_>> = typed.split(' ').map(|word| Word::new(word, edits_max)).collect();
    if words.iter().all(|word| word.automaton.is_none()) {
        return Corrections::default();
    }
    let path = Vec::with_capacity(typed.len() + usize::from(edits_max) * 4);
    let mut walk = Walk { keys, words, last_word, edits_max, visits_max, path, out: Corrections::default() };
    walk.enter(&keys.root(), 0, 0);
    walk.out
}

/// Whether any word of `typed` may have as many edits.
pub(super) fn may_have(typed: &str, edits: u8) -> bool {
    let budgets = typed.split(' ').map(budget);
    budgets.map(u32::from).sum::<u32>() >= u32::from(edits)
}

struct Word<'a> {
    text: &'a str,
    /// Bytes of the first letter.
    first_len: usize,
    /// None where the word stands as it is.
    automaton: Option<DFA>,
}

impl<'a> Word<'a> {
    fn new(text: &'a str, edits_max: u8) -> Self {
        let edits = budget(text).min(edits_max);
        let builder = usize::from(edits).checked_sub(1).and_then(|at| AUTOMATA.get(at));
        let first_len = text.chars().next().map_or(0, char::len_utf8);
        Self { text, first_len, automaton: builder.map(|builder| builder.build_dfa(text)) }
    }
}

/// A depth-first walk. It recurses once per byte of a key, so no deeper than the longest key.
struct Walk<'a> {
    keys: &'a Fst<Vec<u8>>,
    words: Vec<Word<'a>>,
    last_word: LastWord,
    edits_max: u8,
    visits_max: usize,
    /// Bytes from the root to the node at hand.
    path: Vec<u8>,
    out: Corrections,
}

impl<'a> Walk<'a> {
    /// Goes into word `at` from the node where it begins, `spent` edits having been made before.
    fn enter(&mut self, node: &Node<'a>, at: usize, spent: u8) {
        let depth = self.path.len();
        let Word { text, first_len, ref automaton } = self.words[at];
        let initial = automaton.as_ref().filter(|_| spent < self.edits_max).map(DFA::initial_state);
        let fixed = if initial.is_some() { &text[..first_len] } else { text };
        if let Some(node) = self.follow(*node, fixed.as_bytes()) {
            match initial {
                Some(state) => {
                    let state = fixed.bytes().fold(state, |state, byte| self.transition(at, state, byte));
                    self.vary(&node, at, state, spent);
                }
                None => self.leave(&node, at, spent),
            }
        }
        self.path.truncate(depth);
    }

    /// Goes along `bytes` if there is such a way, and adds them to the path.
    fn follow(&mut self, mut node: Node<'a>, bytes: &[u8]) -> Option<Node<'a>> {
        for byte in bytes {
            if !self.visit() {
                return None;
            }
            node = self.keys.node(node.transition_addr(node.find_input(*byte)?));
            self.path.push(*byte);
        }
        Some(node)
    }

    /// Goes on inside word `at` in every way that its automaton allows.
    fn vary(&mut self, node: &Node<'a>, at: usize, state: u32, spent: u8) {
        if !self.visit() {
            return;
        }
        if let Some(edits) = self.edits(at, state)
            && spent + edits <= self.edits_max
        {
            self.leave(node, at, spent + edits);
        }
        for transition in node.transitions() {
            if transition.inp == b' ' || transition.inp.is_ascii_digit() {
                continue;
            }
            let next = self.transition(at, state, transition.inp);
            if next != SINK_STATE {
                self.path.push(transition.inp);
                self.vary(&self.keys.node(transition.addr), at, next, spent);
                self.path.pop();
            }
        }
    }

    /// Takes the path as word `at` in full: goes on to the next word, or has found a prefix.
    fn leave(&mut self, node: &Node<'a>, at: usize, spent: u8) {
        let further = node.find_input(b' ');
        if at + 1 < self.words.len() {
            if let Some(space) = further {
                self.path.push(b' ');
                self.enter(&self.keys.node(node.transition_addr(space)), at + 1, spent);
                self.path.pop();
            }
        } else if spent > 0 && (self.last_word == LastWord::Unfinished || node.is_final() || further.is_some()) {
            self.out.found.push(Corrected { prefix: self.path.clone(), edits: spent });
        }
    }

    /// Counts a visit; false once there have been enough.
    fn visit(&mut self) -> bool {
        let allowed = self.out.visited < self.visits_max;
        self.out.visited += usize::from(allowed);
        allowed
    }

    fn transition(&self, at: usize, state: u32, byte: u8) -> u32 {
        self.words[at].automaton.as_ref().map_or(SINK_STATE, |automaton| automaton.transition(state, byte))
    }

    fn edits(&self, at: usize, state: u32) -> Option<u8> {
        match self.words[at].automaton.as_ref()?.distance(state) {
            Distance::Exact(edits) => Some(edits),
            Distance::AtLeast(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &[&str], typed: &str, last_word: LastWord, expected: &[(&str, u8)]) {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        let keys = Fst::from_iter_set(keys).expect("the keys are in order");
        let found = correct(&keys, typed, last_word, EDITS_MAX, VISITED_STATES_MAX).found;
        let mut found: Vec<_> =
            found.iter().map(|c| (std::str::from_utf8(&c.prefix).expect("UTF-8"), c.edits)).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{typed:?}");
    }

    #[test]
    fn the_budget_grows_with_the_word_and_digits_have_none() {
        for (word, edits) in
            [("", 0), ("case", 0), ("cable", 1), ("notebook", 1), ("bluetooth", 2), ("dv7000abcd", 0), ("größer", 1)]
        {
            assert_eq!(budget(word), edits, "{word:?}");
        }
        assert_eq!(budget(&"x".repeat(1_000)), 0);
    }

    #[test]
    fn each_kind_of_slip_is_one_edit() {
        for typed in ["samsug", "samsuung", "samsumg", "smasung"] {
            check(&["samsung"], typed, LastWord::Finished, &[("samsung", 1)]);
        }
    }

    #[test]
    fn the_first_letter_stands() {
        check(&["samsung"], "tamsung", LastWord::Finished, &[]);
        check(&["samsung"], "asmsung", LastWord::Finished, &[]);
    }

    #[test]
    fn words_with_digits_are_no_corrections() {
        check(&["sams1ng", "samsung"], "samsang", LastWord::Finished, &[("samsung", 1)]);
    }

    #[test]
    fn earlier_words_may_be_mistyped_and_short_ones_stand() {
        let keys = ["samsung galaxy", "samsung tv", "hp galaxy"];
        check(&keys, "samsng galxy", LastWord::Finished, &[("samsung galaxy", 2)]);
        check(&keys, "samsng tv", LastWord::Unfinished, &[("samsung tv", 1)]);
        check(&keys, "samsng tb", LastWord::Unfinished, &[]);
        check(&keys, "ho galaxy", LastWord::Unfinished, &[]);
    }

    #[test]
    fn a_finished_word_is_not_the_beginning_of_another() {
        check(&["notebooks"], "notebok", LastWord::Finished, &[]);
        check(&["notebook", "notebook bag"], "notebok", LastWord::Finished, &[("notebook", 1)]);
    }

    #[test]
    fn no_more_nodes_are_visited_than_allowed() {
        let keys: Vec<String> = (b'a'..=b'z')
            .flat_map(|a| (b'a'..=b'z').map(move |b| format!("s{}{}mplement", char::from(a), char::from(b))))
            .collect();
        let keys = Fst::from_iter_set(keys).expect("the keys are in order");
        for visits_max in [0, 1, 10, 100] {
            let visited = correct(&keys, "supplementx", LastWord::Unfinished, EDITS_MAX, visits_max).visited;
            assert_eq!(visited, visits_max, "the walk would go on without the bound");
        }
    }
}
