//! What the placeholders of a scenario's commands stand for.
//!
//! Owns replacing them. It refuses to show a key: a command that is written down has the placeholder in its place.
//!
//! Invariant: the command that runs and its text differ in keys only.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::scenario::{KEY_VARIABLES, Keys};

/// Stands for the key with which writes are sent.
const WRITE_KEY: &str = "{write_key}";

#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) program: PathBuf,
    pub(crate) address: String,
    pub(crate) data: PathBuf,
    pub(crate) keys: Keys,
}

impl Places {
    /// Everything but keys.
    fn shown(&self, argument: &str) -> String {
        argument
            .replace("{storefind}", &self.program.display().to_string())
            .replace("{address}", &self.address)
            .replace("{data}", &self.data.display().to_string())
            .replace("{root}", &root().display().to_string())
    }

    pub(crate) fn fill(&self, argument: &str) -> String {
        let key = self.keys.write.as_ref().map_or("", |key| key.reveal());
        self.shown(argument).replace(WRITE_KEY, key)
    }

    /// A command, and its text as it may be written down.
    pub(crate) fn command(&self, arguments: &[String]) -> anyhow::Result<(Command, String)> {
        let (program, rest) = arguments.split_first().context("a command is empty")?;
        let mut command = Command::new(self.fill(program));
        command.args(rest.iter().map(|argument| self.fill(argument))).stdin(Stdio::null());
        // A process gets the keys that its command names, and no others.
        for name in KEY_VARIABLES {
            command.env_remove(name);
        }
        let shown: Vec<String> = arguments.iter().map(|argument| self.shown(argument)).collect();
        Ok((command, shown.join(" ")))
    }
}

/// The repository that this program was built from.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let keys = Keys { write: Some("sf_secret".to_owned().into()), ..Keys::default() };
        Places { program: "/bin/sf".into(), address: "127.0.0.1:1".into(), data: "/tmp/d".into(), keys }
    }

    #[test]
    fn placeholders_are_filled_wherever_they_stand() {
        let arguments = ["{storefind}", "--url=http://{address}", "{data}/x"].map(str::to_owned);
        assert_eq!(places().command(&arguments).unwrap().1, "/bin/sf --url=http://127.0.0.1:1 /tmp/d/x");
    }

    #[test]
    fn a_key_is_given_and_not_shown() {
        let (command, shown) = places().command(&["{storefind}", "--key={write_key}"].map(str::to_owned)).unwrap();
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["--key=sf_secret"]);
        for name in KEY_VARIABLES {
            assert!(command.get_envs().any(|(removed, value)| removed == name && value.is_none()), "{name}");
        }
        assert_eq!(shown, "/bin/sf --key={write_key}");
    }
}
