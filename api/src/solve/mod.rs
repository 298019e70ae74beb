//! `lessor solve`: one public instance in, its answer in the family's own form out.

pub(crate) mod answer_file;
mod assignment;
mod cats;
mod double;
mod error;
mod file_amount;
mod gap;
mod incumbents;
mod openb;
mod roadef;
mod vbp;

use std::path::Path;
use std::time::Duration;

use lessor_solver::support::stop::Stop;
use serde::Serialize;

use crate::Ending;
use crate::cli::{SolveCommonArgs, SolveFamily, SolveLimitArgs};
use crate::command_error::CommandError;
use crate::console::{print_json, say};
use crate::process::clock::ProcessClock;
use crate::process::deadline::with_progress;
use crate::process::interrupt;
use crate::process::machine::{self, peak_memory_bytes};

pub(crate) use error::SolveError;
use incumbents::Incumbents;

/// The longest that `--seconds` may be: a month.
const SECONDS_MAX: f64 = 31.0 * 86_400.0;

/// How long before the deadline a search ends: its way out, the check and the file take that long at most, also where other
/// programs share the processors.
const RESERVE: Duration = Duration::from_millis(300);

/// The part of the time taken for reading that is reserved besides.
const READ_SHARE: f64 = 0.25;

/// Carries out `lessor solve`.
pub(crate) fn run(family: &SolveFamily, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let (limits, out) = limits_and_place(family);
    // What cannot end well is refused before it takes its time.
    limit(limits)?;
    answer_file::probe(out)?;
    match family {
        SolveFamily::Assignment(args) => assignment::run(args, clock),
        SolveFamily::Cats(args) => cats::run(args, clock),
        SolveFamily::Double(args) => double::run(args, clock),
        SolveFamily::Gap(args) => gap::run(args, clock),
        SolveFamily::Openb(args) => openb::run(args, clock),
        SolveFamily::Roadef(args) => roadef::run(args, clock),
        SolveFamily::Vbp(args) => vbp::run(args, clock),
    }
}

fn limits_and_place(family: &SolveFamily) -> (&SolveLimitArgs, &Path) {
    let common = match family {
        SolveFamily::Assignment(args) => &args.common,
        SolveFamily::Cats(args) => &args.common,
        SolveFamily::Double(args) => return (&args.limits, &args.out),
        SolveFamily::Gap(args) => &args.common,
        SolveFamily::Openb(args) => &args.common,
        SolveFamily::Roadef(args) => &args.common,
        SolveFamily::Vbp(args) => &args.common,
    };
    (&common.limits, &common.out)
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct Solved {
    /// What the answer costs; nothing where none was found.
    cost: Option<u128>,
    /// A cost below which there is no answer; nothing where there is none at any cost.
    bound: Option<u128>,
    /// `(cost - bound) / max(1, cost)`.
    gap: Option<f64>,
    /// Whether the bound is proved by prices that were checked, or by a search that left nothing out.
    proof: &'static str,
    seconds: f64,
    /// The greatest resident memory of the process so far.
    peak_memory_bytes: u64,
    seed: u64,
    threads: usize,
}

impl Solved {
    /// What a search has come to now: the cost and the bound, what proves it, the seed and the threads.
    fn new(
        (cost, bound): (Option<u128>, Option<u128>),
        proof: &'static str,
        clock: &ProcessClock,
        (seed, threads): (u64, usize),
    ) -> Solved {
        let gap = cost.zip(bound).map(|(cost, bound)| Solved::gap(cost, bound));
        let (seconds, peak_memory_bytes) = (clock.seconds(), peak_memory_bytes());
        Solved { cost, bound, gap, proof, seconds, peak_memory_bytes, seed, threads }
    }

    /// Ends the file of incumbents, says what came out, and how the command ends.
    fn end(&self, incumbents: Incumbents<'_>, common: &SolveCommonArgs) -> Ending {
        incumbents.ended(self.cost, self.bound);
        self.tell(common);
        if self.cost.is_some() { Ending::Done } else { Ending::Failed }
    }

    fn gap(cost: u128, bound: u128) -> f64 {
        cost.saturating_sub(bound) as f64 / cost.max(1) as f64
    }

    /// Says what came out, as the flags ask.
    fn tell(&self, common: &SolveCommonArgs) {
        if common.json {
            return print_json(self);
        }
        say(&format!(
            "cost      {}",
            self.cost.map_or("none: nothing feasible was found".into(), |cost| cost.to_string())
        ));
        let bound = self.bound.map_or("none: nothing is feasible".into(), |bound| bound.to_string());
        say(&format!("bound     {bound} (by {})", self.proof));
        if let Some(gap) = self.gap {
            say(&format!("gap       {:.4} %", gap * 100.0));
        }
        say(&format!("seconds   {:.2}", self.seconds));
        if self.cost.is_some() {
            say(&format!("answer    {}", common.out.display()));
        }
    }
}

/// How many threads, and the pool of them.
fn pool(limits: &SolveLimitArgs) -> Result<(usize, rayon::ThreadPool), CommandError> {
    let threads = limits.threads.map_or_else(machine::parallelism, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    Ok((threads, pool.map_err(|source| CommandError::Threads { threads, source })?))
}

/// How long a run may take.
fn limit(limits: &SolveLimitArgs) -> Result<Duration, SolveError> {
    let seconds = limits.seconds;
    let is_time = seconds > 0.0 && seconds <= SECONDS_MAX;
    is_time.then(|| Duration::from_secs_f64(seconds)).ok_or(SolveError::Seconds { seconds })
}

/// Does some work with a stop that is raised in time, or by a signal before then.
fn in_time<T>(limits: &SolveLimitArgs, clock: &ProcessClock, work: impl FnOnce(&Stop) -> T) -> Result<T, SolveError> {
    let limit = limit(limits)?;
    // How long reading took stands for how large the instance is, and for how fast this machine and its disk are.
    let read = Duration::try_from_secs_f64(clock.seconds() * READ_SHARE).unwrap_or(Duration::ZERO);
    let limit = limit.saturating_sub((RESERVE + read).min(limit / 4));
    let stop = Stop::new();
    Ok(interrupt::heed(&[&stop], || match clock.instant_after(limit) {
        Some(until) => with_progress(until, &stop, || work(&stop)),
        None => work(&stop),
    }))
}
