//! Rows of capacity: what the columns of a place use of a kind in a window is at most what the place gives there.
//!
//! A program starts with rows over coarse windows, which average over peaks. Where a solution draws more in some part than
//! there is, that part gets a row of its own (a cutting plane; Kelley 1960), so that few of the many possible rows are
//! ever there. A part without any capacity is barred instead: its price is more than any capsule could pay.

use std::collections::BTreeMap;

use lessor_models::fleet::Level;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, MICROS_PER_SECOND};

use super::budget::{Budget, Place};
use super::merge::Merged;
use super::supply::Supply;
use super::timeline::{Timeline, Window};
use crate::lowering::index::{GroupIndex, JobClassIndex};
use crate::program::linear::{Program, Row};

/// How many times a whole limit a column may draw before its place counts as having none of that kind.
const BARRED: f64 = 1e9;

/// How much more than the limit a part's use may be without a row for it.
const TOLERANCE: f64 = 0.05;

/// The most rows that one solve adds.
const ROWS_MAX: usize = 400;

/// A class in a merged group, at a start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// The class.
    pub class: JobClassIndex,
    /// The merged group.
    pub group: usize,
    /// The member that stands for it.
    pub at: GroupIndex,
    /// When its capsules run.
    pub run: Interval,
    /// Capsules that one unit of the column stands for.
    pub capsules: f64,
}

/// The rows of a program.
#[derive(Debug)]
pub struct Rows<'a> {
    supply: &'a Supply<'a>,
    merged: &'a Merged,
    timeline: &'a Timeline,
    /// Capacity in units times seconds, part by part, infinite where nothing limits; absent where nothing ever does.
    limits: BTreeMap<(Place, Kind), Vec<f64>>,
    /// Every row, with what its scaled limit of one stands for.
    list: Vec<(Budget, Row, f64)>,
    /// Positions in the list.
    of: BTreeMap<(Place, Kind), Vec<usize>>,
}

