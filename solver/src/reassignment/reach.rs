//! Where each process can ever run, whatever the others do: most of the places of a large process are ruled out beforehand.
//!
//! A process that leaves a machine still needs transient resources there, so that what is free of these never grows: whoever
//! does not fit beside all that begins on a machine never comes. A process that can go nowhere stays for good, with all that it
//! needs and with its conflicts, which rules out more. Moves are drawn from what remains.

use lessor_models::families::reassignment::Parts;
use rayon::prelude::*;

use crate::random::Random;

/// Bits of a word.
const WORD: usize = 64;

/// Machines that are listed for a process at most; of more, one is drawn until it is among them.
const LISTED_MAX: usize = 64;

/// Draws for a process that can reach more machines than are listed.
const DRAWS: usize = 12;

/// How often what stays for good is looked at again.
const PASSES: usize = 4;

/// The machines that each process can reach from its first one, which is not among them.
#[derive(Debug)]
pub(super) struct Reach {
    machines: usize,
    words: usize,
    /// A bit for each machine, in words for each process.
    bits: Vec<u64>,
    /// Where few machines can be reached, these; nothing where there are more.
    listed: Vec<Vec<u32>>,
    /// Processes that can move at all.
    movable: Vec<u32>,
}

impl Reach {
    /// Works out who can go where. O(processes times machines times resources), in parallel.
    pub(super) fn new(parts: &Parts) -> Reach {
        let (machines, processes) = (parts.machines.len(), parts.processes.len());
        let words = machines.div_ceil(WORD);
        let mut bits: Vec<u64> = Vec::new();
        let mut stays = vec![false; processes];
        for _ in 0..PASSES {
            let rooms = Rooms::new(parts, &stays);
            let row = |process: usize| rooms.reached(parts, process, words);
            bits = (0..processes).into_par_iter().flat_map_iter(row).collect();
            let now: Vec<bool> = (0..processes).map(|process| is_empty(&bits, words, process)).collect();
            if now == stays {
                break;
            }
            stays = now;
        }
        let listed = (0..processes).into_par_iter().map(|process| list(&bits[process * words..][..words])).collect();
        let movable = (0..).zip(&stays).filter(|(_, stays)| !**stays).map(|(process, _)| process).collect();
        Reach { machines, words, bits, listed, movable }
    }

    /// The processes that can move at all.
    pub(super) fn movable(&self) -> &[u32] {
        &self.movable
    }

    /// Whether a process can ever run on a machine that is not its first one.
    pub(super) fn contains(&self, process: usize, machine: usize) -> bool {
        self.bits[process * self.words + machine / WORD] >> (machine % WORD) & 1 == 1
    }

    /// A machine that a process can reach, each as likely as any other; where that takes too long, any machine.
    pub(super) fn draw(&self, process: usize, random: &mut Random) -> usize {
        let listed = &self.listed[process];
        if !listed.is_empty() {
            return listed[random.index(listed.len())] as usize;
        }
        let mut machine = random.index(self.machines);
        for _ in 1..DRAWS {
            if self.contains(process, machine) {
                break;
            }
            machine = random.index(self.machines);
        }
        machine
    }
}

fn is_empty(bits: &[u64], words: usize, process: usize) -> bool {
    bits[process * words..(process + 1) * words].iter().all(|&word| word == 0)
}

/// The machines of a row, where they are few.
fn list(row: &[u64]) -> Vec<u32> {
    let count = row.iter().map(|word| word.count_ones() as usize).sum::<usize>();
    if count > LISTED_MAX {
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
        rooms
    }

    /// The row of bits of a process.
    fn reached(&self, parts: &Parts, process: usize, words: usize) -> Vec<u64> {
        let home = parts.start[process] as usize;
        let process = &parts.processes[process];
        let needs: Vec<i64> = process.needs.iter().copied().map(whole).collect();
        let mut row = vec![0; words];
        for machine in 0..parts.machines.len() {
            let free = &self.free[machine * self.resources..][..self.resources];
            // One sign bit at the end is quicker than a branch for each resource.
            let fits = free.iter().zip(&needs).fold(0, |signs, (free, need)| signs | free.saturating_sub(*need)) >= 0;
            row[machine / WORD] |= u64::from(fits && machine != home) << (machine % WORD);
        }
        for &machine in &self.taken[process.service as usize] {
            row[machine as usize / WORD] &= !(1 << (machine as usize % WORD));
        }
        row
    }
}

/// Coefficients are at most 2^53.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
