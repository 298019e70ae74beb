//! What runs when, and what is the best so far.

use std::collections::BTreeMap;

use lessor_models::families::openb::{OpenbInstance, OpenbPrices, Seat, bound, check};
use rayon::prelude::*;

use crate::support::numbers::floor;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::arrangement::Arrangement;
use super::cutting::{Stock, cut};
use super::lowered::Lowered;
use super::recreate::recreate;
use super::relaxed::{Pattern, Relaxed, relax};
use super::rooms::{Rooms, order};
use super::whole_nodes::WholeNodes;
use super::{OpenbMethod, OpenbOptions};

/// Placements of one round.
const ATTEMPTS: u64 = 4;

/// At first: nodes of the search for patterns, moves of annealing for each pod, and how many devices of each pattern in use that
/// search may take back.
const NODES: u32 = 2_000;
const MOVES_PER_POD: u64 = 500;
const OPEN: f64 = 2.0;

/// Moves of annealing that take as long as a ruin and recreate.
const MOVES_PER_TRY: u64 = 100;

/// By how much all of them grow from round to round, and how far the search for patterns does.
const GROWTH: u32 = 2;
const NODES_MAX: u32 = 64_000;
const OPEN_MAX: f64 = 64.0;

/// A pod that the relaxation places by more than this is there for the patterns.
const PART_MIN: f64 = 1e-6;

/// What was found and proved.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) cost: u64,
    pub(super) seats: Vec<Option<Seat>>,
    pub(super) bound: u64,
    pub(super) prices: OpenbPrices,
}

struct Portfolio<'a> {
    checked: &'a OpenbInstance,
    instance: &'a Lowered,
    stop: &'a Stop,
    report: &'a mut dyn FnMut(u64, u64),
    random: Random,
    found: Found,
}

/// How thorough a round is.
#[derive(Clone, Copy, Debug)]
struct Effort {
    nodes: u32,
    moves: u64,
    open: f64,
    tries: u64,
}

/// A pool of patterns with how often the relaxation has each, and how many pods of each size may be used.
struct Basis {
    patterns: Vec<(Pattern, f64)>,
    pieces: BTreeMap<u32, u32>,
}

/// Solves until it is proved, stopped or out of rounds.
pub(super) fn search(
    checked: &OpenbInstance,
    instance: &Lowered,
    options: &OpenbOptions,
    stop: &Stop,
    report: &mut dyn FnMut(u64, u64),
) -> Found {
    let nothing = vec![None; checked.pods().len()];
    let prices = OpenbPrices::default();
    let found = Found { cost: checked.device_milli(), seats: nothing, bound: bound(checked, &prices), prices };
    let random = Random::new(options.seed);
    let mut search = Portfolio { checked, instance, stop, report, random, found };
    search.fit();
    if options.method != OpenbMethod::Fit && !search.is_over() {
        search.rounds(options.method, options.rounds_max.unwrap_or(u32::MAX));
    }
    search.found
}

impl Portfolio<'_> {
    fn is_over(&self) -> bool {
        self.stop.is_raised() || self.found.cost <= self.found.bound
    }

    /// Seats every pod where it leaves least, the largest first.
    fn fit(&mut self) {
        let mut rooms = Rooms::empty(self.instance);
        fill(&mut rooms, |_| true, self.stop);
        self.take(rooms.seats);
    }

    /// Takes seats that leave less unallocated than the best, or as much and fewer pods without a seat.
    fn take(&mut self, seats: Vec<Option<Seat>>) {
        let left_out = |seats: &[Option<Seat>]| seats.iter().filter(|seat| seat.is_none()).count();
        if let Ok(cost) = check(self.checked, &seats)
            && (cost, left_out(&seats)) < (self.found.cost, left_out(&self.found.seats))
        {
            (self.found.cost, self.found.seats) = (cost, seats);
            (self.report)(cost, self.found.bound);
        }
    }

    fn prove(&mut self, relaxed: &Relaxed) {
        let prices = relaxed.prices(self.instance);
        let proved = bound(self.checked, &prices);
        if proved > self.found.bound {
            (self.found.bound, self.found.prices) = (proved, prices);
            (self.report)(self.found.cost, proved);
        }
    }

    /// Patterns from the sizes alone, arranged; beside them the relaxation with CPU and memory, which proves the bound and whose
    /// patterns come next.
    fn rounds(&mut self, method: OpenbMethod, rounds_max: u32) {
        let sizes = self.instance.sizes_alone();
        let Some(relaxed) = relax(&sizes, &[], self.stop) else { return };
        let mut basis = Basis { pieces: pieces(&sizes), patterns: relaxed.patterns };
        let moves = MOVES_PER_POD * self.checked.pods().len() as u64;
        // Patterns alone come first: where CPU and memory suffice, they leave little to gain.
        let tries = if method == OpenbMethod::Recreate { moves / MOVES_PER_TRY } else { 0 };
        let mut effort = Effort { nodes: NODES, moves, open: OPEN, tries };
        let mut whole = (method == OpenbMethod::Auto).then(|| WholeNodes::start(self.instance)).flatten();
        for round in 0..rounds_max {
            self.random.advance();
            let (instance, stop, random) = (self.instance, self.stop, &self.random);
            let best = &self.found.seats;
            // All methods together go on from the best placement with all attempts but one, once there is one that was arranged.
            let goes_on = |number: u64| match method {
                OpenbMethod::Auto => round > 0 && number > 0,
                OpenbMethod::Recreate => true,
                OpenbMethod::Fit | OpenbMethod::Patterns => false,
            };
            let attempts = || -> Vec<Option<Vec<Option<Seat>>>> {
                let one = |number| {
                    let mut random = random.fork(number);
                    let rooms = if goes_on(number) {
                        seated(instance, best)
                    } else {
                        arranged(instance, &basis, effort, &mut random, stop)?
                    };
                    Some(completed(rooms, effort, &mut random, stop))
                };
                (0..ATTEMPTS).into_par_iter().map(one).collect()
            };
            let patterns: Vec<Pattern> = basis.patterns.iter().map(|(pattern, _)| pattern.clone()).collect();
            let beside = || match &mut whole {
                _ if round == 0 => (relax(instance, &patterns, stop), None),
                Some(whole) => (None, mixed(whole, &seated(instance, best), effort, random.fork(ATTEMPTS), stop)),
                None => (None, None),
            };
            let ((proved, beside), attempted) = rayon::join(beside, attempts);
            attempted.into_iter().flatten().chain(beside).for_each(|seats| self.take(seats));
            if let Some(relaxed) = proved {
                self.prove(&relaxed);
                basis = Basis { pieces: placed_pieces(instance, &relaxed), patterns: relaxed.patterns };
            }
            if self.is_over() {
                break;
            }
            effort = effort.grown();
            if method == OpenbMethod::Patterns {
                effort.tries = 0;
            }
        }
    }
}

