//! Configuration: raw as written (TOML, environment) → validated.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use storefind_index::feed::FeedMapping;
use storefind_index::settings::Settings;

/// A validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on; loopback only until keys exist.
    pub listen: SocketAddr,
    /// Where logs and indexes live.
    pub data_dir: PathBuf,
    /// Longest time from the acknowledgement of a change until every answer shows it.
    pub freshness_bound: Duration,
    /// Cache tiers.
    pub cache: CacheConfig,
    /// Limits of the HTTP side.
    pub http: HttpConfig,
    /// Catalogs by name.
    pub catalogs: BTreeMap<String, CatalogConfig>,
}

/// Cache tiers.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Bytes that the memory tier may hold, keys and compressed variants counted.
    pub memory_max_bytes: u64,
}

/// Limits of the HTTP side. Every field has a default and a reason in `config/raw.rs`.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
    /// Most open connections.
    pub connections_max: usize,
    /// Time for a request's headers to arrive.
    pub header_timeout: Duration,
    /// Time that an idle connection is kept.
    pub idle_timeout: Duration,
    /// Deadline of a search.
    pub request_deadline: Duration,
    /// Time that running requests get at shutdown.
    pub drain_timeout: Duration,
    /// Threads that evaluate queries.
    pub query_threads: usize,
    /// Queries that may wait for a thread.
    pub query_queue_max: usize,
    /// `Cache-Control` of search answers.
    pub search_cache_control: String,
    /// `Cache-Control` of autocomplete answers.
    pub autocomplete_cache_control: String,
}

/// One catalog.
#[derive(Debug, Clone)]
pub struct CatalogConfig {
    /// Settings in force until `PUT settings` changes them.
    pub settings: Settings,
    /// How a feed's records become products.
    pub feed: FeedMapping,
}
