//! From values as written to a [`Config`] that can be relied on.
//!
//! Owns the meaning of each key and the rules between keys. Every problem is collected, so that one run of
//! `check-config` names them all. Invariant: a `Config` exists only if there was no problem.

mod access;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use storefind_index::feed::{FeedConfig, FeedMapping, FeedSource};
use storefind_index::settings::{Language, Settings};

use super::limits::{self, LimitsConfig, networks};
use super::problem::{ConfigError, Problem, Source};
use super::raw::{Entry, Literal, Raw, Sources, show_path};
use super::{
    Admission, CacheConfig, CatalogConfig, Config, HttpConfig, LearningConfig, LogFormat, LoggingConfig, RedisConfig,
    RedisMode, TlsConfig, WarmUpConfig, keys, servers, value,
};

/// Longest name of a catalog: it is a folder, part of URLs and a metric label.
const CATALOG_NAME_BYTES_MAX: usize = 64;
/// Names that are routes of their own beside `/v1/{catalog}`.
const RESERVED_CATALOG_NAMES: [&str; 2] = ["stats", "admin"];
/// Least memory tier: below this not even a few large pages fit and every lookup is a miss.
const MEMORY_BYTES_MIN: u64 = 1 << 20;
/// Largest burst: what a rate allows in a second at most.
const BURST_MAX: usize = 1_000_000;
/// Remote parts of DESIGN.md that this version does not have. Believing that they work would be worse than a refusal.
const NOT_YET: [(&str, &[&str], &str); 1] = [("log.url", &["nats://"], "a replicated log")];
/// Bounds of the wait for a remote tier: the timer's resolution, and what a shopper begins to notice.
const REMOTE_DEADLINE_MS: std::ops::RangeInclusive<u64> = 1..=100;
/// Longest stale answer: Memcached keeps entries for ten times their maximum age, a hundred minutes, ten of which are that
/// age itself.
const STALE_IF_ERROR_MAX: Duration = Duration::from_secs(90 * 60);

/// Most days that are kept: the same season of last year.
const LEARNING_DAYS_MAX: usize = 400;
/// Smallest journal: below it a busy hour pushes out the morning.
const LEARNING_BYTES_MIN: u64 = 1 << 20;
/// Longest warm-up: supervisors give up on a node that is not ready after some minutes.
const WARM_UP_MAX: Duration = Duration::from_secs(60);

const ADMISSIONS: &[(&str, Admission)] =
    &[("auto", Admission::Auto), ("always", Admission::Always), ("never", Admission::Never)];
const FLAGS: &[(&str, bool)] = &[("true", true), ("false", false)];
const REDIS_MODES: &[(&str, RedisMode)] =
    &[("single", RedisMode::Single), ("cluster", RedisMode::Cluster), ("sentinel", RedisMode::Sentinel)];
const LOG_FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
const LANGUAGES: &[(&str, Language)] = &[
    ("english", Language::English),
    ("german", Language::German),
    ("french", Language::French),
    ("spanish", Language::Spanish),
    ("none", Language::None),
];

/// One line of the effective configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Effective {
    pub(super) key: String,
    /// `None`: the head of a table, `[[keys]]`.
    pub(super) value: Option<String>,
    pub(super) source: Source,
}

/// Validates everything that `sources` hold. Also returns each effective value, for `--print-config`.
pub(super) fn validate(sources: &Sources) -> Result<(Config, Vec<Effective>), ConfigError> {
    let mut problems = Vec::new();
    let raw = Raw::read(sources, &mut problems);
    let mut reader = Reader { raw, problems, effective: Vec::new() };
    let config = reader.config();
    if reader.problems.is_empty() {
        Ok((config, reader.effective))
    } else {
        Err(ConfigError { problems: reader.problems })
    }
}

/// Takes values out of [`Raw`] by key; notes problems and what came into force.
struct Reader {
    raw: Raw,
    problems: Vec<Problem>,
    effective: Vec<Effective>,
}

