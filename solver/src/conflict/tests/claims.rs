//! What must hold of every explanation.

use std::collections::BTreeSet;

use lessor_models::fleet::{Level, Owner, ZoneIndex};
use lessor_models::job::Term;
use lessor_models::plan::{Blocker, Cure, Reason, Rule};
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use super::{TICK, World};
use crate::conflict::Explanation;

/// Everything that could be waived in a world.
fn universe(world: &World) -> BTreeSet<Blocker> {
    let instance = world.instance();
    let fleet = instance.fleet();
    let nodes = fleet.nodes().filter(|&node| fleet.level(node) != Level::Tile).map(Owner::Node);
    let zones = (0u32..).zip(fleet.zones()).map(|(zone, _)| Owner::Zone(ZoneIndex(zone)));
    let owners: Vec<Owner> = nodes.chain(zones).collect();
    let accounts = owners.iter().flat_map(|&owner| Kind::ALL.map(|kind| Blocker::Account { owner, kind }));
    let tiles = Kind::ALL.map(|kind| Blocker::Tiles { kind });
    accounts.chain(tiles).chain(Rule::ALL.map(Blocker::Rule)).collect()
}

/// The conflict set leaves no place when all else is waived, and no proper subset of it does.
pub(super) fn assert_irreducible(world: &World, job: usize, conflict: &[Blocker]) {
    let universe = universe(world);
    let kept: BTreeSet<Blocker> = conflict.iter().copied().collect();
    let others: BTreeSet<Blocker> = universe.difference(&kept).copied().collect();
    assert!(!world.waived(job, &others).opens(job), "{conflict:?} leaves a place in {world:?}");
    for dropped in &kept {
        let mut more = others.clone();
        more.insert(*dropped);
        assert!(world.waived(job, &more).opens(job), "{dropped:?} of {conflict:?} is superfluous in {world:?}");
    }
}

/// The change opens a place, and a little less of it does not.
pub(super) fn assert_cures(world: &World, job: usize, cure: Cure) {
    assert!(world.cured(job, cure).opens(job), "{cure:?} does not cure {world:?}");
    let less = match cure {
        Cure::Capacity { owner, kind, amount } if kind != Kind::Accelerator => {
            Some(Cure::Capacity { owner, kind, amount: amount - 1 })
        }
        Cure::Bid(more) => Some(Cure::Bid(more - 1)),
        _ => None,
    };
    if let Some(less) = less {
        assert!(!world.cured(job, less).opens(job), "{less:?} is enough in {world:?}");
    }
}

/// The job fits at the start that it may expect, and a single capsule, once its deadline is waived, at none before.
fn assert_expected(world: &World, job: usize, start: Timestamp) {
    assert!(world.cured(job, Cure::Start(start)).opens(job), "{start:?} is too early in {world:?}");
    let mut earlier = world.clone();
    let term = match earlier.jobs[job].term {
        Term::Fixed(span) => span,
        Term::Work(_) => return,
    };
    earlier.jobs[job].deadline = Timestamp(start.after(term).0 - TICK);
    assert!(world.need(job) > 1 || !earlier.opens(job), "there is a start before {start:?} in {world:?}");
}

/// The job does not fit after all that is planned either, all of it at once, where nothing is known to change then.
fn assert_never(world: &World, job: usize) {
    let end = world.instance().horizon().end;
    let mut afterwards = world.clone();
    let Term::Fixed(term) = world.jobs[job].term else { return };
    (afterwards.jobs[job].earliest, afterwards.jobs[job].deadline) = (end, end.after(term));
    let mut steps = world.parts.steps.values().flatten();
    let is_open = || afterwards.opens(job);
    assert!(steps.any(|step| step.0 > end) || !is_open(), "no start is told, but {end:?} would do in {world:?}");
}

/// All of it, for a job that misses capsules.
pub(super) fn assert_sound(world: &World, job: usize) -> Explanation {
    let explanation = world.explain(job);
    let is_open = world.opens(job);
    assert_eq!(explanation.reason == Reason::Interrupted, is_open, "{explanation:?} of {world:?}");
    if is_open {
        return explanation;
    }
    assert_irreducible(world, job, &explanation.conflict);
    if let Some(cure) = explanation.cure {
        assert_cures(world, job, cure);
    }
    match explanation.expected_start {
        Some(start) => assert_expected(world, job, start),
        None => assert_never(world, job),
    }
    // A single waiver that would do is a cure that must not be missed; added devices are bounded, so they may be.
    let waivers = explanation.conflict.iter().filter(|&&blocker| {
        blocker != Blocker::Rule(Rule::Devices) && !matches!(blocker, Blocker::Tiles { .. } if world.need(job) > 1)
    });
    let mut alone = waivers.map(|&blocker| BTreeSet::from([blocker]));
    let curable = alone.any(|waiver| world.waived(job, &waiver).opens(job));
    assert!(explanation.cure.is_some() || !curable, "no cure for {world:?}");
    explanation
}
