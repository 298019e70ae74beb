//! Cohorts: jobs that must be near each other, however indirectly, which are put in together.
//!
//! Class by class a leader goes where its followers have no room, and a gang to where the next one is split. So a cohort looks for
//! a tile, or a cell, that takes all of it, the fullest first (best fit; Johnson 1973), and capsules of one that does not find room
//! for all it needs leave no trace.

use std::collections::BTreeSet;

use lessor_models::fleet::Level;
use lessor_models::job::Domain;
use lessor_models::resources::{Resources, UNLIMITED};

use super::insert;
use super::occupancy::{Item, Occupancy};
use super::rank::Ranking;
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::support::random::Random;
use crate::support::sets::Sets;
use crate::support::stop::Stop;

/// Tiles, or cells, at which a whole cohort is tried.
const ANCHORS_MAX: usize = 8;

/// Parts of a cohort that are placed apart, at most.
const PARTS_MAX: u64 = 4;

/// Capsules up to which a cohort is tried whole.
const TOGETHER_MAX: u64 = 256;

/// Capsules times tiles up to which each capsule looks for the fullest tile.
const LOOKS_MAX: u64 = 1 << 18;

/// One in so many tiles is passed over by chance (Christiaens & Vanden Berghe 2020, section 4.2).
const BLINKS: u64 = 64;

/// One of so many classes that need no other is placed by chance alone: prices send all of them to the same tiles.
const SCATTERED: u64 = 4;

/// The cohorts of an instance.
#[derive(Clone, Debug)]
pub struct Cohorts {
    /// The classes of each, whoever must be near another after it.
    classes: Vec<Vec<JobClassIndex>>,
    of_class: Vec<usize>,
    /// What each is worth for the room that it takes.
    efficiency: Vec<f64>,
}

impl Cohorts {
    /// All cohorts. O(classes log classes + classes x groups).
    #[must_use]
    pub fn of(lowered: &Lowered<'_>, ranking: &Ranking) -> Cohorts {
        let count = lowered.classes.len();
        let mut sets = Sets::apart(count);
        for class in lowered.class_indexes() {
            if let Some(leader) = leader(lowered, class) {
                sets.join(class.at(), leader.at());
            }
        }
        let mut cohorts = Cohorts { classes: Vec::new(), of_class: vec![0; count], efficiency: Vec::new() };
        let mut at_of_least = vec![None; count];
        for class in lowered.class_indexes() {
            let at = *at_of_least[sets.least(class.at())].get_or_insert_with(|| {
                cohorts.classes.push(Vec::new());
                cohorts.classes.len() - 1
            });
            cohorts.classes[at].push(class);
            cohorts.of_class[class.at()] = at;
        }
        for classes in &mut cohorts.classes {
            lead_first(lowered, classes);
        }
        cohorts.efficiency = cohorts.classes.iter().map(|classes| efficiency(lowered, ranking, classes)).collect();
        cohorts
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.classes.len()
    }

    /// The classes of a cohort.
    #[must_use]
    pub fn classes(&self, at: usize) -> &[JobClassIndex] {
        &self.classes[at]
    }

    /// The cohort of a class.
    #[must_use]
    pub fn of_class(&self, class: JobClassIndex) -> usize {
        self.of_class[class.at()]
    }

    /// Cohorts in the order of what they are worth for the room that they take, which chance shakes by up to a power of e of
    /// `noise`.
    pub fn in_order(&self, some: impl Iterator<Item = usize>, noise: f64, random: &mut Random) -> Vec<usize> {
        let shaken = some.map(|at| (self.efficiency[at] * (noise * (2.0 * random.unit() - 1.0)).exp(), at));
        let mut ranked: Vec<(f64, usize)> = shaken.collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().map(|(_, at)| at).collect()
    }

    /// Whether anything is missing of a cohort.
    #[must_use]
    pub fn is_missing(&self, occupancy: &Occupancy<'_>, at: usize) -> bool {
        self.classes[at].iter().any(|&class| occupancy.missing(class) > 0)
    }

    /// In how many places one capsule after the other would be looked for, if all were put in: capsules that others need, times
    /// tiles.
    #[must_use]
    pub fn looks(&self, lowered: &Lowered<'_>) -> u64 {
        let needed = lowered.class_indexes().filter(|&class| !needs_no_other(lowered, class));
        let capsules: u64 = needed.map(|class| lowered.classes[class.at()].count).fold(0, u64::saturating_add);
        capsules.saturating_mul(lowered.tiles.len() as u64)
    }

