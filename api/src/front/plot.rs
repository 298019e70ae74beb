//! The front as inline SVG: what the second term comes to across, what the first comes to upward, readable in light and
//! dark, without a script.

use lessor_models::objective::terms::Objective;

use super::outcome::Outcome;
use super::point::Point;
use crate::draw::chart::path;
use crate::draw::figures::{gap, grouped, mark, significant};
use crate::draw::scale::step;

/// Size of the plot, in units that are pixels at full width.
pub(super) const WIDTH: f64 = 720.0;
pub(super) const HEIGHT: f64 = 460.0;

const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 30.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = HEIGHT - 56.0;

/// What is left free beyond the points at each end of an axis, as a share of what they span.
const ROOM: f64 = 0.06;

/// Radii of the markers: of points on the front, and of dominated ones.
const MARKER: f64 = 5.5;
const FAINT: f64 = 4.0;

/// Points of which neighbors are nearer than this on the picture share a label: the first one's.
const LABEL_ROOM: f64 = 17.0;

/// Micro-credits in a credit.
const CREDIT: f64 = 1e6;

/// From one amount to another, in credits.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn of(amounts: impl Iterator<Item = f64> + Clone) -> Axis {
        let low = amounts.clone().fold(f64::INFINITY, f64::min);
        let high = amounts.fold(f64::NEG_INFINITY, f64::max);
        let span = if high > low { high - low } else { high.abs().max(1.0) };
        Axis { low: low - ROOM * span, high: high + ROOM * span }
    }

    fn share(self, amount: f64) -> f64 {
        (amount - self.low) / (self.high - self.low)
    }

    /// The amounts to mark, rising.
    fn marks(self) -> Vec<f64> {
        // A step is a tenth of the axis or up to two and a half times that.
        let step = step((self.high - self.low) / 2.0);
        let first = (self.low / step).ceil();
        let marks = (0..=10u32).map(|at| (first + f64::from(at)) * step);
        marks.filter(|&mark| mark <= self.high).map(|mark| if mark.abs() < step / 2.0 { 0.0 } else { mark }).collect()
    }
}

/// What a point comes to across and upward, in credits.
fn place(point: &Point) -> (f64, f64) {
    (point.amounts[1] as f64 / CREDIT, point.amounts[0] as f64 / CREDIT)
}

/// The plot's elements, [`WIDTH`] by [`HEIGHT`], for an `svg` or a group.
pub(super) fn elements(outcome: &Outcome<'_>) -> String {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let across = Axis::of(outcome.points.iter().map(|point| place(point).0));
    let upward = Axis::of(outcome.points.iter().map(|point| place(point).1));
    let at = |point: &Point| {
        let (x, y) = place(point);
        (across_at(across, x), upward_at(upward, y))
    };
    let (dominated, front): (Vec<&Point>, Vec<&Point>) = outcome.points.iter().partition(|point| point.is_dominated);
    let places: Vec<(f64, f64)> = front.iter().map(|point| at(point)).collect();
    let marker = |point: &Point, class: &str, radius: f64| {
        let ((x, y), words) = (at(point), words(outcome, point));
        format!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{words}</title></circle>\n"
        )
    };
    let heading = format!(
        "<text class=\"chart-title\" x=\"0\" y=\"16\">{first} against {second}</text>\n\
         <text class=\"chart-label\" x=\"0\" y=\"36\">{first}, credits</text>\n"
    );
    [
        heading,
        upward_axis(upward),
        across_axis(across, second),
        format!("<g class=\"f0\"><path class=\"curve\" d=\"{}\"/>\n", path(&places)),
        dominated.iter().map(|point| marker(point, "faint", FAINT)).collect(),
        front.iter().map(|point| marker(point, "marker", MARKER)).collect(),
        "</g>\n".to_owned(),
        labels(&front, &places),
    ]
    .concat()
}

/// The numbers of the plans, where there is room for them: the first of those that lie close together has its own.
fn labels(front: &[&Point], places: &[(f64, f64)]) -> String {
    let mut labeled: Vec<(f64, f64)> = Vec::new();
    let label = |(point, &(x, y)): (&&Point, &(f64, f64))| {
        if labeled.iter().any(|&(other_x, other_y)| (x - other_x).hypot(y - other_y) < LABEL_ROOM) {
            return None;
        }
        labeled.push((x, y));
        let (name, x, y) = (point.plan.as_deref()?, x - 9.0, y - 8.0);
        Some(format!("<text class=\"chart-note\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{name}</text>\n"))
    };
    front.iter().zip(places).filter_map(label).collect()
}

