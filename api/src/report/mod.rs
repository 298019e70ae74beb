//! `report.html`: a plan as one self-contained file that a person wants to look at.
//!
//! It plans nothing, checks nothing and reads no file: it shows the figures it is given. The page needs no network, no
//! framework and no server; its style, its scripts and its data are inside it.

mod data;
mod view;
mod words;

pub use data::{
    Amounts, CellRow, HeldBackRow, InputFile, Limits, Meta, PriceRow, Progress, ReportData, ServiceClassRow,
    UnplacedRow, WaveRow, ZoneRow,
};
pub use words::{ReasonWords, reason_words, rule_words};

const TEMPLATE: &str = include_str!("page/report.html");
/// The look of every page.
pub(crate) const STYLE: &str = include_str!("page/report.css");

/// The scripts in the order in which they build on each other; they share one scope.
const SCRIPTS: [&str; 8] = [
    include_str!("page/units.js"),
    include_str!("page/color.js"),
    include_str!("page/map.js"),
    include_str!("page/chart.js"),
    include_str!("page/tables.js"),
    include_str!("page/fleet.js"),
    include_str!("page/migration.js"),
    include_str!("page/report.js"),
];

/// The page for a plan, as the text of one HTML file.
///
/// O(n log n) in the prices and linear in the rest. Same data, same bytes.
#[must_use]
pub fn render(data: &ReportData) -> String {
    let scripts = SCRIPTS.join("\n");
    let json = script_safe(&view::json(data));
    let title = html_safe(&data.meta.title);
    fill(TEMPLATE, &[("title", &title), ("style", STYLE), ("data", &json), ("script", &scripts)])
}

/// The template with each `{{name}}` replaced once, in one pass: a marker inside a replacement is left alone, so that
/// nothing in the data can pull another part of the page into itself.
pub(crate) fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut page = String::with_capacity(template.len() + parts.iter().map(|part| part.1.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}").expect("the template closes every marker, as a test holds");
        let part = parts.iter().find(|part| part.0 == name).expect("the template names known parts, as a test holds");
        page.push_str(before);
        page.push_str(part.1);
        rest = tail;
    }
    page.push_str(rest);
    page
}

/// JSON that no HTML parser mistakes for the end of its script or for a comment: `<` stands only inside strings there,
/// where `\u003c` means the same.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// Text that stays text between tags.
pub(crate) fn html_safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
