//! A cell's share of the accounts that its tiles debit: what it may use of them without asking any other cell.

use std::ops::Range;

use lessor_models::resources::{Resources, UNLIMITED};

use super::occupancy::times;
use crate::lowering::Lowered;
use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex};

/// What a cell may use of each account on its paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The account.
    pub account: AccountIndex,
    /// How much of what is left of it, in each bucket.
    pub most: Vec<Resources>,
}

/// The shares of one cell, sorted by account; of other accounts it has nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares(Vec<Share>);

impl Shares {
    /// Shares, each of another account.
    #[must_use]
    pub fn new(mut shares: Vec<Share>) -> Shares {
        shares.sort_unstable_by_key(|share| share.account);
        Shares(shares)
    }

    fn position(&self, account: AccountIndex) -> Option<usize> {
        self.0.binary_search_by_key(&account, |share| share.account).ok()
    }

    /// What the cell may use of an account, by bucket; `None` where it has no share of it.
    #[must_use]
    pub fn most(&self, account: AccountIndex) -> Option<&[Resources]> {
        self.position(account).map(|at| self.0[at].most.as_slice())
    }

    /// How many capsules of a class the shares still cover on tiles of a group. O(path times buckets).
    #[must_use]
    pub fn times(&self, lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex, over: &Range<usize>) -> u64 {
        let path = lowered.group(group).path.iter();
        path.map(|&(account, level)| {
            let draw = lowered.draw_at(class, group, level);
            self.position(account).map_or(0, |at| {
                let buckets = &self.0[at].most[over.clone()];
                buckets.iter().map(|most| times(&draw, most)).min().unwrap_or(0)
            })
        })
        .min()
        .unwrap_or(u64::MAX)
    }

    /// Takes what capsules draw; the caller has made sure that it is there.
    pub fn debit(&mut self, lowered: &Lowered<'_>, drawn: &Drawn) {
        self.change(lowered, drawn, |left, amount| left - amount);
    }

    /// Gives back what capsules drew.
    pub fn credit(&mut self, lowered: &Lowered<'_>, drawn: &Drawn) {
        self.change(lowered, drawn, |left, amount| left + amount);
    }

    fn change(&mut self, lowered: &Lowered<'_>, drawn: &Drawn, change: impl Fn(u64, u64) -> u64) {
        for &(account, level) in &lowered.group(drawn.group).path {
            let Some(at) = self.position(account) else { continue };
            let draw = lowered.draw_at(drawn.class, drawn.group, level);
            for Resources(left) in &mut self.0[at].most[drawn.over.clone()] {
                for (left, amount) in left.iter_mut().zip(draw.0).filter(|(left, _)| **left != UNLIMITED) {
                    *left = change(*left, amount * drawn.count);
                }
            }
        }
    }
}

/// Capsules of a class on a tile of a group, with the buckets in which they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The class.
    pub class: JobClassIndex,
    /// The group.
    pub group: GroupIndex,
    /// How many.
    pub count: u64,
    /// When.
    pub over: Range<usize>,
}
