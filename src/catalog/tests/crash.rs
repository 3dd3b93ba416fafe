//! `kill -9` in the middle of writing: every acknowledged event is there, once and in order, and nothing that was
//! refused is. And the reason why: the sync comes before the acknowledgement.
//!
//! The tests run themselves as a child process, which writes and says what was acknowledged until it is killed.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;
use crate::catalog::Written;
use crate::catalog::event::Event;
use crate::catalog::log::{Access, Log, ReadLimits};

/// Set in the child: the folder to write to.
const CHILD_DIR: &str = "STOREFIND_TEST_CRASH_DIR";
const ACKNOWLEDGED: &str = "acknowledged ";

/// This test binary, told to run one test alone, as a child that writes to `dir`.
fn child(program: &str, arguments: &[&str], test: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args([&format!("catalog::tests::crash::{test}"), "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn this_binary() -> String {
    std::env::current_exe().expect("has a path").to_str().expect("is UTF-8").to_owned()
}

/// Writes for ever: product `n` gets the title `n`, every third is deleted again.
fn write_until_killed(dir: &Path) {
    let catalog = open(dir);
    let mut out = std::io::stdout();
    for n in 0u64.. {
        let mut changes = vec![upsert(&n.to_string(), &n.to_string())];
        if n % 3 == 0 {
            changes.push(delete(&n.to_string()));
        }
        catalog.write(changes).expect("writes");
        writeln!(out, "{ACKNOWLEDGED}{n}").expect("the parent reads");
        out.flush().expect("the parent reads");
    }
}

/// Starts a child, kills it after it has acknowledged `count` writes, and returns the last that it told of.
fn kill_after(dir: &Path, count: usize) -> u64 {
    let mut child = child(&this_binary(), &[], "a_catalog_survives_kill_9", dir).spawn().expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
    let mut acknowledged = lines.map_while(Result::ok).filter_map(|line| {
        let (_, n) = line.split_once(ACKNOWLEDGED)?;
        n.parse().ok()
    });
    let mut last: u64 = acknowledged.by_ref().nth(count - 1).expect("acknowledges");
    child.kill().expect("is killed");
    // What it said before it died counts, too.
    if let Some(later) = acknowledged.last() {
        last = later;
    }
    child.wait().expect("ends");
    last
}

#[test]
fn a_catalog_survives_kill_9() {
    if let Some(dir) = std::env::var_os(CHILD_DIR) {
        write_until_killed(Path::new(&dir));
        return;
    }
    for count in [1, 7, 60] {
        let dir = tempfile::tempdir().expect("a folder");
        let last = kill_after(dir.path(), count);
        let catalog = open(dir.path());
        let found = acknowledged(&catalog);
        let in_log = (0..).take_while(|n| n % 3 == 0 || found.contains_key(&n.to_string())).count() as u64;
        assert!(in_log > last, "{last} was acknowledged, the log ends before {in_log}");
        assert!(in_log <= last + 4, "at most the write under way may be there besides");
        for n in 0..=last {
            let title = found.get(&n.to_string()).map(String::as_str);
            assert_eq!(title, (n % 3 != 0).then(|| n.to_string()).as_deref(), "product {n}");
        }
        let end = catalog.status().log_sequence;
        catalog.wait_visible_blocking(end, LONG).expect("catches up");
        assert_eq!(products(&catalog.snapshot()), found);
        assert_eq!(catalog.write(vec![upsert("next", "Cup")]).expect("writes").sequence, end + 1);
    }
}

/// Writers at the same time in one child.
const WRITERS: usize = 3;

/// Children that are killed one after the other, in groups that share a folder.
const KILLS: u64 = 100;
const KILLS_PER_FOLDER: u64 = 10;

/// Longest life of a child from its start. Its first acknowledgement comes after some 20 ms.
const LIFE_MAX: Duration = Duration::from_millis(90);

const ALL: ReadLimits = ReadLimits { events_max: usize::MAX, bytes_max: usize::MAX };

fn open_log(dir: &Path) -> Log {
    Log::open(dir, "test", Access::ReadWrite).expect("opens")
}

/// The request `n` of a writer: its own product gets the title `n` and the stock `n`; the rest is refused.
fn request(writer: usize, n: i64) -> Vec<Change> {
    let live = |id: &str| Change::Live { id: id.to_owned(), price: None, stock: Some(Some(n)) };
    vec![upsert(&writer.to_string(), &n.to_string()), delete("nobody"), live(&writer.to_string()), live("nobody")]
}

/// Each writer goes on where the log says that it was. Every other folder is pruned while it is written.
fn write_log_until_killed(dir: &Path) {
    let log = open_log(dir);
    let prune = dir.ends_with("pruned");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let log = &log;
            scope.spawn(move || {
                let product = log.product(&writer.to_string()).expect("reads");
                let next = product.map_or(0, |(_, product)| product.stock.expect("has one") + 1);
                for n in next.. {
                    let key = format!("{writer}-{n}");
                    let Written { sequence, outcomes } = if n % 2 == 0 {
                        log.append_once(&key, 1, request(writer, n)).expect("appends")
                    } else {
                        log.append(request(writer, n)).expect("appends")
                    };
                    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
                    let mut line = String::new();
                    writeln!(line, "{ACKNOWLEDGED}{writer} {n} {sequence} .").expect("is text");
                    // One write, so that lines stay whole.
                    std::io::stdout().write_all(line.as_bytes()).expect("the parent reads");
                    if prune {
                        log.applied_durably(sequence);
                    }
                }
            });
        }
    });
}

