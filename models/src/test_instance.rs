//! The one tiny instance that tests vary: a hall of two cells of two tiles, two classes, one feed.
//!
//! ```text
//! hall ── left ── a (plain), b (fast)      the feed lists b and the right cell, so b, c and d are on it
//!      └─ right ─ c (plain), d (fast)
//! ```
//!
//! Nothing is limited and nothing costs until a test says so. Jobs last ten seconds from zero and bid 100.

use crate::draw::tests::class;
use crate::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner, Zone, ZoneIndex, ZoneKind};
use crate::instance::Instance;
use crate::job::{Demand, Job, JobIndex};
use crate::objective::Weights;
use crate::plan::{CurrentPlacement, Placement};
use crate::resources::{Kind, Resources};
use crate::tile_class::{Band, TileClass};
use crate::time::{Interval, Span, Timestamp};

pub(crate) const HALL: NodeIndex = NodeIndex(0);
pub(crate) const LEFT: NodeIndex = NodeIndex(1);
pub(crate) const RIGHT: NodeIndex = NodeIndex(2);
pub(crate) const A: NodeIndex = NodeIndex(3);
pub(crate) const B: NodeIndex = NodeIndex(4);
pub(crate) const C: NodeIndex = NodeIndex(5);
pub(crate) const D: NodeIndex = NodeIndex(6);
pub(crate) const TILES: [NodeIndex; 4] = [A, B, C, D];
pub(crate) const FEED: Owner = Owner::Zone(ZoneIndex(0));
pub(crate) const PLAIN: ClassIndex = ClassIndex(0);
pub(crate) const FAST: ClassIndex = ClassIndex(1);

/// Tests tell time in seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp(second * 1_000_000)
}

pub(crate) fn seconds(count: u64) -> Span {
    Span(count * 1_000_000)
}

pub(crate) fn during(start: i64, end: i64) -> Interval {
    Interval { start: at(start), end: at(end) }
}

/// One capsule of a job on a tile, from zero.
pub(crate) fn put(job: u32, tile: NodeIndex) -> Placement {
    Placement { job: JobIndex(job), tile, start: at(0), count: 1, devices: 0 }
}

/// A job of one capsule that asks for something.
pub(crate) fn job(demand: Demand) -> Job {
    Job { bid: 100, demand, ..Job::empty(at(0), seconds(10)) }
}

/// A demand of compute alone.
pub(crate) fn compute(mops: u64) -> Demand {
    Demand { compute_mops: mops, ..Demand::default() }
}

/// A demand of devices alone.
pub(crate) fn devices(count: u8, milli: u16) -> Demand {
    Demand { devices: count, device_milli: milli, ..Demand::default() }
}

/// What a test changes before it builds.
#[derive(Clone, Debug)]
pub(crate) struct Tiny {
    pub(crate) fleet: FleetParts,
    pub(crate) jobs: Vec<Job>,
    pub(crate) current: Vec<CurrentPlacement>,
    pub(crate) closed: Vec<NodeIndex>,
    pub(crate) weights: Weights,
}

impl Tiny {
    pub(crate) fn new(jobs: Vec<Job>) -> Tiny {
        let free = TileClass { energy_uj_per_mop: [0; 3], device_power_mw: 0, devices: 2, ..class() };
        let hotter = Band { low_mk: 300_000, high_mk: 340_000 };
        let fast = TileClass { name: "fast".into(), rate_permille: 2_000, band: hotter, ..free.clone() };
        let (cell, tile) = (Level::Cell, Level::Tile);
        let nodes = NodeColumns {
            names: ["hall", "left", "right", "a", "b", "c", "d"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)],
            levels: vec![Level::Cluster, cell, cell, tile, tile, tile, tile],
            classes: vec![None, None, None, Some(PLAIN), Some(FAST), Some(PLAIN), Some(FAST)],
            capacities: vec![Resources::UNLIMITED; 7],
            uplink_delays_us: vec![0, 100, 100, 10, 10, 10, 10],
        };
        let feed = Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: None };
        let fleet = FleetParts {
            nodes,
            classes: vec![free, fast],
            zone_names: vec!["feed".into()],
            zones: vec![feed],
            members: vec![(0, B.0), (0, RIGHT.0)],
            ..FleetParts::default()
        };
        let (current, closed) = (Vec::new(), Vec::new());
        Tiny { fleet, jobs, current, closed, weights: free_of_charge() }
    }

    pub(crate) fn cap(mut self, owner: Owner, kind: Kind, amount: u64) -> Tiny {
        let capacity = match owner {
            Owner::Node(node) => &mut self.fleet.nodes.capacities[node.at()],
            Owner::Zone(zone) => &mut self.fleet.zones[zone.at()].capacity,
        };
        *capacity = capacity.with(kind, amount);
        self
    }

    pub(crate) fn cap_node(self, node: NodeIndex, kind: Kind, amount: u64) -> Tiny {
        self.cap(Owner::Node(node), kind, amount)
    }

    pub(crate) fn step(mut self, owner: Owner, kind: Kind, change: (Timestamp, u64)) -> Tiny {
        self.fleet.steps.entry((owner, kind)).or_default().push(change);
        self
    }

    pub(crate) fn close(mut self, tile: NodeIndex) -> Tiny {
        self.closed.push(tile);
        self
    }

    /// Capsules that run on a tile when the plan begins.
    pub(crate) fn running(mut self, job: u32, tile: NodeIndex, count: u32) -> Tiny {
        self.current.push(CurrentPlacement { job: JobIndex(job), tile, count, devices: 0 });
        self
    }

    pub(crate) fn build(&self) -> Instance {
        let mut fleet = Fleet::new(self.fleet.clone()).unwrap();
        self.closed.iter().for_each(|&tile| fleet.close(tile));
        let names = (0..self.jobs.len()).map(|job| format!("job{job}")).collect();
        let instance = Instance::new(fleet, names, self.jobs.clone(), self.weights.clone()).unwrap();
        instance.with_current(self.current.clone()).unwrap()
    }
}

fn free_of_charge() -> Weights {
    Weights { energy_price: 0, thermal_price: 0, latency_price: 0, risk_permille: 0, ..Weights::default() }
}
