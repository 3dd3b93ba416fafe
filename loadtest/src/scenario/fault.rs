//! What a phase does to a process beside the server.
//!
//! Owns the keys of a fault and their check. It refuses to do anything: that is [`faults`](crate::faults)'s.
//!
//! Invariant: a valid fault names exactly one command of `server.beside` and a moment of its phase.

use serde::{Deserialize, Serialize};

use super::shape::{Phase, Server};
use crate::server::beside;

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Act {
    /// It hears and says nothing, but its connections stay: SIGSTOP.
    Freeze,
    /// It goes on: SIGCONT.
    Thaw,
    /// It is gone at once, and its connections with it: SIGKILL.
    Kill,
    /// Its command is run again.
    Start,
}

impl Act {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::Kill => "kill",
            Self::Start => "start",
        }
    }

    /// Whether a tier is worse off by it.
    pub(crate) fn is_harm(self) -> bool {
        matches!(self, Self::Freeze | Self::Kill)
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Since the beginning of its phase.
    pub(crate) at_seconds: f64,
    /// The file name of the program of a command of `server.beside`, such as "redis-server".
    pub(crate) process: String,
    pub(crate) act: Act,
}

impl Fault {
    /// What is wrong with it, in the words of a problem without its key.
    pub(super) fn problem(&self, phase: &Phase, server: Option<&Server>) -> Option<String> {
        let Self { at_seconds, process, .. } = self;
        if !(0.0..=phase.seconds).contains(at_seconds) {
            return Some(format!("at_seconds: {at_seconds} is not between 0 and the phase's {} s", phase.seconds));
        }
        let besides = server.map_or(&[][..], |server| &server.beside);
        match besides.iter().filter(|arguments| beside::name(arguments) == process).count() {
            1 => None,
            count => Some(format!("process: {process} names {count} commands of server.beside, not one")),
        }
    }
}
