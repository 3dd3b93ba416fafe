//! What processes use: processor time and memory, once a second.
//!
//! Owns reading `/proc`. It refuses to guess: what cannot be read is absent.
//!
//! Invariant: a sample describes the second that ends when it is taken.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One second of one process.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Usage {
    /// Cores kept busy, 1.0 being one whole core.
    pub(crate) cores: f64,
    pub(crate) resident_bytes: u64,
}

/// Samples of the server, if it is ours, and of the generator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    pub(crate) server: Vec<Usage>,
    pub(crate) generator: Vec<Usage>,
    /// Cores that all programs of the machine kept busy together.
    pub(crate) machine_cores: Vec<f64>,
}

/// A thread that samples until it is stopped.
#[derive(Debug)]
pub(crate) struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<Samples>,
}

impl Sampler {
    pub(crate) fn start(server: Option<u32>) -> Self {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::spawn(move || {
            let mut watched = server.map(|process| Watched::new(&process.to_string()));
            let mut own = Watched::new("self");
            let mut samples = Samples::default();
            let mut busy = machine_ticks().unwrap_or(0);
            let mut sampled = std::time::Instant::now();
            while stopped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                if let Some(watched) = &mut watched {
                    samples.server.push(watched.sample());
                }
                samples.generator.push(own.sample());
                let now_busy = machine_ticks().unwrap_or(busy);
                samples.machine_cores.push(seconds(now_busy.saturating_sub(busy)) / sampled.elapsed().as_secs_f64());
                busy = now_busy;
                sampled = std::time::Instant::now();
            }
            samples
        });
        Self { stop, thread }
    }

    pub(crate) fn finish(self) -> Samples {
        let _ = self.stop.send(());
        self.thread.join().unwrap_or_default()
    }
}

#[derive(Debug)]
struct Watched {
    folder: String,
    ticks: u64,
    sampled: std::time::Instant,
}

impl Watched {
    fn new(process: &str) -> Self {
        let folder = format!("/proc/{process}");
        let ticks = ticks(&folder).unwrap_or(0);
        Self { folder, ticks, sampled: std::time::Instant::now() }
    }

    fn sample(&mut self) -> Usage {
        let now = std::time::Instant::now();
        let ticks = ticks(&self.folder).unwrap_or(self.ticks);
        let passed = now.duration_since(self.sampled).as_secs_f64();
        let used = seconds(ticks.saturating_sub(self.ticks));
        self.ticks = ticks;
        self.sampled = now;
        Usage { cores: used / passed, resident_bytes: resident(&self.folder).unwrap_or(0) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "ticks of a second")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// The busy time of all cores together.
fn machine_ticks() -> Option<u64> {
    busy_ticks(&std::fs::read_to_string("/proc/stat").ok()?)
}

/// User, nice, system, interrupts and what a hypervisor took; neither idle time nor waiting for a disk.
fn busy_ticks(stat: &str) -> Option<u64> {
    let fields = stat.lines().next()?.split_whitespace().skip(1);
    let ticks: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
    let of = |index: usize| ticks.get(index).copied().unwrap_or(0);
    (ticks.len() > 4).then(|| of(0) + of(1) + of(2) + of(5) + of(6) + of(7))
}

fn ticks(folder: &str) -> Option<u64> {
    ticks_of(&std::fs::read_to_string(format!("{folder}/stat")).ok()?)
}

/// The time in user and kernel mode; the command's name, which may hold spaces, stands in parentheses before.
fn ticks_of(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

fn resident(folder: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("{folder}/statm")).ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "12 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 70 30 0 0 20 0 8 0 100 1000 50";
        assert_eq!(ticks_of(stat), Some(100));
        assert_eq!(ticks_of("nonsense"), None);
    }

    #[test]
    fn a_machine_is_busy_when_it_neither_idles_nor_waits() {
        assert_eq!(busy_ticks("cpu  1 2 4 1000 2000 8 16 32 0 0\ncpu0 9"), Some(63));
        assert_eq!(busy_ticks("nonsense"), None);
    }

    #[test]
    fn this_process_has_memory() {
        assert!(resident("/proc/self").unwrap() > 0);
    }
}
