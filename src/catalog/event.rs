//! Events: what the log keeps, and how they are written as bytes.
//!
//! Owns the kinds of event and their versioned encoding. It does not know sequences (the log gives them) nor what an
//! event does to a projection. A patch is no event: the log resolves it to an upsert or a live event, so that one
//! upsert tells the whole state of its product, and one live event all live fields.
//!
//! | kind | body |
//! | --- | --- |
//! | `u` upsert | live fields (17 bytes), then the other fields as JSON |
//! | `l` live | live fields (17 bytes), then the id |
//! | `d` delete | the id |
//! | `s` settings | JSON |
//! | `r` rules | JSON: when they were put, what is to be told of those before them, and the rules |
//! | `o` start | the id of the history, 8 bytes |
//!
//! Live fields are a byte of flags, the price's bits and the stock. They stand apart from the JSON so that the log
//! sees with one comparison of bytes that an upsert changes nothing else.
//!
//! Invariant: what [`Event::encode`] wrote, every later program reads; bytes that it did not write are an error that
//! says why, never a panic.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storefind_index::live::LiveFields;
use storefind_index::product::{Product, ProductError};
use storefind_index::rules::Rules;
use storefind_index::settings::Settings;

/// First byte of every event that this program writes.
pub const EVENT_FORMAT: u8 = 2;

/// Length of live fields as bytes.
pub const LIVE_BYTES: usize = 17;

/// One change of a catalog, whole.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The product is now this.
    Upsert {
        /// Its whole state.
        product: Box<Product>,
    },
    /// The product is gone.
    Delete {
        /// Its id.
        id: String,
    },
    /// The product's live fields are now these; everything else is as it was.
    Live {
        /// Its id.
        id: String,
        /// All of them, those that did not change, too.
        fields: LiveFields,
    },
    /// The settings are now these.
    Settings {
        /// All of them.
        settings: Box<Settings>,
    },
    /// The rules are now these.
    Rules {
        /// All of them.
        rules: Box<PutRules>,
    },
    /// A process opened the log to write. Two logs that once were copies of each other differ from their next start on.
    Start {
        /// Random.
        id: u64,
    },
}

/// Rules with their history. Apart from the settings, so that who changes one cannot undo a change of the other; and the
/// former ones stay in the log as long as a later event names them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PutRules {
    /// When they were put, in milliseconds since 1970; for people.
    pub put_at: u64,
    /// The rules before them that can be had back, oldest first.
    pub former: Vec<FormerRules>,
    /// The rules.
    pub rules: Rules,
}

/// What is told of rules that were put before, without reading them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerRules {
    /// Sequence of the change that put them.
    pub version: u64,
    /// When, in milliseconds since 1970.
    pub put_at: u64,
    /// How many they are.
    pub rules: usize,
}

/// Why bytes are not an event, or an event cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Fewer bytes than the two that every event has.
    #[error("an event of {0} bytes is too short")]
    Short(usize),
    /// Written by another program version.
    #[error("event format {0} is unknown, this program reads {EVENT_FORMAT}")]
    Format(u8),
    /// A kind that this program does not know.
    #[error("event kind {0} is unknown")]
    Kind(u8),
    /// An id that is not UTF-8.
    #[error("the id of a product is not UTF-8")]
    Id,
    /// Live fields that are cut short or of an unknown kind.
    #[error("the event's live fields are wrong")]
    Live,
    /// A start without its number.
    #[error("the start's id is not a number")]
    Start,
    /// The body is not the JSON that the kind asks for.
    #[error("the event's JSON is wrong: {0}")]
    Json(String),
    /// The body is JSON, but no product.
    #[error("the event's product is wrong: {0}")]
    Product(#[from] ProductError),
}

const KIND_UPSERT: u8 = b'u';
const KIND_DELETE: u8 = b'd';
const KIND_LIVE: u8 = b'l';
const KIND_SETTINGS: u8 = b's';
const KIND_RULES: u8 = b'r';
const KIND_START: u8 = b'o';

const HAS_PRICE: u8 = 1;
const HAS_STOCK: u8 = 2;
const HAS_IN_STOCK: u8 = 4;
const IS_IN_STOCK: u8 = 8;

/// Names of the live fields in a product's JSON.
const LIVE_FIELDS: [&str; 3] = ["price", "stock", "in_stock"];

impl Event {
    /// The event as bytes: format, kind, body. Equal events give equal bytes, which is how the log sees that an
    /// upsert changes nothing.
    ///
    /// # Errors
    /// [`EventError::Json`] for a value that JSON cannot hold.
    pub fn encode(&self) -> Result<Vec<u8>, EventError> {
        match self {
            Self::Upsert { product } => encode_upsert(product),
            Self::Delete { id } => Ok(encode_delete(id)),
            Self::Live { id, fields } => Ok(encode_live(id, *fields)),
            Self::Settings { settings } => encode_settings(settings),
            Self::Rules { rules } => encode_rules(rules),
            Self::Start { id } => Ok(encode_start(*id)),
        }
    }