fn across_at(axis: Axis, amount: f64) -> f64 {
    LEFT + axis.share(amount) * (RIGHT - LEFT)
}

fn upward_at(axis: Axis, amount: f64) -> f64 {
    BOTTOM - axis.share(amount) * (BOTTOM - TOP)
}

fn upward_axis(axis: Axis) -> String {
    let marks = axis.marks().into_iter().map(|amount| {
        let (y, label) = (upward_at(axis, amount), mark(amount));
        format!(
            "<line class=\"chart-grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n\
             <text class=\"chart-label\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n",
            LEFT - 9.0,
            y + 4.0
        )
    });
    marks.collect()
}

fn across_axis(axis: Axis, name: &str) -> String {
    let marks = axis.marks().into_iter().map(|amount| {
        let (x, label) = (across_at(axis, amount), mark(amount));
        format!(
            "<line class=\"chart-axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{}\"/>\n\
             <text class=\"chart-label\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\n",
            BOTTOM + 5.0,
            BOTTOM + 21.0
        )
    });
    let marks: String = marks.collect();
    let middle = f64::midpoint(LEFT, RIGHT);
    format!(
        "<line class=\"chart-axis\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\"/>\n{marks}\
         <text class=\"chart-label\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{name}, credits</text>\n",
        BOTTOM + 44.0
    )
}

/// Micro-credits in credits, as people read them.
pub(super) fn credits(amount: i128) -> String {
    let credits = amount as f64 / CREDIT;
    if credits == 0.0 { "0".to_owned() } else { significant(credits) }
}

/// What a pointer that rests on a point is told.
fn words(outcome: &Outcome<'_>, point: &Point) -> String {
    let [first, second] = outcome.pair.terms().map(Objective::name);
    let [first_amount, second_amount] = point.amounts.map(credits);
    let [first_weight, second_weight] = point.weighing.0.map(|permille| mark(f64::from(permille) / 1_000.0));
    let name = point.plan.as_ref().map_or("Dominated".to_owned(), |name| format!("Plan {name}"));
    format!(
        "{name}: {first} {first_amount}, {second} {second_amount} credits; {} capsules placed, {} moves; gap {}; weights \
         {first_weight} and {second_weight}",
        grouped(point.figures.placed as f64),
        grouped(point.figures.moves as f64),
        gap(point.figures.gap),
    )
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::{outcome, settings};
    use super::*;

    #[test]
    fn an_axis_holds_its_amounts_with_room_and_marks_round_ones() {
        let axis = Axis::of([10.0, 60.0].into_iter());
        assert_eq!(axis, Axis { low: 7.0, high: 63.0 });
        assert_eq!(axis.marks(), [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
        let one = Axis::of([5.0].into_iter());
        assert!(one.low < 5.0 && one.high > 5.0);
    }

    #[test]
    fn every_point_has_a_marker_with_words_and_those_of_the_front_a_curve() {
        let settings = settings();
        let drawn = elements(&outcome(&settings));
        assert_eq!((drawn.matches("class=\"marker\"").count(), drawn.matches("class=\"faint\"").count()), (2, 1));
        assert!(drawn.contains("<title>Plan 00: value 100, energy 80.0 credits; 3 capsules placed"), "{drawn}");
        // One line from the first point to the last, which lie at the far corners but for the room left free.
        let width = RIGHT - LEFT;
        let x = |share: f64| LEFT + width * share;
        let share = ROOM / (1.0 + 2.0 * ROOM);
        assert!(drawn.contains(&format!("d=\"M{:.1} ", x(1.0 - share))), "{drawn}");
        assert!(drawn.contains(&format!("L{:.1} ", x(share))), "{drawn}");
    }

    #[test]
    fn credits_have_three_digits_that_count() {
        assert_eq!([0, 1_234_567, -250_000_000, 1_234_000_000_000].map(credits), ["0", "1.23", "-250", "1,234,000"]);
    }
}
