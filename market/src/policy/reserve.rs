//! Reserve prices: the least that an account is let for.

/// The least price of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// So many micro-credits per 10^6 base units and hour.
    Fixed(u64),
    /// What handing it out costs: wear, the power that it draws, the heat that this becomes.
    MarginalCost {
        /// Wear, in micro-credits per 10^6 base units and hour.
        wear: u64,
        /// Power that 10^6 base units draw, in milliwatts.
        draw_mw: u64,
        /// What rejecting a kilowatt-hour of heat costs, in micro-credits.
        heat_price: u64,
        /// What is added, in thousandths.
        markup_permille: u32,
    },
}

/// Milliwatt-hours in a kilowatt-hour.
const MILLIWATT_HOURS: u128 = 1_000_000;

impl Reserve {
    /// The least price where a kilowatt-hour costs `energy_price` micro-credits: micro-credits per 10^6 base units and hour,
    /// rounded up.
    #[must_use]
    pub fn price(self, energy_price: u64) -> u64 {
        match self {
            Reserve::Fixed(price) => price,
            Reserve::MarginalCost { wear, draw_mw, heat_price, markup_permille } => {
                let kilowatt_hour = u128::from(energy_price) + u128::from(heat_price);
                let drawn = u128::from(draw_mw).saturating_mul(kilowatt_hour).div_ceil(MILLIWATT_HOURS);
                let cost = drawn.saturating_add(u128::from(wear));
                let price = cost.saturating_mul(1_000 + u128::from(markup_permille)).div_ceil(1_000);
                u64::try_from(price).unwrap_or(u64::MAX)
            }
        }
    }

    /// So many thousandths of it: of wear and of the power drawn, each rounded up.
    #[must_use]
    pub fn permille(self, part: u32) -> Reserve {
        self.scaled(|number| u64::try_from((u128::from(number) * u128::from(part)).div_ceil(1_000)).unwrap_or(u64::MAX))
    }

    /// The same with something else for a price or for wear, and for the power drawn.
    #[must_use]
    pub fn scaled(self, scaled: impl Fn(u64) -> u64) -> Reserve {
        match self {
            Reserve::Fixed(price) => Reserve::Fixed(scaled(price)),
            Reserve::MarginalCost { wear, draw_mw, heat_price, markup_permille } => {
                let (wear, draw_mw) = (scaled(wear), scaled(draw_mw));
                Reserve::MarginalCost { wear, draw_mw, heat_price, markup_permille }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marginal_cost_is_wear_and_the_energy_drawn_and_rejected() {
        // 500 mW for an hour are 500 / 10^6 kWh, at 100,000 + 20,000 a kWh: 60. With 40 of wear 100, and a tenth on top.
        let reserve = Reserve::MarginalCost { wear: 40, draw_mw: 500, heat_price: 20_000, markup_permille: 100 };
        assert_eq!(reserve.price(100_000), 110);
        assert_eq!(reserve.price(0), 55);
        assert_eq!(Reserve::Fixed(7).price(100_000), 7);
        // Four fifths of it are 32 of wear and 400 mW, at 48: 80, and a tenth on top.
        assert_eq!(reserve.permille(800).price(100_000), 88);
        assert_eq!(Reserve::Fixed(7).permille(500), Reserve::Fixed(4));
    }
}
