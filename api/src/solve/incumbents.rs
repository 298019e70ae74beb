//! What a search finds, told as it finds it: to people on standard error, to programs as lines of a file.

use std::fs::File;
use std::io::Write;

use crate::cli::SolveCommonArgs;
use crate::console::warn;
use crate::process::clock::ProcessClock;

use super::error::SolveError;
use super::file_amount::FileAmount;

/// The first line of the file.
const HEADER: &str = "seconds,cost,bound";

/// Where incumbents are told.
#[derive(Debug)]
pub(super) struct Incumbents<'a> {
    common: &'a SolveCommonArgs,
    clock: &'a ProcessClock,
    /// The file, until a line cannot be written.
    file: Option<File>,
    /// How many units of what is told are one of the instance's file.
    units: u64,
    /// What was told last.
    last: Option<(Option<u128>, Option<u128>)>,
}

impl<'a> Incumbents<'a> {
    /// Makes the file, if one is asked for.
    ///
    /// # Errors
    /// A file that cannot be made.
    pub(super) fn open(common: &'a SolveCommonArgs, clock: &'a ProcessClock) -> Result<Incumbents<'a>, SolveError> {
        let create = |path: &std::path::PathBuf| {
            let made = File::create(path).and_then(|mut file| writeln!(file, "{HEADER}").map(|()| file));
            made.map_err(|source| SolveError::Write { path: path.clone(), source })
        };
        let file = common.incumbents.as_ref().map(create).transpose()?;
        Ok(Incumbents { common, clock, file, units: 1, last: None })
    }

    /// The same, for amounts of which one of the file holds so many units.
    pub(super) fn in_units(self, units: u64) -> Self {
        Incumbents { units, ..self }
    }

    /// Tells an incumbent that improved.
    pub(super) fn improved(&mut self, cost: u128, bound: u128) {
        if !self.common.json {
            let gap = gap(cost, bound) * 100.0;
            warn(&format!("{:8.2} s  cost {cost}  bound {bound}  gap {gap:.4} %", self.clock.seconds()));
        }
        self.tell(Some(cost), Some(bound));
    }

    /// Tells an incumbent of a search for the greatest value, where the bound is above.
    pub(super) fn raised(&mut self, value: u128, bound: u128) {
        if !self.common.json {
            let gap = bound.saturating_sub(value) as f64 / value.max(1) as f64 * 100.0;
            let [value, bound] = [value, bound].map(|amount| FileAmount::new(amount, self.units));
            warn(&format!("{:8.2} s  value {value}  bound {bound}  gap {gap:.4} %", self.clock.seconds()));
        }
        self.tell(Some(value), Some(bound));
    }

    /// Tells the file what a search came to, where that is more than was told before.
    pub(super) fn ended(mut self, cost: Option<u128>, bound: Option<u128>) {
        if self.last != Some((cost, bound)) {
            self.tell(cost, bound);
        }
    }

    /// One line, written through at once: whoever reads along sees it now. A file that breaks costs the lines that would
    /// follow, never the answer.
    fn tell(&mut self, cost: Option<u128>, bound: Option<u128>) {
        self.last = Some((cost, bound));
        let cell = |amount: Option<u128>| {
            amount.map_or(String::new(), |amount| FileAmount::new(amount, self.units).to_string())
        };
        let line = format!("{:.6},{},{}\n", self.clock.seconds(), cell(cost), cell(bound));
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(line.as_bytes()) {
            warn(&format!("no more incumbents are written: {error}"));
            self.file = None;
        }
    }
}

/// How far a cost is above a bound, as a share of it.
pub(super) fn gap(cost: u128, bound: u128) -> f64 {
    cost.saturating_sub(bound) as f64 / cost.max(1) as f64
}
