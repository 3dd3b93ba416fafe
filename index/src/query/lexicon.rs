//! Settings, prepared for queries: synonyms by their first word.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::analysis::{Analyzer, Group, TokenKind, fold, groups, tokenize};
use crate::query::generic::{self, Generic, generic};
use crate::query::typo;
use crate::settings::Settings;

/// Most words of a synonym; longer ones are names, not synonyms.
const SYNONYM_WORDS_MAX: usize = 6;

/// What a query needs to know of the settings.
#[derive(Debug)]
pub(crate) struct Lexicon {
    pub(crate) settings: Arc<Settings>,
    /// Stands for all of the settings.
    pub(crate) fingerprint: u64,
    synonyms: FxHashMap<String, Vec<SynonymRule>>,
    /// Single words that have synonyms, folded, each with its term.
    spellings: BTreeMap<String, String>,
}

/// Who types `source` also finds `target`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SynonymRule {
    /// The terms of its words, so that any form of them is meant.
    pub(crate) source: Vec<String>,
    /// Terms that must all match.
    pub(crate) target: Vec<String>,
    /// How much such a match counts.
    pub(crate) weight: f32,
}

impl Lexicon {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let mut analyzer = Analyzer::new(Arc::clone(&settings));
        let mut synonyms: FxHashMap<String, Vec<SynonymRule>> = FxHashMap::default();
        let mut spellings = BTreeMap::new();
        let mut add = |source: &str, target: &str, weight: f32| {
            let spelling = fold::fold(source);
            let (source, target) = (terms(&mut analyzer, &settings, source), terms(&mut analyzer, &settings, target));
            let sensible = 1..=SYNONYM_WORDS_MAX;
            if sensible.contains(&source.len()) && sensible.contains(&target.len()) {
                if let [term] = source.as_slice() {
                    spellings.insert(spelling, term.clone());
                }
                let rules = synonyms.entry(source[0].clone()).or_default();
                rules.push(SynonymRule { source, target, weight: weight.clamp(0.0, 1.0) });
            }
        };
        for synonym in &settings.synonyms {
            match &synonym.from {
                Some(from) => synonym.to.iter().for_each(|to| add(from, to, synonym.weight)),
                None => {
                    for from in &synonym.to {
                        synonym.to.iter().filter(|to| *to != from).for_each(|to| add(from, to, synonym.weight));
                    }
                }
            }
        }
        if settings.generic_synonyms {
            let Generic { same, narrower } = generic(settings.language);
            for group in same {
                for from in *group {
                    group.iter().filter(|to| *to != from).for_each(|to| add(from, to, generic::WEIGHT));
                }
            }
            for (from, to) in narrower {
                to.iter().for_each(|to| add(from, to, generic::WEIGHT));
            }
        }
        let written = serde_json::to_vec(settings.as_ref()).unwrap_or_default();
        Self { fingerprint: xxhash_rust::xxh3::xxh3_64(&written), settings, synonyms, spellings }
    }

    /// Terms that stand for a word which is mistyped and has synonyms, each with that word and the edits: `notebook` for
    /// `labtop`. Whether the catalog has the word itself does not matter, so that what is found hangs on settings alone.
    pub(crate) fn mistyped(&self, word: &str, budget: u8) -> impl Iterator<Item = (&str, u8, &str)> {
        let known = self.spellings.keys().map(String::as_str);
        typo::near_among(word, budget, known).into_iter().flat_map(|(spelling, edits)| {
            let rules = self.spellings.get(spelling).map_or(&[][..], |term| self.rules(term));
            let single = rules.iter().filter(|rule| rule.source.len() == 1);
            single.filter_map(move |rule| match rule.target.as_slice() {
                [target] => Some((spelling, edits, target.as_str())),
                _ => None,
            })
        })
    }

    /// Whether the two texts are forms of the same words, or a rule leads from one to the other.
    pub(crate) fn means_also(&self, from: &str, to: &str) -> bool {
        let mut analyzer = Analyzer::new(Arc::clone(&self.settings));
        let (from, to) = (terms(&mut analyzer, &self.settings, from), terms(&mut analyzer, &self.settings, to));
        let rules = from.first().map_or(&[][..], |first| self.rules(first));
        from == to || rules.iter().any(|rule| rule.source == from && rule.target == to)
    }

    /// Rules whose source begins with the word.
    pub(crate) fn rules(&self, first: &str) -> &[SynonymRule] {
        self.synonyms.get(first).map_or(&[], Vec::as_slice)
    }
}

/// The terms of a text's words.
fn terms(analyzer: &mut Analyzer, settings: &Settings, text: &str) -> Vec<String> {
    groups(tokenize(text, settings.language)).iter().map(|group| match_term(analyzer, group)).collect()
}

/// A group as one folded word.
pub(crate) fn text(group: &Group) -> &str {
    match group {
        Group::Single(token) => &token.text,
        Group::Measure { canonical, .. } => canonical,
    }
}

/// The one term that tells whether a product has the group's word in any form.
pub(crate) fn match_term(analyzer: &mut Analyzer, group: &Group) -> String {
    match group {
        Group::Measure { canonical, .. } => canonical.clone(),
        Group::Single(token) if token.kind == TokenKind::Word => word_term(analyzer, &token.text),
        Group::Single(token) => token.text.clone(),
    }
}

/// The stem's term, or the word itself in a language without stemmer.
pub(crate) fn word_term(analyzer: &mut Analyzer, word: &str) -> String {
    analyzer.stem(word).map_or_else(|| word.to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Synonym;

    #[test]
    fn what_is_meant_already_is_told_by_direction_and_in_every_form() {
        let rule = |from: Option<&str>, to: &[&str]| Synonym {
            from: from.map(String::from),
            to: to.iter().map(|to| (*to).to_owned()).collect(),
            weight: 0.8,
        };
        let synonyms = vec![rule(Some("divan"), &["couch"]), rule(None, &["loo roll", "toilet paper"])];
        let lexicon = Lexicon::new(Arc::new(Settings { synonyms, ..Settings::default() }));
        for (from, to, expected) in [
            ("divan", "couch", true),
            ("Divans", "couches", true),
            ("couch", "divan", false),
            ("toilet paper", "loo rolls", true),
            ("toilet", "loo roll", false),
            ("cities", "city", true),
            ("laptop", "notebook", true),
            ("laptop", "couch", false),
            ("", "couch", false),
        ] {
            assert_eq!(lexicon.means_also(from, to), expected, "{from} → {to}");
        }
    }
}
