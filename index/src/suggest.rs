//! Autocomplete: suggestions for a prefix, in microseconds.

use crate::settings::Language;

/// Where a suggestion comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// What shoppers searched (a later issue fills it).
    Learned,
    /// Words of product names.
    Name,
    /// A brand.
    Brand,
    /// A category.
    Category,
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What the shopper would search, in its best written form.
    pub text: String,
    /// `text` with the typed part marked `<em>`.
    pub highlight: String,
    /// The category in which most of its products lie, if any.
    pub category: Option<String>,
    /// 0–1, relative to the most popular suggestion.
    pub popularity: f32,
    /// Products that it finds.
    pub results: u64,
    /// Where it comes from.
    pub source: Source,
}

/// What to complete.
#[derive(Debug, Clone, Copy)]
pub struct Completion<'a> {
    /// What has been typed.
    pub prefix: &'a str,
    /// Most suggestions.
    pub limit: usize,
    /// Only suggestions with products in this category (a path or any level's name).
    pub category: Option<&'a str>,
    /// Whether mistyped prefixes are corrected.
    pub typos: bool,
}

/// Collects phrases from products and builds a [`SuggestIndex`].
#[derive(Debug)]
pub struct SuggestBuilder {}

impl SuggestBuilder {
    /// An empty builder.
    pub fn new(language: Language) -> Self {
        let _ = language;
        todo!("helper: suggest")
    }

    /// Counts one product's name, brand and categories.
    pub fn add(&mut self, title: &str, brand: Option<&str>, categories: &[String], popularity: Option<f64>) {
        let _ = (title, brand, categories, popularity);
        todo!("helper: suggest")
    }

    /// Adds a phrase learned elsewhere, with its weight and number of results.
    pub fn add_learned(&mut self, text: &str, weight: f64, results: u64) {
        let _ = (text, weight, results);
        todo!("helper: suggest")
    }

    /// Builds the immutable index.
    pub fn build(self) -> SuggestIndex {
        todo!("helper: suggest")
    }
}

/// An immutable set of suggestions.
#[derive(Debug)]
pub struct SuggestIndex {}

impl SuggestIndex {
    /// Nothing to suggest.
    pub fn empty() -> Self {
        todo!("helper: suggest")
    }

    /// Number of suggestions held.
    pub fn len(&self) -> usize {
        todo!("helper: suggest")
    }

    /// Whether there is nothing to suggest.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Best suggestions for a prefix, best first.
    pub fn complete(&self, completion: Completion<'_>) -> Vec<Suggestion> {
        let _ = completion;
        todo!("helper: suggest")
    }
}
