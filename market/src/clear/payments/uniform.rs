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
//! One that a single bidder bids for (what one bidder may win, say) has none: nobody competes for it. Goods that no bid or group
//! links are priced apart.

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::program::linear::{Answer, Column, LateRow, Program, Resident, Row};
use lessor_solver::support::sets::Sets;
use lessor_solver::support::stop::Stop;

use crate::book::{Bid, BidderIndex, GoodIndex, GroupIndex, Supply};
use crate::clear::outcome::{Uniform, Unsettled};
use crate::clear::winner::Round;
use crate::linear_prices::{LinearPrices, rounding};

/// How much more than least losers may gain in all when prices are lowered, of that: both come from floating point.
const TOLERANCE: f64 = 1e-9;

/// A bundle as the program sees it: what it may cost, in micro-credits, and how much of each priced good it takes, of what is won
/// of it.
struct Line {
    amount: f64,
    takes: Vec<(usize, f64)>,
}

/// A row: what positions of goods and of groups come to, at most.
type Limit = (BTreeMap<usize, f64>, f64);

/// Bids that priced goods link, by position.
#[derive(Default)]
struct Part {
    losers: Vec<usize>,
    winners: Vec<usize>,
}

/// What the prices of a round follow.
struct Contest<'a> {
    round: &'a Round<'a>,
    /// Winning bids by group.
    winners: BTreeMap<GroupIndex, usize>,
    /// Losing bids that something is offered with and that another bidder stands in the way of, in order.
    losers: Vec<usize>,
    /// Their groups, in order, each with its position.
    groups: BTreeMap<GroupIndex, usize>,
    /// The goods that have prices, in order.
    priced: Vec<GoodIndex>,
    /// What is won of each good.
    won: Vec<u64>,
}

