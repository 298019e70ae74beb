//! One account class in one round: the bids and offers that are compared, in the order of their lots.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::NodeIndex;

use super::alternatives::Alternatives;
use super::anywhere::Anywhere;
use super::catalog::{Catalog, ListedGood, Wish, ask};
use super::fate::{Fate, Lost, OfferFate};
use super::{AccountBid, Compared, PartTerm, Session, SessionError};
use crate::book::{BidderIndex, GoodIndex, GroupIndex};
use crate::clear::outcome::Unsettled;
use crate::linear_prices::LinearPrices;
use crate::lot::lot;
use crate::money::Money;
use crate::policy::{AccountClass, Format, PaymentRule};
use crate::settlement::SellerId;

/// Parts of bids, a good each, with which one class is cleared at most.
const PARTS_MAX: usize = 1 << 23;

/// Units of goods, each good once, in order.
pub(super) type Bundle = Vec<(GoodIndex, u64)>;

/// A bid or an offer that is compared, a bid on a node class once for each node.
#[derive(Clone, Debug)]
pub(super) struct Entered {
    /// Its position in the session.
    pub(super) at: usize,
    /// At which node of its class.
    pub(super) node: Option<NodeIndex>,
    /// What it is for.
    pub(super) bundle: Bundle,
    /// What a bid counts for, or an offer asks.
    pub(super) amount: Money,
    /// The reserve price of a bid's bundle; nothing of an offer.
    pub(super) reserve: Money,
}

impl Entered {
    /// What is told of a bid that was compared.
    pub(super) fn compared(&self) -> Compared {
        Compared { bid: self.at, node: self.node, counted: self.amount, reserve: self.reserve }
    }

    /// What a bid offers beyond its reserve price.
    pub(super) fn net(&self) -> u64 {
        Money(self.amount.0 - self.reserve.0).micro_credits()
    }
}

/// The bids and offers of one class.
#[derive(Debug)]
pub(super) struct Market<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) class: &'a AccountClass,
    pub(super) catalog: Catalog,
    pub(super) bids: Vec<Entered>,
    pub(super) offers: Vec<Entered>,
    /// What bidders got already of goods, where they trade in parts first.
    pub(super) taken: BTreeMap<(BidderIndex, GoodIndex), u64>,
    /// The nodes at which bids on node classes are compared: those that are alike together, in the order of their lots.
    pub(super) alike: Vec<Vec<NodeIndex>>,
}

/// What came of a class, beside the fates.
#[derive(Clone, Debug, Default)]
pub(super) struct Cleared {
    /// What winners offer beyond reserve prices, or beyond what sellers ask.
    pub(super) surplus: u128,
    /// A proven limit on that; `None` where the format proves none.
    pub(super) bound: Option<u128>,
    /// Why nothing was settled, where nothing was.
    pub(super) unsettled: Option<Unsettled>,
    /// Prices of goods that everybody pays, where the rule has such, in micro-credits per 10^6 base units and hour.
    pub(super) prices: BTreeMap<GoodIndex, u64>,
    /// Of goods that trade in parts, what who trades whole pays.
    pub(super) whole_prices: BTreeMap<GoodIndex, u64>,
    /// What who trades in parts pays, by account and term.
    pub(super) part_prices: BTreeMap<PartTerm, u64>,
    /// What each winner owes by a rule of sealed bids before it is rounded up, in millionths of a micro-credit.
    pub(super) exact_payments: BTreeMap<BidderIndex, u128>,
}

/// What came of bids and of offers, as it becomes known.
#[derive(Debug)]
pub(super) struct Fates {
    pub(super) bids: Vec<Fate>,
    pub(super) offers: Vec<OfferFate>,
}

impl Fates {
    /// The bids of a class that nothing speaks against so far.
    fn open_bids(&self, class: usize) -> Vec<usize> {
        let is_open = |&at: &usize| self.bids[at].class == Some(class) && self.bids[at].result == Err(Lost::Outbid);
        (0..self.bids.len()).filter(is_open).collect()
    }

    /// Says that a bid won, and where.
    pub(super) fn win(&mut self, entered: &Entered, paid: Money) {
        let fate = &mut self.bids[entered.at];
        (fate.node, fate.counted, fate.reserve) = (entered.node, entered.amount, Some(entered.reserve));
        fate.result = Ok(paid);
    }