impl Reader {
    fn config(&mut self) -> Config {
        let listen = self.get("listen", value::address);
        let insecure = self.get("insecure", |text| value::word(text, FLAGS));
        let data_dir = self.get("data_dir", non_empty);
        let freshness_bound = self.get("freshness_bound", value::duration);
        let cache = self.cache();
        for (key, schemes, what) in NOT_YET {
            self.refuse(key, schemes, what);
        }
        let http = self.http();
        let logging = LoggingConfig {
            format: self.get("logging.format", |text| value::word(text, LOG_FORMATS)),
            filter: self.get("logging.filter", log_filter),
            slow_query: self.get("logging.slow_query", value::duration),
        };
        let learning = LearningConfig {
            keep_days: self.get("learning.keep_days", |text| within(value::count(text)?, 0, LEARNING_DAYS_MAX)) as u32,
            bytes_max: self.get("learning.max_bytes", |text| match value::size(text)? {
                bytes if bytes < LEARNING_BYTES_MIN => Err("a journal has at least 1MiB".to_owned()),
                bytes => Ok(bytes),
            }),
        };
        let (tls, limits) = (self.tls(), self.limits());
        let catalogs = self.catalogs();
        let keys = self.keys(&catalogs);
        // Keys that are written badly are a problem of their own.
        if self.raw.keys.is_empty() && !insecure && !listen.ip().is_loopback() {
            self.refuse_open(listen);
        }
        Config {
            listen,
            insecure,
            data_dir,
            freshness_bound,
            cache,
            http,
            tls,
            limits,
            logging,
            learning,
            catalogs,
            keys,
        }
    }

    fn tls(&mut self) -> Option<TlsConfig> {
        let certificate = self.get_path("tls.certificate");
        let key = self.get_path("tls.key");
        match (certificate, key) {
            (Some((certificate, _)), Some((key, _))) => Some(TlsConfig { certificate, key }),
            (None, None) => None,
            (Some((_, source)), None) => {
                self.lacks(
                    "tls.key",
                    "`tls.certificate` is given, so the file of its private key must be, too",
                    source,
                );
                None
            }
            (None, Some((_, source))) => {
                self.lacks(
                    "tls.certificate",
                    "`tls.key` is given, so the file of its certificate must be, too",
                    source,
                );
                None
            }
        }
    }

    fn limits(&mut self) -> LimitsConfig {
        let burst = |text: &str| within(value::count(text)?, 0, BURST_MAX);
        let per_key = self.get("limits.per_key", limits::requests);
        let per_key = limits::rate(per_key, self.get("limits.per_key_burst", burst));
        let per_address = self.get("limits.per_address", limits::requests);
        LimitsConfig { per_key, per_address: limits::rate(per_address, self.get("limits.per_address_burst", burst)) }
    }

    fn cache(&mut self) -> CacheConfig {
        let memory_max_bytes = self.get("cache.memory.max_bytes", |text| match value::size(text)? {
            bytes if bytes < MEMORY_BYTES_MIN => Err("the memory tier holds at least 1MiB".to_owned()),
            bytes => Ok(bytes),
        });
        CacheConfig {
            memory_max_bytes,
            admission: self.get("cache.admission", |text| value::word(text, ADMISSIONS)),
            remote_deadline: self.get("cache.remote_deadline", |text| match value::duration(text)? {
                time if REMOTE_DEADLINE_MS.contains(&(time.as_millis() as u64)) => Ok(time),
                _ => Err("a remote tier is given 1ms to 100ms".to_owned()),
            }),
            stale_if_error: self.get("cache.stale_if_error", |text| match value::duration(text)? {
                time if time <= STALE_IF_ERROR_MAX => Ok(time),
                _ => Err("at most 90m, since no tier keeps an answer for longer".to_owned()),
            }),
            warm_up: WarmUpConfig {
                limit: self.get("cache.warm_up.limit", |text| match value::duration(text)? {
                    time if time <= WARM_UP_MAX => Ok(time),
                    _ => Err("at most 1m, since nobody is answered meanwhile".to_owned()),
                }),
                save: self.get("cache.warm_up.save", |text| value::word(text, FLAGS)),
            },
            redis: self.redis(),
            memcached: self.get_urls("cache.memcached.url", servers::memcached).unwrap_or_default(),
        }
    }

