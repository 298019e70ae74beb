//! `summary.md`: what every policy left and drew, as Markdown.

use super::outcome::{Outcome, PolicyRun};
use super::sample::MARKS;
use crate::draw::figures::grouped;

/// The page. Same outcome, same bytes.
pub(super) fn markdown(outcome: &Outcome<'_>) -> String {
    let tables = outcome.by_sequence().map(table).collect::<Vec<_>>().concat();
    format!(
        "# Admission, one pod at a time\n\nUnallocated: milli-devices that nobody holds, in percent of the cluster's. \
         Power: megawatts. Both by how \
         much of the cluster's devices has been asked for.\n{tables}\nEvery placement was checked. Machine: {}.\n",
        outcome.machine.words()
    )
}

fn table(rows: &[PolicyRun]) -> String {
    let title = rows.first().map_or("", |row| &row.sequence);
    let heads: Vec<String> =
        ["unallocated", "power"].iter().flat_map(|what| MARKS.map(|mark| format!("{what} {mark} %"))).collect();
    let lines = "|---".repeat(heads.len() + 2);
    let rows = rows.iter().map(row).collect::<Vec<_>>().concat();
    format!("\n## {title}\n\n| policy | {} | decisions/s |\n{lines}|\n{rows}", heads.join(" | "))
}

fn row(row: &PolicyRun) -> String {
    let cell = |mark: u32, of: fn(&super::sample::Point) -> String| {
        row.points.iter().find(|point| point.arrived_percent == mark).map_or("–".to_owned(), of)
    };
    let unallocated = MARKS.map(|mark| cell(mark, |point| format!("{:.2}", point.unallocated_percent))).join(" | ");
    let power = MARKS.map(|mark| cell(mark, |point| format!("{:.3}", point.power_w / 1e6))).join(" | ");
    format!("| {} | {unallocated} | {power} | {} |\n", row.policy, grouped(row.decisions_per_second))
}
