//! The offered load, and the counts and sizes that reach a given one.

use lessor_models::draw;
use lessor_models::fleet::{ClassIndex, Fleet, Level, Owner};
use lessor_models::job::{Demand, Job};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;

/// Sums over a fleet's tiles, by kind and by class.
#[derive(Clone, Debug)]
pub struct Census {
    /// What all tiles can give together, their standing power and heat taken off.
    capacity: [u128; Kind::COUNT],
    /// How many tiles each class has.
    tiles_of: Vec<u64>,
}

impl Census {
    /// Counts a fleet's tiles. O(nodes).
    #[must_use]
    pub fn of(fleet: &Fleet) -> Census {
        let mut census = Census { capacity: [0; Kind::COUNT], tiles_of: vec![0; fleet.classes().len()] };
        let standing: Vec<Resources> = fleet.classes().iter().map(draw::standing).collect();
        for tile in fleet.tiles() {
            let class = fleet.class_of(tile).expect("every tile has a class");
            census.tiles_of[class.at()] += 1;
            let free = fleet.base_capacity(Owner::Node(tile)).saturating_sub(&standing[class.at()]);
            for kind in Kind::ALL {
                census.capacity[kind.index()] += u128::from(free.get(kind));
            }
        }
        census
    }

    /// How many tiles the fleet has.
    #[must_use]
    pub fn tiles(&self) -> u64 {
        self.tiles_of.iter().sum()
    }

    /// How many tiles a class has.
    #[must_use]
    pub fn tiles_of(&self, class: ClassIndex) -> u64 {
        self.tiles_of[class.at()]
    }

    /// What all tiles can give of a kind, in its base unit.
    #[must_use]
    pub fn capacity(&self, kind: Kind) -> u128 {
        self.capacity[kind.index()]
    }

    /// What one capsule draws from a tile; power and heat are means over the tiles of the classes it may run on.
    #[must_use]
    pub fn unit(&self, job: &Job, classes: &[TileClass]) -> Resources {
        let mut tiles = 0u128;
        let (mut power, mut heat) = (0u128, 0u128);
        for (class, index) in classes.iter().zip((0..).map(ClassIndex)) {
            if admits(job, index, class) {
                let count = u128::from(self.tiles_of[index.at()]);
                tiles += count;
                power += count * u128::from(draw::power_mw(&job.demand, class));
                heat += count * u128::from(draw::heat_mw(&job.demand, class));
            }
        }
        let mean = |sum: u128| u64::try_from(sum / tiles.max(1)).expect("a mean is at most its greatest part");
        let plain = fixed_draw(&job.demand);
        plain.with(Kind::Power, mean(power)).with(Kind::Heat, mean(heat))
    }

    /// Load in thousandths of the fleet's capacity of each kind; `u64::MAX` where something is asked of nothing.
    #[must_use]
    pub fn load_permille(&self, demand: &[u128; Kind::COUNT]) -> [u64; Kind::COUNT] {
        let mut load = [0; Kind::COUNT];
        for kind in Kind::ALL {
            let (asked, there) = (demand[kind.index()], self.capacity[kind.index()]);
            let permille = (asked * 1_000).checked_div(there);
            let nothing = if asked == 0 { 0 } else { u64::MAX };
            load[kind.index()] = permille.map_or(nothing, |load| u64::try_from(load).unwrap_or(u64::MAX));
        }
        load
    }
}

/// Whether the tile class is among those that the job may run on, has its devices, and lies in its band.
#[must_use]
pub(super) fn admits(job: &Job, index: ClassIndex, class: &TileClass) -> bool {
    let warm = job.band.is_none_or(|band| band.contains(&class.band));
    job.allows(index) && warm && class.devices >= job.demand.devices
}

/// What does not depend on the tile class.
fn fixed_draw(demand: &Demand) -> Resources {
    Resources::of(Kind::Compute, demand.compute_mops)
        .with(Kind::Memory, demand.memory_bytes)
        .with(Kind::Bandwidth, demand.bandwidth_bps[Level::Tile.index()])
        .with(Kind::Accelerator, u64::from(demand.devices) * u64::from(demand.device_milli))
        .with(Kind::Storage, demand.storage_bytes)
        .with(Kind::Reversible, demand.reversible_mops)
}

/// The load that jobs offer to a fleet, in thousandths of what its tiles can give of each kind.
///
/// Time is left out: it is the load while everything runs at once.
#[must_use]
pub fn offered_load(fleet: &Fleet, jobs: &[Job]) -> [u64; Kind::COUNT] {
    let census = Census::of(fleet);
    let units: Vec<Resources> = jobs.iter().map(|job| census.unit(job, fleet.classes())).collect();
    let counts: Vec<u32> = jobs.iter().map(|job| job.count).collect();
    census.load_permille(&demand(&units, &counts))
}

