//! From a deadline to a raised [`Stop`]: timers beside the planner, set early enough for what comes after planning.

use std::panic;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use lessor_solver::support::stop::Stop;

/// What the time after planning depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Tiles of the fleet.
    pub(crate) tiles: usize,
    /// Jobs.
    pub(crate) jobs: usize,
    /// Capsules asked for.
    pub(crate) capsules: u64,
    /// Rows of what runs already.
    pub(crate) running: usize,
    /// Pairs of a cell and a tile class that occur: what a job may tell apart when its bound is evaluated.
    pub(crate) sites: usize,
}

/// What is reserved whatever the size: the planner's way out after a stop, and a few small files.
const RESERVE_FLOOR: Duration = Duration::from_millis(250);
/// The longest time that reasons and cures may take after the search.
const EXPLAIN_MAX: Duration = Duration::from_secs(3);
/// The longest time in which the gaps of a plan may be filled after the search.
const FILL_MAX: Duration = Duration::from_secs(3);
/// Checking and reporting one tile, in nanoseconds.
const TILE_NANOS: u64 = 2_500;
/// Checking, writing and reporting one capsule, in nanoseconds; placements hold several each, so this is from above.
const CAPSULE_NANOS: u64 = 700;
/// Ordering, checking and writing the move of one row of what runs, in nanoseconds; most rows stay, so this is from above.
const RUNNING_NANOS: u64 = 12_000;
/// Evaluating the bound for one job at one site, in nanoseconds.
const SITE_NANOS: u64 = 150;

/// How long before the deadline planning must end, so that checking, writing and renaming end by it:
///
/// ```text
/// 250 ms + read + 2.5 us * tiles + 0.7 us * capsules + 12 us * running + 0.15 us * jobs * sites
/// ```
///
/// `read` is how long the inputs took: it stands for how fast this machine and its disk are. The reserve is at most half of
/// the time left, so that there is always some planning.
pub(crate) fn reserve(sizes: &Sizes, read: Duration, left: Duration) -> Duration {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let nanos = count(sizes.tiles)
        .saturating_mul(TILE_NANOS)
        .saturating_add(sizes.capsules.saturating_mul(CAPSULE_NANOS))
        .saturating_add(count(sizes.running).saturating_mul(RUNNING_NANOS))
        .saturating_add(count(sizes.jobs).saturating_mul(count(sizes.sites)).saturating_mul(SITE_NANOS));
    (RESERVE_FLOOR + read).saturating_add(Duration::from_nanos(nanos)).min(left / 2)
}

/// The part of the planning time that reasons and cures may take: a tenth, and no more than anyone waits for.
pub(crate) fn explain_share(planning: Duration) -> Duration {
    (planning / 10).min(EXPLAIN_MAX)
}

/// The part of the planning time in which the gaps of a plan over time may be filled: a sixteenth, and no more than it takes.
pub(crate) fn fill_share(planning: Duration) -> Duration {
    (planning / 16).min(FILL_MAX)
}

/// The end of work that a timer runs beside.
pub(crate) struct Ending(Receiver<()>);

impl Ending {
    /// Waits so long, or until the work ends; whether it goes on.
    pub(crate) fn is_still_ahead_after(&self, wait: Duration) -> bool {
        self.0.recv_timeout(wait) == Err(RecvTimeoutError::Timeout)
    }
}

/// Does some work with a timer beside it, which ends soon after the work does.
pub(crate) fn beside<T>(timer: impl FnOnce(&Ending) + Send, work: impl FnOnce() -> T) -> T {
    let (working, has_ended) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || timer(&Ending(has_ended)));
        let result = work();
        // The timer's thread sees its channel close and ends; a panic closes it as well.
        drop(working);
        result
    })
}

/// Does some work, and raises each flag at its instant if the work has not ended by then. Instants are in order.
pub(crate) fn with_alarms<T>(alarms: &[(Instant, &Stop)], work: impl FnOnce() -> T) -> T {
    if alarms.is_empty() {
        return work();
    }
    let timer = |ending: &Ending| {
        for (at, stop) in alarms {
            if !ending.is_still_ahead_after(at.saturating_duration_since(Instant::now())) {
                return;
            }
            stop.raise();
        }
    };
    beside(timer, work)
}

/// The stack of a thread that does all of a command's work: what the first thread of a process has.
const STACK_BYTES: usize = 8 << 20;

