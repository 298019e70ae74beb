use std::collections::BTreeSet;

use lessor_models::draw;
use lessor_models::fleet::{Level, Owner};
use lessor_models::job::Term;
use lessor_models::resources::Kind;

use super::load::admits;
use super::*;

fn scenario(family: Family, tiles: u32) -> Scenario {
    Scenario { family, ..Scenario::new(tiles, 42) }
}

#[test]
fn the_scarcest_kind_is_loaded_to_the_target_within_one_percent() {
    for family in Family::ALL {
        for load_permille in [800, 1_000, 1_300] {
            for tiles in [1_000, 10_000] {
                let instance = Scenario { load_permille, ..scenario(family, tiles) }.generate().unwrap();
                let load = offered_load(instance.fleet(), instance.jobs());
                let peak = load.into_iter().max().unwrap();
                assert!(peak.abs_diff(u64::from(load_permille)) <= u64::from(load_permille) / 100, "{load:?}");
            }
        }
    }
}

#[test]
fn two_kinds_beside_the_scarcest_come_within_a_quarter_of_it() {
    for family in Family::ALL {
        for seed in 0..5 {
            let instance = Scenario { seed, ..scenario(family, 10_000) }.generate().unwrap();
            let mut load = offered_load(instance.fleet(), instance.jobs());
            load.sort_unstable();
            assert!(load[Kind::COUNT - 3] >= 750, "{family:?} {seed}: {load:?}");
        }
    }
}

#[test]
fn no_capsule_exceeds_its_familys_share_of_any_tile_it_may_run_on() {
    for (family, permille) in [(Family::Small, 100), (Family::Mixed, 600)] {
        let instance = Scenario { distinct: true, ..scenario(family, 2_000) }.generate().unwrap();
        let fleet = instance.fleet();
        for job in instance.jobs() {
            let mut hosts = 0;
            for tile in fleet.tiles() {
                let index = fleet.class_of(tile).unwrap();
                let class = &fleet.classes()[index.at()];
                let capacity = fleet.base_capacity(Owner::Node(tile));
                let demand = draw::draw(&job.demand, class, Level::Tile);
                if admits(job, index, class) && demand.fits(&capacity) {
                    hosts += 1;
                    for kind in Kind::ALL {
                        assert!(demand.get(kind) * 1_000 <= capacity.get(kind) * permille, "{kind} {job:?}");
                    }
                }
            }
            assert!(hosts > 0, "no tile can hold {job:?}");
        }
    }
}

