//! Charts that several benches draw: who ends how near to the best, and how soon.

use crate::draw::chart::{Axis, Chart, Curve, Guides, HEIGHT, Join, KEY, Point, Style, WIDTH, key};
use crate::draw::figures::{percent, significant};
use crate::draw::picture::{LegendRow, pair};
use crate::draw::scale::Scale;
use crate::report::html_safe;

use super::primal::{self, Course};

/// The least gap that a logarithmic axis tells from none, in percent.
pub(super) const LEAST_PERCENT: f64 = 1e-4;

/// A gap of everything, in percent.
pub(super) const MOST_PERCENT: f64 = 100.0;

/// Parts of a logarithmic axis at which an average over time is taken, and after how many of them a marker stands.
const TIME_PARTS: u32 = 240;
const MARKER_EVERY: usize = 40;

/// Decades of time before the limit that are shown.
const TIME_DECADES: i32 = 3;

/// A chart with the last column of its legend.
pub(super) struct Figure {
    /// Names the chart on its page.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) axis: Axis<'static>,
    pub(super) scale: Scale,
    pub(super) curves: Vec<Curve>,
    /// What the legend says of each curve, and what that is.
    pub(super) legend: (&'static str, Vec<String>),
}

impl Figure {
    fn chart(&self) -> Chart<'_> {
        let Figure { id, title, unit, axis, scale, curves, .. } = self;
        Chart { id, title, unit, x: axis.clone(), y: *scale, guides: Guides::Without, curves }
    }
}

/// Two charts of the same contenders with one legend, as the text of one SVG file.
pub(super) fn picture(title: &str, figures: [&Figure; 2]) -> String {
    let row = |(at, curve): (usize, &Curve)| LegendRow {
        key: key(curve.style),
        name: html_safe(&curve.name),
        notes: Some(figures.map(|Figure { legend, .. }| html_safe(&format!("{}: {}", legend.0, legend.1[at])))),
    };
    let legend: Vec<LegendRow> = figures[0].curves.iter().enumerate().map(row).collect();
    pair(title, figures.map(Figure::chart).each_ref(), &legend)
}

/// A chart with its legend below it.
pub(super) fn figure(figure: &Figure) -> String {
    let Figure { title, axis, curves, legend, .. } = figure;
    let chart = figure.chart();
    let (width, height) = KEY;
    let rows = curves.iter().zip(&legend.1).map(|(curve, words)| {
        format!(
            "<tr><td><span class=\"name\"><svg viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">{}</svg>{}</span></td>\
             <td class=\"numeric\">{}</td></tr>\n",
            key(curve.style),
            html_safe(&curve.name),
            html_safe(words)
        )
    });
    format!(
        "<figure class=\"chart\">\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title} against {}\">\n{}</svg>\n\
         <table class=\"fits\"><thead><tr><th>contender</th><th class=\"numeric\">{}</th></tr></thead><tbody>\n{}\
         </tbody></table>\n</figure>\n",
        axis.name,
        chart.elements(),
        legend.0,
        rows.collect::<Vec<_>>().concat(),
    )
}

/// Every sixth part or so of a line has a marker; those of different contenders stand apart.
fn sparse(line: &[(f64, f64)], contender: usize, words: impl Fn((f64, f64)) -> String) -> Vec<Point> {
    let from = (contender * 9) % MARKER_EVERY;
    let picked = line.iter().skip(from).step_by(MARKER_EVERY);
    picked.map(|&(x, y)| Point { x, y, words: words((x, y)) }).collect()
}

/// Points of a logarithmic axis at equal factors, both ends included.
fn equal_factors(low: f64, high: f64) -> impl Iterator<Item = f64> {
    (0..=TIME_PARTS).map(move |part| low * (high / low).powf(f64::from(part) / f64::from(TIME_PARTS)))
}

/// A performance profile (Dolan & More 2002) of the primal gap: the share of runs that end within each gap. For each contender the
/// gap of each of its runs, `None` where it has no answer.
pub(super) fn profile(names: &[&str], gaps: &[Vec<Option<f64>>]) -> Figure {
    let within = |gaps: &[Option<f64>], percent: f64| {
        let held = gaps.iter().flatten().filter(|&&gap| gap * 100.0 <= percent).count();
        100.0 * held as f64 / gaps.len().max(1) as f64
    };
    let curve = |((at, name), gaps): ((usize, &&str), &Vec<Option<f64>>)| {
        let line: Vec<(f64, f64)> = equal_factors(LEAST_PERCENT, MOST_PERCENT)
            .map(|percent| (percent, within(gaps, percent * (1.0 + 1e-9))))
            .collect();
        let markers = sparse(&line, at, |(x, y)| format!("{y:.0} % of runs within {}", percent(x / 100.0)));
        stepped(name, at, line, markers)
    };
    let at_best = gaps.iter().map(|gaps| {
        let best = gaps.iter().flatten().filter(|&&gap| gap <= 0.0).count();
        format!("{best} of {}", gaps.len())
    });
    let scale = Scale::Logarithmic { low: LEAST_PERCENT, high: MOST_PERCENT };
    Figure {
        id: "profile",
        title: "Performance profile",
        unit: "percent of runs that end within the gap",
        axis: Axis { name: "gap to the best known, percent", scale, marks: scale.marks() },
        scale: Scale::Linear { low: 0.0, high: 100.0 },
        legend: ("runs at the best known", at_best.collect()),
        curves: names.iter().enumerate().zip(gaps).map(curve).collect(),
    }
}

/// The primal gap over time, the mean over runs. For each contender the course of each of its runs, with the best that is known.
pub(super) fn over_time(names: &[&str], courses: &[Vec<(Course, u128)>], limit: f64) -> Figure {
    let scale = Scale::Logarithmic { low: limit / 10f64.powi(TIME_DECADES), high: limit };
    let mean = |courses: &[(Course, u128)], of: &dyn Fn(&Course, u128) -> f64| {
        courses.iter().map(|(course, best)| of(course, *best)).sum::<f64>() / courses.len().max(1) as f64
    };
    let curve = |((at, name), courses): ((usize, &&str), &Vec<(Course, u128)>)| {
        let gap = |seconds: f64| {
            let gap = mean(courses, &|course, best| primal::gap_at(course, best, seconds));
            (100.0 * gap).clamp(LEAST_PERCENT, MOST_PERCENT)
        };
        let times = equal_factors(limit / 10f64.powi(TIME_DECADES), limit);
        let line: Vec<(f64, f64)> = times.map(|seconds| (seconds, gap(seconds))).collect();
        let markers =
            sparse(&line, at, |(seconds, gap)| format!("{} after {} s", percent(gap / 100.0), significant(seconds)));
        stepped(name, at, line, markers)
    };
    let integrals = courses.iter().map(|courses| {
        format!("{} s", significant(mean(courses, &|course, best| primal::integral(course, best, limit))))
    });
    Figure {
        id: "time",
        title: "Gap over time",
        unit: "mean gap to the best known, percent; 100 without an answer",
        axis: Axis { name: "seconds", scale, marks: scale.marks() },
        scale: Scale::Logarithmic { low: LEAST_PERCENT, high: MOST_PERCENT },
        legend: ("mean primal integral", integrals.collect()),
        curves: names.iter().enumerate().zip(courses).map(curve).collect(),
    }
}

/// The curve of a contender.
fn stepped(name: &str, at: usize, line: Vec<(f64, f64)>, markers: Vec<Point>) -> Curve {
    Curve { name: name.to_owned(), style: Style::of(at), join: Join::Steps, line, markers, dots: Vec::new() }
}
