//! The book itself: limits and sums of every owner, and what can be read of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use lessor_models::draw::standing;
use lessor_models::fleet::{ClassIndex, Fleet, NodeIndex, Owner};
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::account::Account;
use super::class_set::ClassSet;
use super::device_table::DeviceTable;
use super::devices::Devices;
use super::draw::Draw;
use super::floors::Kept;
use super::paths::{OwnerIndex, Paths, Step, position};
use super::special::{Piece, Special, Sums, over};
use crate::plane::{ClosureCause, PlaneName};

const NONE: u32 = u32::MAX;

/// What one plane last said about an owner: the number of the change, and the most that the owner may give.
type Said = BTreeMap<PlaneName, (u64, Resources)>;

/// What planes last said about a tile's door: the number of the change, and why it is closed, if it is.
type Doors = BTreeMap<PlaneName, (u64, Option<ClosureCause>)>;

/// The accounts of one authority, and what is held of them.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) paths: Paths,
    /// What tiles with nothing on them draw.
    pub(super) standing: Vec<Resources>,
    /// What the fleet states now, before planes lower it.
    pub(super) bases: Vec<Resources>,
    /// What each owner may give to leases now.
    pub(super) limits: Vec<Resources>,
    pub(super) held: Vec<Resources>,
    /// What classes A and B hold.
    pub(super) held_a: Vec<Resources>,
    pub(super) held_b: Vec<Resources>,
    pub(super) devices: DeviceTable,
    /// The class of each node that is a tile.
    classes: Vec<Option<ClassIndex>>,
    /// The tiles of each class, in fleet order.
    of_class: Vec<Vec<NodeIndex>>,
    /// Where each owner's special matters are, so that owners without any cost four bytes.
    special_of: Vec<u32>,
    specials: Vec<(OwnerIndex, Special)>,
    pub(super) said: BTreeMap<OwnerIndex, Said>,
    pub(super) closures: BTreeMap<NodeIndex, Doors>,
    /// Tiles that the fleet itself closes.
    pub(super) shut: BTreeSet<NodeIndex>,
    /// When pieces begin.
    pub(super) changes: BTreeSet<(Timestamp, OwnerIndex)>,
}

impl Ledger {
    /// The accounts of a fleet, all free, as they stand at an instant. O(nodes times depth plus steps).
    #[must_use]
    pub fn new(fleet: &Fleet, now: Timestamp) -> Ledger {
        let paths = Paths::new(fleet);
        let owners = || (0..paths.owner_count()).map(|at| paths.owner(OwnerIndex(position(at))));
        let bases: Vec<Resources> = owners().map(|owner| capacity(fleet, owner, now)).collect();
        let nothing = vec![Resources::ZERO; bases.len()];
        let standing = standing_draws(fleet, &paths);
        let limits = bases.iter().zip(&standing).map(|(base, standing)| base.saturating_sub(standing)).collect();
        let mut ledger = Ledger {
            standing,
            limits,
            held: nothing.clone(),
            held_a: nothing.clone(),
            held_b: nothing,
            special_of: vec![NONE; bases.len()],
            bases,
            devices: DeviceTable::new(fleet),
            classes: fleet.nodes().map(|node| fleet.class_of(node)).collect(),
            of_class: tiles_by_class(fleet),
            specials: Vec::new(),
            said: BTreeMap::new(),
            closures: BTreeMap::new(),
            shut: fleet.tiles().filter(|&tile| fleet.is_closed(tile)).collect(),
            changes: BTreeSet::new(),
            paths,
        };
        ledger.cut(fleet, now);
        for tile in ledger.shut.clone() {
            ledger.special_mut(OwnerIndex(tile.0)).closed = true;
        }
        ledger
    }

