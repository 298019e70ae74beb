//! How full cells and zones are at their busiest instants: figures for the report, never for a decision.
//!
//! Capacity here is what is left for leases: the account less the standing draw of the tiles under it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lessor_models::draw;
use lessor_models::fleet::{ClassIndex, Fleet, Level, NodeIndex, Owner, ZoneIndex};
use lessor_models::instance::Instance;
use lessor_models::plan::Placement;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::{Interval, StepFunction, Timestamp};

use crate::report::{Amounts, Limits};

/// Amounts of every kind, summed without overflow.
type Sums = [u128; Kind::COUNT];

/// Capacity and use of an account, each kind at the instant at which the largest share is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Busiest {
    /// What is left for leases; `None` where nothing limits.
    pub(crate) capacity: Limits,
    /// What leases take.
    pub(crate) used: Amounts,
}

/// A cell or zone.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Whose.
    pub(crate) owner: Owner,
    /// Tiles in it.
    pub(crate) tiles: u64,
    /// Capsules placed in it.
    pub(crate) capsules: u64,
    /// How full it is.
    pub(crate) busiest: Busiest,
    /// What its tiles draw with nothing placed.
    standing: Sums,
    /// The sum of its tiles' capacities by kind and instant; empty for zones, which limit by their own account alone.
    of_tiles: Vec<Profile>,
}

/// Every cell, then every zone, each in table order.
pub(crate) fn accounts(instance: &Instance, placements: &[Placement]) -> Vec<Account> {
    let fleet = instance.fleet();
    let mut book = Book::open(fleet);
    let leases = book.debit(instance, placements);
    for (at, leases) in leases.into_iter().enumerate() {
        let busiest = busiest(fleet, &book.accounts[at], &leases, instance.horizon().start);
        book.accounts[at].busiest = busiest;
    }
    book.accounts
}

/// Cells and zones, and how to find them.
struct Book {
    accounts: Vec<Account>,
    /// The position of the cell that each node is or is under; only tiles and cells have one.
    cell_of: Vec<Option<usize>>,
    /// The position of the first zone.
    first_zone: usize,
}

impl Book {
    fn open(fleet: &Fleet) -> Book {
        let cells: Vec<NodeIndex> = fleet.nodes().filter(|&node| fleet.level(node) == Level::Cell).collect();
        let mut cell_of = vec![None; fleet.node_count()];
        for (position, cell) in cells.iter().enumerate() {
            cell_of[cell.at()] = Some(position);
        }
        let zone_count = u32::try_from(fleet.zones().len()).expect("zones are indexed by u32");
        let zones = (0..zone_count).map(|zone| Owner::Zone(ZoneIndex(zone)));
        let owners = cells.iter().map(|&cell| Owner::Node(cell)).chain(zones);
        let accounts = owners.map(Account::of).collect();
        let mut book = Book { accounts, cell_of, first_zone: cells.len() };
        book.add_tiles(fleet, cells.len());
        book
    }

    fn add_tiles(&mut self, fleet: &Fleet, cell_count: usize) {
        let mut sums = vec![TileSum::default(); cell_count];
        for tile in fleet.tiles() {
            let class = fleet.class_of(tile).expect("tiles have classes");
            let standing = draw::standing(&fleet.classes()[class.at()]);
            let cell = fleet.ancestor(tile, Level::Cell).and_then(|cell| self.cell_of[cell.at()]);
            self.cell_of[tile.at()] = cell;
            if let Some(cell) = cell {
                sums[cell].add(fleet, tile, &standing);
            }
            for at in self.positions(fleet, tile).into_iter().map(|(at, _)| at) {
                let account = &mut self.accounts[at];
                account.tiles += 1;
                account.standing.iter_mut().zip(standing.0).for_each(|(sum, amount)| *sum += u128::from(amount));
            }
        }
        for (account, sum) in self.accounts.iter_mut().zip(sums) {
            account.of_tiles = sum.profiles();
        }
    }

