//! `compare.html`: who found what, how soon and how reliably, as a page that a person wants to look at, and `compare.svg`, how good
//! and how soon alone.

use crate::bench::charts::{self, Figure, LEAST_PERCENT, MOST_PERCENT, figure};
use crate::bench::primal::Course;
use crate::draw::PAGE_STYLE;
use crate::draw::chart::{Axis, Curve, Join, Point, Style};
use crate::draw::entries::{condition, headline_figure};
use crate::draw::figures::{grouped, mark, mebibytes, percent, significant};
use crate::draw::frame::{Frame, maker};
use crate::draw::scale::Scale;
use crate::report::html_safe;

use super::means::median;
use super::outcome::{Cell, Line, Outcome};
use super::run::CompareRun;

const TEMPLATE: &str = include_str!("page/compare.html");
const COMPARE_STYLE: &str = include_str!("page/compare.css");

/// The page as the text of one HTML file. Same outcome, same bytes.
pub(super) fn html(outcome: &Outcome<'_>) -> String {
    let family = outcome.task.family;
    let size = |what| figure(&by_size(outcome, what));
    let frame = Frame {
        of: "bench",
        title: family.title(),
        styles: &[PAGE_STYLE, COMPARE_STYLE],
        verdict: &html_safe(&outcome.verdict()),
        figures: &headline(outcome),
    };
    let parts = [
        ("means", &*means_table(outcome)),
        ("profile", &figure(&profile(outcome))),
        ("time", &figure(&over_time(outcome))),
        ("seconds", &size(Amount::Seconds)),
        ("memory", &size(Amount::PeakMemory)),
        ("gap", &size(Amount::Gap)),
        ("conditions", &conditions(outcome)),
        ("cost", family.cost()),
        ("table", &instances_table(outcome)),
        ("notes", &notes(outcome)),
        ("made", &maker(Some(&outcome.machine.words()))),
    ];
    frame.page(TEMPLATE, &parts)
}

/// The performance profile and the gap over time with their legend, as the text of one SVG file.
pub(super) fn svg(outcome: &Outcome<'_>) -> String {
    let title = format!("{}: who comes how near to the best known, and how soon", outcome.task.family.title());
    charts::picture(&title, [&profile(outcome), &over_time(outcome)])
}

/// A curve for each contender, whose line and markers are made of its rows.
fn curves(outcome: &Outcome<'_>, join: Join, make: impl Fn(usize) -> (Vec<(f64, f64)>, Vec<Point>)) -> Vec<Curve> {
    let curve = |(at, contender): (usize, &super::contender::Contender)| {
        let (line, markers) = make(at);
        Curve { name: contender.name.clone(), style: Style::of(at), join, line, markers, dots: Vec::new() }
    };
    outcome.contenders.iter().enumerate().map(curve).collect()
}

/// The rows of a contender.
fn rows<'o>(outcome: &'o Outcome<'_>, contender: usize) -> impl Iterator<Item = &'o CompareRun> {
    let pairs = outcome.attempts.iter().zip(outcome.rows);
    pairs.filter(move |(attempt, _)| attempt.contender == contender).map(|(_, row)| row)
}

/// The share of runs that end within each gap.
fn profile(outcome: &Outcome<'_>) -> Figure {
    let gaps = |contender: usize| -> Vec<Option<f64>> {
        rows(outcome, contender).map(|run| run.is_answered().then_some(run.primal_gap)).collect()
    };
    let all = (0..outcome.contenders.len()).map(gaps).collect::<Vec<_>>();
    charts::profile(&names(outcome), &all)
}

/// The primal gap over time, the mean over runs.
fn over_time(outcome: &Outcome<'_>) -> Figure {
    let courses = |contender: usize| -> Vec<(Course, u128)> {
        let pairs = outcome.attempts.iter().zip(outcome.rows);
        let own = pairs.filter(|(attempt, _)| attempt.contender == contender);
        own.map(|(attempt, row)| (attempt.course(outcome.task.family.aim()), row.best.unwrap_or(0))).collect()
    };
    let all = (0..outcome.contenders.len()).map(courses).collect::<Vec<_>>();
    charts::over_time(&names(outcome), &all, outcome.terms.seconds)
}

