//! `summary.md`: the medians and the exponents as Markdown, for a README or an issue.

use super::analysis::{Growth, Median};
use super::outcome::Outcome;
use crate::draw::figures::{gap, grouped, load, mebibytes, r_squared, significant};

/// The page. Same outcome, same bytes.
pub(super) fn markdown(outcome: &Outcome<'_>) -> String {
    let (head, rule) = (outcome.of_methods(|| " method |".to_owned()), outcome.of_methods(|| "---|".to_owned()));
    let medians = format!(
        "| family | load |{head} tiles | capsules | median seconds | median peak MiB | gap |\n|---|---|{rule}---|---|---|---|---|\n"
    );
    let mut text = "# Growth with the fleet\n\n".to_owned() + &medians;
    text.extend(outcome.analysis.medians.iter().map(|median| median_row(outcome, median)));
    if !outcome.analysis.growths.is_empty() {
        text += "\nTime and memory grow as the number of tiles to these exponents (least squares on the logarithms of the \
         medians):\n\n";
        text.extend([format!(
            "| family | load |{head} exponent of time | R² | exponent of memory | R² |\n|---|---|{rule}---|---|---|---|\n"
        )]);
        text.extend(outcome.analysis.growths.iter().map(|growth| growth_row(outcome, growth)));
    }
    text + &format!(
        "\nEach plan: {}, {} threads, {} of each size ({}). Fleets: {}. Each plan was checked.\n\nMachine: {}.\n",
        outcome.limit_words(),
        outcome.threads,
        if outcome.args.repeat == 1 { "one run".to_owned() } else { format!("{} runs", outcome.args.repeat) },
        outcome.seed_words(),
        outcome.fleet_words(),
        outcome.machine.words()
    )
}

fn median_row(outcome: &Outcome<'_>, median: &Median) -> String {
    format!(
        "| {} | {} |{} {} | {} | {} | {} | {} |\n",
        median.family,
        load(median.load),
        outcome.of_methods(|| format!(" {} |", median.method)),
        grouped(median.tiles),
        grouped(median.capsules),
        significant(median.seconds),
        grouped(mebibytes(median.peak_memory_bytes)),
        gap(median.gap)
    )
}

fn growth_row(outcome: &Outcome<'_>, growth: &Growth) -> String {
    let (time, memory) = (growth.seconds, growth.peak_memory_bytes);
    format!(
        "| {} | {} |{} {:.2} | {} | {:.2} | {} |\n",
        growth.family,
        load(growth.load),
        outcome.of_methods(|| format!(" {} |", growth.method)),
        time.exponent,
        r_squared(time.r_squared),
        memory.exponent,
        r_squared(memory.r_squared)
    )
}
