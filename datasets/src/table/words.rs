//! Closed sets of words, names of other tables' rows, and the capacity columns that several tables share.

use std::collections::HashMap;

use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner, ZoneIndex, ZoneKind};
use lessor_models::job::{Domain, JobIndex};
use lessor_models::names::Names;
use lessor_models::resources::{Kind, Resources, UNLIMITED};

use super::cells::Cells;
use super::error::{DatasetError, Problem};
use super::sink::Columns;
use super::source::Batch;

/// The column of each kind of capacity, in vector order.
pub(crate) const KIND_COLUMNS: [(Kind, &str); Kind::COUNT] = [
    (Kind::Compute, "compute_mops"),
    (Kind::Memory, "memory_bytes"),
    (Kind::Bandwidth, "bandwidth_bps"),
    (Kind::Power, "power_mw"),
    (Kind::Heat, "heat_mw"),
    (Kind::Accelerator, "accelerator_milli"),
    (Kind::Storage, "storage_bytes"),
    (Kind::Reversible, "reversible_mops"),
];

/// The two types of owner of an account, as tables name them.
pub(crate) const OWNER_TYPES: [&str; 2] = ["node", "zone"];

/// The value that a word stands for.
pub(crate) fn word<T: Copy>(found: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<T, Problem> {
    let known = all.iter().copied().find(|&value| name(value) == found);
    known.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|&value| name(value)).collect();
        Problem::Word { found: found.to_owned(), expected: names.join(", ") }
    })
}

/// The domain that a word stands for.
pub(crate) fn domain(found: &str) -> Result<Domain, Problem> {
    let levels = Level::ALL.map(Domain::Level);
    let zones = ZoneKind::ALL.map(Domain::Zone);
    let all: Vec<Domain> = levels.into_iter().chain(zones).collect();
    word(found, &all, Domain::name)
}

/// Finds names that mostly come in the order of their own table: the last one found and its neighbor are tried first.
pub(crate) struct Finder<'n> {
    names: &'n Names,
    last: usize,
    searches: usize,
    index: HashMap<&'n str, usize>,
}

/// One search in so many names makes a hashed index worth its memory.
const SEARCHES_PER_INDEX: usize = 16;

impl<'n> Finder<'n> {
    pub(crate) fn new(names: &'n Names) -> Finder<'n> {
        Finder { names, last: 0, searches: 0, index: HashMap::new() }
    }

    /// The position of a name. O(1), but for the first searches out of order, which are O(log n).
    pub(crate) fn find(&mut self, name: &str) -> Option<usize> {
        let near = (self.last..self.names.len()).take(2).find(|&position| self.names.get(position) == name);
        let found = near.or_else(|| self.search(name))?;
        self.last = found;
        Some(found)
    }

    fn search(&mut self, name: &str) -> Option<usize> {
        self.searches += 1;
        if self.index.is_empty() {
            if self.searches <= self.names.len() / SEARCHES_PER_INDEX {
                return self.names.find(name);
            }
            self.index = self.names.iter().enumerate().map(|(position, name)| (name, position)).collect();
        }
        self.index.get(name).copied()
    }

    /// The node of that name.
    pub(crate) fn node(&mut self, name: &str) -> Result<NodeIndex, Problem> {
        self.position(name).map(NodeIndex).ok_or_else(|| unknown("node", name, "nodes"))
    }

    /// The tile of that name.
    pub(crate) fn tile(&mut self, name: &str, fleet: &Fleet) -> Result<NodeIndex, Problem> {
        let node = self.node(name)?;
        if fleet.level(node) == Level::Tile { Ok(node) } else { Err(Problem::NotTile { name: name.to_owned() }) }
    }

    /// The zone of that name.
    pub(crate) fn zone(&mut self, name: &str) -> Result<ZoneIndex, Problem> {
        self.position(name).map(ZoneIndex).ok_or_else(|| unknown("zone", name, "zones"))
    }

    /// The job of that name.
    pub(crate) fn job(&mut self, name: &str) -> Result<JobIndex, Problem> {
        self.position(name).map(JobIndex).ok_or_else(|| unknown("job", name, "jobs"))
    }

    fn position(&mut self, name: &str) -> Option<u32> {
        self.find(name).map(|position| u32::try_from(position).expect("names are indexed by u32"))
    }
}

/// A name that its table does not hold.
pub(crate) fn unknown(what: &'static str, name: &str, table: &'static str) -> Problem {
    Problem::Unknown { what, name: name.to_owned(), table }
}

/// The owners of accounts, found by type and name.
pub(crate) struct Owners<'f> {
    nodes: Finder<'f>,
    zones: Finder<'f>,
}

impl<'f> Owners<'f> {
    pub(crate) fn new(fleet: &'f Fleet) -> Owners<'f> {
        Owners { nodes: Finder::new(fleet.names()), zones: Finder::new(fleet.zone_names()) }
    }

    /// The node of that name.
    pub(crate) fn node(&mut self, name: &str) -> Result<NodeIndex, Problem> {
        self.nodes.node(name)
    }

    /// The owner that a row names in its two columns.
    pub(crate) fn find(&mut self, owner_type: Cells, owner: Cells, row: usize) -> Result<Owner, DatasetError> {
        let kind = owner_type.need_word(row, &OWNER_TYPES, |name| name)?;
        owner.need(row, |name| {
            if kind == OWNER_TYPES[0] {
                self.nodes.node(name).map(Owner::Node)
            } else {
                self.zones.zone(name).map(Owner::Zone)
            }
        })
    }
}

/// The type of an owner, as tables name it.
pub(crate) const fn owner_type(owner: Owner) -> &'static str {
    match owner {
        Owner::Node(_) => OWNER_TYPES[0],
        Owner::Zone(_) => OWNER_TYPES[1],
    }
}

/// The capacity columns of one batch.
pub(crate) struct CapacityColumns<'b>([Cells<'b>; Kind::COUNT]);

impl<'b> CapacityColumns<'b> {
    pub(crate) fn new(batch: &'b Batch) -> CapacityColumns<'b> {
        CapacityColumns(KIND_COLUMNS.map(|(_, name)| batch.column(name)))
    }

    /// The capacities of a row; null is unlimited.
    pub(crate) fn get(&self, row: usize) -> Resources {
        Resources(self.0.map(|column| column.integer(row).unwrap_or(UNLIMITED)))
    }
}

/// Fills in the capacity columns; unlimited is null.
pub(crate) fn put_capacities(columns: &mut Columns, capacities: &[Resources]) {
    for (kind, name) in KIND_COLUMNS {
        columns.integer(name, capacities.iter().map(|vector| limited(vector.get(kind))));
    }
}

/// An amount, or nothing where there is no limit.
pub(crate) fn limited(amount: u64) -> Option<u64> {
    (amount != UNLIMITED).then_some(amount)
}
