//! New errors of one tile in a sliding window.

use lessor_models::time::{Span, Timestamp};

/// How many slices the window has.
pub(super) const SLICES: usize = 8;

/// New errors by slice of time. The window ends at the latest reading, so a sensor that falls silent keeps its verdict.
/// The order of readings makes no difference to readings that stay within the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ErrorWindow {
    /// New errors by slice, newest first.
    slices: [u32; SLICES],
    /// The number of the newest slice since the epoch; `None` before the first reading.
    newest: Option<i64>,
}

impl ErrorWindow {
    /// Takes in the errors that a reading is the first to tell of; one from before the window is ignored.
    pub(super) fn add(&mut self, at: Timestamp, errors: u64, window: Span) {
        let slice = at.0.div_euclid(slice_micros(window));
        let newest = *self.newest.get_or_insert(slice);
        let distance = usize::try_from(slice.abs_diff(newest)).unwrap_or(SLICES).min(SLICES);
        let place = if slice > newest {
            self.slices.rotate_right(distance);
            self.slices[..distance].fill(0);
            self.newest = Some(slice);
            0
        } else {
            distance
        };
        if let Some(counted) = self.slices.get_mut(place) {
            *counted = counted.saturating_add(u32::try_from(errors).unwrap_or(u32::MAX));
        }
    }

    /// Errors in the window.
    pub(super) fn count(&self) -> u64 {
        self.slices.iter().map(|&errors| u64::from(errors)).sum()
    }

    /// Whether errors grew through the last so many finished slices: never fewer than before, and more in the end. The
    /// newest slice is not finished and does not count.
    pub(super) fn is_rising(&self, slices: u32) -> bool {
        let slices = usize::try_from(slices).unwrap_or(SLICES).min(SLICES - 1);
        let finished = &self.slices[1..=slices];
        let never_fewer = finished.windows(2).all(|pair| pair[0] >= pair[1]);
        never_fewer && finished[slices - 1] > 0 && finished[0] > finished[slices - 1]
    }
}

/// The length of one slice, in microseconds; above zero, as the policy was checked.
fn slice_micros(window: Span) -> i64 {
    i64::try_from(window.0 / SLICES as u64).expect("the policy holds windows to the range of instants")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eight slices of ten microseconds.
    const WINDOW: Span = Span(80);

    fn window(readings: &[(i64, u64)]) -> ErrorWindow {
        let mut errors = ErrorWindow::default();
        for &(at, new) in readings {
            errors.add(Timestamp(at), new, WINDOW);
        }
        errors
    }

    #[test]
    fn errors_leave_with_their_slice() {
        // Five errors at instant 5, slice 0; at 79, slice 7, they still count, at 80 no longer.
        assert_eq!(window(&[(5, 5), (79, 0)]).count(), 5);
        assert_eq!(window(&[(5, 5), (80, 0)]).count(), 0);
        assert_eq!(window(&[(5, 5), (i64::MAX, 1)]).count(), 1);
    }

    #[test]
    fn a_late_reading_counts_where_it_belongs_while_the_window_holds_it() {
        assert_eq!(window(&[(79, 0), (5, 5)]).count(), 5);
        assert_eq!(window(&[(79, 0), (5, 5), (80, 0)]).count(), 0);
        assert_eq!(window(&[(80, 0), (5, 5)]).count(), 0);
    }

    #[test]
    fn a_count_without_end_does_not_wrap() {
        assert_eq!(window(&[(5, u64::MAX), (6, 1)]).count(), u64::from(u32::MAX));
    }

    #[test]
    fn errors_that_grow_slice_by_slice_are_rising() {
        // New errors 1, 1, 2, 3 in slices 0 to 3; then slice 4 begins.
        let creeping = [(5, 1), (15, 1), (25, 2), (35, 3), (41, 0)];
        assert!(window(&creeping).is_rising(4));
        assert!(!window(&creeping[..4]).is_rising(4), "the newest slice is not finished");
        let steady = [(5, 1), (15, 1), (25, 1), (35, 1), (41, 0)];
        assert!(!window(&steady).is_rising(4));
    }
}