    fn redis(&mut self) -> Option<RedisConfig> {
        let urls = self.get_urls("cache.redis.url", servers::redis);
        let mode = self.get("cache.redis.mode", |text| value::word(text, REDIS_MODES));
        let primary = self.get("cache.redis.primary", |text| match text.trim() {
            "" => Err("expected the name that the Sentinels were given".to_owned()),
            name => Ok(name.to_owned()),
        });
        let urls = urls?;
        if mode == RedisMode::Single && urls.len() > 1 {
            let message = "one server is expected; several are a matter of `cache.redis.mode`".to_owned();
            let entry = self.raw.entries.get(&path("cache.redis.url")).cloned()?;
            self.wrong("cache.redis.url".to_owned(), &entry, message);
        }
        Some(RedisConfig { urls, mode, primary })
    }

    fn http(&mut self) -> HttpConfig {
        HttpConfig {
            body_bytes_max: self
                .get("http.max_body_bytes", |text| within(value::size(text)? as usize, 1 << 10, usize::MAX)),
            listeners: self.threads("http.listeners"),
            connections_max: self.get("http.max_connections", |text| within(value::count(text)?, 1, 1_000_000)),
            // hyper refuses to read with less than 8 KiB.
            header_bytes_max: self
                .get("http.max_header_bytes", |text| within(value::size(text)? as usize, 8 << 10, 1 << 20)),
            headers_max: self.get("http.max_headers", |text| within(value::count(text)?, 8, 1_000)),
            header_timeout: self.get("http.header_timeout", positive),
            idle_timeout: self.get("http.idle_timeout", positive),
            request_deadline: self.get("http.request_deadline", positive),
            drain_timeout: self.get("http.drain_timeout", value::duration),
            query_threads: self.threads("http.query_threads"),
            query_queue_max: self.get("http.max_queued_queries", |text| within(value::count(text)?, 1, 1_000_000)),
            search_cache_control: self.get("http.search_cache_control", value::header),
            autocomplete_cache_control: self.get("http.autocomplete_cache_control", value::header),
            cors_origins: self.get("http.cors_origins", origins),
            trusted_proxies: self.get("http.trusted_proxies", networks),
        }
    }

    /// A number of threads or the like; 0 is one for each processor.
    fn threads(&mut self, key: &'static str) -> usize {
        match self.get(key, |text| within(value::count(text)?, 0, 1_024)) {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }

    fn catalogs(&mut self) -> BTreeMap<String, CatalogConfig> {
        let names: Vec<_> = self.raw.catalogs.iter().map(|(name, source)| (name.clone(), source.clone())).collect();
        names
            .into_iter()
            .map(|(name, source)| {
                if let Err(message) = catalog_name(&name) {
                    self.problems.push(Problem { key: Some(format!("catalogs.{name}")), value: None, message, source });
                }
                let language = self.get_in("catalogs.*.language", &["catalogs", &name, "language"], |text| {
                    value::word(text, LANGUAGES)
                });
                let feed = self.feed(&name);
                (name, CatalogConfig { settings: Settings { language, ..Settings::default() }, feed })
            })
            .collect()
    }

    fn feed(&mut self, catalog: &str) -> FeedMapping {
        let prefix = ["catalogs".to_owned(), catalog.to_owned(), "feed".to_owned()];
        let written: Vec<_> = (self.raw.entries.iter())
            .filter(|(path, _)| path.starts_with(&prefix))
            .map(|(path, entry)| (path.clone(), entry.clone()))
            .collect();
        if written.is_empty() {
            return FeedMapping::identity();
        }
        let first = written[0].1.source.clone();
        let mut config = FeedConfig::default();
        for (path, entry) in written {
            let key = show_path(&path);
            let field = path[prefix.len()..].join(".");
            match feed_source(&entry.literal) {
                Ok(source) => {
                    self.note(key, entry.literal.written_feed(), entry.source);
                    config.fields.insert(field, source);
                }
                Err(message) => self.wrong(key, &entry, message),
            }
        }
        FeedMapping::new(&config).unwrap_or_else(|messages| {
            let key = format!("catalogs.{catalog}.feed");
            self.problems.extend(messages.into_iter().map(|message| Problem {
                key: Some(key.clone()),
                value: None,
                message,
                source: first.clone(),
            }));
            FeedMapping::identity()
        })
    }

    /// The value of a key that has a default.
    fn get<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let path: Vec<&str> = name.split('.').collect();
        self.get_in(name, &path, parse)
    }

