//! The point of a polytope that is nearest to zero: least squares over linear inequalities.
//!
//! The dual active-set method of Goldfarb and Idnani (1983) with the identity for a Hessian: it starts at zero, adds one broken
//! inequality after another, and lets go of those whose multiplier would turn negative. It goes on from where it was once there
//! are more of them. Problems here have a few dozen variables; the factor of the active set grows with each inequality, and is
//! made anew from where one goes. Sums are over some variables, of one weight, so that products of normals are whole numbers, and
//! floats do for the way. Limits may lie a dozen digits apart: once nothing is broken, the point is told anew from what is active
//! in twice the digits of a float (iterative refinement; Wilkinson 1963), and whatever is broken by a millionth then goes on.

use lessor_solver::support::stop::Stop;
use lessor_solver::support::vectors::dot;

use super::wide::Wide;

/// `sum of members of x >= limit`, or `<=`; an equality where it says so.
#[derive(Clone, Debug)]
pub(crate) struct Halfspace {
    /// In order.
    pub(crate) members: Vec<usize>,
    pub(crate) limit: Wide,
    pub(crate) side: Side,
}

/// Where a sum may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    AtLeast,
    AtMost,
    Equal,
}

/// What counts as zero of a direction: products of normals are whole numbers.
const TINY: f64 = 1e-10;
/// What a point may lack of an inequality, in units of the variables.
const MISSING: f64 = 1e-6;
/// What it may lack of one that those which are active imply.
const ROUNDING: f64 = 1e-5;
/// What floats leave of the greatest limit, so that a point that they led to is not looked at more closely.
const NOISE: f64 = 1e-10;
/// What refinement may leave of a limit, and its steps at most.
const REFINED: f64 = 1e-9;
const REFINEMENTS_MAX: usize = 12;
/// Steps after which there is no answer.
const STEPS_MAX: usize = 20_000;

/// A point that comes nearer to all of its halfspaces, and stays the nearest to zero of those it keeps.
#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    point: Vec<Wide>,
    halfspaces: Vec<Halfspace>,
    /// Which of them are active, or implied by those that are.
    is_settled: Vec<bool>,
    active: Active,
}

impl Nearest {
    /// Zero, and nothing to keep.
    pub(crate) fn new(dimension: usize) -> Nearest {
        let point = vec![Wide::ZERO; dimension];
        Nearest { point, halfspaces: Vec::new(), is_settled: Vec::new(), active: Active::default() }
    }

    /// One more to keep.
    pub(crate) fn add(&mut self, halfspace: Halfspace) {
        self.halfspaces.push(halfspace);
        self.is_settled.push(false);
    }

    /// The point within all halfspaces that is nearest to zero; `None` where there is none, the steps run out, or the stop comes
    /// first.
    pub(crate) fn solve(&mut self, stop: &Stop) -> Option<&[Wide]> {
        let greatest = self.halfspaces.iter().map(|halfspace| halfspace.limit.abs().float()).fold(0.0, f64::max);
        let mut implied: Vec<usize> = Vec::new();
        self.is_settled.fill(false);
        self.active.rows.iter().for_each(|&row| self.is_settled[row] = true);
        let (mut steps, mut is_exact) = (0, true);
        loop {
            if stop.is_raised() {
                return None;
            }
            let most = if is_exact { MISSING } else { MISSING.max(greatest * NOISE) };
            let Some((next, normal)) = self.most_broken(most) else {
                // What was implied may be broken once the point has moved on.
                let lacks = |at: &usize| is_exact && self.missing(*at).1 > 2.0 * ROUNDING;
                let (broken, whole): (Vec<usize>, Vec<usize>) = implied.into_iter().partition(lacks);
                if is_exact && broken.is_empty() {
                    return Some(&self.point);
                }
                implied = whole;
                broken.into_iter().for_each(|at| self.is_settled[at] = false);
                self.refine();
                is_exact = true;
                continue;
            };
            match self.take_in(next, normal, &mut steps)? {
                Taken::Active => is_exact = false,
                Taken::Implied if is_exact && self.missing(next).1 > ROUNDING => return None,
                Taken::Implied => implied.push(next),
            }
        }
    }

