//! The terms of the objective, each by itself: what a plan comes to in each, before any weight.

use super::{Site, Weights, accepted_bids, carbon, dues, energy, latency, moves, risk, strain, thermal};
use crate::instance::Instance;
use crate::plan::Placement;

/// A term of the objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Objective {
    /// Bids of placed capsules, and bonuses.
    Value,
    /// Energy drawn.
    Energy,
    /// What making that energy emits.
    Carbon,
    /// Work expected to be lost to faults.
    Risk,
    /// Heat against the tiles' envelopes.
    Thermal,
    /// Delay to data.
    Latency,
    /// Capsules that run and move.
    Moves,
    /// Reserves of tiles used up.
    Headroom,
    /// Kinds out of balance on tiles.
    Balance,
    /// Accounts that the market priced.
    Dues,
}

impl Objective {
    /// How many there are.
    pub const COUNT: usize = Objective::ALL.len();

    /// Every term, in the order of [`amounts`].
    pub const ALL: [Objective; 10] = [
        Objective::Value,
        Objective::Energy,
        Objective::Carbon,
        Objective::Risk,
        Objective::Thermal,
        Objective::Latency,
        Objective::Moves,
        Objective::Headroom,
        Objective::Balance,
        Objective::Dues,
    ];

    /// The name used in flags, tables and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Objective::Value => "value",
            Objective::Energy => "energy",
            Objective::Carbon => "carbon",
            Objective::Risk => "risk",
            Objective::Thermal => "thermal",
            Objective::Latency => "latency",
            Objective::Moves => "moves",
            Objective::Headroom => "headroom",
            Objective::Balance => "balance",
            Objective::Dues => "dues",
        }
    }

    /// The term of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Objective> {
        Objective::ALL.into_iter().find(|term| term.name() == name)
    }

    /// Whether less of it is better.
    #[must_use]
    pub const fn is_cost(self) -> bool {
        !matches!(self, Objective::Value)
    }

    /// Its place in what [`amounts`] returns.
    #[must_use]
    pub fn at(self) -> usize {
        Objective::ALL.into_iter().position(|term| term == self).expect("every term is listed")
    }
}

impl Weights {
    /// The same weights with another weight of one term, in thousandths. The value has none: it is the unit.
    #[must_use]
    pub fn with(self, term: Objective, permille: u32) -> Weights {
        match term {
            Objective::Value => self,
            Objective::Energy => Weights { energy_permille: permille, ..self },
            Objective::Carbon => Weights { carbon_permille: permille, ..self },
            Objective::Risk => Weights { risk_permille: permille, ..self },
            Objective::Thermal => Weights { thermal_permille: permille, ..self },
            Objective::Latency => Weights { latency_permille: permille, ..self },
            Objective::Moves => Weights { moves_permille: permille, ..self },
            Objective::Headroom => Weights { headroom_permille: permille, ..self },
            Objective::Balance => Weights { balance_permille: permille, ..self },
            Objective::Dues => Weights { dues_permille: permille, ..self },
        }
    }
}

/// What a plan comes to in each term, in micro-credits, unweighted: the prices count, the weights in thousandths do not.
///
/// Costs are above zero. Each capsule's cost rounds up, as in the objective.
#[must_use]
pub fn amounts(instance: &Instance, placements: &[Placement]) -> [i128; Objective::COUNT] {
    let (fleet, jobs) = (instance.fleet(), instance.jobs());
    let one = Objective::ALL.into_iter().fold(instance.weights().clone(), |weights, term| weights.with(term, 1_000));
    let (mut energy_cost, mut carbon_cost, mut dues_cost) = (0i128, 0i128, 0i128);
    let (mut risk_cost, mut thermal_cost, mut latency_cost) = (0i128, 0i128, 0i128);
    for placement in placements {
        let job = &jobs[placement.job.at()];
        let site = Site::of(fleet, placement.tile, &one);
        let delay_us = latency::delay_to_data_us(fleet, job, placement.tile).unwrap_or(0);
        let count = i128::from(placement.count);
        energy_cost += i128::from(energy::cost(job, &site, placement.start, &one)) * count;
        carbon_cost += i128::from(carbon::cost(job, &site, placement.start, &one)) * count;
        dues_cost += i128::from(dues::cost(job, &site, placement.start, &one)) * count;
        risk_cost += i128::from(risk::cost(job, &site, &one)) * count;
        thermal_cost += i128::from(thermal::cost(job, &site, &one)) * count;
        latency_cost += i128::from(latency::cost(job, &site, delay_us, &one)) * count;
    }
    let bids = i128::try_from(accepted_bids(instance, placements)).expect("2^64 capsules of 2^53 stay below 2^127");
    let moves_cost = moves::cost_under(instance, placements, &one);
    let strains = strain::of(instance, placements, &one);
    [
        bids,
        energy_cost,
        carbon_cost,
        risk_cost,
        thermal_cost,
        latency_cost,
        moves_cost,
        strains.headroom,
        strains.balance,
        dues_cost,
    ]
}

