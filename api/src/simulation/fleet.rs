//! The fleet and the terms of every simulated world: small, so that holders meet.

use lessor_engine::authority::{Terms, UnitPrices};
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, Zone, ZoneKind};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::Span;

/// How many nodes there are.
pub(super) const NODES: u64 = 9;
/// What a tile gives of compute and of power.
pub(super) const TILE: u64 = 100;
/// Devices of a tile.
const DEVICES: u8 = 4;
/// The longest term.
pub(super) const TERM_MAX: Span = Span(120_000_000);

/// A cluster with two cells of three tiles; the first cell hangs on a feed that gives less power than its tiles.
pub(super) fn fleet() -> Fleet {
    let open = Resources::UNLIMITED;
    let tile =
        Resources::of(Kind::Compute, TILE).with(Kind::Power, TILE).with(Kind::Accelerator, u64::from(DEVICES) * 1_000);
    let class = TileClass { devices: DEVICES, ..TileClass::plain("plain") };
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: ["r", "a", "b", "a0", "a1", "a2", "b0", "b1", "b2"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(0), Some(1), Some(1), Some(1), Some(2), Some(2), Some(2)],
            levels: [Level::Cluster, Level::Cell, Level::Cell].into_iter().chain([Level::Tile; 6]).collect(),
            classes: [None; 3].into_iter().chain([Some(ClassIndex(0)); 6]).collect(),
            capacities: [open; 3].into_iter().chain([tile; 6]).collect(),
            uplink_delays_us: vec![0; 9],
        },
        classes: vec![class],
        zone_names: vec!["feed".into()],
        zones: vec![Zone { kind: ZoneKind::PowerFeed, capacity: open.with(Kind::Power, 2 * TILE), energy_price: None }],
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
