//! Diving: use the columns that the linear program is surest of, price for what is left, and so on until every item has its
//! bin (Sadykov, Vanderbeck, Pessoa, Tahiri & Uchoa 2019).

use crate::numbers::floor;
use crate::random::Random;
use crate::stop::Stop;

use super::lowered::{Lowered, Pattern};
use super::master::{Aim, ERROR_MAX, Master};

/// Rounds of pricing before the first fixing and after each.
const FIRST_ROUNDS: u32 = 20;
const ROUNDS: u32 = 4;

/// The share of the bins left that is fixed at a time.
const SHARE: f64 = 0.08;

/// Fractions from which on a column is used in any case.
const SURE: f64 = 0.97;

/// What a dive brings up.
#[derive(Clone, Debug, Default)]
pub(super) struct Dived {
    /// Bins that hold every item, no more than was allowed.
    pub(super) packing: Option<Vec<Pattern>>,
    /// Columns that pricing added on the way.
    pub(super) columns: Vec<Pattern>,
}

/// Dives for at most so many bins; `noise` is how much chance shakes the fractions.
pub(super) fn dive(
    instance: &Lowered,
    columns: &[Pattern],
    (bins_max, noise): (usize, f64),
    random: &mut Random,
    stop: &Stop,
) -> Dived {
    let Some(mut master) = Master::start(instance, columns.to_vec()) else { return Dived::default() };
    let packing = descend(instance, &mut master, (bins_max, noise), random, stop);
    Dived { packing, columns: master.columns.split_off(columns.len()) }
}

fn descend(
    instance: &Lowered,
    master: &mut Master,
    (bins_max, noise): (usize, f64),
    random: &mut Random,
    stop: &Stop,
) -> Option<Vec<Pattern>> {
    let mut used: Vec<u64> = Vec::new();
    let mut rounds = FIRST_ROUNDS;
    loop {
        let climbed = master.climb(instance, Aim::Packing { rounds_max: rounds }, stop)?;
        rounds = ROUNDS;
        if climbed.bins > bins_max as f64 + ERROR_MAX {
            return None;
        }
        used.resize(climbed.values.len(), 0);
        let mut ranked = Vec::new();
        for (column, (&value, used)) in climbed.values.iter().zip(&mut used).enumerate() {
            let whole = floor(value + 1.0 - SURE);
            if whole > *used {
                *used = whole;
                master.fix(column, whole as f64);
            }
            let fraction = value - whole as f64;
            if fraction > ERROR_MAX {
                ranked.push((fraction + noise * random.unit(), column));
            }
        }
        if ranked.is_empty() {
            let copies = |(column, &count): (usize, &u64)| {
                std::iter::repeat_n(master.columns[column].clone(), usize::try_from(count).unwrap_or(usize::MAX))
            };
            return Some(used.iter().enumerate().flat_map(copies).collect());
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let fixed: u64 = used.iter().sum();
        let at_once = floor((SHARE * (climbed.bins - fixed as f64)).ceil()).max(1);
        let mut left = left(instance, master, &used);
        let mut count = 0;
        for (_, column) in ranked {
            // Columns fixed together share no item, so that the next is still worth what it was.
            let pattern = &master.columns[column];
            if count < at_once && pattern.iter().all(|&(item, count)| left[item as usize] >= count) {
                pattern.iter().for_each(|&(item, count)| left[item as usize] -= count);
                used[column] += 1;
                master.fix(column, used[column] as f64);
                count += 1;
            }
        }
        if count == 0 {
            return None;
        }
    }
}

/// What the columns used do not hold yet, by type.
fn left(instance: &Lowered, master: &Master, used: &[u64]) -> Vec<u32> {
    let mut left = instance.demands.clone();
    for (pattern, &used) in master.columns.iter().zip(used).filter(|(_, used)| **used > 0) {
        for &(item, count) in pattern {
            let held = u32::try_from(used).unwrap_or(u32::MAX).saturating_mul(count);
            left[item as usize] = left[item as usize].saturating_sub(held);
        }
    }
    left
}
