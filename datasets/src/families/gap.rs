//! Generalized assignment problems as in the OR-Library (Beasley 1990): the numbers of agents and items, the costs agent by
//! agent, the weights agent by agent, the capacities.

use std::path::Path;

use lessor_models::families::gap::GapInstance;

use super::FamilyError;
use super::numbers::Numbers;

/// Reads one instance.
///
/// # Errors
/// A file that cannot be read, a word that is no number, too few or too many numbers, each with its line.
pub fn gap(path: &Path) -> Result<GapInstance, FamilyError> {
    let mut numbers = Numbers::read(path)?;
    let agents = numbers.count("the number of agents")?;
    let items = numbers.count_or_none("the number of items")?;
    let pairs = agents.saturating_mul(items);
    let costs = numbers.many(pairs, || format!("the last of {agents} x {items} costs"))?;
    let weights = numbers.many(pairs, || format!("the last of {agents} x {items} weights"))?;
    let capacities = numbers.many(agents, || format!("the last of {agents} capacities"))?;
    numbers.end()?;
    GapInstance::new(items, capacities, costs, weights)
        .map_err(|source| FamilyError::Gap { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use lessor_models::families::gap::check;

    use super::*;
    use crate::families::tests::read;
    use crate::import::tests::public_file;

    #[test]
    fn costs_and_weights_are_read_agent_by_agent() {
        // Two agents, three items.
        let instance = read(gap, "2 3\n1 2 3\n4 5 6\n7 8 9\n1 1 2\n20 3\n").unwrap();
        assert_eq!((instance.cost(1, 0), instance.weight(0, 2), instance.capacities()), (4, 9, &[20, 3][..]));
        assert_eq!(check(&instance, &[0, 0, 1]), Ok(1 + 2 + 6));
    }

    #[test]
    fn no_items_cost_nothing() {
        assert_eq!(check(&read(gap, "2 0\n5 5\n").unwrap(), &[]), Ok(0));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refused = |text: &str| read(gap, text).unwrap_err();
        assert_eq!(refused("1 1\n2 x 4"), "instance: line 2: \"x\" is not a whole number of at most 2^53");
        assert_eq!(refused("1 1\n-2 3 4"), "instance: line 2: -2 is below zero");
        assert_eq!(
            refused("1 2\n3"),
            "instance: line 2: ends after 3 numbers, the last 3, before the last of 1 x 2 costs"
        );
        assert_eq!(
            refused("1 1\n2 3 4\n5"),
            "instance: line 3: \"5\" follows after the last number: a file holds one instance"
        );
        assert_eq!(refused(""), "instance: line 1: ends after 0 numbers, before the number of agents");
        assert_eq!(refused("0 1"), "instance: line 1: the number of agents is 0, but must be from 1 to 2^32 - 1");
        assert_eq!(
            refused("4294967295 4294967295 1"),
            "instance: line 1: ends after 3 numbers, the last 1, before the last of 4294967295 x 4294967295 costs"
        );
        assert!(refused("9007199254740993 1").contains("is not a whole number"));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_line() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("instance");
        std::fs::write(&path, b"1 1\n2 3\xff 4\n").unwrap();
        let refused = gap(&path).unwrap_err().to_string();
        assert!(refused.ends_with("instance: line 2: byte 0xff is no UTF-8 text"), "{refused}");
    }

    #[test]
    fn a_public_instance_is_read() {
        let Some(path) = public_file("gap/cattrysse1994/gap1-0") else { return };
        let instance = gap(&path).unwrap();
        assert_eq!((instance.capacities().len(), instance.items()), (5, 15));
    }
}
