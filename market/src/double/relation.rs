//! Which of some things hold to which of others, as rows of bits: whole words are looked at where few of a row are still open.

/// A relation between things on two sides, by their positions.
#[derive(Debug)]
pub(super) struct Relation {
    /// Words of a row.
    words: usize,
    bits: Vec<u64>,
}

impl Relation {
    /// So many rows of so many columns, in which nothing holds.
    pub(super) fn none(rows: usize, columns: usize) -> Relation {
        let words = columns.div_ceil(64);
        Relation { words, bits: vec![0; rows * words] }
    }

    /// Lets it hold between a row and a column.
    pub(super) fn hold(&mut self, row: usize, column: usize) {
        self.bits[row * self.words + column / 64] |= 1 << (column % 64);
    }

    /// Takes out of a set of columns those that a row holds to, and gives them to `told`.
    pub(super) fn take(&self, row: usize, from: &mut ColumnSet, mut told: impl FnMut(usize)) {
        let row = &self.bits[row * self.words..][..self.words];
        for (at, (open, row)) in from.0.iter_mut().zip(row).enumerate() {
            let mut taken = *open & row;
            *open ^= taken;
            while taken != 0 {
                told(at * 64 + taken.trailing_zeros() as usize);
                taken &= taken - 1;
            }
        }
    }
}

/// A set of columns of a relation.
#[derive(Clone, Debug)]
pub(super) struct ColumnSet(Vec<u64>);

impl ColumnSet {
    /// At least the first so many columns: what is beyond them no row holds to.
    pub(super) fn all(columns: usize) -> ColumnSet {
        ColumnSet(vec![u64::MAX; columns.div_ceil(64)])
    }
}
