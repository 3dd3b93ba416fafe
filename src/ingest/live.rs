//! Lines of live fields, `{"id", "price"?, "stock"?}`, on their way into a catalog.
//!
//! A shop sends tens of thousands of them a second, so a line that is as it should be is read without an object: one
//! pass over its bytes, and one allocation, for the id. Any other line is read again as a product is, which finds what
//! is wrong with it, or that nothing is (`5.0` is a whole number, too). So codes and messages are those of products.
//!
//! Owns what a live line may hold. Invariant: the quick reading takes no line that the thorough one refuses.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::Value;
use storefind_index::product::{FIELD_NAMES, ID_BYTES_MAX, Product, ProductError};

use super::batches::Batches;
use super::once::Once;
use super::{Rejected, Report, Stopped};
use crate::catalog::feeds::{self, LineError};
use crate::catalog::{Catalog, CatalogError, Change};
use crate::config::nearest;

/// Changes of one write. They are small: twice as many as of products share a sync and its two switches of thread.
const BATCH_CHANGES_MAX: usize = 2_000;

/// What a line may hold.
const FIELDS: [&str; 3] = ["id", "price", "stock"];

/// See the module. Blocking; it runs on a thread of its own.
#[derive(Debug)]
pub struct LiveIngest<'a> {
    batches: Batches<'a>,
}

/// A line as it should be.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    id: Id<'a>,
    #[serde(default, deserialize_with = "mentioned")]
    price: Option<Option<f64>>,
    #[serde(default, deserialize_with = "mentioned")]
    stock: Option<Option<i64>>,
}

/// Text, or a whole number that is taken as text.
struct Id<'a>(Cow<'a, str>);

impl<'a> LiveIngest<'a> {
    /// Begins with an empty write, so that the report has a sequence even if no line is accepted.
    ///
    /// # Errors
    /// As [`Catalog::write`].
    pub fn begin(catalog: &'a Catalog, once: Option<Once>) -> Result<Self, CatalogError> {
        Ok(Self { batches: Batches::begin(catalog, BATCH_CHANGES_MAX, once)? })
    }

    /// Takes one line. Returns whether there is any use in reading on.
    pub fn take(&mut self, line: u64, bytes: Result<&[u8], LineError>) -> bool {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) if error.code == LineError::READ_FAILED => {
                self.batches.stop(Stopped::Unreadable(error));
                return false;
            }
            Err(error) => {
                self.batches.reject(rejected(line, None, error));
                return true;
            }
        };
        match quick(bytes).map_or_else(|| thorough(bytes, line), Ok) {
            Ok((id, price, stock)) => {
                self.batches.push(line, Change::Live { id: id.into_owned(), price, stock }, bytes.len())
            }
            Err(rejected) => {
                self.batches.reject(rejected);
                true
            }
        }
    }

    /// Writes the rest and returns the report, with the reason if the ingest ended early.
    pub fn finish(self) -> (Report, Option<Stopped>) {
        self.batches.finish()
    }
}

type Fields<'a> = (Cow<'a, str>, Option<Option<f64>>, Option<Option<i64>>);

/// The line, if nothing about it is unusual.
fn quick(bytes: &[u8]) -> Option<Fields<'_>> {
    // An array with the values in this order would be read as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let Line { id: Id(id), price, stock } = serde_json::from_slice(bytes).ok()?;
    let usual = id.len() <= ID_BYTES_MAX && !id.trim().is_empty() && !id.chars().any(char::is_control);
    let usual = usual && price.flatten().is_none_or(|price| price.is_finite() && price >= 0.0);
    // Adding zero turns -0 into 0, so that equal numbers have one spelling.
    usual.then_some((id, price.map(|price| price.map(|price| price + 0.0)), stock))
}

/// The line, or what is wrong with it.
fn thorough(bytes: &[u8], line: u64) -> Result<Fields<'static>, Rejected> {
    let mut object = feeds::object(bytes, line).map_err(|error| rejected(line, None, error))?;
    if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let message = unknown_field(name);
        let id = object.get("id").and_then(readable_id);
        return Err(Rejected { line, id, code: "unknown_field".to_owned(), message });
    }
    let (has_price, has_stock) = (object.contains_key("price"), object.contains_key("stock"));
    // A product needs one; this one is never stored.
    object.insert("title".to_owned(), "-".into());
    let Product { id, price, stock, .. } = Product::from_json(object)
        .map_err(|ProductError { code, message, id }| Rejected { line, id, code, message })?;
    Ok((id.into(), has_price.then_some(price), has_stock.then_some(stock)))
}

