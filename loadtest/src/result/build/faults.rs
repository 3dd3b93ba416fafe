//! From faults, windows and breakers to what a result says of them.
//!
//! Owns which change of a breaker answers which fault. It refuses to guess: a fault without an answer has none.
//!
//! Invariant: a fault is answered by a change that was seen after it and before the next fault of the same process.

use std::time::Duration;

use super::measured;
use crate::faults::breakers::{Change, LOOK_INTERVAL, Watch};
use crate::faults::{Faults, Planned};
use crate::record::windows::Windows;
use crate::result::Measured;
use crate::result::faults::{BreakerChange, FaultResult, FaultsResult};

pub(crate) fn result(faults: &Faults, watch: &Watch, windows: &Windows) -> FaultsResult {
    let changes = watch.changes.borrow();
    let done = faults.done.borrow();
    let done: Vec<(&Planned, Duration)> = faults.planned.iter().zip(done.iter().copied()).collect();
    let change = |change: &Change| BreakerChange {
        at_seconds: change.at.as_secs_f64(),
        tier: change.tier.clone(),
        server: change.server.clone(),
        to: change.to.clone(),
    };
    FaultsResult {
        faults: (0..done.len()).map(|number| answered(&done, number, &changes)).collect(),
        windows: named(windows, &faults.planned),
        breakers: changes.iter().map(change).collect(),
        looked_every_ms: u64::try_from(LOOK_INTERVAL.as_millis()).unwrap_or(u64::MAX),
    }
}

fn answered(done: &[(&Planned, Duration)], number: usize, changes: &[Change]) -> FaultResult {
    let (fault, at) = done[number];
    let next = done[number + 1..].iter().find(|(other, _)| other.process == fault.process);
    let until = next.map_or(Duration::MAX, |(_, at)| *at);
    let of_tier = |change: &&Change| fault.process.contains(&change.tier);
    let answer = |is: fn(&str) -> bool| {
        let mut after = changes.iter().filter(of_tier).filter(|change| change.at >= at && change.at < until);
        after.find(|change| is(&change.to)).map(|change| (change.at - at).as_secs_f64() * 1e3)
    };
    FaultResult {
        process: fault.process.clone(),
        act: fault.act,
        at_seconds: at.as_secs_f64(),
        // A breaker that is half open was open a moment before.
        opened_after_ms: if fault.act.is_harm() { answer(|to| to != "closed") } else { None },
        closed_after_ms: if fault.act.is_harm() { None } else { answer(|to| to == "closed") },
    }
}

/// Each window with the name of the fault that it begins with.
fn named(windows: &Windows, planned: &[Planned]) -> Vec<Measured> {
    let name = |from: Duration| {
        let begins: Vec<_> = planned.iter().filter(|fault| fault.at == from).map(named_fault).collect();
        if begins.is_empty() { "before".to_owned() } else { format!("after {}", begins.join(", ")) }
    };
    let each = windows.each().map(|(from, to, totals)| {
        let seconds = (to - from).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
        let rate = if seconds > 0.0 { totals.planned as f64 / seconds } else { 0.0 };
        measured(&name(from), seconds, rate, true, totals)
    });
    each.collect()
}

fn named_fault(fault: &Planned) -> String {
    format!("{} {}", fault.act.as_str(), fault.process)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Act;

    fn change(at_ms: u64, tier: &str, to: &str) -> Change {
        Change { at: Duration::from_millis(at_ms), tier: tier.into(), server: "a:1".into(), to: to.into() }
    }

    #[test]
    fn a_fault_is_answered_by_its_own_tier_before_the_next_fault() {
        let planned = [(2, Act::Freeze), (4, Act::Thaw)].map(|(seconds, act)| Planned {
            at: Duration::from_secs(seconds),
            process: "redis-server".into(),
            act,
        });
        let done: Vec<_> = planned.iter().map(|fault| (fault, fault.at + Duration::from_millis(1))).collect();
        let times = |changes: &[Change]| {
            [0, 1].map(|number| {
                let fault = answered(&done, number, changes);
                (fault.opened_after_ms, fault.closed_after_ms)
            })
        };
        let changes = [
            change(1_500, "redis", "open"),
            change(2_030, "memcached", "open"),
            change(2_061, "redis", "open"),
            change(3_000, "redis", "closed"),
            change(4_301, "redis", "closed"),
        ];
        assert_eq!(times(&changes), [(Some(60.0), None), (None, Some(300.0))]);
        assert_eq!(times(&changes[..2]), [(None, None), (None, None)]);
        assert_eq!(times(&[change(5_000, "redis", "open")]), [(None, None), (None, None)]);
    }

    #[test]
    fn windows_are_named_by_the_fault_they_begin_with() {
        let planned = [Planned { at: Duration::from_secs(2), process: "redis-server".into(), act: Act::Freeze }];
        let windows = Windows::new([1, 2, 4].map(Duration::from_secs).to_vec());
        let named = named(&windows, &planned);
        let names: Vec<_> = named.iter().map(|window| (window.name.as_str(), window.seconds)).collect();
        assert_eq!(names, [("before", 1.0), ("after freeze redis-server", 2.0)]);
    }
}
