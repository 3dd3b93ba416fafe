//! The keys that a scenario sends, which nobody else should see.
//!
//! Owns where they come from: the file, or better the environment. It refuses to show them.
//!
//! Invariant: neither a result nor a message holds a key; only [`Secret::reveal`] gives it away.

use serde::{Deserialize, Serialize, Serializer};

/// What stands in the place of a key.
const HIDDEN: &str = "hidden";

/// Variables of the environment that hold keys: of searches, writes and statistics. Not of the server's family, whose
/// every variable it takes for a key of its configuration.
pub(crate) const KEY_VARIABLES: [&str; 3] = ["LOADTEST_SEARCH_KEY", "LOADTEST_WRITE_KEY", "LOADTEST_ADMIN_KEY"];

/// A text that is not shown.
#[derive(Clone, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it can stand in a header: anything else would be another request.
    fn is_plain(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// Sent as `Authorization: Bearer`. Without one, requests go without.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    /// Searches and autocompletes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) search: Option<Secret>,
    /// Changes, probes' writes and the export that queries are made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) write: Option<Secret>,
    /// Statistics: how full the catalog is, and the breakers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin: Option<Secret>,
}

impl Keys {
    /// Takes what the environment has; it wins over the file.
    pub(super) fn take(&mut self, environment: impl Fn(&str) -> Option<String>) {
        for (name, key) in KEY_VARIABLES.into_iter().zip([&mut self.search, &mut self.write, &mut self.admin]) {
            if let Some(given) = environment(name) {
                *key = Some(given.into());
            }
        }
    }

    /// Names of keys that are no header.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        let named = [("keys.search", &self.search), ("keys.write", &self.write), ("keys.admin", &self.admin)];
        let bad = named.into_iter().filter(|(_, key)| key.as_ref().is_some_and(|key| !key.is_plain()));
        bad.map(|(name, _)| format!("{name}: is empty or has letters that a header cannot hold"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_and_nothing_is_shown() {
        let mut keys = Keys { search: Some("file".to_owned().into()), ..Keys::default() };
        keys.take(|name| (name != "LOADTEST_ADMIN_KEY").then(|| format!("sf_{}", name.len())));
        assert_eq!(keys.search.as_ref().unwrap().reveal(), "sf_19");
        assert_eq!((keys.write.as_ref().unwrap().reveal(), &keys.admin), ("sf_18", &None));
        for shown in [format!("{keys:?}"), serde_json::to_string(&keys).unwrap(), toml::to_string(&keys).unwrap()] {
            assert!(!shown.contains("sf_") && shown.contains(HIDDEN), "{shown}");
        }
    }

    #[test]
    fn a_key_that_would_be_another_header_is_refused() {
        let keys = |key: &str| Keys { write: Some(key.to_owned().into()), ..Keys::default() };
        assert_eq!(keys("sf_abc").problems().count(), 0);
        for bad in ["", "a b", "a\r\nX: y", "ä"] {
            assert!(keys(bad).problems().next().unwrap().starts_with("keys.write"), "{bad}");
        }
    }
}
