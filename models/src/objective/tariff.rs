//! Tariffs: what a kilowatt-hour costs and emits at a tile over time, and what accounts cost that the market priced.
//!
//! What a run pays is the sum of its tariff over its microseconds, which is linear in its start as long as neither end of
//! the run passes a change: the cheapest start is at an end of the job's window or where the run begins or ends at a change.

use std::borrow::Cow;
use std::collections::HashMap;

use super::dues::{self, Due};
use super::{Site, Weights, carbon, energy};
use crate::draw;
use crate::fleet::{Fleet, NodeIndex, Owner, ZoneIndex};
use crate::job::Job;
use crate::time::{Interval, Span, StepFunction, Timestamp};

/// What a kilowatt-hour costs and emits at a tile, and what its accounts cost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tariff<'a> {
    /// Its price, in micro-credits.
    pub price: Cow<'a, StepFunction>,
    /// The carbon dioxide that making it emits, in milligrams.
    pub carbon: Cow<'a, StepFunction>,
    /// The prices of accounts that a capsule there draws from, sorted.
    pub dues: Vec<Due<'a>>,
}

impl<'a> Tariff<'a> {
    /// The tariff of a tile: at every instant the dearest price and the greatest emission of the zones that it belongs to;
    /// the weights' price where none states one, and no emission where none says.
    #[must_use]
    pub fn of(fleet: &'a Fleet, tile: NodeIndex, weights: &Weights) -> Tariff<'a> {
        let price = greatest(fleet, tile, Fleet::energy_price);
        let carbon = greatest(fleet, tile, Fleet::carbon);
        Tariff {
            price: price.unwrap_or_else(|| Cow::Owned(StepFunction::constant(weights.energy_price))),
            carbon: carbon.unwrap_or_else(|| Cow::Owned(StepFunction::constant(0))),
            dues: Due::of(fleet, tile),
        }
    }

    /// A tariff of one price that emits nothing, where no account costs anything.
    #[must_use]
    pub fn flat(price: u64) -> Tariff<'static> {
        let [price, carbon] = [price, 0].map(|amount| Cow::Owned(StepFunction::constant(amount)));
        Tariff { price, carbon, dues: Vec::new() }
    }

    /// The same tariff, without a copy of its changes. O(dues).
    #[must_use]
    pub fn as_borrowed(&self) -> Tariff<'_> {
        Tariff {
            price: Cow::Borrowed(&self.price),
            carbon: Cow::Borrowed(&self.carbon),
            dues: self.dues.iter().map(Due::as_borrowed).collect(),
        }
    }

    /// Whether a run pays the same whenever it starts.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.changes().next().is_none()
    }

    /// The same tariff inside an interval, with no change outside it.
    #[must_use]
    pub fn within(&self, interval: Interval) -> Tariff<'static> {
        let inside = |function: &StepFunction| Cow::Owned(function.within(interval));
        let dues = self.dues.iter().filter_map(|due| due.within(interval)).collect();
        Tariff { price: inside(&self.price), carbon: inside(&self.carbon), dues }
    }

    /// The instants at which it changes, in no order.
    pub fn changes(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let energy = self.price.steps().iter().chain(self.carbon.steps());
        energy.chain(self.dues.iter().flat_map(|due| due.price.steps())).map(|step| step.0)
    }

    /// The starts from the earliest to the latest among which a run of a term has its cheapest, in no order.
    pub fn starts(&self, earliest: Timestamp, latest: Timestamp, term: Span) -> impl Iterator<Item = Timestamp> + '_ {
        let ends_there = move |at: Timestamp| Timestamp(at.0.saturating_sub_unsigned(term.0));
        let changes = self.changes().flat_map(move |at| [at, ends_there(at)]);
        changes.filter(move |&start| earliest < start && start < latest).chain([earliest, latest.max(earliest)])
    }
}

/// The tariffs of many tiles: those that belong to no zone by themselves share what their parent pays.
#[derive(Debug)]
pub(super) struct Tariffs<'a> {
    fleet: &'a Fleet,
    weights: &'a Weights,
    known: HashMap<NodeIndex, Tariff<'a>>,
}

impl<'a> Tariffs<'a> {
    pub(super) fn new(fleet: &'a Fleet, weights: &'a Weights) -> Tariffs<'a> {
        Tariffs { fleet, weights, known: HashMap::new() }
    }

    /// The tariff of a tile; see [`Tariff::of`]. O(dues) but for the first tile of each parent.
    pub(super) fn of(&mut self, tile: NodeIndex) -> Tariff<'_> {
        let (fleet, weights) = (self.fleet, self.weights);
        let has_own = !fleet.zones_listing(tile).is_empty() || !fleet.prices().of(Owner::Node(tile)).is_empty();
        let payer = fleet.parent(tile).filter(|_| !has_own).unwrap_or(tile);
        self.known.entry(payer).or_insert_with(|| Tariff::of(fleet, tile, weights)).as_borrowed()
    }
}