#[test]
fn every_capsule_of_the_device_family_fits_some_empty_tile() {
    let instance = scenario(Family::Devices, 2_000).generate().unwrap();
    let fleet = instance.fleet();
    for job in instance.jobs() {
        let fits = fleet.tiles().any(|tile| {
            let index = fleet.class_of(tile).unwrap();
            let class = &fleet.classes()[index.at()];
            let free = fleet.base_capacity(Owner::Node(tile)).saturating_sub(&draw::standing(class));
            admits(job, index, class) && draw::draw(&job.demand, class, Level::Tile).fits(&free)
        });
        assert!(fits, "{job:?}");
    }
    let shapes: BTreeSet<(u8, u16)> =
        instance.jobs().iter().map(|job| (job.demand.devices, job.demand.device_milli)).collect();
    for shape in [(0, 0), (1, 230), (1, 410), (1, 460), (1, 500), (1, 810), (1, 1_000), (8, 1_000)] {
        assert!(shapes.contains(&shape), "{shape:?} is missing from {shapes:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_instance_and_another_seed_another() {
    let print = |seed| format!("{:?}", Scenario { seed, ..scenario(Family::Mixed, 300) }.generate().unwrap());
    assert_eq!(print(1), print(1));
    assert_ne!(print(1), print(2));
}

#[test]
fn a_number_of_capsules_is_met_and_sizes_follow_the_load() {
    let instance = Scenario { capsules: Some(100_000), ..scenario(Family::Mixed, 10_000) }.generate().unwrap();
    assert_eq!(instance.jobs().iter().map(|job| job.count).sum::<u32>(), 100_000);
    let peak = offered_load(instance.fleet(), instance.jobs()).into_iter().max().unwrap();
    assert!((985..=1_015).contains(&peak), "{peak}");
}

#[test]
fn distinct_jobs_are_all_different_but_for_their_names() {
    let scenario = Scenario { distinct: true, job_classes: 2_000, ..scenario(Family::Mixed, 10_000) };
    let instance = scenario.generate().unwrap();
    let mut jobs = instance.jobs().to_vec();
    assert_eq!(jobs.len(), 2_000);
    for job in &mut jobs {
        job.count = 1;
    }
    jobs.sort_unstable();
    jobs.dedup();
    assert_eq!(jobs.len(), 2_000);
}

#[test]
fn job_classes_come_as_several_rows_where_jobs_need_not_be_distinct() {
    let instance = scenario(Family::Mixed, 10_000).generate().unwrap();
    let mut jobs = instance.jobs().to_vec();
    for job in &mut jobs {
        job.count = 1;
    }
    let rows = jobs.len();
    jobs.sort_unstable();
    jobs.dedup();
    assert!(jobs.len() <= 500 && jobs.len() >= 480, "{} classes", jobs.len());
    assert!(rows > 700, "{rows} rows");
}

#[test]
fn without_steps_all_jobs_share_one_day_and_nothing_changes() {
    let instance = scenario(Family::Small, 1_000).generate().unwrap();
    assert!(instance.fleet().steps().is_empty());
    assert!(instance.jobs().iter().all(|job| job.earliest == START && job.term == Term::Fixed(TERM)));
    assert!(instance.jobs().iter().all(|job| job.deadline == START.after(TERM)));
}

#[test]
fn bids_exceed_what_energy_costs_on_every_admitted_class() {
    for family in Family::ALL {
        let instance = scenario(family, 1_000).generate().unwrap();
        let losing = instance.jobs().iter().filter(|job| {
            let fleet = instance.fleet();
            let best = fleet.tiles().map(|tile| {
                let site = lessor_models::objective::Site::of(fleet, tile, instance.weights());
                lessor_models::objective::capsule_value(job, &site, job.earliest, 0, instance.weights())
            });
            best.max().unwrap() <= 0
        });
        assert_eq!(losing.count(), 0, "{family:?}");
    }
}

#[test]
fn the_sample_shows_every_feature() {
    let sample = sample(1).unwrap();
    let jobs = sample.instance.jobs();
    let has = |test: fn(&lessor_models::job::Job) -> bool| jobs.iter().any(test);
    assert!(has(|job| job.gang_min > 1), "gang");
    assert!(has(|job| job.spread.is_some()), "spread");
    assert!(has(|job| job.affinity.is_some()), "affinity");
    assert!(has(|job| job.anti_affinity.is_some()), "anti-affinity");
    assert!(has(|job| job.band.is_some()), "band");
    assert!(has(|job| job.locality.is_some()), "locality");
    assert!(has(|job| job.data.is_some()), "data");
    assert!(has(|job| !job.classes.is_empty()), "classes");
    assert!(has(|job| job.preemptible), "preemptible");
    assert!(has(|job| job.checkpoint.is_some()), "checkpoint");
    assert!(has(|job| job.bonus > 0), "bonus");
    assert!(has(|job| matches!(job.term, Term::Work(_))), "work");
    assert!(has(|job| job.demand.devices > 0), "devices");
    assert!(has(|job| job.service != lessor_models::job::ServiceClass::D), "service");
    assert!(!sample.instance.fleet().steps().is_empty());
    assert!(sample.instance.current().len() > 20, "{}", sample.instance.current().len());
    assert!(sample.telemetry.len() > 20_000, "{}", sample.telemetry.len());
}

#[test]
fn telemetry_has_hot_failing_and_silent_tiles() {
    let sample = sample(1).unwrap();
    let fleet = sample.instance.fleet();
    let (mut hot, mut failing, mut rows) = (BTreeSet::new(), BTreeSet::new(), vec![0u32; fleet.node_count()]);
    for row in &sample.telemetry {
        let class = &fleet.classes()[fleet.class_of(row.tile).unwrap().at()];
        if row.temperature_mk.unwrap() > class.band.high_mk {
            hot.insert(row.tile);
        }
        if row.error_count.unwrap() > 10 {
            failing.insert(row.tile);
        }
        rows[row.tile.at()] += 1;
    }
    let silent = fleet.tiles().filter(|tile| rows[tile.at()] == 8).count();
    assert!(hot.len() > 5 && failing.len() > 2 && silent > 2, "{} {} {silent}", hot.len(), failing.len());
    assert!(sample.telemetry.is_sorted_by_key(|row| row.at));
}

#[test]
fn numbers_out_of_range_are_refused() {
    let base = Scenario::new(10, 0);
    let refused = |scenario: Scenario| scenario.generate().unwrap_err().to_string();
    assert!(refused(Scenario { tiles: 0, ..base.clone() }).contains("0 tiles"));
    assert!(refused(Scenario { job_classes: 0, ..base.clone() }).contains("0 job classes"));
    assert!(refused(Scenario { load_permille: 0, ..base.clone() }).contains("load of 0"));
    assert!(refused(Scenario { capsules: Some(9), ..base }).contains("at least as many capsules"));
}

#[test]
fn tiny_fleets_of_every_family_are_generated_too() {
    for family in Family::ALL {
        for tiles in [1, 2, 7, 30] {
            for all in [false, true] {
                let switches = Scenario { steps: all, relations: all, moves: all, ..scenario(family, tiles) };
                let instance = switches.generate().unwrap();
                assert!(!instance.jobs().is_empty(), "{family:?} {tiles}");
            }
        }
    }
}

#[test]
fn moves_cost_between_clusters_only_and_every_feed_limits_them() {
    let instance = Scenario { moves: true, ..scenario(Family::Mixed, 2_000) }.generate().unwrap();
    let fleet = instance.fleet();
    let cluster = |tile| fleet.ancestor(tile, Level::Cluster);
    let tiles: Vec<_> = fleet.tiles().step_by(97).collect();
    for &from in &tiles {
        for &to in &tiles {
            assert_eq!(fleet.move_cost(from, to) > 0, cluster(from) != cluster(to));
        }
    }
    let feeds = fleet.zones().iter().filter(|zone| zone.kind == ZoneKind::PowerFeed);
    assert_eq!(fleet.move_limits().count(), feeds.count());
    assert!(fleet.move_limits().all(|(_, most)| most > 0));
    let once = instance.jobs().iter().filter(|job| job.move_cost_once > 0);
    let share = once.count() * 1_000 / instance.jobs().len();
    assert!((100..300).contains(&share), "{share}");
    let plain = scenario(Family::Mixed, 2_000).generate().unwrap();
    assert_eq!(plain.jobs().iter().map(|job| job.bid).sum::<u64>(), instance.jobs().iter().map(|job| job.bid).sum());
}
