//! What a comparison of policies found.

use serde::Serialize;

use super::contender::Contender;
use super::drive::{Driven, Sequence};
use super::sample;
use crate::process::machine::Machine;

/// What a comparison found.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) rows: &'a [PolicyRun],
    pub(super) contenders: &'a [Contender],
    pub(super) machine: Machine,
}

impl Outcome<'_> {
    /// The rows of each sequence, in the order of the flags.
    pub(super) fn by_sequence(&self) -> impl Iterator<Item = &[PolicyRun]> {
        self.rows.chunk_by(|one, other| one.sequence == other.sequence)
    }
}

/// What one policy did on one sequence. The names are those of the keys that `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PolicyRun {
    pub(super) sequence: String,
    pub(super) policy: String,
    pub(super) admitted: usize,
    pub(super) refused: usize,
    /// Decisions in a second, the ledger included.
    pub(super) decisions_per_second: f64,
    /// At 20, 40, 60, 80 and 100 % arrived, those that the sequence reaches; where a pod leads across one, at the next percent.
    pub(super) points: Vec<sample::Point>,
    /// At every percent.
    #[serde(skip)]
    pub(super) curve: Vec<sample::Point>,
}

impl PolicyRun {
    pub(super) fn of(sequence: &Sequence, policy: &str, driven: &Driven) -> PolicyRun {
        let admitted = driven.seats.iter().flatten().count();
        PolicyRun {
            sequence: sequence.name.clone(),
            policy: policy.to_owned(),
            admitted,
            refused: driven.seats.len() - admitted,
            decisions_per_second: driven.seats.len() as f64 / driven.seconds.max(1e-9),
            points: sample::at_marks(&driven.curve),
            curve: driven.curve.clone(),
        }
    }

    /// What is left unallocated when as much has arrived as the cluster has, in percent; of a shorter sequence at its end.
    pub(super) fn unallocated_at_full(&self) -> f64 {
        let full = self.points.iter().find(|point| point.arrived_percent == 100);
        full.or(self.curve.last()).map_or(100.0, |point| point.unallocated_percent)
    }

    /// The mean power at 20, 40, 60 and 80 % arrived, in megawatts.
    pub(super) fn mean_power_mw(&self) -> f64 {
        let partly = self.points.iter().filter(|point| point.arrived_percent < 100);
        let (count, sum) = partly.fold((0.0, 0.0), |(count, sum), point| (count + 1.0, sum + point.power_w));
        if count > 0.0 { sum / count / 1e6 } else { 0.0 }
    }
}
