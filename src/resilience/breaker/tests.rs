//! Each transition by itself, and all of them against a model that remembers every call.

use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

fn call(breaker: &mut Breaker, succeeded: bool, now: Instant) -> bool {
    let Some(pass) = breaker.enter(now) else { return false };
    breaker.report(pass, succeeded, now, 0.5);
    true
}

/// A breaker that has just opened.
fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(now);
    for _ in 0..FAILURES_IN_A_ROW_MAX {
        assert!(call(&mut breaker, false, now));
    }
    assert_eq!((breaker.phase(), breaker.openings()), (Phase::Open, 1));
    breaker
}

#[test]
fn it_opens_at_half_of_enough_calls_and_not_one_call_before() {
    let now = Instant::now();
    let mut breaker = Breaker::new(now);
    for n in 0..CALLS_MIN - 1 {
        call(&mut breaker, n % 2 == 0, now);
    }
    assert_eq!(breaker.phase(), Phase::Closed, "half have failed, of too few calls");
    call(&mut breaker, false, now);
    assert_eq!(breaker.phase(), Phase::Open);
    assert!(breaker.enter(now).is_none());
}

#[test]
fn it_opens_after_failures_in_a_row_however_few_calls_there_are() {
    let mut now = Instant::now();
    let mut breaker = Breaker::new(now);
    for _ in 1..FAILURES_IN_A_ROW_MAX {
        now += WINDOW * 2;
        call(&mut breaker, false, now);
    }
    call(&mut breaker, true, now);
    for _ in 1..FAILURES_IN_A_ROW_MAX {
        now += WINDOW * 2;
        call(&mut breaker, false, now);
        assert_eq!(breaker.phase(), Phase::Closed);
    }
    call(&mut breaker, false, now);
    assert_eq!(breaker.phase(), Phase::Open);
}

#[test]
fn failures_that_slid_out_of_the_window_do_not_count() {
    let now = Instant::now();
    let mut breaker = Breaker::new(now);
    let failures = |breaker: &mut Breaker, now| {
        for n in 0..CALLS_MIN - 2 {
            call(breaker, n % 4 == 0, now);
        }
    };
    failures(&mut breaker, now);
    failures(&mut breaker, now + WINDOW);
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn one_probe_at_a_time_and_its_success_closes() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let due = now + PROBE_INTERVAL;
    assert!(breaker.enter(due - MS).is_none());
    let probe = breaker.enter(due).expect("the probe");
    assert_eq!(breaker.phase(), Phase::HalfOpen);
    assert!(breaker.enter(due).is_none(), "one at a time");
    breaker.report(probe, true, due, 0.5);
    assert_eq!(breaker.phase(), Phase::Closed);
    assert!(call(&mut breaker, false, due), "what was before is forgotten");
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn a_failed_probe_opens_for_twice_as_long_up_to_the_longest() {
    let mut now = Instant::now();
    let mut breaker = opened(now);
    for interval in [PROBE_INTERVAL, PROBE_INTERVAL * 2, PROBE_INTERVAL_MAX, PROBE_INTERVAL_MAX] {
        assert!(breaker.enter(now + interval - MS).is_none(), "{interval:?}");
        now += interval;
        assert!(call(&mut breaker, false, now), "{interval:?}");
        assert_eq!(breaker.phase(), Phase::Open);
    }
    assert_eq!(breaker.openings(), 1, "it was open all the time");
}

#[test]
fn the_interval_is_jittered_by_the_number_that_is_passed_in() {
    for (random, factor) in [(0.0, 1.0 - PROBE_JITTER), (0.5, 1.0), (1.0, 1.0 + PROBE_JITTER)] {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        for _ in 0..FAILURES_IN_A_ROW_MAX {
            let pass = breaker.enter(now).expect("closed");
            breaker.report(pass, false, now, random);
        }
        let due = now + PROBE_INTERVAL.mul_f64(factor);
        assert!(breaker.enter(due - MS).is_none());
        assert!(breaker.enter(due).is_some());
    }
}

#[test]
fn an_answer_that_comes_when_it_is_open_is_ignored() {
    let now = Instant::now();
    let mut breaker = Breaker::new(now);
    let (good, bad) = (breaker.enter(now).expect("closed"), breaker.enter(now).expect("closed"));
    for _ in 0..FAILURES_IN_A_ROW_MAX {
        call(&mut breaker, false, now);
    }
    breaker.report(good, true, now, 0.5);
    assert_eq!(breaker.phase(), Phase::Open);
    let probe = breaker.enter(now + PROBE_INTERVAL).expect("the probe");
    breaker.report(bad, false, now + PROBE_INTERVAL, 0.5);
    assert_eq!(breaker.phase(), Phase::HalfOpen, "the probe has not answered yet");
    breaker.report(probe, true, now + PROBE_INTERVAL, 0.5);
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn a_probe_whose_caller_vanished_is_followed_by_another() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let due = now + PROBE_INTERVAL;
    drop(breaker.enter(due).expect("the probe"));
    assert!(breaker.enter(due + PROBE_LOST_AFTER - MS).is_none());
    assert!(breaker.enter(due + PROBE_LOST_AFTER).is_some());
}

/// Remembers every call that was counted, and looks at all of them each time.
#[derive(Default)]
struct Model {
    now_ms: u64,
    counted: Vec<(u64, bool)>,
    /// When it probes, and after how long it would again; `None` while closed.
    open: Option<(u64, u64)>,
}

impl Model {
    fn calls(&mut self, succeeded: bool) -> bool {
        match self.open {
            Some((due, _)) if self.now_ms < due => return false,
            Some(_) if succeeded => {
                self.open = None;
                self.counted.clear();
            }
            Some((_, interval)) => {
                let interval = (interval * 2).min(1_000);
                self.open = Some((self.now_ms + interval, interval));
            }
            None => {
                self.counted.push((self.now_ms / 200, succeeded));
                let recent: Vec<_> =
                    self.counted.iter().filter(|(slot, _)| slot + 10 > self.now_ms / 200).map(|(_, ok)| *ok).collect();
                let failures = recent.iter().filter(|ok| !**ok).count();
                let in_a_row = self.counted.iter().rev().take_while(|(_, ok)| !ok).count();
                if in_a_row >= 5 || (recent.len() >= 20 && failures * 2 >= recent.len()) {
                    self.open = Some((self.now_ms + 250, 250));
                }
            }
        }
        true
    }
}

proptest! {
    #[test]
    fn it_lets_through_what_the_model_lets_through(
        calls in prop::collection::vec((prop_oneof![4 => 0_u64..40, 1 => 0_u64..1_500], prop::bool::weighted(0.55)), 0..300),
    ) {
        let start = Instant::now();
        let (mut breaker, mut model) = (Breaker::new(start), Model::default());
        for (pause, succeeded) in calls {
            model.now_ms += pause;
            let now = start + Duration::from_millis(model.now_ms);
            prop_assert_eq!(call(&mut breaker, succeeded, now), model.calls(succeeded));
            prop_assert_eq!(breaker.phase() == Phase::Open, model.open.is_some());
        }
    }
}
