//! The tile class columns of `nodes`: equal tuples are one class.

use std::collections::BTreeMap;

use lessor_models::fleet::ClassIndex;
use lessor_models::tile_class::{Band, DEVICES_MAX, Radiator, TileClass};

use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::Columns;
use crate::table::source::Batch;

/// The class columns of one batch.
pub(crate) struct ClassColumns<'b> {
    batch: &'b Batch,
    name: Cells<'b>,
    band: [Cells<'b>; 2],
    energy: [Cells<'b>; 3],
    power: [Cells<'b>; 2],
    heat: Cells<'b>,
    devices: Cells<'b>,
    rate: Cells<'b>,
    faults: Cells<'b>,
    radiator: [Cells<'b>; 2],
}

const BAND: [&str; 2] = ["band_low_mk", "band_high_mk"];
const ENERGY: [&str; 3] = ["energy_scalar_uj_per_mop", "energy_vector_uj_per_mop", "energy_matrix_uj_per_mop"];
const POWER: [&str; 2] = ["device_power_mw", "idle_power_mw"];

/// The two radiator columns, of `nodes` and of `zones`.
pub(crate) const RADIATOR: [&str; 2] = ["radiator_area_cm2", "radiator_flux_max_mw_per_m2"];

/// All columns of a class but its name: what is compared row by row without touching the heap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Descriptor {
    band: Band,
    energy: [u64; 3],
    power: [u64; 2],
    heat_permille: u32,
    devices: u8,
    rate_permille: u32,
    faults: u64,
    radiator: Option<Radiator>,
}

impl<'b> ClassColumns<'b> {
    pub(crate) fn new(batch: &'b Batch) -> ClassColumns<'b> {
        ClassColumns {
            batch,
            name: batch.column("class"),
            band: BAND.map(|name| batch.column(name)),
            energy: ENERGY.map(|name| batch.column(name)),
            power: POWER.map(|name| batch.column(name)),
            heat: batch.column("heat_permille"),
            devices: batch.column("devices"),
            rate: batch.column("rate_permille"),
            faults: batch.column("faults_per_gigahour"),
            radiator: RADIATOR.map(|name| batch.column(name)),
        }
    }

    /// The class's name, where the row has one.
    pub(crate) fn name(&self, row: usize) -> Option<&'b str> {
        self.name.text(row)
    }

    fn descriptor(&self, row: usize) -> Result<Descriptor, DatasetError> {
        let low_mk = self.band[0].narrow(row).unwrap_or(0);
        let high_mk = self.band[1].narrow(row).unwrap_or(u32::MAX);
        if low_mk > high_mk {
            return Err(self.batch.refuse(row, BAND[0], Problem::Model("must not exceed band_high_mk")));
        }
        let devices = self.devices.narrow(row).unwrap_or(0u8);
        if devices > DEVICES_MAX {
            let problem = Problem::OutOfRange { found: devices.into(), least: 0, most: DEVICES_MAX.into() };
            return Err(self.batch.refuse(row, "devices", problem));
        }
        let rate_permille = self.rate.narrow(row).unwrap_or(1_000u32);
        if rate_permille == 0 {
            let problem = Problem::OutOfRange { found: 0, least: 1, most: u32::MAX.into() };
            return Err(self.batch.refuse(row, "rate_permille", problem));
        }
        Ok(Descriptor {
            band: Band { low_mk, high_mk },
            energy: self.energy.map(|column| column.integer(row).unwrap_or(0)),
            power: self.power.map(|column| column.integer(row).unwrap_or(0)),
            heat_permille: self.heat.narrow(row).unwrap_or(1_000),
            devices,
            rate_permille,
            faults: self.faults.integer(row).unwrap_or(0),
            radiator: radiator(self.batch, self.radiator, row)?,
        })
    }
}

/// The radiator of a row: both columns or neither.
pub(crate) fn radiator(batch: &Batch, columns: [Cells; 2], row: usize) -> Result<Option<Radiator>, DatasetError> {
    match columns.map(|column| column.integer(row)) {
        [Some(area_cm2), Some(flux_max_mw_per_m2)] => Ok(Some(Radiator { area_cm2, flux_max_mw_per_m2 })),
        [None, None] => Ok(None),
        [None, Some(_)] => Err(batch.refuse(row, RADIATOR[0], Problem::Partner { partner: RADIATOR[1] })),
        [Some(_), None] => Err(batch.refuse(row, RADIATOR[1], Problem::Partner { partner: RADIATOR[0] })),
    }
}

/// The classes met so far, in order of first appearance.
#[derive(Default)]
pub(crate) struct Classes {
    known: BTreeMap<String, Vec<(Descriptor, ClassIndex)>>,
    list: Vec<TileClass>,
}

impl Classes {
    /// The class of a row: an equal one met before, or a new one.
    pub(crate) fn intern(
        &mut self,
        columns: &ClassColumns,
        row: usize,
        name: &str,
    ) -> Result<ClassIndex, DatasetError> {
        let descriptor = columns.descriptor(row)?;
        let variants = self.known.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(&(_, index)) = variants.iter().find(|(known, _)| *known == descriptor) {
            return Ok(index);
        }
        let index = ClassIndex(u32::try_from(self.list.len()).expect("classes are at most as many as nodes"));
        self.known.entry(name.to_owned()).or_default().push((descriptor, index));
        self.list.push(descriptor.named(name));
        Ok(index)
    }

    /// The devices of a class.
    pub(crate) fn devices(&self, class: ClassIndex) -> u8 {
        self.list[class.at()].devices
    }

    pub(crate) fn into_list(self) -> Vec<TileClass> {
        self.list
    }
}

impl Descriptor {
    fn named(self, name: &str) -> TileClass {
        TileClass {
            name: name.to_owned(),
            band: self.band,
            energy_uj_per_mop: self.energy,
            device_power_mw: self.power[0],
            idle_power_mw: self.power[1],
            heat_permille: self.heat_permille,
            devices: self.devices,
            rate_permille: self.rate_permille,
            faults_per_gigahour: self.faults,
            radiator: self.radiator,
        }
    }
}

/// Fills in the class columns of a batch of nodes.
pub(crate) fn put_classes(columns: &mut Columns, classes: &[Option<&TileClass>]) {
    let mut put = |name: &str, value: &dyn Fn(&TileClass) -> Option<u64>| {
        columns.integer(name, classes.iter().map(|class| class.and_then(value)));
    };
    put(BAND[0], &|class| (class.band.low_mk > 0).then(|| class.band.low_mk.into()));
    put(BAND[1], &|class| (class.band.high_mk < u32::MAX).then(|| class.band.high_mk.into()));
    for (position, name) in ENERGY.into_iter().enumerate() {
        put(name, &|class| Some(class.energy_uj_per_mop[position]));
    }
    put(POWER[0], &|class| Some(class.device_power_mw));
    put(POWER[1], &|class| Some(class.idle_power_mw));
    put("heat_permille", &|class| Some(class.heat_permille.into()));
    put("devices", &|class| Some(class.devices.into()));
    put("rate_permille", &|class| Some(class.rate_permille.into()));
    put("faults_per_gigahour", &|class| Some(class.faults_per_gigahour));
    put(RADIATOR[0], &|class| class.radiator.map(|radiator| radiator.area_cm2));
    put(RADIATOR[1], &|class| class.radiator.map(|radiator| radiator.flux_max_mw_per_m2));
    columns.text("class", classes.iter().map(|class| class.map(|class| class.name.as_str())));
}
