//! A round under a policy: bids on accounts in, what came of each of them out.
//!
//! Each account class is a market of its own. Every bid has a fate: it won, or there is a reason; none is dropped. Bids enter in
//! the order of their lots, so that ties are broken by the policy's seed.

use std::collections::BTreeMap;

use lessor_models::fleet::Fleet;
use lessor_models::job::ServiceClass;
use lessor_models::resources::UNLIMITED;
use lessor_models::time::Timestamp;
use lessor_solver::stop::Stop;
use thiserror::Error;

use crate::ClearError;
use crate::book::{Bid, BidderIndex, Book, BookError, GoodIndex, GroupIndex, Offer, Supply};
use crate::catalog::{Catalog, Wish, place};
use crate::clear::clear;
use crate::greedy::{self, GreedyError, SingleMinded};
use crate::lot::lot;
use crate::money::Money;
use crate::outcome::Unsettled;
use crate::policy::{AccountClass, Format, PaymentRule, Policy};
use crate::rules;

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
    /// What it is for; at least one.
    pub wishes: Vec<Wish>,
}

/// What a round is cleared on.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// The accounts.
    pub fleet: &'a Fleet,
    /// The rules.
    pub policy: &'a Policy,
    /// When the round takes place; terms may start so far ahead of it.
    pub at: Timestamp,
    /// The bids.
    pub bids: &'a [AccountBid],
}

/// What came of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The account class that it trades in, by position in the policy.
    pub class: Option<usize>,
    /// What it counts for: its amount, or the price cap of its bundle where that is less.
    pub counted: Money,
    /// The reserve price of its bundle.
    pub reserve: Money,
    /// What is paid where it won, else why it did not.
    pub result: Result<Money, Lost>,
}

/// Why a bid won nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// One of its accounts is in no class, or they are in several.
    NotTraded,
    /// Its bidder's service class does not trade there.
    NotTrader,
    /// One of its accounts has no limit, so there is nothing to sell.
    Unlimited,
    /// A term is too short, too long, or starts too far ahead.
    Term,
    /// More groups, bundles, goods or money than a bidder may put into a round.
    Limits,
    /// Less is offered than it asks for, or than one bidder may win.
    Supply,
    /// It offers less than the reserve price.
    Reserve,
    /// The format takes one bid of a bidder, and there are more.
    SeveralBids,
    /// Others offer more for what there is.
    Outbid,
    /// The rule could not settle the round, so nobody won.
    Unsettled,
}

impl Lost {
    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lost::NotTraded => "not-traded",
            Lost::NotTrader => "not-a-trader",
            Lost::Unlimited => "unlimited",
            Lost::Term => "term",
            Lost::Limits => "limits",
            Lost::Supply => "supply",
            Lost::Reserve => "reserve",
            Lost::SeveralBids => "several-bids",
            Lost::Outbid => "outbid",
            Lost::Unsettled => "unsettled",
        }
    }
}

/// What came of the bids of one account class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassOutcome {
    /// The class, by position in the policy.
    pub class: usize,
    /// What was offered.
    pub catalog: Catalog,
    /// What winners offer beyond the reserve prices, in micro-credits.
    pub surplus: u128,
    /// A proven limit on that for every choice of winners; `None` where the format proves none.
    pub bound: Option<u128>,
    /// Why nothing was settled, where nothing was.
    pub unsettled: Option<Unsettled>,
}

/// What came of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOutcome {
    /// What came of each bid, in the order of the bids.
    pub fates: Vec<Fate>,
    /// The classes that were bid for, in the policy's order.
    pub classes: Vec<ClassOutcome>,
}

/// Why a round was not cleared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// Nothing was bid.
    #[error("the book has no bid")]
    NoBid,
    /// A format that takes offers, which a book of bids has none of.
    #[error("account class {name:?} is of format {}, which a book of bids alone does not clear; it clears sealed-bid, greedy and posted", format.name())]
    Format {
        /// The class.
        name: String,
        /// Its format.
        format: Format,
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
}

