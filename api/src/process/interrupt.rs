//! Signals that ask the process to end: the first ends a search, which leaves its best answer, the second ends the process.
//!
//! Nothing listens before the first search begins: until then there is no answer to keep, and a signal ends the process as it
//! does anywhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use lessor_solver::support::stop::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::deadline::{Ending, beside};
use crate::console::warn;

/// Up once a signal was heard; there from when anything listens. Signals belong to the process, and so does this.
static HEARD: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How often the flag is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Whether a signal has asked for the end since anything listens.
pub(crate) fn is_heard() -> bool {
    HEARD.get().is_some_and(|heard| heard.load(Ordering::Relaxed))
}

/// Whether a signal has asked for the end; from the first time that somebody asks, a signal no longer ends the process by itself.
pub(crate) fn is_asked() -> bool {
    HEARD.get_or_init(listen).load(Ordering::Relaxed)
}

/// Does some work; raises every flag where a signal asks for the end before the work has ended, or did so earlier.
pub(crate) fn heed<T>(stops: &[&Stop], work: impl FnOnce() -> T) -> T {
    heed_once_there(&[], stops, || true, work)
}

/// The same where there is no answer at first: some flags are raised at once, so that one is there soon, and the others then.
pub(crate) fn heed_once_there<T>(
    at_once: &[&Stop],
    then: &[&Stop],
    is_there: impl Fn() -> bool + Sync,
    work: impl FnOnce() -> T,
) -> T {
    let heard = HEARD.get_or_init(listen);
    let watch = |ending: &Ending| {
        let mut is_told = false;
        loop {
            if heard.load(Ordering::Relaxed) {
                if !is_told {
                    is_told = true;
                    at_once.iter().for_each(|stop| stop.raise());
                    warn("interrupted: what is best so far is the answer; a second signal ends at once, without one");
                }
                if is_there() {
                    return then.iter().for_each(|stop| stop.raise());
                }
            }
            if !ending.is_still_ahead_after(LOOK_EVERY) {
                return;
            }
        }
    };
    beside(watch, work)
}

/// Listens from now on, on a thread of its own.
///
/// One thread hears everything in turn: of two signals that handlers on two threads took up at the same moment, either could
/// count as the first.
fn listen() -> Arc<AtomicBool> {
    let heard = Arc::new(AtomicBool::new(false));
    let count = Arc::clone(&heard);
    let listening = Signals::new([SIGINT, SIGTERM]).and_then(|signals| {
        thread::Builder::new().name("signals".to_owned()).spawn(move || signals_end(signals, &count))
    });
    if let Err(error) = listening {
        warn(&format!("a signal does not end the search with its best answer: none can be listened for: {error}"));
    }
    heard
}

/// Raises the flag at the first signal; does at every further one what it does where nobody listens.
fn signals_end(mut signals: Signals, heard: &AtomicBool) {
    for signal in &mut signals {
        if heard.swap(true, Ordering::Relaxed)
            && let Err(error) = emulate_default_handler(signal)
        {
            warn(&format!("signal {signal} does not end the process: {error}"));
        }
    }
}
