//! The only place that maps errors to a status and a public message.
//!
//! Which kind for which situation: what the caller can repair is a 4xx that names the parameter, field or line; what
//! passes by itself is a 429 or 503 with `Retry-After`; what is ours is a 500 whose body tells nothing but the request
//! id's existence, while the cause goes to the log through a response extension that [`super::edge`] reads.
//!
//! Invariant: a code's name and status never change, and each has its anchor in `/docs`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use storefind_index::error::IndexError;

use crate::answer::error::AnswerError;
use crate::catalog::CatalogError;
use crate::catalog::log::LogError;
use crate::ingest::once::Once;
use crate::shortened::shortened;

/// Seconds that a caller is asked to wait before the next try: long enough for a burst to pass, short enough that a
/// person who waits does not leave.
const RETRY_AFTER_S: u64 = 1;

/// Longest message in characters: a sentence with a list of fields. What a caller sent may be part of it, and that may
/// be a name of four megabytes.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// What a caller is told. Codes are stable; a 5xx never tells internals.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// Status and stable name.
    pub code: ErrorCode,
    /// A sentence for the caller, lower-case, without final stop.
    pub message: String,
    /// The parameter at fault.
    pub parameter: Option<&'static str>,
    /// What happened inside, for the log only.
    pub cause: Option<Cause>,
    /// Seconds after which the same request may succeed, for codes that pass by themselves.
    pub retry_after_s: u64,
}

/// An internal cause on its way to the log.
#[derive(Debug, Clone)]
pub struct Cause(pub Arc<dyn Error + Send + Sync>);

