//! Who may do what: every request passes here before its handler.
//!
//! Owns the order of the checks (how much an address sends, whose key it is, what the key may do, how much the key
//! sends) and their refusals. What a route needs is said by [`Need`], in one place for all; what keys exist, by the
//! configuration. The gate knows no catalog: whether one exists is not asked, so that a key without it learns nothing.
//!
//! Cost: without keys and limits nothing is looked at. With keys, a request costs one SHA-256 of some seventy bytes
//! and a comparison with every key: 0.1 µs with a few keys, 0.6 µs with 256, beside the ten that a kept answer takes over
//! HTTP. A cache of verified keys would save little of that, and would hold what the server otherwise never holds: keys.
//!
//! Invariant: a request that is let in has, where keys are configured, a key with the scope and the catalog of its
//! route; what is refused has not been read beyond its headers.

mod keyring;

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, Method, header};
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use self::keyring::{Held, Keyring};
use super::error::{ApiError, ErrorCode};
use super::limit::{Limits, Peer};
use super::route::{Need, Reach, Route};
use crate::answer::within::Within;
use crate::config::{Config, KeyCatalogs};
use crate::telemetry::metrics::{HttpMetrics, Refusal};

/// Carries a key where `Authorization` is taken, such as by a proxy.
pub(super) const X_STOREFIND_KEY: HeaderName = HeaderName::from_static("x-storefind-key");
/// The scheme of `Authorization` under which a key is sent.
const BEARER: &[u8] = b"bearer";

/// Lets requests in, or not.
#[derive(Debug)]
pub(super) struct Gate {
    /// `None`: no keys are configured, everybody may do everything.
    keyring: Option<Keyring>,
    limits: Limits,
}

impl Gate {
    pub(super) fn new(config: &Config) -> Self {
        Self { keyring: Keyring::new(&config.keys), limits: Limits::new(config) }
    }

    /// Lets a request in, with what its key may see.
    ///
    /// # Errors
    /// `rate_limited`, `unauthorized` or `forbidden`.
    pub(super) fn admit(
        &self,
        (route, method, path): (Route, &Method, &str),
        headers: &HeaderMap,
        peer: Peer,
        (now, metrics): (Instant, &HttpMetrics),
    ) -> Result<Option<&Arc<Within>>, ApiError> {
        let refuse = |refusal: Refusal, error: ApiError| {
            metrics.refused(refusal).inc();
            error
        };
        // Whoever watches the server must not be counted as load, and must not be locked out by it.
        if route == Route::Health {
            return Ok(None);
        }
        self.limits
            .address(peer, headers, now)
            .map_err(|wait| refuse(Refusal::Address, ApiError::rate_limited("this address", wait)))?;
        let need = route.need(method, path);
        let Some(keyring) = &self.keyring else { return Ok(None) };
        if need == Need::Nothing {
            return Ok(None);
        }
        let (at, key) = find(keyring, headers).map_err(|error| refuse(Refusal::Unauthorized, error))?;
        self.limits.key(at, now).map_err(|wait| refuse(Refusal::Key, ApiError::rate_limited("this key", wait)))?;
        permit(key, &need).map_err(|error| refuse(Refusal::Forbidden, error))?;
        Ok(key.within.as_ref())
    }
}

/// The key of a request, and its place.
fn find<'a>(keyring: &'a Keyring, headers: &HeaderMap) -> Result<(usize, &'a Held), ApiError> {
    const HOW: &str = "`Authorization: Bearer KEY` or `X-Storefind-Key: KEY`";
    let unauthorized = |message: String| ApiError::new(ErrorCode::Unauthorized, message);
    let Some(presented) = presented(headers) else {
        return Err(unauthorized(format!("this needs a key; send it as {HOW}")));
    };
    keyring.find(presented).ok_or_else(|| unauthorized("the key that was sent is not one of this server".to_owned()))
}

/// What the request calls its key.
fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.as_bytes().split_at_checked(BEARER.len())?;
        (scheme.eq_ignore_ascii_case(BEARER) && key.first() == Some(&b' ')).then(|| key.trim_ascii())
    });
    // Another scheme is for somebody else on the way.
    bearer.or_else(|| headers.get(X_STOREFIND_KEY).map(|value| value.as_bytes().trim_ascii()))
}

/// Scope first, then catalog. Whether the catalog exists makes no difference.
fn permit(key: &Held, need: &Need<'_>) -> Result<(), ApiError> {
    let forbidden = |message: String| Err(ApiError::new(ErrorCode::Forbidden, message));
    let Need::Scope(scope, reach) = need else { return Ok(()) };
    if !key.scopes.contains(*scope) {
        return forbidden(format!("the key `{}` lacks the scope `{}`", key.name, scope.as_str()));
    }
    match (reach, &key.catalogs) {
        (_, KeyCatalogs::All) => Ok(()),
        (Reach::Server, KeyCatalogs::Named(_)) => forbidden(format!(
            "this concerns every catalog, and the key `{}` reaches only some; it needs `catalogs = [\"*\"]`",
            key.name
        )),
        (Reach::Catalog(segment), catalogs) => {
            let catalog: Cow<'_, str> = percent_decode_str(segment).decode_utf8_lossy();
            match catalogs.contains(&catalog) {
                true => Ok(()),
                false => forbidden(format!("the key `{}` does not reach a catalog `{catalog}`", key.name)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_key_is_found_in_either_header() {
        for (given, expected) in [
            (&[][..], None),
            (&[("authorization", "Bearer abc")], Some("abc")),
            (&[("authorization", "bearer   abc ")], Some("abc")),
            (&[("authorization", "Bearer")], None),
            (&[("authorization", "Bearerabc")], None),
            (&[("authorization", "Basic YTpi")], None),
            (&[("x-storefind-key", " abc")], Some("abc")),
            (&[("authorization", "Basic YTpi"), ("x-storefind-key", "abc")], Some("abc")),
            (&[("authorization", "Bearer abc"), ("x-storefind-key", "def")], Some("abc")),
        ] {
            assert_eq!(presented(&headers(given)), expected.map(str::as_bytes), "{given:?}");
        }
    }
}
