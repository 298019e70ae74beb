//! All assignments, where they are few: chains of moves that break nothing do not lead from each to every other.

use crate::support::stop::Stop;

use super::lowered::Lowered;

/// Assignments that are few.
const FEW: u64 = 1 << 16;
/// Assignments between two looks at the stop.
const LOOK_EVERY: u64 = 1 << 8;

/// Tries every machine within reach for each process; whether all assignments were tried.
pub(super) fn enumerate(lowered: &Lowered, stop: &Stop, tried: &mut dyn FnMut(&[u32])) -> bool {
    let machines = u32::try_from(lowered.machines).expect("machines are numbered in 32 bits");
    let of_process = |process: usize| -> Vec<u32> {
        let home = lowered.start[process];
        (0..machines).filter(|&machine| machine == home || lowered.reach.contains(process, machine as usize)).collect()
    };
    let mut choices: Vec<Vec<u32>> = Vec::with_capacity(lowered.processes);
    let mut count = 1_u64;
    for process in 0..lowered.processes {
        choices.push(of_process(process));
        count = count.saturating_mul(choices[process].len() as u64);
        if count > FEW {
            return false;
        }
    }
    let mut at = vec![0; lowered.processes];
    for number in 0..count {
        if number.is_multiple_of(LOOK_EVERY) && stop.is_raised() {
            return false;
        }
        let assignment: Vec<u32> = choices.iter().zip(&at).map(|(choices, &at)| choices[at]).collect();
        tried(&assignment);
        for (place, choices) in at.iter_mut().zip(&choices) {
            *place = (*place + 1) % choices.len();
            if *place > 0 {
                break;
            }
        }
    }
    true
}
