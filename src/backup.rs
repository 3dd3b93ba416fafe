//! Backups: a folder with a copy of every catalog's log and a manifest.
//!
//! ```text
//! DIR/backup.json              what it holds; written last, so a backup without it is not complete
//! DIR/catalogs/NAME/           the log of a catalog, settings included
//! ```
//!
//! Index, suggestions and caches are built again from the log. A restored catalog begins a history of its own, so that
//! nothing learned from the one that the backup was made of is ever taken for its.
//!
//! Owns the folder's layout and the order in which it is made. It refuses to write where something is. Blocking.
//!
//! Invariants: a manifest names only copies that are whole and on the disk; a restore that fails leaves none of the
//! catalogs that it made.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::catalog::CatalogError;
use crate::catalog::log::{self, Access, Log, LogError};
use crate::catalog::registry::catalog_dir;

/// Layout of this program's backups. A program reads those of its own and of earlier layouts.
const FORMAT: u32 = 1;
const MANIFEST: &str = "backup.json";
const CATALOGS: &str = "catalogs";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout of the folder.
    pub format: u32,
    /// Version of the program that made it, for people.
    pub version: String,
    /// The catalogs, by name.
    pub catalogs: Vec<Copied>,
}

/// One catalog of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Its name.
    pub name: String,
    /// Sequence of the last event that the copy has.
    pub sequence: u64,
}

/// Why a backup could not be made or restored. Each names the folder at fault.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something where the backup or a catalog should go.
    #[error("{} exists already and is not empty, and nothing is overwritten", .0.display())]
    Exists(PathBuf),
    /// The folder for the backup cannot be made.
    #[error("the folder {} cannot be made: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder holds no backup, or one that did not end.
    #[error("{} holds no backup that was completed: {source}", path.display())]
    Manifest {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A newer program made it.
    #[error("the backup in {} has format {found}, this program reads {FORMAT}: use the program that made it", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A catalog's log cannot be copied.
    #[error("catalog `{name}` cannot be copied: {source}")]
    Catalog {
        /// Which one.
        name: String,
        /// Why.
        #[source]
        source: Box<CatalogError>,
    },
}

/// A catalog's name and what copies its log into a new folder.
pub type Source<'a> = (&'a str, Box<dyn FnOnce(&Path) -> Result<(), CatalogError> + 'a>);

/// Makes a backup in `dir`, which must be absent or empty.
///
/// # Errors
/// See [`BackupError`]. What was copied before stays; without its manifest it is no backup.
pub fn backup<'a>(dir: &Path, catalogs: impl IntoIterator<Item = Source<'a>>) -> Result<Manifest, BackupError> {
    let failed = |source| BackupError::Folder { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(failed)?;
    if dir.read_dir().map_err(failed)?.next().is_some() {
        return Err(BackupError::Exists(dir.to_owned()));
    }
    // Of two backups into one folder at the same time, only one can make this.
    match fs::create_dir(dir.join(CATALOGS)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(BackupError::Exists(dir.to_owned())),
        made => made.map_err(failed)?,
    }
    let mut manifest = Manifest { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned(), catalogs: Vec::new() };
    for (name, copy) in catalogs {
        let of = |source| BackupError::Catalog { name: name.to_owned(), source: Box::new(source) };
        let into = dir.join(CATALOGS).join(name);
        copy(&into).map_err(of)?;
        // Opening it also shows that it can be.
        let log = Log::open(&into, name, Access::ReadOnly).map_err(|error| of(error.into()))?;
        manifest.catalogs.push(Copied { name: name.to_owned(), sequence: log.last() });
    }
    write_manifest(dir, &manifest).map_err(failed)?;
    Ok(manifest)
}

/// The catalog's log in a data folder that no server holds, as a source of [`backup`].
pub fn at_rest<'a>(data_dir: &Path, name: &'a str) -> Source<'a> {
    let log = catalog_dir(data_dir, name).join("log");
    (name, Box::new(move |into| Ok(Log::open(&log, name, Access::ReadOnly)?.backup(into)?)))
}

/// Restores every catalog of the backup in `dir` into a data folder that no server holds.
///
/// # Errors
/// See [`BackupError`]; then no catalog was restored.
pub fn restore(dir: &Path, data_dir: &Path) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(dir)?;
    let folders: Vec<PathBuf> = manifest.catalogs.iter().map(|copied| catalog_dir(data_dir, &copied.name)).collect();
    if let Some(taken) = folders.iter().find(|folder| folder.exists()) {
        return Err(BackupError::Exists(taken.clone()));
    }
    for (at, (copied, folder)) in manifest.catalogs.iter().zip(&folders).enumerate() {
        if let Err(error) = log::restore(&dir.join(CATALOGS).join(&copied.name), &folder.join("log")) {
            for made in &folders[..=at] {
                // Ours: none of them existed. Should it stay, the next try names it.
                drop(fs::remove_dir_all(made));
            }
            return Err(BackupError::Catalog { name: copied.name.clone(), source: Box::new(log_error(error)) });
        }
    }
    Ok(manifest)
}

fn log_error(error: LogError) -> CatalogError {
    error.into()
}

fn write_manifest(dir: &Path, manifest: &Manifest) -> io::Result<()> {
    File::open(dir.join(CATALOGS))?.sync_all()?;
    let made = dir.join(format!("{MANIFEST}.new"));
    let mut file = File::create_new(&made)?;
    file.write_all(serde_json::to_string_pretty(manifest)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(made, dir.join(MANIFEST))?;
    File::open(dir)?.sync_all()
}

fn read_manifest(dir: &Path) -> Result<Manifest, BackupError> {
    let failed = |source| BackupError::Manifest { path: dir.to_owned(), source };
    let text = fs::read(dir.join(MANIFEST)).map_err(failed)?;
    // Before the rest, which a newer program may have changed.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
    if format > FORMAT {
        return Err(BackupError::Newer { path: dir.to_owned(), found: format });
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
    let is_name = |name: &str| {
        let mut parts = Path::new(name).components();
        matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
    };
    // A name is joined to a path.
    match manifest.catalogs.iter().find(|copied| !is_name(&copied.name)) {
        Some(copied) => Err(failed(io::Error::other(format!("{:?} is no name of a catalog", copied.name)))),
        None => Ok(manifest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(dir: &Path, text: &str) -> String {
        fs::write(dir.join(MANIFEST), text).unwrap();
        restore(dir, &dir.join("data")).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_backup_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let none = restore(folder.path(), &folder.path().join("data")).unwrap_err().to_string();
        assert!(none.contains("holds no backup") && none.contains(&folder.path().display().to_string()), "{none}");
        for (text, part) in [
            ("{", "holds no backup"),
            (r#"{"format":2,"else":1}"#, "format 2, this program reads 1"),
            (r#"{"format":1,"version":"x","catalogs":[{"name":"../up","sequence":1}]}"#, "no name of a catalog"),
            (r#"{"format":1,"version":"x","catalogs":[{"name":"lost","sequence":1}]}"#, "catalog `lost`"),
        ] {
            let message = manifest(folder.path(), text);
            assert!(message.contains(part), "{message}");
        }
        assert!(!folder.path().join("data/catalogs/lost").exists());
    }
}
