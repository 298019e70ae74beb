//! Sets of numbers that grow together (union-find with path halving; Tarjan & van Leeuwen 1984): a set is known by its least
//! member.

/// A partition of the numbers below a count.
#[derive(Clone, Debug)]
pub struct Sets {
    /// For each number one of its set that is no greater: itself where it is the least.
    towards: Vec<usize>,
}

impl Sets {
    /// Each number by itself.
    #[must_use]
    pub fn apart(count: usize) -> Sets {
        Sets { towards: (0..count).collect() }
    }

    /// The least number of a member's set. O(log count), amortized.
    pub fn least(&mut self, mut member: usize) -> usize {
        while self.towards[member] != member {
            self.towards[member] = self.towards[self.towards[member]];
            member = self.towards[member];
        }
        member
    }

    /// Makes one set of those of two members.
    pub fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.least(one), self.least(other));
        self.towards[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_known_by_its_least_member_however_it_grew() {
        let mut sets = Sets::apart(6);
        for (one, other) in [(5, 3), (4, 2), (3, 4), (2, 5)] {
            sets.join(one, other);
        }
        let least: Vec<usize> = (0..6).map(|member| sets.least(member)).collect();
        assert_eq!(least, [0, 1, 2, 2, 2, 2]);
    }
}
