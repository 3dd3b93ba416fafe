//! Titles, descriptions and category paths: patterns filled with a product's facts.
//!
//! Owns the choice of patterns and the filling. `{name}` in a pattern is the brand, the model or a fact; a name that
//! is none of these would stay as it is, and a test sees that the tables have none.
//!
//! Invariant: variants of a family have the same patterns, so they differ only where their facts do.

use super::facts::Facts;
use super::family::Family;
use super::kind::Naming;
use super::naming;

/// A title's usual length in bytes, to allocate once.
const TITLE_BYTES: usize = 96;
/// A description's usual length in bytes, to allocate once.
const DESCRIPTION_BYTES: usize = 384;
/// Products whose description ends with a sentence of the department, of a hundred.
const CLOSING_PERCENT: u8 = 60;

/// The words about one product.
#[derive(Debug)]
pub(super) struct Words<'a> {
    family: &'a Family,
    facts: &'a Facts,
    model: String,
    title: &'static str,
    /// Sentences of the kind: which is the first (they follow in a circle), and how many.
    first_sentence: usize,
    n_sentences: usize,
    closing: Option<&'static str>,
}

impl<'a> Words<'a> {
    /// Chooses names and patterns.
    pub(super) fn new(family: &'a Family, facts: &'a Facts) -> Self {
        let mut random = facts.random.clone();
        let kind = family.kind;
        let model = naming::model(family, facts.brand().name, &mut random);
        let title = kind.titles[random.below(kind.titles.len())];
        let closings = family.department.closings;
        let closing = random.chance(CLOSING_PERCENT).then(|| closings[random.below(closings.len())]);
        let n_sentences = 2 + random.below(2);
        let first_sentence = random.below(kind.sentences.len());
        Self { family, facts, model, title, first_sentence, n_sentences, closing }
    }

    /// The model name, where it is one that a maker gives (a style is only a word).
    pub(super) fn model(&self) -> Option<&str> {
        matches!(self.family.kind.naming, Naming::Model | Naming::Generation(_)).then_some(self.model.as_str())
    }

    /// The title.
    pub(super) fn title(&self) -> String {
        let mut out = String::with_capacity(TITLE_BYTES);
        self.fill(&mut out, self.title);
        out
    }

    /// Two to four sentences.
    pub(super) fn description(&self) -> String {
        let mut out = String::with_capacity(DESCRIPTION_BYTES);
        let sentences = self.family.kind.sentences;
        let own = sentences.iter().copied().cycle().skip(self.first_sentence).take(self.n_sentences);
        for sentence in own.chain(self.closing) {
            if !out.is_empty() {
                out.push(' ');
            }
            let start = out.len();
            self.fill(&mut out, sentence);
            // A fact may open the sentence: "over-ear headphones with …". All facts of the tables begin in ASCII.
            if let Some(first) = out.get_mut(start..=start) {
                first.make_ascii_uppercase();
            }
        }
        out
    }

    /// The category path.
    pub(super) fn category(&self) -> String {
        let mut out = String::with_capacity(self.family.kind.path.len());
        self.fill(&mut out, self.family.kind.path);
        out
    }

    fn fill(&self, out: &mut String, pattern: &str) {
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                break;
            };
            match name {
                "brand" => out.push_str(self.facts.brand().name),
                "model" => out.push_str(&self.model),
                _ if self.facts.push_text(out, name) => {}
                _ => {
                    out.push('{');
                    out.push_str(name);
                    out.push('}');
                }
            }
            rest = after;
        }
        out.push_str(rest);
    }
}
