//! First fit, on a fleet wide enough for blocks of children, against a look at every tile.

use lessor_engine::authority::{Ask, FirstFit, Placement, Scope};
use lessor_engine::ledger::{ClassSet, Devices, Draw, Entry, Ledger};
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Interval, Timestamp};
use proptest::prelude::*;

use super::support::vector;

/// Tiles of each of the two cells.
const TILES: u32 = 40;

/// The classes that tiles are of: sets can name the first three of them alone.
const CLASSES: [u32; 4] = [0, 1, 63, 64];

/// A cluster of two cells (nodes 1 and 2) of tiles that have 3 of compute and of power, each of one of four classes; cell 2 has
/// compute for a third of its tiles.
fn fleet(classes: &[u32]) -> Fleet {
    let tiles = 2 * TILES;
    let class = |tile: u32| ClassIndex(CLASSES[classes[tile as usize % classes.len()] as usize]);
    let tile = vector(3, 3).with(Kind::Accelerator, 0);
    let open = Resources::UNLIMITED;
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: (0..3 + tiles).map(|node| format!("n{node}")).collect(),
            parents: [None, Some(0), Some(0)]
                .into_iter()
                .chain((0..tiles).map(|tile| Some(1 + tile / TILES)))
                .collect(),
            levels: [Level::Cluster, Level::Cell, Level::Cell]
                .into_iter()
                .chain((0..tiles).map(|_| Level::Tile))
                .collect(),
            classes: [None; 3].into_iter().chain((0..tiles).map(|tile| Some(class(tile)))).collect(),
            capacities: [open, open, open.with(Kind::Compute, u64::from(TILES))]
                .into_iter()
                .chain((0..tiles).map(|_| tile))
                .collect(),
            uplink_delays_us: vec![0; 3 + tiles as usize],
        },
        classes: (0..=64).map(|class| TileClass::plain(&format!("c{class}"))).collect(),
        ..FleetParts::default()
    })
    .unwrap()
}

/// One step: so much is asked for somewhere and kept, or one of those that are kept is given back.
#[derive(Clone, Debug)]
enum Line {
    Ask { compute: u64, power: u64, scope: Scope, is_kept: bool },
    GiveBack(prop::sample::Index),
}

fn line() -> impl Strategy<Value = Line> {
    let scope = prop_oneof![
        1 => Just(Scope::Anywhere),
        1 => (0..3 + 2 * TILES).prop_map(|node| Scope::Under(NodeIndex(node))),
        4 => (1..8_u64).prop_map(|set| {
            let named = (0..3).filter(|at| set >> at & 1 == 1).map(|at| 1 << CLASSES[at]);
            Scope::OfClasses(ClassSet(named.sum()))
        }),
        1 => Just(Scope::OfClasses(ClassSet::ALL)),
    ];
    let ask = (0..4_u64, 0..4_u64, scope, prop::bool::weighted(0.9))
        .prop_map(|(compute, power, scope, is_kept)| Line::Ask { compute, power, scope, is_kept });
    prop_oneof![4 => ask, 1 => any::<prop::sample::Index>().prop_map(Line::GiveBack)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_first_tile_that_fits_is_found_in_every_scope(
        classes in prop::collection::vec(0..4_u32, 1..50), lines in prop::collection::vec(line(), 200..400),
    ) {
        let mut ledger = Ledger::new(&fleet(&classes), Timestamp(0));
        let mut policy = FirstFit::new(&ledger);
        let mut held: Vec<(NodeIndex, Entry)> = Vec::new();
        for line in lines {
            match line {
                Line::GiveBack(_) if held.is_empty() => {}
                Line::GiveBack(at) => {
                    let (node, entry) = held.swap_remove(at.index(held.len()));
                    ledger.take_back(node, &entry, 0);
                    policy.changed(&ledger, node);
                }
                Line::Ask { compute, power, scope, is_kept } => {
                    let entry = Entry {
                        draw: Draw::through(vector(compute, power)),
                        devices: Devices::NONE,
                        class: ServiceClass::C,
                        interval: Interval { start: Timestamp(0), end: Timestamp(1) },
                    };
                    let found = policy.place(&ledger, &Ask { scope, entry: &entry, now: Timestamp(0) });
                    let fits = |tile: &NodeIndex| scope.has(&ledger, *tile) && ledger.check(*tile, &entry).is_none();
                    let first = ledger.tiles().find(fits);
                    prop_assert_eq!(found.map(|seat| seat.0), first);
                    if let Some(tile) = first.filter(|_| is_kept) {
                        ledger.post(tile, &entry, 0);
                        held.push((tile, entry));
                    }
                }
            }
        }
    }
}
