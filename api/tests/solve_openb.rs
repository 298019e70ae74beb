//! Batches of openb pods are placed by the real program, and its answers checked from the files alone.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::iter;
use std::path::Path;

use common::{Bench, numbers, public_files};

const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\nbig,8000,8000,2,G2\nsmall,2000,2000,1,T4\nplain,4000,4000,0,\n";

/// 2,970 of 3,000 milli: 2,000 on `big`, 810 and 160 on `small`, whose CPU they use up, and a pod without a device on `plain`.
/// The last pod would make it 3,010.
const SEQUENCE: &str = "seq,pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n\
    0,a,1000,1000,1,160,\n1,b,1000,1000,1,810,T4|P100\n2,c,4000,4000,0,0,\n3,d,8000,8000,2,1000,\n4,e,1,1,1,40,G2\n";

/// Rows of a table without quotes, each by the names of its columns.
fn rows(text: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| header.iter().copied().zip(line.split(',')).collect()).collect()
}

/// What a placement of the whole cluster's share leaves unallocated, added up anew; `None` where a node or a device gives more
/// than it has.
fn unallocated(sequence: &str, nodes: &str, answer: &str) -> Option<u64> {
    let number = |row: &BTreeMap<&str, &str>, column: &str| row[column].parse::<u64>().unwrap();
    let node_rows = rows(nodes);
    let total: u64 = node_rows.iter().map(|row| 1_000 * number(row, "gpu")).sum();
    let mut left: BTreeMap<&str, (u64, u64, Vec<u64>)> = BTreeMap::new();
    for row in &node_rows {
        let devices = vec![1_000; usize::try_from(number(row, "gpu")).unwrap()];
        left.insert(row["sn"], (number(row, "cpu_milli"), number(row, "memory_mib"), devices));
    }
    let models: BTreeMap<&str, &str> = node_rows.iter().map(|row| (row["sn"], row["model"])).collect();
    let answer = rows(answer);
    let seats: BTreeMap<&str, &BTreeMap<&str, &str>> = answer.iter().map(|row| (row["seq"], row)).collect();
    let (mut arrived, mut placed, mut seated) = (0, 0, 0);
    for pod in rows(sequence) {
        let milli = number(&pod, "num_gpu") * number(&pod, "gpu_milli");
        arrived += milli;
        if arrived > total {
            break;
        }
        let Some(seat) = seats.get(pod["seq"]) else { continue };
        let (cpu, memory, devices) = left.get_mut(seat["node"])?;
        let held: Vec<usize> =
            seat["gpus"].split('-').filter(|id| !id.is_empty()).map(|id| id.parse().unwrap()).collect();
        let spec = pod.get("gpu_spec").copied().unwrap_or("");
        if !spec.is_empty() && !spec.split('|').any(|model| model == models[seat["node"]]) {
            return None;
        }
        *cpu = cpu.checked_sub(number(&pod, "cpu_milli"))?;
        *memory = memory.checked_sub(number(&pod, "memory_mib"))?;
        for &device in &held {
            let device = devices.get_mut(device)?;
            *device = device.checked_sub(number(&pod, "gpu_milli"))?;
        }
        if held.len() as u64 != number(&pod, "num_gpu") {
            return None;
        }
        placed += milli;
        seated += 1;
    }
    (seated == seats.len()).then_some(total - placed)
}

#[test]
fn an_answer_is_written_with_its_cost_and_bound() {
    let bench = Bench::new();
    fs::write(bench.path("nodes"), NODES).unwrap();
    fs::write(bench.path("pods"), SEQUENCE).unwrap();
    let solved = bench.expect(0, "solve openb pods --nodes nodes --seconds 30 --json --out answer").json();
    assert_eq!((&solved["cost"], &solved["bound"], &solved["gap"]), (&30.into(), &30.into(), &0.0.into()));
    assert_eq!((&solved["unallocated_percent"], &solved["unallocated_percent_bound"]), (&1.0.into(), &1.0.into()));
    assert_eq!((&solved["pods"], &solved["placed"]), (&4.into(), &4.into()));
    assert_eq!(unallocated(SEQUENCE, NODES, &fs::read_to_string(bench.path("answer")).unwrap()), Some(30));
    let said = bench.expect(0, "solve openb pods --nodes nodes --arrived 10 --method fit --out answer");
    assert!(said.out.contains("placed    1 of 1 pods"), "{said:?}");
}

