//! Which weighing comes next, and which points are on the front.
//!
//! The dichotomic search for supported points of two objectives (Aneja & Nair 1979): after both extremes, two neighbors of
//! the front are weighed so that both are worth the same, by the normal of the line through them. A plan that is worth more
//! lies beyond that line and between them; where there is none, the line is an edge of what weighted sums can reach. Here
//! the widest gap comes first, since the number of plans is limited, and as plans are not always the best ones, whatever is
//! found joins the points, those that are dominated leave the front, and an extreme among those is weighed once more.

use super::pair::Pair;
use super::point::{Point, Weighing};

/// The next weighing: an extreme that is missing, then one between the neighbors that are farthest apart. `None` where every
/// gap was weighed.
pub(super) fn next(pair: Pair, points: &[Point]) -> Option<Weighing> {
    if let Some(&extreme) = pair.extremes().get(points.len()) {
        return Some(extreme);
    }
    if let Some(extreme) = beaten_extreme(pair, points) {
        return Some(extreme);
    }
    let mut front: Vec<[i128; 2]> =
        points.iter().filter(|point| !point.is_dominated).map(|point| pair.gains(point.amounts)).collect();
    front.sort_unstable_by(|a, b| b.cmp(a));
    let (best, last) = (front.first()?, front.last()?);
    let spans = [best[0] - last[0], last[1] - best[1]];
    let gaps = front.windows(2).filter_map(|ends| {
        let (less, more) = (ends[0][0] - ends[1][0], ends[1][1] - ends[0][1]);
        // The normal of the line: what the second term gains weighs the first, and the other way around.
        let weighing = pair.weighing(more, less);
        let is_new = points.iter().all(|point| point.weighing != weighing);
        let share = |part: i128, span: i128| part as f64 / span as f64;
        is_new.then(|| (share(less, spans[0]).hypot(share(more, spans[1])), weighing))
    });
    // Of gaps alike the first counts.
    gaps.reduce(|widest, gap| if gap.0 > widest.0 { gap } else { widest }).map(|gap| gap.1)
}

/// An extreme whose one plan another one beats: weighed again, it begins with that better one.
fn beaten_extreme(pair: Pair, points: &[Point]) -> Option<Weighing> {
    pair.extremes().into_iter().find(|&extreme| {
        let mut of_extreme = points.iter().filter(|point| point.weighing == extreme);
        of_extreme.next().is_some_and(|point| point.is_dominated) && of_extreme.next().is_none()
    })
}

/// Marks the points that are not on the front. O(points squared).
pub(super) fn mark_dominated(pair: Pair, points: &mut [Point]) {
    let ranks: Vec<_> = points.iter().map(|point| (pair.gains(point.amounts), point.order)).collect();
    for (point, &(gains, order)) in points.iter_mut().zip(&ranks) {
        point.is_dominated = ranks.iter().any(|&(other, other_order)| {
            let is_as_good = other[0] >= gains[0] && other[1] >= gains[1];
            is_as_good && (other != gains || other_order < order)
        });
    }
}

/// Sorts points by the first term, the best first; of equal ones the better in the second, then the earlier.
pub(super) fn sort(pair: Pair, points: &mut [Point]) {
    points.sort_by_key(|point| {
        let [first, second] = pair.gains(point.amounts);
        (std::cmp::Reverse((first, second)), point.order)
    });
}

#[cfg(test)]
mod tests {
    use super::super::point::tests::point;
    use super::*;

    fn pair() -> Pair {
        Pair::parse("value,energy").unwrap()
    }

    fn marked(amounts: &[[i128; 2]]) -> Vec<Point> {
        let mut points: Vec<Point> = (0..).zip(amounts).map(|(order, &amounts)| point(order, amounts)).collect();
        mark_dominated(pair(), &mut points);
        points
    }

    #[test]
    fn both_extremes_come_first() {
        assert_eq!(next(pair(), &[]), Some(Weighing([1_000, 1])));
        assert_eq!(next(pair(), &marked(&[[90, 60]])), Some(Weighing([1_000, 1_000_000])));
    }

    #[test]
    fn the_widest_gap_is_weighed_by_its_normal() {
        // From 100 for 80 to 60 for 20 both terms change by more than from there to 50 for 10. The slope is 40 for 60.
        let points = marked(&[[100, 80], [50, 10], [60, 20]]);
        assert_eq!(next(pair(), &points), Some(Weighing([1_000, 667])));
    }

    #[test]
    fn a_gap_that_was_weighed_leaves_its_turn_to_the_next() {
        let mut points = marked(&[[100, 80], [50, 10], [60, 20]]);
        points[0].weighing = Weighing([1_000, 667]);
        // From 60 for 20 to 50 for 10 the slope is one.
        assert_eq!(next(pair(), &points), Some(Weighing([1_000, 1_000])));
        points[1].weighing = Weighing([1_000, 1_000]);
        assert_eq!(next(pair(), &points), None);
    }

    #[test]
    fn an_extreme_that_another_plan_beats_is_weighed_once_more() {
        let [first, last] = pair().extremes();
        let mut points = marked(&[[50, 10], [60, 10]]);
        (points[0].weighing, points[1].weighing) = (first, last);
        assert_eq!(next(pair(), &points), Some(first));
        points.push(Point { weighing: first, ..points[0].clone() });
        assert_eq!(next(pair(), &points), None);
    }

    #[test]
    fn a_front_of_one_point_has_no_gap() {
        assert_eq!(next(pair(), &marked(&[[50, 10], [40, 10]])), None);
    }

    #[test]
    fn what_another_point_beats_or_repeats_is_dominated() {
        let points = marked(&[[100, 80], [50, 10], [50, 20], [100, 80], [40, 5]]);
        let dominated: Vec<bool> = points.iter().map(|point| point.is_dominated).collect();
        assert_eq!(dominated, [false, false, true, true, false]);
    }

    #[test]
    fn the_best_in_the_first_term_comes_first() {
        let mut points = marked(&[[40, 5], [100, 80], [50, 20], [50, 10]]);
        sort(pair(), &mut points);
        let amounts: Vec<_> = points.iter().map(|point| point.amounts).collect();
        assert_eq!(amounts, [[100, 80], [50, 10], [50, 20], [40, 5]]);
    }
}
