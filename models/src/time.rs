//! Points in time, lengths of time, and capacity as a step function of time.

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

/// Microseconds in a second.
pub const MICROS_PER_SECOND: u64 = 1_000_000;

/// Microseconds in an hour.
pub const MICROS_PER_HOUR: u64 = 3_600 * MICROS_PER_SECOND;

/// The longest term and the farthest deadline that an instance may hold: a century, so that sums of times never overflow.
pub const SPAN_MAX: Span = Span(100 * 366 * 24 * MICROS_PER_HOUR);

/// The latest and (negated) earliest timestamp of an instance.
pub const TIMESTAMP_MAX: Timestamp = Timestamp(1 << 60);

impl Timestamp {
    /// The point a span later; saturates at the end of time.
    #[must_use]
    pub fn after(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_add_unsigned(span.0))
    }

    /// The span from an earlier point to this one, zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Span {
        if self > earlier { Span(self.0.abs_diff(earlier.0)) } else { Span(0) }
    }
}

/// The half-open interval `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Interval {
    /// The interval's length.
    #[must_use]
    pub fn span(&self) -> Span {
        self.end.since(self.start)
    }

    /// Whether both have an instant in common; neither is empty.
    #[must_use]
    pub fn meets(&self, other: &Interval) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether every instant of the other is in it; the other is not empty.
    #[must_use]
    pub fn contains(&self, other: &Interval) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// Intervals as stretches of time, in order, no two of which touch. O(n log n).
#[must_use]
pub fn stretches(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_unstable();
    let mut stretches: Vec<Interval> = Vec::new();
    for interval in intervals {
        match stretches.last_mut() {
            Some(last) if interval.start <= last.end => last.end = last.end.max(interval.end),
            _ => stretches.push(interval),
        }
    }
    stretches
}

/// One amount that changes at stated instants.
///
/// Before the first step the amount is the base; from each step on it is that step's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepFunction {
    base: u64,
    steps: Vec<(Timestamp, u64)>,
    /// The sum from the first step to each, in amounts times microseconds.
    sums: Vec<i128>,
}

impl StepFunction {
    /// A function from its base and its steps, which may come in any order; the last of equal instants wins.
    #[must_use]
    pub fn new(base: u64, mut steps: Vec<(Timestamp, u64)>) -> StepFunction {
        steps.sort_by_key(|step| step.0);
        let mut kept: Vec<(Timestamp, u64)> = Vec::with_capacity(steps.len());
        for step in steps {
            match kept.last_mut() {
                Some(last) if last.0 == step.0 => *last = step,
                _ => kept.push(step),
            }
        }
        let mut sums = Vec::with_capacity(kept.len());
        let mut sum = 0i128;
        for (at, step) in kept.iter().enumerate() {
            if let Some(&(last, amount)) = at.checked_sub(1).map(|before| &kept[before]) {
                sum += i128::from(amount) * i128::from(step.0.since(last).0);
            }
            sums.push(sum);
        }
        StepFunction { base, steps: kept, sums }
    }

    /// The amount that never changes.
    #[must_use]
    pub fn constant(amount: u64) -> StepFunction {
        StepFunction { base: amount, steps: Vec::new(), sums: Vec::new() }
    }

