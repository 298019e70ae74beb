//! What a search for the least cost came to.

use serde::Serialize;

use super::incumbents::{Incumbents, gap};
use crate::cli::SolveCommonArgs;
use crate::console::{print_json, say};
use crate::ending::Ending;
use crate::process::clock::ProcessClock;
use crate::process::machine::peak_memory_bytes;

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Solved {
    /// What the answer costs; nothing where none was found.
    cost: Option<u128>,
    /// A cost below which there is no answer; nothing where there is none at any cost.
    bound: Option<u128>,
    /// `(cost - bound) / max(1, cost)`.
    gap: Option<f64>,
    /// Whether the bound is proved by prices that were checked, or by a search that left nothing out.
    proof: &'static str,
    /// What the search alone took, without reading and writing, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    clearing_seconds: Option<f64>,
    seconds: f64,
    /// The greatest resident memory of the process so far.
    peak_memory_bytes: u64,
    seed: u64,
    threads: usize,
}

impl Solved {
    /// What a search has come to now: the cost and the bound, what proves it, the seed and the threads.
    pub(super) fn new(
        (cost, bound): (Option<u128>, Option<u128>),
        proof: &'static str,
        clock: &ProcessClock,
        (seed, threads): (u64, usize),
    ) -> Solved {
        let gap = cost.zip(bound).map(|(cost, bound)| gap(cost, bound));
        let (seconds, peak_memory_bytes) = (clock.seconds(), peak_memory_bytes());
        Solved { cost, bound, gap, proof, clearing_seconds: None, seconds, peak_memory_bytes, seed, threads }
    }

    /// The same, which also tells how many seconds the search alone took.
    pub(super) fn cleared_in(self, seconds: f64) -> Solved {
        Solved { clearing_seconds: Some(seconds), ..self }
    }

    /// Ends the file of incumbents, says what came out, and how the command ends.
    pub(super) fn end(&self, incumbents: Incumbents<'_>, common: &SolveCommonArgs) -> Ending {
        incumbents.ended(self.cost, self.bound);
        self.tell(common);
        if self.cost.is_some() { Ending::Done } else { Ending::Failed }
    }

    /// Says what came out, as the flags ask.
    pub(super) fn tell(&self, common: &SolveCommonArgs) {
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
