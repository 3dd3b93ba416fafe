//! What an engineer can do to the cache: look at an entry, have one or all forgotten, pause a tier.
//!
//! Owns those acts and their accounts. It does not know routes. Nothing here changes an answer: whatever is forgotten is
//! computed again, and a paused tier is passed by.
//!
//! To forget everything of a catalog empties this node's memory of it and has this node accept no remote entry that was
//! computed before. Other nodes are not told: their entries prove their freshness as always, and the first answer that
//! this node computes anew takes the place of the shared one. The moment is forgotten with the process.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Answers, explain};
use crate::cache::admission::{Class, Shape};
use crate::cache::freshness::{UnixMillis, Verdict, View, judge};
use crate::cache::key::Key;
use crate::cache::remote_tiers::RemoteAsk;
use crate::cache::tier::TierName;
use crate::cache::tier::counters::CameOf;
use crate::cache::tier::guard::Passed;
use crate::catalog::Catalog;

/// What was forgotten.
#[derive(Debug, Serialize)]
pub struct Forgotten {
    /// Entries in memory.
    pub memory: u64,
    /// What each remote tier said: `forgotten`, or why not.
    pub tiers: Vec<(&'static str, &'static str)>,
}

impl Answers {
    /// Stops asking and filling a tier, or begins again; `None` if there is no such tier.
    pub fn pause(&self, tier: TierName, paused: bool) -> Option<()> {
        let tier = self.stack.remote()?.tiers().iter().find(|known| known.name() == tier)?;
        tier.pause(paused);
        tracing::info!(cache.tier = tier.name().as_str(), paused, "a tier was paused or resumed");
        Some(())
    }

    /// What memory and every remote tier hold under a key's text.
    pub async fn peek(&self, catalog: &Catalog, key: &str) -> Value {
        let (key, view) = (Arc::new(Key::new(key.to_owned())), View::of_catalog(catalog));
        let memory = self.stack.peek(&key).ok().map(|entry| {
            let verdict = match judge(entry.stamp(), entry.proof(), &view) {
                Verdict::Fresh { .. } => "fresh",
                Verdict::Stale(reason) => reason.as_str(),
            };
            json!({"verdict": verdict, "entry": explain::entry(&entry, &view, None)})
        });
        let mut tiers = Vec::new();
        if let Some(remote) = self.stack.remote() {
            let ask = RemoteAsk {
                catalog: Arc::clone(&self.counters(catalog.name()).tiers),
                class: Class::of(Shape::default()),
                holding: Arc::default(),
            };
            for tier in remote.tiers() {
                let peeked = remote.peek(tier, &key, &ask, &view).await;
                let verdict = if matches!(peeked.came_of, CameOf::Hit) { "fresh" } else { peeked.came_of.as_str() };
                tiers.push(json!({"tier": tier.name().as_str(), "bytes": peeked.bytes, "verdict": verdict}));
            }
        }
        json!({"key": key.text(), "memory": memory, "tiers": tiers})
    }

    /// Has this node's memory and every remote tier forget one entry.
    pub async fn forget(&self, catalog: &Catalog, key: &str) -> Forgotten {
        let key = Key::new(key.to_owned());
        let memory = u64::from(self.stack.forget(&key));
        let mut tiers = Vec::new();
        if let Some(remote) = self.stack.remote() {
            let said = remote.forget(&key, &self.counters(catalog.name()).tiers).await;
            let word = |done: Result<(), Passed>| done.map_or_else(Passed::as_str, |()| "forgotten");
            tiers.extend(said.into_iter().map(|(tier, done)| (tier.as_str(), word(done))));
        }
        Forgotten { memory, tiers }
    }

    /// Has this node forget everything of a catalog. See the module for what that means for remote tiers.
    pub fn forget_all(&self, catalog: &Catalog) -> Forgotten {
        // First: what is read from a tier after this line and put into memory was computed after it.
        self.counters(catalog.name()).tiers.drop_through(UnixMillis::now());
        let memory = self.stack.forget_all(|key| is_of(catalog.name(), key.text()));
        let tiers = self.stack.remote().map_or(&[][..], |remote| remote.tiers());
        Forgotten { memory, tiers: tiers.iter().map(|tier| (tier.name().as_str(), "not_accepted")).collect() }
    }
}

/// Whether a key's text, `search/v2/shop/…`, is one of this catalog's.
pub fn is_of(catalog: &str, key: &str) -> bool {
    key.split('/').nth(2) == Some(catalog)
}
