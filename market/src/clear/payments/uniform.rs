//! One price for each good, the same for all who win.
//!
//! With bundles there need not be prices at which all who win would buy and all who lose would not. Among prices at which every
//! winner pays no more than its bid, those are taken at which losers would gain least in all, and of these the lowest:
//!
//! ```text
//! first   minimize  sum over groups of d          then  minimize  sum over winners of p x bundle
//! subject to        p x bundle[w] <= bid[w]                                              every winning bid
//!                   d[k] >= bid[j] - p x bundle[j] - (bid[w] - p x bundle[w])            every losing bid j of group k
//!                   p, d >= 0
//! ```
//!
//! where `w` is what the group wins, nothing where it wins nothing, and all amounts are beyond the reserves. They are prices in
//! place of duals, as of Rassenti, Smith & Bulfin (1982), at which no winner loses. Where everybody wants one unit of one good,
//! the price is the highest losing bid. A loser that would gain even so is *paradoxically rejected*.
//!
//! A good has a price above its reserve where some losing bid finds too little of it beside what is won, and some of it is won.
//! One that a single bidder bids for (what one bidder may win, say) has none: nobody competes for it.

use std::collections::BTreeMap;

use lessor_solver::program::linear::{Answer, Column, LateRow, Program, Resident, Row};
use lessor_solver::support::stop::Stop;

use crate::book::{Bid, BidderIndex, GoodIndex, GroupIndex, Supply};
use crate::clear::outcome::{Uniform, Unsettled};
use crate::clear::winner::Round;
use crate::linear_prices::{LinearPrices, rounding};

/// How much more than least losers may gain in all when prices are lowered, of the greatest bid: both come from floating point.
const TOLERANCE: f64 = 1e-9;

/// A bundle as the program sees it: what it may cost, of the greatest bid, and how much of each priced good it takes, of what is
/// won of it.
struct Line {
    amount: f64,
    takes: Vec<(usize, f64)>,
}

/// What the prices of a round follow.
struct Contest<'a> {
    round: &'a Round<'a>,
    /// Winning bids by group.
    winners: BTreeMap<GroupIndex, usize>,
    /// Losing bids that something is offered with and that another bidder stands in the way of, in order.
    losers: Vec<usize>,
    /// The goods that have prices, in order.
    priced: Vec<GoodIndex>,
    /// What is won of each good.
    won: Vec<u64>,
    /// The greatest bid beyond its reserves.
    unit: f64,
}

/// Finds prices for winners, who need not be the best.
pub(crate) fn prices(round: &Round<'_>, supply: &Supply, winners: &[usize], stop: &Stop) -> Result<Uniform, Unsettled> {
    let contest = Contest::new(round, supply, winners);
    let mut prices = LinearPrices::free(supply.offers.len());
    if !contest.priced.is_empty() {
        let found = contest.lowest(stop)?;
        for (&good, share) in contest.priced.iter().zip(found) {
            prices.set(good, share * contest.unit / contest.won[good.0 as usize] as f64);
        }
        // Floating point may have a winner pay a little more than its bid.
        let bids = round.book.bids();
        winners.iter().for_each(|&at| prices.lower(&bids[at].bundle, round.surpluses[at]));
    }
    let would_gain = contest.losers.iter().copied().filter(|&at| contest.would_gain(&prices, at)).collect();
    Ok(Uniform { prices, would_gain })
}

