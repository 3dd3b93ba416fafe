//! Pairs that a merchandiser does not want to be offered again.
//!
//! A decision of a person is worth more than an event: it stays when the journal's days go, and it is on the disk before
//! it is acknowledged. One file beside the journal, a pair a line, which is replaced as a whole.
//!
//! Owns that file. Invariant: at most [`DISMISSED_MAX`] pairs, of which the oldest go first; a file that is damaged costs
//! the lines that are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::reformulation::Pair;

/// Name of the file.
const FILE_NAME: &str = "dismissed";
/// Name of the file while it is written.
const NEW_FILE_NAME: &str = "dismissed.new";
/// Pairs held: as many as are counted at a time, so that all of them can be dismissed. At most 4 MB, mostly half of one.
const DISMISSED_MAX: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Dismissed {
    folder: PathBuf,
    /// Oldest first.
    pairs: Vec<Pair>,
}

impl Dismissed {
    /// Those of a folder; none if it has no such file.
    ///
    /// # Errors
    /// A failing disk.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let bytes = match fs::read(folder.join(FILE_NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let pair = |line: &str| line.split_once('\t').and_then(|(from, to)| Pair::read(from, to));
        Ok(Self { folder: folder.to_owned(), pairs: text.lines().filter_map(pair).take(DISMISSED_MAX).collect() })
    }

    /// Whether a pair is among them.
    pub(super) fn contains(&self, pair: &Pair) -> bool {
        self.pairs.contains(pair)
    }

    /// Adds a pair, durably.
    ///
    /// # Errors
    /// A full or failing disk; the pair is not dismissed.
    pub(super) fn add(&mut self, pair: Pair) -> io::Result<()> {
        if self.contains(&pair) {
            return Ok(());
        }
        let mut pairs = self.pairs.clone();
        if pairs.len() >= DISMISSED_MAX {
            pairs.remove(0);
        }
        pairs.push(pair);
        self.write(&pairs)?;
        self.pairs = pairs;
        Ok(())
    }

    fn write(&self, pairs: &[Pair]) -> io::Result<()> {
        let (path, new) = (self.folder.join(FILE_NAME), self.folder.join(NEW_FILE_NAME));
        let lines: String = pairs.iter().map(|pair| format!("{}\t{}\n", pair.from, pair.to)).collect();
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(from: &str) -> Pair {
        Pair::read(from, "couch").unwrap()
    }

    #[test]
    fn a_pair_stays_dismissed_and_what_is_damaged_costs_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut dismissed = Dismissed::open(folder.path()).unwrap();
        for from in ["sofa", "divan", "sofa"] {
            dismissed.add(pair(from)).unwrap();
        }
        assert_eq!(Dismissed::open(folder.path()).unwrap().pairs, [pair("sofa"), pair("divan")]);
        let path = folder.path().join(FILE_NAME);
        let written = [&b"\xff\t\n\n"[..], &fs::read(&path).unwrap()].concat();
        fs::write(&path, written).unwrap();
        let dismissed = Dismissed::open(folder.path()).unwrap();
        assert!(dismissed.contains(&pair("divan")) && !dismissed.contains(&pair("chair")));
        assert!(
            !dismissed.contains(&Pair { from: "couch".into(), to: "divan".into() }),
            "the other way is another pair"
        );
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let mut dismissed = Dismissed::open(folder.path()).unwrap();
        dismissed.pairs = (0..DISMISSED_MAX).map(|number| pair(&format!("sofa {number}"))).collect();
        dismissed.add(pair("divan")).unwrap();
        assert_eq!(dismissed.pairs.len(), DISMISSED_MAX);
        assert!(dismissed.contains(&pair("divan")) && !dismissed.contains(&pair("sofa 0")));
    }

    #[test]
    fn what_cannot_be_written_is_not_dismissed() {
        let folder = tempfile::tempdir().unwrap();
        let mut dismissed = Dismissed::open(folder.path()).unwrap();
        fs::create_dir(folder.path().join(NEW_FILE_NAME)).unwrap();
        assert!(dismissed.add(pair("sofa")).is_err());
        assert!(!dismissed.contains(&pair("sofa")));
    }
}
