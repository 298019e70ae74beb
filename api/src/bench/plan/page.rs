//! `curves.html`, a page that a person wants to look at, and `curves.svg`, its growth curves alone.

use super::analysis::{Fit, Growth, Median};
use super::outcome::{Amount, Outcome};
use crate::bench::charts;
use crate::draw::PAGE_STYLE;
use crate::draw::chart::{Axis, Chart, Curve, Guides, HEIGHT, KEY, WIDTH, key};
use crate::draw::entries::{condition, headline_figure};
use crate::draw::figures::{gap, grouped, load, mebibytes, r_squared, significant};
use crate::draw::frame::{Frame, maker};
use crate::draw::picture::{LegendRow, pair};
use crate::draw::scale::Scale;
use crate::report::html_safe;

const TEMPLATE: &str = include_str!("page/curves.html");
const METHODS: &str = include_str!("page/methods.html");

/// What the vertical axes count.
const SECONDS_UNIT: &str = "seconds, the whole process";
const MEMORY_UNIT: &str = "MiB, the whole process";
const GAP_UNIT: &str = "percent of the accepted bids";

/// The page as the text of one HTML file. Same outcome, same bytes.
pub(super) fn html(outcome: &Outcome<'_>) -> String {
    let [seconds, memory, gap] =
        [Amount::Seconds, Amount::PeakMemory, Amount::Gap].map(|amount| figure(outcome, amount));
    let frame = Frame {
        of: "bench",
        title: "Growth with the fleet",
        styles: &[PAGE_STYLE],
        verdict: &verdict(outcome),
        figures: &headline(outcome),
    };
    let parts = [
        ("seconds", &*seconds),
        ("memory", &memory),
        ("gap", &gap),
        ("methods", &methods(outcome)),
        ("conditions", &conditions(outcome)),
        ("table", &table(outcome)),
        ("made", &maker(Some(&outcome.machine.words()))),
    ];
    frame.page(TEMPLATE, &parts)
}

/// How methods compare, where there are several.
fn methods(outcome: &Outcome<'_>) -> String {
    if !outcome.compares() {
        return String::new();
    }
    let (profile, time) = (charts::figure(&outcome.profile()), charts::figure(&outcome.over_time()));
    METHODS.replace("{{profile}}", &profile).replace("{{time}}", &time)
}

/// The curves of time and memory with their legend, as the text of one SVG file.
pub(super) fn svg(outcome: &Outcome<'_>) -> String {
    let sizes = outcome.sizes();
    let curves = [Amount::Seconds, Amount::PeakMemory].map(|amount| (amount, outcome.curves(amount)));
    let [time, memory] = [&curves[0], &curves[1]].map(|(amount, curves)| chart(*amount, &sizes, curves));
    let mut legend: Vec<LegendRow> =
        curves[0].1.iter().map(|curve| legend_row(curve, outcome.growth(&curve.name))).collect();
    let guide = "dotted: growth in step with the tiles, exponent 1".to_owned();
    legend.push(LegendRow { key: guide_key(), name: guide, notes: None });
    pair("Time and memory of a plan against the number of tiles", [&time, &memory], &legend)
}

fn legend_row(curve: &Curve, growth: Option<&Growth>) -> LegendRow {
    let power = |name: &str, fit: &Fit| {
        format!(
            "{name} grows as tiles<tspan dy=\"-5\" font-size=\"10\">{:.2}</tspan><tspan dy=\"5\"> (R² {})</tspan>",
            fit.exponent,
            r_squared(fit.r_squared)
        )
    };
    let notes = growth.map(|growth| [power("time", &growth.seconds), power("memory", &growth.peak_memory_bytes)]);
    LegendRow { key: key(curve.style), name: html_safe(&curve.name), notes: Some(notes.unwrap_or_default()) }
}

