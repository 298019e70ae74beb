//! What one capsule draws from a tile of a class, and for how long.

use crate::fleet::Level;
use crate::job::{Demand, Job, Term};
use crate::resources::{AMOUNT_MAX, Kind, Resources};
use crate::tile_class::{DEVICE_MILLI, TileClass};
use crate::time::{MICROS_PER_SECOND, SPAN_MAX, Span};

/// Power that a capsule draws on a tile of the class, in milliwatts, rounded up: its own, its operations', its devices'.
///
/// Saturates at 2^53, which no capacity exceeds.
#[must_use]
pub fn power_mw(demand: &Demand, class: &TileClass) -> u64 {
    let energy = u128::from(class.energy_uj_per_mop[demand.operation as usize]);
    let operations = (u128::from(demand.compute_mops) * energy).div_ceil(1_000);
    let milli = u128::from(demand.devices) * u128::from(demand.device_milli);
    let devices = (milli * u128::from(class.device_power_mw)).div_ceil(u128::from(DEVICE_MILLI));
    let total = u128::from(demand.power_mw) + operations + devices;
    u64::try_from(total).unwrap_or(AMOUNT_MAX).min(AMOUNT_MAX)
}

/// Heat that a capsule rejects on a tile of the class, in milliwatts, rounded up. Saturates at 2^53.
#[must_use]
pub fn heat_mw(demand: &Demand, class: &TileClass) -> u64 {
    let drawn = u128::from(power_mw(demand, class));
    let total = u128::from(demand.heat_mw) + (drawn * u128::from(class.heat_permille)).div_ceil(1_000);
    u64::try_from(total).unwrap_or(AMOUNT_MAX).min(AMOUNT_MAX)
}

/// Everything that a capsule debits from accounts of one level above a tile of the class.
///
/// Only bandwidth differs between levels: an uplink is debited by the traffic that crosses it. A zone is debited as the
/// level of the member node through which the tile belongs to it.
#[must_use]
pub fn draw(demand: &Demand, class: &TileClass, level: Level) -> Resources {
    Resources::of(Kind::Compute, demand.compute_mops)
        .with(Kind::Memory, demand.memory_bytes)
        .with(Kind::Bandwidth, demand.bandwidth_bps[level.index()])
        .with(Kind::Power, power_mw(demand, class))
        .with(Kind::Heat, heat_mw(demand, class))
        .with(Kind::Accelerator, u64::from(demand.devices) * u64::from(demand.device_milli))
        .with(Kind::Storage, demand.storage_bytes)
        .with(Kind::Reversible, demand.reversible_mops)
}

/// What a tile of the class draws with nothing placed on it: a standing commitment of power and heat.
#[must_use]
pub fn standing(class: &TileClass) -> Resources {
    let idle = class.idle_power_mw;
    let heat = (u128::from(idle) * u128::from(class.heat_permille)).div_ceil(1_000);
    Resources::of(Kind::Power, idle).with(Kind::Heat, u64::try_from(heat).unwrap_or(AMOUNT_MAX))
}

/// How long a capsule of the job runs on a tile of the class.
///
/// A term given as work is the work divided by compute times the class rate, rounded up to the microsecond.
#[must_use]
pub fn term(job: &Job, class: &TileClass) -> Span {
    match job.term {
        Term::Fixed(span) => span,
        Term::Work(mop) => {
            let speed = u128::from(job.demand.compute_mops) * u128::from(class.rate_permille);
            let micros = (u128::from(mop) * 1_000 * u128::from(MICROS_PER_SECOND)).checked_div(speed);
            let exact = micros.map(|whole| {
                whole + u128::from(whole * speed < u128::from(mop) * 1_000 * u128::from(MICROS_PER_SECOND))
            });
            exact.and_then(|micros| u64::try_from(micros).ok()).map_or(SPAN_MAX, |micros| Span(micros.min(SPAN_MAX.0)))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tile_class::Band;
    use crate::time::Timestamp;

    pub(crate) fn class() -> TileClass {
        TileClass {
            name: "plain".into(),
            band: Band { low_mk: 280_000, high_mk: 320_000 },
            energy_uj_per_mop: [3, 2, 1],
            device_power_mw: 250_000,
            idle_power_mw: 0,
            heat_permille: 1_000,
            devices: 0,
            rate_permille: 1_000,
            faults_per_gigahour: 0,
            radiator: None,
        }
    }

    #[test]
    fn power_is_operations_plus_devices_rounded_up() {
        // 501 Mop/s at 3 uJ each draw 1.503 mW, so 2; half a device of 250 W draws 125 W.
        let demand = Demand { compute_mops: 501, devices: 1, device_milli: 500, ..Demand::default() };
        assert_eq!(power_mw(&demand, &class()), 125_002);
    }

    #[test]
    fn heat_follows_power_by_the_class() {
        let demand = Demand { power_mw: 1_001, heat_mw: 5, ..Demand::default() };
        let recovered = TileClass { heat_permille: 500, ..class() };
        assert_eq!(heat_mw(&demand, &recovered), 5 + 501);
    }

    #[test]
    fn work_on_a_faster_class_takes_less_time() {
        let mut job = Job::empty(Timestamp(0), Span(1));
        job.demand.compute_mops = 10;
        job.term = Term::Work(100);
        // 100 Mop at 10 Mop/s are 10 s; at three times the rate 3.333334 s, rounded up.
        let fast = TileClass { rate_permille: 3_000, ..class() };
        assert_eq!((term(&job, &class()), term(&job, &fast)), (Span(10_000_000), Span(3_333_334)));
    }

    #[test]
    fn bandwidth_is_debited_by_the_traffic_that_crosses_the_level() {
        let demand = Demand { bandwidth_bps: [9, 4, 1, 0, 0], ..Demand::default() };
        let crossing =
            [Level::Tile, Level::Cell, Level::Region].map(|level| draw(&demand, &class(), level).get(Kind::Bandwidth));
        assert_eq!(crossing, [9, 4, 0]);
    }
}
