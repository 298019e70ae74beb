//! Which jobs and tiles are filled anew together.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::time::Timestamp;

use super::COLUMNS_MAX;
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::Occupancy;
use crate::support::random::Random;

/// Starts of a class that are tried at most: beside those that it has, some drawn by chance.
const STARTS_MAX: usize = 8;

/// Groups in which the starts of a class are counted.
const GROUPS_COUNTED: usize = 64;

/// Tiles of a region at most.
const TILES_MAX: usize = 200;

/// The part of a region's columns that jobs on its tiles may take, by numerator and denominator; what is missing has the others.
const PLACED: (usize, usize) = (3, 5);

/// Jobs and tiles.
#[derive(Clone, Debug)]
pub(super) struct Region {
    /// In their order.
    pub(super) tiles: Vec<TileIndex>,
    /// In their order.
    pub(super) classes: Vec<JobClassIndex>,
    /// Starts of a class that are tried at most, and the seed by which they are drawn.
    pub(super) starts_max: usize,
    pub(super) seed: u64,
    /// Whether it has every tile, class and start that any could have.
    pub(super) is_whole: bool,
}

impl Region {
    pub(super) fn has(&self, class: JobClassIndex) -> bool {
        self.classes.binary_search(&class).is_ok()
    }
}

/// What regions are drawn from.
#[derive(Debug)]
pub(super) struct Regions {
    /// The classes that may move, best first.
    classes: Vec<JobClassIndex>,
    /// How many starts each class has, in the group where it has most.
    starts: Vec<usize>,
    /// For each class, those that must be near it or that it must be near, where they may move too.
    mates: BTreeMap<JobClassIndex, Vec<JobClassIndex>>,
    tiles: usize,
}

impl Regions {
    /// All regions with some classes. O(classes times groups times starts).
    pub(super) fn new(lowered: &Lowered<'_>, classes: &[JobClassIndex]) -> Regions {
        let classes = classes.to_vec();
        let may_move: BTreeSet<JobClassIndex> = classes.iter().copied().collect();
        let mut mates: BTreeMap<JobClassIndex, Vec<JobClassIndex>> = BTreeMap::new();
        for &class in &classes {
            let leader = lowered.job(class).affinity.map(|other| lowered.class_of_job[other.job.at()]);
            if let Some(leader) = leader.filter(|leader| may_move.contains(leader)) {
                mates.entry(class).or_default().push(leader);
                mates.entry(leader).or_default().push(class);
            }
        }
        let tiles = lowered.tiles.len();
        // With more starts than these a plan is too large to be one region.
        let counted = STARTS_MAX.max(COLUMNS_MAX / tiles.max(1) + 1);
        let mut starts = vec![0; lowered.classes.len()];
        for &class in &classes {
            let offers = |group| offers(lowered, class, group).take(counted).count();
            starts[class.at()] = lowered.group_indexes().take(GROUPS_COUNTED).map(offers).max().unwrap_or(0);
        }
        Regions { classes, starts, mates, tiles }
    }

    /// A region of about so many columns; `None` where nothing can be moved.
    pub(super) fn draw(&self, occupancy: &Occupancy<'_>, columns: usize, random: &mut Random) -> Option<Region> {
        if self.classes.is_empty() {
            return None;
        }
        let all: usize = self.classes.iter().map(|class| self.starts[class.at()]).sum::<usize>() * self.tiles;
        if all <= columns && self.tiles <= TILES_MAX {
            let mut classes = self.classes.clone();
            classes.sort_unstable();
            let tiles = (0..self.tiles).map(TileIndex::new).collect();
            return Some(Region { tiles, classes, starts_max: usize::MAX, seed: 0, is_whole: true });
        }
        let (tiles, classes) = if random.below(2) == 0 {
            self.by_tiles(occupancy, columns, random)
        } else {
            self.by_classes(occupancy, columns, random)
        };
        let mates = classes.iter().filter_map(|class| self.mates.get(class)).flatten().copied();
        let classes: BTreeSet<JobClassIndex> = mates.collect::<BTreeSet<_>>().union(&classes).copied().collect();
        let (tiles, classes) = (tiles.into_iter().collect(), classes.into_iter().collect());
        Some(Region { tiles, classes, starts_max: STARTS_MAX, seed: random.draw(), is_whole: false })
    }

