//! A process that stands beside the server, such as Redis, and what a scenario does to it.
//!
//! Owns starting, freezing, thawing and killing it. It refuses to choose the moment: that is
//! [`faults`](crate::faults)'s.
//!
//! Invariant: one that is frozen when its value goes is thawed and ended like any other.

use std::cell::RefCell;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use rustix::process::Signal;

use super::places::Places;
use super::process::Process;
use crate::scenario::Act;

#[derive(Debug)]
pub(crate) struct Beside {
    /// The file name of its program, by which faults name it.
    pub(crate) name: String,
    arguments: Vec<String>,
    /// None while it is killed.
    process: RefCell<Option<Process>>,
}

/// By what a command is named in a scenario.
pub(crate) fn name(arguments: &[String]) -> &str {
    let program = arguments.first().map_or("", String::as_str);
    Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or(program)
}

impl Beside {
    pub(crate) fn start(arguments: &[String], places: &Places) -> anyhow::Result<Self> {
        let process = RefCell::new(Some(started(arguments, places)?));
        Ok(Self { name: name(arguments).to_owned(), arguments: arguments.to_vec(), process })
    }

    /// Does something to it. What it is already is no error.
    pub(crate) fn suffer(&self, act: Act, places: &Places) -> anyhow::Result<()> {
        let mut process = self.process.borrow_mut();
        match act {
            Act::Freeze => process.iter().for_each(|process| process.signal(Signal::STOP)),
            Act::Thaw => process.iter().for_each(|process| process.signal(Signal::CONT)),
            Act::Kill => {
                if let Some(process) = process.take() {
                    process.kill();
                }
            }
            Act::Start => {
                if process.is_none() {
                    *process = Some(started(&self.arguments, places)?);
                }
            }
        }
        Ok(())
    }

    /// An error when it has ended by itself.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if let Some(process) = &mut *self.process.borrow_mut()
            && let Some(status) = process.ended()?
        {
            anyhow::bail!("server.beside: {} ended with {status}", self.arguments.join(" "));
        }
        Ok(())
    }
}

fn started(arguments: &[String], places: &Places) -> anyhow::Result<Process> {
    let (mut command, text) = places.command(arguments)?;
    // What it says would be mistaken for the server's.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Process::start(command).with_context(|| format!("server.beside: cannot start {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Keys;

    /// The state of a process as the kernel writes it: `T` is stopped.
    fn state(id: u32) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    }

    fn becomes(id: u32, wanted: impl Fn(Option<char>) -> bool) -> bool {
        (0..1_000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            wanted(state(id))
        })
    }

    #[test]
    fn a_process_freezes_thaws_dies_and_comes_back() {
        let places =
            Places { program: "sf".into(), address: String::new(), data: "/tmp".into(), keys: Keys::default() };
        let beside = Beside::start(&["sleep", "600"].map(str::to_owned), &places).unwrap();
        assert_eq!(beside.name, "sleep");
        let id = || beside.process.borrow().as_ref().map(Process::id);
        let first = id().unwrap();
        beside.suffer(Act::Freeze, &places).unwrap();
        assert!(becomes(first, |state| state == Some('T')));
        beside.suffer(Act::Thaw, &places).unwrap();
        assert!(becomes(first, |state| state.is_some_and(|state| state != 'T')));
        beside.suffer(Act::Kill, &places).unwrap();
        assert_eq!((id(), state(first)), (None, None));
        beside.check().unwrap();
        beside.suffer(Act::Start, &places).unwrap();
        assert!(id().is_some_and(|second| second != first));
    }
}
