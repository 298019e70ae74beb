//! What a comparison came to, in the words that its pages share.

use lessor_models::words::counted;

use crate::draw::figures::{grouped, mark, mebibytes, percent, significant};
use crate::process::machine::Machine;

use super::attempt::{Attempt, Terms};
use super::contender::Contender;
use super::means::{Means, mean};
use super::run::CompareRun;
use super::task::Task;

/// What a comparison was told, ran and found.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) contenders: &'a [Contender],
    pub(super) terms: Terms,
    pub(super) seeds: &'a [u64],
    /// In the order of the rows.
    pub(super) attempts: &'a [Attempt],
    pub(super) rows: &'a [CompareRun],
    /// In the order of the contenders.
    pub(super) means: &'a [Means],
    pub(super) machine: Machine,
}

/// One instance in a table: what it is, and a cell for each contender.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) instance: String,
    pub(super) size: String,
    pub(super) reference: String,
    pub(super) cells: Vec<Cell>,
}

/// What a contender did with an instance.
#[derive(Debug, PartialEq)]
pub(super) struct Cell {
    /// The cost, or what came instead.
    pub(super) cost: String,
    /// The gap and the seconds.
    pub(super) note: String,
    pub(super) is_best: bool,
}

/// A column of the table of means: its head, and its cell for a contender.
pub(super) type MeanColumn = (&'static str, fn(&Means) -> String);

impl Outcome<'_> {
    /// A line for each instance.
    pub(super) fn lines(&self) -> Vec<Line> {
        let line = |(at, case): (usize, &super::task::Case)| Line {
            instance: case.name.clone(),
            size: grouped(case.problem.size() as f64),
            reference: case.reference.as_ref().map_or(DASH.to_owned(), |known| grouped(known.best as f64)),
            cells: (0..self.contenders.len()).map(|contender| self.cell(at, contender)).collect(),
        };
        self.task.cases.iter().enumerate().map(line).collect()
    }

    /// A contender's runs on an instance, over all seeds.
    fn cell(&self, case: usize, contender: usize) -> Cell {
        let pairs = self.attempts.iter().zip(self.rows);
        let of_pair = pairs.filter(|(attempt, _)| (attempt.case, attempt.contender) == (case, contender));
        let runs: Vec<&CompareRun> = of_pair.map(|(_, row)| row).collect();
        let units = self.task.cases[case].problem.units();
        let costs: Vec<f64> = runs.iter().filter_map(|run| run.cost).map(|cost| cost as f64 / units as f64).collect();
        let figure = |cost| if units == 1 { grouped(cost) } else { format!("{cost:.2}") };
        let over =
            |of: fn(&CompareRun) -> f64| mean(&runs.iter().map(|run| of(run)).collect::<Vec<_>>()).unwrap_or(0.0);
        let seconds = significant(over(|run| run.seconds));
        let refused: Vec<&CompareRun> = runs.iter().copied().filter(|run| !run.is_answered()).collect();
        let cost = match (mean(&costs), refused.first()) {
            (None, Some(run)) => run.status.to_owned(),
            (None, None) => DASH.to_owned(),
            (Some(cost), None) => figure(cost),
            (Some(cost), Some(run)) => {
                format!("{} ({} of {} {})", figure(cost), refused.len(), runs.len(), run.status)
            }
        };
        let note = if costs.is_empty() {
            format!("{seconds} s")
        } else {
            let proven = if runs.iter().all(|run| run.is_proven()) { ", proven" } else { "" };
            format!("{}, {seconds} s{proven}", percent(over(|run| run.primal_gap)))
        };
        Cell { cost, note, is_best: runs.iter().all(|run| run.is_best()) }
    }

    /// The columns of the table of means; those of references are there where anybody has one.
    pub(super) fn mean_columns(&self) -> Vec<MeanColumn> {
        let mut columns: Vec<MeanColumn> = vec![
            ("answers", |means| format!("{} of {}", means.answered, means.runs)),
            ("at best", |means| means.at_best.to_string()),
            ("proven", |means| means.proven.to_string()),
            ("mean gap", |means| percent(means.mean_gap)),
            ("max gap", |means| percent(means.max_gap)),
        ];
        if self.means.iter().any(|means| means.mean_gap_to_reference.is_some()) {
            columns.push(("to reference", |means| means.mean_gap_to_reference.map_or(DASH.to_owned(), percent)));
        }
        if self.means.iter().any(|means| means.mean_score.is_some()) {
            let score: fn(&Means) -> String =
                |means| means.mean_score.map_or(DASH.to_owned(), |score| format!("{score:.4}"));
            columns.push(("score", score));
        }
        columns.extend::<[MeanColumn; 4]>([
            ("primal integral", |means| format!("{} s", significant(means.mean_primal_integral))),
            ("seconds", |means| significant(means.mean_seconds)),
            ("overruns", |means| match means.overruns {
                0 => "0".to_owned(),
                count => format!("{count}, up to {} s", significant(means.max_overrun_seconds)),
            }),
            ("peak MiB", |means| match means.max_peak_memory_bytes {
                Some(bytes) => grouped(mebibytes(bytes as f64)),
                None => DASH.to_owned(),
            }),
        ]);
        columns
    }

    /// What every run was told, in words.
    pub(super) fn terms_words(&self) -> String {
        let Terms { seconds, grace, threads } = self.terms;
        let threads = counted(threads, "thread", "threads");
        format!("{} s, {threads}, ended where it runs {} s longer", mark(seconds), mark(grace))
    }

    /// The seeds, in words.
    pub(super) fn seed_words(&self) -> String {
        let seeds: Vec<String> = self.seeds.iter().map(u64::to_string).collect();
        format!("seed{} {}", if seeds.len() == 1 { "" } else { "s" }, seeds.join(", "))
    }

    /// Who had the least mean gap, in one sentence.
    pub(super) fn verdict(&self) -> String {
        let least = self.means.iter().map(|means| means.mean_gap).fold(f64::INFINITY, f64::min);
        let first = |means: &&Means| means.mean_gap <= least;
        let names: Vec<&str> = self.means.iter().filter(first).map(|means| means.contender.as_str()).collect();
        let runs = self.rows.len() / self.contenders.len().max(1);
        let each = if runs == 1 { "" } else { " each" };
        let runs = format!("{} of {} s{each}", counted(runs, "run", "runs"), mark(self.terms.seconds));
        match names[..] {
            [name] if self.means.len() == 1 => {
                format!("Over {runs}, {name} has a mean gap to the best known of {}.", percent(least))
            }
            [name] => format!("Over {runs}, {name} has the least mean gap to the best known: {}.", percent(least)),
            _ => format!(
                "Over {runs}, the least mean gap to the best known is {}, of {}.",
                percent(least),
                names.join(", ")
            ),
        }
    }
}

/// What stands where there is nothing.
const DASH: &str = "–";
