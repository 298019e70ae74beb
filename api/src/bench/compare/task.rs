//! What a comparison is about: instances, read before anything runs, and the methods that solve them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use lessor_datasets::families::{self, Reference};

use crate::bench::error::BenchError;
use crate::cli::{BenchCatsArgs, BenchCompareArgs, BenchGapArgs, BenchOpenbArgs, BenchRebalanceArgs, BenchVbpArgs};

use super::command::Blank;
use super::family::Family;
use super::problem::Problem;

/// Instances of one family, and the methods of `lessor solve` to run on them.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) family: Family,
    pub(super) cases: Vec<Case>,
    /// As `--method` calls them, or `--payments` of auctions.
    pub(super) methods: Vec<String>,
    pub(super) common: &'a BenchCompareArgs,
}

/// One instance.
#[derive(Debug)]
pub(super) struct Case {
    /// The last names of its path, as many as tell it from the others.
    pub(super) name: String,
    pub(super) files: Files,
    pub(super) problem: Problem,
    /// What is known of it.
    pub(super) reference: Option<Reference>,
}

/// The files that make an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) instance: PathBuf,
    initial: Option<PathBuf>,
    nodes: Option<PathBuf>,
    arrived: Option<u32>,
}

impl Files {
    /// What fills a blank that is of the instance.
    pub(super) fn value(&self, blank: Blank) -> Option<OsString> {
        let of = |path: &Option<PathBuf>| path.as_ref().map(|path| path.clone().into_os_string());
        match blank {
            Blank::Instance | Blank::Model => Some(self.instance.clone().into_os_string()),
            Blank::Initial => of(&self.initial),
            Blank::Nodes => of(&self.nodes),
            Blank::Arrived => self.arrived.map(|percent| percent.to_string().into()),
            _ => None,
        }
    }

    /// The files as they are named.
    fn all(&self) -> impl Iterator<Item = PathBuf> {
        [Some(&self.instance), self.initial.as_ref(), self.nodes.as_ref()].into_iter().flatten().cloned()
    }
}

/// Combinatorial auctions.
pub(super) fn cats(args: &BenchCatsArgs) -> Result<Task<'_>, BenchError> {
    let files = unique(&args.instances).map(plain);
    let rules = (Family::Cats, words(&args.payments));
    Task::read(rules, &args.common, files.collect(), |files| Ok(Problem::Cats(families::auction(&files.instance)?)))
}

/// Generalized assignment.
pub(super) fn gap(args: &BenchGapArgs) -> Result<Task<'_>, BenchError> {
    let files = unique(&args.instances).map(plain);
    let methods = (Family::Gap, words(&args.method));
    Task::read(methods, &args.common, files.collect(), |files| Ok(Problem::Gap(families::gap(&files.instance)?)))
}

/// Vector packing.
pub(super) fn vbp(args: &BenchVbpArgs) -> Result<Task<'_>, BenchError> {
    let files = unique(&args.instances).map(plain);
    let read = |files: &Files| Ok(Problem::Vbp(families::vector_packing(&files.instance)?));
    Task::read((Family::Vbp, words(&args.method)), &args.common, files.collect(), read)
}

/// Batches of openb pods.
pub(super) fn openb(args: &BenchOpenbArgs) -> Result<Task<'_>, BenchError> {
    let (nodes, arrived) = (Some(args.nodes.clone()), Some(args.arrived));
    let files = unique(&args.sequences).map(|instance| Files { nodes: nodes.clone(), arrived, ..plain(instance) });
    let read = |files: &Files| Ok(Problem::Openb(families::openb(&files.instance, &args.nodes, Some(args.arrived))?));
    Task::read((Family::Openb, words(&args.method)), &args.common, files.collect(), read)
}

/// Machine reassignment.
pub(super) fn rebalance(args: &BenchRebalanceArgs) -> Result<Task<'_>, BenchError> {
    let models: Vec<PathBuf> = unique(&args.models).collect();
    if args.initial.is_some() && models.len() > 1 {
        return Err(BenchError::Initial { models: models.len() });
    }
    let with_initial = |model: PathBuf| {
        let initial = args.initial.clone().map_or_else(|| beside(&model), Ok)?;
        Ok(Files { initial: Some(initial), ..plain(model) })
    };
    let files = models.into_iter().map(with_initial).collect::<Result<_, BenchError>>()?;
    let read = |files: &Files| {
        let initial = files.initial.as_deref().expect("every model has one");
        Ok(Problem::Rebalance(families::reassignment(&files.instance, initial)?))
    };
    Task::read((Family::Rebalance, words(&args.method)), &args.common, files, read)
}

