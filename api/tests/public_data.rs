//! Real traces are imported, planned and checked by the real program, read in place.

mod common;

use common::{Bench, public_files};

#[test]
fn the_openb_cluster_is_imported_planned_and_checked() {
    let files = ["openb/openb_node_list_gpu_node.csv", "openb/sequences/default_42.csv"];
    let Some([nodes, pods]) = public_files(files) else { return };
    let bench = Bench::new();
    let (nodes, pods) = (nodes.display(), pods.display());
    let import = format!("datasets import openb --nodes {nodes} --pods {pods} --arrived 100 --out fleet");
    let said = bench.expect(0, &import);
    assert!(said.out.contains("1213 tiles") && said.out.contains("8316 jobs"), "{said:?}");
    let planned = bench.expect(0, "plan --fleet fleet --deadline 20s --json --out plan").json();
    assert_eq!(bench.expect(0, "check plan --json").json()["value"], planned["value"]);
    // Best fit leaves about 7 % of the devices unused; far less than half of the pods may stay out.
    assert!(planned["placed"].as_u64() > Some(7_000), "{planned}");
}

#[test]
fn a_week_of_a_computing_center_joins_a_generated_fleet() {
    let Some([tasks, fragments]) =
        public_files(["traces/surf_week_tasks.parquet", "traces/surf_week_fragments.parquet"])
    else {
        return;
    };
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 300 --seed 1 --out fleet");
    let (tasks, fragments) = (tasks.display(), fragments.display());
    let import = format!("datasets import opendc --tasks {tasks} --fragments {fragments} --fleet fleet --out week");
    let said = bench.expect(0, &import);
    assert!(said.out.contains("300 tiles") && said.out.contains("6295 jobs"), "{said:?}");
    let planned = bench.expect(0, "plan --fleet week --deadline 20s --json --out plan").json();
    let checked = bench.expect(0, "check plan --json").json();
    assert_eq!((&checked["ok"], &checked["placed"]), (&true.into(), &planned["placed"]));
}

#[test]
fn real_servers_with_their_telemetry_take_jobs() {
    let Some([telemetry]) = public_files(["telemetry/gpu_servers.parquet"]) else { return };
    let bench = Bench::new();
    let said =
        bench.expect(0, &format!("datasets import gpu-servers --telemetry {} --out servers", telemetry.display()));
    assert!(said.out.contains("6 tiles"), "{said:?}");
    // The servers bring no jobs: an empty table is planned as such.
    let planned = bench.expect(0, "plan --fleet servers --deadline 5s --json --out plan").json();
    assert_eq!((&planned["tiles"], &planned["jobs"], &planned["placed"]), (&6.into(), &0.into(), &0.into()));
    bench.expect(0, "check plan");
}

#[test]
fn a_week_waits_for_clean_energy() {
    let Some([tasks, fragments, german, swedish]) = public_files([
        "traces/surf_week_tasks.parquet",
        "traces/surf_week_fragments.parquet",
        "traces/2024_DE_carbon_intensity.parquet",
        "traces/2024_SE_carbon_intensity.parquet",
    ]) else {
        return;
    };
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 80 --seed 1 --out fleet");
    let (tasks, fragments) = (tasks.display(), fragments.display());
    bench
        .expect(0, &format!("datasets import opendc --tasks {tasks} --fragments {fragments} --fleet fleet --out week"));
    let series = format!("--series region-0={} --series region-1={}", german.display(), swedish.display());
    // A Thursday of October 2024 stands for one of 2022.
    bench.expect(0, &format!("datasets import carbon {series} --earlier 735d --fleet week --out green"));
    let weights =
        "carbon_price = 7000000\nenergy_permille = 0\nrisk_permille = 0\nthermal_permille = 0\nlatency_permille = 0";
    std::fs::write(bench.path("carbon.toml"), weights).unwrap();
    let plan = |method: &str| {
        let flags = "--fleet green --weights carbon.toml --deadline 25s --json --force --out plan";
        let planned = bench.expect(0, &format!("plan {flags} --method {method}")).json();
        let checked = bench.expect(0, "check plan --json").json();
        assert_eq!((&checked["ok"], &checked["value"]), (&true.into(), &planned["value"]), "{method}");
        assert_eq!(planned["unplaced"], 0, "{method}: the fleet has room for all");
        planned["emitted_mg"].as_u64().expect("milligrams")
    };
    let (first_come, waiting) = (plan("first-come"), plan("auto"));
    assert!(waiting < first_come, "{waiting} mg against {first_come} mg");
}
