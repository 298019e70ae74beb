//! One contender on one instance with one seed: it runs, and what it leaves is looked at.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::bench::error::BenchError;
use crate::process::clock::ProcessClock;

use super::checked::{Checked, Refusal};
use super::command::Blank;
use super::contender::Contender;
use super::task::Case;
use super::watch::{End, Incumbent, Place, Watched, watch};
use crate::bench::aim::Aim;
use crate::bench::primal::{self, Course};

/// What every run of a comparison is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Terms {
    pub(super) seconds: f64,
    /// How long after its seconds a contender may still run.
    pub(super) grace: f64,
    pub(super) threads: u32,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It left an answer that its checker took.
    Answered,
    /// It ended without an answer and without a failure.
    NoAnswer,
    /// It left something that cannot be read as an answer.
    Malformed,
    /// It left an answer that breaks a constraint.
    Infeasible,
    /// It failed, or did not begin, and left no answer.
    Failed,
    /// It ran too long and was ended; what it may have left is not looked at.
    Killed,
}

impl Status {
    /// The word in tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Status::Answered => "ok",
            Status::NoAnswer => "no answer",
            Status::Malformed => "malformed",
            Status::Infeasible => "infeasible",
            Status::Failed => "failed",
            Status::Killed => "overrun killed",
        }
    }
}

/// A run that is over.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The instance, by its place in the task.
    pub(super) case: usize,
    /// The contender, by its place in the list.
    pub(super) contender: usize,
    pub(super) seed: u64,
    pub(super) seconds: f64,
    pub(super) peak_memory_bytes: Option<u64>,
    pub(super) status: Status,
    /// What there is to say of it.
    pub(super) note: Option<String>,
    /// What the answer costs, by the checker, in units of its instance.
    pub(super) cost: Option<u128>,
    /// The bound that it told and that says most.
    pub(super) bound: Option<u128>,
    pub(super) incumbents: Vec<Incumbent>,
}

impl Attempt {
    /// What it had from each time on.
    pub(super) fn course(&self, aim: Aim) -> Course {
        let told = self.incumbents.iter().filter_map(|incumbent| Some((incumbent.seconds, incumbent.cost?)));
        primal::course(told, self.cost, self.seconds, aim)
    }
}

/// Who runs on what, by their places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairing<'a> {
    pub(super) case: (usize, &'a Case),
    pub(super) contender: (usize, &'a Contender),
    pub(super) seed: u64,
}

/// Runs a contender in an empty directory, which is removed afterwards.
///
/// # Errors
/// A directory or a process that the system does not give. Whatever the contender does is an attempt.
pub(super) fn run(
    pairing: Pairing<'_>,
    terms: Terms,
    aim: Aim,
    (scratch, clock): (&Path, &ProcessClock),
) -> Result<Attempt, BenchError> {
    let ((case_at, case), (contender_at, contender)) = (pairing.case, pairing.contender);
    let in_scratch = |source| BenchError::Scratch { path: scratch.to_owned(), source };
    fs::create_dir_all(scratch).map_err(in_scratch)?;
    let place = Place::within(scratch);
    let words = contender.command.fill(|blank| value(blank, pairing, terms, &place));
    let longest = Duration::from_secs_f64(terms.seconds + terms.grace);
    let seen = watch(&words, &place, longest, clock, &|text| case.problem.amount(text))
        .map_err(|source| BenchError::Watch { contender: contender.name.clone(), source })?;
    let (status, cost, mut notes) = judge(&seen, &place, case, contender.is_own);
    if seen.lines_unread > 0 {
        notes.push(format!("{} lines of its incumbents cannot be read", seen.lines_unread));
    }
    fs::remove_dir_all(scratch).map_err(in_scratch)?;
    Ok(Attempt {
        case: case_at,
        contender: contender_at,
        seed: pairing.seed,
        seconds: seen.seconds,
        peak_memory_bytes: seen.peak_memory_bytes,
        status,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
        cost,
        bound: aim.tightest(seen.incumbents.iter().filter_map(|incumbent| incumbent.bound)),
        incumbents: seen.incumbents,
    })
}

/// What a blank is filled with.
fn value(blank: Blank, pairing: Pairing<'_>, terms: Terms, place: &Place) -> OsString {
    match blank {
        Blank::Seconds => terms.seconds.to_string().into(),
        Blank::Threads => terms.threads.to_string().into(),
        Blank::Seed => pairing.seed.to_string().into(),
        Blank::Incumbents => place.incumbents.clone().into_os_string(),
        Blank::Out => place.answer.clone().into_os_string(),
        of_instance => {
            let (_, case) = pairing.case;
            case.files.value(of_instance).expect("commands with blanks that the family has not are refused before")
        }
    }
}

/// What a run came to, its cost, and what there is to say.
fn judge(seen: &Watched, place: &Place, case: &Case, is_own: bool) -> (Status, Option<u128>, Vec<String>) {
    let mut notes = Vec::new();
    match &seen.end {
        End::Killed => return (Status::Killed, None, notes),
        End::NotStarted(error) => return (Status::Failed, None, vec![format!("cannot be started: {error}")]),
        End::Exited(status) if !status.success() => {
            let said = place.last_words().map_or(String::new(), |said| format!(": {said}"));
            notes.push(format!("{status}{said}"));
        }
        End::Exited(_) => {}
    }
    if !place.answer.exists() {
        let has_failed = match &seen.end {
            End::Exited(status) => !(status.success() || is_own && status.code() == Some(1)),
            End::Killed | End::NotStarted(_) => true,
        };
        return (if has_failed { Status::Failed } else { Status::NoAnswer }, None, notes);
    }
    match case.problem.check(&place.answer) {
        Ok(Checked { cost, note }) => {
            notes.extend(note);
            (Status::Answered, Some(cost), notes)
        }
        Err(Refusal::Malformed(why)) => {
            notes.insert(0, why);
            (Status::Malformed, None, notes)
        }
        Err(Refusal::Infeasible(why)) => {
            notes.insert(0, why);
            (Status::Infeasible, None, notes)
        }
    }
}
