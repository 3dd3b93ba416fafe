//! The filter grammar: `brand:"Air Max" AND price:10 TO 50 AND NOT tags:refurbished`.
//!
//! Owns text → tree and tree → canonical text. It does not know which fields exist nor how a tree is
//! evaluated; `query` does.
//!
//! ```text
//! or        = and { "OR" and }
//! and       = not { "AND" not }
//! not       = "NOT" not | "(" or ")" | condition
//! condition = field ":" value [ "TO" value ]  |  field ( ":" | ) ( ">=" | ">" | "<" | "<=" | "=" | "!=" ) value
//! field     = quoted | characters other than blanks, quotes, parentheses and : < > = !
//! value     = quoted | characters other than blanks and parentheses
//! quoted    = `"`, in which `\"` is a quote and `\\` a backslash
//! ```
//! Keywords are read in any case; a quoted one is a value. Bounds are numbers, RFC 3339 dates or dates with time, and
//! `*` on either side of `TO` is an open end. A date without time is the whole day, so `TO` and `<=` include it.
//!
//! Invariant: the canonical form of a filter holds for exactly the products that the filter holds for.

mod canonical;
mod parse;
mod text;

/// Longest filter in bytes: as much as common proxies let through in a request line.
pub const FILTER_BYTES_MAX: usize = 8 * 1024;
/// Deepest nesting of parentheses and `NOT`: every level costs stack in each walk over the tree.
pub const FILTER_DEPTH_MAX: usize = 32;
/// Most conditions: each costs a list of matching products to open in every segment.
pub const FILTER_CONDITIONS_MAX: usize = 256;

/// A condition on products.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every operand holds. Never empty.
    And(Vec<Filter>),
    /// Some operand holds. Never empty.
    Or(Vec<Filter>),
    /// The operand does not hold (so also where the field is missing).
    Not(Box<Filter>),
    /// The field has this value among its values.
    Equals {
        /// Field or attribute as written, without `attributes.` resolution.
        field: String,
        /// What it is compared with.
        value: Literal,
    },
    /// The field has a number within the bounds.
    Range {
        /// Field or attribute as written.
        field: String,
        /// Lower bound; dates are seconds since 1970.
        from: std::ops::Bound<f64>,
        /// Upper bound.
        to: std::ops::Bound<f64>,
    },
}

/// A value in a filter. Unquoted `8` and `true` are compared as number or boolean and as text; quoted ones as text only.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// As written, quotes and escapes removed; compared folded.
    pub text: String,
    /// Whether it was quoted.
    pub quoted: bool,
}

/// Why a text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// A sentence for the person who wrote the filter; it ends with the place.
    pub message: String,
    /// The character at which the filter went wrong, from 1.
    pub at: usize,
}

/// Reads a filter.
///
/// # Errors
/// The first place that does not fit the grammar, or a limit that is passed.
///
/// ```
/// let error = storefind_index::filter::parse("brand:").unwrap_err();
/// assert_eq!(error.message, "expected a value after `brand:` at character 7");
/// ```
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    parse::filter(text)
}

impl Filter {
    /// The one form of all filters that differ only in grouping, order, repetition, double negation and spelling.
    ///
    /// Equal canonical forms hold for the same products. A value's letters are left as they are (the index folds
    /// them), and so is the spelling of a number that is also compared as text: `bluetooth:4.0` must find the text
    /// `4.0`, which `bluetooth:4` does not. Only the product's own number fields have no texts; there 8.0 becomes 8.
    #[must_use]
    pub fn canonical(&self) -> Self {
        canonical::filter(self)
    }

    /// The names of the fields in the filter, in the order of writing, with repetitions.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let mut open = vec![self];
        std::iter::from_fn(move || {
            loop {
                match open.pop()? {
                    Self::And(operands) | Self::Or(operands) => open.extend(operands.iter().rev()),
                    Self::Not(operand) => open.push(operand),
                    Self::Equals { field, .. } | Self::Range { field, .. } => return Some(field.as_str()),
                }
            }
        })
    }
}

impl Literal {
    /// The number that it is compared with, besides its text: only unquoted, in JSON's spelling (`007` is text).
    pub fn number(&self) -> Option<f64> {
        if self.quoted {
            return None;
        }
        // Adding zero turns -0 into 0.
        crate::product::json_number(&self.text)?.as_f64().map(|number| number + 0.0)
    }

    /// The boolean that it is compared with, besides its text: only unquoted, in any case.
    pub fn boolean(&self) -> Option<bool> {
        match (self.quoted, &self.text) {
            (false, text) if text.eq_ignore_ascii_case("true") => Some(true),
            (false, text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
