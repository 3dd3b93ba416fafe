//! Cross-origin access: which pages may call search and autocomplete from a browser, and report what became of them.
//!
//! Owns the headers and the preflight answer. All other routes have no such header, so that a page of another origin
//! can neither read nor, with JSON bodies, send to them. Invariant: an origin is echoed only if the configuration
//! names it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::route::Route;

/// What scripts may read beside the body.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("Storefind-Sequence, Cache-Status, Age, ETag, Server-Timing, X-Request-Id");
/// How long a browser may remember a preflight answer: what Chromium takes at most.
const PREFLIGHT_MAX_AGE_S: &str = "7200";

/// Who may call.
#[derive(Debug)]
pub(super) enum Cors {
    /// No page of another origin.
    Nobody,
    /// Every page: the answers are what any shopper sees.
    Everybody,
    /// Pages of these origins.
    Some(Vec<HeaderValue>),
}

impl Cors {
    pub(super) fn new(origins: &[String]) -> Self {
        if origins.iter().any(|origin| origin == "*") {
            return Self::Everybody;
        }
        match origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect::<Vec<_>>() {
            origins if origins.is_empty() => Self::Nobody,
            origins => Self::Some(origins),
        }
    }

    /// The value of `Access-Control-Allow-Origin`, if there is to be one.
    pub(super) fn origin_for(&self, route: Route, request: &HeaderMap) -> Option<HeaderValue> {
        match self {
            _ if !route.is_public() => None,
            Self::Nobody => None,
            Self::Everybody => Some(HeaderValue::from_static("*")),
            Self::Some(origins) => {
                let origin = request.get(header::ORIGIN)?;
                origins.contains(origin).then(|| origin.clone())
            }
        }
    }

    /// Marks an answer.
    pub(super) fn mark(&self, route: Route, origin: Option<HeaderValue>, response: &mut HeaderMap) {
        if route.is_public() && matches!(self, Self::Some(_)) {
            // A shared cache must not give one origin's answer to another.
            response.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = origin {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// Answers `OPTIONS` with the methods of the route; [`Cors::mark`] adds the origin.
pub(super) fn preflight(methods: &'static str) -> Response {
    let headers = [
        (header::ALLOW, methods),
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Content-Type, Authorization, X-Storefind-Key, X-Request-Id, Idempotency-Key",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE_S),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
