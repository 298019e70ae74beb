//! Table `certificate`: the dual prices from which anyone can compute the bound again.

use std::path::Path;

use lessor_models::certificate::{Certificate, DUAL_SHIFT, DevicePatterns, Dual, Scope};
use lessor_models::fleet::{ClassIndex, Fleet, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, TIMESTAMP_MAX, Timestamp};

use super::cells::Cells;
use super::error::{DatasetError, Problem};
use super::prices::interval;
use super::sink::{Columns, TableWriter, write_labeled};
use super::source::{Batch, TableReader};
use super::spec::ColumnType::{Text, Time, U32, U64};
use super::spec::{TableSpec, optional, required};
use super::words::Finder;

/// The schema of `certificate.parquet`.
pub const CERTIFICATE: TableSpec = TableSpec {
    name: "certificate",
    row: "one dual price: of capacity, or of a job's capsules against device patterns",
    columns: &[
        required("scope", Text, "node, zone, tiles (each tile of a class under a node) or job (device patterns)"),
        required("owner", Text, "name of the node, the zone, the node that the tiles are under, or the job"),
        optional("class_index", U32, "tiles: the class, counted in order of first appearance in nodes"),
        optional("class", Text, "tiles: the class's name, checked against the position"),
        optional("kind", Text, "kind of capacity; NULL for a job"),
        optional("start", Time, "first instant of the interval; NULL for a job"),
        optional("end", Time, "first instant after the interval; NULL for a job"),
        required("price", U64, "in 2^-shift micro-credits per base unit and second; for a job per capsule"),
    ],
};

/// The metadata key of the power of two that prices are divided by.
pub const SHIFT_KEY: &str = "lessor.dual_shift";

/// The metadata key of the device patterns' instant in microseconds; absent where there are no device patterns.
pub const INSTANT_KEY: &str = "lessor.device_instant_us";

const SCOPES: [&str; 4] = ["node", "zone", "tiles", "job"];

/// Reads a certificate.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_certificate(path: &Path, instance: &Instance) -> Result<Certificate, DatasetError> {
    let mut reader = TableReader::open(path, &CERTIFICATE)?;
    let instant = check_metadata(path, &reader)?;
    let mut links = Links::new(instance);
    let mut certificate = Certificate::default();
    let mut job_prices = Vec::new();
    while let Some(batch) = reader.next()? {
        let columns = DualColumns::new(&batch);
        for row in batch.rows() {
            match columns.read(row, &mut links)? {
                Entry::Dual(dual) => certificate.duals.push(dual),
                Entry::Job(..) if instant.is_none() => return Err(metadata(path, INSTANT_KEY, INSTANT_EXPECTED)),
                Entry::Job(job, price) => job_prices.push((job, price)),
            }
        }
    }
    job_prices.sort_unstable();
    certificate.devices = instant.map(|instant| DevicePatterns { instant, job_prices });
    Ok(certificate)
}

const INSTANT_EXPECTED: &str = "a number of microseconds where the table prices jobs";

fn metadata(path: &Path, key: &'static str, expected: &'static str) -> DatasetError {
    DatasetError::Metadata { path: path.to_owned(), key, expected }
}

/// Checks the shift and gives the instant of device patterns.
fn check_metadata(path: &Path, reader: &TableReader) -> Result<Option<Timestamp>, DatasetError> {
    if reader.label(SHIFT_KEY).and_then(|shift| shift.parse().ok()) != Some(DUAL_SHIFT) {
        return Err(metadata(path, SHIFT_KEY, "56"));
    }
    let Some(text) = reader.label(INSTANT_KEY) else { return Ok(None) };
    let instant = text.parse().ok().map(Timestamp);
    let instant = instant.filter(|instant| instant.0.unsigned_abs() <= TIMESTAMP_MAX.0.unsigned_abs());
    instant.map(Some).ok_or_else(|| metadata(path, INSTANT_KEY, INSTANT_EXPECTED))
}

enum Entry {
    Dual(Dual),
    Job(JobIndex, u64),
}

struct Links<'i> {
    fleet: &'i Fleet,
    nodes: Finder<'i>,
    zones: Finder<'i>,
    jobs: Finder<'i>,
}

