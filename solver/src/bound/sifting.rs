//! The columns of the layer program: which are there, what they earn, and which to add at the prices of a solve.

use std::collections::HashSet;

use rayon::prelude::*;

use super::budget::{Budget, Count};
use super::device_rows::{Best, DeviceRows};
use super::merge::Merged;
use super::patterns::PiecePrices;
use super::prices::{PathPrices, Usages};
use super::rows::{Rows, Spot};
use super::shapes::ShapePrices;
use super::supply::Supply;
use super::tile_rows::TileRows;
use super::timeline::{Runs, Timeline};
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex};
use crate::program::linear::{Column, LateRow, Program, Row, Solution};

/// Places of each class in the first program, and the most that each solve adds.
const PLACES: usize = 8;

/// What a solve's prices imply.
pub(super) struct Priced {
    /// The Lagrangian bound, in units of the objective.
    pub(super) bound: f64,
    /// Prices of budgets, above zero.
    pub(super) prices: Vec<(Budget, f64)>,
    /// Prices of pieces of devices.
    pub(super) pieces: PiecePrices,
    /// Prices of shapes.
    pub(super) shapes: ShapePrices,
    wanted: Vec<Wanted>,
    patterns: Vec<Best>,
}

/// What is known of one class at some prices: its best margin, and the groups and starts worth a column.
type Wanted = (f64, Vec<(usize, usize)>);

/// The program's columns and rows, as they are added.
pub(super) struct Sifting<'a> {
    lowered: &'a Lowered<'a>,
    merged: &'a Merged,
    timeline: &'a Timeline,
    rows: Rows<'a>,
    bars: Vec<(Budget, f64)>,
    job_rows: Vec<Row>,
    devices: Option<DeviceRows>,
    tiles: TileRows,
    /// The place of every column in order; `None` for patterns.
    columns: Vec<Option<Spot>>,
    known: HashSet<(JobClassIndex, usize, usize)>,
    /// Micro-credits that one unit of the objective stands for.
    scale: f64,
}

