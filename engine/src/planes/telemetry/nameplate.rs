//! What tiles are built for, against which their readings are held.

use std::collections::BTreeMap;

use lessor_models::draw::standing;
use lessor_models::fleet::{ClassIndex, Fleet, Level, NodeIndex, Owner};
use lessor_models::resources::{AMOUNT_MAX, Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{DEVICE_MILLI, TileClass};

use super::envelope::Envelope;
use super::policy::TelemetryPolicy;
use super::tail::Gauge;

/// What tiles of one class and capacity are built for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nameplate {
    /// The most that the tile ever gives, at any step in time. Where its power has no limit, the most that its class
    /// can draw, if that is known.
    capacity: Resources,
    /// What the tile draws with nothing placed on it: no envelope goes below, or an empty tile would be in deficit.
    standing: Resources,
    /// Heat rejected per power drawn, in thousandths.
    heat_permille: u32,
    /// From the start of derating to the hot end of the band, in millikelvin.
    temperature: Gauge,
    /// From the power limit, over the tile's headroom, in milliwatts; `None` without a limit.
    power: Option<Gauge>,
    /// The same for heat.
    heat: Option<Gauge>,
}

impl Nameplate {
    fn new(given: &Resources, class: &TileClass, policy: &TelemetryPolicy) -> Nameplate {
        let standing = standing(class);
        let overdraw = |kind: Kind| {
            let most = given.get(kind);
            let tolerance = u128::from(most) * u128::from(policy.overdraw_tolerance_permille) / 1_000;
            let tolerance = u64::try_from(tolerance).expect("a tolerance is at most the whole");
            let scale = most.saturating_sub(standing.get(kind));
            (most != UNLIMITED).then_some(Gauge { origin: most, tolerance, scale })
        };
        let half_band = class.band.high_mk.saturating_sub(class.band.low_mk) / 2;
        let margin = policy.derate_margin_mk.min(half_band);
        let start = u64::from(class.band.high_mk.saturating_sub(margin));
        let power =
            if given.get(Kind::Power) == UNLIMITED { drawn_at_most(given, class) } else { given.get(Kind::Power) };
        Nameplate {
            capacity: given.with(Kind::Power, power),
            standing,
            heat_permille: class.heat_permille,
            temperature: Gauge { origin: start, tolerance: 0, scale: u64::from(margin) },
            power: overdraw(Kind::Power),
            heat: overdraw(Kind::Heat),
        }
    }

    /// How far a temperature in millikelvin is on its way to the limit, in thousandths.
    pub(super) fn temperature_excess(&self, temperature_mk: u32) -> u32 {
        self.temperature.excess(u64::from(temperature_mk))
    }

    /// How far a power in milliwatts is above the limit, in thousandths of the tile's headroom.
    pub(super) fn power_excess(&self, power_mw: u64) -> u32 {
        self.power.map_or(0, |gauge| gauge.excess(power_mw))
    }

    /// How far the heat of a power in milliwatts is above the limit, in thousandths of the tile's headroom.
    pub(super) fn heat_excess(&self, power_mw: u64) -> u32 {
        let heat = (u128::from(power_mw) * u128::from(self.heat_permille)).div_ceil(1_000);
        self.heat.map_or(0, |gauge| gauge.excess(u64::try_from(heat).unwrap_or(u64::MAX)))
    }

    /// The most that a tile in such an envelope may give; unlimited for the kinds that the envelope leaves alone.
    pub(super) fn most(&self, envelope: &Envelope) -> Resources {
        let mut most = Resources::UNLIMITED;
        for kind in Kind::ALL {
            let permille = envelope.permille(kind);
            let (whole, idle) = (self.capacity.get(kind), self.standing.get(kind));
            if permille >= 1_000 || whole == UNLIMITED || whole <= idle {
                continue;
            }
            let headroom = u128::from(whole - idle) * u128::from(permille) / 1_000;
            let headroom = u64::try_from(headroom).expect("a share is at most the whole");
            most = most.with(kind, idle + headroom);
        }
        most
    }
}

/// The most that a tile of the class draws at the compute that it has, in milliwatts; unlimited where that has no limit.
fn drawn_at_most(given: &Resources, class: &TileClass) -> u64 {
    if given.get(Kind::Compute) == UNLIMITED {
        return UNLIMITED;
    }
    let dearest = class.energy_uj_per_mop.into_iter().max().unwrap_or(0);
    let operations = (u128::from(given.get(Kind::Compute)) * u128::from(dearest)).div_ceil(1_000);
    let milli = u128::from(class.devices) * u128::from(DEVICE_MILLI);
    let devices = milli * u128::from(class.device_power_mw) / u128::from(DEVICE_MILLI);
    let total = u128::from(class.idle_power_mw) + operations + devices;
    u64::try_from(total).unwrap_or(AMOUNT_MAX).min(AMOUNT_MAX)
}

/// Every tile's nameplate; equal ones are kept once, so a tile costs four bytes.
#[derive(Debug)]
pub(super) struct Nameplates {
    of_node: Vec<u32>,
    distinct: Vec<Nameplate>,
}

/// Stands for a node that is no tile.
const NO_TILE: u32 = u32::MAX;

impl Nameplates {
    /// The nameplates of a fleet on which no limit was put yet. O(n log n) in nodes.
    pub(super) fn new(fleet: &Fleet, policy: &TelemetryPolicy) -> Nameplates {
        let mut known: BTreeMap<(Resources, ClassIndex), u32> = BTreeMap::new();
        let mut distinct = Vec::new();
        let mut of_node = vec![NO_TILE; fleet.node_count()];
        for tile in fleet.nodes().filter(|&node| fleet.level(node) == Level::Tile) {
            let class = fleet.class_of(tile).expect("a checked fleet gives every tile a class");
            let given = most_ever(fleet, tile);
            of_node[tile.at()] = *known.entry((given, class)).or_insert_with(|| {
                distinct.push(Nameplate::new(&given, &fleet.classes()[class.at()], policy));
                u32::try_from(distinct.len() - 1).expect("there are no more nameplates than nodes")
            });
        }
        Nameplates { of_node, distinct }
    }

    /// A tile's nameplate; `None` for what is no tile of the fleet.
    pub(super) fn get(&self, tile: NodeIndex) -> Option<&Nameplate> {
        let index = *self.of_node.get(tile.at())?;
        self.distinct.get(usize::try_from(index).ok()?)
    }
}

/// The most that a tile gives of each kind at any step in time.
fn most_ever(fleet: &Fleet, tile: NodeIndex) -> Resources {
    let owner = Owner::Node(tile);
    let mut most = fleet.base_capacity(owner);
    for (&(_, kind), function) in fleet.steps().range((owner, Kind::Compute)..=(owner, Kind::Reversible)) {
        let highest = function.steps().iter().map(|step| step.1).max().unwrap_or(0);
        most = most.with(kind, most.get(kind).max(highest));
    }
    most
}
