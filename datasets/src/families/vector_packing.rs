//! Vector packing problems in the format of VPSolver (Brandao & Pedroso 2016): the number of dimensions, the capacities, the
//! number of item types, and for each type its sizes and its demand.

use std::path::Path;

use lessor_models::families::vector_packing::{VectorPackingError, VectorPackingInstance};

use super::FamilyError;
use super::numbers::Numbers;

/// Reads one instance.
///
/// # Errors
/// A file that cannot be read, a word that is no number, too few or too many numbers, an item larger than a bin.
pub fn vector_packing(path: &Path) -> Result<VectorPackingInstance, FamilyError> {
    let mut numbers = Numbers::read(path)?;
    let dimensions = numbers.count("the number of dimensions")?;
    let capacities = numbers.many(dimensions, || format!("the last of {dimensions} capacities"))?;
    let types = numbers.number_up_to_u32("the number of item types")?;
    let (mut sizes, mut demands) = (Vec::new(), Vec::new());
    let before = numbers.taken();
    for item in 0..types {
        sizes.extend(numbers.signed(dimensions, || format!("the last of {dimensions} sizes of item type {item}"))?);
        demands.push(numbers.number_up_to_u32("the demand of an item type")?);
    }
    numbers.end()?;
    VectorPackingInstance::new(capacities, sizes, demands).map_err(|source| {
        // Sizes and the demand of each type come one after another.
        let at = match source {
            VectorPackingError::TooWide { item, dimension, .. } => before + item * (dimensions + 1) + dimension,
            VectorPackingError::TooMany { item, .. } => before + item * (dimensions + 1) + dimensions,
            _ => numbers.taken() - 1,
        };
        FamilyError::VectorPacking { path: path.to_owned(), line: numbers.line(at), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::tests::read;
    use crate::import::tests::public_file;

    #[test]
    fn sizes_are_read_type_by_type_with_their_demands() {
        let instance = read(vector_packing, "2\n10 20\n2\n1 2 3\n4 5 1\n").unwrap();
        assert_eq!((instance.capacities(), instance.demands()), (&[10, 20][..], &[3, 1][..]));
        assert_eq!((instance.sizes(1), instance.items().collect::<Vec<_>>()), (&[4, 5][..], vec![0, 0, 0, 1]));
    }

    #[test]
    fn no_item_is_an_instance_too() {
        assert_eq!(read(vector_packing, "1 5 0").unwrap().items().count(), 0);
    }

    #[test]
    fn a_mark_of_byte_order_is_no_number() {
        assert_eq!(read(vector_packing, "\u{feff}1 5 1 2 3").unwrap().demands(), [3]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |text: &str| read(vector_packing, text).unwrap_err();
        assert_eq!(refused("1\n5\n1\n4 z"), "instance: line 4: \"z\" is not a whole number of at most 2^53");
        assert_eq!(
            refused("1 5 2 4 1"),
            "instance: line 1: ends after 5 numbers, the last 1, before the last of 1 sizes of item type 1"
        );
        assert_eq!(
            refused("1 5 1 4 1 9"),
            "instance: line 1: \"9\" follows after the last number: a file holds one instance"
        );
        assert_eq!(refused("0"), "instance: line 1: the number of dimensions is 0, but must be from 1 to 2^32 - 1");
        assert_eq!(
            refused("1 5\n1\n4 4294967296"),
            "instance: line 3: the demand of an item type is 4294967296, but must be from 0 to 2^32 - 1"
        );
        assert_eq!(
            refused("2 5 5 2\n5 5 1\n1 6 1"),
            "instance: line 3: not a vector packing problem: item type 1 has size 6 in dimension 1, where a bin holds 5"
        );
        assert_eq!(
            refused("1\n5\n2\n1 4294967295\n1 1\n"),
            "instance: line 4: not a vector packing problem: there are 4294967296 items, but may be at most 1000000, since an \
             answer names the bin of each; lower the demands, or pack full bins of types that fill them in advance"
        );
    }

    #[test]
    fn a_public_instance_is_read() {
        let Some(path) = public_file("vbp/triplet/classC_60_3_5.vbp") else { return };
        let instance = vector_packing(&path).unwrap();
        assert_eq!((instance.capacities(), instance.items().count()), (&[100, 100, 100][..], 60));
    }
}
