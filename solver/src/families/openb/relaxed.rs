//! The relaxation: nodes of one kind share their CPU, their memory and their devices, and pods come in fractions; what stays
//! whole is what a device holds.
//!
//! ```text
//! maximize   sum of milli * devices * y[sort, kind]
//! subject to sum over kinds of y[sort, kind] <= pods                                          every sort
//!            CPU and memory of y[sort, kind] <= what nodes of the kind have                   every kind
//!            pieces of a size of y[sort, kind] <= pieces of it in the patterns z[kind, pattern]   every kind and size below 1000
//!            patterns z[kind, pattern], and whole devices of y[sort, kind] <= devices             every kind
//! ```
//!
//! A **pattern** is what one device holds: sizes of pieces that fit 1000 milli together. Patterns are generated as their prices ask
//! for them (Gilmore & Gomory 1961), by a knapsack.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::families::openb::{OpenbPrices, PRICE_ONE};

use crate::program::linear::{Answer, Column, Growth, Program, Resident, Row, Solution};
use crate::support::numbers::floor;
use crate::support::stop::Stop;

use super::lowered::{Lowered, ROOM};

/// Simplex iterations of one slice of a solve, at most.
const SLICE: u32 = 200;

/// Rounds of pricing, at most, and the iterations that one counts as.
const ROUNDS_MAX: u32 = 1_000;
const ROUND_WORK: u64 = 20;

/// Rows from which on there is no relaxation: a solve would not end.
const ROWS_MAX: usize = 20_000;

/// By how much a pattern must be worth more than its device, in devices.
const GAIN_MIN: f64 = 1e-7;

/// Sizes of pieces on one device, each with how many there are of it, largest first.
pub(super) type Pattern = Vec<(u32, u32)>;

/// A solution of the relaxation.
#[derive(Clone, Debug)]
pub(super) struct Relaxed {
    /// How many pods of each sort that asks for devices are placed.
    pub(super) placed: Vec<f64>,
    /// Every pattern that was generated, and how many devices have it.
    pub(super) patterns: Vec<(Pattern, f64)>,
    /// What one more pod of each sort would give, in devices.
    sort_prices: Vec<f64>,
    /// What a milli-CPU and a MiB more of each kind would give, in devices.
    kind_prices: Vec<(f64, f64)>,
}

/// Rows of one kind.
struct KindRows {
    cpu: Row,
    memory: Row,
    devices: Row,
    /// Of each size below a whole device.
    pieces: BTreeMap<u32, Row>,
}

/// The program, with what its columns are.
struct Master<'a> {
    instance: &'a Lowered,
    program: Resident,
    sort_rows: Vec<Row>,
    kind_rows: Vec<KindRows>,
    /// What each column is, in their order.
    columns: Vec<What>,
    patterns: Vec<Pattern>,
    known: BTreeSet<(usize, Pattern)>,
    fresh: Vec<Column>,
}

/// What a column counts.
#[derive(Clone, Copy)]
enum What {
    /// Pods of a sort.
    Pods(usize),
    /// Devices of a pattern.
    Pattern(usize),
}

/// The relaxation under way.
pub(super) struct Relaxing<'a> {
    master: Master<'a>,
    solution: Option<Solution>,
    rounds_left: u32,
}