    /// Puts in what is missing of a cohort, at one instant alone: whole if there is a place for that, else as much as may stand.
    pub fn put_in(&self, occupancy: &mut Occupancy<'_>, at: usize, ranking: &Ranking, random: &mut Random) {
        let classes = &self.classes[at];
        let mut trial = Trial { ranking, random, placed: Vec::new() };
        if classes.len() > 1 && trial.together(occupancy, classes) {
            return;
        }
        for &class in classes {
            trial.class(occupancy, class);
        }
    }
}

/// Whether a capsule of a class may stand without any other.
fn needs_no_other(lowered: &Lowered<'_>, class: JobClassIndex) -> bool {
    !lowered.classes[class.at()].is_bound && lowered.job(class).gang_min <= 1
}

/// The class that one must be near.
fn leader(lowered: &Lowered<'_>, class: JobClassIndex) -> Option<JobClassIndex> {
    lowered.job(class).affinity.map(|relation| lowered.class_of_job[relation.job.at()])
}

/// Whoever must be near another comes after it, where they are not near each other in a ring. O(classes log classes).
fn lead_first(lowered: &Lowered<'_>, classes: &mut Vec<JobClassIndex>) {
    let mut seen = BTreeSet::new();
    for class in std::mem::take(classes) {
        let up = std::iter::successors(Some(class), |&class| leader(lowered, class));
        let new: Vec<JobClassIndex> = up.take_while(|&class| seen.insert(class)).collect();
        classes.extend(new.into_iter().rev());
    }
}

fn efficiency(lowered: &Lowered<'_>, ranking: &Ranking, classes: &[JobClassIndex]) -> f64 {
    let (mut worth, mut room) = (0.0, 0.0);
    for &class in classes {
        let Some(&group) = ranking.groups(lowered, class).first() else { continue };
        let count = lowered.classes[class.at()].count as f64;
        worth += count * lowered.earns(class, group, lowered.job(class).earliest) as f64;
        room += count * share(lowered.draw(class, group), lowered.group(group).capacity(0));
    }
    worth / f64::max(room, 1e-9)
}

/// What kinds are drawn of a capacity, each as a part of it, in all.
fn share(draw: &Resources, capacity: &Resources) -> f64 {
    let kinds = draw.0.iter().zip(&capacity.0).filter(|(draw, all)| **draw > 0 && **all > 0 && **all < UNLIMITED);
    kinds.map(|(&draw, &all)| draw as f64 / all as f64).sum()
}

/// Some capsules of a class.
type Part = (JobClassIndex, u64);

/// Capsules that are placed for a trial.
struct Trial<'t> {
    ranking: &'t Ranking,
    random: &'t mut Random,
    placed: Vec<(TileIndex, Item)>,
}

