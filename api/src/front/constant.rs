//! Terms in which all plans of an instance are alike, so that nothing trades against them.

use lessor_models::instance::Instance;
use lessor_models::objective::terms::Objective;

/// What would have to be there for plans to differ in a term; nothing where they may.
pub(super) fn lacking(term: Objective, instance: &Instance) -> Option<&'static str> {
    let (fleet, weights) = (instance.fleet(), instance.weights());
    let (is_constant, lacking) = match term {
        Objective::Value | Objective::Energy | Objective::Risk | Objective::Thermal => return None,
        Objective::Carbon => (
            !fleet.has_carbon(),
            "no zone says what its energy emits; give a table tariffs, as lessor datasets import carbon makes one",
        ),
        Objective::Latency => (
            instance.jobs().iter().all(|job| job.data.is_none()),
            "no job says where its data is; give it in the table jobs",
        ),
        Objective::Moves => (instance.current().is_empty(), "nothing runs that could move; give --current"),
        Objective::Headroom => {
            (weights.headroom.is_empty(), "there is no rule of it; give a table [[headroom]] in --weights")
        }
        Objective::Balance => {
            (weights.balance.is_empty(), "there is no rule of it; give a table [[balance]] in --weights")
        }
        Objective::Dues => (fleet.prices().is_empty(), "no account has a price; give --prices"),
    };
    is_constant.then_some(lacking)
}
