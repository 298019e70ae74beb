//! A board of posted prices: what stands there, who takes at it, and how it moves between rounds.

use lessor_models::resources::AMOUNT_MAX;

use super::steering::{EXCESS_MAX, Steering};
use super::wobble::{Wobble, WobbleVerdict};
use super::{UNIT_PRICE_LEAST, UNIT_PRICE_MAX, UNIT_PRICE_SHIFT, UnitPrice};
use crate::money::{MONEY_MAX, Money};

/// One account as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// How its price is steered.
    pub steering: Steering,
    /// The price of the first round.
    pub start: UnitPrice,
    /// The least price.
    pub reserve: UnitPrice,
    /// The greatest price.
    pub cap: UnitPrice,
}

/// A wish to take, for a term: all of its goods or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// Accounts, by their position on the board, with what is taken of each in base units.
    pub goods: &'a [(u32, u64)],
    /// The term in seconds.
    pub seconds: u32,
    /// What they are worth to the asker.
    pub value: Money,
}

/// Why an ask took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// The price is above the value.
    TooDear {
        /// The price.
        price: Money,
    },
    /// An account has too little left.
    NoRoom {
        /// The first such account.
        account: u32,
        /// What it has left.
        left: u64,
    },
}

/// What a price is steered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The price.
    pub price: UnitPrice,
    /// The smoothed excess, in units of 2^-20.
    pub smoothed: i64,
}

/// The prices of a list of accounts, and what is left of them in the round that is open.
#[derive(Clone, Debug)]
pub struct PriceBoard {
    listings: Vec<Listing>,
    prices: Vec<UnitPrice>,
    offered: Vec<u64>,
    left: Vec<u64>,
    asked: Vec<u64>,
    smoothed: Vec<i64>,
    wobbles: Vec<Wobble>,
    /// Whether each price swings, and how many do.
    swings: Vec<bool>,
    swinging: usize,
}

impl PriceBoard {
    /// A board with nothing offered yet. Prices begin where their listings say, within reserve and cap.
    #[must_use]
    pub fn new(listings: Vec<Listing>) -> PriceBoard {
        let count = listings.len();
        let prices = listings.iter().map(|listing| within(listing, listing.start)).collect();
        PriceBoard {
            listings,
            prices,
            offered: vec![0; count],
            left: vec![0; count],
            asked: vec![0; count],
            smoothed: vec![0; count],
            wobbles: vec![Wobble::default(); count],
            swings: vec![false; count],
            swinging: 0,
        }
    }

    /// Opens a round in which so much of each account is offered, in the board's order. O(accounts).
    ///
    /// # Panics
    /// Where the number of accounts is another.
    pub fn open(&mut self, offered: &[u64]) {
        assert_eq!(offered.len(), self.listings.len(), "one amount for each account of the board");
        self.offered.copy_from_slice(offered);
        self.left.copy_from_slice(offered);
        self.asked.fill(0);
    }

    /// What goods cost for a term at the prices that stand, rounded up, at most [`MONEY_MAX`]. O(goods).
    ///
    /// # Panics
    /// Where an account is not on the board.
    #[must_use]
    pub fn quote(&self, goods: &[(u32, u64)], seconds: u32) -> Money {
        let mut sum = 0_u128;
        for &(account, amount) in goods {
            // At most 2^63 x 2^53; a sum or a product beyond the range costs the most that anything may.
            let price = u128::from(self.prices[at(account)].0);
            sum = sum.saturating_add(price * u128::from(amount.min(AMOUNT_MAX)));
        }
        match sum.checked_mul(u128::from(seconds)) {
            Some(scaled) => Money::of(scaled.div_ceil(1 << UNIT_PRICE_SHIFT)),
            None => MONEY_MAX,
        }
    }

