//! What is generated and imported means the same after it was written to a fleet directory and read again.

use std::path::{Path, PathBuf};

use lessor_datasets::generate::{Family, Scenario, sample};
use lessor_datasets::import;
use lessor_datasets::table::{InstancePaths, read_instance, write_fleet_dir};
use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::Job;
use lessor_models::tile_class::TileClass;

fn written_and_read(instance: &Instance) -> Instance {
    let folder = tempfile::tempdir().expect("the temporary folder can be made");
    write_fleet_dir(folder.path(), instance).expect("a generated or imported instance can be written");
    read_instance(&InstancePaths::of_directory(folder.path()), instance.weights().clone())
        .expect("what was written can be read")
}

/// The descriptors that a job may run on, whatever their numbers.
fn allowed<'i>(instance: &'i Instance, job: &Job) -> Vec<&'i TileClass> {
    let mut classes: Vec<&TileClass> =
        job.classes.iter().map(|class| &instance.fleet().classes()[class.at()]).collect();
    classes.sort();
    classes
}

fn assert_same(one: &Instance, other: &Instance) {
    let class = |instance: &Instance, node: NodeIndex| {
        instance.fleet().class_of(node).map(|class| instance.fleet().classes()[class.at()].clone())
    };
    assert_eq!(one.fleet().node_count(), other.fleet().node_count());
    for node in one.fleet().nodes() {
        let owner = Owner::Node(node);
        assert_eq!(one.fleet().name(node), other.fleet().name(node));
        assert_eq!(one.fleet().parent(node), other.fleet().parent(node));
        assert_eq!(class(one, node), class(other, node));
        assert_eq!(one.fleet().base_capacity(owner), other.fleet().base_capacity(owner));
        assert_eq!(one.fleet().zones_listing(node), other.fleet().zones_listing(node));
    }
    assert_eq!(one.fleet().zones(), other.fleet().zones());
    assert_eq!(one.fleet().steps(), other.fleet().steps());
    assert_eq!(one.jobs().len(), other.jobs().len());
    for (a, b) in one.jobs().iter().zip(other.jobs()) {
        assert_eq!(allowed(one, a), allowed(other, b));
        assert_eq!(Job { classes: Vec::new(), ..a.clone() }, Job { classes: Vec::new(), ..b.clone() });
    }
    assert!(one.job_names().iter().eq(other.job_names().iter()));
    assert_eq!(one.current(), other.current());
}

fn public_file(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let base = std::env::var_os("LESSOR_PUBLIC_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let file = root.join(base).join(path);
    if !file.is_file() {
        println!("skipped: {path} is not there; set LESSOR_PUBLIC_DATA to the folder of public data");
        return None;
    }
    Some(file)
}

#[test]
fn the_sample_survives_its_tables() {
    let sample = sample(1).unwrap();
    assert_same(&sample.instance, &written_and_read(&sample.instance));
}

#[test]
fn every_family_survives_its_tables() {
    for family in Family::ALL {
        let instance = Scenario { family, ..Scenario::new(2_000, 5) }.generate().unwrap();
        assert_same(&instance, &written_and_read(&instance));
    }
}

#[test]
fn classes_of_one_name_and_restricted_pods_survive_their_tables() {
    let (Some(nodes), Some(pods)) =
        (public_file("openb/openb_node_list_all_node.csv"), public_file("openb/sequences/gpuspec10_42.csv"))
    else {
        return;
    };
    let instance = import::openb(&nodes, &pods, Some(100)).unwrap();
    assert!(instance.jobs().iter().any(|job| !job.classes.is_empty()));
    assert_same(&instance, &written_and_read(&instance));
}

#[test]
fn a_trace_that_joined_a_fleet_survives_its_tables() {
    let (Some(tasks), Some(fragments)) =
        (public_file("traces/surf_week_tasks.parquet"), public_file("traces/surf_week_fragments.parquet"))
    else {
        return;
    };
    let fleet = Scenario::new(100, 3).generate().unwrap().fleet().clone();
    let instance = import::opendc(&tasks, &fragments, fleet, import::SLACK).unwrap();
    assert_same(&instance, &written_and_read(&instance));
}
