//! What a capsule earns beyond the prices of what it uses: the order in which jobs are tried and where.

use std::sync::OnceLock;

use rayon::prelude::*;

use crate::bound::Relaxation;
use crate::bound::prices::{PathPrices, Usages};
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex};

/// Prices of the relaxation, ready to rank job classes and groups; without one, worth alone ranks.
#[derive(Clone, Debug)]
pub struct Ranking {
    prices: Option<PathPrices>,
    merged_of: Vec<usize>,
    /// The first member of each merged group.
    firsts: Vec<GroupIndex>,
    /// What a capsule costs in each merged group, by class, once somebody asks.
    costs: Vec<OnceLock<Vec<f64>>>,
}

impl Ranking {
    /// A ranking by a relaxation's prices, or by worth alone.
    #[must_use]
    pub fn new(lowered: &Lowered<'_>, relaxation: Option<&Relaxation>) -> Ranking {
        let (mut merged_of, mut firsts) = (vec![0; lowered.groups.len()], Vec::new());
        let prices = relaxation.map(|relaxation| {
            firsts.extend(relaxation.merged.groups.iter().map(|members| members[0]));
            for (merged, members) in relaxation.merged.groups.iter().enumerate() {
                for member in members {
                    merged_of[member.at()] = merged;
                }
            }
            relaxation.path_prices()
        });
        let costs = lowered.class_indexes().map(|_| OnceLock::new()).collect();
        Ranking { prices, merged_of, firsts, costs }
    }

    /// What a capsule's use costs in each merged group, on tiles of its first member. O(merged groups times starts), once.
    fn costs(&self, lowered: &Lowered<'_>, prices: &PathPrices, class: JobClassIndex) -> &[f64] {
        self.costs[class.at()].get_or_init(|| {
            let mut usages = Usages::default();
            let cost = |(merged, &at): (usize, &GroupIndex)| {
                prices.cheapest(lowered, class, merged, usages.of(lowered, prices, (class, at))).0
            };
            self.firsts.iter().enumerate().map(cost).collect()
        })
    }

    /// What a capsule's use costs at a group.
    #[must_use]
    pub fn cost(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex) -> f64 {
        let Some(prices) = &self.prices else { return 0.0 };
        let merged = self.merged_of[group.at()];
        let (own, first) = (lowered.group(group), lowered.group(self.firsts[merged]));
        if (own.class, own.varying) == (first.class, first.varying) {
            self.costs(lowered, prices, class)[merged]
        } else {
            prices.cost(lowered, class, merged, group)
        }
    }

    /// The most that a capsule of the class earns beyond the prices of its room; minus infinity where it has no place.
    #[must_use]
    pub fn margin(&self, lowered: &Lowered<'_>, class: JobClassIndex) -> f64 {
        let best = self.groups(lowered, class).first().copied();
        best.map_or(f64::NEG_INFINITY, |group| {
            lowered.earning(class, group).unwrap_or(0) as f64 - self.cost(lowered, class, group)
        })
    }

    /// The groups that a class may use at a profit, best margin first.
    #[must_use]
    pub fn groups(&self, lowered: &Lowered<'_>, class: JobClassIndex) -> Vec<GroupIndex> {
        let mut ranked: Vec<(f64, GroupIndex)> = Vec::new();
        for group in lowered.group_indexes().filter(|&group| !lowered.group(group).closed) {
            let Some(worth) = lowered.earning(class, group) else { continue };
            ranked.push((worth as f64 - self.cost(lowered, class, group), group));
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().map(|(_, group)| group).collect()
    }

    /// Every class, best worth per price first: the efficiency order of multi-dimensional knapsacks, with the multipliers of
    /// the relaxation (Pirkul 1987). Service classes A and B come before all others.
    #[must_use]
    pub fn order(&self, lowered: &Lowered<'_>) -> Vec<JobClassIndex> {
        let classes: Vec<JobClassIndex> = lowered.class_indexes().collect();
        let mut ranked: Vec<(u8, f64, JobClassIndex)> = classes
            .into_par_iter()
            .map(|class| {
                let groups = self.groups(lowered, class);
                let efficiency = groups.first().map_or(0.0, |&group| {
                    let worth = lowered.earning(class, group).unwrap_or(0) as f64;
                    worth / self.cost(lowered, class, group).max(1.0)
                });
                let protected = match lowered.job(class).service {
                    lessor_models::job::ServiceClass::A => 0,
                    lessor_models::job::ServiceClass::B => 1,
                    lessor_models::job::ServiceClass::C | lessor_models::job::ServiceClass::D => 2,
                };
                (protected, efficiency, class)
            })
            .collect();
        ranked.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        ranked.into_iter().map(|(_, _, class)| class).collect()
    }

    /// The order in which cells are filled: large capsules first, the largest before all, then small ones as `order` has
    /// them, so that the fragmentation at the end falls on what is worth little more than the room it takes.
    #[must_use]
    pub fn filling_order(&self, lowered: &Lowered<'_>, order: &[JobClassIndex]) -> Vec<JobClassIndex> {
        let key = |(at, &class): (usize, &JobClassIndex)| {
            let best = self.groups(lowered, class).first().copied();
            let size = best.map_or(0.0, |group| size(lowered, class, group));
            (if is_small(size) { 0.0 } else { size }, at, class)
        };
        let mut ranked: Vec<(f64, usize, JobClassIndex)> = order.iter().enumerate().map(key).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().map(|entry| entry.2).collect()
    }
}

/// The share of a tile below which a capsule's size decides nothing about when it is placed.
const SMALL: f64 = 0.12;

/// Whether a capsule of a size is small.
pub(crate) fn is_small(size: f64) -> bool {
    size < SMALL
}

/// A capsule's largest share of a tile's kinds, or of a device; of equals, more devices are larger.
pub(crate) fn size(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex) -> f64 {
    let (draw, capacity) = (lowered.draw(class, group), lowered.group(group).capacity(0));
    let kinds = draw.0.iter().zip(&capacity.0).filter(|(draw, all)| **draw > 0 && **all > 0);
    let share = kinds.map(|(&draw, &all)| draw as f64 / all as f64).fold(0.0, f64::max);
    let demand = &lowered.job(class).demand;
    share.max(f64::from(demand.device_milli) / 1_000.0 + f64::from(demand.devices) / 1_000.0)
}
