//! What bounds a run: threads, and time or work.

use std::time::Duration;

use lessor_solver::support::stop::Stop;

use super::error::SolveError;
use crate::cli::SolveLimitArgs;
use crate::command_error::CommandError;
use crate::console::warn;
use crate::process::clock::ProcessClock;
use crate::process::deadline::with_progress;
use crate::process::interrupt;
use crate::process::machine;

/// The longest that `--seconds` may be: a month.
const SECONDS_MAX: f64 = 31.0 * 86_400.0;

/// How long before the deadline a search ends: its way out, the check and the file take that long at most, also where other
/// programs share the processors.
const RESERVE: Duration = Duration::from_millis(300);

/// The part of the time taken for reading that is reserved besides.
const READ_SHARE: f64 = 0.25;

/// How many threads, and the pool of them.
pub(super) fn pool(limits: &SolveLimitArgs) -> Result<(usize, rayon::ThreadPool), CommandError> {
    let threads = limits.threads.map_or_else(machine::parallelism, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    Ok((threads, pool.map_err(|source| CommandError::Threads { threads, source })?))
}

/// How long a run may take.
pub(super) fn limit(limits: &SolveLimitArgs) -> Result<Duration, SolveError> {
    time(limits.seconds)
}

/// The time that `--seconds` states.
///
/// # Errors
/// None, or more than a month.
pub(crate) fn time(seconds: f64) -> Result<Duration, SolveError> {
    let is_time = seconds > 0.0 && seconds <= SECONDS_MAX;
    is_time.then(|| Duration::from_secs_f64(seconds)).ok_or(SolveError::Seconds { seconds })
}

/// Does some work with a stop that is raised in time, or by a signal alone where so many rounds limit it in place of time.
pub(super) fn within<T>(
    limits: &SolveLimitArgs,
    rounds_max: Option<u32>,
    clock: &ProcessClock,
    work: impl FnOnce(&Stop) -> T,
) -> Result<T, SolveError> {
    if rounds_max.is_none() {
        return in_time(limits, clock, work);
    }
    let stop = Stop::new();
    Ok(interrupt::heed(&[&stop], || work(&stop)))
}

/// Does some work with a stop that is raised in time, or by a signal before then. Reading counts: where it took all of the time,
/// the stop is up from the beginning, and this is told.
pub(super) fn in_time<T>(
    limits: &SolveLimitArgs,
    clock: &ProcessClock,
    work: impl FnOnce(&Stop) -> T,
) -> Result<T, SolveError> {
    let limit = limit(limits)?;
    // How long reading took stands for how large the instance is, and for how fast this machine and its disk are.
    let read = Duration::try_from_secs_f64(clock.seconds() * READ_SHARE).unwrap_or(Duration::ZERO);
    let limit = limit.saturating_sub((RESERVE + read).min(limit / 4));
    if clock.elapsed() >= limit {
        let (read, all) = (clock.seconds(), limits.seconds);
        warn(&format!(
            "{read:8.2} s  all is read, and of --seconds {all} none is left to search: give more for a better answer"
        ));
    }
    let stop = Stop::new();
    Ok(interrupt::heed(&[&stop], || match clock.instant_after(limit) {
        Some(until) => with_progress(until, &stop, || work(&stop)),
        None => work(&stop),
    }))
}
