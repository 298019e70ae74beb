//! What a running plan shows: bars on a terminal, lines to whatever else reads along, and the points of its timeline.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use lessor_engine::planner::{Phase, Progress};
use lessor_models::words::credits;

use super::run_file::Point;
use crate::console::warn;
use crate::process::clock::ProcessClock;

/// Points kept at most: more than a chart can show. The last one always counts.
const POINTS_MAX: usize = 10_000;

/// The line of a phase whose end is known.
const COUNTED: &str = "{elapsed:>4} {prefix:9} {bar:24} {pos}/{len}  {msg}";
/// The line of a phase that ends when it ends.
const OPEN: &str = "{elapsed:>4} {prefix:9} {pos}  {msg}";

/// The least between two lines. Incumbents come by the hundred in the first second; the first one is told at once.
pub(crate) const LINE_SECONDS_MIN: f64 = 1.0;

/// Whether anybody is told how far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// On standard error: bars where that is a terminal, lines where it is not.
    Shown,
    /// Not at all.
    Hidden,
}

/// The view of one run.
#[derive(Debug)]
pub(crate) struct ProgressView {
    clock: ProcessClock,
    bar: ProgressBar,
    phase: Option<Phase>,
    points: Vec<Point>,
    lines: Option<Lines>,
}

/// Lines about incumbents.
#[derive(Debug, Default)]
struct Lines {
    /// What was told last.
    told: Option<Point>,
}

impl Lines {
    /// The line for a point of the timeline, where it is due: the first with a value, and then, as values and bounds improve, one
    /// a second.
    fn due(&mut self, point: Point) -> Option<String> {
        point.value?;
        let is_due = self.told.is_none_or(|told| point.seconds - told.seconds >= LINE_SECONDS_MIN);
        is_due.then(|| {
            self.told = Some(point);
            format!("{:8.2} s  {}", point.seconds, amounts(point.value, point.bound))
        })
    }
}

impl ProgressView {
    pub(crate) fn new(clock: &ProcessClock, telling: Telling) -> ProgressView {
        let is_shown = telling == Telling::Shown;
        let has_bars = is_shown && std::io::stderr().is_terminal();
        let bar = if has_bars { ProgressBar::new(0) } else { ProgressBar::hidden() };
        bar.set_style(style(OPEN));
        let lines = (is_shown && !has_bars).then(Lines::default);
        ProgressView { clock: *clock, bar, phase: None, points: Vec::new(), lines }
    }

    /// Takes in a report from the planner.
    pub(crate) fn show(&mut self, progress: Progress) {
        self.remember(progress.value, progress.bound);
        if self.phase != Some(progress.phase) {
            self.phase = Some(progress.phase);
            self.bar.set_prefix(phase_word(progress.phase));
        }
        self.bar.set_style(style(if progress.of > 0 { COUNTED } else { OPEN }));
        self.bar.set_length(progress.of.max(progress.done));
        self.bar.set_message(amounts(progress.value, progress.bound));
        self.bar.set_position(progress.done);
    }

    /// Takes in where the run ended, clears the bar and gives the timeline. Its last point is exact: what the planner
    /// reports on its way leaves out what moves cost.
    pub(crate) fn finish(mut self, value: i128, bound: Option<i128>) -> Vec<Point> {
        self.bar.finish_and_clear();
        let end = Point { seconds: self.clock.seconds(), value: Some(value), bound };
        if self.points.len() == POINTS_MAX {
            self.points.pop();
        }
        self.points.push(end);
        self.points
    }

    /// Keeps a point where value or bound moved. A value counts only upward and a bound only downward.
    fn remember(&mut self, value: Option<i128>, bound: Option<i128>) {
        let last = self.points.last().copied();
        let value = value.max(last.and_then(|point| point.value));
        let bound = [bound, last.and_then(|point| point.bound)].into_iter().flatten().min();
        if last.is_some_and(|point| (point.value, point.bound) == (value, bound)) || (value, bound) == (None, None) {
            return;
        }
        if self.points.len() == POINTS_MAX {
            self.points.pop();
        }
        let point = Point { seconds: self.clock.seconds(), value, bound };
        self.points.push(point);
        if let Some(line) = self.lines.as_mut().and_then(|lines| lines.due(point)) {
            warn(&line);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a test holds that the templates are well-formed")
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Lower => "preparing",
        Phase::Bound => "bound",
        Phase::Cells => "cells",
        Phase::Search => "search",
        Phase::Explain => "reasons",
    }
}

/// What is known of value and bound, in credits.
fn amounts(value: Option<i128>, bound: Option<i128>) -> String {
    let known = [("value", value), ("bound", bound)];
    let words = known.into_iter().filter_map(|(name, amount)| Some(format!("{name} {}", credits(amount?))));
    words.collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(value: Option<i128>, bound: Option<i128>) -> Progress {
        Progress { phase: Phase::Search, done: 1, of: 2, value, bound }
    }

    #[test]
    fn the_timeline_has_a_point_where_value_or_bound_improved_and_ends_exactly() {
        let mut view = ProgressView::new(&ProcessClock::start(), Telling::Hidden);
        let reports = [(None, None), (None, Some(90)), (Some(5), None), (Some(5), Some(90)), (Some(4), Some(95))];
        for (value, bound) in reports {
            view.show(report(value, bound));
        }
        let points = view.finish(4, Some(80));
        let moved: Vec<_> = points.iter().map(|point| (point.value, point.bound)).collect();
        assert_eq!(moved, [(None, Some(90)), (Some(5), Some(90)), (Some(4), Some(80))]);
    }

    #[test]
    fn the_templates_are_well_formed() {
        for template in [COUNTED, OPEN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn the_message_names_what_is_known() {
        let said = [(None, None), (Some(1), None), (None, Some(2)), (Some(1), Some(2))].map(|(v, b)| amounts(v, b));
        assert_eq!(said, ["", "value 0.000001", "bound 0.000002", "value 0.000001  bound 0.000002"]);
    }

    #[test]
    fn the_first_value_is_told_at_once_and_then_what_improved_a_second_later() {
        let mut lines = Lines::default();
        let points = [(0.1, None), (0.2, Some(1)), (0.9, Some(2)), (1.2, Some(3)), (2.1, Some(4)), (2.2, Some(5))];
        let told = points.map(|(seconds, value)| lines.due(Point { seconds, value, bound: Some(1_000_000) }));
        let line = |words: &str| Some(words.to_owned());
        let first = line("    0.20 s  value 0.000001  bound 1.000000");
        let second = line("    1.20 s  value 0.000003  bound 1.000000");
        let third = line("    2.20 s  value 0.000005  bound 1.000000");
        assert_eq!(told, [None, first, None, second, None, third]);
    }
}