impl<'a> Rows<'a> {
    /// Adds a row to the program for every coarse window in which a place limits a kind.
    pub fn new(supply: &'a Supply<'a>, merged: &'a Merged, timeline: &'a Timeline, program: &mut Program) -> Rows<'a> {
        let (limits, list, of) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        let mut rows = Rows { supply, merged, timeline, limits, list, of };
        let groups = (0..merged.groups.len()).map(Place::Tiles);
        for place in groups.chain((0..merged.accounts.len()).map(Place::Account)) {
            for kind in Kind::ALL {
                let Some(limits) = supply.limits(merged, timeline, place, kind) else { continue };
                rows.limits.insert((place, kind), limits);
                for window in timeline.coarse() {
                    let budget = Budget { place, kind, window };
                    if let Some(limit) = rows.limit(budget) {
                        rows.note(budget, program.row(1.0), limit);
                    }
                }
            }
        }
        rows
    }

    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Every row with its budget and what its limit of one stands for, in units times seconds.
    pub fn iter(&self) -> impl Iterator<Item = &(Budget, Row, f64)> {
        self.list.iter()
    }

    fn note(&mut self, budget: Budget, row: Row, limit: f64) {
        self.of.entry((budget.place, budget.kind)).or_default().push(self.list.len());
        self.list.push((budget, row, limit));
    }

    /// What a budget gives, where it is limited and not barred.
    fn limit(&self, Budget { place, kind, window }: Budget) -> Option<f64> {
        let limit: f64 = self.limits.get(&(place, kind))?[window.parts()].iter().sum();
        (limit > 0.0 && limit.is_finite()).then_some(limit)
    }

    /// What a column uses per second, by place and kind; a place may come more than once.
    fn uses(&self, spot: &Spot) -> impl Iterator<Item = ((Place, Kind), f64)> + use<'_, 'a> {
        let &Spot { class, group, at, capsules, .. } = spot;
        let accounts = self.merged.paths[group].iter().map(|&(account, level)| (Place::Account(account), level));
        let path = std::iter::once((Place::Tiles(group), Level::Tile)).chain(accounts);
        path.flat_map(move |(place, level)| {
            let draw = self.supply.lowered.draw_at(class, at, level);
            let drawn = Kind::ALL.into_iter().filter(move |&kind| draw.get(kind) > 0);
            drawn.map(move |kind| ((place, kind), draw.get(kind) as f64 * capsules))
        })
    }

    /// The entries of a column; `None` where it has no room at all.
    #[must_use]
    pub fn entries(&self, spot: &Spot) -> Option<Vec<(Row, f64)>> {
        let mut entries: Vec<(Row, f64)> = Vec::new();
        for (key, amount) in self.uses(spot) {
            let Some(limits) = self.limits.get(&key) else { continue };
            if self.timeline.overlaps(spot.run).any(|(part, seconds)| seconds > 0.0 && limits[part] <= 0.0) {
                return None;
            }
            for &at in self.of.get(&key).into_iter().flatten() {
                let (budget, row, limit) = self.list[at];
                let share = amount * self.timeline.seconds(spot.run, budget.window) / limit;
                if share > BARRED {
                    return None;
                }
                entries.extend((share > 0.0).then_some((row, share)));
            }
        }
        entries.sort_by_key(|entry| entry.0);
        entries.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        Some(entries)
    }

    /// Adds a row to a program that is running already: its entry in every column that draws on it.
    pub fn add(&mut self, budget: Budget, row: Row, columns: &[Option<Spot>]) -> Vec<(usize, f64)> {
        let limit = self.limit(budget).expect("only what is overdrawn gets a row");
        self.note(budget, row, limit);
        let entry = |(position, spot): (usize, &Option<Spot>)| {
            let spot = spot.as_ref()?;
            let uses = self.uses(spot).filter(|&(key, _)| key == (budget.place, budget.kind));
            let amount: f64 = uses.map(|(_, amount)| amount).sum();
            let share = amount * self.timeline.seconds(spot.run, budget.window) / limit;
            (share > 0.0).then_some((position, share))
        };
        columns.iter().enumerate().filter_map(entry).collect()
    }

    /// The parts that a solution overdraws and that have no row yet, most overdrawn first.
    #[must_use]
    pub fn overdrawn(&self, columns: &[Option<Spot>], values: &[f64]) -> Vec<Budget> {
        if self.timeline.count() == 1 {
            return Vec::new();
        }
        let mut used: BTreeMap<(Place, Kind), Vec<f64>> = BTreeMap::new();
        for (spot, &value) in columns.iter().zip(values) {
            let Some(spot) = spot.as_ref().filter(|_| value > 1e-9) else { continue };
            for (key, amount) in self.uses(spot).filter(|(key, _)| self.limits.contains_key(key)) {
                let sums = used.entry(key).or_insert_with(|| vec![0.0; self.timeline.count()]);
                for (part, seconds) in self.timeline.overlaps(spot.run) {
                    sums[part] += amount * value * seconds;
                }
            }
        }
        let mut over: Vec<(f64, Budget)> = Vec::new();
        for ((place, kind), sums) in used {
            let known = self.of.get(&(place, kind)).map_or(&[][..], Vec::as_slice);
            for (part, used) in sums.into_iter().enumerate() {
                let budget = Budget { place, kind, window: Window::of(part) };
                let Some(limit) = self.limit(budget) else { continue };
                if used > limit * (1.0 + TOLERANCE) && !known.iter().any(|&at| self.list[at].0 == budget) {
                    over.push((used / limit, budget));
                }
            }
        }
        over.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        over.truncate(ROWS_MAX);
        over.into_iter().map(|entry| entry.1).collect()
    }

    /// A price for every part without capacity that no capsule could pay; it adds nothing to any bound.
    #[must_use]
    pub fn bars(&self) -> Vec<(Budget, f64)> {
        let mut draws: BTreeMap<Kind, Draws> = BTreeMap::new();
        let mut bars = Vec::new();
        for (&(place, kind), limits) in &self.limits {
            for (part, _) in limits.iter().enumerate().filter(|(_, limit)| **limit <= 0.0) {
                let window = Window::of(part);
                let draws = draws.entry(kind).or_insert_with(|| Draws::of(self.supply, kind));
                bars.push((Budget { place, kind, window }, draws.bar(self.timeline, window)));
            }
        }
        bars
    }
}

/// The extremes of what capsules draw of a kind and of what they are worth.
struct Draws {
    least: f64,
    most: f64,
    shortest: f64,
    worth: f64,
}

impl Draws {
    fn of(supply: &Supply<'_>, kind: Kind) -> Draws {
        let (lowered, classes) = (supply.lowered, supply.lowered.instance.fleet().classes());
        let mut draws = Draws { least: f64::INFINITY, most: 0.0, shortest: f64::INFINITY, worth: 0.0 };
        for class in lowered.class_indexes() {
            let job = lowered.job(class);
            for tile in classes {
                let draw = lessor_models::draw::draw(&job.demand, tile, Level::Tile).get(kind);
                let above = job.demand.bandwidth_bps.into_iter().filter(|_| kind == Kind::Bandwidth);
                for amount in above.chain([draw]).filter(|&amount| amount > 0).map(|amount| amount as f64) {
                    draws.least = draws.least.min(amount);
                    draws.most = draws.most.max(amount);
                    let term = lessor_models::draw::term(job, tile).0 as f64 / MICROS_PER_SECOND as f64;
                    draws.shortest = draws.shortest.min(term.max(1.0));
                    draws.worth = draws.worth.max(job.bid as f64 + job.bonus as f64);
                }
            }
        }
        draws
    }

    /// Twice what the dearest capsule is worth for the least that any draws, within what exact sums of 128 bits can hold.
    fn bar(&self, timeline: &Timeline, window: Window) -> f64 {
        let seconds = timeline.seconds(timeline.interval(window), window);
        let horizon = timeline.seconds(timeline.interval(timeline.whole()), timeline.whole());
        let price = 2.0 * self.worth / (self.least * self.shortest.min(seconds)).max(1.0);
        price.min(1e18 / (self.most * horizon).max(1.0))
    }
}
