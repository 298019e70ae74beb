//! The jobs of a generated instance: strata, sizes and rules drawn per job class, then counts scaled to the load.

use lessor_models::fleet::ClassIndex;
use lessor_models::job::Job;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;

use super::catalog::Model;
use super::dice::{Dice, Part};
use super::load::{self, Census};
use super::rules::{self, Ground, Wishes};
use super::scenario::{Family, START, Scenario, TERM};
use super::shapes::{self, Stratum};
use super::windows;

/// Worth of a whole tile for a day, in micro-credits: some forty times what its energy costs.
const TILE_WORTH: u64 = 40_000_000;

/// Loads of other kinds against the family's leading kind, in thousandths: two or three come close to binding.
const TARGETS: [(Kind, u64); 4] =
    [(Kind::Memory, 970), (Kind::Bandwidth, 850), (Kind::Storage, 700), (Kind::Reversible, 600)];

/// Load of devices against compute in the families where few tiles have devices, in thousandths.
const DEVICE_TARGET: u64 = 900;

/// The most rows that one job class is split into.
const ROWS_MAX: u64 = 8;

/// A job class before its capsules are counted, and the rows it is split into.
#[derive(Clone, Debug)]
struct Draft {
    job: Job,
    wishes: Wishes,
    stratum: usize,
    /// The greatest size that the family allows on the tiles it may run on.
    most: Resources,
    /// Relative number of capsules of each row.
    rows: Vec<u64>,
}

/// Names and jobs for a fleet.
pub(super) fn draw(scenario: &Scenario, ground: &Ground, models: &[Model], census: &Census) -> (Vec<String>, Vec<Job>) {
    let classes: Vec<TileClass> = models.iter().map(|model| model.class.clone()).collect();
    let mut drafts = draw_all(scenario, ground, models, census);
    share_out(scenario.family, &mut drafts);
    if scenario.family != Family::Devices {
        weigh_devices(&mut drafts, census, &classes);
    }
    balance(scenario.family, &mut drafts, census, &classes);
    if let Some(capsules) = scenario.capsules {
        resize(scenario, &mut drafts, (census, &classes), capsules);
    }
    price(&mut drafts, census, scenario.seed);
    if scenario.steps {
        let mut dice = Dice::new(scenario.seed, Part::Times);
        for draft in &mut drafts {
            windows::draw_times(&mut draft.job, &mut dice);
            let permille = windows::day_share_permille(&draft.job);
            draft.job.bid = (draft.job.bid * permille / 1_000).max(1);
            windows::draw_work(&mut draft.job, &mut dice);
        }
    }
    finish(scenario, drafts, (census, &classes), ground)
}

/// Draws every job class: who may run it, what it asks for, and its rules.
fn draw_all(scenario: &Scenario, ground: &Ground, models: &[Model], census: &Census) -> Vec<Draft> {
    let mut dice = Dice::new(scenario.seed, Part::Jobs);
    let mut rule_dice = Dice::new(scenario.seed, Part::Rules);
    let strata = usable(shapes::strata(scenario.family), models, census);
    let total: u64 = strata.iter().map(|stratum| stratum.share).sum();
    let offset = dice.between(0, total - 1);
    let classes = scenario.job_classes;
    let mut drafts = Vec::with_capacity(classes as usize);
    for rank in 0..classes {
        let stratum = stratum_at(&strata, (offset + u64::from(rank) * total * 618 / 1_000) % total);
        let mut job = Job::empty(START, TERM);
        // The most numerous classes follow no rule, so that no single rule decides over the whole instance.
        let is_plain = rank < classes / 25;
        let wishes = if is_plain { Wishes::default() } else { rules::draw(&mut job, ground, &mut rule_dice) };
        let mut eligible = rules::eligible(&job, &strata[stratum], models, census);
        if eligible.is_empty() {
            (job.classes, job.band) = (Vec::new(), None);
            eligible = rules::eligible(&job, &strata[stratum], models, census);
        }
        let least = least_of(&eligible, models, &strata[stratum]);
        job.demand = strata[stratum].draw(scenario.family, &least, &mut dice);
        let most = most_of(scenario.family, &least, &job);
        let rows = rows(scenario, rank, wishes.is_whole(), &mut dice);
        drafts.push(Draft { job, wishes, stratum, most, rows });
    }
    drafts
}

/// The strata that at least one tile of the fleet can hold.
fn usable(strata: &[Stratum], models: &[Model], census: &Census) -> Vec<Stratum> {
    let anyone = Job::empty(START, TERM);
    strata.iter().copied().filter(|stratum| !rules::eligible(&anyone, stratum, models, census).is_empty()).collect()
}

fn stratum_at(strata: &[Stratum], mut at: u64) -> usize {
    for (position, stratum) in strata.iter().enumerate() {
        if at < stratum.share {
            return position;
        }
        at -= stratum.share;
    }
    unreachable!("the position is below the sum of the shares")
}

