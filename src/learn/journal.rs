//! The journal: records on disk, in the order in which they came.
//!
//! A folder of segments, `2026-11-23-000017`: the day of arrival and a number that only rises. Every start, every day and
//! every failed write begins a new segment, so that nothing is ever written behind damage, and what a crash cut off costs
//! that record alone. Segments go when their day is older than is kept, and the oldest when all of them are larger than is
//! allowed; that is how the folder stays bounded. A day in the future is that of a clock that was wrong: the next segment
//! tells when it was.
//!
//! A record has reached the system when [`Journal::append`] returns: it survives the end of the process, and a power
//! failure costs the last seconds. Events are many and none is worth a sync.
//!
//! Owns the folder. It knows what a record is, not what it means.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::day::Day;
use super::record::Record;

/// Share of the folder's limit that one segment has at most: what goes at a time when the folder is full.
const SEGMENTS_MIN: u64 = 16;
/// What a segment begins with; its last character is raised with the layout.
const MAGIC: &[u8; 8] = b"SFDEEDS1";

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Days, today included.
    pub days: u32,
    /// Bytes of all segments.
    pub bytes_max: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    keep: Keep,
    /// All that lie in the folder, oldest first.
    segments: Vec<Segment>,
    open: Option<File>,
    /// Number of the next segment.
    next: u32,
    /// Day on which it was last looked for what is not kept any more.
    pruned: Option<Day>,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    day: Day,
    number: u32,
    bytes: u64,
}

impl Segment {
    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}-{:06}", self.day, self.number))
    }

    fn of(path: &Path) -> Option<(Day, u32)> {
        let (day, number) = path.file_name()?.to_str()?.split_at_checked(10)?;
        Some((Day::parse(day)?, number.strip_prefix('-')?.parse().ok()?))
    }
}

/// What reading a journal came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Records read.
    pub records: u64,
    /// Segments that end with something that is no record.
    pub damaged: u64,
}

impl Journal {
    /// The journal of a folder, which is made if it is not there.
    ///
    /// # Errors
    /// A failing disk.
    pub fn open(folder: &Path, keep: Keep) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (folder, segments) = (folder.to_owned(), segments(folder)?);
        let next = segments.last().map_or(0, |last| last.number + 1);
        Ok(Self { folder, keep, segments, open: None, next, pruned: None, buffer: Vec::new() })
    }

    /// Calls `each` with every record of the days that are kept.
    ///
    /// # Errors
    /// A failing disk.
    pub fn replay(folder: &Path, keep: Keep, today: Day, mut each: impl FnMut(Record)) -> io::Result<Replayed> {
        let mut replayed = Replayed::default();
        let segments = segments(folder)?;
        let kept = segments.iter().zip(ages(&segments, today)).filter(|(_, age)| *age < keep.days);
        for (segment, _) in kept {
            let bytes = match fs::read(segment.path(folder)) {
                // Another node of the same folder has dropped it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read?,
            };
            let mut rest = bytes.strip_prefix(MAGIC).unwrap_or_default();
            while let Some(record) = Record::take(&mut rest) {
                replayed.records += 1;
                each(record);
            }
            replayed.damaged += u64::from(!rest.is_empty() || !bytes.starts_with(MAGIC));
        }
        Ok(replayed)
    }

    /// Appends records of `today`. All of them or none.
    ///
    /// # Errors
    /// A full or failing disk; nothing was appended that will be read.
    pub fn append(&mut self, today: Day, records: &[Record]) -> io::Result<()> {
        self.buffer.clear();
        records.iter().for_each(|record| record.write(&mut self.buffer));
        let segment_max = self.keep.bytes_max / SEGMENTS_MIN;
        if self.segments.last().is_none_or(|last| last.day != today || last.bytes >= segment_max) {
            self.open = None;
        }
        let mut file = match self.open.take() {
            Some(file) => file,
            None => self.begin(today)?,
        };
        let before = self.segments.last().map_or(0, |segment| segment.bytes);
        if let Err(error) = file.write_all(&self.buffer) {
            // The part that was written is taken back, so that what was refused does not count after a restart. The
            // file stays closed: the next records begin a new one.
            drop(file.set_len(before));
            return Err(error);
        }
        self.open = Some(file);
        if let Some(segment) = self.segments.last_mut() {
            segment.bytes += self.buffer.len() as u64;
        }
        self.prune(today);
        Ok(())
    }

    /// Bytes of all segments.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Drops what is not kept any more, if that was not done today. For days without an event.
    pub fn prune_daily(&mut self, today: Day) {
        if self.pruned != Some(today) {
            self.prune(today);
        }
    }

    /// Drops what is not kept any more.
    pub fn prune(&mut self, today: Day) {
        self.pruned = Some(today);
        let (mut bytes, mut ages) = (self.bytes(), ages(&self.segments, today).into_iter());
        let Self { folder, keep, segments, open, .. } = self;
        let mut behind = segments.len();
        segments.retain(|segment| {
            behind -= 1;
            let is_old = ages.next().is_some_and(|age| age >= keep.days);
            // The latest may be larger than all that is allowed; it goes when there is another one.
            if !is_old && (behind == 0 || bytes <= keep.bytes_max) {
                return true;
            }
            if let Err(error) = fs::remove_file(segment.path(folder))
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(folder = %folder.display(), %error, "old events could not be removed");
                return true;
            }
            bytes -= segment.bytes;
            if behind == 0 {
                *open = None;
            }
            false
        });
    }

    fn begin(&mut self, today: Day) -> io::Result<File> {
        let segment = Segment { day: today, number: self.next, bytes: MAGIC.len() as u64 };
        let path = segment.path(&self.folder);
        let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        if let Err(error) = file.write_all(MAGIC) {
            drop(fs::remove_file(&path));
            return Err(error);
        }
        self.segments.push(segment);
        self.next += 1;
        Ok(file)
    }
}

