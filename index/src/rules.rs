//! Rules: what a merchandiser wants of certain searches, such as a product on top of the answers to one query.
//!
//! Owns the model (the JSON of `GET` and `PUT /v1/{catalog}/rules`), its limits (`check`), and which rules apply to a
//! search and what they ask for together (`book`). How that is done to an answer is the business of [`crate::search`];
//! a rule refuses to know which products there are.
//!
//! Invariant: which rules apply is a pure function of rules, settings, request and time, never of the catalog.

mod arrangement;
mod book;
mod check;

use serde::{Deserialize, Serialize};

pub use arrangement::{Arrangement, Factor, Pinned};
pub use book::RuleBook;
pub use check::{
    CONTEXT_BYTES_MAX, CONTEXTS_MAX, FACTOR_MAX, FACTOR_MIN, FACTORS_MAX, HIDDEN_MAX, ID_BYTES_MAX, NOTE_CHARS_MAX,
    PIN_POSITION_MAX, PINS_MAX, REDIRECT_BYTES_MAX, RULES_MAX,
};

/// The rules of a catalog, in the order in which they count: where two say different things, the earlier one wins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rules(pub Vec<Rule>);

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, of no other rule.
    pub id: String,
    /// Which searches it is for; all of them if it says nothing.
    #[serde(default)]
    pub when: When,
    /// What it does.
    pub then: Then,
    /// Not before this date or time (RFC 3339; a date is its midnight in UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Not from this date or time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether it applies at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Conditions on a search; all that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Words to compare the query with; empty is the search without a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// How they are compared.
    #[serde(default, rename = "match", skip_serializing_if = "QueryMatch::is_exact")]
    pub query_match: QueryMatch,
    /// The category that the search is within: the one that its filter asks for, not those below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// One of the `context` that the search states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// How a rule's words are compared with a query. Case, accents, word forms and stop words make no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryMatch {
    /// The query is these words.
    #[default]
    Exact,
    /// It has them somewhere, side by side.
    Contains,
    /// It begins with them.
    StartsWith,
}

impl QueryMatch {
    fn is_exact(&self) -> bool {
        *self == Self::Exact
    }
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    /// Products with their places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pin: Vec<Pin>,
    /// Ids of products that are not found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hide: Vec<String>,
    /// Products that score more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boost: Vec<Boost>,
    /// Products that score less.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bury: Vec<Bury>,
    /// A condition on all that is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Where to send the shopper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
}

/// A product at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The product.
    pub id: String,
    /// Its place in the results, from 1.
    #[serde(default = "first")]
    pub position: usize,
}

/// Products that score more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boost {
    /// Which.
    pub filter: String,
    /// How much their score is multiplied by, above 1.
    #[serde(default = "twice")]
    pub factor: f32,
}

/// Products that score less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bury {
    /// Which.
    pub filter: String,
    /// How much their score is multiplied by, below 1.
    #[serde(default = "half")]
    pub factor: f32,
}

fn yes() -> bool {
    true
}

fn first() -> usize {
    1
}

fn twice() -> f32 {
    2.0
}

fn half() -> f32 {
    0.5
}

#[cfg(test)]
mod tests;
