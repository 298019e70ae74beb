//! What a bench runs: every family, load, size and repeat that the flags name.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cli::{BenchPlanArgs, FamilyFlag, GenerateArgs};
use crate::command_error::CommandError;
use crate::datasets_command::{permille, scenario};
use crate::plan::method::PlanMethod;

use crate::bench::error::BenchError;

/// One run: a fleet and its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) family: FamilyFlag,
    pub(super) load_permille: u32,
    pub(super) tiles: u32,
    /// From 1.
    pub(super) repeat: u16,
    /// Of the fleet and of the search.
    pub(super) seed: u64,
}

/// Every case, small sizes first within a family and load. What is named twice is run once.
///
/// # Errors
/// A flag out of its range, found before anything runs.
pub(super) fn all(args: &BenchPlanArgs) -> Result<Vec<Case>, CommandError> {
    let families = args.family.iter().copied().collect::<BTreeSet<_>>();
    let loads = args.load.iter().map(|&load| permille(load)).collect::<Result<BTreeSet<_>, _>>()?;
    let sizes = args.tiles.iter().copied().collect::<BTreeSet<_>>();
    let mut cases = Vec::new();
    for family in families {
        for &load_permille in &loads {
            for &tiles in &sizes {
                cases.extend((1..=args.repeat).map(|repeat| {
                    let seed = args.seed.wrapping_add(u64::from(repeat - 1));
                    Case { family, load_permille, tiles, repeat, seed }
                }));
            }
        }
    }
    for case in &cases {
        scenario(&case.fleet(args, Path::new(""))?)?.check()?;
    }
    Ok(cases)
}

/// The methods, in the order of the flags; what is named twice is there once.
pub(super) fn methods(args: &BenchPlanArgs) -> Vec<PlanMethod> {
    let mut methods: Vec<PlanMethod> = Vec::new();
    for &method in &args.method {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods
}

impl Case {
    /// The flags of `lessor datasets generate` that make the fleet.
    ///
    /// # Errors
    /// More capsules than a fleet may have.
    pub(super) fn fleet(&self, args: &BenchPlanArgs, out: &Path) -> Result<GenerateArgs, BenchError> {
        let capsules = |per_tile: u32| {
            per_tile.checked_mul(self.tiles).ok_or(BenchError::Capsules { per_tile, tiles: self.tiles })
        };
        Ok(GenerateArgs {
            tiles: self.tiles,
            seed: self.seed,
            family: self.family,
            load: Some(load(self.load_permille)),
            job_classes: Some(args.job_classes),
            capsules: args.capsules_per_tile.map(capsules).transpose()?,
            distinct: args.distinct,
            steps: args.steps,
            relations: false,
            moves: false,
            force: false,
            out: out.to_owned(),
        })
    }
}

/// A load as people write it.
pub(super) fn load(load_permille: u32) -> f64 {
    f64::from(load_permille) / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    use crate::cli::{BenchVerb, Cli, Verb};

    fn args(flags: &str) -> BenchPlanArgs {
        let words = ["lessor", "bench", "plan", "--out", "o"].into_iter().chain(flags.split_whitespace());
        let Verb::Bench(bench) = Cli::try_parse_from(words).unwrap().verb else { panic!("the verb is bench") };
        let BenchVerb::Plan(args) = bench.verb else { panic!("the bench is of plans") };
        args
    }

    #[test]
    fn every_combination_is_a_case_and_seeds_rise_with_repeats() {
        let args = args("--tiles 20,10,20 --load 0.8,1.3 --family devices --family small --repeat 2 --seed 7");
        let cases = all(&args).unwrap();
        assert_eq!(cases.len(), 2 * 2 * 2 * 2);
        let of = |case: &Case| (case.family.name(), case.load_permille, case.tiles, case.repeat, case.seed);
        assert_eq!(
            cases[..3].iter().map(of).collect::<Vec<_>>(),
            [("small", 800, 10, 1, 7), ("small", 800, 10, 2, 8), ("small", 800, 20, 1, 7)]
        );
        assert_eq!(of(cases.last().unwrap()), ("devices", 1_300, 20, 2, 8));
    }

    #[test]
    fn what_the_generator_would_refuse_is_refused_before_anything_runs() {
        for flags in
            ["--load 0", "--job-classes 0", "--tiles 10 --capsules-per-tile 1", "--capsules-per-tile 4000000000"]
        {
            assert!(all(&args(flags)).is_err(), "{flags}");
        }
        assert!(all(&args("--tiles 50 --capsules-per-tile 10")).is_ok());
    }
}