/// Does some work on a thread of its own and waits for it until an instant, where there is one; `None` where it goes on beyond
/// that. Then nobody waits for it any more, and it ends with the process.
///
/// # Panics
/// Where the work does.
pub(crate) fn by<T: Send + 'static>(until: Option<Instant>, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::channel();
    // Nobody is told where nobody waits any more.
    let telling = move || drop(tell.send(work()));
    let worker = thread::Builder::new().stack_size(STACK_BYTES).spawn(telling).expect("a process may have two threads");
    let found = match until {
        Some(until) => told.recv_timeout(until.saturating_duration_since(Instant::now())),
        None => told.recv().map_err(RecvTimeoutError::from),
    };
    match found {
        Ok(done) => Some(done),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => panic::resume_unwind(worker.join().expect_err("it ended untold")),
    }
}

/// How often the share of the time that is over is told: often enough for whoever cools by it.
const TELL_EVERY: Duration = Duration::from_millis(5);

/// Does some work; tells the stop which share of the time until an instant is over, and raises it then.
pub(crate) fn with_progress<T>(until: Instant, stop: &Stop, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let all = until.saturating_duration_since(begun);
    if all.is_zero() {
        // There is no time left to start a timer in.
        stop.tell_progress(1.0);
        stop.raise();
        return work();
    }
    let timer = |ending: &Ending| {
        loop {
            let over = begun.elapsed();
            if over >= all {
                stop.tell_progress(1.0);
                return stop.raise();
            }
            stop.tell_progress(over.as_secs_f64() / all.as_secs_f64());
            if !ending.is_still_ahead_after(TELL_EVERY.min(all.saturating_sub(over))) {
                return;
            }
        }
    };
    beside(timer, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_until_the_flag_is_raised() {
        let stop = Stop::new();
        let mut told = Vec::new();
        with_progress(Instant::now() + Duration::from_millis(40), &stop, || {
            while !stop.is_raised() {
                told.push(stop.progress());
            }
        });
        assert!(told.is_sorted(), "time does not run backwards");
        assert!(told.iter().any(|share| (0.05..0.95).contains(share)));
        assert_eq!(stop.progress().to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn work_that_comes_too_late_finds_the_flag_raised() {
        let stop = Stop::new();
        assert!(with_progress(Instant::now(), &stop, || stop.is_raised()));
    }

    #[test]
    fn work_is_waited_for_until_its_instant() {
        let (go_on, waits) = mpsc::channel::<()>();
        assert_eq!(by(Some(Instant::now()), move || waits.recv().is_err()), None);
        drop(go_on);
        assert_eq!(by(None, || 3), Some(3));
    }

    #[test]
    #[should_panic(expected = "a defect")]
    fn work_that_panics_is_not_taken_for_late() {
        by(None, || panic!("a defect"));
    }

    #[test]
    fn flags_are_raised_in_order_while_the_work_goes_on() {
        let (first, second) = (Stop::new(), Stop::new());
        with_alarms(&[(Instant::now(), &first), (Instant::now(), &second)], || {
            while !second.is_raised() {
                std::hint::spin_loop();
            }
            assert!(first.is_raised());
        });
    }

    #[test]
    fn work_that_ends_in_time_leaves_the_flag_down() {
        let (first, second) = (Stop::new(), Stop::new());
        let far = Instant::now() + Duration::from_hours(1);
        assert_eq!(with_alarms(&[(far, &first), (far, &second)], || 7), 7);
        assert!(!first.is_raised() && !second.is_raised());
    }

    #[test]
    fn reasons_get_a_tenth_of_the_planning_time_and_three_seconds_at_most() {
        let share = |seconds| explain_share(Duration::from_secs(seconds)).as_millis();
        assert_eq!((share(5), share(20), share(600)), (500, 2_000, 3_000));
    }

    #[test]
    fn the_reserve_adds_up_and_leaves_half_of_the_time() {
        // 250 ms + 400 ms + 2.5 us * 10,000 + 0.7 us * 100,000 + 12 us * 5,000 + 0.15 us * 1,000 * 100 = 820 ms.
        let sizes = Sizes { tiles: 10_000, jobs: 1_000, capsules: 100_000, running: 5_000, sites: 100 };
        let read = Duration::from_millis(400);
        assert_eq!(reserve(&sizes, read, Duration::from_secs(30)), Duration::from_millis(820));
        assert_eq!(reserve(&sizes, read, Duration::from_millis(100)), Duration::from_millis(50));
    }
}
