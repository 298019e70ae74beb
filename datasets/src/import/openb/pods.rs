//! Pods of a list or a sequence: their columns, and the jobs that they are.

use std::collections::BTreeSet;

use lessor_models::fleet::ClassIndex;
use lessor_models::job::{Demand, Job};
use lessor_models::resources::AMOUNT_MAX;
use lessor_models::tile_class::{DEVICE_MILLI, DEVICES_MAX, TileClass};
use lessor_models::time::Timestamp;

use super::{CPU_MILLI_BID, DAY, GPU_MILLI_BID};
use crate::import::ImportError;
use crate::import::csv_table::{CsvColumn, CsvTable};
use crate::table::Problem;

/// Where the columns of pods are that every list of them has.
pub(crate) struct DemandColumns {
    cpu: CsvColumn,
    memory: CsvColumn,
    devices: CsvColumn,
    milli: CsvColumn,
    spec: Option<CsvColumn>,
}

/// What a pod asks for, as its list says it.
pub(crate) struct PodDemand<'t> {
    pub(crate) cpu_milli: u64,
    pub(crate) memory_mib: u64,
    /// At most [`DEVICES_MAX`].
    pub(crate) devices: u8,
    /// Of each device; at most [`DEVICE_MILLI`], and zero exactly where there is no device.
    pub(crate) milli: u16,
    /// The device models allowed; none where all are.
    pub(crate) models: Vec<&'t str>,
}

impl DemandColumns {
    pub(crate) fn find(table: &CsvTable) -> Result<DemandColumns, ImportError> {
        let whole = "a whole number";
        Ok(DemandColumns {
            cpu: table.need("cpu_milli", whole)?,
            memory: table.need("memory_mib", whole)?,
            devices: table.need("num_gpu", whole)?,
            milli: table.need("gpu_milli", whole)?,
            spec: table.find("gpu_spec"),
        })
    }

    /// What the pod of a row asks for: CPU and memory up to `most`.
    pub(crate) fn demand<'t>(
        &self,
        table: &'t CsvTable,
        row: usize,
        most: (u64, u64),
    ) -> Result<PodDemand<'t>, ImportError> {
        let cpu_milli = table.number(row, self.cpu, most.0)?;
        let memory_mib = table.number(row, self.memory, most.1)?;
        let devices = table.number(row, self.devices, u64::from(DEVICES_MAX))?;
        let milli = table.number(row, self.milli, u64::from(DEVICE_MILLI))?;
        if (devices == 0) != (milli == 0) {
            return Err(table.refuse(row, self.milli, Problem::Partner { partner: "num_gpu" }));
        }
        let spec = self.spec.filter(|_| devices > 0).map_or("", |spec| table.text(row, spec));
        Ok(PodDemand {
            cpu_milli,
            memory_mib,
            devices: u8::try_from(devices).expect("at most 64 devices were let through"),
            milli: u16::try_from(milli).expect("at most 1,000 milli were let through"),
            models: models(spec).collect(),
        })
    }

    /// All device models that pods of a list name.
    pub(super) fn models<'t>(&self, table: &'t CsvTable) -> BTreeSet<&'t str> {
        let Some(spec) = self.spec else { return BTreeSet::new() };
        (0..table.len()).flat_map(|row| models(table.text(row, spec))).collect()
    }

    /// Refuses the models that a pod allows.
    fn refuse_models(&self, table: &CsvTable, row: usize, problem: Problem) -> ImportError {
        table.refuse(row, self.spec.expect("a pod that names models has their column"), problem)
    }
}

/// The device models of a list joined by `|`.
fn models(spec: &str) -> impl Iterator<Item = &str> {
    spec.split('|').filter(|model| !model.is_empty())
}

/// Where the columns of pods are.
pub(super) struct PodColumns {
    name: CsvColumn,
    seq: Option<CsvColumn>,
    pub(super) demand: DemandColumns,
}

impl PodColumns {
    pub(super) fn find(table: &CsvTable) -> Result<PodColumns, ImportError> {
        let seq = table.find("seq");
        let name = table.need(if seq.is_some() { "pod" } else { "name" }, "text")?;
        Ok(PodColumns { name, seq, demand: DemandColumns::find(table)? })
    }

    /// In a sequence pods repeat, so the name begins with the number of the arrival, in order when sorted.
    pub(super) fn job_name(&self, table: &CsvTable, row: usize) -> Result<String, ImportError> {
        let pod = table.name(row, self.name)?;
        let Some(seq) = self.seq else { return Ok(pod.to_owned()) };
        Ok(format!("{:06}-{pod}", table.number(row, seq, AMOUNT_MAX)?))
    }
}

/// The job that a pod is.
pub(super) fn read_pod(
    table: &CsvTable,
    columns: &PodColumns,
    row: usize,
    classes: &[TileClass],
) -> Result<Job, ImportError> {
    let pod = columns.demand.demand(table, row, (AMOUNT_MAX / CPU_MILLI_BID, AMOUNT_MAX >> 20))?;
    let mut job = Job::empty(Timestamp(0), DAY);
    job.demand = Demand {
        compute_mops: pod.cpu_milli,
        memory_bytes: pod.memory_mib << 20,
        storage_bytes: 1,
        devices: pod.devices,
        device_milli: pod.milli,
        ..Demand::default()
    };
    job.bid = match pod.devices {
        0 => CPU_MILLI_BID * pod.cpu_milli,
        devices => GPU_MILLI_BID * u64::from(devices) * u64::from(pod.milli),
    };
    job.classes = allowed(&pod.models, classes);
    if job.classes.is_empty() && !pod.models.is_empty() {
        // An empty list of classes would mean all of them.
        let problem = Problem::Unknown { what: "device model", name: pod.models.join("|"), table: "nodes" };
        return Err(columns.demand.refuse_models(table, row, problem));
    }
    Ok(job)
}

/// The classes of these models.
fn allowed(models: &[&str], classes: &[TileClass]) -> Vec<ClassIndex> {
    let indexed = (0..).map(ClassIndex).zip(classes);
    indexed.filter(|(_, class)| models.contains(&class.name.as_str())).map(|(index, _)| index).collect()
}
