//! What moves come to: what a shift or a swap adds to the cost, if it may be.

use crate::families::reassignment::lowered::NONE;

use super::{Move, State};

impl State<'_> {
    /// What a move adds to the cost, if it may be.
    #[inline]
    pub(in crate::families::reassignment) fn difference(&self, step: Move) -> Option<f64> {
        match step {
            Move::Shift { process, to } => self.shift_difference(process, to),
            Move::Swap { one, other } => self.swap_difference(one, other),
        }
    }

    /// The same where dependencies do not matter.
    pub(in crate::families::reassignment) fn difference_but_for_dependencies(&self, step: Move) -> Option<f64> {
        match step {
            Move::Shift { process, to } => self.suits_shift(process, to).then(|| self.shift_rise(process, to)),
            Move::Swap { one, other } => self.suits_swap(one, other).then(|| self.swap_rise(one, other)),
        }
    }

    #[inline]
    fn shift_difference(&self, process: usize, to: usize) -> Option<f64> {
        let service = self.instance.service[process] as usize;
        let may_be =
            self.suits_shift(process, to) && self.keeps_dependencies(service, self.machine_of(process), to, NONE);
        may_be.then(|| self.shift_rise(process, to))
    }

    #[inline]
    fn swap_difference(&self, one: usize, other: usize) -> Option<f64> {
        let may_be = self.suits_swap(one, other) && self.keeps_dependencies_in_swap(one, other);
        may_be.then(|| self.swap_rise(one, other))
    }

    /// What a shift adds to the cost.
    #[inline]
    fn shift_rise(&self, process: usize, to: usize) -> f64 {
        let instance = self.instance;
        let from = self.machine_of(process);
        let burden = instance.burden(process);
        let machines = sum_after(self.row(to), burden, 1.0) - self.costs[to] + sum_after(self.row(from), burden, -1.0)
            - self.costs[from];
        let moves = instance.move_cost(process, to) - self.moving[process];
        machines + moves + self.service_difference(&[self.moved_by(process, from, to)])
    }

    /// What a swap adds to the cost.
    #[inline]
    fn swap_rise(&self, one: usize, other: usize) -> f64 {
        let instance = self.instance;
        let (from, to) = (self.machine_of(one), self.machine_of(other));
        let (leaves, comes) = (instance.burden(one), instance.burden(other));
        let machines = sum_after_swap(self.row(from), leaves, comes) - self.costs[from]
            + sum_after_swap(self.row(to), comes, leaves)
            - self.costs[to];
        let moves =
            instance.move_cost(one, to) - self.moving[one] + instance.move_cost(other, from) - self.moving[other];
        let moved = [self.moved_by(one, from, to), self.moved_by(other, to, from)];
        machines + moves + self.service_difference(&moved)
    }

    /// The service of a process, and by how much its number of moved processes changes.
    #[inline]
    pub(super) fn moved_by(&self, process: usize, from: usize, to: usize) -> (usize, i32) {
        let start = self.instance.start[process] as usize;
        (self.instance.service[process] as usize, i32::from(from == start) - i32::from(to == start))
    }

    /// What the most moves within a service cost more after so many moves more of at most two services.
    #[inline]
    fn service_difference(&self, moved: &[(usize, i32)]) -> f64 {
        if moved.iter().all(|&(_, by)| by == 0) {
            return 0.0;
        }
        let mut changes = [(NONE, 0_u32, 0_u32); 2];
        let mut count = 0;
        for &(service, by) in moved {
            match changes[..count].iter_mut().find(|change| change.0 == service) {
                Some(change) => change.2 = change.2.saturating_add_signed(by),
                None => {
                    let before = self.moved[service];
                    changes[count] = (service, before, before.saturating_add_signed(by));
                    count += 1;
                }
            }
        }
        let changes = &changes[..count];
        let raised = changes.iter().map(|change| change.2 as usize).max().unwrap_or(0);
        let is_left = |level: usize| {
            let lost = changes.iter().filter(|change| change.1 as usize == level).count();
            self.services_by_moved[level] as usize > lost
        };
        let mut most = self.most_moved;
        while most > raised && !is_left(most) {
            most -= 1;
        }
        self.instance.service_weight * (most.max(raised) as f64 - self.most_moved as f64)
    }

    /// A process has gone from one machine to another: counts its service's moves.
    #[inline]
    pub(super) fn count_moved(&mut self, process: usize, from: usize, to: usize) {
        let (service, by) = self.moved_by(process, from, to);
        let (before, most) = (self.moved[service], self.most_moved);
        let after = before.saturating_add_signed(by);
        self.services_by_moved[before as usize] -= 1;
        self.services_by_moved[after as usize] += 1;
        self.moved[service] = after;
        self.most_moved = self.most_moved.max(after as usize);
        while self.most_moved > 0 && self.services_by_moved[self.most_moved] == 0 {
            self.most_moved -= 1;
        }
        self.cost += self.instance.service_weight * (self.most_moved as f64 - most as f64);
    }

    #[inline]
    pub(super) fn burden(&mut self, process: usize, machine: usize, sign: f64) {
        let burden = self.instance.burden(process);
        let row = self.columns_of(machine);
        for (column, burden) in row.iter_mut().zip(burden) {
            *column += sign * burden;
        }
        let cost = positive(row);
        self.cost += cost - self.costs[machine];
        self.costs[machine] = cost;
    }

    #[inline]
    fn row(&self, machine: usize) -> &[f64] {
        &self.columns[machine * self.instance.columns..(machine + 1) * self.instance.columns]
    }

    #[inline]
    pub(super) fn columns_of(&mut self, machine: usize) -> &mut [f64] {
        let columns = self.instance.columns;
        &mut self.columns[machine * columns..(machine + 1) * columns]
    }
}

pub(super) fn positive(row: &[f64]) -> f64 {
    row.iter().map(|&column| column.max(0.0)).sum()
}

/// The sum of positive parts once a burden has come or gone.
fn sum_after(row: &[f64], burden: &[f64], sign: f64) -> f64 {
    let (row, burden) = (row.as_chunks::<2>().0, burden.as_chunks::<2>().0);
    let mut sums = [0.0; 2];
    for (row, burden) in row.iter().zip(burden) {
        sums[0] += (row[0] + sign * burden[0]).max(0.0);
        sums[1] += (row[1] + sign * burden[1]).max(0.0);
    }
    sums[0] + sums[1]
}

/// The sum of positive parts once one burden has gone and another has come.
fn sum_after_swap(row: &[f64], leaves: &[f64], comes: &[f64]) -> f64 {
    let mut sums = [0.0; 2];
    let (leaves, comes) = (leaves.as_chunks::<2>().0, comes.as_chunks::<2>().0);
    for ((row, leaves), comes) in row.as_chunks::<2>().0.iter().zip(leaves).zip(comes) {
        sums[0] += (row[0] - leaves[0] + comes[0]).max(0.0);
        sums[1] += (row[1] - leaves[1] + comes[1]).max(0.0);
    }
    sums[0] + sums[1]
}