    /// Cuts the future of every owner where its capacity changes.
    fn cut(&mut self, fleet: &Fleet, now: Timestamp) {
        for (&(owner, _), steps) in fleet.steps() {
            let index = self.paths.index(owner).expect("a fleet's steps are of its owners");
            for &(start, _) in steps.steps().iter().filter(|step| step.0 > now) {
                self.changes.insert((start, index));
            }
        }
        for (start, index) in self.changes.clone() {
            let base = capacity(fleet, self.paths.owner(index), start);
            self.special_mut(index).pieces.push_back(Piece { start, base, held: Sums::default() });
        }
    }

    /// Whether the ledger has the node.
    #[must_use]
    pub fn has_node(&self, node: NodeIndex) -> bool {
        node.at() < self.paths.node_count()
    }

    /// Whether the ledger has the owner.
    #[must_use]
    pub fn has_owner(&self, owner: Owner) -> bool {
        self.paths.index(owner).is_some()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.paths.node_count()
    }

    /// Whether a node is a tile.
    ///
    /// # Panics
    /// Where the ledger has no such node; so do all that follow.
    #[must_use]
    pub fn is_tile(&self, node: NodeIndex) -> bool {
        self.paths.is_tile(node)
    }

    /// The tiles, in fleet order.
    pub fn tiles(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        let nodes = (0..position(self.node_count())).map(NodeIndex);
        nodes.filter(|&node| self.is_tile(node))
    }

    /// The class of a tile; none of any other node.
    #[must_use]
    pub fn class_of(&self, node: NodeIndex) -> Option<ClassIndex> {
        self.classes[node.at()]
    }

    /// The first tiles of some classes, in fleet order, so many at most. O(classes times so many).
    pub(crate) fn first_of(&self, classes: ClassSet, most: usize) -> Vec<NodeIndex> {
        let lists = self.of_class.iter().zip(0..).filter(|(_, class)| classes.has(ClassIndex(*class)));
        let mut tiles: Vec<NodeIndex> = lists.flat_map(|(tiles, _)| tiles.iter().take(most)).copied().collect();
        tiles.sort_unstable();
        tiles.truncate(most);
        tiles
    }

    /// The nodes without a parent, in table order.
    pub fn roots(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.paths.roots()
    }

    /// The children of a node, in table order.
    #[must_use]
    pub fn children(&self, node: NodeIndex) -> &[NodeIndex] {
        self.paths.children(node)
    }

    /// Whether a node is another one, or lies under it. O(depth).
    #[must_use]
    pub fn is_under(&self, node: NodeIndex, above: NodeIndex) -> bool {
        self.paths.of(node).iter().any(|step| step.owner == OwnerIndex(above.0))
    }

