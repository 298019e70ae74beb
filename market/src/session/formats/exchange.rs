//! Bundles on both sides: bids and offers whole or not at all, the trades of greatest surplus.
//!
//! An offer that does not sell is a bid of its seller for what it offers, at what it asks: with `z` for offers that stay, trades
//! are a packing into all that is offered,
//!
//! ```text
//! maximize  sum of amount x + sum of ask z  -  all that is asked,   bundles of x and of z within what is offered
//! ```
//!
//! so that winner determination, its proof, and VCG are those of one side.

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::support::stop::Stop;

use super::sealed::{bundles_with_caps, net_bids, shared_out};
use super::uniform::at_uniform_prices;
use super::uniform_support::Order;
use crate::book::{Bid, BidderIndex, Book, GoodIndex, GroupIndex, Offer, Supply};
use crate::clear::clear;
use crate::clear::outcome::Unsettled;
use crate::clear::paying::{Paying, Watch};
use crate::clear::payments::vcg;
use crate::clear::rules::Rules;
use crate::clear::winner::Round;
use crate::money::Money;
use crate::policy::PaymentRule;
use crate::session::SessionError;
use crate::session::market::{Cleared, Entered, Fates, Market, gets};
use crate::session::progress::{Phase, Report, paying};
use crate::settlement::SellerId;

/// What trades: a book of bids, and of offers as bids of their sellers, on all that is offered.
#[derive(Debug)]
pub(super) struct Exchange {
    book: Book,
    supply: Supply,
    /// How many of the book's bids are bids; the rest are offers, in order.
    pub(super) bids: usize,
    /// What all offers ask together.
    asked: u128,
}

/// The best trades.
#[derive(Debug)]
pub(super) struct Best {
    /// Bids that trade, by position in the book.
    bought: Vec<usize>,
    /// For each offer, whether it is sold.
    is_sold: Vec<bool>,
    pub(super) surplus: u128,
    pub(super) bound: u128,
}

/// Clears a class under VCG on both sides, or at uniform prices.
pub(super) fn clear_exchange(
    market: &Market<'_>,
    fates: &mut Fates,
    stop: &Stop,
    report: Report<'_>,
) -> Result<Cleared, SessionError> {
    let exchange = Exchange::new(market, fates, None)?;
    let seed = market.session.policy.rules().tie_break_seed;
    let mut round = Round::new(&exchange.book, &exchange.supply)?;
    let beyond = |worth: u128| worth.saturating_sub(exchange.asked);
    let found = round.solve(seed, stop, &mut |worth, bound| report(Phase::Winners, beyond(worth), beyond(bound)));
    let mut best = exchange.best(&found.chosen, found.worth, found.bound);
    exchange.keep_idle(&mut best);
    let tell = paying(report, best.surplus, best.bound);
    tell(Paying::Begun);
    if market.class.payment != PaymentRule::Vcg {
        return at_uniform_prices(market, fates, (&exchange, best), stop);
    }
    if !found.is_optimal() {
        return Ok(market.give_up(fates, Some(best.bound), Unsettled::WinnersNotProved));
    }
    // What offers that stay would pay is of no interest.
    let watch = Watch { stop, tell: &tell };
    let owed: BTreeMap<BidderIndex, u64> = match vcg::payments(&round, &best.bought, found.worth, seed, watch) {
        Ok(payments) => payments.iter().map(|payment| (payment.bidder, payment.settled)).collect(),
        Err(unsettled) => return Ok(market.give_up(fates, Some(best.bound), unsettled)),
    };
    let cleared = Cleared { surplus: best.surplus, bound: Some(best.bound), ..Cleared::default() };
    let Some(gets) = proceeds(market, fates, (&exchange, &round, &best), stop)? else {
        return Ok(market.give_up(fates, Some(best.bound), Unsettled::OutOfTime));
    };
    for (at, paid) in shared_out(&exchange.book, &best.bought, owed) {
        fates.win(&market.bids[at], Money::of(u128::from(paid)));
    }
    sell(market, fates, &best, |offer| gets[&market.session.offers[offer].seller])?;
    Ok(cleared)
}

