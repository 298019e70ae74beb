//! Sealed bids on what the fleet has: winners by integer program.
//!
//! The reserve price of a bundle is taken off its bid and put onto its payment, as the seller's own bid for it would.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::resources::Kind;
use lessor_models::time::Interval;
use lessor_solver::packing::BinRow;
use lessor_solver::support::stop::Stop;

use crate::book::{Bid, BidderIndex, Book, GoodIndex, GroupIndex, Offer, Supply};
use crate::clear::outcome::EXACT_UNITS;
use crate::clear::paying::{Paying, Watch};
use crate::clear::rules::Rules;
use crate::clear::settled;
use crate::clear::winner::Round;
use crate::money::Money;
use crate::session::catalog::ListedGood;
use crate::session::fate::Lost;
use crate::session::market::{Bundle, Cleared, Entered, Fates, Market};
use crate::session::progress::{Phase, Report, paying};
use crate::session::{AccountBid, SessionError};

pub(super) fn clear_sealed(
    market: &Market<'_>,
    fates: &mut Fates,
    stop: &Stop,
    report: Report<'_>,
) -> Result<Cleared, SessionError> {
    let mut offers: Vec<Offer> =
        market.catalog.goods().iter().map(|good| Offer { quantity: good.offered, reserve: 0 }).collect();
    let (bundles, bins) = bundles_with_caps(market, &mut offers);
    let book = Book::new(net_bids(market, bundles))?;
    let rules = Rules { payments: market.class.payment, seed: market.session.policy.rules().tie_break_seed };
    let supply = Supply { offers };
    let mut round = Round::with_bins(&book, &supply, bins)?;
    let found = round.solve(rules.seed, stop, &mut |surplus, bound| report(Phase::Winners, surplus, bound));
    let tell = paying(report, found.worth, found.bound);
    tell(Paying::Begun);
    let outcome = settled(&round, &supply, found, &rules, Watch { stop, tell: &tell });
    let payments = match &outcome.settlement {
        Ok(payments) => payments,
        Err(unsettled) => return Ok(market.give_up(fates, Some(outcome.bound), *unsettled)),
    };
    let paid = match &outcome.uniform {
        Some(uniform) => {
            uniform.would_gain.iter().for_each(|&at| fates.lose(&market.bids[at], Lost::Paradox));
            outcome.winners.iter().copied().zip(uniform.paid.iter().copied()).collect()
        }
        None => {
            let owed = payments.iter().map(|payment| (payment.bidder, payment.settled)).collect();
            shared_out(&book, &outcome.winners, owed)
        }
    };
    let mut exact_payments: BTreeMap<BidderIndex, u128> =
        payments.iter().map(|payment| (payment.bidder, payment.exact)).collect();
    for (at, net) in paid {
        let entered = &market.bids[at];
        let reserve = u128::from(entered.reserve.micro_credits());
        fates.win(entered, Money::of(u128::from(net) + reserve));
        *exact_payments.entry(book.bids()[at].bidder).or_default() += reserve * EXACT_UNITS;
    }
    let prices = outcome.uniform.map_or_else(BTreeMap::new, |uniform| market.told(&uniform.prices));
    Ok(Cleared { surplus: outcome.surplus, bound: Some(outcome.bound), prices, exact_payments, ..Cleared::default() })
}

/// The bids of a class with what they offer beyond their reserve prices.
pub(in crate::session) fn net_bids(market: &Market<'_>, bundles: Vec<Bundle>) -> Vec<Bid> {
    let net = |(entered, bundle): (&Entered, Bundle)| {
        let stated = &market.session.bids[entered.at];
        Bid { bidder: stated.bidder, group: stated.group, amount: entered.net(), bundle }
    };
    market.bids.iter().zip(bundles).map(net).collect()
}

/// What is paid for each winning bid. A bidder who wins with several groups owes one payment: it is shared out bid by bid, each at
/// most what it offered.
pub(super) fn shared_out(book: &Book, winners: &[usize], mut owed: BTreeMap<BidderIndex, u64>) -> Vec<(usize, u64)> {
    let share = |&at: &usize| {
        let bid = &book.bids()[at];
        let rest = owed.entry(bid.bidder).or_default();
        let paid = bid.amount.min(*rest);
        *rest -= paid;
        (at, paid)
    };
    winners.iter().map(share).collect()
}

/// What a bid wants of a good, in the order of bidders, goods and groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    bidder: BidderIndex,
    good: GoodIndex,
    group: GroupIndex,
    bid: usize,
    quantity: u64,
}

