//! Admission is fast: nothing on the way of a request solves a program.

#![expect(clippy::unwrap_used, reason = "a source that cannot be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// What a request passes through.
const FOLDERS: [&str; 3] = ["src/authority", "src/ledger", "src/admission"];

/// Crates that solve, and what of them it may lean on: what room is worth, random numbers, money and posted prices.
const SOLVING: [&str; 2] = ["lessor_solver", "lessor_market"];
const ALLOWED: [&str; 4] =
    ["lessor_solver::appraisal", "lessor_solver::support", "lessor_market::money", "lessor_market::posted"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn no_program_is_solved_on_the_way_of_a_request() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<PathBuf> = FOLDERS.iter().flat_map(|folder| sources(&root.join(folder))).collect();
    assert!(files.len() > 50, "{} sources are too few to be all of them", files.len());
    let mut leans = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| SOLVING.iter().any(|solving| line.contains(solving))) {
            assert!(ALLOWED.iter().any(|allowed| line.contains(allowed)), "{}: {line}", file.display());
            leans += 1;
        }
        assert!(!text.contains("crate::planner"), "{} leans on the planner", file.display());
    }
    assert!(leans > 0, "policies of placement lean on what room is worth");
}
