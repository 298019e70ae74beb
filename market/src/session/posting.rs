//! From the fates of bids and offers to transfers: who pays for what a round let, and who gets it.
//!
//! Winners pay the operator, and the operator pays sellers. What the fleet has is let by the fleet as a seller, who gets all
//! that is paid for it; who made an offer gets what the rule says. The operator keeps its fee of that, as long as a seller gets
//! its reserve prices or what it asks; what a rule pays sellers beyond what buyers pay is the operator's. Whoever bids pays the
//! fee of each of its groups, won or lost, but for those that its budget had refused and those that were not settled.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccountBid, Fate, Lost, Session, SessionOutcome};
use crate::book::{BidderIndex, GroupIndex};
use crate::money::Money;
use crate::policy::Fees;
use crate::settlement::{HolderId, Party, Purpose, SellerId, Transfer};

/// The fleet as a seller; who makes offers has a greater number, unless it is the fleet.
pub const FLEET: SellerId = SellerId(0);

/// What a seller gets, and the least of it that no fee may touch.
#[derive(Clone, Copy, Debug, Default)]
struct Proceeds {
    gets: u128,
    least: u128,
}

/// The transfers of a round, parties in order: as many of at most [`MONEY_MAX`](crate::money::MONEY_MAX) as a sum takes, so that
/// none is cut; nothing moves where there is nothing to pay.
#[must_use]
pub fn transfers(session: &Session<'_>, outcome: &SessionOutcome) -> Vec<Transfer> {
    let fees = &session.policy.rules().fees;
    let mut paid: BTreeMap<BidderIndex, u128> = BTreeMap::new();
    for (bid, fate) in session.bids.iter().zip(&outcome.fates) {
        *paid.entry(bid.bidder).or_default() += fate.result.map_or(0, |paid| u128::from(paid.micro_credits()));
    }
    let payments = paid.into_iter().map(|(bidder, sum)| (holder(bidder), Party::Operator, sum, Purpose::Payment));
    let sides = proceeds(session, outcome).into_iter().flat_map(|(seller, Proceeds { gets, least })| {
        let fee = (gets * u128::from(fees.seller_permille) / 1_000).min(gets.saturating_sub(least));
        let seller = Party::Seller(seller);
        [(Party::Operator, seller, gets, Purpose::Proceeds), (seller, Party::Operator, fee, Purpose::Fee)]
    });
    let is_open = outcome.settled_nothing();
    let owes = |fate: &Fate| !is_open && !matches!(fate.result, Err(Lost::Budget | Lost::Unsettled));
    let counted = session.bids.iter().zip(&outcome.fates).filter(|(_, fate)| owes(fate));
    let entries = group_fees(fees, counted.map(|(bid, _)| bid));
    let entries = entries.into_iter().map(|(bidder, sum)| (holder(bidder), Party::Operator, sum, Purpose::Fee));
    payments.chain(sides).chain(entries).flat_map(moved).collect()
}

/// The transfers that move a sum: one of at most [`MONEY_MAX`](crate::money::MONEY_MAX) after another, none for nothing.
fn moved((from, to, sum, purpose): (Party, Party, u128, Purpose)) -> impl Iterator<Item = Transfer> {
    Money::amounts(sum).map(move |amount| Transfer { from, to, amount, purpose })
}

/// What each seller gets.
fn proceeds(session: &Session<'_>, outcome: &SessionOutcome) -> BTreeMap<SellerId, Proceeds> {
    let classes = &session.policy.rules().classes;
    let is_of_fleet = |class: Option<usize>| class.is_some_and(|class| !classes[class].format.takes_offers());
    let mut sellers: BTreeMap<SellerId, Proceeds> = BTreeMap::new();
    for fate in outcome.fates.iter().filter(|fate| is_of_fleet(fate.class)) {
        if let Ok(payment) = fate.result {
            let fleet = sellers.entry(FLEET).or_default();
            fleet.gets += u128::from(payment.micro_credits());
            fleet.least += fate.reserve.map_or(0, |reserve| u128::from(reserve.micro_credits()));
        }
    }
    for (offer, fate) in session.offers.iter().zip(&outcome.offer_fates) {
        if let Ok(gets) = fate.result {
            let seller = sellers.entry(offer.seller).or_default();
            seller.gets += u128::from(gets.micro_credits());
            let whole = offer.goods.first().map_or(1, |good| u128::from(good.wish.quantity)).max(1);
            let part = fate.part.map_or(whole, u128::from);
            seller.least +=
                (u128::from(fate.ask.micro_credits()) * part).div_ceil(whole).min(u128::from(gets.micro_credits()));
        }
    }
    sellers
}

/// What brings into being the credits that bidders may owe at most, where nobody says what they have: the greatest bid of each
/// group, and its fee.
#[must_use]
pub fn issues(fees: &Fees, bids: &[AccountBid]) -> Vec<Transfer> {
    let mut groups: BTreeMap<(BidderIndex, GroupIndex), u128> = BTreeMap::new();
    for bid in bids {
        let most = groups.entry((bid.bidder, bid.group)).or_default();
        *most = u128::from(bid.amount.micro_credits()).max(*most);
    }
    let mut owed = group_fees(fees, bids.iter());
    groups.into_iter().for_each(|((bidder, _), most)| *owed.entry(bidder).or_default() += most);
    owed.into_iter().flat_map(|(bidder, sum)| moved((Party::Issuer, holder(bidder), sum, Purpose::Issue))).collect()
}

fn group_fees<'a>(fees: &Fees, bids: impl Iterator<Item = &'a AccountBid>) -> BTreeMap<BidderIndex, u128> {
    let groups: BTreeSet<(BidderIndex, GroupIndex)> = bids.map(|bid| (bid.bidder, bid.group)).collect();
    let mut owed = BTreeMap::new();
    groups
        .into_iter()
        .for_each(|(bidder, _)| *owed.entry(bidder).or_default() += u128::from(fees.per_group.micro_credits()));
    owed
}

fn holder(bidder: BidderIndex) -> Party {
    Party::Holder(HolderId(bidder.0))
}
