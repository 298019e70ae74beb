//! The same of telemetry, and of the tables of a plan.

use super::*;
use lessor_models::telemetry::Sample;

#[test]
fn telemetry_in_other_units_is_refused() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let path = dir.path().join("telemetry.parquet");
    let refused = |column: &str, array: ArrayRef| {
        let mut writer = TelemetryWriter::create(&path, instance.fleet()).unwrap();
        writer.push(Sample::silent(NodeIndex(0), Timestamp(0))).unwrap();
        writer.finish().unwrap();
        edit(&path, |columns| set(columns, column, array));
        without_dir(&read_telemetry(&path, instance.fleet(), |_| ()).unwrap_err().to_string(), dir.path())
    };
    let found = refused("temperature_mk", integers(&[Some(65)]));
    let expected = "65 mK is below 1 K; temperatures are in millikelvin, so 25 C are 298150";
    assert_eq!(found, format!("telemetry.parquet: row 0, column temperature_mk: {expected}"));
    let found = refused("temperature_mk", Arc::new(Float64Array::from(vec![f64::NAN])));
    let expected = "has type Float64; it must be an integer from 0 to 2^32 - 1";
    assert_eq!(found, format!("telemetry.parquet: column temperature_mk {expected}"));
    let found = refused("utilization_permille", integers(&[Some(1_001)]));
    assert_eq!(found, "telemetry.parquet: row 0, column utilization_permille: 1001 is outside 0 to 1000");
    let found = refused("tile", texts(&[Some("top")]));
    let expected = "\"top\" is not a tile; capsules and sensors are on tiles only";
    assert_eq!(found, format!("telemetry.parquet: row 0, column tile: {expected}"));
}

/// The refusal of a result table written by `make`, then changed.
fn result_refusal<T: std::fmt::Debug>(
    make: impl FnOnce(&Path, &Instance),
    change: impl FnOnce(&mut NamedColumns),
    read: impl FnOnce(&Path, &Instance) -> Result<T, lessor_datasets::table::DatasetError>,
) -> String {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let path = dir.path().join("table.parquet");
    make(&path, &instance);
    edit(&path, change);
    without_dir(&read(&path, &instance).unwrap_err().to_string(), dir.path())
}

#[test]
fn bad_result_tables_are_refused() {
    let placement = Placement { job: JobIndex(0), tile: NodeIndex(0), start: Timestamp(0), count: 1, devices: 3 };
    let found = result_refusal(
        |path, instance| write_placements(path, instance, &[placement]).unwrap(),
        |columns| columns.retain(|(name, _)| name != "start"),
        read_placements,
    );
    assert_eq!(found, "table.parquet: row 0, column start: is null; every row needs a value here");

    let left = Unplaced {
        job: JobIndex(0),
        count: 1,
        reason: Reason::NoHeadroom,
        conflict: vec![],
        cure: None,
        expected_start: None,
    };
    let found = result_refusal(
        |path, instance| write_unplaced(path, instance, &[left]).unwrap(),
        |columns| {
            let mut lists = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
            lists.append_value([Some("zone:loop:a:warmth")]);
            set(columns, "conflict", Arc::new(lists.finish()));
        },
        read_unplaced,
    );
    let forms = "is not a conflict member; use node:NAME:KIND, zone:NAME:KIND, tiles:KIND or rule:RULE";
    assert_eq!(found, format!("table.parquet: row 0, column conflict: \"zone:loop:a:warmth\" {forms}"));
}

#[test]
fn a_price_whose_interval_ends_before_it_starts_is_refused() {
    let interval = Interval { start: Timestamp(5), end: Timestamp(9) };
    let price = Price { owner: Owner::Node(NodeIndex(0)), kind: Kind::Heat, interval, price: 1 };
    let found = result_refusal(
        |path, instance| write_prices(path, instance.fleet(), &[price]).unwrap(),
        |columns| set(columns, "end", times(&[5])),
        |path, instance| read_prices(path, instance.fleet()),
    );
    let expected = "the window ends at 5 us, which is not after its start at 5 us";
    assert_eq!(found, format!("table.parquet: row 0, column end: {expected}"));
}

#[test]
fn instants_beyond_the_range_of_the_models_are_neither_read_nor_written() {
    let expected = "is beyond the supported range of time, 2^60 us around 1970-01-01 UTC";
    let found = format!("jobs.parquet: row 1, column earliest: {expected}");
    check("jobs", "earliest", times(&[0, i64::MIN, 0]), &found);
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let interval = Interval { start: Timestamp(0), end: Timestamp(i64::MAX) };
    let price = Price { owner: Owner::Node(NodeIndex(0)), kind: Kind::Heat, interval, price: 1 };
    let refused = write_prices(&dir.path().join("prices.parquet"), instance.fleet(), &[price]).unwrap_err().to_string();
    let found = without_dir(&refused, dir.path());
    assert_eq!(found, format!("prices.parquet: row 0, column end: cannot be written: {expected}"));
}

