//! What is bid: goods with what there is of them, and bids for bundles in exclusive groups.

use std::collections::BTreeMap;

use lessor_models::families::auction::{AuctionBid, AuctionInstance};

/// A good's position in a [`Supply`]: some quantity of one account over one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoodIndex(pub u32);

/// Whoever bids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BidderIndex(pub u32);

/// A set of bids of one bidder of which one wins at most (XOR).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(pub u32);

/// What is offered of one good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// How many units there are.
    pub quantity: u64,
    /// The least the seller takes for a unit, in micro-credits.
    pub reserve: u64,
}

/// All that is offered, good by good. The seller of all goods is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    /// The goods.
    pub offers: Vec<Offer>,
}

/// A bid: so much for a whole bundle, or nothing for less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bid {
    /// Whoever pays.
    pub bidder: BidderIndex,
    /// The bids that it excludes.
    pub group: GroupIndex,
    /// What is paid at most, in micro-credits.
    pub amount: u64,
    /// Units of goods, each good once, in order; nothing is zero.
    pub bundle: Vec<(GoodIndex, u64)>,
}

/// Bids of one round; valid once it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    bids: Vec<Bid>,
    /// For each bidder, the group of all of its bids; nothing where it has several.
    groups: BTreeMap<BidderIndex, Option<GroupIndex>>,
}

/// The most that one bid may offer: 2^53 micro-credits, so that sums over a book stay exact everywhere.
pub const AMOUNT_MAX: u64 = 1 << 53;

/// The most bids of a book: what they offer together stays below the greatest worth of a packing, 2^80.
pub const BIDS_MAX: usize = 1 << 27;

/// Why bids make no book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// More bids than [`BIDS_MAX`].
    #[error("{count} bids are more than a book may hold, {BIDS_MAX}")]
    Bids {
        /// How many there are.
        count: usize,
    },
    /// A bundle of nothing.
    #[error("bid {bid}: the bundle is empty")]
    EmptyBundle {
        /// The position of the bid.
        bid: usize,
    },
    /// Quantities that are zero, or goods out of order or named twice.
    #[error("bid {bid}: goods must be in order, each once, with quantities above zero")]
    Bundle {
        /// The position of the bid.
        bid: usize,
    },
    /// An amount above [`AMOUNT_MAX`].
    #[error("bid {bid}: {amount} is above the most that a bid may offer, {AMOUNT_MAX}")]
    Amount {
        /// The position of the bid.
        bid: usize,
        /// What it offers.
        amount: u64,
    },
    /// A group of two bidders.
    #[error("bid {bid}: its group belongs to another bidder")]
    Group {
        /// The position of the bid.
        bid: usize,
    },
}

impl Book {
    /// A book of bids.
    ///
    /// # Errors
    /// [`BookError::Bids`], or the first of the others, bid by bid.
    pub fn new(bids: Vec<Bid>) -> Result<Book, BookError> {
        if bids.len() > BIDS_MAX {
            return Err(BookError::Bids { count: bids.len() });
        }
        let mut owners = BTreeMap::new();
        let mut groups = BTreeMap::new();
        for (at, bid) in bids.iter().enumerate() {
            if bid.bundle.is_empty() {
                return Err(BookError::EmptyBundle { bid: at });
            }
            let is_sorted = bid.bundle.is_sorted_by(|a, b| a.0 < b.0);
            if !is_sorted || bid.bundle.iter().any(|part| part.1 == 0) {
                return Err(BookError::Bundle { bid: at });
            }
            if bid.amount > AMOUNT_MAX {
                return Err(BookError::Amount { bid: at, amount: bid.amount });
            }
            if *owners.entry(bid.group).or_insert(bid.bidder) != bid.bidder {
                return Err(BookError::Group { bid: at });
            }
            let only = groups.entry(bid.bidder).or_insert(Some(bid.group));
            *only = only.filter(|&group| group == bid.group);
        }
        Ok(Book { bids, groups })
    }

    /// A public auction as a book, and what is sold: one unit of each good without a reserve, one group for each bidder.
    ///
    /// # Panics
    /// Where a bid of the auction is for no good or offers more than [`AMOUNT_MAX`], which the auction's own check rules out.
    #[must_use]
    pub fn of_auction(instance: &AuctionInstance) -> (Book, Supply) {
        let bid = |bid: &AuctionBid| Bid {
            bidder: BidderIndex(bid.bidder),
            group: GroupIndex(bid.bidder),
            amount: bid.amount,
            bundle: bid.goods.iter().map(|&good| (GoodIndex(good), 1)).collect(),
        };
        let book = Book::new(instance.bids().iter().map(bid).collect());
        let offers = (0..instance.goods()).map(|_| Offer { quantity: 1, reserve: 0 }).collect();
        (book.expect("the bids of an auction make a book"), Supply { offers })
    }

    /// The bids, in the order in which they came.
    #[must_use]
    pub fn bids(&self) -> &[Bid] {
        &self.bids
    }

    /// The group of all bids of a bidder; `None` where they are in several, or there are none.
    #[must_use]
    pub fn group_of(&self, bidder: BidderIndex) -> Option<GroupIndex> {
        self.groups.get(&bidder).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bids_that_make_no_book_are_refused() {
        let bid = |bidder, group, amount, bundle: &[(u32, u64)]| Bid {
            bidder: BidderIndex(bidder),
            group: GroupIndex(group),
            amount,
            bundle: bundle.iter().map(|&(good, quantity)| (GoodIndex(good), quantity)).collect(),
        };
        let refused = |bids| Book::new(bids).unwrap_err();
        assert_eq!(refused(vec![bid(0, 0, 1, &[])]), BookError::EmptyBundle { bid: 0 });
        assert_eq!(refused(vec![bid(0, 0, 1, &[(1, 1), (0, 1)])]), BookError::Bundle { bid: 0 });
        assert_eq!(refused(vec![bid(0, 0, 1, &[(1, 0)])]), BookError::Bundle { bid: 0 });
        assert_eq!(
            refused(vec![bid(0, 0, AMOUNT_MAX + 1, &[(1, 1)])]),
            BookError::Amount { bid: 0, amount: AMOUNT_MAX + 1 }
        );
        assert_eq!(refused(vec![bid(0, 3, 1, &[(1, 1)]), bid(1, 3, 1, &[(1, 1)])]), BookError::Group { bid: 1 });
    }
}