    /// Reads what [`Event::encode`] wrote.
    ///
    /// # Errors
    /// Any of [`EventError`]; it never panics, whatever the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, EventError> {
        let [format, kind, body @ ..] = bytes else { return Err(EventError::Short(bytes.len())) };
        if *format != EVENT_FORMAT {
            return Err(EventError::Format(*format));
        }
        match *kind {
            KIND_UPSERT => {
                let (fields, body) = decode_live_fields(body).ok_or(EventError::Live)?;
                let object: Map<String, Value> = serde_json::from_slice(body).map_err(json_error)?;
                let mut product = Box::new(Product::from_json(object)?);
                fields.fill(&mut product);
                Ok(Self::Upsert { product })
            }
            KIND_DELETE => {
                let id = std::str::from_utf8(body).map_err(|_| EventError::Id)?;
                Ok(Self::Delete { id: id.to_owned() })
            }
            KIND_LIVE => {
                let (fields, id) = decode_live_fields(body).ok_or(EventError::Live)?;
                let id = std::str::from_utf8(id).map_err(|_| EventError::Id)?;
                Ok(Self::Live { id: id.to_owned(), fields })
            }
            KIND_START => {
                let id = body.try_into().map_err(|_| EventError::Start)?;
                Ok(Self::Start { id: u64::from_be_bytes(id) })
            }
            KIND_SETTINGS => {
                let settings = serde_json::from_slice(body).map_err(json_error)?;
                Ok(Self::Settings { settings: Box::new(settings) })
            }
            KIND_RULES => {
                let rules = serde_json::from_slice(body).map_err(json_error)?;
                Ok(Self::Rules { rules: Box::new(rules) })
            }
            other => Err(EventError::Kind(other)),
        }
    }
}

/// [`Event::Upsert`] as bytes, without owning the product.
///
/// # Errors
/// As [`Event::encode`].
pub fn encode_upsert(product: &Product) -> Result<Vec<u8>, EventError> {
    let mut bytes = header(KIND_UPSERT);
    bytes.extend_from_slice(&encode_live_fields(LiveFields::of(product)));
    let mut object = product.to_json();
    for field in LIVE_FIELDS {
        object.shift_remove(field);
    }
    serde_json::to_writer(&mut bytes, &object).map_err(json_error)?;
    Ok(bytes)
}

/// The part of an encoded upsert that is not live: equal parts, equal content.
pub fn content_of(upsert: &[u8]) -> &[u8] {
    upsert.get(2 + LIVE_BYTES..).unwrap_or_default()
}

/// [`Event::Live`] as bytes.
pub fn encode_live(id: &str, fields: LiveFields) -> Vec<u8> {
    let mut bytes = header(KIND_LIVE);
    bytes.extend_from_slice(&encode_live_fields(fields));
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

/// [`Event::Start`] as bytes.
pub fn encode_start(id: u64) -> Vec<u8> {
    let mut bytes = header(KIND_START);
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes
}

/// Live fields as bytes: flags, price, stock; what is absent is zero.
pub fn encode_live_fields(fields: LiveFields) -> [u8; LIVE_BYTES] {
    let flag = |condition: bool, flag: u8| if condition { flag } else { 0 };
    let mut bytes = [0; LIVE_BYTES];
    bytes[0] = flag(fields.price.is_some(), HAS_PRICE)
        | flag(fields.stock.is_some(), HAS_STOCK)
        | flag(fields.in_stock.is_some(), HAS_IN_STOCK)
        | flag(fields.in_stock == Some(true), IS_IN_STOCK);
    bytes[1..9].copy_from_slice(&fields.price.unwrap_or_default().to_be_bytes());
    bytes[9..].copy_from_slice(&fields.stock.unwrap_or_default().to_be_bytes());
    bytes
}

/// Reads what [`encode_live_fields`] wrote, and returns what is behind it; `None` if it is no such thing.
pub fn decode_live_fields(bytes: &[u8]) -> Option<(LiveFields, &[u8])> {
    let (&flags, rest) = bytes.split_first()?;
    let (price, rest) = rest.split_first_chunk()?;
    let (stock, rest) = rest.split_first_chunk()?;
    let price = f64::from_be_bytes(*price);
    if flags & !(HAS_PRICE | HAS_STOCK | HAS_IN_STOCK | IS_IN_STOCK) != 0 || !price.is_finite() {
        return None;
    }
    let has = |flag| flags & flag != 0;
    let fields = LiveFields {
        price: has(HAS_PRICE).then_some(price),
        stock: has(HAS_STOCK).then_some(i64::from_be_bytes(*stock)),
        in_stock: has(HAS_IN_STOCK).then_some(has(IS_IN_STOCK)),
    };
    Some((fields, rest))
}

/// [`Event::Delete`] as bytes.
pub fn encode_delete(id: &str) -> Vec<u8> {
    let mut bytes = header(KIND_DELETE);
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

/// [`Event::Settings`] as bytes, without owning the settings.
///
/// # Errors
/// As [`Event::encode`].
pub fn encode_settings(settings: &Settings) -> Result<Vec<u8>, EventError> {
    let mut bytes = header(KIND_SETTINGS);
    serde_json::to_writer(&mut bytes, settings).map_err(json_error)?;
    Ok(bytes)
}

/// [`Event::Rules`] as bytes, without owning the rules.
///
/// # Errors
/// As [`Event::encode`].
pub fn encode_rules(rules: &PutRules) -> Result<Vec<u8>, EventError> {
    let mut bytes = header(KIND_RULES);
    serde_json::to_writer(&mut bytes, rules).map_err(json_error)?;
    Ok(bytes)
}

fn header(kind: u8) -> Vec<u8> {
    vec![EVENT_FORMAT, kind]
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn json_error(error: serde_json::Error) -> EventError {
    EventError::Json(error.to_string())
}

#[cfg(test)]
mod tests;
