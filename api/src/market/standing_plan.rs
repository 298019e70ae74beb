//! What a plan tells a round: what its capsules hold of accounts, and what they are worth to it.

use std::path::{Path, PathBuf};

use lessor_datasets::table::{CERTIFICATE, PLACEMENTS};
use lessor_market::policy::Policy;
use lessor_market::prices::from_duals;
use lessor_market::session::catalog::place;
use lessor_market::session::holdings::Holdings;
use lessor_models::certificate::{Dual, Scope};
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::plan::Price;

use super::error::MarketError;
use crate::command_error::CommandError;
use crate::plan::loaded::RecordedRun;
use crate::plan::tables;

/// A plan beside a round.
#[derive(Debug, Default)]
pub(crate) struct StandingPlan {
    /// What its capsules hold.
    pub(super) holdings: Holdings,
    /// Its dual prices of accounts, and what it was charged for them, which seed reserve prices.
    pub(super) seeds: Vec<Price>,
}

impl StandingPlan {
    /// Reads a plan directory, whose fleet must have the nodes and zones of the supply.
    ///
    /// # Errors
    /// A plan or an input of it that cannot be read or has changed, or a plan of another fleet.
    pub(super) fn read(dir: &Path, supply: &Fleet, policy: &Policy) -> Result<StandingPlan, CommandError> {
        let run = RecordedRun::read(dir)?;
        let fleet = run.instance.fleet();
        let is_same =
            fleet.names().iter().eq(supply.names().iter()) && fleet.zone_names().iter().eq(supply.zone_names().iter());
        if !is_same {
            return Err(MarketError::OtherFleet { path: dir.to_owned() }.into());
        }
        let plan = run.plan(dir)??;
        let holdings = Holdings::of_plan(&run.instance, &plan.placements);
        let trades = |owner, kind| policy.class_of(place(supply, owner), kind).is_some();
        let certificate = tables::read_proof(dir, &run.instance)?;
        let of_account = |dual: &Dual| matches!(dual.scope, Scope::Owner(owner) if trades(owner, dual.kind));
        let duals = certificate.map(|certificate| certificate.duals).unwrap_or_default();
        let duals: Vec<Dual> = duals.into_iter().filter(of_account).collect();
        let seeds = from_duals(&duals).into_iter().map(|seed| with_due(&run.instance, &holdings, seed)).collect();
        Ok(StandingPlan { holdings, seeds })
    }

    /// The files that a round reads of a plan directory.
    pub(super) fn files(dir: &Path) -> Vec<(&'static str, PathBuf)> {
        let tables = [&PLACEMENTS, &CERTIFICATE].map(|table| (table.name, dir.join(table.file_name())));
        tables.into_iter().filter(|(_, path)| path.exists()).collect()
    }
}

/// A dual price with what the plan was charged for the account beside it, on average: to those who pay that and are short of the
/// account even so, a unit of it is worth both. Where classes A and B alone hold it, who are not charged, it is worth the dual
/// price.
fn with_due(instance: &Instance, holdings: &Holdings, seed: Price) -> Price {
    let held = holdings.during(seed.owner, seed.kind, seed.interval);
    if held.iter().all(|[_, _, interactive, bulk]| *interactive == 0 && *bulk == 0) {
        return seed;
    }
    let of_account = instance.fleet().prices().of(seed.owner).iter().find(|(kind, _)| *kind == seed.kind);
    let charged = of_account.map_or(0, |(_, price)| {
        let sum = price.sum(seed.interval) * u128::from(instance.weights().dues_permille);
        u64::try_from(sum / (u128::from(seed.interval.span().0.max(1)) * 1_000)).unwrap_or(u64::MAX)
    });
    Price { price: seed.price.saturating_add(charged), ..seed }
}

#[cfg(test)]
mod tests {
    use lessor_market::session::holdings::Holding;
    use lessor_models::fleet::{FleetParts, Level, NodeColumns, NodeIndex, Owner};
    use lessor_models::job::ServiceClass;
    use lessor_models::objective::Weights;
    use lessor_models::resources::{Kind, Resources};
    use lessor_models::tile_class::TileClass;
    use lessor_models::time::{Interval, Timestamp};

    use super::*;

    #[test]
    fn what_a_plan_was_charged_comes_on_top_of_its_dual_price_where_somebody_pays() {
        let nodes = NodeColumns {
            names: ["cell", "tile"].map(String::from).to_vec(),
            parents: vec![None, Some(0)],
            levels: vec![Level::Cell, Level::Tile],
            classes: vec![None, Some(lessor_models::fleet::ClassIndex(0))],
            capacities: vec![Resources::UNLIMITED; 2],
            uplink_delays_us: vec![0; 2],
        };
        let parts = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
        let weights = Weights { dues_permille: 500, ..Weights::default() };
        let instance = Instance::new(Fleet::new(parts).unwrap(), vec![], vec![], weights).unwrap();
        let price = |kind, (start, end), price| {
            let interval = Interval { start: Timestamp(start), end: Timestamp(end) };
            Price { owner: Owner::Node(NodeIndex(0)), kind, interval, price }
        };
        let instance = instance.with_prices(&[price(Kind::Power, (0, 10), 8)]).unwrap();
        let mut holdings = Holdings::default();
        let mut hold = |service, (start, end)| {
            let interval = Interval { start: Timestamp(start), end: Timestamp(end) };
            for kind in [Kind::Power, Kind::Memory] {
                holdings.add(Owner::Node(NodeIndex(0)), kind, Holding { interval, service, amount: 3 });
            }
            holdings.clone()
        };
        let protected = hold(ServiceClass::A, (0, 20));
        let both = hold(ServiceClass::D, (6, 9));
        // Charged 8 during half of the interval, and counted by half.
        assert_eq!(with_due(&instance, &both, price(Kind::Power, (5, 15), 100)).price, 102);
        assert_eq!(with_due(&instance, &both, price(Kind::Memory, (5, 15), 100)).price, 100);
        assert_eq!(with_due(&instance, &protected, price(Kind::Power, (5, 15), 100)).price, 100);
        assert_eq!(with_due(&instance, &both, price(Kind::Power, (9, 15), 100)).price, 100);
    }
}
