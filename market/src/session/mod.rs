//! A round under a policy: bids and offers on accounts in, what came of each of them out.
//!
//! Each account class is a market of its own, in the policy's order: once a bid of a group has won, those of its bids that trade in
//! later classes are out. Every bid and every offer has a fate: it traded, or there is a reason; none is
//! dropped. They enter in the order of their lots, so that ties are broken by the policy's seed. Formats without offers let
//! what the fleet has; formats with offers let what is offered, as far as it may trade.
//!
//! `screen` applies the policy before anything is compared, [`catalog`] cuts accounts into goods around what runs
//! ([`holdings`]), `alternatives` says at which nodes a bid on a node class ([`anywhere`]) is compared, `market` is one account
//! class, and `formats` clears it; each bid has a `fate`, [`posting`] turns fates into transfers, and [`posted_prices`] moves
//! prices to the next round. `progress` is what is told meanwhile. [`check`], [`supporting_prices`], [`probe`], [`why`] and
//! [`why_offer`] look at a round from outside.

mod alternatives;
pub mod anywhere;
pub mod catalog;
pub mod check;
mod debits;
mod edge;
#[cfg(test)]
mod exchange_tests;
mod fate;
mod formats;
pub mod holdings;
mod market;
pub mod posted_prices;
pub mod posting;
pub mod probe;
mod progress;
mod screen;
pub mod supporting_prices;
#[cfg(test)]
mod tests;
pub mod why;
pub mod why_offer;

use std::collections::BTreeMap;

use lessor_models::families::assignment::AssignmentError;
use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Timestamp};
use lessor_solver::support::stop::Stop;
use thiserror::Error;

use crate::ClearError;
use crate::book::{BidderIndex, BookError, GoodIndex, GroupIndex};
use crate::clear::outcome::Unsettled;
pub use crate::clear::paying::Paying;
use crate::greedy::GreedyError;
use crate::money::Money;
use crate::policy::{Policy, Reserve};
use crate::settlement::SellerId;
use crate::uniform_price::BadTranche;
use anywhere::Anywhere;
use catalog::{Catalog, Ground, Wish};
use debits::debits;
pub use fate::{Fate, Lost, OfferFate};
use holdings::{Holding, Holdings};
use market::{Cleared, Entered, Fates, Market};
pub use progress::{Phase, Progress};

/// A bid in the words of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBid {
    /// Who bids.
    pub bidder: BidderIndex,
    /// Of whose bids one wins at most.
    pub group: GroupIndex,
    /// The service class of the bidder.
    pub service: ServiceClass,
    /// The most that the bidder pays for all of it; an amount.
    pub amount: Money,
    /// What it is for at accounts that it names.
    pub wishes: Vec<Wish>,
    /// What it is for at one node of a class, whichever that is: the bid is one of alternatives, at each node all of it at the
    /// same amount. A bid is for something at least.
    pub anywhere: Option<Anywhere>,
    /// Whether a part of it is welcome at a part of the amount, where the format trades parts.
    pub is_divisible: bool,
}

/// A quantity of an account that is offered, and the least that is taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedGood {
    /// What is offered.
    pub wish: Wish,
    /// What handing it out costs the seller.
    pub cost: Reserve,
}

/// An offer in the words of accounts; a step of rising cost is an offer of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountOffer {
    /// Who offers.
    pub seller: SellerId,
    /// What is offered; at least one.
    pub goods: Vec<OfferedGood>,
    /// Whether any part of it is for sale at its part of the cost, where the format trades parts.
    pub is_divisible: bool,
}

/// What a round is cleared on.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// The accounts, what is held of them, and what a plan says they are worth.
    pub ground: Ground<'a>,
    /// The rules.
    pub policy: &'a Policy,
    /// When the round takes place; terms may start so far ahead of it.
    pub at: Timestamp,
    /// The bids.
    pub bids: &'a [AccountBid],
    /// The offers.
    pub offers: &'a [AccountOffer],
    /// What each bidder has that no other round holds, in micro-credits; `None` where nobody says.
    pub budgets: Option<&'a [i128]>,
}

/// A bid as it was compared: one on a node class once for each node at which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The bid, by position in the session.
    pub bid: usize,
    /// At which node of its class; `None` of a bid that names its accounts.
    pub node: Option<NodeIndex>,
    /// What it counts for there.
    pub counted: Money,
    /// The reserve price of its bundle there.
    pub reserve: Money,
}

/// An account over a term, whose orders in parts are a market apart.
pub type PartTerm = (Owner, Kind, Interval);

