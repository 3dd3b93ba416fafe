//! The stored form of a product: id and the JSON text that answers show, without the live fields.

use serde_json::{Map, Value};
use tantivy::schema::document::{
    DeserializeError, DocumentDeserialize, DocumentDeserializer, ValueDeserialize, ValueDeserializer,
};

use crate::error::IndexError;
use crate::product::{Naming, Product};

/// Fields that change by the second and are filled in when an answer is assembled.
pub(crate) const LIVE_FIELDS: [&str; 3] = ["price", "stock", "in_stock"];

/// Encodes a product as text: length of the id in bytes, colon, id, JSON object. Text, because tantivy reads bytes
/// back one by one.
pub(crate) fn encode(product: &Product) -> String {
    let mut object = product.to_json();
    object.shift_remove("id");
    for field in LIVE_FIELDS {
        object.shift_remove(field);
    }
    format!("{}:{}{}", product.id.len(), product.id, serde_json::Value::Object(object))
}

/// A stored product, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) id: String,
    /// A JSON object.
    pub(crate) content: String,
}

impl Stored {
    fn decode(text: &str) -> Option<Self> {
        let (len, rest) = text.split_once(':')?;
        let (id, content) = rest.split_at_checked(len.parse().ok()?)?;
        Some(Self { id: id.to_owned(), content: content.to_owned() })
    }

    /// The object with the chosen fields only; `attributes.NAME` and bare attribute names choose one attribute.
    pub(crate) fn content(&self, fields: &[String]) -> Result<String, serde_json::Error> {
        let object: Map<String, Value> = serde_json::from_str(&self.content)?;
        let mut chosen = Map::new();
        for (key, value) in object {
            if fields.contains(&key) {
                chosen.insert(key, value);
            } else if key == "attributes"
                && let Value::Object(attributes) = value
            {
                let some: Map<_, _> = attributes.into_iter().filter(|(name, _)| chooses(fields, name)).collect();
                if !some.is_empty() {
                    chosen.insert(key, Value::Object(some));
                }
            }
        }
        serde_json::to_string(&chosen)
    }

    /// The error that this product is damaged.
    pub(crate) fn damaged(&self, reason: &str) -> IndexError {
        IndexError::Damaged { id: self.id.clone(), reason: reason.to_owned() }
    }

    /// What the product is called. Nothing else is read.
    pub(crate) fn naming(&self) -> Result<Naming, serde_json::Error> {
        serde_json::from_str(&self.content)
    }

    /// The texts of a field, as highlighting shows them.
    pub(crate) fn texts(content: &Map<String, Value>, field: &str) -> Vec<String> {
        let attribute = field.strip_prefix("attributes.").unwrap_or(field);
        let value = content.get(field).or_else(|| content.get("attributes")?.get(attribute));
        let values = match value {
            None | Some(Value::Null | Value::Object(_)) => return Vec::new(),
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        values.iter().map(text).collect()
    }
}

fn chooses(fields: &[String], attribute: &str) -> bool {
    fields.iter().any(|field| field.strip_prefix("attributes.").unwrap_or(field) == attribute)
}

struct Text(String);

impl ValueDeserialize for Text {
    fn deserialize<'de, D: ValueDeserializer<'de>>(deserializer: D) -> Result<Self, DeserializeError> {
        deserializer.deserialize_string().map(Self)
    }
}

/// Reads the one stored field without building a tantivy document.
impl DocumentDeserialize for Stored {
    fn deserialize<'de, D: DocumentDeserializer<'de>>(mut deserializer: D) -> Result<Self, DeserializeError> {
        let field = deserializer.next_field::<Text>()?;
        let text = field.map(|(_, Text(text))| text).unwrap_or_default();
        Self::decode(&text).ok_or_else(|| DeserializeError::custom("a stored product is damaged"))
    }
}