    /// The URLs of a key that has no default, if they are written and right.
    fn get_urls<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let entry = self.raw.entries.get(&path(name)).cloned()?;
        match entry.literal.text().and_then(|text| parse(&text)) {
            Ok(value) => {
                // As one text, so that a list of hosts shows no password either.
                let shown = entry.literal.text().map(Literal::Scalar).unwrap_or(entry.literal).show();
                self.note(name.to_owned(), shown, entry.source);
                Some(value)
            }
            Err(message) => {
                self.wrong(name.to_owned(), &entry, message);
                None
            }
        }
    }

    fn get_in<T>(&mut self, name: &'static str, path: &[&str], parse: impl Fn(&str) -> Result<T, String>) -> T {
        let default = keys::default_of(name).expect("the table gives a default to every key that is read with one");
        let key = path.join(".");
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        if let Some(entry) = self.raw.entries.get(&path).cloned() {
            match entry.literal.text().and_then(|text| parse(&text)) {
                Ok(value) => {
                    self.note(key, entry.literal.written(), entry.source);
                    return value;
                }
                Err(message) => self.wrong(key, &entry, message),
            }
        } else {
            self.note(key, Literal::Scalar(default.to_owned()).written(), Source::Default);
        }
        parse(default).expect("every default of the table parses, which a test holds")
    }

    fn refuse(&mut self, key: &'static str, schemes: &[&str], what: &str) {
        let Some(entry) = self.raw.entries.get(&path(key)).cloned() else { return };
        let known = entry.literal.text().is_ok_and(|text| schemes.iter().any(|scheme| text.starts_with(scheme)));
        let message = if known {
            format!("this version does not have {what} yet; remove the key")
        } else {
            format!(
                "expected a URL that begins with {}; and this version does not have {what} yet",
                schemes.join(" or ")
            )
        };
        self.wrong(key.to_owned(), &entry, message);
    }

    /// The path of a file whose key has no default, and where it is written.
    fn get_path(&mut self, key: &'static str) -> Option<(PathBuf, Source)> {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let entry = self.raw.entries.get(&path).cloned()?;
        match entry.literal.text() {
            Ok(text) if !text.is_empty() => {
                self.note(key.to_owned(), entry.literal.written(), entry.source.clone());
                Some((text.into(), entry.source))
            }
            _ => {
                self.wrong(key.to_owned(), &entry, "expected the path of a file".to_owned());
                None
            }
        }
    }

    /// A key must be given because another is, which stands at `source`.
    fn lacks(&mut self, key: &str, message: &str, source: Source) {
        if self.raw.entries.keys().any(|path| path.join(".") == key) {
            // It is, and has a problem of its own.
            return;
        }
        let message = message.to_owned();
        self.problems.push(Problem { key: Some(key.to_owned()), value: None, message, source });
    }

    fn note(&mut self, key: String, value: String, source: Source) {
        self.effective.push(Effective { key, value: Some(value), source });
    }

    fn wrong(&mut self, key: String, entry: &Entry, message: String) {
        let source = entry.source.clone();
        self.problems.push(Problem { key: Some(key), value: Some(entry.literal.show()), message, source });
    }
}

