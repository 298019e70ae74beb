//! A chart as inline SVG: curves over one amount, readable in light and dark, without a script.

use super::figures::mark;
use super::scale::Scale;
use crate::report::html_safe;

/// Size of a chart, in units that are pixels at full width.
pub(crate) const WIDTH: f64 = 560.0;
pub(crate) const HEIGHT: f64 = 412.0;

/// The plot inside the chart: room is left for marks, names and the last size's label.
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 26.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = HEIGHT - 52.0;

/// Width that a character of a label takes at most.
const LABEL_WIDTH: f64 = 7.0;
/// Room kept free between two labels of an axis.
const LABEL_ROOM: f64 = 10.0;

/// The size of a key: a piece of a curve with its marker, for legends.
pub(crate) const KEY: (f64, f64) = (34.0, 14.0);

/// How a curve is told from others: by color and marker, and where those run out by dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) color: usize,
    pub(crate) dashes: usize,
}

impl Style {
    /// The style of a curve by its place among those of a chart: every color first, then with dashes.
    pub(crate) fn of(place: usize) -> Style {
        Style { color: place % COLORS, dashes: place / COLORS }
    }
}

/// How the points of a curve are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// By straight lines.
    Straight,
    /// Each holds until the next.
    Steps,
}

/// One curve.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    /// What the legend calls it.
    pub(crate) name: String,
    pub(crate) style: Style,
    pub(crate) join: Join,
    /// The points that are joined, by `x`.
    pub(crate) line: Vec<(f64, f64)>,
    /// The places that have a marker.
    pub(crate) markers: Vec<Point>,
    /// What stands behind the points, each as a dot.
    pub(crate) dots: Vec<(f64, f64)>,
}

/// A place of a curve that says what it is.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// What a pointer that rests on it is told.
    pub(crate) words: String,
}

/// The horizontal axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis<'a> {
    /// What it counts.
    pub(crate) name: &'a str,
    pub(crate) scale: Scale,
    /// What is marked on it, rising; labels are left out where they would touch.
    pub(crate) marks: Vec<f64>,
}

/// Lines to hold curves against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guides {
    /// None.
    Without,
    /// Dotted lines along which `y` grows in step with `x`, where both axes are logarithmic.
    InStep,
}

/// One chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart<'a> {
    /// Names the clip path, so unlike that of any other chart of the page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// What the vertical axis counts, with its unit.
    pub(crate) unit: &'a str,
    pub(crate) x: Axis<'a>,
    pub(crate) y: Scale,
    pub(crate) guides: Guides,
    pub(crate) curves: &'a [Curve],
}

