//! Who may keep an answer: `Cache-Control` and `Vary`.
//!
//! Owns what the configuration says for each kind, and what keys change about it. An answer under a key's own filter
//! is `private`: no cache that several people share may keep it. Where keys are configured, any answer varies with
//! them, so that such a cache does not hand to strangers what it got with a key.
//!
//! All values are made once, at the start: on a hit they are cloned, which counts up a reference.

use axum::http::HeaderValue;
use axum::http::header::InvalidHeaderValue;

use super::Kind;
use super::within::Within;
use crate::config::Config;

/// What the body depends on beside the URL.
const VARY: HeaderValue = HeaderValue::from_static("accept-encoding");
/// The same where keys are configured.
const VARY_BY_KEY: HeaderValue = HeaderValue::from_static("accept-encoding, authorization, x-storefind-key");

/// The headers of one answer.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// `Cache-Control`.
    pub cache_control: &'a HeaderValue,
    /// `Vary`.
    pub vary: &'a HeaderValue,
}

/// A configured `Cache-Control` is not a header value.
#[derive(Debug, thiserror::Error)]
#[error("`{key}` is not a header value: {value:?}")]
pub struct PolicyError {
    /// The configuration key.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// Why.
    #[source]
    pub source: InvalidHeaderValue,
}

/// `Cache-Control` for everybody, and for those who have a key with a filter.
#[derive(Debug)]
struct Control {
    open: HeaderValue,
    private: HeaderValue,
}

/// The headers of all answers.
#[derive(Debug)]
pub struct Policies {
    search: Control,
    autocomplete: Control,
    vary: HeaderValue,
}

impl Policies {
    /// Reads the configuration.
    ///
    /// # Errors
    /// A configured value is no header.
    pub fn new(config: &Config) -> Result<Self, PolicyError> {
        let http = &config.http;
        Ok(Self {
            search: Control::new("http.search_cache_control", &http.search_cache_control)?,
            autocomplete: Control::new("http.autocomplete_cache_control", &http.autocomplete_cache_control)?,
            vary: if config.keys.is_empty() { VARY } else { VARY_BY_KEY },
        })
    }

    /// For an answer of this kind, under this filter.
    pub fn of(&self, kind: Kind, within: Option<&Within>) -> Policy<'_> {
        let control = match kind {
            Kind::Search => &self.search,
            Kind::Autocomplete => &self.autocomplete,
        };
        let cache_control = if within.is_some() { &control.private } else { &control.open };
        Policy { cache_control, vary: &self.vary }
    }

    /// `Vary` of every answer.
    pub fn vary(&self) -> &HeaderValue {
        &self.vary
    }
}

impl Control {
    fn new(key: &'static str, value: &str) -> Result<Self, PolicyError> {
        let read = |value: &str| {
            HeaderValue::from_str(value).map_err(|source| PolicyError { key, value: value.to_owned(), source })
        };
        Ok(Self { open: read(value)?, private: read(&private(value))? })
    }
}

/// The same directives for one person: without those that allow shared caches something, and `private` in front.
fn private(value: &str) -> String {
    let kept = value.split(',').map(str::trim).filter(|directive| {
        let name = directive.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        !directive.is_empty() && !matches!(name.as_str(), "public" | "private" | "s-maxage" | "proxy-revalidate")
    });
    std::iter::once("private").chain(kept).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_answer_keeps_what_browsers_may_do_and_loses_what_proxies_may() {
        for (open, expected) in [
            ("public, max-age=0, stale-if-error=60", "private, max-age=0, stale-if-error=60"),
            ("Public, S-MaxAge=600, max-age=5", "private, max-age=5"),
            ("no-store", "private, no-store"),
            ("private=\"set-cookie\", max-age=1,", "private, max-age=1"),
        ] {
            assert_eq!(private(open), expected);
        }
    }
}
