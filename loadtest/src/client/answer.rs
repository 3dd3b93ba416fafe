//! An answer, and what its headers say of where it came from.
//!
//! Owns reading the status line, the framing headers, `Cache-Status` and `Retry-After`. It refuses to look into bodies.
//!
//! Invariant: a header that is absent or unknown is told apart from one that says "miss".

use serde::{Deserialize, Serialize};

use super::Failure;

/// Headers of an answer at most: Storefind sends some fifteen.
const HEADERS_MAX: usize = 64;
/// Longest head: far above what any header of the contract needs.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Whether the content is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Body {
    Kept,
    Dropped,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    /// Empty when it was not wanted.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) cache: CacheStatus,
    pub(crate) retry_after_seconds: Option<u32>,
    pub(crate) closes: bool,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tier {
    Memory,
    Redis,
    Memcached,
    /// A kept answer past its validity, marked so, given instead of a refusal.
    Stale,
    /// Computed for another caller who asked at the same time.
    Collapsed,
    Index,
    /// The answer does not say: refusals, and other servers.
    Unknown,
}

impl Tier {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "Redis",
            Self::Memcached => "Memcached",
            Self::Stale => "stale answer",
            Self::Collapsed => "collapsed",
            Self::Index => "index",
            Self::Unknown => "not said",
        }
    }

    /// Whether a kept answer was given that was valid.
    pub(crate) fn is_hit(self) -> bool {
        matches!(self, Self::Memory | Self::Redis | Self::Memcached)
    }
}

/// `Cache-Status`, read as far as the report needs it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CacheStatus {
    pub(crate) tier: Tier,
    /// An entry existed and was no longer valid.
    pub(crate) was_stale: bool,
}

impl CacheStatus {
    pub(crate) const UNKNOWN: Self = Self { tier: Tier::Unknown, was_stale: false };

    /// Reads a value such as `storefind; hit; ttl=587; detail=memory`.
    pub(crate) fn parse(value: &str) -> Self {
        let (mut hit, mut stale_answer, mut collapsed, mut was_stale, mut detail) = (false, false, false, false, "");
        for part in value.split(';').map(str::trim) {
            match part.split_once('=') {
                None if part == "hit" => hit = true,
                None if part == "collapsed" => collapsed = true,
                Some(("ttl", ttl)) => stale_answer = ttl.starts_with('-'),
                Some(("fwd", reason)) => was_stale = reason == "stale",
                Some(("detail", tier)) => detail = tier,
                None | Some(_) => {}
            }
        }
        let tier = match detail {
            _ if stale_answer => Tier::Stale,
            _ if collapsed => Tier::Collapsed,
            "memory" if hit => Tier::Memory,
            "redis" if hit => Tier::Redis,
            "memcached" if hit => Tier::Memcached,
            "index" => Tier::Index,
            _ => Tier::Unknown,
        };
        Self { tier, was_stale }
    }
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

/// The head, the framing and where the body begins; nothing while the head is not whole.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Head, Framing, usize)>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let start = match response.parse(bytes) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) if bytes.len() <= HEAD_BYTES_MAX => return Ok(None),
        Ok(httparse::Status::Partial) | Err(_) => return Err(Failure::Malformed),
    };
    let status = response.code.ok_or(Failure::Malformed)?;
    let mut head = Head { status, cache: CacheStatus::UNKNOWN, retry_after_seconds: None, closes: false };
    let mut framing = None;
    for header in response.headers.iter() {
        let Ok(value) = std::str::from_utf8(header.value) else { continue };
        let name = header.name;
        if name.eq_ignore_ascii_case("cache-status") {
            head.cache = CacheStatus::parse(value);
        } else if name.eq_ignore_ascii_case("content-length") {
            framing = Some(Framing::Length(value.trim().parse().map_err(|_| Failure::Malformed)?));
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Some(Framing::Chunked);
        } else if name.eq_ignore_ascii_case("retry-after") {
            head.retry_after_seconds = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            head.closes = value.eq_ignore_ascii_case("close");
        }
    }
    let framing = match (status, framing) {
        (204 | 304, _) => Framing::Length(0),
        (_, Some(framing)) => framing,
        // A body that lasts until the connection ends: no server that is measured here sends one.
        (_, None) => return Err(Failure::Malformed),
    };
    Ok(Some((head, framing, start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_status_says_where_an_answer_came_from() {
        for (value, tier, was_stale) in [
            ("storefind; hit; ttl=587; detail=memory", Tier::Memory, false),
            ("storefind; hit; ttl=1; detail=redis; tiers=\"memory:skipped\"", Tier::Redis, false),
            ("storefind; hit; ttl=1; detail=memcached", Tier::Memcached, false),
            ("storefind; hit; ttl=-3; detail=memory", Tier::Stale, false),
            ("storefind; fwd=miss; stored; detail=index", Tier::Index, false),
            ("storefind; fwd=stale; detail=index", Tier::Index, true),
            ("storefind; fwd=miss; stored; collapsed; detail=index", Tier::Collapsed, false),
            ("other; hit", Tier::Unknown, false),
            ("", Tier::Unknown, false),
        ] {
            assert_eq!(CacheStatus::parse(value), CacheStatus { tier, was_stale }, "{value}");
        }
    }

    #[test]
    fn half_a_head_is_not_yet_an_answer() {
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nContent-"), Ok(None));
        let whole = parse(b"HTTP/1.1 503 X\r\nRetry-After: 2\r\nContent-Length: 3\r\n\r\nabc").unwrap().unwrap();
        assert_eq!((whole.0.status, whole.0.retry_after_seconds, whole.1), (503, Some(2), Framing::Length(3)));
    }
}
