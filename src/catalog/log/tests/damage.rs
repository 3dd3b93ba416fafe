//! Damaged files, copies and a full disk.

use std::process::Command;

use super::*;

#[test]
fn a_backup_of_a_log_in_use_is_a_state_that_it_had() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let copies = tempfile::tempdir().expect("a folder");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..300 {
                log.append((0..10).map(|m| upsert(&format!("{n}-{m}"), "x")).collect()).expect("appends");
            }
        });
        for copy in 0..5 {
            log.backup(&copies.path().join(copy.to_string())).expect("copies");
        }
        writer.join().expect("no panic");
    });
    for copy in 0..5 {
        let path = copies.path().join(copy.to_string());
        let error = log.backup(&path).expect_err("is there already");
        assert!(matches!(error, LogError::Exists { .. }), "{error:?}");
        let restored = copies.path().join(format!("restored-{copy}"));
        restore(&path, &restored).expect("restores");
        assert!(matches!(restore(&path, &restored), Err(LogError::Exists { .. })));
        let other = open(&restored);
        let end = other.last();
        assert_eq!(
            events_after(&other, 0)[..usize::try_from(end - 1).expect("small")],
            read_after(&log, 0)[..usize::try_from(end - 1).expect("small")]
        );
        assert_eq!((other.starts().len(), other.origin() == log.origin()), (2, false));
        assert_eq!(other.start_at(end - 1), log.start_at(end - 1));
        assert_ne!(other.start_at(end), log.start_at(end));
        assert_eq!(outcomes(&other, vec![upsert("next", "x")]), [Ok(end + 1)]);
    }
}

/// The log's files in a folder of their own, as a `kill -9` leaves them: the appender has no chance to tidy up.
fn killed_log(dir: &Path, writes: u64) -> u64 {
    let (live, copy) = (dir.join("live"), dir.join("copy"));
    let log = open(&live);
    for n in 0..writes {
        log.append(vec![upsert(&n.to_string(), &"x".repeat(300)), upsert("shared", &n.to_string())]).expect("appends");
    }
    // What the appender does after its answers is over when it has served this.
    log.append(vec![]).expect("appends");
    std::fs::create_dir(&copy).expect("creates");
    for entry in live.read_dir().expect("reads") {
        let entry = entry.expect("reads");
        std::fs::copy(entry.path(), copy.join(entry.file_name())).expect("copies");
    }
    log.last()
}

/// A cheap sequence of numbers that look random.
fn scramble(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn a_file_that_was_cut_is_refused_by_name_or_holds_a_beginning_of_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let last = killed_log(dir.path(), 100);
    let whole = {
        let path = dir.path().join("whole");
        copy_folder(&dir.path().join("copy"), &path);
        read_after(&open(&path), 0)
    };
    let (mut random, mut opened, mut refused) = (7, 0, 0);
    for round in 0..120 {
        let path = dir.path().join(round.to_string());
        // Half of them after a tidy end, when there is no write-ahead log.
        copy_folder(&dir.path().join(if round % 2 == 0 { "copy" } else { "whole" }), &path);
        let name = if round % 4 < 2 { FILE_NAME.to_owned() } else { format!("{FILE_NAME}-wal") };
        let Ok(file) = std::fs::OpenOptions::new().write(true).open(path.join(name)) else { continue };
        let length = file.metadata().expect("reads").len();
        file.set_len(scramble(&mut random) % (length + 1)).expect("cuts");
        drop(file);
        match Log::open(&path, "test", Access::ReadWrite) {
            Ok(log) => {
                opened += 1;
                let found = events_after(&log, 0);
                let (start, before) = found.split_last().expect("has its start");
                assert!(start.ends_with('!'));
                assert_eq!(before, &whole[..before.len()], "round {round}");
                assert!(log.last() <= last + 2);
                let products = log.export(None, 1_000).expect("exports").len();
                assert_eq!(
                    products,
                    before.iter().filter(|event| event.contains("xxx")).count() + usize::from(before.len() > 2)
                );
                log.append(vec![upsert("next", "x")]).expect("appends");
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains(&path.display().to_string()), "{error}");
            }
        }
        std::fs::remove_dir_all(&path).expect("removes");
    }
    assert!(opened >= 10 && refused >= 10, "{opened} opened, {refused} refused");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("creates");
    for entry in from.read_dir().expect("reads") {
        let entry = entry.expect("reads");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copies");
    }
}

/// A file system of its own of some megabytes; `None`, with the reason on the terminal, where none can be mounted.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(megabytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder");
        let size = format!("size={megabytes}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "storefind-test"]).arg(dir.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(dir)),
            Ok(output) => {
                println!("skipped: no tmpfs can be mounted: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("skipped: there is no `mount`: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.0.path()).status());
    }
}

#[test]
fn a_full_disk_loses_nothing_and_writes_work_again_when_there_is_room() {
    let Some(disk) = SmallDisk::new(8) else { return };
    let path = disk.0.path().join("log");
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![1; 4 << 20]).expect("writes");
    let log = open(&path);
    let (mut acknowledged, mut refused) = (vec!["1!".to_owned()], 0);
    let mut write = |n: u64| match log.append(vec![upsert(&n.to_string(), &"x".repeat(20_000))]) {
        Ok(written) => {
            acknowledged.push(format!("{}+{n}", written.sequence));
            true
        }
        Err(LogError::Storage { .. }) => false,
        Err(error) => panic!("{error:?}"),
    };
    let mut n = 0;
    while refused < 20 {
        refused += u64::from(!write(n));
        n += 1;
    }
    assert!(n > 40, "some went before the disk was full");
    std::fs::remove_file(&ballast).expect("removes");
    for n in n..n + 20 {
        assert!(write(n), "there is room again");
    }
    let short = |event: String| event.split('=').next().expect("has a part").to_owned();
    let found = |log: &Log| events_after(log, 0).into_iter().map(short).collect::<Vec<_>>();
    assert_eq!(found(&log), acknowledged);
    drop(log);
    let found = found(&open(&path));
    assert_eq!(found[..found.len() - 1], acknowledged);
}
