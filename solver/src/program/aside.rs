//! Work on a thread of its own, which is left behind when the stop is raised first: HiGHS may overrun its limits.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::support::stop::Stop;

/// How often a waiting caller looks at its stop.
const POLL: Duration = Duration::from_millis(10);

/// What some work comes to on a thread of its own; `None` where the stop is raised first, for HiGHS may overrun any limit of
/// its own, or where there is no thread to be had. Work that is left behind goes on until it ends by itself.
pub(crate) fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static, stop: &Stop) -> Option<T> {
    let (answer, answers) = mpsc::channel();
    // The thread owns its work; when it is left behind, its answer goes nowhere.
    let working = move || answer.send(work());
    std::thread::Builder::new().name("highs".into()).spawn(working).ok()?;
    wait(&answers, stop)
}

/// What a thread sends; `None` where the stop is raised first or the thread is gone.
pub(super) fn wait<T>(answers: &Receiver<T>, stop: &Stop) -> Option<T> {
    loop {
        match answers.recv_timeout(POLL) {
            Ok(answer) => return Some(answer),
            Err(RecvTimeoutError::Timeout) if !stop.is_raised() => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_aside_answers_or_is_left_behind() {
        let stop = Stop::new();
        assert_eq!(aside(|| 7, &stop), Some(7));
        stop.raise();
        // Nothing is sent before the wait is over, so that this work cannot end first.
        let (end, ended) = mpsc::channel::<()>();
        assert_eq!(aside(move || ended.recv().is_ok(), &stop), None);
        drop(end);
    }
}
