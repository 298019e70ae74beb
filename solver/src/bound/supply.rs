//! What a layer program gives out and asks for: all of the instance for the bound, or what a partial plan leaves.

use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::Interval;

use super::linear::{Budget, Place};
use super::merge::Merged;
use super::windows::capacity_seconds;
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

    /// Capacity of a budget in units times seconds; `None` where some member does not limit it.
    #[must_use]
    pub fn limit(&self, merged: &Merged, windows: &[Interval], budget: Budget) -> Option<f64> {
        let Budget { place, kind, window } = budget;
        let interval = windows[window];
        let sum = |capacity: &dyn Fn(usize) -> f64| {
            let limited = self.lowered.grid.touched(interval).all(|k| capacity(k).is_finite());
            limited.then(|| capacity_seconds(capacity, &self.lowered.grid, interval))
        };
        match place {
            Place::Tiles(at) => {
                let mut groups = merged.groups[at].iter();
                groups.try_fold(0.0, |total, &group| Some(total + sum(&|k| self.in_group(group, kind, k))?))
            }
            Place::Account(at) => {
                let mut accounts = merged.accounts[at].iter();
                accounts.try_fold(0.0, |total, &account| Some(total + sum(&|k| self.in_account(account, kind, k))?))
            }
        }
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
