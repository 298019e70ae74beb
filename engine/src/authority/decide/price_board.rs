//! Posted prices that follow use: a price for each listed account, moved towards where a stated share of the account is held.
//!
//! Prices take a step at the first tick after each period, from what leases hold at that instant and the reserve price of that
//! instant: so they follow from the journal alone, and a journal that is read again leads to the same prices, as long as the lists
//! are the same. What a lease was sold for is in its decision, and no other list changes it.

use lessor_market::posted::{Listing, PriceBoard, Standing, UNIT_PRICE_SHIFT, UnitPrice};
use lessor_models::resources::Kind;
use lessor_models::time::{MICROS_PER_SECOND, Span, StepFunction, Timestamp};

use crate::authority::keep::snapshot::PostedPrice;
use crate::authority::vocabulary::money::RATE_SHIFT;
use crate::ledger::{Account, Draw, Ledger, OwnerIndex, Step, position};

/// Which accounts have posted prices, how each is steered, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// The accounts, each at most once.
    pub listings: Vec<(Account, Listing)>,
    /// Of some accounts together, how their reserve price changes over time, in place of what their listings say.
    pub reserves: Vec<(Vec<Account>, StepFunction)>,
    /// How long prices stand.
    pub period: Span,
}

/// No account.
const NONE: u32 = u32::MAX;

/// The prices that stand.
#[derive(Clone, Debug)]
pub(in crate::authority) struct Board {
    /// By position on the board.
    accounts: Vec<(OwnerIndex, Account)>,
    /// By owner and kind: the position of the account on the board.
    positions: Vec<[u32; Kind::COUNT]>,
    posted: PriceBoard,
    /// Of some positions together, how their reserve price changes, in units of [`UnitPrice`].
    reserves: Vec<(Vec<u32>, StepFunction)>,
    period: Span,
    /// When prices last took a step.
    stepped: Timestamp,
}

impl Board {
    /// A board whose prices stand from an instant on; accounts that the fleet lacks are left out.
    pub(in crate::authority) fn new(list: &PriceList, ledger: &Ledger, now: Timestamp) -> Board {
        let mut positions = vec![[NONE; Kind::COUNT]; ledger.owners().count()];
        let (mut accounts, mut listings) = (Vec::new(), Vec::new());
        for (account, listing) in &list.listings {
            let Some(owner) = ledger.index(account.owner) else { continue };
            let place = &mut positions[owner.at()][account.kind.index()];
            if *place == NONE {
                *place = position(accounts.len());
                accounts.push((owner, *account));
                listings.push(*listing);
            }
        }
        let place = |account: &Account| Some(positions[ledger.index(account.owner)?.at()][account.kind.index()]);
        let reserves = list.reserves.iter().map(|(of, prices)| {
            let places = of.iter().filter_map(place).filter(|place| *place != NONE);
            (places.collect(), prices.clone())
        });
        let reserves: Vec<(Vec<u32>, StepFunction)> = reserves.collect();
        for (places, prices) in &reserves {
            places.iter().for_each(|at| listings[*at as usize].reserve = UnitPrice(prices.at(now)));
        }
        Board { accounts, positions, posted: PriceBoard::new(listings), reserves, period: list.period, stepped: now }
    }

    /// Reserve prices are those of an instant, from the next step on.
    fn set_reserves(&mut self, now: Timestamp) {
        for (places, prices) in &self.reserves {
            let reserve = UnitPrice(prices.at(now));
            places.iter().for_each(|at| self.posted.set_reserve(*at, reserve));
        }
    }

    /// The same board as a snapshot knew it: prices of accounts that are still listed, within their reserve and cap.
    pub(in crate::authority) fn resume(&mut self, ledger: &Ledger, (stepped, prices): (Timestamp, &[PostedPrice])) {
        self.stepped = stepped;
        self.set_reserves(stepped);
        for kept in prices {
            let place =
                ledger.index(kept.account.owner).map(|owner| self.positions[owner.at()][kept.account.kind.index()]);
            if let Some(place) = place.filter(|place| *place != NONE) {
                self.posted.resume(place, Standing { price: UnitPrice(kept.price), smoothed: kept.smoothed });
            }
        }
    }

    /// When prices take a step next; never where there are none.
    pub(in crate::authority) fn next_step(&self) -> Option<Timestamp> {
        (!self.accounts.is_empty()).then(|| self.stepped.after(self.period))
    }

    /// Lets prices take a step, if it is time. O(accounts).
    pub(in crate::authority) fn step(&mut self, ledger: &Ledger, now: Timestamp) {
        if self.next_step().is_none_or(|at| at > now) {
            return;
        }
        self.stepped = now;
        self.set_reserves(now);
        for (at, (owner, account)) in self.accounts.iter().enumerate() {
            let (limit, held) = ledger.at(*owner);
            self.posted.steer(at, held.get(account.kind), limit.get(account.kind));
        }
    }

    /// What a draw costs per second along a path, in units of 2^-[`RATE_SHIFT`] micro-credits, rounded up. O(path times kinds).
    pub(in crate::authority) fn rate(&self, path: &[Step], draw: &Draw) -> u128 {
        let prices = self.posted.prices();
        let mut sum = 0_u128;
        for step in path {
            for (kind, place) in Kind::ALL.into_iter().zip(self.positions[step.owner.at()]) {
                if place != NONE {
                    let amount = draw.at(step.level).get(kind);
                    sum = sum.saturating_add(u128::from(prices[place as usize].0) * u128::from(amount));
                }
            }
        }
        sum.div_ceil(1 << (UNIT_PRICE_SHIFT - RATE_SHIFT))
    }

    /// The price of an account, if one is posted.
    pub(in crate::authority) fn price(&self, owner: OwnerIndex, kind: Kind) -> Option<UnitPrice> {
        let place = self.positions[owner.at()][kind.index()];
        (place != NONE).then(|| self.posted.prices()[place as usize])
    }

    /// How many prices swing, as far as this board has seen: a snapshot keeps no rounds.
    pub(in crate::authority) fn swinging(&self) -> usize {
        self.posted.swinging()
    }

    /// What a snapshot keeps.
    pub(in crate::authority) fn kept(&self) -> (Option<Timestamp>, Vec<PostedPrice>) {
        let kept = self.accounts.iter().zip(0..).map(|((_, account), at)| {
            let Standing { price, smoothed } = self.posted.standing(at);
            PostedPrice { account: *account, price: price.0, smoothed }
        });
        ((!self.accounts.is_empty()).then_some(self.stepped), kept.collect())
    }
}

impl Default for PriceList {
    /// No prices, for ten seconds.
    fn default() -> PriceList {
        PriceList { listings: Vec::new(), reserves: Vec::new(), period: Span(10 * MICROS_PER_SECOND) }
    }
}
