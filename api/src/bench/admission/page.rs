//! `admission.html`: the curves of every policy and the front between room and power, a page that a person wants to look at.

use super::outcome::{Outcome, PolicyRun};
use super::sample::MARKS;
use crate::draw::PAGE_STYLE;
use crate::draw::chart::{Axis, Chart, Curve, Guides, HEIGHT, Join, KEY, Point, Style, WIDTH, key};
use crate::draw::entries::headline_figure;
use crate::draw::figures::grouped;
use crate::draw::frame::{Frame, maker};
use crate::draw::scale::Scale;
use crate::report::html_safe;

const TEMPLATE: &str = include_str!("page/admission.html");

/// From how much arrived on the share that is left unallocated is drawn: before, there is room for everyone.
const FULL_FROM: u32 = 85;

/// The page as the text of one HTML file. Same outcome, same bytes.
pub(super) fn html(outcome: &Outcome<'_>) -> String {
    let sections = outcome.by_sequence().enumerate().map(|(at, rows)| section(outcome, at, rows)).collect::<Vec<_>>();
    let frame = Frame {
        of: "bench",
        title: "Admission, one pod at a time",
        styles: &[PAGE_STYLE],
        verdict: &verdict(outcome),
        figures: &headline(outcome),
    };
    let parts = [("sections", &*sections.concat()), ("made", &maker(Some(&outcome.machine.words())))];
    frame.page(TEMPLATE, &parts)
}

/// The row of a policy on the first sequence.
fn first<'a>(outcome: &Outcome<'a>, policy: &str) -> Option<&'a PolicyRun> {
    outcome.rows.iter().find(|row| row.policy == policy)
}

fn verdict(outcome: &Outcome<'_>) -> String {
    let (Some(ours), Some(fgd)) = (first(outcome, "lessor"), first(outcome, "fgd")) else { return String::new() };
    html_safe(&format!(
        "On {}, lessor leaves {:.2} % of the devices unallocated when as much has been asked for as there is, and \
         fragmentation-gradient descent \
         {:.2} %.",
        ours.sequence,
        ours.unallocated_at_full(),
        fgd.unallocated_at_full()
    ))
}

fn headline(outcome: &Outcome<'_>) -> String {
    let figures = ["lessor", "lessor-power", "fgd", "best-fit"].into_iter().filter_map(|policy| first(outcome, policy));
    let figure = |row: &PolicyRun| {
        let note = format!("{:.3} MW at 20 to 80 % arrived", row.mean_power_mw());
        headline_figure(&row.policy, &format!("{:.2} %", row.unallocated_at_full()), &note)
    };
    figures.map(figure).collect()
}

/// The charts and the table of one sequence.
fn section(outcome: &Outcome<'_>, at: usize, rows: &[PolicyRun]) -> String {
    let named: Vec<&PolicyRun> =
        outcome.contenders.iter().zip(rows).filter(|(who, _)| who.is_named()).map(|(_, row)| row).collect();
    let left = curves(&named, |point| (point.arrived_percent >= FULL_FROM).then_some(point.unallocated_percent));
    let power = curves(&named, |point| (point.arrived_percent <= 100).then_some(point.power_w / 1e6));
    let last = rows.iter().filter_map(|row| row.curve.last()).map(|point| point.arrived_percent).max().unwrap_or(100);
    let left_axis = axis("percent asked for", (FULL_FROM, last.max(FULL_FROM + 5)), 5);
    let title = html_safe(rows.first().map_or("", |row| &row.sequence));
    let charts = [
        chart(&format!("left-{at}"), ("Unallocated", "percent of the cluster's devices"), left_axis, &left),
        chart(&format!("power-{at}"), ("Power", "megawatts"), axis("percent asked for", (0, 100), 20), &power),
    ];
    let front = front(outcome, at, rows);
    format!(
        "<section aria-labelledby=\"title-{at}\">\n  <h2 id=\"title-{at}\">{title}</h2>\n  \
         <div class=\"charts\">\n{}{front}  </div>\n  \
         <div class=\"scroll\">\n{}  </div>\n</section>\n",
        charts.concat(),
        table(rows)
    )
}

/// A curve for each row, of the points that have a value.
fn curves(rows: &[&PolicyRun], of: impl Fn(&super::sample::Point) -> Option<f64>) -> Vec<Curve> {
    let curve = |(place, row): (usize, &&PolicyRun)| {
        let points = row.curve.iter().filter_map(|point| Some((point, of(point)?)));
        let places: Vec<(u32, f64)> = points.map(|(point, value)| (point.arrived_percent, value)).collect();
        let marked = places.iter().filter(|(percent, _)| MARKS.contains(percent));
        let markers =
            marked.map(|&(percent, y)| Point { x: f64::from(percent), y, words: format!("{y:.3} at {percent} %") });
        Curve {
            name: row.policy.clone(),
            style: Style::of(place),
            join: Join::Straight,
            markers: markers.collect(),
            line: places.iter().map(|&(percent, y)| (f64::from(percent), y)).collect(),
            dots: Vec::new(),
        }
    };
    rows.iter().enumerate().map(curve).collect()
}

