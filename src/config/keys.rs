//! Every key of the configuration in one table: name, default, meaning and the reason for the default.
//!
//! Reading, the check for unknown keys, `--print-config` and the tests of `config/example.toml` all walk this table,
//! so a key that is not here does not exist. Invariant: every default parses (held by a test).

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Dotted, as in the file. `*` stands for a catalog's name, a product field or a place in a list of tables.
    pub name: &'static str,
    /// As one would write it in the file, without quotes; `None`: absent unless written.
    pub default: Option<&'static str>,
    /// Meaning, unit, and why the default is what it is.
    pub about: &'static str,
}

const fn key(name: &'static str, default: Option<&'static str>, about: &'static str) -> Key {
    Key { name, default, about }
}

/// The table, in the order of `config/example.toml`.
pub const KEYS: &[Key] = &[
    key(
        "listen",
        Some("127.0.0.1:7700"),
        "Address and port to listen on. Any but a loopback address needs `[[keys]]`, or `insecure = true`.",
    ),
    key(
        "insecure",
        Some("false"),
        "Whether to listen on any address without keys: whoever can connect may then write. For closed networks only.",
    ),
    key("data_dir", Some("storefind-data"), "Folder of logs and indexes, relative to the working directory."),
    key(
        "freshness_bound",
        Some("1s"),
        "Longest time from the acknowledgement of a change until every answer shows it. One second is below what a \
         shopper notices and leaves room to batch changes.",
    ),
    key(
        "cache.memory.max_bytes",
        Some("256MiB"),
        "Most bytes of the memory tier, keys and compressed variants counted. Some 30,000 result pages, a small share \
         of a small machine.",
    ),
    key(
        "cache.admission",
        Some("auto"),
        "Which answers go to remote tiers: `auto` (what is expected to pay), `always`, `never`. Without remote tiers \
         all three mean the same.",
    ),
    key(
        "cache.remote_deadline",
        Some("5ms"),
        "Longest wait for one answer of a remote tier; the wait follows what its answers take and is mostly shorter. A \
         request spends twice this on remote tiers at most.",
    ),
    key(
        "cache.stale_if_error",
        Some("1h"),
        "How long past its maximum age (ten minutes) an answer may be served when a new one cannot be computed. \
         Memcached keeps entries a little longer than an hour and a half. `0s`: only within the maximum age.",
    ),
    key(
        "cache.warm_up.limit",
        Some("2s"),
        "Longest time that a start waits, once it has caught up, to have the dearest of the latest searches answered \
         again before it is ready; also after a change of settings. Time for most of the thousand that are kept, and \
         less than the pause between two probes of most supervisors. `0s`: nothing is remembered or asked again.",
    ),
    key(
        "cache.warm_up.save",
        Some("true"),
        "Whether those searches, as text, are kept in the catalog's folder over restarts; without it a start is cold. \
         Only what was asked at least twice is written, never by whom or when.",
    ),
    key("cache.redis.url", None, "`redis://[:password@]host:port[/db]`, `rediss://` with TLS; several hosts: commas."),
    key(
        "cache.redis.mode",
        Some("single"),
        "What the URL names: a `single` server, nodes of a `cluster`, or `sentinel`s that know the primary.",
    ),
    key("cache.redis.primary", Some("mymaster"), "The primary's name among Sentinels; the default is theirs."),
    key("cache.memcached.url", None, "`memcache://host:port[,host:port]`: the servers of one pool."),
    key("log.url", None, "`nats://host:port`. Refused until a replicated log exists; the log is embedded."),
    key(
        "http.max_body_bytes",
        Some("256MiB"),
        "Largest request body, also after decompression. Uploads are streamed, so this bounds time and disk, not \
         memory.",
    ),
    key(
        "http.listeners",
        Some("0"),
        "Sockets that share the port and accept connections; 0 takes one per processor, so that one task is never the \
         neck when browsers come by the thousand.",
    ),
    key(
        "http.max_connections",
        Some("10000"),
        "Most open connections; one more is answered 503 and closed. Some 20 KB each: 200 MB when all are in use.",
    ),
    key("http.max_header_bytes", Some("16KiB"), "Most bytes of one request's headers, the URL included."),
    key("http.max_headers", Some("64"), "Most headers of one request. Browsers behind two proxies send about 30."),
    key(
        "http.header_timeout",
        Some("5s"),
        "Time from a request's first byte until its headers are complete. Slow senders must not hold connections.",
    ),
    key(
        "http.idle_timeout",
        Some("60s"),
        "A connection that moves no byte for so long, while no request runs, is closed. Also the longest pause inside \
         a body. Behind a proxy, set it above the proxy's own keep-alive. A body that is slower than 1,024 bytes a \
         second on the average is given up, too.",
    ),
    key(
        "http.request_deadline",
        Some("120ms"),
        "Deadline of a search or autocomplete that the cache cannot answer. A shopper takes a tenth of a second for at \
         once; what comes later costs more than an error that is retried.",
    ),
    key(
        "http.drain_timeout",
        Some("10s"),
        "Time that running requests get at shutdown, inside the 30 s of most supervisors.",
    ),
    key(
        "http.query_threads",
        Some("0"),
        "Threads that evaluate queries; 0 takes one per processor, since a query never waits for anything else.",
    ),
    key(
        "http.max_queued_queries",
        Some("1024"),
        "Most queries that wait for a thread, however quick they are. Fewer may when queries are slow: no more than can \
         be begun within a fifth of the deadline; one more is answered 503, or with an older answer.",
    ),
    key(
        "http.search_cache_control",
        Some("public, max-age=0, stale-if-error=60"),
        "`Cache-Control` of search answers. Browsers and CDNs ask again each time, which costs a 304.",
    ),
    key(
        "http.autocomplete_cache_control",
        Some("public, max-age=0, stale-if-error=60"),
        "`Cache-Control` of autocomplete answers.",
    ),
    key(
        "http.cors_origins",
        Some("*"),
        "Origins whose pages may call search and autocomplete and report events, separated by commas; `*` allows all, \
         since these are public in a shop; empty allows none but the server's own.",
    ),
    key(
        "http.trusted_proxies",
        Some(""),
        "Addresses (or networks such as `10.0.0.0/8`) whose `X-Forwarded-For` says who asks, separated by commas; for \
         `limits.per_address`. None by default: who connects could claim any address.",
    ),
    key(
        "tls.certificate",
        None,
        "PEM file with the certificate and what it is signed by, for HTTPS; with `tls.key`. Read again when it changes.",
    ),
    key("tls.key", None, "PEM file with the certificate's private key."),
    key(
        "limits.per_key",
        Some("off"),
        "Requests that each key may send, such as `100/s`, `600/m`; more are answered 429. Off, since only the shop \
         knows what is usual.",
    ),
    key(
        "limits.per_key_burst",
        Some("0"),
        "Requests of a key at once after a rest; 0 takes what the rate allows in a second.",
    ),
    key(
        "limits.per_address",
        Some("off"),
        "Requests that each address may send (of IPv6, each /64), with or without a key; more are answered 429. Shoppers \
         behind one office or mobile network share an address.",
    ),
    key(
        "limits.per_address_burst",
        Some("0"),
        "Requests of an address at once after a rest; 0 takes what the rate allows in a second.",
    ),
    key("logging.format", Some("text"), "`text` for people, `json` for machines. Written to standard error."),
    key("logging.filter", Some("info"), "Level, or a filter such as `info,storefind::catalog=debug`."),
    key(
        "logging.slow_query",
        Some("0s"),
        "Searches that take longer, from asking to answer, are written to the log with their query, the time that \
         they waited and ran; `0s` writes none, since shoppers' queries are theirs.",
    ),
    key(
        "learning.keep_days",
        Some("30"),
        "Days for which it is kept what shoppers searched, opened and bought, without who they were, today included. A \
         month: what is older hardly counts among suggestions, which halve by the week. Each day takes half a megabyte of memory at \
         most. `0`: nothing is kept or learned.",
    ),
    key(
        "learning.max_bytes",
        Some("256MiB"),
        "Most bytes of that for each catalog; the oldest goes first. Some three million events, which a start reads again \
         in seconds.",
    ),
    key("catalogs.*.language", Some("english"), "Stemming: `english`, `german`, `french`, `spanish` or `none`."),
    key("catalogs.*.feed.*", None, "Which field of the feed a product field is read from."),
    key("catalogs.*.feed.attributes.*", None, "Which field of the feed one attribute is read from."),
    key("keys.*.name", None, "What people call the key; logs name it, never the key itself."),
    key("keys.*.hash", None, "SHA-256 of the key, as `storefind key NAME` prints it."),
    key(
        "keys.*.scopes",
        None,
        "What the key may do: `search`, `write`, `merchandise`, `admin`; none includes another.",
    ),
    key("keys.*.catalogs", None, "Catalogs that the key reaches; `*` is all, and what concerns the whole server."),
    key("keys.*.filter", None, "What the key's searches and autocompletes may see; ANDed into each."),
];

/// The key that is a list of tables, `[[keys]]`: the star in its paths is the place in the list, from 0.
pub(super) const LIST: &str = "keys";

/// The table's key for a path, if it exists.
pub(super) fn find(path: &[String]) -> Option<&'static Key> {
    KEYS.iter().find(|key| {
        let mut wanted = key.name.split('.');
        let mut given = path.iter();
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some("*"), Some(_)) => {}
                (Some(wanted), Some(given)) if wanted == given => {}
                _ => return false,
            }
        }
    })
}

/// The default of a key, as written.
pub(super) fn default_of(name: &str) -> Option<&'static str> {
    KEYS.iter().find(|key| key.name == name).and_then(|key| key.default)
}
