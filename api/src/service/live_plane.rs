//! The telemetry plane of a running server, and what it said that is still to be sent.

use std::collections::{BTreeSet, VecDeque};

use lessor_engine::plane::{Notice, Plane, PlaneEffect, PlaneEvent, PlaneName};
use lessor_engine::planes::telemetry::{TelemetryPlane, TelemetryPolicy};
use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::Resources;
use lessor_models::telemetry::Sample;
use lessor_models::time::Timestamp;

/// The plane of a running server. It starts without a memory of what sensors said to an earlier one, and the authority keeps what
/// that one made of it; so where the first samples of a tile leave it whole, that is said too.
#[derive(Debug)]
pub(crate) struct LivePlane {
    plane: TelemetryPlane,
    /// Added to the plane's own numbers: the authority's clock when the first samples came, in parts of a microsecond. It is
    /// beyond every number of an earlier run, for that clock never goes back and a change takes longer than such a part.
    pub(super) first_version: Option<u64>,
    /// Tiles that this plane has heard of.
    heard: BTreeSet<NodeIndex>,
    /// The latest sample so far: the plane's time never goes back.
    now: Timestamp,
    /// What the plane said and the authority has not been handed yet. The plane says a thing once, so nothing is ever dropped.
    pub(super) unsent: VecDeque<PlaneEffect>,
    /// Tiles that have fallen silent.
    stale: u64,
}

impl LivePlane {
    /// A plane of a server that starts now.
    pub(crate) fn new(fleet: &Fleet) -> LivePlane {
        let plane = TelemetryPlane::new(fleet, TelemetryPolicy::default());
        LivePlane {
            plane: plane.expect("a test holds that the default policy is within its ranges"),
            first_version: None,
            heard: BTreeSet::new(),
            now: Timestamp(i64::MIN),
            unsent: VecDeque::new(),
            stale: 0,
        }
    }

    /// Takes in samples: the limits and closures that follow are to be sent, after those that still are, and then, of tiles heard
    /// for the first time, what takes back what an earlier plane said. Says how many limits and closures changed.
    pub(super) fn take_in(&mut self, samples: Vec<Sample>, first_version: u64) -> u64 {
        let fresh: BTreeSet<NodeIndex> =
            samples.iter().map(|sample| sample.tile).filter(|tile| self.heard.insert(*tile)).collect();
        self.now = samples.iter().map(|sample| sample.at).fold(self.now, Timestamp::max);
        let mut effects = Vec::new();
        self.plane.on(self.now, &PlaneEvent::Samples(samples), &mut effects);
        self.count_stale(&effects);
        let said: Vec<PlaneEffect> =
            effects.into_iter().filter_map(|effect| renumbered(effect, first_version)).collect();
        let taken_back = fresh.iter().flat_map(|&tile| whole(tile, first_version));
        let taken_back: Vec<PlaneEffect> =
            taken_back.filter(|whole| !said.iter().any(|effect| is_alike(effect, whole))).collect();
        let count = said.len() as u64;
        self.unsent.extend(said);
        self.unsent.extend(taken_back);
        count
    }

    /// Lets time go by, and says how many tiles have fallen silent. It changes no budget.
    pub(super) fn stale_tiles(&mut self, now: Timestamp) -> u64 {
        self.now = self.now.max(now);
        let mut effects = Vec::new();
        self.plane.on(self.now, &PlaneEvent::Tick, &mut effects);
        self.count_stale(&effects);
        self.stale
    }

    fn count_stale(&mut self, effects: &[PlaneEffect]) {
        for effect in effects {
            match effect {
                PlaneEffect::Notice { notice: Notice::Stale, .. } => self.stale += 1,
                PlaneEffect::Notice { notice: Notice::Fresh, .. } => self.stale -= 1,
                PlaneEffect::Limit { .. } | PlaneEffect::Closure { .. } => {}
            }
        }
    }
}

/// That a tile is whole and open.
fn whole(tile: NodeIndex, version: u64) -> [PlaneEffect; 2] {
    let (plane, owner) = (PlaneName::Telemetry, Owner::Node(tile));
    [
        PlaneEffect::Limit { plane, version, owner, most: Resources::UNLIMITED },
        PlaneEffect::Closure { plane, version, tile, cause: None },
    ]
}

/// Whether two effects are about the same thing.
fn is_alike(one: &PlaneEffect, other: &PlaneEffect) -> bool {
    match (one, other) {
        (PlaneEffect::Limit { owner: one, .. }, PlaneEffect::Limit { owner: other, .. }) => one == other,
        (PlaneEffect::Closure { tile: one, .. }, PlaneEffect::Closure { tile: other, .. }) => one == other,
        _ => false,
    }
}

/// An effect that changes a budget, under a number that no earlier run gave.
fn renumbered(effect: PlaneEffect, first: u64) -> Option<PlaneEffect> {
    match effect {
        PlaneEffect::Limit { plane, version, owner, most } => {
            Some(PlaneEffect::Limit { plane, version: version.saturating_add(first), owner, most })
        }
        PlaneEffect::Closure { plane, version, tile, cause } => {
            Some(PlaneEffect::Closure { plane, version: version.saturating_add(first), tile, cause })
        }
        PlaneEffect::Notice { .. } => None,
    }
}
