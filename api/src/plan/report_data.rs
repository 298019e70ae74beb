//! From an instance and its plan to what the report shows.

use std::collections::BTreeMap;

use lessor_datasets::table::{account_words, cure_words, owner_sort};
use lessor_models::draw;
use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::ServiceClass;
use lessor_models::objective::value::bonus;
use lessor_models::plan::{HeldBack, Move, Placement, Plan, Price, Stage, Unplaced};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::words::counted;

use super::hashed_file::HashedFile;
use super::run_file::Point;
use super::summary::{Figures, dues_words, strain_words};
use super::telemetry_limits::Derating;
use super::usage::{self, Account};
use crate::report::{
    CellRow, HeldBackRow, InputFile, Limits, Meta, PriceRow, Progress, ReportData, ServiceClassRow, UnplacedRow,
    WaveRow, ZoneRow, reason_words,
};
use crate::words::{blocker_words, wait_words};

/// What the report says of the run, where that may differ from run to run.
#[derive(Clone, Debug)]
pub(crate) struct RunView {
    /// Seconds from process start.
    pub(crate) seconds: f64,
    /// Greatest resident memory.
    pub(crate) peak_memory_bytes: u64,
    /// How value and bound moved.
    pub(crate) timeline: Vec<Point>,
}

/// What the headline is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headline<'a> {
    /// The exact figures.
    pub(crate) figures: &'a Figures,
    /// The seed.
    pub(crate) seed: u64,
    /// The input files.
    pub(crate) files: &'a [HashedFile],
    /// What telemetry lowered.
    pub(crate) derating: Derating,
}

/// The part of the report that follows from instance and plan alone.
pub(crate) fn body(instance: &Instance, plan: &Plan) -> ReportData {
    let fleet = instance.fleet();
    let accounts = usage::accounts(instance, &plan.placements);
    let of_cells: BTreeMap<Owner, Limits> =
        accounts.iter().map(|account| (account.owner, account.busiest.capacity)).collect();
    let price_row = |price| price_row(fleet, price, of_cells.get(&price.owner).copied().unwrap_or_default());
    let mut data = ReportData {
        prices: plan.prices.iter().map(price_row).collect(),
        waves: waves(&plan.moves),
        held_back: plan.held_back.iter().map(|held| held_back_row(instance, held)).collect(),
        unplaced: plan.unplaced.iter().map(|left| unplaced_row(instance, left)).collect(),
        service_classes: service_classes(instance, &plan.placements),
        ..ReportData::default()
    };
    for account in accounts {
        match account.owner {
            Owner::Node(cell) => data.cells.push(cell_row(fleet, cell, &account)),
            Owner::Zone(_) => data.zones.push(zone_row(fleet, &account)),
        }
    }
    (data.meta.start_us, data.meta.end_us) = extent(instance, &plan.placements);
    data
}

/// Fills in the headline. Without a view of the run nothing in the report differs from run to run.
pub(crate) fn finish(mut data: ReportData, headline: Headline<'_>, view: Option<RunView>) -> ReportData {
    let Headline { figures, seed, files, derating } = headline;
    let name = |file: &HashedFile| file.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let input = |file: &HashedFile| InputFile { file: name(file).unwrap_or_default(), hash: file.blake3.clone() };
    data.notes = notes(figures, derating, view.is_some());
    let view = view.unwrap_or(RunView { seconds: 0.0, peak_memory_bytes: 0, timeline: Vec::new() });
    data.meta = Meta {
        title: title(figures),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        value: figures.value,
        bound: figures.bound,
        gap: figures.gap,
        placed: figures.placed,
        unplaced: figures.unplaced,
        seconds: view.seconds,
        peak_memory_bytes: view.peak_memory_bytes,
        tiles: figures.tiles,
        jobs: figures.jobs,
        job_classes: figures.job_classes,
        inputs: files.iter().map(input).collect(),
        ..data.meta
    };
    let progress = |point: Point| Progress { seconds: point.seconds, value: point.value, bound: point.bound };
    data.timeline = view.timeline.into_iter().map(progress).collect();
    data
}

fn title(figures: &Figures) -> String {
    let asked = figures.placed.saturating_add(figures.unplaced);
    let (capsules, tiles) = (counted(asked, "capsule", "capsules"), counted(figures.tiles, "tile", "tiles"));
    format!("{} of {capsules} on {tiles}", figures.placed)
}

fn notes(figures: &Figures, derating: Derating, has_view: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if figures.bound.is_none() {
        notes.push("The run ended before a bound was proven, so nothing is known of the gap.".to_owned());
    }
    if derating != Derating::default() {
        let Derating { limited, closed } = derating;
        notes.push(format!(
            "Telemetry lowered the capacity of {} and closed {closed} to new capsules.",
            counted(limited, "tile", "tiles")
        ));
    }
    if let Some(words) = dues_words(figures) {
        notes.push(format!("The value is less by what capsules pay: {words}."));
    }
    if let Some(words) = strain_words(figures) {
        notes.push(format!("The value is less by what the use of tiles costs: {words}."));
    }
    if !has_view {
        let reason = "The run was limited in work, not in time: times and memory are in run.json, so that this page is the \
                      same on every machine.";
        notes.push(reason.to_owned());
    }
    notes
}

