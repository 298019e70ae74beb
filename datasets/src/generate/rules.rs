//! The rules of generated jobs: service, classes, bands, locality, gangs, spread, bonus, preemption, checkpoints.

use std::ops::Range;

use lessor_models::fleet::{ClassIndex, Level, NodeIndex, ZoneKind};
use lessor_models::job::{Domain, Job, ServiceClass, Spread};
use lessor_models::tile_class::Band;
use lessor_models::time::{MICROS_PER_SECOND, Span};

use super::catalog::Model;
use super::dice::Dice;
use super::load::{self, Census};
use super::shapes::Stratum;

/// The most capsules that a generated gang insists on: about what one cell can be asked for at once.
const GANG_MAX: u32 = 64;

/// Where a generated job spreads over at least two places.
const FAILURE_DOMAINS: Domain = Domain::Zone(ZoneKind::FailureDomain);

/// The part of a fleet that rules refer to.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) clusters: Range<u32>,
    pub(super) cells: u32,
    pub(super) failure_domains: u32,
    /// Classes that some tile has.
    pub(super) classes: Vec<ClassIndex>,
}

/// Rules that depend on the number of capsules.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    gang_permille: Option<u32>,
    spread: Option<(Domain, u32)>,
    has_bonus: bool,
}

impl Wishes {
    /// Whether the rules are about the job as a whole, so that its class must not be split into rows.
    pub(super) fn is_whole(&self) -> bool {
        self.gang_permille.is_some() || self.spread.is_some() || self.has_bonus
    }

    /// Fills in what depends on the job's count.
    pub(super) fn apply(&self, job: &mut Job, ground: &Ground) {
        if let Some(permille) = self.gang_permille.filter(|_| job.count > 1) {
            let share = u64::from(job.count) * u64::from(permille) / 1_000;
            job.gang_min = u32::try_from(share).unwrap_or(GANG_MAX).clamp(2, GANG_MAX).min(job.count);
        }
        if let Some((domain, slack)) = self.spread {
            let members = match domain {
                Domain::Level(Level::Cell) => ground.cells,
                FAILURE_DOMAINS => ground.failure_domains,
                Domain::Level(_) | Domain::Zone(_) => u32::MAX,
            };
            let most = job.count.div_ceil(members).saturating_mul(slack).max(1);
            // Whoever spreads over failure domains would rather not be in one alone.
            let least = if members < u32::MAX && domain == FAILURE_DOMAINS { job.count.min(members).min(2) } else { 0 };
            job.spread = Some(Spread { domain, most, least });
        }
        if self.has_bonus {
            (job.wanted, job.bonus) = (job.count, job.bid);
        }
    }
}

/// Draws a class's rules. Sizes are drawn later, on the tiles that the rules leave.
pub(super) fn draw(job: &mut Job, ground: &Ground, dice: &mut Dice) -> Wishes {
    job.service = ServiceClass::ALL[dice.weighted(&[10, 20, 120, 850])];
    job.preemptible = job.service == ServiceClass::D && dice.chance(300);
    job.checkpoint = dice.chance(300).then(|| Span(MICROS_PER_SECOND * dice.between(10, 300)));
    if dice.chance(60) && ground.classes.len() > 1 {
        let dropped = dice.pick(&ground.classes);
        job.classes = ground.classes.iter().copied().filter(|&class| class != dropped).collect();
    } else if dice.chance(50) {
        let warm = Band { low_mk: 273_000, high_mk: 330_000 };
        let cold = Band { low_mk: 60_000, high_mk: 150_000 };
        job.band = Some(if dice.chance(900) { warm } else { cold });
    }
    if dice.chance(30) {
        job.locality = Some(NodeIndex(
            u32::try_from(dice.between(u64::from(ground.clusters.start), u64::from(ground.clusters.end) - 1))
                .expect("a row is a u32"),
        ));
    }
    draw_wishes(dice)
}

fn draw_wishes(dice: &mut Dice) -> Wishes {
    let domains = [
        (Domain::Level(Level::Tile), 1),
        (Domain::Level(Level::Tile), 2),
        (Domain::Level(Level::Cell), 2),
        (FAILURE_DOMAINS, 2),
    ];
    Wishes {
        gang_permille: dice.chance(60).then(|| dice.pick(&[300, 500, 1_000])),
        spread: dice.chance(60).then(|| dice.pick(&domains)),
        has_bonus: dice.chance(30),
    }
}

/// Worth of the same capsule under each service class, in thousandths of bulk.
pub(super) fn worth_permille(service: ServiceClass) -> u64 {
    match service {
        ServiceClass::A => 5_000,
        ServiceClass::B => 3_000,
        ServiceClass::C => 1_500,
        ServiceClass::D => 1_000,
    }
}

/// The classes with tiles that the job's rules admit and that have something of every kind its stratum asks for.
pub(super) fn eligible(job: &Job, stratum: &Stratum, models: &[Model], census: &Census) -> Vec<ClassIndex> {
    let indexed = (0..).map(ClassIndex).zip(models);
    let fits = indexed.filter(|(index, model)| {
        let has_all = stratum.kinds().into_iter().all(|kind| model.capacity.get(kind) > 0);
        let is_there = census.tiles_of(*index) > 0;
        has_all && is_there && model.class.devices >= stratum.devices() && load::admits(job, *index, &model.class)
    });
    fits.map(|(index, _)| index).collect()
}
