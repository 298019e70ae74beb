//! Samples of sensors on their way through the telemetry plane, whose limits the authority takes in.

use std::collections::BTreeSet;

use lessor_engine::authority::Event;
use lessor_engine::plane::{Plane, PlaneEffect, PlaneEvent, PlaneName, Sample};
use lessor_engine::planes::telemetry::{TelemetryPlane, TelemetryPolicy};
use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner};
use lessor_models::resources::Resources;
use lessor_models::time::Timestamp;
use tonic::Streaming;

use super::desk::{Desk, stopped};
use super::failure::Failure;
use super::reading::node;
use super::times::read_timestamp;
use crate::process::clock::unix_micros;
use crate::proto::{PublishTelemetryRequest, PublishTelemetryResponse};

/// Samples taken in at once: a limit on what one caller makes others wait for.
const BATCH: usize = 1_024;

/// How far a sensor's clock may be ahead of this machine's.
const AHEAD_MAX_MICROS: u64 = 1_000_000;

/// More changes than a plane can make in a microsecond.
const CHANGES_PER_MICRO: u64 = 1 << 10;

/// The coldest reading believed, in millikelvin: lower ones are in another unit.
const COLDEST_MK: u32 = 1_000;
/// Whole use, in thousandths.
const WHOLE: u16 = 1_000;

/// The plane of a running server. It starts without a memory of what sensors said to an earlier one, and the authority keeps what
/// that one made of it; so where the first samples of a tile leave it whole, that is said too.
#[derive(Debug)]
pub(crate) struct LivePlane {
    plane: TelemetryPlane,
    /// Added to the plane's own numbers: the authority's clock when the first samples came, in parts of a microsecond. It is
    /// beyond every number of an earlier run, for that clock never goes back and a change takes longer than such a part.
    first_version: Option<u64>,
    /// Tiles that this plane has heard of.
    heard: BTreeSet<NodeIndex>,
    /// The latest sample so far: the plane's time never goes back.
    now: Timestamp,
}

/// What follows from samples: what the plane says of tiles, and of which tiles it takes back what an earlier one said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Limits {
    said: Vec<PlaneEffect>,
    taken_back: Vec<PlaneEffect>,
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
        }
    }

    /// Limits and closures that follow from samples, in order.
    fn limits(&mut self, samples: Vec<Sample>, first_version: u64) -> Limits {
        let fresh: BTreeSet<NodeIndex> =
            samples.iter().map(|sample| sample.tile).filter(|tile| self.heard.insert(*tile)).collect();
        self.now = samples.iter().map(|sample| sample.at).fold(self.now, Timestamp::max);
        let mut effects = Vec::new();
        self.plane.on(self.now, &PlaneEvent::Samples(samples), &mut effects);
        let said: Vec<PlaneEffect> =
            effects.into_iter().filter_map(|effect| renumbered(effect, first_version)).collect();
        let taken_back = fresh.iter().flat_map(|&tile| whole(tile, first_version));
        let taken_back = taken_back.filter(|whole| !said.iter().any(|effect| is_alike(effect, whole))).collect();
        Limits { said, taken_back }
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

/// Takes in a stream of samples. Those before a bad one count.
///
/// # Errors
/// The first sample that makes no sense, or an authority that takes nothing now.
pub(crate) async fn take_in(
    desk: &Desk,
    mut samples: Streaming<PublishTelemetryRequest>,
) -> Result<PublishTelemetryResponse, Failure> {
    let mut told = PublishTelemetryResponse::default();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let next = samples.message().await.map_err(|status| Failure::of_transport(&status))?;
        let is_last = next.is_none();
        if let Some(message) = next {
            batch.push(sample(desk.fleet(), &message)?);
        }
        if is_last || batch.len() == BATCH {
            told.samples += batch.len() as u64;
            told.limits_changed += apply(desk, std::mem::take(&mut batch)).await?;
        }
        if is_last {
            return Ok(told);
        }
    }
}

/// Applies what follows from samples, and waits until it is durable.
async fn apply(desk: &Desk, samples: Vec<Sample>) -> Result<u64, Failure> {
    // The plane is held until the authority has its effects, so that those of one tile arrive in order.
    let mut plane = desk.plane().lock().await;
    let first_version = match plane.first_version {
        Some(first) => first,
        None => {
            let now = desk.now().await?;
            *plane.first_version.insert(now.0.max(0).unsigned_abs().saturating_mul(CHANGES_PER_MICRO))
        }
    };
    let limits = plane.limits(samples, first_version);
    let count = limits.said.len() as u64;
    let effects = limits.said.into_iter().chain(limits.taken_back);
    let submitted = effects.map(|effect| desk.submit(Event::Plane(effect)));
    let pending = submitted.collect::<Result<Vec<_>, _>>()?;
    for answer in pending {
        answer.await.map_err(stopped)?;
    }
    Ok(count)
}

pub(super) fn sample(fleet: &Fleet, message: &PublishTelemetryRequest) -> Result<Sample, Failure> {
    let tile = node(fleet, &message.tile)?;
    if fleet.level(tile) != Level::Tile {
        return Err(Failure::field("tile", "NOT_A_TILE", format!("node {:?} is no tile", message.tile)));
    }
    let time =
        message.sample_time.ok_or_else(|| Failure::field("sample_time", "MISSING", "a sample has an instant"))?;
    let at = read_timestamp("sample_time", time)?;
    if at.0 > i64::try_from(unix_micros().saturating_add(AHEAD_MAX_MICROS)).unwrap_or(i64::MAX) {
        return Err(Failure::field("sample_time", "NOT_YET", "the sample is of an instant that has not come"));
    }
    if message.temperature_mk.is_some_and(|temperature| temperature < COLDEST_MK) {
        return Err(Failure::field("temperature_mk", "OUT_OF_RANGE", "a temperature is in millikelvin"));
    }
    if message.utilization_permille.is_some_and(|used| used > u32::from(WHOLE)) {
        return Err(Failure::field("utilization_permille", "OUT_OF_RANGE", "a use is in thousandths, at most 1000"));
    }
    Ok(Sample {
        tile,
        at,
        power_mw: message.power_mw,
        temperature_mk: message.temperature_mk,
        utilization_permille: message.utilization_permille.map(|used| u16::try_from(used).unwrap_or(WHOLE)),
        memory_bytes: message.memory_bytes,
        error_count: message.error_count,
        link_up: message.link_up,
    })
}