impl Chart<'_> {
    /// The chart's elements, [`WIDTH`] by [`HEIGHT`], for an `svg` or a group.
    pub(crate) fn elements(&self) -> String {
        let heading = format!(
            "<text class=\"chart-title\" x=\"0\" y=\"16\">{}</text>\n<text class=\"chart-label\" x=\"0\" y=\"36\">{}</text>\n",
            self.title, self.unit
        );
        let curves = self.curves.iter().map(|curve| self.curve(curve)).collect::<Vec<_>>().concat();
        [heading, self.guides(), self.vertical_axis(), self.horizontal_axis(), curves].concat()
    }

    fn x(&self, x: f64) -> f64 {
        LEFT + self.x.scale.share(x) * (RIGHT - LEFT)
    }

    fn y(&self, y: f64) -> f64 {
        BOTTOM - self.y.share(y) * (BOTTOM - TOP)
    }

    fn vertical_axis(&self) -> String {
        let marks = self.y.marks().into_iter().map(|amount| {
            let (y, label) = (self.y(amount), mark(amount));
            format!(
                "<line class=\"chart-grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n\
                 <text class=\"chart-label\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n",
                LEFT - 9.0,
                y + 4.0
            )
        });
        marks.collect::<Vec<_>>().concat()
    }

    fn horizontal_axis(&self) -> String {
        let mut axis =
            format!("<line class=\"chart-axis\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\"/>\n");
        let ticks = self.x.marks.iter().map(|&mark| {
            let x = self.x(mark);
            format!(
                "<line class=\"chart-axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{}\"/>\n",
                BOTTOM + 5.0
            )
        });
        axis.extend(ticks);
        let labels = self.labeled_marks().into_iter().map(|(x, label)| {
            format!(
                "<text class=\"chart-label\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\n",
                BOTTOM + 20.0
            )
        });
        axis.extend(labels);
        let middle = f64::midpoint(LEFT, RIGHT);
        axis + &format!(
            "<text class=\"chart-label\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
            BOTTOM + 42.0,
            self.x.name
        )
    }

    /// The marks whose labels have room, the largest first: where two would touch, the larger one stays.
    fn labeled_marks(&self) -> Vec<(f64, String)> {
        let mut free_until = f64::INFINITY;
        let mut kept = Vec::new();
        for &at in self.x.marks.iter().rev() {
            let (x, label) = (self.x(at), mark(at));
            let half = f64::from(u32::try_from(label.len()).unwrap_or(u32::MAX)) * LABEL_WIDTH / 2.0;
            if x + half <= free_until {
                free_until = x - half - LABEL_ROOM;
                kept.push((x, label));
            }
        }
        kept
    }

    /// The guides, one for each power of ten.
    fn guides(&self) -> String {
        let (Guides::InStep, Scale::Logarithmic { low: few, high: many }, Scale::Logarithmic { low, high }) =
            (self.guides, self.x.scale, self.y)
        else {
            return String::new();
        };
        let first = 10f64.powf((low * few / many).log10().ceil());
        let starts =
            std::iter::successors(Some(first), |amount| Some(amount * 10.0)).take_while(|&amount| amount < high);
        let lines =
            starts.map(|amount| format!("M{LEFT} {:.1}L{RIGHT} {:.1}", self.y(amount), self.y(amount * many / few)));
        format!(
            "<clipPath id=\"plot-{id}\"><rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{}\" height=\"{}\"/></clipPath>\n\
             <path class=\"chart-guide\" clip-path=\"url(#plot-{id})\" d=\"{}\"/>\n",
            RIGHT - LEFT,
            BOTTOM - TOP,
            lines.collect::<Vec<_>>().concat(),
            id = self.id,
        )
    }

    fn curve(&self, curve: &Curve) -> String {
        let place = |&(x, y): &(f64, f64)| (self.x(x), self.y(y));
        let line: Vec<(f64, f64)> = curve.line.iter().map(place).collect();
        let line = if curve.join == Join::Steps { steps(&line) } else { line };
        let dots = curve
            .dots
            .iter()
            .map(place)
            .map(|(x, y)| format!("<circle class=\"run\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>"));
        let markers = curve.markers.iter().map(|point| {
            let title = format!("<title>{}: {}</title>", html_safe(&curve.name), html_safe(&point.words));
            marker(curve.style.color, place(&(point.x, point.y)), &title)
        });
        let (dots, markers) = (dots.collect::<Vec<_>>().concat(), markers.collect::<Vec<_>>().concat());
        styled(curve.style, &format!("{dots}<path class=\"curve\" d=\"{}\"/>{markers}", path(&line)))
    }
}

/// The corners of a line that holds each value until the next place.
fn steps(places: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let corners = places.windows(2).flat_map(|pair| [pair[0], (pair[1].0, pair[0].1)]);
    corners.chain(places.last().copied()).collect()
}

/// Elements in the style of a curve.
fn styled(style: Style, elements: &str) -> String {
    format!("<g class=\"f{} l{}\">{elements}</g>\n", style.color % COLORS, style.dashes % DASHES)
}

/// How many colors the style sheet has.
const COLORS: usize = 6;
/// How many ways of dashing the style sheet has.
const DASHES: usize = 4;

/// A piece of a curve with its marker, [`KEY`] large.
pub(crate) fn key(style: Style) -> String {
    let (width, height) = KEY;
    let middle = (width / 2.0, height / 2.0);
    let line = path(&[(1.0, middle.1), (width - 1.0, middle.1)]);
    styled(style, &format!("<path class=\"curve\" d=\"{line}\"/>{}", marker(style.color, middle, "")))
}

