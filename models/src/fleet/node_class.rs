//! Nodes of which any one will do.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fleet, Level, NodeIndex};

/// The nodes of one level below a node, any one of which will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeClass {
    /// The node that they are below.
    pub under: NodeIndex,
    /// Their level.
    pub level: Level,
}

impl Fleet {
    /// Every node class that has a node. O(nodes x depth).
    #[must_use]
    pub fn node_classes(&self) -> BTreeSet<NodeClass> {
        self.nodes().flat_map(|node| self.classes_holding(node)).collect()
    }

    /// The nodes of some node classes, in table order; nothing of one that has none. One pass: O(nodes x depth).
    #[must_use]
    pub fn nodes_of(&self, classes: &BTreeSet<NodeClass>) -> BTreeMap<NodeClass, Vec<NodeIndex>> {
        let mut nodes: BTreeMap<NodeClass, Vec<NodeIndex>> = BTreeMap::new();
        for node in self.nodes() {
            for class in self.classes_holding(node).filter(|class| classes.contains(class)) {
                nodes.entry(class).or_default().push(node);
            }
        }
        nodes
    }

    /// The node classes that a node is in: one for each node above it.
    fn classes_holding(&self, node: NodeIndex) -> impl Iterator<Item = NodeClass> + '_ {
        let level = self.level(node);
        self.path(node).skip(1).map(move |under| NodeClass { under, level })
    }
}

#[cfg(test)]
mod tests {
    use crate::fleet::{ClassIndex, FleetParts, NodeColumns};
    use crate::resources::Resources;
    use crate::tile_class::TileClass;

    use super::*;

    #[test]
    fn a_class_holds_the_nodes_of_its_level_below_its_node() {
        // A layer (0) over a cell (1) over a tile (2), and over a cell (3) over two tiles (4, 5).
        let [layer, cell, tile] = [Level::Layer, Level::Cell, Level::Tile];
        let levels = vec![layer, cell, tile, cell, tile, tile];
        let nodes = NodeColumns {
            names: ["top", "c1", "t1", "c2", "t2", "t3"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(1), Some(0), Some(3), Some(3)],
            classes: levels.iter().map(|&level| (level == tile).then_some(ClassIndex(0))).collect(),
            levels,
            capacities: vec![Resources::UNLIMITED; 6],
            uplink_delays_us: vec![0; 6],
        };
        let parts = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
        let fleet = Fleet::new(parts).expect("a tree of one tile class");
        let class = |under: u32, level| NodeClass { under: NodeIndex(under), level };
        let expected = [
            (class(0, tile), vec![2, 4, 5]),
            (class(0, cell), vec![1, 3]),
            (class(1, tile), vec![2]),
            (class(3, tile), vec![4, 5]),
        ];
        let of = |nodes: &[u32]| nodes.iter().copied().map(NodeIndex).collect::<Vec<NodeIndex>>();
        assert_eq!(fleet.node_classes(), expected.iter().map(|entry| entry.0).collect());
        for (class, nodes) in &expected {
            let all = fleet.nodes_of(&BTreeSet::from([*class]));
            assert_eq!(all, BTreeMap::from([(*class, of(nodes))]));
            let is_held = |node| fleet.classes_holding(node).any(|held| held == *class);
            assert!(fleet.nodes().all(|node| is_held(node) == nodes.contains(&node.0)));
        }
        assert!(fleet.nodes_of(&BTreeSet::from([class(1, cell)])).is_empty());
    }
}
