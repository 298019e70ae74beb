//! What runs when, and what is the best so far.

use std::collections::BTreeMap;

use lessor_models::families::openb::{OpenbInstance, OpenbPrices, Seat, bound, check};
use rayon::prelude::*;

use crate::support::numbers::floor;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::arrangement::Arrangement;
use super::cutting::{SIZES_MAX, Stock, cut};
use super::lowered::Lowered;
use super::openings::Openings;
use super::recreate::{recreate, recreate_apart};
use super::relaxed::{Pattern, Relaxed, Relaxing};
use super::rooms::{First, Rooms};
use super::whole_nodes::WholeNodes;
use super::{OpenbMethod, OpenbOptions};

/// Placements of one round.
const ATTEMPTS: usize = 4;

/// At first: nodes of the search for patterns, moves of annealing for each pod, and how many devices of each pattern in use that
/// search may take back.
const NODES: u32 = 2_000;
const MOVES_PER_POD: u64 = 500;
const OPEN: f64 = 2.0;

/// Moves of annealing that take as long as a ruin and recreate.
const MOVES_PER_TRY: u64 = 100;

/// Ruins and recreates for each node before anything else, and nodes from which on those from one placement share them out.
const FIRST_TRIES: u64 = 4;
const APART_NODES_MIN: usize = 48;

/// The part of the time after which there is no other fit.
const FIT_SHARE: f64 = 0.1;

/// Tries for each node of a part, after which nodes are parted anew.
const TRIES_PER_NODE: u64 = 32;

/// What the relaxation may do, as iterations times rows, while there is a ruin and recreate.
const RELAXING_PER_TRY: u64 = 200;

/// Rounds of fillings that a dive over whole nodes makes for each doubling of their number, about, and how many times as long as a
/// round it may take.
const DIVE_ROUNDS: u64 = 12;
const WHOLE_SHARE: u64 = 32;

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

    /// Seats every pod where it leaves least, in one order after another.
    fn fit(&mut self) {
        for first in First::ALL {
            if first != First::Most && (self.is_over() || self.stop.progress() > FIT_SHARE) {
                break;
            }
            let mut rooms = Rooms::empty(self.instance);
            fill_by(first, &mut rooms, |_| true, self.stop);
            self.take(rooms.seats);
        }
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

    /// Ruin and recreate from the fit on; patterns from the sizes alone, arranged, as soon as there are any; beside all that the
    /// relaxation with CPU and memory, which proves the bound and whose patterns come next, and then fillings of whole nodes.
    fn rounds(&mut self, method: OpenbMethod, rounds_max: u32) {
        let sizes = self.instance.sizes_alone();
        let mut beside = Beside::new(self.instance, &sizes, method);
        let moves = MOVES_PER_POD * self.checked.pods().len() as u64;
        let mut effort = Effort { nodes: NODES, moves, open: OPEN, tries: 0 };
        if method != OpenbMethod::Patterns {
            self.stir(effort);
        }
        for _ in 0..rounds_max {
            if self.is_over() {
                break;
            }
            self.random.advance();
            let is_new = beside.relax_sizes(effort, self.stop);
            // Patterns alone come first: where CPU and memory suffice, they leave little to gain.
            let rests = method == OpenbMethod::Patterns || method == OpenbMethod::Auto && is_new;
            effort.tries = if rests { 0 } else { effort.moves / MOVES_PER_TRY };
            let (instance, stop, random, best) = (self.instance, self.stop, &self.random, &self.found.seats);
            let basis = beside.basis.take();
            let planned = attempts(method, basis.as_ref(), is_new, instance.kind_of.len());
            let attempts = || -> Vec<Option<Vec<Option<Seat>>>> {
                let one = |(number, attempt): (u64, &Attempt<'_>)| {
                    attempt.made(seated(instance, best), effort, &mut random.fork(number), stop)
                };
                let numbered: Vec<(u64, &Attempt<'_>)> = (0..).zip(&planned).collect();
                numbered.into_par_iter().map(one).collect()
            };
            let mut random = random.fork(ATTEMPTS as u64);
            let go_on = || beside.go_on(|| seated(instance, best), effort, &mut random, stop);
            let (mixed, attempted) = rayon::join(go_on, attempts);
            attempted.into_iter().flatten().chain(mixed).for_each(|seats| self.take(seats));
            beside.basis = basis;
            if let Some(relaxed) = beside.relaxed() {
                self.prove(&relaxed);
                beside.learn(relaxed);
            }
            effort = effort.grown();
        }
        if let Some(relaxed) = beside.relaxing.and_then(Relaxing::relaxed) {
            self.prove(&relaxed);
        }
    }

    /// A few tries from the fit, before anything that takes its time.
    fn stir(&mut self, effort: Effort) {
        let effort = Effort { tries: FIRST_TRIES * self.checked.nodes().len() as u64, ..effort };
        let best = seated(self.instance, &self.found.seats);
        let stirred = Attempt::Onward.made(best, effort, &mut self.random.fork(0), self.stop);
        stirred.into_iter().for_each(|seats| self.take(seats));
    }
}

/// What goes on beside the attempts of the rounds.
struct Beside<'a> {
    instance: &'a Lowered,
    sizes: &'a Lowered,
    /// What patterns are arranged, once there are any.
    basis: Option<Basis>,
    /// The relaxation of the sizes alone, until it has ended.
    of_sizes: Option<Relaxing<'a>>,
    /// That with CPU and memory, from then on until it has ended.
    relaxing: Option<Relaxing<'a>>,
    stage: Stage,
    whole: Option<WholeNodes<'a>>,
}

