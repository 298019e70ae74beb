//! What a running plan shows: bars on a terminal, and the points of its timeline.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use lessor_engine::planner::{Phase, Progress};

use super::run_file::Point;
use crate::process::clock::ProcessClock;

/// Points kept at most: more than a chart can show. The last one always counts.
const POINTS_MAX: usize = 10_000;

/// The line of a phase whose end is known.
const COUNTED: &str = "{elapsed:>4} {prefix:9} {bar:24} {pos}/{len}  {msg}";
/// The line of a phase that ends when it ends.
const OPEN: &str = "{elapsed:>4} {prefix:9} {pos}  {msg}";

/// Whether bars are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bars {
    /// On standard error, where that is a terminal.
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
}

impl ProgressView {
    pub(crate) fn new(clock: &ProcessClock, bars: Bars) -> ProgressView {
        let is_shown = bars == Bars::Shown && std::io::stderr().is_terminal();
        let bar = if is_shown { ProgressBar::new(0) } else { ProgressBar::hidden() };
        bar.set_style(style(OPEN));
        ProgressView { clock: *clock, bar, phase: None, points: Vec::new() }
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
        self.bar.set_message(message(&progress));
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
        self.points.push(Point { seconds: self.clock.seconds(), value, bound });
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

fn message(progress: &Progress) -> String {
    let value = progress.value.map_or(String::new(), |value| format!("value {value}"));
    match progress.bound {
        Some(bound) => format!("{value}  bound {bound}").trim_start().to_owned(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(value: Option<i128>, bound: Option<i128>) -> Progress {
        Progress { phase: Phase::Search, done: 1, of: 2, value, bound }
    }

    #[test]
    fn the_timeline_has_a_point_where_value_or_bound_improved_and_ends_exactly() {
        let mut view = ProgressView::new(&ProcessClock::start(), Bars::Hidden);
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
        let said =
            [(None, None), (Some(1), None), (None, Some(2)), (Some(1), Some(2))].map(|(v, b)| message(&report(v, b)));
        assert_eq!(said, ["", "value 1", "bound 2", "value 1  bound 2"]);
    }
}
