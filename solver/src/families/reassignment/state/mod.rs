//! An assignment with everything that tells at once what a shift or a swap costs and whether it may be.
//!
//! What a move adds to the cost is in [`costs`], what machines have free in [`room`], what rules forbid otherwise in
//! [`rules`], and how moves are kept within some machines in [`region`].

mod costs;
mod region;
mod room;
mod rules;

use crate::support::random::Random;

use super::lowered::{Lowered, NONE, Rules};
use super::reach::Reach;

use costs::positive;

pub(super) use region::Regions;

/// Bits of a word.
const WORD: usize = 64;

/// A move of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// A process goes to another machine.
    Shift { process: usize, to: usize },
    /// Two processes change places.
    Swap { one: usize, other: usize },
}

/// An assignment and its sums.
#[derive(Clone, Debug)]
pub(super) struct State<'a> {
    instance: &'a Lowered,
    /// The machine of each process.
    at: Vec<u32>,
    /// What it costs that each is there and not where it began.
    moving: Vec<f64>,
    cost: f64,
    /// What is free of each machine's resources.
    free: Vec<i64>,
    /// The columns of each machine, see [`Lowered`], and their sum of positive parts.
    columns: Vec<f64>,
    costs: Vec<f64>,
    /// For each conflict row, a bit for each machine that has a process of the service.
    present: Vec<u64>,
    words: usize,
    /// For each spread row, the processes at each location, and at how many there are any.
    at_locations: Vec<u32>,
    spreads: Vec<u32>,
    /// For each spread row, at how many there must be any.
    least_spreads: Vec<u32>,
    /// The machines that moves may lead from and to.
    is_open: Vec<bool>,
    /// For each dependency row, the processes in each neighborhood.
    in_neighborhoods: Vec<u32>,
    /// Whether each machine lacks something, and how many do.
    is_short: Vec<bool>,
    short: usize,
    /// The processes of each machine, and the position of each among them.
    members: Vec<Vec<u32>>,
    positions: Vec<usize>,
    /// Moved processes of each service, and services by that number.
    moved: Vec<u32>,
    services_by_moved: Vec<u32>,
    most_moved: usize,
}

impl<'a> State<'a> {
    /// The state of an assignment, which names a machine that is there for every process.
    pub(super) fn new(instance: &'a Lowered, at: &[u32]) -> State<'a> {
        let rows = |row: fn(&Rules) -> usize| instance.rules.iter().filter(|rules| row(rules) != NONE).count();
        let words = instance.machines.div_ceil(WORD);
        let spread_rows = rows(|rules| rules.spread_row);
        let mut services_by_moved = vec![0; instance.processes + 1];
        services_by_moved[0] = u32::try_from(instance.rules.len()).expect("services are counted in 32 bits");
        let mut state = State {
            instance,
            at: instance.start.clone(),
            moving: vec![0.0; instance.processes],
            cost: 0.0,
            free: instance.capacities.clone(),
            columns: instance.idle.clone(),
            costs: vec![0.0; instance.machines],
            present: vec![0; rows(|rules| rules.conflict_row) * words],
            words,
            at_locations: vec![0; spread_rows * instance.locations],
            spreads: vec![0; spread_rows],
            least_spreads: vec![0; spread_rows],
            is_open: vec![true; instance.machines],
            in_neighborhoods: vec![0; rows(|rules| rules.dependency_row) * instance.neighborhoods],
            is_short: vec![false; instance.machines],
            short: 0,
            members: vec![Vec::new(); instance.machines],
            positions: vec![0; instance.processes],
            moved: vec![0; instance.rules.len()],
            services_by_moved,
            most_moved: 0,
        };
        for process in 0..instance.processes {
            let machine = instance.start[process] as usize;
            add(&mut state.free, instance.all_needs(process), machine, -1);
            state.count(process, machine);
            state.list(process, machine);
            for (column, burden) in state.columns_of(machine).iter_mut().zip(instance.burden(process)) {
                *column += burden;
            }
            state.moving[process] = instance.move_cost(process, machine);
            state.cost += state.moving[process];
        }
        for machine in 0..instance.machines {
            state.look_for_room(machine);
            state.costs[machine] = positive(state.columns_of(machine));
            state.cost += state.costs[machine];
        }
        for rules in instance.rules.iter().filter(|rules| rules.spread_row != NONE) {
            state.least_spreads[rules.spread_row] = rules.spread;
        }
        state.follow(at);
        state
    }

    /// Puts every process on its machine of an assignment, whatever that breaks.
    pub(super) fn follow(&mut self, at: &[u32]) {
        let places: Vec<(usize, usize)> = at.iter().map(|&machine| machine as usize).enumerate().collect();
        self.put(&places);
        // Where a machine had two of one service, the first that left took the mark of the other along.
        (0..self.at.len()).for_each(|process| self.mark(process, self.machine_of(process)));
    }

    /// Where each process can ever run.
    pub(super) fn reach(&self) -> &'a Reach {
        &self.instance.reach
    }

