//! No grant overdraws an account, now or at any step of its capacity that is known before the grant returns.

use lessor_models::draw::standing;
use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::Timestamp;

use super::{Step, Violation, debited};
use crate::authority::{Effect, LeaseState, Snapshot};
use crate::plane::PlaneEffect;

pub(super) fn check(fleet: &Fleet, step: &Step<'_>) -> Result<(), Violation> {
    let begun = step.effects.iter().filter_map(|effect| match effect {
        Effect::Changed(change) if change.lease.state == LeaseState::Active => Some(change.lease),
        _ => None,
    });
    let begun: Vec<_> = begun.collect();
    if begun.is_empty() {
        return Ok(());
    }
    let snapshot = step.authority.snapshot();
    for lease in begun {
        for (owner, _) in debited(fleet, lease.node) {
            check_owner(fleet, &snapshot, (lease.node, owner), &lease.resources)?;
        }
    }
    Ok(())
}

fn check_owner(
    fleet: &Fleet,
    snapshot: &Snapshot,
    (node, owner): (NodeIndex, Owner),
    drawn: &Resources,
) -> Result<(), Violation> {
    for kind in Kind::ALL.into_iter().filter(|&kind| drawn.get(kind) > 0) {
        for at in instants(fleet, snapshot.now, owner, kind) {
            let limit = limit(fleet, snapshot, (owner, kind), at);
            let held = held(fleet, snapshot, (owner, kind), at);
            if held > limit {
                return Err(Violation::Overdraft { node, owner, kind, held, limit });
            }
        }
    }
    Ok(())
}

fn instants(fleet: &Fleet, now: Timestamp, owner: Owner, kind: Kind) -> Vec<Timestamp> {
    let steps = fleet.steps().get(&(owner, kind)).map(|steps| steps.steps().iter().map(|step| step.0));
    std::iter::once(now).chain(steps.into_iter().flatten().filter(|at| *at > now)).collect()
}

fn limit(fleet: &Fleet, snapshot: &Snapshot, (owner, kind): (Owner, Kind), at: Timestamp) -> u64 {
    let mut limit = fleet.capacity_at(owner, kind, at);
    for effect in &snapshot.planes {
        match effect {
            PlaneEffect::Limit { owner: of, most, .. } if *of == owner => limit = limit.min(most.get(kind)),
            _ => {}
        }
    }
    if limit == UNLIMITED {
        return limit;
    }
    let under = fleet.tiles().filter(|tile| debited(fleet, *tile).iter().any(|(above, _)| *above == owner));
    let classes = under.filter_map(|tile| fleet.class_of(tile));
    let idle: u64 = classes.map(|class| standing(&fleet.classes()[class.at()]).get(kind)).sum();
    limit.saturating_sub(idle)
}

/// What leases that are there hold of an account at an instant; those that begin later hold it then.
fn held(fleet: &Fleet, snapshot: &Snapshot, (owner, kind): (Owner, Kind), at: Timestamp) -> u64 {
    let leases = snapshot.slots.iter().filter_map(|slot| slot.lease.as_ref());
    let holding = leases.filter(|kept| {
        let holds_now = !kept.lease.is_returned && kept.lease.state != LeaseState::Offered;
        // What is late to return is still held now.
        holds_now && (at == snapshot.now || kept.returns_at > at)
    });
    let drawn = holding.map(|kept| {
        let levels = debited(fleet, kept.lease.node).into_iter().filter(|(above, _)| *above == owner);
        levels.map(|(_, level)| kept.draw.at(level).get(kind)).sum::<u64>()
    });
    drawn.sum()
}