impl Exchange {
    /// The exchange of a class, without a seller where one is to be left out.
    fn new(market: &Market<'_>, fates: &Fates, without: Option<SellerId>) -> Result<Exchange, SessionError> {
        let stays = |at: usize| without.is_none_or(|seller| market.session.offers[at].seller != seller);
        let mut offers = vec![Offer { quantity: 0, reserve: 0 }; market.catalog.goods().len()];
        for entered in market.offers.iter().filter(|entered| stays(entered.at)) {
            entered.bundle.iter().for_each(|&(good, quantity)| offers[good.0 as usize].quantity += quantity);
        }
        let (bundles, _) = bundles_with_caps(market, &mut offers);
        let mut bids = net_bids(market, bundles);
        let count = bids.len();
        let first_bidder = next(bids.iter().map(|bid| bid.bidder.0));
        let first_group = next(bids.iter().map(|bid| bid.group.0));
        let sellers: BTreeSet<SellerId> =
            market.offers.iter().map(|entered| market.session.offers[entered.at].seller).collect();
        let bidders: BTreeMap<SellerId, u32> = sellers.into_iter().zip(first_bidder..).collect();
        let mut asked = 0;
        for (position, entered) in (0_u32..).zip(&market.offers).filter(|(_, entered)| stays(entered.at)) {
            let (seller, ask) =
                (market.session.offers[entered.at].seller, u128::from(fates.offers[entered.at].ask.micro_credits()));
            asked += ask;
            bids.push(Bid {
                bidder: BidderIndex(bidders[&seller]),
                group: GroupIndex(first_group + position),
                amount: u64::try_from(ask).expect("an amount fits in 64 bits"),
                bundle: entered.bundle.clone(),
            });
        }
        Ok(Exchange { book: Book::new(bids)?, supply: Supply { offers }, bids: count, asked })
    }

    /// The best trades without some orders, by position in the book, bounded by what could be had with them.
    pub(super) fn best_without(
        &self,
        rejected: &BTreeSet<usize>,
        rules: &Rules,
        stop: &Stop,
    ) -> Result<Best, SessionError> {
        let (orders, mut supply, mut asked) = (self.book.bids(), self.supply.clone(), self.asked);
        let stays: Vec<usize> = (0..orders.len()).filter(|at| !rejected.contains(at)).collect();
        for offer in rejected.iter().filter(|at| **at >= self.bids).map(|&at| &orders[at]) {
            asked -= u128::from(offer.amount);
            offer.bundle.iter().for_each(|&(good, quantity)| supply.offers[good.0 as usize].quantity -= quantity);
        }
        let book = Book::new(stays.iter().map(|&at| orders[at].clone()).collect())?;
        let outcome = clear(&book, &supply, rules, stop, &mut |_, _| {})?;
        let winners: Vec<usize> = outcome.winners.iter().map(|&at| stays[at]).collect();
        let mut best = self.best(&winners, outcome.surplus, outcome.bound);
        rejected.iter().filter_map(|at| at.checked_sub(self.bids)).for_each(|offer| best.is_sold[offer] = false);
        best.surplus = outcome.surplus.saturating_sub(asked);
        self.keep_idle(&mut best);
        Ok(best)
    }

    /// Bids and offers with whether they trade.
    pub(super) fn orders(&self, goods: usize, best: &Best) -> Vec<Order> {
        let orders = self.book.bids().iter().enumerate().map(|(at, bid)| Order {
            group: bid.group,
            // What one bidder may win of a good has no price.
            bundle: bid.bundle.iter().copied().filter(|entry| (entry.0.0 as usize) < goods).collect(),
            amount: bid.amount,
            is_offer: at >= self.bids,
            trades: match at.checked_sub(self.bids) {
                Some(offer) => best.is_sold[offer],
                None => best.bought.binary_search(&at).is_ok(),
            },
        });
        orders.collect()
    }

    fn best(&self, winners: &[usize], worth: u128, bound: u128) -> Best {
        let offers = self.book.bids().len() - self.bids;
        let mut is_sold = vec![true; offers];
        winners.iter().filter(|&&at| at >= self.bids).for_each(|&at| is_sold[at - self.bids] = false);
        Best {
            bought: winners.iter().copied().filter(|&at| at < self.bids).collect(),
            is_sold,
            surplus: worth.saturating_sub(self.asked),
            bound: bound.saturating_sub(self.asked),
        }
    }