/// Straight lines from place to place, as SVG writes them.
pub(crate) fn path(places: &[(f64, f64)]) -> String {
    let step = |(at, (x, y)): (usize, &(f64, f64))| format!("{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    places.iter().enumerate().map(step).collect::<Vec<_>>().concat()
}

/// A marker of the color's own shape, so that colors are not all that tells curves apart.
fn marker(color: usize, (x, y): (f64, f64), inside: &str) -> String {
    let corners: &[(f64, f64)] = match color % COLORS {
        0 => return format!("<circle class=\"marker\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.6\">{inside}</circle>"),
        1 => &[(-4.2, -4.2), (4.2, -4.2), (4.2, 4.2), (-4.2, 4.2)],
        2 => &[(0.0, -5.4), (5.2, 4.2), (-5.2, 4.2)],
        3 => &[(0.0, -5.8), (5.8, 0.0), (0.0, 5.8), (-5.8, 0.0)],
        4 => &[(0.0, 5.4), (5.2, -4.2), (-5.2, -4.2)],
        _ => &[(-6.0, -2.6), (6.0, -2.6), (6.0, 2.6), (-6.0, 2.6)],
    };
    let corners: Vec<(f64, f64)> = corners.iter().map(|corner| (x + corner.0, y + corner.1)).collect();
    format!("<path class=\"marker\" d=\"{}Z\">{inside}</path>", path(&corners))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart<'a>(marks: &[f64], curves: &'a [Curve]) -> Chart<'a> {
        let scale = Scale::Logarithmic { low: 10.0, high: 1_000.0 };
        Chart {
            id: "seconds",
            title: "Time",
            unit: "seconds",
            x: Axis { name: "tiles", scale, marks: marks.to_vec() },
            y: Scale::Logarithmic { low: 1.0, high: 100.0 },
            guides: Guides::InStep,
            curves,
        }
    }

    #[test]
    fn the_corners_of_the_plot_are_the_ends_of_the_scales() {
        let chart = chart(&[], &[]);
        let is_at = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        assert!(is_at(chart.x(10.0), LEFT) && is_at(chart.x(1_000.0), RIGHT));
        assert!(is_at(chart.y(1.0), BOTTOM) && is_at(chart.y(100.0), TOP));
        assert!(is_at(chart.y(10.0), f64::midpoint(TOP, BOTTOM)));
    }

    #[test]
    fn labels_that_would_touch_are_left_out_from_the_small_end() {
        let chart = chart(&[10.0, 500.0, 980.0, 1_000.0], &[]);
        let kept: Vec<String> = chart.labeled_marks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(kept, ["1,000", "500", "10"]);
    }

    #[test]
    fn linear_growth_is_a_guide_of_the_plots_own_slope() {
        // Both axes span two decades, so the guide through both low ends ends in the far corner.
        let guides = chart(&[], &[]).guides();
        assert!(guides.contains(&format!("M{LEFT} {BOTTOM:.1}L{RIGHT} {TOP:.1}")), "{guides}");
        assert_eq!(Chart { guides: Guides::Without, ..chart(&[], &[]) }.guides(), "");
    }

    #[test]
    fn every_marker_has_words() {
        let point = |x, y| Point { x, y, words: format!("{y} s") };
        let markers = vec![point(10.0, 1.0), point(1_000.0, 100.0)];
        let line = markers.iter().map(|point| (point.x, point.y)).collect();
        let style = Style { color: 1, dashes: 5 };
        let curves =
            [Curve { name: "a < b".into(), style, join: Join::Straight, line, markers, dots: vec![(10.0, 1.0)] }];
        let drawn = chart(&[10.0, 1_000.0], &curves).elements();
        assert_eq!(drawn.matches("class=\"marker\"").count(), 2);
        assert_eq!(drawn.matches("class=\"run\"").count(), 1);
        assert!(drawn.contains("<g class=\"f1 l1\">") && drawn.contains("<title>a &lt; b: 100 s</title>"), "{drawn}");
    }

    #[test]
    fn steps_hold_each_value_until_the_next() {
        assert_eq!(
            steps(&[(0.0, 1.0), (2.0, 3.0), (5.0, 4.0)]),
            [(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (5.0, 3.0), (5.0, 4.0)]
        );
        assert_eq!((steps(&[(1.0, 2.0)]), steps(&[])), (vec![(1.0, 2.0)], vec![]));
    }

    #[test]
    fn colors_run_out_before_dashes_begin() {
        assert_eq!([0, 5, 6].map(Style::of).map(|style| (style.color, style.dashes)), [(0, 0), (5, 0), (0, 1)]);
    }
}