fn unknown_field(name: &str) -> String {
    match nearest(name, FIELDS) {
        Some(near) => format!("`{name}` is no live field; did you mean `{near}`?"),
        None if FIELD_NAMES.contains(&name) => {
            format!("`{name}` is no live field, only `price` and `stock` are; change it as a product's field")
        }
        None => format!("`{name}` is no live field, only `price` and `stock` are"),
    }
}

fn readable_id(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn rejected(line: u64, id: Option<String>, error: LineError) -> Rejected {
    Rejected { line, id, code: error.code.to_owned(), message: error.message }
}

/// Tells `null` from a field that is not there.
fn mentioned<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl<'de> Visitor<'de> for IdVisitor {
            type Value = Id<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text or a whole number")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Owned(number.to_string())))
            }
        }

        deserializer.deserialize_any(IdVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_lines_are_read_quickly_and_as_thoroughly() {
        for line in [
            r#"{"id":"a","price":1.5,"stock":3}"#,
            r#"{"stock":-1,"id":17}"#,
            r#"{"id":"a","price":null}"#,
            r#"{"id":"a\u0062","price":-0.0}"#,
            r#"{"id":"a"}"#,
        ] {
            let (quick, thorough) = (quick(line.as_bytes()), thorough(line.as_bytes(), 1));
            assert_eq!(quick.as_ref(), thorough.as_ref().ok(), "{line}");
            assert!(quick.is_some(), "{line}");
        }
    }

    #[test]
    fn each_bad_line_is_refused_as_a_product_would_be() {
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(513));
        for (line, code, part) in [
            (r#"{"price":1}"#, "missing_id", "id"),
            (r#"{"id":" ","price":1}"#, "missing_id", "id"),
            (r#"{"id":["a"]}"#, "invalid_id", "text or a whole number"),
            (r#"{"id":"a\n"}"#, "invalid_id", "control character"),
            (&long, "invalid_id", "513 bytes"),
            (r#"{"id":"a","price":"1"}"#, "invalid_price", "not negative"),
            (r#"{"id":"a","price":-1}"#, "invalid_price", "-1"),
            (r#"{"id":"a","stock":1.5}"#, "invalid_stock", "1.5"),
            (r#"{"id":"a","stock":99999999999999999999}"#, "invalid_stock", "whole number"),
            (r#"{"id":"a","prise":1}"#, "unknown_field", "`prise` is no live field; did you mean `price`?"),
            (r#"{"id":"a","title":"x"}"#, "unknown_field", "`title` is no live field"),
            (r#"["a",1]"#, "invalid_json", "an array"),
            (r#"{"id":"a","price":}"#, "invalid_json", "not JSON"),
        ] {
            assert!(quick(line.as_bytes()).is_none(), "{line}");
            let rejected = thorough(line.as_bytes(), 7).unwrap_err();
            assert_eq!((rejected.code.as_str(), rejected.line), (code, 7), "{line}");
            assert!(rejected.message.contains(part), "{line}: {}", rejected.message);
        }
    }

    #[test]
    fn unusual_spellings_are_taken_all_the_same() {
        let line = br#"{"id":"a","price":1,"stock":5.0,"stock":6.0}"#;
        assert!(quick(line).is_none());
        assert_eq!(thorough(line, 1).unwrap(), ("a".into(), Some(Some(1.0)), Some(Some(6))));
    }

    proptest! {
        #[test]
        fn what_is_read_quickly_is_read_thoroughly_alike(
            id in "[a ]{0,2}|\\PC{0,3}", price in any::<f64>(), stock in any::<i64>(), nulls in any::<[bool; 2]>(),
        ) {
            let price = if nulls[0] { Value::Null } else { price.into() };
            let stock = if nulls[1] { Value::Null } else { stock.into() };
            let line = serde_json::json!({"id": id, "price": price, "stock": stock}).to_string();
            if let Some(fields) = quick(line.as_bytes()) {
                prop_assert_eq!(Ok(fields), thorough(line.as_bytes(), 1));
            }
        }
    }
}
