//! Sets of small numbers as bits.

/// A set of numbers below a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// The empty set of numbers below a limit.
    pub(super) fn below(limit: usize) -> Bits {
        Bits { words: vec![0; limit.div_ceil(64)] }
    }

    pub(super) fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
    }

    pub(super) fn remove(&mut self, number: usize) {
        self.words[number / 64] &= !(1 << (number % 64));
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.words[number / 64] >> (number % 64) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn unite(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn keep(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn take_out(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Adds every number of the set, and a shift, that is within the words of the set.
    pub(super) fn unite_shifted(&mut self, shift: usize) {
        let (words, bits) = (shift / 64, shift % 64);
        for at in (words..self.words.len()).rev() {
            let low = self.words[at - words] << bits;
            let carried = if bits > 0 && at > words { self.words[at - words - 1] >> (64 - bits) } else { 0 };
            self.words[at] |= low | carried;
        }
    }

    /// The greatest number up to a limit.
    pub(super) fn up_to(&self, limit: usize) -> Option<usize> {
        (0..=limit).rev().find(|&number| self.contains(number))
    }

    pub(super) fn first(&self) -> Option<usize> {
        let at = self.words.iter().position(|&word| word != 0)?;
        Some(at * 64 + self.words[at].trailing_zeros() as usize)
    }

    /// The numbers, from the least on.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(at, &word)| Ones { word, base: at * 64 })
    }
}

struct Ones {
    word: u64,
    base: usize,
}

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.word == 0 {
            return None;
        }
        let at = self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(self.base + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_order() {
        let mut bits = Bits::below(200);
        [130, 0, 63, 64, 199].into_iter().for_each(|number| bits.insert(number));
        bits.remove(63);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 64, 130, 199]);
        assert!(bits.contains(64) && !bits.contains(63) && bits.count() == 4 && bits.first() == Some(0));
    }
}