    /// Says why a bid did not win. Of a bid on a node class what it won at another node stands, and so does that the
    /// lot or prices kept it from one.
    pub(super) fn lose(&mut self, entered: &Entered, lost: Lost) {
        let result = &mut self.bids[entered.at].result;
        let stands = entered.node.is_some() && matches!(result, Ok(_) | Err(Lost::Lot | Lost::Paradox));
        if !stands {
            *result = Err(lost);
        }
    }

    /// Whether this is what a bid won, and where.
    fn has_won(&self, entered: &Entered) -> bool {
        let fate = &self.bids[entered.at];
        fate.result.is_ok() && fate.node == entered.node
    }

    /// Takes bids out that wait for their class, where another of their group has won. Of classes that were cleared, everybody
    /// has been told already.
    pub(super) fn close_groups(&mut self, bids: &[AccountBid], cleared: usize) {
        let group = |bid: &AccountBid| (bid.bidder, bid.group);
        let won: BTreeSet<_> =
            bids.iter().zip(&self.bids).filter(|(_, fate)| fate.result.is_ok()).map(|(bid, _)| group(bid)).collect();
        for (bid, fate) in bids.iter().zip(&mut self.bids) {
            let waits = fate.result == Err(Lost::Outbid) && fate.class.is_some_and(|class| class > cleared);
            if waits && won.contains(&group(bid)) {
                fate.result = Err(Lost::GroupWon);
            }
        }
    }

    /// The offers of a class that nothing speaks against so far.
    fn open_offers(&self, class: usize) -> Vec<usize> {
        let is_open = |&at: &usize| self.offers[at].class == Some(class) && self.offers[at].result == Err(Lost::Outbid);
        (0..self.offers.len()).filter(is_open).collect()
    }
}