fn axis(name: &str, (low, high): (u32, u32), step: usize) -> Axis<'_> {
    let marks = (low..=high).step_by(step).map(f64::from).collect();
    Axis { name, scale: Scale::Linear { low: f64::from(low), high: f64::from(high) }, marks }
}

/// The front between room and power, with every other policy as a point.
fn front(outcome: &Outcome<'_>, at: usize, rows: &[PolicyRun]) -> String {
    let place = |row: &PolicyRun| (row.mean_power_mw(), row.unallocated_at_full());
    let point = |row: &PolicyRun| {
        let (x, y) = place(row);
        Point { x, y, words: format!("{}: {y:.2} % at {x:.3} MW", row.policy) }
    };
    let (on, off): (Vec<_>, Vec<_>) = outcome.contenders.iter().zip(rows).partition(|(who, _)| who.is_of_front());
    let mut line: Vec<(f64, f64)> = on.iter().map(|(_, row)| place(row)).collect();
    line.sort_by(|one, other| one.0.total_cmp(&other.0));
    // A policy looks the same in every chart.
    let named: Vec<&str> =
        outcome.contenders.iter().zip(rows).filter(|(who, _)| who.is_named()).map(|(_, row)| &*row.policy).collect();
    let style = |policy: &str| Style::of(named.iter().position(|name| *name == policy).unwrap_or(0));
    let blank = |name: &str, style| Curve {
        name: name.to_owned(),
        style,
        join: Join::Straight,
        line: vec![],
        markers: vec![],
        dots: vec![],
    };
    let ours = Curve {
        line,
        markers: on.iter().map(|(_, row)| point(row)).collect(),
        ..blank("lessor, by the price of a watt", style("lessor"))
    };
    let others =
        off.iter().map(|(_, row)| Curve { markers: vec![point(row)], ..blank(&row.policy, style(&row.policy)) });
    let curves: Vec<Curve> = std::iter::once(ours).chain(others).collect();
    let powers = curves.iter().flat_map(|curve| &curve.markers).map(|point| point.x);
    let (low, high) = powers.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
    let (low, high) = ((low * 20.0).floor() / 20.0, (high * 20.0).ceil() / 20.0 + 0.05);
    let scale = Scale::Linear { low, high };
    let axis = Axis { name: "mean megawatts at 20 to 80 % asked for", marks: scale.marks(), scale };
    chart(&format!("front-{at}"), ("Room and power", "percent unallocated when 100 % is asked for"), axis, &curves)
}

/// A chart with its legend below it.
fn chart(id: &str, (title, unit): (&str, &str), x: Axis<'_>, curves: &[Curve]) -> String {
    let heights = curves
        .iter()
        .flat_map(|curve| curve.line.iter().map(|place| place.1).chain(curve.markers.iter().map(|point| point.y)));
    let y = Scale::linear(heights);
    let chart = Chart { id, title, unit, x, y, guides: Guides::Without, curves };
    let (key_width, key_height) = KEY;
    let rows = curves.iter().map(|curve| {
        format!(
            "<tr><td><span class=\"name\"><svg viewBox=\"0 0 {key_width} {key_height}\" aria-hidden=\"true\">{}\
             </svg>{}</span></td></tr>\n",
            key(curve.style),
            html_safe(&curve.name)
        )
    });
    format!(
        "<figure class=\"chart\">\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n{}</svg>\n\
         <table class=\"fits\"><tbody>\n{}</tbody></table>\n</figure>\n",
        chart.elements(),
        rows.collect::<Vec<_>>().concat()
    )
}

fn table(rows: &[PolicyRun]) -> String {
    let numeric = |text: String| format!("<td class=\"numeric\">{text}</td>");
    let groups = ["percent unallocated at", "megawatts at"]
        .map(|what| format!("<th class=\"numeric\" colspan=\"{}\">{what}</th>", MARKS.len()));
    let heads = [MARKS, MARKS].concat().into_iter().map(|mark| format!("<th class=\"numeric\">{mark} %</th>"));
    let line = |row: &PolicyRun| {
        let at = |mark: u32| row.points.iter().find(move |point| point.arrived_percent == mark);
        let left =
            MARKS.map(|mark| numeric(at(mark).map_or("–".into(), |point| format!("{:.2}", point.unallocated_percent))));
        let power =
            MARKS.map(|mark| numeric(at(mark).map_or("–".into(), |point| format!("{:.3}", point.power_w / 1e6))));
        let speed = numeric(grouped(row.decisions_per_second));
        format!("<tr><td>{}</td>{}{}{speed}</tr>\n", html_safe(&row.policy), left.concat(), power.concat())
    };
    format!(
        "<table><thead><tr><th></th>{}<th></th></tr>\n<tr><th>policy</th>{}<th class=\"numeric\">decisions/s</th></tr></thead>\
         <tbody>\n{}</tbody></table>\n",
        groups.concat(),
        heads.collect::<String>(),
        rows.iter().map(line).collect::<String>()
    )
}