impl Effort {
    fn grown(self) -> Effort {
        Effort {
            nodes: self.nodes.saturating_mul(GROWTH).min(NODES_MAX),
            moves: self.moves.saturating_mul(u64::from(GROWTH)),
            tries: self.moves / MOVES_PER_TRY,
            open: (self.open * f64::from(GROWTH)).min(OPEN_MAX),
        }
    }
}

/// How many pods there are of each size that ask for one device.
fn pieces(sizes: &Lowered) -> BTreeMap<u32, u32> {
    let single = sizes.sorts.iter().filter(|sort| sort.devices == 1);
    single.map(|sort| (sort.milli, u32::try_from(sort.pods.len()).unwrap_or(u32::MAX))).collect()
}

/// How many of them the relaxation places.
fn placed_pieces(instance: &Lowered, relaxed: &Relaxed) -> BTreeMap<u32, u32> {
    let mut placed: BTreeMap<u32, f64> = BTreeMap::new();
    for (sort, value) in instance.sorts.iter().zip(&relaxed.placed).filter(|(sort, _)| sort.devices == 1) {
        *placed.entry(sort.milli).or_default() += value;
    }
    let up = |value: f64| u32::try_from(floor((value - PART_MIN).max(0.0).ceil())).unwrap_or(u32::MAX);
    placed.into_iter().map(|(size, value)| (size, up(value))).collect()
}

/// One arrangement: pods of several devices first, then patterns on what they leave. `None` where the stop came before there were
/// patterns.
fn arranged<'a>(
    instance: &'a Lowered,
    basis: &Basis,
    effort: Effort,
    random: &mut Random,
    stop: &Stop,
) -> Option<Rooms<'a>> {
    let mut rooms = Rooms::empty(instance);
    fill(&mut rooms, |pod| instance.pod(pod).devices > 1, stop);
    let untouched: usize = (0..instance.kind_of.len()).map(|node| rooms.untouched(node).count()).sum();
    let stock = Stock { pieces: basis.pieces.clone(), devices: u32::try_from(untouched).unwrap_or(u32::MAX) };
    let patterns = cut(&stock, &basis.patterns, (effort.open, effort.nodes), random, stop);
    if stop.is_raised() {
        return None;
    }
    let mut arrangement = Arrangement::start(instance, &rooms, &patterns, random);
    arrangement.settle(effort.moves, random, stop);
    let mut seats: Vec<(u32, Seat)> = arrangement.seats().collect();
    // Where a node is overdrawn, its smallest pods are left out.
    seats.sort_by_key(|&(pod, _)| (std::cmp::Reverse(instance.pod(pod).milli), pod));
    for (pod, seat) in seats {
        rooms.put(pod, seat);
    }
    Some(rooms)
}

/// One placement of whole nodes' fillings, those of the best placement among them. `None` where the stop came first.
fn mixed<'a>(
    whole: &mut WholeNodes<'a>,
    best: &Rooms<'a>,
    effort: Effort,
    mut random: Random,
    stop: &Stop,
) -> Option<Vec<Option<Seat>>> {
    let rounds = effort.tries / whole.tries_per_round();
    let rooms = whole.improved(best, rounds, &mut random, stop)?;
    Some(completed(rooms, effort, &mut random, stop))
}

/// A placement in the making that is as far as these seats.
fn seated<'a>(instance: &'a Lowered, seats: &[Option<Seat>]) -> Rooms<'a> {
    let mut rooms = Rooms::empty(instance);
    for (pod, seat) in (0..).zip(seats) {
        if let Some(seat) = seat {
            rooms.put(pod, seat.clone());
        }
    }
    rooms
}

/// Whatever still fits, the largest first, so that pods without a device come last; then tries, and again what fits.
fn completed(mut rooms: Rooms<'_>, effort: Effort, random: &mut Random, stop: &Stop) -> Vec<Option<Seat>> {
    fill(&mut rooms, |_| true, stop);
    if effort.tries > 0 {
        rooms = recreate(&rooms, effort.tries, random, stop);
        fill(&mut rooms, |_| true, stop);
    }
    rooms.seats
}

/// Seats those of the pods that have no seat and still fit, the largest first.
fn fill(rooms: &mut Rooms<'_>, is_meant: impl Fn(u32) -> bool, stop: &Stop) {
    for pod in order(rooms.instance) {
        if stop.is_raised() {
            break;
        }
        if rooms.seats[pod as usize].is_none()
            && is_meant(pod)
            && let Some(seat) = rooms.seat_for(pod)
        {
            rooms.put(pod, seat);
        }
    }
}
