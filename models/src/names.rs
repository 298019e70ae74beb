//! Names of nodes, zones and jobs: unique, in one block of text, found by a sorted index.

/// An ordered list of unique names. Memory is the text itself plus 8 bytes a name, for fleets of 10^7 tiles.
#[derive(Clone, Debug, Default)]
pub struct Names {
    text: String,
    ends: Vec<u32>,
    sorted: Vec<u32>,
}

/// Why a list of names was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamesError {
    /// Two positions hold one name.
    #[error("name {name:?} appears at positions {first} and {second}; names must be unique")]
    Duplicate {
        /// The repeated name.
        name: String,
        /// The earlier position.
        first: usize,
        /// The later position.
        second: usize,
    },
    /// A name without a character.
    #[error("the name at position {position} is empty")]
    Empty {
        /// Where it stands.
        position: usize,
    },
    /// All names together exceed 4 GiB of text.
    #[error("the names exceed 4 GiB of text")]
    TooLong,
}

impl Names {
    /// Indexes the names in the order given. O(n log n).
    ///
    /// # Errors
    /// A duplicate or empty name, or more than 4 GiB of text.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Names, NamesError> {
        let mut list = Names::default();
        for name in names {
            if name.as_ref().is_empty() {
                return Err(NamesError::Empty { position: list.ends.len() });
            }
            list.text.push_str(name.as_ref());
            list.ends.push(u32::try_from(list.text.len()).map_err(|_| NamesError::TooLong)?);
        }
        let count = u32::try_from(list.ends.len()).map_err(|_| NamesError::TooLong)?;
        let mut sorted: Vec<u32> = (0..count).collect();
        sorted.sort_by(|&a, &b| list.get(a as usize).cmp(list.get(b as usize)).then(a.cmp(&b)));
        for pair in sorted.windows(2) {
            let (first, second) = (pair[0] as usize, pair[1] as usize);
            if list.get(first) == list.get(second) {
                return Err(NamesError::Duplicate { name: list.get(first).to_owned(), first, second });
            }
        }
        list.sorted = sorted;
        Ok(list)
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name at a position.
    ///
    /// # Panics
    /// When the position is not below [`Names::len`].
    #[must_use]
    pub fn get(&self, position: usize) -> &str {
        let start = if position == 0 { 0 } else { self.ends[position - 1] as usize };
        &self.text[start..self.ends[position] as usize]
    }

    /// The position of a name. O(log n).
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let at = self.sorted.binary_search_by(|&i| self.get(i as usize).cmp(name)).ok()?;
        Some(self.sorted[at] as usize)
    }

    /// The names in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|position| self.get(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_at_its_position() {
        let names = Names::new(["b", "a", "ab"]).unwrap();
        assert_eq!(["b", "a", "ab", "c"].map(|name| names.find(name)), [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn a_repeated_name_is_refused_with_both_positions() {
        let refused = Names::new(["x", "y", "x"]).unwrap_err();
        assert_eq!(refused, NamesError::Duplicate { name: "x".into(), first: 0, second: 2 });
    }
}
