//! The numbers of a text, one after another, with the lines that they are on.

use std::fs;
use std::path::Path;

use lessor_models::families::COEFFICIENT_MAX;

use super::FamilyError;

/// Numbers in the order of the file.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    path: &'a Path,
    read: Vec<i64>,
    /// The first number of each line, or of a later one where a line has none.
    lines: Vec<usize>,
    /// How many numbers were taken.
    next: usize,
}

impl<'a> Numbers<'a> {
    /// Reads the whole file.
    pub(super) fn read(path: &'a Path) -> Result<Numbers<'a>, FamilyError> {
        let text = text(path)?;
        let (mut read, mut lines) = (Vec::new(), Vec::new());
        for (line, text) in (1..).zip(text.lines()) {
            lines.push(read.len());
            for token in text.split_whitespace() {
                let number = token.parse().ok().filter(|number: &i64| number.unsigned_abs() <= COEFFICIENT_MAX);
                let not = || FamilyError::NotANumber { path: path.to_owned(), line, token: clipped(token) };
                read.push(number.ok_or_else(not)?);
            }
        }
        Ok(Numbers { path, read, lines, next: 0 })
    }

    /// The next number, which counts something: from one on, and small enough to count in memory.
    pub(super) fn count(&mut self, what: &'static str) -> Result<usize, FamilyError> {
        match self.number_up_to_u32(what)? {
            0 => Err(self.out_of_range(what, "from 1 to 2^32 - 1".to_owned())),
            count => Ok(count as usize),
        }
    }

    /// The next number, which counts something that there may be none of.
    pub(super) fn count_or_none(&mut self, what: &'static str) -> Result<usize, FamilyError> {
        Ok(self.number_up_to_u32(what)? as usize)
    }

    /// The next number, which is 0 for no and 1 for yes.
    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, FamilyError> {
        match self.number_up_to_u32(what)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.out_of_range(what, "0 or 1".to_owned())),
        }
    }

    /// The next number, which has 32 bits at most.
    pub(super) fn number_up_to_u32(&mut self, what: &'static str) -> Result<u32, FamilyError> {
        let number = self.signed(1, || what.to_owned())?[0];
        u32::try_from(number).map_err(|_| self.out_of_range(what, "from 0 to 2^32 - 1".to_owned()))
    }

    /// The next number, which names one of so many things, counted from zero.
    pub(super) fn one_of(&mut self, what: &'static str, count: usize) -> Result<u32, FamilyError> {
        let number = self.number_up_to_u32(what)?;
        if (number as usize) < count {
            return Ok(number);
        }
        let range = count.checked_sub(1).map_or("absent: there is none".to_owned(), |last| format!("from 0 to {last}"));
        Err(self.out_of_range(what, range))
    }

    /// The number read last is not in its range.
    fn out_of_range(&self, what: &'static str, range: String) -> FamilyError {
        let at = self.next - 1;
        FamilyError::Range { path: self.path.to_owned(), line: self.line(at), what, number: self.read[at], range }
    }

    /// The next so many numbers, of which none is below zero.
    pub(super) fn many(&mut self, count: usize, what: impl Fn() -> String) -> Result<Vec<u64>, FamilyError> {
        let from = self.next;
        let numbers = self.signed(count, what)?;
        let positive = |(at, number): (usize, i64)| {
            u64::try_from(number).map_err(|_| FamilyError::BelowZero {
                path: self.path.to_owned(),
                line: self.line(from + at),
                number,
            })
        };
        numbers.into_iter().enumerate().map(positive).collect()
    }

    /// The next so many numbers.
    pub(super) fn signed(&mut self, count: usize, what: impl Fn() -> String) -> Result<Vec<i64>, FamilyError> {
        let end = self.next.saturating_add(count);
        let Some(numbers) = self.read.get(self.next..end) else {
            let last = self.read.last().map_or(String::new(), |last| format!(", the last {last}"));
            let (line, found) = (self.lines.len().max(1), format!("{} numbers{last}", self.read.len()));
            return Err(FamilyError::Ends { path: self.path.to_owned(), line, found, missing: what() });
        };
        self.next = end;
        Ok(numbers.to_vec())
    }

    /// How many numbers were taken: the position of the next.
    pub(super) fn taken(&self) -> usize {
        self.next
    }

    /// The line of a number, by its position.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|&first| first <= at)
    }

    /// Nothing must be left.
    pub(super) fn end(&self) -> Result<(), FamilyError> {
        match self.read.get(self.next) {
            None => Ok(()),
            Some(number) => {
                let line = self.line(self.next);
                Err(FamilyError::Follows { path: self.path.to_owned(), line, token: number.to_string() })
            }
        }
    }
}

/// A file as text, without the mark of byte order that editors may put before it.
pub(super) fn text(path: &Path) -> Result<String, FamilyError> {
    let mut bytes = fs::read(path).map_err(|source| FamilyError::Read { path: path.to_owned(), source })?;
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(.."\u{feff}".len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        let line = bytes[..at].split(|&byte| byte == b'\n').count();
        FamilyError::NotText { path: path.to_owned(), line, byte: bytes[at] }
    })
}

/// A word short enough for a message.
pub(super) fn clipped(token: &str) -> String {
    const LONGEST: usize = 40;
    if token.chars().count() <= LONGEST {
        token.to_owned()
    } else {
        token.chars().take(LONGEST).chain("...".chars()).collect()
    }
}
