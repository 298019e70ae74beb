//! Where each process can ever run, whatever the others do: most of the places of a large process are ruled out beforehand.
//!
//! A process that leaves a machine still needs transient resources there, so that what is free of these never grows: whoever
//! does not fit beside all that begins on a machine never comes. A process that can go nowhere stays for good, with all that it
//! needs and with its conflicts, which rules out more. Moves are drawn from what remains.

use lessor_models::families::reassignment::Parts;
use rayon::prelude::*;

use crate::support::random::Random;
use crate::support::stop::Stop;

/// Bits of a word.
const WORD: usize = 64;

/// Machines that are listed for a process at most; of more, one is drawn until it is among them.
const LISTED_MAX: usize = 64;

/// Draws for a process that can reach more machines than are listed.
const DRAWS: usize = 12;

/// Of ten machines, how many are most. To ask for one costs a look into a table of a bit for each process and machine.
const WIDE: usize = 8;

/// How often what stays for good rules out more, at most.
const PASSES_MAX: usize = 4;

/// The machines that each process can reach from its first one, which is not among them.
#[derive(Debug)]
pub(super) struct Reach {
    machines: usize,
    words: usize,
    /// A bit for each machine, in words for each process.
    bits: Vec<u64>,
    /// Where few machines can be reached, these; nothing where there are more.
    listed: Vec<Vec<u32>>,
    /// Whether most machines can be reached, so that it is not worth asking for one.
    is_wide: Vec<bool>,
    /// Processes that can move at all.
    movable: Vec<u32>,
}

impl Reach {
    /// Works out who can go where. O(processes times machines times resources), in parallel; what stays for good then rules out
    /// more on its own machine alone. After a stop, those who were not looked at yet can go nowhere.
    pub(super) fn new(parts: &Parts, stop: &Stop) -> Reach {
        let (machines, processes) = (parts.machines.len(), parts.processes.len());
        let words = machines.div_ceil(WORD).max(1);
        let mut bits = vec![0; processes * words];
        let mut stays = vec![false; processes];
        let rooms = Rooms::new(parts, &stays);
        bits.par_chunks_mut(words).enumerate().for_each(|(process, row)| {
            if !stop.is_raised() {
                rooms.let_in(parts, process, row);
            }
        });
        for _ in 0..PASSES_MAX {
            let is_stuck = |row: &[u64]| row.iter().all(|&word| word == 0);
            let now: Vec<bool> = bits.chunks(words).map(is_stuck).collect();
            let news = (0..processes).filter(|&process| now[process] && !stays[process]);
            let mut fuller: Vec<usize> = news.map(|process| parts.start[process] as usize).collect();
            if fuller.is_empty() {
                break;
            }
            fuller.sort_unstable();
            fuller.dedup();
            stays = now;
            let rooms = Rooms::new(parts, &stays);
            bits.par_chunks_mut(words).enumerate().for_each(|(process, row)| {
                rooms.shut_out(parts, (process, row), &fuller);
            });
        }
        let listed = bits.par_chunks(words).map(list).collect();
        let is_movable = |row: &[u64]| row.iter().any(|&word| word != 0);
        let movable = (0..).zip(bits.chunks(words)).filter(|(_, row)| is_movable(row)).map(|(process, _)| process);
        let is_wide = |row: &[u64]| reached(row) * 10 >= machines * WIDE;
        let is_wide = bits.chunks(words).map(is_wide).collect();
        Reach { machines, words, movable: movable.collect(), listed, is_wide, bits }
    }

    /// The processes that can move at all.
    pub(super) fn movable(&self) -> &[u32] {
        &self.movable
    }

    /// Whether a process can ever run on a machine that is not its first one.
    pub(super) fn contains(&self, process: usize, machine: usize) -> bool {
        self.bits[process * self.words + machine / WORD] >> (machine % WORD) & 1 == 1
    }

    /// A machine that a process can reach and that suits, each as likely as any other; where that takes too long, any machine.
    #[inline]
    pub(super) fn draw(&self, process: usize, suits: impl Fn(usize) -> bool, random: &mut Random) -> usize {
        let listed = &self.listed[process];
        if !listed.is_empty() {
            return listed[random.index(listed.len())] as usize;
        }
        let is_wide = self.is_wide[process];
        let mut machine = random.index(self.machines);
        for _ in 1..DRAWS {
            if suits(machine) && (is_wide || self.contains(process, machine)) {
                break;
            }
            machine = random.index(self.machines);
        }
        machine
    }
}

/// How many machines are in a row.
fn reached(row: &[u64]) -> usize {
    row.iter().map(|word| word.count_ones() as usize).sum()
}

/// The machines of a row, where they are few.
fn list(row: &[u64]) -> Vec<u32> {
    if reached(row) > LISTED_MAX {
        return Vec::new();
    }
    let bits = (0..)
        .zip(row)
        .flat_map(|(at, &word)| (0..64_u32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit));
    bits.collect()
}

/// What those who come may need on each machine, beside what is there for good.
struct Rooms {
    resources: usize,
    free: Vec<i64>,
    /// For each service, the machines where one of its processes stays.
    taken: Vec<Vec<u32>>,
}

impl Rooms {
    fn new(parts: &Parts, stays: &[bool]) -> Rooms {
        let resources = parts.resources.len();
        let capacities = parts.machines.iter().flat_map(|machine| machine.capacities.iter().copied().map(whole));
        let mut rooms = Rooms { resources, free: capacities.collect(), taken: vec![Vec::new(); parts.services.len()] };
        for ((process, &home), &stays) in parts.processes.iter().zip(&parts.start).zip(stays) {
            let free = &mut rooms.free[home as usize * resources..][..resources];
            for ((free, &need), resource) in free.iter_mut().zip(&process.needs).zip(&parts.resources) {
                *free = free.saturating_sub(if stays || resource.is_transient { whole(need) } else { 0 });
            }
            if stays {
                rooms.taken[process.service as usize].push(home);
            }
        }
        // So far below zero that no need, of 2^53 at most, leaves 64 bits.
        rooms.free.iter_mut().for_each(|free| *free = (*free).max(-(1 << 60)));
        rooms
    }

    /// Sets the bits of the machines where a process fits, its first one left out.
    fn let_in(&self, parts: &Parts, process: usize, row: &mut [u64]) {
        let home = parts.start[process] as usize;
        let needs: Vec<i64> = parts.processes[process].needs.iter().copied().map(whole).collect();
        for machine in 0..parts.machines.len() {
            row[machine / WORD] |= u64::from(machine != home && self.fits(machine, &needs)) << (machine % WORD);
        }
    }

    /// Clears the bits of some machines where a process does not fit, or where one of its service stays.
    fn shut_out(&self, parts: &Parts, (process, row): (usize, &mut [u64]), machines: &[usize]) {
        let process = &parts.processes[process];
        let needs: Vec<i64> = process.needs.iter().copied().map(whole).collect();
        for &machine in machines {
            row[machine / WORD] &= !(u64::from(!self.fits(machine, &needs)) << (machine % WORD));
        }
        for &machine in &self.taken[process.service as usize] {
            row[machine as usize / WORD] &= !(1 << (machine as usize % WORD));
        }
    }

    fn fits(&self, machine: usize, needs: &[i64]) -> bool {
        let free = &self.free[machine * self.resources..][..self.resources];
        // One sign bit at the end is quicker than a branch for each resource.
        free.iter().zip(needs).fold(0, |signs, (free, need)| signs | (free - need)) >= 0
    }
}

/// Coefficients are at most 2^53.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
