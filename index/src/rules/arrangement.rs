//! What the rules that apply to one search ask for together.

use std::sync::Arc;

use super::Rule;
use crate::filter::Filter;

/// See the module. The default asks for nothing.
#[derive(Debug, Clone, Default)]
pub struct Arrangement {
    /// The rules that are in force for the search, in their order.
    pub applied: Vec<Arc<Rule>>,
    /// Products with their places, by place; none where the search asks for an order of its own.
    pub pins: Vec<Pinned>,
    /// Ids of products that are not found.
    pub hidden: Vec<String>,
    /// What multiplies the score of products.
    pub factors: Vec<Factor>,
    /// Conditions on all that is found.
    pub filters: Vec<Filter>,
    /// Where to send the shopper.
    pub redirect: Option<String>,
    /// When another arrangement may be in force, in milliseconds since 1970.
    pub valid_until: Option<u64>,
}

/// A product at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The product.
    pub id: String,
    /// Its place, from 1.
    pub position: usize,
    /// Id of the rule that wants it.
    pub rule: String,
}

/// What multiplies the score of some products.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Which.
    pub filter: Filter,
    /// By how much.
    pub factor: f32,
    /// Id of the rule that wants it.
    pub rule: String,
}