macro_rules! error_codes {
    ($($(#[doc = $about:literal])+ $variant:ident = $name:literal, $status:ident;)+) => {
        /// Every code that an answer can carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $about])+ $variant,)+ }

        impl ErrorCode {
            /// All codes, in the order of their status.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }
        }
    };
}

error_codes! {
    /// A parameter is unknown, has a wrong type or is out of range.
    InvalidParameter = "invalid_parameter", BAD_REQUEST;
    /// `filter` does not parse.
    InvalidFilter = "invalid_filter", BAD_REQUEST;
    /// A field that no product has.
    UnknownField = "unknown_field", BAD_REQUEST;
    /// The body is not what its type says: malformed JSON, gzip or UTF-8.
    InvalidBody = "invalid_body", BAD_REQUEST;
    /// A product that lacks a required field or has a wrong one.
    InvalidProduct = "invalid_product", BAD_REQUEST;
    /// Settings with an unknown key or a value out of range.
    InvalidSettings = "invalid_settings", BAD_REQUEST;
    /// A rule with an unknown key or a value out of range.
    InvalidRules = "invalid_rules", BAD_REQUEST;
    /// The request has no key, or none that is known.
    Unauthorized = "unauthorized", UNAUTHORIZED;
    /// The key lacks the scope or the catalog, or a page of an origin that is not named sends.
    Forbidden = "forbidden", FORBIDDEN;
    /// This node takes no writes.
    ReadOnly = "read_only", FORBIDDEN;
    /// No such catalog.
    UnknownCatalog = "unknown_catalog", NOT_FOUND;
    /// No such product.
    UnknownProduct = "unknown_product", NOT_FOUND;
    /// No such route.
    NotFound = "not_found", NOT_FOUND;
    /// The route exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED;
    /// The body stopped arriving.
    BodyTimeout = "body_timeout", REQUEST_TIMEOUT;
    /// The rules are no longer those that the caller had seen; nothing was changed.
    VersionChanged = "version_changed", PRECONDITION_FAILED;
    /// The body is over the limit; what was accepted before it stands.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE;
    /// A content type or encoding that this route does not read.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE;
    /// The `Idempotency-Key` came before with another request.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY;
    /// The key or the address has sent more than it may.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS;
    /// More changes wait than can be applied in time.
    TooManyChanges = "too_many_changes", TOO_MANY_REQUESTS;
    /// Something of ours failed.
    Internal = "internal", INTERNAL_SERVER_ERROR;
    /// Too much to do.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE;
    /// Took longer than the deadline.
    DeadlineExceeded = "deadline_exceeded", SERVICE_UNAVAILABLE;
    /// The change stands, but is not visible in time.
    NotYetVisible = "not_yet_visible", SERVICE_UNAVAILABLE;
    /// The index was not rebuilt; the one in use stays.
    NotRebuilt = "not_rebuilt", SERVICE_UNAVAILABLE;
    /// The change could not be made durable, so it was not accepted.
    WriteFailed = "write_failed", SERVICE_UNAVAILABLE;
}

impl ErrorCode {
    /// Whether the same request may succeed later without any repair.
    pub fn passes_by_itself(self) -> bool {
        matches!(self.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
    }
}

impl ApiError {
    /// An error with a sentence for the caller.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), parameter: None, cause: None, retry_after_s: RETRY_AFTER_S }
    }

    /// A parameter is wrong; the message says how.
    pub fn parameter(parameter: &'static str, message: impl Into<String>) -> Self {
        Self { parameter: Some(parameter), ..Self::new(ErrorCode::InvalidParameter, message) }
    }

    /// Something of ours failed; the caller is told no more than that.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(ErrorCode::Internal, "something failed on this side; the request id finds it in the log")
            .caused_by(cause)
    }

    /// Who asks has sent more than it may; the next request is allowed after `wait`.
    pub fn rate_limited(who: &str, wait: Duration) -> Self {
        // Up to whole seconds: a caller who comes back as told is let in.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message = format!("{who} has sent more requests than it may; the next is allowed in {seconds} s");
        Self { retry_after_s: seconds.max(1), ..Self::new(ErrorCode::RateLimited, message) }
    }

    /// A route names a catalog that the configuration does not.
    pub fn unknown_catalog(name: &str) -> Self {
        Self::new(ErrorCode::UnknownCatalog, format!("there is no catalog `{name}` in the configuration"))
    }

    /// A route names a product that the catalog does not have.
    pub fn unknown_product(id: &str) -> Self {
        Self::new(ErrorCode::UnknownProduct, format!("there is no product `{id}`"))
    }

    /// Keeps what happened inside for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Cause(Arc::new(cause)));
        self
    }

    /// The value of `error` in the body.
    pub fn to_json(&self) -> Value {
        let message = shortened(&self.message, MESSAGE_CHARS_MAX);
        let mut error = json!({"code": self.code.as_str(), "message": message});
        if let Some(parameter) = self.parameter {
            error["parameter"] = parameter.into();
        }
        error["docs"] = format!("/docs#{}", self.code.as_str()).into();
        error
    }

    /// The answer, with further members beside `error` (an upload says what it had accepted before).
    pub fn into_response_with(self, mut members: Map<String, Value>) -> Response {
        let mut body = Map::new();
        body.insert("error".into(), self.to_json());
        body.append(&mut members);
        let mut response =
            (self.code.status(), [(header::CONTENT_TYPE, "application/json")], Value::Object(body).to_string())
                .into_response();
        if self.code.passes_by_itself() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_s));
        }
        if self.code == ErrorCode::Unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.into_response_with(Map::new())
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::ReadOnly => Self::new(ErrorCode::ReadOnly, "this node is read-only"),
            CatalogError::NotYetVisible(sequence) => Self::new(
                ErrorCode::NotYetVisible,
                format!("the change stands as sequence {sequence}, but is not yet visible to searches"),
            ),
            CatalogError::Busy => Self::new(
                ErrorCode::TooManyChanges,
                "more changes wait than can be applied in time; nothing of this batch was accepted",
            ),
            CatalogError::Closed => Self::new(ErrorCode::Overloaded, "this node is stopping"),
            CatalogError::Log(LogError::KeyReused { key }) => Self {
                parameter: Some("Idempotency-Key"),
                ..Self::new(
                    ErrorCode::IdempotencyKeyReused,
                    format!("the idempotency key `{}` was used before, with another request", Once::of_part(&key)),
                )
            },
            error @ CatalogError::Log(_) => {
                Self::new(ErrorCode::WriteFailed, "the log failed; a change that it was to take was not accepted")
                    .caused_by(error)
            }
            CatalogError::Rebuild(reason) => {
                Self::new(ErrorCode::NotRebuilt, format!("{reason}; the index in use stays"))
            }
            error @ CatalogError::System(_) => Self::internal(error),
            CatalogError::Index(error) => error.into(),
        }
    }
}

