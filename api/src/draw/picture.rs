//! Two charts side by side with their legend below, as a picture that stands alone.

use super::chart::{Chart, HEIGHT, WIDTH};
use super::{CHART_STYLE, PALETTE};

/// Room between the charts, around everything, and for a row of the legend.
const BETWEEN: f64 = 48.0;
const MARGIN: f64 = 28.0;
const ROW: f64 = 24.0;

/// Where the columns of a legend begin, from the key on: a name, a note beside it, and a note below the second chart.
const COLUMNS: [f64; 3] = [46.0, 230.0, WIDTH + BETWEEN];

/// A row of a legend: the elements of a key, and what is said of it, as text of an `svg`.
#[derive(Clone, Debug)]
pub(crate) struct LegendRow {
    /// Of the size of a key of [`super::chart`].
    pub(crate) key: String,
    pub(crate) name: String,
    /// What stands beside the name and below the second chart; none where the name has the row for itself.
    pub(crate) notes: Option<[String; 2]>,
}

/// Two charts and their legend as the text of one SVG file.
pub(crate) fn pair(title: &str, charts: [&Chart<'_>; 2], legend: &[LegendRow]) -> String {
    let width = 2.0 * (WIDTH + MARGIN) + BETWEEN;
    let legend_top = MARGIN + HEIGHT + 24.0;
    let row_count = f64::from(u32::try_from(legend.len()).unwrap_or(u32::MAX));
    let height = legend_top + row_count * ROW + MARGIN - 8.0;
    let charts = [MARGIN, MARGIN + WIDTH + BETWEEN].into_iter().zip(charts);
    let charts =
        charts.map(|(x, chart)| format!("<g transform=\"translate({x} {MARGIN})\">\n{}</g>\n", chart.elements()));
    let tops = std::iter::successors(Some(legend_top), |top| Some(top + ROW));
    let rows =
        tops.zip(legend).map(|(y, row)| format!("<g transform=\"translate({MARGIN} {y})\">{}</g>\n", elements(row)));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n\
         <title>{title}</title>\n<style>\n{PALETTE}{CHART_STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>\n{}</svg>\n",
        charts.chain(rows).collect::<String>()
    )
}

fn elements(row: &LegendRow) -> String {
    let text = |class: &str, x: f64, words: &str| format!("<text class=\"{class}\" x=\"{x}\" y=\"12\">{words}</text>");
    let [name_at, notes_at @ ..] = COLUMNS;
    let Some(notes) = &row.notes else { return row.key.clone() + &text("chart-label", name_at, &row.name) };
    let notes = notes_at.into_iter().zip(notes).map(|(x, note)| text("chart-note", x, note));
    row.key.clone() + &text("chart-note", name_at, &row.name) + &notes.collect::<String>()
}
