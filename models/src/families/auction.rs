//! Combinatorial auctions of single goods, as CATS makes them (Leyton-Brown, Pearson & Shoham 2000): each good is sold once,
//! and of a bidder's bids one wins at most.
//!
//! ```text
//! maximize   sum over bids of amount x
//! subject to sum over bids on a good of x <= 1        every good
//!            sum over bids of a bidder of x <= 1      every bidder
//!            x binary
//! ```

use std::fmt;

use super::COEFFICIENT_MAX;

/// A bid: its number in the file, what it offers, the goods that it wants, and who makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuctionBid {
    /// Its number.
    pub id: u64,
    /// What is paid for the goods, at most.
    pub amount: u64,
    /// The goods, each once, in order.
    pub goods: Vec<u32>,
    /// The bidder; bidders are numbered by first appearance.
    pub bidder: u32,
}

/// An auction; valid once it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuctionInstance {
    goods: u32,
    bids: Vec<AuctionBid>,
}

/// Why bids make no auction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuctionError {
    /// Two bids of one number, or numbers that do not rise.
    Order {
        /// The number.
        id: u64,
    },
    /// A bid without goods, or with goods that are not there, or not in order.
    Goods {
        /// The number of the bid.
        id: u64,
    },
    /// An amount above [`COEFFICIENT_MAX`].
    TooLarge {
        /// The number of the bid.
        id: u64,
    },
}

impl fmt::Display for AuctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuctionError::Order { id } => write!(f, "bid {id} must come after bids of lower numbers, once"),
            AuctionError::Goods { id } => write!(f, "bid {id} must want some goods of the auction, each once"),
            AuctionError::TooLarge { id } => write!(f, "bid {id} offers more than {COEFFICIENT_MAX}"),
        }
    }
}

impl std::error::Error for AuctionError {}

impl AuctionInstance {
    /// An auction of so many goods.
    ///
    /// # Errors
    /// See [`AuctionError`].
    pub fn new(goods: u32, bids: Vec<AuctionBid>) -> Result<AuctionInstance, AuctionError> {
        if let Some(pair) = bids.windows(2).find(|pair| pair[0].id >= pair[1].id) {
            return Err(AuctionError::Order { id: pair[1].id });
        }
        let is_sound = |bid: &AuctionBid| {
            !bid.goods.is_empty() && bid.goods.is_sorted_by(|a, b| a < b) && bid.goods.iter().all(|&good| good < goods)
        };
        if let Some(bid) = bids.iter().find(|bid| !is_sound(bid)) {
            return Err(AuctionError::Goods { id: bid.id });
        }
        match bids.iter().find(|bid| bid.amount > COEFFICIENT_MAX) {
            Some(bid) => Err(AuctionError::TooLarge { id: bid.id }),
            None => Ok(AuctionInstance { goods, bids }),
        }
    }

    /// How many goods there are.
    #[must_use]
    pub fn goods(&self) -> u32 {
        self.goods
    }

    /// The bids, in the order of their numbers.
    #[must_use]
    pub fn bids(&self) -> &[AuctionBid] {
        &self.bids
    }
}

/// Why winners or payments are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuctionFault {
    /// A winner that is no bid.
    NoSuchBid {
        /// The number.
        id: u64,
    },
    /// A good that two winners want.
    SoldTwice {
        /// The good.
        good: u32,
    },
    /// A bidder with two winning bids.
    WinsTwice {
        /// The bidder.
        bidder: u32,
    },
    /// A bidder who pays and has not won, or pays more than the bid.
    PaysTooMuch {
        /// The bidder.
        bidder: u32,
        /// The payment.
        payment: u128,
        /// The winning bid; zero where there is none.
        amount: u64,
    },
}

impl fmt::Display for AuctionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuctionFault::NoSuchBid { id } => write!(f, "bid {id} is not there"),
            AuctionFault::SoldTwice { good } => write!(f, "good {good} is sold twice"),
            AuctionFault::WinsTwice { bidder } => write!(f, "bidder {bidder} wins twice"),
            AuctionFault::PaysTooMuch { bidder, payment, amount } => {
                write!(f, "bidder {bidder} pays {payment} for a winning bid of {amount}")
            }
        }
    }
}