/// Finds prices for winners, who need not be the best.
pub(crate) fn prices(round: &Round<'_>, supply: &Supply, winners: &[usize], stop: &Stop) -> Result<Uniform, Unsettled> {
    let contest = Contest::new(round, supply, winners);
    let mut prices = LinearPrices::free(supply.offers.len());
    for part in contest.parts() {
        for (at, all) in contest.lowest(&part, stop)? {
            let good = contest.priced[at];
            prices.set(good, all / contest.won[good.0 as usize] as f64);
        }
    }
    // Floating point may have a winner pay a little more than its bid.
    let bids = round.book.bids();
    winners.iter().for_each(|&at| prices.lower(&bids[at].bundle, round.surpluses[at]));
    let would_gain = contest.losers.iter().copied().filter(|&at| contest.would_gain(&prices, at)).collect();
    let paid = winners.iter().map(|&at| prices.charge(&bids[at].bundle).up).collect();
    Ok(Uniform { prices, paid, would_gain })
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
        let groups: BTreeSet<GroupIndex> = losers.iter().map(|&at| bids[at].group).collect();
        let groups = groups.into_iter().zip(0..).collect();
        Contest { round, winners, losers, groups, priced, won }
    }

    fn line(&self, at: usize) -> Line {
        let share = |&(good, quantity): &(GoodIndex, u64)| {
            let position = self.priced.binary_search(&good).ok()?;
            Some((position, quantity as f64 / self.won[good.0 as usize] as f64))
        };
        let bid = &self.round.book.bids()[at];
        Line { amount: self.round.surpluses[at] as f64, takes: bid.bundle.iter().filter_map(share).collect() }
    }

    /// The position of the group of a losing bid, after those of goods.
    fn group(&self, at: usize) -> usize {
        self.priced.len() + self.groups[&self.round.book.bids()[at].group]
    }

    /// What a losing bid's group won.
    fn own(&self, at: usize) -> Option<usize> {
        self.winners.get(&self.round.book.bids()[at].group).copied()
    }

    /// The bids for priced goods in parts, of which no bid or group is for goods of two: what is dear in one does not drown in
    /// floating point what is cheap in another.
    fn parts(&self) -> Vec<Part> {
        let goods = self.priced.len();
        let mut sets = Sets::apart(goods + self.groups.len());
        let links = |at: usize| self.line(at).takes.into_iter().map(|(good, _)| good);
        for &at in self.winners.values() {
            let first = links(at).next();
            links(at).for_each(|good| sets.join(first.unwrap_or(good), good));
        }
        for &at in &self.losers {
            let own = self.own(at).into_iter().flat_map(links);
            links(at).chain(own).for_each(|good| sets.join(self.group(at), good));
        }
        let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
        for &at in &self.losers {
            parts.entry(sets.least(self.group(at))).or_default().losers.push(at);
        }
        for &at in self.winners.values() {
            if let Some(good) = links(at).next() {
                parts.entry(sets.least(good)).or_default().winners.push(at);
            }
        }
        // A part without a good is a group whose bids find room: no price keeps it out.
        parts.into_iter().filter(|(least, _)| *least < goods).map(|(_, part)| part).collect()
    }

    /// What all that is won of each priced good of a part costs, in micro-credits: the lowest of the prices at which its losers
    /// would gain least.
    fn lowest(&self, part: &Part, stop: &Stop) -> Result<Vec<(usize, f64)>, Unsettled> {
        let unit = part.losers.iter().map(|&at| self.round.surpluses[at]).max().unwrap_or(1).max(1) as f64;
        let limits = self.limits(part);
        let used: BTreeSet<usize> = limits.iter().flat_map(|limit| limit.0.keys().copied()).collect();
        let columns: BTreeMap<usize, usize> = used.iter().copied().zip(0..).collect();
        let goods = used.range(..self.priced.len()).count();
        // Of each row the parts of its own amount, so that what is unsure is little beside it; amounts in parts of the greatest.
        let row = |(entries, limit): &Limit| {
            let size = if *limit == 0.0 { unit } else { limit.abs() };
            let entry = |(at, value): (&usize, &f64)| (columns[at], value * unit / size);
            LateRow { limit: limit / size, entries: entries.iter().map(entry).collect() }
        };
        let rows: Vec<LateRow> = limits.iter().map(row).collect();
        let first: Vec<f64> = (0..columns.len()).map(|column| if column < goods { 0.0 } else { -1.0 }).collect();
        let mut values = solved(&first, rows.clone(), stop)?;
        let least = values[goods..].iter().sum::<f64>().max(0.0);
        let entries = (goods..columns.len()).map(|column| (column, 1.0)).collect();
        let all = LateRow { limit: least * (1.0 + TOLERANCE), entries };
        let then: Vec<f64> = first.iter().map(|worth| -1.0 - worth).collect();
        match solved(&then, rows.into_iter().chain([all]).collect(), stop) {
            Ok(lower) => values = lower,
            Err(Unsettled::OutOfTime) => return Err(Unsettled::OutOfTime),
            // Where floating point takes what was found for beyond its own limit, that stands.
            Err(_) => {}
        }
        Ok(used.into_iter().zip(values).take(goods).map(|(at, value)| (at, value * unit)).collect())
    }

    /// What limits the prices of goods, and then what groups would gain, in a part.
    fn limits(&self, part: &Part) -> Vec<Limit> {
        let gains = part.losers.iter().map(|&at| {
            let Line { amount, takes } = self.line(at);
            let mut entries: BTreeMap<usize, f64> = takes.into_iter().map(|(good, share)| (good, -share)).collect();
            entries.insert(self.group(at), -1.0);
            let mut limit = -amount;
            if let Some(own) = self.own(at).map(|winner| self.line(winner)) {
                limit += own.amount;
                own.takes.into_iter().for_each(|(good, share)| *entries.entry(good).or_default() += share);
            }
            (entries, limit)
        });
        let within = part.winners.iter().map(|&at| self.line(at));
        gains.chain(within.map(|line| (line.takes.into_iter().collect(), line.amount))).collect()
    }

    /// Whether a losing bid would gain more than what its group does by more than prices may be off.
    fn would_gain(&self, prices: &LinearPrices, at: usize) -> bool {
        let gain = |at: usize| prices.left(self.round.surpluses[at], &self.round.book.bids()[at].bundle);
        let own = self.own(at).map_or(0, |winner| gain(winner).max(0));
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
