//! What the pages of a bench share: charts as inline SVG, their scales and their style, and how figures are written.

pub(super) mod chart;
pub(super) mod figures;
pub(super) mod scale;

/// The style of charts.
pub(super) const CHART_STYLE: &str = include_str!("chart.css");
/// How charts and tables lie on a page.
pub(super) const PAGE_STYLE: &str = include_str!("page.css");
/// Paper, ink and letters of a picture that stands alone.
pub(super) const PALETTE: &str = include_str!("palette.css");
