//! Made-up reports of every shape that the page must bear, each the same on every run.

use lessor_api::report::{
    Amounts, CellRow, HeldBackRow, InputFile, Limits, Meta, PriceRow, Progress, ReportData, ServiceClassRow,
    UnplacedRow, WaveRow, ZoneRow,
};

/// A sample's name and how it is made.
type Sample = (&'static str, fn() -> ReportData);

/// Every sample.
pub(crate) const SAMPLES: [Sample; 6] =
    [("fleet", fleet), ("empty", empty), ("one", one), ("few", few), ("large", large), ("hostile", hostile)];

const CREDIT: u64 = 1_000_000;
const GIB: u64 = 1 << 30;
/// 2026-03-09 00:00 UTC, where the sample plan begins.
const START_US: i64 = 1_773_014_400_000_000;
const HOUR_US: i64 = 3_600_000_000;

/// 612 cells in seven clusters of two regions.
fn fleet() -> ReportData {
    let data = report("Monday, both sites", &[("north", &[96, 84, 96, 60]), ("south", &[120, 96, 60])]);
    ReportData { waves: waves(14, &mut Noise(3)), held_back: (0..40).map(held_back_row).collect(), ..data }
}

/// Nothing but zeros.
fn empty() -> ReportData {
    ReportData::default()
}

/// One cell without cluster or zone, everything placed, the bound reached, one point in time.
fn one() -> ReportData {
    let mut noise = Noise(11);
    let mut cell = cell_row("rack-1", 700, &mut noise);
    (cell.cluster, cell.region) = (String::new(), String::new());
    let value = 41_382_119_204;
    let meta = Meta {
        title: "One rack".into(),
        placed: cell.capsules,
        unplaced: 0,
        tiles: cell.tiles,
        jobs: 23,
        job_classes: 9,
        gap: Some(0.0),
        ..meta(value, value)
    };
    let timeline = vec![Progress { seconds: 0.084, value: Some(value), bound: Some(value) }];
    ReportData { meta, cells: vec![cell], timeline, service_classes: classes(), ..ReportData::default() }
}

/// 14 cells, no proof.
fn few() -> ReportData {
    let mut data = report("Test hall", &[("west", &[8, 6])]);
    (data.meta.bound, data.meta.gap) = (None, None);
    for point in &mut data.timeline {
        point.bound = None;
    }
    data.notes.push("The search stopped at its deadline before a bound was proven.".into());
    data
}

/// 10,000 cells in forty clusters.
fn large() -> ReportData {
    let clusters = [250; 10];
    let data = report("Ten million tiles", &[("a", &clusters), ("b", &clusters), ("c", &clusters), ("d", &clusters)]);
    ReportData { waves: waves(1_000, &mut Noise(5)), ..data }
}

/// So many waves: most go at once, some pause and come back, the first ends what has no seat left.
fn waves(count: u64, noise: &mut Noise) -> Vec<WaveRow> {
    let wave = |at: u64, noise: &mut Noise| WaveRow {
        go: 40 + noise.below(25),
        pause: if at % 3 == 1 { noise.below(9) } else { 0 },
        resume: if at % 3 == 2 { noise.below(9) } else { 0 },
        stop: if at == 0 { 17 } else { 0 },
    };
    (0..count).map(|at| wave(at, noise)).collect()
}

fn held_back_row(at: u64) -> HeldBackRow {
    HeldBackRow {
        job: format!("render-{at:03}"),
        count: 1 + at % 4,
        from: format!("tile-{at:05}"),
        to: format!("tile-{:05}", 2 * at + 1),
        wait: format!("memory of tile \"tile-{:05}\"", 2 * at + 1),
        behind: at.is_multiple_of(2).then(|| format!("index-{at:03}")),
    }
}

/// Names that try to become markup, and one that never ends.
fn hostile() -> ReportData {
    let name = "</script><script>document.documentElement.dataset.error='injected'</script><img src=x onerror=x>";
    let long = "a-name-without-end".repeat(20);
    let mut data = report(name, &[(name, &[5, 7])]);
    for cell in &mut data.cells {
        cell.cluster = format!("{name}{}", cell.cluster);
    }
    for (row, zone) in data.zones.iter_mut().enumerate() {
        zone.name = format!("{long}{row}");
    }
    for row in &mut data.unplaced {
        (row.job, row.cure) = (long.clone(), Some(name.into()));
        row.conflict.push(name.into());
        row.reason = "a_reason_of_tomorrow".into();
    }
    data.held_back = vec![HeldBackRow { job: long, wait: name.into(), behind: Some(name.into()), ..held_back_row(0) }];
    data.notes.push(name.into());
    data
}

fn report(title: &str, regions: &[(&str, &[usize])]) -> ReportData {
    let mut noise = Noise(42);
    let mut cells = Vec::new();
    for (region, clusters) in regions {
        for (index, &size) in clusters.iter().enumerate() {
            let load = 420 + noise.below(500);
            for at in 0..size {
                let name = format!("{region}-h{}-c{at:03}", index + 1);
                let mut cell = cell_row(&name, load, &mut noise);
                (cell.region, cell.cluster) = ((*region).into(), format!("hall-{}", index + 1));
                cells.push(cell);
            }
        }
    }
    let zones = zone_rows(&mut noise);
    let (value, bound) = (12_364_182_551_904, 12_416_004_129_377);
    let placed = cells.iter().map(|cell| cell.capsules).sum();
    let tiles = cells.iter().map(|cell| cell.tiles).sum();
    let unplaced = unplaced_rows(&mut noise);
    let missing = unplaced.iter().map(|row| row.count).sum();
    let meta = Meta { title: title.into(), placed, tiles, unplaced: missing, ..meta(value, bound) };
    let prices = price_rows(&zones, &cells, &mut noise);
    let timeline = timeline(value, bound);
    let service_classes = classes();
    ReportData { meta, cells, zones, timeline, prices, unplaced, service_classes, ..ReportData::default() }
}

fn meta(value: i128, bound: i128) -> Meta {
    let files = ["nodes.parquet", "zones.parquet", "zone_members.parquet", "jobs.parquet", "telemetry.parquet"];
    let hash = "9f2c1d7e40ab5c3388d1f06e7719ab24c05e6d1f8832a97b10cc54ef6a7d2e91";
    Meta {
        version: "0.1.0".into(),
        seed: 7,
        value,
        bound: Some(bound),
        gap: Some(0.0041),
        seconds: 28.41,
        peak_memory_bytes: 1_913 << 20,
        jobs: 8_214,
        job_classes: 512,
        start_us: Some(START_US),
        end_us: Some(START_US + 24 * HOUR_US),
        inputs: files.map(|file| InputFile { file: file.into(), hash: hash.into() }).into(),
        ..Meta::default()
    }
}

fn cell_row(name: &str, load: u64, noise: &mut Noise) -> CellRow {
    let tiles = 900 + noise.below(124);
    let devices = if noise.below(3) == 0 { tiles * 4_000 } else { 0 };
    let capacity: Limits = [
        Some(tiles * 400_000),
        Some(tiles * 512 * GIB),
        Some(tiles * 25_000_000_000),
        Some(tiles * 640_000),
        Some(tiles * 610_000),
        Some(devices),
        Some(tiles * 4_096 * GIB),
        Some(0),
    ];
    let mut used = Amounts::default();
    for (kind, slot) in used.iter_mut().enumerate() {
        let lean = [40, 0, 0, 90, 110, 60, 0, 0][kind];
        let permille = if kind == 6 { 0 } else { (load / 2 + lean + noise.below(load / 2 + 60)).min(1_000) };
        *slot = capacity[kind].unwrap_or(0) / 1_000 * permille;
    }
    CellRow { name: name.into(), tiles, capsules: tiles * (4 + noise.below(8)), capacity, used, ..CellRow::default() }
}

fn zone_rows(noise: &mut Noise) -> Vec<ZoneRow> {
    let kinds = [("power_feed", "feed", 3, 18), ("radiator_loop", "loop", 4, 12), ("optical_link", "link", 2, 9)];
    let mut zones = Vec::new();
    for (kind, short, limits, count) in kinds {
        for at in 1..=count {
            let capacity_there = 40_000_000_000 + noise.below(9_000_000_000);
            let permille = if at % 7 == 0 { 1_000 } else { 350 + noise.below(640) };
            let mut zone = ZoneRow { name: format!("{short}-{at}"), kind: kind.into(), ..ZoneRow::default() };
            zone.tiles = 30_000 + noise.below(9_000);
            zone.capacity[limits] = Some(capacity_there);
            zone.used[limits] = capacity_there / 1_000 * permille;
            zones.push(zone);
        }
    }
    zones
}

fn price_rows(zones: &[ZoneRow], cells: &[CellRow], noise: &mut Noise) -> Vec<PriceRow> {
    let mut prices = Vec::new();
    for zone in zones {
        let (kind, name) = if zone.kind == "power_feed" { (3, "power") } else { (4, "heat") };
        let Some(capacity) = zone.capacity[kind].filter(|&capacity| zone.used[kind] * 1_000 >= capacity * 999) else {
            continue;
        };
        prices.push(PriceRow {
            owner: zone.name.clone(),
            owner_type: zone.kind.clone(),
            kind: name.into(),
            start_us: START_US + 8 * HOUR_US,
            end_us: START_US + 20 * HOUR_US,
            capacity,
            price: 20_000 + noise.below(90_000),
            binding: format!("{name} of {} {}", zone.kind.replace('_', " "), zone.name),
        });
    }
    for cell in cells.iter().filter(|cell| cell.used[5] > 0).take(80) {
        prices.push(PriceRow {
            owner: cell.name.clone(),
            owner_type: "cell".into(),
            kind: "accelerator".into(),
            start_us: START_US,
            end_us: START_US + 24 * HOUR_US,
            capacity: cell.capacity[5].unwrap_or(0),
            price: 30 * CREDIT + noise.below(90 * CREDIT),
            binding: format!("accelerators of the tiles of {}", cell.name),
        });
    }
    prices
}

fn timeline(value: i128, bound: i128) -> Vec<Progress> {
    let steps = [
        (0.41, Some(740), None),
        (0.9, Some(861), Some(1_204)),
        (2.2, Some(902), Some(1_060)),
        (4.0, Some(948), Some(1_031)),
        (7.6, Some(971), Some(1_012)),
        (11.3, Some(984), Some(1_004)),
        (16.0, Some(993), Some(1_002)),
        (21.5, Some(998), Some(1_000)),
        (28.1, Some(1_000), Some(1_000)),
    ];
    let part = |whole: i128, permille: Option<i128>| permille.map(|permille| whole / 1_000 * permille);
    let point = |(seconds, v, b)| Progress { seconds, value: part(value, v), bound: part(bound, b) };
    steps.into_iter().map(point).collect()
}

fn classes() -> Vec<ServiceClassRow> {
    let row =
        |class: &str, jobs, asked, placed, value| ServiceClassRow { class: class.into(), jobs, asked, placed, value };
    vec![
        row("A", 36, 4_120, 4_120, 91_200_000_000),
        row("B", 12, 1_224, 1_224, 12_240_000_000),
        row("C", 2_604, 918_332, 917_020, 6_140_772_000_000),
        row("D", 5_562, 3_720_114, 3_701_553, 6_201_118_000_000),
    ]
}

fn unplaced_rows(noise: &mut Noise) -> Vec<UnplacedRow> {
    (1..=173).map(|at| unplaced_row(at, noise)).collect()
}

fn unplaced_row(at: u64, noise: &mut Noise) -> UnplacedRow {
    let asked = 8 + noise.below(400);
    let (reason, conflict, cure): (_, &[&str], _) = match noise.below(9) {
        0..4 => (
            "no_headroom",
            &["heat of radiator loop loop-7, 08:00 to 20:00", "it must run under its locality node north-h2"],
            Some("640 kW more heat at radiator loop loop-7"),
        ),
        4 | 5 => (
            "fragmentation",
            &["memory of the tiles of class m2", "only some tile classes are allowed"],
            Some("Allow every tile class"),
        ),
        6 => ("gang_too_large", &["it needs more capsules together than fit"], Some("Start at Mar 9 21:10")),
        7 => ("not_worth", &["its costs exceed its bid"], Some("Bid 0.84 credits more a capsule")),
        _ => ("no_eligible_tile", &["the temperature band must lie inside the job's"], None),
    };
    UnplacedRow {
        job: format!("batch-{:04}", 40 * at + noise.below(40)),
        service: if at.is_multiple_of(5) { "C".into() } else { "D".into() },
        asked,
        count: asked.min(1 + noise.below(asked)),
        bid: CREDIT / 10 + noise.below(9 * CREDIT),
        reason: reason.into(),
        conflict: conflict.iter().map(|&part| part.into()).collect(),
        cure: cure.map(Into::into),
    }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct Noise(u64);

impl Noise {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}
