//! Which column to branch on.
//!
//! A column is tried on both sides where little is known of it, and judged by what it came to before elsewhere (reliability
//! branching, Achterberg, Koch & Martin 2005). Floating point chooses; what a side proves is exact.

use crate::support::stop::Stop;

use super::instance::Packing;
use super::proof::{Allowed, Prices, Proof};
use super::relaxation::{Relaxation, cutoff};
use super::simplex::Until;

/// Pivots of one trial.
const TRIAL_PIVOTS: u32 = 15;
/// Trials of a column after which its history is relied on.
const RELIABLE: u32 = 4;
/// Columns that are looked at for a branching, and those of them that are tried at most.
const LOOKED_AT: usize = 24;
const TRIED: usize = 4;
/// What counts as a fraction.
const FRACTION: f64 = 1e-6;

/// What branching on a column came to, on one side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct History {
    losses: f64,
    count: u32,
}

impl History {
    fn mean(self, fallback: f64) -> f64 {
        if self.count == 0 { fallback } else { self.losses / f64::from(self.count) }
    }
}

/// Where to branch: what has been solved there, and what matters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) packing: &'a Packing,
    pub(super) worths: &'a [u64],
    pub(super) relaxation: &'a Relaxation,
    pub(super) allowed: &'a [Allowed],
    pub(super) bound: u128,
    /// Packings worth no more do not matter.
    pub(super) aim: u128,
}

/// One side of a branching: what it is bounded by, and the prices that prove it where it was tried.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) bound: u128,
    pub(super) prices: Option<Prices>,
}

/// What to do at a place.
pub(super) enum Next {
    /// Nothing is left to decide.
    Done,
    /// Cut it in two at a column: the sides where it is out and in, and whether to go on with the latter.
    Branch(usize, [Side; 2], bool),
    /// One side holds nothing that matters: the column is decided, as is said, and what the other side is.
    Decided(usize, bool, Side),
    /// The stop came first.
    Stopped,
}

/// What is known of columns.
#[derive(Clone, Debug)]
pub(super) struct Branching {
    pub(super) histories: Vec<[History; 2]>,
}

impl Branching {
    /// Nothing is known yet.
    pub(super) fn new(columns: usize) -> Branching {
        Branching { histories: vec![[History::default(); 2]; columns] }
    }

    /// Chooses a column to branch on.
    pub(super) fn choose(&mut self, place: Place<'_>, proof: &mut Proof, stop: &Stop) -> Next {
        let Place { relaxation, allowed, bound, aim, .. } = place;
        let here = relaxation.worth();
        let untried = || [Side { bound, prices: None }, Side { bound, prices: None }];
        let candidates = self.candidates(place);
        let Some(&first) = candidates.first() else {
            // Whole, but not proved: any column that is open makes the program smaller.
            let open = (0..allowed.len()).find(|&column| allowed[column] == Allowed::Either);
            return open.map_or(Next::Done, |column| Next::Branch(column, untried(), true));
        };
        let mut best = (first, untried(), f64::NEG_INFINITY, [here; 2]);
        let mut tried = 0;
        for column in candidates {
            let value = relaxation.basis.value(column);
            let known = self.histories[column][0].count.min(self.histories[column][1].count);
            let mut sides = untried();
            let mut worths = [0.0; 2];
            if known < RELIABLE && tried < TRIED {
                tried += 1;
                for is_in in [false, true] {
                    let at = usize::from(is_in);
                    let (side, worth) = try_side(place, (column, is_in), proof, stop);
                    let is_closed = side.bound <= aim;
                    sides[at] = Side { bound: side.bound.min(bound), ..side };
                    worths[at] = worth;
                    let way = if is_in { 1.0 - value } else { value };
                    let history = &mut self.histories[column][at];
                    history.losses += (here - worth).max(0.0) / way.max(0.01);
                    history.count += 1;
                    if is_closed {
                        let [out, into] = sides;
                        return Next::Decided(column, !is_in, if is_in { into } else { out });
                    }
                }
            } else {
                worths[0] = here - self.histories[column][0].mean(0.0) * value;
                worths[1] = here - self.histories[column][1].mean(0.0) * (1.0 - value);
            }
            let loss = |side: usize| (here - worths[side]).max(here * 1e-7 + 1e-6);
            let score = loss(0) * loss(1);
            if score > best.2 {
                best = (column, sides, score, worths);
            }
            if stop.is_raised() {
                return Next::Stopped;
            }
        }
        let (column, sides, _, worths) = best;
        Next::Branch(column, sides, worths[1] >= worths[0])
    }

    /// Fractional columns, those first that matter most.
    fn candidates(&self, place: Place<'_>) -> Vec<usize> {
        let mut found: Vec<(f64, usize)> = Vec::new();
        for (column, _) in place.allowed.iter().enumerate().filter(|entry| *entry.1 == Allowed::Either) {
            let value = place.relaxation.basis.value(column);
            if value > FRACTION && value < 1.0 - FRACTION {
                let [out, into] = self.histories[column];
                let fallback = place.worths[column] as f64;
                let score = (out.mean(fallback) * value) * (into.mean(fallback) * (1.0 - value));
                found.push((score, column));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().take(LOOKED_AT).map(|(_, column)| column).collect()
    }
}

/// What one side of a branching comes to, and about what it is worth.
fn try_side(place: Place<'_>, (column, is_in): (usize, bool), proof: &mut Proof, stop: &Stop) -> (Side, f64) {
    let mut allowed = place.allowed.to_vec();
    allowed[column] = if is_in { Allowed::In } else { Allowed::Out };
    if !spread(place.packing, &mut allowed) {
        return (Side { bound: 0, prices: None }, 0.0);
    }
    let mut trial = place.relaxation.trial();
    let worth = trial.solve(&allowed, Until { cutoff: cutoff(place.aim), pivots: TRIAL_PIVOTS, stop });
    trial.prove(proof, place.worths, &allowed);
    (Side { bound: proof.bound(), prices: Some(place.relaxation.priced(proof)) }, worth)
}

/// Fixes columns by their gains where packings worth no more than an aim do not matter; how many of those that were not where the
/// solution has them.
pub(super) fn fix(proof: &Proof, relaxation: &Relaxation, aim: u128, allowed: &mut [Allowed]) -> usize {
    let mut moved = 0;
    for (column, state) in allowed.iter_mut().enumerate().filter(|entry| *entry.1 == Allowed::Either) {
        if let Some(fixed) = proof.fixed(column, aim) {
            *state = fixed;
            let value = relaxation.basis.value(column);
            moved += usize::from((value - if fixed == Allowed::In { 1.0 } else { 0.0 }).abs() > FRACTION);
        }
    }
    moved
}

/// Puts out what does not fit beside what is in; whether what is in fits.
pub(super) fn spread(packing: &Packing, allowed: &mut [Allowed]) -> bool {
    let mut left = packing.capacities().to_vec();
    for (column, _) in allowed.iter().enumerate().filter(|entry| *entry.1 == Allowed::In) {
        for &(row, amount) in &packing.columns()[column].entries {
            match left[row as usize].checked_sub(amount) {
                Some(rest) => left[row as usize] = rest,
                None => return false,
            }
        }
    }
    for (column, state) in allowed.iter_mut().enumerate().filter(|entry| *entry.1 == Allowed::Either) {
        let entries = &packing.columns()[column].entries;
        if entries.iter().any(|&(row, amount)| amount > left[row as usize]) {
            *state = Allowed::Out;
        }
    }
    true
}
