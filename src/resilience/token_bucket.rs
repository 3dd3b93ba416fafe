//! A token bucket: so many requests a second, and so many at once.
//!
//! Owns the arithmetic and nothing else: no clock, no lock, no table. A bucket is one number, the moment at which it
//! would be full again (the generic cell rate algorithm): no token is ever counted, and a bucket that nobody asks costs
//! nothing. Moments are nanoseconds since a beginning that the owner chooses; a `u64` holds 584 years of them.
//!
//! Invariant: in any span of time, at most `burst` requests plus those that the rate allows in the span are taken.

use std::time::Duration;

/// So many requests in a time, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Time in which one request becomes allowed again.
    interval_ns: u64,
    /// Requests at once out of a full bucket.
    burst: u32,
}

/// A bucket of any rate: the moment at which it is full again. The default is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenBucket {
    full_at_ns: u64,
}

impl Rate {
    /// `requests` in `period`, `burst` at once; both are at least one.
    pub fn new(requests: u32, period: Duration, burst: u32) -> Self {
        let period_ns = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        Self { interval_ns: (period_ns / u64::from(requests.max(1))).max(1), burst: burst.max(1) }
    }

    /// Requests at once.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// Time in which one request becomes allowed again.
    pub fn interval(self) -> Duration {
        Duration::from_nanos(self.interval_ns)
    }
}

impl TokenBucket {
    /// A bucket that is full again at this moment.
    pub fn full_at(moment_ns: u64) -> Self {
        Self { full_at_ns: moment_ns }
    }

    /// The moment at which it is full again.
    pub fn moment(self) -> u64 {
        self.full_at_ns
    }

    /// Whether it is as good as a new one.
    pub fn is_full(self, now_ns: u64) -> bool {
        self.full_at_ns <= now_ns
    }

    /// The bucket after one more request at `now_ns`.
    ///
    /// # Errors
    /// It is empty: how long until the next request is allowed. A refused request costs nothing.
    pub fn take(self, rate: Rate, now_ns: u64) -> Result<Self, Duration> {
        // A clock that steps back finds the bucket a little emptier, never fuller.
        let full_at_ns = self.full_at_ns.max(now_ns).saturating_add(rate.interval_ns);
        let room_ns = rate.interval_ns.saturating_mul(u64::from(rate.burst));
        match (full_at_ns - now_ns).checked_sub(room_ns) {
            None | Some(0) => Ok(Self { full_at_ns }),
            Some(wait_ns) => Err(Duration::from_nanos(wait_ns)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn per_second(requests: u32, burst: u32) -> Rate {
        Rate::new(requests, Duration::from_secs(1), burst)
    }

    /// Takes at `now_ns`; the bucket stays as it is when it is empty.
    fn take(bucket: &mut TokenBucket, rate: Rate, now_ns: u64) -> Option<Duration> {
        match bucket.take(rate, now_ns) {
            Ok(after) => {
                *bucket = after;
                None
            }
            Err(wait) => Some(wait),
        }
    }

    #[test]
    fn a_burst_is_allowed_at_once_and_one_more_must_wait() {
        let (rate, mut bucket) = (per_second(10, 3), TokenBucket::default());
        for _ in 0..3 {
            assert_eq!(take(&mut bucket, rate, SECOND_NS), None);
        }
        assert_eq!(take(&mut bucket, rate, SECOND_NS), Some(Duration::from_millis(100)));
    }

    #[test]
    fn who_waits_as_long_as_told_is_let_in_and_a_nanosecond_sooner_is_not() {
        let (rate, mut bucket) = (per_second(3, 1), TokenBucket::default());
        assert_eq!(take(&mut bucket, rate, 0), None);
        let wait = take(&mut bucket, rate, 0).expect("empty");
        let then_ns = wait.as_nanos() as u64;
        assert_eq!(take(&mut bucket, rate, then_ns - 1), Some(Duration::from_nanos(1)));
        assert_eq!(take(&mut bucket, rate, then_ns), None);
    }

    #[test]
    fn refused_requests_do_not_prolong_the_wait() {
        let (rate, mut bucket) = (per_second(1, 1), TokenBucket::default());
        assert_eq!(take(&mut bucket, rate, 0), None);
        for _ in 0..1_000 {
            assert_eq!(take(&mut bucket, rate, SECOND_NS / 2), Some(Duration::from_millis(500)));
        }
        assert_eq!(take(&mut bucket, rate, SECOND_NS), None);
    }

    #[test]
    fn a_bucket_that_rested_is_full_and_never_more_than_full() {
        let (rate, mut bucket) = (per_second(1, 2), TokenBucket::default());
        assert_eq!(take(&mut bucket, rate, 0), None);
        assert!(!bucket.is_full(SECOND_NS - 1) && bucket.is_full(SECOND_NS));
        let later_ns = 1_000 * SECOND_NS;
        assert_eq!(take(&mut bucket, rate, later_ns), None);
        assert_eq!(take(&mut bucket, rate, later_ns), None);
        assert!(take(&mut bucket, rate, later_ns).is_some());
    }

    #[test]
    fn the_ends_of_time_and_of_rates_do_not_overflow() {
        let slowest = Rate::new(0, Duration::MAX, u32::MAX);
        let fastest = Rate::new(u32::MAX, Duration::ZERO, 0);
        for rate in [slowest, fastest] {
            for now_ns in [0, u64::MAX] {
                for bucket in [TokenBucket::default(), TokenBucket::full_at(u64::MAX)] {
                    let _ = bucket.take(rate, now_ns);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_span_of_time_has_more_than_the_burst_and_the_rate(
            requests in 1_u32..50,
            burst in 1_u32..20,
            pauses_ms in proptest::collection::vec(0_u64..400, 1..200),
        ) {
            let (rate, mut bucket, mut now_ns) = (per_second(requests, burst), TokenBucket::default(), 0);
            let mut taken_at = Vec::new();
            for pause_ms in pauses_ms {
                now_ns += pause_ms * 1_000_000;
                if take(&mut bucket, rate, now_ns).is_none() {
                    taken_at.push(now_ns);
                }
            }
            for (first, from) in taken_at.iter().enumerate() {
                for (last, to) in taken_at.iter().enumerate().skip(first) {
                    let allowed = u64::from(burst) + (to - from) / rate.interval().as_nanos() as u64;
                    prop_assert!((last - first + 1) as u64 <= allowed);
                }
            }
        }
    }
}
