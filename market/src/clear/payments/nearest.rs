//! The nearest point of a polytope: least squares over linear inequalities.
//!
//! The dual active-set method of Goldfarb and Idnani (1983) with the identity for a Hessian: it starts at the target, adds
//! one broken inequality after another, and lets go of those whose multiplier would turn negative. Problems here have a few
//! dozen variables; the factor of the active set grows with each inequality, and is made anew from where one goes.

use lessor_solver::support::vectors::dot;

/// `sum of entries x >= limit`; an equality where it says so.
#[derive(Clone, Debug)]
pub(crate) struct Halfspace {
    pub(crate) entries: Vec<f64>,
    pub(crate) limit: f64,
    pub(crate) is_equality: bool,
}

/// What counts as zero, for variables around one.
const TINY: f64 = 1e-11;
/// What rounding may leave missing of an inequality that those which are active imply. Degenerate corners have many of these,
/// and the right-hand sides come from a linear program in floating point.
const ROUNDING: f64 = 1e-8;
/// Steps after which there is no answer.
const STEPS_MAX: usize = 20_000;

/// The point nearest to a target within all halfspaces; `None` where there is none, or the steps run out.
pub(crate) fn nearest(target: &[f64], halfspaces: &[Halfspace]) -> Option<Vec<f64>> {
    let mut point = target.to_vec();
    let mut active = Active::default();
    let mut steps = 0;
    // An equality is a row that is broken either way: its sign is turned so that it is broken from below.
    let mut signs = vec![1.0; halfspaces.len()];
    // Rows that are active, or implied by those that are.
    let (mut is_settled, mut implied) = (vec![false; halfspaces.len()], Vec::new());
    'broken: loop {
        let Some(next) = most_broken(&point, halfspaces, &is_settled, &mut signs) else {
            // What was implied may be broken once the point has moved on.
            let is_whole = |at: &usize| missing(&point, &halfspaces[*at], signs[*at]) <= 2.0 * ROUNDING;
            let broken: Vec<usize> = implied.iter().copied().filter(|at| !is_whole(at)).collect();
            if broken.is_empty() {
                return Some(point);
            }
            implied.retain(is_whole);
            broken.into_iter().for_each(|at| is_settled[at] = false);
            continue;
        };
        is_settled[next] = true;
        let normal: Vec<f64> = halfspaces[next].entries.iter().map(|entry| entry * signs[next]).collect();
        let mut multiplier = 0.0;
        loop {
            steps += 1;
            if steps > STEPS_MAX {
                return None;
            }
            let shares = active.shares(&normal);
            let direction = active.rest(&normal, &shares);
            let length = dot(&direction, &normal);
            let missing = missing(&point, &halfspaces[next], signs[next]);
            let full = if length > TINY { missing / length } else { f64::INFINITY };
            let partial = active.first_to_turn(&shares, halfspaces);
            let step = partial.map_or(full, |partial| partial.0.min(full));
            if step.is_infinite() {
                if missing > ROUNDING {
                    return None;
                }
                implied.push(next);
                continue 'broken;
            }
            if full.is_finite() {
                point.iter_mut().zip(&direction).for_each(|(value, change)| *value += step * change);
            }
            active.multipliers.iter_mut().zip(&shares).for_each(|(multiplier, share)| *multiplier -= step * share);
            multiplier += step;
            match partial {
                Some((least, place)) if least < full => is_settled[active.remove(place)?] = false,
                _ => break,
            }
        }
        active.push(next, multiplier, normal)?;
    }
}

/// The halfspaces that hold the point, with the Cholesky factor of the products of their normals.
#[derive(Debug, Default)]
struct Active {
    rows: Vec<usize>,
    multipliers: Vec<f64>,
    normals: Vec<Vec<f64>>,
    /// Products of each normal with those up to it.
    products: Vec<Vec<f64>>,
    factor: Vec<Vec<f64>>,
}

impl Active {
    /// How much of each normal lies in another one: the least-squares solution.
    fn shares(&self, normal: &[f64]) -> Vec<f64> {
        let mut shares: Vec<f64> = self.normals.iter().map(|other| dot(other, normal)).collect();
        for (row, factor) in self.factor.iter().enumerate() {
            let known = dot(&factor[..row], &shares[..row]);
            shares[row] = (shares[row] - known) / factor[row];
        }
        for row in (0..shares.len()).rev() {
            let known: f64 = (row + 1..shares.len()).map(|later| self.factor[later][row] * shares[later]).sum();
            shares[row] = (shares[row] - known) / self.factor[row][row];
        }
        shares
    }

