//! An assignment made from nothing: the largest processes first, each where least is broken and its needs suit the room that is
//! left best (dot product; Panigrahy, Talwar, Uyeda & Wieder 2011).

use std::collections::BTreeSet;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::lowered::Lowered;

/// Machines that are tried for a process; of more machines, its first one and so many that it can reach are drawn.
const TRIED: usize = 256;

/// The machine of each process; `noise` is how much chance shakes the order. Those that the stop leaves out stay where they
/// start. Takes `O(processes * machines tried * resources)`.
pub(super) fn construct(instance: &Lowered, noise: f64, random: &mut Random, stop: &Stop) -> Vec<u32> {
    let mut made = Construction::new(instance);
    let mut order: Vec<(f64, usize)> = (0..instance.processes)
        .map(|process| (made.share(instance.all_needs(process)) * (1.0 + noise * random.unit()), process))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, process) in order {
        if stop.is_raised() {
            break;
        }
        let to = made.best(process, random);
        made.put(process, to);
    }
    made.at
}

struct Construction<'a> {
    instance: &'a Lowered,
    /// The machine of each process; of those that come later, where they start.
    at: Vec<u32>,
    /// What is free of each machine's resources: what begins there keeps what is transient.
    free: Vec<i64>,
    /// What machines have of each resource on average.
    means: Vec<f64>,
    /// Pairs of a service with its machines, its locations and its neighborhoods so far.
    on: BTreeSet<(usize, usize)>,
    locations: BTreeSet<(usize, u32)>,
    neighborhoods: BTreeSet<(usize, u32)>,
    /// How many locations each service has so far.
    spreads: Vec<u32>,
}

impl<'a> Construction<'a> {
    fn new(instance: &'a Lowered) -> Construction<'a> {
        let resources = instance.resources;
        let mut free = instance.capacities.clone();
        for (process, &home) in instance.start.iter().enumerate() {
            let needs = instance.all_needs(process).iter().zip(instance.needs(process, home as usize));
            let row = &mut free[home as usize * resources..][..resources];
            row.iter_mut().zip(needs).for_each(|(free, (all, lasting))| *free -= all - lasting);
        }
        let mut means = vec![0.0; resources];
        for row in instance.capacities.chunks_exact(resources.max(1)) {
            means.iter_mut().zip(row).for_each(|(mean, &capacity)| *mean += capacity as f64 / instance.machines as f64);
        }
        Construction {
            instance,
            at: instance.start.clone(),
            free,
            means,
            on: BTreeSet::new(),
            locations: BTreeSet::new(),
            neighborhoods: BTreeSet::new(),
            spreads: vec![0; instance.rules.len()],
        }
    }

    /// The greatest share of an average machine that needs take.
    fn share(&self, needs: &[i64]) -> f64 {
        needs.iter().zip(&self.means).map(|(&need, &mean)| need as f64 / mean.max(1.0)).fold(0.0, f64::max)
    }

    /// The machine for a process.
    fn best(&self, process: usize, random: &mut Random) -> usize {
        let (home, machines, reach) =
            (self.instance.start[process] as usize, self.instance.machines, &self.instance.reach);
        let tried = machines.min(TRIED);
        let mut best: Option<((f64, f64), usize)> = None;
        for at in 0..tried {
            let to = match at {
                _ if tried == machines => at,
                0 => home,
                _ => reach.draw(process, |_| true, random),
            };
            if to != home && !reach.contains(process, to) {
                continue;
            }
            let key = self.key(process, to);
            if best.is_none_or(|(least, _)| key < least) {
                best = Some((key, to));
            }
        }
        best.map_or(home, |(_, to)| to)
    }

    /// What a process breaks on a machine, and how badly its needs suit what is left there.
    fn key(&self, process: usize, to: usize) -> (f64, f64) {
        let (instance, service) = (self.instance, self.instance.service[process] as usize);
        let (mut lacking, mut product) = (0.0, 0.0);
        let row = &self.free[to * instance.resources..][..instance.resources];
        for ((&free, &need), mean) in row.iter().zip(instance.needs(process, to)).zip(&self.means) {
            let (free, need) = (free as f64 / mean.max(1.0), need as f64 / mean.max(1.0));
            lacking += (need - free.max(0.0)).max(0.0);
            product += need * free;
        }
        let rules = &instance.rules[service];
        let has_location = self.locations.contains(&(service, instance.location[to]));
        let has_neighbor = |&&on: &&u32| self.neighborhoods.contains(&(on as usize, instance.neighborhood[to]));
        let unmet = rules.dependencies.len() - rules.dependencies.iter().filter(has_neighbor).count();
        let broken = usize::from(self.on.contains(&(service, to)))
            + usize::from(has_location && self.spreads[service] < rules.spread)
            + usize::from(lacking > 0.0)
            + unmet;
        (broken as f64 + lacking, -product)
    }

    fn put(&mut self, process: usize, to: usize) {
        let (instance, service) = (self.instance, self.instance.service[process] as usize);
        let row = &mut self.free[to * instance.resources..][..instance.resources];
        row.iter_mut().zip(instance.needs(process, to)).for_each(|(free, need)| *free -= need);
        self.on.insert((service, to));
        self.spreads[service] += u32::from(self.locations.insert((service, instance.location[to])));
        self.neighborhoods.insert((service, instance.neighborhood[to]));
        self.at[process] = u32::try_from(to).expect("machines are counted in 32 bits");
    }
}
