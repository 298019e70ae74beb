//! Few moves in every order, as the checker sees it.

use std::collections::BTreeSet;

use lessor_models::check::{self, MoveFault};
use lessor_models::fleet::{FleetParts, Zone, ZoneIndex, ZoneKind};
use lessor_models::instance::Instance;
use lessor_models::job::Job;
use lessor_models::plan::{CurrentPlacement, Move, Placement, Stage};
use lessor_models::resources::{Kind, Kinds, Resources};

use super::{instance, job, migration, placed, runs, tiles, under};
use crate::migration::SeatChange;
use crate::migration::pairs::pairs;
use crate::support::random::Random;

/// Whether some order of the capsules that change seats leads to the placements; `None` where more than `most` do, or some stop.
pub(super) fn has_order(instance: &Instance, placements: &[Placement], most: u32) -> Option<bool> {
    let pairs = pairs(instance, placements, instance.takeover()?);
    if pairs.changed.iter().map(|change| change.count).sum::<u32>() > most || !pairs.stopped.is_empty() {
        return None;
    }
    let one = |&SeatChange { job, from, to, count }: &SeatChange| {
        vec![Move { wave: 0, stage: Stage::Go, job, from, to: Some(to), count: 1 }; count as usize]
    };
    let mut left: Vec<Move> = pairs.changed.iter().flat_map(one).collect();
    left.sort_unstable();
    Some(Every { instance, placements, hopeless: BTreeSet::new() }.leads_there(left, &mut Vec::new()))
}

struct Every<'a> {
    instance: &'a Instance,
    placements: &'a [Placement],
    /// Moves that were left, sorted, and that no order carries out: where capsules are says all that matters.
    hopeless: BTreeSet<Vec<Move>>,
}

impl Every<'_> {
    fn leads_there(&mut self, left: Vec<Move>, done: &mut Vec<Move>) -> bool {
        let is_on_the_way = |fault: &check::Violation| {
            use MoveFault::{Displaced, Idle, LeftPaused, Remains};
            matches!(
                fault,
                check::Violation::Moves(Remains { .. } | Displaced { .. } | Idle { .. } | LeftPaused { .. })
            )
        };
        let found = check::moves::violations(self.instance, self.placements, done);
        if left.is_empty() {
            return found.is_empty();
        }
        if !found.iter().all(is_on_the_way) || self.hopeless.contains(&left) {
            return false;
        }
        let wave = u32::try_from(done.len()).unwrap();
        for at in 0..left.len() {
            let mut fewer = left.clone();
            let change = fewer.remove(at);
            let mut later = fewer.clone();
            later.push(Move { stage: Stage::Resume, ..change });
            later.sort_unstable();
            let pause = (change.stage == Stage::Go).then_some((Stage::Pause, later));
            for (stage, left) in [(change.stage, fewer)].into_iter().chain(pause) {
                done.push(Move { wave, stage, ..change });
                let is_there = self.leads_there(left, done);
                done.pop();
                if is_there {
                    return true;
                }
            }
        }
        self.hopeless.insert(left);
        false
    }
}

/// Few tiles of compute and memory, in one or two zones that let few capsules move at once.
fn tight_fleet(random: &mut Random) -> FleetParts {
    let count = 2 + random.index(3);
    let mut parts = tiles(&vec![10; count]);
    let memory = [10, 12, 20][random.index(3)];
    parts.nodes.capacities[1..].iter_mut().for_each(|tile| *tile = tile.with(Kind::Memory, memory));
    for zone in 0..random.below(3) {
        let capacity = Resources::UNLIMITED;
        parts.zone_names.push(format!("zone {zone}"));
        parts.zones.push(Zone { kind: ZoneKind::FailureDomain, capacity, energy_price: None });
        let zone = u32::try_from(zone).unwrap();
        let members = (1..=u32::try_from(count).unwrap())
            .filter(|&node| node == 1 || random.below(10) < 7)
            .map(|node| (zone, node));
        parts.members.extend(members);
        parts.move_limits.insert(ZoneIndex(zone), 1 + u32::from(random.below(2) == 0));
    }
    parts
}

/// A world of few jobs that mostly change tiles, one or two capsules of each, and what is transient.
fn tight_plan(random: &mut Random) -> (Instance, Vec<Placement>) {
    let parts = tight_fleet(random);
    let count = parts.nodes.names.len() - 1;
    let (mut jobs, mut current, mut plan): (Vec<Job>, Vec<CurrentPlacement>, Vec<Placement>) = <_>::default();
    let (mut before, mut after) = (vec![[0u64; 2]; count], vec![[0u64; 2]; count]);
    let limits = [10, parts.nodes.capacities[1].get(Kind::Memory)];
    for _ in 0..12 {
        let (from, to, capsules) = (random.index(count), random.index(count), 1 + random.below(5) / 4);
        let drawn = [1 + random.below(8), 1 + random.below(8)];
        let fits = |used: &[u64; 2]| (0..2).all(|kind| used[kind] + drawn[kind] * capsules <= limits[kind]);
        if jobs.len() < 5 && fits(&before[from]) && fits(&after[to]) {
            (0..2).for_each(|kind| before[from][kind] += drawn[kind] * capsules);
            (0..2).for_each(|kind| after[to][kind] += drawn[kind] * capsules);
            let [index, from, to, capsules] =
                [jobs.len(), from, to, usize::try_from(capsules).unwrap()].map(|number| u32::try_from(number).unwrap());
            let mut job = job(capsules, drawn[0]);
            job.demand.memory_bytes = drawn[1];
            jobs.push(job);
            current.push(runs(index, from, capsules));
            plan.push(placed(index, to, capsules));
        }
    }
    let transient = [Kinds::NONE, Kinds::NONE.with(Kind::Memory), Kinds::NONE.with(Kind::Memory).with(Kind::Compute)];
    (under(instance(parts, jobs, current), transient[random.index(3)]), plan)
}

#[test]
fn of_few_moves_an_order_is_found_wherever_there_is_one() {
    let (mut with, mut without) = (0, 0);
    for seed in 0..2_000 {
        let (instance, placements) = tight_plan(&mut Random::new(seed));
        let Some(has_order) = has_order(&instance, &placements, 6) else { continue };
        let migration = migration(&instance, &placements);
        assert_eq!(migration.held_back.is_empty(), has_order, "seed {seed}: {:?}", migration.held_back);
        if has_order {
            assert_eq!(check::moves::violations(&instance, &placements, &migration.moves), [], "seed {seed}");
            with += u32::from(migration.moves.len() > 1);
        } else {
            without += 1;
        }
    }
    assert!(with > 500 && without > 100, "{with} with an order, {without} without");
}
