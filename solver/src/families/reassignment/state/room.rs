//! What machines have free, and what they lack.

use super::State;

impl State<'_> {
    /// Whether no machine lacks anything. Moves keep that; where a start does not have it, they lead there.
    pub(in crate::families::reassignment) fn has_room_everywhere(&self) -> bool {
        self.short == 0
    }

    #[inline]
    pub(super) fn look_for_room(&mut self, machine: usize) {
        let is_short = self.free_of(machine).iter().fold(0, |signs, free| signs | free) < 0;
        self.short = self.short + usize::from(is_short) - usize::from(self.is_short[machine]);
        self.is_short[machine] = is_short;
    }

    /// What a machine lacks of all its resources.
    pub(in crate::families::reassignment) fn missing(&self, machine: usize) -> i64 {
        self.free_of(machine).iter().map(|&free| (-free).max(0)).sum()
    }

    /// What a machine would lack without one of its processes.
    pub(in crate::families::reassignment) fn missing_without(&self, machine: usize, process: usize) -> i64 {
        let needs = self.instance.needs(process, machine);
        self.free_of(machine).iter().zip(needs).map(|(&free, &need)| (-free - need).max(0)).sum()
    }

    /// How much a machine lacks: a thousand for each resource, and a thousandth part of its capacity counts one more.
    pub(in crate::families::reassignment) fn lacking(&self, machine: usize) -> i64 {
        let capacities = &self.instance.capacities[machine * self.instance.resources..];
        let short = self.free_of(machine).iter().zip(capacities).filter(|&(&free, _)| free < 0);
        let parts = short.map(|(&free, &capacity)| 1_000 + i128::from(-free) * 1_000 / i128::from(capacity.max(1)));
        parts.map(|part| i64::try_from(part.min(1 << 40)).expect("it is cut")).sum()
    }

    #[inline]
    pub(super) fn has_room(&self, machine: usize, needs: &[i64]) -> bool {
        // One sign bit at the end is quicker than a branch for each resource.
        self.free_of(machine).iter().zip(needs).fold(0, |signs, (free, need)| signs | (free - need)) >= 0
    }

    #[inline]
    pub(super) fn has_room_for_swap(&self, one: usize, other: usize) -> bool {
        let (from, to) = (self.machine_of(one), self.machine_of(other));
        let fits = |machine: usize, comes: usize, leaves: usize| {
            let needs = self.instance.needs(comes, machine).iter().zip(self.instance.needs(leaves, machine));
            let free = self.free_of(machine).iter().zip(needs);
            free.fold(0, |signs, (free, (comes, leaves))| signs | (free + leaves - comes)) >= 0
        };
        fits(to, one, other) && fits(from, other, one)
    }

    #[inline]
    fn free_of(&self, machine: usize) -> &[i64] {
        &self.free[machine * self.instance.resources..(machine + 1) * self.instance.resources]
    }
}