impl<'a> Task<'a> {
    fn read(
        (family, methods): (Family, Vec<String>),
        common: &'a BenchCompareArgs,
        files: Vec<Files>,
        problem: impl Fn(&Files) -> Result<Problem, BenchError>,
    ) -> Result<Task<'a>, BenchError> {
        let references = match &common.reference {
            None => Vec::new(),
            Some(path) => match family.references(path) {
                Some(read) => read?,
                None => return Err(BenchError::NoReferences { family: family.name() }),
            },
        };
        let paths: Vec<PathBuf> = files.iter().map(|files| files.instance.clone()).collect();
        let case = |(files, name): (Files, String)| {
            let reference = known(&references, &files.instance).cloned();
            Ok(Case { name, problem: problem(&files)?, files, reference })
        };
        let cases = files.into_iter().zip(names(&paths)).map(case).collect::<Result<_, BenchError>>()?;
        Ok(Task { family, cases, methods, common })
    }

    /// Every file that is read.
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        let files = self.cases.iter().flat_map(|case| case.files.all());
        files.chain(self.common.reference.clone()).collect()
    }
}

fn plain(instance: PathBuf) -> Files {
    Files { instance, ..Files::default() }
}

/// Paths in their order; what is named twice is there once.
fn unique(paths: &[PathBuf]) -> impl Iterator<Item = PathBuf> + '_ {
    let mut seen = BTreeSet::new();
    paths.iter().filter(move |path| seen.insert(path.as_path())).cloned()
}

/// Methods as the command line calls them; what is named twice is there once.
fn words<M: ValueEnum>(methods: &[M]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let words = methods.iter().filter_map(|method| Some(method.to_possible_value()?.get_name().to_owned()));
    words.filter(|word| seen.insert(word.clone())).collect()
}

/// What a challenge model is called: `model_a1_1.txt` is `a1_1`.
const MODEL: &str = "model";

/// The initial assignment beside a model.
fn beside(model: &Path) -> Result<PathBuf, BenchError> {
    let name = model.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    match name.split_once(MODEL) {
        Some((before, after)) => Ok(model.with_file_name(format!("{before}assignment{after}"))),
        None => Err(BenchError::NoInitial { model: model.to_owned() }),
    }
}

/// The path of an instance as tables and people call it: without an extension, and without `model_`.
fn called(path: &Path) -> PathBuf {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let name = stem.strip_prefix(MODEL).and_then(|name| name.strip_prefix('_')).unwrap_or(&stem);
    path.with_file_name(name)
}

/// Names for paths: the fewest last parts that tell them apart.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| called(path)).collect();
    let last = |path: &PathBuf, count: usize| {
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        parts[parts.len().saturating_sub(count)..].join("/")
    };
    let most = paths.iter().map(|path| path.iter().count()).max().unwrap_or(0);
    let named = |count| paths.iter().map(|path| last(path, count)).collect::<Vec<_>>();
    let is_apart = |names: &Vec<String>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    // Where no number of parts tells them apart, they differ by their extensions alone.
    let whole = || paths.iter().map(|path| path.display().to_string()).collect();
    (1..=most).map(named).find(is_apart).unwrap_or_else(whole)
}

/// What is known of an instance: the row whose name ends its path, or has its last name and is alone in that.
fn known<'r>(references: &'r [Reference], path: &Path) -> Option<&'r Reference> {
    let called = called(path);
    if let Some(found) = references.iter().find(|reference| called.ends_with(&reference.instance)) {
        return Some(found);
    }
    let mut of_name = references.iter().filter(|found| Path::new(&found.instance).file_name() == called.file_name());
    of_name.next().filter(|_| of_name.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<PathBuf> {
        texts.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn names_are_as_short_as_they_can_be() {
        assert_eq!(names(&paths(&["x/gap1-0", "y/class1_3.vbp", "model_a1_1.txt"])), ["gap1-0", "class1_3", "a1_1"]);
        assert_eq!(names(&paths(&["x/new/a.vbp", "x/old/a.vbp", "b.vbp"])), ["new/a", "old/a", "b"]);
    }

    #[test]
    fn the_initial_assignment_is_beside_its_model() {
        assert_eq!(beside(Path::new("d/model_a1_1.txt")).unwrap(), Path::new("d/assignment_a1_1.txt"));
        assert!(beside(Path::new("d/a1_1.txt")).is_err());
    }

    #[test]
    fn an_instance_is_known_by_the_end_of_its_path_or_by_a_name_that_no_other_has() {
        let row = |instance: &str, best| Reference { instance: instance.into(), best, initial: None };
        let references = [row("new/a", 1), row("old/a", 2), row("old/b", 3), row("a1_1", 4)];
        let best = |path: &str| known(&references, Path::new(path)).map(|reference| reference.best);
        assert_eq!([best("x/old/a.vbp"), best("b.vbp"), best("z/model_a1_1.txt")], [Some(2), Some(3), Some(4)]);
        assert_eq!([best("a.vbp"), best("c.vbp")], [None, None]);
    }

    #[test]
    fn what_is_named_twice_is_there_once() {
        assert_eq!(unique(&paths(&["b", "a", "b"])).collect::<Vec<_>>(), paths(&["b", "a"]));
    }
}
