//! The policy of an authority: every limit, margin and price that it works with.

use lessor_models::time::{MICROS_PER_HOUR, MICROS_PER_SECOND, Span};
use thiserror::Error;

use super::money::{UNIT_PRICE_MAX, UnitPrices};

/// The limits, margins and prices of an authority. Policy: a journal records what was decided under it, so another one
/// never re-decides the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The shortest term.
    pub term_min: Span,
    /// The longest term, and the farthest end that a renewal may name.
    pub term_max: Span,
    /// How long before a lease's end its holder stops, and the least time for which accounts and keys stay debited after it. Both
    /// together cover the longest pause between the holder's look at its clock and the effect that it allows.
    pub guard_band: Span,
    /// By how much the rate of a holder's clock may differ from that of the authority's, in millionths: a lease stays debited for
    /// so much of its term longer, however long that is.
    pub drift_ppm: u32,
    /// How long a revoked holder has to finish.
    pub notice: Span,
    /// How long an answer is kept for a repeat, counted from the decision.
    pub repeat_window: Span,
    /// How many answers are kept at most; the oldest go first, and requests first sent no later than those are too old.
    pub repeats_max: u32,
    /// How many ended leases can still be looked up; the oldest go first.
    pub ended_max: u32,
    /// How many changes a watch can go back; older revisions are out of range.
    pub watch_max: u32,
    /// Leases live at once.
    pub leases_max: u32,
    /// Leases that one request may ask for.
    pub gang_max: u32,
    /// Parts of a lease's term ahead that may have been paid for at different rates; a renewal that would make one more is refused
    /// until one of them is over.
    pub stretches_max: u32,
    /// Fence keys that one request may name.
    pub fence_keys_max: u8,
    /// Due deadlines that one tick works off, so that requests come between.
    pub deadlines_per_tick: u32,
    /// What a unit of each kind costs while its account is empty.
    pub unit_prices: UnitPrices,
    /// How many times dearer a unit is when its account is full, in thousandths added: 3,000 makes a full one 4 times as dear.
    pub scarcity_permille: u32,
    /// What a revoked holder gets beside what it paid for the time left, in thousandths of that.
    pub compensation_permille: u32,
}

/// How long and how many answers and ended leases are kept. It decides which ids and requests are still known, so it is part of the
/// state: [`Event::Retain`](crate::authority::Event::Retain) changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// [`Terms::repeat_window`].
    pub repeat_window: Span,
    /// [`Terms::repeats_max`].
    pub repeats_max: u32,
    /// [`Terms::ended_max`].
    pub ended_max: u32,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            term_min: Span(MICROS_PER_SECOND / 10),
            term_max: Span(30 * 24 * MICROS_PER_HOUR),
            guard_band: Span(2 * MICROS_PER_SECOND),
            drift_ppm: 200,
            notice: Span(30 * MICROS_PER_SECOND),
            repeat_window: Span(10 * 60 * MICROS_PER_SECOND),
            repeats_max: 1 << 19,
            ended_max: 1 << 16,
            watch_max: 1 << 17,
            leases_max: 1 << 22,
            gang_max: 1 << 10,
            stretches_max: 16,
            fence_keys_max: 8,
            deadlines_per_tick: 1 << 10,
            unit_prices: UnitPrices::default(),
            scarcity_permille: 3_000,
            compensation_permille: 500,
        }
    }
}

/// Why terms are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TermsError {
    /// A number is too small.
    #[error("{field} must be at least {least}")]
    TooSmall {
        /// Which.
        field: &'static str,
        /// The least that it may be.
        least: u32,
    },
    /// The shortest term is longer than the longest.
    #[error("term_min is longer than term_max")]
    NoTerm,
    /// A span is longer than an instance may hold.
    #[error("{field} is longer than a century")]
    TooLong {
        /// Which.
        field: &'static str,
    },
    /// A unit price, a scarcity or a drift is beyond its range.
    #[error("{field} is {value}; it is at most {most}")]
    TooLarge {
        /// Which.
        field: &'static str,
        /// What it is.
        value: u64,
        /// What it may be.
        most: u64,
    },
}

/// The most that scarcity and compensation may be, in thousandths: a hundredfold.
pub const PERMILLE_MAX: u32 = 100_000;

/// The most that two clocks may differ by, in millionths: a tenth.
pub const DRIFT_PPM_MAX: u32 = 100_000;

impl Terms {
    /// How long accounts and keys stay debited after the end of a lease whose holder counts so much of a term: the guard band, and
    /// what the holder's clock may have lost by then, rounded up. So whoever stops a band before the end by a clock within the
    /// drift has stopped before anything is granted again, pauses of up to two bands included.
    #[must_use]
    pub fn wait_after(&self, term: Span) -> Span {
        let lost = (u128::from(term.0) * u128::from(self.drift_ppm)).div_ceil(1_000_000);
        Span(self.guard_band.0.saturating_add(u64::try_from(lost).unwrap_or(u64::MAX)))
    }

    /// What they say about how long answers and ended leases are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        let Terms { repeat_window, repeats_max, ended_max, .. } = *self;
        Retention { repeat_window, repeats_max, ended_max }
    }

    /// Whether the terms make sense together.
    ///
    /// # Errors
    /// Where a number is out of its range.
    pub fn check(&self) -> Result<(), TermsError> {
        let counts = [
            ("repeats_max", self.repeats_max, 1),
            ("ended_max", self.ended_max, 1),
            ("watch_max", self.watch_max, 1),
            ("leases_max", self.leases_max, 1),
            ("gang_max", self.gang_max, 1),
            // One more than the term that is in use, so that every lease can be renewed.
            ("stretches_max", self.stretches_max, 2),
            ("deadlines_per_tick", self.deadlines_per_tick, 1),
        ];
        if let Some((field, _, least)) = counts.into_iter().find(|(_, count, least)| count < least) {
            return Err(TermsError::TooSmall { field, least });
        }
        if self.term_min.0 == 0 {
            return Err(TermsError::TooSmall { field: "term_min", least: 1 });
        }
        if self.term_min > self.term_max {
            return Err(TermsError::NoTerm);
        }
        let spans = [
            ("term_max", self.term_max),
            ("guard_band", self.guard_band),
            ("notice", self.notice),
            ("repeat_window", self.repeat_window),
        ];
        if let Some((field, _)) = spans.into_iter().find(|span| span.1 > lessor_models::time::SPAN_MAX) {
            return Err(TermsError::TooLong { field });
        }
        if self.drift_ppm > DRIFT_PPM_MAX {
            let (value, most) = (self.drift_ppm.into(), DRIFT_PPM_MAX.into());
            return Err(TermsError::TooLarge { field: "drift_ppm", value, most });
        }
        self.check_prices()
    }

    fn check_prices(&self) -> Result<(), TermsError> {
        if let Some(&value) = self.unit_prices.0.iter().find(|price| **price > UNIT_PRICE_MAX) {
            return Err(TermsError::TooLarge { field: "unit_prices", value, most: UNIT_PRICE_MAX });
        }
        let shares =
            [("scarcity_permille", self.scarcity_permille), ("compensation_permille", self.compensation_permille)];
        match shares.into_iter().find(|share| share.1 > PERMILLE_MAX) {
            Some((field, value)) => Err(TermsError::TooLarge { field, value: value.into(), most: PERMILLE_MAX.into() }),
            None => Ok(()),
        }
    }
}
