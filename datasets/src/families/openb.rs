//! Arrival sequences of the openb trace (Weng et al. 2023) as batches: as many pods as ask for no more than a share of the
//! cluster's devices.
//!
//! A sequence has the columns `seq`, `cpu_milli`, `memory_mib`, `num_gpu`, `gpu_milli` and, where models are restricted,
//! `gpu_spec`: names joined by `|`. A node list has `sn`, `cpu_milli`, `memory_mib`, `gpu` and `model`; nodes without a device
//! are nodes too. An answer has `seq`, `node` and `gpus`: a row for each pod that is placed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use lessor_models::families::COEFFICIENT_MAX;
use lessor_models::families::openb::{DEVICE_MILLI, DEVICES_MAX, Node, OpenbInstance, Pod, Seat};

use super::FamilyError;
use crate::import::csv_table::{CsvColumn, CsvTable};
use crate::import::openb::DemandColumns;
use crate::table::Problem;

/// A batch with the names that its answer needs.
#[derive(Clone, Debug)]
pub struct OpenbBatch {
    /// Pods and nodes.
    pub instance: OpenbInstance,
    /// The `seq` of each pod.
    sequence: Vec<u64>,
    /// The `sn` of each node.
    nodes: Vec<String>,
}

/// Reads the longest prefix of a sequence that asks for no more than so many percent of the cluster's devices, in milli, or all of
/// it, and the nodes.
///
/// # Errors
/// The first file, row or column that is not as the format says.
pub fn openb(sequence: &Path, nodes: &Path, arrived_percent: Option<u32>) -> Result<OpenbBatch, FamilyError> {
    let mut models = BTreeMap::new();
    let (node_names, nodes_read) = read_nodes(&CsvTable::read(nodes)?, &mut models)?;
    let device_milli: u128 = nodes_read.iter().map(|node| u128::from(node.devices) * u128::from(DEVICE_MILLI)).sum();
    let most = arrived_percent.map(|percent| device_milli * u128::from(percent));
    let table = CsvTable::read(sequence)?;
    let seq = table.need("seq", "a whole number")?;
    let columns = DemandColumns::find(&table)?;
    let (mut numbers, mut pods, mut rows) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut arrived = 0;
    for row in 0..table.len() {
        let pod = read_pod(&table, &columns, row, &models)?;
        arrived += u128::from(pod.milli_sum()) * 100;
        if most.is_some_and(|most| arrived > most) {
            break;
        }
        let number = table.number(row, seq, COEFFICIENT_MAX)?;
        if let Some(first) = rows.insert(number, row) {
            let problem = Problem::Repeated { name: number.to_string(), first };
            return Err(table.refuse(row, seq, problem).into());
        }
        numbers.push(number);
        pods.push(pod);
    }
    let instance = OpenbInstance::new(nodes_read, pods)
        .map_err(|source| FamilyError::Openb { path: sequence.to_owned(), source })?;
    Ok(OpenbBatch { instance, sequence: numbers, nodes: node_names })
}

impl OpenbBatch {
    /// An answer as text: a header, then a row for each pod that has a seat, in the order of their arrival.
    #[must_use]
    pub fn answer(&self, seats: &[Option<Seat>]) -> String {
        let mut text = "seq,node,gpus\n".to_owned();
        for (number, seat) in self.sequence.iter().zip(seats) {
            let Some(seat) = seat else { continue };
            let devices: Vec<String> = seat.devices.iter().map(u32::to_string).collect();
            let node = quoted(&self.nodes[seat.node as usize]);
            writeln!(text, "{number},{node},{}", devices.join("-")).expect("a string takes any text");
        }
        text
    }

    /// Reads an answer in the form of [`OpenbBatch::answer`], with its rows in any order: the seat of each pod, or none.
    ///
    /// # Errors
    /// The first row and column that name no pod of the batch, a pod again, no node, or no number of a device.
    pub fn read_answer(&self, path: &Path) -> Result<Vec<Option<Seat>>, FamilyError> {
        let table = CsvTable::read_any(path)?;
        let (seq, node) = (table.need("seq", "a whole number")?, table.need("node", "text")?);
        let gpus = table.need("gpus", DEVICE_LIST)?;
        let pods: BTreeMap<u64, usize> = self.sequence.iter().copied().zip(0..).collect();
        let nodes: BTreeMap<&str, u32> = self.nodes.iter().map(String::as_str).zip(0..).collect();
        let (mut seats, mut rows) = (vec![None; self.sequence.len()], BTreeMap::new());
        for row in 0..table.len() {
            let number = table.number(row, seq, COEFFICIENT_MAX)?;
            if let Some(first) = rows.insert(number, row) {
                let problem = Problem::Repeated { name: number.to_string(), first };
                return Err(table.refuse(row, seq, problem).into());
            }
            let unknown = |what, name: String, table| Problem::Unknown { what, name, table };
            let Some(&pod) = pods.get(&number) else {
                let problem = unknown("pod of the batch", number.to_string(), "sequence");
                return Err(table.refuse(row, seq, problem).into());
            };
            let name = table.name(row, node)?;
            let Some(&at) = nodes.get(name) else {
                return Err(table.refuse(row, node, unknown("node", name.to_owned(), "nodes")).into());
            };
            seats[pod] = Some(Seat { node: at, devices: devices(&table, row, gpus)? });
        }
        Ok(seats)
    }
}