    /// The amount before the first step.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.base
    }

    /// The steps, in order of time.
    #[must_use]
    pub fn steps(&self) -> &[(Timestamp, u64)] {
        &self.steps
    }

    /// The amount at an instant.
    #[must_use]
    pub fn at(&self, when: Timestamp) -> u64 {
        match self.steps.partition_point(|step| step.0 <= when) {
            0 => self.base,
            n => self.steps[n - 1].1,
        }
    }

    /// The least amount anywhere in an interval.
    #[must_use]
    pub fn least(&self, interval: Interval) -> u64 {
        let inside = self.steps.iter().filter(|step| step.0 > interval.start && step.0 < interval.end);
        inside.map(|step| step.1).fold(self.at(interval.start), u64::min)
    }

    /// The amount summed over an interval, in amounts times microseconds. O(log steps).
    ///
    /// Between instants of an instance, of which none is beyond [`TIMESTAMP_MAX`], no sum overflows.
    #[must_use]
    pub fn sum(&self, interval: Interval) -> u128 {
        if self.steps.is_empty() || interval.end <= interval.start {
            return u128::from(self.base) * u128::from(interval.span().0);
        }
        (self.sum_until(interval.end) - self.sum_until(interval.start)).unsigned_abs()
    }

    /// The sum from the first step on; below zero for an instant before it.
    fn sum_until(&self, instant: Timestamp) -> i128 {
        match self.steps.partition_point(|step| step.0 <= instant) {
            0 => -i128::from(self.base) * i128::from(self.steps[0].0.since(instant).0),
            n => self.sums[n - 1] + i128::from(self.steps[n - 1].1) * i128::from(instant.since(self.steps[n - 1].0).0),
        }
    }

    /// At every instant the greater of two amounts.
    #[must_use]
    pub fn greatest(&self, other: &StepFunction) -> StepFunction {
        let steps = self.steps.iter().chain(&other.steps);
        let steps = steps.map(|&(at, _)| (at, self.at(at).max(other.at(at)))).collect();
        StepFunction::new(self.base.max(other.base), steps)
    }

    /// The same amounts inside an interval, with no step outside it; before and after it the nearest amount holds.
    #[must_use]
    pub fn within(&self, interval: Interval) -> StepFunction {
        let inside = |step: &&(Timestamp, u64)| interval.start < step.0 && step.0 < interval.end;
        StepFunction::new(self.at(interval.start), self.steps.iter().filter(inside).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_touch_do_not_meet_and_one_contains_itself() {
        let interval = |start, end| Interval { start: Timestamp(start), end: Timestamp(end) };
        let ten = interval(10, 20);
        let all = [(0, 10), (0, 11), (10, 20), (12, 18), (19, 30), (20, 30), (0, 30)].map(|(a, b)| interval(a, b));
        assert_eq!(all.map(|other| ten.meets(&other)), [false, true, true, true, true, false, true]);
        assert_eq!(all.map(|other| other.meets(&ten)), all.map(|other| ten.meets(&other)));
        assert_eq!(all.map(|other| ten.contains(&other)), [false, false, true, true, false, false, false]);
    }

    #[test]
    fn a_step_holds_from_its_instant_on() {
        let windows = StepFunction::new(5, vec![(Timestamp(20), 9), (Timestamp(10), 0)]);
        let seen: Vec<u64> = [9, 10, 19, 20].into_iter().map(|t| windows.at(Timestamp(t))).collect();
        assert_eq!(seen, [5, 0, 0, 9]);
    }

    #[test]
    fn the_least_of_an_interval_ignores_a_step_at_its_end() {
        let windows = StepFunction::new(5, vec![(Timestamp(10), 1), (Timestamp(20), 7)]);
        let least = |start, end| windows.least(Interval { start: Timestamp(start), end: Timestamp(end) });
        assert_eq!((least(0, 10), least(0, 11), least(10, 30), least(20, 30)), (5, 1, 1, 7));
    }
    /// Five until 10, one until 20, seven from then on.
    fn dip() -> StepFunction {
        StepFunction::new(5, vec![(Timestamp(10), 1), (Timestamp(20), 7)])
    }

    #[test]
    fn a_sum_is_what_its_instants_add_up_to() {
        let function = dip();
        for start in -3..30 {
            for end in -3..30 {
                let interval = Interval { start: Timestamp(start), end: Timestamp(end) };
                let added: u64 = (start..end).map(|at| function.at(Timestamp(at))).sum();
                assert_eq!(function.sum(interval), u128::from(added), "{interval:?}");
            }
        }
        let always = Interval { start: Timestamp(-TIMESTAMP_MAX.0), end: TIMESTAMP_MAX };
        for most in [StepFunction::constant(u64::MAX), StepFunction::new(u64::MAX, vec![(Timestamp(0), u64::MAX)])] {
            assert_eq!(most.sum(always), u128::from(u64::MAX) << 61);
        }
    }

    #[test]
    fn the_greatest_and_the_inside_of_functions_agree_with_them_at_every_instant() {
        let other = StepFunction::new(0, vec![(Timestamp(5), 6), (Timestamp(25), 2)]);
        let greatest = dip().greatest(&other);
        let inside = dip().within(Interval { start: Timestamp(8), end: Timestamp(20) });
        for at in (-5..40).map(Timestamp) {
            assert_eq!(greatest.at(at), dip().at(at).max(other.at(at)), "{at:?}");
            if (8..20).contains(&at.0) {
                assert_eq!(inside.at(at), dip().at(at), "{at:?}");
            }
        }
        assert_eq!(inside.steps(), [(Timestamp(10), 1)]);
    }
}
