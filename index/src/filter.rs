//! The filter grammar: `brand:"Air Max" AND price:10 TO 50 AND NOT tags:refurbished`.
//!
//! Owns text → tree and tree → canonical text. It does not know which fields exist nor how a tree is
//! evaluated; `query` does.

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
