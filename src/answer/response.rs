//! The response: an answer's body and the headers that tell where it came from (API.md, "HTTP").
//!
//! Owns status, body and headers of every answer. CORS and the request id belong to the server's edge, errors to
//! `http::error`. What does not change is kept ready in the entry or here, since on a hit this is most of the work.
//!
//! Invariant: what changes with a request stands in headers only, and a 304 has the headers that its 200 would have.

use std::fmt::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::policy::Policy;
use crate::cache::coding::Coding;
use crate::cache::entry::Representation;
use crate::cache::outcome::Outcome;
use crate::cache::remote_tiers::Tried;
use crate::cache::stack::Served;
use crate::cache::tier::TierName;
use crate::cache::tier::counters::CameOf;

/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// The catalog sequence that an answer reflects.
const STOREFIND_SEQUENCE: HeaderName = HeaderName::from_static("storefind-sequence");
/// Times of the server's parts, for the browser's tools.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// Room for all headers of an answer and for those that the edge adds.
const HEADERS: usize = 20;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The answer in full.
pub fn full(served: &Served, representation: &Representation, policy: Policy<'_>, elapsed: Duration) -> Response<Body> {
    let mut headers = common(served, policy, elapsed);
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::ETAG, representation.etag.clone());
    if representation.coding != Coding::Identity {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(representation.coding.as_str()));
    }
    respond(StatusCode::OK, headers, Body::from(representation.bytes.clone()))
}

/// The caller has this answer already.
pub fn not_modified(
    served: &Served,
    representation: &Representation,
    policy: Policy<'_>,
    elapsed: Duration,
) -> Response<Body> {
    let mut headers = common(served, policy, elapsed);
    headers.insert(header::ETAG, representation.etag.clone());
    respond(StatusCode::NOT_MODIFIED, headers, Body::empty())
}

/// An answer that explains itself: for one caller, once.
pub fn explained(served: &Served, text: Vec<u8>, vary: &HeaderValue, elapsed: Duration) -> Response<Body> {
    let mut headers = common(served, Policy { cache_control: &NO_STORE, vary }, elapsed);
    headers.insert(header::CONTENT_TYPE, JSON);
    respond(StatusCode::OK, headers, Body::from(text))
}

/// Whether `If-None-Match` names this entity tag. Weak ones match too, as RFC 9110 has it for this header: a proxy
/// that has recompressed the body weakens its tag.
pub fn matches(if_none_match: &HeaderValue, etag: &HeaderValue) -> bool {
    let mut tags = if_none_match.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    tags.any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes())
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn common(served: &Served, policy: Policy<'_>, elapsed: Duration) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(header::VARY, policy.vary.clone());
    headers.insert(header::CACHE_CONTROL, policy.cache_control.clone());
    headers.insert(header::AGE, number(served.age.as_secs()));
    headers.insert(CACHE_STATUS, value(cache_status(served)));
    let own = served.entry.stamp().as_of == served.sequence;
    let sequence = if own { served.entry.sequence_header().clone() } else { number(served.sequence) };
    headers.insert(STOREFIND_SEQUENCE, sequence);
    headers.insert(SERVER_TIMING, value(server_timing(served, elapsed)));
    headers
}

/// `storefind; hit; ttl=587; detail=memory`, or `storefind; fwd=miss; stored; detail=index; tiers="redis:absent"`. A
/// stale answer in place of none has a negative `ttl`.
fn cache_status(served: &Served) -> String {
    let mut text = String::with_capacity(64);
    text.push_str("storefind");
    match served.outcome {
        _ if let Some(late) = served.late => push(&mut text, format_args!("; hit; ttl=-{}", late.as_secs())),
        Outcome::Hit => push(&mut text, format_args!("; hit; ttl={}", served.ttl.as_secs())),
        Outcome::Stale(_) | Outcome::Miss(_) | Outcome::Bypass => {
            push(&mut text, format_args!("; fwd={}", served.outcome.as_str()));
        }
    }
    if served.stored {
        text.push_str("; stored");
    }
    if served.collapsed {
        text.push_str("; collapsed");
    }
    push(&mut text, format_args!("; detail={}", served.from.as_str()));
    if let Some(trail) = &served.trail {
        push_tiers(&mut text, trail, served.from);
    }
    text
}

/// `; tiers="redis:timeout,memcached:skipped"`: why remote tiers were passed by, in the order in which they were
/// considered. The one that answered is told by `detail`.
fn push_tiers(text: &mut String, trail: &[Tried], from: TierName) {
    let passed = trail.iter().filter(|tried| tried.tier != from || tried.came_of != CameOf::Hit);
    for (at, tried) in passed.clone().enumerate() {
        text.push_str(if at == 0 { "; tiers=\"" } else { "," });
        push(text, format_args!("{}:{}", tried.tier.as_str(), tried.came_of.as_str()));
    }
    if passed.count() > 0 {
        text.push('"');
    }
}

