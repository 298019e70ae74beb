//! Every bad input is refused with a message that names file, row, column and cure.

#![allow(clippy::unwrap_used, reason = "a test stops where what it needs cannot be made")]

mod books;
#[path = "../common/mod.rs"]
mod common;
mod results;

use std::path::Path;
use std::sync::Arc;

use arrow_array::types::UInt8Type;
use arrow_array::{
    ArrayRef, Float64Array, Int64Array, ListArray, StringArray, TimestampMicrosecondArray, TimestampNanosecondArray,
    UInt8Array, UInt64Array,
};
use common::{NamedColumns, edit, write, write_labeled};
use lessor_datasets::table::{
    InstancePaths, SHIFT_KEY, TelemetryWriter, VERSION_KEY, read_certificate, read_instance, read_placements,
    read_prices, read_telemetry, read_unplaced, write_certificate, write_fleet_dir, write_placements, write_prices,
    write_unplaced,
};
use lessor_models::certificate::{Certificate, Dual, PiecePrice, Scope, ShapePrice};
use lessor_models::fleet::{ClassIndex, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::objective::Weights;
use lessor_models::plan::{Placement, Price, Reason, Unplaced};
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Timestamp};

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn times(values: &[i64]) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values.to_vec()))
}

/// Puts a column in the place of the one of its name.
fn set(columns: &mut NamedColumns, name: &str, array: ArrayRef) {
    columns.iter_mut().find(|(known, _)| known == name).unwrap().1 = array;
}

/// The refusal of the sample with one table changed, without its directory.
fn refusal(table: &str, change: impl FnOnce(&Path)) -> String {
    let dir = tempfile::tempdir().unwrap();
    write_fleet_dir(dir.path(), &common::instance()).unwrap();
    change(&dir.path().join(format!("{table}.parquet")));
    let refused = read_instance(&InstancePaths::of_directory(dir.path()), Weights::default()).unwrap_err();
    without_dir(&refused.to_string(), dir.path())
}

fn without_dir(message: &str, dir: &Path) -> String {
    message.replace(&format!("{}/", dir.display()), "")
}

/// Checks the refusal of the sample with one column replaced.
#[track_caller]
fn check(table: &str, column: &str, array: ArrayRef, expected: &str) {
    let found = refusal(table, |path| edit(path, |columns| set(columns, column, array)));
    assert_eq!(found, expected);
}

/// Seven cells: the first of these, then null.
fn first_of_seven(value: i64) -> ArrayRef {
    integers(&[Some(value), None, None, None, None, None, None])
}

#[test]
fn files_that_are_not_whole_parquet_are_refused() {
    let cases: [(&[u8], &str); 4] = [
        (b"", "the file is empty (0 bytes): write it again, or remove it where the table is optional"),
        (b"name,level\nt1,tile\n", "not a Parquet file: it does not begin with PAR1"),
        (b"PAR1 and no more", "truncated Parquet: the closing PAR1 is missing; copy or write the file again"),
        (b"PAR1", "truncated Parquet: the closing PAR1 is missing; copy or write the file again"),
    ];
    for (bytes, expected) in cases {
        let found = refusal("jobs", |path| std::fs::write(path, bytes).unwrap());
        assert_eq!(found, format!("jobs.parquet: {expected}"));
    }
    let found = refusal("nodes", |path| std::fs::write(path, b"PAR1\x00\x00\x00\x00\x01\x00\x00\x00PAR1").unwrap());
    assert_eq!(found, "nodes.parquet: damaged or unsupported Parquet (zstd, snappy or no compression can be read)");
    let found = refusal("nodes", |path| std::fs::remove_file(path).unwrap());
    assert_eq!(found, "nodes.parquet: cannot be opened");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for share in 1..16 {
        let found = refusal("jobs", |path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() * share / 16]).unwrap();
        });
        assert!(found.starts_with("jobs.parquet: truncated Parquet"), "{found}");
    }
}

#[test]
fn another_version_and_another_table_are_refused() {
    let found = refusal("jobs", |path| {
        std::fs::copy(path.with_file_name("nodes.parquet"), path).unwrap();
    });
    assert_eq!(found, "jobs.parquet: holds table \"nodes\", but table \"jobs\" is needed here");
    let found = refusal("jobs", |path| {
        write_labeled(path, vec![("name".to_owned(), texts(&[]))], Some((VERSION_KEY, "2")));
    });
    assert_eq!(found, "jobs.parquet: schema version \"2\" cannot be read; this program reads version 1");
}

