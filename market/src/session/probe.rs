//! What a certificate samples: whether a misreport would have gained, and whether a coalition would rather deal with the seller.
//!
//! Both have a budget of work, so that the same round gives the same figures on every machine. A deadline that comes first cuts
//! them short, and the figures say so.

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::support::stop::Stop;

use super::formats::sealed::{bundles_with_caps, net_bids};
use super::market::{Entered, Market};
use super::{
    AccountOffer, ClassOutcome, Compared, Fate, Lost, OfferFate, Session, SessionError, SessionOutcome, clear_session,
    posting,
};
use crate::book::{AMOUNT_MAX, Bid, BidderIndex, Book, GoodIndex, GroupIndex, Offer, Supply};
use crate::clear::winner::Round;
use crate::lot::lot;
use crate::policy::Format;
use crate::settlement::{HolderId, Party, SellerId, Transfer};

/// Bidders, and sellers, whose misreports are tried.
const PARTIES: usize = 4;

/// What bidders state, in thousandths of what they bid.
const BID_PERMILLE: [u32; FACTORS] = [500, 800, 950, 1_200];

/// What sellers state, in thousandths of what they ask.
const ASKED_PERMILLE: [u32; FACTORS] = [800, 1_050, 1_250, 2_000];

/// How many misreports of one party are tried.
const FACTORS: usize = 4;

/// Work that all misreports together may take, in the units of [`Stop::spend`]: about two seconds.
const WORK: u64 = 60_000_000;

/// Work that the search for a coalition may take.
const WORK_COALITION: u64 = 300_000_000;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regret {
    /// What bidders tried.
    pub bidders: Tried,
    /// What sellers tried.
    pub sellers: Tried,
    /// Misreports that were drawn and not tried to the end, because the budget of work was used up.
    pub unfinished: u32,
    /// Whether the deadline came before the budget was used up, so that fewer were tried than on a faster machine.
    pub is_cut: bool,
}

/// Misreports of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many were tried.
    pub count: u32,
    /// The most that one would have gained after fees, if bids are what bundles are worth, or asks what they cost, in
    /// micro-credits.
    pub most: i64,
}

/// Who misreports.
#[derive(Clone, Copy, Debug)]
enum Liar {
    Bidder(BidderIndex),
    Seller(SellerId),
}

/// Tries misreports of a sample of bidders, and of sellers where any made offers: all bids, or all offers, of one, scaled. The seed
/// of the policy draws up to 4 of each, and each states 4 factors; of these as many are tried, in an order that the seed gives, as
/// a budget of work allows. The budget of the stop is set anew. None is tried where nothing was settled: nobody has a payoff
/// that a misreport could better, and what it would take to settle a round is what was not there. One that no round can be cleared
/// with (an amount beyond all, too many pairs) is left unfinished.
#[must_use]
pub fn regret(session: &Session<'_>, outcome: &SessionOutcome, stop: &Stop) -> Regret {
    if outcome.settled_nothing() {
        return Regret::default();
    }
    let misreports = misreports(session, outcome);
    let mut found = Regret::default();
    stop.allow(WORK);
    if stop.is_raised() {
        // What a round takes before anything looks at the stop is long where there are many bids.
        return Regret { is_cut: true, ..Regret::default() };
    }
    for (number, &(liar, permille)) in misreports.iter().enumerate() {
        let gain = gain(session, outcome, (liar, permille), stop);
        if stop.is_used_up() {
            found.unfinished += u32::try_from(misreports.len() - number).expect("a sample is small");
            break;
        }
        if stop.is_raised() {
            found.is_cut = true;
            break;
        }
        let Ok(gain) = gain else {
            found.unfinished += 1;
            continue;
        };
        let tried = match liar {
            Liar::Bidder(_) => &mut found.bidders,
            Liar::Seller(_) => &mut found.sellers,
        };
        tried.count += 1;
        tried.most = tried.most.max(gain);
    }
    found
}

/// The misreports to try, in order: of each factor, first those of bidders.
fn misreports(session: &Session<'_>, outcome: &SessionOutcome) -> Vec<(Liar, u32)> {
    let seed = session.policy.rules().tie_break_seed;
    let sampled = |mut numbers: Vec<u32>| {
        numbers.sort_unstable();
        numbers.dedup();
        numbers.sort_by_key(|&number| lot(seed, number as usize));
        numbers.truncate(PARTIES);
        numbers
    };
    let bidders = sampled(session.bids.iter().map(|bid| bid.bidder.0).collect());
    // What no class takes has no payoff, whatever it asks.
    let takes_part = |fate: &OfferFate| !matches!(fate.result, Err(Lost::NotTraded | Lost::NoOffers));
    let offers = session.offers.iter().zip(&outcome.offer_fates).filter(|(_, fate)| takes_part(fate));
    let sellers = sampled(offers.map(|(offer, _)| offer.seller.0).collect());
    let of_factor = |at: usize| {
        let bidders = bidders.iter().map(move |&bidder| (Liar::Bidder(BidderIndex(bidder)), BID_PERMILLE[at]));
        bidders.chain(sellers.iter().map(move |&seller| (Liar::Seller(SellerId(seller)), ASKED_PERMILLE[at])))
    };
    (0..FACTORS).flat_map(of_factor).collect()
}

