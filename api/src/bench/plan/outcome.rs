//! What a bench came to, and the curves that its pages draw.

use crate::bench::charts::{self, Figure};
use crate::bench::primal::Course;
use crate::cli::{BenchPlanArgs, FamilyFlag};
use crate::draw::chart::{Curve, Join, Point, Style};
use crate::draw::figures;
use crate::plan::method::PlanMethod;
use crate::process::machine::Machine;

use super::analysis::{Analysis, Growth, Median};
use super::cases::load;
use super::child::Limit;
use super::runs_table::BenchRun;

/// What a bench was told, ran and found.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) args: &'a BenchPlanArgs,
    pub(super) methods: &'a [PlanMethod],
    pub(super) limit: Limit,
    pub(super) threads: usize,
    pub(super) machine: Machine,
    pub(super) runs: &'a [BenchRun],
    /// How each run got better, and what the best plan of its fleet is worth.
    pub(super) courses: &'a [(Course, u128)],
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
    /// One curve for each family, load and method, in the order of the runs.
    pub(super) fn curves(&self, amount: Amount) -> Vec<Curve> {
        let mut curves: Vec<Curve> = Vec::new();
        for median in &self.analysis.medians {
            let name = self.curve_of(median);
            let at = curves.iter().position(|curve| curve.name == name).unwrap_or_else(|| {
                curves.push(Curve {
                    dots: self.dots(amount, &name),
                    name,
                    style: self.style(median, curves.len()),
                    join: Join::Straight,
                    line: Vec::new(),
                    markers: Vec::new(),
                });
                curves.len() - 1
            });
            if let (curve, Some(found)) = (&mut curves[at], amount.of_median(median)) {
                let words = format!("{} tiles, {}", figures::grouped(median.tiles), amount.words(median));
                curve.line.push((median.tiles, found));
                curve.markers.push(Point { x: median.tiles, y: found, words });
            }
        }
        curves
    }

    /// The color says which family it is and the dashes which load; of several methods each curve has its own.
    fn style(&self, median: &Median, place: usize) -> Style {
        if self.compares() {
            return Style::of(place);
        }
        let mut loads: Vec<f64> = self.analysis.medians.iter().map(|median| median.load).collect();
        loads.sort_by(f64::total_cmp);
        loads.dedup();
        let family = FamilyFlag::ALL.iter().position(|family| family.name() == median.family).unwrap_or(0);
        let load = loads.iter().position(|load| load.total_cmp(&median.load).is_eq()).unwrap_or(0);
        Style { color: family, dashes: load }
    }

    /// Whether there is more than one method.
    pub(super) fn compares(&self) -> bool {
        self.methods.len() > 1
    }

    /// What is said of methods, where there are several; nothing otherwise.
    pub(super) fn of_methods(&self, say: impl FnOnce() -> String) -> String {
        if self.compares() { say() } else { String::new() }
    }

    /// The name of a curve; of several methods it says which.
    fn named(&self, family: &str, load: f64, method: &str) -> String {
        let name = curve_name(family, load);
        if self.compares() { format!("{name}, {method}") } else { name }
    }

    /// The name of the curve that a median is a point of.
    pub(super) fn curve_of(&self, median: &Median) -> String {
        self.named(&median.family, median.load, &median.method)
    }

    /// The share of runs of each method that end within each gap to the best plan of their fleet.
    pub(super) fn profile(&self) -> Figure {
        let gaps = self.by_method(|run, _| Some(run.primal_gap));
        charts::profile(&self.method_names(), &gaps)
    }

    /// The gap of each method to the best plan of a fleet over time, the mean over runs.
    pub(super) fn over_time(&self) -> Figure {
        let longest = self.runs.iter().map(|run| run.seconds).fold(0.0, f64::max);
        charts::over_time(&self.method_names(), &self.by_method(|_, course| course.clone()), longest)
    }

    fn method_names(&self) -> Vec<&'static str> {
        self.methods.iter().map(|method| method.name()).collect()
    }

    /// What is taken of each run, method by method.
    fn by_method<T>(&self, take: impl Fn(&BenchRun, &(Course, u128)) -> T) -> Vec<Vec<T>> {
        let own = |name: &str| {
            let runs = self.runs.iter().zip(self.courses).filter(|(run, _)| run.method == name);
            runs.map(|(run, course)| take(run, course)).collect()
        };
        self.method_names().into_iter().map(own).collect()
    }

    /// The runs of a curve, where there are repeats to show.
    fn dots(&self, amount: Amount, name: &str) -> Vec<(f64, f64)> {
        let is_own = |run: &&BenchRun| self.named(run.family, run.load, run.method) == name;
        let runs = self.runs.iter().filter(|run| self.args.repeat > 1 && is_own(run));
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
        self.analysis.growths.iter().find(|growth| self.named(&growth.family, growth.load, &growth.method) == name)
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
        let steps = if self.args.steps { ", capacities change over the day" } else { "" };
        match self.args.capsules_per_tile {
            Some(capsules) => format!("{classes}, {capsules} capsules a tile{steps}"),
            None => format!("{classes}, as many capsules as the load needs{steps}"),
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