    /// What is left of a normal beyond its shares.
    fn rest(&self, normal: &[f64], shares: &[f64]) -> Vec<f64> {
        let mut rest = normal.to_vec();
        for (normal, share) in self.normals.iter().zip(shares) {
            rest.iter_mut().zip(normal).for_each(|(value, entry)| *value -= share * entry);
        }
        rest
    }

    /// The step at which the first multiplier would turn negative, and whose it is; equalities have no sign.
    fn first_to_turn(&self, shares: &[f64], halfspaces: &[Halfspace]) -> Option<(f64, usize)> {
        let turning = shares
            .iter()
            .enumerate()
            .filter(|(place, share)| **share > TINY && !halfspaces[self.rows[*place]].is_equality);
        let steps = turning.map(|(place, share)| (self.multipliers[place] / share, place));
        steps.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }

    /// Adds a halfspace; `None` where its normal depends on those that are there.
    fn push(&mut self, row: usize, multiplier: f64, normal: Vec<f64>) -> Option<()> {
        let mut products: Vec<f64> = self.normals.iter().map(|other| dot(other, &normal)).collect();
        products.push(dot(&normal, &normal));
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
            let rest = match self.factor.get(column) {
                Some(factor) => (product - dot(&row, &factor[..column])) / factor[column],
                None => {
                    let rest = product - dot(&row, &row);
                    if rest <= TINY {
                        return None;
                    }
                    rest.sqrt()
                }
            };
            row.push(rest);
        }
        self.factor.push(row);
        Some(())
    }
}

/// What a point lacks of a halfspace, whose sign is turned so that it is broken from below.
fn missing(point: &[f64], halfspace: &Halfspace, sign: f64) -> f64 {
    (halfspace.limit - dot(&halfspace.entries, point)) * sign
}

/// The inequality that is broken most, of those that are not settled; equalities come first.
fn most_broken(point: &[f64], halfspaces: &[Halfspace], is_settled: &[bool], signs: &mut [f64]) -> Option<usize> {
    let mut worst = None;
    let mut most = 1e-10;
    for (at, halfspace) in halfspaces.iter().enumerate() {
        if is_settled[at] {
            continue;
        }
        let missing = missing(point, halfspace, 1.0);
        if halfspace.is_equality {
            if missing.abs() > most {
                signs[at] = missing.signum();
                return Some(at);
            }
        } else if missing > most {
            (worst, most) = (Some(at), missing);
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_least(entries: &[f64], limit: f64) -> Halfspace {
        Halfspace { entries: entries.to_vec(), limit, is_equality: false }
    }

    fn is_close(point: Option<Vec<f64>>, wanted: &[f64]) -> bool {
        point.is_some_and(|point| point.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9))
    }

    #[test]
    fn what_is_missing_is_shared_equally() {
        assert!(is_close(nearest(&[0.0, 0.0], &[at_least(&[1.0, 1.0], 1.0)]), &[0.5, 0.5]));
    }

    #[test]
    fn a_cap_leaves_the_rest_to_the_other() {
        // x + y >= 1 and x <= 0.2.
        let halfspaces = [at_least(&[1.0, 1.0], 1.0), at_least(&[-1.0, 0.0], -0.2)];
        assert!(is_close(nearest(&[0.0, 0.0], &halfspaces), &[0.2, 0.8]));
    }

    #[test]
    fn an_inequality_that_another_makes_needless_is_let_go() {
        // The nearest point of y >= 0.5 and x + 2 y >= 2 to the origin is (0.4, 0.8).
        let halfspaces = [at_least(&[0.0, 1.0], 0.5), at_least(&[1.0, 2.0], 2.0)];
        assert!(is_close(nearest(&[0.0, 0.0], &halfspaces), &[0.4, 0.8]));
    }

    #[test]
    fn an_equality_holds_from_both_sides() {
        let equality = Halfspace { entries: vec![1.0, 1.0], limit: 1.0, is_equality: true };
        assert!(is_close(nearest(&[2.0, 1.0], std::slice::from_ref(&equality)), &[1.0, 0.0]));
        assert!(is_close(nearest(&[0.0, 0.0], &[equality]), &[0.5, 0.5]));
    }

    #[test]
    fn there_may_be_no_point() {
        assert!(nearest(&[0.0], &[at_least(&[1.0], 1.0), at_least(&[-1.0], 0.0)]).is_none());
    }
}
