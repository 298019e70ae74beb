//! What the layer program gives out: the capacity of merged groups and accounts.

use lessor_models::resources::{Kind, UNLIMITED};

use super::budget::Place;
use super::merge::Merged;
use super::timeline::{Timeline, Window};
use crate::lowering::Lowered;

/// Capacity that the program starts from.
#[derive(Debug)]
pub struct Supply<'a> {
    /// The raw instance.
    pub lowered: &'a Lowered<'a>,
}

impl Supply<'_> {
    /// What a place gives of a kind in each part, in units times seconds, infinite where it is not limited there; `None` where
    /// it never is.
    ///
    /// Where the grid is coarser than the changes of a capacity, a part has a little even when its buckets have none: what
    /// the least of a bucket says is too little to prove that there is nothing.
    #[must_use]
    pub fn limits(&self, merged: &Merged, timeline: &Timeline, place: Place, kind: Kind) -> Option<Vec<f64>> {
        let grid = &self.lowered.grid;
        let (mut sums, mut is_surely_zero) = (vec![0.0; grid.count()], true);
        let mut add = |capacity: &dyn Fn(usize) -> f64, changes: bool| {
            sums.iter_mut().enumerate().for_each(|(bucket, sum)| *sum += capacity(bucket));
            is_surely_zero &= !changes || grid.is_exact();
        };
        match place {
            Place::Tiles(at) => merged.groups[at].iter().for_each(|&group| {
                let at = self.lowered.group(group);
                let of_all = |bucket| amount(at.capacity(bucket).get(kind)) * at.tiles.len() as f64;
                add(&of_all, at.capacity.len() > 1);
            }),
            Place::Account(at) => merged.accounts[at].iter().for_each(|&account| {
                let at = self.lowered.account(account);
                add(&|bucket| amount(at.capacity(bucket).get(kind)), at.capacity.len() > 1);
            }),
        }
        if sums.iter().all(|sum| sum.is_infinite()) {
            return None;
        }
        let least = if is_surely_zero { 0.0 } else { 1e-3 };
        let in_part = |part| {
            let interval = timeline.interval(Window::of(part));
            let buckets = grid.touched(interval);
            buckets.map(|k| sums[k] * timeline.seconds(grid.bucket(k), Window::of(part))).sum::<f64>().max(least)
        };
        Some((0..timeline.count()).map(in_part).collect())
    }
}

fn amount(units: u64) -> f64 {
    if units == UNLIMITED { f64::INFINITY } else { units as f64 }
}
