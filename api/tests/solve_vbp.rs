//! Vector packing problems are solved by the real program, and its answers checked from the files alone.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{Bench, numbers, public_files};

/// Bins of 10 by 10; two items of 6 by 2, two of 2 by 6, one of 5 by 5: three bins are needed.
const SMALL: &str = "2\n10 10\n3\n6 2 2\n2 6 2\n5 5 1\n";

/// The number of bins of an answer, read and added up anew; `None` where one is overfull.
fn count(instance: &str, answer: &str) -> Option<usize> {
    let numbers: Vec<i64> = instance.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let dimensions = usize::try_from(numbers[0]).unwrap();
    let (capacities, rest) = numbers[1..].split_at(dimensions);
    let types = rest[1..].chunks_exact(dimensions + 1);
    let items = types.flat_map(|line| (0..line[dimensions]).map(move |_| &line[..dimensions]));
    let bins: Vec<u64> = answer.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let mut held: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    let mut item_count = 0;
    for (sizes, &bin) in items.zip(&bins) {
        let loads = held.entry(bin).or_insert_with(|| vec![0; dimensions]);
        loads.iter_mut().zip(sizes).for_each(|(load, size)| *load += size);
        item_count += 1;
    }
    assert_eq!(item_count, bins.len());
    let fits = |loads: &Vec<i64>| loads.iter().zip(capacities).all(|(load, capacity)| load <= capacity);
    held.values().all(fits).then_some(held.len())
}

#[test]
fn an_answer_is_written_with_its_bins_and_bound() {
    let bench = Bench::new();
    fs::write(bench.path("small"), SMALL).unwrap();
    let solved = bench.expect(0, "solve vbp small --seconds 30 --json --out answer").json();
    assert_eq!((&solved["cost"], &solved["bound"], &solved["gap"]), (&3.into(), &3.into(), &0.0.into()));
    assert_eq!(count(SMALL, &fs::read_to_string(bench.path("answer")).unwrap()), Some(3));
}

#[test]
fn malformed_instances_are_refused_with_file_and_line() {
    let bench = Bench::new();
    for (text, told) in [
        ("2\n10 10\n1\n6 x 2", "line 4: \"x\" is not a whole number"),
        ("2\n10 10\n1\n6 2", "line 4: ends after 6 numbers, the last 2, before the demand of an item type"),
        (
            "1\n10\n1\n5 4000000000\n",
            "line 4: not a vector packing problem: there are 4000000000 items, but may be at most 1000000",
        ),
        ("1\n10\n2\n5 999999\n5 2\n", "line 5: not a vector packing problem: there are 1000001 items"),
        ("1 5 1 6 1", "item type 0 has size 6 in dimension 0, where a bin holds 5"),
    ] {
        fs::write(bench.path("bad"), text).unwrap();
        let said = bench.expect(2, "solve vbp bad --out answer");
        assert!(said.err.contains("bad: ") && said.err.contains(told), "{said:?}");
    }
    assert!(!bench.path("answer").exists());
}

#[test]
fn a_work_limit_has_one_answer_on_any_number_of_threads() {
    let bench = Bench::new();
    let mut below = numbers(1);
    let mut line = || format!("{} {} {} 1\n", 100 + below(400), 100 + below(400), 100 + below(400));
    let instance = format!("3\n1000 1000 1000\n50\n{}", (0..50).map(|_| line()).collect::<String>());
    fs::write(bench.path("drawn"), &instance).unwrap();
    for method in ["auto", "fit", "squeeze", "dive", "cover"] {
        let answer = bench.solve_on_any_threads(&format!("vbp drawn --method {method} --work 2"));
        assert!(count(&instance, &answer).is_some(), "{method}");
    }
}

#[test]
fn small_public_triplets_are_packed_without_a_gap() {
    let files = ["vbp/triplet/classC_60_3_5.vbp", "vbp/triplet/classF_60_10_3.vbp"];
    let Some(files) = public_files(files) else { return };
    let bench = Bench::new();
    for file in files {
        let solved = bench.expect(0, &format!("solve vbp {} --seconds 60 --json --out answer", file.display())).json();
        assert_eq!((&solved["cost"], &solved["bound"]), (&20.into(), &20.into()), "{}", file.display());
        let (instance, answer) =
            (fs::read_to_string(&file).unwrap(), fs::read_to_string(bench.path("answer")).unwrap());
        assert_eq!(count(&instance, &answer), Some(20));
    }
}
