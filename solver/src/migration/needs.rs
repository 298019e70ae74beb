//! From seats to plain rows: what is left of each limited account, device and turn, and what each change takes and gives back.

use std::collections::{BTreeMap, HashMap};

use lessor_models::draw;
use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner, ZoneIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex};
use lessor_models::plan::{Seat, Wait};
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{DEVICE_MILLI, TileClass};
use lessor_models::time::Timestamp;

use super::pairs::Pairs;
use super::worklist::Action;
use crate::lowering;

/// Position of a row: one kind of one account, one device, or the capsules of a zone that may be on the move.
pub(super) type Row = u32;

/// What one capsule draws: an amount above zero of each of some rows.
pub(super) type Amounts = Vec<(Row, i64)>;

/// A change of seats, in rows.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// How many capsules.
    pub(super) count: u32,
    /// What one of them takes when it goes, as long as it is on its way: of turns, of devices, then from the tile upwards.
    pub(super) going: Amounts,
    /// What it gives back once it has arrived.
    pub(super) gone: Amounts,
    /// What it takes when it pauses: its turns.
    pub(super) turns: Amounts,
    /// What it gives back once it has paused.
    pub(super) paused: Amounts,
    /// What it takes when it resumes.
    pub(super) resuming: Amounts,
    /// What it gives back once it has resumed.
    pub(super) resumed: Amounts,
    /// What stopping one for a while costs, to be compared only: its move cost, then its bid.
    pub(super) cost: (u64, u64),
}

impl Need {
    /// What one capsule takes while an action is under way, and what it gives back then.
    pub(super) fn amounts(&self, action: Action) -> (&Amounts, &Amounts) {
        match action {
            Action::Go => (&self.going, &self.gone),
            Action::Pause => (&self.turns, &self.paused),
            Action::Resume => (&self.resuming, &self.resumed),
        }
    }

    /// The most that one capsule takes of each row before it gives any of it back, however it moves.
    pub(super) fn most_taken(&self) -> impl Iterator<Item = (Row, i64)> {
        self.turns.iter().chain(&self.resuming).copied()
    }
}

/// All that an order depends on.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// What is left of each row while everything is where it was; below zero where more is used than there is.
    pub(super) left: Vec<i128>,
    /// What waiting for each row is.
    pub(super) waits: Vec<Wait>,
    /// The changes.
    pub(super) changes: Vec<Need>,
}

/// Lowers changes of seats, at the instant of the takeover and after whatever stops for good has stopped.
pub(super) fn needs(instance: &Instance, pairs: &Pairs, takeover: Timestamp) -> Needs {
    let mut rows = Rows::new(instance, takeover);
    for change in &pairs.changed {
        rows.open(change.job, change.to);
    }
    for current in instance.current() {
        let seat = Seat { tile: current.tile, devices: current.devices };
        rows.debit(current.job, seat, -i128::from(current.count));
    }
    for stop in &pairs.stopped {
        rows.debit(stop.job, stop.seat, i128::from(stop.count));
    }
    let changes = pairs.changed.iter().map(|change| {
        let job = &instance.jobs()[change.job.at()];
        let (leaves, enters) = (rows.amounts(change.job, change.from), rows.amounts(change.job, change.to));
        let turns = rows.turns(change.from, change.to);
        rows.need((change.count, (job.move_cost, job.bid)), (turns, leaves, enters))
    });
    let changes = changes.collect();
    Needs { left: rows.left, waits: rows.waits, changes }
}

fn amount(amounts: &Amounts, row: Row) -> i64 {
    amounts.iter().find(|other| other.0 == row).map_or(0, |other| other.1)
}

/// The rows that some change takes from.
struct Rows<'a> {
    instance: &'a Instance,
    takeover: Timestamp,
    standing: BTreeMap<Owner, Resources>,
    /// Of each account that was met, the rows of the kinds that it limits.
    accounts: HashMap<Owner, [Option<Row>; Kind::COUNT]>,
    devices: HashMap<(NodeIndex, u32), Row>,
    turns: HashMap<ZoneIndex, Row>,
    left: Vec<i128>,
    waits: Vec<Wait>,
}

