//! Winners by value over the root of weighted size, each at its critical bid: for bidders who want one bundle, in milliseconds.
//!
//! Bids are taken in the order of `v / sqrt(w)`, where the weighted size `w` of a bundle is the sum over its goods of the share
//! of what there is times the weight of the good; a bid wins where its bundle is still there (Lehmann, O'Callaghan & Shoham
//! 2002, section 5, with weighted shares in place of numbers of goods). A winner pays the least value with which it would have
//! won. Who wins goes on winning with a greater value or a smaller bundle, so no bidder that wants one bundle gains by stating
//! another value or bundle (their theorem 9.6).
//!
//! It does not hold for a bidder with two bundles, and what wins may be worth as little as one part in the root of the number
//! of goods of the best; the tests keep examples of both.

mod order;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::support::stop::Stop;
use thiserror::Error;

use crate::money::{MONEY_MAX, Money};
use order::{Rank, is_before};

/// What there is of a good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock {
    /// How much of it.
    pub quantity: u64,
    /// What all of it counts for in the size of a bundle, beside other goods: how long it lasts. Above zero.
    pub weight: u64,
}

/// A bid of one bidder for one bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleMinded {
    /// What the bundle is worth to the bidder: nothing to [`MONEY_MAX`].
    pub value: Money,
    /// The least that the bundle is let for. A smaller bundle's must not be greater.
    pub reserve: Money,
    /// The goods by their position in the supply, each at most once, with how much of it; more than nothing.
    pub goods: Vec<(u32, u64)>,
}

/// Why a round was not cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GreedyError {
    /// A value or a reserve that is not an amount.
    #[error("bid {bid} states {}, which is outside 0 to 2^53 micro-credits", amount.0)]
    NotAnAmount {
        /// The bid.
        bid: usize,
        /// What it states.
        amount: Money,
    },
    /// A bundle of nothing, or with nothing of a good.
    #[error("bid {bid} asks for nothing; a bundle needs goods")]
    EmptyBundle {
        /// The bid.
        bid: usize,
    },
    /// A good that is not there, or that a bundle names twice.
    #[error("bid {bid} names good {good}, which is unknown, or named twice")]
    UnknownGood {
        /// The bid.
        bid: usize,
        /// The good.
        good: u32,
    },
}

/// What each bidder pays, in the order of the bids, `None` for one that won nothing; no answer where the stop was raised first.
///
/// O(bids log bids + winners x bids x goods of a bundle). Of equal ranks the bid that is given first goes first: give them in the
/// order of their lots.
///
/// # Errors
/// The first bid that makes no sense.
pub fn clear(supply: &[Stock], bids: &[SingleMinded], stop: &Stop) -> Result<Option<Vec<Option<Money>>>, GreedyError> {
    for (bid, stated) in bids.iter().enumerate() {
        check(supply, bid, stated)?;
    }
    let rank = |at: usize| Rank { value: bids[at].value, size: size(supply, &bids[at].goods), position: at };
    let mut left: Vec<u64> = supply.iter().map(|stock| stock.quantity).collect();
    let candidates = (0..bids.len()).filter(|&at| bids[at].value >= bids[at].reserve && fits(&left, &bids[at].goods));
    let mut ranked: Vec<(usize, Rank)> = candidates.map(|at| (at, rank(at))).collect();
    ranked.sort_by(|a, b| order::compare(&a.1, &b.1));

    let mut payments = vec![None; bids.len()];
    for (position, (bid, rank)) in ranked.iter().enumerate() {
        if stop.is_raised() {
            return Ok(None);
        }
        let stated = &bids[*bid];
        if fits(&left, &stated.goods) {
            stop.spend((ranked.len() - position) as u64);
            let blocker = first_blocker(&left, &stated.goods, &ranked[position + 1..], bids);
            payments[*bid] = Some(blocker.map_or(stated.reserve, |other| critical(rank, other).max(stated.reserve)));
            take(&mut left, &stated.goods);
        }
    }
    Ok(Some(payments))
}

/// The first of the later bids that, were this one absent, would win and leave too little for its bundle.
fn first_blocker<'r>(
    left: &[u64],
    goods: &[(u32, u64)],
    later: &'r [(usize, Rank)],
    bids: &[SingleMinded],
) -> Option<&'r Rank> {
    let mut left = left.to_vec();
    for (other, rank) in later {
        if fits(&left, &bids[*other].goods) {
            take(&mut left, &bids[*other].goods);
            if !fits(&left, goods) {
                return Some(rank);
            }
        }
    }
    None
}

/// The least value with which a bid ranks before another, by bisection over the very order.
fn critical(rank: &Rank, other: &Rank) -> Money {
    let (mut least, mut most) = (0, MONEY_MAX.0);
    while least < most {
        let middle = least + (most - least) / 2;
        if is_before(&Rank { value: Money(middle), ..*rank }, other) { most = middle } else { least = middle + 1 }
    }
    Money(least)
}

/// Binary places of a size.
const SIZE_SHIFT: u32 = 32;

/// The weighted size of a bundle that the supply holds, in units of 2^-32: the sum of its goods' shares of the supply, each times
/// the good's weight. Goods of which there is the same quantity are rounded up as one, so that a good that is cut in two, each
/// with its part of the weight, counts for what it did.
fn size(supply: &[Stock], goods: &[(u32, u64)]) -> u128 {
    let mut parts: BTreeMap<u64, u128> = BTreeMap::new();
    for &(good, amount) in goods {
        let Stock { quantity, weight } = supply[good as usize];
        let part = parts.entry(quantity).or_default();
        *part = part.saturating_add(u128::from(amount) * u128::from(weight));
    }
    let share = |(quantity, part): (u64, u128)| {
        let whole = u128::from(quantity.max(1));
        ((part / whole) << SIZE_SHIFT) + ((part % whole) << SIZE_SHIFT).div_ceil(whole)
    };
    parts.into_iter().map(share).sum()
}

fn fits(left: &[u64], goods: &[(u32, u64)]) -> bool {
    goods.iter().all(|&(good, amount)| amount <= left[good as usize])
}

fn take(left: &mut [u64], goods: &[(u32, u64)]) {
    for &(good, amount) in goods {
        left[good as usize] -= amount;
    }
}

fn check(supply: &[Stock], bid: usize, stated: &SingleMinded) -> Result<(), GreedyError> {
    let amounts = [stated.value, stated.reserve];
    if let Some(amount) = amounts.into_iter().find(|amount| !amount.is_amount()) {
        return Err(GreedyError::NotAnAmount { bid, amount });
    }
    if stated.goods.is_empty() || stated.goods.iter().any(|good| good.1 == 0) {
        return Err(GreedyError::EmptyBundle { bid });
    }
    let mut seen = BTreeSet::new();
    for &(good, _) in &stated.goods {
        if good as usize >= supply.len() || !seen.insert(good) {
            return Err(GreedyError::UnknownGood { bid, good });
        }
    }
    Ok(())
}
