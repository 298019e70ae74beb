//! What a plan tells a round: what its capsules hold of accounts, and what they are worth to it.

use std::path::{Path, PathBuf};

use lessor_datasets::table::{CERTIFICATE, PLACEMENTS};
use lessor_market::catalog::place;
use lessor_market::holdings::Holdings;
use lessor_market::policy::Policy;
use lessor_market::prices::from_duals;
use lessor_models::certificate::{Dual, Scope};
use lessor_models::fleet::Fleet;
use lessor_models::plan::Price;

use super::MarketError;
use crate::command_error::CommandError;
use crate::loaded_plan::RecordedRun;
use crate::plan_tables;

/// A plan beside a round.
#[derive(Debug, Default)]
pub(super) struct StandingPlan {
    /// What its capsules hold.
    pub(super) holdings: Holdings,
    /// Its dual prices of accounts, which seed reserve prices.
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
        let trades = |owner, kind| policy.class_of(place(supply, owner), kind).is_some();
        let holdings = Holdings::of_plan(&run.instance, &plan.placements, trades);
        let certificate = plan_tables::read_proof(dir, &run.instance)?;
        let of_account = |dual: &Dual| matches!(dual.scope, Scope::Owner(owner) if trades(owner, dual.kind));
        let duals = certificate.map(|certificate| certificate.duals).unwrap_or_default();
        let duals: Vec<Dual> = duals.into_iter().filter(of_account).collect();
        Ok(StandingPlan { holdings, seeds: from_duals(&duals) })
    }

    /// The files that a round reads of a plan directory.
    pub(super) fn files(dir: &Path) -> Vec<(&'static str, PathBuf)> {
        let tables = [&PLACEMENTS, &CERTIFICATE].map(|table| (table.name, dir.join(table.file_name())));
        tables.into_iter().filter(|(_, path)| path.exists()).collect()
    }
}
