//! What the use of tiles costs beside what each capsule costs by itself: soft headroom and balance.
//!
//! ```text
//! minimize   ... + sum of cost[h] v[h]
//! subject to v[h]  >=  missing[h]  +  sum over what runs in bucket k of adds[c, h] x[c, t, s]   every rule h of tile t, bucket k
//! ```

use super::program::Program;
use crate::lowering::index::TileIndex;
use crate::lowering::strain::Hinge;
use crate::plan::occupancy::Occupancy;

/// Rules of one tile at most, of different costs or at different times: more would be more rows than a program is for.
const HINGES_MAX: usize = 64;

/// What one rule costs in some buckets in which the same capsules run.
struct Strained {
    missing: f64,
    cost: f64,
    /// What each column adds to what is missing.
    adds: Vec<(usize, f64)>,
}

impl Program {
    /// What some choices on a tile add to what its use costs.
    pub(super) fn pay_strain(&mut self, occupancy: &Occupancy<'_>, tile: TileIndex, choices: &[usize]) {
        let lowered = occupancy.lowered();
        if lowered.strain.is_free() {
            return;
        }
        let group = lowered.group_of(tile);
        let mut strained: Vec<Strained> = Vec::new();
        for (running, part) in self.parts(choices) {
            for bucket in part {
                for hinge in lowered.strain.hinges(lowered.group(group), bucket, occupancy.tile_left(tile, bucket)) {
                    let draw = |at: usize| lowered.draw(self.choices[at].class, group);
                    let adds = running.iter().map(|&at| (choices[at], hinge.adds(draw(choices[at]))));
                    note(&mut strained, &hinge, adds.filter(|&(_, adds)| adds != 0.0).collect());
                }
            }
        }
        for of in strained.into_iter().take(HINGES_MAX) {
            self.strained(of);
        }
    }

    fn strained(&mut self, Strained { missing, cost, adds }: Strained) {
        let begun: f64 = adds.iter().map(|&(at, adds)| adds * self.rows.beginning(at)).sum();
        // Counted in parts of the largest entry, so that a row has no large coefficient.
        let unit = adds.iter().map(|(_, adds)| adds.abs()).fold(1.0, f64::max);
        let beyond = self.rows.amount(cost * unit / self.scale);
        self.rows.begin_with(beyond, (missing + begun).max(0.0) / unit);
        let mut row: Vec<(usize, f64)> = adds.into_iter().map(|(at, adds)| (at, adds / unit)).collect();
        row.push((beyond, -1.0));
        self.rows.row(f64::NEG_INFINITY, -missing / unit, row);
    }
}

/// Notes a rule that costs something with some columns, beside the same one at another time.
fn note(strained: &mut Vec<Strained>, hinge: &Hinge, adds: Vec<(usize, f64)>) {
    if adds.is_empty() || hinge.missing <= 0.0 && adds.iter().all(|&(_, adds)| adds < 0.0) {
        return;
    }
    let is_same = |of: &&mut Strained| of.missing.total_cmp(&hinge.missing).is_eq() && of.adds == adds;
    match strained.iter_mut().find(is_same) {
        Some(same) => same.cost += hinge.cost,
        None => strained.push(Strained { missing: hinge.missing, cost: hinge.cost, adds }),
    }
}
