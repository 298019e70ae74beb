//! The tree of a generated fleet: layer, regions, clusters, cells, tiles, in that order of rows.

use std::ops::Range;

use lessor_models::fleet::{ClassIndex, Level, NodeColumns};
use lessor_models::resources::{Kind, Resources};

use super::catalog::{Archetype, Model};
use super::dice::Dice;

/// The most tiles of one cell.
const CELL_TILES_MAX: u32 = 1_000;

/// Small fleets still have about so many cells.
const CELLS_MIN: u32 = 10;

/// One-way delays to the parent in microseconds, by level from tile to region.
const UPLINK_DELAYS_US: [u64; 4] = [2, 20, 200, 5_000];

/// Share of its tiles' bandwidth that a cell's uplink carries, in thousandths.
const CELL_UPLINK_PERMILLE: u64 = 520;

/// The nodes and where each level's rows are.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: NodeColumns,
    pub(super) regions: Range<u32>,
    pub(super) clusters: Range<u32>,
    pub(super) cells: Range<u32>,
    /// What the tiles of each cell can give together, in order of cells.
    pub(super) cell_sums: Vec<Resources>,
    /// The rows of tiles.
    pub(super) tiles: Range<u32>,
}

impl Tree {
    /// The cells of one cluster.
    pub(super) fn cells_of(&self, cluster: u32) -> impl Iterator<Item = u32> + '_ {
        self.cells.clone().filter(move |&cell| self.parent(cell) == Some(cluster))
    }

    /// What a node is under.
    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        self.nodes.parents[node as usize]
    }

    /// What the tiles of a cell can give together.
    pub(super) fn sum_of(&self, cell: u32) -> &Resources {
        &self.cell_sums[(cell - self.cells.start) as usize]
    }
}

/// Builds the tree: cells of up to 1,000 tiles, about as many clusters as cells in each, regions likewise.
pub(super) fn build(tiles: u32, models: &[Model], archetypes: &[Archetype], dice: &mut Dice) -> Tree {
    let cell_tiles = (tiles / CELLS_MIN).clamp(1, CELL_TILES_MAX);
    let cells = tiles.div_ceil(cell_tiles);
    let clusters = cells.isqrt().max(1);
    let regions = clusters.isqrt().max(2).min(clusters);
    let mut tree = Tree {
        nodes: NodeColumns::default(),
        regions: 1..1 + regions,
        clusters: 1 + regions..1 + regions + clusters,
        cells: 1 + regions + clusters..1 + regions + clusters + cells,
        cell_sums: Vec::with_capacity(cells as usize),
        tiles: 1 + regions + clusters + cells..1 + regions + clusters + cells + tiles,
    };
    reserve(&mut tree.nodes, tree.tiles.end as usize);
    add(&mut tree.nodes, NodeRow { name: "layer".to_owned(), parent: None, level: Level::Layer });
    add_level(&mut tree.nodes, Level::Region, &(0..1), regions);
    add_level(&mut tree.nodes, Level::Cluster, &tree.regions, clusters);
    add_level(&mut tree.nodes, Level::Cell, &tree.clusters, cells);
    add_tiles(&mut tree, cell_tiles, models, &archetypes_of(cells, archetypes, dice));
    tree
}

struct NodeRow {
    name: String,
    parent: Option<u32>,
    level: Level,
}

fn reserve(nodes: &mut NodeColumns, count: usize) {
    nodes.names.reserve_exact(count);
    nodes.parents.reserve_exact(count);
    nodes.levels.reserve_exact(count);
    nodes.classes.reserve_exact(count);
    nodes.capacities.reserve_exact(count);
    nodes.uplink_delays_us.reserve_exact(count);
}

/// Adds a node that limits nothing.
fn add(nodes: &mut NodeColumns, row: NodeRow) {
    nodes.uplink_delays_us.push(UPLINK_DELAYS_US.get(row.level.index()).copied().unwrap_or(0));
    nodes.names.push(row.name);
    nodes.parents.push(row.parent);
    nodes.levels.push(row.level);
    nodes.classes.push(None);
    nodes.capacities.push(Resources::UNLIMITED);
}

