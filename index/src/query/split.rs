//! Splits: a word read as two written as one.
//!
//! Every seam that form allows is looked for, whether the vocabulary has its halves or not, so that what an answer
//! depends on is a function of the word. Both halves must match: side by side, or anywhere in the title in a language
//! whose compounds may be taken apart; anywhere at all where nothing else is found. Splits are made only for queries that
//! find too little as typed; the others pay nothing for them.

use crate::analysis::Analyzer;
use crate::analysis::compounds::{may_stand_apart, seams};
use crate::analysis::{TokenKind, tokenize};
use crate::query::lexicon::word_term;
use crate::query::plan::WordPlan;
use crate::settings::Language;

/// Two words in place of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    /// Both halves as written, with a space.
    pub(crate) text: String,
    /// The term of the first half.
    pub(crate) left: String,
    /// The term of the second half.
    pub(crate) right: String,
    /// How near to each other the halves must stand.
    pub(crate) reach: Reach,
}

/// How near to each other the halves of a word must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Side by side in a field.
    Beside,
    /// That, or anywhere in the title.
    Title,
    /// Anywhere in the product, as two words that are typed.
    Anywhere,
}

impl Split {
    /// The half that a clause names: a product that matches has both, and of most words the longer is the rarer one, so
    /// that fewer changes touch the answer.
    pub(crate) fn stated(&self) -> &str {
        if self.right.chars().count() > self.left.chars().count() { &self.right } else { &self.left }
    }
}

/// All splits of a word.
pub(crate) fn splits(word: &WordPlan, language: Language, analyzer: &mut Analyzer) -> Vec<Split> {
    let Some(kind) = word.kind else { return Vec::new() };
    let mut splits: Vec<Split> = Vec::new();
    for seam in seams(&word.text, kind, language) {
        let (left, right) = (half_term(seam.stem, language, analyzer), half_term(seam.right, language, analyzer));
        // A linking element is often just what the stemmer takes away.
        if !splits.iter().any(|known| known.left == left && known.right == right) {
            let text = format!("{} {}", seam.left, seam.right);
            let is_loose = may_stand_apart(language) && kind == TokenKind::Word;
            splits.push(Split { text, left, right, reach: if is_loose { Reach::Title } else { Reach::Beside } });
        }
    }
    splits
}

fn half_term(half: &str, language: Language, analyzer: &mut Analyzer) -> String {
    match tokenize(half, language).as_slice() {
        [word] if word.kind == TokenKind::Word => word_term(analyzer, half),
        _ => half.to_owned(),
    }
}
