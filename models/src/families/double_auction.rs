//! Double auctions of vectors: a trade is one bid with one ask whose vector covers it, and everyone trades once at most.
//!
//! ```text
//! maximize the sum over trades of bid value - ask value
//! ```

use std::fmt;

use super::COEFFICIENT_MAX;

/// One side's order: a value and a vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number in the file.
    pub id: u64,
    /// What a buyer pays at most, or a seller takes at least.
    pub value: u64,
    /// What is wanted or offered of each resource.
    pub vector: Vec<u64>,
}

/// Bids and asks; valid once they exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoubleAuctionInstance {
    bids: Vec<Order>,
    asks: Vec<Order>,
}

/// Why orders make no auction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoubleAuctionError {
    /// A vector that is longer or shorter than the others.
    Vector {
        /// The order's number.
        id: u64,
    },
    /// A value above [`COEFFICIENT_MAX`].
    TooLarge {
        /// The order's number.
        id: u64,
    },
}

impl fmt::Display for DoubleAuctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DoubleAuctionError::Vector { id } => write!(f, "the vector of order {id} is not as long as the others"),
            DoubleAuctionError::TooLarge { id } => write!(f, "the value of order {id} is above {COEFFICIENT_MAX}"),
        }
    }
}

impl std::error::Error for DoubleAuctionError {}

impl DoubleAuctionInstance {
    /// An auction of bids and asks.
    ///
    /// # Errors
    /// See [`DoubleAuctionError`].
    pub fn new(bids: Vec<Order>, asks: Vec<Order>) -> Result<DoubleAuctionInstance, DoubleAuctionError> {
        let length = bids.iter().chain(&asks).next().map_or(0, |order| order.vector.len());
        for order in bids.iter().chain(&asks) {
            if order.vector.len() != length {
                return Err(DoubleAuctionError::Vector { id: order.id });
            }
            if order.value > COEFFICIENT_MAX {
                return Err(DoubleAuctionError::TooLarge { id: order.id });
            }
        }
        Ok(DoubleAuctionInstance { bids, asks })
    }

    /// The bids, in the order of the file.
    #[must_use]
    pub fn bids(&self) -> &[Order] {
        &self.bids
    }

    /// The asks, in the order of the file.
    #[must_use]
    pub fn asks(&self) -> &[Order] {
        &self.asks
    }
}

/// Why trades are none. Positions count from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoubleAuctionFault {
    /// A bid or an ask that is not there.
    NoSuchOrder {
        /// The position of the bid.
        bid: usize,
        /// The position of the ask.
        ask: usize,
    },
    /// A bid or an ask that trades twice.
    Twice {
        /// The position of the bid.
        bid: usize,
        /// The position of the ask.
        ask: usize,
    },
    /// An ask that does not cover its bid.
    NotCovered {
        /// The position of the bid.
        bid: usize,
        /// The position of the ask.
        ask: usize,
    },
}

impl fmt::Display for DoubleAuctionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DoubleAuctionFault::NoSuchOrder { bid, ask } => write!(f, "bid {bid} or ask {ask} is not there"),
            DoubleAuctionFault::Twice { bid, ask } => write!(f, "bid {bid} or ask {ask} trades twice"),
            DoubleAuctionFault::NotCovered { bid, ask } => write!(f, "ask {ask} does not cover bid {bid}"),
        }
    }
}

/// The surplus of trades, each a bid with an ask by their positions.
///
/// # Errors
/// The first [`DoubleAuctionFault`], trade by trade.
pub fn check(instance: &DoubleAuctionInstance, trades: &[(usize, usize)]) -> Result<i128, DoubleAuctionFault> {
    let mut has_bought = vec![false; instance.bids.len()];
    let mut has_sold = vec![false; instance.asks.len()];
    let mut surplus = 0;
    for &(bid, ask) in trades {
        let (Some(wanted), Some(offered)) = (instance.bids.get(bid), instance.asks.get(ask)) else {
            return Err(DoubleAuctionFault::NoSuchOrder { bid, ask });
        };
        if has_bought[bid] || has_sold[ask] {
            return Err(DoubleAuctionFault::Twice { bid, ask });
        }
        (has_bought[bid], has_sold[ask]) = (true, true);
        if wanted.vector.iter().zip(&offered.vector).any(|(wanted, offered)| wanted > offered) {
            return Err(DoubleAuctionFault::NotCovered { bid, ask });
        }
        surplus += i128::from(wanted.value) - i128::from(offered.value);
    }
    Ok(surplus)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(value: u64, vector: &[u64]) -> Order {
        Order { id: 0, value, vector: vector.to_vec() }
    }

    #[test]
    fn trades_are_worth_the_difference_or_refused() {
        let bids = vec![order(9, &[1, 2]), order(4, &[2, 1])];
        let asks = vec![order(3, &[1, 2]), order(6, &[2, 2])];
        let instance = DoubleAuctionInstance::new(bids, asks).unwrap();
        assert_eq!(check(&instance, &[(0, 0), (1, 1)]), Ok(4));
        assert_eq!(check(&instance, &[(1, 0)]), Err(DoubleAuctionFault::NotCovered { bid: 1, ask: 0 }));
        assert_eq!(check(&instance, &[(0, 1), (1, 1)]), Err(DoubleAuctionFault::Twice { bid: 1, ask: 1 }));
        assert_eq!(check(&instance, &[(0, 2)]), Err(DoubleAuctionFault::NoSuchOrder { bid: 0, ask: 2 }));
    }

    #[test]
    fn orders_that_make_no_auction_are_refused() {
        let refused = |bids, asks| DoubleAuctionInstance::new(bids, asks).unwrap_err();
        assert_eq!(refused(vec![order(1, &[1])], vec![order(1, &[1, 1])]), DoubleAuctionError::Vector { id: 0 });
        assert_eq!(refused(vec![order(COEFFICIENT_MAX + 1, &[1])], vec![]), DoubleAuctionError::TooLarge { id: 0 });
    }
}