    /// Makes a halfspace active, letting go of others; or finds that those which are left imply it, or leave no room for it.
    fn take_in(&mut self, next: usize, normal: Normal, steps: &mut usize) -> Option<Taken> {
        self.is_settled[next] = true;
        let mut multiplier = 0.0;
        loop {
            *steps += 1;
            if *steps > STEPS_MAX {
                return None;
            }
            let shares = self.active.shares(&normal);
            let direction = self.active.rest(&normal, &shares, self.point.len());
            let length = normal.of(&direction);
            let full = (length > TINY).then(|| self.missing(next).1 / length);
            let partial = self.active.first_to_turn(&shares, &self.halfspaces);
            let Some(step) = full.into_iter().chain(partial.map(|partial| partial.0)).reduce(f64::min) else {
                return Some(Taken::Implied);
            };
            if full.is_some() {
                self.point.iter_mut().zip(&direction).for_each(|(value, change)| *value += Wide::of(step * change));
            }
            self.active.multipliers.iter_mut().zip(&shares).for_each(|(multiplier, share)| *multiplier -= step * share);
            multiplier += step;
            match partial {
                Some((turns, place)) if full.is_none_or(|full| turns < full) => {
                    let row = self.active.remove(place)?;
                    self.is_settled[row] = false;
                }
                _ => break,
            }
        }
        self.active.push(next, multiplier, normal)?;
        Some(Taken::Active)
    }

    /// Tells the point anew, as the sum of what is active by its multipliers, which are refined until that holds with equality.
    fn refine(&mut self) {
        let mut multipliers = vec![Wide::ZERO; self.active.rows.len()];
        for _ in 0..REFINEMENTS_MAX {
            self.point.fill(Wide::ZERO);
            for (normal, &multiplier) in self.active.normals.iter().zip(&multipliers) {
                let change = normal.signed(multiplier);
                normal.members.iter().for_each(|&member| self.point[member] += change);
            }
            let rest = |(normal, &row): (&Normal, &usize)| normal.signed(self.missing(row).0);
            let mut rest: Vec<f64> = self.active.normals.iter().zip(&self.active.rows).map(rest).collect();
            if rest.iter().all(|rest| rest.abs() < REFINED) {
                break;
            }
            self.active.divide(&mut rest);
            multipliers.iter_mut().zip(rest).for_each(|(multiplier, more)| *multiplier += Wide::of(more));
        }
        self.active.multipliers = multipliers.iter().map(|multiplier| multiplier.float()).collect();
    }

    /// By how much a sum must change for a halfspace, and how much it lacks of it.
    fn missing(&self, at: usize) -> (f64, f64) {
        let Halfspace { members, limit, side } = &self.halfspaces[at];
        let change = members.iter().fold(*limit, |rest, &member| rest - self.point[member]).float();
        let lacks = match side {
            Side::AtLeast => change,
            Side::AtMost => -change,
            Side::Equal => change.abs(),
        };
        (change, lacks)
    }

    /// The halfspace that is broken most, and by more than something, of those that are not settled, and the way into it;
    /// equalities come first.
    fn most_broken(&self, more_than: f64) -> Option<(usize, Normal)> {
        let (mut worst, mut most) = (None, more_than);
        for (at, halfspace) in self.halfspaces.iter().enumerate().filter(|&(at, _)| !self.is_settled[at]) {
            let (change, lacks) = self.missing(at);
            let is_equality = halfspace.side == Side::Equal;
            if lacks > most || is_equality && lacks > more_than {
                (worst, most) = (Some((at, change < 0.0)), lacks);
                if is_equality {
                    break;
                }
            }
        }
        worst.map(|(at, is_down)| (at, Normal::new(&self.halfspaces[at].members, is_down)))
    }
}

/// What became of a halfspace.
enum Taken {
    Active,
    Implied,
}

