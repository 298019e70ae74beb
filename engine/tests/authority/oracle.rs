//! A slow and obvious ledger: every lease is an interval, and an account is asked instant by instant.

use std::collections::{BTreeMap, BTreeSet};

use lessor_engine::authority::{Lease, LeaseId, LeaseState, Request, Scope};
use lessor_engine::ledger::{FloorShares, Floors};
use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::{Interval, Timestamp};

/// What one lease holds, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) lease: Lease,
    pub(crate) interval: Interval,
}

/// What stands at a node for an interval, or would.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) resources: Resources,
    pub(crate) class: ServiceClass,
    pub(crate) count: u8,
    pub(crate) milli: u16,
    pub(crate) interval: Interval,
}

/// What is kept of an account for a class, and what that class holds of it.
#[derive(Clone, Copy, Debug)]
struct FloorAt {
    of: ServiceClass,
    amount: u64,
    held: u64,
}

/// Everything that limits, and everything that is held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) held: BTreeMap<LeaseId, Held>,
    pub(crate) limits: BTreeMap<Owner, Resources>,
    pub(crate) closed: BTreeSet<NodeIndex>,
    pub(crate) drains: BTreeMap<NodeIndex, Timestamp>,
    pub(crate) floors: BTreeMap<Owner, Floors>,
    pub(crate) shares: BTreeMap<Owner, FloorShares>,
}

/// A wish from a request that begins at an instant.
pub(crate) fn wish(request: &Request, interval: Interval) -> Wish {
    let total = u64::from(request.devices.count) * u64::from(request.devices.milli);
    Wish {
        resources: request.draw.resources().with(Kind::Accelerator, total),
        class: request.class,
        count: request.devices.count,
        milli: request.devices.milli,
        interval,
    }
}

pub(crate) fn owners(fleet: &Fleet, node: NodeIndex) -> Vec<Owner> {
    let path = fleet.path(node);
    path.flat_map(|above| {
        let zones = fleet.zones_listing(above).iter().map(|zone| Owner::Zone(*zone));
        std::iter::once(Owner::Node(above)).chain(zones).collect::<Vec<_>>()
    })
    .collect()
}

impl Oracle {
    /// Takes in what was said of a lease.
    pub(crate) fn hear(&mut self, lease: &Lease, band: u64) {
        let interval = Interval { start: lease.start, end: Timestamp(lease.end.0.strict_add_unsigned(band)) };
        if lease.is_returned || lease.state == LeaseState::Offered {
            self.held.remove(&lease.id);
        } else {
            self.held.insert(lease.id, Held { lease: *lease, interval });
        }
    }

    /// What an account may give at an instant.
    pub(crate) fn limit(&self, fleet: &Fleet, owner: Owner, kind: Kind, at: Timestamp) -> u64 {
        let limited = self.limits.get(&owner).map_or(UNLIMITED, |most| most.get(kind));
        fleet.capacity_at(owner, kind, at).min(limited)
    }

    /// What leases hold of an account at an instant, by the class that is asked for, or all.
    pub(crate) fn sum(
        &self,
        fleet: &Fleet,
        (owner, kind): (Owner, Kind),
        at: Timestamp,
        of: Option<ServiceClass>,
    ) -> u64 {
        let holding = self.held.values().filter(|held| held.interval.start <= at && at < held.interval.end);
        let holding = holding.filter(|held| of.is_none_or(|class| held.lease.class == class));
        holding
            .filter(|held| owners(fleet, held.lease.node).contains(&owner))
            .map(|held| held.lease.resources.get(kind))
            .sum()
    }

    /// What is left of an account at an instant for a class.
    pub(crate) fn left(&self, fleet: &Fleet, account: (Owner, Kind), at: Timestamp, class: ServiceClass) -> u64 {
        let limit = self.limit(fleet, account.0, account.1, at);
        if limit == UNLIMITED {
            return UNLIMITED;
        }
        let others = self.floors_at(fleet, account, at).into_iter().filter(|floor| floor.of != class);
        let kept = others.map(|floor| floor.amount.saturating_sub(floor.held));
        limit.saturating_sub(kept.sum::<u64>()).saturating_sub(self.sum(fleet, account, at, None))
    }

    /// The floors of classes A and B on an account at an instant.
    fn floors_at(&self, fleet: &Fleet, (owner, kind): (Owner, Kind), at: Timestamp) -> [FloorAt; 2] {
        let limit = self.limit(fleet, owner, kind, at);
        let floors = self.floors.get(&owner).copied().unwrap_or_default();
        let shares = self.shares.get(&owner).copied().unwrap_or_default();
        let part = |share: Resources| if limit == UNLIMITED { 0 } else { (limit * share.get(kind)).div_ceil(1_000) };
        [(ServiceClass::A, floors.a, part(shares.a)), (ServiceClass::B, floors.b, part(shares.b))].map(
            |(of, amount, part)| {
                let held = self.sum(fleet, (owner, kind), at, Some(of));
                FloorAt { of, amount: amount.get(kind) + part, held }
            },
        )
    }

