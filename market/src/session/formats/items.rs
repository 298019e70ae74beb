//! Items for bidders who want one: an assignment by auction, at the lowest competitive prices.
//!
//! Each offer is an item. A bidder may state many bids in one group, each for what it would pay for a bundle; an item serves
//! every bid that it covers. Prices are what items ask and the lowest above that at which nobody would rather have another one,
//! which are the buyers' VCG payments (Leonard 1983; Demange, Gale & Sotomayor 1986).

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::assignment::{Gains, assign_voluntarily, lowest_prices};
use lessor_solver::support::stop::Stop;

use crate::book::{BidderIndex, GoodIndex, GroupIndex};
use crate::clear::outcome::Unsettled;
use crate::clear::paying::Paying;
use crate::money::Money;
use crate::session::SessionError;
use crate::session::fate::Lost;
use crate::session::market::{Bundle, Cleared, Fates, Market, repeated};
use crate::session::progress::{Phase, Report};

/// Pairs of a bidder and an item that it would gain by, at most: some 250 MB of them.
pub(super) const PAIRS_MAX: usize = 1 << 22;

/// What a bidder would pay for items beyond what they ask, by position, and what says so, by position in the market.
type Values = BTreeMap<u32, (u64, usize)>;

/// Clears a class of items. Bidders come in the order of their lots.
pub(super) fn clear_items(
    market: &mut Market<'_>,
    fates: &mut Fates,
    stop: &Stop,
    report: Report<'_>,
) -> Result<Cleared, SessionError> {
    keep_one_group(market, fates);
    if market.bids.is_empty() || market.offers.is_empty() {
        market.bids.iter().for_each(|entered| fates.bids[entered.at].result = Err(Lost::Supply));
        return Ok(Cleared { bound: Some(0), ..Cleared::default() });
    }
    let Some(values) = values(market, fates, stop)? else {
        return Ok(market.give_up(fates, None, Unsettled::OutOfTime));
    };
    let row = |values: &Values| values.iter().map(|(&item, value)| (item, value.0)).collect();
    let gains = Gains { columns: market.offers.len(), rows: values.iter().map(row).collect() };
    let most = values.iter().map(|row| u128::from(row.values().map(|value| value.0).max().unwrap_or(0))).sum();
    report(Phase::Winners, 0, most);
    let items = assign_voluntarily(&gains, stop).map_err(SessionError::Items)?;
    let gain = |(values, item): (&Values, &Option<u32>)| Some(u128::from(values.get(item.as_ref()?)?.0));
    let surplus = items.iter().flat_map(|items| values.iter().zip(items)).filter_map(gain).sum();
    if items.is_some() {
        report(Phase::Payments(Paying::Begun), surplus, surplus);
    }
    let prices = items.as_ref().and_then(|items| lowest_prices(&gains, items, stop));
    let Some((items, prices)) = items.zip(prices) else {
        return Ok(market.give_up(fates, Some(most), Unsettled::WinnersNotProved));
    };
    for (values, item) in values.iter().zip(&items) {
        let Some((item, &(_, bid))) = item.and_then(|item| Some((item as usize, values.get(&item)?))) else {
            continue;
        };
        let offer = market.offers[item].at;
        let paid = Money::of(u128::from(fates.offers[offer].ask.micro_credits()) + u128::from(prices[item]));
        fates.win(&market.bids[bid], paid);
        fates.offers[offer].result = Ok(paid);
    }
    Ok(Cleared { surplus, bound: Some(surplus), ..Cleared::default() })
}

/// A bidder who wants one item states its bids in one group.
fn keep_one_group(market: &mut Market<'_>, fates: &mut Fates) {
    let groups: BTreeSet<(BidderIndex, GroupIndex)> =
        market.bids.iter().map(|entered| (market.bidder(entered), market.session.bids[entered.at].group)).collect();
    market.leave_out_bids(fates, &repeated(groups.into_iter().map(|(bidder, _)| bidder)));
}

/// What each bidder would pay for items beyond what they ask, those that it would gain by; bidders by their first lot. `None` where
/// the stop came first.
fn values(market: &Market<'_>, fates: &Fates, stop: &Stop) -> Result<Option<Vec<Values>>, SessionError> {
    let mut holding: BTreeMap<GoodIndex, Vec<u32>> = BTreeMap::new();
    for (item, offer) in (0_u32..).zip(&market.offers) {
        offer.bundle.iter().for_each(|&(good, _)| holding.entry(good).or_default().push(item));
    }
    let mut rows: BTreeMap<BidderIndex, usize> = BTreeMap::new();
    let (mut values, mut pairs) = (Vec::new(), 0);
    for (at, bid) in market.bids.iter().enumerate() {
        if stop.is_raised() {
            return Ok(None);
        }
        let row = *rows.entry(market.bidder(bid)).or_insert_with(|| {
            values.push(Values::new());
            values.len() - 1
        });
        let counted = bid.amount.micro_credits();
        // An item that serves the bid holds each of its goods: those that hold the scarcest are few.
        let candidates = bid.bundle.iter().map(|(good, _)| holding.get(good).map_or(&[][..], Vec::as_slice));
        for &item in candidates.min_by_key(|items| items.len()).unwrap_or(&[]) {
            let offer = &market.offers[item as usize];
            let beyond = counted.saturating_sub(fates.offers[offer.at].ask.micro_credits());
            if beyond > 0 && covers(&offer.bundle, &bid.bundle) {
                let best = values[row].entry(item).or_insert_with(|| {
                    pairs += 1;
                    (0, at)
                });
                if beyond > best.0 {
                    *best = (beyond, at);
                }
            }
        }
        if pairs > PAIRS_MAX {
            return Err(SessionError::TooManyPairs { most: PAIRS_MAX });
        }
    }
    Ok(Some(values))
}

/// Whether what is offered holds what is wished for; both are in the order of goods.
fn covers(offered: &Bundle, wished: &Bundle) -> bool {
    wished.iter().all(|&(good, quantity)| {
        offered.binary_search_by_key(&good, |entry| entry.0).is_ok_and(|at| offered[at].1 >= quantity)
    })
}
