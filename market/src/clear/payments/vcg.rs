//! VCG: everyone pays what the others lose by their being there (Vickrey 1961, Clarke 1971, Groves 1973).
//!
//! ```text
//! payment of i = reserves of what i wins + surplus without i - (surplus - what i offers beyond the reserves)
//! ```
//!
//! A bidder is taken out with all of its bids. The solves without a bidder share what the first one found, and run in
//! parallel.

use std::collections::BTreeSet;
use std::sync::Mutex;

use lessor_solver::packing::PackingOutcome;

use crate::clear::outcome::{EXACT_UNITS, Payment, Unsettled};
use crate::clear::paying::{Paying, Watch};
use crate::clear::winner::{Round, Winner};

/// What winners pay. The winners are the best.
pub(crate) fn payments(
    round: &Round<'_>,
    winners: &[usize],
    surplus: u128,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Vec<Payment>, Unsettled> {
    let winning = round.winning(winners);
    let without = without_each(round, &winning, surplus, seed, watch)?;
    let pay = |(winner, without): (&Winner, Without)| {
        Payment::new(winner.bidder, (without.loss + winner.reserve) * EXACT_UNITS)
    };
    Ok(winning.iter().zip(without).map(pay).collect())
}

/// The best choice without a winner.
#[derive(Clone, Debug)]
pub(crate) struct Without {
    /// What the others lose by the winner's being there.
    pub(crate) loss: u128,
    /// The bids that win without it.
    pub(crate) winners: Vec<usize>,
}

/// The best choice without each winner.
pub(crate) fn without_each(
    round: &Round<'_>,
    winning: &[Winner],
    surplus: u128,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Vec<Without>, Unsettled> {
    // Of a winner whose bids share nothing with each other there are several solves.
    let begun: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());
    let done = |winner: usize| {
        let mut begun = begun.lock().expect("no telling panics");
        begun.insert(winner);
        (watch.tell)(Paying::Without { solved: begun.len(), of: winning.len() });
    };
    let found = round.solve_without(winning, seed, watch.stop, &done);
    let solved = found.iter().filter(|found| found.is_optimal()).count();
    if solved < found.len() {
        return Err(Unsettled::WithoutEach { solved, of: found.len() });
    }
    // The others have at least what they have beside the winner.
    let without = |(winner, found): (&Winner, PackingOutcome)| Without {
        loss: found.worth + winner.surplus - surplus,
        winners: found.chosen,
    };
    Ok(winning.iter().zip(found).map(without).collect())
}
