//! Configuration: raw as written (TOML, environment, arguments) → validated.
//!
//! Owns the types that the rest of the server reads, and [`Config::load`]. Invariant: a [`Config`] that exists is
//! valid, so nothing behind this module checks it again.

pub mod access;
mod keys;
pub mod limits;
mod problem;
mod raw;
mod servers;
mod validate;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use storefind_index::feed::FeedMapping;
use storefind_index::settings::Settings;

pub use access::{KeyCatalogs, KeyConfig, KeyHash, Scope, Scopes};
pub use keys::{KEYS, Key};
pub use limits::{LimitsConfig, Network};
pub use problem::{ConfigError, Problem, Source, nearest};
pub use raw::{ENVIRONMENT_PREFIX, KEY_VARIABLE, Sources, variable_name};
pub use servers::SecretUrl;

/// A validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on. Without keys it is a loopback address, unless `insecure`. `listen`.
    pub listen: SocketAddr,
    /// Whether any address may be listened on without keys. `insecure`.
    pub insecure: bool,
    /// Where logs and indexes live. `data_dir`.
    pub data_dir: PathBuf,
    /// Longest time from the acknowledgement of a change until every answer shows it. `freshness_bound`.
    pub freshness_bound: Duration,
    /// Cache tiers. `cache.…`.
    pub cache: CacheConfig,
    /// Limits of the HTTP side. `http.…`.
    pub http: HttpConfig,
    /// HTTPS instead of HTTP. `tls.…`.
    pub tls: Option<TlsConfig>,
    /// How many requests are too many. `limits.…`.
    pub limits: LimitsConfig,
    /// Logs for people and machines. `logging.…`.
    pub logging: LoggingConfig,
    /// What is kept of shoppers' deeds. `learning.…`.
    pub learning: LearningConfig,
    /// Catalogs by name. `catalogs.…`.
    pub catalogs: BTreeMap<String, CatalogConfig>,
    /// Who may do what; without any, everybody may do everything. `[[keys]]`.
    pub keys: Vec<KeyConfig>,
}

/// The files of a certificate. What they hold is read by [`crate::http::tls`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate and what it is signed by. `tls.certificate`.
    pub certificate: PathBuf,
    /// Its private key. `tls.key`.
    pub key: PathBuf,
}

/// Cache tiers.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Bytes that the memory tier may hold, keys and compressed variants counted. `cache.memory.max_bytes`.
    pub memory_max_bytes: u64,
    /// Which answers go to remote tiers. `cache.admission`.
    pub admission: Admission,
    /// Longest wait for one answer of a remote tier. `cache.remote_deadline`.
    pub remote_deadline: Duration,
    /// How long past its maximum age an answer may stand in for one that cannot be computed. `cache.stale_if_error`.
    pub stale_if_error: Duration,
    /// Questions that are asked again after a start. `cache.warm_up.…`.
    pub warm_up: WarmUpConfig,
    /// The Redis tier, if there is one. `cache.redis.…`.
    pub redis: Option<RedisConfig>,
    /// The servers of the Memcached tier as `host:port`; none if there is no such tier. `cache.memcached.url`.
    pub memcached: Vec<String>,
}

/// What is remembered of what was asked, and asked again after a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUpConfig {
    /// Longest time that asking again takes; zero: nothing is remembered. `cache.warm_up.limit`.
    pub limit: Duration,
    /// Whether what is remembered is also written to the data folder. `cache.warm_up.save`.
    pub save: bool,
}

/// The Redis tier.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// One URL for each host that is named. `cache.redis.url`.
    pub urls: Vec<SecretUrl>,
    /// What they are. `cache.redis.mode`.
    pub mode: RedisMode,
    /// The primary's name among Sentinels. `cache.redis.primary`.
    pub primary: String,
}

/// What the URL of Redis names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisMode {
    /// One server.
    Single,
    /// Nodes of a cluster.
    Cluster,
    /// Sentinels, which know the primary.
    Sentinel,
}

/// Which answers go to remote tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Those that are expected to cost more than the tier does.
    Auto,
    /// All; for tests and special cases.
    Always,
    /// None.
    Never,
}

/// Limits of the HTTP side. Defaults and their reasons stand in `config/keys.rs`.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Largest request body in bytes, also after decompression. `http.max_body_bytes`.
    pub body_bytes_max: usize,
    /// Sockets that accept connections. `http.listeners`.
    pub listeners: usize,
    /// Most open connections. `http.max_connections`.
    pub connections_max: usize,
    /// Most bytes of one request's headers. `http.max_header_bytes`.
    pub header_bytes_max: usize,
    /// Most headers of one request. `http.max_headers`.
    pub headers_max: usize,
    /// Time for a request's headers to arrive. `http.header_timeout`.
    pub header_timeout: Duration,
    /// Time that an idle connection is kept. `http.idle_timeout`.
    pub idle_timeout: Duration,
    /// Deadline of a search. `http.request_deadline`.
    pub request_deadline: Duration,
    /// Time that running requests get at shutdown. `http.drain_timeout`.
    pub drain_timeout: Duration,
    /// Threads that evaluate queries. `http.query_threads`.
    pub query_threads: usize,
    /// Queries that may wait for a thread. `http.max_queued_queries`.
    pub query_queue_max: usize,
    /// `Cache-Control` of search answers. `http.search_cache_control`.
    pub search_cache_control: String,
    /// `Cache-Control` of autocomplete answers. `http.autocomplete_cache_control`.
    pub autocomplete_cache_control: String,
    /// Origins whose pages may call search and autocomplete; `*` is all. `http.cors_origins`.
    pub cors_origins: Vec<String>,
    /// Whose `X-Forwarded-For` is believed. `http.trusted_proxies`.
    pub trusted_proxies: Vec<Network>,
}

/// Logs for people and machines.
#[derive(Debug, Clone)]
pub struct LoggingConfig {
    /// How a line looks. `logging.format`.
    pub format: LogFormat,
    /// What is written. `logging.filter`.
    pub filter: String,
    /// Searches that take longer are written; zero: none. `logging.slow_query`.
    pub slow_query: Duration,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is kept of shoppers' deeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LearningConfig {
    /// Days, today included; zero: nothing is kept. `learning.keep_days`.
    pub keep_days: u32,
    /// Bytes of each catalog's journal. `learning.max_bytes`.
    pub bytes_max: u64,
}

/// One catalog.
#[derive(Debug, Clone)]
pub struct CatalogConfig {
    /// Settings in force until `PUT settings` changes them. `catalogs.NAME.language`.
    pub settings: Settings,
    /// How a feed's records become products. `catalogs.NAME.feed.…`.
    pub feed: FeedMapping,
}

impl Config {
    /// Reads and validates.
    ///
    /// # Errors
    /// Every problem at once, each with key, value and source.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        validate::validate(sources).map(|(config, _)| config)
    }

    /// The configuration in force, as TOML, each line with its source. Holds no secrets: the hashes of keys are hidden,
    /// without keys it can be loaded again.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn print(sources: &Sources) -> Result<String, ConfigError> {
        let (_, effective) = validate::validate(sources)?;
        let lines = effective.iter().map(|line| match &line.value {
            Some(value) => format!("{} = {value}  # {}\n", line.key, line.source),
            None => format!("\n{}  # {}\n", line.key, line.source),
        });
        Ok(lines.collect())
    }
}