#[test]
fn missing_columns_and_wrong_types_are_refused() {
    let found = refusal("jobs", |path| edit(path, |columns| columns.retain(|(name, _)| name != "bid")));
    assert_eq!(found, "jobs.parquet: column bid is missing; it must be an integer from 0 to 2^53");
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN, 2.0]));
    check("jobs", "bid", floats, "jobs.parquet: column bid has type Float64; it must be an integer from 0 to 2^53");
    let found = refusal("jobs", |path| edit(path, |columns| set(columns, "name", integers(&[Some(1), Some(2), None]))));
    assert_eq!(found, "jobs.parquet: column name has type Int64; it must be a string");
    let found = refusal("jobs", |path| {
        edit(path, |columns| columns.push(("name".to_owned(), texts(&[Some("d"), Some("e"), Some("f")]))));
    });
    assert_eq!(found, "jobs.parquet: column name is there more than once; keep the one that counts");
}

#[test]
fn times_in_another_unit_are_refused() {
    let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1, 2, 3]));
    let expected = "it must be a timestamp in microseconds UTC";
    let found = refusal("jobs", |path| edit(path, |columns| set(columns, "earliest", nanos)));
    assert!(
        found.starts_with("jobs.parquet: column earliest has type Timestamp(") && found.ends_with(expected),
        "{found}"
    );
    let found = refusal("jobs", |path| edit(path, |columns| set(columns, "earliest", integers(&[Some(1); 3]))));
    assert_eq!(found, format!("jobs.parquet: column earliest has type Int64; {expected}"));
}

#[test]
fn nulls_and_quantities_out_of_range_are_refused() {
    let bids = integers(&[Some(1), None, Some(2)]);
    check("jobs", "bid", bids, "jobs.parquet: row 1, column bid: is null; every row needs a value here");
    let range = "is outside 0 to 9007199254740992";
    let expected = format!("jobs.parquet: row 2, column bid: -5 {range}");
    check("jobs", "bid", integers(&[Some(1), Some(1), Some(-5)]), &expected);
    let huge: ArrayRef = Arc::new(UInt64Array::from(vec![1, u64::MAX, 1]));
    check("jobs", "bid", huge, &format!("jobs.parquet: row 1, column bid: 18446744073709551615 {range}"));
    let expected = "jobs.parquet: row 0, column count: 4294967296 is outside 0 to 4294967295";
    check("jobs", "count", integers(&[Some(1 << 32), None, None]), expected);
    check(
        "nodes",
        "memory_bytes",
        first_of_seven(-1),
        &format!("nodes.parquet: row 0, column memory_bytes: -1 {range}"),
    );
    let expected = "nodes.parquet: row 0, column devices: 65 is outside 0 to 64";
    check("nodes", "devices", first_of_seven(65), expected);
    let expected = "nodes.parquet: row 0, column rate_permille: 0 is outside 1 to 4294967295";
    check("nodes", "rate_permille", first_of_seven(0), expected);
}

#[test]
fn unknown_names_are_refused() {
    let cure = "or add it there";
    let nodes = texts(&[Some("t1"), Some("gone"), None]);
    let expected =
        format!("jobs.parquet: row 1, column locality: no node is named \"gone\"; use a name of table nodes, {cure}");
    check("jobs", "locality", nodes, &expected);
    let others = texts(&[Some("nobody"), None, None]);
    let expected = format!(
        "jobs.parquet: row 0, column affinity_job: no job is named \"nobody\"; use a name of table jobs, {cure}"
    );
    check("jobs", "affinity_job", others, &expected);
    let mut lists = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
    lists.append_value([Some("gpu"), Some("abacus")]);
    lists.append(true);
    lists.append(true);
    let expected = format!(
        "jobs.parquet: row 0, column classes: no tile class is named \"abacus\"; use a name of table nodes, {cure}"
    );
    check("jobs", "classes", Arc::new(lists.finish()), &expected);
    let zones = texts(&[Some("feed"), Some("feed"), Some("loop:a"), Some("attic")]);
    let expected = format!(
        "zone_members.parquet: row 3, column zone: no zone is named \"attic\"; use a name of table zones, {cure}"
    );
    check("zone_members", "zone", zones, &expected);
    let jobs = texts(&[Some("full"), Some("idle")]);
    let expected =
        format!("placements.parquet: row 1, column job: no job is named \"idle\"; use a name of table jobs, {cure}");
    check("placements", "job", jobs, &expected);
    let owners = texts(&[Some("c1"), Some("c3"), Some("feed")]);
    let expected =
        format!("capacities.parquet: row 1, column owner: no zone is named \"c3\"; use a name of table zones, {cure}");
    check("capacities", "owner", owners, &expected);
}

