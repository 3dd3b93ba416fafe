//! A caller's `Idempotency-Key`, as the log wants it.
//!
//! The log remembers a key with a digest of its request, and answers the same request again without new events. A bulk
//! request is several writes, so each gets a key of its own: the caller's key and the number of the write. Which
//! changes belong to which write depends on the body alone, so a retry meets the same keys with the same digests.
//!
//! Owns the derivation of keys and what a digest covers. Invariant: keys of different callers' keys differ, since a
//! caller's key has no space.

use storefind_index::settings::Settings;
use xxhash_rust::xxh3::Xxh3;

use crate::catalog::Change;

/// Longest key of a caller: what other services take, and far more than a random number needs.
pub const KEY_BYTES_MAX: usize = 255;

/// See the module.
#[derive(Debug, Clone)]
pub struct Once {
    key: String,
    route: &'static str,
}

/// A key that cannot be taken; the message says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key {0}, expected 1 to {KEY_BYTES_MAX} visible ASCII characters")]
pub struct BadKey(&'static str);

impl Once {
    /// A caller's key on a route, which tells requests apart that have the same body.
    ///
    /// # Errors
    /// It is empty, too long or has a character that is no visible ASCII.
    pub fn new(key: &[u8], route: &'static str) -> Result<Self, BadKey> {
        if key.is_empty() {
            return Err(BadKey("is empty"));
        }
        if key.len() > KEY_BYTES_MAX {
            return Err(BadKey("is too long"));
        }
        match std::str::from_utf8(key) {
            Ok(text) if key.iter().all(u8::is_ascii_graphic) => Ok(Self { key: text.to_owned(), route }),
            _ => Err(BadKey("has another character")),
        }
    }

    /// The key of one of the request's writes, numbered from 1.
    pub fn part(&self, number: u64) -> String {
        format!("{} {number}", self.key)
    }

    /// The caller's key of one that [`Once::part`] made.
    pub fn of_part(part: &str) -> &str {
        part.split(' ').next().unwrap_or_default()
    }

    /// A digest of nothing yet but the route.
    pub fn digest(&self) -> Digest {
        let mut digest = Digest(Box::new(Xxh3::new()));
        digest.text(self.route);
        digest
    }
}

/// A running digest of what a write does.
pub struct Digest(Box<Xxh3>);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({:x})", self.0.digest())
    }
}

impl Digest {
    /// Adds a text, told from what stands around it.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    /// Adds a number that need not be there.
    pub fn option(&mut self, number: Option<u64>) {
        self.number(number.is_some().into());
        self.number(number.unwrap_or_default());
    }

    /// Adds a change.
    pub fn change(&mut self, change: &Change) {
        match change {
            Change::Upsert(product) => {
                self.text("upsert");
                self.text(&serde_json::Value::Object(product.to_json()).to_string());
            }
            Change::Patch { id, fields } => {
                self.text("patch");
                self.text(id);
                self.text(&serde_json::Value::Object(fields.clone()).to_string());
            }
            Change::Live { id, price, stock } => {
                self.text("live");
                self.text(id);
                self.live(price.map(|price| price.map(f64::to_bits)));
                self.live(stock.map(|stock| stock.map(i64::cast_unsigned)));
            }
            Change::Delete { id } => {
                self.text("delete");
                self.text(id);
            }
        }
    }

    /// Adds settings.
    pub fn settings(&mut self, settings: &Settings) {
        // Settings that JSON cannot hold never pass the log.
        self.text(&serde_json::to_string(settings).unwrap_or_default());
    }

    fn live(&mut self, field: Option<Option<u64>>) {
        match field {
            None => self.number(0),
            Some(None) => self.number(1),
            Some(Some(bits)) => {
                self.number(2);
                self.number(bits);
            }
        }
    }

    /// The digest of all that was added.
    pub fn finish(&self) -> u64 {
        self.0.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_a_limited_length() {
        let ok = |key: &[u8]| Once::new(key, "products").is_ok();
        assert!(ok(b"a") && ok(b"~!") && ok(&[b'k'; KEY_BYTES_MAX]));
        assert!(!ok(b"") && !ok(b"a b") && !ok(b"a\t") && !ok("ä".as_bytes()) && !ok(&[b'k'; KEY_BYTES_MAX + 1]));
        let once = Once::new(b"a", "products").unwrap();
        assert_eq!((once.part(2).as_str(), Once::of_part(&once.part(2))), ("a 2", "a"));
    }

    #[test]
    fn different_changes_have_different_digests() {
        let live = |id: &str, price, stock| Change::Live { id: id.to_owned(), price, stock };
        let changes = [
            live("1", None, None),
            live("1", Some(None), None),
            live("1", None, Some(None)),
            live("1", Some(Some(1.0)), None),
            live("1", None, Some(Some(1))),
            live("2", None, None),
            Change::Delete { id: "1".to_owned() },
            Change::Patch { id: "1".to_owned(), fields: serde_json::Map::new() },
        ];
        let digest = |route, changes: &[Change]| {
            let mut digest = Once::new(b"k", route).unwrap().digest();
            changes.iter().for_each(|change| digest.change(change));
            digest.finish()
        };
        let mut seen: Vec<_> = changes.chunks(1).map(|one| digest("live", one)).collect();
        seen.extend([digest("live", &changes), digest("products", &changes), digest("live", &[])]);
        seen.sort_unstable();
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
