//! Winner determination: the bids of greatest surplus that the supply holds, one of each group at most.

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::packing::{BinRow, Improver, Known, Packing, PackingColumn, PackingOutcome, Prepared};
use lessor_solver::support::stop::Stop;

use crate::book::{BidderIndex, Book, GroupIndex, Supply};

/// Why a book cannot be cleared on a supply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClearError {
    /// A bid on a good that is not offered.
    #[error("bid {bid}: good {good} is not offered")]
    UnknownGood {
        /// The position of the bid.
        bid: usize,
        /// The good.
        good: u32,
    },
    /// A payment rule of another format.
    #[error("bids on bundles are not settled by the payment rule {rule}")]
    Payments {
        /// The rule.
        rule: &'static str,
    },
}

/// A book on its supply, lowered to a packing whose solves share what they find.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    pub(crate) book: &'a Book,
    /// What each bid offers beyond the reserves of its bundle; zero where it offers less, or asks for more than there is.
    pub(crate) surpluses: Vec<u64>,
    /// What the seller asks for the bundle of each bid.
    pub(crate) reserves: Vec<u128>,
    /// Bidders with bids in several groups. Each has a further column, after the bids, that takes all of its groups and is worth
    /// nothing: what it is worth to a bidder to stay out with all of them.
    pub(crate) outs: Vec<BidderIndex>,
    /// How much there is of each good.
    pub(crate) offered: Vec<u64>,
    prepared: Prepared,
}

impl<'a> Round<'a> {
    /// Lowers a book: each bid is a column, each good a row, and each group of several bids, or of a bidder with several, a row of
    /// capacity one.
    ///
    /// A reserve price is the seller's own bid for a unit, so that a bid is worth what it offers beyond the reserves; one that
    /// offers no more than them does not win.
    pub(crate) fn new(book: &'a Book, supply: &Supply) -> Result<Round<'a>, ClearError> {
        Round::with_bins(book, supply, Vec::new())
    }

    /// The same where some goods are rows of bins that are alike.
    pub(crate) fn with_bins(
        book: &'a Book,
        supply: &Supply,
        bins: Vec<Option<BinRow>>,
    ) -> Result<Round<'a>, ClearError> {
        let mut sizes: BTreeMap<GroupIndex, u32> = BTreeMap::new();
        book.bids().iter().for_each(|bid| *sizes.entry(bid.group).or_default() += 1);
        let goods = supply.offers.len();
        let mut outs: BTreeMap<BidderIndex, BTreeSet<GroupIndex>> = BTreeMap::new();
        for bid in book.bids().iter().filter(|bid| book.group_of(bid.bidder).is_none()) {
            outs.entry(bid.bidder).or_default().insert(bid.group);
        }
        let among: BTreeSet<GroupIndex> = outs.values().flatten().copied().collect();
        let several =
            sizes.into_iter().filter(|(group, size)| *size > 1 || among.contains(group)).map(|(group, _)| group);
        let rows: BTreeMap<GroupIndex, u32> = several
            .zip(goods..)
            .map(|(group, row)| (group, u32::try_from(row).expect("goods and groups are counted in 32 bits")))
            .collect();
        let (mut surpluses, mut reserves, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        for (at, bid) in book.bids().iter().enumerate() {
            let (mut reserve, mut fits) = (0_u128, true);
            let mut entries = Vec::with_capacity(bid.bundle.len() + 1);
            for &(good, quantity) in &bid.bundle {
                let offer = supply.offers.get(good.0 as usize);
                let offer = offer.ok_or(ClearError::UnknownGood { bid: at, good: good.0 })?;
                reserve = reserve.saturating_add(u128::from(offer.reserve) * u128::from(quantity));
                fits &= quantity <= offer.quantity;
                entries.push((good.0, quantity));
            }
            entries.extend(rows.get(&bid.group).map(|&row| (row, 1)));
            let surplus = u128::from(bid.amount).saturating_sub(reserve);
            // What never fits is worth nothing: floats are scaled by the greatest worth.
            let worth = if fits { u64::try_from(surplus).expect("a surplus is at most the amount") } else { 0 };
            surpluses.push(worth);
            reserves.push(reserve);
            columns.push(PackingColumn { worth, entries });
        }
        columns.extend(outs.values().map(|groups| {
            let entries = groups.iter().map(|group| (rows[group], 1)).collect();
            PackingColumn { worth: 0, entries }
        }));
        let outs = outs.into_keys().collect();
        let offered: Vec<u64> = supply.offers.iter().map(|offer| offer.quantity).collect();
        let capacities = offered.iter().copied().chain(rows.iter().map(|_| 1));
        let packing = Packing::new(capacities.collect(), columns);
        // Rows are there, bundles are sorted, and 2^27 bids of 2^53 are the most.
        let packing = packing.expect("a book and its supply make a packing").with_bins(bins);
        Ok(Round { book, surpluses, reserves, outs, offered, prepared: Prepared::new(&packing) })
    }

    /// Chooses winners.
    pub(crate) fn solve(&mut self, seed: u64, stop: &Stop, report: &mut dyn FnMut(u128, u128)) -> PackingOutcome {
        self.prepared.solve(seed, stop, report)
    }

    /// A search for other winners, which goes on from one look to the next.
    pub(crate) fn improver(&self) -> Improver<'_> {
        self.prepared.improver()
    }

