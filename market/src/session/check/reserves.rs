//! What bundles cost at reserve prices and at price caps: read again from the policy, tariffs and a plan's prices, instant by
//! instant.

use std::collections::BTreeMap;

use lessor_models::fleet::Owner;
use lessor_models::objective::Weights;
use lessor_models::plan::Price;
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{Interval, StepFunction, Timestamp};

use super::goods::{product, tariff};
use super::{above, is_offered, place};
use crate::policy::{AccountClass, Format, Reserve};
use crate::session::Session;
use crate::session::catalog::Wish;

/// The reserve prices of a round.
pub(super) struct Reserves<'a> {
    session: &'a Session<'a>,
    /// What a plan says that accounts are worth.
    seeds: BTreeMap<(Owner, Kind), Vec<&'a Price>>,
}

impl<'a> Reserves<'a> {
    pub(super) fn of(session: &'a Session<'a>) -> Reserves<'a> {
        let mut seeds: BTreeMap<_, Vec<&Price>> = BTreeMap::new();
        for price in session.ground.seeds {
            seeds.entry((price.owner, price.kind)).or_default().push(price);
        }
        Reserves { session, seeds }
    }

    /// What wishes cost at the reserve prices of a class, in parts of a micro-credit: base units times price times microseconds.
    pub(super) fn cost(&self, class: &AccountClass, wishes: &[Wish]) -> u128 {
        self.sum(class, wishes, |account, at| self.price(class, account, at))
    }

    /// The same at one price for all accounts of the class.
    pub(super) fn cost_at(&self, class: &AccountClass, wishes: &[Wish], price: u64) -> u128 {
        self.sum(class, wishes, |_, _| price)
    }

    /// What wishes cost at prices for each account of a class and instant, where the account has a limit. O(wishes x accounts
    /// above x instants at which anything about an account changes).
    fn sum(&self, class: &AccountClass, wishes: &[Wish], price: impl Fn((Owner, Kind), Timestamp) -> u64) -> u128 {
        let fleet = self.session.ground.fleet;
        let mut sum = 0_u128;
        for wish in wishes {
            let above = if is_offered(class) { Vec::new() } else { above(fleet, wish).into_iter().collect() };
            let owners = std::iter::once(wish.owner).chain(above);
            for owner in owners.filter(|&owner| class.covers(place(fleet, owner), wish.kind)) {
                let account = (owner, wish.kind);
                for part in self.parts(class, account, wish.interval) {
                    if fleet.capacity_at(owner, wish.kind, part.start) != UNLIMITED {
                        let cost = product([price(account, part.start), wish.quantity, part.span().0]);
                        sum = sum.saturating_add(cost);
                    }
                }
            }
        }
        sum
    }

    /// The parts of a term in which nothing about an account changes that a class looks at.
    pub(super) fn parts(&self, class: &AccountClass, account: (Owner, Kind), term: Interval) -> Vec<Interval> {
        let fleet = self.session.ground.fleet;
        let follows_tariff = matches!(class.reserve, Reserve::MarginalCost { .. });
        let tariff = tariff(fleet, account.0).filter(|_| follows_tariff);
        let steps = fleet.steps().get(&account).into_iter().chain(tariff);
        let seeds = self.seeds.get(&account).into_iter().flatten();
        let changes = steps.flat_map(StepFunction::steps).map(|step| step.0);
        let changes = changes.chain(seeds.flat_map(|price| [price.interval.start, price.interval.end]));
        let within = changes.filter(|&at| term.start < at && at < term.end);
        let mut cuts: Vec<Timestamp> = within.chain([term.start, term.end]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).map(|pair| Interval { start: pair[0], end: pair[1] }).collect()
    }

    /// The reserve price of an account of a class at an instant, in micro-credits per 10^6 base units and hour: what the policy
    /// asks, or the posted price or what a plan says that it is worth where that is more, the latter up to the cap.
    pub(super) fn price(&self, class: &AccountClass, account: (Owner, Kind), at: Timestamp) -> u64 {
        let ground = &self.session.ground;
        let energy = tariff(ground.fleet, account.0).map_or(Weights::default().energy_price, |tariff| tariff.at(at));
        let posted = ground.posted.get(&account).filter(|_| class.format == Format::Posted);
        let posted = posted.map_or(0, |posted| posted.standing.price.stated());
        let holds = |price: &&&Price| price.interval.start <= at && at < price.interval.end;
        let seeds = self.seeds.get(&account).into_iter().flatten().filter(holds);
        let worth = seeds.map(|price| price.price).fold(0, u64::saturating_add).max(posted);
        class.reserve.price(energy).max(class.price_cap.map_or(worth, |cap| cap.min(worth)))
    }
}
