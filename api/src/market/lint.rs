//! `lessor market lint`: whether a policy can be used.

use serde::Serialize;

use super::policy_file::{self, PolicyError};
use crate::cli::MarketLintArgs;
use crate::command_error::CommandError;
use crate::console::{say, warn};
use crate::ending::Ending;

/// The object that `lessor market lint --json` prints.
#[derive(Debug, Default, Serialize)]
struct LintSummary {
    ok: bool,
    name: Option<String>,
    revision: Option<u64>,
    account_classes: Vec<String>,
    warnings: Vec<&'static str>,
    problem: Option<Problem>,
}

/// What is wrong with a policy.
#[derive(Debug, Serialize)]
struct Problem {
    line: Option<usize>,
    field: Option<String>,
    message: String,
}

/// Carries out `lessor market lint`.
pub(super) fn run(args: &MarketLintArgs) -> Result<Ending, CommandError> {
    let Some(path) = &args.policy else {
        say(&serde_json::to_string_pretty(&policy_file::schema()).expect("a schema is JSON"));
        return Ok(Ending::Done);
    };
    match policy_file::read(path) {
        Ok(policy) => {
            let rules = policy.rules();
            let summary = LintSummary {
                ok: true,
                name: Some(rules.name.clone()),
                revision: Some(rules.revision),
                account_classes: rules.classes.iter().map(|class| class.name.clone()).collect(),
                warnings: policy.warnings(),
                problem: None,
            };
            let count = rules.classes.len();
            let classes = if count == 1 { "class" } else { "classes" };
            tell(args, &summary, || {
                let (name, revision) = (&rules.name, rules.revision);
                say(&format!("{}: policy {name:?}, revision {revision}: {count} account {classes}", path.display()));
                summary.warnings.iter().for_each(|words| warn(&format!("{}: {words}", path.display())));
            });
            Ok(Ending::Done)
        }
        Err(error @ PolicyError::Read { .. }) => Err(error.into()),
        Err(error) => {
            let summary = LintSummary { problem: Some(problem(&error)), ..LintSummary::default() };
            tell(args, &summary, || warn(&error.to_string()));
            Ok(Ending::Failed)
        }
    }
}

fn tell(args: &MarketLintArgs, summary: &LintSummary, words: impl FnOnce()) {
    if args.json {
        say(&serde_json::to_string(summary).expect("a summary is JSON"));
    } else {
        words();
    }
}

fn problem(error: &PolicyError) -> Problem {
    let (line, field) = match error {
        PolicyError::Contradiction { line, contradiction, .. } => (Some(*line), Some(contradiction.field.to_string())),
        PolicyError::Missing { line, field, .. } | PolicyError::Twice { line, field, .. } => {
            (Some(*line), Some(field.clone()))
        }
        PolicyError::Version { line, .. } => (Some(*line), Some("version".to_owned())),
        PolicyError::Parse { line, field, .. } => (*line, field.clone()),
        PolicyError::Read { .. } => (None, None),
    };
    Problem { line, field, message: error.to_string() }
}