    /// The accounts that a capsule on the tile debits, each with the level at which it does.
    fn positions(&self, fleet: &Fleet, tile: NodeIndex) -> Vec<(usize, Level)> {
        let mut found: Vec<(usize, Level)> =
            self.cell_of[tile.at()].map(|cell| (cell, Level::Cell)).into_iter().collect();
        for node in fleet.path(tile) {
            let zones = fleet.zones_listing(node).iter();
            found.extend(zones.map(|zone| (self.first_zone + zone.at(), fleet.level(node))));
        }
        found
    }

    /// What leases take of each account, by interval.
    fn debit(&mut self, instance: &Instance, placements: &[Placement]) -> Vec<BTreeMap<Interval, Sums>> {
        let fleet = instance.fleet();
        let mut leases = vec![BTreeMap::new(); self.accounts.len()];
        let mut positions_of: HashMap<NodeIndex, Vec<(usize, Level)>> = HashMap::new();
        // Neighbors of a job in one place draw alike, and most placements have some.
        let place = |placement: &Placement| (placement.job, site(fleet, placement.tile), placement.start);
        for alike in placements.chunk_by(|a, b| place(a) == place(b)) {
            let Placement { job, tile, start, .. } = alike[0];
            let ((here, class), job) = (site(fleet, tile), &instance.jobs()[job.at()]);
            let class = &fleet.classes()[class.at()];
            let interval = Interval { start, end: start.after(draw::term(job, class)) };
            let count: u64 = alike.iter().map(|placement| u64::from(placement.count)).sum();
            let positions = positions_of.entry(here).or_insert_with(|| self.positions(fleet, tile));
            for &(at, level) in positions.iter() {
                let drawn = draw::draw(&job.demand, class, level);
                let sums: &mut Sums = leases[at].entry(interval).or_default();
                sums.iter_mut().zip(drawn.0).for_each(|(sum, amount)| *sum += u128::from(amount) * u128::from(count));
                self.accounts[at].capsules += count;
            }
        }
        leases
    }
}

/// Where a tile draws from, and as what: the node whose cell and zones are its own, and its class.
fn site(fleet: &Fleet, tile: NodeIndex) -> (NodeIndex, ClassIndex) {
    let class = fleet.class_of(tile).expect("the plan was checked: it places on tiles");
    let stands_for_itself = !fleet.zones_listing(tile).is_empty();
    (fleet.parent(tile).filter(|_| !stands_for_itself).unwrap_or(tile), class)
}

impl Account {
    fn of(owner: Owner) -> Account {
        Account {
            owner,
            tiles: 0,
            capsules: 0,
            busiest: Busiest::default(),
            standing: Sums::default(),
            of_tiles: Vec::new(),
        }
    }

    /// What is left for leases at an instant; `None` where nothing limits.
    fn capacity(&self, fleet: &Fleet, kind: Kind, at: Timestamp) -> Option<u128> {
        let base = fleet.base_capacity(self.owner).get(kind);
        let own = fleet.steps().get(&(self.owner, kind)).map_or(base, |function| function.at(at));
        let own = (own != UNLIMITED).then(|| u128::from(own).saturating_sub(self.standing[kind.index()]));
        let of_tiles = self.of_tiles.get(kind.index()).and_then(|profile| profile.at(at));
        [own, of_tiles].into_iter().flatten().min()
    }

    /// The instants at which a kind's capacity changes.
    fn changes(&self, fleet: &Fleet, kind: Kind) -> BTreeSet<Timestamp> {
        let own = fleet.steps().get(&(self.owner, kind)).into_iter().flat_map(StepFunction::steps);
        let of_tiles = self.of_tiles.get(kind.index()).into_iter().flat_map(|profile| profile.steps.keys());
        own.map(|step| step.0).chain(of_tiles.copied()).collect()
    }
}

/// A sum of capacities: what is limited, and how many are not.
type Capacity = (i128, i64);

