//! Imports of small lists made by hand, and of the public ones.

use std::path::PathBuf;

use super::*;
use crate::import::tests::public_file;

const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\n\
    n0,96000,393216,8,G2\nn1,64000,262144,2,P100\nn2,16000,122880,2,P100\nn3,32000,262144,0,\n";

fn import(nodes: &str, pods: &str, percent: Option<u32>) -> Result<Instance, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    openb(&write("nodes.csv", nodes), &write("pods.csv", pods), percent)
}

fn refusal(nodes: &str, pods: &str) -> String {
    import(nodes, pods, None).unwrap_err().to_string()
}

#[test]
fn a_pod_bids_its_devices_or_else_its_cpu() {
    let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n\
        a,4000,1024,2,1000,\nb,8000,2048,0,0,\nc,1000,512,1,230,P100|G2|P100\n";
    let instance = import(NODES, pods, None).unwrap();
    let bids: Vec<u64> = instance.jobs().iter().map(|job| job.bid).collect();
    assert_eq!(bids, [2_000 * GPU_MILLI_BID, 8_000 * CPU_MILLI_BID, 230 * GPU_MILLI_BID]);
    assert_eq!(instance.jobs()[1].demand.memory_bytes, 2_048 << 20);
    // G2 with 8, P100 with two sockets, P100 with one, but not the node without a device.
    assert_eq!(instance.jobs()[2].classes, [ClassIndex(0), ClassIndex(1), ClassIndex(2)]);
    assert!(instance.jobs()[0].classes.is_empty());
}

#[test]
fn a_pod_that_asks_for_a_model_that_no_node_has_runs_nowhere() {
    let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\na,1000,1,1,500,T4\nb,1000,1,1,500,T4|G2\n";
    let instance = import("sn,cpu_milli,memory_mib,gpu,model\nn0,96000,1024,8,G2\n", pods, None).unwrap();
    assert_eq!(instance.jobs()[0].classes, [ClassIndex(1)]);
    assert_eq!(instance.jobs()[1].classes, [ClassIndex(0), ClassIndex(1)]);
    assert_eq!(instance.fleet().classes().len(), 2);
}

#[test]
fn idle_power_is_that_of_sockets_and_devices() {
    // n0: three sockets at 15 W and eight devices at 30 W.
    let (fleet, milli) = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodes.csv");
        std::fs::write(&path, NODES).unwrap();
        read_nodes(&path, &BTreeSet::new()).unwrap()
    };
    assert_eq!(fleet.classes()[0].idle_power_mw, 285_000);
    assert_eq!(milli, 12_000);
}

#[test]
fn a_sequence_is_cut_before_the_first_pod_that_exceeds_the_share() {
    let pods = "seq,pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n\
        0,p,1,1,8,1000,\n1,p,1,1,4,1000,\n2,q,1,1,0,0,\n3,p,1,1,1,10,\n4,q,1,1,0,0,\n";
    let instance = import(NODES, pods, Some(100)).unwrap();
    let names: Vec<&str> = instance.job_names().iter().collect();
    assert_eq!(names, ["000000-p", "000001-p", "000002-q"]);
}

#[test]
fn a_bad_cell_is_named_with_file_row_and_column() {
    let pods = |row: &str| format!("name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\nok,1,1,0,0,\n{row}\n");
    for (row, expected) in [
        ("a,x,1,0,0,", "pods.csv: line 3, row 1, column cpu_milli: \"x\" is not one of: a whole number"),
        ("a,-5,1,0,0,", "row 1, column cpu_milli: -5 is outside 0 to"),
        ("a,1,1,1,1001,", "row 1, column gpu_milli: 1001 is outside 0 to 1000"),
        ("a,1,1,1,0,", "row 1, column gpu_milli: must be given exactly where num_gpu is"),
        ("a,1,1,1,500,H9", "row 1, column gpu_spec: no device model is named \"H9\""),
        (",1,1,0,0,", "row 1, column name: is empty"),
        ("ok,1,1,0,0,", "row 1, column name: \"ok\" is already the name of row 0"),
    ] {
        let message = refusal(NODES, &pods(row));
        assert!(message.contains(expected), "{row}: {message}");
    }
}

#[test]
fn bad_files_are_refused() {
    let pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,0,0\n";
    assert!(refusal("", pods).contains("the file is empty"));
    assert!(refusal("sn,cpu_milli,memory_mib,gpu,model\n", pods).contains("holds no row"));
    assert!(refusal("sn,cpu_milli,memory_mib,gpu\nn,1,1,0\n", pods).contains("column model is missing"));
    assert!(refusal(NODES, "name,cpu_milli\na,1,1\n").contains("line 2, row 0: has 3 cells for 2 columns"));
    assert!(refusal("sn,cpu_milli,memory_mib,gpu,model\nn,1,1,1,H9\n", pods).contains("column model"));
    let gone = openb(Path::new("nowhere.csv"), Path::new("nowhere.csv"), None).unwrap_err();
    assert!(gone.to_string().contains("nowhere.csv: cannot be opened"));
}

#[test]
fn the_published_batch_of_default_42_has_8316_pods_on_6212_devices() {
    let (Some(nodes), Some(pods)) =
        (public_file("openb/openb_node_list_gpu_node.csv"), public_file("openb/sequences/default_42.csv"))
    else {
        return;
    };
    let instance = openb(&nodes, &pods, Some(100)).unwrap();
    assert_eq!(instance.jobs().len(), 8_316);
    let devices: u64 = instance
        .fleet()
        .tiles()
        .map(|tile| u64::from(instance.fleet().classes()[instance.fleet().class_of(tile).unwrap().at()].devices))
        .sum();
    assert_eq!((instance.fleet().tiles().count(), devices), (1_213, 6_212));
    // The empty cluster draws 0.23 MW, as published.
    let idle: u64 = instance
        .fleet()
        .tiles()
        .map(|tile| instance.fleet().classes()[instance.fleet().class_of(tile).unwrap().at()].idle_power_mw)
        .sum();
    assert!((225_000_000..235_000_000).contains(&idle), "{idle}");
}

#[test]
fn every_public_pod_list_and_sequence_is_imported() {
    let lists = ["cpu100", "default", "gpushare40", "gpuspec10", "multigpu20"];
    let lists = lists.map(|name| format!("openb/openb_pod_list_{name}.csv"));
    let sequences = ["default_43", "default_44", "gpushare40_42", "gpuspec10_42", "multigpu20_42"];
    let sequences = sequences.map(|name| format!("openb/sequences/{name}.csv"));
    for file in lists.iter().chain(&sequences) {
        let (Some(nodes), Some(pods)) = (public_file("openb/openb_node_list_all_node.csv"), public_file(file)) else {
            return;
        };
        let instance = openb(&nodes, &pods, None).unwrap();
        assert_eq!(instance.fleet().tiles().count(), 1_523);
        assert!(instance.jobs().len() > 7_000, "{file}: {}", instance.jobs().len());
    }
}