impl<'a> Market<'a> {
    /// Enters the bids that offer something, and the reserve price at least, for what there is, and the offers of what may trade;
    /// `None` where there is neither.
    ///
    /// # Errors
    /// Bids of more parts than one class is cleared with, at all nodes of their classes.
    pub(super) fn new(
        session: &'a Session<'a>,
        class: usize,
        fates: &mut Fates,
    ) -> Result<Option<Market<'a>>, SessionError> {
        let (bids, offers) = (fates.open_bids(class), fates.open_offers(class));
        if bids.is_empty() && offers.is_empty() {
            return Ok(None);
        }
        let stated = &session.policy.rules().classes[class];
        let bids = by_lot(session, bids);
        let wanted = bids.iter().flat_map(|&at| &session.bids[at].wishes);
        let offered = offers.iter().flat_map(|&at| session.offers[at].goods.iter().map(|good| &good.wish));
        let named = wanted.chain(offered);
        let alternatives = Alternatives::new(session, stated, &bids, named.clone(), PARTS_MAX)?;
        let (ground, policy, wishes) = (&session.ground, session.policy, named.chain(alternatives.wishes()));
        let catalog = if stated.format.takes_offers() {
            Catalog::of_named(ground, policy, stated, wishes)
        } else {
            Catalog::new(ground, policy, stated, wishes)
        };
        let (bids_in, offers_in, taken) = (Vec::new(), Vec::new(), BTreeMap::new());
        let alike = Vec::new();
        let mut market = Market { session, class: stated, catalog, bids: bids_in, offers: offers_in, taken, alike };
        if stated.format.takes_offers() {
            market.enter_offers(offers, &mut fates.offers);
        }
        market.enter_bids(&bids, &alternatives, &mut fates.bids)?;
        market.alike = alternatives.into_alike();
        Ok(Some(market))
    }

    /// Enters offers as long as all of them together are no more than may trade, of their accounts and of those above them, so that
    /// no price decides which; what is let is what they offer, at what they ask.
    fn enter_offers(&mut self, open: Vec<usize>, fates: &mut [OfferFate]) {
        let all = open.iter().flat_map(|&at| self.session.offers[at].goods.iter().map(|good| &good.wish));
        let debited = Catalog::new(&self.session.ground, self.session.policy, self.class, all);
        let mut room: Vec<u64> = debited.goods().iter().map(|good| good.offered).collect();
        let mut offered = vec![0_u64; self.catalog.goods().len()];
        self.catalog.replace_supply(&offered);
        for at in by_lot(self.session, open) {
            let offer = &self.session.offers[at];
            let wishes: Vec<_> = offer.goods.iter().map(|good| good.wish).collect();
            let bundle = self.catalog.bundle(&wishes);
            let Some(amount) = Money::exactly(ask(self.session.ground.fleet, &offer.goods)) else {
                fates[at].result = Err(Lost::Limits);
                continue;
            };
            let takes = debited.bundle(&wishes);
            if takes.iter().all(|&(good, quantity)| quantity <= room[good.0 as usize]) {
                takes.iter().for_each(|&(good, quantity)| room[good.0 as usize] -= quantity);
                bundle.iter().for_each(|&(good, quantity)| offered[good.0 as usize] += quantity);
                self.offers.push(Entered { at, node: None, bundle, amount, reserve: Money::ZERO });
            } else {
                fates[at].result = Err(Lost::Supply);
            }
        }
        self.catalog.replace_supply(&offered);
    }

    /// Enters bids in the order of their lots, those on a node class at each node where they may win: at that which costs least
    /// first, of equals at that whose lot comes first.
    fn enter_bids(
        &mut self,
        open: &[usize],
        alternatives: &Alternatives,
        fates: &mut [Fate],
    ) -> Result<(), SessionError> {
        let seed = self.session.policy.rules().tie_break_seed;
        let mut parts = 0;
        for &at in open {
            let mut tried: Vec<(Entered, u128)> = Vec::new();
            let nodes = alternatives.of(at).iter().copied().map(Some);
            let named = self.session.bids[at].anywhere.is_none().then_some(None);
            for node in nodes.chain(named) {
                let stated = self.stated(at, node);
                parts += stated.0.bundle.len();
                if parts > PARTS_MAX {
                    return Err(SessionError::TooManyParts { most: PARTS_MAX });
                }
                tried.push(stated);
            }
            tried.sort_by_key(|(one, reserve)| (*reserve, one.node.map(|node| lot(seed, node.at()))));
            if let Some(lost) = self.enter(tried, &mut fates[at]) {
                fates[at].result = Err(lost);
            }
        }
        Ok(())
    }

    /// Enters a bid at those of its nodes, each with the reserve price, where it may win, and tells what it counts for at the
    /// first; or why it enters nowhere.
    fn enter(&mut self, mut tried: Vec<(Entered, u128)>, fate: &mut Fate) -> Option<Lost> {
        let first = |tried: &[(Entered, u128)]| tried.first().map(|(one, _)| one.compared());
        // Nodes without a limit are not among them.
        let Some(told) = first(&tried) else { return Some(Lost::Unlimited) };
        tried.retain(|(one, _)| self.may_fit(one.at, &one.bundle));
        let told = first(&tried).unwrap_or(told);
        (fate.counted, fate.reserve) = (told.counted, Some(told.reserve));
        if tried.is_empty() {
            return Some(Lost::Supply);
        }
        tried.retain(|(one, reserve)| one.amount > Money::ZERO && u128::from(one.amount.micro_credits()) >= *reserve);
        let is_below = tried.is_empty();
        self.bids.extend(tried.into_iter().map(|(one, _)| one));
        is_below.then_some(Lost::Reserve)
    }

    /// A bid at a node of its class, or for what it names: what it takes and what it counts for, with its reserve price, which
    /// may be beyond all amounts.
    fn stated(&self, at: usize, node: Option<NodeIndex>) -> (Entered, u128) {
        let bid = &self.session.bids[at];
        let bundle = self.catalog.bundle(&bid.wishes_at(node));
        let reserve = self.catalog.cost(&bundle, |good| self.catalog.goods()[good].reserve);
        let capped = |cap| {
            let price = |good: usize| if self.catalog.goods()[good].is_of_class { cap } else { 0 };
            Money::of(self.catalog.cost(&bundle, price))
        };
        let amount = self.class.price_cap.map_or(bid.amount, |cap| bid.amount.min(capped(cap)));
        (Entered { at, node, bundle, amount, reserve: Money::of(reserve) }, reserve)
    }

    /// Whether a bid may win what it is for, or a part of that where parts are traded and it welcomes one.
    fn may_fit(&self, at: usize, bundle: &Bundle) -> bool {
        let is_rule_of_parts = (self.class.format, self.class.payment) == (Format::DoubleAuction, PaymentRule::Uniform);
        let bid = &self.session.bids[at];
        if is_rule_of_parts && bid.divisible().is_some() {
            bundle.iter().all(|&(good, _)| self.holder_cap(good) > 0)
        } else {
            self.fits(bid.bidder, bundle)
        }
    }

    /// Whether a bidder may win all of a bundle.
    fn fits(&self, bidder: BidderIndex, bundle: &Bundle) -> bool {
        bundle.iter().all(|&(good, quantity)| quantity <= self.may_win(bidder, good))
    }

    /// The most that a bidder may win of a good beside what it got already.
    pub(super) fn may_win(&self, bidder: BidderIndex, good: GoodIndex) -> u64 {
        let taken = self.taken.get(&(bidder, good)).copied().unwrap_or(0);
        self.holder_cap(good).saturating_sub(taken)
    }

    /// Counts what the bidder of a bid for one account got of it.
    pub(super) fn count(&mut self, entered: &Entered, got: u64) {
        let bidder = self.bidder(entered);
        for &(good, _) in &entered.bundle {
            *self.taken.entry((bidder, good)).or_default() += got;
        }
    }

    /// Takes out the bids for more than one bidder may win. A bid on a node class stays at the nodes where it may.
    pub(super) fn leave_out_too_large(&mut self, fates: &mut Fates) {
        let bids = std::mem::take(&mut self.bids).into_iter();
        let (fitting, too_large): (Vec<Entered>, Vec<Entered>) =
            bids.partition(|bid| self.fits(self.bidder(bid), &bid.bundle));
        let stays: BTreeSet<usize> = fitting.iter().map(|bid| bid.at).collect();
        self.bids = fitting;
        for bid in too_large.iter().filter(|bid| !stays.contains(&bid.at)) {
            fates.bids[bid.at].result = Err(Lost::Supply);
        }
    }

    /// Takes out the bids of some bidders, of whom the format takes fewer.
    pub(super) fn leave_out_bids(&mut self, fates: &mut Fates, of: &BTreeSet<BidderIndex>) {
        let session = self.session;
        leave_out(
            &mut self.bids,
            |at| of.contains(&session.bids[at].bidder),
            |at| {
                fates.bids[at].result = Err(Lost::SeveralBids);
            },
        );
    }

    /// Takes out the offers of some sellers, of whom the format takes fewer.
    pub(super) fn leave_out_offers(&mut self, fates: &mut Fates, of: &BTreeSet<SellerId>) {
        let session = self.session;
        leave_out(
            &mut self.offers,
            |at| of.contains(&session.offers[at].seller),
            |at| {
                fates.offers[at].result = Err(Lost::SeveralBids);
            },
        );
    }

    /// Who makes a bid.
    pub(super) fn bidder(&self, entered: &Entered) -> BidderIndex {
        self.session.bids[entered.at].bidder
    }

    /// Who makes an offer.
    pub(super) fn seller(&self, entered: &Entered) -> SellerId {
        self.session.offers[entered.at].seller
    }

    /// The most that one bidder may win of a good.
    pub(super) fn holder_cap(&self, good: GoodIndex) -> u64 {
        self.catalog.goods()[good.0 as usize].holder_cap()
    }

    /// Prices beyond reserve prices as they are told: with these, for 10^6 base units and hour.
    pub(super) fn told(&self, prices: &LinearPrices) -> BTreeMap<GoodIndex, u64> {
        let price = |(good, listed): (GoodIndex, &ListedGood)| {
            (good, listed.reserve.saturating_add(prices.stated(good, listed.interval.span().0)))
        };
        (0..).map(GoodIndex).zip(self.catalog.goods()).map(price).collect()
    }

    /// Writes down who pays what, and gives the surplus.
    pub(super) fn award(&self, fates: &mut Fates, payments: Vec<Option<Money>>) -> u128 {
        let mut surplus = 0;
        for (entered, paid) in self.bids.iter().zip(payments) {
            if let Some(paid) = paid {
                fates.win(entered, paid);
                surplus += u128::from(entered.net());
            }
        }
        surplus
    }

    /// What each bidder won whole of each good.
    fn won(&self, fates: &Fates) -> BTreeMap<(BidderIndex, GoodIndex), u64> {
        let mut won: BTreeMap<(BidderIndex, GoodIndex), u64> = BTreeMap::new();
        let is_won = |entered: &&Entered| fates.has_won(entered) && fates.bids[entered.at].part.is_none();
        for entered in self.bids.iter().filter(is_won) {
            let bidder = self.bidder(entered);
            entered.bundle.iter().for_each(|&(good, quantity)| *won.entry((bidder, good)).or_default() += quantity);
        }
        won
    }

    /// Says of bids and offers that nothing but the lot kept out that it did: an equal one won, and nothing else of their group,
    /// nor so much else of their bidder's that it may not win them too. O(n log n) in goods of all bundles.
    pub(super) fn tell_ties(&self, fates: &mut Fates) {
        let by_bidder = self.won(fates);
        let may_win_too = |bidder: BidderIndex, bundle: &Bundle| {
            let beside = |good: GoodIndex| by_bidder.get(&(bidder, good)).copied().unwrap_or(0);
            bundle.iter().all(|&(good, quantity)| beside(good).saturating_add(quantity) <= self.may_win(bidder, good))
        };
        let bid = |entered: &Entered| &self.session.bids[entered.at];
        let won = || self.bids.iter().filter(|entered| fates.has_won(entered));
        let group = |entered: &Entered| (bid(entered).bidder, bid(entered).group);
        let groups: BTreeSet<(BidderIndex, GroupIndex)> = won().map(group).collect();
        let equals: BTreeSet<(Money, bool, &Bundle)> = won().map(|entered| key(self.session.bids, entered)).collect();
        // Bids on one node class may be compared at different nodes that are alike.
        let stated = |entered: &Entered| Some((entered.amount, &*bid(entered).wishes, bid(entered).anywhere.as_ref()?));
        let alike: BTreeSet<(Money, &[Wish], &Anywhere)> = won().filter_map(stated).collect();
        for entered in &self.bids {
            let is_equal = equals.contains(&key(self.session.bids, entered))
                || stated(entered).is_some_and(|one| alike.contains(&one));
            let is_open = !groups.contains(&group(entered))
                && (bid(entered).is_divisible || may_win_too(bid(entered).bidder, &entered.bundle));
            let fate = &mut fates.bids[entered.at];
            if fate.result == Err(Lost::Outbid) && is_equal && is_open {
                fate.result = Err(Lost::Lot);
            }
        }
        let is_divisible = |at: usize| self.session.offers[at].is_divisible;
        let sold = self.offers.iter().filter(|entered| fates.offers[entered.at].result.is_ok());
        let equals: BTreeSet<(Money, bool, &Bundle)> =
            sold.map(|entered| (fates.offers[entered.at].ask, is_divisible(entered.at), &entered.bundle)).collect();
        for Entered { at, bundle, .. } in &self.offers {
            let fate = &mut fates.offers[*at];
            if fate.result == Err(Lost::Outbid) && equals.contains(&(fate.ask, is_divisible(*at), bundle)) {
                fate.result = Err(Lost::Lot);
            }
        }
    }

    /// Nobody wins, because the rule could not settle.
    pub(super) fn give_up(&self, fates: &mut Fates, bound: Option<u128>, why: Unsettled) -> Cleared {
        self.bids.iter().for_each(|entered| fates.bids[entered.at].result = Err(Lost::Unsettled));
        self.offers.iter().for_each(|entered| fates.offers[entered.at].result = Err(Lost::Unsettled));
        Cleared { bound, unsettled: Some(why), ..Cleared::default() }
    }
}

