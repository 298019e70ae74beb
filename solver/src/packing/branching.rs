//! What to branch on.
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
/// Pairs of rows that are tried, and the share of the gap that the weaker side of a column must close for none to be.
const PAIRS: usize = 8;
const LITTLE: f64 = 0.02;
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

/// What a branching decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// Whether a column is in.
    Column(u32),
    /// Whether one column takes both of two rows that hold one column each (Ryan & Foster 1981). Where columns are many ways to
    /// have much the same, leaving out one of them changes little.
    Together(u32, u32),
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
    Branch(Question, [Side; 2], bool),
    /// One side holds nothing that matters: the question is decided, as is said, and what the other side is.
    Decided(Question, bool, Side),
    /// The stop came first.
    Stopped,
}

/// What is known of columns, and the rows that pairs are made of.
#[derive(Clone, Debug)]
pub(super) struct Branching {
    pub(super) histories: Vec<[History; 2]>,
    /// The columns of each row that holds one of them at most; none where pairs of rows are not asked for.
    rows: Vec<Vec<u32>>,
}

/// A question that was looked at: its sides, and about what they are worth.
struct Looked {
    question: Question,
    sides: [Side; 2],
    worths: [f64; 2],
}

impl Branching {
    /// Nothing is known yet, and columns alone are branched on.
    pub(super) fn new(columns: usize) -> Branching {
        Branching { histories: vec![[History::default(); 2]; columns], rows: Vec::new() }
    }

    /// Nothing is known yet; pairs of rows are branched on as well.
    pub(super) fn with_pairs(packing: &Packing) -> Branching {
        let holds_one = |(row, &capacity): (Vec<(u32, u64)>, &u64)| {
            let is_one = row.iter().all(|entry| entry.1 > capacity / 2);
            if is_one { row.into_iter().map(|entry| entry.0).collect() } else { Vec::new() }
        };
        let rows = packing.rows().into_iter().zip(packing.capacities()).map(holds_one).collect();
        Branching { rows, ..Branching::new(packing.columns().len()) }
    }

    /// Decides a question; whether nothing that was decided before is against it.
    pub(super) fn answer(&self, packing: &Packing, question: Question, is_so: bool, allowed: &mut [Allowed]) -> bool {
        let takes = |column: u32, row: u32| {
            packing.columns()[column as usize].entries.binary_search_by_key(&row, |entry| entry.0).is_ok()
        };
        let mut out = |column: u32| {
            let state = &mut allowed[column as usize];
            let clashes = *state == Allowed::In;
            *state = Allowed::Out;
            !clashes
        };
        match question {
            Question::Column(column) if is_so => {
                let state = &mut allowed[column as usize];
                let clashes = *state == Allowed::Out;
                *state = Allowed::In;
                !clashes
            }
            Question::Column(column) => out(column),
            Question::Together(one, other) => {
                let of = |row: u32| self.rows[row as usize].iter().copied();
                let mut gone: Vec<u32> = of(one).filter(|&column| takes(column, other) != is_so).collect();
                if is_so {
                    gone.extend(of(other).filter(|&column| !takes(column, one)));
                }
                gone.into_iter().all(&mut out)
            }
        }
    }

    /// Chooses what to branch on.
    pub(super) fn choose(&mut self, place: Place<'_>, proof: &mut Proof, stop: &Stop) -> Next {
        let Place { relaxation, allowed, bound, aim, .. } = place;
        let here = relaxation.worth();
        let untried = || [Side { bound, prices: None }, Side { bound, prices: None }];
        let columns = self.candidates(place);
        let Some(&first) = columns.first() else {
            // Whole, but not proved: any column that is open makes the program smaller.
            let open = (0..allowed.len()).find(|&column| allowed[column] == Allowed::Either);
            return open.map_or(Next::Done, |column| Next::Branch(of_column(column), untried(), true));
        };
        let loss = |worth: f64| (here - worth).max(here * 1e-7 + 1e-6);
        let score = |looked: &Looked| loss(looked.worths[0]) * loss(looked.worths[1]);
        let mut best = Looked { question: of_column(first), sides: untried(), worths: [here; 2] };
        let mut most = f64::NEG_INFINITY;
        let mut tried = 0;
        for column in columns {
            let value = relaxation.basis.value(column);
            let known = self.histories[column][0].count.min(self.histories[column][1].count);
            let looked = if known < RELIABLE && tried < TRIED {
                tried += 1;
                match self.look(place, of_column(column), proof, stop) {
                    Ok(looked) => looked,
                    Err(decided) => return decided,
                }
            } else {
                let [out, into] = self.histories[column];
                let worths = [here - out.mean(0.0) * value, here - into.mean(0.0) * (1.0 - value)];
                Looked { question: of_column(column), sides: untried(), worths }
            };
            if score(&looked) > most {
                (most, best) = (score(&looked), looked);
            }
            if stop.is_raised() {
                return Next::Stopped;
            }
        }
        // Where leaving a column out changes next to nothing, what many columns have in common may.
        let gap = bound.saturating_sub(aim) as f64;
        if loss(best.worths[0]).min(loss(best.worths[1])) < gap * LITTLE {
            for question in self.pairs(place) {
                let looked = match self.look(place, question, proof, stop) {
                    Ok(looked) => looked,
                    Err(decided) => return decided,
                };
                if score(&looked) > most {
                    (most, best) = (score(&looked), looked);
                }
                if stop.is_raised() {
                    return Next::Stopped;
                }
            }
        }
        let Looked { question, sides, worths } = best;
        Next::Branch(question, sides, worths[1] >= worths[0])
    }

