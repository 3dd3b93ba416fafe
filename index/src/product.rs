//! The product: what a shop tells Storefind about one thing that it sells.
//!
//! Owns the shape, its reading from JSON with an error that names the culprit, and its writing back.
//! It does not know feeds (`feed` maps those to products) nor how a product is indexed (`document`).
//!
//! Invariant: a `Product` that exists is valid, so nothing behind this module checks it again.

use serde_json::{Map, Value};

/// Longest id in bytes: ids are keys of the log, of the index and of URLs.
pub const ID_BYTES_MAX: usize = 512;
/// Most attributes of one product: icecat's richest product has a few hundred.
pub const ATTRIBUTES_MAX: usize = 2_000;
/// Most values in any one list of a product.
pub const LIST_VALUES_MAX: usize = 1_000;
/// Longest attribute name in bytes: names are a prefix of every term of the attribute.
pub const ATTRIBUTE_NAME_BYTES_MAX: usize = 256;
/// Longest text in bytes of one field: a description of 300 pages; more is a mistake in the feed.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// One product, valid by construction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Product {
    /// Identity within the catalog; never empty.
    pub id: String,
    /// The name that a shopper sees; never empty.
    pub title: String,
    /// Free text.
    pub description: Option<String>,
    /// Maker or label.
    pub brand: Option<String>,
    /// Category paths, levels separated by ` > `.
    pub categories: Vec<String>,
    /// The shop's or maker's article number; searched like a model number.
    pub sku: Option<String>,
    /// EAN, GTIN, ISBN and the like.
    pub identifiers: Vec<String>,
    /// In the catalog's one currency.
    pub price: Option<f64>,
    /// Units that can be sold now.
    pub stock: Option<i64>,
    /// As given; [`Product::is_in_stock`] resolves it.
    pub in_stock: Option<bool>,
    /// Higher is more popular; any scale.
    pub popularity: Option<f64>,
    /// Mean rating of buyers.
    pub rating: Option<f64>,
    /// URL of a picture.
    pub image: Option<String>,
    /// URL of the product's page.
    pub url: Option<String>,
    /// RFC 3339 date or date and time, as given.
    pub released: Option<String>,
    /// Variants of one product share it.
    pub group: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Everything else, by name, in the order given.
    pub attributes: Vec<(String, Attribute)>,
}

/// The value of an attribute: one scalar, or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// A single value.
    One(Scalar),
    /// Several values, in the order given.
    Many(Vec<Scalar>),
}

/// A value with its type; types are kept from feed to answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Text as given.
    Text(String),
    /// A finite number.
    Number(f64),
    /// True or false.
    Bool(bool),
}

/// Why a JSON value is not a product. `code` is stable, the message names field and value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProductError {
    /// `missing_id`, `invalid_price`, …: `missing_` or `invalid_` and the field.
    pub code: String,
    /// A sentence for the person who made the feed.
    pub message: String,
    /// The product's id where it could be read.
    pub id: Option<String>,
}

impl Attribute {
    /// The values, one or many.
    pub fn values(&self) -> &[Scalar] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl Product {
    /// Whether it can be bought: `in_stock` unless `stock` is given (then `stock > 0`); true when neither is.
    pub fn is_in_stock(&self) -> bool {
        match (self.stock, self.in_stock) {
            (Some(stock), _) => stock > 0,
            (None, Some(flag)) => flag,
            (None, None) => true,
        }
    }

    /// Reads a product from a JSON object whose keys are product fields; unknown keys become attributes.
    ///
    /// # Errors
    /// The first field that is missing or has a wrong type or size.
    pub fn from_json(object: Map<String, Value>) -> Result<Self, ProductError> {
        let _ = object;
        todo!("helper: feed")
    }

    /// The product as the JSON object that [`Product::from_json`] reads: given fields only, `id` first.
    pub fn to_json(&self) -> Map<String, Value> {
        todo!("helper: feed")
    }
}

/// Seconds since 1970 of an RFC 3339 date or date and time.
pub fn released_seconds(_text: &str) -> Option<f64> {
    None
}
