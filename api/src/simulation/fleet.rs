//! The fleet and the terms of every simulated world: small, so that holders meet.

use lessor_engine::authority::{Terms, UnitPrices};
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Zone, ZoneKind};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::Span;

use super::chance::Chance;

/// How many nodes there are.
pub(super) const NODES: u64 = 9;
/// What a tile gives of compute and of power.
pub(super) const TILE: u64 = 100;
/// Tiles.
const TILES: usize = 6;
/// The longest term.
pub(super) const TERM_MAX: Span = Span(120_000_000);

/// The first tile; the tiles of the first cell, which hang on the feed, come before the others.
const FIRST_TILE: usize = 3;
const FED: usize = 3;

/// What of a fleet may be another when a server is started anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Equipment {
    /// What each tile gives of compute and of power.
    tiles: [u64; TILES],
    /// Devices of each tile.
    devices: u8,
    /// What the feed gives of power.
    feed: u64,
}

impl Equipment {
    /// What a world begins with.
    pub(super) const FIRST: Equipment = Equipment { tiles: [TILE; TILES], devices: 4, feed: 2 * TILE };

    /// Other tiles, more or fewer devices, another feed.
    pub(super) fn other(chance: &mut Chance) -> Equipment {
        let devices = u8::try_from(chance.within(1..6)).expect("a small number");
        Equipment {
            tiles: [(); TILES].map(|()| chance.within(TILE / 4..2 * TILE)),
            devices,
            feed: chance.within(TILE..4 * TILE),
        }
    }

    /// The greater of both, one by one.
    pub(super) fn most(self, other: Equipment) -> Equipment {
        let mut tiles = self.tiles;
        tiles.iter_mut().zip(other.tiles).for_each(|(tile, other)| *tile = other.max(*tile));
        Equipment { tiles, devices: self.devices.max(other.devices), feed: self.feed.max(other.feed) }
    }

    /// What a tile gives of compute and of power.
    pub(super) fn tile(&self, node: NodeIndex) -> u64 {
        self.tiles[node.at() - FIRST_TILE]
    }

    /// What the feed gives of power.
    pub(super) fn feed(&self) -> u64 {
        self.feed
    }
}

impl Default for Equipment {
    fn default() -> Equipment {
        Equipment::FIRST
    }
}

/// Whether a tile hangs on the feed.
pub(super) fn is_fed(tile: NodeIndex) -> bool {
    tile.at() < FIRST_TILE + FED
}

/// A cluster with two cells of three tiles; the first cell hangs on a feed that mostly gives less power than its tiles.
pub(super) fn fleet(equipment: &Equipment) -> Fleet {
    let open = Resources::UNLIMITED;
    let Equipment { tiles, devices, feed } = *equipment;
    let tile = |amount| {
        let both = Resources::of(Kind::Compute, amount).with(Kind::Power, amount);
        both.with(Kind::Accelerator, u64::from(devices) * 1_000)
    };
    let class = TileClass { devices, ..TileClass::plain("plain") };
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: ["r", "a", "b", "a0", "a1", "a2", "b0", "b1", "b2"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(0), Some(1), Some(1), Some(1), Some(2), Some(2), Some(2)],
            levels: [Level::Cluster, Level::Cell, Level::Cell].into_iter().chain([Level::Tile; 6]).collect(),
            classes: [None; 3].into_iter().chain([Some(ClassIndex(0)); 6]).collect(),
            capacities: [open; 3].into_iter().chain(tiles.map(tile)).collect(),
            uplink_delays_us: vec![0; 9],
        },
        classes: vec![class],
        zone_names: vec!["feed".into()],
        zones: vec![Zone { kind: ZoneKind::PowerFeed, capacity: open.with(Kind::Power, feed), energy_price: None }],
        members: vec![(0, 1)],
        ..FleetParts::default()
    })
    .expect("the fleet is a tree of valid nodes")
}

/// Terms in which everything that is kept for a while is kept for minutes, so that a world sees it forgotten.
pub(super) fn terms() -> Terms {
    Terms {
        term_min: Span(1_000_000),
        term_max: TERM_MAX,
        guard_band: Span(800_000),
        drift_ppm: 20_203,
        notice: Span(5_000_000),
        repeat_window: Span(60_000_000),
        repeats_max: 1 << 12,
        ended_max: 500,
        watch_max: 500,
        leases_max: 400,
        gang_max: 4,
        fence_keys_max: 2,
        deadlines_per_tick: 16,
        unit_prices: UnitPrices([1 << 40; Kind::COUNT]),
        ..Terms::default()
    }
}
