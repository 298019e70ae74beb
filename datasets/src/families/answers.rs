//! Answers in the form in which a public family scores them: a whole number for each item or process, with white space
//! between. Whether an answer breaks a constraint is for the family's checker to say.

use std::path::Path;

use lessor_models::families::assignment::AssignmentInstance;
use lessor_models::families::gap::GapInstance;
use lessor_models::families::reassignment::ReassignmentInstance;
use lessor_models::families::vector_packing::VectorPackingInstance;

use super::FamilyError;
use super::numbers::Numbers;

/// Reads the agent of each item, counted from zero.
///
/// # Errors
/// A file that cannot be read, a word that is no number from 0 to 2^32 - 1, too few or too many, each with its line.
pub fn gap_answer(path: &Path, instance: &GapInstance) -> Result<Vec<u32>, FamilyError> {
    one_each(path, instance.items(), "the agent of an item")
}

/// Reads the bin of each item, in the order of [`VectorPackingInstance::items`].
///
/// # Errors
/// See [`gap_answer`].
pub fn vector_packing_answer(path: &Path, instance: &VectorPackingInstance) -> Result<Vec<u32>, FamilyError> {
    one_each(path, instance.items().count(), "the bin of an item")
}

/// Reads the machine of each process, counted from zero.
///
/// # Errors
/// See [`gap_answer`].
pub fn reassignment_answer(path: &Path, instance: &ReassignmentInstance) -> Result<Vec<u32>, FamilyError> {
    one_each(path, instance.parts().processes.len(), "the machine of a process")
}

/// Reads the column of each row, counted from zero.
///
/// # Errors
/// See [`gap_answer`].
pub fn assignment_answer(path: &Path, instance: &AssignmentInstance) -> Result<Vec<u32>, FamilyError> {
    one_each(path, instance.size(), "the column of a row")
}

/// Reads so many numbers and no more.
pub(super) fn one_each(path: &Path, count: usize, what: &'static str) -> Result<Vec<u32>, FamilyError> {
    let mut numbers = Numbers::read(path)?;
    let read = (0..count).map(|_| numbers.number_up_to_u32(what)).collect::<Result<_, _>>()?;
    numbers.end()?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use lessor_models::families::gap;
    use lessor_models::families::vector_packing;

    use super::*;
    use crate::families::tests::read;

    /// Two agents, three items that weigh 1 and cost 1, 2, 3 with the first and 4, 5, 6 with the second.
    fn instance() -> GapInstance {
        GapInstance::new(3, vec![3, 3], vec![1, 2, 3, 4, 5, 6], vec![1; 6]).unwrap()
    }

    fn agents(text: &str) -> Result<Vec<u32>, String> {
        read(|path| gap_answer(path, &instance()), text)
    }

    #[test]
    fn numbers_are_read_over_any_lines() {
        let agents = agents("0\n1 0\n\n").unwrap();
        assert_eq!((&agents[..], gap::check(&instance(), &agents)), (&[0, 1, 0][..], Ok(1 + 5 + 3)));
    }

    #[test]
    fn an_agent_that_is_not_there_is_left_to_the_checker() {
        assert_eq!(agents("0 1 9"), Ok(vec![0, 1, 9]));
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_word() {
        let refused = |text| agents(text).unwrap_err();
        assert_eq!(refused("0\n1.0 0"), "instance: line 2: \"1.0\" is not a whole number of at most 2^53");
        assert_eq!(refused("0 1"), "instance: line 1: ends after 2 numbers, the last 1, before the agent of an item");
        assert_eq!(
            refused("0 1\n1\n1"),
            "instance: line 3: \"1\" follows after the last number: a file holds one instance"
        );
        assert_eq!(refused("0 1\n-1"), "instance: line 2: the agent of an item is -1, but must be from 0 to 2^32 - 1");
        let absent = gap_answer(Path::new("nowhere"), &instance()).unwrap_err();
        assert!(absent.to_string().contains("nowhere: cannot be read"));
    }

    #[test]
    fn every_item_of_a_type_has_a_bin_of_its_own_number() {
        // Bins of 10; two items of 6 and one of 4.
        let instance = VectorPackingInstance::new(vec![10], vec![6, 4], vec![2, 1]).unwrap();
        let bins = |text| read(|path| vector_packing_answer(path, &instance), text);
        assert_eq!(vector_packing::check(&instance, &bins("5 7\n7").unwrap()), Ok(2));
        assert_eq!(
            bins("5 7").unwrap_err(),
            "instance: line 1: ends after 2 numbers, the last 7, before the bin of an item"
        );
    }
}
