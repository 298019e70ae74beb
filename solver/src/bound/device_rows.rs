//! The rows of devices and of their pieces at some instants, and the patterns that join them.

use std::collections::{BTreeMap, HashSet};

use lessor_models::tile_class::DEVICE_MILLI;
use rayon::prelude::*;

use super::merge::Merged;
use super::patterns::{self, DeviceParts, Pattern, Piece, PiecePrices};
use super::rows::Spot;
use super::timeline::Timeline;
use crate::lowering::Lowered;
use crate::program::linear::{Column, Program, Row, Solution};

/// A merged group's devices at one of the instants, by position.
type Devices = (usize, usize);

/// The best pattern of some devices at some prices of pieces, with its worth.
pub(super) type Best = (Devices, f64, Pattern);

/// Rows of pieces and of devices, in shares of the group's devices.
#[derive(Debug)]
pub(super) struct DeviceRows {
    parts: DeviceParts,
    devices: BTreeMap<Devices, Row>,
    /// In the order of the parts' milli.
    pieces: BTreeMap<Devices, Vec<Row>>,
    known: HashSet<(Devices, Pattern)>,
}

impl DeviceRows {
    /// Adds the rows; `None` where no capsule holds a device.
    pub(super) fn new(
        lowered: &Lowered<'_>,
        merged: &Merged,
        timeline: &Timeline,
        program: &mut Program,
    ) -> Option<DeviceRows> {
        let parts = DeviceParts::new(lowered, merged, timeline)?;
        let (mut devices, mut pieces) = (BTreeMap::new(), BTreeMap::new());
        for (group, _) in parts.devices.iter().enumerate().filter(|(_, devices)| **devices > 0) {
            for instant in 0..parts.instants.len() {
                devices.insert((group, instant), program.row(1.0));
                pieces.insert((group, instant), parts.milli.iter().map(|_| program.row(0.0)).collect());
            }
        }
        Some(DeviceRows { parts, devices, pieces, known: HashSet::new() })
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.devices.len() * (1 + self.parts.milli.len())
    }

    /// The entries of a column: none for capsules without devices, `None` where the group has no device for them.
    pub(super) fn entries(&self, lowered: &Lowered<'_>, spot: &Spot) -> Option<Vec<(Row, f64)>> {
        let demand = &lowered.job(spot.class).demand;
        if demand.devices == 0 {
            return Some(Vec::new());
        }
        let milli = self.parts.milli.binary_search(&demand.device_milli).ok()?;
        let share = f64::from(demand.devices) * spot.capsules / self.devices_of(spot.group);
        let row = |instant| Some((self.pieces.get(&(spot.group, instant))?[milli], share));
        self.parts.during(spot.run).map(row).collect()
    }

    fn devices_of(&self, group: usize) -> f64 {
        self.parts.devices[group] as f64
    }

    /// What one device or piece of a group costs at its row's price, in micro-credits.
    fn price(&self, group: usize, row: Row, solution: &Solution, scale: f64) -> f64 {
        solution.prices[row.0] * scale / self.devices_of(group)
    }

    /// Prices of pieces, in micro-credits.
    pub(super) fn prices(&self, solution: &Solution, scale: f64) -> PiecePrices {
        let prices = self.pieces.iter().flat_map(|(&(group, instant), rows)| {
            let instant = self.parts.instants[instant];
            let price = move |row: &Row| self.price(group, *row, solution, scale);
            self.parts.milli.iter().zip(rows).map(move |(&milli, row)| (Piece { group, milli, instant }, price(row)))
        });
        PiecePrices::new(prices)
    }

    /// The best pattern of all devices at the prices of a solution.
    pub(super) fn best_patterns(&self, solution: &Solution, scale: f64) -> Vec<Best> {
        let best = |(&devices, rows): (&Devices, &Vec<Row>)| {
            let price = |row: &Row| self.price(devices.0, *row, solution, scale);
            let pieces: Vec<(u16, f64)> = self.parts.milli.iter().copied().zip(rows.iter().map(price)).collect();
            let (worth, pattern) = patterns::best_pattern(&pieces);
            (devices, worth, pattern)
        };
        self.pieces.par_iter().map(best).collect()
    }

    /// What all devices are worth, each at the best pattern of its group.
    pub(super) fn worth(&self, patterns: &[Best]) -> f64 {
        patterns.iter().map(|&((group, _), worth, _)| worth * self.devices_of(group)).sum()
    }

    /// One pattern for each milli alone.
    pub(super) fn first_patterns(&mut self) -> Vec<Column> {
        let all: Vec<Devices> = self.devices.keys().copied().collect();
        let milli = self.parts.milli.clone();
        let alone = |milli: u16| vec![(milli, DEVICE_MILLI / milli.max(1))];
        let mut columns = Vec::new();
        for devices in all {
            columns.extend(milli.iter().filter_map(|&milli| self.pattern(devices, &alone(milli))));
        }
        columns
    }

    /// Columns of the patterns that are worth more than their devices earn.
    pub(super) fn patterns_at(&mut self, patterns: &[Best], solution: &Solution, scale: f64) -> Vec<Column> {
        let mut columns = Vec::new();
        for (devices, worth, pattern) in patterns {
            let earned = self.price(devices.0, self.devices[devices], solution, scale);
            if *worth > earned * (1.0 + 1e-7) {
                columns.extend(self.pattern(*devices, pattern));
            }
        }
        columns
    }

    /// The column of a pattern, in shares of the group's devices; `None` where it is empty or there already.
    fn pattern(&mut self, devices: Devices, pattern: &[(u16, u16)]) -> Option<Column> {
        if pattern.is_empty() || !self.known.insert((devices, pattern.to_vec())) {
            return None;
        }
        let (milli, rows) = (&self.parts.milli, &self.pieces[&devices]);
        let supplied = pattern.iter().filter_map(|&(piece, count)| {
            let row = rows[milli.binary_search(&piece).ok()?];
            Some((row, -f64::from(count)))
        });
        let entries = supplied.chain([(self.devices[&devices], 1.0)]).collect();
        Some(Column { worth: 0.0, most: 1.0, entries })
    }
}
