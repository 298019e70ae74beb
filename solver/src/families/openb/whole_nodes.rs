//! What whole nodes hold, by a linear program over fillings.
//!
//! ```text
//! maximize   sum of what a filling gives out * x[filling]
//! subject to sum of x[filling] over the fillings of a kind <= nodes of the kind      every kind
//!            sum of pods of a sort in the filling * x[filling] <= pods of the sort   every sort
//! ```
//!
//! Fillings come as their prices ask for them (Dantzig & Wolfe 1960): by ruin and recreate on one node alone, where a pod is worth
//! what it gives out beyond the price of its sort. That finds good fillings and proves nothing. Prices are smoothed, so that they
//! do not swing from round to round (Wentges 1997). Whole numbers of fillings come out of it by [`super::diving`].

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::program::linear::{Answer, Column, Growth, Program, Resident, Row, Solution};
use crate::support::numbers::round;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::diving::dive;
use super::filling::{Filling, Need, Piece, fillings, needs};
use super::lowered::{Lowered, ROOM, narrow};
use super::recreate::Recreate;
use super::rooms::Rooms;

/// Simplex iterations of one solve, at most.
const ITERATIONS_MAX: u32 = 1_000_000;

/// A milli in the whole numbers that fillings are compared in.
const UNIT: f64 = 1_024.0;

/// The part of the last prices in the smoothed ones.
const SMOOTHING: f64 = 0.5;

/// Fillings looked for of each kind in a round, and the tries of ruin and recreate for each.
const STARTS: u64 = 2;
const TRIES: u64 = 200;

/// Less of a filling than this is none of it.
pub(super) const PART_MIN: f64 = 1e-6;

/// Nodes of each kind and pods of each sort that are to be had.
#[derive(Clone, Debug)]
pub(super) struct Stock {
    pub(super) kinds: Vec<u32>,
    pub(super) sorts: Vec<u32>,
}

/// A filling that was found.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) kind: usize,
    pub(super) pieces: Vec<Piece>,
    /// How many pods of which sorts.
    pub(super) counts: Vec<(u32, u32)>,
    /// What it gives out.
    pub(super) sum: u64,
}

/// Every filling that was found, once.
pub(super) struct Pool<'a> {
    pub(super) instance: &'a Lowered,
    needs: Vec<Need>,
    pub(super) known: Vec<Known>,
    names: BTreeSet<(usize, Vec<(u32, u32)>)>,
}

/// The program of a supply.
pub(super) struct Master {
    supply: Stock,
    program: Resident,
    kind_rows: Vec<Row>,
    sort_rows: Vec<Row>,
    /// The filling of each column, those that are yet to come too.
    pub(super) columns: Vec<usize>,
    fresh: Vec<Column>,
    /// The fillings of the pool that were looked at.
    seen: usize,
    pub(super) solution: Option<Solution>,
    /// The price of each sort, smoothed, in milli.
    prices: Vec<f64>,
}

impl Stock {
    pub(super) fn all(instance: &Lowered) -> Stock {
        let sorts = instance.sorts[..instance.asking].iter();
        Stock {
            kinds: instance.kinds.iter().map(|kind| kind.count).collect(),
            sorts: sorts.map(|sort| narrow(sort.pods.len())).collect(),
        }
    }

    /// The nodes that are left.
    pub(super) fn nodes(&self) -> u32 {
        self.kinds.iter().sum()
    }

    /// How often there is a filling.
    pub(super) fn most(&self, known: &Known) -> u32 {
        let pods = known.counts.iter().map(|&(sort, count)| self.sorts[sort as usize] / count);
        pods.chain([self.kinds[known.kind]]).min().unwrap_or(0)
    }

    /// Takes a filling so many times, which is at most as often as there is one.
    pub(super) fn take(&mut self, known: &Known, times: u32) {
        self.kinds[known.kind] -= times;
        known.counts.iter().for_each(|&(sort, count)| self.sorts[sort as usize] -= count * times);
    }
}

/// All nodes: the fillings found so far and their program.
pub(super) struct WholeNodes<'a> {
    pool: Pool<'a>,
    master: Master,
}

