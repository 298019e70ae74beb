//! Which workspace crate may depend on which, held against what `cargo metadata` says.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Every crate with the crates that it may reach, directly or through others.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("lessor-models", &[]),
    ("lessor-solver", &["lessor-models"]),
    ("lessor-market", &["lessor-models", "lessor-solver"]),
    ("lessor-engine", &["lessor-models", "lessor-solver", "lessor-market"]),
    ("lessor-datasets", &["lessor-models"]),
    ("lessor-api", &["lessor-models", "lessor-solver", "lessor-market", "lessor-engine", "lessor-datasets"]),
    (
        "lessor-benches",
        &["lessor-models", "lessor-solver", "lessor-market", "lessor-engine", "lessor-datasets", "lessor-api"],
    ),
];

/// Crates whose tests may also use the tables and the generator: an edge that no shipped code has.
const TESTED_ON_DATASETS: [&str; 3] = ["lessor-solver", "lessor-market", "lessor-engine"];

type Edges = BTreeMap<String, BTreeSet<String>>;

#[derive(Clone, Copy)]
enum Kinds {
    Shipped,
    Development,
}

fn metadata() -> Metadata {
    // Without dependencies of dependencies, so that the test needs neither a network nor a complete registry.
    MetadataCommand::new().no_deps().exec().expect("cargo describes the workspace that it is testing")
}

/// The edges between workspace crates that their manifests declare, for any target and feature.
fn edges(metadata: &Metadata, kinds: Kinds) -> Edges {
    let members: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let wanted = |kind: DependencyKind| match kinds {
        Kinds::Shipped => matches!(kind, DependencyKind::Normal | DependencyKind::Build),
        Kinds::Development => kind == DependencyKind::Development,
    };
    let targets = |package: &Package| {
        let dependencies = package.dependencies.iter().filter(|dependency| wanted(dependency.kind));
        dependencies.map(|dependency| dependency.name.clone()).filter(|name| members.contains(name.as_str())).collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), targets(package))).collect()
}

/// Everything that a crate reaches over one or more edges.
fn reached(edges: &Edges, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        let next = edges.get(&name).into_iter().flatten();
        open.extend(next.filter(|target| seen.insert((*target).clone())).cloned());
    }
    seen
}

/// One line for each crate reached that the table does not allow, sorted.
fn forbidden(edges: &Edges) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    let mut found = Vec::new();
    for from in edges.keys() {
        match allowed.get(from.as_str()) {
            None => found.push(format!("{from} is not in the table")),
            Some(list) => {
                let outside = reached(edges, from).into_iter().filter(|to| !list.contains(&to.as_str()));
                found.extend(outside.map(|to| format!("{from} -> {to}")));
            }
        }
    }
    found
}

fn example(pairs: &[(&str, &str)]) -> Edges {
    let mut edges = Edges::new();
    for &(from, to) in pairs {
        edges.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    edges
}

#[test]
fn shipped_code_has_no_edge_outside_the_table() {
    assert_eq!(forbidden(&edges(&metadata(), Kinds::Shipped)), Vec::<String>::new());
}

#[test]
fn tests_add_no_edge_but_to_datasets() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    for (from, targets) in edges(&metadata(), Kinds::Development) {
        for to in targets {
            let on_datasets = to == "lessor-datasets" && TESTED_ON_DATASETS.contains(&from.as_str());
            let shipped = allowed.get(from.as_str()).is_some_and(|list| list.contains(&to.as_str()));
            assert!(shipped || on_datasets, "the tests of {from} may not use {to}");
        }
    }
}

#[test]
fn every_crate_of_the_table_is_in_the_workspace() {
    let members: BTreeSet<String> = metadata().packages.iter().map(|package| package.name.to_string()).collect();
    let table: BTreeSet<String> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(members, table);
}

#[test]
fn an_edge_against_the_order_is_found() {
    let edges = example(&[("lessor-solver", "lessor-market")]);
    assert_eq!(forbidden(&edges), ["lessor-solver -> lessor-market"]);
}

#[test]
fn a_transitive_edge_is_found_though_each_crate_names_only_its_neighbor() {
    let edges = example(&[("lessor-datasets", "lessor-models"), ("lessor-models", "lessor-solver")]);
    let expected = ["lessor-datasets -> lessor-solver", "lessor-models -> lessor-solver"];
    assert_eq!(forbidden(&edges), expected);
}

#[test]
fn a_cycle_is_found_as_a_crate_that_reaches_itself() {
    let edges = example(&[("lessor-engine", "lessor-market"), ("lessor-market", "lessor-engine")]);
    assert!(forbidden(&edges).contains(&"lessor-engine -> lessor-engine".to_owned()));
}

#[test]
fn a_crate_that_the_table_does_not_know_is_found() {
    let edges = example(&[("lessor-tune", "lessor-models")]);
    assert_eq!(forbidden(&edges), ["lessor-tune is not in the table"]);
}