    /// Looks for winners that are worth more, where each bid and each out is worth something else, than some winners by more than a
    /// slack: none of them only where there are none. `None` where the stop came first.
    pub(crate) fn improve(
        &self,
        improver: &mut Improver<'_>,
        (worths, known): (&[u64], Known<'_>),
        seed: u64,
        stop: &Stop,
    ) -> Option<Vec<Vec<usize>>> {
        let found = improver.better(worths, known, seed, stop);
        if found.better.is_empty() && !found.is_complete {
            return None;
        }
        // Bids that are worth nothing may be among them: whoever makes them is none the better for it.
        let counts = |column: &usize| *column < self.surpluses.len() && worths[*column] > 0;
        let bids = |chosen: Vec<usize>| chosen.into_iter().filter(counts).collect();
        Some(found.better.into_iter().map(bids).collect())
    }

    /// Chooses winners without each of some bidders, who take all of their bids with them, and tells of each solve without which it
    /// was.
    pub(crate) fn solve_without(
        &self,
        bidders: &[Winner],
        seed: u64,
        stop: &Stop,
        done: &(dyn Fn(usize) + Sync),
    ) -> Vec<PackingOutcome> {
        let mut groups = vec![Vec::new(); bidders.len()];
        for (at, bid) in self.book.bids().iter().enumerate() {
            if let Ok(group) = bidders.binary_search_by_key(&bid.bidder, |winner| winner.bidder) {
                groups[group].push(at);
            }
        }
        self.prepared.solve_without(&groups, seed, stop, done)
    }

    /// What all other bids are worth at most where each of some lists of bids wins; `None` where that is not proved.
    pub(crate) fn surplus_beside(&self, bids: &[Vec<usize>], seed: u64, stop: &Stop) -> Vec<Option<u128>> {
        self.prepared.worth_beside(bids, seed, stop)
    }

    /// Winning bidders, each once, in order, with what their winning bids are worth and ask together.
    pub(crate) fn winning(&self, winners: &[usize]) -> Vec<Winner> {
        let mut found: BTreeMap<BidderIndex, (u128, u128)> = BTreeMap::new();
        for &bid in winners {
            let entry = found.entry(self.book.bids()[bid].bidder).or_default();
            entry.0 += u128::from(self.surpluses[bid]);
            entry.1 += self.reserves[bid];
        }
        found.into_iter().map(|(bidder, (surplus, reserve))| Winner { bidder, surplus, reserve }).collect()
    }
}

/// A bidder who wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Winner {
    pub(crate) bidder: BidderIndex,
    /// What the winning bids offer beyond the reserves.
    pub(crate) surplus: u128,
    /// The reserves of what is won.
    pub(crate) reserve: u128,
}
