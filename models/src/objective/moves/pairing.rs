//! The cheapest pairing of seats left with seats entered: a transportation problem, solved the plain way.
//!
//! ```text
//! minimize    sum of cost[i,j] x[i,j]     x whole, at least zero
//! subject to  sum over j of x[i,j] <= left[i],  sum over i of x[i,j] <= entered[j],  sum of x = min(sum left, sum entered)
//! ```
//!
//! What is short on one side is made up by a place that costs nothing. From any pairing, whatever can be exchanged in a ring
//! at a gain is, until there is no such ring (Klein 1967, "A primal method for minimal cost flows", Management Science 14).

/// The least cost. Each gain is at least one, so there is a last one.
///
/// O(places^3) for each ring.
pub(super) fn least_cost(left: &[u64], entered: &[u64], cost: impl Fn(usize, usize) -> u64) -> u128 {
    let (all_left, all_entered) = (total(left), total(entered));
    let (mut rows, mut columns): (Vec<u128>, Vec<u128>) = (widened(left), widened(entered));
    rows.push(all_entered.saturating_sub(all_left));
    columns.push(all_left.saturating_sub(all_entered));
    let price = |row: usize, column: usize| {
        if row < left.len() && column < entered.len() { i128::from(cost(row, column)) } else { 0 }
    };
    let mut shipped = any_pairing(&rows, &columns);
    let prices: Vec<Vec<i128>> =
        (0..rows.len()).map(|row| (0..columns.len()).map(|column| price(row, column)).collect()).collect();
    while let Some(ring) = ring_with_gain(&shipped, &prices) {
        // Every other step of a ring takes back what was shipped.
        let least = ring.iter().filter(|step| step.2).map(|&(row, column, _)| shipped[row][column]).min();
        let amount = least.expect("a ring takes something back");
        for (row, column, takes_back) in ring {
            let there = &mut shipped[row][column];
            *there = if takes_back { *there - amount } else { *there + amount };
        }
    }
    let paid = shipped.iter().zip(&prices).flat_map(|(shipped, prices)| shipped.iter().zip(prices));
    paid.map(|(&shipped, &price)| shipped * price.unsigned_abs()).sum()
}

fn total(amounts: &[u64]) -> u128 {
    amounts.iter().copied().map(u128::from).sum()
}

fn widened(amounts: &[u64]) -> Vec<u128> {
    amounts.iter().copied().map(u128::from).collect()
}

/// Row by row, whatever is next in the columns.
fn any_pairing(rows: &[u128], columns: &[u128]) -> Vec<Vec<u128>> {
    let mut shipped = vec![vec![0; columns.len()]; rows.len()];
    let mut open = columns.to_vec();
    for (row, &amount) in rows.iter().enumerate() {
        let mut due = amount;
        for (column, open) in open.iter_mut().enumerate() {
            let part = due.min(*open);
            shipped[row][column] += part;
            (due, *open) = (due - part, *open - part);
        }
    }
    shipped
}

/// A step of a ring: a row, a column, and whether what was shipped is taken back.
type Step = (usize, usize, bool);

/// A ring of exchanges whose costs sum up below zero: Bellman and Ford's shortest paths from everywhere at once.
fn ring_with_gain(shipped: &[Vec<u128>], prices: &[Vec<i128>]) -> Option<Vec<Step>> {
    let (rows, columns) = (shipped.len(), shipped[0].len());
    let nodes = rows + columns;
    let mut reached = vec![0i128; nodes];
    let mut from: Vec<Option<(usize, Step)>> = vec![None; nodes];
    let mut last = None;
    for _ in 0..nodes {
        last = None;
        for row in 0..rows {
            for column in 0..columns {
                let (here, there, price) = (row, rows + column, prices[row][column]);
                if reached[here] + price < reached[there] {
                    reached[there] = reached[here] + price;
                    (from[there], last) = (Some((here, (row, column, false))), Some(there));
                }
                if shipped[row][column] > 0 && reached[there] - price < reached[here] {
                    reached[here] = reached[there] - price;
                    (from[here], last) = (Some((there, (row, column, true))), Some(here));
                }
            }
        }
        last?;
    }
    // What still gets cheaper after so many rounds is behind a ring: that many steps back is on it.
    let back = |node: usize| from[node].expect("what got cheaper was reached");
    let start = (0..nodes).fold(last?, |node, _| back(node).0);
    let mut ring = Vec::new();
    let mut node = start;
    loop {
        let (before, step) = back(node);
        ring.push(step);
        node = before;
        if node == start {
            return Some(ring);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every way to pair units with units.
    fn by_brute_force(left: &[usize], entered: &[usize], costs: &[Vec<u64>]) -> u128 {
        let Some((&first, rest)) = left.split_first() else { return 0 };
        let taken = (0..entered.len()).map(|at| {
            let mut others = entered.to_vec();
            let to = others.swap_remove(at);
            u128::from(costs[first][to]) + by_brute_force(rest, &others, costs)
        });
        let skipped = (left.len() > entered.len()).then(|| by_brute_force(rest, entered, costs));
        taken.chain(skipped).min().unwrap_or(0)
    }

    fn units(amounts: &[u64]) -> Vec<usize> {
        amounts.iter().enumerate().flat_map(|(at, &amount)| vec![at; usize::try_from(amount).unwrap()]).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_pairing_is_cheaper(
            left in prop::collection::vec(0..=2u64, 1..4),
            entered in prop::collection::vec(0..=2u64, 1..4),
            costs in prop::collection::vec(prop::collection::vec(0..=9u64, 3), 3),
        ) {
            let found = least_cost(&left, &entered, |row, column| costs[row][column]);
            prop_assert_eq!(found, by_brute_force(&units(&left), &units(&entered), &costs));
        }
    }

    #[test]
    fn amounts_and_costs_may_be_as_large_as_they_get() {
        let (many, dear) = (u64::from(u32::MAX), 1u64 << 53);
        // Crosswise costs nothing, and the straight way a fortune.
        let cost = |row, column| if row == column { dear } else { 0 };
        assert_eq!(least_cost(&[many, many], &[many, many], cost), 0);
        assert_eq!(least_cost(&[many], &[many], |_, _| dear), u128::from(many) * u128::from(dear));
        assert_eq!(least_cost(&[], &[many], |_, _| dear), 0);
    }
}
