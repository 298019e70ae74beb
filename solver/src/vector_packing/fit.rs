//! Filling bins one after another, each with what suits the room that is left best (Panigrahy, Talwar, Uyeda & Wieder 2011).

use crate::random::Random;
use crate::stop::Stop;

use super::lowered::{Lowered, Pattern, narrow, pattern_of};

/// How an item is compared with the room left in a bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Score {
    /// The weighted product of size and room, dimension by dimension.
    DotProduct,
    /// The weighted distance between size and room.
    Distance,
    /// The weighted size alone.
    Size,
}

impl Score {
    pub(super) const ALL: [Score; 3] = [Score::DotProduct, Score::Distance, Score::Size];
}

/// Fills bins; weights of the dimensions are shaken by chance, and so are the scores, by up to `noise` of themselves. `None`
/// where the stop is raised first. Takes items times types times dimensions steps.
pub(super) fn fill(
    instance: &Lowered,
    score: Score,
    noise: f64,
    random: &mut Random,
    stop: &Stop,
) -> Option<Vec<Pattern>> {
    let weights = weights(instance, noise, random);
    let mut left = instance.demands.clone();
    let mut patterns = Vec::new();
    while left.iter().any(|&left| left > 0) {
        if stop.is_raised() {
            return None;
        }
        let mut room = instance.capacities().to_vec();
        let mut items = Vec::new();
        while let Some(item) = best(instance, (score, &weights), (&left, &room), noise, random) {
            room.iter_mut().zip(instance.sizes(item)).for_each(|(room, size)| *room -= size);
            left[item] -= 1;
            items.push(narrow(item));
        }
        patterns.push(pattern_of(items));
    }
    Some(patterns)
}

/// How scarce each dimension is: what is demanded of it for each bin.
fn weights(instance: &Lowered, noise: f64, random: &mut Random) -> Vec<f64> {
    let mut demanded = vec![0.0; instance.dimensions];
    for (item, &demand) in instance.demands.iter().enumerate() {
        let sizes = instance.fractions(item);
        demanded.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size * f64::from(demand));
    }
    let most = demanded.iter().copied().fold(1e-9, f64::max);
    demanded.iter().map(|sum| (sum / most).exp() * (1.0 + 10.0 * noise * random.unit())).collect()
}

/// The type that suits the room best.
fn best(
    instance: &Lowered,
    (score, weights): (Score, &[f64]),
    (left, room): (&[u32], &[i64]),
    noise: f64,
    random: &mut Random,
) -> Option<usize> {
    let capacities = instance.capacities();
    let rooms: Vec<f64> =
        room.iter().zip(capacities).map(|(&room, &capacity)| room as f64 / (capacity as f64).max(1.0)).collect();
    let mut best: Option<(f64, usize)> = None;
    for item in (0..left.len()).filter(|&item| left[item] > 0 && instance.fits(item, room)) {
        let terms = instance.fractions(item).iter().zip(&rooms).zip(weights);
        let plain: f64 = match score {
            Score::DotProduct => terms.map(|((size, room), weight)| weight * size * room).sum(),
            Score::Distance => -terms.map(|((size, room), weight)| weight * (room - size) * (room - size)).sum::<f64>(),
            Score::Size => terms.map(|((size, _), weight)| weight * size).sum(),
        };
        let shaken = plain + plain.abs() * noise * random.unit();
        if best.is_none_or(|(known, _)| shaken > known) {
            best = Some((shaken, item));
        }
    }
    best.map(|(_, item)| item)
}
