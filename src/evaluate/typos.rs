//! Typing errors, generated: whether a query keeps its best product, and whether any number becomes another.
//!
//! Each query of a set is typed with one and with two errors in a word ([`mistype()`]), as fingers do on a
//! keyboard, and the first page should still hold the product that came first for the query as it was meant. Words of
//! four letters are among them, which a search engine has good reasons to leave alone: the figures are told by length.
//!
//! **Numbers are sacred.** Who types a model number, a year or a size wrongly means another product, and must not be
//! shown this one as if it were. A *false correction* is an answer that says it corrected a word with a digit, or that
//! answers a model number, typed with one wrong digit, with the product that has the right one. There must be none. An
//! answer that shows such a product among others, and tells that it has not all of the words (`relaxed`), misleads
//! nobody; those are counted apart.
//!
//! Invariant: the errors follow from the set, the keyboard and the seed alone.

mod keyboard;
mod mistype;
mod models;
mod text;

use serde::Serialize;

pub use keyboard::Keyboard;
pub use mistype::{Mistyped, misnumber, mistype};

use super::metrics::DEPTH;
use super::queries::Query;
use super::{Answer, EvaluateError, SearchError, search_failed};
use models::Models;

/// Most model numbers that are typed wrongly: enough to find what goes wrong in one of a hundred.
const MODELS_MAX: usize = 300;
/// Most lost queries and false corrections that are listed.
const LISTED_MAX: usize = 20;
/// Lengths of the mistyped word that are told apart, by the longest: no correction is expected of the first, one edit
/// of the second.
const LENGTHS: [(usize, &str); 3] = [(4, "4"), (8, "5–8"), (usize::MAX, "9 and more")];

/// How queries with errors fared, by edits and by the length of the mistyped word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Edits in one word.
    pub edits: usize,
    /// Letters of the word as it was meant.
    pub letters: &'static str,
    /// Queries typed.
    pub n_queries: usize,
    /// Those whose first page has the best product.
    pub n_kept: usize,
    /// Those that found nothing.
    pub n_empty: usize,
}

/// A query that lost its best product.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lost {
    /// As it was meant.
    pub meant: String,
    /// As it was typed.
    pub typed: String,
    /// As it was corrected, if it was.
    pub corrected: Option<String>,
    /// The title of the product, or its id.
    pub product: String,
}

/// A number that was answered as if it were another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FalseCorrection {
    /// As it was typed.
    pub typed: String,
    /// What it was taken for.
    pub taken_for: String,
}

/// The measure, done. `Display` prints it as aligned text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What the errors were drawn from.
    pub seed: u64,
    /// By edits, then by length.
    pub rows: Vec<Row>,
    /// Some of the queries that lost their best product.
    pub lost: Vec<Lost>,
    /// Queries with digits, and model numbers with a wrong one, that were asked.
    pub n_numbers: usize,
    /// Those answered as if they were another, in all.
    pub n_false: usize,
    /// Model numbers with a wrong digit answered by parts of them, the right one's product included, and told so.
    pub n_partial: usize,
    /// Some of the false corrections.
    pub false_corrections: Vec<FalseCorrection>,
}

impl Row {
    /// The share of queries that kept their best product; 0 of none.
    pub fn share(&self) -> f64 {
        self.n_kept as f64 / self.n_queries.max(1) as f64
    }
}

impl Report {
    /// All lengths together.
    pub fn of_edits(&self, edits: usize) -> Row {
        let mut sum = Row { edits, letters: "all", n_queries: 0, n_kept: 0, n_empty: 0 };
        for row in self.rows.iter().filter(|row| row.edits == edits) {
            sum.n_queries += row.n_queries;
            sum.n_kept += row.n_kept;
            sum.n_empty += row.n_empty;
        }
        sum
    }
}

/// Types every query that finds something with one and two errors, and the model numbers found on the way with one.
///
/// # Errors
/// The first search that fails.
pub fn run<E: Into<SearchError>>(
    queries: &[Query],
    keyboard: Keyboard,
    seed: u64,
    mut search: impl FnMut(&str, usize) -> Result<Answer, E>,
) -> Result<Report, EvaluateError> {
    let mut ask = |query: &str| search(query, DEPTH).map_err(search_failed(query));
    let rows = [1, 2].into_iter().flat_map(|edits| LENGTHS.map(|(_, letters)| empty_row(edits, letters)));
    let mut report = Report {
        seed,
        rows: rows.collect(),
        lost: Vec::new(),
        n_numbers: 0,
        n_false: 0,
        n_partial: 0,
        false_corrections: Vec::new(),
    };
    let mut known = Models::default();
    for query in queries {
        let meant = ask(&query.text)?;
        report.count_number(&query.text, &meant);
        known.add(&meant.found);
        let Some(best) = meant.found.first() else { continue };
        for edits in [1, 2] {
            let Some(mistyped) = mistype(&query.text, edits, keyboard, seed) else { continue };
            let answer = ask(&mistyped.query)?;
            report.count_number(&mistyped.query, &answer);
            let kept = answer.found.iter().any(|found| found.id == best.id);
            report.count(edits, &mistyped.word, kept, answer.found.is_empty());
            if !kept && report.lost.len() < LISTED_MAX {
                let product = best.title.clone().unwrap_or_else(|| best.id.clone());
                let (typed, corrected) = (mistyped.query, answer.corrected);
                report.lost.push(Lost { meant: query.text.clone(), typed, corrected, product });
            }
        }
    }
    for model in known.numbers(MODELS_MAX) {
        // As it is, and with a wrong digit.
        let answer = ask(model)?;
        report.count_number(model, &answer);
        let Some(typed) = misnumber(model, keyboard, seed).filter(|typed| !known.has(typed)) else { continue };
        let answer = ask(&typed)?;
        if report.count_number(&typed, &answer) && models::answered_as(model, &typed, &answer.found) {
            match answer.relaxed {
                true => report.n_partial += 1,
                false => report.note_false(&typed, model),
            }
        }
    }
    Ok(report)
}

fn empty_row(edits: usize, letters: &'static str) -> Row {
    Row { edits, letters, n_queries: 0, n_kept: 0, n_empty: 0 }
}

impl Report {
    fn count(&mut self, edits: usize, word: &str, kept: bool, empty: bool) {
        let length = word.chars().count();
        let letters = LENGTHS.iter().find(|(longest, _)| length <= *longest).map(|(_, letters)| *letters);
        if let Some(row) = self.rows.iter_mut().find(|row| row.edits == edits && Some(row.letters) == letters) {
            row.n_queries += 1;
            row.n_kept += usize::from(kept);
            row.n_empty += usize::from(empty);
        }
    }

    /// Counts a query with digits, and whether it says that it corrected one of them; `true` if it does not.
    fn count_number(&mut self, typed: &str, answer: &Answer) -> bool {
        let numbers = models::words_with_digits(typed);
        if numbers.is_empty() {
            return true;
        }
        self.n_numbers += 1;
        match answer.corrected.as_deref().filter(|corrected| models::words_with_digits(corrected) != numbers) {
            None => true,
            Some(corrected) => {
                self.note_false(typed, corrected);
                false
            }
        }
    }

    fn note_false(&mut self, typed: &str, taken_for: &str) {
        self.n_false += 1;
        if self.false_corrections.len() < LISTED_MAX {
            let (typed, taken_for) = (typed.to_owned(), taken_for.to_owned());
            self.false_corrections.push(FalseCorrection { typed, taken_for });
        }
    }
}

#[cfg(test)]
mod tests;
