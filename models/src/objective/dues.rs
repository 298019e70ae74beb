//! Dues: what a capsule pays for what it draws of accounts that a round of the market priced. Capsules of classes A and B bid in
//! no market and owe nothing, however much they take.
//!
//! Exact: `weight * ceil(sum over accounts on the tile's path of  draw * sum over the run of price / (10^6 units * hour))`. A price
//! holds inside its interval; outside it the account is free. Optimistic bound: the exact form at the cheapest start, see
//! [`super::tariff`].

use std::borrow::Cow;

use super::{Site, Weights, priced, weighted};
use crate::draw;
use crate::fleet::{Fleet, Level, NodeIndex, Owner};
use crate::job::Job;
use crate::plan::PRICE_UNITS;
use crate::resources::Kind;
use crate::time::{Interval, MICROS_PER_HOUR, StepFunction, Timestamp};

/// The price of one account that the tiles of a site draw from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due<'a> {
    /// The kind of the account.
    pub kind: Kind,
    /// The level whose traffic the account is debited by; the tile's for every kind but bandwidth.
    pub level: Level,
    /// Micro-credits per 10^6 base units and hour, over time.
    pub price: Cow<'a, StepFunction>,
}

impl<'a> Due<'a> {
    /// The dues of a tile: of its own accounts, of those of every node above it, and of those of every zone of these.
    #[must_use]
    pub fn of(fleet: &'a Fleet, tile: NodeIndex) -> Vec<Due<'a>> {
        let mut dues = Vec::new();
        if fleet.prices().is_empty() {
            return dues;
        }
        for node in fleet.path(tile) {
            let zones = fleet.zones_listing(node).iter().map(|&zone| Owner::Zone(zone));
            for (kind, price) in zones.chain([Owner::Node(node)]).flat_map(|owner| fleet.prices().of(owner)) {
                let level = if *kind == Kind::Bandwidth { fleet.level(node) } else { Level::Tile };
                dues.push(Due { kind: *kind, level, price: Cow::Borrowed(price) });
            }
        }
        dues.sort_unstable();
        dues
    }

    /// The same due, without a copy of its changes.
    #[must_use]
    pub fn as_borrowed(&self) -> Due<'_> {
        Due { kind: self.kind, level: self.level, price: Cow::Borrowed(&self.price) }
    }

    /// The same due inside an interval; `None` where it is free there.
    #[must_use]
    pub fn within(&self, interval: Interval) -> Option<Due<'static>> {
        let price = self.price.within(interval);
        let is_free = price.base() == 0 && price.steps().is_empty();
        (!is_free).then_some(Due { kind: self.kind, level: self.level, price: Cow::Owned(price) })
    }
}

