//! What rules forbid: conflicts, spread and dependencies, from marks and counts of where the processes of a service are.

use crate::families::reassignment::lowered::{NONE, Rules};

use super::{State, WORD};

impl State<'_> {
    /// Whether a process may go to a machine, room aside.
    #[inline]
    pub(in crate::families::reassignment) fn allows(&self, process: usize, to: usize) -> bool {
        let (service, from) = (self.instance.service[process] as usize, self.machine_of(process));
        self.keeps_apart(process, to) && self.keeps_dependencies(service, from, to, NONE)
    }

    /// Whether a process may go to a machine, but for room and dependencies.
    #[inline]
    fn keeps_apart(&self, process: usize, to: usize) -> bool {
        let from = self.machine_of(process);
        let rules = &self.instance.rules[self.instance.service[process] as usize];
        from != to
            && self.is_open[from]
            && self.is_open[to]
            && !self.is_present(rules, to)
            && self.keeps_spread(rules, from, to)
    }

    /// Whether a process may go to a machine, but for dependencies.
    #[inline]
    pub(super) fn suits_shift(&self, process: usize, to: usize) -> bool {
        self.has_room(to, self.instance.needs(process, to)) && self.keeps_apart(process, to)
    }

    /// Whether two processes may change places, but for dependencies.
    #[inline]
    pub(super) fn suits_swap(&self, one: usize, other: usize) -> bool {
        let instance = self.instance;
        let (from, to) = (self.machine_of(one), self.machine_of(other));
        if from == to || !self.is_open[from] || !self.is_open[to] || !self.has_room_for_swap(one, other) {
            return false;
        }
        let services = [instance.service[one] as usize, instance.service[other] as usize];
        let [first, second] = services.map(|service| &instance.rules[service]);
        services[0] == services[1]
            || !self.is_present(first, to)
                && !self.is_present(second, from)
                && self.keeps_spread(first, from, to)
                && self.keeps_spread(second, to, from)
    }

    /// Whether dependencies hold once two processes have changed places.
    #[inline]
    pub(super) fn keeps_dependencies_in_swap(&self, one: usize, other: usize) -> bool {
        let (from, to) = (self.machine_of(one), self.machine_of(other));
        let [first, second] = [one, other].map(|process| self.instance.service[process] as usize);
        first == second
            || self.keeps_dependencies(first, from, to, second) && self.keeps_dependencies(second, to, from, first)
    }

    #[inline]
    fn is_present(&self, rules: &Rules, machine: usize) -> bool {
        let row = rules.conflict_row;
        row != NONE && self.present[row * self.words + machine / WORD] >> (machine % WORD) & 1 == 1
    }

    /// Whether a service is in enough locations once a process of it has moved.
    #[inline]
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
        after >= self.least_spreads[row].min(before)
    }

    /// In how many more locations a service must be.
    pub(in crate::families::reassignment) fn locations_missing(&self, service: usize) -> u32 {
        let rules = &self.instance.rules[service];
        if rules.spread_row == NONE { 0 } else { rules.spread.saturating_sub(self.spreads[rules.spread_row]) }
    }

    /// Whether dependencies hold once a process of a service has moved, and one of a partner has moved the other way.
    #[inline]
    pub(super) fn keeps_dependencies(&self, service: usize, from: usize, to: usize, partner: usize) -> bool {
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
    #[inline]
    pub(in crate::families::reassignment) fn neighbors(&self, service: usize, neighborhood: usize) -> u32 {
        self.in_neighborhoods[self.instance.rules[service].dependency_row * self.instance.neighborhoods + neighborhood]
    }

    /// Its service keeps others off a machine that a process is on.
    #[inline]
    pub(super) fn mark(&mut self, process: usize, machine: usize) {
        let row = self.instance.rules[self.instance.service[process] as usize].conflict_row;
        if row != NONE {
            self.present[row * self.words + machine / WORD] |= 1 << (machine % WORD);
        }
    }

    /// A process is on a machine now.
    #[inline]
    pub(super) fn count(&mut self, process: usize, machine: usize) {
        let instance = self.instance;
        let rules = &instance.rules[instance.service[process] as usize];
        self.mark(process, machine);
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
    #[inline]
    pub(super) fn uncount(&mut self, process: usize, machine: usize) {
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