impl Trial<'_> {
    /// Places all that is missing of a cohort around one tile or, in equal parts, around a few; whether it did.
    fn together(&mut self, occupancy: &mut Occupancy<'_>, classes: &[JobClassIndex]) -> bool {
        let missing: Vec<u64> = classes.iter().map(|&class| occupancy.missing(class)).collect();
        let capsules: u64 = missing.iter().sum();
        let looks = capsules.saturating_mul(occupancy.lowered().tiles.len() as u64);
        if capsules == 0 || capsules > TOGETHER_MAX || looks > LOOKS_MAX {
            return false;
        }
        let most = missing.iter().copied().max().unwrap_or(1);
        (1..=PARTS_MAX.min(most)).any(|parts| {
            let part: Vec<Part> =
                classes.iter().zip(&missing).map(|(&class, missing)| (class, missing.div_ceil(parts))).collect();
            let is_placed = (0..parts).all(|_| self.part(occupancy, &part));
            if is_placed {
                self.placed.clear();
            }
            self.undo(occupancy, 0);
            is_placed
        })
    }

    /// Places a part of a cohort around the fullest tile that may do; whether there is one.
    fn part(&mut self, occupancy: &mut Occupancy<'_>, part: &[Part]) -> bool {
        let part: Vec<Part> = part.iter().map(|&(class, count)| (class, count.min(occupancy.missing(class)))).collect();
        let before = self.placed.len();
        self.anchors(occupancy, &part).into_iter().any(|anchor| {
            let is_placed = self.around(occupancy, &part, anchor);
            if !is_placed {
                self.undo(occupancy, before);
            }
            is_placed
        })
    }

    /// Tiles around which a cohort may have room, the fullest first: of the cells that do, one each, where it need not be on one
    /// tile.
    fn anchors(&mut self, occupancy: &Occupancy<'_>, part: &[Part]) -> Vec<TileIndex> {
        let lowered = occupancy.lowered();
        let classes: Vec<JobClassIndex> = part.iter().map(|&(class, _)| class).collect();
        let tile_alone = Domain::Level(Level::Tile);
        let on_tile = |class: &JobClassIndex| lowered.job(*class).affinity.is_none_or(|near| near.domain == tile_alone);
        let is_on_tile = classes.iter().all(on_tile);
        let mut ranked: Vec<(f64, TileIndex)> = Vec::new();
        for cell in &lowered.cells {
            let needed = |group: GroupIndex| all_of(lowered, part, group);
            if is_on_tile {
                for tile in cell.tiles.clone().map(TileIndex::new) {
                    let group = lowered.group_of(tile);
                    let left = occupancy.tile_left(tile, 0);
                    if needed(group).is_some_and(|needed| needed.fits(left)) && self.random.below(BLINKS) > 0 {
                        ranked.push((share(left, lowered.group(group).capacity(0)), tile));
                    }
                }
                continue;
            }
            let tiles = || cell.tiles.clone().map(TileIndex::new);
            let leads = |tile: &TileIndex| fits(occupancy, *tile, classes[0], &classes);
            let fullest = tiles().filter(leads).map(|tile| {
                let capacity = lowered.group(lowered.group_of(tile)).capacity(0);
                (share(occupancy.tile_left(tile, 0), capacity), tile)
            });
            let Some((_, tile)) = fullest.min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
            let (group, mut left) = (lowered.group_of(tile), Resources::ZERO);
            for tile in tiles() {
                let more = occupancy.tile_left(tile, 0);
                left.0.iter_mut().zip(more.0).for_each(|(left, more)| *left = left.saturating_add(more));
            }
            if needed(group).is_some_and(|needed| needed.fits(&left)) && self.random.below(BLINKS) > 0 {
                ranked.push((share(&left, lowered.group(group).capacity(0)), tile));
            }
        }
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().take(ANCHORS_MAX).map(|(_, tile)| tile).collect()
    }

    /// Places a part of a cohort on a tile and near it; whether all found a place and may stay there.
    fn around(&mut self, occupancy: &mut Occupancy<'_>, part: &[Part], anchor: TileIndex) -> bool {
        let (before, classes) = (self.placed.len(), part.iter().map(|&(class, _)| class));
        let mut coming: Vec<JobClassIndex> = classes.rev().collect();
        for (at, &(class, count)) in part.iter().enumerate() {
            let groups = self.ranking.groups(occupancy.lowered(), class);
            for _ in 0..count {
                // Whoever is still to come counts as there.
                let is_placed = fits(occupancy, anchor, class, &coming) && self.place(occupancy, anchor, class);
                if !is_placed && (at == 0 || !self.place_fullest(occupancy, (class, &groups), &coming)) {
                    return false;
                }
            }
            coming.pop();
        }
        self.placed[before..].iter().all(|&(tile, item)| !occupancy.bonds().is_orphan(tile, item.class, item.start))
    }

    /// Places what is missing of a class: jobs whose capsules need each other whole or not at all.
    fn class(&mut self, occupancy: &mut Occupancy<'_>, class: JobClassIndex) {
        let lowered = occupancy.lowered();
        let job = lowered.job(class);
        let needs_no_other = needs_no_other(lowered, class);
        let looks = occupancy.missing(class).saturating_mul(lowered.tiles.len() as u64);
        if needs_no_other && looks <= LOOKS_MAX && self.random.below(SCATTERED) == 0 {
            while occupancy.missing(class) > 0 && self.place_anywhere(occupancy, class) {}
            self.placed.clear();
            return;
        }
        if needs_no_other || looks > LOOKS_MAX {
            insert::insert_missing_tightly(occupancy, &[class], self.ranking, &Stop::new());
            return;
        }
        let groups = self.ranking.groups(lowered, class);
        while occupancy.missing(class) > 0 {
            let there = occupancy.placed(class) % u64::from(job.count);
            let wanted = (u64::from(job.count) - there).min(occupancy.missing(class));
            let placed =
                (0..wanted).take_while(|_| self.place_fullest(occupancy, (class, &groups), &[])).count() as u64;
            if there + placed < u64::from(job.gang_min) {
                self.undo(occupancy, 0);
            }
            self.placed.clear();
            if placed < wanted {
                return;
            }
        }
    }

    /// Places one capsule on any of the tiles that take it; whether there is one.
    fn place_anywhere(&mut self, occupancy: &mut Occupancy<'_>, class: JobClassIndex) -> bool {
        let (mut chosen, mut open) = (None, 0);
        for tile in (0..occupancy.lowered().tiles.len()).map(TileIndex::new) {
            if fits(occupancy, tile, class, &[]) {
                open += 1;
                if self.random.below(open) == 0 {
                    chosen = Some(tile);
                }
            }
        }
        chosen.is_some_and(|tile| self.place(occupancy, tile, class))
    }

    /// Places one capsule on the fullest tile that takes it, of the best group that has one; whether there is one.
    fn place_fullest(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        (class, groups): (JobClassIndex, &[GroupIndex]),
        coming: &[JobClassIndex],
    ) -> bool {
        let lowered = occupancy.lowered();
        for &group in groups {
            let capacity = lowered.group(group).capacity(0);
            let mut fullest: Option<(f64, TileIndex)> = None;
            for tile in lowered.group(group).tiles.clone().map(TileIndex::new) {
                let left = share(occupancy.tile_left(tile, 0), capacity);
                let is_fuller = fullest.is_none_or(|(least, _)| left < least);
                if is_fuller && fits(occupancy, tile, class, coming) && self.random.below(BLINKS) > 0 {
                    fullest = Some((left, tile));
                }
            }
            if let Some((_, tile)) = fullest {
                return self.place(occupancy, tile, class);
            }
        }
        false
    }

    /// Places one capsule on a tile that takes it; whether its devices are there.
    fn place(&mut self, occupancy: &mut Occupancy<'_>, tile: TileIndex, class: JobClassIndex) -> bool {
        let lowered = occupancy.lowered();
        let start = lowered.job(class).earliest;
        let over = occupancy.buckets(class, lowered.group_of(tile), start);
        let Some(devices) = occupancy.choose_devices(tile, class, over) else { return false };
        let item = Item { class, count: 1, start, devices, is_current: false };
        occupancy.place(tile, item);
        self.placed.push((tile, item));
        true
    }

    /// Takes off what the trial placed after so many capsules.
    fn undo(&mut self, occupancy: &mut Occupancy<'_>, before: usize) {
        for (tile, item) in self.placed.drain(before..).rev() {
            let same = |other: &Item| Item { count: 1, ..*other } == item;
            let position = occupancy.items(tile).iter().rposition(same).expect("the trial placed it");
            occupancy.take(tile, position, 1);
        }
    }
}

