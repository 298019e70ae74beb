//! What runs when the plan begins: a few capsules that fit where they are.

use lessor_models::draw;
use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex, Term};
use lessor_models::plan::CurrentPlacement;
use lessor_models::resources::Kind;

use super::dice::{Dice, Part};
use super::load::admits;
use super::scenario::{GenerateError, START};

/// How many jobs are tried before a tile is left empty.
const TRIES: u32 = 8;

/// The same instance with one capsule running on a share of the tiles, in thousandths.
///
/// # Errors
/// Never for a generated instance.
pub fn with_current(instance: Instance, share_permille: u32, seed: u64) -> Result<Instance, GenerateError> {
    let mut dice = Dice::new(seed, Part::Current);
    let mut running = vec![0u32; instance.jobs().len()];
    let mut current = Vec::new();
    for tile in instance.fleet().tiles() {
        if !dice.chance(u64::from(share_permille)) {
            continue;
        }
        for _ in 0..TRIES {
            let job = dice.between(0, instance.jobs().len().saturating_sub(1) as u64);
            let index = JobIndex(u32::try_from(job).expect("jobs are counted in u32"));
            let Some(job) = instance.jobs().get(index.at()) else { break };
            if running[index.at()] < job.count && may_run(instance.fleet(), job, tile) {
                running[index.at()] += 1;
                let devices = (1u64 << job.demand.devices) - 1;
                current.push(CurrentPlacement { job: index, tile, count: 1, devices });
                break;
            }
        }
    }
    Ok(instance.with_current(current)?)
}

/// Whether a capsule of the job may have been started on the tile by now, alone.
fn may_run(fleet: &Fleet, job: &Job, tile: NodeIndex) -> bool {
    let class = fleet.class_of(tile).expect("every tile has a class");
    let model = &fleet.classes()[class.at()];
    let is_free = job.spread.is_none() && job.affinity.is_none() && job.anti_affinity.is_none() && job.gang_min < 2;
    let is_here = job.locality.is_none_or(|place| fleet.path(tile).any(|node| node == place));
    let has_begun = job.earliest == START && matches!(job.term, Term::Fixed(_)) && job.data.is_none();
    let owner = Owner::Node(tile);
    let is_steady = !fleet.steps().contains_key(&(owner, Kind::Compute));
    let free = fleet.base_capacity(owner).saturating_sub(&draw::standing(model));
    let fits = draw::draw(&job.demand, model, Level::Tile).fits(&free);
    is_free && is_here && has_begun && is_steady && fits && admits(job, class, model)
}