/// The sum of unit demands times counts.
pub(super) fn demand(units: &[Resources], counts: &[u32]) -> [u128; Kind::COUNT] {
    let mut sum = [0u128; Kind::COUNT];
    for (unit, &count) in units.iter().zip(counts) {
        for (slot, &amount) in sum.iter_mut().zip(&unit.0) {
            *slot += u128::from(amount) * u128::from(count);
        }
    }
    sum
}

/// The load of the scarcest kind in millionths of the fleet's capacity: finer than [`Census::load_permille`].
pub(super) fn scarcest_ppm(census: &Census, units: &[Resources], counts: &[u32]) -> u128 {
    let sums = demand(units, counts);
    let load = |kind: Kind| (sums[kind.index()] * 1_000_000).checked_div(census.capacity(kind)).unwrap_or(0);
    Kind::ALL.into_iter().map(load).max().unwrap_or(0)
}

/// Counts in proportion to weights, each at least one, whose scarcest kind is loaded to the target.
///
/// Where one capsule of each is too much already, the rows at the end get none.
pub(super) fn counts_for_load(
    census: &Census,
    units: &[Resources],
    weights: &[u64],
    target_per_billion: u32,
) -> Vec<u32> {
    let target = 1_000 * u128::from(target_per_billion);
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let at = |capsules: u64| -> Vec<u32> { weights.iter().map(|&weight| portion(capsules, weight, total)).collect() };
    // Bisection: the load rises with the number of capsules shared out.
    let (mut low, mut high) = (0u64, u64::from(u32::MAX));
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if scarcest_ppm(census, units, &at(middle)) <= target { low = middle } else { high = middle }
    }
    let mut counts = at(low);
    while scarcest_ppm(census, units, &counts) > target * 101 / 100 {
        let Some(last) = counts.iter().rposition(|&count| count > 0) else { break };
        counts[last] = 0;
    }
    counts
}

/// Counts in proportion to weights, each at least one, that add up to a number of capsules where it is large enough.
pub(super) fn counts_for_capsules(capsules: u32, weights: &[u64]) -> Vec<u32> {
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let (mut low, mut high) = (0u64, 2 * u64::from(capsules) + 2);
    let at = |shared: u64| weights.iter().map(move |&weight| portion(shared, weight, total));
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        let sum: u64 = at(middle).map(u64::from).sum();
        if sum <= u64::from(capsules) { low = middle } else { high = middle }
    }
    let mut counts: Vec<u32> = at(low).collect();
    let sum: u64 = counts.iter().copied().map(u64::from).sum();
    let missing = usize::try_from(u64::from(capsules).saturating_sub(sum)).unwrap_or(0);
    for count in counts.iter_mut().take(missing) {
        *count += 1;
    }
    counts
}

/// A row's part of the capsules by its weight, rounded, at least one.
fn portion(capsules: u64, weight: u64, total: u128) -> u32 {
    let part = (u128::from(capsules) * u128::from(weight) + total / 2) / total.max(1);
    u32::try_from(part).unwrap_or(u32::MAX).max(1)
}

/// The scale of sizes, in thousandths, at which fixed counts load the scarcest kind to the target, or come nearest.
pub(super) fn scale_for_load(target_per_billion: u32, most: u64, load_ppm_at: impl Fn(u64) -> u128) -> u64 {
    let target = 1_000 * u128::from(target_per_billion);
    let (mut low, mut high) = (1u64, most);
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if load_ppm_at(middle) <= target { low = middle } else { high = middle }
    }
    if target.abs_diff(load_ppm_at(low)) <= target.abs_diff(load_ppm_at(high)) { low } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(compute: u128) -> Census {
        let mut capacity = [0; Kind::COUNT];
        capacity[Kind::Compute.index()] = compute;
        Census { capacity, tiles_of: vec![1] }
    }

    #[test]
    fn counts_follow_weights_up_to_the_load() {
        // 1,000 units of capacity at 80 %: capsules of 2 and 4 in proportion 3 : 1 take 10 a set, so 80 sets.
        let units = [Resources::of(Kind::Compute, 2), Resources::of(Kind::Compute, 4)];
        assert_eq!(counts_for_load(&census(1_000), &units, &[3, 1], 800), [240, 80]);
    }

    #[test]
    fn where_one_of_each_is_too_much_the_last_rows_get_none() {
        let units = [Resources::of(Kind::Compute, 60); 3];
        assert_eq!(counts_for_load(&census(100), &units, &[1, 1, 1], 1_300), [1, 1, 0]);
    }

    #[test]
    fn a_number_of_capsules_is_met_exactly() {
        let counts = counts_for_capsules(1_000, &[500, 333, 77, 1]);
        assert_eq!(counts.iter().sum::<u32>(), 1_000);
        assert!(counts.iter().all(|&count| count >= 1));
    }
}
