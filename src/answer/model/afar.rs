//! A remote tier for the model: the production lookup and encoding over a server in memory.
//!
//! It outlives the process of the world, as servers do: what one process computed is judged and assembled by the next,
//! whose ordinals and live table are its own.

use std::sync::Arc;
use std::time::Duration;

use crate::answer::render;
use crate::cache::admission::{Class, Shape};
use crate::cache::codec::encode;
use crate::cache::entry::Entry;
use crate::cache::freshness::View;
use crate::cache::key::Key;
use crate::cache::remote_tiers::{CatalogTiers, RemoteAsk, RemoteTiers};
use crate::cache::tier::TierName;
use crate::cache::tier::guard::{GuardedTier, Setup};
use crate::cache::tier::remote::fake::Fake;
use crate::cache::tier::remote::{Remote, RemoteKey};
use crate::config::Admission;
use crate::resilience::chance::Chance;

const CATALOG: &str = "model";
/// The server answers at once; a thread that is put to sleep meanwhile must not look like a server that is ill.
const DEADLINE: Duration = Duration::from_secs(60);

pub(super) struct Afar {
    runtime: tokio::runtime::Runtime,
    server: Fake,
    tiers: RemoteTiers,
    ask: RemoteAsk,
    chance: Chance,
}

impl Afar {
    pub(super) fn new() -> Self {
        let server = Fake::default();
        let servers = vec![("fake".to_owned(), Box::new(server.clone()) as Box<dyn Remote>)];
        let setup = Setup { name: TierName::Redis, servers, deadline_max: DEADLINE, ttl_factor: 1 };
        let tiers = vec![GuardedTier::new(setup)];
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime"),
            server,
            tiers: RemoteTiers::new(tiers, Admission::Always, DEADLINE, render::live_fields, Chance::seeded(1)),
            ask: RemoteAsk {
                catalog: Arc::new(CatalogTiers::new(CATALOG)),
                class: Class::of(Shape::default()),
                holding: Arc::default(),
            },
            chance: Chance::seeded(2),
        }
    }

    /// Whether to look here first, in so many of a hundred cases.
    pub(super) fn is_first(&self, percent: u32) -> bool {
        percent > 0 && self.chance.share() * 100.0 < f64::from(percent)
    }

    pub(super) fn look(&self, key: &Arc<Key>, view: &View) -> Option<Arc<Entry>> {
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        self.runtime.block_on(self.tiers.look(key, &self.ask, view, until)).found.map(|(entry, _)| entry)
    }

    /// Keeps what can be kept outside the process.
    pub(super) fn fill(&self, entry: &Entry) {
        if let Ok(value) = encode(entry) {
            self.server.put_now(&RemoteKey::of(CATALOG, entry.key()), value);
        }
    }
}
