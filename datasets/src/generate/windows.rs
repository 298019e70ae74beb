//! Time: capacities that change over the day, and jobs with starts, terms and deadlines of their own.

use lessor_models::fleet::{FleetParts, NodeIndex, Owner, Zone, ZoneIndex, ZoneKind};
use lessor_models::job::{Job, Term};
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{MICROS_PER_HOUR, MICROS_PER_SECOND, Span, Timestamp};

use super::dice::Dice;
use super::scenario::{START, TERM};
use super::tree::Tree;

/// One tile in so many is under maintenance for two hours.
const MAINTENANCE_EVERY: usize = 400;

fn hour(hours: u64) -> Timestamp {
    START.after(Span(hours * MICROS_PER_HOUR))
}

/// Adds windows of less or more capacity, and a beam that is partly shadowed at noon.
pub(super) fn add_steps(tree: &Tree, parts: &mut FleetParts, dice: &mut Dice) {
    add_beam(tree, parts);
    for (zone, row) in parts.zones.iter().zip((0..).map(ZoneIndex)) {
        let (kind, window, permille) = match zone.kind {
            // The grid asks for less in the evening; bulk windows open on links at night.
            ZoneKind::PowerFeed if dice.chance(500) => (Kind::Power, (17, 20), 800),
            ZoneKind::OpticalLink if dice.chance(500) => (Kind::Bandwidth, (1, 5), 1_800),
            ZoneKind::Beam => (Kind::Power, (11, 13), 700),
            _ => continue,
        };
        let base = zone.capacity.get(kind);
        let changes = vec![(hour(window.0), base / 1_000 * permille), (hour(window.1), base)];
        parts.steps.insert((Owner::Zone(row), kind), changes);
    }
    for tile in tree.tiles.clone().skip(MAINTENANCE_EVERY / 2).step_by(MAINTENANCE_EVERY) {
        let whole = parts.nodes.capacities[tile as usize].get(Kind::Compute);
        let changes = vec![(hour(8), 0), (hour(10), whole)];
        parts.steps.insert((Owner::Node(NodeIndex(tile)), Kind::Compute), changes);
    }
}

/// The last cell is powered by a beam of its own.
fn add_beam(tree: &Tree, parts: &mut FleetParts) {
    let cell = tree.cells.end - 1;
    let power = tree.sum_of(cell).get(Kind::Power);
    let zone = u32::try_from(parts.zones.len()).expect("there are fewer zones than nodes");
    parts.zone_names.push("beam-0".to_owned());
    parts.zones.push(Zone {
        kind: ZoneKind::Beam,
        capacity: Resources::UNLIMITED.with(Kind::Power, power),
        energy_price: None,
    });
    parts.members.push((zone, cell));
}

/// Gives a job a start, a term and a deadline within the day; some terms follow from an amount of work.
pub(super) fn draw_times(job: &mut Job, dice: &mut Dice) {
    let earliest = dice.pick(&[0, 0, 0, 2, 6, 12]);
    let longest = 24 - earliest;
    let hours = dice.pick(&[1, 2, 4, 6, 8, 12, 24]).min(longest);
    let slack = dice.pick(&[0, 1, 2, 4, 8, 24]).min(longest - hours);
    let span = Span(hours * MICROS_PER_HOUR);
    job.earliest = hour(earliest);
    job.deadline = job.earliest.after(Span((hours + slack) * MICROS_PER_HOUR));
    job.term = Term::Fixed(span);
}

/// States the term of one job in five by its work on a reference tile, once its size is known.
pub(super) fn draw_work(job: &mut Job, dice: &mut Dice) {
    if let Term::Fixed(span) = job.term
        && job.demand.compute_mops > 0
        && dice.chance(200)
    {
        job.term = Term::Work(job.demand.compute_mops * (span.0 / MICROS_PER_SECOND));
    }
}

/// The share of the day that a job's term takes, in thousandths; work counts as on a reference tile.
pub(super) fn day_share_permille(job: &Job) -> u64 {
    (span(job).0 * 1_000 / TERM.0).clamp(1, 1_000)
}

/// Whether a capsule of a job may run all the time that one of another job does.
pub(super) fn may_last(job: &Job, other: &Job) -> bool {
    let latest = |job: &Job| job.deadline.0.saturating_sub_unsigned(span(job).0);
    let together = job.earliest.max(other.earliest).0;
    span(job) >= span(other) && together <= latest(job).min(latest(other))
}

/// How long a capsule runs on a reference tile.
fn span(job: &Job) -> Span {
    match job.term {
        Term::Fixed(span) => span,
        Term::Work(mop) => Span(mop / job.demand.compute_mops.max(1) * MICROS_PER_SECOND),
    }
}