/// What came of one account class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassOutcome {
    /// The class, by position in the policy.
    pub class: usize,
    /// What was offered.
    pub catalog: Catalog,
    /// What was compared whole, in the order of the bids' lots.
    pub entered: Vec<Compared>,
    /// The nodes at which bids on node classes were compared, those that are alike together: a bid that was compared at one was
    /// compared at the first, too.
    pub alike: Vec<Vec<NodeIndex>>,
    /// What winners offer beyond the reserve prices, or beyond what sellers ask, in micro-credits.
    pub surplus: u128,
    /// A proven limit on that for every choice of winners; `None` where the format proves none.
    pub bound: Option<u128>,
    /// Why nothing was settled, where nothing was.
    pub unsettled: Option<Unsettled>,
    /// Prices of goods that everybody pays, where the rule has such (posted and uniform prices), in micro-credits per 10^6 base
    /// units and hour. Of a good that trades in parts that of the parts, of several terms the dearest.
    pub prices: BTreeMap<GoodIndex, u64>,
    /// Of goods that trade in parts, what who trades whole pays, where anything may; in the same units.
    pub whole_prices: BTreeMap<GoodIndex, u64>,
    /// What who trades in parts pays, by account and term, in the same units.
    pub part_prices: BTreeMap<PartTerm, u64>,
    /// What each winner owes by a rule of sealed bids before it is rounded up, in millionths of a micro-credit; empty in other
    /// formats, where what bids pay is all there is.
    pub exact_payments: BTreeMap<BidderIndex, u128>,
}

impl ClassOutcome {
    /// The price of a good: what everybody pays where the rule has such a price, else the reserve price and what supports the
    /// round above it; in micro-credits per 10^6 base units and hour.
    ///
    /// # Panics
    /// Where the class has no such good.
    #[must_use]
    pub fn price(&self, good: GoodIndex, above_reserve: u64) -> u64 {
        let reserve = self.catalog.goods()[good.0 as usize].reserve;
        self.prices.get(&good).copied().unwrap_or(reserve.saturating_add(above_reserve))
    }

    /// How much of each good bids won, whole or in part, in base units.
    #[must_use]
    pub fn handed_out(&self, bids: &[AccountBid], fates: &[Fate]) -> Vec<u64> {
        let mut won = vec![0_u64; self.catalog.goods().len()];
        let is_of_class = |fate: &Fate| fate.class == Some(self.class) && fate.result.is_ok();
        for (bid, fate) in bids.iter().zip(fates).filter(|(_, fate)| is_of_class(fate)) {
            for (good, whole) in self.catalog.bundle(&bid.wishes_at(fate.node)) {
                let won = &mut won[good.0 as usize];
                *won = won.saturating_add(fate.part.unwrap_or(whole));
            }
        }
        won
    }
}

/// What came of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOutcome {
    /// What came of each bid, in the order of the bids.
    pub fates: Vec<Fate>,
    /// What came of each offer, in the order of the offers.
    pub offer_fates: Vec<OfferFate>,
    /// The classes that were traded in, in the policy's order.
    pub classes: Vec<ClassOutcome>,
}

impl SessionOutcome {
    /// Whether payment rules left nothing settled: nobody won where somebody might have.
    #[must_use]
    pub fn settled_nothing(&self) -> bool {
        let is_unsettled = self.classes.iter().any(|class| class.unsettled.is_some());
        is_unsettled && self.fates.iter().all(|fate| fate.result.is_err())
    }
}

/// Why a round was not cleared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// Nothing was bid.
    #[error("the book has no bid")]
    NoBid,
    /// Amounts that are too large for so many bidders and items.
    #[error("items cannot be assigned: {0}")]
    Items(AssignmentError),
    /// More pairs of a bidder and an item than one class is cleared with.
    #[error(
        "bids and offers of a class of unit demand make more than {most} pairs of a bidder and an item that it would gain by; \
         clear fewer at once, or trade them in several classes or another format"
    )]
    TooManyPairs {
        /// How many there may be.
        most: usize,
    },
    /// More parts of bids, each an account between two instants at which any term of the class begins or ends, and of bids on node
    /// classes at each node, than one class is cleared with.
    #[error(
        "the bids of a class come to more than {most} parts, for terms that begin and end at many instants cut each other on the \
         accounts above, and a bid on a node class has parts at each node; begin and end terms at full hours, name smaller node \
         classes, or clear fewer bids at once"
    )]
    TooManyParts {
        /// How many there may be.
        most: usize,
    },
    /// Bids that make no book.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A book that does not fit its supply.
    #[error(transparent)]
    Clear(#[from] ClearError),
    /// Bids that the greedy format does not take.
    #[error(transparent)]
    Greedy(#[from] GreedyError),
    /// A tranche that makes no sense.
    #[error(transparent)]
    Tranche(#[from] BadTranche),
    /// An offer that would get more than one transfer moves.
    #[error(
        "offer {offer} would get {gets} micro-credits, and one offer gets at most 2^53; split it into offers of less"
    )]
    Proceeds {
        /// The position of the offer.
        offer: usize,
        /// What it would get, in micro-credits.
        gets: u128,
    },
}