fn greatest<'a>(
    fleet: &'a Fleet,
    tile: NodeIndex,
    of_zone: impl Fn(&'a Fleet, ZoneIndex) -> Option<&'a StepFunction>,
) -> Option<Cow<'a, StepFunction>> {
    let zones = fleet.path(tile).flat_map(|node| fleet.zones_listing(node));
    let stated = zones.filter_map(|&zone| of_zone(fleet, zone)).map(Cow::Borrowed);
    stated.reduce(|a, b| if a == b { a } else { Cow::Owned(a.greatest(&b)) })
}

/// What a capsule's energy, its emissions and its dues cost if it starts then, in micro-credits.
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, start: Timestamp, weights: &Weights) -> u64 {
    let energy = energy::cost(job, site, start, weights).saturating_add(carbon::cost(job, site, start, weights));
    energy.saturating_add(dues::cost(job, site, start, weights))
}

/// The start in a job's window at which [`cost`] is least, the earliest of equals. O(changes log changes).
#[must_use]
pub fn cheapest_start(job: &Job, site: &Site<'_>, weights: &Weights) -> Timestamp {
    if site.tariff.is_flat() {
        return job.earliest;
    }
    let term = draw::term(job, site.class);
    let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(term.0));
    let starts = site.tariff.starts(job.earliest, latest, term);
    starts.min_by_key(|&start| (cost(job, site, start, weights), start)).unwrap_or(job.earliest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tests::class;
    use crate::fleet::{TariffSteps, Zone, ZoneKind};
    use crate::plan::Price;
    use crate::resources::{Kind, Resources};
    use crate::test_instance::{A, B, D, FEED, HALL, TILES, Tiny, at, during, job, seconds};

    /// The feed of b costs 5, then 9 from second 4 on; the hall costs 7 and emits 3, then nothing from second 20 on.
    fn tiny() -> Tiny {
        let mut tiny = Tiny::new(vec![]);
        tiny.fleet.zone_names.push("grid".into());
        let grid = Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: Some(7) };
        tiny.fleet.zones.push(grid);
        tiny.fleet.members.push((1, HALL.0));
        let feed = TariffSteps { energy_price: vec![(at(4), 9), (at(2), 5)], carbon: vec![] };
        let grid = TariffSteps { energy_price: vec![], carbon: vec![(at(0), 3), (at(20), 0)] };
        tiny.fleet.tariffs = [(ZoneIndex(0), feed), (ZoneIndex(1), grid)].into();
        tiny
    }

    #[test]
    fn a_tile_pays_the_dearest_of_its_zones_at_every_instant() {
        let instance = tiny().build();
        let price = |tile, second| Tariff::of(instance.fleet(), tile, instance.weights()).price.at(at(second));
        assert_eq!([0, 2, 3, 4, 9].map(|second| price(B, second)), [7, 7, 7, 9, 9]);
        assert_eq!([0, 4].map(|second| price(A, second)), [7, 7]);
        let carbon = |second| Tariff::of(instance.fleet(), A, instance.weights()).carbon.at(at(second));
        assert_eq!([-1, 0, 19, 20].map(carbon), [3, 3, 3, 0]);
    }

    #[test]
    fn tiles_looked_up_together_pay_what_each_pays() {
        let price = |owner, price| Price { owner, kind: Kind::Memory, interval: during(0, 9), price };
        // The feed lists b by itself, and d has a price of its own.
        let prices = [price(FEED, 3), price(Owner::Node(D), 5), price(Owner::Node(HALL), 7)];
        let instance = tiny().build().with_prices(&prices).unwrap();
        let mut tariffs = Tariffs::new(instance.fleet(), instance.weights());
        for tile in TILES.into_iter().chain(TILES) {
            assert_eq!(tariffs.of(tile), Tariff::of(instance.fleet(), tile, instance.weights()), "{tile:?}");
        }
    }

    #[test]
    fn without_a_word_of_any_zone_the_price_is_the_weights_and_nothing_is_emitted() {
        let instance = Tiny::new(vec![]).build();
        let weights = Weights { energy_price: 77, ..Weights::default() };
        assert_eq!(Tariff::of(instance.fleet(), A, &weights), Tariff::flat(77));
    }

    #[test]
    fn no_start_in_the_window_is_cheaper_than_the_cheapest() {
        let class = class();
        let price = StepFunction::new(900, vec![(at(7), 300), (at(13), 800), (at(18), 100), (at(19), 950)]);
        let tariff = Tariff { price: Cow::Owned(price), ..Tariff::flat(0) };
        let site = Site { class: &class, tariff, heat_mw: 0 };
        let demand = crate::job::Demand { power_mw: 3_600_000_000, ..Default::default() };
        for (term, slack) in [(1, 0), (1, 30), (4, 9), (6, 20), (25, 3)] {
            let asked = Job { deadline: at(3).after(seconds(term + slack)), ..job(demand) };
            let asked = Job { earliest: at(3), term: crate::job::Term::Fixed(seconds(term)), ..asked };
            let pays = |start| cost(&asked, &site, start, &Weights::default());
            let starts = (0..=slack * 4).map(|quarter| Timestamp(at(3).0.saturating_add_unsigned(quarter * 250_000)));
            let least = starts.map(pays).min().expect("a window has a start");
            assert_eq!(pays(cheapest_start(&asked, &site, &Weights::default())), least, "{term} of {slack}");
        }
    }
}