/// What making the energy of a plan emits, in milligrams of carbon dioxide. Each capsule's part rounds up.
#[must_use]
pub fn emitted_mg(instance: &Instance, placements: &[Placement]) -> u128 {
    let each = |placement: &Placement| {
        let site = Site::of(instance.fleet(), placement.tile, instance.weights());
        let emitted = carbon::emitted_mg(&instance.jobs()[placement.job.at()], &site, placement.start);
        u128::from(emitted) * u128::from(placement.count)
    };
    placements.iter().map(each).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Demand, Job};
    use crate::objective::plan_value;
    use crate::test_instance::{A, B, LEFT, Tiny, put};
    use crate::time::{MICROS_PER_HOUR, Span};

    /// Two capsules of a kilowatt and an hour that bid 5,000, one of them running on `a`, with their data in the left cell.
    fn tiny() -> Tiny {
        let demand = Demand { power_mw: 1_000_000, heat_mw: 500_000, ..Demand::default() };
        let hour = Job::empty(crate::test_instance::at(0), Span(MICROS_PER_HOUR));
        let job = Job { count: 2, bid: 5_000, wanted: 2, bonus: 100, data: Some(LEFT), move_cost: 9, demand, ..hour };
        let mut tiny = Tiny::new(vec![job]).running(0, A, 1);
        for class in &mut tiny.fleet.classes {
            // One fault in 1,000 hours loses half an hour of it: a share of 1 / 2,000.
            (class.faults_per_gigahour, class.heat_permille, class.idle_power_mw) = (1_000_000, 0, 0);
        }
        tiny.weights = Weights { energy_price: 70, latency_price: 1_000, ..Weights::default() };
        tiny
    }

    #[test]
    fn each_term_is_what_its_formula_says_whatever_the_weights() {
        // Energy: 2 * 70. Risk: 5,000 / 2,000 = 2.5, up to 3 each. Heat is not limited. Latency: 10 us of uplink cost 10 each.
        // Nothing moved: one stays on `a`, one is new on `b`.
        let plan = [put(0, A), put(0, B)];
        // Compute is not limited, so no reserve of it is either.
        let expected = [10_100, 140, 0, 6, 0, 20, 0, 0, 0, 0];
        assert_eq!(amounts(&tiny().build(), &plan), expected);
        let mut heavy = tiny();
        for term in Objective::ALL {
            heavy.weights = heavy.weights.with(term, 7_777);
        }
        assert_eq!(amounts(&heavy.build(), &plan), expected);
    }

    #[test]
    fn moves_count_at_what_they_cost() {
        assert_eq!(amounts(&tiny().build(), &[put(0, B)])[Objective::Moves.at()], 9);
    }

    #[test]
    fn at_weights_of_one_the_value_is_the_bids_less_all_costs() {
        let instance = tiny().build();
        for plan in [vec![put(0, A), put(0, B)], vec![put(0, B)], vec![]] {
            let [bids, costs @ ..] = amounts(&instance, &plan);
            assert_eq!(plan_value(&instance, &plan), bids - costs.iter().sum::<i128>());
        }
    }

    #[test]
    fn names_lead_back_to_their_terms() {
        for (at, term) in Objective::ALL.into_iter().enumerate() {
            assert_eq!((Objective::from_name(term.name()), term.at()), (Some(term), at));
        }
        assert_eq!(Objective::from_name("Energy"), None);
    }
}