    /// An offer that asks for nothing is worth nothing to its seller, so that nothing says whether it stays: it does where what is
    /// bought needs none of it.
    fn keep_idle(&self, best: &mut Best) {
        let orders = self.book.bids();
        let mut spare = vec![0_i128; self.supply.offers.len()];
        let sold = (self.bids..).zip(&best.is_sold).filter(|entry| *entry.1).map(|entry| (entry.0, 1));
        for (at, sign) in best.bought.iter().map(|&at| (at, -1)).chain(sold) {
            orders[at].bundle.iter().for_each(|&(good, units)| spare[good.0 as usize] += sign * i128::from(units));
        }
        for (at, is_sold) in (self.bids..).zip(&mut best.is_sold) {
            let is_idle = |&(good, units): &(GoodIndex, u64)| spare[good.0 as usize] >= i128::from(units);
            if *is_sold && orders[at].amount == 0 && orders[at].bundle.iter().all(is_idle) {
                orders[at].bundle.iter().for_each(|&(good, units)| spare[good.0 as usize] -= i128::from(units));
                *is_sold = false;
            }
        }
    }
}

/// What each seller who sells gets under VCG: what it asks for what it sold, and what its being there brings the others and
/// itself. `None` where a round without a seller is not solved to its end.
///
/// Without a seller, all that it offers stays with it: the others have what is best where its offers win, in the program of all.
fn proceeds(
    market: &Market<'_>,
    fates: &Fates,
    (exchange, round, best): (&Exchange, &Round<'_>, &Best),
    stop: &Stop,
) -> Result<Option<BTreeMap<SellerId, u128>>, SessionError> {
    let ask = |entered: &Entered| u128::from(fates.offers[entered.at].ask.micro_credits());
    let seller = |entered: &Entered| market.session.offers[entered.at].seller;
    let mut gets: BTreeMap<SellerId, u128> = BTreeMap::new();
    for (entered, _) in market.offers.iter().zip(&best.is_sold).filter(|entry| *entry.1) {
        *gets.entry(seller(entered)).or_default() += ask(entered);
    }
    let mut own: BTreeMap<SellerId, (Vec<usize>, u128)> =
        gets.keys().map(|&seller| (seller, (Vec::new(), 0))).collect();
    for (position, entered) in (exchange.bids..).zip(&market.offers) {
        if let Some((offers, asked)) = own.get_mut(&seller(entered)) {
            offers.push(position);
            *asked += ask(entered);
        }
    }
    let offers: Vec<Vec<usize>> = own.values().map(|own| own.0.clone()).collect();
    let rules = Rules { payments: PaymentRule::PayAsBid, seed: market.session.policy.rules().tie_break_seed };
    let beside = round.surplus_beside(&offers, rules.seed, stop);
    for (((&seller, gets), (_, asked)), beside) in gets.iter_mut().zip(own.values()).zip(beside) {
        let less = match beside {
            Some(worth) => worth.saturating_sub(exchange.asked - asked),
            None if stop.is_raised() => return Ok(None),
            None => {
                let less = Exchange::new(market, fates, Some(seller))?;
                let outcome = clear(&less.book, &less.supply, &rules, stop, &mut |_, _| {})?;
                if !outcome.is_optimal() {
                    return Ok(None);
                }
                outcome.surplus.saturating_sub(less.asked)
            }
        };
        *gets += best.surplus.saturating_sub(less);
    }
    Ok(Some(gets))
}

/// Writes down what sellers get: of what a seller gets in all, each offer what it asks, and the first the rest.
fn sell(
    market: &Market<'_>,
    fates: &mut Fates,
    best: &Best,
    of_seller: impl Fn(usize) -> u128,
) -> Result<(), SessionError> {
    let mut rest: BTreeMap<SellerId, u128> = BTreeMap::new();
    let sold = || market.offers.iter().zip(&best.is_sold).filter(|entry| *entry.1).map(|entry| entry.0.at);
    for at in sold() {
        let seller = market.session.offers[at].seller;
        let rest = rest.entry(seller).or_insert_with(|| of_seller(at));
        *rest = rest.saturating_sub(u128::from(fates.offers[at].ask.micro_credits()));
    }
    for at in sold() {
        let seller = market.session.offers[at].seller;
        let beyond = std::mem::take(rest.entry(seller).or_default());
        let asked = u128::from(fates.offers[at].ask.micro_credits());
        fates.offers[at].result = Ok(gets(at, asked + beyond)?);
    }
    Ok(())
}

/// One more than the greatest.
fn next(numbers: impl Iterator<Item = u32>) -> u32 {
    numbers.max().map_or(0, |most| most.checked_add(1).expect("parties are counted in 32 bits"))
}