impl<'a> Relaxing<'a> {
    /// Begins with some patterns; `None` where it is too large, or there is no thread for it.
    pub(super) fn start(instance: &'a Lowered, patterns: &[Pattern]) -> Option<Relaxing<'a>> {
        let master = Master::start(instance, patterns)?;
        Some(Relaxing { master, solution: None, rounds_left: ROUNDS_MAX })
    }

    /// Goes on for so much work, an iteration of the simplex method times a row; whether it has ended, at the best or by the stop.
    pub(super) fn go_on(&mut self, work: u64, stop: &Stop) -> bool {
        let mut iterations_left = (work / self.master.rows().max(1) as u64).max(u64::from(SLICE));
        loop {
            let (spent, is_solved) = match self.master.solve(stop) {
                Answer::Optimal(solution) => {
                    let spent = solution.iterations;
                    self.solution = Some(solution);
                    (spent + ROUND_WORK, true)
                }
                Answer::Limited(solution) => (solution.iterations.max(1), false),
                Answer::Infeasible | Answer::Unbounded | Answer::Interrupted => return true,
            };
            stop.spend(1);
            if is_solved {
                let is_best =
                    self.rounds_left == 0 || !self.solution.as_ref().is_some_and(|known| self.master.price(known));
                if is_best {
                    return true;
                }
                self.rounds_left -= 1;
            }
            if stop.is_raised() {
                return true;
            }
            if spent >= iterations_left {
                return false;
            }
            iterations_left -= spent;
        }
    }

    /// What stands: where it has not ended it is short of the best, and its prices prove less. `None` before the first solution.
    pub(super) fn relaxed(self) -> Option<Relaxed> {
        let solution = self.solution?;
        Some(self.master.relaxed(&solution))
    }
}

impl Relaxed {
    /// The prices of each pod and node, in whole numbers.
    pub(super) fn prices(&self, instance: &Lowered) -> OpenbPrices {
        let one = f64::from(ROOM) * PRICE_ONE as f64;
        let pods = instance
            .sort_of
            .iter()
            .map(|&sort| self.sort_prices.get(sort as usize).map_or(0, |price| floor(price * one)));
        let node = |&kind: &u32| {
            let (cpu, memory) = self.kind_prices[kind as usize];
            (floor(cpu * one), floor(memory * one))
        };
        OpenbPrices { pods: pods.collect(), nodes: instance.kind_of.iter().map(node).collect() }
    }
}

impl Master<'_> {
    fn start<'a>(instance: &'a Lowered, patterns: &[Pattern]) -> Option<Master<'a>> {
        let mut program = Program::new(Growth::Slices);
        let sorts = &instance.sorts[..instance.asking];
        let sizes: BTreeSet<u32> = sorts.iter().map(|sort| sort.milli).filter(|&milli| milli < ROOM).collect();
        if sorts.len() + instance.kinds.len() * (sizes.len() + 3) > ROWS_MAX {
            return None;
        }
        let sort_rows = sorts.iter().map(|sort| program.row(sort.pods.len() as f64)).collect();
        let rows = instance.kinds.iter().map(|kind| KindRows {
            cpu: program.row(f64::from(kind.count)),
            memory: program.row(f64::from(kind.count)),
            devices: program.row(f64::from(kind.count * kind.devices)),
            pieces: sizes.iter().map(|&size| (size, program.row(0.0))).collect(),
        });
        let kind_rows = rows.collect();
        let mut master = Master {
            instance,
            program: Resident::start(program, SLICE)?,
            sort_rows,
            kind_rows,
            columns: Vec::new(),
            patterns: Vec::new(),
            known: BTreeSet::new(),
            fresh: Vec::new(),
        };
        for kind in 0..instance.kinds.len() {
            (0..instance.asking).filter(|&sort| instance.fits(sort, kind)).for_each(|sort| master.add_sort(sort, kind));
            sizes.iter().for_each(|&size| master.add_pattern(kind, vec![(size, ROOM / size)]));
            patterns.iter().for_each(|pattern| master.add_pattern(kind, pattern.clone()));
        }
        Some(master)
    }

    fn add_sort(&mut self, sort: usize, kind: usize) {
        let (pod, node, rows) = (&self.instance.sorts[sort], &self.instance.kinds[kind], &self.kind_rows[kind]);
        let share = |part: i64, whole: i64| part as f64 / (whole as f64).max(1.0);
        let devices = f64::from(pod.devices);
        let holds = rows.pieces.get(&pod.milli).copied().unwrap_or(rows.devices);
        let drawn =
            [(rows.cpu, share(pod.cpu, node.cpu)), (rows.memory, share(pod.memory, node.memory)), (holds, devices)];
        let drawn = drawn.into_iter().filter(|&(_, value)| value > 0.0);
        let entries = std::iter::once((self.sort_rows[sort], 1.0)).chain(drawn).collect();
        let worth = pod.milli_sum() as f64 / f64::from(ROOM);
        self.columns.push(What::Pods(sort));
        // A limit of its own would have a price of its own, which the row of the sort would lack.
        self.fresh.push(Column { worth, most: f64::INFINITY, entries });
    }

    fn add_pattern(&mut self, kind: usize, pattern: Pattern) {
        let rows = &self.kind_rows[kind];
        let is_of_whole = pattern.iter().any(|(size, _)| !rows.pieces.contains_key(size));
        if is_of_whole || !self.known.insert((kind, pattern.clone())) {
            return;
        }
        let pieces = pattern.iter().map(|&(size, count)| (rows.pieces[&size], -f64::from(count)));
        let entries = std::iter::once((rows.devices, 1.0)).chain(pieces).collect();
        let position = self.patterns.iter().position(|known| *known == pattern).unwrap_or_else(|| {
            self.patterns.push(pattern);
            self.patterns.len() - 1
        });
        self.columns.push(What::Pattern(position));
        self.fresh.push(Column { worth: 0.0, most: f64::INFINITY, entries });
    }

    /// Adds the dearest pattern of each kind, for every kind where it gains; whether there is any.
    fn price(&mut self, solution: &Solution) -> bool {
        let price = |row: Row| solution.prices[row.0];
        let mut dearest = BTreeSet::new();
        for rows in &self.kind_rows {
            let prices: Vec<(u32, f64)> = rows.pieces.iter().map(|(&size, &row)| (size, price(row))).collect();
            let (pattern, worth) = dearest_pattern(&prices);
            if worth > price(rows.devices) + GAIN_MIN {
                dearest.insert(pattern);
            }
        }
        let before = self.fresh.len();
        for kind in 0..self.kind_rows.len() {
            for pattern in &dearest {
                let rows = &self.kind_rows[kind];
                let worth: f64 =
                    pattern.iter().map(|&(size, count)| price(rows.pieces[&size]) * f64::from(count)).sum();
                if worth > price(rows.devices) + GAIN_MIN {
                    self.add_pattern(kind, pattern.clone());
                }
            }
        }
        self.fresh.len() > before
    }

    fn rows(&self) -> usize {
        self.sort_rows.len() + self.kind_rows.iter().map(|rows| rows.pieces.len() + 3).sum::<usize>()
    }

    /// A slice of a solve.
    fn solve(&mut self, stop: &Stop) -> Answer {
        self.program.solve(vec![], std::mem::take(&mut self.fresh), stop)
    }

    fn relaxed(self, solution: &Solution) -> Relaxed {
        let mut placed = vec![0.0; self.instance.asking];
        let mut used = vec![0.0; self.patterns.len()];
        for (&what, &value) in self.columns.iter().zip(&solution.values) {
            match what {
                What::Pods(sort) => placed[sort] += value,
                What::Pattern(pattern) => used[pattern] += value,
            }
        }
        let price = |row: Row| solution.prices[row.0].max(0.0);
        let kinds = self.kind_rows.iter().zip(&self.instance.kinds);
        let unit = |row: Row, whole: i64| price(row) / (whole as f64).max(1.0);
        Relaxed {
            placed,
            patterns: self.patterns.into_iter().zip(used).collect(),
            sort_prices: self.sort_rows.iter().map(|&row| price(row)).collect(),
            kind_prices: kinds.map(|(rows, kind)| (unit(rows.cpu, kind.cpu), unit(rows.memory, kind.memory))).collect(),
        }
    }
}

