//! A chart as inline SVG: curves over the number of tiles, readable in light and dark, without a script.

use super::figures::{grouped, mark};
use super::scale::Scale;

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

/// One curve.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    /// What the legend calls it.
    pub(crate) name: String,
    /// The family's position, which gives the color and the marker.
    pub(crate) family: usize,
    /// The load's position, which gives the dashes.
    pub(crate) load: usize,
    /// The medians, by tiles.
    pub(crate) medians: Vec<Point>,
    /// Every run as `(tiles, amount)`.
    pub(crate) runs: Vec<(f64, f64)>,
}

/// A median.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) tiles: f64,
    pub(crate) amount: f64,
    /// What a pointer that rests on it is told.
    pub(crate) words: String,
}

/// One chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart<'a> {
    /// Names the clip path, so unlike that of any other chart of the page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// What the vertical axis counts, with its unit.
    pub(crate) unit: &'a str,
    pub(crate) tiles: Scale,
    pub(crate) amounts: Scale,
    /// The sizes that were run: the marks of the horizontal axis.
    pub(crate) sizes: &'a [f64],
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
        [heading, self.guides(), self.amount_axis(), self.tile_axis(), curves].concat()
    }

    fn x(&self, tiles: f64) -> f64 {
        LEFT + self.tiles.share(tiles) * (RIGHT - LEFT)
    }

    fn y(&self, amount: f64) -> f64 {
        BOTTOM - self.amounts.share(amount) * (BOTTOM - TOP)
    }

    fn amount_axis(&self) -> String {
        let marks = self.amounts.marks().into_iter().map(|amount| {
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

    fn tile_axis(&self) -> String {
        let mut axis =
            format!("<line class=\"chart-axis\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\"/>\n");
        let ticks = self.sizes.iter().map(|&size| {
            let x = self.x(size);
            format!(
                "<line class=\"chart-axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{}\"/>\n",
                BOTTOM + 5.0
            )
        });
        axis.extend(ticks);
        let labels = self.labeled_sizes().into_iter().map(|(x, label)| {
            format!(
                "<text class=\"chart-label\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\n",
                BOTTOM + 20.0
            )
        });
        axis.extend(labels);
        let middle = f64::midpoint(LEFT, RIGHT);
        axis + &format!(
            "<text class=\"chart-label\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">tiles</text>\n",
            BOTTOM + 42.0
        )
    }

    /// The sizes whose labels have room, the largest first: where two would touch, the larger one stays.
    fn labeled_sizes(&self) -> Vec<(f64, String)> {
        let mut free_until = f64::INFINITY;
        let mut kept = Vec::new();
        for &size in self.sizes.iter().rev() {
            let (x, label) = (self.x(size), grouped(size));
            let half = f64::from(u32::try_from(label.len()).unwrap_or(u32::MAX)) * LABEL_WIDTH / 2.0;
            if x + half <= free_until {
                free_until = x - half - LABEL_ROOM;
                kept.push((x, label));
            }
        }
        kept
    }

    /// Dotted lines along which the amount grows as the tiles do, one for each power of ten; none on a linear axis.
    fn guides(&self) -> String {
        let (Scale::Logarithmic { low: few, high: many }, Scale::Logarithmic { low, high }) =
            (self.tiles, self.amounts)
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
        let places: Vec<(f64, f64)> =
            curve.medians.iter().map(|point| (self.x(point.tiles), self.y(point.amount))).collect();
        let dots = curve.runs.iter().map(|&(tiles, amount)| {
            format!("<circle class=\"run\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2\"/>", self.x(tiles), self.y(amount))
        });
        let markers = curve.medians.iter().zip(&places).map(|(point, &place)| {
            marker(curve.family, place, &format!("<title>{}: {}</title>", curve.name, point.words))
        });
        format!(
            "<g class=\"f{} l{}\">{}<path class=\"curve\" d=\"{}\"/>{}</g>\n",
            curve.family,
            curve.load % DASHES,
            dots.collect::<Vec<_>>().concat(),
            path(&places),
            markers.collect::<Vec<_>>().concat()
        )
    }
}

/// How many ways of dashing the style sheet has.
const DASHES: usize = 4;

/// A piece of a curve with its marker, [`KEY`] large.
pub(crate) fn key(curve: &Curve) -> String {
    let (width, height) = KEY;
    let middle = (width / 2.0, height / 2.0);
    let line = path(&[(1.0, middle.1), (width - 1.0, middle.1)]);
    let marker = marker(curve.family, middle, "");
    format!("<g class=\"f{} l{}\"><path class=\"curve\" d=\"{line}\"/>{marker}</g>", curve.family, curve.load % DASHES)
}

fn path(places: &[(f64, f64)]) -> String {
    let step = |(at, (x, y)): (usize, &(f64, f64))| format!("{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    places.iter().enumerate().map(step).collect::<Vec<_>>().concat()
}

/// A marker of the family's own shape, so that colors are not all that tells families apart.
fn marker(family: usize, (x, y): (f64, f64), inside: &str) -> String {
    let corners: &[(f64, f64)] = match family {
        0 => return format!("<circle class=\"marker\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.6\">{inside}</circle>"),
        1 => &[(-4.2, -4.2), (4.2, -4.2), (4.2, 4.2), (-4.2, 4.2)],
        2 => &[(0.0, -5.4), (5.2, 4.2), (-5.2, 4.2)],
        _ => &[(0.0, -5.8), (5.8, 0.0), (0.0, 5.8), (-5.8, 0.0)],
    };
    let corners: Vec<(f64, f64)> = corners.iter().map(|corner| (x + corner.0, y + corner.1)).collect();
    format!("<path class=\"marker\" d=\"{}Z\">{inside}</path>", path(&corners))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart<'a>(sizes: &'a [f64], curves: &'a [Curve]) -> Chart<'a> {
        Chart {
            id: "seconds",
            title: "Time",
            unit: "seconds",
            tiles: Scale::Logarithmic { low: 10.0, high: 1_000.0 },
            amounts: Scale::Logarithmic { low: 1.0, high: 100.0 },
            sizes,
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
        let kept: Vec<String> = chart.labeled_sizes().into_iter().map(|(_, label)| label).collect();
        assert_eq!(kept, ["1,000", "500", "10"]);
    }

    #[test]
    fn linear_growth_is_a_guide_of_the_plots_own_slope() {
        // Both axes span two decades, so the guide through both low ends ends in the far corner.
        let guides = chart(&[], &[]).guides();
        assert!(guides.contains(&format!("M{LEFT} {BOTTOM:.1}L{RIGHT} {TOP:.1}")), "{guides}");
    }

    #[test]
    fn every_median_has_a_marker_with_words() {
        let point = |tiles, amount| Point { tiles, amount, words: format!("{amount} s") };
        let medians = vec![point(10.0, 1.0), point(1_000.0, 100.0)];
        let curves = [Curve { name: "mixed".into(), family: 1, load: 5, medians, runs: vec![(10.0, 1.0)] }];
        let drawn = chart(&[10.0, 1_000.0], &curves).elements();
        assert_eq!(drawn.matches("class=\"marker\"").count(), 2);
        assert_eq!(drawn.matches("class=\"run\"").count(), 1);
        assert!(drawn.contains("<g class=\"f1 l1\">") && drawn.contains("<title>mixed: 100 s</title>"), "{drawn}");
    }
}
