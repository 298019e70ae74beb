//! Dual prices, mapped back from a certificate's duals to nodes and zones.

use std::collections::BTreeMap;

use lessor_models::certificate::{DUAL_SHIFT, Dual, Scope};
use lessor_models::fleet::Owner;
use lessor_models::plan::Price;

/// Base units that a price is stated for.
pub const PRICE_UNITS: u128 = 1_000_000;

/// Seconds in the hour that a price is stated for.
const HOUR_SECONDS: u128 = 3_600;

/// Prices above zero, in micro-credits per 10^6 base units and hour, rounded down, sorted by owner, kind and interval.
///
/// A price on the tiles of a class is stated at the node above them, the dearest class's where several differ.
#[must_use]
pub fn from_duals(duals: &[Dual]) -> Vec<Price> {
    let mut dearest: BTreeMap<_, u64> = BTreeMap::new();
    for dual in duals {
        let owner = match dual.scope {
            Scope::Owner(owner) => owner,
            Scope::Tiles { under, .. } => Owner::Node(under),
        };
        let exact = u128::from(dual.price).saturating_mul(PRICE_UNITS * HOUR_SECONDS) >> DUAL_SHIFT;
        let price = u64::try_from(exact).unwrap_or(u64::MAX);
        let known = dearest.entry((owner, dual.kind, dual.interval)).or_default();
        *known = price.max(*known);
    }
    let priced = dearest.into_iter().filter(|entry| entry.1 > 0);
    priced.map(|((owner, kind, interval), price)| Price { owner, kind, interval, price }).collect()
}

#[cfg(test)]
mod tests {
    use lessor_models::fleet::{ClassIndex, NodeIndex};
    use lessor_models::resources::Kind;
    use lessor_models::time::{Interval, Timestamp};

    use super::*;

    #[test]
    fn the_dearest_class_prices_its_cell() {
        let interval = Interval { start: Timestamp(0), end: Timestamp(1) };
        let dual = |class, price| Dual {
            scope: Scope::Tiles { class: ClassIndex(class), under: NodeIndex(7) },
            kind: Kind::Compute,
            interval,
            price,
        };
        // Half a micro-credit a second for a unit is 1,800 an hour, so 1.8e9 for a million of them.
        let prices = from_duals(&[dual(0, 1 << 55), dual(1, 1 << 54)]);
        assert_eq!(
            prices,
            [Price { owner: Owner::Node(NodeIndex(7)), kind: Kind::Compute, interval, price: 1_800_000_000 }]
        );
    }
}
