//! Processes that this one starts and waits for; a signal that asks for the end ends them as well.

use std::io::{self, ErrorKind, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

use super::interrupt;

/// How often it is asked whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What a command says, and how it ends.
///
/// # Errors
/// A process that cannot be started or waited for; [`ErrorKind::Interrupted`] where a signal asked for the end.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let (out, err) = (scope.spawn(|| read(out)), scope.spawn(|| read(err)));
        let status = wait(&mut child);
        let [stdout, stderr] = [out, err].map(|reader| reader.join().unwrap_or_else(|_| Err(ErrorKind::Other.into())));
        Ok(Output { status: status?, stdout: stdout?, stderr: stderr? })
    })
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        end_where_asked(child)?;
        thread::sleep(LOOK_EVERY);
    }
}

/// Ends a process where a signal has asked for the end.
///
/// # Errors
/// [`ErrorKind::Interrupted`] then, or a process that cannot be ended.
pub(crate) fn end_where_asked(child: &mut Child) -> io::Result<()> {
    if !interrupt::is_asked() {
        return Ok(());
    }
    child.kill()?;
    child.wait()?;
    Err(io::Error::new(ErrorKind::Interrupted, "interrupted by a signal; nothing was written"))
}

fn read(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes))?;
    Ok(bytes)
}
