//! What a fleet refuses of capacities that change, and what its radiators make of them.

use std::collections::BTreeMap;

use lessor_models::fleet::{
    ClassIndex, Fleet, FleetError, FleetParts, Level, NodeColumns, NodeIndex, Owner, ZoneIndex,
};
use lessor_models::resources::{AMOUNT_MAX, Kind, Resources};
use lessor_models::tile_class::{Radiator, TileClass};
use lessor_models::time::Timestamp;

const TILE: Owner = Owner::Node(NodeIndex(0));
const NOON: Timestamp = Timestamp(43_200_000_000);

/// Changes of an account's capacity.
type Changes = ((Owner, Kind), Vec<(Timestamp, u64)>);

/// One tile with 1,000 of everything, and a radiator of 2 m^2 at 100 W/m^2 where asked for.
fn one_tile(has_radiator: bool, steps: &[Changes]) -> Result<Fleet, FleetError> {
    let radiator = has_radiator.then_some(Radiator { area_cm2: 20_000, flux_max_mw_per_m2: 100_000 });
    let class = TileClass { heat_permille: 1_000, radiator, ..TileClass::plain("plain") };
    let nodes = NodeColumns {
        names: vec!["tile".into()],
        parents: vec![None],
        levels: vec![Level::Tile],
        classes: vec![Some(ClassIndex(0))],
        capacities: vec![Resources([1_000_000; Kind::COUNT])],
        uplink_delays_us: vec![0],
    };
    let steps: BTreeMap<_, _> = steps.iter().cloned().collect();
    Fleet::new(FleetParts { nodes, classes: vec![class], steps, ..FleetParts::default() })
}

#[test]
fn changes_of_an_owner_that_is_not_there_are_refused() {
    for (owner, what) in [(Owner::Node(NodeIndex(7)), "node"), (Owner::Zone(ZoneIndex(7)), "zone")] {
        let refused = one_tile(false, &[((owner, Kind::Power), vec![(NOON, 5)])]);
        assert_eq!(refused.unwrap_err(), FleetError::Dangling { table: "capacities", row: 0, what, target: 7 });
    }
}

#[test]
fn changes_beyond_the_range_of_amounts_are_refused() {
    let amount = AMOUNT_MAX + 1;
    let refused = one_tile(false, &[((TILE, Kind::Power), vec![(Timestamp(0), 5), (NOON, amount)])]);
    assert_eq!(refused.unwrap_err(), FleetError::TooMuch { table: "capacities", row: 0, kind: Kind::Power, amount });
}

#[test]
fn a_radiator_limits_heat_at_every_instant() {
    let steps = [((TILE, Kind::Heat), vec![(Timestamp(0), 50_000), (NOON, 900_000)])];
    let heat_at_noon = |fleet: Fleet| fleet.steps()[&(TILE, Kind::Heat)].at(NOON);
    assert_eq!(heat_at_noon(one_tile(false, &steps).unwrap()), 900_000);
    assert_eq!(heat_at_noon(one_tile(true, &steps).unwrap()), 200_000);
}