/// The way into a halfspace: all members alike.
#[derive(Clone, Debug)]
struct Normal {
    members: Vec<usize>,
    /// The same, 64 to a word.
    words: Vec<u64>,
    /// Whether they go down.
    is_down: bool,
}

impl Normal {
    fn new(members: &[usize], is_down: bool) -> Normal {
        let mut words = vec![0; members.last().map_or(0, |last| last / 64 + 1)];
        members.iter().for_each(|member| words[member / 64] |= 1 << (member % 64));
        Normal { members: members.to_vec(), words, is_down }
    }

    /// Its product with a vector.
    fn of(&self, vector: &[f64]) -> f64 {
        self.signed(self.members.iter().map(|&member| vector[member]).sum())
    }

    /// A number, turned as its members go.
    fn signed<T: std::ops::Neg<Output = T>>(&self, number: T) -> T {
        if self.is_down { -number } else { number }
    }

    /// Its product with another normal: a whole number.
    fn times(&self, other: &Normal) -> f64 {
        let common: u32 = self.words.iter().zip(&other.words).map(|(one, other)| (one & other).count_ones()).sum();
        if self.is_down == other.is_down { f64::from(common) } else { -f64::from(common) }
    }
}

/// The halfspaces that hold the point, with the Cholesky factor of the products of their normals.
#[derive(Clone, Debug, Default)]
struct Active {
    rows: Vec<usize>,
    multipliers: Vec<f64>,
    normals: Vec<Normal>,
    /// Products of each normal with those up to it.
    products: Vec<Vec<f64>>,
    factor: Vec<Vec<f64>>,
}

impl Active {
    /// How much of each normal lies in another one: the least-squares solution.
    fn shares(&self, normal: &Normal) -> Vec<f64> {
        let mut shares: Vec<f64> = self.normals.iter().map(|other| other.times(normal)).collect();
        self.divide(&mut shares);
        shares
    }

    /// Divides by the products of the normals.
    fn divide(&self, values: &mut [f64]) {
        for (row, factor) in self.factor.iter().enumerate() {
            let known = dot(&factor[..row], &values[..row]);
            values[row] = (values[row] - known) / factor[row];
        }
        for row in (0..values.len()).rev() {
            let known: f64 = (row + 1..values.len()).map(|later| self.factor[later][row] * values[later]).sum();
            values[row] = (values[row] - known) / self.factor[row][row];
        }
    }

    /// What is left of a normal beyond its shares.
    fn rest(&self, normal: &Normal, shares: &[f64], dimension: usize) -> Vec<f64> {
        let mut rest = vec![0.0; dimension];
        normal.members.iter().for_each(|&member| rest[member] += normal.signed(1.0));
        for (normal, &share) in self.normals.iter().zip(shares) {
            let share = normal.signed(share);
            normal.members.iter().for_each(|&member| rest[member] -= share);
        }
        rest
    }

    /// The step at which the first multiplier would turn negative, and whose it is; equalities have no sign.
    fn first_to_turn(&self, shares: &[f64], halfspaces: &[Halfspace]) -> Option<(f64, usize)> {
        let turning = shares
            .iter()
            .enumerate()
            .filter(|&(place, share)| *share > TINY && halfspaces[self.rows[place]].side != Side::Equal);
        let steps = turning.map(|(place, share)| ((self.multipliers[place] / share).max(0.0), place));
        steps.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }

    /// Adds a halfspace; `None` where its normal depends on those that are there.
    fn push(&mut self, row: usize, multiplier: f64, normal: Normal) -> Option<()> {
        let mut products: Vec<f64> = self.normals.iter().map(|other| other.times(&normal)).collect();
        products.push(normal.times(&normal));
        self.rows.push(row);
        self.multipliers.push(multiplier);
        self.normals.push(normal);
        self.products.push(products);
        self.extend()
    }

    /// Lets go of the halfspace at a place, and says which it was; `None` where rounding makes the others depend on each other.
    fn remove(&mut self, place: usize) -> Option<usize> {
        let row = self.rows.remove(place);
        self.multipliers.remove(place);
        self.normals.remove(place);
        self.products.remove(place);
        self.products[place..].iter_mut().for_each(|products| {
            products.remove(place);
        });
        self.factor.truncate(place);
        while self.factor.len() < self.rows.len() {
            self.extend()?;
        }
        Some(row)
    }