fn cell_row(fleet: &Fleet, cell: NodeIndex, account: &Account) -> CellRow {
    let above = |level| fleet.ancestor(cell, level).map_or(String::new(), |node| fleet.name(node).to_owned());
    CellRow {
        name: fleet.name(cell).to_owned(),
        cluster: above(Level::Cluster),
        region: above(Level::Region),
        tiles: account.tiles,
        capsules: account.capsules,
        capacity: account.busiest.capacity,
        used: account.busiest.used,
    }
}

fn zone_row(fleet: &Fleet, account: &Account) -> ZoneRow {
    ZoneRow {
        name: fleet.owner_name(account.owner).to_owned(),
        kind: owner_sort(fleet, account.owner).to_owned(),
        tiles: account.tiles,
        capacity: account.busiest.capacity,
        used: account.busiest.used,
    }
}

fn price_row(fleet: &Fleet, price: &Price, of_tiles: Limits) -> PriceRow {
    PriceRow {
        owner: fleet.owner_name(price.owner).to_owned(),
        owner_type: owner_sort(fleet, price.owner).to_owned(),
        kind: price.kind.name().to_owned(),
        start_us: price.interval.start.0,
        end_us: price.interval.end.0,
        capacity: capacity_at(fleet, price.owner, price.kind, price).or(of_tiles[price.kind.index()]).unwrap_or(0),
        price: price.price,
        binding: account_words(fleet, price.owner, price.kind),
    }
}

/// The account's own capacity when its price begins to hold; `None` where only its tiles limit it, whose price it states.
fn capacity_at(fleet: &Fleet, owner: Owner, kind: Kind, price: &Price) -> Option<u64> {
    let base = fleet.base_capacity(owner).get(kind);
    let capacity = fleet.steps().get(&(owner, kind)).map_or(base, |function| function.at(price.interval.start));
    (capacity != UNLIMITED).then_some(capacity)
}

/// How many capsules take each step in each wave; waves count from zero.
fn waves(moves: &[Move]) -> Vec<WaveRow> {
    let mut rows = Vec::new();
    for step in moves {
        let at = step.wave as usize;
        if rows.len() <= at {
            rows.resize_with(at + 1, WaveRow::default);
        }
        let row = &mut rows[at];
        let capsules = match step.stage {
            Stage::Go => &mut row.go,
            Stage::Pause => &mut row.pause,
            Stage::Resume => &mut row.resume,
            Stage::Stop => &mut row.stop,
        };
        *capsules += u64::from(step.count);
    }
    rows
}

fn held_back_row(instance: &Instance, held: &HeldBack) -> HeldBackRow {
    let fleet = instance.fleet();
    HeldBackRow {
        job: instance.job_name(held.job).to_owned(),
        count: held.count.into(),
        from: fleet.name(held.from.tile).to_owned(),
        to: fleet.name(held.to.tile).to_owned(),
        wait: wait_words(fleet, held.wait),
        behind: held.behind.map(|job| instance.job_name(job).to_owned()),
    }
}

fn unplaced_row(instance: &Instance, left: &Unplaced) -> UnplacedRow {
    let job = &instance.jobs()[left.job.at()];
    UnplacedRow {
        job: instance.job_name(left.job).to_owned(),
        service: job.service.name().to_owned(),
        asked: job.count.into(),
        count: left.count.into(),
        bid: job.bid,
        reason: reason_words(left.reason).name.to_owned(),
        conflict: left.conflict.iter().map(|&blocker| blocker_words(instance, blocker)).collect(),
        cure: left.cure.map(|cure| cure_words(instance, cure)),
    }
}

fn service_classes(instance: &Instance, placements: &[Placement]) -> Vec<ServiceClassRow> {
    let mut placed = vec![0u64; instance.jobs().len()];
    for placement in placements {
        placed[placement.job.at()] += u64::from(placement.count);
    }
    let mut rows =
        ServiceClass::ALL.map(|class| ServiceClassRow { class: class.name().to_owned(), ..Default::default() });
    for (job, &count) in instance.jobs().iter().zip(&placed) {
        let row = &mut rows[job.service as usize];
        row.jobs += 1;
        row.asked += u64::from(job.count);
        row.placed += count;
        row.value += i128::from(job.bid) * i128::from(count) + i128::from(bonus(job, count));
    }
    rows.into_iter().filter(|row| row.jobs > 0).collect()
}

/// The first start and the last end of the plan, in UTC microseconds.
fn extent(instance: &Instance, placements: &[Placement]) -> (Option<i64>, Option<i64>) {
    let fleet = instance.fleet();
    let end = |placement: &Placement| {
        let class = fleet.class_of(placement.tile).expect("the plan was checked: it places on tiles");
        placement.start.after(draw::term(&instance.jobs()[placement.job.at()], &fleet.classes()[class.at()])).0
    };
    (placements.iter().map(|placement| placement.start.0).min(), placements.iter().map(end).max())
}