impl<'i> Links<'i> {
    fn new(instance: &'i Instance) -> Links<'i> {
        let fleet = instance.fleet();
        Links {
            fleet,
            nodes: Finder::new(fleet.names()),
            zones: Finder::new(fleet.zone_names()),
            jobs: Finder::new(instance.job_names()),
        }
    }
}

struct DualColumns<'b> {
    scope: Cells<'b>,
    owner: Cells<'b>,
    class_index: Cells<'b>,
    class: Cells<'b>,
    kind: Cells<'b>,
    window: [Cells<'b>; 2],
    price: Cells<'b>,
}

impl<'b> DualColumns<'b> {
    fn new(batch: &'b Batch) -> DualColumns<'b> {
        DualColumns {
            scope: batch.column("scope"),
            owner: batch.column("owner"),
            class_index: batch.column("class_index"),
            class: batch.column("class"),
            kind: batch.column("kind"),
            window: ["start", "end"].map(|name| batch.column(name)),
            price: batch.column("price"),
        }
    }

    fn read(&self, row: usize, links: &mut Links) -> Result<Entry, DatasetError> {
        let price = self.price.need_integer(row)?;
        let scope = match self.scope.need_word(row, &SCOPES, |name| name)? {
            "job" => return Ok(Entry::Job(self.owner.need(row, |name| links.jobs.job(name))?, price)),
            "node" => Scope::Owner(Owner::Node(self.owner.need(row, |name| links.nodes.node(name))?)),
            "zone" => Scope::Owner(Owner::Zone(self.owner.need(row, |name| links.zones.zone(name))?)),
            _ => Scope::Tiles {
                class: self.class(row, links.fleet)?,
                under: self.owner.need(row, |name| links.nodes.node(name))?,
            },
        };
        let kind = self.kind.need_word(row, &Kind::ALL, Kind::name)?;
        Ok(Entry::Dual(Dual { scope, kind, interval: interval(self.window, row)?, price }))
    }

    /// The class by its position; its name guards against another fleet.
    fn class(&self, row: usize, fleet: &Fleet) -> Result<ClassIndex, DatasetError> {
        let index: u32 = self.class_index.need_narrow(row)?;
        let name = self.class.need_text(row)?;
        let class = fleet.classes().get(ClassIndex(index).at()).ok_or_else(|| {
            let most = u64::try_from(fleet.classes().len()).unwrap_or(u64::MAX).saturating_sub(1);
            self.class_index.refuse(row, Problem::OutOfRange { found: index.into(), least: 0, most })
        })?;
        if class.name != name {
            let (found, expected) = (name.to_owned(), class.name.clone());
            return Err(self.class.refuse(row, Problem::OtherClass { found, index: index.into(), expected }));
        }
        Ok(ClassIndex(index))
    }
}

/// Writes a certificate.
///
/// # Errors
/// A file that cannot be written.
pub fn write_certificate(path: &Path, instance: &Instance, certificate: &Certificate) -> Result<(), DatasetError> {
    let mut labels = vec![(SHIFT_KEY, DUAL_SHIFT.to_string())];
    let devices = certificate.devices.as_ref();
    labels.extend(devices.map(|devices| (INSTANT_KEY, devices.instant.0.to_string())));
    let duals = certificate.duals.iter().map(|dual| Row::of_dual(instance, dual));
    let jobs = devices.into_iter().flat_map(|devices| &devices.job_prices);
    let jobs = jobs.map(|&(job, price)| Row::of_job(instance, job, price));
    let rows: Vec<Row> = duals.chain(jobs).collect();
    let writer = TableWriter::create(path, &CERTIFICATE, &labels)?;
    write_labeled(writer, rows.len(), |range, columns| put_rows(columns, &rows[range]))
}

struct Row<'i> {
    scope: &'static str,
    owner: &'i str,
    class: Option<(ClassIndex, &'i str)>,
    kind: Option<Kind>,
    interval: Option<Interval>,
    price: u64,
}

impl<'i> Row<'i> {
    fn of_dual(instance: &'i Instance, dual: &Dual) -> Row<'i> {
        let fleet = instance.fleet();
        let (scope, owner, class) = match dual.scope {
            Scope::Owner(owner @ Owner::Node(_)) => (SCOPES[0], fleet.owner_name(owner), None),
            Scope::Owner(owner @ Owner::Zone(_)) => (SCOPES[1], fleet.owner_name(owner), None),
            Scope::Tiles { class, under } => {
                (SCOPES[2], fleet.name(under), Some((class, fleet.classes()[class.at()].name.as_str())))
            }
        };
        Row { scope, owner, class, kind: Some(dual.kind), interval: Some(dual.interval), price: dual.price }
    }

    fn of_job(instance: &'i Instance, job: JobIndex, price: u64) -> Row<'i> {
        Row { scope: SCOPES[3], owner: instance.job_name(job), class: None, kind: None, interval: None, price }
    }
}

fn put_rows(columns: &mut Columns, rows: &[Row]) {
    columns.text("scope", rows.iter().map(|row| Some(row.scope)));
    columns.text("owner", rows.iter().map(|row| Some(row.owner)));
    columns.integer("class_index", rows.iter().map(|row| row.class.map(|(index, _)| index.0.into())));
    columns.text("class", rows.iter().map(|row| row.class.map(|(_, name)| name)));
    columns.text("kind", rows.iter().map(|row| row.kind.map(Kind::name)));
    columns.time("start", rows.iter().map(|row| row.interval.map(|interval| interval.start)));
    columns.time("end", rows.iter().map(|row| row.interval.map(|interval| interval.end)));
    columns.integer("price", rows.iter().map(|row| Some(row.price)));
}