/// What contenders are called.
fn names<'o>(outcome: &'o Outcome<'_>) -> Vec<&'o str> {
    outcome.contenders.iter().map(|contender| contender.name.as_str()).collect()
}

/// What a chart shows over the size of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Seconds,
    PeakMemory,
    Gap,
}

impl Amount {
    fn of(self, run: &CompareRun) -> Option<f64> {
        match self {
            Amount::Seconds => Some(run.seconds),
            Amount::PeakMemory => run.peak_memory_bytes.map(|bytes| mebibytes(bytes as f64)),
            Amount::Gap => Some((100.0 * run.primal_gap).max(LEAST_PERCENT)),
        }
    }

    fn words(self, amount: f64) -> String {
        match self {
            Amount::Seconds => format!("{} s", significant(amount)),
            Amount::PeakMemory => format!("{} MiB", grouped(amount)),
            Amount::Gap if amount <= 0.0 => "0 %".to_owned(),
            Amount::Gap if amount <= LEAST_PERCENT => "at most 0.0001 %".to_owned(),
            Amount::Gap => percent(amount / 100.0),
        }
    }
}

/// An amount over the size of instances: the median of the runs of each size.
fn by_size(outcome: &Outcome<'_>, amount: Amount) -> Figure {
    let mut sizes: Vec<u64> = outcome.rows.iter().map(|run| run.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let curves = curves(outcome, Join::Straight, |contender| {
        let of_size = |size: u64| {
            let runs = rows(outcome, contender).filter(|run| run.size == size);
            median(&runs.filter_map(|run| amount.of(run)).collect::<Vec<_>>())
        };
        let line: Vec<(f64, f64)> = sizes.iter().filter_map(|&size| Some((size as f64, of_size(size)?))).collect();
        let point = |&(x, y): &(f64, f64)| Point {
            x,
            y,
            words: format!("{} {}, {}", grouped(x), outcome.task.family.size(), amount.words(y)),
        };
        let markers = line.iter().map(point).collect();
        (line, markers)
    });
    let drawn = curves.iter().flat_map(|curve| curve.line.iter().map(|place| place.1));
    let largest = curves.iter().map(|curve| curve.line.last().map_or("–".to_owned(), |place| amount.words(place.1)));
    let legend = ("largest instances", largest.collect());
    let sizes: Vec<f64> = sizes.into_iter().map(|size| size as f64).collect();
    let scale = Scale::logarithmic(sizes.iter().copied());
    let (id, title, unit, y) = match amount {
        Amount::Seconds => ("seconds", "Time", "seconds, the whole process", Scale::logarithmic(drawn)),
        Amount::PeakMemory => ("memory", "Peak memory", "MiB, the process", Scale::logarithmic(drawn)),
        Amount::Gap => {
            let scale = Scale::Logarithmic { low: LEAST_PERCENT, high: MOST_PERCENT };
            ("gap", "Gap", "percent, to the best known; none is at the bottom", scale)
        }
    };
    let axis = Axis { name: outcome.task.family.size(), scale, marks: sizes };
    Figure { id, title, unit, axis, scale: y, curves, legend }
}

fn headline(outcome: &Outcome<'_>) -> String {
    let count = |is: fn(&CompareRun) -> bool| outcome.rows.iter().filter(|run| is(run)).count();
    let sizes = outcome.rows.iter().map(|run| run.size as f64);
    let (least, most) = (sizes.clone().fold(f64::INFINITY, f64::min), sizes.fold(0.0, f64::max));
    let (all, size) = (outcome.rows.len(), outcome.task.family.size());
    let longest = outcome.means.iter().map(|means| means.max_overrun_seconds).fold(0.0, f64::max);
    let range = if least < most {
        format!("{} to {} {size}", grouped(least), grouped(most))
    } else {
        format!("{} {size}", grouped(most))
    };
    let figures = [
        ("Instances", outcome.task.cases.len().to_string(), range),
        ("Contenders", outcome.contenders.len().to_string(), outcome.seed_words()),
        ("Each run", format!("{} s", mark(outcome.terms.seconds)), format!("{} threads", outcome.terms.threads)),
        ("Answers", format!("{} of {all}", count(CompareRun::is_answered)), "read and checked".to_owned()),
        (
            "Overruns",
            format!("{} of {all}", count(|run| run.overrun_seconds > 0.0)),
            if longest > 0.0 {
                format!("by {} s at most", significant(longest))
            } else {
                "beyond the time given".to_owned()
            },
        ),
    ];
    figures.iter().map(|(name, text, note)| headline_figure(name, text, note)).collect()
}

fn means_table(outcome: &Outcome<'_>) -> String {
    let columns = outcome.mean_columns();
    let heads =
        columns.iter().map(|(head, _)| format!("<th class=\"numeric\">{head}</th>")).collect::<Vec<_>>().concat();
    let rows = outcome.means.iter().map(|means| {
        let cells = columns.iter().map(|(_, cell)| format!("<td class=\"numeric\">{}</td>", html_safe(&cell(means))));
        format!("<tr><td>{}</td>{}</tr>\n", html_safe(&means.contender), cells.collect::<Vec<_>>().concat())
    });
    let rows = rows.collect::<Vec<_>>().concat();
    format!("<table><thead><tr><th>contender</th>{heads}</tr></thead><tbody>\n{rows}</tbody></table>\n")
}

fn instances_table(outcome: &Outcome<'_>) -> String {
    let names = outcome.contenders.iter().map(|contender| contender.name.as_str());
    let heads = [outcome.task.family.size(), "reference"].into_iter().chain(names);
    let heads =
        heads.map(|head| format!("<th class=\"numeric\">{}</th>", html_safe(head))).collect::<Vec<_>>().concat();
    let cell = |Cell { cost, note, is_best }: &Cell| {
        let class = if *is_best { "numeric best" } else { "numeric" };
        format!("<td class=\"{class}\">{}<br><span class=\"note\">{}</span></td>", html_safe(cost), html_safe(note))
    };
    let row = |Line { instance, size, reference, cells }: &Line| {
        let cells = cells.iter().map(cell).collect::<Vec<_>>().concat();
        format!(
            "<tr><td>{}</td><td class=\"numeric\">{size}</td><td class=\"numeric\">{reference}</td>{cells}</tr>\n",
            html_safe(instance)
        )
    };
    let rows = outcome.lines().iter().map(row).collect::<Vec<_>>().concat();
    format!("<table><thead><tr><th>instance</th>{heads}</tr></thead><tbody>\n{rows}</tbody></table>\n")
}

fn conditions(outcome: &Outcome<'_>) -> String {
    let own = [
        condition("Each run", &outcome.terms_words()),
        condition("Seeds", &outcome.seed_words()),
        condition("Machine", &outcome.machine.words()),
    ];
    let commands = outcome.contenders.iter().map(|contender| {
        let (name, text) = (html_safe(&contender.name), html_safe(&contender.text));
        format!("        <div><dt>{name}</dt><dd><code>{text}</code></dd></div>\n")
    });
    own.into_iter().chain(commands).collect()
}

/// What there is to say of single runs.
fn notes(outcome: &Outcome<'_>) -> String {
    let noted = outcome.rows.iter().filter_map(|run| {
        let note = run.note.as_ref()?;
        let words = format!("{}, {}, seed {}: {}: {note}", run.instance, run.contender, run.seed, run.status);
        Some(format!("<li>{}</li>\n", html_safe(&words)))
    });
    let notes = noted.collect::<Vec<_>>().concat();
    if notes.is_empty() { notes } else { format!("<ul class=\"notes\">\n{notes}</ul>\n") }
}
