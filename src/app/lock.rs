//! The lock of a data folder: one process at a time.
//!
//! A lock of the operating system on a small file, so that it goes with the process however that ends. The file holds
//! the process number, for the message to the second comer only; a number left by a crash locks nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::Mode;

/// Name of the file.
const FILE_NAME: &str = "storefind.lock";

/// A data folder, ours until this is dropped.
#[derive(Debug)]
pub struct DataDirLock {
    /// `None` where a read-only node found nothing to lock.
    _file: Option<File>,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data folder {} is in use by another storefind{}", path.display(), process.as_deref().unwrap_or_default())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// ` (process 123)`, if it said so.
        process: Option<String>,
    },
    /// It cannot be created, read or written.
    #[error("the data folder {} cannot be used: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl DataDirLock {
    /// Takes the folder, creating it if there is none (not for a read-only node, which leaves no trace in it).
    ///
    /// # Errors
    /// Another process has it, or it cannot be used.
    pub fn take(path: &Path, mode: Mode) -> Result<Self, LockError> {
        let io = |source| LockError::Io { path: path.to_owned(), source };
        let name = path.join(FILE_NAME);
        let opened = match mode {
            Mode::ReadWrite => {
                std::fs::create_dir_all(path).map_err(io)?;
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name)
            }
            Mode::ReadOnly => match File::open(&name) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self { _file: None }),
                opened => opened,
            },
        };
        let mut file = opened.map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let known = file.read_to_string(&mut process).is_ok_and(|_| process.trim().parse::<u32>().is_ok());
                let process = known.then(|| format!(" (process {})", process.trim()));
                return Err(LockError::InUse { path: path.to_owned(), process });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        if mode == Mode::ReadWrite {
            file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(io)?;
        }
        Ok(Self { _file: Some(file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_refused_by_name_and_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        let first = DataDirLock::take(&path, Mode::ReadWrite).unwrap();
        for mode in [Mode::ReadWrite, Mode::ReadOnly] {
            let message = DataDirLock::take(&path, mode).unwrap_err().to_string();
            let process = format!("(process {})", std::process::id());
            assert!(message.contains("new is in use") && message.contains(&process), "{message}");
        }
        drop(first);
        DataDirLock::take(&path, Mode::ReadWrite).unwrap();
    }

    #[test]
    fn a_read_only_node_creates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent");
        DataDirLock::take(&path, Mode::ReadOnly).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let message = DataDirLock::take(file.path(), Mode::ReadWrite).unwrap_err().to_string();
        assert!(message.contains(&file.path().display().to_string()), "{message}");
    }
}