    /// Takes goods at the prices that stand, all or none, and says what they cost. O(goods).
    ///
    /// What is asked for at the price counts for the next price, whether it was there or not.
    ///
    /// # Errors
    /// Why nothing was taken: the price is looked at before the room.
    ///
    /// # Panics
    /// Where an account is not on the board.
    pub fn take(&mut self, ask: &Ask<'_>) -> Result<Money, Turned> {
        let price = self.quote(ask.goods, ask.seconds);
        if price > ask.value {
            return Err(Turned::TooDear { price });
        }
        for &(account, amount) in ask.goods {
            let asked = &mut self.asked[at(account)];
            *asked = asked.saturating_add(amount);
        }
        for (taken, &(account, amount)) in ask.goods.iter().enumerate() {
            let left = self.left[at(account)];
            let Some(rest) = left.checked_sub(amount) else {
                ask.goods[..taken].iter().for_each(|&(account, amount)| self.left[at(account)] += amount);
                return Err(Turned::NoRoom { account, left });
            };
            self.left[at(account)] = rest;
        }
        Ok(price)
    }

    /// What the next step of an account's price starts from.
    ///
    /// # Panics
    /// Where the account is not on the board.
    #[must_use]
    pub fn standing(&self, account: u32) -> Standing {
        Standing { price: self.prices[at(account)], smoothed: self.smoothed[at(account)] }
    }

    /// Goes on from where a price stood, within what its listing allows.
    ///
    /// # Panics
    /// Where the account is not on the board.
    pub fn resume(&mut self, account: u32, standing: Standing) {
        let account = at(account);
        self.prices[account] = within(&self.listings[account], standing.price);
        self.smoothed[account] = standing.smoothed.clamp(-EXCESS_MAX, EXCESS_MAX);
    }

    /// The excesses of an account in the last rounds.
    ///
    /// # Panics
    /// Where the account is not on the board.
    #[must_use]
    pub fn wobble(&self, account: u32) -> Wobble {
        self.wobbles[at(account)]
    }

    /// Remembers the excesses of rounds before, in place of those of this board.
    ///
    /// # Panics
    /// Where the account is not on the board.
    pub fn remember(&mut self, account: u32, wobble: Wobble) {
        self.wobbles[at(account)] = wobble;
        self.count_swinging(at(account));
    }

    /// How many prices swing: were too dear and too cheap in turn in the last rounds.
    #[must_use]
    pub fn swinging(&self) -> usize {
        self.swinging
    }

    /// Closes the round: each price takes its step. O(accounts).
    pub fn close(&mut self) {
        for account in 0..self.listings.len() {
            self.steer(account, self.asked[account], self.offered[account]);
        }
    }

    /// The least price of an account from its next step on.
    ///
    /// # Panics
    /// Where the account is not on the board.
    pub fn set_reserve(&mut self, account: u32, reserve: UnitPrice) {
        self.listings[at(account)].reserve = reserve;
    }

    /// Moves one price after a round in which so much was asked for of a capacity. Without capacity there is no measure, and
    /// the price stays, within reserve and cap.
    ///
    /// # Panics
    /// Where the account is not on the board.
    pub fn steer(&mut self, account: usize, asked: u64, capacity: u64) {
        let listing = self.listings[account];
        let Some(excess) = listing.steering.excess(asked, capacity) else {
            self.prices[account] = within(&listing, self.prices[account]);
            return;
        };
        self.wobbles[account].push(excess);
        self.count_swinging(account);
        let smoothed = listing.steering.smoothed(self.smoothed[account], excess);
        self.smoothed[account] = smoothed;
        self.prices[account] = within(&listing, listing.steering.step(self.prices[account], smoothed));
    }

    /// The prices that stand, in the board's order.
    #[must_use]
    pub fn prices(&self) -> &[UnitPrice] {
        &self.prices
    }

    /// What is left of each account in the open round.
    #[must_use]
    pub fn left(&self) -> &[u64] {
        &self.left
    }

    /// Whether an account's price settles.
    ///
    /// # Panics
    /// Where the account is not on the board.
    #[must_use]
    pub fn verdict(&self, account: usize) -> WobbleVerdict {
        self.wobbles[account].verdict()
    }

    fn count_swinging(&mut self, account: usize) {
        let swings = self.verdict(account) == WobbleVerdict::Oscillating;
        self.swinging = self.swinging + usize::from(swings) - usize::from(self.swings[account]);
        self.swings[account] = swings;
    }
}

fn within(listing: &Listing, price: UnitPrice) -> UnitPrice {
    let least = listing.reserve.max(UNIT_PRICE_LEAST).min(UNIT_PRICE_MAX);
    price.clamp(least, listing.cap.min(UNIT_PRICE_MAX).max(least))
}

fn at(account: u32) -> usize {
    account as usize
}
