//! What is held back is not carried out.

use std::collections::BTreeMap;

use super::{MoveFault, running};
use crate::check::Violation;
use crate::instance::Instance;
use crate::job::JobIndex;
use crate::plan::{HeldBack, Move, Seat, Stage};

/// Seats from which more capsules are held back than run there and go nowhere else; empty where every capsule that is held back
/// stays where it runs, or stops.
///
/// O((running + moves + held back) log).
#[must_use]
pub fn carried_out(instance: &Instance, moves: &[Move], held_back: &[HeldBack]) -> Vec<Violation> {
    let (running, mut held): (_, BTreeMap<(JobIndex, Seat), u64>) = (running(instance), BTreeMap::new());
    for row in held_back {
        *held.entry((row.job, row.from)).or_default() += u64::from(row.count);
    }
    let mut moved: BTreeMap<(JobIndex, Seat), u64> = BTreeMap::new();
    for change in moves.iter().filter(|change| matches!(change.stage, Stage::Go | Stage::Pause)) {
        *moved.entry((change.job, change.from)).or_default() += u64::from(change.count);
    }
    let faults = held.into_iter().filter_map(|((job, seat), held)| {
        let of = |seats: &BTreeMap<_, u64>| seats.get(&(job, seat)).copied().unwrap_or(0);
        let stay = of(&running).saturating_sub(of(&moved));
        (held > stay).then_some(MoveFault::CarriedOut { job, tile: seat.tile, held, stay })
    });
    faults.map(Violation::Moves).collect()
}
