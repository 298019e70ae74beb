//! Posted prices: what a lease costs per second where it lies.
//!
//! The price of a unit rises with the square of the use of its scarcest account on the path. This is the seam for a controller
//! that steers prices to a target: it will state unit prices by account.

use lessor_models::fleet::NodeIndex;
use lessor_models::resources::{Kind, UNLIMITED};

use super::money::{RATE_SHIFT, Rate, UNIT_PRICE_SHIFT};
use super::terms::Terms;
use crate::ledger::{Entry, Ledger};

/// What an entry at a node costs per second, before it is written; rounded up. O(path times kinds with a price).
pub(super) fn rate(ledger: &Ledger, terms: &Terms, node: NodeIndex, entry: &Entry) -> Rate {
    let mut sum = 0_u128;
    for kind in Kind::ALL {
        let unit = terms.unit_prices.0[kind.index()];
        let amount = entry.draw.resources().get(kind);
        if unit > 0 && amount > 0 {
            let factor = 1_000 + scarcity(use_permille(ledger, node, kind), terms.scarcity_permille);
            let scaled = (u128::from(amount) * u128::from(unit) * factor).div_ceil(1_000);
            sum += scaled.div_ceil(1 << (UNIT_PRICE_SHIFT - RATE_SHIFT));
        }
    }
    Rate(u64::try_from(sum).unwrap_or(u64::MAX))
}

/// How much dearer a unit is, in thousandths.
fn scarcity(use_permille: u64, most: u32) -> u128 {
    u128::from(use_permille) * u128::from(use_permille) * u128::from(most) / 1_000_000
}

/// The use of the fullest account of a kind on a path, in thousandths of its limit.
fn use_permille(ledger: &Ledger, node: NodeIndex, kind: Kind) -> u64 {
    let steps = ledger.steps(node).iter();
    let used = steps.map(|step| {
        let (limit, held) = ledger.at(step.owner);
        match limit.get(kind) {
            UNLIMITED => 0,
            limit => (u128::from(held.get(kind)) * 1_000).checked_div(u128::from(limit)).unwrap_or(1_000).min(1_000),
        }
    });
    used.max().and_then(|permille| u64::try_from(permille).ok()).unwrap_or(0)
}
