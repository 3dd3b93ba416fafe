//! The data folder of a stopped server, for the commands that work without one.
//!
//! Owns taking the folder's lock, with the advice for when a server has it, and opening one catalog as the server
//! would. It refuses to know what a command does with it.
//!
//! Invariant: nothing in the folder is opened without its lock, which outlives what was opened.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use storefind_index::feed::FeedMapping;

use super::{ConfigArgument, Failure};
use crate::app::{DataDirLock, LockError, Mode};
use crate::catalog::registry::catalog_dir;
use crate::catalog::{Catalog, CatalogError};
use crate::config::Config;
use crate::telemetry;

/// Longest wait for what is in the log but not in the index yet; only a failing index takes so long.
const VISIBLE_WAIT_MAX: Duration = Duration::from_secs(3_600);

/// One catalog, open. Dropped, it leaves what was not indexed to the next start: see [`AtRest::close`].
#[derive(Debug)]
pub(super) struct AtRest {
    pub(super) catalog: Arc<Catalog>,
    /// How the configuration reads the catalog's feed.
    pub(super) feed: FeedMapping,
    /// The last field, so that it is dropped last.
    _lock: DataDirLock,
}

impl AtRest {
    /// Opens the catalog that the configuration calls `name`. `online` says what a running server is asked for
    /// instead: "rebuild".
    pub(super) fn open(config: &ConfigArgument, name: &str, online: &str) -> Result<Self, Failure> {
        let config = config.load()?;
        let Some(catalog) = config.catalogs.get(name) else {
            return Err(Failure::usage(format!(
                "there is no catalog `{name}` in the configuration; add [catalogs.{name}] to it"
            )));
        };
        let lock = lock(&config, Mode::ReadWrite, &ask_server(&config, online))?;
        let dir = catalog_dir(&config.data_dir, name);
        let open = Catalog::open(name, &dir, &catalog.settings, config.freshness_bound, false)
            .with_context(|| format!("catalog `{name}` cannot be opened"))?;
        Ok(Self { catalog: open, feed: catalog.feed.clone(), _lock: lock })
    }

    /// Waits until the log is in the index up to `sequence`.
    pub(super) fn wait_visible(&self, sequence: u64) -> Result<(), CatalogError> {
        self.catalog.wait_visible_blocking(sequence, VISIBLE_WAIT_MAX)
    }

    /// Commits what was indexed. To be called before a command returns its errors, too.
    pub(super) fn close(self) {
        self.catalog.close();
    }
}

/// Starts the logs and takes the data folder; the error of one that is in use ends with the advice `in_use`.
pub(super) fn lock(config: &Config, mode: Mode, in_use: &str) -> Result<DataDirLock, Failure> {
    telemetry::logs::start(&config.logging);
    let taken = DataDirLock::take(&config.data_dir, mode).map_err(|error| match error {
        LockError::InUse { .. } => anyhow!("{error}; {in_use}"),
        error @ LockError::Io { .. } => error.into(),
    });
    Ok(taken?)
}

/// The advice to have the running server do it.
pub(super) fn ask_server(config: &Config, what: &str) -> String {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    format!("{what} with --url {scheme}://{}", config.listen)
}