#[test]
fn a_certificate_of_another_fleet_or_without_its_scale_is_refused() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let path = dir.path().join("certificate.parquet");
    let scope = Scope::Tiles { class: ClassIndex(1), under: NodeIndex(6) };
    let interval = Interval { start: Timestamp(0), end: Timestamp(1) };
    let dual = Dual { scope, kind: Kind::Heat, interval, price: 1 };
    let certificate = Certificate { duals: vec![dual], ..Certificate::default() };
    write_certificate(&path, &instance, &certificate).unwrap();
    let mut parts = common::parts();
    parts.classes[1].name = "bare".into();
    let (names, mut jobs) = common::jobs();
    jobs[0].classes.clear();
    let fleet = lessor_models::fleet::Fleet::new(parts).unwrap();
    let other = Instance::new(fleet, names, jobs, Weights::default()).unwrap();
    let found = without_dir(&read_certificate(&path, &other).unwrap_err().to_string(), dir.path());
    let expected = "\"plain\" is not the name of class 1, which is \"bare\"; the fleet is not the one planned";
    assert_eq!(found, format!("certificate.parquet: row 0, column class: {expected}"));
    edit(&path, |_| ());
    let found = without_dir(&read_certificate(&path, &instance).unwrap_err().to_string(), dir.path());
    assert_eq!(found, "certificate.parquet: the metadata entry \"lessor.dual_shift\" must be 56");
}

#[test]
fn a_price_of_pieces_says_what_it_needs() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let path = dir.path().join("certificate.parquet");
    let (class, under, instant) = (ClassIndex(1), NodeIndex(6), Timestamp(0));
    let pieces = vec![PiecePrice { class, under, milli: 500, instant, price: 1 }];
    write_certificate(&path, &instance, &Certificate { pieces, ..Certificate::default() }).unwrap();
    let mut columns = NamedColumns::new();
    edit(&path, |written| columns.clone_from(written));
    let cases = [
        ("scope", texts(&[Some("job")]), "scope: \"job\" is not one of: node, zone, tiles, pieces, shapes"),
        (
            "owner",
            texts(&[Some("nowhere")]),
            "owner: no node is named \"nowhere\"; use a name of table nodes, or add it there",
        ),
        ("class_index", integers(&[Some(9)]), "class_index: 9 is outside 0 to 2"),
        ("milli", integers(&[None]), "milli: is null; a price of pieces needs their size, 1 to 1000 milli-devices"),
        ("milli", integers(&[Some(0)]), "milli: 0 is outside 1 to 1000"),
        ("milli", integers(&[Some(1_001)]), "milli: 1001 is outside 1 to 1000"),
    ];
    for (column, array, expected) in cases {
        let mut changed = columns.clone();
        set(&mut changed, column, array);
        write_labeled(&path, changed, Some((SHIFT_KEY, "56")));
        let found = without_dir(&read_certificate(&path, &instance).unwrap_err().to_string(), dir.path());
        assert_eq!(found, format!("certificate.parquet: row 0, column {expected}"));
    }
}

#[test]
fn a_price_of_shapes_says_what_it_needs() {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    let path = dir.path().join("certificate.parquet");
    let (class, under, instant) = (ClassIndex(1), NodeIndex(6), Timestamp(0));
    let shapes = vec![ShapePrice { class, under, job: JobIndex(0), instant, price: 1 }];
    write_certificate(&path, &instance, &Certificate { shapes, ..Certificate::default() }).unwrap();
    let mut columns = NamedColumns::new();
    edit(&path, |written| columns.clone_from(written));
    let cases = [
        ("job", texts(&[None]), "job: is null; a price of shapes needs the name of a job of the shape"),
        ("job", texts(&[Some("nobody")]), "job: no job is named \"nobody\"; use a name of table jobs, or add it there"),
        ("class_index", integers(&[Some(9)]), "class_index: 9 is outside 0 to 2"),
        (
            "owner",
            texts(&[Some("nowhere")]),
            "owner: no node is named \"nowhere\"; use a name of table nodes, or add it there",
        ),
    ];
    for (column, array, expected) in cases {
        let mut changed = columns.clone();
        set(&mut changed, column, array);
        write_labeled(&path, changed, Some((SHIFT_KEY, "56")));
        let found = without_dir(&read_certificate(&path, &instance).unwrap_err().to_string(), dir.path());
        assert_eq!(found, format!("certificate.parquet: row 0, column {expected}"));
    }
}
