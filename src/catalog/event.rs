//! Events: what the log keeps, and how they are written as bytes.
//!
//! Owns the kinds of event and their versioned encoding. It does not know sequences (the log gives them) nor what an
//! event does to a projection. A patch is no event: the log resolves it to a full upsert, so that one event alone
//! tells the whole state of its product.
//!
//! Invariant: what [`Event::encode`] wrote, every later program reads; bytes that it did not write are an error that
//! says why, never a panic.

use serde_json::{Map, Value};
use storefind_index::live::LiveFields;
use storefind_index::product::{Product, ProductError};
use storefind_index::settings::Settings;

/// First byte of every event that this program writes.
pub const EVENT_FORMAT: u8 = 1;

/// One change of a catalog, whole.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The product is now this.
    Upsert {
        /// Its whole state.
        product: Box<Product>,
    },
    /// The product's live fields are now these; its content is as before.
    Live {
        /// Its id.
        id: String,
        /// All of them.
        fields: LiveFields,
    },
    /// The log was opened for writing; what follows belongs to this history.
    Start {
        /// A random number.
        id: u64,
    },
    /// The product is gone.
    Delete {
        /// Its id.
        id: String,
    },
    /// The settings are now these.
    Settings {
        /// All of them.
        settings: Box<Settings>,
    },
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
    #[error("the id of a deleted product is not UTF-8")]
    Id,
    /// The body is not the JSON that the kind asks for.
    #[error("the event's JSON is wrong: {0}")]
    Json(String),
    /// The body is JSON, but no product.
    #[error("the event's product is wrong: {0}")]
    Product(#[from] ProductError),
}

const KIND_UPSERT: u8 = b'u';
const KIND_DELETE: u8 = b'd';
const KIND_SETTINGS: u8 = b's';

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
            Self::Settings { settings } => encode_settings(settings),
            Self::Live { .. } | Self::Start { .. } => Err(EventError::Kind(0)),
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
                let object: Map<String, Value> = serde_json::from_slice(body).map_err(json_error)?;
                Ok(Self::Upsert { product: Box::new(Product::from_json(object)?) })
            }
            KIND_DELETE => {
                let id = std::str::from_utf8(body).map_err(|_| EventError::Id)?;
                Ok(Self::Delete { id: id.to_owned() })
            }
            KIND_SETTINGS => {
                let settings = serde_json::from_slice(body).map_err(json_error)?;
                Ok(Self::Settings { settings: Box::new(settings) })
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
    serde_json::to_writer(&mut bytes, &product.to_json()).map_err(json_error)?;
    Ok(bytes)
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

fn header(kind: u8) -> Vec<u8> {
    vec![EVENT_FORMAT, kind]
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn json_error(error: serde_json::Error) -> EventError {
    EventError::Json(error.to_string())
}

#[cfg(test)]
mod tests;