/// The pieces that fit a device and are worth most together, and what they are worth.
fn dearest_pattern(prices: &[(u32, f64)]) -> (Pattern, f64) {
    let room = ROOM as usize;
    let mut best = vec![(0.0, None); room + 1];
    for at in 1..=room {
        best[at] = (best[at - 1].0, None);
        for (number, &(size, price)) in prices.iter().enumerate() {
            let size = size as usize;
            if price > 0.0 && size <= at && best[at - size].0 + price > best[at].0 {
                best[at] = (best[at - size].0 + price, Some(number));
            }
        }
    }
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut at = room;
    while at > 0 {
        match best[at].1 {
            Some(number) => {
                *counts.entry(prices[number].0).or_default() += 1;
                at -= prices[number].0 as usize;
            }
            None => at -= 1,
        }
    }
    (counts.into_iter().rev().collect(), best[room].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_pieces_that_fit_are_found() {
        // Two of 470 are worth 6, one of each 7, four of 210 are worth 8.
        let (pattern, worth) = dearest_pattern(&[(210, 2.0), (320, 2.0), (470, 3.0)]);
        assert_eq!((pattern, worth), (vec![(210, 4)], 8.0));
        // Two of 470 are worth 7, one of each 6.5.
        let (pattern, worth) = dearest_pattern(&[(210, 1.0), (320, 2.0), (470, 3.5)]);
        assert_eq!((pattern, worth), (vec![(470, 2)], 7.0));
    }
}
