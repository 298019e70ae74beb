//! The search over time, round by round.

use lessor_datasets::generate::{Family, Scenario};
use lessor_solver::index::TileIndex;
use lessor_solver::insert;
use lessor_solver::lowering::Lowered;
use lessor_solver::occupancy::{Item, Occupancy};
use lessor_solver::rank::Ranking;
use lessor_solver::search::Displacement;
use lessor_solver::stop::Stop;

fn worth(occupancy: &Occupancy<'_>) -> i128 {
    let lowered = occupancy.lowered();
    let tiles = (0..lowered.tiles.len()).map(TileIndex::new);
    let items = tiles.flat_map(|tile| occupancy.items(tile).iter().map(move |item| (tile, item)));
    let each = |(tile, item): (TileIndex, &Item)| {
        i128::from(lowered.worth_from(item.class, lowered.group_of(tile), item.start)) * i128::from(item.count)
    };
    items.map(each).sum()
}

#[test]
fn every_round_ends_with_the_best_plan_met_and_rounds_gain() {
    for family in Family::ALL {
        let scenario = Scenario { family, steps: true, load_permille: 1_300, job_classes: 60, ..Scenario::new(6, 4) };
        let instance = scenario.generate().expect("a valid scenario");
        let lowered = Lowered::new(&instance);
        let (ranking, stop) = (Ranking::new(&lowered, None), Stop::new());
        let order = ranking.order(&lowered);
        let mut occupancy = Occupancy::new(&lowered);
        insert::insert_missing(&mut occupancy, &order, &ranking, &stop);
        insert::drop_partial_gangs(&mut occupancy);
        let first = worth(&occupancy);
        let mut displacement = Displacement::new(order, 1);
        let mut value = first;
        for round in 0..6 {
            displacement.round(&mut occupancy, value, &stop, 2_000);
            assert!(worth(&occupancy) >= value, "{family:?}, round {round}");
            value = worth(&occupancy);
            assert_eq!(insert::drop_partial_gangs(&mut occupancy), [], "{family:?}, round {round}");
        }
        assert!(value > first, "{family:?}");
    }
}
