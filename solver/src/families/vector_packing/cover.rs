//! One integer program over the columns that are there: as few of them as hold every item.

use crate::program::integer::{IntegerAnswer, IntegerLimits, IntegerProgram};
use crate::support::stop::Stop;

use super::lowered::{Lowered, Pattern};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Covered {
    /// Bins that hold every item.
    Found(Vec<Pattern>),
    /// There are no such bins among the columns.
    Impossible,
    /// The search was cut off.
    Unknown,
}

/// At most so many bins, within so many nodes of the tree.
pub(super) fn cover(
    instance: &Lowered,
    columns: &[Pattern],
    (bins_max, nodes_max): (usize, u32),
    stop: &Stop,
) -> Covered {
    let mut program = IntegerProgram::default();
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); instance.demands.len()];
    for pattern in columns {
        let useful = pattern.iter().map(|&(item, count)| instance.demands[item as usize].div_ceil(count)).max();
        let column = program.column(1.0, useful.unwrap_or(0));
        pattern.iter().for_each(|&(item, count)| rows[item as usize].push((column, f64::from(count))));
    }
    for (item, entries) in rows.into_iter().enumerate() {
        let demand = f64::from(instance.demands[item]);
        program.row(demand, if instance.makes_room(item) { demand } else { f64::INFINITY }, entries);
    }
    let limits =
        IntegerLimits { nodes_max: Some(nodes_max), cost_max: Some(bins_max as f64 + 0.5), ..IntegerLimits::default() };
    let named = |values: Vec<u32>| {
        let copies = |(pattern, count): (&Pattern, u32)| std::iter::repeat_n(pattern.clone(), count as usize);
        columns.iter().zip(values).flat_map(copies).collect()
    };
    match program.solve(limits, stop) {
        IntegerAnswer::Optimal(values) | IntegerAnswer::Feasible(values) => Covered::Found(named(values)),
        IntegerAnswer::Infeasible => Covered::Impossible,
        IntegerAnswer::Nothing | IntegerAnswer::Interrupted => Covered::Unknown,
    }
}
