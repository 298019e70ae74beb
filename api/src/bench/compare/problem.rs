//! Instances of every family, and what an answer to one costs. An answer is read from its file and looked at by the family's
//! own checker: what a program says of itself is not asked.

use std::path::Path;

use lessor_datasets::families::{self, FamilyError, OpenbBatch, ReadAuction};
use lessor_models::families::gap::GapInstance;
use lessor_models::families::reassignment::ReassignmentInstance;
use lessor_models::families::vector_packing::VectorPackingInstance;
use lessor_models::families::{gap, openb, reassignment, vector_packing};

use crate::ending::chain;

use super::auction_answer;
use super::checked::{Checked, Refusal};

/// An instance.
#[derive(Debug)]
pub(super) enum Problem {
    Cats(ReadAuction),
    Gap(GapInstance),
    Vbp(VectorPackingInstance),
    Openb(OpenbBatch),
    Rebalance(ReassignmentInstance),
}

impl Problem {
    /// How many items, pods, processes or bids there are.
    pub(super) fn size(&self) -> u64 {
        let count = match self {
            Problem::Cats(read) => read.instance.bids().len(),
            Problem::Gap(instance) => instance.items(),
            Problem::Vbp(instance) => instance.items().count(),
            Problem::Openb(batch) => batch.instance.pods().len(),
            Problem::Rebalance(instance) => instance.parts().processes.len(),
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// How many agents, nodes, machines or goods there are; `None` for bins, of which there are as many as needed.
    pub(super) fn machines(&self) -> Option<u64> {
        let count = match self {
            Problem::Cats(read) => return Some(read.instance.goods().into()),
            Problem::Gap(instance) => instance.capacities().len(),
            Problem::Vbp(_) => return None,
            Problem::Openb(batch) => batch.instance.nodes().len(),
            Problem::Rebalance(instance) => instance.parts().machines.len(),
        };
        u64::try_from(count).ok()
    }

    /// How many units of a cost are one of the instance's file: one, but for auctions with decimal amounts.
    pub(super) fn units(&self) -> u64 {
        if let Problem::Cats(read) = self { read.units } else { 1 }
    }

    /// A cost or a bound as a contender tells it, in units; `None` where it is none.
    pub(super) fn amount(&self, text: &str) -> Option<i128> {
        match self {
            Problem::Cats(read) => read.amount(text).and_then(|amount| i128::try_from(amount).ok()),
            _ => text.parse().ok(),
        }
    }

    /// What the answer in a file costs.
    ///
    /// # Errors
    /// An answer that cannot be read, or breaks a constraint.
    pub(super) fn check(&self, answer: &Path) -> Result<Checked, Refusal> {
        let read = |error: FamilyError| {
            let path = format!("{}: ", answer.display());
            Refusal::Malformed(chain(&error).replace(&path, ""))
        };
        let cost = match self {
            Problem::Cats(read) => return auction_answer::check(read, answer),
            Problem::Gap(instance) => {
                let agents = families::gap_answer(answer, instance).map_err(read)?;
                gap::check(instance, &agents).map_err(|fault| Refusal::Infeasible(fault.to_string()))
            }
            Problem::Vbp(instance) => {
                let bins = families::vector_packing_answer(answer, instance).map_err(read)?;
                let count = vector_packing::check(instance, &bins);
                count.map(|count| count as u128).map_err(|fault| Refusal::Infeasible(fault.to_string()))
            }
            Problem::Openb(batch) => {
                let seats = batch.read_answer(answer).map_err(read)?;
                let left = openb::check(&batch.instance, &seats);
                left.map(u128::from).map_err(|fault| Refusal::Infeasible(fault.to_string()))
            }
            Problem::Rebalance(instance) => {
                let machines = families::reassignment_answer(answer, instance).map_err(read)?;
                let cost = reassignment::check(instance, &machines);
                cost.map(|cost| cost.total()).map_err(|fault| Refusal::Infeasible(fault.to_string()))
            }
        };
        cost.map(|cost| Checked { cost, note: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_costs_what_the_checker_says_or_is_refused_in_words() {
        // Two agents of capacity 6, three items that weigh 3.
        let instance = GapInstance::new(3, vec![6, 6], vec![1, 4, 6, 3, 3, 3], vec![3; 6]).unwrap();
        let (problem, scratch) = (Problem::Gap(instance), tempfile::tempdir().unwrap());
        assert_eq!((problem.size(), problem.machines()), (3, Some(2)));
        let answer = scratch.path().join("answer");
        let cost_of = |text: &str| {
            std::fs::write(&answer, text).unwrap();
            problem.check(&answer).map(|checked| checked.cost)
        };
        assert_eq!(cost_of("0 1 1"), Ok(7));
        assert_eq!(cost_of("0 0 0"), Err(Refusal::Infeasible("agent 0 carries 9 of at most 6".into())));
        let told = "line 1: \"x\" is not a whole number of at most 2^53";
        assert_eq!(cost_of("0 x 0"), Err(Refusal::Malformed(told.into())));
    }
}
