//! Which way the figures of a family get better: costs are to be small, values great. A bound is on the other side.

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// The least cost; bounds are below it.
    Least,
    /// The greatest value; bounds are above it.
    Greatest,
}

impl Aim {
    /// Whether a figure is better than another.
    pub(super) fn is_better(self, figure: u128, than: u128) -> bool {
        match self {
            Aim::Least => figure < than,
            Aim::Greatest => figure > than,
        }
    }

    /// The best of some figures.
    pub(super) fn best(self, figures: impl Iterator<Item = u128>) -> Option<u128> {
        match self {
            Aim::Least => figures.min(),
            Aim::Greatest => figures.max(),
        }
    }

    /// The bound of some that says most.
    pub(super) fn tightest(self, bounds: impl Iterator<Item = u128>) -> Option<u128> {
        match self {
            Aim::Least => bounds.max(),
            Aim::Greatest => bounds.min(),
        }
    }

    /// By how much a figure falls short of another; below zero where it is better.
    pub(super) fn shortfall(self, figure: u128, of: u128) -> f64 {
        let above = figure as f64 - of as f64;
        match self {
            Aim::Least => above,
            Aim::Greatest => 0.0 - above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_bounds_lie_on_two_sides() {
        let three = || [4, 9, 6].into_iter();
        for (aim, best, tightest) in [(Aim::Least, 4, 9), (Aim::Greatest, 9, 4)] {
            assert_eq!((aim.best(three()), aim.tightest(three())), (Some(best), Some(tightest)));
            assert!(aim.is_better(best, 6) && !aim.is_better(6, 6) && !aim.is_better(6, best));
            assert!(aim.shortfall(6, best) > 0.0 && aim.shortfall(best, 6) < 0.0);
            assert_eq!(aim.shortfall(6, 6).to_bits(), 0.0_f64.to_bits());
        }
    }
}
