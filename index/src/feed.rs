//! Feed mapping: how the fields of a shop's file become product fields (API.md, "Commands").
//!
//! Owns `[catalogs.NAME.feed]` and its application to records. It reads no files (the server's `catalog::feeds` does)
//! and checks no values (`product` does); it only says which field of the feed a refused value came from.
//!
//! Invariant: a `FeedMapping` is valid, and mapping a record depends on nothing but the record.

mod decimal;
mod mapping;
mod problems;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::product::{Product, ProductError};
use mapping::Mapping;

/// `[catalogs.NAME.feed]` as written: product field → where it comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedConfig {
    /// Keys are product fields, `attributes`, or `attributes.NAME` for one attribute by name.
    pub fields: BTreeMap<String, FeedSource>,
}

/// One source, or several that make a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a field's name, a list of names, or { field = \"…\", scale = … }")]
pub enum FeedSource {
    /// `"name"`, or a pattern `"attr_t_*"`.
    Field(String),
    /// Several fields or patterns.
    Fields(Vec<String>),
    /// `{ field = "price", scale = 0.01 }`.
    Scaled {
        /// Field of the feed.
        field: String,
        /// Factor, taken as the shortest decimal that it is written as: 0.01 is exactly one hundredth.
        scale: f64,
    },
}

/// A validated mapping, ready for millions of records.
#[derive(Debug, Clone)]
pub struct FeedMapping {
    mapping: Mapping,
}

/// How a reader without types (CSV) should take the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// One text, as it stands: `12E4` is an article number there and `A | B` a title.
    Text,
    /// A list of texts.
    TextList,
    /// Whatever the value looks like, or a list of that.
    Typed,
}

impl FeedMapping {
    /// Validates a mapping; every problem at once, each naming its key and value.
    ///
    /// # Errors
    /// All problems found.
    pub fn new(config: &FeedConfig) -> Result<Self, Vec<String>> {
        let problems = problems::find(config);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self { mapping: Mapping::named(config) })
    }

    /// Without `[feed]`: product fields by their names, unknown ones become attributes.
    pub fn identity() -> Self {
        Self { mapping: Mapping::Identity }
    }

    /// Maps one record. Returns the product and how many fields of the record were ignored. Numbers and booleans may
    /// be given as text, where the product has a number or a boolean.
    ///
    /// # Errors
    /// The first field that is missing or wrong, named as in the feed and as in the product.
    pub fn map(&self, record: Map<String, Value>) -> Result<(Product, usize), ProductError> {
        self.mapping.map(record)
    }

    /// How values of the feed's field `name` are taken where the file has no types.
    pub fn column(&self, name: &str) -> Column {
        self.mapping.column(name)
    }
}

#[cfg(test)]
mod tests;