/// A piece of a guide, as large as the key of a curve.
fn guide_key() -> String {
    let (width, height) = KEY;
    format!("<path class=\"chart-guide\" d=\"M1 {height}L{width} 0\"/>")
}

fn chart<'a>(amount: Amount, sizes: &[f64], curves: &'a [Curve]) -> Chart<'a> {
    let drawn = curves.iter().flat_map(|curve| curve.line.iter().chain(&curve.dots).map(|place| place.1));
    let (id, title, unit) = match amount {
        Amount::Seconds => ("seconds", "Time", SECONDS_UNIT),
        Amount::PeakMemory => ("memory", "Peak memory", MEMORY_UNIT),
        Amount::Gap => ("gap", "Certified gap", GAP_UNIT),
    };
    let y = if amount == Amount::Gap { Scale::linear(drawn) } else { Scale::logarithmic(drawn) };
    let x = Axis { name: "tiles", scale: Scale::logarithmic(sizes.iter().copied()), marks: sizes.to_vec() };
    Chart { id, title, unit, x, y, guides: Guides::InStep, curves }
}

/// A chart with its legend below it.
fn figure(outcome: &Outcome<'_>, amount: Amount) -> String {
    let (sizes, curves) = (outcome.sizes(), outcome.curves(amount));
    let chart = chart(amount, &sizes, &curves);
    let (key_width, key_height) = KEY;
    let key_box = format!("viewBox=\"0 0 {key_width} {key_height}\" aria-hidden=\"true\"");
    let rows = curves.iter().map(|curve| {
        let cells = legend_cells(outcome, amount, curve);
        format!(
            "<tr><td><span class=\"name\"><svg {key_box}>{}</svg>{}</span></td>{cells}</tr>\n",
            key(curve.style),
            html_safe(&curve.name)
        )
    });
    let (heads, guide) = match amount {
        Amount::Gap => {
            ("<th class=\"numeric\">smallest fleet</th><th class=\"numeric\">largest fleet</th>", String::new())
        }
        Amount::Seconds | Amount::PeakMemory => (
            "<th class=\"numeric\">grows as</th><th class=\"numeric\">R²</th>",
            format!(
                "<p class=\"guide-key\"><svg {key_box}>{}</svg>growth in step with the tiles, exponent 1</p>\n",
                guide_key()
            ),
        ),
    };
    format!(
        "<figure class=\"chart\">\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title} against tiles\">\n{}</svg>\n\
         <table class=\"fits\"><thead><tr><th>fleets</th>{heads}</tr></thead><tbody>\n{}</tbody>\
         </table>\n{guide}</figure>\n",
        chart.elements(),
        rows.collect::<Vec<_>>().concat(),
        title = chart.title,
    )
}

fn legend_cells(outcome: &Outcome<'_>, amount: Amount, curve: &Curve) -> String {
    let growth = outcome.growth(&curve.name);
    let fit = match amount {
        Amount::Seconds => growth.map(|growth| growth.seconds),
        Amount::PeakMemory => growth.map(|growth| growth.peak_memory_bytes),
        Amount::Gap => {
            let own = |median: &&Median| outcome.curve_of(median) == curve.name;
            let mut own = outcome.analysis.medians.iter().filter(own).map(|median| gap(median.gap));
            let first = own.next().unwrap_or_default();
            let last = own.next_back().unwrap_or_else(|| first.clone());
            return cells(&[first, last]);
        }
    };
    match fit {
        Some(fit) => cells(&[format!("tiles<sup>{:.2}</sup>", fit.exponent), r_squared(fit.r_squared)]),
        None => cells(&["one size".to_owned(), "–".to_owned()]),
    }
}

/// Cells of numbers.
fn cells(texts: &[String]) -> String {
    texts.iter().map(|text| format!("<td class=\"numeric\">{text}</td>")).collect::<Vec<_>>().concat()
}