    /// Every owner that a lease at the node debits, leaf first.
    pub fn path(&self, node: NodeIndex) -> impl Iterator<Item = Owner> + '_ {
        self.paths.of(node).iter().map(|step| self.paths.owner(step.owner))
    }

    /// What an owner may give to leases now: its capacity, lowered by planes, less what its tiles draw with nothing on them.
    #[must_use]
    pub fn limits(&self, owner: Owner) -> Option<&Resources> {
        Some(&self.limits[self.paths.index(owner)?.at()])
    }

    /// What leases hold of an owner now.
    #[must_use]
    pub fn held(&self, owner: Owner) -> Option<&Resources> {
        Some(&self.held[self.paths.index(owner)?.at()])
    }

    /// What an account may give now and what is held of it, in base units.
    #[must_use]
    pub fn balance(&self, account: Account) -> Option<(u64, u64)> {
        let index = self.paths.index(account.owner)?;
        Some((self.limits[index.at()].get(account.kind), self.held[index.at()].get(account.kind)))
    }

    /// By when an owner is drained, where it is: it gives nothing beyond what leases hold.
    #[must_use]
    pub fn drain(&self, owner: Owner) -> Option<Timestamp> {
        self.special(self.paths.index(owner)?)?.drain
    }

    /// What is left of a node's own accounts now, floors apart. O(1).
    #[must_use]
    #[inline]
    pub fn headroom(&self, node: NodeIndex) -> Resources {
        self.limits[node.at()].saturating_sub(&self.held[node.at()])
    }

    /// What is left of each device of a tile, in milli-devices.
    #[must_use]
    pub fn device_left(&self, tile: NodeIndex) -> &[u16] {
        self.devices.left(tile)
    }

    /// What of that is not promised to offers.
    #[must_use]
    pub fn device_free(&self, tile: NodeIndex) -> Cow<'_, [u16]> {
        self.devices.free(tile)
    }

    /// The devices of a tile that the ledger would take, as a mask: those with the least free that still have enough, the
    /// first of equals.
    ///
    /// # Errors
    /// Where too few have enough: how many have.
    pub fn choose_devices(&self, tile: NodeIndex, asked: Devices) -> Result<u64, u8> {
        self.devices.choose(tile, asked)
    }

    /// The devices that would be taken once others have given back theirs, as masks and milli-devices.
    pub(crate) fn choose_after(&self, tile: NodeIndex, asked: Devices, given: &[(u64, u16)]) -> Result<u64, u8> {
        self.devices.choose_after(tile, asked, given)
    }

    /// The devices that an offer takes where somebody has those that it was promised, of which it is no longer promised any.
    pub(crate) fn choose_promised(&self, tile: NodeIndex, asked: Devices) -> Result<u64, u8> {
        self.devices.choose_promised(tile, asked)
    }

    /// Whether a mask names as many devices of a tile as asked, each with enough left, promised or not.
    pub(crate) fn can_take_promised(&self, tile: NodeIndex, mask: u64, asked: Devices) -> bool {
        self.devices.can_take_promised(tile, mask, asked)
    }

    /// Whether a lease that held the devices of a mask may hold them again, those that the tile lacks by now included.
    pub(crate) fn can_take_again(&self, tile: NodeIndex, mask: u64, asked: Devices) -> bool {
        self.devices.can_take_again(tile, mask, asked)
    }

    /// Whether a mask names devices that a tile lacks: it had them when they were granted.
    pub(crate) fn lacks(&self, tile: NodeIndex, mask: u64) -> bool {
        self.devices.lacked(tile, mask) != 0
    }

    /// Whether a mask names as many devices of a tile as asked, each with enough free.
    pub(crate) fn can_take(&self, tile: NodeIndex, mask: u64, asked: Devices) -> bool {
        self.devices.can_take(tile, mask, asked)
    }

    /// The floors of an owner.
    #[must_use]
    pub fn floors(&self, owner: Owner) -> Option<Kept> {
        let index = self.paths.index(owner)?;
        Some(self.special(index).map_or(Kept::NOTHING, |special| special.floors))
    }

    /// When the next capacity step comes.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.changes.first().map(|change| change.0)
    }

    /// What an owner holds beyond its limit; of a tile's accelerators, no less than leases hold of devices that it lacks.
    pub(crate) fn missing(&self, owner: OwnerIndex) -> Resources {
        let over = over(&self.held[owner.at()], &self.limits[owner.at()]);
        match self.paths.owner(owner) {
            Owner::Node(node) => over.with(Kind::Accelerator, self.devices.lost(node).max(over.get(Kind::Accelerator))),
            Owner::Zone(_) => over,
        }
    }

    /// What an owner may give and what is held of it.
    #[inline]
    pub(crate) fn at(&self, owner: OwnerIndex) -> (&Resources, &Resources) {
        (&self.limits[owner.at()], &self.held[owner.at()])
    }

    pub(crate) fn index(&self, owner: Owner) -> Option<OwnerIndex> {
        self.paths.index(owner)
    }

    /// Every owner.
    pub(crate) fn owners(&self) -> impl Iterator<Item = OwnerIndex> + use<> {
        (0..super::position(self.limits.len())).map(OwnerIndex)
    }

    pub(crate) fn owner(&self, index: OwnerIndex) -> Owner {
        self.paths.owner(index)
    }

    /// Every node whose leases debit an owner.
    pub(crate) fn under(&self, index: OwnerIndex) -> Vec<NodeIndex> {
        self.paths.under(index)
    }

    /// Who is debited at a node, and as what.
    pub(crate) fn steps(&self, node: NodeIndex) -> &[Step] {
        self.paths.of(node)
    }

    /// What an entry at a node draws from an owner; nothing where the owner is not on its path.
    pub(crate) fn drawn(&self, node: NodeIndex, draw: &Draw, owner: OwnerIndex) -> Resources {
        let step = self.paths.of(node).iter().find(|step| step.owner == owner);
        step.map_or(Resources::ZERO, |step| draw.at(step.level))
    }

    #[inline]
    pub(super) fn is_special(&self, owner: OwnerIndex) -> bool {
        self.special_of[owner.at()] != NONE
    }

    pub(super) fn special(&self, owner: OwnerIndex) -> Option<&Special> {
        self.specials.get(self.special_of[owner.at()] as usize).map(|(_, special)| special)
    }

    pub(super) fn special_mut(&mut self, owner: OwnerIndex) -> &mut Special {
        let at = &mut self.special_of[owner.at()];
        if *at == NONE {
            *at = position(self.specials.len());
            self.specials.push((owner, Special::default()));
        }
        &mut self.specials[*at as usize].1
    }

    /// Forgets what is kept of an owner beside limit and sum once it says nothing, so that its accounts are quick again. O(1).
    pub(super) fn settle(&mut self, owner: OwnerIndex) {
        let at = self.special_of[owner.at()];
        if self.special(owner).is_some_and(|special| *special == Special::default()) {
            self.specials.swap_remove(at as usize);
            self.special_of[owner.at()] = NONE;
            if let Some((moved, _)) = self.specials.get(at as usize) {
                self.special_of[moved.at()] = at;
            }
        }
    }

    /// The owners of which something is kept beside limit and sum, in no order that means anything.
    pub(super) fn specials(&self) -> &[(OwnerIndex, Special)] {
        &self.specials
    }

    /// What planes and standing draw leave of a capacity.
    pub(super) fn lowered(&self, owner: OwnerIndex, base: &Resources) -> Resources {
        let said = self.said.get(&owner).into_iter().flat_map(BTreeMap::values);
        said.fold(*base, |limit, (_, most)| limit.least(most)).saturating_sub(&self.standing[owner.at()])
    }

    pub(super) fn sums(&self, owner: OwnerIndex) -> Sums {
        Sums { all: self.held[owner.at()], a: self.held_a[owner.at()], b: self.held_b[owner.at()] }
    }
}

