//! From the fates of bids to transfers: who pays for what a round let, and who gets it.
//!
//! The fleet is the one seller. Winners pay the operator, the operator pays the fleet all of it, and keeps its fee of that, as
//! long as the fleet gets its reserve prices. Whoever bid pays the fee of each of its groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::{BidderIndex, GroupIndex};
use crate::money::Money;
use crate::policy::Fees;
use crate::session::{AccountBid, Fate};
use crate::settlement::{HolderId, Party, Purpose, SellerId, Transfer};

/// The fleet as a seller.
pub const FLEET: Party = Party::Seller(SellerId(0));

/// The transfers of a round, holders in order; nothing moves where there is nothing to pay.
#[must_use]
pub fn transfers(fees: &Fees, bids: &[AccountBid], fates: &[Fate]) -> Vec<Transfer> {
    let (mut paid, mut reserved) = (BTreeMap::<BidderIndex, u128>::new(), 0_u128);
    for (bid, fate) in bids.iter().zip(fates) {
        if let Ok(payment) = fate.result {
            *paid.entry(bid.bidder).or_default() += micro_credits(payment);
            reserved += micro_credits(fate.reserve);
        }
    }
    let revenue: u128 = paid.values().sum();
    let fee = (revenue * u128::from(fees.seller_permille) / 1_000).min(revenue.saturating_sub(reserved));
    let payments = paid.into_iter().map(|(bidder, sum)| (holder(bidder), Party::Operator, sum, Purpose::Payment));
    let sides = [(Party::Operator, FLEET, revenue, Purpose::Proceeds), (FLEET, Party::Operator, fee, Purpose::Fee)];
    let entries =
        group_fees(fees, bids).into_iter().map(|(bidder, sum)| (holder(bidder), Party::Operator, sum, Purpose::Fee));
    let all = payments.chain(sides).chain(entries).filter(|moved| moved.2 > 0);
    all.map(|(from, to, sum, purpose)| Transfer { from, to, amount: Money::of(sum), purpose }).collect()
}

/// What brings into being the credits that bidders may owe at most, where nobody says what they have: the greatest bid of each
/// group, and its fee.
#[must_use]
pub fn issues(fees: &Fees, bids: &[AccountBid]) -> Vec<Transfer> {
    let mut groups: BTreeMap<(BidderIndex, GroupIndex), u128> = BTreeMap::new();
    for bid in bids {
        let most = groups.entry((bid.bidder, bid.group)).or_default();
        *most = micro_credits(bid.amount).max(*most);
    }
    let mut owed = group_fees(fees, bids);
    groups.into_iter().for_each(|((bidder, _), most)| *owed.entry(bidder).or_default() += most);
    let issue = |(bidder, sum)| Transfer {
        from: Party::Issuer,
        to: holder(bidder),
        amount: Money::of(sum),
        purpose: Purpose::Issue,
    };
    owed.into_iter().map(issue).collect()
}

fn group_fees(fees: &Fees, bids: &[AccountBid]) -> BTreeMap<BidderIndex, u128> {
    let groups: BTreeSet<(BidderIndex, GroupIndex)> = bids.iter().map(|bid| (bid.bidder, bid.group)).collect();
    let mut owed = BTreeMap::new();
    groups.into_iter().for_each(|(bidder, _)| *owed.entry(bidder).or_default() += micro_credits(fees.per_group));
    owed
}

fn holder(bidder: BidderIndex) -> Party {
    Party::Holder(HolderId(bidder.0))
}

fn micro_credits(amount: Money) -> u128 {
    u128::try_from(amount.0).unwrap_or(0)
}
