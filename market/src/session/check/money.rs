//! What is paid against prices, and what transfers move against what awards and sales say: summed up anew, not by the code that
//! makes transfers.

use std::collections::BTreeMap;

use super::goods::up;
use super::reserves::Reserves;
use super::{Told, class_of, most, share, taken, won};
use crate::book::{BidderIndex, GroupIndex};
use crate::money::Money;
use crate::session::posting::FLEET;
use crate::session::{Lost, Session};
use crate::settlement::{HolderId, Party, Purpose, SellerId, Transfer};

/// The most that anyone pays less than the reserve prices of what it wins of the fleet.
pub(super) fn below_reserve(session: &Session<'_>, told: &Told<'_>, reserves: &Reserves<'_>) -> i128 {
    let less = won(session, told).filter_map(|(bid, fate, paid)| {
        let class = class_of(session, fate.class).filter(|class| !class.format.takes_offers())?;
        Some(up(reserves.cost(class, &taken(bid, fate))) - paid)
    });
    most(less.max())
}

/// The most that anyone pays beyond the price cap of what it wins, rounded up.
pub(super) fn above_cap(session: &Session<'_>, told: &Told<'_>, reserves: &Reserves<'_>) -> i128 {
    let more = won(session, told).filter_map(|(bid, fate, paid)| {
        let class = class_of(session, fate.class)?;
        // A cap beyond all amounts is none.
        Some(paid - up(reserves.cost_at(class, &taken(bid, fate), class.price_cap?)).min(1 << 64))
    });
    most(more.max())
}

/// What moves from one party to another, and what for.
type Flow = (Party, Party, Purpose);

/// By how much transfers move more or less than what awards and sales say, all flows together. What is paid back for revoked
/// leases is no part of a round, and is not looked at.
pub(super) fn unbalanced(session: &Session<'_>, told: &Told<'_>) -> u128 {
    let mut open = due(session, told);
    let is_of_round =
        |transfer: &&Transfer| !matches!(transfer.purpose, Purpose::Return | Purpose::Refund | Purpose::Compensation);
    for transfer in told.transfers.iter().filter(is_of_round) {
        *open.entry((transfer.from, transfer.to, transfer.purpose)).or_default() -= i128::from(transfer.amount.0);
    }
    open.values().map(|left| left.unsigned_abs()).sum()
}

/// What must move: payments to the operator, proceeds to sellers, and the fees of both.
fn due(session: &Session<'_>, told: &Told<'_>) -> BTreeMap<Flow, i128> {
    let fees = session.policy.rules().fees;
    let mut due: BTreeMap<Flow, i128> = BTreeMap::new();
    // What sellers get, and what they must be left with.
    let mut sellers: BTreeMap<SellerId, (i128, i128)> = BTreeMap::new();
    let holder = |bidder: BidderIndex| Party::Holder(HolderId(bidder.0));
    for (bid, fate, paid) in won(session, told) {
        *due.entry((holder(bid.bidder), Party::Operator, Purpose::Payment)).or_default() += paid;
        if class_of(session, fate.class).is_some_and(|class| !class.format.takes_offers()) {
            let fleet = sellers.entry(FLEET).or_default();
            *fleet = (fleet.0 + paid, fleet.1 + fate.reserve.map_or(0, |reserve| i128::from(reserve.0)));
        }
    }
    for (offer, fate) in session.offers.iter().zip(told.offer_fates) {
        let Ok(Money(gets)) = fate.result else { continue };
        let (part, whole) = share(fate.part, offer.goods.first().map_or(1, |good| good.wish.quantity));
        let asked = (i128::from(fate.ask.0) * part + whole - 1) / whole;
        let seller = sellers.entry(offer.seller).or_default();
        *seller = (seller.0 + i128::from(gets), seller.1 + asked.min(gets.into()));
    }
    for (seller, (gets, least)) in sellers {
        let fee = (gets * i128::from(fees.seller_permille) / 1_000).min((gets - least).max(0));
        due.insert((Party::Operator, Party::Seller(seller), Purpose::Proceeds), gets);
        due.insert((Party::Seller(seller), Party::Operator, Purpose::Fee), fee);
    }
    let is_settled = told.is_settled || won(session, told).next().is_some();
    let mut groups: Vec<(BidderIndex, GroupIndex)> = session
        .bids
        .iter()
        .zip(told.fates)
        .filter(|(_, fate)| is_settled && fate.result != Err(Lost::Budget) && fate.result != Err(Lost::Unsettled))
        .map(|(bid, _)| (bid.bidder, bid.group))
        .collect();
    groups.sort_unstable();
    groups.dedup();
    for (bidder, _) in groups {
        *due.entry((holder(bidder), Party::Operator, Purpose::Fee)).or_default() += i128::from(fees.per_group.0);
    }
    due
}