/// Clears a round, class by class. A function of its arguments until the stop is raised.
///
/// # Errors
/// See [`SessionError`]; nothing was cleared then.
pub fn clear_session(session: &Session<'_>, stop: &Stop) -> Result<SessionOutcome, SessionError> {
    if session.bids.is_empty() {
        return Err(SessionError::NoBid);
    }
    let rules = session.policy.rules();
    let mut fates = screened(session);
    let mut classes = Vec::new();
    for (class, stated) in rules.classes.iter().enumerate() {
        let open: Vec<usize> = (0..fates.len()).filter(|&bid| fates[bid].class == Some(class)).collect();
        let open: Vec<usize> = open.into_iter().filter(|&bid| fates[bid].result == Err(Lost::Outbid)).collect();
        if open.is_empty() {
            continue;
        }
        let mut market = Market::new(session, stated, &open, &mut fates);
        let (surplus, bound, unsettled) = match stated.format {
            Format::SealedBid => market.sealed(&mut fates, stop)?,
            Format::Greedy => market.greedy(&mut fates)?,
            Format::Posted => market.posted(&mut fates),
            format @ (Format::UnitDemand | Format::DoubleAuction) => {
                return Err(SessionError::Format { name: stated.name.clone(), format });
            }
        };
        classes.push(ClassOutcome { class, catalog: market.catalog, surplus, bound, unsettled });
    }
    Ok(SessionOutcome { fates, classes })
}

/// Each bid as the policy sees it before anything is compared: outbid, unless there is another reason.
fn screened(session: &Session<'_>) -> Vec<Fate> {
    let limits = session.policy.rules().bids;
    let mut groups: BTreeMap<BidderIndex, BTreeMap<GroupIndex, u32>> = BTreeMap::new();
    for bid in session.bids {
        *groups.entry(bid.bidder).or_default().entry(bid.group).or_default() += 1;
    }
    let over = |bid: &AccountBid| {
        let of_bidder = &groups[&bid.bidder];
        of_bidder.len() > limits.groups_max as usize
            || of_bidder[&bid.group] > limits.bundles_max
            || bid.wishes.len() > limits.goods_max as usize
            || bid.amount > limits.amount_max
    };
    let look = |bid: &AccountBid| {
        let class = class_of(session, bid);
        let result = match class {
            None => Lost::NotTraded,
            Some(class) => reason(session, &session.policy.rules().classes[class], bid, over(bid)),
        };
        Fate { class, counted: bid.amount, reserve: Money::ZERO, result: Err(result) }
    };
    session.bids.iter().map(look).collect()
}

/// The one class that all accounts of a bid trade in.
fn class_of(session: &Session<'_>, bid: &AccountBid) -> Option<usize> {
    let classes = &session.policy.rules().classes;
    let covering = |wish: &Wish| {
        let place = place(session.fleet, wish.owner);
        classes.iter().position(|class| class.covers(place, wish.kind))
    };
    let first = bid.wishes.first().and_then(covering)?;
    bid.wishes.iter().all(|wish| covering(wish) == Some(first)).then_some(first)
}

/// Why a bid does not take part, or that it is to be compared.
fn reason(session: &Session<'_>, class: &AccountClass, bid: &AccountBid, is_over_limits: bool) -> Lost {
    let terms = session.policy.rules().terms;
    let latest = session.at.after(terms.ahead);
    let fits_terms =
        |wish: &Wish| (terms.least..=terms.most).contains(&wish.interval.span()) && wish.interval.start <= latest;
    let is_unlimited = |wish: &Wish| session.fleet.capacity_at(wish.owner, wish.kind, wish.interval.start) == UNLIMITED;
    if !class.traders.contains(&bid.service) {
        Lost::NotTrader
    } else if bid.wishes.iter().any(is_unlimited) {
        Lost::Unlimited
    } else if !bid.wishes.iter().all(fits_terms) {
        Lost::Term
    } else if is_over_limits {
        Lost::Limits
    } else {
        Lost::Outbid
    }
}

/// The bids of one class that are compared, in the order of their lots.
struct Market<'a> {
    session: &'a Session<'a>,
    class: &'a AccountClass,
    catalog: Catalog,
    /// Positions of bids in the session, each with its bundle.
    entered: Vec<(usize, Vec<(GoodIndex, u64)>)>,
}

