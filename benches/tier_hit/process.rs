//! Programs that a bench measures in a process of their own.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Ends its process when it goes.
pub(crate) struct Server(pub(crate) Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// Starts a server and reads the address from the first line that has one.
pub(crate) fn start(command: &mut Command) -> Result<(Server, String), Box<dyn Error>> {
    let mut server = Server(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let output = server.0.stdout.take().ok_or("no standard output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(at) = line.find("http://") {
            let address = line[at + 7..].split(['/', ' ', '\'']).next().unwrap_or_default().to_owned();
            return Ok((server, address));
        }
    }
    Err("the server printed no address".into())
}
