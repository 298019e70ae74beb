//! `lessor check`: everything about a plan again, from the files, in exact integers.

use lessor_datasets::table::DatasetError;
use lessor_models::check::Described;
use lessor_models::words::{counted, credits};
use serde::Serialize;

use super::loaded::RecordedRun;
use super::summary::{bound_words, gap_words};
use super::tables;
use super::verdict::{self, Verdict};
use crate::cli::CheckArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say, warn};
use crate::ending::Ending;
use crate::process::clock::ProcessClock;
use crate::process::machine;

/// Findings told at most; the rest are counted.
const FINDINGS_MAX: usize = 20;

/// The object that `lessor check --json` prints.
#[derive(Debug, Serialize)]
struct CheckSummary {
    ok: bool,
    value: i128,
    bound: Option<i128>,
    gap: Option<f64>,
    placed: u64,
    unplaced: u64,
    findings: u64,
    first_findings: Vec<String>,
    seconds: f64,
    peak_memory_bytes: u64,
}

/// What was looked at and what is wrong with it.
#[derive(Debug, Default)]
struct Findings {
    value: i128,
    dues: Option<i128>,
    bound: Option<i128>,
    gap: Option<f64>,
    placed: u64,
    unplaced: u64,
    wrong: Vec<String>,
}

/// Carries out `lessor check`.
pub(crate) fn run(args: &CheckArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let run = RecordedRun::read(&args.plan)?;
    let findings = look(args, &run)?;
    tell(args, &findings, clock);
    Ok(if findings.wrong.is_empty() { Ending::Done } else { Ending::Failed })
}

fn look(args: &CheckArgs, run: &RecordedRun) -> Result<Findings, CommandError> {
    let instance = &run.instance;
    let mut findings = Findings::default();
    match run.plan(&args.plan)? {
        Ok(plan) => {
            let verdict = Verdict::of(instance, &plan);
            (findings.value, findings.placed, findings.unplaced) = (verdict.value, verdict.placed, verdict.unplaced);
            findings.dues = verdict.dues;
            findings
                .wrong
                .extend(verdict.violations.iter().map(|violation| Described(violation, instance).to_string()));
            findings.wrong.extend(verdict::first_miscounted(instance, &plan));
            findings.prove(args, run, &verdict)?;
            findings.compare(run);
        }
        Err(error) => findings.wrong.push(error.to_string()),
    }
    Ok(findings)
}

impl Findings {
    /// Evaluates the certificate.
    fn prove(&mut self, args: &CheckArgs, run: &RecordedRun, verdict: &Verdict) -> Result<(), CommandError> {
        let certificate = match tables::read_proof(&args.plan, &run.instance) {
            Ok(certificate) => certificate,
            Err(error @ DatasetError::Cell { .. }) => {
                self.wrong.push(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        match verdict::proven_bound(&run.instance, certificate.as_ref()) {
            Ok(bound) => {
                self.bound = bound;
                self.gap = verdict.gap(bound);
                if let Some(bound) = bound.filter(|&bound| bound < verdict.value) {
                    self.wrong.push(format!("the bound {bound} is below the value {}", verdict.value));
                }
            }
            Err(error) => self.wrong.push(format!("the certificate proves nothing: {error}")),
        }
        Ok(())
    }

    /// Holds what was found against what the record says.
    fn compare(&mut self, run: &RecordedRun) {
        let figures = &run.record.figures;
        if self.value != figures.value {
            self.wrong.push(format!("the value is {}, and run.json says {}", self.value, figures.value));
        }
        if self.dues != figures.dues_cost {
            let words = |dues: Option<i128>| dues.map_or("nothing".to_owned(), |dues| dues.to_string());
            self.wrong.push(format!("dues are {}, and run.json says {}", words(self.dues), words(figures.dues_cost)));
        }
        if self.bound != figures.bound {
            let (found, recorded) = (bound_words(self.bound), bound_words(figures.bound));
            self.wrong.push(format!("the bound is {found}, and run.json says {recorded}"));
        }
        if (self.placed, self.unplaced) != (figures.placed, figures.unplaced) {
            self.wrong.push(format!(
                "{} capsules are placed and {} are not; run.json says {} and {}",
                self.placed, self.unplaced, figures.placed, figures.unplaced
            ));
        }
    }
}

fn tell(args: &CheckArgs, findings: &Findings, clock: &ProcessClock) {
    let count = findings.wrong.len();
    if args.json {
        return print_json(&CheckSummary {
            ok: count == 0,
            value: findings.value,
            bound: findings.bound,
            gap: findings.gap,
            placed: findings.placed,
            unplaced: findings.unplaced,
            findings: u64::try_from(count).unwrap_or(u64::MAX),
            first_findings: findings.wrong.iter().take(FINDINGS_MAX).cloned().collect(),
            seconds: clock.seconds(),
            peak_memory_bytes: machine::peak_memory_bytes(),
        });
    }
    if count == 0 {
        say(&format!("checked   {}: every rule holds", args.plan.display()));
        let asked = findings.placed.saturating_add(findings.unplaced);
        say(&format!("placed    {} of {}", findings.placed, counted(asked, "capsule", "capsules")));
        say(&format!("value     {} credits", credits(findings.value)));
        say(&format!("bound     {}", bound_words(findings.bound)));
        say(&format!("gap       {}", gap_words(findings.gap)));
        return;
    }
    warn(&format!("{}: the check failed with {}", args.plan.display(), counted(count, "finding", "findings")));
    for finding in findings.wrong.iter().take(FINDINGS_MAX) {
        warn(&format!("  {finding}"));
    }
    if count > FINDINGS_MAX {
        warn(&format!("  and {} more", count - FINDINGS_MAX));
    }
}
