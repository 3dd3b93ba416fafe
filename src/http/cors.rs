//! Cross-origin access: which pages may call search and autocomplete from a browser, and report what became of them.
//!
//! Owns the headers, the preflight answer, and who may report events. All other routes have no such header, so that a
//! page of another origin can neither read them nor change anything by them: what does asks for a method or header that
//! needs a preflight. Invariant: an origin is echoed, and its events are taken, only if the configuration names it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::error::{ApiError, ErrorCode};
use super::route::Route;

/// How browsers call what a page is to the server that it sends to; no script can set it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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

    /// Refuses events that a page of another origin sends without being named. `text/plain` needs no preflight, as
    /// `navigator.sendBeacon` must not wait for one, so this is where such a page is stopped; who is no browser sends no
    /// `Origin`, and is a matter of keys.
    pub(super) fn admit(&self, route: Route, method: &Method, uri: &Uri, request: &HeaderMap) -> Result<(), ApiError> {
        let Some(origin) = request.get(header::ORIGIN).filter(|_| route == Route::Events && method == Method::POST)
        else {
            return Ok(());
        };
        let is_named = match self {
            Self::Nobody => false,
            Self::Everybody => true,
            Self::Some(origins) => origins.contains(origin),
        };
        if is_named || is_own(origin, uri, request) {
            return Ok(());
        }
        let message = format!(
            "pages of `{}` may not report events here; `http.cors_origins` names those that may",
            String::from_utf8_lossy(origin.as_bytes())
        );
        Err(ApiError::new(ErrorCode::Forbidden, message))
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

/// Whether the page is of the origin that it sends to. Browsers say so in `Sec-Fetch-Site`, whatever a proxy made of the
/// host; older ones are believed if their origin is on the host that is asked.
fn is_own(origin: &HeaderValue, uri: &Uri, request: &HeaderMap) -> bool {
    if let Some(site) = request.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let host = uri.authority().map(|authority| authority.as_str().as_bytes());
    let host = host.or_else(|| request.get(header::HOST).map(HeaderValue::as_bytes));
    let origin = [&b"https://"[..], b"http://"].into_iter().find_map(|scheme| origin.as_bytes().strip_prefix(scheme));
    origin.is_some_and(|origin| host.is_some_and(|host| origin.eq_ignore_ascii_case(host)))
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
