//! Warming: a snapshot answers some searches before readers see it, so that no shopper is the first to open its
//! dictionaries and to read its lists into memory.
//!
//! What is asked of it is what shoppers have just asked of the index, the dearest first: those read the most. It owns
//! the choice and the time spent, not the moment: the projector warms, then shows.
//!
//! Invariant: warming delays a publication by [`TIME_MAX`] and the end of one cancelled search at most, and nothing that
//! goes wrong in it has any effect.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use storefind_index::request::SearchRequest;

/// Searches kept: enough to reach most fields, few enough that the dearest of the last seconds are among them.
const KEPT_MAX: usize = 16;

/// Time spent on one snapshot: a seventieth of the publication interval.
const TIME_MAX: Duration = Duration::from_millis(5);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Warm {
    asked: Mutex<Vec<(Duration, SearchRequest)>>,
}

impl Warm {
    /// Notes a search that the index has answered, and its cost. Never waits. One that would take all the time is left
    /// out: it would be cut off in the segments that are warm already.
    pub(crate) fn note(&self, request: &SearchRequest, cost: Duration) {
        if cost > TIME_MAX {
            return;
        }
        // Somebody else notes one: that one will do.
        let Ok(mut asked) = self.asked.try_lock() else { return };
        if let Some(same) = asked.iter_mut().find(|(_, kept)| kept == request) {
            same.0 = cost;
        } else if asked.len() < KEPT_MAX {
            asked.push((cost, request.clone()));
        } else if let Some(cheapest) = asked.iter_mut().min_by_key(|(kept, _)| *kept)
            && cheapest.0 <= cost
        {
            *cheapest = (cost, request.clone());
        }
    }

    /// Answers what was noted, the dearest first, within [`TIME_MAX`]. What was noted long ago fades.
    pub(crate) fn run<T, E>(&self, search: impl Fn(&SearchRequest, &(dyn Fn() -> bool + Sync)) -> Result<T, E>) {
        self.run_until(Instant::now() + TIME_MAX, search);
    }

    fn run_until<T, E>(
        &self,
        end: Instant,
        search: impl Fn(&SearchRequest, &(dyn Fn() -> bool + Sync)) -> Result<T, E>,
    ) {
        let mut asked = {
            let mut kept = self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            kept.iter_mut().for_each(|(cost, _)| *cost = *cost * 7 / 8);
            kept.clone()
        };
        asked.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
        let is_over = || Instant::now() >= end;
        for (_, request) in asked {
            if is_over() {
                break;
            }
            // An answer is not wanted, nor the reason why there is none: a shopper's search will tell it.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(search(&request, &is_over))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn asked(q: &str) -> SearchRequest {
        SearchRequest { q: q.to_owned(), ..SearchRequest::default() }
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(3_600)
    }

    fn replayed(warm: &Warm) -> Vec<String> {
        let queries = RefCell::new(Vec::new());
        warm.run_until(later(), |request, _| {
            queries.borrow_mut().push(request.q.clone());
            Ok::<_, ()>(())
        });
        queries.into_inner()
    }

    #[test]
    fn the_dearest_searches_are_replayed_first_and_once() {
        let warm = Warm::default();
        for (q, cost) in [("cheap", 1), ("dear", 9), ("middling", 5), ("dear", 8)] {
            warm.note(&asked(q), Duration::from_micros(cost));
        }
        assert_eq!(replayed(&warm), ["dear", "middling", "cheap"]);
    }

    #[test]
    fn a_dearer_search_takes_the_place_of_the_cheapest_and_the_old_fade() {
        let warm = Warm::default();
        for at in 0..KEPT_MAX {
            warm.note(&asked(&at.to_string()), Duration::from_micros(100));
        }
        warm.note(&asked("too cheap"), Duration::from_micros(99));
        assert!(!replayed(&warm).contains(&"too cheap".to_owned()));
        warm.note(&asked("now dear enough"), Duration::from_micros(99));
        assert_eq!(replayed(&warm)[0], "now dear enough");
    }

    #[test]
    fn a_search_that_would_take_all_the_time_is_left_out() {
        let warm = Warm::default();
        warm.note(&asked("just"), TIME_MAX);
        warm.note(&asked("too dear"), TIME_MAX + Duration::from_nanos(1));
        assert_eq!(replayed(&warm), ["just"]);
    }

    #[test]
    fn without_time_nothing_is_replayed() {
        let warm = Warm::default();
        warm.note(&asked("late"), Duration::from_micros(1));
        let reached = RefCell::new(false);
        warm.run_until(Instant::now(), |_, _| {
            *reached.borrow_mut() = true;
            Ok::<_, ()>(())
        });
        assert!(!reached.into_inner());
    }

    #[test]
    fn a_search_that_panics_or_fails_does_no_harm() {
        let warm = Warm::default();
        warm.note(&asked("bad"), Duration::from_micros(9));
        warm.note(&asked("good"), Duration::from_micros(1));
        let reached = RefCell::new(false);
        warm.run_until(later(), |request, _| {
            assert_ne!(request.q, "bad", "on purpose");
            *reached.borrow_mut() = true;
            Err::<(), _>("nor does an error")
        });
        assert!(reached.into_inner());
    }
}