#[test]
fn unknown_words_are_refused_with_the_known_ones() {
    let levels = ["tile", "tile", "tile", "tile", "rack", "cell", "layer"].map(Some);
    let expected = "nodes.parquet: row 4, column level: \"rack\" is not one of: tile, cell, cluster, region, layer";
    check("nodes", "level", texts(&levels), expected);
    let expected = "jobs.parquet: row 0, column spread_domain: \"room\" is not one of: tile, cell, cluster, region, layer, \
                    power_feed, beam, radiator_loop, optical_link, failure_domain";
    check("jobs", "spread_domain", texts(&[Some("room"), None, None]), expected);
}

#[test]
fn a_broken_tree_is_refused() {
    let parents = |values: [Option<&str>; 7]| texts(&values);
    let cycle = parents([Some("c1"), Some("c1"), Some("c2"), Some("c2"), Some("c2"), Some("c1"), None]);
    let inverted = "is of the same or a lower level, so the tree is inverted or has a cycle";
    check("nodes", "parent", cycle, &format!("nodes.parquet: row 4, column parent: the parent of \"c1\" {inverted}"));
    let own = parents([Some("t1"), None, None, None, None, None, None]);
    check("nodes", "parent", own, &format!("nodes.parquet: row 0, column parent: the parent of \"t1\" {inverted}"));
    let unknown = parents([None, Some("c9"), None, None, None, None, None]);
    let expected =
        "nodes.parquet: row 1, column parent: no node is named \"c9\"; use a name of table nodes, or add it there";
    check("nodes", "parent", unknown, expected);
}

#[test]
fn tiles_and_their_classes_must_agree() {
    let expected = "nodes.parquet: row 1, column class: is null, but \"t2\" is a tile; every tile needs a class";
    check("nodes", "class", texts(&[Some("gpu"), None, None, None, None, None, None]), expected);
    let classes = [Some("gpu"), Some("plain"), Some("plain"), Some("gpu"), Some("gpu"), None, None];
    let expected = "nodes.parquet: row 4, column class: \"c1\" is not a tile, so it must not have a class";
    check("nodes", "class", texts(&classes), expected);
    let found = refusal("nodes", |path| {
        edit(path, |columns| {
            set(columns, "level", texts(&[Some("cell"); 7]));
            set(columns, "parent", texts(&[None; 7]));
            set(columns, "class", texts(&[None; 7]));
        });
    });
    assert_eq!(found, "nodes.parquet: no row has level \"tile\", so nothing can be placed; add the tiles");
}

#[test]
fn repeated_and_empty_names_are_refused() {
    let expected = "jobs.parquet: row 2, column name: \"work\" is already the name of row 1; names must be unique";
    let found = refusal("jobs", |path| {
        edit(path, |columns| {
            set(columns, "name", texts(&["full", "work", "work"].map(Some)));
            columns.retain(|(name, _)| !name.contains("affinity"));
        });
    });
    assert_eq!(found, expected);
    let names = ["t1", "t2", "t3", "t1", "c1", "c2", "top"].map(Some);
    let expected = "nodes.parquet: row 3, column name: \"t1\" is already the name of row 0; names must be unique";
    check("nodes", "name", texts(&names), expected);
    let expected = "zones.parquet: row 1, column name: is empty; every row needs a name";
    let found = refusal("zones", |path| {
        edit(path, |columns| set(columns, "name", texts(&[Some("feed"), Some("")])));
        edit(&path.with_file_name("zone_members.parquet"), |columns| {
            set(columns, "zone", texts(&["feed", "feed", "", ""].map(Some)));
        });
    });
    assert_eq!(found, expected);
}

#[test]
fn a_zone_without_members_is_refused() {
    let expected =
        "zones.parquet: row 1, column name: zone \"loop:a\" has no members; name it in zone_members, or remove it";
    check("zone_members", "zone", texts(&[Some("feed"); 4]), expected);
    let found = refusal("zone_members", |path| std::fs::remove_file(path).unwrap());
    assert!(found.contains("has no members"), "{found}");
}

