//! The id of a request, which joins an answer to its log line.
//!
//! The caller's own id is kept if it is sane, so that one id can follow a request through several systems. Ours is a
//! random prefix of the process and a counter: unique enough to find a line, for a few nanoseconds; it is no secret
//! and proves nothing.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderName, HeaderValue};

/// The header, in requests and answers.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over: it goes into log lines. Trace contexts have 55 characters.
const CALLERS_ID_BYTES_MAX: usize = 128;

/// Gives ids.
#[derive(Debug)]
pub(super) struct RequestIds {
    prefix: u32,
    next: AtomicU64,
}

impl RequestIds {
    /// A new random prefix.
    pub(super) fn new() -> Self {
        let random = RandomState::new().build_hasher().finish();
        Self { prefix: (random >> 32) as u32, next: AtomicU64::new(0) }
    }

    /// The caller's id if it is sane, else a new one.
    pub(super) fn of(&self, callers: Option<&HeaderValue>) -> HeaderValue {
        match callers {
            Some(id) if is_sane(id.as_bytes()) => id.clone(),
            _ => self.generate(),
        }
    }

    fn generate(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // Eight digits, a hyphen and at most sixteen digits.
        let mut buffer = [0_u8; 25];
        let mut rest = &mut buffer[..];
        let written = write!(rest, "{:08x}-{number:x}", self.prefix);
        let length = 25 - rest.len();
        debug_assert!(written.is_ok(), "the buffer holds the longest id");
        HeaderValue::from_bytes(&buffer[..length]).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl Default for RequestIds {
    fn default() -> Self {
        Self::new()
    }
}

/// Letters, digits and a few signs only: an id is printed in logs and pages.
fn is_sane(id: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    (1..=CALLERS_ID_BYTES_MAX).contains(&id.len()) && id.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_of_the_caller_is_kept_and_any_other_replaced() {
        let ids = RequestIds::new();
        let long = "x".repeat(129);
        for (callers, kept) in
            [("00-4bf92f-01", true), ("a", true), ("", false), ("a b", false), ("<script>", false), (&long, false)]
        {
            let callers = HeaderValue::from_str(callers).unwrap();
            assert_eq!(ids.of(Some(&callers)) == callers, kept, "{callers:?}");
        }
    }

    #[test]
    fn generated_ids_differ() {
        let ids = RequestIds::new();
        ids.next.store(u64::MAX, Ordering::Relaxed);
        let (last, first) = (ids.of(None), ids.of(None));
        assert_ne!(last, first);
        assert_eq!(last.len(), 25);
    }
}
