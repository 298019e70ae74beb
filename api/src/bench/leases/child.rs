//! A server of the real program, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::error::LeasesError;
use crate::client::ServerUrl;
use crate::process::machine::resident_bytes_of;

/// What the line begins with in which a server says where it listens.
const LISTENING: &str = "listening on ";

/// A server that is running, until it is killed or this is dropped.
#[derive(Debug)]
pub(super) struct ServerChild {
    child: Child,
    /// Kept open: a server that cannot say anything must not fail for it.
    _said: BufReader<ChildStdout>,
    pub(super) url: ServerUrl,
}

impl ServerChild {
    /// Starts a server on a free port, and waits until it listens.
    ///
    /// # Errors
    /// A process that does not start, or does not say where it listens.
    pub(super) fn start(fleet: &Path, data: &Path) -> Result<ServerChild, LeasesError> {
        let program = std::env::current_exe().map_err(LeasesError::Start)?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--fleet"]).arg(fleet).arg("--data").arg(data);
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().map_err(LeasesError::Start)?;
        let mut said = BufReader::new(child.stdout.take().expect("standard output was asked for"));
        let mut line = String::new();
        said.read_line(&mut line).map_err(LeasesError::Start)?;
        match line.trim_end().strip_prefix(LISTENING).map(ServerUrl::parse) {
            Some(Ok(url)) => Ok(ServerChild { child, _said: said, url }),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                Err(LeasesError::NoServer { said: line })
            }
        }
    }

    /// Bytes of memory that it takes now, where the system says.
    pub(super) fn memory_bytes(&self) -> Option<u64> {
        resident_bytes_of(self.child.id())
    }

    /// Kills it as nothing that it could prepare for: SIGKILL.
    ///
    /// # Errors
    /// A process that cannot be killed.
    pub(super) fn kill(mut self) -> Result<(), LeasesError> {
        self.child.kill().and_then(|()| self.child.wait()).map(drop).map_err(LeasesError::Start)
    }
}

impl Drop for ServerChild {
    fn drop(&mut self) {
        // Where it was killed before, there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