/// The dues of one capsule that starts then, in micro-credits. O(dues log changes).
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, start: Timestamp, weights: &Weights) -> u64 {
    if !job.service.trades() {
        return 0;
    }
    let run = Interval { start, end: start.after(draw::term(job, site.class)) };
    let of = |due: &Due<'_>| {
        let amount = draw::draw(&job.demand, site.class, due.level).get(due.kind);
        u128::from(amount).saturating_mul(due.price.sum(run))
    };
    let amount = site.tariff.dues.iter().map(of).fold(0, u128::saturating_add);
    weighted(priced(amount, 1, u128::from(PRICE_UNITS) * u128::from(MICROS_PER_HOUR)), weights.dues_permille)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;
    use crate::check;
    use crate::job::{Demand, Job, ServiceClass};
    use crate::plan::Price;
    use crate::test_instance::{A, B, C, FEED, HALL, LEFT, Tiny, at, put};
    use crate::time::Span;

    const HOUR: i64 = 3_600;

    fn price(owner: Owner, kind: Kind, (from, to): (i64, i64), price: u64) -> Price {
        Price { owner, kind, interval: Interval { start: at(from * HOUR), end: at(to * HOUR) }, price }
    }

    /// A capsule of two hours that draws 3 * 10^6 bytes, and sends 5 * 10^6 bit/s out of its cell, of which 10^6 leave the hall.
    fn tiny() -> Tiny {
        let bandwidth_bps = [9_000_000, 5_000_000, 1_000_000, 0, 0];
        let demand = Demand { memory_bytes: 3_000_000, bandwidth_bps, ..Demand::default() };
        let hours = Job::empty(at(0), Span(2 * MICROS_PER_HOUR));
        Tiny::new(vec![Job { bid: 1_000, demand, deadline: at(9 * HOUR), ..hours }])
    }

    fn pays(prices: &[Price], tile: NodeIndex, start: i64) -> u64 {
        let instance = tiny().build().with_prices(prices).unwrap();
        let site = Site::of(instance.fleet(), tile, instance.weights());
        cost(&instance.jobs()[0], &site, at(start), instance.weights())
    }

    #[test]
    fn a_run_pays_for_the_part_of_it_that_is_inside_the_interval() {
        // 10 a million bytes and hour: 30 an hour.
        let prices = [price(Owner::Node(LEFT), Kind::Memory, (1, 4), 10)];
        assert_eq!([0, 1, 2, 3, 4].map(|start| pays(&prices, A, start * HOUR)), [30, 60, 60, 30, 0]);
        // Half an hour.
        assert_eq!(pays(&prices, A, 7 * HOUR / 2), 15);
        assert_eq!(pays(&prices, C, HOUR), 0);
    }

    #[test]
    fn a_capsule_pays_every_account_on_its_path_and_bandwidth_by_the_traffic_that_crosses_it() {
        let whole = (0, 9);
        let prices = [
            price(Owner::Node(A), Kind::Memory, whole, 1),
            price(Owner::Node(HALL), Kind::Memory, whole, 10),
            price(FEED, Kind::Memory, whole, 100),
            price(Owner::Node(LEFT), Kind::Bandwidth, whole, 1_000),
            price(Owner::Node(HALL), Kind::Bandwidth, whole, 10_000),
        ];
        // Two hours: memory of a at 11 on a, of b and the hall and the feed at 110; 5 and 1 million bit/s.
        let bandwidth = 2 * (5 * 1_000 + 10_000);
        assert_eq!(pays(&prices, A, 0), 2 * 3 * 11 + bandwidth);
        assert_eq!(pays(&prices, B, 0), 2 * 3 * 110 + bandwidth);
        // The feed lists the right cell: memory alike, and no bandwidth of the left cell.
        assert_eq!(pays(&prices, C, 0), 2 * 3 * 110 + 2 * 10_000);
    }

    #[test]
    fn the_sum_of_dues_rounds_up_once_and_the_weight_scales_it() {
        let hall = |kind| price(Owner::Node(HALL), kind, (0, 1), 1);
        let prices = [hall(Kind::Memory), price(FEED, Kind::Memory, (0, 9), 1)];
        // A hundredth of an hour: 3 * 0.01 each of two accounts.
        assert_eq!(pays(&prices, C, HOUR - HOUR / 100), 7, "3 * 0.01 + 3 * 2 is 6.03");
        let instance = tiny().build().with_prices(&prices).unwrap();
        let weights = Weights { dues_permille: 500, ..instance.weights().clone() };
        let site = Site::of(instance.fleet(), C, &weights);
        assert_eq!(cost(&instance.jobs()[0], &site, at(HOUR - HOUR / 100), &weights), 4);
    }

    #[test]
    fn classes_that_bid_in_no_market_owe_nothing_and_the_bound_is_what_they_are_worth() {
        let whole = |owner, kind| price(owner, kind, (0, 9), 1_000);
        // At one price all the time, and at one that changes while they may run.
        let flat = [whole(Owner::Node(HALL), Kind::Memory), whole(Owner::Node(LEFT), Kind::Bandwidth)];
        let changing = [price(Owner::Node(HALL), Kind::Memory, (0, 2), 5), price(FEED, Kind::Memory, (1, 9), 1_000)];
        for (service, pays) in ServiceClass::ALL.into_iter().zip([false, false, true, true]) {
            for prices in [&flat, &changing] {
                let mut tiny = tiny();
                tiny.jobs[0].service = service;
                let free = check::value(&tiny.build(), &[put(0, B)]);
                let instance = tiny.build().with_prices(prices).unwrap();
                let worth = check::value(&instance, &[put(0, B)]);
                assert_eq!(crate::objective::plan_value(&instance, &[put(0, B)]), worth);
                assert_eq!((check::dues(&instance, &[put(0, B)]), worth < free), (free - worth, pays), "{service:?}");
                let bound = check::bound::bound(&instance, &Certificate::default()).unwrap();
                assert!(bound >= worth && (pays || bound == free), "{service:?}: {bound}, {worth}, {free}");
            }
        }
    }

    #[test]
    fn prices_take_from_what_a_plan_is_worth() {
        let prices = [price(Owner::Node(LEFT), Kind::Memory, (0, 9), 10)];
        let instance = tiny().build().with_prices(&prices).unwrap();
        let free = crate::objective::plan_value(&tiny().build(), &[put(0, A)]);
        assert_eq!(crate::objective::plan_value(&instance, &[put(0, A)]), free - 60);
        assert_eq!(crate::objective::plan_value(&instance, &[put(0, C)]), free);
    }
}