/// What the column of devices holds.
const DEVICE_LIST: &str = "whole numbers joined by -";

/// The numbers of devices in a cell; none where it is empty.
fn devices(table: &CsvTable, row: usize, column: CsvColumn) -> Result<Vec<u32>, FamilyError> {
    let text = table.text(row, column);
    let words = text.split('-').filter(|_| !text.is_empty());
    words.map(str::parse).collect::<Result<_, _>>().map_err(|_| {
        let problem = Problem::Word { found: text.to_owned(), expected: DEVICE_LIST.to_owned() };
        table.refuse(row, column, problem).into()
    })
}

/// A name as a cell: in quotes where it has a character that means something.
fn quoted(name: &str) -> String {
    let has_meaning = name.contains([',', '"', '\n', '\r']);
    if has_meaning { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

/// Names and nodes; each model gets a number.
fn read_nodes(table: &CsvTable, models: &mut BTreeMap<String, u32>) -> Result<(Vec<String>, Vec<Node>), FamilyError> {
    let whole = "a whole number";
    let (name_column, model_column) = (table.need("sn", "text")?, table.need("model", "text")?);
    let (cpu, memory) = (table.need("cpu_milli", whole)?, table.need("memory_mib", whole)?);
    let device_column = table.need("gpu", whole)?;
    let (mut names, mut nodes, mut rows) = (Vec::new(), Vec::new(), BTreeMap::new());
    for row in 0..table.len() {
        let name = table.name(row, name_column)?.to_owned();
        if let Some(first) = rows.insert(name.clone(), row) {
            return Err(table.refuse(row, name_column, Problem::Repeated { name, first }).into());
        }
        let devices = narrow(table.number(row, device_column, u64::from(DEVICES_MAX))?);
        let model = table.text(row, model_column);
        if devices > 0 && model.is_empty() {
            return Err(table.refuse(row, model_column, Problem::EmptyName).into());
        }
        let fresh = narrow(models.len() as u64);
        nodes.push(Node {
            cpu_milli: table.number(row, cpu, COEFFICIENT_MAX)?,
            memory_mib: table.number(row, memory, COEFFICIENT_MAX)?,
            devices,
            model: *models.entry(model.to_owned()).or_insert(fresh),
        });
        names.push(name);
    }
    Ok((names, nodes))
}

/// The pod of a row.
fn read_pod(
    table: &CsvTable,
    columns: &DemandColumns,
    row: usize,
    models: &BTreeMap<String, u32>,
) -> Result<Pod, FamilyError> {
    let pod = columns.demand(table, row, (COEFFICIENT_MAX, COEFFICIENT_MAX))?;
    // Models that no node has leave a list that is shorter, or empty: then the pod has no place, which is no error.
    let listed =
        (!pod.models.is_empty()).then(|| pod.models.iter().filter_map(|&model| models.get(model).copied()).collect());
    Ok(Pod {
        cpu_milli: pod.cpu_milli,
        memory_mib: pod.memory_mib,
        devices: u32::from(pod.devices),
        milli: u32::from(pod.milli),
        models: listed,
    })
}

/// A number that was let through below 2^32.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).expect("larger numbers were refused")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lessor_models::families::openb::check;

    use super::*;
    use crate::import::tests::public_file;

    const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\nn0,96000,393216,2,G2\n\"n,1\",64000,262144,1,P100\n\
        n2,32000,262144,0,\n";
    const HEADER: &str = "seq,pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n";

    fn read(nodes: &str, sequence: &str, percent: u32) -> Result<OpenbBatch, String> {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = scratch.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let folder = format!("{}/", scratch.path().display());
        openb(&path("sequence.csv", sequence), &path("nodes.csv", nodes), Some(percent))
            .map_err(|error| error.to_string().replace(&folder, ""))
    }

    #[test]
    fn a_batch_ends_before_the_first_pod_that_exceeds_the_share() {
        let pods =
            format!("{HEADER}7,p,1,1,2,1000,\n8,p,1,1,0,0,\n9,p,1,1,1,900,G2|X|P100\n11,q,1,1,1,200,\n12,q,1,1,0,0,\n");
        let batch = read(NODES, &pods, 100).unwrap();
        assert_eq!(batch.sequence, [7, 8, 9]);
        assert_eq!(batch.instance.pods()[2].models, Some(vec![0, 1]));
        assert_eq!(batch.instance.nodes()[2].devices, 0);
        assert_eq!(read(NODES, &pods, 50).unwrap().instance.pods().len(), 0);
        assert_eq!(read(NODES, &pods, 200).unwrap().instance.pods().len(), 5);
    }

    #[test]
    fn an_answer_has_a_row_for_each_seat() {
        let pods = format!("{HEADER}3,p,1,1,2,1000,\n4,p,1,1,0,0,\n5,p,1,1,1,900,\n");
        let batch = read(NODES, &pods, 100).unwrap();
        let seats = [Some(Seat { node: 0, devices: vec![0, 1] }), Some(Seat { node: 1, devices: vec![] }), None];
        assert_eq!(check(&batch.instance, &seats), Ok(1_000));
        assert_eq!(batch.answer(&seats), "seq,node,gpus\n3,n0,0-1\n4,\"n,1\",\n");
    }

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let pods = format!("{HEADER}3,p,1,1,2,1000,\n4,p,1,1,0,0,\n5,p,1,1,1,900,\n");
        let batch = read(NODES, &pods, 100).unwrap();
        let answer = |text: &str| crate::families::tests::read(|path| batch.read_answer(path), text);
        let seats = [Some(Seat { node: 0, devices: vec![0, 1] }), Some(Seat { node: 1, devices: vec![] }), None];
        assert_eq!(answer(&batch.answer(&seats)).unwrap(), seats);
        assert_eq!(
            answer("node,gpus,seq\nn1,0,5\n").unwrap_err(),
            "instance: line 2, row 0, column node: no node is named \"n1\"; \
            use a name of table nodes, or add it there"
        );
        assert_eq!(answer("seq,node,gpus\n").unwrap(), [None, None, None]);
        for (rows, told) in [
            ("3,n0,0-1\n3,n0,0-1", "row 1, column seq: \"3\" is already the name of row 0"),
            ("6,n0,0", "row 0, column seq: no pod of the batch is named \"6\""),
            ("x,n0,0", "row 0, column seq: \"x\" is not one of: a whole number"),
            ("3,n0,0-", "row 0, column gpus: \"0-\" is not one of: whole numbers joined by -"),
            ("3,,0", "row 0, column node: is empty"),
            ("3,n0", "instance: line 2, row 0, column gpus: is missing; the row has 2 of 3 cells"),
            ("3,n0,0,1", "instance: line 2, row 0: has 4 cells for 3 columns; a comma inside a cell needs quotes"),
        ] {
            let message = answer(&format!("seq,node,gpus\n{rows}\n")).unwrap_err();
            assert!(message.contains(told), "{rows}: {message}");
        }
        assert!(answer("seq,node\n3,n0\n").unwrap_err().contains("column gpus is missing"));
    }

    #[test]
    fn what_is_wrong_is_named_with_file_row_and_column() {
        for (row, told) in [
            ("0,p,x,1,0,0,", "sequence.csv: line 2, row 0, column cpu_milli: \"x\" is not one of: a whole number"),
            ("0,p,1,-1,0,0,", "sequence.csv: line 2, row 0, column memory_mib: -1 is outside 0 to 9007199254740992"),
            ("0,p,1,1,65,1000,", "row 0, column num_gpu: 65 is outside 0 to 64"),
            ("0,p,1,1,1,0,", "row 0, column gpu_milli: must be given exactly where num_gpu is"),
            ("0,p,1,1,0,0,\n0,p,1,1,0,0,", "row 1, column seq: \"0\" is already the name of row 0"),
            ("0,p", "sequence.csv: line 2, row 0, column cpu_milli: is missing; the row has 2 of 7 cells"),
            ("", "sequence.csv: holds no row of data"),
        ] {
            let message = read(NODES, &format!("{HEADER}{row}\n"), 100).unwrap_err();
            assert!(message.contains(told), "{row}: {message}");
        }
        let nodes = |row: &str| read(&format!("sn,cpu_milli,memory_mib,gpu,model\n{row}\n"), HEADER, 100).unwrap_err();
        assert!(nodes("a,1,1,1,").contains("nodes.csv: line 2, row 0, column model: is empty"));
        assert!(nodes("a,1,1,0,\na,1,1,0,").contains("row 1, column sn: \"a\" is already the name of row 0"));
        assert!(read("sn,gpu\na,1\n", HEADER, 100).unwrap_err().contains("nodes.csv: column model is missing"));
        assert!(read(NODES, "seq,pod\n1,p\n", 100).unwrap_err().contains("column cpu_milli is missing"));
    }

    #[test]
    fn a_pod_whose_models_no_node_has_is_read() {
        let batch = read(NODES, &format!("{HEADER}0,p,1,1,1,10,H9\n"), 100).unwrap();
        assert_eq!(batch.instance.pods()[0].models, Some(vec![]));
    }

    #[test]
    fn a_public_sequence_is_read() {
        let (Some(nodes), Some(sequence)) =
            (public_file("openb/openb_node_list_all_node.csv"), public_file("openb/sequences/gpuspec10_42.csv"))
        else {
            return;
        };
        let batch = openb(&sequence, &nodes, Some(100)).unwrap();
        assert_eq!((batch.instance.pods().len(), batch.instance.device_milli()), (8_316, 6_212_000));
    }
}
