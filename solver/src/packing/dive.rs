//! A dive from a relaxation: what its solution holds most of is taken in, and it is solved again, until all is whole.

use super::branching::{fix, spread};
use super::proof::{Allowed, Proof};
use super::relaxation::cutoff;
use super::root::Root;
use super::simplex::{Ended, Until};
use super::tree::{PIVOTS_MAX, by_worth, rounded};

/// What counts as a fraction.
const FRACTION: f64 = 1e-6;
/// Columns with as much of them in the solution are taken in together.
const MOSTLY: f64 = 0.8;

/// Dives once; what it comes to on the way is offered. At most one linear program for each column that is taken in.
pub(super) fn dive(root: &mut Root<'_>) {
    let (ground, mut allowed) = (root.ground, root.allowed.clone());
    let (packing, worths, stop) = (&ground.component.packing, ground.worths, ground.stop);
    let (mut relaxation, by_worth, mut proof) = (root.relaxation.clone(), by_worth(worths), Proof::default());
    loop {
        let value = |column: &usize| relaxation.basis.value(*column);
        let open = (0..allowed.len()).filter(|&column| allowed[column] == Allowed::Either);
        let fractional: Vec<usize> =
            open.filter(|column| (FRACTION..1.0 - FRACTION).contains(&value(column))).collect();
        let Some(&most) = fractional.iter().max_by(|a, b| value(a).total_cmp(&value(b)).then(b.cmp(a))) else { break };
        for &column in fractional.iter().filter(|&&column| column == most || value(&column) >= MOSTLY) {
            allowed[column] = Allowed::In;
        }
        if !spread(packing, &mut allowed) {
            break;
        }
        relaxation.restrict(&allowed);
        let aim = root.incumbent.aim();
        let ended = relaxation.solve(Until { cutoff: cutoff(aim), pivots: PIVOTS_MAX, stop });
        if ended != Ended::Optimal {
            break;
        }
        root.incumbent.offer(worths, rounded(packing, &relaxation, &allowed, &by_worth));
        relaxation.prove(&mut proof, worths, &allowed);
        fix(&proof, &relaxation, root.incumbent.aim(), &mut allowed);
        if !spread(packing, &mut allowed) {
            break;
        }
    }
    root.fix();
}
