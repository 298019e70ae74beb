//! What placements pay for accounts that the market priced, price by price.
//!
//! Written the plain way, from the placements and the prices alone: it shares nothing with [`crate::objective::dues`].

use crate::draw;
use crate::fleet::Owner;
use crate::instance::Instance;
use crate::job::ServiceClass;
use crate::plan::Placement;
use crate::resources::Kind;
use crate::time::{StepFunction, Timestamp};

/// Base units times microseconds that a price is stated for: 10^6 units for an hour.
const STATED: u128 = 1_000_000 * 3_600_000_000;

/// The dues of all placements, in micro-credits, each capsule's rounded up. O(placements times accounts on a path times changes).
pub(super) fn total(instance: &Instance, placements: &[Placement]) -> i128 {
    if instance.fleet().prices().is_empty() {
        return 0;
    }
    placements.iter().map(|placement| i128::from(placement.count) * of_capsule(instance, placement)).sum()
}

/// What one capsule pays: nothing where it is of class A or B.
fn of_capsule(instance: &Instance, placement: &Placement) -> i128 {
    let (fleet, job) = (instance.fleet(), &instance.jobs()[placement.job.at()]);
    if job.service < ServiceClass::C {
        return 0;
    }
    let class = super::class_of(fleet, placement.tile);
    let end = placement.start.after(draw::term(job, class));
    let mut sum = 0u128;
    for node in fleet.path(placement.tile) {
        let drawn = draw::draw(&job.demand, class, fleet.level(node));
        let mut pay = |prices: &[(Kind, StepFunction)]| {
            for (kind, price) in prices {
                let cost = u128::from(drawn.get(*kind)).saturating_mul(over(price, placement.start, end));
                sum = sum.saturating_add(cost);
            }
        };
        pay(fleet.prices().of(Owner::Node(node)));
        fleet.zones_listing(node).iter().for_each(|&zone| pay(fleet.prices().of(Owner::Zone(zone))));
    }
    let cost = u64::try_from(sum.div_ceil(STATED)).unwrap_or(u64::MAX);
    let weighted = (u128::from(cost) * u128::from(instance.weights().dues_permille)).div_ceil(1_000);
    i64::try_from(weighted).unwrap_or(i64::MAX).into()
}

/// A price added up over the microseconds of a run.
fn over(price: &StepFunction, start: Timestamp, end: Timestamp) -> u128 {
    let (mut from, mut sum) = (start, 0u128);
    for &(until, _) in price.steps() {
        if start < until && until < end {
            sum += u128::from(price.at(from)) * u128::from(until.since(from).0);
            from = until;
        }
    }
    sum + u128::from(price.at(from)) * u128::from(end.since(from).0)
}
