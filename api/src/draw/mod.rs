//! What pages share: their frame, charts as inline SVG with scales and style, entries of lists, how figures are written, and
//! charts as a picture without a page.

pub(crate) mod chart;
pub(crate) mod entries;
pub(crate) mod figures;
pub(crate) mod frame;
pub(crate) mod picture;
pub(crate) mod scale;

/// The style of charts.
pub(crate) const CHART_STYLE: &str = include_str!("chart.css");
/// How charts and tables lie on a page.
pub(crate) const PAGE_STYLE: &str = include_str!("page.css");
/// Paper, ink and letters of a picture that stands alone.
pub(crate) const PALETTE: &str = include_str!("palette.css");