/// A sum of step functions: a base and what each instant adds to it.
#[derive(Clone, Debug, Default)]
struct Profile {
    base: Capacity,
    steps: BTreeMap<Timestamp, Capacity>,
}

impl Profile {
    fn at(&self, when: Timestamp) -> Option<u128> {
        let steps = self.steps.range(..=when).map(|(_, &change)| change);
        let (sum, unlimited) = steps.fold(self.base, |sum, change| (sum.0 + change.0, sum.1 + change.1));
        (unlimited == 0).then(|| u128::try_from(sum).unwrap_or(0))
    }
}

/// The capacities of a cell's tiles, less their standing draw.
#[derive(Clone, Debug, Default)]
struct TileSum {
    by_kind: [Profile; Kind::COUNT],
}

impl TileSum {
    fn add(&mut self, fleet: &Fleet, tile: NodeIndex, standing: &Resources) {
        let owner = Owner::Node(tile);
        for kind in Kind::ALL {
            let idle = standing.get(kind);
            let capacity = |amount: u64| match amount {
                UNLIMITED => (0, 1),
                limited => (i128::from(limited.saturating_sub(idle)), 0),
            };
            let profile = &mut self.by_kind[kind.index()];
            let function = fleet.steps().get(&(owner, kind));
            let mut last = capacity(function.map_or(fleet.base_capacity(owner).get(kind), StepFunction::base));
            profile.base = (profile.base.0 + last.0, profile.base.1 + last.1);
            for &(at, amount) in function.into_iter().flat_map(StepFunction::steps) {
                let next = capacity(amount);
                let change = profile.steps.entry(at).or_default();
                *change = (change.0 + next.0 - last.0, change.1 + next.1 - last.1);
                last = next;
            }
        }
    }

    /// The sums by kind. A sum of tile uplinks limits no traffic out of the cell.
    fn profiles(self) -> Vec<Profile> {
        let mut profiles = self.by_kind;
        profiles[Kind::Bandwidth.index()] = Profile { base: (0, 1), ..Profile::default() };
        profiles.into()
    }
}

fn busiest(fleet: &Fleet, account: &Account, leases: &BTreeMap<Interval, Sums>, start: Timestamp) -> Busiest {
    let mut busiest = Busiest::default();
    for kind in Kind::ALL {
        let (capacity, used) = busiest_of_kind(fleet, account, leases, (kind, start));
        let clamped = |amount: u128| u64::try_from(amount).unwrap_or(u64::MAX);
        busiest.capacity[kind.index()] = capacity.map(clamped);
        busiest.used[kind.index()] = clamped(used);
    }
    busiest
}

fn busiest_of_kind(
    fleet: &Fleet,
    account: &Account,
    leases: &BTreeMap<Interval, Sums>,
    (kind, start): (Kind, Timestamp),
) -> (Option<u128>, u128) {
    let mut changes: BTreeMap<Timestamp, i128> = account.changes(fleet, kind).into_iter().map(|at| (at, 0)).collect();
    for (interval, sums) in leases {
        let amount = i128::try_from(sums[kind.index()]).expect("2^32 capsules of 2^53 stay below 2^127");
        if amount > 0 {
            *changes.entry(interval.start).or_default() += amount;
            *changes.entry(interval.end).or_default() -= amount;
        }
    }
    let mut best = (account.capacity(fleet, kind, start), 0);
    let mut used = 0i128;
    for (at, change) in changes {
        used += change;
        let now = (account.capacity(fleet, kind, at), used.unsigned_abs());
        if used > 0 && share(now) > share(best) {
            best = now;
        }
    }
    best
}

