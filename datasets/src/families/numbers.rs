//! The numbers of a text, one after another, with the lines that they are on.

use std::fs;
use std::path::Path;

use lessor_models::families::COEFFICIENT_MAX;

use super::FamilyError;

/// Numbers in the order of the file.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    path: &'a Path,
    /// Each with its line.
    read: Vec<(u64, usize)>,
    next: usize,
}

impl<'a> Numbers<'a> {
    /// Reads the whole file.
    pub(super) fn read(path: &'a Path) -> Result<Numbers<'a>, FamilyError> {
        let text = fs::read_to_string(path).map_err(|source| FamilyError::Read { path: path.to_owned(), source })?;
        let mut read = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            for token in text.split_whitespace() {
                let number = token.parse().ok().filter(|&number: &u64| number <= COEFFICIENT_MAX);
                let not = || FamilyError::NotANumber { path: path.to_owned(), line, token: clipped(token) };
                read.push((number.ok_or_else(not)?, line));
            }
        }
        Ok(Numbers { path, read, next: 0 })
    }

    /// The next number.
    pub(super) fn one(&mut self, what: &'static str) -> Result<u64, FamilyError> {
        Ok(self.many(1, || what.to_owned())?[0])
    }

    /// The next number, which counts something: from one on, and small enough to count in memory.
    pub(super) fn count(&mut self, what: &'static str) -> Result<usize, FamilyError> {
        let number = self.one(what)?;
        match u32::try_from(number) {
            Ok(count) if count > 0 => Ok(count as usize),
            _ => Err(FamilyError::Range {
                path: self.path.to_owned(),
                line: self.read[self.next - 1].1,
                what,
                number,
                range: "from 1 to 2^32 - 1",
            }),
        }
    }

    /// The next so many numbers.
    pub(super) fn many(&mut self, count: usize, what: impl Fn() -> String) -> Result<Vec<u64>, FamilyError> {
        let end = self.next.saturating_add(count);
        let Some(numbers) = self.read.get(self.next..end) else {
            let found = self.read.len();
            return Err(FamilyError::Ends { path: self.path.to_owned(), found, missing: what() });
        };
        self.next = end;
        Ok(numbers.iter().map(|&(number, _)| number).collect())
    }

    /// Nothing must be left.
    pub(super) fn end(&self) -> Result<(), FamilyError> {
        match self.read.get(self.next) {
            None => Ok(()),
            Some(&(number, line)) => {
                Err(FamilyError::Follows { path: self.path.to_owned(), line, token: number.to_string() })
            }
        }
    }
}

/// A word short enough for a message.
fn clipped(token: &str) -> String {
    const LONGEST: usize = 40;
    if token.chars().count() <= LONGEST {
        token.to_owned()
    } else {
        token.chars().take(LONGEST).chain("...".chars()).collect()
    }
}