/// `total;dur=0.312, cache;dur=0.004, search;dur=0.290`, in milliseconds. `search` is what the caller waited for the
/// index, queue and single flight included.
fn server_timing(served: &Served, elapsed: Duration) -> String {
    let mut text = String::with_capacity(64);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    push(&mut text, format_args!("total;dur={:.3}", milliseconds(elapsed)));
    push(&mut text, format_args!(", cache;dur={:.3}", milliseconds(served.cache_time)));
    if let Some(time) = served.compute_time {
        push(&mut text, format_args!(", search;dur={:.3}", milliseconds(time)));
    }
    text
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing into a string cannot fail");
}

fn number(number: u64) -> HeaderValue {
    HeaderValue::from(number)
}

fn value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).expect("names and numbers are visible ASCII")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cache::entry::Entry;
    use crate::cache::freshness::{StaleReason, Stamp, UnixMillis};
    use crate::cache::key::Key;
    use crate::cache::outcome::MissReason;
    use crate::cache::tier::guard::Passed;

    fn served(outcome: Outcome, from: TierName) -> Served {
        let body = crate::cache::body::Body::new(b"{}".to_vec(), Vec::new());
        let stamp = Stamp::new(7, UnixMillis(0), 1);
        let key = Arc::new(Key::new("k".into()));
        let entry = Entry::new(key, stamp, Arc::default(), Duration::ZERO, body, Arc::default());
        Served {
            entry: Arc::new(entry),
            outcome,
            from,
            sequence: 7,
            ttl: Duration::from_millis(587_900),
            age: Duration::ZERO,
            stored: from == TierName::Index,
            collapsed: false,
            cache_time: Duration::from_micros(4),
            compute_time: (from == TierName::Index).then_some(Duration::from_micros(290)),
            trail: None,
            late: None,
        }
    }

    #[test]
    fn cache_status_speaks_rfc_9211() {
        let hit = served(Outcome::Hit, TierName::Memory);
        let miss = served(Outcome::Miss(MissReason::Absent), TierName::Index);
        let stale = Served { stored: false, ..served(Outcome::Stale(StaleReason::Touched), TierName::Index) };
        let collapsed = Served { collapsed: true, ..miss.clone() };
        let tried = |tier, came_of| Tried { tier, came_of, time: Duration::ZERO };
        let timed_out = tried(TierName::Redis, CameOf::Passed(Passed::TimedOut));
        let skipped = tried(TierName::Memcached, CameOf::Passed(Passed::Skipped));
        let passed_by = Served { trail: Some([timed_out, skipped].into()), ..miss.clone() };
        let hit_behind = Served {
            trail: Some([timed_out, tried(TierName::Memcached, CameOf::Hit)].into()),
            ..served(Outcome::Hit, TierName::Memcached)
        };
        let redis = Served {
            trail: Some([tried(TierName::Redis, CameOf::Hit)].into()),
            ..served(Outcome::Hit, TierName::Redis)
        };
        let late = Served {
            late: Some(Duration::from_secs(12)),
            ..served(Outcome::Stale(StaleReason::Touched), TierName::Memcached)
        };
        for (served, expected) in [
            (hit, "storefind; hit; ttl=587; detail=memory"),
            (miss, "storefind; fwd=miss; stored; detail=index"),
            (stale, "storefind; fwd=stale; detail=index"),
            (collapsed, "storefind; fwd=miss; stored; collapsed; detail=index"),
            (redis, "storefind; hit; ttl=587; detail=redis"),
            (hit_behind, "storefind; hit; ttl=587; detail=memcached; tiers=\"redis:timeout\""),
            (late, "storefind; hit; ttl=-12; detail=memcached"),
            (passed_by, "storefind; fwd=miss; stored; detail=index; tiers=\"redis:timeout,memcached:skipped\""),
        ] {
            assert_eq!(cache_status(&served), expected);
        }
    }

    #[test]
    fn timings_are_milliseconds_and_name_what_took_part() {
        let elapsed = Duration::from_micros(312);
        let hit = served(Outcome::Hit, TierName::Memory);
        assert_eq!(server_timing(&hit, elapsed), "total;dur=0.312, cache;dur=0.004");
        let miss = served(Outcome::Miss(MissReason::Absent), TierName::Index);
        assert_eq!(server_timing(&miss, elapsed), "total;dur=0.312, cache;dur=0.004, search;dur=0.290");
    }

    #[test]
    fn a_sequence_validated_later_than_the_entry_is_told() {
        let served = Served { sequence: 9, ..served(Outcome::Hit, TierName::Memory) };
        let headers = common(&served, Policy { cache_control: &NO_STORE, vary: &NO_STORE }, Duration::ZERO);
        assert_eq!(headers.get(STOREFIND_SEQUENCE), Some(&HeaderValue::from_static("9")));
    }

    #[test]
    fn an_entity_tag_is_found_in_lists_weak_or_strong() {
        let etag = HeaderValue::from_static("\"abc-gzip\"");
        for (header, expected) in [
            ("\"abc-gzip\"", true),
            ("W/\"abc-gzip\"", true),
            ("\"x\", \"abc-gzip\"", true),
            ("\"x\",W/\"abc-gzip\" , \"y\"", true),
            ("*", true),
            ("\"abc\"", false),
            ("\"abc-br\"", false),
            ("abc-gzip", false),
            ("", false),
        ] {
            assert_eq!(matches(&HeaderValue::from_static(header), &etag), expected, "{header}");
        }
    }
}