impl<'a> Contest<'a> {
    fn new(round: &'a Round<'a>, supply: &Supply, winners: &[usize]) -> Contest<'a> {
        let bids = round.book.bids();
        let mut won = vec![0_u64; supply.offers.len()];
        for &(good, quantity) in winners.iter().flat_map(|&at| &bids[at].bundle) {
            won[good.0 as usize] += quantity;
        }
        let has_won = |at: &usize| winners.binary_search(at).is_ok();
        let winners: BTreeMap<GroupIndex, usize> = winners.iter().map(|&at| (bids[at].group, at)).collect();
        let mut only: Vec<Option<BidderIndex>> = vec![None; won.len()];
        let mut is_contested = vec![false; won.len()];
        for bid in bids {
            for &(good, _) in &bid.bundle {
                let first = *only[good.0 as usize].get_or_insert(bid.bidder);
                is_contested[good.0 as usize] |= first != bid.bidder;
            }
        }
        // The goods of which too little is left beside what is won for a bid in the place of what its group won.
        let short = |bid: &Bid| {
            let own = winners.get(&bid.group).map_or(&[][..], |&at| &bids[at].bundle);
            let own: BTreeMap<GoodIndex, u64> = own.iter().copied().collect();
            let won = &won;
            let is_short = move |&(good, quantity): &(GoodIndex, u64)| {
                let others = won[good.0 as usize] - own.get(&good).copied().unwrap_or(0);
                quantity > supply.offers[good.0 as usize].quantity - others
            };
            bid.bundle.iter().filter(move |entry| is_short(entry)).map(|entry| entry.0).collect::<Vec<_>>()
        };
        let mut priced = Vec::new();
        let mut losers = Vec::new();
        let might_win =
            |bid: &Bid| bid.bundle.iter().all(|&(good, quantity)| quantity <= supply.offers[good.0 as usize].quantity);
        for at in (0..bids.len()).filter(|at| !has_won(at) && round.surpluses[*at] > 0 && might_win(&bids[*at])) {
            let short = short(&bids[at]);
            if short.iter().all(|good| is_contested[good.0 as usize]) {
                losers.push(at);
                priced.extend(short.into_iter().filter(|good| won[good.0 as usize] > 0));
            }
        }
        priced.sort_unstable();
        priced.dedup();
        let unit = round.surpluses.iter().copied().max().unwrap_or(1).max(1) as f64;
        Contest { round, winners, losers, priced, won, unit }
    }

    fn line(&self, at: usize) -> Line {
        let share = |&(good, quantity): &(GoodIndex, u64)| {
            let position = self.priced.binary_search(&good).ok()?;
            Some((position, quantity as f64 / self.won[good.0 as usize] as f64))
        };
        let bid = &self.round.book.bids()[at];
        Line {
            amount: self.round.surpluses[at] as f64 / self.unit,
            takes: bid.bundle.iter().filter_map(share).collect(),
        }
    }

    /// What all that is won of each priced good costs, of the greatest bid: the lowest of the prices at which losers would gain
    /// least.
    fn lowest(&self, stop: &Stop) -> Result<Vec<f64>, Unsettled> {
        let rows = self.rows();
        let (goods, gains) = (self.priced.len(), self.groups().len());
        let first: Vec<f64> = (0..goods + gains).map(|column| if column < goods { 0.0 } else { -1.0 }).collect();
        let values = solved(&first, rows.clone(), stop)?;
        let least: f64 = values[goods..].iter().sum();
        let all = LateRow { limit: least + TOLERANCE, entries: (goods..goods + gains).map(|at| (at, 1.0)).collect() };
        let then: Vec<f64> = first.iter().map(|worth| -1.0 - worth).collect();
        let values = solved(&then, rows.into_iter().chain([all]).collect(), stop)?;
        Ok(values[..goods].to_vec())
    }

    /// Groups with losing bids, in order, each with its position.
    fn groups(&self) -> BTreeMap<GroupIndex, usize> {
        let mut groups: BTreeMap<GroupIndex, usize> =
            self.losers.iter().map(|&at| (self.round.book.bids()[at].group, 0)).collect();
        groups.values_mut().zip(0..).for_each(|(position, number)| *position = number);
        groups
    }

    /// The rows of the program, over the prices of goods and then what groups would gain.
    fn rows(&self) -> Vec<LateRow> {
        let within = self.winners.values().map(|&at| {
            let Line { amount, takes } = self.line(at);
            LateRow { limit: amount, entries: takes }
        });
        let groups = self.groups();
        let gains = self.losers.iter().map(|&at| {
            let group = self.round.book.bids()[at].group;
            let own = self.winners.get(&group).map(|&winner| self.line(winner));
            let Line { amount, takes } = self.line(at);
            let mut entries: BTreeMap<usize, f64> = takes.into_iter().map(|(good, share)| (good, -share)).collect();
            entries.insert(self.priced.len() + groups[&group], -1.0);
            let mut limit = -amount;
            if let Some(own) = own {
                limit += own.amount;
                own.takes.into_iter().for_each(|(good, share)| *entries.entry(good).or_default() += share);
            }
            LateRow { limit, entries: entries.into_iter().collect() }
        });
        within.chain(gains).filter(|row| !row.entries.is_empty()).collect()
    }

    /// Whether a losing bid would gain more than what its group does by more than prices may be off.
    fn would_gain(&self, prices: &LinearPrices, at: usize) -> bool {
        let gain = |at: usize| prices.left(self.round.surpluses[at], &self.round.book.bids()[at].bundle);
        let own = self.winners.get(&self.round.book.bids()[at].group).map_or(0, |&winner| gain(winner).max(0));
        gain(at) > own + rounding(self.round.surpluses[at])
    }
}

/// The values of columns, each worth so much, that are worth most within rows.
fn solved(worths: &[f64], rows: Vec<LateRow>, stop: &Stop) -> Result<Vec<f64>, Unsettled> {
    let mut program = Program::default();
    let limits: Vec<Row> = rows.iter().map(|row| program.row(row.limit)).collect();
    let mut columns: Vec<Column> =
        worths.iter().map(|&worth| Column { worth, most: f64::INFINITY, entries: Vec::new() }).collect();
    for (row, limit) in rows.into_iter().zip(limits) {
        row.entries.into_iter().for_each(|(column, value)| columns[column].entries.push((limit, value)));
    }
    let mut resident = Resident::start(program, u32::MAX).ok_or(Unsettled::NoPrices)?;
    match resident.solve(Vec::new(), columns, stop) {
        Answer::Optimal(solution) => Ok(solution.values),
        Answer::Interrupted if stop.is_raised() => Err(Unsettled::OutOfTime),
        _ => Err(Unsettled::NoPrices),
    }
}