/// The least that any of the classes has of each kind asked for, zero of the others.
fn least_of(eligible: &[ClassIndex], models: &[Model], stratum: &Stratum) -> Resources {
    let capacities = eligible.iter().map(|class| models[class.at()].capacity);
    let least = capacities.reduce(|a, b| a.least(&b)).unwrap_or(Resources::ZERO);
    stratum.kinds().into_iter().fold(Resources::ZERO, |sum, kind| sum.with(kind, least.get(kind)))
}

fn most_of(family: Family, least: &Resources, job: &Job) -> Resources {
    match family {
        // Hosts come in fixed sizes there, so that devices alone decide what fits.
        Family::Devices => shapes::sizes(&job.demand),
        Family::Small | Family::Mixed => {
            let mut most = Resources::ZERO;
            for kind in Kind::ALL {
                most = most.with(kind, shapes::share(least.get(kind), family.size_range_ppm().1));
            }
            most
        }
    }
}

/// Relative numbers of capsules: Zipf-Mandelbrot over the classes, so that the head is heavy but no class is all.
fn rows(scenario: &Scenario, rank: u32, is_whole: bool, dice: &mut Dice) -> Vec<u64> {
    let flat = u64::from(scenario.job_classes / 50 + 1);
    let weight = 1_000_000_000_000 / (u64::from(rank) + flat);
    if scenario.distinct || is_whole {
        return vec![weight];
    }
    let parts: Vec<u64> = (0..dice.pareto(1, ROWS_MAX)).map(|_| dice.between(1, 9)).collect();
    let total: u64 = parts.iter().sum();
    parts.iter().map(|part| (weight * part / total).max(1)).collect()
}

/// Scales weights so that every stratum drawn has its share of all capsules.
fn share_out(family: Family, drafts: &mut [Draft]) {
    let strata = shapes::strata(family);
    let mut totals = vec![0u128; strata.len()];
    for draft in drafts.iter() {
        totals[draft.stratum] += draft.rows.iter().map(|&row| u128::from(row)).sum::<u128>();
    }
    for draft in drafts {
        let share = u128::from(strata[draft.stratum].share) * 1_000_000_000_000;
        for row in &mut draft.rows {
            let scaled = u128::from(*row) * share / totals[draft.stratum];
            *row = u64::try_from(scaled).expect("a share of 10^15 fits").max(1);
        }
    }
}

/// What one capsule of each draft draws, and how many it has in relation to the others.
fn weighted_load(drafts: &[Draft], census: &Census, classes: &[TileClass]) -> [u128; Kind::COUNT] {
    let mut sum = [0u128; Kind::COUNT];
    for draft in drafts {
        let weight: u128 = draft.rows.iter().map(|&row| u128::from(row)).sum();
        let unit = census.unit(&draft.job, classes);
        for (slot, &amount) in sum.iter_mut().zip(&unit.0) {
            *slot += u128::from(amount) * weight;
        }
    }
    let mut load = [0; Kind::COUNT];
    for kind in Kind::ALL {
        load[kind.index()] = sum[kind.index()].checked_div(census.capacity(kind)).unwrap_or(0);
    }
    load
}

/// Weighs capsules with devices so that devices are nearly as scarce as compute.
fn weigh_devices(drafts: &mut [Draft], census: &Census, classes: &[TileClass]) {
    let load = weighted_load(drafts, census, classes);
    let (devices, compute) = (load[Kind::Accelerator.index()], load[Kind::Compute.index()]);
    if devices == 0 {
        return;
    }
    for draft in drafts.iter_mut().filter(|draft| draft.job.demand.devices > 0) {
        for row in &mut draft.rows {
            let scaled = u128::from(*row) * compute * u128::from(DEVICE_TARGET) / (devices * 1_000);
            *row = u64::try_from(scaled).unwrap_or(u64::MAX).max(1);
        }
    }
}

/// Lowers what all ask of the kinds that would be scarcer than their target against the leading kind.
fn balance(family: Family, drafts: &mut [Draft], census: &Census, classes: &[TileClass]) {
    let load = weighted_load(drafts, census, classes);
    let lead = if family == Family::Devices { Kind::Accelerator } else { Kind::Compute };
    let mut factor_ppm = Resources([shapes::WHOLE_PPM; Kind::COUNT]);
    let all = TARGETS.into_iter().chain((family == Family::Devices).then_some((Kind::Compute, 900)));
    for (kind, target) in all {
        let (asked, allowed) = (load[kind.index()], load[lead.index()] * u128::from(target) / 1_000);
        if asked > allowed && allowed > 0 {
            let ppm = u64::try_from(allowed * u128::from(shapes::WHOLE_PPM) / asked).expect("below the whole");
            factor_ppm = factor_ppm.with(kind, ppm);
        }
    }
    for draft in drafts {
        let mut size = shapes::sizes(&draft.job.demand);
        for kind in Kind::ALL {
            size = size.with(kind, shapes::share(size.get(kind), factor_ppm.get(kind)));
        }
        shapes::set_sizes(&mut draft.job.demand, &size);
    }
}

