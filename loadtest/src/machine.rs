//! The machine and the commit that a result comes from.
//!
//! Owns reading what the kernel and git say. It refuses to judge whether two machines compare.
//!
//! Invariant: nothing here fails a run; what is unknown is written as "unknown".

use std::process::Command;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
}

impl Machine {
    pub(crate) fn read() -> Self {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let processor = value_of(&file("/proc/cpuinfo"), "model name").unwrap_or_else(unknown);
        let memory = value_of(&file("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kibibytes: u64 = memory.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let kernel = file("/proc/sys/kernel/osrelease").trim().to_owned();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor,
            memory_bytes: kibibytes * 1024,
            kernel: if kernel.is_empty() { unknown() } else { kernel },
        }
    }

    pub(crate) fn text(&self) -> String {
        let gibibytes = self.memory_bytes >> 30;
        format!("{} cores, {}, {gibibytes} GiB, Linux {}", self.cores, self.processor, self.kernel)
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn value_of(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The commit of the repository, and whether files differ from it.
pub(crate) fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(crate::server::root()).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    match (git(&["rev-parse", "--short=12", "HEAD"]), git(&["status", "--porcelain"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => format!("{commit} with changes"),
        (None, _) => unknown(),
    }
}

/// The command line of this process.
pub(crate) fn command() -> String {
    let mut arguments = std::env::args();
    let own = arguments.next().unwrap_or_default();
    let name = own.rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_behind_colons() {
        assert_eq!(value_of("a: 1\nmodel name\t: Some CPU @ 2 GHz\n", "model name").unwrap(), "Some CPU @ 2 GHz");
        assert_eq!(value_of("a: 1", "model name"), None);
    }
}