/// Clears a round, class by class. A function of its arguments until the stop is raised.
///
/// # Errors
/// See [`SessionError`]; nothing was cleared then.
pub fn clear_session(session: &Session<'_>, stop: &Stop) -> Result<SessionOutcome, SessionError> {
    clear_and_tell(session, stop, &mut |_| ())
}

/// The same, and tells how far it is.
///
/// # Errors
/// See [`SessionError`]; nothing was cleared then.
pub fn clear_and_tell(
    session: &Session<'_>,
    stop: &Stop,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<SessionOutcome, SessionError> {
    if session.bids.is_empty() {
        return Err(SessionError::NoBid);
    }
    let mut fates =
        Fates { bids: screen::bids(session, Some(session.at)), offers: screen::offers(session, Some(session.at)) };
    let mut classes = Vec::new();
    let mut holdings = session.ground.holdings.clone();
    for class in 0..session.policy.rules().classes.len() {
        let ground = Ground { holdings: &holdings, ..session.ground };
        let now = Session { ground, ..*session };
        let Some(mut market) = Market::new(&now, class, &mut fates)? else { continue };
        let Cleared { surplus, bound, unsettled, prices, whole_prices, part_prices, exact_payments } =
            formats::clear(&mut market, &mut fates, stop, &mut |phase, surplus, bound| {
                tell(Progress { class, phase, surplus, bound });
            })?;
        market.tell_ties(&mut fates);
        fates.close_groups(session.bids, class);
        classes.push(ClassOutcome {
            class,
            entered: market.bids.iter().map(Entered::compared).collect(),
            catalog: market.catalog,
            alike: market.alike,
            surplus,
            bound,
            unsettled,
            prices,
            whole_prices,
            part_prices,
            exact_payments,
        });
        hold(session, class, &fates, &mut holdings);
    }
    Ok(SessionOutcome { fates: fates.bids, offer_fates: fates.offers, classes })
}

/// Holds what was let in a class, of its accounts and of all above them, from classes that clear later.
fn hold(session: &Session<'_>, class: usize, fates: &Fates, holdings: &mut Holdings) {
    let rules = session.policy.rules();
    if class + 1 == rules.classes.len() {
        return;
    }
    let won = session.bids.iter().zip(&fates.bids).filter(|(_, fate)| fate.class == Some(class) && fate.result.is_ok());
    let won =
        won.flat_map(|(bid, fate)| bid.wishes_at(fate.node).into_iter().map(|wish| (wish, fate.part, bid.service)));
    let sold = session.offers.iter().zip(&fates.offers);
    let sold = sold.filter(|(_, fate)| fate.class == Some(class) && fate.result.is_ok());
    let sold = sold.flat_map(|(offer, fate)| offer.goods.iter().map(|good| (good.wish, fate.part, ServiceClass::D)));
    let let_out: Vec<_> = if rules.classes[class].format.takes_offers() { sold.collect() } else { won.collect() };
    // Equal terms are held as one: later classes look at each.
    let mut sums: BTreeMap<(Owner, Kind, ServiceClass, Timestamp, Timestamp), u64> = BTreeMap::new();
    for (Wish { owner, kind, quantity, interval }, part, service) in let_out {
        for owner in debits(session.ground.fleet, owner, kind) {
            let sum = sums.entry((owner, kind, service, interval.start, interval.end)).or_default();
            *sum = sum.saturating_add(part.unwrap_or(quantity));
        }
    }
    for ((owner, kind, service, start, end), amount) in sums {
        holdings.add(owner, kind, Holding { interval: Interval { start, end }, service, amount });
    }
}

/// The earliest start of a bid that enters its market whenever the round takes place, so that one that nothing could come of sets
/// no time for others. `None` where none does. The session's own instant does not count. O(goods of all bids).
#[must_use]
pub fn earliest_start(session: &Session<'_>) -> Option<Timestamp> {
    let mut fates = Fates { bids: screen::bids(session, None), offers: screen::offers(session, None) };
    let classes = 0..session.policy.rules().classes.len();
    // What makes too many parts is refused where it is cleared.
    let markets: Vec<Market<'_>> =
        classes.filter_map(|class| Market::new(session, class, &mut fates).ok().flatten()).collect();
    let entered = markets.iter().flat_map(|market| &market.bids).map(|entered| &session.bids[entered.at]);
    entered.flat_map(AccountBid::terms).map(|term| term.start).min()
}

/// Whether the bidder of a bid has what it may owe with it.
pub(crate) fn can_pay(session: &Session<'_>, bid: usize) -> bool {
    screen::bids(session, Some(session.at))[bid].result != Err(Lost::Budget)
}
