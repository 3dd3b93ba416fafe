//! `[[keys]]`: the rules of single keys and between them.
//!
//! Invariant: keys of a [`Config`](crate::config::Config) have different names and different hashes, reach only
//! catalogs that exist, and their filters can be asked of any catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use storefind_index::filter::{self, Filter};
use storefind_index::request::check_within;

use super::{Effective, Reader};
use crate::config::access::{KeyCatalogs, KeyConfig, KeyHash, Scope, Scopes};
use crate::config::problem::{Problem, Source, nearest};
use crate::config::raw::{Entry, HIDDEN, Literal};
use crate::config::{CatalogConfig, keys};

/// Most keys: each request is compared with all of them, two nanoseconds each.
const KEYS_MAX: usize = 256;
/// Longest name of a key: it stands in log lines.
const KEY_NAME_BYTES_MAX: usize = 64;
/// Stands for every catalog.
const ALL_CATALOGS: &str = "*";

impl Reader {
    /// Reads every key; one with a problem is left out.
    pub(super) fn keys(&mut self, catalogs: &BTreeMap<String, CatalogConfig>) -> Vec<KeyConfig> {
        let places = self.raw.keys.clone();
        if places.len() > KEYS_MAX {
            let message = format!("there are {} keys, but at most {KEYS_MAX} are allowed", places.len());
            let source = places[KEYS_MAX].clone();
            self.problems.push(Problem { key: Some(keys::LIST.to_owned()), value: None, message, source });
        }
        let mut read: Vec<KeyConfig> = Vec::with_capacity(places.len());
        for (at, place) in places.into_iter().enumerate() {
            self.effective.push(Effective { key: format!("[[{}]]", keys::LIST), value: None, source: place.clone() });
            if let Some(key) = self.key(at, &place, catalogs, &read) {
                read.push(key);
            }
        }
        read
    }

    fn key(
        &mut self,
        at: usize,
        place: &Source,
        catalogs: &BTreeMap<String, CatalogConfig>,
        before: &[KeyConfig],
    ) -> Option<KeyConfig> {
        let hash = self.field(at, "hash", place, |literal| {
            let hash = KeyHash::parse(&literal.text()?)?;
            match before.iter().find(|other| other.hash == hash) {
                Some(other) => Err(format!("the key `{}` has the same hash", other.name)),
                None => Ok(hash),
            }
        });
        let name = self.field(at, "name", place, |literal| {
            let name = key_name(&literal.text()?)?;
            match before.iter().any(|other| other.name == name) {
                true => Err("another key has the same name".to_owned()),
                false => Ok(name),
            }
        });
        let scopes = self.field(at, "scopes", place, |literal| scopes(&words(literal)?));
        let reached = self.field(at, "catalogs", place, |literal| key_catalogs(words(literal)?, catalogs));
        let filter = match self.raw.entries.contains_key(&path(at, "filter")) {
            true => self.field(at, "filter", place, |literal| key_filter(&literal.text()?).map(Some)),
            false => Some(None),
        };
        Some(KeyConfig { name: name?, hash: hash?, scopes: scopes?, catalogs: reached?, filter: filter? })
    }

    /// A field of the key at a place in the list, which must be there.
    fn field<T>(
        &mut self,
        at: usize,
        field: &'static str,
        place: &Source,
        parse: impl Fn(&Literal) -> Result<T, String>,
    ) -> Option<T> {
        let key = format!("{}[{at}].{field}", keys::LIST);
        let Some(Entry { literal, source }) = self.raw.entries.get(&path(at, field)).cloned() else {
            let message = "is missing".to_owned();
            self.problems.push(Problem { key: Some(key), value: None, message, source: place.clone() });
            return None;
        };
        let shown = |text: String| if field == "hash" { HIDDEN.to_owned() } else { text };
        match parse(&literal) {
            Ok(value) => {
                self.note(field.to_owned(), shown(literal.written()), source);
                Some(value)
            }
            Err(message) => {
                let shown = shown(literal.show());
                self.problems.push(Problem { key: Some(key), value: Some(shown), message, source });
                None
            }
        }
    }

    /// No keys, and an address that others can reach.
    pub(super) fn refuse_open(&mut self, listen: SocketAddr) {
        let entry = self.raw.entries.get(&vec!["listen".to_owned()]);
        let source = entry.map_or(Source::Default, |entry| entry.source.clone());
        let message =
            "others can reach this address, and without keys whoever can may write: add `[[keys]]` (`storefind \
                       key NAME` makes one), or listen on a loopback address such as \"127.0.0.1:7700\", or set \
                       `insecure = true`"
                .to_owned();
        let value = Some(format!("\"{listen}\""));
        self.problems.push(Problem { key: Some("listen".to_owned()), value, message, source });
    }
}

fn path(at: usize, field: &str) -> Vec<String> {
    vec![keys::LIST.to_owned(), at.to_string(), field.to_owned()]
}

/// A list of texts, or one text with commas.
fn words(literal: &Literal) -> Result<Vec<String>, String> {
    let words: Vec<String> =
        literal.text()?.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { Err("expected a list with at least one entry".to_owned()) } else { Ok(words) }
}

fn key_name(name: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > KEY_NAME_BYTES_MAX || !name.bytes().all(allowed) {
        return Err(format!("a key's name has 1 to {KEY_NAME_BYTES_MAX} letters, digits, `-`, `_` and `.`"));
    }
    Ok(name.to_owned())
}

fn scopes(names: &[String]) -> Result<Scopes, String> {
    let scope = |name: &String| {
        Scope::of(name).ok_or_else(|| {
            let all: Vec<_> = Scope::ALL.iter().map(|scope| format!("`{}`", scope.as_str())).collect();
            format!("there is no scope `{name}`; there are {}", all.join(", "))
        })
    };
    names.iter().map(scope).collect()
}

fn key_catalogs(names: Vec<String>, catalogs: &BTreeMap<String, CatalogConfig>) -> Result<KeyCatalogs, String> {
    if names.iter().any(|name| name == ALL_CATALOGS) {
        return match names.len() {
            1 => Ok(KeyCatalogs::All),
            _ => Err(format!("`{ALL_CATALOGS}` is every catalog, so it stands alone")),
        };
    }
    if let Some(unknown) = names.iter().find(|name| !catalogs.contains_key(*name)) {
        let hint = match nearest(unknown, catalogs.keys().map(String::as_str)) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => format!("; `{ALL_CATALOGS}` is every catalog"),
        };
        return Err(format!("the configuration names no catalog `{unknown}`{hint}"));
    }
    Ok(KeyCatalogs::Named(BTreeSet::from_iter(names)))
}

fn key_filter(text: &str) -> Result<Filter, String> {
    let filter = filter::parse(text).map_err(|error| error.message)?;
    check_within(&filter).map_err(|error| error.to_string())?;
    Ok(filter.canonical())
}