impl<'a> WholeNodes<'a> {
    /// Without a filling; `None` where there is no thread for the program.
    pub(super) fn start(instance: &'a Lowered) -> Option<WholeNodes<'a>> {
        Some(WholeNodes { pool: Pool::new(instance), master: Master::start(Stock::all(instance))? })
    }

    /// The tries of ruin and recreate that a round takes as long as.
    pub(super) fn tries_per_round(&self) -> u64 {
        STARTS * TRIES * self.pool.instance.kinds.len().max(1) as u64
    }

    /// How many nodes there are, or one.
    pub(super) fn nodes(&self) -> u32 {
        self.master.supply.nodes().max(1)
    }

    /// A placement made of fillings of the best one and of those that so many rounds find; `None` where the stop came first.
    pub(super) fn improved(
        &mut self,
        best: &Rooms<'a>,
        rounds: u64,
        random: &mut Random,
        stop: &Stop,
    ) -> Option<Rooms<'a>> {
        self.pool.learn(best);
        self.master.admit(&self.pool);
        self.master.generate(&mut self.pool, rounds.max(1), random, stop).then_some(())?;
        Some(dive(&mut self.pool, &self.master, random, stop))
    }
}

impl<'a> Pool<'a> {
    pub(super) fn new(instance: &'a Lowered) -> Pool<'a> {
        Pool { instance, needs: needs(instance), known: Vec::new(), names: BTreeSet::new() }
    }

    /// Learns what the nodes of a placement hold.
    pub(super) fn learn(&mut self, rooms: &Rooms<'_>) {
        for filling in fillings(rooms, &self.needs).0 {
            self.add(filling);
        }
    }

    /// Adds a filling that holds something, if it is new.
    fn add(&mut self, filling: Filling) {
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        filling.pieces.iter().for_each(|piece| *counts.entry(piece.sort).or_default() += 1);
        let counts: Vec<(u32, u32)> = counts.into_iter().collect();
        if !counts.is_empty() && self.names.insert((filling.kind, counts.clone())) {
            let sum = filling.pieces.iter().map(|piece| self.needs[piece.sort as usize].sum).sum();
            self.known.push(Known { kind: filling.kind, pieces: filling.pieces, counts, sum });
        }
    }
}

impl Master {
    /// The program of a supply, without a filling; `None` where there is no thread for it.
    pub(super) fn start(supply: Stock) -> Option<Master> {
        let mut program = Program::new(Growth::Columns);
        let kind_rows = supply.kinds.iter().map(|&count| program.row(f64::from(count))).collect();
        let sort_rows = supply.sorts.iter().map(|&count| program.row(f64::from(count))).collect();
        let program = Resident::start(program, ITERATIONS_MAX)?;
        let prices = vec![0.0; supply.sorts.len()];
        let (columns, fresh, seen, solution) = (Vec::new(), Vec::new(), 0, None);
        Some(Master { supply, program, kind_rows, sort_rows, columns, fresh, seen, solution, prices })
    }

    /// Takes the fillings of the pool that are new to it, where there is supply for them.
    pub(super) fn admit(&mut self, pool: &Pool<'_>) {
        let seen = std::mem::replace(&mut self.seen, pool.known.len());
        for (at, known) in pool.known.iter().enumerate().skip(seen) {
            if self.supply.most(known) == 0 {
                continue;
            }
            let sorts = known.counts.iter().map(|&(sort, count)| (self.sort_rows[sort as usize], f64::from(count)));
            let entries = std::iter::once((self.kind_rows[known.kind], 1.0)).chain(sorts).collect();
            self.fresh.push(Column { worth: known.sum as f64 / f64::from(ROOM), most: f64::INFINITY, entries });
            self.columns.push(at);
        }
    }

    /// Adds fillings to the pool and the program for so many rounds; whether a solution of all of them stands.
    pub(super) fn generate(&mut self, pool: &mut Pool<'_>, rounds: u64, random: &mut Random, stop: &Stop) -> bool {
        for _ in 0..rounds {
            if !self.solve(stop) {
                return false;
            }
            random.advance();
            let pricing = self.pricing(pool);
            let kinds = (0..self.supply.kinds.len()).filter(|&kind| self.supply.kinds[kind] > 0);
            let starts: Vec<(usize, u64)> =
                kinds.flat_map(|kind| (0..STARTS).map(move |start| (kind, start))).collect();
            let one = |&(kind, start): &(usize, u64)| {
                pricing.filling(kind, start > 0, &mut random.fork(kind as u64 * STARTS + start), stop)
            };
            let found: Vec<Filling> = starts.par_iter().map(one).collect();
            found.into_iter().for_each(|filling| pool.add(filling));
            self.admit(pool);
        }
        self.solve(stop)
    }

    /// Solves with the fillings that are new; whether a solution stands, or there is no filling yet.
    fn solve(&mut self, stop: &Stop) -> bool {
        if self.fresh.is_empty() && (self.solution.is_some() || self.columns.is_empty()) {
            return true;
        }
        let Answer::Optimal(solution) = self.program.solve(vec![], std::mem::take(&mut self.fresh), stop) else {
            return false;
        };
        let part = if self.solution.is_some() { SMOOTHING } else { 0.0 };
        for (smooth, row) in self.prices.iter_mut().zip(&self.sort_rows) {
            *smooth = part * *smooth + (1.0 - part) * solution.prices[row.0] * f64::from(ROOM);
        }
        self.solution = Some(solution);
        true
    }

