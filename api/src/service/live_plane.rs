//! The telemetry plane of a running server, and what it said that is still to be sent.

use std::collections::VecDeque;

use lessor_engine::plane::{Notice, Plane, PlaneEffect, PlaneEvent};
use lessor_engine::planes::telemetry::{TelemetryPlane, TelemetryPolicy};
use lessor_models::fleet::Fleet;
use lessor_models::telemetry::Sample;
use lessor_models::time::Timestamp;

/// The plane of a running server. What the authority keeps of an earlier server's plane it goes on from.
#[derive(Debug)]
pub(crate) struct LivePlane {
    plane: TelemetryPlane,
    /// The latest sample so far: the plane's time never goes back.
    now: Timestamp,
    /// What the plane said and the authority has not been handed yet. The plane says a thing once, so nothing is ever dropped.
    pub(super) unsent: VecDeque<PlaneEffect>,
    /// Tiles that have fallen silent.
    stale: u64,
}

impl LivePlane {
    /// A plane of a server that starts now, after what planes said last to its authority.
    pub(crate) fn new(fleet: &Fleet, said: &[PlaneEffect]) -> LivePlane {
        let plane = TelemetryPlane::new(fleet, TelemetryPolicy::default());
        LivePlane {
            plane: plane.expect("a test holds that the default policy is within its ranges").resume(said),
            now: Timestamp(i64::MIN),
            unsent: VecDeque::new(),
            stale: 0,
        }
    }

    /// Takes in samples: the limits and closures that follow are to be sent, after those that still are. Says how many changed.
    pub(super) fn take_in(&mut self, samples: Vec<Sample>) -> u64 {
        self.now = samples.iter().map(|sample| sample.at).fold(self.now, Timestamp::max);
        let mut effects = Vec::new();
        self.plane.on(self.now, &PlaneEvent::Samples(samples), &mut effects);
        self.count_stale(&effects);
        effects.retain(|effect| !matches!(effect, PlaneEffect::Notice { .. }));
        let count = effects.len() as u64;
        self.unsent.extend(effects);
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