/// How many days ago each of these segments, oldest first, was written.
fn ages(segments: &[Segment], today: Day) -> Vec<u32> {
    let mut behind = today;
    let age = |segment: &Segment| {
        behind = if segment.day > today { behind } else { segment.day };
        today.since(behind)
    };
    let mut ages: Vec<u32> = segments.iter().rev().map(age).collect();
    ages.reverse();
    ages
}

/// The segments of a folder, oldest first; none of a folder that is not there.
fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Some((day, number)) = Segment::of(&entry.path()) {
            found.push(Segment { day, number, bytes: entry.metadata()?.len() });
        }
    }
    found.sort_unstable_by_key(|segment| segment.number);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::record::Answered;

    const KEEP: Keep = Keep { days: 3, bytes_max: 64 << 10 };

    fn record(query: &str) -> Record {
        Record::Answered(Answered {
            time: 1,
            query: query.into(),
            times: 1,
            found_nothing: false,
            corrected: String::new(),
        })
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn queries(folder: &Path, today: &str) -> (Vec<String>, u64) {
        let mut queries = Vec::new();
        let replayed = Journal::replay(folder, KEEP, day(today), |record| match record {
            Record::Answered(answered) => queries.push(answered.query),
            Record::Deed(_) => panic!("none was written"),
        })
        .unwrap();
        assert_eq!(replayed.records as usize, queries.len());
        (queries, replayed.damaged)
    }

    #[test]
    fn what_was_appended_is_read_in_order_over_starts_and_days() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        assert_eq!(queries(&path, "2026-01-01"), (vec![], 0), "a folder that is not there holds nothing");
        for (today, names) in [("2026-01-01", ["a", "b"]), ("2026-01-01", ["c", "d"]), ("2026-01-02", ["e", "f"])] {
            let mut journal = Journal::open(&path, KEEP).unwrap();
            names.iter().for_each(|name| journal.append(day(today), &[record(name)]).unwrap());
        }
        let names: Vec<String> = ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec();
        assert_eq!(queries(&path, "2026-01-03"), (names.clone(), 0));
        assert_eq!(queries(&path, "2026-01-04").0, names[4..], "what is older than is kept is not read");
        let mut journal = Journal::open(&path, KEEP).unwrap();
        journal.append(day("2026-01-04"), &[record("g")]).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "and goes when something is appended");
    }

    #[test]
    fn damage_costs_what_stands_behind_it_in_its_segment_alone() {
        let folder = tempfile::tempdir().unwrap();
        let today = day("2026-01-01");
        for names in [["a", "b"], ["c", "d"]] {
            let mut journal = Journal::open(folder.path(), KEEP).unwrap();
            names.iter().for_each(|name| journal.append(today, &[record(name)]).unwrap());
        }
        let first = folder.path().join("2026-01-01-000000");
        let whole = fs::read(&first).unwrap();
        fs::write(&first, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(queries(folder.path(), "2026-01-01"), (["a", "c", "d"].map(String::from).to_vec(), 1));
        fs::write(&first, b"nonsense").unwrap();
        assert_eq!(queries(folder.path(), "2026-01-01"), (["c", "d"].map(String::from).to_vec(), 1));
        // A new start writes behind all of them.
        Journal::open(folder.path(), KEEP).unwrap().append(today, &[record("e")]).unwrap();
        assert_eq!(queries(folder.path(), "2026-01-01").0.last().map(String::as_str), Some("e"));
    }

    #[test]
    fn the_folder_stays_within_its_limit_and_the_latest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), KEEP).unwrap();
        for number in 0..5_000 {
            journal.append(day("2026-01-01"), &[record(&format!("query {number}"))]).unwrap();
        }
        let on_disk: u64 =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert_eq!(on_disk, journal.bytes());
        assert!(on_disk <= KEEP.bytes_max + KEEP.bytes_max / SEGMENTS_MIN, "{on_disk}");
        let (queries, damaged) = queries(folder.path(), "2026-01-01");
        assert_eq!((queries.last().map(String::as_str), damaged), (Some("query 4999"), 0));
        assert!(queries.len() > 500, "{}", queries.len());
    }

    #[test]
    fn on_a_quiet_catalog_days_go_when_their_time_comes_and_so_does_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        let mut journal = Journal::open(folder.path(), KEEP).unwrap();
        journal.append(day("2026-01-01"), &[record("a")]).unwrap();
        journal.append(day("2026-01-02"), &[record("b")]).unwrap();
        for (today, left) in [("2026-01-03", 2), ("2026-01-04", 1), ("2026-01-05", 0)] {
            journal.prune_daily(day(today));
            assert_eq!(files(), left, "{today}");
        }
        journal.append(day("2026-01-05"), &[record("c")]).unwrap();
        assert!(folder.path().join("2026-01-05-000002").exists(), "numbers only rise");
        assert_eq!(queries(folder.path(), "2026-01-05").0, ["c"]);
    }

    #[test]
    fn a_clock_that_was_wrong_keeps_nothing_longer_and_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let days = ["2026-01-01", "2031-01-01", "2026-01-02", "1970-01-01", "2026-01-03"];
        let mut journal = Journal::open(folder.path(), Keep { days: 30_000, ..KEEP }).unwrap();
        for today in days {
            journal.append(day(today), &[record(today)]).unwrap();
        }
        for (today, left) in [("2026-01-03", vec![0, 1, 2, 4]), ("2026-01-04", vec![1, 2, 4]), ("2026-01-05", vec![4])]
        {
            let mut journal = Journal::open(folder.path(), KEEP).unwrap();
            let expected: Vec<String> = left.into_iter().map(|at: usize| days[at].to_owned()).collect();
            assert_eq!(queries(folder.path(), today).0, expected, "{today}");
            journal.prune(day(today));
            assert_eq!(queries(folder.path(), today).0, expected, "{today}, pruned");
        }
        assert_eq!(queries(folder.path(), "2020-01-01").0, ["2026-01-03"], "now it is this one that was in the future");
    }

    #[test]
    fn a_write_that_fails_leaves_nothing_to_be_read_and_the_next_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let today = day("2026-01-01");
        let mut journal = Journal::open(folder.path(), KEEP).unwrap();
        journal.append(today, &[record("a")]).unwrap();
        // A file that is always full stands for a disk that is.
        journal.open = Some(OpenOptions::new().write(true).open("/dev/full").unwrap());
        assert_eq!(journal.append(today, &[record("b")]).unwrap_err().kind(), io::ErrorKind::StorageFull);
        journal.append(today, &[record("c")]).unwrap();
        assert_eq!(queries(folder.path(), "2026-01-01"), (["a", "c"].map(String::from).to_vec(), 0));
    }
}