/// The share in use, then the amount, for accounts without limit.
fn share((capacity, used): (Option<u128>, u128)) -> (f64, u128) {
    (capacity.map_or(0.0, |capacity| used as f64 / capacity.max(1) as f64), used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessor_models::fleet::{ClassIndex, FleetParts, NodeColumns, Zone, ZoneKind};
    use lessor_models::job::{Job, JobIndex};
    use lessor_models::objective::Weights;
    use lessor_models::tile_class::TileClass;
    use lessor_models::time::Span;

    /// Two tiles of 10 W of which 1 W is idle, in one cell without a limit of its own, on one feed of 15 W.
    fn instance() -> Instance {
        fed(0)
    }

    /// The same, where the feed lists a node: the cell, or one of its tiles.
    fn fed(node: u32) -> Instance {
        let tile = Resources::UNLIMITED.with(Kind::Power, 10_000).with(Kind::Memory, 100);
        let nodes = NodeColumns {
            names: ["cell", "a", "b"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(0)],
            levels: vec![Level::Cell, Level::Tile, Level::Tile],
            classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0))],
            capacities: vec![Resources::UNLIMITED, tile, tile],
            uplink_delays_us: vec![0; 3],
        };
        let class = TileClass { idle_power_mw: 1_000, heat_permille: 1_000, ..TileClass::plain("plain") };
        let capacity = Resources::UNLIMITED.with(Kind::Power, 15_000);
        let feed = Zone { kind: ZoneKind::PowerFeed, capacity, energy_price: None };
        let steps = BTreeMap::from([((Owner::Zone(ZoneIndex(0)), Kind::Power), vec![(Timestamp(50), 6_000)])]);
        let parts = FleetParts {
            nodes,
            classes: vec![class],
            zone_names: vec!["feed".into()],
            zones: vec![feed],
            members: vec![(0, node)],
            steps,
            ..FleetParts::default()
        };
        let mut job = Job::empty(Timestamp(0), Span(40));
        (job.count, job.deadline, job.demand.power_mw, job.demand.memory_bytes) = (4, Timestamp(100), 2_000, 10);
        Instance::new(Fleet::new(parts).unwrap(), vec!["job".into()], vec![job], Weights::default()).unwrap()
    }

    fn placed(tile: u32, start: i64, count: u32) -> Placement {
        Placement { job: JobIndex(0), tile: NodeIndex(tile), start: Timestamp(start), count, devices: 0 }
    }

    #[test]
    fn each_kind_shows_its_busiest_instant() {
        let found = accounts(&instance(), &[placed(1, 0, 3), placed(2, 55, 1)]);
        let (cell, feed) = (&found[0], &found[1]);
        assert_eq!((cell.tiles, cell.capsules, feed.tiles, feed.capsules), (2, 4, 2, 4));
        // The cell's two tiles leave 9 W each for leases; three capsules take 6 W of the 18 W.
        let power = Kind::Power.index();
        assert_eq!((cell.busiest.capacity[power], cell.busiest.used[power]), (Some(18_000), 6_000));
        // The feed leaves 13 W before the step (6 of 13) and 4 W after it (2 of 4): the later share is larger.
        assert_eq!((feed.busiest.capacity[power], feed.busiest.used[power]), (Some(4_000), 2_000));
        let memory = Kind::Memory.index();
        assert_eq!((cell.busiest.capacity[memory], cell.busiest.used[memory]), (Some(200), 30));
        assert_eq!((feed.busiest.capacity[memory], feed.busiest.used[memory]), (None, 30));
    }

    #[test]
    fn a_tile_with_a_feed_of_its_own_draws_from_it_alone() {
        let found = accounts(&fed(2), &[placed(1, 0, 3), placed(2, 0, 1), placed(1, 0, 2)]);
        let used = |account: &Account| (account.tiles, account.capsules, account.busiest.used[Kind::Power.index()]);
        assert_eq!(used(&found[0]), (2, 6, 12_000));
        assert_eq!(used(&found[1]), (1, 1, 2_000));
    }

    #[test]
    fn an_empty_plan_shows_what_there_is() {
        let found = accounts(&instance(), &[]);
        let power = Kind::Power.index();
        assert_eq!(
            found.iter().map(|account| account.busiest.capacity[power]).collect::<Vec<_>>(),
            [Some(18_000), Some(13_000)]
        );
        assert!(found.iter().all(|account| account.busiest.used == Amounts::default()));
    }
}
