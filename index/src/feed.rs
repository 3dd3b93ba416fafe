//! Feed mapping: how the fields of a shop's file become product fields (API.md, "Commands").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::product::{Product, ProductError};

/// `[catalogs.NAME.feed]` as written: product field → where it comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedConfig {
    /// Keys are product fields.
    pub fields: BTreeMap<String, FeedSource>,
}

/// One source, or several that make a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FeedSource {
    /// `"name"`, or a pattern `"attr_t_*"`.
    Field(String),
    /// Several fields or patterns.
    Fields(Vec<String>),
    /// `{ field = "price", scale = 0.01 }`.
    Scaled {
        /// Field of the feed.
        field: String,
        /// Decimal factor, kept as text so that 0.01 is exact.
        scale: f64,
    },
}

/// A validated mapping, ready for millions of records.
#[derive(Debug, Clone)]
pub struct FeedMapping {}

impl FeedMapping {
    /// Validates a mapping; every problem at once, each naming its key.
    ///
    /// # Errors
    /// All problems found.
    pub fn new(config: &FeedConfig) -> Result<Self, Vec<String>> {
        let _ = config;
        todo!("helper: feed")
    }

    /// Without `[feed]`: product fields by their names, unknown ones become attributes.
    pub fn identity() -> Self {
        todo!("helper: feed")
    }

    /// Maps one record. Returns the product and how many fields of the record were ignored.
    ///
    /// # Errors
    /// The first field that is missing or wrong, named as in the feed and as in the product.
    pub fn map(&self, record: Map<String, Value>) -> Result<(Product, usize), ProductError> {
        let _ = record;
        todo!("helper: feed")
    }
}
