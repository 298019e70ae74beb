//! Tile groups: tiles of one cell with equal class, envelope, zones and eligibility.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use lessor_models::draw;
use lessor_models::fleet::{ClassIndex, Level, NodeIndex, Owner, ZoneIndex};
use lessor_models::instance::Instance;
use lessor_models::objective::tariff::Tariff;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::StepFunction;

use super::accounts::{Account, capacity_less, in_bucket};
use super::index::{AccountIndex, GroupIndex};
use super::surcharges::Varying;
use super::{Grid, surcharges};

/// Tiles that a plan cannot tell apart.
#[derive(Clone, Debug)]
pub struct Group {
    /// One of them.
    pub tile: NodeIndex,
    /// Their class.
    pub class: ClassIndex,
    /// Their row in the table of worths.
    pub site: usize,
    /// Set where what their energy costs or emits, or what their accounts cost, changes within the horizon.
    pub varying: Option<Varying>,
    /// Their positions among the raw instance's tiles.
    pub tiles: Range<usize>,
    /// What each gives beyond its standing draw: in each bucket, or once where it does not change.
    pub capacity: Vec<Resources>,
    /// The accounts that each debits, with the level whose traffic crosses there.
    pub path: Vec<(AccountIndex, Level)>,
    /// How many devices each has.
    pub devices: u8,
    /// Whether they take nothing new.
    pub closed: bool,
}

impl Group {
    /// What a tile of the group gives in a bucket.
    #[must_use]
    #[inline]
    pub fn capacity(&self, bucket: usize) -> &Resources {
        in_bucket(&self.capacity, bucket)
    }
}

/// The groups and tiles under one parent.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The tiles' parent; `None` for tiles that are roots.
    pub node: Option<NodeIndex>,
    /// Its groups.
    pub groups: Range<usize>,
    /// Its tiles.
    pub tiles: Range<usize>,
}

pub(super) struct Grouped {
    pub(super) groups: Vec<Group>,
    pub(super) cells: Vec<Cell>,
    pub(super) tiles: Vec<NodeIndex>,
    pub(super) group_of: Vec<GroupIndex>,
    pub(super) sites: Vec<SitePlace>,
    pub(super) varying: Vec<(ClassIndex, Tariff<'static>)>,
}

/// What tiles of one site have in common: class, tariff, heat envelope and room.
#[derive(Debug)]
pub(super) struct SitePlace {
    /// One of them.
    pub(super) tile: NodeIndex,
    /// What energy costs and emits there, and what accounts cost, within the horizon.
    pub(super) tariff: Tariff<'static>,
    /// Their heat envelope.
    pub(super) heat_mw: u64,
    /// The most that each gives in any bucket.
    pub(super) room: Resources,
}

/// Everything that tells two tiles of a cell apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    parent: Option<NodeIndex>,
    class: ClassIndex,
    capacity: Resources,
    uplink_delay_us: u64,
    zones: &'a [ZoneIndex],
    /// What the market asks for the tile's own accounts.
    prices: &'a [(Kind, StepFunction)],
    closed: bool,
    /// Set for a tile that a job, a step in time or a running capsule names.
    named: Option<NodeIndex>,
}

pub(super) fn group(instance: &Instance, grid: &Grid, accounts: &[Account]) -> Grouped {
    let fleet = instance.fleet();
    let named = named_nodes(instance);
    let key = |tile: NodeIndex| Key {
        parent: fleet.parent(tile),
        class: fleet.class_of(tile).expect("tiles have classes"),
        capacity: fleet.base_capacity(Owner::Node(tile)),
        uplink_delay_us: fleet.uplink_delay_us(tile),
        zones: fleet.zones_listing(tile),
        prices: fleet.prices().of(Owner::Node(tile)),
        closed: fleet.is_closed(tile),
        named: named.contains(&tile).then_some(tile),
    };
    let mut tiles: Vec<NodeIndex> = fleet.tiles().collect();
    tiles.sort_by(|&a, &b| key(a).cmp(&key(b)).then(a.cmp(&b)));
    let account_of: HashMap<Owner, AccountIndex> =
        accounts.iter().enumerate().map(|(at, account)| (account.owner, AccountIndex::new(at))).collect();
    let (groups, cells, group_of, site_places, varying) = (vec![], vec![], vec![], vec![], vec![]);
    let mut grouped = Grouped { groups, cells, tiles: vec![], group_of, sites: site_places, varying };
    let mut sites = HashMap::new();
    let mut position = 0;
    for same in tiles.chunk_by(|&a, &b| key(a) == key(b)) {
        let tile = same[0];
        let class = fleet.class_of(tile).expect("tiles have classes");
        let descriptor = &fleet.classes()[class.at()];
        let heat_mw = fleet.base_capacity(Owner::Node(tile)).get(Kind::Heat);
        let tariff = Tariff::of(fleet, tile, instance.weights()).within(instance.horizon());
        let capacity = capacity_less(instance, grid, Owner::Node(tile), &draw::standing(descriptor));
        let room = capacity
            .iter()
            .fold(Resources::ZERO, |room, vector| Resources(std::array::from_fn(|k| room.0[k].max(vector.0[k]))));
        let varying = surcharges::number(&mut grouped.varying, class, &tariff);
        let site = *sites.entry((class, tariff.clone(), heat_mw, room)).or_insert_with(|| {
            grouped.sites.push(SitePlace { tile, tariff, heat_mw, room });
            grouped.sites.len() - 1
        });
        let range = position..position + same.len();
        position = range.end;
        let group = Group {
            tile,
            class,
            site,
            varying,
            tiles: range,
            capacity,
            path: path(instance, &account_of, tile),
            devices: descriptor.devices,
            closed: fleet.is_closed(tile),
        };
        add_to_cell(&mut grouped.cells, fleet.parent(tile), grouped.groups.len(), &group.tiles);
        grouped.group_of.resize(position, GroupIndex::new(grouped.groups.len()));
        grouped.groups.push(group);
    }
    grouped.tiles = tiles;
    grouped
}

fn add_to_cell(cells: &mut Vec<Cell>, node: Option<NodeIndex>, group: usize, tiles: &Range<usize>) {
    match cells.last_mut() {
        Some(cell) if cell.node == node => {
            cell.groups.end = group + 1;
            cell.tiles.end = tiles.end;
        }
        _ => cells.push(Cell { node, groups: group..group + 1, tiles: tiles.clone() }),
    }
}

/// Tiles that must stand alone because something names them.
fn named_nodes(instance: &Instance) -> BTreeSet<NodeIndex> {
    let places = instance.jobs().iter().flat_map(|job| [job.locality, job.data]).flatten();
    let stepped = instance.fleet().steps().keys().filter_map(|(owner, _)| match owner {
        Owner::Node(node) => Some(*node),
        Owner::Zone(_) => None,
    });
    places.chain(stepped).collect()
}

fn path(instance: &Instance, account_of: &HashMap<Owner, AccountIndex>, tile: NodeIndex) -> Vec<(AccountIndex, Level)> {
    let fleet = instance.fleet();
    let mut path = Vec::new();
    for node in fleet.path(tile) {
        let level = fleet.level(node);
        let zones = fleet.zones_listing(node).iter().map(|&zone| Owner::Zone(zone));
        let owners = zones.chain((node != tile).then_some(Owner::Node(node)));
        path.extend(owners.filter_map(|owner| Some((*account_of.get(&owner)?, level))));
    }
    path
}