    /// Whether a lease of a class among those that hold something of an account may last: no deficit, and no floor that lacks
    /// anything but where its class holds no more than its own.
    fn may_go_on(&self, fleet: &Fleet, account: (Owner, Kind), at: Timestamp, class: ServiceClass) -> bool {
        let (limit, held) = (self.limit(fleet, account.0, account.1, at), self.sum(fleet, account, at, None));
        let floors = self.floors_at(fleet, account, at);
        let is_within_its_own = floors.iter().any(|floor| floor.of == class && floor.held <= floor.amount);
        let lacking = floors.iter().map(|floor| floor.amount.saturating_sub(floor.held)).sum::<u64>();
        held <= if is_within_its_own { limit } else { limit.saturating_sub(lacking) }
    }

    /// Whether a wish fits at a tile: every door open, every account at every instant, every device.
    pub(crate) fn fits(&self, fleet: &Fleet, node: NodeIndex, wish: &Wish) -> bool {
        let doors = fleet.path(node).all(|above| !self.closed.contains(&above) && !self.drains.contains_key(&above));
        let accounts = owners(fleet, node).into_iter().flat_map(|owner| Kind::ALL.map(|kind| (owner, kind)));
        let mut asked = accounts.filter(|(_, kind)| wish.resources.get(*kind) > 0);
        let room = asked.all(|account| {
            let instants = self.instants(fleet, account.0, wish.interval);
            instants.into_iter().all(|at| wish.resources.get(account.1) <= self.left(fleet, account, at, wish.class))
        });
        doors && room && self.free_devices(fleet, node, wish) >= usize::from(wish.count)
    }

    /// Every instant at which anything may change in an interval.
    fn instants(&self, fleet: &Fleet, owner: Owner, interval: Interval) -> Vec<Timestamp> {
        let steps = Kind::ALL.into_iter().filter_map(|kind| fleet.steps().get(&(owner, kind)));
        let steps = steps.flat_map(|steps| steps.steps().iter().map(|step| step.0));
        let held = self.held.values().flat_map(|held| [held.interval.start, held.interval.end]);
        let inside = steps.chain(held).filter(|at| interval.start <= *at && *at < interval.end);
        inside.chain([interval.start]).collect()
    }

    fn free_devices(&self, fleet: &Fleet, node: NodeIndex, wish: &Wish) -> usize {
        let devices = fleet.class_of(node).map_or(0, |class| fleet.classes()[class.at()].devices);
        let here =
            || self.held.values().filter(|held| held.lease.node == node && held.interval.end > wish.interval.start);
        let taken = |device: u8| {
            let holding = here().filter(|held| held.lease.device_mask >> device & 1 == 1);
            holding.map(|held| held.lease.devices.milli).sum::<u16>()
        };
        (0..devices).filter(|device| wish.count > 0 && taken(*device) + wish.milli <= 1_000).count()
    }

    /// The first tile of a scope on which a wish fits.
    pub(crate) fn first_fit(&self, fleet: &Fleet, scope: Scope, wish: &Wish) -> Option<NodeIndex> {
        let mut tiles = fleet.tiles().filter(|tile| match scope {
            Scope::Anywhere => true,
            Scope::Under(node) => fleet.path(*tile).any(|above| above == node),
            Scope::OfClasses(classes) => fleet.class_of(*tile).is_some_and(|class| classes.0 >> class.0 & 1 == 1),
        });
        tiles.find(|tile| self.fits(fleet, *tile, wish))
    }

    /// Whether a lease may last until another instant.
    pub(crate) fn may_last(&self, fleet: &Fleet, id: LeaseId, now: Timestamp, returns_at: Timestamp) -> bool {
        let held = self.held[&id];
        let lease = held.lease;
        let more = Interval { start: held.interval.end, end: returns_at };
        let undrained = fleet.path(lease.node).all(|above| self.drains.get(&above).is_none_or(|by| *by >= returns_at));
        let accounts = owners(fleet, lease.node).into_iter().flat_map(|owner| Kind::ALL.map(|kind| (owner, kind)));
        let drawn: Vec<(Owner, Kind)> = accounts.filter(|(_, kind)| lease.resources.get(*kind) > 0).collect();
        let goes_on = drawn.iter().all(|account| self.may_go_on(fleet, *account, now, lease.class));
        let room = drawn.iter().all(|(owner, kind)| {
            let steps = fleet.steps().iter().filter(|((of, _), _)| of == owner).flat_map(|(_, steps)| steps.steps());
            let mut steps = steps.map(|step| step.0).filter(|at| more.start <= *at && *at < more.end);
            steps.all(|at| lease.resources.get(*kind) <= self.left(fleet, (*owner, *kind), at, lease.class))
        });
        undrained && goes_on && room
    }
}
