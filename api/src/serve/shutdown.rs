//! The end of a server: told by a signal, heard by every stream.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// A system that does not let the process listen for them.
pub(crate) async fn signaled() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Tells every stream that the server ends.
#[derive(Debug)]
pub(crate) struct Ending(watch::Sender<bool>);

/// Hears that the server ends.
#[derive(Clone, Debug)]
pub(crate) struct Ended(watch::Receiver<bool>);

/// Both sides of the word that the server ends.
pub(crate) fn ending() -> (Ending, Ended) {
    let (sender, receiver) = watch::channel(false);
    (Ending(sender), Ended(receiver))
}

impl Ending {
    /// The server ends.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }
}

impl Ended {
    /// Waits until the server ends.
    pub(crate) async fn wait(&mut self) {
        // A server that is gone has ended too.
        let _ = self.0.wait_for(|&ends| ends).await;
    }
}
