//! How fast an annealing cools: slowly where the cost falls.

use crate::support::stop::Stop;

/// Temperatures from hot to cold, each lower than the one before by the same factor.
const TEMPERATURES: usize = 60;

/// The part of the time that is spread evenly over all temperatures, whatever was learned.
const EVEN: f64 = 0.1;

/// A cost this close to the least one counts as the least: what falls below it is not worth more time than what falls to
/// it. It is relative to how far the least is above a bound, for there may be that much to gain at most, or to how far the
/// costs fell where that is less.
const CLOSE: f64 = 0.02;

/// How long an annealing takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// So many steps, whatever time that takes.
    Steps(u64),
    /// From one share of the time to another, as [`Stop::progress`] tells it.
    Progress { from: f64, to: f64 },
}

impl Pace {
    /// The share that is over after so many steps.
    pub(super) fn share(&self, steps: u64, stop: &Stop) -> f64 {
        match *self {
            Pace::Steps(all) => steps as f64 / all.max(1) as f64,
            Pace::Progress { from, to } => ((stop.progress() - from) / (to - from)).max(0.0),
        }
    }
}

/// Temperatures, in units of cost, and how much of the time is spent below each.
#[derive(Clone, Debug)]
pub(super) struct Cooling {
    hot: f64,
    factor: f64,
    /// One for each temperature; only their proportions count.
    spent: Vec<f64>,
}

impl Cooling {
    /// The same time at all temperatures.
    pub(super) fn even(hot: f64, cold: f64) -> Cooling {
        let factor = (cold / hot).powf(1.0 / TEMPERATURES as f64);
        Cooling { hot, factor, spent: vec![1.0; TEMPERATURES] }
    }

    /// How many temperatures there are.
    pub(super) fn len(&self) -> usize {
        self.spent.len()
    }

    /// The same temperatures, with time spent where an annealing saw the cost fall: in proportion to the logarithm of how
    /// far it was above the least, before and after. Costs are means, one for each temperature, and none is below the bound.
    pub(super) fn learned(&self, costs: &[f64], bound: f64) -> Cooling {
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let close = (CLOSE * (least - bound).min(costs[0] - least)).max(1.0);
        // Never rising: a cost that chance lifted is not a fall afterwards.
        let levels: Vec<f64> = costs
            .iter()
            .scan(f64::INFINITY, |low, &cost| {
                *low = low.min(cost - least + close);
                Some(low.ln())
            })
            .collect();
        let falls: Vec<f64> = (0..costs.len()).map(|at| levels[at.saturating_sub(1)] - levels[at]).collect();
        let all = falls.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let smooth = |at: usize| {
            let near = &falls[at.saturating_sub(1)..(at + 2).min(falls.len())];
            near.iter().sum::<f64>() / near.len() as f64
        };
        let spent = |at: usize| EVEN / costs.len() as f64 + (1.0 - EVEN) * smooth(at) / all;
        Cooling { spent: (0..costs.len()).map(spent).collect(), ..*self }
    }

    /// The number of the temperature at a share of the time, and the temperature itself.
    pub(super) fn at(&self, share: f64) -> (usize, f64) {
        let mut left = share * self.spent.iter().sum::<f64>();
        for (at, &spent) in self.spent.iter().enumerate() {
            if left < spent {
                return (at, self.temperature(at as f64 + left / spent));
            }
            left -= spent;
        }
        (self.spent.len() - 1, self.temperature(self.spent.len() as f64))
    }

    fn temperature(&self, at: f64) -> f64 {
        self.hot * self.factor.powf(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_fall_from_hot_to_cold() {
        let cooling = Cooling::even(1_000.0, 0.1);
        let ends = [cooling.at(0.0).1, cooling.at(1.0).1];
        assert!((ends[0] - 1_000.0).abs() < 1e-6 && (ends[1] - 0.1).abs() < 1e-9, "{ends:?}");
        let all: Vec<f64> = (0..=100).map(|share| cooling.at(f64::from(share) / 100.0).1).collect();
        assert!(all.is_sorted_by(|one, next| one > next));
    }

    #[test]
    fn time_is_spent_where_the_cost_falls() {
        let cooling = Cooling::even(1_000.0, 0.1);
        // The cost falls between the temperatures 20 and 29, and nowhere else.
        let costs: Vec<f64> = (0..cooling.len()).map(|at| 1_000.0 - 100.0 * (at.clamp(20, 30) - 20) as f64).collect();
        let learned = cooling.learned(&costs, 0.0);
        let (from, to) = (learned.at(0.1).0, learned.at(0.9).0);
        assert!((19..=31).contains(&from) && (19..=31).contains(&to), "{from} to {to}");
    }

    #[test]
    fn a_small_fall_is_worth_time_where_little_is_left_to_gain() {
        let cooling = Cooling::even(1_000.0, 0.1);
        // A fall by a million where it is hot, and one by a thousand where it is cold.
        let cost = |at: usize| if at < 20 { 1_001_100.0 } else { 100.0 + 100.0 * (50 - at.clamp(40, 50)) as f64 };
        let costs: Vec<f64> = (0..cooling.len()).map(cost).collect();
        let cold = |bound: f64| {
            let learned = cooling.learned(&costs, bound);
            (0..100).filter(|&share| learned.at(f64::from(share) / 100.0).0 >= 38).count()
        };
        assert!(cold(90.0) > 2 * cold(-1e6), "{} and {} of 100", cold(90.0), cold(-1e6));
    }

    #[test]
    fn costs_that_do_not_fall_teach_nothing() {
        let cooling = Cooling::even(1_000.0, 0.1);
        let learned = cooling.learned(&vec![7.0; cooling.len()], 0.0);
        assert_eq!(learned.at(0.51).0, cooling.at(0.51).0);
    }
}
