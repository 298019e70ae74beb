//! `lessor datasets generate`: a scenario from flags, written as a fleet directory.

use std::path::Path;

use lessor_datasets::generate::{Family, Scenario, TelemetryScenario, telemetry, with_current};
use lessor_datasets::table::{TELEMETRY, TelemetryWriter, write_fleet_dir};
use lessor_models::instance::Instance;
use lessor_models::words::counted;

use crate::cli::{FamilyFlag, GenerateArgs};
use crate::command_error::CommandError;
use crate::console::say;
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace};

/// Share of the sample's tiles with something running when the plan begins, in thousandths.
const SAMPLE_RUNNING_PERMILLE: u32 = 100;
/// The sample's load, in thousandths: a little more than there is, so that something is left out.
const SAMPLE_LOAD_PERMILLE: u32 = 1_100;
/// The sample's job classes.
const SAMPLE_JOB_CLASSES: u32 = 150;

/// Carries out `lessor datasets generate`.
pub(crate) fn generate(args: &GenerateArgs) -> Result<Ending, CommandError> {
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &[])?;
    let instance = instance(args)?;
    let staged = place.stage()?;
    write(args, &instance, staged.path())?;
    staged.publish()?;
    say(&format!("seed      {}", args.seed));
    say(&format!("fleet     {}", extent(&instance)));
    say(&format!("written   {}", args.out.display()));
    Ok(Ending::Done)
}

/// Generates what the flags describe.
///
/// # Errors
/// A flag out of its range.
pub(crate) fn instance(args: &GenerateArgs) -> Result<Instance, CommandError> {
    let instance = scenario(args)?.generate()?;
    Ok(match args.family {
        FamilyFlag::Sample => with_current(instance, SAMPLE_RUNNING_PERMILLE, args.seed)?,
        FamilyFlag::Small | FamilyFlag::Mixed | FamilyFlag::Devices => instance,
    })
}

/// Writes what was generated into an existing directory.
///
/// # Errors
/// A table that cannot be written.
pub(crate) fn write(args: &GenerateArgs, instance: &Instance, into: &Path) -> Result<(), CommandError> {
    write_fleet_dir(into, instance)?;
    if args.family == FamilyFlag::Sample {
        let path = into.join(TELEMETRY.file_name());
        let mut writer = TelemetryWriter::create(&path, instance.fleet())?;
        let mut written = Ok(());
        telemetry(instance.fleet(), &TelemetryScenario::new(args.seed), |row| {
            if written.is_ok() {
                written = writer.push(row);
            }
        });
        written?;
        writer.finish()?;
    }
    Ok(())
}

/// The scenario that the flags describe; its numbers may still be out of range.
///
/// # Errors
/// A load that is not one.
pub(crate) fn scenario(args: &GenerateArgs) -> Result<Scenario, CommandError> {
    let mut scenario = Scenario::new(args.tiles, args.seed);
    scenario.family = match args.family {
        FamilyFlag::Small => Family::Small,
        FamilyFlag::Mixed | FamilyFlag::Sample => Family::Mixed,
        FamilyFlag::Devices => Family::Devices,
    };
    if args.family == FamilyFlag::Sample {
        scenario.load_permille = SAMPLE_LOAD_PERMILLE;
        scenario.job_classes = SAMPLE_JOB_CLASSES;
        scenario.distinct = true;
        (scenario.steps, scenario.relations, scenario.moves) = (true, true, true);
    }
    if let Some(load) = args.load {
        scenario.load_permille = permille(load)?;
    }
    // What nobody asked for fits itself to what somebody did.
    let fitting = args.capsules.map_or(scenario.job_classes, |capsules| scenario.job_classes.min(capsules.max(1)));
    scenario.job_classes = args.job_classes.unwrap_or(fitting);
    scenario.capsules = args.capsules;
    scenario.distinct |= args.distinct;
    scenario.steps |= args.steps;
    scenario.relations |= args.relations;
    scenario.moves |= args.moves;
    Ok(scenario)
}

/// A load in thousandths, to the nearest.
pub(crate) fn permille(load: f64) -> Result<u32, CommandError> {
    let text = format!("{:.0}", load * 1_000.0);
    text.parse().ok().filter(|permille| (1..=100_000).contains(permille)).ok_or(CommandError::Load { load })
}

/// How large an instance is, in words.
pub(crate) fn extent(instance: &Instance) -> String {
    let capsules: u64 = instance.jobs().iter().map(|job| u64::from(job.count)).sum();
    let tiles = counted(instance.fleet().tiles().count(), "tile", "tiles");
    let zones = counted(instance.fleet().zones().len(), "zone", "zones");
    let (capsules, jobs) = (counted(capsules, "capsule", "capsules"), counted(instance.jobs().len(), "job", "jobs"));
    format!("{tiles}, {zones}, {capsules} of {jobs}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessor_datasets::generate::sample;

    fn args(family: FamilyFlag) -> GenerateArgs {
        GenerateArgs {
            tiles: 1_000,
            seed: 1,
            family,
            load: None,
            job_classes: None,
            capsules: None,
            distinct: false,
            steps: false,
            relations: false,
            moves: false,
            force: false,
            out: "out".into(),
        }
    }

    #[test]
    fn the_sample_family_at_a_thousand_tiles_is_the_sample() {
        let made = scenario(&args(FamilyFlag::Sample)).unwrap().generate().unwrap();
        let made = with_current(made, SAMPLE_RUNNING_PERMILLE, 1).unwrap();
        let expected = sample(1).unwrap().instance;
        assert_eq!((made.jobs(), made.current()), (expected.jobs(), expected.current()));
    }

    #[test]
    fn job_classes_fit_themselves_to_few_capsules_and_are_refused_where_they_were_asked_for() {
        let few = |job_classes| GenerateArgs { tiles: 3, capsules: Some(2), job_classes, ..args(FamilyFlag::Mixed) };
        let made = scenario(&few(None)).unwrap().generate().unwrap();
        assert_eq!(made.jobs().iter().map(|job| job.count).sum::<u32>(), 2);
        let refused = scenario(&few(Some(3))).unwrap().generate().unwrap_err().to_string();
        assert!(refused.starts_with("3 job classes cannot come as 2 capsules: ask for"), "{refused}");
    }

    #[test]
    fn a_load_is_read_in_thousandths() {
        assert_eq!([0.8, 1.0, 1.3, 0.001].map(|load| permille(load).unwrap()), [800, 1_000, 1_300, 1]);
        assert!([0.0, -1.0, f64::NAN, 101.0].into_iter().all(|load| permille(load).is_err()));
    }
}