/// What a part of a cohort draws on tiles of a group; `None` where that is more than can be counted.
fn all_of(lowered: &Lowered<'_>, part: &[Part], group: GroupIndex) -> Option<Resources> {
    let mut sum = Resources::ZERO;
    for &(class, count) in part {
        for (sum, &draw) in sum.0.iter_mut().zip(&lowered.draw(class, group).0) {
            *sum = sum.checked_add(draw.checked_mul(count)?)?;
        }
    }
    Some(sum)
}

/// Whether a tile, what lies above it, and the rules allow one more capsule, those counted as near that are to come.
fn fits(occupancy: &Occupancy<'_>, tile: TileIndex, class: JobClassIndex, coming: &[JobClassIndex]) -> bool {
    let lowered = occupancy.lowered();
    let (group, start) = (lowered.group_of(tile), lowered.job(class).earliest);
    !lowered.group(group).closed
        && lowered.earning(class, group).is_some()
        && occupancy.fits_tile(tile, class, start)
        && occupancy.path_room(class, group, start, 1) == 1
        && occupancy.bonds().allow_beside(tile, (class, start), coming)
        && occupancy.bonds().is_apart_enough(tile, class)
        && occupancy.worthwhile(tile, (class, start), (lowered.earns(class, group, start), 1)) == 1
}
