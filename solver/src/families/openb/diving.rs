//! Whole numbers of fillings: the program's solution rounded down and its largest parts up, then the same again with new fillings
//! for what that leaves of nodes and pods, until nothing is left (diving with pricing; Sadykov et al. 2019).

use crate::support::numbers::floor;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::filling::seated;
use super::rooms::Rooms;
use super::whole_nodes::{Known, Master, PART_MIN, Pool, Stock};

/// The nodes for which a step of a dive rounds up, as one in so many of those that are left.
const STEP: u32 = 8;

/// Rounds of new fillings after each step of a dive.
const ROUNDS: u64 = 2;

/// The placement that a dive from the solution of all nodes comes to.
pub(super) fn dive<'a>(pool: &mut Pool<'a>, master: &Master, random: &mut Random, stop: &Stop) -> Rooms<'a> {
    let mut supply = Stock::all(pool.instance);
    let mut taken: Vec<(usize, u32)> = Vec::new();
    let mut parts = round_down(pool, master, &mut supply, &mut taken);
    while supply.nodes() > 0 && !parts.is_empty() && !stop.is_raised() {
        round_up(pool, &parts, &mut supply, &mut taken);
        let Some(mut rest) = Master::start(supply.clone()) else { break };
        rest.admit(pool);
        if !rest.generate(pool, ROUNDS, random, stop) {
            break;
        }
        parts = round_down(pool, &rest, &mut supply, &mut taken);
    }
    placement(pool, &taken)
}

/// Takes what a solution has of each filling, rounded down; what it has beyond, the largest parts first.
fn round_down(
    pool: &Pool<'_>,
    master: &Master,
    supply: &mut Stock,
    taken: &mut Vec<(usize, u32)>,
) -> Vec<(f64, usize)> {
    let values = master.solution.iter().flat_map(|solution| &solution.values);
    let mut parts = Vec::new();
    for (&at, &value) in master.columns.iter().zip(values) {
        let known = &pool.known[at];
        let times = u32::try_from(floor(value + PART_MIN)).unwrap_or(0).min(supply.most(known));
        if times > 0 {
            supply.take(known, times);
            taken.push((at, times));
        }
        let part = value - f64::from(times);
        if part > PART_MIN {
            parts.push((part, at));
        }
    }
    parts.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    parts
}

/// Takes one of each of the largest parts that there is still supply for, for some of the nodes that are left.
fn round_up(pool: &Pool<'_>, parts: &[(f64, usize)], supply: &mut Stock, taken: &mut Vec<(usize, u32)>) {
    let mut due = supply.nodes().div_ceil(STEP);
    for &(_, at) in parts {
        let known = &pool.known[at];
        if due > 0 && supply.most(known) > 0 {
            supply.take(known, 1);
            taken.push((at, 1));
            due -= 1;
        }
    }
}

/// Nodes that hold the fillings that were taken; what is left of the nodes holds nothing.
fn placement<'a>(pool: &Pool<'a>, taken: &[(usize, u32)]) -> Rooms<'a> {
    let instance = pool.instance;
    let mut nodes: Vec<Vec<u32>> = vec![Vec::new(); instance.kinds.len()];
    for (node, &kind) in (0..).zip(&instance.kind_of) {
        nodes[kind as usize].push(node);
    }
    let mut of_nodes: Vec<(u32, &Known)> = Vec::new();
    for &(at, times) in taken {
        let known = &pool.known[at];
        let free = &mut nodes[known.kind];
        let drawn = free.split_off(free.len().saturating_sub(times as usize));
        of_nodes.extend(drawn.into_iter().map(|node| (node, known)));
    }
    seated(instance, of_nodes.into_iter().map(|(node, known)| (node, known.pieces.as_slice())))
}
