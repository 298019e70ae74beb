//! Who is debited by a lease at a node, and which nodes lie under an owner.

use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner, ZoneIndex};

/// An owner's position among all owners: nodes first, then zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OwnerIndex(pub(crate) u32);

impl OwnerIndex {
    pub(crate) const fn at(self) -> usize {
        self.0 as usize
    }
}

/// One owner on a node's path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) owner: OwnerIndex,
    /// The level as which it is debited: a zone as that of the member through which the node belongs to it.
    pub(crate) level: Level,
}

/// The path of every node, and the tree downwards, as flat arrays.
///
/// A node's path is the node, the zones that list it, and then the path of its parent.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    path_starts: Vec<u32>,
    steps: Vec<Step>,
    /// How many of a path's steps are not its parent's.
    own: Vec<u32>,
    roots: Vec<NodeIndex>,
    levels: Vec<Level>,
    child_starts: Vec<u32>,
    children: Vec<NodeIndex>,
    members: Vec<Vec<NodeIndex>>,
}

impl Paths {
    /// O(nodes times depth).
    pub(crate) fn new(fleet: &Fleet) -> Paths {
        let nodes = fleet.node_count();
        let (mut path_starts, mut steps, mut own) = (vec![0], Vec::new(), Vec::new());
        let mut members = vec![Vec::new(); fleet.zones().len()];
        for node in fleet.nodes() {
            for above in fleet.path(node) {
                let level = fleet.level(above);
                steps.push(Step { owner: OwnerIndex(above.0), level });
                let zones = fleet.zones_listing(above).iter();
                steps.extend(zones.map(|&zone| Step { owner: zone_owner(nodes, zone), level }));
            }
            path_starts.push(position(steps.len()));
            own.push(position(1 + fleet.zones_listing(node).len()));
            for zone in fleet.zones_listing(node) {
                members[zone.at()].push(node);
            }
        }
        let parents: Vec<Option<NodeIndex>> = fleet.nodes().map(|node| fleet.parent(node)).collect();
        let roots = fleet.nodes().filter(|node| parents[node.at()].is_none()).collect();
        let levels = fleet.nodes().map(|node| fleet.level(node)).collect();
        let (child_starts, children) = downwards(&parents);
        Paths { path_starts, steps, own, roots, levels, child_starts, children, members }
    }

    pub(crate) fn node_count(&self) -> usize {
        self.own.len()
    }

    pub(crate) fn owner_count(&self) -> usize {
        self.node_count() + self.members.len()
    }

    /// Whom a lease at the node debits, leaf first.
    #[inline]
    pub(crate) fn of(&self, node: NodeIndex) -> &[Step] {
        &self.steps[self.path_starts[node.at()] as usize..self.path_starts[node.at() + 1] as usize]
    }

    /// The node and the zones that list it.
    #[inline]
    pub(crate) fn own(&self, node: NodeIndex) -> &[Step] {
        &self.of(node)[..self.own[node.at()] as usize]
    }

    /// What of the node's path is its parent's too.
    pub(crate) fn above(&self, node: NodeIndex) -> &[Step] {
        &self.of(node)[self.own[node.at()] as usize..]
    }

    pub(crate) fn is_tile(&self, node: NodeIndex) -> bool {
        self.levels[node.at()] == Level::Tile
    }

    /// The nodes without a parent, in table order.
    pub(crate) fn roots(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.roots.iter().copied()
    }

    /// The owner's position, if the fleet has the owner.
    pub(crate) fn index(&self, owner: Owner) -> Option<OwnerIndex> {
        match owner {
            Owner::Node(node) => (node.at() < self.node_count()).then_some(OwnerIndex(node.0)),
            Owner::Zone(zone) => (zone.at() < self.members.len()).then(|| zone_owner(self.node_count(), zone)),
        }
    }

    /// The owner at a position.
    pub(crate) fn owner(&self, index: OwnerIndex) -> Owner {
        match index.at().checked_sub(self.node_count()) {
            None => Owner::Node(NodeIndex(index.0)),
            Some(zone) => Owner::Zone(ZoneIndex(position(zone))),
        }
    }

    /// The children of a node, in table order.
    pub(crate) fn children(&self, node: NodeIndex) -> &[NodeIndex] {
        &self.children[self.child_starts[node.at()] as usize..self.child_starts[node.at() + 1] as usize]
    }

    /// Every node whose leases debit the owner. O(nodes under it).
    pub(crate) fn under(&self, index: OwnerIndex) -> Vec<NodeIndex> {
        let mut nodes = match self.owner(index) {
            Owner::Node(node) => vec![node],
            Owner::Zone(zone) => self.members[zone.at()].clone(),
        };
        let mut next = 0;
        while let Some(&node) = nodes.get(next) {
            nodes.extend_from_slice(self.children(node));
            next += 1;
        }
        nodes
    }
}

/// The children of every node as starts and one list.
fn downwards(parents: &[Option<NodeIndex>]) -> (Vec<u32>, Vec<NodeIndex>) {
    let rows = parents.iter().enumerate();
    let mut pairs: Vec<(NodeIndex, NodeIndex)> =
        rows.filter_map(|(row, parent)| Some(((*parent)?, NodeIndex(position(row))))).collect();
    pairs.sort_unstable();
    let mut starts = vec![0; parents.len() + 1];
    for (parent, _) in &pairs {
        starts[parent.at() + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    (starts, pairs.into_iter().map(|pair| pair.1).collect())
}

fn zone_owner(nodes: usize, zone: ZoneIndex) -> OwnerIndex {
    OwnerIndex(position(nodes + zone.at()))
}

/// A length as a 32-bit position; fleets are indexed by `u32`.
pub(crate) fn position(length: usize) -> u32 {
    u32::try_from(length).expect("a fleet's owners and path steps are counted in 32 bits")
}
