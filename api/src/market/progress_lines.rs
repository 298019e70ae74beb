//! What a round shows while it is cleared: lines on standard error, as those of a plan.

use std::mem::discriminant;

use lessor_market::policy::Policy;
use lessor_market::session::{Paying, Phase, Progress};
use lessor_models::words::{counted, credits};

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

    /// The line for what is known at so many seconds, where it is due: the first of each phase of a class, and then, as it gets on,
    /// one a second.
    fn due(&mut self, seconds: f64, progress: Progress) -> Option<String> {
        let is_due = self.told.is_none_or(|(at, told)| {
            (told.class, discriminant(&told.phase)) != (progress.class, discriminant(&progress.phase))
                || (told != progress && seconds - at >= LINE_SECONDS_MIN)
        });
        is_due.then(|| {
            self.told = Some((seconds, progress));
            let (phase, so_far) = match progress.phase {
                Phase::Winners => ("winners", String::new()),
                Phase::Payments(paying) => ("payments", so_far(paying)),
            };
            let [surplus, bound] = [progress.surplus, progress.bound].map(in_credits);
            let class = &self.classes[progress.class];
            format!("{seconds:8.2} s  {class}  {phase}  surplus {surplus}  bound {bound}{so_far}")
        })
    }
}

/// How far payments are, after what is known of the winners.
fn so_far(paying: Paying) -> String {
    match paying {
        Paying::Begun => String::new(),
        Paying::Without { solved, of } => format!("  solved without {solved} of {}", counted(of, "winner", "winners")),
        Paying::Coalitions { rounds, held, revenue } => {
            let held = counted(held, "coalition", "coalitions");
            format!("  round {}  {held} held back  revenue {}", rounds + 1, in_credits(revenue))
        }
    }
}

fn in_credits(amount: u128) -> String {
    credits(i128::try_from(amount).unwrap_or(i128::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_told_at_once_and_how_it_gets_on_a_second_later() {
        let classes = ["links", "nodes"].map(str::to_owned).to_vec();
        let mut lines = ProgressLines { clock: ProcessClock::start(), classes, told: None };
        let (winners, payments) = (Phase::Winners, Phase::Payments(Paying::Begun));
        let without = Phase::Payments(Paying::Without { solved: 1, of: 7 });
        let coalitions = Phase::Payments(Paying::Coalitions { rounds: 2, held: 1, revenue: 5 });
        let reports = [
            (0.1, 0, winners, 1),
            (0.9, 0, winners, 2),
            (1.2, 0, winners, 3),
            (2.4, 0, winners, 3),
            (2.5, 0, payments, 3),
            (2.6, 0, without, 3),
            (3.6, 0, without, 3),
            (4.7, 0, coalitions, 3),
            (4.8, 1, winners, 4),
        ];
        let told = reports.map(|(seconds, class, phase, surplus)| {
            lines.due(seconds, Progress { class, phase, surplus, bound: 2_000_000 })
        });
        let line = |words: &str| Some(format!("    {words}  bound 2.000000"));
        let further = |words: &str, so_far: &str| line(words).map(|line| line + so_far);
        assert_eq!(
            told,
            [
                line("0.10 s  links  winners  surplus 0.000001"),
                None,
                line("1.20 s  links  winners  surplus 0.000003"),
                None,
                line("2.50 s  links  payments  surplus 0.000003"),
                None,
                further("3.60 s  links  payments  surplus 0.000003", "  solved without 1 of 7 winners"),
                further(
                    "4.70 s  links  payments  surplus 0.000003",
                    "  round 3  1 coalition held back  revenue 0.000005"
                ),
                line("4.80 s  nodes  winners  surplus 0.000004"),
            ]
        );
    }
}
