//! `lessor bench leases`: how fast the lease service is beside yardsticks of the same run, and what a kill costs.

mod appended;
mod child;
mod echo;
pub(crate) mod error;
mod etcd;
mod kill;
mod latencies;
mod live;
mod load;
mod overload;
mod rates;
mod simulate;

use std::path::Path;

use lessor_datasets::generate::Scenario;
use lessor_datasets::table::write_fleet_dir;
use serde_json::json;
use tokio::runtime::Builder;

use crate::cli::{
    BenchLeasesKillArgs, BenchLeasesLiveArgs, BenchLeasesLoadArgs, BenchLeasesOverloadArgs, BenchLeasesVerb,
};
use crate::command_error::CommandError;
use crate::console::say;
use crate::ending::Ending;

use error::LeasesError;

/// The seed of every fleet that is leased here.
const FLEET_SEED: u64 = 1;
/// Tiles of the fleet on which a server is killed: so few that its clients are in each other's way.
const KILL_TILES: u32 = 6;

/// Carries out `lessor bench leases`.
pub(super) fn run(verb: &BenchLeasesVerb) -> Result<Ending, CommandError> {
    match verb {
        BenchLeasesVerb::Load(args) => load(args),
        BenchLeasesVerb::Live(args) => live(args),
        BenchLeasesVerb::Kill(args) => kill(args),
        BenchLeasesVerb::Overload(args) => overload(args),
        BenchLeasesVerb::Simulate(args) => Ok(simulate::run(args)),
    }
}

fn generate(tiles: u32, dir: &Path) -> Result<(), CommandError> {
    let instance = Scenario::new(tiles, FLEET_SEED).generate()?;
    Ok(write_fleet_dir(dir, &instance)?)
}

fn load(args: &BenchLeasesLoadArgs) -> Result<Ending, CommandError> {
    let scratch = tempfile::tempdir().map_err(LeasesError::Start)?;
    let fleet = scratch.path().join("fleet");
    generate(args.tiles, &fleet)?;
    let data = args.data.clone().unwrap_or_else(|| scratch.path().join("data"));
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(LeasesError::Start)?;
    let rates = runtime.block_on(rates::measure(args, &fleet, &data))?;
    if args.json {
        say(&rates.json().to_string());
    } else {
        rates.lines().iter().for_each(|line| say(line));
    }
    Ok(Ending::Done)
}

fn overload(args: &BenchLeasesOverloadArgs) -> Result<Ending, CommandError> {
    let scratch = tempfile::tempdir().map_err(LeasesError::Start)?;
    let fleet = scratch.path().join("fleet");
    generate(args.tiles, &fleet)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(LeasesError::Start)?;
    let overload = runtime.block_on(overload::measure(args, &fleet, &scratch.path().join("data")))?;
    if args.json {
        say(&overload.json().to_string());
    } else {
        overload.lines().iter().for_each(|line| say(line));
    }
    Ok(if overload.holds() { Ending::Done } else { Ending::Failed })
}

fn live(args: &BenchLeasesLiveArgs) -> Result<Ending, CommandError> {
    let scratch = tempfile::tempdir().map_err(LeasesError::Start)?;
    let data = args.data.clone().unwrap_or_else(|| scratch.path().join("data"));
    let instance = Scenario::new(args.tiles, FLEET_SEED).generate()?;
    let live = live::measure(instance.fleet(), &data, (args.leases.into(), args.hold))?;
    if args.json {
        say(&live.json().to_string());
    } else {
        live.lines().iter().for_each(|line| say(line));
    }
    Ok(Ending::Done)
}

fn kill(args: &BenchLeasesKillArgs) -> Result<Ending, CommandError> {
    let scratch = tempfile::tempdir().map_err(LeasesError::Start)?;
    let fleet = scratch.path().join("fleet");
    generate(KILL_TILES, &fleet)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(LeasesError::Start)?;
    let report = runtime.block_on(kill::run(&fleet, &scratch.path().join("data"), args.kills, args.seed))?;
    if args.json {
        let object = json!({
            "kills": report.kills,
            "acknowledged": report.acknowledged,
            "refused": report.refused,
            "changes": report.changes,
            "repeated": report.repeated,
            "violations": report.violations,
            "seed": args.seed,
        });
        say(&object.to_string());
    } else {
        say(&format!(
            "seed {}: {} kills, {} acknowledged answers ({} refusals), {} changes, {} repeats, {} violations",
            args.seed,
            report.kills,
            report.acknowledged,
            report.refused,
            report.changes,
            report.repeated,
            report.violations.len()
        ));
        report.violations.iter().for_each(|violation| say(violation));
    }
    Ok(if report.violations.is_empty() { Ending::Done } else { Ending::Failed })
}
