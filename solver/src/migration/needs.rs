//! From seats to plain rows: what is left of each limited account and device, and what each change takes and gives back.

use std::collections::{BTreeMap, HashMap};

use lessor_models::draw;
use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex};
use lessor_models::plan::Seat;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{DEVICE_MILLI, TileClass};
use lessor_models::time::Timestamp;

use super::pairs::Pairs;
use crate::lowering;

/// Position of a row: one kind of one account, or one device.
pub(super) type Row = u32;

/// What one capsule draws: an amount above zero of each of some rows.
pub(super) type Amounts = Vec<(Row, i64)>;

/// A change of seats, in rows.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// How many capsules.
    pub(super) count: u32,
    /// What one of them gives back when it stops, of the rows that any change takes from.
    pub(super) leaves: Amounts,
    /// What one of them takes when it starts: of devices first, then from the tile upwards.
    pub(super) enters: Amounts,
    /// What stopping one for a while costs, to be compared only: its move cost, then its bid.
    pub(super) cost: (u64, u64),
}

/// All that an order depends on.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// What is left of each row while everything is where it was; below zero where more is used than there is.
    pub(super) left: Vec<i128>,
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
        Need { count: change.count, leaves, enters, cost: (job.move_cost, job.bid) }
    });
    let changes = changes.collect();
    Needs { left: rows.left, changes }
}

/// The rows that some change takes from.
struct Rows<'a> {
    instance: &'a Instance,
    takeover: Timestamp,
    standing: BTreeMap<Owner, Resources>,
    /// Of each account that was met, the rows of the kinds that it limits.
    accounts: HashMap<Owner, [Option<Row>; Kind::COUNT]>,
    devices: HashMap<(NodeIndex, u32), Row>,
    left: Vec<i128>,
}

impl<'a> Rows<'a> {
    fn new(instance: &'a Instance, takeover: Timestamp) -> Rows<'a> {
        let (standing, left) = (lowering::standing(instance), Vec::new());
        Rows { instance, takeover, standing, accounts: HashMap::new(), devices: HashMap::new(), left }
    }

    /// Makes sure that there is a row for whatever a capsule on the seat draws from.
    fn open(&mut self, job: JobIndex, seat: Seat) {
        let fleet = self.instance.fleet();
        for device in devices(seat) {
            let next = next_row(&self.left);
            let row = *self.devices.entry((seat.tile, device)).or_insert(next);
            if row == next {
                self.left.push(i128::from(DEVICE_MILLI));
            }
        }
        for (owner, drawn) in draws(fleet, &self.instance.jobs()[job.at()], seat.tile) {
            let standing = self.standing(owner);
            let known = self.accounts.entry(owner).or_default();
            for kind in Kind::ALL.into_iter().filter(|&kind| drawn.get(kind) > 0) {
                let capacity = fleet.capacity_at(owner, kind, self.takeover);
                if capacity != UNLIMITED && known[kind.index()].is_none() {
                    known[kind.index()] = Some(next_row(&self.left));
                    self.left.push(i128::from(capacity) - i128::from(standing.get(kind)));
                }
            }
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

fn next_row(left: &[i128]) -> Row {
    u32::try_from(left.len()).expect("rows of one migration stay below 2^32")
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