/// How far the relaxation with CPU and memory is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Awaited,
    UnderWay,
    Ended,
    Told,
}

impl<'a> Beside<'a> {
    /// Where there are more sizes than patterns in whole numbers make sense of, they are left alone, unless they are asked for.
    fn new(instance: &'a Lowered, sizes: &'a Lowered, method: OpenbMethod) -> Beside<'a> {
        let has_patterns = pieces(sizes).len() <= SIZES_MAX || method == OpenbMethod::Patterns;
        Beside {
            instance,
            sizes,
            basis: None,
            of_sizes: has_patterns.then(|| Relaxing::start(sizes, &[])).flatten(),
            relaxing: None,
            stage: Stage::Awaited,
            whole: (method == OpenbMethod::Auto).then(|| WholeNodes::start(instance)).flatten(),
        }
    }

    /// Goes on with the relaxation of the sizes; whether there are patterns now for the first time.
    fn relax_sizes(&mut self, effort: Effort, stop: &Stop) -> bool {
        let has_ended = self.of_sizes.as_mut().is_some_and(|of_sizes| of_sizes.go_on(effort.work(), stop));
        let relaxed = if has_ended { self.of_sizes.take().and_then(Relaxing::relaxed) } else { None };
        let is_new = relaxed.is_some();
        if let Some(relaxed) = relaxed {
            self.basis = Some(Basis { pieces: pieces(self.sizes), patterns: relaxed.patterns });
        }
        if self.of_sizes.is_none() && self.stage == Stage::Awaited {
            let known = self.basis.iter().flat_map(|basis| &basis.patterns);
            let patterns: Vec<Pattern> = known.map(|(pattern, _)| pattern.clone()).collect();
            self.relaxing = Relaxing::start(self.instance, &patterns);
            self.stage = Stage::UnderWay;
        }
        is_new
    }

    /// Goes on with the relaxation or, after it, with fillings of whole nodes, of which a placement comes.
    fn go_on(
        &mut self,
        best: impl Fn() -> Rooms<'a>,
        effort: Effort,
        random: &mut Random,
        stop: &Stop,
    ) -> Option<Vec<Option<Seat>>> {
        if let Some(relaxing) = &mut self.relaxing {
            if self.stage == Stage::UnderWay && relaxing.go_on(effort.work(), stop) {
                self.stage = Stage::Ended;
            }
            return None;
        }
        let whole = self.whole.as_mut().filter(|whole| effort.allows(whole))?;
        mixed(whole, &best(), effort, random, stop)
    }

    /// The relaxation with CPU and memory where it has just ended.
    fn relaxed(&mut self) -> Option<Relaxed> {
        if self.stage != Stage::Ended {
            return None;
        }
        self.stage = Stage::Told;
        self.relaxing.take().and_then(Relaxing::relaxed)
    }

    /// Has its patterns arranged from now on, where patterns are.
    fn learn(&mut self, relaxed: Relaxed) {
        let pieces = placed_pieces(self.instance, &relaxed);
        self.basis = self.basis.take().map(|_| Basis { pieces, patterns: relaxed.patterns });
    }
}

