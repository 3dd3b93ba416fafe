//! One way to search a catalog: the data folder's snapshot under some settings, or a running server.
//!
//! Owns what `--setting`, `--against` and `--url` may be. A running server is searched as it is: its settings are the
//! shop's, and are not changed for a measurement.

use storefind_index::snapshot::Snapshot;

use super::super::Failure;
use super::super::remote::check_url;
use super::Arguments;
use crate::evaluate::categories::Known;
use crate::evaluate::setting::Setting;
use crate::evaluate::source::{Remote, snapshot_categories};
use crate::evaluate::{Answer, EvaluateError, SearchError};

/// See the module.
#[derive(Debug)]
pub(super) enum Side {
    /// A snapshot as its setting has it.
    Folder { setting: Setting, snapshot: Snapshot },
    /// A server.
    Server(Remote),
}

impl Side {
    /// The snapshot under a setting, by its name.
    pub(super) fn folder(setting: Setting, snapshot: &Snapshot) -> Result<Self, Failure> {
        let snapshot = setting.snapshot(snapshot).map_err(|error| Failure::Usage(error.into()))?;
        Ok(Self::Folder { setting, snapshot })
    }

    /// What is compared with: another server, or, of a data folder, another setting.
    pub(super) fn against(arguments: &Arguments, snapshot: Option<&Snapshot>) -> Result<Option<Self>, Failure> {
        let Some(against) = &arguments.against else { return Ok(None) };
        if against.contains("://") {
            return Ok(Some(Self::Server(connect(arguments, against)?)));
        }
        let Some(snapshot) = snapshot else {
            return Err(Failure::usage(format!(
                "--against is `{against}`, but a running server is compared with another one only, by its address; \
                 stop the server to compare settings over its data folder"
            )));
        };
        Self::folder(Setting::named(against), snapshot).map(Some)
    }

    pub(super) fn search(&self, query: &str, limit: usize) -> Result<Answer, SearchError> {
        Ok(match self {
            Self::Folder { setting, snapshot } => setting.search(snapshot, query, limit)?,
            Self::Server(server) => server.search(query, limit)?,
        })
    }

    pub(super) fn categories(&self) -> Result<Known, EvaluateError> {
        let known = match self {
            Self::Folder { snapshot, .. } => snapshot_categories(snapshot).map_err(SearchError::from),
            Self::Server(server) => server.categories().map_err(SearchError::from),
        };
        known.map_err(EvaluateError::Categories)
    }
}

/// The server at an address.
pub(super) fn connect(arguments: &Arguments, url: &str) -> Result<Remote, Failure> {
    check_url(url)?;
    Ok(Remote::new(url, &arguments.catalog, arguments.server.key().as_deref()))
}