/// What a child said: writer, number and sequence of each acknowledged request.
fn acknowledged_by(mut child: Child) -> Vec<(usize, i64, u64)> {
    let mut said = String::new();
    child.stdout.take().expect("is piped").read_to_string(&mut said).expect("reads");
    child.wait().expect("ends");
    let parse = |line: &str| {
        let (_, rest) = line.split_once(ACKNOWLEDGED)?;
        let mut words = rest.strip_suffix(" .")?.split(' ');
        let mut word = || words.next();
        Some((word()?.parse().ok()?, word()?.parse().ok()?, word()?.parse().ok()?))
    };
    said.lines().filter_map(parse).collect()
}

/// A cheap sequence of numbers that look random.
fn scramble(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn a_log_survives_a_hundred_kills() {
    if let Some(dir) = std::env::var_os(CHILD_DIR) {
        write_log_until_killed(Path::new(&dir));
        return;
    }
    let seed = std::process::id();
    println!("seed {seed}");
    let (mut random, mut total) = (u64::from(seed), 0);
    for folder in 0..KILLS / KILLS_PER_FOLDER {
        let dir = tempfile::tempdir().expect("a folder");
        let pruned = folder % 2 == 1;
        let path = dir.path().join(if pruned { "pruned" } else { "kept" });
        let mut acknowledged = Vec::new();
        for _ in 0..KILLS_PER_FOLDER {
            let mut child =
                child(&this_binary(), &[], "a_log_survives_a_hundred_kills", &path).spawn().expect("starts");
            let life = LIFE_MAX.as_micros() * u128::from(scramble(&mut random) % 1_000) / 1_000;
            std::thread::sleep(Duration::from_micros(u64::try_from(life).expect("is short")));
            child.kill().expect("is killed");
            acknowledged.extend(acknowledged_by(child));
            let log = open_log(&path);
            if pruned {
                check_states(&log, &acknowledged);
            } else {
                check_events(&log, &acknowledged);
            }
            let end = log.last();
            let written = log.append(vec![upsert("next", &end.to_string())]).expect("appends");
            assert_eq!(written.sequence, end + 1);
        }
        total += acknowledged.len();
    }
    assert!(total > 300, "only {total} requests were acknowledged before the kills: the test proves little");
}

/// Every event is still there: each writer's requests once, whole, in order, at the sequences that were acknowledged.
fn check_events(log: &Log, acknowledged: &[(usize, i64, u64)]) {
    let batch = log.read_after(0, ALL).expect("reads");
    assert!(batch.events.iter().map(|(sequence, _)| *sequence).eq(1..=log.last()), "no gap, nothing twice");
    let events: Vec<Event> = batch.events.into_iter().map(|(_, event)| event.expect("decodes")).collect();
    let mut found: Vec<Vec<u64>> = vec![Vec::new(); WRITERS];
    let mut events = (1u64..).zip(events.iter()).peekable();
    while let Some((_, event)) = events.next() {
        let Event::Upsert { product } = event else {
            assert!(matches!(event, Event::Start { .. }), "{event:?} alone");
            continue;
        };
        let Ok(writer) = product.id.parse::<usize>() else { continue };
        let n = i64::try_from(found[writer].len()).expect("small");
        assert_eq!(product.title, n.to_string(), "the next request of writer {writer}");
        let (sequence, live) = events.next().expect("a request is whole");
        assert!(matches!(live, Event::Live { id, fields } if *id == product.id && fields.stock == Some(n)), "{live:?}");
        found[writer].push(sequence);
    }
    let mut told = [0; WRITERS];
    for (writer, n, sequence) in acknowledged {
        let n = usize::try_from(*n).expect("not negative");
        assert_eq!(found[*writer].get(n), Some(sequence), "request {n} of writer {writer}");
        told[*writer] += 1;
    }
    // One request at most of each writer and life was under way.
    let lives = log.starts().len();
    for (writer, found) in found.iter().enumerate() {
        assert!(found.len() <= told[writer] + lives, "writer {writer}: {} found, {} told", found.len(), told[writer]);
    }
}

/// The last state of each writer's product is that of its last acknowledged request or the one under way.
fn check_states(log: &Log, acknowledged: &[(usize, i64, u64)]) {
    for writer in 0..WRITERS {
        let of_writer = acknowledged.iter().filter(|(of, ..)| *of == writer);
        let Some((_, n, sequence)) = of_writer.max_by_key(|(_, n, _)| *n) else { continue };
        let (found, product) = log.product(&writer.to_string()).expect("reads").expect("is there");
        let stock = product.stock.expect("has one");
        assert_eq!(product.title, stock.to_string(), "writer {writer}");
        assert!(stock > *n && found > *sequence || (stock, found) == (*n, *sequence), "{stock} {found} {n} {sequence}");
    }
    let mut walked = 0;
    for (sequence, event) in log.read_after(0, ALL).expect("reads").events {
        assert!(sequence > walked && sequence <= log.last());
        walked = sequence;
        drop(event.expect("decodes"));
    }
    assert_eq!(log.product("nobody").expect("reads"), None);
}

/// Requests of the child whose system calls are watched.
const TRACED: usize = 20;

/// Every acknowledgement is written only after a sync of the log that began after its event was written.
#[test]
fn the_sync_comes_before_the_acknowledgement() {
    if let Some(dir) = std::env::var_os(CHILD_DIR) {
        let log = open_log(Path::new(&dir));
        for n in 0..TRACED {
            log.append(vec![upsert("a", &n.to_string())]).expect("appends");
            std::io::stdout().write_all(format!("{ACKNOWLEDGED}{n}\n").as_bytes()).expect("the parent reads");
        }
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let trace = dir.path().join("trace");
    let file = trace.to_str().expect("is UTF-8");
    let calls = "trace=write,pwrite64,fsync,fdatasync";
    let binary = this_binary();
    let arguments = ["-f", "-y", "-s", "64", "-e", calls, "-o", file, &binary];
    let began = Instant::now();
    let output =
        child("strace", &arguments, "the_sync_comes_before_the_acknowledgement", &dir.path().join("log")).output();
    match output {
        Err(error) => {
            println!("skipped: there is no strace: {error}");
            return;
        }
        Ok(output) if !output.status.success() => {
            println!("skipped: strace cannot trace here: {}", output.status);
            return;
        }
        Ok(_) => println!("traced in {:?}", began.elapsed()),
    }
    let trace = std::fs::read_to_string(&trace).expect("reads");
    assert_eq!(check_trace(&trace), Ok(TRACED), "{trace}");
}

/// A sync that fails costs its own request, nothing before it, and nothing after it.
#[test]
fn a_failed_sync_is_not_acknowledged_and_writing_goes_on() {
    if let Some(dir) = std::env::var_os(CHILD_DIR) {
        let log = open_log(Path::new(&dir));
        for n in 0..TRACED {
            if let Ok(written) = log.append(vec![upsert(&(n % 3).to_string(), &n.to_string())]) {
                // Removal is not synced, so a failed sync may take its pages along.
                log.applied_durably(written.sequence);
                std::io::stdout().write_all(format!("{ACKNOWLEDGED}{n}\n").as_bytes()).expect("the parent reads");
            }
        }
        return;
    }
    for failing in [5, 6, 7, 11] {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("log");
        let fault = format!("inject=fdatasync,fsync:error=EIO:when={failing}");
        let trace = dir.path().join("trace");
        let binary = this_binary();
        let arguments = ["-f", "-e", &fault, "-o", trace.to_str().expect("is UTF-8"), &binary];
        // Opening syncs less often than that in its thread, so that only requests fail.
        drop(open_log(&path));
        let output = match child("strace", &arguments, "a_failed_sync_is_not_acknowledged_and_writing_goes_on", &path)
            .output()
        {
            Ok(output) if output.status.success() => String::from_utf8(output.stdout).expect("is text"),
            other => {
                println!("skipped: strace cannot fail calls here: {other:?}");
                return;
            }
        };
        let told = |line: &str| line.split_once(ACKNOWLEDGED).and_then(|(_, n)| n.parse().ok());
        let told: Vec<usize> = output.lines().filter_map(told).collect();
        assert!((TRACED - 3..=TRACED).contains(&told.len()), "{failing}: {told:?}");
        let log = open_log(&path);
        for product in 0..3 {
            let last = told.iter().rfind(|n| **n % 3 == product).expect("was written");
            let found = log.product(&product.to_string()).expect("reads").expect("is there").1.title;
            let found: usize = found.parse().expect("a number");
            assert!(found == *last || found > *last && !told.contains(&found), "{failing}: {found} after {told:?}");
        }
    }
}

/// Reads a trace: the number of acknowledgements, each after a sync; or the line that came too early.
fn check_trace(trace: &str) -> Result<usize, String> {
    let (mut written, mut synced, mut acknowledgements) = (false, false, 0);
    // Threads that are within a sync of the log.
    let mut syncing = std::collections::BTreeSet::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        let is_sync = call.contains("fsync") || call.contains("fdatasync");
        let of_log = call.contains("log.db-wal>");
        if of_log && (call.starts_with("pwrite64(") || call.starts_with("write(")) {
            (written, synced) = (true, false);
        } else if is_sync && of_log && call.ends_with("<unfinished ...>") {
            syncing.insert(thread);
        } else if is_sync && (of_log || call.contains("resumed") && syncing.remove(thread)) {
            synced = written && call.ends_with("= 0");
        } else if call.starts_with("write(1<") && call.contains(ACKNOWLEDGED) {
            if !(written && synced) {
                return Err(line.to_owned());
            }
            acknowledgements += 1;
            (written, synced) = (false, false);
        }
    }
    Ok(acknowledgements)
}

#[test]
fn a_trace_with_a_late_sync_is_seen_as_such() {
    let [write, sync, said] = [
        "7 pwrite64(5</t/log.db-wal>, \"\", 9, 0) = 9",
        "7 fdatasync(5</t/log.db-wal>) = 0",
        "6 write(1<pipe:[1]>, \"acknowledged 0\\n\", 15) = 15",
    ];
    let begun = "7 fdatasync(5</t/log.db-wal> <unfinished ...>";
    let ended = "7 <... fdatasync resumed>)       = 0";
    let check = |lines: &[&str]| check_trace(&lines.join("\n"));
    assert_eq!(check(&[write, sync, said, write, begun, ended, said]), Ok(2));
    assert!(check(&[write, said, sync]).is_err());
    assert!(check(&[write, sync, write, said]).is_err());
    assert!(check(&[write, begun, said, ended]).is_err());
    assert!(check(&[write, sync, said, said]).is_err());
    assert!(check(&[write, "7 fdatasync(5</t/log.db-wal>) = -1 EIO", said]).is_err());
}
