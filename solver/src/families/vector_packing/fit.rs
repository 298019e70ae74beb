//! Filling bins one after another, each with what suits the room that is left best (Panigrahy, Talwar, Uyeda & Wieder 2011).

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::first_fit::{Largest, first_fit};
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

/// Items from which on a bin is repeated as often as it can be, also where chance would fill the next otherwise.
const REPEATED_ITEMS_MIN: u64 = 20_000;

/// Fills bins; weights of the dimensions are shaken by chance, and so are the scores, by up to `noise` of themselves. Where the
/// stop is raised first, first fit takes over; `None` where that is at once, or where chance is wanted. Takes items times types
/// times dimensions steps.
pub(super) fn fill(
    instance: &Lowered,
    score: Score,
    noise: f64,
    random: &mut Random,
    stop: &Stop,
) -> Option<Vec<Pattern>> {
    let weights = weights(instance, noise, random);
    let mut left = instance.demands.clone();
    let mut types: Vec<usize> = (0..left.len()).collect();
    let has_makers = types.iter().any(|&item| instance.makes_room(item));
    let repeats =
        noise == 0.0 || instance.demands.iter().map(|&demand| u64::from(demand)).sum::<u64>() >= REPEATED_ITEMS_MIN;
    let mut patterns = Vec::new();
    while !types.is_empty() {
        if stop.is_raised() {
            if noise > 0.0 || patterns.is_empty() {
                return None;
            }
            patterns.extend(first_fit(instance, &left, Largest::Summed));
            break;
        }
        let mut room = instance.capacities().to_vec();
        let (mut items, mut candidates) = (Vec::new(), types.clone());
        while let Some(item) = best(instance, (score, &weights), (&candidates, &room), noise, random) {
            room.iter_mut().zip(instance.sizes(item)).for_each(|(room, size)| *room -= size);
            left[item] -= 1;
            items.push(narrow(item));
            // What does not fit now does not fit later either, unless something makes room.
            candidates.retain(|&item| left[item] > 0 && (has_makers || instance.fits(item, &room)));
        }
        let pattern = pattern_of(items);
        let again =
            pattern.iter().map(|&(item, count)| left[item as usize] / count).min().filter(|_| repeats).unwrap_or(0);
        pattern.iter().for_each(|&(item, count)| left[item as usize] -= count * again);
        patterns.extend(std::iter::repeat_n(pattern, again as usize + 1));
        types.retain(|&item| left[item] > 0);
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

/// The type of some that suits the room best.
fn best(
    instance: &Lowered,
    (score, weights): (Score, &[f64]),
    (candidates, room): (&[usize], &[i64]),
    noise: f64,
    random: &mut Random,
) -> Option<usize> {
    let capacities = instance.capacities();
    let rooms: Vec<f64> =
        room.iter().zip(capacities).map(|(&room, &capacity)| room as f64 / (capacity as f64).max(1.0)).collect();
    let mut best: Option<(f64, usize)> = None;
    for &item in candidates.iter().filter(|&&item| instance.fits(item, room)) {
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
