//! How far a bench is, on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The line shown on a terminal while runs go on.
const LINE: &str = "{elapsed:>4} {bar:24} {pos}/{len}  {msg}";

/// How often the elapsed time on that line moves.
const TICK: Duration = Duration::from_millis(500);

/// A line on standard error, where that is a terminal and no program reads along.
pub(super) fn bar(runs: usize, is_json: bool) -> ProgressBar {
    if is_json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(runs).unwrap_or(u64::MAX));
    bar.set_style(ProgressStyle::with_template(LINE).expect("a test holds that the template is well-formed"));
    bar.enable_steady_tick(TICK);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_well_formed() {
        assert!(ProgressStyle::with_template(LINE).is_ok());
    }
}
