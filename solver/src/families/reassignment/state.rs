//! An assignment with everything that tells at once what a shift or a swap costs and whether it may be.

use super::lowered::{Lowered, NONE, Rules};
use super::reach::Reach;

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
            cost: 0.0,
            free: instance.capacities.clone(),
            columns: instance.idle.clone(),
            costs: vec![0.0; instance.machines],
            present: vec![0; rows(|rules| rules.conflict_row) * words],
            words,
            at_locations: vec![0; spread_rows * instance.locations],
            spreads: vec![0; spread_rows],
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
            state.cost += instance.move_cost(process, machine);
        }
        for machine in 0..instance.machines {
            state.look_for_room(machine);
            state.costs[machine] = positive(state.columns_of(machine));
            state.cost += state.costs[machine];
        }
        let places: Vec<(usize, usize)> = at.iter().map(|&machine| machine as usize).enumerate().collect();
        state.put(&places);
        state
    }

    /// Where each process can ever run.
    pub(super) fn reach(&self) -> &'a Reach {
        &self.instance.reach
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

    /// What a move adds to the cost, if it may be.
    pub(super) fn difference(&self, step: Move) -> Option<f64> {
        match step {
            Move::Shift { process, to } => self.shift_difference(process, to),
            Move::Swap { one, other } => self.swap_difference(one, other),
        }
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

    /// Whether a process may go to a machine, room aside.
    pub(super) fn allows(&self, process: usize, to: usize) -> bool {
        let from = self.machine_of(process);
        let service = self.instance.service[process] as usize;
        let rules = &self.instance.rules[service];
        from != to
            && !self.is_present(rules, to)
            && self.keeps_spread(rules, from, to)
            && self.keeps_dependencies(service, from, to, NONE)
    }

    /// Whether no machine lacks anything. Moves keep that; where a start does not have it, they lead there.
    pub(super) fn has_room_everywhere(&self) -> bool {
        self.short == 0
    }

    fn look_for_room(&mut self, machine: usize) {
        let is_short = self.free_of(machine).iter().fold(0, |signs, free| signs | free) < 0;
        self.short = self.short + usize::from(is_short) - usize::from(self.is_short[machine]);
        self.is_short[machine] = is_short;
    }

    /// What a machine lacks of all its resources.
    pub(super) fn missing(&self, machine: usize) -> i64 {
        self.free_of(machine).iter().map(|&free| (-free).max(0)).sum()
    }

    /// How much a machine lacks: a thousand for each resource, and a thousandth part of its capacity counts one more.
    pub(super) fn lacking(&self, machine: usize) -> i64 {
        let capacities = &self.instance.capacities[machine * self.instance.resources..];
        let short = self.free_of(machine).iter().zip(capacities).filter(|&(&free, _)| free < 0);
        let parts = short.map(|(&free, &capacity)| 1_000 + i128::from(-free) * 1_000 / i128::from(capacity.max(1)));
        parts.map(|part| i64::try_from(part.min(1 << 40)).expect("it is cut")).sum()
    }

    /// In how many more locations a service must be.
    pub(super) fn locations_missing(&self, service: usize) -> u32 {
        let rules = &self.instance.rules[service];
        if rules.spread_row == NONE { 0 } else { rules.spread.saturating_sub(self.spreads[rules.spread_row]) }
    }

    /// What a machine would lack without one of its processes.
    pub(super) fn missing_without(&self, machine: usize, process: usize) -> i64 {
        let needs = self.instance.needs(process, machine);
        self.free_of(machine).iter().zip(needs).map(|(&free, &need)| (-free - need).max(0)).sum()
    }

    fn shift_difference(&self, process: usize, to: usize) -> Option<f64> {
        let instance = self.instance;
        let from = self.machine_of(process);
        if !self.has_room(to, instance.needs(process, to)) || !self.allows(process, to) {
            return None;
        }
        let burden = instance.burden(process);
        let machines = sum_after(self.row(to), burden, 1.0) - self.costs[to] + sum_after(self.row(from), burden, -1.0)
            - self.costs[from];
        let moves = instance.move_cost(process, to) - instance.move_cost(process, from);
        Some(machines + moves + self.service_difference(&[self.moved_by(process, from, to)]))
    }

    fn swap_difference(&self, one: usize, other: usize) -> Option<f64> {
        let instance = self.instance;
        let (from, to) = (self.machine_of(one), self.machine_of(other));
        let services = [instance.service[one] as usize, instance.service[other] as usize];
        if from == to || !self.has_room_for_swap(one, other) {
            return None;
        }
        if services[0] != services[1] {
            let [first, second] = services.map(|service| &instance.rules[service]);
            let keeps = !self.is_present(first, to)
                && !self.is_present(second, from)
                && self.keeps_spread(first, from, to)
                && self.keeps_spread(second, to, from)
                && self.keeps_dependencies(services[0], from, to, services[1])
                && self.keeps_dependencies(services[1], to, from, services[0]);
            if !keeps {
                return None;
            }
        }
        let (leaves, comes) = (instance.burden(one), instance.burden(other));
        let machines = sum_after_swap(self.row(from), leaves, comes) - self.costs[from]
            + sum_after_swap(self.row(to), comes, leaves)
            - self.costs[to];
        let moves = instance.move_cost(one, to) - instance.move_cost(one, from) + instance.move_cost(other, from)
            - instance.move_cost(other, to);
        let moved = [self.moved_by(one, from, to), self.moved_by(other, to, from)];
        Some(machines + moves + self.service_difference(&moved))
    }

    fn row(&self, machine: usize) -> &[f64] {
        &self.columns[machine * self.instance.columns..(machine + 1) * self.instance.columns]
    }

    fn columns_of(&mut self, machine: usize) -> &mut [f64] {
        let columns = self.instance.columns;
        &mut self.columns[machine * columns..(machine + 1) * columns]
    }

    fn free_of(&self, machine: usize) -> &[i64] {
        &self.free[machine * self.instance.resources..(machine + 1) * self.instance.resources]
    }

    fn has_room(&self, machine: usize, needs: &[i64]) -> bool {
        // One sign bit at the end is quicker than a branch for each resource.
        self.free_of(machine).iter().zip(needs).fold(0, |signs, (free, need)| signs | (free - need)) >= 0
    }

    fn has_room_for_swap(&self, one: usize, other: usize) -> bool {
        let (from, to) = (self.machine_of(one), self.machine_of(other));
        let fits = |machine: usize, comes: usize, leaves: usize| {
            let needs = self.instance.needs(comes, machine).iter().zip(self.instance.needs(leaves, machine));
            let free = self.free_of(machine).iter().zip(needs);
            free.fold(0, |signs, (free, (comes, leaves))| signs | (free + leaves - comes)) >= 0
        };
        fits(to, one, other) && fits(from, other, one)
    }

    fn is_present(&self, rules: &Rules, machine: usize) -> bool {
        let row = rules.conflict_row;
        row != NONE && self.present[row * self.words + machine / WORD] >> (machine % WORD) & 1 == 1
    }

    /// Whether a service is in enough locations once a process of it has moved.
    fn keeps_spread(&self, rules: &Rules, from: usize, to: usize) -> bool {
        let row = rules.spread_row;
        if row == NONE {
            return true;
        }
        let [from, to] = [from, to].map(|machine| self.instance.location[machine] as usize);
        if from == to {
            return true;
        }
        let count = |location: usize| self.at_locations[row * self.instance.locations + location];
        let before = self.spreads[row];
        let after = before + u32::from(count(to) == 0) - u32::from(count(from) == 1);
        after >= rules.spread.min(before)
    }

    /// Whether dependencies hold once a process of a service has moved, and one of a partner has moved the other way.
    fn keeps_dependencies(&self, service: usize, from: usize, to: usize, partner: usize) -> bool {
        let rules = &self.instance.rules[service];
        if rules.dependency_row == NONE {
            return true;
        }
        let [from, to] = [from, to].map(|machine| self.instance.neighborhood[machine] as usize);
        if from == to {
            return true;
        }
        let is_there = |&on: &u32| self.neighbors(on as usize, to) > u32::from(on as usize == partner);
        let is_gone = |&by: &u32| by as usize != partner && self.neighbors(by as usize, from) == 0;
        rules.dependencies.iter().all(is_there)
            && (self.neighbors(service, from) > 1 || rules.dependants.iter().all(is_gone))
    }

    /// Processes of a service, which has a dependency row, in a neighborhood.
    pub(super) fn neighbors(&self, service: usize, neighborhood: usize) -> u32 {
        self.in_neighborhoods[self.instance.rules[service].dependency_row * self.instance.neighborhoods + neighborhood]
    }

    /// The service of a process, and by how much its number of moved processes changes.
    fn moved_by(&self, process: usize, from: usize, to: usize) -> (usize, i32) {
        let start = self.instance.start[process] as usize;
        (self.instance.service[process] as usize, i32::from(from == start) - i32::from(to == start))
    }

    /// What the most moves within a service cost more after so many moves more of at most two services.
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
        self.cost -= instance.move_cost(process, from);
    }

    /// Puts a process that left on a machine.
    fn come(&mut self, process: usize, to: usize) {
        let instance = self.instance;
        add(&mut self.free, instance.needs(process, to), to, -1);
        self.count(process, to);
        self.list(process, to);
        self.look_for_room(to);
        self.burden(process, to, 1.0);
        self.cost += instance.move_cost(process, to);
        self.at[process] = u32::try_from(to).expect("machines are counted in 32 bits");
    }

    fn burden(&mut self, process: usize, machine: usize, sign: f64) {
        let burden = self.instance.burden(process);
        let row = self.columns_of(machine);
        for (column, burden) in row.iter_mut().zip(burden) {
            *column += sign * burden;
        }
        let cost = positive(row);
        self.cost += cost - self.costs[machine];
        self.costs[machine] = cost;
    }

    /// A process has gone from one machine to another: counts its service's moves.
    fn count_moved(&mut self, process: usize, from: usize, to: usize) {
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

    /// A process is on a machine now.
    fn count(&mut self, process: usize, machine: usize) {
        let instance = self.instance;
        let rules = &instance.rules[instance.service[process] as usize];
        if rules.conflict_row != NONE {
            self.present[rules.conflict_row * self.words + machine / WORD] |= 1 << (machine % WORD);
        }
        if rules.spread_row != NONE {
            let location = instance.location[machine] as usize;
            let here = &mut self.at_locations[rules.spread_row * instance.locations + location];
            self.spreads[rules.spread_row] += u32::from(*here == 0);
            *here += 1;
        }
        if rules.dependency_row != NONE {
            let neighborhood = instance.neighborhood[machine] as usize;
            self.in_neighborhoods[rules.dependency_row * instance.neighborhoods + neighborhood] += 1;
        }
    }

    /// A process is no longer on a machine.
    fn uncount(&mut self, process: usize, machine: usize) {
        let instance = self.instance;
        let rules = &instance.rules[instance.service[process] as usize];
        if rules.conflict_row != NONE {
            self.present[rules.conflict_row * self.words + machine / WORD] &= !(1 << (machine % WORD));
        }
        if rules.spread_row != NONE {
            let location = instance.location[machine] as usize;
            let here = &mut self.at_locations[rules.spread_row * instance.locations + location];
            *here -= 1;
            self.spreads[rules.spread_row] -= u32::from(*here == 0);
        }
        if rules.dependency_row != NONE {
            let neighborhood = instance.neighborhood[machine] as usize;
            self.in_neighborhoods[rules.dependency_row * instance.neighborhoods + neighborhood] -= 1;
        }
    }
}

fn add(free: &mut [i64], needs: &[i64], machine: usize, sign: i64) {
    let row = &mut free[machine * needs.len()..(machine + 1) * needs.len()];
    for (free, need) in row.iter_mut().zip(needs) {
        *free += sign * need;
    }
}

fn positive(row: &[f64]) -> f64 {
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