/// What the winners offer together, by the numbers of their bids.
///
/// # Errors
/// The first [`AuctionFault`], winner by winner.
pub fn check(instance: &AuctionInstance, winners: &[u64]) -> Result<u128, AuctionFault> {
    let mut is_sold = vec![false; instance.goods as usize];
    let mut have_won: Vec<u32> = Vec::new();
    let mut value = 0;
    for &id in winners {
        let bid = find(instance, id).ok_or(AuctionFault::NoSuchBid { id })?;
        for &good in &bid.goods {
            if std::mem::replace(&mut is_sold[good as usize], true) {
                return Err(AuctionFault::SoldTwice { good });
            }
        }
        if have_won.contains(&bid.bidder) {
            return Err(AuctionFault::WinsTwice { bidder: bid.bidder });
        }
        have_won.push(bid.bidder);
        value += u128::from(bid.amount);
    }
    Ok(value)
}

/// Looks at whole payments, each with its bidder: nobody pays more than their winning bid. The revenue.
///
/// # Errors
/// [`AuctionFault::PaysTooMuch`], or what [`check`] finds.
pub fn check_payments(
    instance: &AuctionInstance,
    winners: &[u64],
    payments: &[(u32, u128)],
) -> Result<u128, AuctionFault> {
    check(instance, winners)?;
    for &(bidder, payment) in payments {
        let won = winners.iter().filter_map(|&id| find(instance, id)).find(|bid| bid.bidder == bidder);
        let amount = won.map_or(0, |bid| bid.amount);
        if payment > u128::from(amount) {
            return Err(AuctionFault::PaysTooMuch { bidder, payment, amount });
        }
    }
    Ok(payments.iter().map(|payment| payment.1).sum())
}

fn find(instance: &AuctionInstance, id: u64) -> Option<&AuctionBid> {
    instance.bids.iter().find(|bid| bid.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two bids of bidder 0 and one of bidder 1, on three goods.
    fn instance() -> AuctionInstance {
        let bid = |id, amount, goods: &[u32], bidder| AuctionBid { id, amount, goods: goods.to_vec(), bidder };
        AuctionInstance::new(3, vec![bid(0, 5, &[0], 0), bid(2, 7, &[2], 0), bid(3, 4, &[0, 1], 1)]).unwrap()
    }

    #[test]
    fn winners_are_worth_what_they_offer_or_refused() {
        assert_eq!(check(&instance(), &[2, 3]), Ok(11));
        assert_eq!(check(&instance(), &[]), Ok(0));
        assert_eq!(check(&instance(), &[1]), Err(AuctionFault::NoSuchBid { id: 1 }));
        assert_eq!(check(&instance(), &[0, 3]), Err(AuctionFault::SoldTwice { good: 0 }));
        assert_eq!(check(&instance(), &[0, 2]), Err(AuctionFault::WinsTwice { bidder: 0 }));
    }

    #[test]
    fn nobody_pays_more_than_the_winning_bid() {
        assert_eq!(check_payments(&instance(), &[2], &[(0, 7)]), Ok(7));
        let fault = AuctionFault::PaysTooMuch { bidder: 1, payment: 1, amount: 0 };
        assert_eq!(check_payments(&instance(), &[2], &[(0, 7), (1, 1)]), Err(fault));
    }

    #[test]
    fn bids_that_make_no_auction_are_refused() {
        let bid = |id, amount, goods: &[u32]| AuctionBid { id, amount, goods: goods.to_vec(), bidder: 0 };
        let refused = |bids| AuctionInstance::new(2, bids).unwrap_err();
        assert_eq!(refused(vec![bid(1, 1, &[0]), bid(1, 1, &[1])]), AuctionError::Order { id: 1 });
        assert_eq!(refused(vec![bid(1, 1, &[])]), AuctionError::Goods { id: 1 });
        assert_eq!(refused(vec![bid(1, 1, &[2])]), AuctionError::Goods { id: 1 });
        assert_eq!(refused(vec![bid(1, COEFFICIENT_MAX + 1, &[0])]), AuctionError::TooLarge { id: 1 });
    }
}