impl<'a> Rows<'a> {
    fn new(instance: &'a Instance, takeover: Timestamp) -> Rows<'a> {
        let (standing, devices) = (lowering::standing(instance), HashMap::new());
        let (accounts, turns, left, waits) = (HashMap::new(), HashMap::new(), Vec::new(), Vec::new());
        let mut rows = Rows { instance, takeover, standing, accounts, devices, turns, left, waits };
        for (zone, most) in instance.fleet().move_limits() {
            let row = rows.add(i128::from(most), Wait::Turn { zone });
            rows.turns.insert(zone, row);
        }
        rows
    }

    fn add(&mut self, left: i128, wait: Wait) -> Row {
        self.left.push(left);
        self.waits.push(wait);
        u32::try_from(self.left.len() - 1).expect("rows of one migration stay below 2^32")
    }

    /// Whether a capsule on the move holds a row at both ends.
    fn is_transient(&self, row: Row) -> bool {
        let transient = self.instance.weights().transient;
        match self.waits[row as usize] {
            Wait::Account { kind, .. } => transient.contains(kind),
            Wait::Device { .. } => transient.contains(Kind::Accelerator),
            Wait::Turn { .. } => false,
        }
    }

    /// The turns that a capsule takes between two seats: one in each zone of either that limits them.
    fn turns(&self, from: Seat, to: Seat) -> Amounts {
        if self.turns.is_empty() {
            return Vec::new();
        }
        let fleet = self.instance.fleet();
        let nodes = [from.tile, to.tile].into_iter().flat_map(|tile| fleet.path(tile));
        let zones = nodes.flat_map(|node| fleet.zones_listing(node));
        let mut rows: Vec<Row> = zones.filter_map(|zone| self.turns.get(zone)).copied().collect();
        rows.sort_unstable();
        rows.dedup();
        rows.into_iter().map(|row| (row, 1)).collect()
    }

    /// What going, pausing and resuming take and give back, from what a capsule draws at both ends.
    fn need(&self, (count, cost): (u32, (u64, u64)), (turns, leaves, enters): (Amounts, Amounts, Amounts)) -> Need {
        let is_transient = |row: Row| self.is_transient(row);
        let (mut going, mut gone, mut resumed) = (turns.clone(), turns.clone(), turns.clone());
        // A capsule stops before it starts, so of what is not transient it takes only what its old seat did not give.
        going.extend(enters.iter().filter_map(|&(row, enters)| {
            let given = if is_transient(row) { 0 } else { amount(&leaves, row) };
            (enters > given).then_some((row, enters - given))
        }));
        gone.extend(leaves.iter().filter_map(|&(row, leaves)| {
            let taken = if is_transient(row) { 0 } else { amount(&enters, row) };
            (leaves > taken).then_some((row, leaves - taken))
        }));
        let (kept, paused): (Amounts, Amounts) = leaves.into_iter().partition(|&(row, _)| is_transient(row));
        resumed.extend(kept);
        Need { count, going, gone, turns, paused, resuming: enters, resumed, cost }
    }

    /// Makes sure that there is a row for whatever a capsule on the seat draws from.
    fn open(&mut self, job: JobIndex, seat: Seat) {
        let fleet = self.instance.fleet();
        for device in devices(seat) {
            if !self.devices.contains_key(&(seat.tile, device)) {
                let row = self.add(i128::from(DEVICE_MILLI), Wait::Device { tile: seat.tile });
                self.devices.insert((seat.tile, device), row);
            }
        }
        for (owner, drawn) in draws(fleet, &self.instance.jobs()[job.at()], seat.tile) {
            let standing = self.standing(owner);
            let mut known = self.accounts.get(&owner).copied().unwrap_or_default();
            for kind in Kind::ALL.into_iter().filter(|&kind| drawn.get(kind) > 0) {
                let capacity = fleet.capacity_at(owner, kind, self.takeover);
                if capacity != UNLIMITED && known[kind.index()].is_none() {
                    let left = i128::from(capacity) - i128::from(standing.get(kind));
                    known[kind.index()] = Some(self.add(left, Wait::Account { owner, kind }));
                }
            }
            self.accounts.insert(owner, known);
        }
    }

    fn standing(&self, owner: Owner) -> Resources {
        match owner {
            Owner::Node(node) if self.instance.fleet().level(node) == Level::Tile => {
                draw::standing(class_of(self.instance.fleet(), node))
            }
            Owner::Node(_) | Owner::Zone(_) => self.standing.get(&owner).copied().unwrap_or_default(),
        }
    }

    /// What a capsule on the seat draws from the rows that there are.
    fn amounts(&self, job: JobIndex, seat: Seat) -> Amounts {
        let job = &self.instance.jobs()[job.at()];
        let device_rows = devices(seat).filter_map(|device| self.devices.get(&(seat.tile, device)));
        let mut amounts: Amounts = device_rows.map(|&row| (row, i64::from(job.demand.device_milli))).collect();
        for (owner, drawn) in draws(self.instance.fleet(), job, seat.tile) {
            let Some(rows) = self.accounts.get(&owner) else { continue };
            let drawn = rows.iter().zip(drawn.0).filter(|&(_, amount)| amount > 0);
            amounts.extend(drawn.filter_map(|(row, amount)| {
                let amount = i64::try_from(amount).expect("a draw is at most 2^53");
                row.map(|row| (row, amount))
            }));
        }
        amounts
    }

    /// Gives back what so many capsules on the seat draw; takes it where the count is below zero.
    fn debit(&mut self, job: JobIndex, seat: Seat, count: i128) {
        for (row, amount) in self.amounts(job, seat) {
            self.left[row as usize] += i128::from(amount) * count;
        }
    }
}

/// Who is debited by a capsule on a tile, from the tile upwards, each with what it draws there.
fn draws<'f>(fleet: &'f Fleet, job: &'f Job, tile: NodeIndex) -> impl Iterator<Item = (Owner, Resources)> + 'f {
    let class = class_of(fleet, tile);
    fleet.path(tile).flat_map(move |node| {
        let drawn = draw::draw(&job.demand, class, fleet.level(node));
        let zones = fleet.zones_listing(node).iter().map(|&zone| Owner::Zone(zone));
        std::iter::once(Owner::Node(node)).chain(zones).map(move |owner| (owner, drawn))
    })
}

fn class_of(fleet: &Fleet, tile: NodeIndex) -> &TileClass {
    &fleet.classes()[fleet.class_of(tile).expect("seats are on tiles").at()]
}

fn devices(seat: Seat) -> impl Iterator<Item = u32> {
    (0..u64::BITS).filter(move |device| seat.devices >> device & 1 == 1)
}
