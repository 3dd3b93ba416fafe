//! The product: what a shop tells Storefind about one thing that it sells.
//!
//! Owns the shape, its reading from JSON with an error that names the culprit, and its writing back.
//! It does not know feeds (`feed` maps those to products) nor how a product is indexed (`document`).
//!
//! Invariant: a `Product` that exists is valid, so nothing behind this module checks it again.

mod field;
mod naming;
mod number;
mod patch;
mod read;
mod released;
mod write;

use serde_json::{Map, Value};

use crate::live::LiveFields;

pub use field::{ATTRIBUTES, FIELD_NAMES};
pub(crate) use field::{Field, Kind};
pub use naming::Naming;
pub(crate) use number::decimal_number;
pub use number::json_number;
pub(crate) use number::shown_number;
pub use patch::apply_patch;
pub use read::normalised_category;
pub(crate) use read::{
    Reading, attribute, product as read_in, push_attribute, readable_id, require_identity, set, shown,
};
pub(crate) use released::day_of;
pub use released::released_seconds;

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

/// Deepest category path: public taxonomies end at 8 levels. Every level is a value of its own with the whole path
/// above it, so the cost of a path is the square of its depth.
pub const CATEGORY_LEVELS_MAX: usize = 32;

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
        LiveFields::of(self).resolve().in_stock
    }

    /// Reads a product from a JSON object whose keys are product fields; unknown keys become attributes, and
    /// `attributes.NAME` at the top level is the attribute NAME. `null`, blank text and empty lists are absent.
    /// Text fields take whole numbers too, as `id` does; number fields take numbers only.
    ///
    /// # Errors
    /// The first field that is missing or has a wrong type or size.
    pub fn from_json(object: Map<String, Value>) -> Result<Self, ProductError> {
        read::product(object, Reading::Strict)
    }

    /// The product as the JSON object that [`Product::from_json`] reads: given fields only, `id` first.
    pub fn to_json(&self) -> Map<String, Value> {
        write::product(self)
    }
}

impl ProductError {
    /// A field's text, number or list that cannot be taken.
    pub(crate) fn invalid(field: &str, path: &str, detail: &str) -> Self {
        Self { code: format!("invalid_{field}"), message: format!("`{path}`: {detail}"), id: None }
    }

    /// A required field that is not there, or blank.
    pub(crate) fn missing(field: &str) -> Self {
        Self { code: format!("missing_{field}"), message: format!("`{field}` is missing"), id: None }
    }

    /// Says which product was meant.
    pub(crate) fn of(self, id: Option<String>) -> Self {
        Self { id: self.id.or(id), ..self }
    }
}

#[cfg(test)]
mod tests;
