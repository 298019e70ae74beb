//! What bundles cost at prices of goods, and what offers ask: goods are looked up by account and time, and tariffs read again.

use std::collections::BTreeMap;

use lessor_models::fleet::{Fleet, NodeIndex, Owner, ZoneIndex};
use lessor_models::objective::Weights;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, StepFunction, Timestamp};

use super::above;
use crate::book::GoodIndex;
use crate::policy::Reserve;
use crate::session::catalog::{STATED_MICROS, Wish};
use crate::session::{AccountOffer, ClassOutcome, OfferedGood};

/// Goods by account, in order of time, each with its position.
pub(super) struct Goods {
    by_account: BTreeMap<(Owner, Kind), Vec<(GoodIndex, Interval)>>,
    /// Whether sellers hand them out: what is offered of an account is taken from no other.
    is_offered: bool,
}

impl Goods {
    pub(super) fn of(class: &ClassOutcome, is_offered: bool) -> Goods {
        let listed = class.catalog.goods().iter().map(|good| (good.owner, good.kind, good.interval));
        Goods::over((0..).map(GoodIndex).zip(listed), is_offered)
    }

    /// Goods of which none of an account meets another.
    pub(super) fn over(goods: impl Iterator<Item = (GoodIndex, (Owner, Kind, Interval))>, is_offered: bool) -> Goods {
        let mut by_account: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (at, (owner, kind, interval)) in goods {
            by_account.entry((owner, kind)).or_default().push((at, interval));
        }
        by_account.values_mut().for_each(|goods| goods.sort_by_key(|(_, interval)| interval.start));
        Goods { by_account, is_offered }
    }

    /// The goods that a wish takes its quantity of. O(accounts above it x log of their goods + goods found).
    pub(super) fn taken(&self, fleet: &Fleet, wish: &Wish) -> Vec<(GoodIndex, Interval)> {
        let above = if self.is_offered { Vec::new() } else { above(fleet, wish).into_iter().collect() };
        let owners = std::iter::once(wish.owner).chain(above);
        let accounts = owners.filter_map(|owner| self.by_account.get(&(owner, wish.kind)));
        let within = |goods: &Vec<(GoodIndex, Interval)>| {
            let first = goods.partition_point(|(_, interval)| interval.start < wish.interval.start);
            let ends_within = |(_, interval): &&(GoodIndex, Interval)| interval.end <= wish.interval.end;
            goods[first..].iter().take_while(ends_within).copied().collect::<Vec<_>>()
        };
        accounts.flat_map(within).collect()
    }

    /// What wishes cost at a price for each good, in parts of a micro-credit: base units times price times microseconds.
    pub(super) fn cost(&self, fleet: &Fleet, wishes: &[Wish], price: impl Fn(GoodIndex) -> u64) -> u128 {
        let of_wish = |wish: &Wish| {
            let parts = self.taken(fleet, wish).into_iter();
            let parts = parts.map(|(at, interval)| product([price(at), wish.quantity, interval.span().0]));
            parts.fold(0, u128::saturating_add)
        };
        wishes.iter().map(of_wish).fold(0, u128::saturating_add)
    }
}

/// What is asked for an offer, or for so many units of its one good where a part is sold, in parts of a micro-credit.
pub(super) fn asked(fleet: &Fleet, offer: &AccountOffer, part: Option<u64>) -> u128 {
    let of_good = |good: &OfferedGood| {
        let quantity = part.unwrap_or(good.wish.quantity);
        let parts = priced(fleet, &good.wish, good.cost).into_iter();
        parts.map(|(price, span)| product([price, quantity, span])).fold(0, u128::saturating_add)
    };
    offer.goods.iter().map(of_good).fold(0, u128::saturating_add)
}

/// The prices of a wish in micro-credits per 10^6 base units and hour, each with for how many microseconds it holds: what is drawn
/// follows the tariff of the first zone with one that lists the node, or the next node above.
fn priced(fleet: &Fleet, wish: &Wish, cost: Reserve) -> Vec<(u64, u64)> {
    let tariff = tariff(fleet, wish.owner);
    let Interval { start, end } = wish.interval;
    let steps = tariff.into_iter().flat_map(StepFunction::steps).map(|step| step.0);
    let mut cuts: Vec<Timestamp> = steps.filter(|&at| start < at && at < end).chain([start, end]).collect();
    cuts.sort_unstable();
    let piece = |pair: &[Timestamp]| {
        let energy = tariff.map_or(Weights::default().energy_price, |tariff| tariff.at(pair[0]));
        (cost.price(energy), Interval { start: pair[0], end: pair[1] }.span().0)
    };
    cuts.windows(2).map(piece).collect()
}

pub(super) fn tariff(fleet: &Fleet, owner: Owner) -> Option<&StepFunction> {
    let of_zone = |zone: ZoneIndex| fleet.energy_price(zone);
    let mut next: Option<NodeIndex> = match owner {
        Owner::Zone(zone) => return of_zone(zone),
        Owner::Node(node) => Some(node),
    };
    while let Some(node) = next {
        if let Some(tariff) = fleet.zones_listing(node).iter().find_map(|&zone| of_zone(zone)) {
            return Some(tariff);
        }
        next = fleet.parent(node);
    }
    None
}

pub(super) fn product(factors: [u64; 3]) -> u128 {
    factors.into_iter().fold(1, |product, factor| product.saturating_mul(factor.into()))
}

/// Parts of a micro-credit in micro-credits, rounded up.
pub(super) fn up(parts: u128) -> i128 {
    i128::try_from(parts.div_ceil(STATED_MICROS)).expect("a quotient by more than two is in range")
}

/// The same, rounded down.
pub(super) fn down(parts: u128) -> i128 {
    i128::try_from(parts / STATED_MICROS).expect("a quotient by more than two is in range")
}
