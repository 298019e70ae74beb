//! The tree: its levels, and what names a place in it.

/// A node's position in its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub u32);

impl NodeIndex {
    /// The position as an array index.
    #[must_use]
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// A tile class's position in its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIndex(pub u32);

impl ClassIndex {
    /// The position as an array index.
    #[must_use]
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// The levels of the tree, from leaf to root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One machine: the only level that capsules run on.
    Tile,
    /// About 10^3 tiles; a rack.
    Cell,
    /// About 10^6 tiles; a data hall.
    Cluster,
    /// 10^8 to 10^10 tiles; a site.
    Region,
    /// Everything that one authority schedules.
    Layer,
}

impl Level {
    /// How many levels there are.
    pub const COUNT: usize = 5;

    /// Every level, leaf first.
    pub const ALL: [Level; Level::COUNT] = [Level::Tile, Level::Cell, Level::Cluster, Level::Region, Level::Layer];

    /// The level's position, leaf first.
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Tile => "tile",
            Level::Cell => "cell",
            Level::Cluster => "cluster",
            Level::Region => "region",
            Level::Layer => "layer",
        }
    }

    /// The level of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}
