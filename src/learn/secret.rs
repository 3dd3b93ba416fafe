//! The secret by which sessions and event ids become numbers that tell nothing.
//!
//! What a storefront calls a session may be a customer's number. It is hashed at once, with a key that this node drew
//! by itself and keeps beside the journal, for its owner alone; no backup takes it along. Without the key nobody can try
//! out whether a session is among those of a journal.
//!
//! Invariant: what was sent as a session or event id is in no file and in no structure that outlives its request.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Bytes of the key: as many as the hash gives.
const KEY_BYTES: usize = 32;
/// Name of its file.
const FILE_NAME: &str = "secret";

/// See the module.
pub(super) struct Secret([u8; KEY_BYTES]);

/// What a hash stands for, so that the same text as one and as another has different hashes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// A session.
    Session,
    /// An event that is to count once.
    Event,
    /// A process among those that share what they learn.
    Node,
}

impl Secret {
    /// One that is kept nowhere.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn draw() -> io::Result<Self> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        Ok(Self(key))
    }

    /// The one in a folder; a new one if there is none that can be used.
    ///
    /// # Errors
    /// A failing disk.
    pub(super) fn of_folder(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE_NAME);
        if let Some(key) = fs::read(&path).ok().and_then(|bytes| bytes.try_into().ok()) {
            return Ok(Self(key));
        }
        let secret = Self::draw()?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(&secret.0)?;
        file.sync_all()?;
        Ok(secret)
    }

    /// The number that stands for these texts; 0 is left for none.
    pub(super) fn number(&self, purpose: Purpose, texts: &[&str]) -> u64 {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update([purpose as u8]);
        for text in texts {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        let digest = hasher.finalize();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(bytes).max(1)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_number_lasts_as_long_as_its_folder_and_tells_purposes_and_texts_apart() {
        let folder = tempfile::tempdir().unwrap();
        let secret = Secret::of_folder(folder.path()).unwrap();
        let number = secret.number(Purpose::Session, &["jane"]);
        assert_eq!(Secret::of_folder(folder.path()).unwrap().number(Purpose::Session, &["jane"]), number);
        assert_ne!(secret.number(Purpose::Event, &["jane"]), number);
        assert_ne!(secret.number(Purpose::Session, &["ja", "ne"]), number);
        assert_ne!(Secret::draw().unwrap().number(Purpose::Session, &["jane"]), number);
        let mode = fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), b"short").unwrap();
        let number = Secret::of_folder(folder.path()).unwrap().number(Purpose::Session, &["jane"]);
        assert_eq!(Secret::of_folder(folder.path()).unwrap().number(Purpose::Session, &["jane"]), number);
    }
}
