//! Errors of the index.

/// Why the index could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A filter, facet, sort or group names a field that no product has.
    #[error("unknown field `{field}`")]
    UnknownField {
        /// The name as given.
        field: String,
        /// The request parameter that names it: `filter`, `facets`, `sort`, `group`, `highlight`.
        parameter: &'static str,
        /// The name that exists and was probably meant.
        nearest: Option<String>,
        /// Names that exist: product fields, then the first attributes.
        known: Vec<String>,
    },
    /// A request that cannot be evaluated, such as sorting by a list.
    #[error("{message}")]
    InvalidRequest {
        /// The request parameter at fault.
        parameter: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The cancel check said stop.
    #[error("the search was cancelled")]
    Cancelled,
    /// The index directory holds a format that this program cannot read.
    #[error("the index in {path} has format {found}, this program reads {expected}")]
    Format {
        /// Where.
        path: String,
        /// Format number on disk.
        found: u64,
        /// Format number of this program.
        expected: u64,
    },
    /// A stored product cannot be read back.
    #[error("the stored product `{id}` is damaged: {reason}")]
    Damaged {
        /// Its id, as far as it could be read.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine failed: disk full, file damaged.
    #[error("the index engine failed")]
    Engine(#[from] tantivy::TantivyError),
    /// Files could not be read or written.
    #[error("index files in {path}")]
    Io {
        /// Where.
        path: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}
