//! All catalogs of a configuration, by name.
//!
//! Owns opening and closing them side by side, so that a start takes as long as the largest catalog, not the sum. It
//! refuses to create a catalog that the configuration does not name. Invariant: either all are open or none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Catalog, CatalogError};
use crate::config::Config;

/// See the module.
#[derive(Debug)]
pub struct Catalogs {
    by_name: BTreeMap<String, Arc<Catalog>>,
}

/// A catalog that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("catalog `{name}` cannot be opened")]
pub struct OpenError {
    /// Which one.
    pub name: String,
    /// Why.
    #[source]
    pub source: Box<CatalogError>,
}

impl Catalogs {
    /// Opens every catalog of the configuration. Blocking.
    ///
    /// # Errors
    /// The first catalog, by name, that cannot be opened; the others are closed again.
    pub fn open(config: &Config, read_only: bool) -> Result<Self, OpenError> {
        let opened: Vec<(String, Result<Arc<Catalog>, CatalogError>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = config
                .catalogs
                .iter()
                .map(|(name, catalog)| {
                    let dir = catalog_dir(&config.data_dir, name);
                    let open = move || Catalog::open(name, &dir, &catalog.settings, config.freshness_bound, read_only);
                    (name.clone(), scope.spawn(open))
                })
                .collect();
            let join = |(name, thread): (String, std::thread::ScopedJoinHandle<'_, _>)| {
                // A panic of the opening thread is a bug of ours: pass it on.
                (name, thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            };
            threads.into_iter().map(join).collect()
        });
        let mut by_name = BTreeMap::new();
        for (name, catalog) in opened {
            let catalog = catalog.map_err(|source| OpenError { name: name.clone(), source: Box::new(source) })?;
            by_name.insert(name, catalog);
        }
        Ok(Self { by_name })
    }

    /// The catalog of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Catalog>> {
        self.by_name.get(name)
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Catalog>> {
        self.by_name.values()
    }

    /// Closes all of them, side by side. Blocking.
    pub fn close(&self) {
        std::thread::scope(|scope| {
            for catalog in self.iter() {
                scope.spawn(|| catalog.close());
            }
        });
    }
}

/// Where a catalog lives.
pub fn catalog_dir(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("catalogs").join(name)
}