    /// Tiles that are near each other in their order, for those share accounts as a rule, with what is on them; then some of what
    /// is missing.
    fn by_tiles(
        &self,
        occupancy: &Occupancy<'_>,
        columns: usize,
        random: &mut Random,
    ) -> (BTreeSet<TileIndex>, BTreeSet<JobClassIndex>) {
        let may_move: BTreeSet<JobClassIndex> = self.classes.iter().copied().collect();
        let (mut tiles, mut classes) = (BTreeSet::new(), BTreeSet::new());
        let (first, reach) = (random.index(self.tiles), 1 << random.index(self.tiles.ilog2() as usize + 1));
        let nearby = first.saturating_sub(reach)..(first + reach + 1).min(self.tiles);
        let (mut starts, most) = (0, columns * PLACED.0 / PLACED.1);
        for draw in 0..2 * TILES_MAX {
            let tile = if draw == 0 { first } else { nearby.start + random.index(nearby.len()) };
            let tile = TileIndex::new(tile);
            if tiles.contains(&tile) {
                continue;
            }
            let there: BTreeSet<JobClassIndex> = occupancy.items(tile).iter().map(|item| item.class).collect();
            let come: Vec<JobClassIndex> =
                there.intersection(&may_move).filter(|class| !classes.contains(*class)).copied().collect();
            let more: usize = come.iter().map(|&class| self.starts_tried(class)).sum();
            if !tiles.is_empty() && (starts + more) * (tiles.len() + 1) > most || tiles.len() == TILES_MAX {
                break;
            }
            tiles.insert(tile);
            classes.extend(come);
            starts += more;
        }
        let missing = self.missing(occupancy);
        for _ in 0..missing.len() {
            let class = one_of_the_best(&missing, random);
            let more = if classes.contains(&class) { 0 } else { self.starts_tried(class) };
            if (starts + more) * tiles.len() > columns {
                break;
            }
            classes.insert(class);
            starts += more;
        }
        (tiles, classes)
    }

    /// The classes of which something is missing, best first.
    fn missing(&self, occupancy: &Occupancy<'_>) -> Vec<JobClassIndex> {
        self.classes.iter().copied().filter(|&class| occupancy.missing(class) > 0).collect()
    }

    /// Some classes, every other one of which something is missing, on all tiles or as many as there may be: a gang that is missing
    /// may take the place of others anywhere.
    fn by_classes(
        &self,
        occupancy: &Occupancy<'_>,
        columns: usize,
        random: &mut Random,
    ) -> (BTreeSet<TileIndex>, BTreeSet<JobClassIndex>) {
        let tiles: BTreeSet<TileIndex> = if self.tiles <= TILES_MAX {
            (0..self.tiles).map(TileIndex::new).collect()
        } else {
            (0..TILES_MAX).map(|_| TileIndex::new(random.index(self.tiles))).collect()
        };
        let missing = self.missing(occupancy);
        let (mut classes, mut starts) = (BTreeSet::new(), 0);
        for draw in 0..self.classes.len() {
            let is_any = missing.is_empty() || draw % 2 == 1;
            let class =
                if is_any { self.classes[random.index(self.classes.len())] } else { one_of_the_best(&missing, random) };
            let more = if classes.contains(&class) { 0 } else { self.starts_tried(class) };
            if classes.len() > 1 && (starts + more) * tiles.len() > columns {
                break;
            }
            classes.insert(class);
            starts += more;
        }
        (tiles, classes)
    }

    fn starts_tried(&self, class: JobClassIndex) -> usize {
        self.starts[class.at()].min(STARTS_MAX)
    }
}

/// One of some classes, the better the likelier.
fn one_of_the_best(classes: &[JobClassIndex], random: &mut Random) -> JobClassIndex {
    classes[random.index(classes.len()).min(random.index(classes.len()))]
}

/// The starts at which a capsule earns something, or all of them where it may pay for itself otherwise: by those that must be near
/// it, by others of its gang or bonus, or by relieving its tile.
pub(super) fn offers<'l>(
    lowered: &'l Lowered<'_>,
    class: JobClassIndex,
    group: GroupIndex,
) -> impl Iterator<Item = Timestamp> + 'l {
    let job = lowered.job(class);
    let completes = job.gang_min > 1 || job.wanted > 1;
    let may_lose = completes || lowered.classes[class.at()].is_followed || lowered.strain.may_be_relieved();
    let all = may_lose.then(|| lowered.all_offers(class, group)).into_iter().flatten();
    let earning = (!may_lose).then(|| lowered.offers(class, group)).into_iter().flatten();
    let earning = earning.filter(move |&(_, start)| lowered.earns(class, group, start) > 0);
    all.chain(earning).map(|(_, start)| start)
}
