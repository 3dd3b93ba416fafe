//! Why a question has no answer.
//!
//! Names what went wrong in the terms of the question. It does not know status codes; `http::error` does.
//! Invariant: everything the caller can put right names the parameter at fault.

use std::sync::Arc;

use storefind_index::error::IndexError;

use super::params::FIELD_BYTES_MAX;
use crate::cache::single_flight::FlightError;
use crate::cache::stack::FetchError;
use crate::catalog::CatalogError;
use crate::resilience::pool::PoolError;
use crate::shortened::shortened;

/// Most existing field names that an error lists: the 17 product fields, and attributes enough to see how they are
/// named in this catalog.
const KNOWN_SHOWN_MAX: usize = 40;

/// Why there is no answer. Cheap to clone: all who wait for one computation share its error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AnswerError {
    /// A parameter is unknown, has a wrong type or is out of range.
    #[error("{message}")]
    InvalidParameter {
        /// The parameter; `None` when there is no parameter of that name.
        parameter: Option<&'static str>,
        /// What is wrong with it.
        message: String,
    },
    /// `filter` does not parse.
    #[error("{0}")]
    InvalidFilter(String),
    /// A parameter names a field that no product has.
    #[error("no product has a field `{field}`{}", suggestion(.nearest.as_deref(), .known))]
    UnknownField {
        /// The parameter.
        parameter: &'static str,
        /// The field.
        field: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// Some that exist.
        known: Arc<[String]>,
    },
    /// More is asked than can be computed.
    #[error("too many searches are waiting")]
    Overloaded,
    /// The request's deadline passed.
    #[error("the search took longer than its deadline")]
    DeadlineExceeded,
    /// `min_sequence` is not visible in time.
    #[error("sequence {0} is not yet visible")]
    NotYetVisible(u64),
    /// Something of ours failed. The cause is for the log.
    #[error("the search failed")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl AnswerError {
    /// An error in a parameter.
    pub fn parameter(parameter: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidParameter { parameter: Some(parameter), message: message.into() }
    }

    /// A failure of ours.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(cause))
    }

    /// Whether the server failed, and not the question: then a stale answer is better than none.
    pub fn is_ours(failed: &FetchError<Self>) -> bool {
        match failed {
            FetchError::Flight(_) => true,
            FetchError::Compute(Self::Overloaded | Self::DeadlineExceeded | Self::Internal(_)) => true,
            FetchError::Compute(
                Self::InvalidParameter { .. }
                | Self::InvalidFilter(_)
                | Self::UnknownField { .. }
                | Self::NotYetVisible(_),
            ) => false,
        }
    }

    /// Label of counters.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::InvalidParameter { .. } | Self::InvalidFilter(_) | Self::UnknownField { .. } => "refused",
            Self::Overloaded => "overloaded",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::NotYetVisible(_) => "not_yet_visible",
            Self::Internal(_) => "internal",
        }
    }
}

fn suggestion(nearest: Option<&str>, known: &[String]) -> String {
    if let Some(near) = nearest {
        return format!("; did you mean `{near}`?");
    }
    if known.is_empty() {
        return String::new();
    }
    let shown = known.iter().take(KNOWN_SHOWN_MAX).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = if known.len() > KNOWN_SHOWN_MAX { ", …" } else { "" };
    format!("; there are {shown}{more}")
}

impl From<IndexError> for AnswerError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::UnknownField { field, parameter, nearest, known } => {
                // A filter may name a field of eight kilobytes; the list behind it is what helps.
                let field = shortened(&field, FIELD_BYTES_MAX).into_owned();
                Self::UnknownField { parameter, field, nearest, known: known.into() }
            }
            IndexError::InvalidRequest { parameter, message } => Self::parameter(parameter, message),
            // The one who cancels is the deadline, or a caller who has left and hears nothing.
            IndexError::Cancelled => Self::DeadlineExceeded,
            other => Self::internal(other),
        }
    }
}

impl From<CatalogError> for AnswerError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::NotYetVisible(sequence) => Self::NotYetVisible(sequence),
            CatalogError::Closed => Self::Overloaded,
            other => Self::internal(other),
        }
    }
}

impl From<PoolError> for AnswerError {
    fn from(error: PoolError) -> Self {
        match error {
            // A pool that closes belongs to a node that goes: the caller's next try meets another, or this one again.
            PoolError::Full | PoolError::Closed => Self::Overloaded,
            PoolError::TimedOut => Self::DeadlineExceeded,
            PoolError::Panicked => Self::internal(error),
        }
    }
}

impl From<FetchError<AnswerError>> for AnswerError {
    fn from(error: FetchError<AnswerError>) -> Self {
        match error {
            FetchError::Compute(error) => error,
            FetchError::Flight(FlightError::TimedOut) => Self::DeadlineExceeded,
            FetchError::Flight(FlightError::Crowded) => Self::Overloaded,
            FetchError::Flight(error @ FlightError::Lost) => Self::internal(error),
        }
    }
}
