//! What the server's breakers did, as `/v1/stats` tells it.
//!
//! Owns looking and telling changes. It refuses to look at anything else there.
//!
//! Invariant: a change is found late by up to the time between two looks, never early; one that came and went between
//! two looks is not seen.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::client::{Access, Client};
use crate::engine::{Clock, stopped};

/// Time between two looks. A breaker opens some ten failed calls after a fault; fifty looks a second are no load.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// One change of one breaker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) at: Duration,
    pub(crate) tier: String,
    pub(crate) server: String,
    pub(crate) to: String,
}

/// Looks until the run ends.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) changes: RefCell<Vec<Change>>,
}

impl Watch {
    pub(crate) async fn run(self: Rc<Self>, client: Rc<Client>, clock: Clock, end: Duration) -> anyhow::Result<()> {
        let mut known = BTreeMap::new();
        while clock.now() < end && !stopped() {
            if let Ok(answer) = client.get(Access::Admin, "/v1/stats").await
                && let Ok(stats) = serde_json::from_slice(&answer.body)
            {
                self.changes.borrow_mut().extend(changes(&mut known, &stats, clock.now()));
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }
}

/// What differs from what is known, which is brought up to date. The first look changes nothing.
fn changes(known: &mut BTreeMap<(String, String), String>, stats: &Value, at: Duration) -> Vec<Change> {
    let mut changes = Vec::new();
    let tiers = stats["answers"]["remote"].as_object();
    for (tier, figures) in tiers.into_iter().flatten() {
        for server in figures["servers"].as_array().into_iter().flatten() {
            let (Some(address), Some(state)) = (server["address"].as_str(), server["breaker"].as_str()) else {
                continue;
            };
            let before = known.insert((tier.clone(), address.to_owned()), state.to_owned());
            if before.is_some_and(|before| before != state) {
                let (tier, server, to) = (tier.clone(), address.to_owned(), state.to_owned());
                changes.push(Change { at, tier, server, to });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(redis: &str, second: &str) -> Value {
        serde_json::json!({"answers": {"remote": {
            "redis": {"servers": [{"address": "a:1", "breaker": redis}]},
            "memcached": {"servers": [{"address": "a:2", "breaker": "closed"}, {"address": "a:3", "breaker": second}]},
        }}})
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let mut known = BTreeMap::new();
        let mut seen = |stats: &Value| {
            let changes = changes(&mut known, stats, Duration::ZERO).into_iter();
            let mut texts: Vec<_> =
                changes.map(|change| format!("{} {} {}", change.tier, change.server, change.to)).collect();
            texts.sort();
            texts
        };
        assert_eq!(seen(&stats("closed", "open")), [""; 0]);
        assert_eq!(seen(&stats("open", "open")), ["redis a:1 open"]);
        assert_eq!(seen(&stats("half_open", "closed")), ["memcached a:3 closed", "redis a:1 half_open"]);
        assert_eq!(seen(&serde_json::json!({})), [""; 0]);
        assert_eq!(seen(&stats("half_open", "closed")), [""; 0]);
    }
}
