//! What a layer program gives out and asks for: all of the instance for the bound, or what a partial plan leaves.

use lessor_models::resources::{Kind, Resources, UNLIMITED};

use super::linear::Place;
use super::merge::Merged;
use super::timeline::{Timeline, Window};
use crate::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::Lowered;
use crate::occupancy::Occupancy;

/// Capacity and capsules that a program starts from.
#[derive(Debug)]
pub struct Supply<'a> {
    /// The raw instance.
    pub lowered: &'a Lowered<'a>,
    rest: Option<Rest<'a>>,
}

/// A partial plan, with the most that any tile of each group has left in any bucket.
#[derive(Debug)]
struct Rest<'a> {
    occupancy: &'a Occupancy<'a>,
    roomiest: Vec<Resources>,
}

impl<'a> Supply<'a> {
    /// The whole instance.
    #[must_use]
    pub fn whole(lowered: &'a Lowered<'a>) -> Supply<'a> {
        Supply { lowered, rest: None }
    }

    /// What a partial plan leaves. O(tiles times buckets).
    #[must_use]
    pub fn rest(occupancy: &'a Occupancy<'a>) -> Supply<'a> {
        let lowered = occupancy.lowered();
        let roomiest = lowered.groups.iter().map(|group| {
            let tiles = group.tiles.clone().map(TileIndex::new);
            let vectors = tiles.flat_map(|tile| (0..lowered.grid.count()).map(move |k| *occupancy.tile_left(tile, k)));
            vectors.fold(Resources::ZERO, |most, left| Resources(std::array::from_fn(|k| most.0[k].max(left.0[k]))))
        });
        Supply { lowered, rest: Some(Rest { occupancy, roomiest: roomiest.collect() }) }
    }

    /// Whether nothing is placed yet, so that devices are whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// The most capsules of a class to place. Of a rest, none that spread or relations bind to places.
    #[must_use]
    pub fn most(&self, class: JobClassIndex) -> u64 {
        match &self.rest {
            None => self.lowered.most(class),
            Some(_) if self.lowered.classes[class.at()].is_bound => 0,
            Some(rest) => rest.occupancy.missing(class),
        }
    }

    /// What a capsule is worth in the group, `None` where no tile of it could hold one.
    #[must_use]
    pub fn worth(&self, class: JobClassIndex, group: GroupIndex) -> Option<i64> {
        let worth = self.lowered.worth(class, group)?;
        let fits = |rest: &Rest<'_>| self.lowered.draw(class, group).fits(&rest.roomiest[group.at()]);
        self.rest.as_ref().is_none_or(fits).then_some(worth)
    }

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
            is_surely_zero &= !changes || grid.is_exact() || self.rest.is_some();
        };
        match place {
            Place::Tiles(at) => merged.groups[at].iter().for_each(|&group| {
                add(&|bucket| self.in_group(group, kind, bucket), self.lowered.group(group).capacity.len() > 1);
            }),
            Place::Account(at) => merged.accounts[at].iter().for_each(|&account| {
                add(&|bucket| self.in_account(account, kind, bucket), self.lowered.account(account).capacity.len() > 1);
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

    fn in_group(&self, group: GroupIndex, kind: Kind, bucket: usize) -> f64 {
        let at = self.lowered.group(group);
        match &self.rest {
            None => amount(at.capacity(bucket).get(kind)) * at.tiles.len() as f64,
            Some(rest) => {
                let tiles = at.tiles.clone().map(TileIndex::new);
                tiles.map(|tile| amount(rest.occupancy.tile_left(tile, bucket).get(kind))).sum()
            }
        }
    }

    fn in_account(&self, account: AccountIndex, kind: Kind, bucket: usize) -> f64 {
        match &self.rest {
            None => amount(self.lowered.account(account).capacity(bucket).get(kind)),
            Some(rest) => amount(rest.occupancy.account_left(account, bucket).get(kind)),
        }
    }
}

fn amount(units: u64) -> f64 {
    if units == UNLIMITED { f64::INFINITY } else { units as f64 }
}