    /// The next row of the factor.
    fn extend(&mut self) -> Option<()> {
        let products = &self.products[self.factor.len()];
        let mut row: Vec<f64> = Vec::with_capacity(products.len());
        for (column, product) in products.iter().enumerate() {
            let entry = match self.factor.get(column) {
                Some(factor) => (product - dot(&row, &factor[..column])) / factor[column],
                None => {
                    let rest = product - dot(&row, &row);
                    if rest <= TINY {
                        return None;
                    }
                    rest.sqrt()
                }
            };
            row.push(entry);
        }
        self.factor.push(row);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halfspace(members: &[usize], side: Side, limit: f64) -> Halfspace {
        Halfspace { members: members.to_vec(), limit: Wide::of(limit), side }
    }

    fn nearest(dimension: usize, halfspaces: &[Halfspace]) -> Option<Vec<f64>> {
        let mut nearest = Nearest::new(dimension);
        halfspaces.iter().for_each(|halfspace| nearest.add(halfspace.clone()));
        let point: Vec<f64> = nearest.solve(&Stop::new())?.iter().map(|value| value.float()).collect();
        // Halfspaces that come one after another lead to the same point.
        let mut one_by_one = Nearest::new(dimension);
        for halfspace in halfspaces {
            one_by_one.add(halfspace.clone());
            one_by_one.solve(&Stop::new())?;
        }
        let again: Vec<f64> = one_by_one.point.iter().map(|value| value.float()).collect();
        assert!(is_close(Some(again), &point));
        Some(point)
    }

    fn is_close(point: Option<Vec<f64>>, wanted: &[f64]) -> bool {
        point.is_some_and(|point| point.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-4))
    }

    #[test]
    fn what_is_missing_is_shared_equally() {
        assert!(is_close(nearest(2, &[halfspace(&[0, 1], Side::AtLeast, 10.0)]), &[5.0, 5.0]));
    }

    #[test]
    fn a_cap_leaves_the_rest_to_the_other() {
        let halfspaces = [halfspace(&[0, 1], Side::AtLeast, 10.0), halfspace(&[0], Side::AtMost, 2.0)];
        assert!(is_close(nearest(2, &halfspaces), &[2.0, 8.0]));
    }

    #[test]
    fn an_inequality_that_another_makes_needless_is_let_go() {
        // x + y >= 10 asks for (5, 5), and y + z >= 30 then for y = 15, which is enough for both.
        let halfspaces = [halfspace(&[0, 1], Side::AtLeast, 10.0), halfspace(&[1, 2], Side::AtLeast, 30.0)];
        assert!(is_close(nearest(3, &halfspaces), &[0.0, 15.0, 15.0]));
    }

    #[test]
    fn an_equality_holds_from_both_sides() {
        let equal = halfspace(&[0, 1], Side::Equal, 10.0);
        assert!(is_close(nearest(2, std::slice::from_ref(&equal)), &[5.0, 5.0]));
        let floor = halfspace(&[0], Side::AtLeast, 20.0);
        assert!(is_close(nearest(2, &[equal, floor]), &[20.0, -10.0]));
    }

    #[test]
    fn limits_may_lie_far_apart() {
        let halfspaces = [
            halfspace(&[0, 1], Side::AtLeast, 1e15),
            halfspace(&[1, 2], Side::AtLeast, 10.0),
            halfspace(&[3, 4], Side::AtLeast, 7.0),
        ];
        assert!(is_close(nearest(5, &halfspaces), &[5e14, 5e14, 0.0, 3.5, 3.5]));
    }

    #[test]
    fn there_may_be_no_point() {
        assert!(nearest(1, &[halfspace(&[0], Side::AtLeast, 1.0), halfspace(&[0], Side::AtMost, -1.0)]).is_none());
    }
}