fn tiles_by_class(fleet: &Fleet) -> Vec<Vec<NodeIndex>> {
    let mut tiles = vec![Vec::new(); fleet.classes().len()];
    for tile in fleet.tiles() {
        if let Some(class) = fleet.class_of(tile) {
            tiles[class.at()].push(tile);
        }
    }
    tiles
}

/// What the fleet states of an owner at an instant.
fn capacity(fleet: &Fleet, owner: Owner, at: Timestamp) -> Resources {
    let mut capacity = Resources::ZERO;
    for kind in Kind::ALL {
        capacity = capacity.with(kind, fleet.capacity_at(owner, kind, at));
    }
    capacity
}

/// What the tiles under each owner draw with nothing placed on them.
fn standing_draws(fleet: &Fleet, paths: &Paths) -> Vec<Resources> {
    let mut draws = vec![Resources::ZERO; paths.owner_count()];
    for tile in fleet.tiles() {
        let Some(class) = fleet.class_of(tile) else { continue };
        let drawn = standing(&fleet.classes()[class.at()]);
        if drawn != Resources::ZERO {
            for step in paths.of(tile) {
                let sum = &mut draws[step.owner.at()];
                *sum = sum.checked_add(&drawn).unwrap_or(Resources::UNLIMITED);
            }
        }
    }
    draws
}
