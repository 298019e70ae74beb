//! Assignment problems as in the OR-Library (Beasley 1990): the number of rows, then the costs row by row.

use std::path::Path;

use lessor_models::families::assignment::AssignmentInstance;

use super::FamilyError;
use super::numbers::Numbers;

/// Reads one instance.
///
/// # Errors
/// A file that cannot be read, a word that is no number, too few or too many numbers, each with its line.
pub fn assignment(path: &Path) -> Result<AssignmentInstance, FamilyError> {
    let mut numbers = Numbers::read(path)?;
    let size = numbers.count("the number of rows")?;
    let before = numbers.taken();
    let costs = numbers.many(size.saturating_mul(size), || format!("the last of {size} x {size} costs"))?;
    numbers.end()?;
    let greatest = costs.iter().enumerate().max_by_key(|&(_, &cost)| cost).map_or(0, |(at, _)| at);
    let line = numbers.line(before + greatest);
    AssignmentInstance::new(size, costs).map_err(|source| FamilyError::Assignment {
        path: path.to_owned(),
        line,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::tests::read;
    use crate::import::tests::public_file;

    #[test]
    fn costs_are_read_row_by_row() {
        let instance = read(assignment, " 2\n 1 5 2\n 9\n").unwrap();
        assert_eq!((instance.size(), instance.row(0), instance.row(1)), (2, &[1, 5][..], &[2, 9][..]));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refused = |text: &str| read(assignment, text).unwrap_err();
        assert_eq!(
            refused("2\n1 2 3"),
            "instance: line 2: ends after 4 numbers, the last 3, before the last of 2 x 2 costs"
        );
        let large = refused("5\n1 1 1 1 1\n1 9007199254740992 1 1 1\n1 1 1 1 1\n1 1 1 1 1\n1 1 1 1 1\n");
        assert!(large.starts_with("instance: line 3: not an assignment problem: 9007199254740992 times"), "{large}");
        assert_eq!(
            refused("1\n2 3"),
            "instance: line 2: \"3\" follows after the last number: a file holds one instance"
        );
    }

    #[test]
    fn a_public_instance_is_read() {
        let Some(path) = public_file("auctions/assignment/assign100.txt") else { return };
        assert_eq!(assignment(&path).unwrap().size(), 100);
    }
}
