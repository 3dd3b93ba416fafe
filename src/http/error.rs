//! The only place that maps errors to a status and a public message.

use axum::http::StatusCode;

/// What a caller is told. Codes are stable; a 5xx never tells internals.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// Status and stable name.
    pub code: ErrorCode,
    /// A sentence for the caller, lower-case, without final stop.
    pub message: String,
    /// The parameter at fault.
    pub parameter: Option<&'static str>,
}

/// Every code that an answer can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A parameter has a wrong type or is out of range.
    InvalidParameter,
    /// `filter` does not parse.
    InvalidFilter,
    /// A field that no product has.
    UnknownField,
    /// No such catalog.
    UnknownCatalog,
    /// No such product.
    UnknownProduct,
    /// No such route.
    NotFound,
    /// Too much to do.
    Overloaded,
    /// Took longer than the deadline.
    DeadlineExceeded,
    /// The change stands, but is not visible in time.
    NotYetVisible,
    /// Something of ours failed.
    Internal,
}

impl ErrorCode {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidParameter => "invalid_parameter",
            Self::InvalidFilter => "invalid_filter",
            Self::UnknownField => "unknown_field",
            Self::UnknownCatalog => "unknown_catalog",
            Self::UnknownProduct => "unknown_product",
            Self::NotFound => "not_found",
            Self::Overloaded => "overloaded",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::NotYetVisible => "not_yet_visible",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidParameter | Self::InvalidFilter | Self::UnknownField => StatusCode::BAD_REQUEST,
            Self::UnknownCatalog | Self::UnknownProduct | Self::NotFound => StatusCode::NOT_FOUND,
            Self::Overloaded | Self::DeadlineExceeded | Self::NotYetVisible => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
