//! What a plan came to, in a few figures: for `--json`, for people, and for `run.json`.

use std::path::Path;

use lessor_models::words::credits;
use serde::{Deserialize, Serialize};

/// The figures of a plan. They do not vary from run to run where work is limited.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Figures {
    /// Value of the plan, in micro-credits.
    pub(crate) value: i128,
    /// Proven bound on the value of every plan, in micro-credits; `None` without a proof.
    pub(crate) bound: Option<i128>,
    /// `(bound - value) / max(1, sum of accepted bids)`; `None` without a proof.
    pub(crate) gap: Option<f64>,
    /// What making its energy emits, in milligrams of carbon dioxide; `None` where no zone says what energy emits.
    #[serde(default)]
    pub(crate) emitted_mg: Option<u128>,
    /// What use above safety capacities costs, in micro-credits; `None` where the weights have no rule.
    #[serde(default)]
    pub(crate) headroom_cost: Option<i128>,
    /// What kinds out of balance cost, in micro-credits; `None` where the weights have no rule.
    #[serde(default)]
    pub(crate) balance_cost: Option<i128>,
    /// What accounts cost that the market priced, in micro-credits; `None` where none has a price.
    #[serde(default)]
    pub(crate) dues_cost: Option<i128>,
    /// Capsules placed.
    pub(crate) placed: u64,
    /// Capsules asked for and not placed.
    pub(crate) unplaced: u64,
    /// Tiles.
    pub(crate) tiles: u64,
    /// Jobs.
    pub(crate) jobs: u64,
    /// Jobs that differ in more than name and count.
    pub(crate) job_classes: u64,
    /// Sets of tiles that the planner did not tell apart.
    pub(crate) tile_groups: u64,
    /// Changes to what runs already.
    pub(crate) moves: u64,
    /// Waves that they come in.
    #[serde(default)]
    pub(crate) waves: u64,
    /// Moves that no order allows, and that the plan does without.
    #[serde(default)]
    pub(crate) held_back: u64,
}

/// The object that `lessor plan --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct PlanSummary<'a> {
    pub(crate) seed: u64,
    pub(crate) value: i128,
    pub(crate) bound: Option<i128>,
    pub(crate) gap: Option<f64>,
    pub(crate) emitted_mg: Option<u128>,
    pub(crate) headroom_cost: Option<i128>,
    pub(crate) balance_cost: Option<i128>,
    pub(crate) dues_cost: Option<i128>,
    pub(crate) placed: u64,
    pub(crate) unplaced: u64,
    pub(crate) seconds: f64,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) tiles: u64,
    pub(crate) jobs: u64,
    pub(crate) job_classes: u64,
    pub(crate) tile_groups: u64,
    pub(crate) moves: u64,
    pub(crate) waves: u64,
    pub(crate) held_back: u64,
    pub(crate) threads: usize,
    pub(crate) out: &'a Path,
}

/// The gap as people read it.
pub(crate) fn gap_words(gap: Option<f64>) -> String {
    gap.map_or("unknown: there is no proof".to_owned(), |gap| format!("{:.3} %", gap * 100.0))
}

/// The bound as people read it.
pub(crate) fn bound_words(bound: Option<i128>) -> String {
    bound.map_or("unknown: there is no proof".to_owned(), |bound| format!("{} credits", credits(bound)))
}

/// What the use of tiles costs, as people read it; nothing where the weights have no rule.
pub(crate) fn strain_words(figures: &Figures) -> Option<String> {
    let (headroom, balance) = (figures.headroom_cost?, figures.balance_cost?);
    let [headroom, balance] = [headroom, balance].map(credits);
    Some(format!("{headroom} credits for headroom used up, {balance} for kinds out of balance"))
}

/// What accounts cost that the market priced, as people read it; nothing where none has a price.
pub(crate) fn dues_words(figures: &Figures) -> Option<String> {
    Some(format!("{} credits for accounts that the market priced", credits(figures.dues_cost?)))
}

/// Milligrams as people read them.
pub(crate) fn kilograms(milligrams: u128) -> String {
    let grams = milligrams.div_ceil(1_000);
    format!("{}.{:03} kg", grams / 1_000, grams % 1_000)
}

/// Bytes as people read them.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