    fn pricing<'p>(&'p self, pool: &'p Pool<'_>) -> Pricing<'p> {
        let mut used = vec![Vec::new(); self.supply.kinds.len()];
        let values = self.solution.iter().flat_map(|solution| &solution.values);
        for (&at, _) in self.columns.iter().zip(values).filter(|(_, value)| **value > PART_MIN) {
            used[pool.known[at].kind].push(&pool.known[at]);
        }
        let worth = |(need, price): (&Need, &f64)| round((need.sum as f64 - price) * UNIT);
        let worths = pool.needs.iter().zip(&self.prices).map(worth).collect();
        Pricing { instance: pool.instance, needs: &pool.needs, sorts: &self.supply.sorts, used, worths }
    }
}

/// What fillings are looked for with.
struct Pricing<'a> {
    instance: &'a Lowered,
    needs: &'a [Need],
    sorts: &'a [u32],
    /// Of each kind, the fillings that the solution takes.
    used: Vec<Vec<&'a Known>>,
    worths: Vec<i64>,
}

impl Pricing<'_> {
    /// A filling of a kind that is worth much: from one that the solution takes on, or from nothing.
    fn filling(&self, kind: usize, from_used: bool, random: &mut Random, stop: &Stop) -> Filling {
        let mut left = self.sorts.to_vec();
        let mut filling = Filling::empty(self.instance, kind);
        let used = self.used[kind].get(random.index(self.used[kind].len()));
        for &piece in used.filter(|_| from_used).iter().flat_map(|known| &known.pieces) {
            filling.put(piece, &self.needs[piece.sort as usize]);
            left[piece.sort as usize] -= 1;
        }
        let mut recreate = Recreate::new(self.instance, (self.needs, &self.worths), vec![filling], left);
        recreate.try_often(TRIES, random, stop);
        recreate.into_nodes().pop().expect("it has the one node that it was given")
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::families::openb::{Node, OpenbInstance, Pod, check};

    use super::super::openings::Openings;
    use super::*;

    /// Nodes of 4 devices and 10 CPU for pods of 3 and of 2 CPU and one device each, as many of both as two to a node: all fit,
    /// if every node takes two and two.
    #[test]
    fn nodes_that_must_be_filled_exactly_are() {
        let node = Node { cpu_milli: 10, memory_mib: 9, devices: 4, model: 0 };
        let pod = |cpu_milli| Pod { cpu_milli, memory_mib: 1, devices: 1, milli: 1_000, models: None };
        let pods = (0..80).map(|number| pod(if number < 40 { 3 } else { 2 })).collect();
        let instance = OpenbInstance::new(vec![node; 20], pods).unwrap();
        let lowered = Lowered::new(&instance);
        let mut rooms = Rooms::empty(&lowered);
        let mut openings = Openings::new(&rooms);
        for number in 0..80 {
            openings.seat(&mut rooms, number);
        }
        assert!(check(&instance, &rooms.seats).unwrap() > 0);
        let mut whole = WholeNodes::start(&lowered).unwrap();
        let rooms = whole.improved(&rooms, 5, &mut Random::new(1), &Stop::new()).unwrap();
        assert_eq!(check(&instance, &rooms.seats), Ok(0));
    }

    #[test]
    fn prices_of_scarce_sorts_leave_them_to_the_nodes_that_need_them() {
        // Only the first kind has the model that half the pods ask for; the others go to the second kind.
        let nodes = [
            vec![Node { cpu_milli: 8, memory_mib: 9, devices: 2, model: 0 }; 6],
            vec![Node { cpu_milli: 8, memory_mib: 9, devices: 2, model: 1 }; 6],
        ];
        let pod = |models| Pod { cpu_milli: 4, memory_mib: 1, devices: 1, milli: 1_000, models };
        let pods = (0..24).map(|number| pod((number % 2 == 0).then(|| vec![0]))).collect();
        let instance = OpenbInstance::new(nodes.concat(), pods).unwrap();
        let lowered = Lowered::new(&instance);
        let mut whole = WholeNodes::start(&lowered).unwrap();
        let rooms = whole.improved(&Rooms::empty(&lowered), 5, &mut Random::new(1), &Stop::new()).unwrap();
        assert_eq!(check(&instance, &rooms.seats), Ok(0));
    }
}
