//! The public tables of the best results known, one for each family, with a row an instance.

use std::path::Path;

use lessor_models::families::COEFFICIENT_MAX;

use super::FamilyError;
use crate::import::csv_table::{CsvColumn, CsvTable};

/// What is known of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What the table calls it: a name, or the last names of its path without an extension.
    pub instance: String,
    /// The least cost known, of an auction the greatest value; an optimum where the table has one.
    pub best: u64,
    /// What the assignment that is there before costs, where a family has one.
    pub initial: Option<u64>,
}

/// Reads the table of generalized assignment problems: `Path`, `Optimum` (where it is known), `Best known solution value`.
///
/// # Errors
/// The first row or column that is not as the table says.
pub fn gap_references(path: &Path) -> Result<Vec<Reference>, FamilyError> {
    let table = CsvTable::read(path)?;
    let name = table.need("Path", "text")?;
    let costs = [table.need("Optimum", WHOLE)?, table.need("Best known solution value", WHOLE)?];
    rows(&table, |row| table.name(row, name).map(str::to_owned), &costs)
}

/// Reads the table of vector packing problems: `instance`, `set`, `optimum` (-1 where it is not known), `best_heuristic`.
///
/// # Errors
/// See [`gap_references`].
pub fn vector_packing_references(path: &Path) -> Result<Vec<Reference>, FamilyError> {
    let table = CsvTable::read(path)?;
    let (name, set) = (table.need("instance", "text")?, table.need("set", "text")?);
    let costs = [table.need("optimum", WHOLE)?, table.need("best_heuristic", WHOLE)?];
    rows(&table, |row| Ok(format!("{}/{}", table.name(row, set)?, table.name(row, name)?)), &costs)
}

/// Reads the table of machine reassignment problems: `instance`, `initial_cost`, `best_listed`.
///
/// # Errors
/// See [`gap_references`].
pub fn reassignment_references(path: &Path) -> Result<Vec<Reference>, FamilyError> {
    let table = CsvTable::read(path)?;
    let name = table.need("instance", "text")?;
    let (initial, best) = (table.need("initial_cost", WHOLE)?, table.need("best_listed", WHOLE)?);
    let mut references = rows(&table, |row| table.name(row, name).map(str::to_owned), &[best])?;
    for (row, reference) in references.iter_mut().enumerate() {
        reference.initial = Some(table.number(row, initial, COEFFICIENT_MAX)?);
    }
    Ok(references)
}

/// Reads the table of combinatorial auctions: `instance`, the name of its file, and `best_objective`, a whole number.
///
/// # Errors
/// See [`gap_references`].
pub fn auction_references(path: &Path) -> Result<Vec<Reference>, FamilyError> {
    let table = CsvTable::read(path)?;
    let (name, best) = (table.need("instance", "text")?, table.need("best_objective", WHOLE)?);
    let stem = |file: &str| Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    rows(&table, |row| table.name(row, name).map(stem), &[best])
}

const WHOLE: &str = "a whole number";

/// What a table has in place of a cost that is not known.
const UNKNOWN: [&str; 2] = ["", "-1"];

/// A row each, with the first of the costs that is given.
fn rows(
    table: &CsvTable,
    name: impl Fn(usize) -> Result<String, crate::import::ImportError>,
    costs: &[CsvColumn],
) -> Result<Vec<Reference>, FamilyError> {
    let (last, earlier) = costs.split_last().expect("every table has a column of costs");
    let row = |row: usize| {
        let given = earlier.iter().find(|&&column| !UNKNOWN.contains(&table.text(row, column)));
        let best = table.number(row, *given.unwrap_or(last), COEFFICIENT_MAX)?;
        Ok(Reference { instance: name(row)?, best, initial: None })
    };
    (0..table.len()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::tests::read;
    use crate::import::tests::public_file;

    fn reference(instance: &str, best: u64, initial: Option<u64>) -> Reference {
        Reference { instance: instance.to_owned(), best, initial }
    }

    #[test]
    fn an_optimum_comes_before_the_best_known() {
        let table = "Path,Optimum,Best known solution value\nset/a,7,9\nset/b,,12\n";
        assert_eq!(read(gap_references, table).unwrap(), [reference("set/a", 7, None), reference("set/b", 12, None)]);
        let table = "instance,set,lower_bound,optimum,best_heuristic\nc_60,triplet,20,20,26\nc_90,new,29,-1,31\n";
        let expected = [reference("triplet/c_60", 20, None), reference("new/c_90", 31, None)];
        assert_eq!(read(vector_packing_references, table).unwrap(), expected);
        let table = "instance,initial_cost,best_listed\na1_1,100,40\n";
        assert_eq!(read(reassignment_references, table).unwrap(), [reference("a1_1", 40, Some(100))]);
        let table = "instance,size,best_objective,best_bound\nL4_s1.txt,small,29,29.0\n";
        assert_eq!(read(auction_references, table).unwrap(), [reference("L4_s1", 29, None)]);
    }

    #[test]
    fn what_is_wrong_is_named_with_row_and_column() {
        let refused = |text| read(gap_references, text).unwrap_err();
        assert_eq!(
            refused("Path,Optimum,Best known solution value\na,,\n"),
            "instance: line 2, row 0, column Best known solution value: \"\" is not one of: a whole number"
        );
        assert!(refused("Path,Optimum\na,1\n").contains("column Best known solution value is missing"));
    }

    #[test]
    fn the_public_tables_are_read() {
        let tables = ["gap/best_known.csv", "vbp/best_known.csv", "roadef2012/reference_values.csv"];
        let [Some(gap), Some(vbp), Some(roadef)] = tables.map(public_file) else { return };
        assert!(gap_references(&gap).unwrap().contains(&reference("chu1997/d20200", 12_244, None)));
        assert!(vector_packing_references(&vbp).unwrap().contains(&reference("triplet/classC_120_10_9", 40, None)));
        let a1_1 = reference("a1_1", 44_306_501, Some(49_528_750));
        assert!(reassignment_references(&roadef).unwrap().contains(&a1_1));
    }
}