/// What is equal of two bids on the same accounts.
fn key<'e>(bids: &[AccountBid], entered: &'e Entered) -> (Money, bool, &'e Bundle) {
    (entered.amount, bids[entered.at].is_divisible, &entered.bundle)
}

/// Positions in the order of their lots.
fn by_lot(session: &Session<'_>, mut positions: Vec<usize>) -> Vec<usize> {
    let seed = session.policy.rules().tie_break_seed;
    positions.sort_by_key(|&at| lot(seed, at));
    positions
}

/// What an offer gets, which is an amount or nobody trades.
pub(super) fn gets(offer: usize, gets: u128) -> Result<Money, SessionError> {
    Money::exactly(gets).ok_or(SessionError::Proceeds { offer, gets })
}

/// Takes out what a predicate names, and says so.
fn leave_out(entered: &mut Vec<Entered>, is_named: impl Fn(usize) -> bool, mut told: impl FnMut(usize)) {
    entered.retain(|one| {
        let leaves = is_named(one.at);
        if leaves {
            told(one.at);
        }
        !leaves
    });
}

/// Whoever comes more than once.
pub(super) fn repeated<T: Copy + Ord>(parties: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut seen = BTreeSet::new();
    parties.filter(|&party| !seen.insert(party)).collect()
}