/// What a bidder or a seller would have gained by stating so many thousandths of its bids, or of what it asks.
fn gain(
    session: &Session<'_>,
    outcome: &SessionOutcome,
    (liar, permille): (Liar, u32),
    stop: &Stop,
) -> Result<i64, SessionError> {
    let (mut bids, mut offers) = (session.bids.to_vec(), session.offers.to_vec());
    match liar {
        Liar::Bidder(bidder) => {
            let own = bids.iter_mut().filter(|bid| bid.bidder == bidder);
            own.for_each(|bid| bid.amount = bid.amount.permille(permille));
        }
        Liar::Seller(seller) => {
            let own = offers.iter_mut().filter(|offer| offer.seller == seller).flat_map(|offer| &mut offer.goods);
            own.for_each(|good| good.cost = good.cost.permille(permille));
        }
    }
    let lied = clear_session(&Session { bids: &bids, offers: &offers, ..*session }, stop)?;
    let gain = payoff(session, (&lied, outcome), liar) - payoff(session, (outcome, outcome), liar);
    // A bidder with thousands of groups may gain more than an amount tells.
    Ok(i64::try_from(gain).unwrap_or(if gain > 0 { i64::MAX } else { i64::MIN }))
}

/// What a party has of an outcome, after fees, where what it bid in truth is what bundles are worth to it, and what it asked in a
/// true outcome is what they cost.
fn payoff(session: &Session<'_>, (outcome, truth): (&SessionOutcome, &SessionOutcome), party: Liar) -> i128 {
    match party {
        Liar::Bidder(bidder) => {
            let own = session.bids.iter().zip(&outcome.fates).filter(|(bid, _)| bid.bidder == bidder);
            let won = own.filter(|(_, fate)| fate.result.is_ok());
            let worth: i128 = won.map(|(bid, fate)| i128::from(fate.worth(bid).0)).sum();
            worth + moved_to(session, outcome, Party::Holder(HolderId(bidder.0)))
        }
        Liar::Seller(seller) => {
            let fates = session.offers.iter().zip(outcome.offer_fates.iter().zip(&truth.offer_fates));
            let sold = fates.filter(|(offer, (fate, _))| offer.seller == seller && fate.result.is_ok());
            let cost = |(offer, (fate, true_fate)): (&AccountOffer, (&OfferFate, &OfferFate))| {
                let whole = i128::from(offer.goods.first().map_or(1, |good| good.wish.quantity)).max(1);
                let cost = i128::from(true_fate.ask.0) * fate.part.map_or(whole, i128::from);
                // A part of the cost, rounded up.
                (cost + whole - 1) / whole
            };
            moved_to(session, outcome, Party::Seller(seller)) - sold.map(cost).sum::<i128>()
        }
    }
}

/// What a party gets of an outcome beyond what it pays.
fn moved_to(session: &Session<'_>, outcome: &SessionOutcome, party: Party) -> i128 {
    let moved = |Transfer { from, to, amount, .. }: Transfer| {
        i128::from(amount.0) * (i128::from(to == party) - i128::from(from == party))
    };
    posting::transfers(session, outcome).into_iter().map(moved).sum()
}

/// By how much the best coalition could pay the seller more than the round does and still be no worse off, in micro-credits: zero
/// in the core. Each class is solved once more, with what entered it at what it offers beyond what its bidder gained there; `None`
/// where one is not solved to its end within a budget of work, or its format proves no optimum. The budget of the stop is set
/// anew.
///
/// # Errors
/// See [`SessionError`].
pub fn core_violation(
    session: &Session<'_>,
    outcome: &SessionOutcome,
    stop: &Stop,
) -> Result<Option<u128>, SessionError> {
    stop.allow(WORK_COALITION);
    // Where nothing settled there are no payments that a coalition could block.
    if outcome.settled_nothing() || stop.is_raised() {
        return Ok(None);
    }
    let (mut best, mut revenue) = (0_u128, 0_u128);
    for class in &outcome.classes {
        let Some((offered, paid)) = best_coalition(session, outcome, class, stop)? else { return Ok(None) };
        best += offered;
        revenue += paid;
    }
    Ok(Some(best.saturating_sub(revenue)))
}