#[test]
fn windows_and_terms_that_cannot_be_are_refused() {
    let expected = "jobs.parquet: row 1, column deadline: the window ends at 1600000000000000 us, which is not after its \
                    start at 1700000000000000 us";
    let late = 1_800_000_000_000_000;
    check("jobs", "deadline", times(&[late, 1_600_000_000_000_000, late]), expected);
    let expected = "jobs.parquet: row 1, column term_us: give either this or work_mop: one of them, not both";
    check("jobs", "term_us", integers(&[Some(1), Some(1), Some(1)]), expected);
    let expected = "jobs.parquet: row 0, column term_us: give either this or work_mop: one of them, not both";
    check("jobs", "term_us", integers(&[None, None, Some(1)]), expected);
    let expected = "jobs.parquet: row 0, column term_us: 0 is outside 1 to 3162240000000000";
    check("jobs", "term_us", integers(&[Some(0), None, Some(1)]), expected);
    let expected = "jobs.parquet: row 0, column deadline: must leave room for the term after earliest";
    check("jobs", "term_us", integers(&[Some(121_000_000), None, Some(1)]), expected);
}

#[test]
fn columns_that_go_together_must_be_given_together() {
    let expected = "jobs.parquet: row 0, column spread_most: must be given exactly where spread_domain is";
    check("jobs", "spread_most", integers(&[None; 3]), expected);
    let expected = "jobs.parquet: row 0, column affinity_job: must be given exactly where affinity_domain is";
    check("jobs", "affinity_job", texts(&[None; 3]), expected);
    let expected =
        "nodes.parquet: row 1, column radiator_flux_max_mw_per_m2: must be given exactly where radiator_area_cm2 is";
    check("nodes", "radiator_flux_max_mw_per_m2", first_of_seven(1), expected);
}

#[test]
fn bad_current_placements_are_refused() {
    let expected =
        "placements.parquet: row 0, column node: \"c1\" is not a tile; capsules and sensors are on tiles only";
    check("placements", "node", texts(&[Some("c1"), Some("t3")]), expected);
    let devices = |lists: [Vec<Option<u8>>; 2]| -> ArrayRef {
        Arc::new(ListArray::from_iter_primitive::<UInt8Type, _, _>(lists.map(Some)))
    };
    let expected = "placements.parquet: row 0, column devices: lists device 3 twice";
    check("placements", "devices", devices([vec![Some(3), Some(3)], vec![]]), expected);
    let expected = "placements.parquet: row 0, column devices: the list holds a null";
    check("placements", "devices", devices([vec![Some(3), None], vec![]]), expected);
    let expected = "placements.parquet: row 0, column devices: 64 is outside 0 to 63";
    check("placements", "devices", devices([vec![Some(3), Some(64)], vec![]]), expected);
    let expected = "placements.parquet: row 0, column devices: lists a device that the tile does not have";
    check("placements", "devices", devices([vec![Some(3), Some(9)], vec![]]), expected);
}

#[test]
fn a_table_made_by_hand_needs_only_its_required_columns() {
    let dir = tempfile::tempdir().unwrap();
    let table = |name: &str, columns: NamedColumns| write(&dir.path().join(format!("{name}.parquet")), columns);
    let named = |name: &str, array: ArrayRef| (name.to_owned(), array);
    let classes = texts(&[Some("any")]);
    table(
        "nodes",
        vec![named("name", texts(&[Some("t")])), named("level", texts(&[Some("tile")])), named("class", classes)],
    );
    table(
        "jobs",
        vec![
            named("unknown columns are not read", Arc::new(Float64Array::from(vec![f64::NAN; 3]))),
            named("name", texts(&["a", "b", "c"].map(Some))),
            named("bid", Arc::new(UInt8Array::from(vec![1, 2, 3]))),
            named("compute_mops", integers(&[None, None, Some(2)])),
            named("earliest", times(&[0, 10, 20])),
            named("term_us", integers(&[Some(5), Some(1), None])),
            named("work_mop", integers(&[None, None, Some(3)])),
        ],
    );
    let instance = read_instance(&InstancePaths::of_directory(dir.path()), Weights::default()).unwrap();
    // The horizon ends with the work: 3 Mop at 2 Mop/s take 1.5 s after 20 us.
    let deadlines: Vec<i64> = instance.jobs().iter().map(|job| job.deadline.0).collect();
    assert_eq!(deadlines, [1_500_020; 3]);
    assert!(instance.jobs().iter().all(|job| job.count == 1 && job.classes.is_empty()));
}
