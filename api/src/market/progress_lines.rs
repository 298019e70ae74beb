//! What a round shows while it is cleared: lines on standard error, as those of a plan.

use lessor_market::policy::Policy;
use lessor_market::session::{Phase, Progress};
use lessor_models::words::credits;

use crate::console::warn;
use crate::plan::progress_view::LINE_SECONDS_MIN;
use crate::process::clock::ProcessClock;

/// The lines of one round.
#[derive(Debug)]
pub(super) struct ProgressLines {
    clock: ProcessClock,
    /// The names of account classes, in the policy's order.
    classes: Vec<String>,
    /// What was told last, and at how many seconds.
    told: Option<(f64, Progress)>,
}

impl ProgressLines {
    pub(super) fn new(clock: ProcessClock, policy: &Policy) -> ProgressLines {
        let classes = policy.rules().classes.iter().map(|class| class.name.clone()).collect();
        ProgressLines { clock, classes, told: None }
    }

    /// Tells how far a round is, where a line is due.
    pub(super) fn show(&mut self, progress: Progress) {
        if let Some(line) = self.due(self.clock.seconds(), progress) {
            warn(&line);
        }
    }

    /// The line for what is known at so many seconds, where it is due: the first of each phase of a class, and then, as surplus and
    /// bound improve, one a second.
    fn due(&mut self, seconds: f64, progress: Progress) -> Option<String> {
        let is_due = self.told.is_none_or(|(at, told)| {
            (told.class, told.phase) != (progress.class, progress.phase)
                || (told != progress && seconds - at >= LINE_SECONDS_MIN)
        });
        is_due.then(|| {
            self.told = Some((seconds, progress));
            let phase = match progress.phase {
                Phase::Winners => "winners",
                Phase::Payments => "payments",
            };
            let [surplus, bound] =
                [progress.surplus, progress.bound].map(|amount| credits(i128::try_from(amount).unwrap_or(i128::MAX)));
            format!("{seconds:8.2} s  {}  {phase}  surplus {surplus}  bound {bound}", self.classes[progress.class])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_told_at_once_and_what_improves_in_it_a_second_later() {
        let classes = ["links", "nodes"].map(str::to_owned).to_vec();
        let mut lines = ProgressLines { clock: ProcessClock::start(), classes, told: None };
        let (winners, payments) = (Phase::Winners, Phase::Payments);
        let reports = [
            (0.1, 0, winners, 1),
            (0.9, 0, winners, 2),
            (1.2, 0, winners, 3),
            (2.4, 0, winners, 3),
            (2.5, 0, payments, 3),
            (2.6, 1, winners, 4),
        ];
        let told = reports.map(|(seconds, class, phase, surplus)| {
            lines.due(seconds, Progress { class, phase, surplus, bound: 2_000_000 })
        });
        let line = |words: &str| Some(format!("    {words}  bound 2.000000"));
        assert_eq!(
            told,
            [
                line("0.10 s  links  winners  surplus 0.000001"),
                None,
                line("1.20 s  links  winners  surplus 0.000003"),
                None,
                line("2.50 s  links  payments  surplus 0.000003"),
                line("2.60 s  nodes  winners  surplus 0.000004"),
            ]
        );
    }
}
