//! The suggestions on disk, for the start of the next process: to read every product takes seconds on a large catalog, and
//! shoppers would type into an empty list meanwhile.
//!
//! Written whole beside the old file and renamed. A projection like any other: without it, or with one that is not what
//! was written, a start has no suggestions until it has made its own, which it does at once in any case.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use storefind_index::settings::Language;
use storefind_index::suggest::SuggestIndex;
use tokio::time::Instant;

/// Shortest time between two savings: what a start shows for its first seconds may be that old, and a catalog that
/// changes all the time does not write all the time.
const INTERVAL_MIN: Duration = Duration::from_secs(60);
/// Largest file that is read: half a million phrases at their longest take less.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// Where suggestions are saved, and when they last were.
#[derive(Debug)]
pub(super) struct Saved {
    path: PathBuf,
    last: Option<Instant>,
    /// Whether there are newer ones.
    is_due: bool,
}

impl Saved {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, last: None, is_due: false }
    }

    /// What was saved, if there is anything of use.
    pub(super) fn load(&self, language: Language) -> Option<SuggestIndex> {
        let bytes = match std::fs::metadata(&self.path) {
            Ok(file) if file.len() <= FILE_BYTES_MAX => std::fs::read(&self.path).ok()?,
            _ => return None,
        };
        let index = SuggestIndex::load(&bytes, language);
        if index.is_none() {
            tracing::warn!(path = %self.path.display(), "the saved suggestions are of no use; new ones are being made");
        }
        index
    }

    /// Saves new suggestions, unless that was done a short while ago.
    pub(super) fn offer(&mut self, index: &SuggestIndex) {
        self.is_due = true;
        if self.last.is_none_or(|last| last.elapsed() >= INTERVAL_MIN) {
            self.save(index);
        }
    }

    /// Saves what was not yet.
    pub(super) fn finish(&mut self, index: &SuggestIndex) {
        if self.is_due {
            self.save(index);
        }
    }

    fn save(&mut self, index: &SuggestIndex) {
        // Tried again no sooner when it fails: a full disk stays full.
        (self.last, self.is_due) = (Some(Instant::now()), false);
        if let Err(error) = write(&self.path, &index.save()) {
            tracing::warn!(path = %self.path.display(), %error, "the suggestions could not be saved");
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = OpenOptions::new();
    // What shoppers searched is among them, so none but the owner may read it.
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    // Not synced: what a power failure leaves of it does not pass for suggestions.
    file.write_all(bytes)?;
    drop(file);
    std::fs::rename(temporary, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use storefind_index::suggest::SuggestBuilder;

    use super::*;

    fn index(title: &str) -> SuggestIndex {
        let mut builder = SuggestBuilder::new(Language::English);
        (0..3).for_each(|_| builder.add(title, None, &[], None));
        builder.build()
    }

    #[tokio::test(start_paused = true)]
    async fn the_latest_are_on_disk_at_the_end_and_no_oftener_than_needed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("suggestions");
        let loaded = || Saved::new(path.clone()).load(Language::English).map(|index| index.save());
        let mut saved = Saved::new(path.clone());
        assert!(saved.load(Language::English).is_none());
        saved.offer(&index("red shoe"));
        assert_eq!(loaded(), Some(index("red shoe").save()));
        saved.offer(&index("blue lamp"));
        assert_eq!(loaded(), Some(index("red shoe").save()), "too soon");
        saved.finish(&index("blue lamp"));
        assert_eq!(loaded(), Some(index("blue lamp").save()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        tokio::time::advance(INTERVAL_MIN).await;
        saved.offer(&index("desk"));
        assert_eq!(loaded(), Some(index("desk").save()));
        std::fs::write(&path, b"nonsense").unwrap();
        assert!(loaded().is_none());
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_nothing_but_a_warning() {
        let mut saved = Saved::new(PathBuf::from("/nowhere/suggestions"));
        saved.offer(&index("red shoe"));
        saved.finish(&index("red shoe"));
        assert!(saved.load(Language::English).is_none());
    }
}
