//! Items for bidders who want one: an assignment by auction, at the lowest competitive prices.
//!
//! Each offer is an item. A bidder may state many bids in one group, each for what it would pay for a bundle; an item serves
//! every bid that it covers. Prices are what items ask and the lowest above that at which nobody would rather have another one,
//! which are the buyers' VCG payments (Leonard 1983; Demange, Gale & Sotomayor 1986).

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::families::assignment::AssignmentInstance;
use lessor_solver::assignment::{assign, lowest_prices};
use lessor_solver::support::stop::Stop;

use crate::book::{BidderIndex, GroupIndex};
use crate::clear::outcome::Unsettled;
use crate::money::Money;
use crate::session::SessionError;
use crate::session::fate::Lost;
use crate::session::market::{Bundle, Cleared, Entered, Fates, Market, repeated};

/// What a bidder would pay for an item beyond what it asks, and the bid that says so, by position in the session.
type Value = (u64, Option<usize>);

/// Clears a class of items.
pub(super) fn clear_items(market: &mut Market<'_>, fates: &mut Fates, stop: &Stop) -> Result<Cleared, SessionError> {
    keep_one_group(market, fates);
    let mut bidders: BTreeMap<BidderIndex, Vec<&Entered>> = BTreeMap::new();
    for entered in &market.bids {
        bidders.entry(market.bidder(entered)).or_default().push(entered);
    }
    if bidders.is_empty() || market.offers.is_empty() {
        market.bids.iter().for_each(|entered| fates.bids[entered.at].result = Err(Lost::Supply));
        return Ok(Cleared { bound: Some(0), ..Cleared::default() });
    }
    let values: Vec<Vec<Value>> = bidders.values().map(|bids| row(market, fates, bids)).collect();
    let Some(items) = assigned(&values, stop)? else {
        let most = values.iter().map(|row| u128::from(row.iter().map(|value| value.0).max().unwrap_or(0))).sum();
        return Ok(market.give_up(fates, Some(most), Unsettled::WinnersNotProved));
    };
    let numbers: Vec<Vec<u64>> = values.iter().map(|row| row.iter().map(|value| value.0).collect()).collect();
    let prices = lowest_prices(&numbers, &items);
    let mut surplus = 0;
    for (row, item) in values.iter().zip(&items) {
        let Some(item) = item.map(|item| item as usize) else { continue };
        let (value, Some(bid)) = row[item] else { continue };
        let offer = market.offers[item].at;
        let paid = Money::of(u128::from(fates.offers[offer].ask.micro_credits()) + u128::from(prices[item]));
        fates.bids[bid].result = Ok(paid);
        fates.offers[offer].result = Ok(paid);
        surplus += u128::from(value);
    }
    Ok(Cleared { surplus, bound: Some(surplus), ..Cleared::default() })
}

/// A bidder who wants one item states its bids in one group.
fn keep_one_group(market: &mut Market<'_>, fates: &mut Fates) {
    let groups: BTreeSet<(BidderIndex, GroupIndex)> =
        market.bids.iter().map(|entered| (market.bidder(entered), market.session.bids[entered.at].group)).collect();
    market.leave_out_bids(fates, &repeated(groups.into_iter().map(|(bidder, _)| bidder)));
}

/// What a bidder would pay for each item beyond what it asks.
fn row(market: &Market<'_>, fates: &Fates, bids: &[&Entered]) -> Vec<Value> {
    let of_item = |offer: &Entered| {
        let ask = u128::from(fates.offers[offer.at].ask.micro_credits());
        let mut best: Value = (0, None);
        for bid in bids.iter().filter(|bid| covers(&offer.bundle, &bid.bundle)) {
            let beyond = u128::from(fates.bids[bid.at].counted.micro_credits()).saturating_sub(ask);
            let beyond = u64::try_from(beyond).expect("an amount fits in 64 bits");
            if beyond > best.0 {
                best = (beyond, Some(bid.at));
            }
        }
        best
    };
    market.offers.iter().map(of_item).collect()
}

/// Whether what is offered holds what is wished for; both are in the order of goods.
fn covers(offered: &Bundle, wished: &Bundle) -> bool {
    wished.iter().all(|&(good, quantity)| {
        offered.binary_search_by_key(&good, |entry| entry.0).is_ok_and(|at| offered[at].1 >= quantity)
    })
}

/// The item of each bidder in an assignment of greatest value, where it is worth anything to it; `None` where the stop came first.
/// Bidders may go without and items may stay: there is a row or a column of no worth for each.
fn assigned(values: &[Vec<Value>], stop: &Stop) -> Result<Option<Vec<Option<u32>>>, SessionError> {
    let (bidders, items) = (values.len(), values[0].len());
    let size = bidders + items;
    let greatest = values.iter().flatten().map(|value| value.0).max().unwrap_or(0);
    let value = |row: usize, column: usize| values.get(row).and_then(|row| row.get(column)).map_or(0, |value| value.0);
    let costs = (0..size).flat_map(|row| (0..size).map(move |column| greatest - value(row, column)));
    let instance = AssignmentInstance::new(size, costs.collect()).map_err(SessionError::Items)?;
    let Some(columns) = assign(&instance, stop).columns else { return Ok(None) };
    let item = |(row, &column): (usize, &u32)| (value(row, column as usize) > 0).then_some(column);
    Ok(Some(columns.iter().take(bidders).enumerate().map(item).collect()))
}
