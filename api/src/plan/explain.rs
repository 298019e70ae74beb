//! `lessor explain`: why a job, or part of it, was left out, where the rest is, and what the resources on its path cost.

use lessor_datasets::table::{cure_words, instant_words};
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::plan::{Placement, Plan};
use lessor_models::time::Timestamp;
use lessor_models::words;
use serde::Serialize;

use super::loaded::RecordedRun;
use super::path_prices::{PriceView, path_prices};
use crate::cli::ExplainArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say};
use crate::ending::Ending;
use crate::report::reason_words;
use crate::words::blocker_words;

/// Placements and prices told at most to people; JSON has all.
const ROWS_MAX: usize = 12;

/// The object that `lessor explain --json` prints.
#[derive(Debug, Serialize)]
struct Explanation {
    job: String,
    service: &'static str,
    asked: u64,
    placed: u64,
    missing: u64,
    bid: u64,
    reason: Option<&'static str>,
    reason_words: Option<&'static str>,
    conflict: Vec<String>,
    cure: Option<String>,
    expected_start_us: Option<i64>,
    placements: Vec<PlacementView>,
    prices: Vec<PriceView>,
    /// The same as people read them: a line an account.
    #[serde(skip)]
    accounts: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PlacementView {
    tile: String,
    path: Vec<String>,
    start_us: i64,
    count: u32,
    devices: Vec<u8>,
}

/// Carries out `lessor explain`.
pub(crate) fn run(args: &ExplainArgs) -> Result<Ending, CommandError> {
    let run = RecordedRun::read(&args.plan)?;
    let instance = &run.instance;
    let job = find(&args.job, &run)?;
    let plan = run.plan(&args.plan)??;
    let explanation = explain(instance, &plan, job);
    if args.json {
        print_json(&explanation);
    } else {
        print(&explanation);
    }
    Ok(Ending::Done)
}

fn find(name: &str, run: &RecordedRun) -> Result<JobIndex, CommandError> {
    let names = run.instance.job_names();
    let found = names.find(name).and_then(|at| u32::try_from(at).ok()).map(JobIndex);
    found.ok_or_else(|| CommandError::UnknownJob {
        jobs: run.record.inputs.jobs.clone(),
        name: name.to_owned(),
        similar: similar(name, names.iter()),
    })
}

/// The first name that differs in case only; failing that, the first that begins with what was asked.
fn similar<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut begins = None;
    for candidate in names {
        if candidate.eq_ignore_ascii_case(name) {
            return Some(candidate.to_owned());
        }
        if begins.is_none() && !name.is_empty() && candidate.starts_with(name) {
            begins = Some(candidate.to_owned());
        }
    }
    begins
}

fn explain(instance: &Instance, plan: &Plan, index: JobIndex) -> Explanation {
    let job = &instance.jobs()[index.at()];
    let placements: Vec<&Placement> = plan.placements.iter().filter(|placement| placement.job == index).collect();
    let placed: u64 = placements.iter().map(|placement| u64::from(placement.count)).sum();
    let left = plan.unplaced.iter().find(|left| left.job == index);
    let reason = left.map(|left| reason_words(left.reason));
    let conflict = left.map_or(&[][..], |left| &left.conflict);
    let priced = path_prices(instance, plan, (index, &placements, left));
    let (accounts, prices): (Vec<_>, Vec<_>) = priced.into_iter().map(|account| (account.words, account.rows)).unzip();
    Explanation {
        job: instance.job_name(index).to_owned(),
        service: job.service.name(),
        asked: job.count.into(),
        placed,
        missing: u64::from(job.count).saturating_sub(placed),
        bid: job.bid,
        reason: reason.map(|reason| reason.name),
        reason_words: reason.map(|reason| reason.sentence),
        conflict: conflict.iter().map(|&blocker| blocker_words(instance, blocker)).collect(),
        cure: left.and_then(|left| left.cure).map(|cure| cure_words(instance, cure)),
        expected_start_us: left.and_then(|left| left.expected_start).map(|start| start.0),
        placements: placements.iter().map(|placement| placement_view(instance.fleet(), placement)).collect(),
        prices: prices.into_iter().flatten().collect(),
        accounts,
    }
}

fn placement_view(fleet: &Fleet, placement: &Placement) -> PlacementView {
    PlacementView {
        tile: fleet.name(placement.tile).to_owned(),
        path: fleet.path(placement.tile).skip(1).map(|node| fleet.name(node).to_owned()).collect(),
        start_us: placement.start.0,
        count: placement.count,
        devices: (0..64u8).filter(|device| placement.devices >> device & 1 == 1).collect(),
    }
}

fn print(told: &Explanation) {
    let Explanation { job, service, asked, placed, missing, bid, .. } = told;
    say(&format!("job       {job}, service class {service}, bids {} credits a capsule", words::credits(*bid)));
    say(&format!("placed    {placed} of {}", words::counted(*asked, "capsule", "capsules")));
    match (told.reason_words, missing) {
        (Some(sentence), _) => say(&format!("left out  {missing}. {sentence}")),
        (None, 0) => say("left out  none"),
        (None, _) => say(&format!("left out  {missing}, without a reason in the plan")),
    }
    list("because", &told.conflict);
    if let Some(cure) = &told.cure {
        let all = if *missing > 1 { " (for one more capsule, or its gang)" } else { "" };
        say(&format!("cure      {cure}{all}"));
    }
    if let Some(start) = told.expected_start_us {
        let until = instant_words(Timestamp(start));
        say(&format!("waits     until {until}, were its deadline waived and all else as planned"));
    }
    let placements = told.placements.iter().map(|at| format!("{} on {} ({})", at.count, at.tile, at.path.join(", ")));
    list("where", &placements.collect::<Vec<_>>());
    list("prices", &told.accounts);
}

/// Prints rows under one heading, the first few of them.
fn list(heading: &str, rows: &[String]) {
    for (at, row) in rows.iter().take(ROWS_MAX).enumerate() {
        say(&format!("{:10}{row}", if at == 0 { heading } else { "" }));
    }
    if rows.len() > ROWS_MAX {
        say(&format!("{:10}and {} more (--json has all)", "", rows.len() - ROWS_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_other_case_or_cut_short_is_suggested() {
        let names = ["Alpha-1", "beta-12"];
        let suggested = ["alpha-1", "beta", "gamma", ""].map(|name| similar(name, names.into_iter()));
        assert_eq!(suggested, [Some("Alpha-1".into()), Some("beta-12".into()), None, None]);
    }
}