/// The most that a coalition could pay for what it would win of a class, and what is paid for it, both beyond the reserves.
///
/// A bidder in a coalition keeps what it gained. Where its bids are of one group, each is worth less by that; where they are of
/// several, of which each may win, they are worth what they were, and its staying out with all of them is worth what it gained.
fn best_coalition(
    session: &Session<'_>,
    outcome: &SessionOutcome,
    class: &ClassOutcome,
    stop: &Stop,
) -> Result<Option<(u128, u128)>, SessionError> {
    let rules = session.policy.rules();
    if rules.classes[class.class].format != Format::SealedBid {
        return Ok(None);
    }
    let market = entered(session, outcome, class);
    let mut offers: Vec<Offer> =
        market.catalog.goods().iter().map(|good| Offer { quantity: good.offered, reserve: 0 }).collect();
    let (bundles, bins) = bundles_with_caps(&market, &mut offers);
    let mut bids = net_bids(&market, bundles);
    let (mut gained, mut paid) = (BTreeMap::new(), 0_u128);
    for entered in &market.bids {
        let fate = &outcome.fates[entered.at];
        if let Some(payment) = fate.result.ok().filter(|_| fate.node == entered.node) {
            let gained = gained.entry(market.bidder(entered)).or_insert(0_u64);
            *gained = gained.saturating_add(entered.amount.micro_credits() - payment.micro_credits());
            paid += u128::from(payment.micro_credits().saturating_sub(entered.reserve.micro_credits()));
        }
    }
    let outs = keep(&gained, &mut bids, &mut offers);
    if outs.iter().any(|out| out.amount > AMOUNT_MAX) {
        // No bid says so much.
        return Ok(None);
    }
    let kept: u128 = outs.iter().map(|out| u128::from(out.amount)).sum();
    bids.extend(outs);
    let (book, supply) = (Book::new(bids)?, Supply { offers });
    let found = Round::with_bins(&book, &supply, bins)?.solve(rules.tie_break_seed, stop, &mut |_, _| {});
    Ok((found.is_optimal() && !stop.is_raised()).then(|| (found.worth.saturating_sub(kept), paid)))
}

/// Lets bidders keep what they gained: takes it off the bids of those with one group, and gives the outs of those with several.
/// An out and each group of its bidder need a seat, of which there is one.
fn keep(gained: &BTreeMap<BidderIndex, u64>, bids: &mut [Bid], offers: &mut Vec<Offer>) -> Vec<Bid> {
    let mut groups: BTreeMap<BidderIndex, BTreeSet<GroupIndex>> = BTreeMap::new();
    for bid in bids.iter() {
        groups.entry(bid.bidder).or_default().insert(bid.group);
    }
    groups.retain(|bidder, groups| groups.len() > 1 && gained.contains_key(bidder));
    let seat = |at: usize| GoodIndex(u32::try_from(at).expect("goods are counted in 32 bits"));
    let seats: BTreeMap<GroupIndex, GoodIndex> =
        groups.values().flatten().copied().zip((offers.len()..).map(seat)).collect();
    offers.extend(seats.iter().map(|_| Offer { quantity: 1, reserve: 0 }));
    for bid in &mut *bids {
        match seats.get(&bid.group) {
            Some(&seat) => bid.bundle.push((seat, 1)),
            None => bid.amount = bid.amount.saturating_sub(gained.get(&bid.bidder).copied().unwrap_or(0)),
        }
    }
    let numbers = bids.iter().map(|bid| bid.group.0.max(bid.bidder.0));
    let first = numbers.max().map_or(0, |most| most.checked_add(1).expect("bids are counted in 32 bits"));
    let out = |(number, (bidder, groups)): (u32, (&BidderIndex, &BTreeSet<GroupIndex>))| {
        let mut bundle: Vec<(GoodIndex, u64)> = groups.iter().map(|group| (seats[group], 1)).collect();
        bundle.sort_unstable();
        Bid { bidder: BidderIndex(number), group: GroupIndex(number), amount: gained[bidder], bundle }
    };
    (first..).zip(&groups).map(out).collect()
}

/// What entered a class. What the rules refused is in no coalition.
fn entered<'a>(session: &'a Session<'a>, outcome: &SessionOutcome, class: &ClassOutcome) -> Market<'a> {
    let takes_part = |fate: &Fate| fate.result.err().is_none_or(|lost| Lost::COMPARED.contains(&lost));
    let compared = class.entered.iter().filter(|compared| takes_part(&outcome.fates[compared.bid]));
    let entered = |&Compared { bid, node, counted, reserve }: &Compared| {
        let bundle = class.catalog.bundle(&session.bids[bid].wishes_at(node));
        Entered { at: bid, node, bundle, amount: counted, reserve }
    };
    let mut bids: Vec<Entered> = compared.map(entered).collect();
    bids.sort_by_key(|entered| entered.at);
    Market {
        session,
        class: &session.policy.rules().classes[class.class],
        catalog: class.catalog.clone(),
        bids,
        offers: Vec::new(),
        taken: BTreeMap::new(),
        alike: class.alike.clone(),
    }
}