impl<'a> Sifting<'a> {
    /// Adds the rows of a supply to an empty program.
    pub(super) fn new(
        supply: &'a Supply<'a>,
        merged: &'a Merged,
        timeline: &'a Timeline,
        program: &mut Program,
    ) -> Sifting<'a> {
        let lowered = supply.lowered;
        let bids = lowered.class_indexes().map(|class| lowered.job(class).bid as f64 * lowered.most(class) as f64);
        let scale = (bids.sum::<f64>() / 1e4).max(1.0);
        let job_rows = lowered.class_indexes().map(|_| program.row(1.0)).collect();
        let rows = Rows::new(supply, merged, timeline, program);
        let bars = rows.bars();
        let devices = DeviceRows::new(lowered, merged, timeline, program);
        let (tiles, columns, known) = (TileRows::new(timeline), Vec::new(), HashSet::new());
        Sifting { lowered, merged, timeline, rows, bars, job_rows, devices, tiles, columns, known, scale }
    }

    pub(super) fn row_count(&self) -> u64 {
        let patterns = self.devices.as_ref().map_or(0, DeviceRows::count) + self.tiles.count();
        (self.job_rows.len() + self.rows.count() + patterns) as u64
    }

    /// Prices of the budgets that give nothing.
    pub(super) fn bars(&self) -> &[(Budget, f64)] {
        &self.bars
    }

    /// Some places of every class, spread over all that it may use, and patterns of one milli alone.
    pub(super) fn first_columns(&mut self) -> Vec<Column> {
        let groups = self.merged.groups.len();
        let mut columns = Vec::new();
        for class in self.lowered.class_indexes().filter(|&class| self.lowered.most(class) > 0) {
            let usable: Vec<usize> = (0..groups).filter(|&group| self.best_member(class, group).is_some()).collect();
            let taken = usable.len().min(PLACES);
            for k in 0..taken {
                let at = (class.at() + k * usable.len() / taken) % usable.len();
                columns.extend(self.column(class, usable[at], 0));
            }
        }
        let patterns = self.devices.as_mut().map(DeviceRows::first_patterns);
        self.with_patterns(columns, patterns)
    }

    /// Columns for the places where a class earns more than it does, and for patterns worth more than their devices earn.
    pub(super) fn columns_at(&mut self, priced: &Priced, solution: &Solution) -> Vec<Column> {
        let mut columns = Vec::new();
        for (class, (_, places)) in self.lowered.class_indexes().zip(&priced.wanted) {
            for &(group, start) in places {
                columns.extend(self.column(class, group, start));
            }
        }
        let scale = self.scale;
        let patterns = self.devices.as_mut().map(|devices| devices.patterns_at(&priced.patterns, solution, scale));
        self.with_patterns(columns, patterns)
    }

    /// The columns of places, with those of patterns after them.
    fn with_patterns(&mut self, mut columns: Vec<Column>, patterns: Option<Vec<Column>>) -> Vec<Column> {
        let patterns = patterns.unwrap_or_default();
        self.columns.resize(self.columns.len() + patterns.len(), None);
        columns.extend(patterns);
        columns
    }

    /// Rows for the parts that a solution overdraws.
    pub(super) fn rows_at(&mut self, solution: &Solution) -> Vec<LateRow> {
        let overdrawn = self.rows.overdrawn(&self.columns, &solution.values);
        let mut late = Vec::with_capacity(overdrawn.len());
        for budget in overdrawn {
            let row = Row(solution.prices.len() + late.len());
            late.push(LateRow { limit: 1.0, entries: self.rows.add(budget, row, &self.columns) });
        }
        late
    }

    /// Cuts for the tiles that a solution overfills with large capsules, to follow so many other late rows.
    pub(super) fn cuts_at(&mut self, solution: &Solution, rows_before: usize) -> Vec<LateRow> {
        let usable = |class, group| self.lowered.most(class) > 0 && self.best_member(class, group).is_some();
        let cuts = self.tiles.violated((self.lowered, self.merged), &self.columns, &solution.values, usable);
        let first = solution.prices.len() + rows_before;
        let numbered = cuts.into_iter().zip((first..).map(Row));
        numbered.map(|(cut, row)| self.tiles.add(cut, row, &self.columns)).collect()
    }

    /// The column of a class in a merged group at a start, unless it is there already or nothing can be drawn there.
    fn column(&mut self, class: JobClassIndex, group: usize, start: usize) -> Option<Column> {
        let (worth, at) = self.best_member(class, group)?;
        if !self.known.insert((class, group, start)) {
            return None;
        }
        let asked = self.lowered.job(class);
        let runs = Runs::new(self.timeline, asked, self.lowered.term(class, at), self.lowered.tariff_changes(at));
        let worth = worth - self.lowered.surcharge(class, at, runs.starts[start]) as f64;
        // A column counts in shares of its class, so that every entry is a share of a row's limit.
        let capsules = self.lowered.most(class) as f64;
        if capsules <= 0.0 {
            return None;
        }
        let spot = Spot { class, group, at, run: runs.run(start), capsules };
        let mut entries = self.rows.entries(&spot)?;
        entries.push((self.job_rows[class.at()], 1.0));
        if let Some(devices) = &self.devices {
            entries.extend(devices.entries(self.lowered, &spot)?);
        }
        entries.extend(self.tiles.entries(&spot));
        self.columns.push(Some(spot));
        let most = (self.lowered.spread_room(class, &self.merged.groups[group]) as f64 / capsules).min(1.0);
        Some(Column { worth: worth * capsules / self.scale, most, entries })
    }

    /// The worth of a class in a merged group, above zero, and where in it.
    fn best_member(&self, class: JobClassIndex, group: usize) -> Option<(f64, GroupIndex)> {
        let members = &self.merged.groups[group];
        // Without a place of its own a class is worth the same in every member.
        let alike = self.lowered.classes[class.at()].is_placeless;
        let looked_at = if alike { &members[..1] } else { &members[..] };
        let worths = looked_at.iter().filter_map(|&at| Some((self.lowered.worth(class, at)?, at)));
        let (worth, at) = worths.max_by_key(|&(worth, at)| (worth, std::cmp::Reverse(at)))?;
        // A bonus counts per capsule, as if it were earned bit by bit.
        let job = self.lowered.job(class);
        let bonus = if job.wanted > 0 { job.bonus as f64 / f64::from(job.wanted) } else { 0.0 };
        let worth = worth as f64 + bonus;
        (worth > 0.0).then_some((worth, at))
    }

    /// What a solve's prices imply: the Lagrangian bound, and where each class earns more than it does.
    pub(super) fn price(&self, solution: &Solution) -> Priced {
        let priced =
            self.rows.iter().map(|&(budget, row, limit)| (budget, solution.prices[row.0] * self.scale / limit));
        let mut prices: Vec<(Budget, f64)> = priced.filter(|entry| entry.1 > 0.0).collect();
        let capacity: f64 = self.rows.iter().map(|&(_, row, _)| solution.prices[row.0] * self.scale).sum();
        prices.sort_by_key(|entry| entry.0);
        let devices = self.devices.as_ref();
        let pieces = devices.map(|devices| devices.prices(solution, self.scale)).unwrap_or_default();
        let patterns = devices.map(|devices| devices.best_patterns(solution, self.scale)).unwrap_or_default();
        let shapes = self.tiles.prices(solution, self.scale);
        let all = prices.iter().chain(&self.bars).copied();
        let path_prices = PathPrices::new(self.merged, self.timeline, all, (&pieces, &shapes));
        let classes: Vec<JobClassIndex> = self.lowered.class_indexes().collect();
        let price = |&class: &JobClassIndex| {
            let earned = solution.prices[self.job_rows[class.at()].0] * self.scale;
            self.price_class(class, earned / (self.lowered.most(class) as f64).max(1.0), &path_prices)
        };
        let wanted: Vec<Wanted> = classes.par_iter().map(price).collect();
        let margins = classes.iter().zip(&wanted).map(|(&class, (best, _))| best * self.lowered.most(class) as f64);
        let devices = devices.map_or(0.0, |devices| devices.worth(&patterns));
        let bound = (capacity + devices + margins.sum::<f64>()) / self.scale + self.tiles.worth(solution);
        Priced { bound, prices, pieces, shapes, wanted, patterns }
    }

    fn price_class(&self, class: JobClassIndex, earned: f64, prices: &PathPrices) -> Wanted {
        if self.lowered.most(class) == 0 {
            return (0.0, Vec::new());
        }
        let mut usages = Usages::default();
        let mut margins: Vec<(f64, usize, usize)> = Vec::new();
        for group in 0..self.merged.groups.len() {
            let Some((worth, at)) = self.best_member(class, group) else { continue };
            let usage = usages.of(self.lowered, prices, (class, at));
            let (cost, start) = prices.cheapest(self.lowered, class, group, usage);
            margins.push((worth - cost, group, start));
        }
        margins.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let best = margins.first().map_or(0.0, |entry| entry.0.max(0.0));
        // Anything above what the class earns already, beyond the rounding of the solve.
        let least = earned + 1e-7 * earned.max(1.0);
        let better = margins
            .into_iter()
            .filter(|&(margin, group, start)| margin > least && !self.known.contains(&(class, group, start)));
        (best, better.take(PLACES).map(|(_, group, start)| (group, start)).collect())
    }

    /// What values of the columns count, in the order of classes, groups and starts.
    pub(super) fn counts(&self, values: &[f64]) -> Vec<Count> {
        let mut counts: Vec<Count> = Vec::new();
        for (spot, &value) in self.columns.iter().zip(values) {
            if let Some(Spot { class, group, run, capsules, .. }) = spot.filter(|_| value > 0.0) {
                counts.push(Count { class, group, start: run.start, capsules: value * capsules });
            }
        }
        counts.sort_by_key(|count| (count.class, count.group, count.start));
        counts
    }
}