    /// A machine that a process can reach, each that is open as likely as any other; where that takes too long, any machine.
    #[inline]
    pub(super) fn draw_machine(&self, process: usize, random: &mut Random) -> usize {
        self.reach().draw(process, |machine| self.is_open[machine], random)
    }

    /// The machine of each process.
    pub(super) fn machines(&self) -> &[u32] {
        &self.at
    }

    /// The machine of a process.
    pub(super) fn machine_of(&self, process: usize) -> usize {
        self.at[process] as usize
    }

    /// Where a process runs before.
    pub(super) fn home(&self, process: usize) -> usize {
        self.instance.start[process] as usize
    }

    /// The sum of all costs.
    pub(super) fn cost(&self) -> f64 {
        self.cost
    }

    /// Does a move, whatever it breaks.
    pub(super) fn apply(&mut self, step: Move) {
        match step {
            Move::Shift { process, to } => self.shift(process, to),
            Move::Swap { one, other } => {
                let (from, to) = (self.machine_of(one), self.machine_of(other));
                if from == to {
                    return;
                }
                // As in `put`, without its lists.
                self.leave(one);
                self.leave(other);
                self.come(one, to);
                self.come(other, from);
                self.count_moved(one, from, to);
                self.count_moved(other, to, from);
            }
        }
    }

    /// Puts processes on machines, whatever that breaks. All leave before any comes: where two of one service follow each
    /// other, each finds the other's mark gone.
    fn put(&mut self, places: &[(usize, usize)]) {
        let moves = places.iter().map(|&(process, to)| (process, self.machine_of(process), to));
        let moves: Vec<(usize, usize, usize)> = moves.filter(|&(_, from, to)| from != to).collect();
        for &(process, _, _) in &moves {
            self.leave(process);
        }
        for &(process, from, to) in &moves {
            self.come(process, to);
            self.count_moved(process, from, to);
        }
    }

    /// The processes of a machine, in no order.
    pub(super) fn members(&self, machine: usize) -> &[u32] {
        &self.members[machine]
    }

    /// Moves a process, whatever that breaks.
    fn shift(&mut self, process: usize, to: usize) {
        let from = self.machine_of(process);
        if from != to {
            self.leave(process);
            self.come(process, to);
            self.count_moved(process, from, to);
        }
    }

    /// Takes a process off its machine.
    fn leave(&mut self, process: usize) {
        let instance = self.instance;
        let from = self.machine_of(process);
        add(&mut self.free, instance.needs(process, from), from, 1);
        self.uncount(process, from);
        self.unlist(process, from);
        self.look_for_room(from);
        self.burden(process, from, -1.0);
        self.cost -= self.moving[process];
    }

    /// Puts a process that left on a machine.
    fn come(&mut self, process: usize, to: usize) {
        let instance = self.instance;
        add(&mut self.free, instance.needs(process, to), to, -1);
        self.count(process, to);
        self.list(process, to);
        self.look_for_room(to);
        self.burden(process, to, 1.0);
        self.moving[process] = instance.move_cost(process, to);
        self.cost += self.moving[process];
        self.at[process] = u32::try_from(to).expect("machines are counted in 32 bits");
    }

    /// A machine has a process now.
    fn list(&mut self, process: usize, machine: usize) {
        self.positions[process] = self.members[machine].len();
        self.members[machine].push(u32::try_from(process).expect("processes are counted in 32 bits"));
    }

    /// A machine no longer has a process; the last one takes its position.
    fn unlist(&mut self, process: usize, machine: usize) {
        let position = self.positions[process];
        self.members[machine].swap_remove(position);
        if let Some(&last) = self.members[machine].get(position) {
            self.positions[last as usize] = position;
        }
    }
}

fn add(free: &mut [i64], needs: &[i64], machine: usize, sign: i64) {
    let row = &mut free[machine * needs.len()..(machine + 1) * needs.len()];
    for (free, need) in row.iter_mut().zip(needs) {
        *free += sign * need;
    }
}
