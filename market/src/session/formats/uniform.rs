//! Whole orders at one price a good.
//!
//! The best trades need not have such prices. Where they have none, an order stays out that is in the way, and the trades are
//! chosen anew, until there are prices: those are trades to begin with. Then which orders stay out is searched, those first
//! whose trades are worth most: of trades that have no prices, any others that have some leave out one of the orders, so that
//! the first that have prices are worth most. The search has a limit of work, and keeps the most valuable trades that it came
//! by.

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::support::stop::Stop;

use super::exchange::{Best, Exchange};
use super::uniform_support::{Order, Support, support};
use crate::clear::outcome::Unsettled;
use crate::clear::rules::Rules;
use crate::money::Money;
use crate::policy::PaymentRule;
use crate::session::SessionError;
use crate::session::fate::Lost;
use crate::session::market::{Cleared, Fates, Market, gets};

/// Orders in all choices of trades that a search makes, and the fewest and most such choices.
const WORK_ORDERS: usize = 1 << 13;
const CHOICES: (usize, usize) = (8, 256);

/// Trades that have prices.
struct Priced {
    orders: Vec<Order>,
    support: Support,
    surplus: u128,
}

/// A choice of trades without some orders.
struct Choice {
    rejected: BTreeSet<usize>,
    best: Best,
}

/// What a search of trades goes by.
struct Search<'a> {
    exchange: &'a Exchange,
    goods: usize,
    rules: Rules,
    stop: &'a Stop,
}

/// Everybody who trades does so at one price a good, at the most valuable trades that were found to have such prices; the bound
/// says how much less than the best trades they are worth at most.
pub(super) fn at_uniform_prices(
    market: &Market<'_>,
    fates: &mut Fates,
    (exchange, best): (&Exchange, Best),
    stop: &Stop,
) -> Result<Cleared, SessionError> {
    let (goods, bound) = (market.catalog.goods().len(), best.bound);
    let rules = Rules { payments: PaymentRule::PayAsBid, seed: market.session.policy.rules().tie_break_seed };
    let search = Search { exchange, goods, rules, stop };
    let Priced { orders, support, surplus } = match search.most_valuable(best)? {
        Ok(priced) => priced,
        Err(why) => return Ok(market.give_up(fates, Some(bound), why)),
    };
    let Support { prices, paid, is_paradoxical } = support;
    let (of_bids, of_offers) = paid.split_at(exchange.bids);
    let result = |trades: bool, paid: u64, is_paradoxical: bool| match (trades, is_paradoxical) {
        (true, _) => Ok(Money::of(u128::from(paid))),
        (false, true) => Err(Lost::Paradox),
        (false, false) => Err(Lost::Outbid),
    };
    for (position, (entered, &paid)) in market.bids.iter().zip(of_bids).enumerate() {
        match result(orders[position].trades, paid, is_paradoxical[position]) {
            Ok(paid) => fates.win(entered, paid),
            Err(lost) => fates.lose(entered, lost),
        }
    }
    for (position, (entered, &paid)) in (exchange.bids..).zip(market.offers.iter().zip(of_offers)) {
        gets(entered.at, paid.into())?;
        fates.offers[entered.at].result = result(orders[position].trades, paid, is_paradoxical[position]);
    }
    Ok(Cleared { surplus, bound: Some(bound), prices: market.told(&prices), ..Cleared::default() })
}

impl Search<'_> {
    /// The most valuable trades found that have prices, from the best of all on.
    fn most_valuable(&self, best: Best) -> Result<Result<Priced, Unsettled>, SessionError> {
        let all = Choice { rejected: BTreeSet::new(), best };
        let first = match self.priced(&all) {
            Ok(priced) => return Ok(Ok(priced)),
            Err(in_the_way) => self.first(&in_the_way)?,
        };
        match first {
            Ok(first) => Ok(Ok(self.better(all, first)?)),
            Err(why) => Ok(Err(why)),
        }
    }

    /// Trades that have prices, where one order after another is left out that is most in the way.
    fn first(&self, in_the_way: &[usize]) -> Result<Result<Priced, Unsettled>, SessionError> {
        let mut rejected = BTreeSet::new();
        let mut most = in_the_way.first().copied();
        loop {
            if self.stop.is_raised() {
                return Ok(Err(Unsettled::OutOfTime));
            }
            let Some(at) = most else { return Ok(Err(Unsettled::NoPrices)) };
            rejected.insert(at);
            match self.priced(&self.without(rejected.clone())?) {
                Ok(priced) => return Ok(Ok(priced)),
                Err(in_the_way) => most = in_the_way.first().copied(),
            }
        }
    }

    /// These trades, or more valuable ones that have prices: choices are looked at in the order of what they are worth.
    fn better(&self, all: Choice, found: Priced) -> Result<Priced, SessionError> {
        let mut left =
            (WORK_ORDERS / self.exchange.orders(self.goods, &all.best).len().max(1)).clamp(CHOICES.0, CHOICES.1);
        let mut seen: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
        // By what they are worth, and among equals those that came first.
        let mut open = BTreeMap::from([((all.best.surplus, left), all)]);
        while let Some(((worth, _), choice)) = open.pop_last() {
            if worth <= found.surplus {
                break;
            }
            let in_the_way = match self.priced(&choice) {
                Ok(priced) => return Ok(priced),
                Err(in_the_way) => in_the_way,
            };
            for at in in_the_way {
                let mut rejected = choice.rejected.clone();
                rejected.insert(at);
                if !seen.insert(rejected.clone()) {
                    continue;
                }
                if left == 0 || self.stop.is_raised() {
                    return Ok(found);
                }
                left -= 1;
                let next = self.without(rejected)?;
                if next.best.surplus > found.surplus {
                    open.insert((next.best.surplus, left), next);
                }
            }
        }
        Ok(found)
    }

    /// The best trades without some orders.
    fn without(&self, rejected: BTreeSet<usize>) -> Result<Choice, SessionError> {
        let best = self.exchange.best_without(&rejected, &self.rules, self.stop)?;
        Ok(Choice { rejected, best })
    }

    /// The trades of a choice with their prices, or else the orders that trade, those first that are most in the way.
    fn priced(&self, choice: &Choice) -> Result<Priced, Vec<usize>> {
        let orders = self.exchange.orders(self.goods, &choice.best);
        let support = support(self.goods, &orders)?;
        Ok(Priced { orders, support, surplus: choice.best.surplus })
    }
}
