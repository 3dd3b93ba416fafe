//! What a catalog is searched by in an evaluation: the settings in force, others, or a plain baseline.
//!
//! Owns the names of the baselines. Invariant: every setting searches the same snapshot, so that two differ in nothing
//! but themselves.

use std::path::{Path, PathBuf};

use storefind_index::error::IndexError;
use storefind_index::settings::{Ranking, Settings};
use storefind_index::snapshot::Snapshot;

use super::Found;
use super::source::{found, search_snapshot};

/// The name of [`Setting::Plain`].
const PLAIN: &str = "plain";
/// The name of [`Setting::Text`].
const TEXT: &str = "text";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// The catalog's own settings.
    InForce,
    /// `plain`: BM25 over the searched fields, added up; all words must be there, as they are. What any search engine
    /// does out of the box.
    Plain,
    /// `text`: the catalog's own settings, with nothing counting beside the words.
    Text,
    /// The settings in a file, in the form of `PUT /v1/{catalog}/settings`.
    File(PathBuf),
}

/// Why a setting cannot be searched by.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The file cannot be read.
    #[error("cannot read settings from {path}; `plain` and `text` are known by name")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no settings.
    #[error("{path} holds no settings")]
    Settings {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The settings read texts in another way than the index.
    #[error(
        "the settings of {0} have another language or other searched fields than the catalog; import it with those"
    )]
    OtherAnalysis(PathBuf),
}

impl Setting {
    /// Reads a name, or the path of a file.
    pub fn named(name: &str) -> Self {
        match name {
            PLAIN => Self::Plain,
            TEXT => Self::Text,
            path => Self::File(path.into()),
        }
    }

    /// The snapshot as this setting has it.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn snapshot(&self, snapshot: &Snapshot) -> Result<Snapshot, SettingError> {
        let (settings, path) = match self {
            Self::InForce | Self::Plain => return Ok(snapshot.clone()),
            Self::Text => {
                let settings = Settings { ranking: Ranking::TEXT_ONLY, ..snapshot.settings().as_ref().clone() };
                (settings, Path::new(TEXT))
            }
            Self::File(path) => (read(path)?, path.as_path()),
        };
        snapshot.with_settings(settings).ok_or_else(|| SettingError::OtherAnalysis(path.to_owned()))
    }

    /// Searches a snapshot that this setting gave.
    ///
    /// # Errors
    /// The index failed.
    pub fn search(&self, snapshot: &Snapshot, query: &str, limit: usize) -> Result<Vec<Found>, IndexError> {
        match self {
            Self::Plain => Ok(snapshot.search_plain(query, limit)?.into_iter().map(found).collect()),
            _ => search_snapshot(snapshot, query, limit),
        }
    }
}

fn read(path: &Path) -> Result<Settings, SettingError> {
    let text = std::fs::read(path).map_err(|source| SettingError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|source| SettingError::Settings { path: path.to_owned(), source })
}
