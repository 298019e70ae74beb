//! Table `certificate`: the prices from which anyone can compute the bound again.

use std::path::Path;

use lessor_models::certificate::{Certificate, DUAL_SHIFT, Dual, PiecePrice, Scope, ShapePrice};
use lessor_models::fleet::{ClassIndex, Fleet, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::resources::Kind;
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::Timestamp;

use super::prices::interval;
use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::{Columns, TableWriter, write_labeled};
use crate::table::source::{Batch, TableReader};
use crate::table::spec::ColumnType::{Text, Time, U16, U32, U64};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::Finder;

/// The schema of `certificate.parquet`.
pub const CERTIFICATE: TableSpec = TableSpec {
    name: "certificate",
    row: "one price: of capacity, of a piece of a device, or of the shape of a capsule",
    columns: &[
        required(
            "scope",
            Text,
            "node, zone, tiles (each tile of a class under a node), pieces (of devices of such tiles) or shapes (of \
             capsules on them)",
        ),
        required("owner", Text, "name of the node, the zone, or the node that the tiles are under"),
        optional(
            "class_index",
            U32,
            "tiles, pieces and shapes: the class, counted in order of first appearance in nodes",
        ),
        optional("class", Text, "tiles, pieces and shapes: the class's name, checked against the position"),
        optional("kind", Text, "kind of capacity; NULL for pieces and shapes"),
        required(
            "start",
            Time,
            "first instant of the interval; for pieces and shapes the instant at which they are held",
        ),
        optional("end", Time, "first instant after the interval; NULL for pieces and shapes"),
        optional("milli", U16, "pieces: how much of a device one is, 1 to 1000 milli-devices; otherwise NULL"),
        optional("job", Text, "shapes: name of a job whose capsules are of the shape; otherwise NULL"),
        required(
            "price",
            U64,
            "in 2^-shift micro-credits per base unit and second; for pieces and shapes in 2^-10 micro-credits each",
        ),
    ],
};

/// The metadata key of the power of two that prices are divided by.
pub const SHIFT_KEY: &str = "lessor.dual_shift";

const SCOPES: [&str; 5] = ["node", "zone", "tiles", "pieces", "shapes"];

/// Reads a certificate.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_certificate(path: &Path, instance: &Instance) -> Result<Certificate, DatasetError> {
    let mut reader = TableReader::open(path, &CERTIFICATE)?;
    if reader.label(SHIFT_KEY).and_then(|shift| shift.parse().ok()) != Some(DUAL_SHIFT) {
        return Err(DatasetError::Metadata { path: path.to_owned(), key: SHIFT_KEY, expected: "56" });
    }
    let mut links = Links::new(instance);
    let mut certificate = Certificate::default();
    while let Some(batch) = reader.next()? {
        let columns = PriceColumns::new(&batch);
        for row in batch.rows() {
            match columns.read(row, &mut links)? {
                Entry::Dual(dual) => certificate.duals.push(dual),
                Entry::Piece(piece) => certificate.pieces.push(piece),
                Entry::Shape(shape) => certificate.shapes.push(shape),
            }
        }
    }
    Ok(certificate)
}

enum Entry {
    Dual(Dual),
    Piece(PiecePrice),
    Shape(ShapePrice),
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
        let [nodes, zones, jobs] = [fleet.names(), fleet.zone_names(), instance.job_names()].map(Finder::new);
        Links { fleet, nodes, zones, jobs }
    }
}

struct PriceColumns<'b> {
    scope: Cells<'b>,
    owner: Cells<'b>,
    class_index: Cells<'b>,
    class: Cells<'b>,
    kind: Cells<'b>,
    window: [Cells<'b>; 2],
    milli: Cells<'b>,
    job: Cells<'b>,
    price: Cells<'b>,
}

