//! The ladder of relaxation: which words a product must have, rung by rung, while too little is found.
//!
//! What may be missing is decided by position and form ([`super::asked`]), never by what the catalog holds; that a rung
//! is climbed at all is a count, and every rung that is evaluated is a variant of its own. Each rung includes those
//! before it: a product with all words has every rung's.

use crate::answer::Relaxation;
use crate::query::plan::QueryPlan;

/// Words that a product must have: so many of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needed {
    /// The words that count, by place, a bit each: queries have at most 16 (`QUERY_WORDS_MAX`).
    among: u32,
    /// How many of them.
    pub(crate) count: usize,
}

impl Needed {
    /// All words of the plan.
    pub(crate) fn all(plan: &QueryPlan) -> Self {
        let words = plan.words.len();
        Self { among: bits(0..words), count: words }
    }

    /// Whether the word counts.
    pub(crate) fn has(self, word: usize) -> bool {
        self.among >> word & 1 == 1
    }

    /// Whether every word that counts must be there.
    pub(crate) fn is_every(self) -> bool {
        self.among.count_ones() as usize == self.count
    }
}

impl Rung {
    /// What is told of it when it added products.
    pub(crate) fn told(&self, plan: &QueryPlan) -> Relaxation {
        let dropped = |at: &usize| !(self.needed.has(*at) && self.needed.is_every());
        let without: Vec<String> =
            (0..plan.words.len()).filter(dropped).map(|at| plan.words[at].typed.clone()).collect();
        let missing_max = plan.words.len() - self.needed.count;
        Relaxation { step: self.name, without, missing_max }
    }
}

fn bits(words: impl Iterator<Item = usize>) -> u32 {
    words.fold(0, |bits, word| bits | 1 << word)
}

/// One rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rung {
    /// Its name, in variants and answers.
    pub(crate) name: &'static str,
    /// What must still be there.
    pub(crate) needed: Needed,
    /// Whether it is climbed only from nothing: better than an empty page, worse than any other.
    pub(crate) only_from_nothing: bool,
}

/// The ladder of a query, from the most that is asked to the least.
///
/// 1. `details`: measures, numbers, colours and variants may be missing.
/// 2. `partial`: of the other words one in three may be missing, at least one.
/// 3. `any`: one word is enough, if nothing was found so far.
pub(crate) fn rungs(plan: &QueryPlan) -> Vec<Rung> {
    let words = plan.words.len();
    if words < 2 {
        return Vec::new();
    }
    let core = bits((0..words).filter(|word| !plan.details.contains(word)));
    let core_words = core.count_ones() as usize;
    let mut rungs = Vec::new();
    if core_words < words {
        let needed = Needed { among: core, count: core_words };
        rungs.push(Rung { name: "details", needed, only_from_nothing: false });
    }
    if core_words > 1 {
        let needed = Needed { among: core, count: words_needed(core_words) };
        rungs.push(Rung { name: "partial", needed, only_from_nothing: false });
    }
    let least = Needed { among: bits(0..words), count: 1 };
    if rungs.last().is_none_or(|last| last.needed != least) {
        rungs.push(Rung { name: "any", needed: least, only_from_nothing: true });
    }
    rungs
}

/// How many of the words a product must have when not all need be there: one in three may miss, at least one.
fn words_needed(words: usize) -> usize {
    words - (words / 3).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analyzer;
    use crate::query::lexicon::Lexicon;
    use crate::query::parse::parse;
    use crate::query::plan::plan;
    use crate::settings::Settings;

    /// Each rung as its name, how many of which words.
    #[track_caller]
    fn check(query: &str, expected: &[(&str, usize, &str)]) {
        let settings = std::sync::Arc::new(Settings::default());
        let lexicon = Lexicon::new(std::sync::Arc::clone(&settings));
        let plan =
            plan(&parse(query, crate::settings::Language::English), &lexicon, &mut Analyzer::new(settings), false);
        let among = |needed: Needed| {
            let words = plan.words.iter().enumerate().filter(|(at, _)| needed.has(*at));
            words.map(|(_, word)| word.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        let rungs = rungs(&plan);
        let told: Vec<(&str, usize, String)> =
            rungs.iter().map(|rung| (rung.name, rung.needed.count, among(rung.needed))).collect();
        let expected: Vec<(&str, usize, String)> =
            expected.iter().map(|&(name, count, words)| (name, count, words.to_owned())).collect();
        assert_eq!(told, expected, "{query}");
    }

    #[test]
    fn details_go_before_words() {
        check("laptop", &[]);
        check("usb battery", &[("partial", 1, "usb battery")]);
        check("ps4 pro", &[("details", 1, "ps4"), ("any", 1, "ps4 pro")]);
        check(
            "hp laptop 17 inch",
            &[("details", 2, "hp laptop"), ("partial", 1, "hp laptop"), ("any", 1, "hp laptop 17in")],
        );
        check(
            "a noise cancelling headset",
            &[("partial", 2, "noise cancelling headset"), ("any", 1, "noise cancelling headset")],
        );
    }
}