/// Adds a level's nodes, shared out evenly and in order to their parents.
fn add_level(nodes: &mut NodeColumns, level: Level, parents: &Range<u32>, count: u32) {
    let digits = count.saturating_sub(1).max(1).ilog10() as usize + 1;
    let parent_count = u64::try_from(parents.len()).expect("rows are counted in u32");
    for position in 0..count {
        let offset = u64::from(position) * parent_count / u64::from(count);
        let parent = parents.start + u32::try_from(offset).expect("below the number of parents");
        add(nodes, NodeRow { name: format!("{}-{position:0digits$}", level.name()), parent: Some(parent), level });
    }
}

/// Which archetype each cell has: every archetype by its share, spread evenly over the tree by the golden ratio.
fn archetypes_of(cells: u32, archetypes: &[Archetype], dice: &mut Dice) -> Vec<Archetype> {
    let offset = dice.between(0, 999);
    let of = |cell: u32| {
        let mut at = (offset + 618 * u64::from(cell)) % 1_000;
        for &archetype in archetypes {
            if at < archetype.share_permille {
                return archetype;
            }
            at -= archetype.share_permille;
        }
        archetypes[0]
    };
    (0..cells).map(of).collect()
}

/// Adds every cell's tiles, those of one class side by side, and sets what the cell's uplink carries.
fn add_tiles(tree: &mut Tree, cell_tiles: u32, models: &[Model], archetypes: &[Archetype]) {
    let total = u32::try_from(tree.tiles.len()).expect("rows are counted in u32");
    let digits = total.saturating_sub(1).max(1).ilog10() as usize + 1;
    let mut tile = 0;
    for (cell, archetype) in tree.cells.clone().zip(archetypes) {
        let count = cell_tiles.min(total - tile);
        let mut sum = Resources::ZERO;
        for position in 0..count {
            let class = class_at(position, count, archetype);
            let nodes = &mut tree.nodes;
            add(nodes, NodeRow { name: format!("tile-{tile:0digits$}"), parent: Some(cell), level: Level::Tile });
            *nodes.classes.last_mut().expect("a node was added") = Some(class);
            let capacity = models[class.at()].capacity;
            *nodes.capacities.last_mut().expect("a node was added") = capacity;
            sum = sum.checked_add(&capacity).expect("a thousand tiles stay far below 2^64");
            tile += 1;
        }
        let uplink = sum.get(Kind::Bandwidth) / 1_000 * CELL_UPLINK_PERMILLE;
        tree.nodes.capacities[cell as usize] = Resources::UNLIMITED.with(Kind::Bandwidth, uplink);
        tree.cell_sums.push(sum);
    }
}

/// The class of a tile at a position in its cell.
fn class_at(position: u32, count: u32, archetype: &Archetype) -> ClassIndex {
    let mut at = (2 * u64::from(position) + 1) * 500 / u64::from(count);
    for (class, &share) in (0..).map(ClassIndex).zip(archetype.mix_permille) {
        if at < share {
            return class;
        }
        at -= share;
    }
    unreachable!("the shares of a mix add up to a thousand")
}

#[cfg(test)]
mod tests {
    use super::super::{Family, catalog, dice::Part};
    use super::*;

    fn tree(tiles: u32) -> Tree {
        let family = Family::Mixed;
        let mut dice = Dice::new(1, Part::Fleet);
        build(tiles, &catalog::models(family), catalog::archetypes(family), &mut dice)
    }

    #[test]
    fn ten_thousand_tiles_have_ten_cells_in_three_clusters_of_two_regions() {
        let tree = tree(10_000);
        let lengths = [tree.regions.len(), tree.clusters.len(), tree.cells.len(), tree.tiles.len()];
        assert_eq!(lengths, [2, 3, 10, 10_000]);
        assert_eq!(tree.nodes.names[tree.tiles.start as usize], "tile-0000");
    }

    #[test]
    fn an_uneven_number_of_tiles_leaves_a_smaller_last_cell() {
        for tiles in [1, 7, 11, 101, 1_999] {
            assert_eq!(tree(tiles).nodes.levels.iter().filter(|&&level| level == Level::Tile).count(), tiles as usize);
        }
    }

    #[test]
    fn a_cell_of_ten_follows_its_mix() {
        let archetype = Archetype { share_permille: 1_000, mix_permille: &[700, 300, 0, 0] };
        let classes: Vec<u32> = (0..10).map(|at| class_at(at, 10, &archetype).0).collect();
        assert_eq!(classes, [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    }
}
