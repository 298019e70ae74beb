//! Scales of a chart: where an amount lies between the ends of an axis, and which amounts are marked.

/// An axis from one amount to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Equal steps are equal factors; both ends are above zero.
    Logarithmic { low: f64, high: f64 },
    /// Equal steps are equal differences.
    Linear { low: f64, high: f64 },
}

/// Marks aimed at, fewer than which a finer set is taken.
const MARKS_MIN: usize = 3;

/// The least ratio of the ends of a logarithmic axis: below it, noise would fill the chart.
const RATIO_MIN: f64 = 4.0;

/// What a logarithmic axis leaves free beyond the data at each end, as a factor.
const MARGIN: f64 = 1.15;

impl Scale {
    /// A logarithmic axis that holds the amounts, with a little room. Amounts that are not above zero are left out.
    pub(crate) fn logarithmic(amounts: impl Iterator<Item = f64>) -> Scale {
        let amounts = amounts.filter(|amount| *amount > 0.0 && amount.is_finite());
        let ends = amounts.fold(None, |ends: Option<(f64, f64)>, amount| {
            Some(ends.map_or((amount, amount), |(low, high)| (low.min(amount), high.max(amount))))
        });
        let (low, high) = ends.unwrap_or((1.0, 1.0));
        let widening = (RATIO_MIN / (high / low)).max(1.0).sqrt() * MARGIN;
        Scale::Logarithmic { low: low / widening, high: high * widening }
    }

    /// A linear axis from zero that holds the amounts and ends at a mark.
    pub(crate) fn linear(amounts: impl Iterator<Item = f64>) -> Scale {
        let high = amounts.filter(|amount| amount.is_finite()).fold(0.0, f64::max);
        let high = if high > 0.0 { high * 1.05 } else { 1.0 };
        let step = step(high);
        Scale::Linear { low: 0.0, high: (high / step).ceil() * step }
    }

    /// Where an amount lies: 0 at the low end, 1 at the high end.
    pub(crate) fn share(self, amount: f64) -> f64 {
        match self {
            Scale::Logarithmic { low, high } => (amount / low).ln() / (high / low).ln(),
            Scale::Linear { low, high } => (amount - low) / (high - low),
        }
    }

    /// The amounts to mark, rising.
    pub(crate) fn marks(self) -> Vec<f64> {
        match self {
            Scale::Logarithmic { low, high } => {
                let sets: [&[f64]; 3] = [&[1.0], &[1.0, 2.0, 5.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]];
                let mut marks = sets.into_iter().map(|factors| multiples(low, high, factors));
                let finest = multiples(low, high, sets[2]);
                marks.find(|marks| marks.len() >= MARKS_MIN).unwrap_or(finest)
            }
            Scale::Linear { low, high } => {
                let step = step(high - low);
                // Five or six steps at most: see `step`.
                (0..=10u32).map(|at| low + f64::from(at) * step).filter(|&mark| mark <= high * (1.0 + 1e-9)).collect()
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten, so that there are three to six steps.
pub(crate) fn step(span: f64) -> f64 {
    let wanted = span / 5.0;
    let decade = decade(wanted);
    [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade).into_iter().find(|&step| step >= wanted).unwrap_or(span)
}

/// The greatest power of ten that is at most an amount above zero.
fn decade(amount: f64) -> f64 {
    10f64.powf(amount.log10().floor())
}

/// The products of powers of ten and factors that lie on an axis, rising.
fn multiples(low: f64, high: f64, factors: &[f64]) -> Vec<f64> {
    let decades = std::iter::successors(Some(decade(low)), |decade| Some(decade * 10.0));
    let decades = decades.take_while(|&decade| decade <= high);
    let products = decades.flat_map(|decade| factors.iter().map(move |factor| factor * decade));
    products.filter(|&mark| (low..=high).contains(&mark)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_about(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0)
    }

    fn are_about(found: &[f64], expected: &[f64]) -> bool {
        found.len() == expected.len() && found.iter().zip(expected).all(|(&found, &expected)| is_about(found, expected))
    }

    #[test]
    fn equal_factors_are_equal_steps() {
        let scale = Scale::Logarithmic { low: 10.0, high: 1_000.0 };
        assert!(are_about(&[10.0, 100.0, 1_000.0].map(|amount| scale.share(amount)), &[0.0, 0.5, 1.0]));
    }

    #[test]
    fn a_logarithmic_axis_holds_its_amounts_with_room() {
        let scale = Scale::logarithmic([0.0, 100.0, 10_000.0, f64::NAN].into_iter());
        assert_eq!(scale, Scale::Logarithmic { low: 100.0 / MARGIN, high: 10_000.0 * MARGIN });
        let Scale::Logarithmic { low, high } = Scale::logarithmic([8.0].into_iter()) else {
            panic!("it is logarithmic")
        };
        assert!(is_about(low, 4.0 / MARGIN) && is_about(high, 16.0 * MARGIN), "{low} {high}");
        assert!(Scale::logarithmic(std::iter::empty()).marks().len() >= MARKS_MIN - 1);
    }

    #[test]
    fn marks_are_decades_where_there_are_three_and_finer_where_not() {
        let marks = |low, high| Scale::Logarithmic { low, high }.marks();
        assert!(are_about(&marks(0.05, 20.0), &[0.1, 1.0, 10.0]));
        assert!(are_about(&marks(9.0, 110.0), &[10.0, 20.0, 50.0, 100.0]));
        assert!(are_about(&marks(1.1, 4.5), &[2.0, 3.0, 4.0]));
    }

    #[test]
    fn a_linear_axis_starts_at_zero_and_ends_at_a_mark() {
        let scale = Scale::linear([0.3, 4.9].into_iter());
        assert_eq!(scale, Scale::Linear { low: 0.0, high: 6.0 });
        assert!(are_about(&scale.marks(), &[0.0, 2.0, 4.0, 6.0]));
        assert_eq!(Scale::linear(std::iter::empty()), Scale::Linear { low: 0.0, high: 1.0 });
    }

    #[test]
    fn a_decade_is_at_most_the_amount() {
        assert!(are_about(&[0.05, 1.0, 99.0, 100.0].map(decade), &[0.01, 1.0, 10.0, 100.0]));
    }
}
