//! What the exact checker says of a plan and its certificate: the only figures that are ever reported.

use lessor_models::certificate::Certificate;
use lessor_models::check;
use lessor_models::check::bound::{BoundError, bound};
use lessor_models::instance::Instance;
use lessor_models::objective::accepted_bids;
use lessor_models::objective::strain::{self, Strains};
use lessor_models::objective::terms::emitted_mg;
use lessor_models::plan::{Plan, Unplaced};

/// The exact figures of a plan.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// What the placements do and may not do; where they may, what the moves do and may not, and what is held back and moves.
    pub(crate) violations: Vec<check::Violation>,
    /// Their value in micro-credits; zero where they break a rule, for then they have none.
    pub(crate) value: i128,
    /// The sum of accepted bids: the scale of the gap.
    pub(crate) accepted_bids: u128,
    /// What making their energy emits, in milligrams of carbon dioxide; `None` where no zone says what energy emits.
    pub(crate) emitted_mg: Option<u128>,
    /// What they pay for accounts that the market priced; `None` where it priced none.
    pub(crate) dues: Option<i128>,
    /// What they pay for the use of tiles; `None` where no rule says what that costs.
    pub(crate) strains: Option<Strains>,
    /// Capsules placed.
    pub(crate) placed: u64,
    /// Capsules asked for and not placed.
    pub(crate) unplaced: u64,
}

impl Verdict {
    /// Looks at placements, and at the moves that lead to them.
    pub(crate) fn of(instance: &Instance, plan: &Plan) -> Verdict {
        let placements = &plan.placements;
        let mut violations = check::violations(instance, placements);
        let asked: u64 = instance.jobs().iter().map(|job| u64::from(job.count)).sum();
        let placed: u64 = placements.iter().map(|placement| u64::from(placement.count)).sum();
        let is_feasible = violations.is_empty();
        if is_feasible {
            violations = check::moves::violations(instance, placements, &plan.moves);
            violations.extend(check::moves::carried_out(instance, &plan.moves, &plan.held_back));
        }
        Verdict {
            value: if is_feasible { check::value(instance, placements) } else { 0 },
            accepted_bids: if is_feasible { accepted_bids(instance, placements) } else { 0 },
            emitted_mg: instance.fleet().has_carbon().then(|| emitted_mg(instance, placements)),
            dues: has_prices(instance).then(|| check::dues(instance, placements)),
            strains: has_strains(instance).then(|| strain::cost(instance, placements)),
            violations,
            placed,
            unplaced: asked.saturating_sub(placed),
        }
    }

    /// `(bound - value) / max(1, accepted bids)`; `None` without a proof.
    pub(crate) fn gap(&self, bound: Option<i128>) -> Option<f64> {
        Some((bound? - self.value) as f64 / self.accepted_bids.max(1) as f64)
    }

    /// The first violation in words.
    pub(crate) fn first_words(&self, instance: &Instance) -> String {
        self.violations.first().map_or(String::new(), |violation| check::Described(violation, instance).to_string())
    }
}

/// Whether the market priced any account.
fn has_prices(instance: &Instance) -> bool {
    !instance.fleet().prices().is_empty()
}

/// Whether a rule says what the use of tiles costs.
fn has_strains(instance: &Instance) -> bool {
    !(instance.weights().headroom.is_empty() && instance.weights().balance.is_empty())
}

/// The bound that a certificate implies; `None` where there is no certificate.
///
/// # Errors
/// When the certificate proves nothing.
pub(crate) fn proven_bound(instance: &Instance, certificate: Option<&Certificate>) -> Result<Option<i128>, BoundError> {
    certificate.map(|certificate| bound(instance, certificate)).transpose()
}

/// Jobs whose unplaced row does not say how many of their capsules are missing, in words; the first of them.
pub(crate) fn first_miscounted(instance: &Instance, plan: &Plan) -> Option<String> {
    let mut missing: Vec<i64> = instance.jobs().iter().map(|job| i64::from(job.count)).collect();
    for placement in &plan.placements {
        missing[placement.job.at()] -= i64::from(placement.count);
    }
    let mut told = vec![0i64; missing.len()];
    for Unplaced { job, count, .. } in &plan.unplaced {
        told[job.at()] += i64::from(*count);
    }
    let at = (0..missing.len()).find(|&at| missing[at] != told[at])?;
    let (name, missing, told) = (instance.job_names().get(at), missing[at], told[at]);
    Some(format!("job {name:?}: {missing} capsules are missing, and the unplaced table says {told}"))
}