/// The bids of a bidder that want a good, and the most that each of its groups wants of it.
type Users = (Vec<usize>, BTreeMap<GroupIndex, u64>);

/// The surplus, a bound on it, and why nothing was settled.
type Cleared = (u128, Option<u128>, Option<Unsettled>);

impl<'a> Market<'a> {
    /// Enters the bids that offer the reserve price for what there is.
    fn new(session: &'a Session<'a>, class: &'a AccountClass, open: &[usize], fates: &mut [Fate]) -> Market<'a> {
        let wishes = open.iter().flat_map(|&bid| &session.bids[bid].wishes);
        let catalog = Catalog::new(session.fleet, class, wishes);
        let seed = session.policy.rules().tie_break_seed;
        let mut order = open.to_vec();
        order.sort_by_key(|&bid| lot(seed, bid));
        let mut entered = Vec::new();
        for bid in order {
            let bundle = catalog.bundle(&session.bids[bid].wishes);
            let fate = &mut fates[bid];
            fate.reserve = catalog.cost(&bundle, |at| catalog.goods()[at].reserve);
            if let Some(cap) = class.price_cap {
                fate.counted = fate.counted.min(catalog.cost(&bundle, |_| cap));
            }
            let fits = |&(good, quantity): &(GoodIndex, u64)| {
                quantity <= class.holder_cap(catalog.goods()[good.0 as usize].offered)
            };
            if !bundle.iter().all(fits) {
                fate.result = Err(Lost::Supply);
            } else if fate.counted < fate.reserve {
                fate.result = Err(Lost::Reserve);
            } else {
                entered.push((bid, bundle));
            }
        }
        Market { session, class, catalog, entered }
    }

    /// Winners by integer program. The reserve price of a bundle is taken off its bid and put onto its payment, as the
    /// seller's own bid for it would.
    fn sealed(&mut self, fates: &mut [Fate], stop: &Stop) -> Result<Cleared, SessionError> {
        let mut offers: Vec<Offer> =
            self.catalog.goods().iter().map(|good| Offer { quantity: good.offered, reserve: 0 }).collect();
        let bundles = self.bundles_with_caps(&mut offers);
        let bids = self.entered.iter().zip(bundles).map(|((bid, _), bundle)| {
            let (stated, fate) = (&self.session.bids[*bid], &fates[*bid]);
            let net = (fate.counted.0 - fate.reserve.0).unsigned_abs();
            Bid { bidder: stated.bidder, group: stated.group, amount: net, bundle }
        });
        let book = Book::new(bids.collect())?;
        let payments = match self.class.payment {
            PaymentRule::Vcg => rules::PaymentRule::Vcg,
            PaymentRule::Core => rules::PaymentRule::Core,
            PaymentRule::NearestCore => rules::PaymentRule::NearestCore,
            _ => rules::PaymentRule::PayAsBid,
        };
        let seed = self.session.policy.rules().tie_break_seed;
        let rules = rules::Rules { payments, seed };
        let outcome = clear(&book, &Supply { offers }, &rules, stop, &mut |_, _| {})?;
        let settled: BTreeMap<BidderIndex, u64> = match &outcome.settlement {
            Ok(payments) => payments.iter().map(|payment| (payment.bidder, payment.settled)).collect(),
            Err(unsettled) => {
                self.entered.iter().for_each(|&(bid, _)| fates[bid].result = Err(Lost::Unsettled));
                return Ok((0, Some(outcome.bound), Some(*unsettled)));
            }
        };
        for &at in &outcome.winners {
            let bid = self.entered[at].0;
            let fate = &mut fates[bid];
            let net = match payments {
                rules::PaymentRule::PayAsBid => book.bids()[at].amount,
                // One group a bidder, so one winning bid.
                _ => settled.get(&self.session.bids[bid].bidder).copied().unwrap_or(0),
            };
            fate.result = Ok(Money::of(u128::from(net) + u128::from(fate.reserve.0.unsigned_abs())));
        }
        Ok((outcome.surplus, Some(outcome.bound), None))
    }

    /// The bundles of a book; a bidder with several groups that could win too much of a good together shares a further good,
    /// of which there is as much as one bidder may win.
    fn bundles_with_caps(&self, offers: &mut Vec<Offer>) -> Vec<Vec<(GoodIndex, u64)>> {
        let mut bundles: Vec<Vec<(GoodIndex, u64)>> = self.entered.iter().map(|entered| entered.1.clone()).collect();
        let mut wanted: BTreeMap<(BidderIndex, GoodIndex), Users> = BTreeMap::new();
        for (at, (bid, bundle)) in self.entered.iter().enumerate() {
            let stated = &self.session.bids[*bid];
            for &(good, quantity) in bundle {
                let (users, most) = wanted.entry((stated.bidder, good)).or_default();
                users.push(at);
                let most = most.entry(stated.group).or_default();
                *most = quantity.max(*most);
            }
        }
        for ((_, good), (users, most)) in wanted {
            let cap = self.class.holder_cap(self.catalog.goods()[good.0 as usize].offered);
            let together: u128 = most.values().map(|&quantity| u128::from(quantity)).sum();
            if most.len() > 1 && together > u128::from(cap) {
                let shared = GoodIndex(u32::try_from(offers.len()).expect("goods are counted in 32 bits"));
                offers.push(Offer { quantity: cap, reserve: 0 });
                for at in users {
                    let quantity = self.entered[at].1.iter().find(|entry| entry.0 == good).map_or(0, |entry| entry.1);
                    bundles[at].push((shared, quantity));
                }
            }
        }
        bundles
    }

    /// Winners by value over the root of weighted size, one bid of a bidder.
    fn greedy(&mut self, fates: &mut [Fate]) -> Result<Cleared, SessionError> {
        let mut bids_of: BTreeMap<BidderIndex, u32> = BTreeMap::new();
        for bid in self.session.bids {
            *bids_of.entry(bid.bidder).or_default() += 1;
        }
        self.entered.retain(|&(bid, _)| {
            let is_alone = bids_of[&self.session.bids[bid].bidder] == 1;
            if !is_alone {
                fates[bid].result = Err(Lost::SeveralBids);
            }
            is_alone
        });
        let bids: Vec<SingleMinded> = self
            .entered
            .iter()
            .map(|(bid, bundle)| {
                let goods = bundle.iter().map(|&(good, quantity)| (good.0, quantity)).collect();
                SingleMinded { value: fates[*bid].counted, reserve: fates[*bid].reserve, goods }
            })
            .collect();
        let supply: Vec<u64> = self.catalog.goods().iter().map(|good| good.offered).collect();
        let payments = greedy::clear(&supply, &bids, self.session.policy.rules().tie_break_seed)?;
        Ok((self.award(fates, payments), None, None))
    }

    /// In the order of lots, each takes at the reserve price what is left: what a posted price is before its first step.
    fn posted(&mut self, fates: &mut [Fate]) -> Cleared {
        let mut left: Vec<u64> = self.catalog.goods().iter().map(|good| good.offered).collect();
        let mut payments = Vec::with_capacity(self.entered.len());
        for (bid, bundle) in &self.entered {
            let is_there = bundle.iter().all(|&(good, quantity)| quantity <= left[good.0 as usize]);
            if is_there {
                bundle.iter().for_each(|&(good, quantity)| left[good.0 as usize] -= quantity);
            }
            payments.push(is_there.then_some(fates[*bid].reserve));
        }
        (self.award(fates, payments), None, None)
    }

    /// Writes down who pays what, and gives the surplus.
    fn award(&self, fates: &mut [Fate], payments: Vec<Option<Money>>) -> u128 {
        let mut surplus = 0;
        for ((bid, _), paid) in self.entered.iter().zip(payments) {
            if let Some(paid) = paid {
                let fate = &mut fates[*bid];
                fate.result = Ok(paid);
                surplus += u128::from((fate.counted.0 - fate.reserve.0).unsigned_abs());
            }
        }
        surplus
    }
}
