//! A guarded tier over a server that misbehaves, on paused time.

use super::*;
use crate::cache::key::Key;
use crate::cache::tier::remote::fake::{Fake, Mood};
use crate::resilience::breaker::{FAILURES_IN_A_ROW_MAX, PROBE_INTERVAL_MAX, PROBE_JITTER};

const MOST: Duration = Duration::from_millis(5);
const PLENTY: Duration = Duration::from_secs(1);

fn tier(fakes: &[Fake]) -> GuardedTier {
    let servers = fakes.iter().enumerate();
    let servers = servers.map(|(n, fake)| (format!("server-{n}"), Box::new(fake.clone()) as Box<dyn Remote>));
    GuardedTier::new(Setup { name: TierName::Redis, servers: servers.collect(), deadline_max: MOST, ttl_factor: 10 })
}

fn key(n: usize) -> RemoteKey {
    RemoteKey::of("shop", &Key::new(n.to_string()))
}

#[tokio::test(start_paused = true)]
async fn what_is_put_is_got_and_kept_for_the_tiers_share_of_its_age() {
    let fake = Fake::default();
    let tier = tier(std::slice::from_ref(&fake));
    let value = Bytes::from_static(b"value");
    assert_eq!(tier.put(&key(1), value.clone(), Duration::from_secs(60)).await, Ok(()));
    assert_eq!(tier.get(&key(1), PLENTY).await, Ok(Some(value)));
    assert_eq!(tier.get(&key(2), PLENTY).await, Ok(None));
    assert_eq!((fake.ttl(), tier.bytes()), (Some(Duration::from_secs(600)), (5, 5)));
    assert_eq!(tier.delete(&key(1)).await, Ok(()));
    assert_eq!(tier.get(&key(1), PLENTY).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_server_costs_its_deadline_until_the_breaker_opens_and_then_nothing() {
    let fake = Fake::default();
    let tier = tier(std::slice::from_ref(&fake));
    fake.set(Mood::Frozen);
    for _ in 0..FAILURES_IN_A_ROW_MAX {
        let began = Instant::now();
        assert_eq!(tier.get(&key(1), PLENTY).await, Err(Passed::TimedOut));
        assert!(began.elapsed() <= MOST + Duration::from_millis(1), "{:?}", began.elapsed());
    }
    let began = Instant::now();
    assert_eq!(tier.get(&key(1), PLENTY).await, Err(Passed::BreakerOpen));
    assert_eq!(began.elapsed(), Duration::ZERO);
    let server = &tier.servers()[0];
    assert_eq!((server.breaker, server.openings, server.failing), (Phase::Open, 1, Some(Passed::TimedOut)));
    fake.set(Mood::Well);
    tokio::time::advance(PROBE_INTERVAL_MAX.mul_f64(1.0 + PROBE_JITTER)).await;
    assert_eq!(tier.get(&key(1), PLENTY).await, Ok(None));
    assert_eq!((tier.servers()[0].breaker, tier.servers()[0].failing), (Phase::Closed, None));
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_no_longer_than_the_request_has_left() {
    let fake = Fake::default();
    let tier = tier(std::slice::from_ref(&fake));
    fake.set(Mood::Frozen);
    let began = Instant::now();
    assert_eq!(tier.get(&key(1), Duration::from_millis(2)).await, Err(Passed::TimedOut));
    assert!(began.elapsed() <= Duration::from_millis(3), "{:?}", began.elapsed());
    assert_eq!(tier.get(&key(1), Duration::from_micros(999)).await, Err(Passed::NoTime));
    assert_eq!(fake.gets(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_told_by_its_word_and_a_client_that_panics_is_one() {
    for (mood, passed) in [
        (Mood::Failing(Fault::Unreachable("x".into())), Passed::Unreachable),
        (Mood::Failing(Fault::Refused("x".into())), Passed::Refused),
        (Mood::Failing(Fault::Garbled("x".into())), Passed::Garbled),
        (Mood::Failing(Fault::TimedOut), Passed::TimedOut),
        (Mood::Panicking, Passed::Garbled),
    ] {
        let fake = Fake::default();
        fake.set(mood);
        let tier = tier(&[fake]);
        assert_eq!(tier.get(&key(1), PLENTY).await, Err(passed));
        assert!(passed.is_fault());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_writes_is_still_asked() {
    let fake = Fake::default();
    let tier = tier(std::slice::from_ref(&fake));
    fake.set(Mood::Failing(Fault::Refused("OOM".into())));
    for _ in 0..100 {
        assert_eq!(tier.put(&key(1), Bytes::new(), PLENTY).await, Err(Passed::Refused));
    }
    fake.set(Mood::Well);
    assert_eq!(tier.get(&key(1), PLENTY).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_as_a_probe_proves_nothing() {
    let fake = Fake::default();
    let tier = tier(std::slice::from_ref(&fake));
    fake.set(Mood::Failing(Fault::Refused("WRONGPASS".into())));
    for _ in 0..FAILURES_IN_A_ROW_MAX {
        assert_eq!(tier.get(&key(1), PLENTY).await, Err(Passed::Refused));
    }
    tokio::time::advance(PROBE_INTERVAL_MAX.mul_f64(1.0 + PROBE_JITTER)).await;
    assert_eq!(tier.put(&key(1), Bytes::new(), PLENTY).await, Err(Passed::Refused));
    assert_eq!(tier.servers()[0].breaker, Phase::Open);
    assert_eq!(tier.get(&key(1), PLENTY).await, Err(Passed::BreakerOpen));
}

#[tokio::test(start_paused = true)]
async fn a_paused_tier_is_not_asked_until_it_goes_on() {
    let fake = Fake::default();
    let tier = tier(std::slice::from_ref(&fake));
    tier.pause(true);
    assert_eq!(tier.get(&key(1), PLENTY).await, Err(Passed::Paused));
    assert_eq!(tier.put(&key(1), Bytes::new(), PLENTY).await, Err(Passed::Paused));
    assert_eq!((fake.gets(), fake.len()), (0, 0));
    tier.pause(false);
    assert_eq!(tier.get(&key(1), PLENTY).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn one_call_more_than_the_bulkhead_has_seats_is_passed_by() {
    let fake = Fake::default();
    let tier = std::sync::Arc::new(tier(std::slice::from_ref(&fake)));
    fake.set(Mood::Slow(Duration::from_millis(4)));
    let calls: Vec<_> = (0..=CALLS_MAX)
        .map(|n| {
            let tier = std::sync::Arc::clone(&tier);
            tokio::spawn(async move { tier.get(&key(n), PLENTY).await })
        })
        .collect();
    let mut busy = 0;
    for call in calls {
        busy += usize::from(call.await.expect("no panic") == Err(Passed::Busy));
    }
    assert_eq!(busy, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_is_passed_by_and_the_others_are_not() {
    let fakes = [Fake::default(), Fake::default(), Fake::default()];
    let tier = tier(&fakes);
    for n in 0..300 {
        tier.put(&key(n), Bytes::from_static(b"x"), PLENTY).await.expect("well");
    }
    assert!(fakes.iter().all(|fake| (60..140).contains(&fake.len())), "{:?}", fakes.each_ref().map(Fake::len));
    fakes[1].set(Mood::Frozen);
    let mut found = 0;
    for n in 0..300 {
        found += usize::from(tier.get(&key(n), PLENTY).await.is_ok_and(|value| value.is_some()));
    }
    assert_eq!(found, fakes[0].len() + fakes[2].len());
    let phases: Vec<_> = tier.servers().iter().map(|server| server.breaker).collect();
    assert_eq!(phases, [Phase::Closed, Phase::Open, Phase::Closed]);
}
