//! Why a change was refused, and why a catalog could not do what was asked.

use super::log::LogError;

/// Why one change was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Stable code, such as `unknown_product`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Refusal {
    /// Code of a patch or delete of a product that is not there.
    pub const UNKNOWN_PRODUCT: &'static str = "unknown_product";

    /// Code of rules that were put over others than those that the caller had seen.
    pub const VERSION_CHANGED: &'static str = "version_changed";

    pub(super) fn version_changed(version: u64) -> Self {
        let message = format!("the rules have changed meanwhile; their version is now {version}");
        Self { code: Self::VERSION_CHANGED.to_owned(), message }
    }

    pub(super) fn unknown_product(id: &str) -> Self {
        Self { code: Self::UNKNOWN_PRODUCT.to_owned(), message: format!("there is no product {id:?}") }
    }
}

/// Why a catalog could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The catalog was opened read-only.
    #[error("this node is read-only")]
    ReadOnly,
    /// The catalog is closed.
    #[error("the catalog is closed")]
    Closed,
    /// The sequence did not become visible in time; the write stands.
    #[error("sequence {0} is not yet visible")]
    NotYetVisible(u64),
    /// More changes wait than can be applied within the bound.
    #[error("too many changes are waiting to be applied")]
    Busy,
    /// The log failed (disk full, damaged, locked).
    #[error(transparent)]
    Log(#[from] LogError),
    /// The index could not be rebuilt; the one in use stays.
    #[error("the index was not rebuilt: {0}")]
    Rebuild(String),
    /// The index failed.
    #[error("the index failed")]
    Index(#[from] storefind_index::error::IndexError),
    /// A thread or a temporary folder could not be had.
    #[error("the system refused a thread or a temporary folder")]
    System(#[from] std::io::Error),
}