/// With the number of capsules given, sizes are scaled to the load as far as the family's limits let them.
fn resize(scenario: &Scenario, drafts: &mut [Draft], fleet: (&Census, &[TileClass]), capsules: u32) {
    const SCALE_MAX: u64 = 100_000;
    let (census, classes) = fleet;
    let weights: Vec<u64> = drafts.iter().flat_map(|draft| draft.rows.iter().copied()).collect();
    let counts = load::counts_for_capsules(capsules, &weights);
    let at = |scale: u64| {
        let scaled = drafts.iter().flat_map(|draft| {
            let mut job = draft.job.clone();
            shapes::set_sizes(&mut job.demand, &scaled_size(draft, scale));
            let unit = census.unit(&job, classes);
            draft.rows.iter().map(move |_| unit)
        });
        let units: Vec<Resources> = scaled.collect();
        load::scarcest_ppm(census, &units, &counts)
    };
    let scale = load::scale_for_load(scenario.load_permille, SCALE_MAX, at);
    for draft in drafts {
        let size = scaled_size(draft, scale);
        shapes::set_sizes(&mut draft.job.demand, &size);
    }
}

fn scaled_size(draft: &Draft, scale_permille: u64) -> Resources {
    let mut size = shapes::sizes(&draft.job.demand);
    for kind in Kind::ALL {
        let scaled = u128::from(size.get(kind)) * u128::from(scale_permille) / 1_000;
        size = size.with(kind, u64::try_from(scaled).unwrap_or(u64::MAX).min(draft.most.get(kind)));
    }
    size
}

/// Bids: the size in the dominant kind against a mean tile of the fleet, times a multiplier, dearer for better service.
fn price(drafts: &mut [Draft], census: &Census, seed: u64) {
    let mut dice = Dice::new(seed ^ 0x00B1_D5E7, Part::Jobs);
    for draft in drafts {
        let demand = &draft.job.demand;
        let accelerator = u64::from(demand.devices) * u64::from(demand.device_milli);
        let size = shapes::sizes(demand).with(Kind::Accelerator, accelerator);
        let share = |kind: Kind| {
            let whole = u128::from(size.get(kind)) * u128::from(TILE_WORTH) * u128::from(census.tiles());
            whole.checked_div(census.capacity(kind)).unwrap_or(0)
        };
        let dominant = Kind::ALL.into_iter().map(share).max().unwrap_or(0);
        let service = u128::from(rules::worth_permille(draft.job.service));
        let worth = dominant * u128::from(dice.multiplier()) * service / 1_000_000;
        draft.job.bid = u64::try_from(worth).expect("a capsule is worth less than 2^64 micro-credits").max(1);
        draft.job.move_cost = draft.job.bid / 50;
    }
}

/// Counts capsules, fills in the rules that depend on the number, and names the jobs.
fn finish(
    scenario: &Scenario,
    drafts: Vec<Draft>,
    fleet: (&Census, &[TileClass]),
    ground: &Ground,
) -> (Vec<String>, Vec<Job>) {
    let (census, classes) = fleet;
    let weights: Vec<u64> = drafts.iter().flat_map(|draft| draft.rows.iter().copied()).collect();
    let units: Vec<Resources> = drafts
        .iter()
        .flat_map(|draft| vec![over_day(&census.unit(&draft.job, classes), &draft.job); draft.rows.len()])
        .collect();
    let counts = match scenario.capsules {
        Some(capsules) => load::counts_for_capsules(capsules, &weights),
        None => load::counts_for_load(census, &units, &weights, scenario.load_permille),
    };
    let mut counts = counts.into_iter();
    let (mut names, mut jobs) = (Vec::new(), Vec::new());
    for (number, draft) in drafts.into_iter().enumerate() {
        for row in 0..draft.rows.len() {
            let count = counts.next().expect("there is one count a row");
            if count == 0 {
                continue;
            }
            let mut job = Job { count, ..draft.job.clone() };
            draft.wishes.apply(&mut job, ground);
            names.push(format!("job-{number:05}-{row}"));
            jobs.push(job);
        }
    }
    (names, jobs)
}

/// What a capsule draws in the mean over the day.
fn over_day(unit: &Resources, job: &Job) -> Resources {
    let permille = windows::day_share_permille(job);
    let mut mean = *unit;
    for kind in Kind::ALL {
        mean = mean.with(kind, shapes::share(unit.get(kind), permille * 1_000));
    }
    mean
}