/// The bundles of a book; a bidder with several groups that could win too much of a good together shares a further good,
/// of which there is as much as one bidder may win. Where it could so at one of the nodes that are alike, it does at all of them,
/// so that they stay alike. With the bundles comes which row each good is of a bin.
pub(in crate::session) fn bundles_with_caps(
    market: &Market<'_>,
    offers: &mut Vec<Offer>,
) -> (Vec<Bundle>, Vec<Option<BinRow>>) {
    let mut bins = bins(market);
    let mut bundles: Vec<Bundle> = market.bids.iter().map(|entered| entered.bundle.clone()).collect();
    let wanted = wanted_by_several(market);
    let of_goods = || wanted.chunk_by(|one, next| (one.bidder, one.good) == (next.bidder, next.good));
    let of_alike = |good: GoodIndex, bins: &[Option<BinRow>]| {
        bins[good.0 as usize].map_or((None, good.0), |place| (Some(place.set), place.row))
    };
    let goods = bins.len();
    let exceeds = |of_good: &&[Wanted]| {
        let Wanted { bidder, good, .. } = of_good[0];
        let cap = market.may_win(bidder, good);
        let most = |group: &[Wanted]| group.iter().map(|wanted| u128::from(wanted.quantity)).max().unwrap_or(0);
        let all: u128 = of_good.chunk_by(|one, next| one.group == next.group).map(most).sum();
        cap < offers[good.0 as usize].quantity && all > u128::from(cap)
    };
    let capped: BTreeSet<(BidderIndex, (Option<u32>, u32))> =
        of_goods().filter(exceeds).map(|of_good| (of_good[0].bidder, of_alike(of_good[0].good, &bins))).collect();
    // Rows of bins are numbered after the goods.
    let row = |at: usize| u32::try_from(goods + at).expect("goods are counted in 32 bits");
    let rows: BTreeMap<_, u32> = capped.into_iter().enumerate().map(|(at, key)| (key, row(at))).collect();
    for of_good in of_goods() {
        let Wanted { bidder, good, .. } = of_good[0];
        let Some(&row) = rows.get(&(bidder, of_alike(good, &bins))) else { continue };
        let shared = GoodIndex(u32::try_from(offers.len()).expect("goods are counted in 32 bits"));
        offers.push(Offer { quantity: market.may_win(bidder, good), reserve: 0 });
        bins.push(bins[good.0 as usize].map(|place| BinRow { row, ..place }));
        of_good.iter().for_each(|wanted| bundles[wanted.bid].push((shared, wanted.quantity)));
    }
    (bundles, bins)
}

/// What bidders with several groups want, of whom one group alone wins no more than one of its bids, each of which may be won.
fn wanted_by_several(market: &Market<'_>) -> Vec<Wanted> {
    let mut groups: BTreeMap<BidderIndex, BTreeSet<GroupIndex>> = BTreeMap::new();
    for entered in &market.bids {
        let AccountBid { bidder, group, .. } = market.session.bids[entered.at];
        groups.entry(bidder).or_default().insert(group);
    }
    let of_bid = |(bid, entered): (usize, &Entered)| {
        let AccountBid { bidder, group, .. } = market.session.bids[entered.at];
        let goods = if groups[&bidder].len() > 1 { &entered.bundle[..] } else { &[] }.iter();
        goods.map(move |&(good, quantity)| Wanted { bidder, good, group, bid, quantity }).collect::<Vec<_>>()
    };
    let mut wanted: Vec<Wanted> = market.bids.iter().enumerate().flat_map(of_bid).collect();
    wanted.sort_unstable();
    wanted
}

/// Of each good, which row it is of a bin: of a node at which bids on node classes are compared. Rows of nodes that are alike are
/// the same where kind and interval are.
fn bins(market: &Market<'_>) -> Vec<Option<BinRow>> {
    let mut bins: BTreeMap<NodeIndex, (u32, u32)> = BTreeMap::new();
    for (set, nodes) in (0_u32..).zip(&market.alike) {
        bins.extend((0_u32..).zip(nodes).map(|(bin, &node)| (node, (set, bin))));
    }
    let mut rows: BTreeMap<(Kind, Interval), u32> = BTreeMap::new();
    let of_good = |good: &ListedGood| {
        let Owner::Node(node) = good.owner else { return None };
        let &(set, bin) = bins.get(&node)?;
        let next = u32::try_from(rows.len()).expect("goods are counted in 32 bits");
        Some(BinRow { set, bin, row: *rows.entry((good.kind, good.interval)).or_insert(next) })
    };
    market.catalog.goods().iter().map(of_good).collect()
}
