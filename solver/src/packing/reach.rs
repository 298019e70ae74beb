//! Capacities that sums of amounts reach: what no columns fill is no capacity.
//!
//! Amounts are often round numbers, and capacities are not. A row of capacity 17 whose amounts are 5 and 10 holds 15: its
//! relaxation then bounds what packings are worth, and every packing stays one.

use super::bits::Bits;
use super::instance::Packing;

/// Sums that are kept apart, at most: with more, the common divisor alone counts.
const SUMS_MAX: u64 = 1 << 16;

/// The packing with the capacity of each row lowered to the greatest sum of its amounts that it holds.
///
/// O(columns x capacity / 64) for each row, in units of the greatest common divisor of its amounts.
pub(super) fn reachable(packing: &Packing) -> Packing {
    let rows = packing.rows();
    let reached = rows.iter().zip(packing.capacities()).map(|(row, &capacity)| {
        let amounts: Vec<u64> = row.iter().map(|entry| entry.1).filter(|&amount| amount <= capacity).collect();
        let unit = amounts.iter().copied().fold(0, greatest_common_divisor).max(1);
        (unit, greatest_sum(&amounts, capacity) / unit)
    });
    let (units, capacities): (Vec<u64>, Vec<u64>) = reached.unzip();
    packing.in_units(&units, capacities)
}

/// The greatest sum of some of the amounts within a capacity, or a little above it.
fn greatest_sum(amounts: &[u64], capacity: u64) -> u64 {
    greatest_sum_of(amounts, capacity, SUMS_MAX)
}

/// The same where so many sums are kept apart at most. All of a capacity counts where all amounts are within it.
///
/// O(amounts x sums / 64).
pub(crate) fn greatest_sum_of(amounts: &[u64], capacity: u64, sums_max: u64) -> u64 {
    let unit = amounts.iter().copied().fold(0, greatest_common_divisor);
    let all: u128 = amounts.iter().map(|&amount| u128::from(amount)).sum();
    if unit == 0 || all <= u128::from(capacity) {
        return capacity;
    }
    let units = capacity / unit;
    if units > sums_max {
        return units * unit;
    }
    let limit = usize::try_from(units).expect("there are few sums");
    let mut sums = Bits::below(limit + 1);
    sums.insert(0);
    for &amount in amounts {
        sums.unite_shifted(usize::try_from(amount / unit).expect("no amount is above the capacity"));
    }
    // The words of the set hold a few numbers beyond the limit.
    sums.up_to(limit).map_or(0, |sum| sum as u64) * unit
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capacity_is_what_amounts_fill() {
        // In units of 5: sums of 1, 2 and 2 are 1 to 5, and 3 fit into 17.
        assert_eq!(greatest_sum(&[5, 10, 10], 17), 15);
        // 6 and 10 in units of 2: 3, 5 and 8, of which 5 fits into 7.
        assert_eq!(greatest_sum(&[6, 10], 15), 10);
        // Everything fits, or nothing is there: no row binds.
        assert_eq!((greatest_sum(&[6, 10], 16), greatest_sum(&[], 3)), (16, 3));
        // Too many sums to keep: the common divisor is 3.
        assert_eq!(greatest_sum(&[3_000_000_000, 3_000_000_003], 5_000_000_000), 4_999_999_998);
    }

    #[test]
    fn every_subset_within_a_capacity_is_within_the_reachable_one() {
        let mut random = crate::support::random::Random::new(3);
        for _ in 0..200 {
            let amounts: Vec<u64> = (0..6).map(|_| 1 + random.below(40)).collect();
            let capacity = 40 + random.below(60);
            let within = |subset: &u32| {
                let of = |at: &usize| subset >> at & 1 == 1;
                let sum: u64 = (0..6).filter(of).map(|at| amounts[at]).sum();
                (sum <= capacity).then_some(sum)
            };
            let greatest = (0..1 << 6).filter_map(|subset| within(&subset)).max().unwrap();
            let all: u64 = amounts.iter().sum();
            assert_eq!(greatest_sum(&amounts, capacity), if all <= capacity { capacity } else { greatest });
        }
    }
}