    /// Tries both sides of a question; an error is that one side holds nothing that matters.
    fn look(&mut self, place: Place<'_>, question: Question, proof: &mut Proof, stop: &Stop) -> Result<Looked, Next> {
        let mut sides = [Side { bound: place.bound, prices: None }, Side { bound: place.bound, prices: None }];
        let mut worths = [0.0; 2];
        for is_so in [false, true] {
            let at = usize::from(is_so);
            let (side, worth) = self.try_side(place, (question, is_so), proof, stop);
            self.learn(place, (question, is_so), worth);
            let is_closed = side.bound <= place.aim;
            sides[at] = Side { bound: side.bound.min(place.bound), ..side };
            worths[at] = worth;
            if is_closed {
                let [no, yes] = sides;
                return Err(Next::Decided(question, !is_so, if is_so { yes } else { no }));
            }
        }
        Ok(Looked { question, sides, worths })
    }

    /// Keeps what a side of a column came to.
    fn learn(&mut self, place: Place<'_>, (question, is_so): (Question, bool), worth: f64) {
        if let Question::Column(column) = question {
            let value = place.relaxation.basis.value(column as usize);
            let way = if is_so { 1.0 - value } else { value };
            let history = &mut self.histories[column as usize][usize::from(is_so)];
            history.losses += (place.relaxation.worth() - worth).max(0.0) / way.max(0.01);
            history.count += 1;
        }
    }

    /// Pairs of rows that one column takes both of by half in the solution, or nearly so.
    fn pairs(&self, place: Place<'_>) -> Vec<Question> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let mut shares: Vec<((u32, u32), f64)> = Vec::new();
        for column in (0..place.allowed.len()).filter(|&column| place.allowed[column] == Allowed::Either) {
            let value = place.relaxation.basis.value(column);
            if value > FRACTION && value < 1.0 - FRACTION {
                let rows = place.packing.columns()[column].entries.iter().map(|entry| entry.0);
                let rows: Vec<u32> = rows.filter(|&row| !self.rows[row as usize].is_empty()).collect();
                for (at, &one) in rows.iter().enumerate() {
                    shares.extend(rows[at + 1..].iter().map(|&other| ((one, other), value)));
                }
            }
        }
        shares.sort_by_key(|share| share.0);
        let sum = |same: &[((u32, u32), f64)]| (same[0].0, same.iter().map(|share| share.1).sum::<f64>(), same.len());
        let pairs = shares
            .chunk_by(|a, b| a.0 == b.0)
            .map(sum)
            .filter(|&(_, share, count)| count > 1 && share < 1.0 - FRACTION);
        let mut pairs: Vec<(f64, (u32, u32))> = pairs.map(|(pair, share, _)| ((share - 0.5).abs(), pair)).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        pairs.into_iter().take(PAIRS).map(|(_, (one, other))| Question::Together(one, other)).collect()
    }

    /// What one side of a branching comes to, and about what it is worth.
    fn try_side(
        &self,
        place: Place<'_>,
        (question, is_so): (Question, bool),
        proof: &mut Proof,
        stop: &Stop,
    ) -> (Side, f64) {
        let mut allowed = place.allowed.to_vec();
        if !self.answer(place.packing, question, is_so, &mut allowed) || !spread(place.packing, &mut allowed) {
            return (Side { bound: 0, prices: None }, 0.0);
        }
        let mut trial = place.relaxation.trial();
        let worth = trial.solve(&allowed, Until { cutoff: cutoff(place.aim), pivots: TRIAL_PIVOTS, stop });
        trial.prove(proof, place.worths, &allowed);
        (Side { bound: proof.bound(), prices: Some(place.relaxation.priced(proof)) }, worth)
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

/// Whether a column is in.
fn of_column(column: usize) -> Question {
    Question::Column(u32::try_from(column).expect("columns are fewer than 2^32"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::PackingColumn;
    use crate::support::random::Random;

    #[test]
    fn every_packing_is_on_one_side_of_a_pair_of_rows_at_least() {
        let mut random = Random::new(5);
        for _ in 0..40 {
            let column = |_| {
                let mut rows: Vec<u32> = (0..3).map(|_| u32::try_from(random.index(6)).unwrap()).collect();
                rows.sort_unstable();
                rows.dedup();
                PackingColumn { worth: 1, entries: rows.into_iter().map(|row| (row, 1)).collect() }
            };
            let columns: Vec<PackingColumn> = (0..8).map(column).collect();
            let packing = Packing::new(vec![1; 6], columns).unwrap();
            let branching = Branching::with_pairs(&packing);
            let all_in = |set: u32| -> Vec<Allowed> {
                (0..8).map(|column| if set >> column & 1 == 1 { Allowed::In } else { Allowed::Either }).collect()
            };
            for (one, other) in (0..6).flat_map(|one| (0..one).map(move |other| (other, one))) {
                for set in (0..1_u32 << 8).filter(|&set| spread(&packing, &mut all_in(set))) {
                    let is_on = |is_so: bool| {
                        branching.answer(&packing, Question::Together(one, other), is_so, &mut all_in(set))
                    };
                    let takes_both = (0..8).filter(|column| set >> column & 1 == 1).any(|column: usize| {
                        let entries = &packing.columns()[column].entries;
                        [one, other].iter().all(|row| entries.contains(&(*row, 1)))
                    });
                    assert_eq!(is_on(false), !takes_both, "{set:b} and rows {one}, {other}");
                    assert!(is_on(true) || is_on(false), "{set:b} and rows {one}, {other}");
                }
            }
        }
    }
}
