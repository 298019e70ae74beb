//! Posted prices: what a lease costs per second where it lies.
//!
//! Two prices add up. That of the terms is one for each kind, and rises with the square of the use of the scarcest account on
//! the path by others. That of the board is one for each listed account on the path, steered to a target.

use lessor_models::fleet::NodeIndex;
use lessor_models::resources::{Kind, Resources, UNLIMITED};

use crate::authority::apply::Authority;
use crate::authority::vocabulary::money::{RATE_SHIFT, Rate, UNIT_PRICE_SHIFT};
use crate::authority::vocabulary::terms::Terms;
use crate::ledger::{Account, Draw, Entry, Ledger};

impl Authority {
    /// What an entry at a node costs per second, before it is written; rounded up. O(path times kinds with a price).
    pub(in crate::authority) fn rate(&self, node: NodeIndex, entry: &Entry) -> Rate {
        self.rate_beside(node, entry, &Draw::through(Resources::ZERO))
    }

    /// What an entry costs that is written: as much as if it gave back what it holds and asked anew, for what it uses itself keeps
    /// nobody else's room scarce while it is being priced.
    pub(in crate::authority) fn rate_anew(&self, node: NodeIndex, entry: &Entry) -> Rate {
        self.rate_beside(node, entry, &entry.draw)
    }

    /// What an entry costs beside everything that is held but its own draw.
    fn rate_beside(&self, node: NodeIndex, entry: &Entry, own: &Draw) -> Rate {
        let listed = self.board.as_ref().map_or(0, |board| board.rate(self.ledger.steps(node), &entry.draw));
        let sum = by_terms((&self.ledger, &self.terms), node, entry, own).saturating_add(listed);
        Rate(u64::try_from(sum).unwrap_or(u64::MAX))
    }

    /// The posted price of an account, in micro-credits per 10^6 base units and hour, rounded down; none where none is posted.
    #[must_use]
    pub fn posted_price(&self, account: Account) -> Option<u64> {
        let owner = self.ledger.index(account.owner)?;
        Some(self.board.as_ref()?.price(owner, account.kind)?.stated())
    }

    /// How many posted prices swing: in each of the last [`SWING_ROUNDS`](lessor_models::account_prices::SWING_ROUNDS) periods
    /// since the start the account was held beyond its target and below it in turn, and no less so than before. Their gain is
    /// beyond the bound for the demand that there is.
    #[must_use]
    pub fn swinging_prices(&self) -> u64 {
        self.board.as_ref().map_or(0, |board| board.swinging() as u64)
    }
}

/// What an entry costs by the prices of the terms.
fn by_terms((ledger, terms): (&Ledger, &Terms), node: NodeIndex, entry: &Entry, own: &Draw) -> u128 {
    let mut sum = 0_u128;
    for kind in Kind::ALL {
        let unit = terms.unit_prices.0[kind.index()];
        let amount = entry.draw.resources().get(kind);
        if unit > 0 && amount > 0 {
            let factor = 1_000 + scarcity(use_permille(ledger, node, kind, own), terms.scarcity_permille);
            let scaled = (u128::from(amount) * u128::from(unit) * factor).div_ceil(1_000);
            sum += scaled.div_ceil(1 << (UNIT_PRICE_SHIFT - RATE_SHIFT));
        }
    }
    sum
}

/// How much dearer a unit is, in thousandths.
fn scarcity(use_permille: u64, most: u32) -> u128 {
    u128::from(use_permille) * u128::from(use_permille) * u128::from(most) / 1_000_000
}

/// The use of the fullest account of a kind on a path, in thousandths of its limit, without what an own draw takes of it.
fn use_permille(ledger: &Ledger, node: NodeIndex, kind: Kind, own: &Draw) -> u64 {
    let steps = ledger.steps(node).iter();
    let used = steps.map(|step| {
        let (limit, held) = ledger.at(step.owner);
        let others = held.get(kind).saturating_sub(own.at(step.level).get(kind));
        match limit.get(kind) {
            UNLIMITED => 0,
            limit => (u128::from(others) * 1_000).checked_div(u128::from(limit)).unwrap_or(1_000).min(1_000),
        }
    });
    used.max().and_then(|permille| u64::try_from(permille).ok()).unwrap_or(0)
}
