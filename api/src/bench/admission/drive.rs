//! A sequence through an authority, pod by pod.

use lessor_datasets::families::OpenbBatch;
use lessor_engine::admission::{PolicyPlacement, PowerModel, room};
use lessor_engine::authority::{
    Authority, Decision, Displacement, Event, HolderId, Label, Request, RequestId, Scope, Terms,
};
use lessor_engine::ledger::{ClassSet, Devices, Draw};
use lessor_models::families::openb::{Seat, check};
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::job::{Job, ServiceClass};
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};

use crate::process::clock::ProcessClock;

use super::contender::Contender;
use super::sample::{Point, Sampler};
use crate::bench::error::BenchError;

/// Nothing ends while a sequence arrives.
const TERM: Span = Span(24 * MICROS_PER_HOUR);

/// A sequence, read for the engine and for its checker.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) name: String,
    pub(super) instance: Instance,
    pub(super) batch: OpenbBatch,
}

/// What came of a sequence.
#[derive(Debug)]
pub(super) struct Driven {
    /// The seat of each pod, or none.
    pub(super) seats: Vec<Option<Seat>>,
    pub(super) curve: Vec<Point>,
    /// Time of all decisions, the ledger included.
    pub(super) seconds: f64,
}

/// Sends every pod of a sequence to an authority of its own, and checks what it granted.
pub(super) fn drive(
    sequence: &Sequence,
    contender: &Contender,
    seed: u64,
    clock: &ProcessClock,
) -> Result<Driven, BenchError> {
    let (fleet, jobs) = (sequence.instance.fleet(), sequence.instance.jobs());
    let power = PowerModel::new(fleet.classes(), PowerModel::SOCKET_MOPS);
    let policy = contender.policy(power.clone(), seed);
    let authority =
        Authority::new(fleet, Terms::default(), Timestamp(0)).expect("the default terms make sense together");
    let mut authority = authority.with_placement(|ledger| Box::new(PolicyPlacement::new(ledger, policy)));
    let mut sampler = Sampler::new(sequence.batch.instance.device_milli(), empty_mw(fleet));
    let first = fleet.tiles().next().map_or(0, |tile| tile.0);
    let mut drawn_mw = vec![0; fleet.node_count()];
    let (mut seats, mut effects, mut seconds) = (Vec::with_capacity(jobs.len()), Vec::new(), 0.0);
    for (at, job) in jobs.iter().enumerate() {
        let event = Event::Request(request(at, job)?);
        let began = clock.seconds();
        let decision = authority.apply(Timestamp(0), &event, &mut effects);
        seconds += clock.seconds() - began;
        effects.clear();
        let granted = match decision {
            Decision::Granted(grant) => Some((grant.seat.node, grant.seat.device_mask)),
            _ => None,
        };
        let grown = granted.map(|(node, _)| {
            let now = power.drawn_mw(&room(authority.ledger(), node));
            now.saturating_sub(std::mem::replace(&mut drawn_mw[node.at()], now))
        });
        sampler.came(u64::from(job.demand.devices) * u64::from(job.demand.device_milli), grown);
        seats.push(granted.map(|(node, mask)| Seat { node: node.0 - first, devices: devices(mask) }));
    }
    check(&sequence.batch.instance, &seats)
        .map_err(|source| BenchError::Seats { policy: contender.name.clone(), source })?;
    Ok(Driven { seats, curve: sampler.into_curve(), seconds })
}

/// What a pod asks for, for longer than the sequence lasts.
fn request(at: usize, job: &Job) -> Result<Request, BenchError> {
    let label = |text: &str| Label::new(text).expect("a short name of letters and digits is a label");
    let demand = &job.demand;
    let draw = Resources::of(Kind::Compute, demand.compute_mops)
        .with(Kind::Memory, demand.memory_bytes)
        .with(Kind::Storage, demand.storage_bytes);
    let scope = match ClassSet::of(&job.classes) {
        Some(ClassSet::ALL) => Scope::Anywhere,
        Some(classes) => Scope::OfClasses(classes),
        None => return Err(BenchError::Classes { pod: at }),
    };
    Ok(Request {
        draw: Draw::through(draw),
        devices: Devices { count: demand.devices, milli: demand.device_milli },
        scope,
        class: ServiceClass::D,
        displacement: Displacement::Never,
        ..Request::plain(HolderId(label("bench")), RequestId(label(&at.to_string())), TERM)
    })
}

/// What the tiles draw with nothing on them.
fn empty_mw(fleet: &Fleet) -> u64 {
    let classes = fleet.tiles().filter_map(|tile| fleet.class_of(tile));
    classes.map(|class| fleet.classes()[class.at()].idle_power_mw).sum()
}

fn devices(mask: u64) -> Vec<u32> {
    (0..u64::BITS).filter(|device| mask >> device & 1 == 1).collect()
}