/// One way to a placement.
#[derive(Clone, Copy)]
enum Attempt<'a> {
    /// Patterns, arranged.
    Arranged(&'a Basis),
    /// On from the best.
    Onward,
    /// On from the best, on so many parts of the nodes at a time.
    Apart(u32),
}

/// The attempts of a round. All methods together go on from the best placement with all attempts but one, once there is one that
/// was arranged.
fn attempts(method: OpenbMethod, basis: Option<&Basis>, is_new: bool, nodes: usize) -> Vec<Attempt<'_>> {
    let arranged = match method {
        OpenbMethod::Recreate | OpenbMethod::Fit => 0,
        OpenbMethod::Auto if !is_new => 1,
        OpenbMethod::Auto | OpenbMethod::Patterns => ATTEMPTS,
    };
    let mut attempts: Vec<Attempt<'_>> = basis.map(Attempt::Arranged).into_iter().cycle().take(arranged).collect();
    let left = ATTEMPTS - attempts.len();
    if method != OpenbMethod::Patterns && left > 0 {
        if nodes >= APART_NODES_MIN {
            attempts.push(Attempt::Apart(u32::try_from(left).expect("attempts are few")));
        } else {
            attempts.resize(ATTEMPTS, Attempt::Onward);
        }
    }
    attempts
}

impl Attempt<'_> {
    /// What comes of it; `None` where the stop came before there was anything.
    fn made(self, best: Rooms<'_>, effort: Effort, random: &mut Random, stop: &Stop) -> Option<Vec<Option<Seat>>> {
        let parts = match self {
            Attempt::Arranged(basis) => {
                let arranged = arranged(best.instance, basis, effort, random, stop)?;
                return Some(completed(arranged, effort, random, stop));
            }
            Attempt::Onward => return Some(completed(best, effort, random, stop)),
            Attempt::Apart(parts) => parts,
        };
        let of_pass = (TRIES_PER_NODE * best.instance.kind_of.len() as u64 / u64::from(parts)).max(1);
        let (mut rooms, mut left) = (best, effort.tries);
        while left > 0 && !stop.is_raised() {
            let tries = of_pass.min(left);
            rooms = recreate_apart(&rooms, (parts, tries), random, stop);
            random.advance();
            left -= tries;
        }
        fill(&mut rooms, |_| true, stop);
        Some(rooms.seats)
    }
}

impl Effort {
    fn grown(self) -> Effort {
        Effort {
            nodes: self.nodes.saturating_mul(GROWTH).min(NODES_MAX),
            moves: self.moves.saturating_mul(u64::from(GROWTH)),
            open: (self.open * f64::from(GROWTH)).min(OPEN_MAX),
            ..self
        }
    }

    /// What the relaxation may do in a round.
    fn work(self) -> u64 {
        (self.moves / MOVES_PER_TRY).saturating_mul(RELAXING_PER_TRY)
    }

    /// Whether fillings of whole nodes take no longer than a few rounds as long as this.
    fn allows(self, whole: &WholeNodes<'_>) -> bool {
        let takes = whole.tries_per_round().saturating_mul(DIVE_ROUNDS * u64::from(whole.nodes().ilog2() + 1));
        self.tries.saturating_mul(WHOLE_SHARE) >= takes
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
    random: &mut Random,
    stop: &Stop,
) -> Option<Vec<Option<Seat>>> {
    let rounds = effort.tries / whole.tries_per_round();
    let rooms = whole.improved(best, rounds, random, stop)?;
    Some(completed(rooms, effort, random, stop))
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
    fill_by(First::Most, rooms, is_meant, stop);
}

/// Seats those of the pods that have no seat and still fit, in an order.
fn fill_by(first: First, rooms: &mut Rooms<'_>, is_meant: impl Fn(u32) -> bool, stop: &Stop) {
    let mut openings = Openings::new(rooms);
    let order = first.order(rooms.instance);
    let sort_of = &rooms.instance.sort_of;
    for of_sort in order.chunk_by(|&one, &next| sort_of[one as usize] == sort_of[next as usize]) {
        let missing = |&pod: &u32| rooms.seats[pod as usize].is_none() && is_meant(pod);
        let pods: Vec<u32> = of_sort.iter().copied().filter(missing).collect();
        // Where one of a sort fits nowhere, no other does.
        for pod in pods {
            if stop.is_raised() || !openings.seat(rooms, pod) {
                break;
            }
        }
    }
}
