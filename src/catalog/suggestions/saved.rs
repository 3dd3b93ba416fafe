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

/// Where suggestions are saved, and which last were.
#[derive(Debug)]
pub(super) struct Saved {
    path: PathBuf,
    /// When it was last tried.
    last: Option<Instant>,
    /// The generation that was saved; 0: none that was made.
    generation: u64,
}

impl Saved {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, last: None, generation: 0 }
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

    /// When this generation is to be saved; `None` if it was, or was read from there.
    pub(super) fn due_in(&self, generation: u64) -> Option<Duration> {
        let left = |last: Instant| INTERVAL_MIN.saturating_sub(last.elapsed());
        (generation != self.generation).then(|| self.last.map_or(Duration::ZERO, left))
    }

    /// Saves what was not yet.
    pub(super) fn finish(&mut self, generation: u64, index: &SuggestIndex) {
        if generation != self.generation {
            self.save(generation, index);
        }
    }

    pub(super) fn save(&mut self, generation: u64, index: &SuggestIndex) {
        // Tried again no sooner when it fails: a full disk stays full.
        self.last = Some(Instant::now());
        match write(&self.path, &index.save()) {
            Ok(()) => self.generation = generation,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the suggestions could not be saved");
            }
        }
    }
}

/// Writes the file whole or leaves the old one, and nothing beside it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let written = write_new(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        drop(std::fs::remove_file(&temporary));
    }
    written
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // What shoppers searched is among them, so none but the owner may read it.
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // Not synced: what a power failure leaves of it does not pass for suggestions.
    file.write_all(bytes)
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
        assert_eq!((saved.due_in(0), saved.due_in(1)), (None, Some(Duration::ZERO)));
        saved.save(1, &index("red shoe"));
        assert_eq!(loaded(), Some(index("red shoe").save()));
        assert_eq!((saved.due_in(1), saved.due_in(2)), (None, Some(INTERVAL_MIN)), "too soon");
        saved.finish(2, &index("blue lamp"));
        assert_eq!(loaded(), Some(index("blue lamp").save()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        tokio::time::advance(INTERVAL_MIN / 4).await;
        assert_eq!(saved.due_in(3), Some(INTERVAL_MIN * 3 / 4), "though nothing else changes");
        tokio::time::advance(INTERVAL_MIN).await;
        assert_eq!(saved.due_in(3), Some(Duration::ZERO));
        saved.finish(2, &index("desk"));
        assert_eq!(loaded(), Some(index("blue lamp").save()), "they were saved already");
        std::fs::write(&path, b"nonsense").unwrap();
        assert!(loaded().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_folder_that_cannot_be_written_costs_nothing_but_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        // A folder stands where the file should be.
        let path = dir.path().join("suggestions");
        std::fs::create_dir_all(path.join("full")).unwrap();
        for path in [PathBuf::from("/nowhere/suggestions"), path] {
            let mut saved = Saved::new(path);
            saved.save(1, &index("red shoe"));
            assert_eq!(saved.due_in(1), Some(INTERVAL_MIN), "it is tried again");
            saved.finish(1, &index("red shoe"));
            assert!(saved.load(Language::English).is_none());
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
