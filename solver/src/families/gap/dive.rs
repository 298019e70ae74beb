//! Diving: fix what the fractional assignment is surest of, climb on, and so on until every item has its agent (rounding a
//! column generation that is not run to its end; Sadykov, Vanderbeck, Pessoa, Tahiri & Uchoa 2019 survey such dives).

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::residual::Residual;
use super::volume::{Scratch, Volume};

/// How a dive goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct DiveOptions {
    /// The most that the assignment may cost.
    pub(super) cost_max: f64,
    /// Steps of the climb before the first fixing, at most.
    pub(super) first_steps: u32,
    /// Steps after each fixing.
    pub(super) steps: u32,
    /// The share of the items left that is fixed at a time.
    pub(super) share: f64,
    /// How much chance shakes the fractions.
    pub(super) noise: f64,
}

/// Fractions from which on an item is fixed in any case.
const SURE: f64 = 0.97;

/// Lengths of steps below which a climb has arrived.
const LENGTH_MIN: f64 = 2e-3;

/// Dives from prices of the items; the agent of each item where the end is reached, within the limit on cost.
pub(super) fn dive(
    residual: Residual,
    prices: Vec<f64>,
    options: &DiveOptions,
    random: &mut Random,
    stop: &Stop,
) -> Option<Vec<(u32, u32)>> {
    let mut scratch = Scratch::new(stop);
    let volume = Volume::new(&residual, prices, &mut scratch);
    dive_on(residual, volume, options, random, scratch)
}

/// Dives from a climb that is under way; the agent of each item where the end is reached, within the limit on cost.
pub(super) fn dive_on(
    residual: Residual,
    mut volume: Volume,
    options: &DiveOptions,
    random: &mut Random,
    mut scratch: Scratch<'_>,
) -> Option<Vec<(u32, u32)>> {
    let stop = scratch.stop();
    let mut dive = Dive { residual, options, fixed_cost: 0.0, found: Vec::new() };
    dive.climb(&mut volume, options.first_steps, &mut scratch, stop)?;
    while !dive.residual.items.is_empty() {
        let pairs = dive.choose(&volume, random)?;
        dive.fix(&pairs);
        let left = dive.residual.fix(&pairs);
        volume.keep(&dive.residual, &left, &mut scratch);
        dive.climb(&mut volume, options.steps, &mut scratch, stop)?;
    }
    Some(dive.found)
}

struct Dive<'o> {
    residual: Residual,
    options: &'o DiveOptions,
    fixed_cost: f64,
    found: Vec<(u32, u32)>,
}

impl Dive<'_> {
    /// Climbs until the bound tells that nothing cheap enough is left below, which is `None`, or until it hardly rises.
    fn climb(&self, volume: &mut Volume, steps: u32, scratch: &mut Scratch<'_>, stop: &Stop) -> Option<()> {
        let target = self.options.cost_max - self.fixed_cost;
        for _ in 0..steps {
            if volume.bound > target + 1e-3 || stop.is_raised() {
                return None;
            }
            if volume.length() < LENGTH_MIN {
                break;
            }
            volume.step(&self.residual, target + 1.0, scratch);
        }
        stop.spend(u64::from(steps));
        (volume.bound <= target + 1e-3).then_some(())
    }

    /// The pairs to fix next, by position; `None` where an item is left that fits nowhere.
    fn choose(&self, volume: &Volume, random: &mut Random) -> Option<Vec<(usize, usize)>> {
        let mut best: Vec<Option<(f64, f64, usize)>> = vec![None; self.residual.items.len()];
        for (agent, entries) in self.residual.entries.iter().enumerate() {
            for entry in entries {
                let fraction = f64::from(volume.fractions[agent][entry.item as usize]);
                let shaken = fraction + self.options.noise * random.unit();
                let known = &mut best[entry.item as usize];
                if known.is_none_or(|(score, _, _)| shaken > score) {
                    *known = Some((shaken, fraction, agent));
                }
            }
        }
        let mut ranked = Vec::with_capacity(best.len());
        for (item, best) in best.into_iter().enumerate() {
            let (score, fraction, agent) = best?;
            ranked.push((score, fraction, item, agent));
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let least = (self.options.share * ranked.len() as f64).ceil();
        let mut room = self.residual.capacities.clone();
        let mut pairs = Vec::new();
        for (_, fraction, item, agent) in ranked {
            if pairs.len() as f64 >= least && fraction < SURE {
                break;
            }
            let weight = self.entry(item, agent).weight;
            if weight <= room[agent] {
                room[agent] -= weight;
                pairs.push((item, agent));
            }
        }
        Some(pairs)
    }

    fn entry(&self, item: usize, agent: usize) -> &super::residual::Entry {
        let found = self.residual.entries[agent].iter().find(|entry| entry.item as usize == item);
        found.expect("pairs are chosen among the entries")
    }

    fn fix(&mut self, pairs: &[(usize, usize)]) {
        for &(item, agent) in pairs {
            self.fixed_cost += f64::from(self.entry(item, agent).cost);
            self.found.push((self.residual.items[item], self.residual.agents[agent]));
        }
    }
}
