//! The learners of all catalogs: opened at the start, fed by HTTP and by what was answered.
//!
//! Owns which catalog has one. A folder that cannot be used costs learning, never search: the catalog is served without,
//! and who sends events is told. Invariant: where nothing is to be kept (`learning.keep_days` is 0), nothing is, and what
//! was kept before is removed.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::secret::{Purpose, Secret};
use super::sharing::Sharing;
use super::{FOLDER, Learner, now_ms};
use crate::app::Mode;
use crate::catalog::Catalog;
use crate::catalog::registry::{Catalogs, catalog_dir};
use crate::config::{Config, LearningConfig, RedisConfig};
use crate::learn::journal::Keep;

/// See the module.
#[derive(Debug)]
pub struct Learners {
    by_name: BTreeMap<String, Arc<Learner>>,
    keeps: bool,
}

impl Learners {
    /// Opens them, and begins to read what was learned before, on threads of their own. They only read, so they are left
    /// behind when the process ends.
    pub fn open(config: &Config, mode: Mode, catalogs: &Catalogs) -> Self {
        let LearningConfig { keep_days, bytes_max } = config.learning;
        let mut by_name = BTreeMap::new();
        for catalog in catalogs.iter() {
            let dir = catalog_dir(&config.data_dir, catalog.name());
            if keep_days == 0 {
                if mode == Mode::ReadWrite {
                    remove(&dir.join(FOLDER));
                }
                catalog.learn_from_nobody();
                continue;
            }
            let keep = Keep { days: keep_days, bytes_max };
            match Learner::open(&dir, keep, mode == Mode::ReadOnly) {
                Ok(learner) => {
                    let learner = Arc::new(learner);
                    catalog.learn_from(Arc::clone(&learner));
                    restore(catalog.name(), &learner);
                    by_name.insert(catalog.name().to_owned(), learner);
                }
                Err(error) => {
                    let error: &(dyn std::error::Error + 'static) = &error;
                    tracing::error!(catalog = catalog.name(), error, "nothing will be learned from shoppers");
                }
            }
        }
        if let Some(redis) = &config.cache.redis {
            share(redis, catalogs, &by_name);
        }
        Self { by_name, keeps: keep_days > 0 }
    }

    /// The learner of a catalog, if it has one.
    pub fn of(&self, catalog: &Catalog) -> Option<&Arc<Learner>> {
        self.by_name.get(catalog.name())
    }

    /// Whether anything is to be kept at all.
    pub fn keeps(&self) -> bool {
        self.keeps
    }
}

fn restore(catalog: &str, learner: &Arc<Learner>) {
    let (learner, name) = (Arc::clone(learner), catalog.to_owned());
    let read = move || match learner.restore(now_ms()) {
        Ok(replayed) => {
            let (events, damaged) = (replayed.records, replayed.damaged);
            tracing::debug!(catalog = name, events, damaged, "what was learned before is known");
            if damaged > 0 {
                tracing::warn!(catalog = name, damaged, "files of events end with something else; the rest counts");
            }
        }
        Err(error) => tracing::warn!(catalog = name, %error, "what was learned before could not be read"),
    };
    if let Err(error) = std::thread::Builder::new().name(format!("learn-{catalog}")).spawn(read) {
        tracing::error!(catalog, %error, "no thread to read what was learned before; nothing will be learned");
    }
}

/// Has the learners of this node and of others tell each other what they learned, on the runtime at hand. Without one, as
/// in a command, there is nobody to tell.
fn share(redis: &RedisConfig, catalogs: &Catalogs, learners: &BTreeMap<String, Arc<Learner>>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let sharing = Secret::draw().map(|secret| secret.number(Purpose::Node, &[]));
    let sharing = match sharing.map(|node| Sharing::new(redis, node)) {
        Ok(Ok(sharing)) => Arc::new(sharing),
        Ok(Err(fault)) => return tracing::error!(%fault, "what is learned will not be shared"),
        Err(error) => return tracing::error!(%error, "what is learned will not be shared"),
    };
    for (catalog, learner) in catalogs.iter().filter_map(|it| Some((it, learners.get(it.name())?))) {
        drop(runtime.spawn(Arc::clone(&sharing).run(Arc::downgrade(catalog), Arc::downgrade(learner))));
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "what was learned before could not be removed");
    }
}
