//! What a bench came to, and the curves that its pages draw.

use crate::cli::{BenchPlanArgs, FamilyFlag};
use crate::draw::chart::{Curve, Join, Point, Style};
use crate::draw::figures;
use crate::process::machine::Machine;

use super::analysis::{Analysis, Growth, Median};
use super::cases::load;
use super::child::Limit;
use super::runs_table::BenchRun;

/// What a bench was told, ran and found.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) args: &'a BenchPlanArgs,
    pub(super) limit: Limit,
    pub(super) threads: usize,
    pub(super) machine: Machine,
    pub(super) runs: &'a [BenchRun],
    pub(super) analysis: &'a Analysis,
}

/// What a chart shows over the number of tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Seconds,
    PeakMemory,
    Gap,
}

impl Amount {
    fn of_run(self, run: &BenchRun) -> Option<f64> {
        match self {
            Amount::Seconds => Some(run.seconds),
            Amount::PeakMemory => Some(figures::mebibytes(run.peak_memory_bytes as f64)),
            Amount::Gap => run.gap.map(|gap| gap * 100.0),
        }
    }

    fn of_median(self, median: &Median) -> Option<f64> {
        match self {
            Amount::Seconds => Some(median.seconds),
            Amount::PeakMemory => Some(figures::mebibytes(median.peak_memory_bytes)),
            Amount::Gap => median.gap.map(|gap| gap * 100.0),
        }
    }

    fn words(self, median: &Median) -> String {
        match self {
            Amount::Seconds => format!("{} s", figures::significant(median.seconds)),
            Amount::PeakMemory => format!("{} MiB", figures::grouped(figures::mebibytes(median.peak_memory_bytes))),
            Amount::Gap => figures::gap(median.gap),
        }
    }
}

impl Outcome<'_> {
    /// One curve for each family and load, in the order of the runs.
    pub(super) fn curves(&self, amount: Amount) -> Vec<Curve> {
        let mut loads: Vec<f64> = self.analysis.medians.iter().map(|median| median.load).collect();
        loads.sort_by(f64::total_cmp);
        loads.dedup();
        let mut curves: Vec<Curve> = Vec::new();
        for median in &self.analysis.medians {
            let name = curve_name(&median.family, median.load);
            if curves.last().is_none_or(|curve| curve.name != name) {
                let family = FamilyFlag::ALL.iter().position(|family| family.name() == median.family);
                let load = loads.iter().position(|load| load.total_cmp(&median.load).is_eq());
                curves.push(Curve {
                    dots: self.dots(amount, &name),
                    name,
                    style: Style { color: family.unwrap_or(0), dashes: load.unwrap_or(0) },
                    join: Join::Straight,
                    line: Vec::new(),
                    markers: Vec::new(),
                });
            }
            if let (Some(curve), Some(found)) = (curves.last_mut(), amount.of_median(median)) {
                let words = format!("{} tiles, {}", figures::grouped(median.tiles), amount.words(median));
                curve.line.push((median.tiles, found));
                curve.markers.push(Point { x: median.tiles, y: found, words });
            }
        }
        curves
    }

    /// The runs of a curve, where there are repeats to show.
    fn dots(&self, amount: Amount, name: &str) -> Vec<(f64, f64)> {
        let runs = self.runs.iter().filter(|run| self.args.repeat > 1 && curve_name(run.family, run.load) == name);
        runs.filter_map(|run| Some((f64::from(run.tiles), amount.of_run(run)?))).collect()
    }

    /// The sizes that were run, rising.
    pub(super) fn sizes(&self) -> Vec<f64> {
        let mut sizes: Vec<f64> = self.runs.iter().map(|run| f64::from(run.tiles)).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        sizes
    }

    /// The growth of a curve; `None` where it has one size.
    pub(super) fn growth(&self, name: &str) -> Option<&Growth> {
        self.analysis.growths.iter().find(|growth| curve_name(&growth.family, growth.load) == name)
    }

    /// What ended each plan, in words.
    pub(super) fn limit_words(&self) -> String {
        match self.limit {
            Limit::Seconds(seconds) => format!("a deadline of {} s", figures::mark(seconds)),
            Limit::WorkPerTile(0) => "construction with its polish, and proof; no search after them".to_owned(),
            Limit::WorkPerTile(work) => format!("a search of {work} moves a tile"),
        }
    }

    /// What every fleet had in common, in words.
    pub(super) fn fleet_words(&self) -> String {
        let classes = if self.args.distinct {
            "every job a class of its own".to_owned()
        } else {
            format!("{} job classes generated", figures::grouped(f64::from(self.args.job_classes)))
        };
        match self.args.capsules_per_tile {
            Some(capsules) => format!("{classes}, {capsules} capsules a tile"),
            None => format!("{classes}, as many capsules as the load needs"),
        }
    }

    /// The seeds, in words.
    pub(super) fn seed_words(&self) -> String {
        let seed = self.args.seed;
        match self.args.repeat {
            1 => format!("seed {seed}"),
            repeat => format!("seeds {seed} to {}", seed.wrapping_add(u64::from(repeat - 1))),
        }
    }
}

/// What a curve is called.
pub(super) fn curve_name(family: &str, load: f64) -> String {
    format!("{family}, load {}", figures::load(load))
}

/// The name of the curve that a case belongs to.
pub(super) fn case_name(family: FamilyFlag, load_permille: u32) -> String {
    curve_name(family.name(), load(load_permille))
}