impl From<AnswerError> for ApiError {
    fn from(error: AnswerError) -> Self {
        let message = error.to_string();
        match error {
            AnswerError::InvalidParameter { parameter, .. } => {
                Self { parameter, ..Self::new(ErrorCode::InvalidParameter, message) }
            }
            AnswerError::InvalidFilter(_) => {
                Self { parameter: Some("filter"), ..Self::new(ErrorCode::InvalidFilter, message) }
            }
            AnswerError::UnknownField { parameter, .. } => {
                Self { parameter: Some(parameter), ..Self::new(ErrorCode::UnknownField, message) }
            }
            AnswerError::Overloaded => Self::new(ErrorCode::Overloaded, message),
            AnswerError::DeadlineExceeded => Self::new(ErrorCode::DeadlineExceeded, message),
            AnswerError::NotYetVisible(_) => {
                Self { parameter: Some("min_sequence"), ..Self::new(ErrorCode::NotYetVisible, message) }
            }
            error @ AnswerError::Internal(_) => Self::internal(error),
        }
    }
}

impl From<IndexError> for ApiError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::UnknownField { .. } | IndexError::InvalidRequest { .. } | IndexError::Cancelled => {
                AnswerError::from(error).into()
            }
            error => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_lasting_name_and_status() {
        let table: Vec<_> =
            ErrorCode::ALL.iter().map(|code| format!("{} {}", code.status().as_u16(), code.as_str())).collect();
        assert_eq!(table.join("\n"), include_str!("error/codes.txt").trim_end());
    }

    #[test]
    fn an_error_names_code_message_parameter_and_docs() {
        let error = ApiError::parameter("limit", "limit is 0, but must be at least 1");
        assert_eq!(
            error.to_json().to_string(),
            r#"{"code":"invalid_parameter","message":"limit is 0, but must be at least 1","parameter":"limit","docs":"/docs#invalid_parameter"}"#
        );
    }

    #[test]
    fn a_message_does_not_give_back_all_that_was_sent() {
        let error = ApiError::unknown_product(&"é".repeat(1 << 20)).to_json();
        let message = error["message"].as_str().unwrap();
        assert_eq!(message.chars().count(), MESSAGE_CHARS_MAX + 1);
        assert!(message.starts_with("there is no product `é") && message.ends_with('…'));
    }

    #[test]
    fn a_5xx_tells_no_internals_and_a_passing_one_says_when_to_return() {
        let full = IndexError::Io { path: "/secret/path".into(), source: std::io::Error::other("disk full") };
        let response = ApiError::new(ErrorCode::WriteFailed, "the log failed").caused_by(full).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert!(response.extensions().get::<Cause>().is_some());
        let error = ApiError::internal(std::io::Error::other("/secret/path"));
        assert!(!error.to_json().to_string().contains("secret"));
        assert!(error.into_response().headers().get(header::RETRY_AFTER).is_none());
    }

    #[test]
    fn who_sends_too_much_is_told_whole_seconds_that_are_long_enough() {
        for (wait, told) in [
            (Duration::from_nanos(1), "1"),
            (Duration::from_secs(1), "1"),
            (Duration::from_millis(1_001), "2"),
            (Duration::from_secs(90), "90"),
        ] {
            let response = ApiError::rate_limited("this key", wait).into_response();
            assert_eq!(
                (response.status(), &response.headers()[header::RETRY_AFTER]),
                (StatusCode::TOO_MANY_REQUESTS, &HeaderValue::from_static(told))
            );
        }
    }

    #[test]
    fn who_has_no_key_is_told_how_keys_are_sent() {
        let response = ApiError::new(ErrorCode::Unauthorized, "a key is needed").into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let response = ApiError::new(ErrorCode::Forbidden, "another is needed").into_response();
        assert!(response.headers().get(header::WWW_AUTHENTICATE).is_none());
    }
}