impl<'b> PriceColumns<'b> {
    fn new(batch: &'b Batch) -> PriceColumns<'b> {
        PriceColumns {
            scope: batch.column("scope"),
            owner: batch.column("owner"),
            class_index: batch.column("class_index"),
            class: batch.column("class"),
            kind: batch.column("kind"),
            window: ["start", "end"].map(|name| batch.column(name)),
            milli: batch.column("milli"),
            job: batch.column("job"),
            price: batch.column("price"),
        }
    }

    fn read(&self, row: usize, links: &mut Links) -> Result<Entry, DatasetError> {
        let scope = match self.scope.need_word(row, &SCOPES, |name| name)? {
            "node" => Scope::Owner(Owner::Node(self.node(row, links)?)),
            "zone" => Scope::Owner(Owner::Zone(self.owner.need(row, |name| links.zones.zone(name))?)),
            "tiles" => Scope::Tiles { class: self.class(row, links.fleet)?, under: self.node(row, links)? },
            "pieces" => return self.piece(row, links).map(Entry::Piece),
            _ => return self.shape(row, links).map(Entry::Shape),
        };
        let kind = self.kind.need_word(row, &Kind::ALL, Kind::name)?;
        let (interval, price) = (interval(self.window, row)?, self.price.need_integer(row)?);
        Ok(Entry::Dual(Dual { scope, kind, interval, price }))
    }

    fn piece(&self, row: usize, links: &mut Links) -> Result<PiecePrice, DatasetError> {
        let milli: u16 = self.milli.narrow(row).ok_or_else(|| {
            self.milli
                .refuse(row, Problem::Model("is null; a price of pieces needs their size, 1 to 1000 milli-devices"))
        })?;
        if !(1..=DEVICE_MILLI).contains(&milli) {
            let (least, most) = (1, DEVICE_MILLI.into());
            return Err(self.milli.refuse(row, Problem::OutOfRange { found: milli.into(), least, most }));
        }
        Ok(PiecePrice {
            class: self.class(row, links.fleet)?,
            under: self.node(row, links)?,
            milli,
            instant: self.window[0].need_time(row)?,
            price: self.price.need_integer(row)?,
        })
    }

    fn shape(&self, row: usize, links: &mut Links) -> Result<ShapePrice, DatasetError> {
        let named = self.job.parse(row, |name| links.jobs.job(name))?;
        let job = named.ok_or_else(|| {
            self.job.refuse(row, Problem::Model("is null; a price of shapes needs the name of a job of the shape"))
        })?;
        Ok(ShapePrice {
            class: self.class(row, links.fleet)?,
            under: self.node(row, links)?,
            job,
            instant: self.window[0].need_time(row)?,
            price: self.price.need_integer(row)?,
        })
    }

    fn node(&self, row: usize, links: &mut Links) -> Result<NodeIndex, DatasetError> {
        self.owner.need(row, |name| links.nodes.node(name))
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
    let fleet = instance.fleet();
    let duals = certificate.duals.iter().map(|dual| CertificateRow::of_dual(fleet, dual));
    let pieces = certificate.pieces.iter().map(|piece| CertificateRow::of_piece(fleet, piece));
    let shapes = certificate.shapes.iter().map(|shape| CertificateRow::of_shape(instance, shape));
    let rows: Vec<CertificateRow> = duals.chain(pieces).chain(shapes).collect();
    let writer = TableWriter::create(path, &CERTIFICATE, &[(SHIFT_KEY, DUAL_SHIFT.to_string())])?;
    write_labeled(writer, rows.len(), |range, columns| put_rows(columns, &rows[range]))
}

struct CertificateRow<'f> {
    scope: &'static str,
    owner: &'f str,
    class: Option<(ClassIndex, &'f str)>,
    kind: Option<Kind>,
    start: Timestamp,
    end: Option<Timestamp>,
    milli: Option<u16>,
    job: Option<&'f str>,
    price: u64,
}

impl<'f> CertificateRow<'f> {
    fn of_dual(fleet: &'f Fleet, dual: &Dual) -> CertificateRow<'f> {
        let (scope, owner, class) = match dual.scope {
            Scope::Owner(owner @ Owner::Node(_)) => (SCOPES[0], fleet.owner_name(owner), None),
            Scope::Owner(owner @ Owner::Zone(_)) => (SCOPES[1], fleet.owner_name(owner), None),
            Scope::Tiles { class, under } => (SCOPES[2], fleet.name(under), Some(named(fleet, class))),
        };
        let (start, end) = (dual.interval.start, Some(dual.interval.end));
        CertificateRow {
            scope,
            owner,
            class,
            kind: Some(dual.kind),
            start,
            end,
            milli: None,
            job: None,
            price: dual.price,
        }
    }

    fn of_piece(fleet: &'f Fleet, piece: &PiecePrice) -> CertificateRow<'f> {
        CertificateRow {
            scope: SCOPES[3],
            owner: fleet.name(piece.under),
            class: Some(named(fleet, piece.class)),
            kind: None,
            start: piece.instant,
            end: None,
            milli: Some(piece.milli),
            job: None,
            price: piece.price,
        }
    }

    fn of_shape(instance: &'f Instance, shape: &ShapePrice) -> CertificateRow<'f> {
        CertificateRow {
            scope: SCOPES[4],
            owner: instance.fleet().name(shape.under),
            class: Some(named(instance.fleet(), shape.class)),
            kind: None,
            start: shape.instant,
            end: None,
            milli: None,
            job: Some(instance.job_name(shape.job)),
            price: shape.price,
        }
    }
}

fn named(fleet: &Fleet, class: ClassIndex) -> (ClassIndex, &str) {
    (class, fleet.classes()[class.at()].name.as_str())
}

fn put_rows(columns: &mut Columns, rows: &[CertificateRow]) {
    columns.text("scope", rows.iter().map(|row| Some(row.scope)));
    columns.text("owner", rows.iter().map(|row| Some(row.owner)));
    columns.integer("class_index", rows.iter().map(|row| row.class.map(|(index, _)| index.0.into())));
    columns.text("class", rows.iter().map(|row| row.class.map(|(_, name)| name)));
    columns.text("kind", rows.iter().map(|row| row.kind.map(Kind::name)));
    columns.time("start", rows.iter().map(|row| Some(row.start)));
    columns.time("end", rows.iter().map(|row| row.end));
    columns.integer("milli", rows.iter().map(|row| row.milli.map(u64::from)));
    columns.text("job", rows.iter().map(|row| row.job));
    columns.integer("price", rows.iter().map(|row| Some(row.price)));
}