/// What came out, in one sentence.
fn verdict(outcome: &Outcome<'_>) -> String {
    let sizes = outcome.sizes();
    let (Some(&least), Some(&most)) = (sizes.first(), sizes.last()) else { return String::new() };
    let growths = &outcome.analysis.growths;
    if growths.is_empty() {
        return format!("{} tiles: one size alone shows no growth.", grouped(most));
    }
    let time = range(growths.iter().map(|growth| growth.seconds.exponent));
    let memory = range(growths.iter().map(|growth| growth.peak_memory_bytes.exponent));
    format!(
        "From {} to {} tiles, time grows as the number of tiles to the power of {time}, and memory to the power of {memory}.",
        grouped(least),
        grouped(most)
    )
}

/// The least and the greatest of some exponents, or the one that there is.
fn range(exponents: impl Iterator<Item = f64> + Clone) -> String {
    let least = format!("{:.2}", exponents.clone().fold(f64::INFINITY, f64::min));
    let most = format!("{:.2}", exponents.fold(f64::NEG_INFINITY, f64::max));
    if least == most { most } else { format!("{least} to {most}") }
}

fn headline(outcome: &Outcome<'_>) -> String {
    let medians = &outcome.analysis.medians;
    let most = |of: fn(&Median) -> f64| medians.iter().map(of).fold(0.0, f64::max);
    let largest = most(|median| median.tiles);
    let at_largest = || medians.iter().filter(|median| median.tiles >= largest);
    let capsules = at_largest().map(|median| median.capsules).fold(0.0, f64::max);
    let slowest = at_largest().map(|median| median.seconds).fold(0.0, f64::max);
    let heaviest = at_largest().map(|median| median.peak_memory_bytes).fold(0.0, f64::max);
    let widest = at_largest().filter_map(|median| median.gap).reduce(f64::max);
    let figures = [
        ("Largest fleet", format!("{} tiles", grouped(largest)), format!("up to {} capsules", grouped(capsules))),
        ("Its time", format!("{} s", significant(slowest)), "the slowest curve".to_owned()),
        ("Its peak memory", format!("{} MiB", grouped(mebibytes(heaviest))), "the largest curve".to_owned()),
        ("Its certified gap", gap(widest), "the widest curve".to_owned()),
        ("Runs", outcome.runs.len().to_string(), "each plan checked".to_owned()),
    ];
    figures.iter().map(|(name, text, note)| headline_figure(name, text, note)).collect()
}

fn conditions(outcome: &Outcome<'_>) -> String {
    let conditions = [
        ("Fleets", outcome.fleet_words()),
        ("Each plan", outcome.limit_words()),
        ("Threads", outcome.threads.to_string()),
        ("Repeats", format!("{} of each size, {}", outcome.args.repeat, outcome.seed_words())),
        ("Machine", outcome.machine.words()),
    ];
    conditions.iter().map(|(name, words)| condition(name, words)).collect()
}

fn table(outcome: &Outcome<'_>) -> String {
    let heads = ["tiles", "capsules", "seconds", "peak MiB", "gap"];
    let heads = heads.map(|head| format!("<th class=\"numeric\">{head}</th>")).concat();
    let row = |median: &Median| {
        let numbers = cells(&[
            grouped(median.tiles),
            grouped(median.capsules),
            significant(median.seconds),
            grouped(mebibytes(median.peak_memory_bytes)),
            gap(median.gap),
        ]);
        let (family, load) = (html_safe(&median.family), load(median.load));
        let method = outcome.of_methods(|| format!("<td>{}</td>", html_safe(&median.method)));
        format!("<tr><td>{family}</td><td>{load}</td>{method}{numbers}</tr>\n")
    };
    let rows = outcome.analysis.medians.iter().map(row).collect::<Vec<_>>().concat();
    let method = outcome.of_methods(|| "<th>method</th>".to_owned());
    format!(
        "<table><thead><tr><th>family</th><th>load</th>{method}{heads}</tr></thead><tbody>\n{rows}</tbody></table>\n"
    )
}
