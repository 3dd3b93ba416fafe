//! Highlights: which words of a text made the product match.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::analysis::{Analyzer, TermKind};
use crate::query::depend::WordCorrections;
use crate::query::plan::QueryPlan;
use crate::settings::Settings;

/// Marks matching words in texts.
pub(crate) struct Highlighter {
    analyzer: Analyzer,
    terms: FxHashSet<String>,
    prefixes: Vec<String>,
    pre: String,
    post: String,
}

impl Highlighter {
    pub(crate) fn new(
        settings: &Arc<Settings>,
        plan: &QueryPlan,
        corrections: Option<&[WordCorrections]>,
        (pre, post): (&str, &str),
    ) -> Self {
        let mut terms = FxHashSet::default();
        let mut prefixes = Vec::new();
        for word in &plan.words {
            terms.extend(word.direct.iter().flat_map(|alternative| alternative.terms.iter().cloned()));
            prefixes.extend(word.prefix.clone());
        }
        for phrase in &plan.phrases {
            terms.extend(phrase.terms.iter().map(|(_, term)| term.clone()));
        }
        for word in corrections.unwrap_or_default() {
            terms.extend(word.terms.iter().cloned());
            terms.extend(word.splits.iter().flat_map(|split| [split.left.clone(), split.right.clone()]));
            prefixes.extend(word.prefixes.iter().map(|correction| correction.text.clone()));
        }
        let analyzer = Analyzer::new(Arc::clone(settings));
        Self { analyzer, terms, prefixes, pre: pre.to_owned(), post: post.to_owned() }
    }

    /// The text with its matching words marked; `None` if there are none.
    pub(crate) fn mark(&mut self, text: &str) -> Option<String> {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        let Self { analyzer, terms, prefixes, .. } = self;
        analyzer.terms(text, |term| {
            let whole = matches!(term.kind, TermKind::Exact | TermKind::Joined | TermKind::Measure);
            let matches = terms.contains(term.text)
                || (whole && prefixes.iter().any(|prefix| term.text.starts_with(prefix.as_str())));
            if matches {
                match ranges.last_mut() {
                    Some(last) if term.start < last.1 => last.1 = last.1.max(term.end),
                    _ => ranges.push((term.start, term.end)),
                }
            }
        });
        if ranges.is_empty() {
            return None;
        }
        let mut marked = String::with_capacity(text.len() + ranges.len() * (self.pre.len() + self.post.len()));
        let mut at = 0;
        for (start, end) in ranges {
            marked.push_str(&text[at..start]);
            marked.push_str(&self.pre);
            marked.push_str(&text[start..end]);
            marked.push_str(&self.post);
            at = end;
        }
        marked.push_str(&text[at..]);
        Some(marked)
    }
}
