//! Double auctions of vectors: buyers and sellers each want one trade, and an ask serves every bid whose vector it covers.
//!
//! Orders of one vector are a class: of a class, the dearest bids and the cheapest asks trade. Between classes trades cost
//! nothing, so that clearing is a flow over classes: a unit more goes from the dearest bid that is left to the cheapest ask
//! that it reaches, over classes that change partners on the way. Each such step is the best there is (successive shortest
//! paths, Ford & Fulkerson 1962), and the first that gains nothing ends it.

mod classes;
mod payments;
mod reduction;
mod relation;
#[cfg(test)]
mod tests;
mod trading;

use lessor_models::families::double_auction::DoubleAuctionInstance;
use lessor_solver::support::stop::Stop;

use classes::Classes;
use payments::clarke;
pub use reduction::reduced;
use trading::Trading;

/// Who trades with whom, and what everyone pays or gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoubleOutcome {
    /// The trades, in the order of bids.
    pub trades: Vec<Trade>,
    /// Values of the bids that trade, less those of the asks.
    pub surplus: u128,
}

/// One bid with one ask, by their positions, and what the rule has them pay and get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The position of the bid.
    pub bid: usize,
    /// The position of the ask.
    pub ask: usize,
    /// What the buyer pays.
    pub pays: u64,
    /// What the seller gets.
    pub gets: u64,
}

impl DoubleOutcome {
    /// What sellers get beyond what buyers pay: the operator's loss, below zero where it gains.
    #[must_use]
    pub fn deficit(&self) -> i128 {
        self.trades.iter().map(|trade| i128::from(trade.gets) - i128::from(trade.pays)).sum()
    }
}

/// The trades of greatest surplus, at VCG payments on both sides: buyers pay what their being there costs the others, sellers
/// get what it brings them. What that loses is the operator's (Myerson & Satterthwaite 1983: no rule does without).
///
/// Takes a 64th of trades times pairs of classes at most.
///
/// # Panics
/// Never: a stop that nobody raises ends nothing.
#[must_use]
pub fn clear(instance: &DoubleAuctionInstance) -> DoubleOutcome {
    clear_until(instance, &Stop::new()).expect("nobody raises this stop")
}

/// The same; `None` where the stop is raised first, since payments need all trades.
#[must_use]
pub fn clear_until(instance: &DoubleAuctionInstance, stop: &Stop) -> Option<DoubleOutcome> {
    let classes = Classes::of(instance);
    let mut trading = Trading::new(&classes);
    while trading.step() {
        if stop.is_raised() {
            return None;
        }
    }
    let (pays, gets) = clarke(&trading);
    if stop.is_raised() {
        return None;
    }
    let mut trades = Vec::new();
    for (bid_class, ask_class, bid, ask) in trading.pairs() {
        trades.push(Trade { bid, ask, pays: pays[bid_class], gets: gets[ask_class] });
    }
    trades.sort_by_key(|trade| trade.bid);
    Some(DoubleOutcome { surplus: trading.surplus(), trades })
}