#[test]
fn a_work_limit_has_one_answer_on_any_number_of_threads() {
    let bench = Bench::new();
    let mut below = numbers(1);
    let node = |at: u32| format!("n{at},64000,262144,{},T4\n", 2 + 2 * (at % 3));
    let mut pod = |at: u32| {
        let (cpu, memory, milli) = (2_000 + below(9_000), 4_096 + below(30_000), 150 + below(700));
        format!("{at},p,{cpu},{memory},1,{milli},\n")
    };
    let [node_header, pod_header] = [NODES, SEQUENCE].map(|table| table.split_inclusive('\n').next().unwrap());
    let nodes: String = iter::once(node_header.to_owned()).chain((0..12).map(node)).collect();
    let pods: String = iter::once(pod_header.to_owned()).chain((0..120).map(&mut pod)).collect();
    fs::write(bench.path("nodes"), &nodes).unwrap();
    fs::write(bench.path("pods"), &pods).unwrap();
    for method in ["auto", "fit", "patterns", "recreate"] {
        let answer = bench.solve_on_any_threads(&format!("openb pods --nodes nodes --method {method} --work 2"));
        assert!(unallocated(&pods, &nodes, &answer).is_some(), "{method}");
    }
}

#[test]
fn malformed_tables_are_refused_with_file_row_and_column() {
    let bench = Bench::new();
    let header = SEQUENCE.lines().next().unwrap();
    for (pods, told) in [
        (
            format!("{header}\n0,a,x,1,0,0,\n"),
            "pods: line 2, row 0, column cpu_milli: \"x\" is not one of: a whole number",
        ),
        (format!("{header}\n0,a,1,1,1,1001,\n"), "pods: line 2, row 0, column gpu_milli: 1001 is outside 0 to 1000"),
        (format!("{header}\n0,a\n"), "pods: line 2, row 0, column cpu_milli: is missing; the row has 2 of 7 cells"),
        ("seq\n0\n".to_owned(), "pods: column cpu_milli is missing"),
    ] {
        fs::write(bench.path("nodes"), NODES).unwrap();
        fs::write(bench.path("pods"), pods).unwrap();
        let said = bench.expect(2, "solve openb pods --nodes nodes --out answer");
        assert!(said.err.contains(told), "{said:?}");
    }
    fs::write(bench.path("nodes"), "sn,cpu_milli,memory_mib,gpu,model\na,1,1,1,\n").unwrap();
    let said = bench.expect(2, "solve openb pods --nodes nodes --out answer");
    assert!(said.err.contains("nodes: line 2, row 0, column model: is empty"), "{said:?}");
    assert!(!bench.path("answer").exists());
}

/// Solves a public sequence in some seconds and gives the percentage unallocated and its bound.
fn solve_public(sequence: &Path, nodes: &Path, seconds: u32) -> (f64, f64) {
    let bench = Bench::new();
    let (pods, fleet) = (sequence.display(), nodes.display());
    let words = format!("solve openb {pods} --nodes {fleet} --seconds {seconds} --json --out answer");
    let solved = bench.expect(0, &words).json();
    let [pods, fleet, answer] = [sequence, nodes, &bench.path("answer")].map(|path| fs::read_to_string(path).unwrap());
    assert_eq!(unallocated(&pods, &fleet, &answer), solved["cost"].as_u64());
    let [cost, least] = ["unallocated_percent", "unallocated_percent_bound"].map(|key| solved[key].as_f64().unwrap());
    (cost, least)
}

#[test]
fn public_batches_leave_what_device_patterns_must_leave() {
    let names = ["default_42", "gpuspec10_42", "multigpu20_42"].map(|name| format!("openb/sequences/{name}.csv"));
    let [default, spec, multi] = &names;
    let files = ["openb/openb_node_list_gpu_node.csv", default.as_str(), spec.as_str(), multi.as_str()];
    let Some([nodes, sequences @ ..]) = public_files(files) else { return };
    for sequence in sequences {
        let (cost, least) = solve_public(&sequence, &nodes, 10);
        assert!(least <= cost && cost < least + 0.15, "{}: {cost} of at least {least}", sequence.display());
    }
}
