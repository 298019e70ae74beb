//! Table `held_back`: moves that a plan does without, because no order of moves leads there.

use std::path::Path;

use lessor_models::fleet::Owner;
use lessor_models::instance::Instance;
use lessor_models::plan::{HeldBack, Seat, Wait};
use lessor_models::resources::Kind;

use crate::table::cells::Cells;
use crate::table::error::DatasetError;
use crate::table::sink::write_table;
use crate::table::source::TableReader;
use crate::table::spec::ColumnType::{Devices, Text, U32};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::{Finder, Owners, owner_type, unknown};

/// The schema of `held_back.parquet`.
pub const HELD_BACK: TableSpec = TableSpec {
    name: "held_back",
    row: "one move that no order allows: its capsules stay where they run, or stop",
    columns: &[
        required("job", Text, "name of a job"),
        required("from", Text, "name of the tile that they would have left"),
        optional("from_devices", Devices, "devices that each of them holds there; NULL or empty: none"),
        required("to", Text, "name of the tile that they would have entered"),
        optional("to_devices", Devices, "devices that each of them would have held there; NULL or empty: none"),
        required("count", U32, "capsules, at least 1"),
        required("owner", Text, "whose account, devices or turn they would have waited for: name of a node or a zone"),
        required("owner_type", Text, "node or zone"),
        required(
            "waits_for",
            Text,
            "compute, memory, bandwidth, power, heat, accelerator, storage or reversible of the account; device of the \
             tile; turn, where the zone lets no more of its capsules move",
        ),
        optional("behind", Text, "name of the job that holds it and waits itself; NULL: there will never be enough"),
    ],
};

const DEVICE: &str = "device";
const TURN: &str = "turn";

/// What the column `waits_for` says.
#[derive(Clone, Copy)]
enum Word {
    Kind(Kind),
    Device,
    Turn,
}

impl Word {
    const ALL: [Word; Kind::COUNT + 2] = {
        let mut all = [Word::Device; Kind::COUNT + 2];
        let mut at = 0;
        while at < Kind::COUNT {
            all[at] = Word::Kind(Kind::ALL[at]);
            at += 1;
        }
        all[Kind::COUNT + 1] = Word::Turn;
        all
    };

    const fn name(self) -> &'static str {
        match self {
            Word::Kind(kind) => kind.name(),
            Word::Device => DEVICE,
            Word::Turn => TURN,
        }
    }
}

/// Reads what was held back, in table order.
///
/// # Errors
/// The first defect found, with its row and column.
pub fn read_held_back(path: &Path, instance: &Instance) -> Result<Vec<HeldBack>, DatasetError> {
    let mut reader = TableReader::open(path, &HELD_BACK)?;
    let fleet = instance.fleet();
    let (mut jobs, mut nodes) = (Finder::new(instance.job_names()), Finder::new(fleet.names()));
    let mut owners = Owners::new(fleet);
    let mut held_back = Vec::with_capacity(reader.row_count());
    while let Some(batch) = reader.next()? {
        let [job, count, behind] = ["job", "count", "behind"].map(|name| batch.column(name));
        let [owner, owner_type, waits_for] = ["owner", "owner_type", "waits_for"].map(|name| batch.column(name));
        let ends = [["from", "from_devices"], ["to", "to_devices"]].map(|end| end.map(|name| batch.column(name)));
        for row in batch.rows() {
            let mut seat = |[tile, devices]: [Cells<'_>; 2]| -> Result<Seat, DatasetError> {
                let tile = tile.need(row, |name| nodes.tile(name, fleet))?;
                Ok(Seat { tile, devices: devices.integer(row).unwrap_or(0) })
            };
            let (from, to) = (seat(ends[0])?, seat(ends[1])?);
            let word = waits_for.need_word(row, &Word::ALL, Word::name)?;
            let whose = owners.find(owner_type, owner, row)?;
            let wait = wait(word, whose).ok_or_else(|| {
                let (what, table) = if matches!(word, Word::Turn) { ("zone", "zones") } else { ("node", "nodes") };
                owner.refuse(row, unknown(what, fleet.owner_name(whose), table))
            })?;
            held_back.push(HeldBack {
                job: job.need(row, |name| jobs.job(name))?,
                from,
                to,
                count: count.need_narrow(row)?,
                wait,
                behind: behind.parse(row, |name| jobs.job(name))?,
            });
        }
    }
    Ok(held_back)
}

fn wait(word: Word, owner: Owner) -> Option<Wait> {
    match (word, owner) {
        (Word::Kind(kind), owner) => Some(Wait::Account { owner, kind }),
        (Word::Device, Owner::Node(tile)) => Some(Wait::Device { tile }),
        (Word::Turn, Owner::Zone(zone)) => Some(Wait::Turn { zone }),
        (Word::Device, Owner::Zone(_)) | (Word::Turn, Owner::Node(_)) => None,
    }
}

fn owner(wait: Wait) -> Owner {
    match wait {
        Wait::Account { owner, .. } => owner,
        Wait::Device { tile } => Owner::Node(tile),
        Wait::Turn { zone } => Owner::Zone(zone),
    }
}

/// What a move waits for, in one word.
#[must_use]
pub fn waits_for(wait: Wait) -> &'static str {
    match wait {
        Wait::Account { kind, .. } => kind.name(),
        Wait::Device { .. } => DEVICE,
        Wait::Turn { .. } => TURN,
    }
}

/// Writes what was held back, in the order given.
///
/// # Errors
/// A file that cannot be written.
pub fn write_held_back(path: &Path, instance: &Instance, held_back: &[HeldBack]) -> Result<(), DatasetError> {
    let fleet = instance.fleet();
    write_table(path, &HELD_BACK, held_back.len(), |rows, columns| {
        let held = &held_back[rows];
        columns.text("job", held.iter().map(|held| Some(instance.job_name(held.job))));
        columns.text("from", held.iter().map(|held| Some(fleet.name(held.from.tile))));
        columns.devices("from_devices", held.iter().map(|held| held.from.devices));
        columns.text("to", held.iter().map(|held| Some(fleet.name(held.to.tile))));
        columns.devices("to_devices", held.iter().map(|held| held.to.devices));
        columns.integer("count", held.iter().map(|held| Some(held.count.into())));
        columns.text("owner", held.iter().map(|held| Some(fleet.owner_name(owner(held.wait)))));
        columns.text("owner_type", held.iter().map(|held| Some(owner_type(owner(held.wait)))));
        columns.text("waits_for", held.iter().map(|held| Some(waits_for(held.wait))));
        columns.text("behind", held.iter().map(|held| held.behind.map(|job| instance.job_name(job))));
    })
}