fn path(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

impl Literal {
    /// The text of a scalar; a list of scalars is one text with commas, as a variable would hold it.
    fn text(&self) -> Result<String, String> {
        match self {
            Self::Scalar(text) => Ok(text.clone()),
            Self::List(items) => items
                .iter()
                .map(|item| match item {
                    Self::Scalar(text) => Ok(text.as_str()),
                    Self::List(_) | Self::Table(_) => Err("expected a list of single values".to_owned()),
                })
                .collect::<Result<Vec<_>, _>>()
                .map(|items| items.join(",")),
            Self::Table(_) => Err("expected a single value".into()),
        }
    }

    /// As [`Literal::written`], but a scale stays a number, as the file has it.
    fn written_feed(&self) -> String {
        match self {
            Self::Table(fields) => {
                let mut text = String::from("{ ");
                for (index, (name, value)) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    let value = match (name.as_str(), value) {
                        ("scale", Self::Scalar(number)) => number.clone(),
                        _ => value.written(),
                    };
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{comma}{name} = {value}");
                }
                text + " }"
            }
            Self::Scalar(_) | Self::List(_) => self.written(),
        }
    }
}

fn feed_source(literal: &Literal) -> Result<FeedSource, String> {
    let expected = || "expected a field of the feed, a list of fields or { field = \"…\", scale = … }".to_owned();
    match literal {
        Literal::Scalar(field) => Ok(FeedSource::Field(field.clone())),
        Literal::List(items) => items
            .iter()
            .map(|item| match item {
                Literal::Scalar(field) => Ok(field.clone()),
                Literal::List(_) | Literal::Table(_) => Err(expected()),
            })
            .collect::<Result<_, _>>()
            .map(FeedSource::Fields),
        Literal::Table(fields) => match (fields.get("field"), fields.get("scale"), fields.len()) {
            (Some(Literal::Scalar(field)), Some(Literal::Scalar(scale)), 2) => {
                let scale = scale.parse().map_err(|_| format!("scale is {scale}, expected a number such as 0.01"))?;
                Ok(FeedSource::Scaled { field: field.clone(), scale })
            }
            _ => Err(expected()),
        },
    }
}

fn catalog_name(name: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !begins || !name.bytes().all(allowed) || name.len() > CATALOG_NAME_BYTES_MAX || name.contains("__") {
        return Err(format!(
            "a catalog's name has 1 to {CATALOG_NAME_BYTES_MAX} lower-case letters, digits, `-` and single `_`, and \
             begins with a letter or digit"
        ));
    }
    if RESERVED_CATALOG_NAMES.contains(&name) {
        return Err(format!("`/v1/{name}` is a route, so no catalog can have this name"));
    }
    Ok(())
}

fn non_empty(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("expected a folder".into()) } else { Ok(text.into()) }
}

fn positive(text: &str) -> Result<Duration, String> {
    match value::duration(text)? {
        Duration::ZERO => Err("must be longer than 0s".into()),
        duration => Ok(duration),
    }
}

fn within(number: usize, least: usize, most: usize) -> Result<usize, String> {
    match number {
        _ if number < least => Err(format!("must be at least {least}")),
        _ if number > most => Err(format!("must be at most {most}")),
        number => Ok(number),
    }
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    let origins: Vec<String> =
        text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    match origins.iter().find(|origin| *origin != "*" && !is_origin(origin)) {
        Some(bad) => Err(format!("`{bad}` is not an origin such as \"https://shop.example\"")),
        None => Ok(origins),
    }
}

/// `scheme://host[:port]` without path: what browsers send in `Origin`.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'))
}

fn log_filter(text: &str) -> Result<String, String> {
    match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("expected a level (error, warn, info, debug, trace) or a filter such as \
                       \"info,storefind::catalog=debug\""
            .into()),
    }
}
