//! Simulated worlds, and what came of them.

use std::time::Duration;

use lessor_models::words::counted;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::cli::BenchLeasesSimulateArgs;
use crate::console::say;
use crate::ending::Ending;
use crate::simulation::{Faults, Lived, live};

/// A world in which something happened that should never.
struct Wrong {
    seed: u64,
    /// When, in the world's time; unknown where the program itself gave up.
    at: Option<Duration>,
    what: String,
}

/// Lets worlds live, as many at once as there are threads, and says what came of them in the order of their seeds.
pub(super) fn run(args: &BenchLeasesSimulateArgs) -> Ending {
    let seeds: Vec<u64> = (0..args.seeds).map(|number| args.seed.wrapping_add(number.into())).collect();
    let (mut lived, mut wrong) = (Vec::new(), Vec::new());
    for seeds in seeds.chunks(rayon::current_num_threads()) {
        let worlds: Vec<_> = seeds.par_iter().map(|seed| (*seed, one(*seed, args.hours))).collect();
        for (seed, world) in worlds {
            let words = match &world {
                Ok(world) => format!("seed {seed}: {}", line(world)),
                Err(found) => words(found, args.hours),
            };
            if !args.json {
                say(&words);
            }
            match world {
                Ok(world) => lived.push(world),
                Err(found) => wrong.push(found),
            }
        }
    }
    report(args, &lived, &wrong);
    if wrong.is_empty() { Ending::Done } else { Ending::Failed }
}

fn report(args: &BenchLeasesSimulateArgs, lived: &[Lived], wrong: &[Wrong]) {
    if args.json {
        say(&object(args, lived, wrong).to_string());
        return;
    }
    let faults = faults(lived);
    let listed: Vec<String> = faults.all().map(|(fault, count)| format!("{} {count}", fault.name())).collect();
    say(&format!("faults: {}", listed.join(", ")));
    say(&format!("{} held, {} did not", counted(lived.len(), "world", "worlds"), wrong.len()));
}

/// One world, on a thread of its own, so that a panic in it is a finding like any other.
fn one(seed: u64, hours: u32) -> Result<Lived, Wrong> {
    let world = std::thread::spawn(move || live(seed, hours)).join();
    match world {
        Ok(Ok(lived)) => Ok(lived),
        Ok(Err(broken)) => Err(Wrong { seed, at: Some(broken.at), what: broken.violation.to_string() }),
        Err(_) => Err(Wrong { seed, at: None, what: "the program panicked".to_owned() }),
    }
}

fn line(world: &Lived) -> String {
    let Lived { lives, commits, records, answers, repeats, acknowledged, uses, overlaps_beyond_band, .. } = world;
    format!(
        "{} h, {lives} lives, {commits} commits of {records} events, {answers} answers ({repeats} repeats), \
         {acknowledged} leases acknowledged, {uses} used, {overlaps_beyond_band} overlaps beyond the band",
        world.simulated.as_secs() / 3_600
    )
}

fn words(wrong: &Wrong, hours: u32) -> String {
    let at = wrong.at.map_or(String::new(), |at| format!(" at {:.6} s", at.as_secs_f64()));
    let command = format!("lessor bench leases simulate --seed {} --seeds 1 --hours {hours}", wrong.seed);
    format!("seed {}: {}{at}; again by: {command}", wrong.seed, wrong.what)
}

fn faults(lived: &[Lived]) -> Faults {
    let mut faults = Faults::default();
    lived.iter().for_each(|world| faults.add(&world.faults));
    faults
}

fn object(args: &BenchLeasesSimulateArgs, lived: &[Lived], wrong: &[Wrong]) -> Value {
    let sum = |of: fn(&Lived) -> u64| lived.iter().map(of).sum::<u64>();
    let counts: Map<String, Value> =
        faults(lived).all().map(|(fault, count)| (fault.name().to_owned(), count.into())).collect();
    let violations: Vec<Value> = wrong
        .iter()
        .map(|found| json!({ "seed": found.seed, "at_seconds": found.at.map(|at| at.as_secs_f64()), "what": found.what }))
        .collect();
    json!({
        "seed": args.seed,
        "seeds": args.seeds,
        "simulated_seconds": sum(|world| world.simulated.as_secs()),
        "lives": sum(|world| world.lives),
        "commits": sum(|world| world.commits),
        "events": sum(|world| world.records),
        "answers": sum(|world| world.answers),
        "repeats": sum(|world| world.repeats),
        "leases_acknowledged": sum(|world| world.acknowledged),
        "leases_used": sum(|world| world.uses),
        "overlaps_beyond_band": sum(|world| world.overlaps_beyond_band),
        "effects_accepted": sum(|world| world.effects.0),
        "effects_refused": sum(|world| world.effects.1),
        "watches_out_of_range": sum(|world| world.lists),
        "faults": counts,
        "violations": violations,
    })
}
