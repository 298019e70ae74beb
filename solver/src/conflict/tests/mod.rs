//! Claims about explanations, held against `lessor_models::check`: a brute force that tries every tile and start on an
//! instance in which constraints were really waived, capacity really added, capsules really taken away.

mod claims;
mod random;
mod table;

use std::collections::BTreeSet;

use lessor_models::check;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex, Spread};
use lessor_models::objective::{Site, Weights, capsule_value, latency};
use lessor_models::plan::{Blocker, Cure, Placement, Rule};
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::{Band, TileClass};
use lessor_models::time::{Span, Timestamp};

use super::{Explanation, explain};
use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};
use crate::support::stop::Stop;

/// All times are multiples of this many microseconds.
const TICK: i64 = 10;

/// An instance that can be changed, with what is placed. Cells come first in the table of nodes, then tiles.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) parts: FleetParts,
    pub(super) closed: Vec<NodeIndex>,
    pub(super) jobs: Vec<Job>,
    pub(super) plan: Vec<Placement>,
    pub(super) weights: Weights,
}

pub(super) fn memory(amount: u64) -> Resources {
    Resources::UNLIMITED.with(Kind::Memory, amount)
}

pub(super) fn class(name: &str, high_mk: u32) -> TileClass {
    TileClass { band: Band { low_mk: 280_000, high_mk }, ..TileClass::plain(name) }
}

/// A job of one capsule that needs so much memory for one tick, and bids 100.
pub(super) fn job(memory_bytes: u64) -> Job {
    let mut job = Job::empty(Timestamp(0), Span(TICK.unsigned_abs()));
    (job.bid, job.demand.memory_bytes) = (100, memory_bytes);
    job
}

impl World {
    /// Cells with their capacity and their tiles'.
    pub(super) fn new(cells: &[(Resources, &[Resources])]) -> World {
        let mut nodes = NodeColumns::default();
        for (at, (capacity, _)) in cells.iter().enumerate() {
            add(&mut nodes, (format!("c{at}"), None), Level::Cell, *capacity);
        }
        for (at, (_, tiles)) in (0u32..).zip(cells) {
            for capacity in *tiles {
                let name = format!("t{}", nodes.names.len() - cells.len());
                add(&mut nodes, (name, Some(at)), Level::Tile, *capacity);
            }
        }
        let parts = FleetParts { nodes, classes: vec![class("cold", 300_000)], ..FleetParts::default() };
        World { parts, closed: vec![], jobs: vec![], plan: vec![], weights: Weights::default() }
    }

    /// The node of a tile, counted over all cells.
    pub(super) fn tile(&self, at: usize) -> NodeIndex {
        let tiles = (0u32..).zip(&self.parts.nodes.levels).filter(|(_, level)| **level == Level::Tile);
        NodeIndex(tiles.map(|(node, _)| node).nth(at).unwrap())
    }

    /// Adds a job; capsules of it run at its earliest start on these tiles, one for each mention.
    pub(super) fn with(mut self, job: Job, tiles: &[usize]) -> World {
        let (index, start) = (JobIndex(u32::try_from(self.jobs.len()).unwrap()), job.earliest);
        for &at in tiles {
            let tile = self.tile(at);
            self.plan.push(Placement { job: index, tile, start, count: 1, devices: 0 });
        }
        self.jobs.push(job);
        self.give_devices();
        self
    }

    /// Gives every placement without devices those that the planner would choose.
    fn give_devices(&mut self) {
        let instance = self.instance();
        let lowered = Lowered::new(&instance);
        let plan = std::mem::take(&mut self.plan);
        self.plan = placed(&lowered, &plan).1;
    }

    pub(super) fn instance(&self) -> Instance {
        let mut fleet = Fleet::new(self.parts.clone()).unwrap();
        self.closed.iter().for_each(|&tile| fleet.close(tile));
        let names = (0..self.jobs.len()).map(|at| format!("j{at}")).collect();
        Instance::new(fleet, names, self.jobs.clone(), self.weights.clone()).unwrap()
    }

    pub(super) fn explain(&self, job: usize) -> Explanation {
        let instance = self.instance();
        let lowered = Lowered::new(&instance);
        let (occupancy, _) = placed(&lowered, &self.plan);
        explain(&occupancy, lowered.class_of_job[job], &Stop::new())
    }

    /// How many capsules must come together for a job.
    pub(super) fn need(&self, job: usize) -> u32 {
        let placed: u32 = self.plan.iter().filter(|placed| placed.job.at() == job).map(|placed| placed.count).sum();
        self.jobs[job].gang_min.saturating_sub(placed).max(1)
    }

    /// By brute force, whether so many more capsules of a job fit, the rest held fixed.
    pub(super) fn opens(&self, job: usize) -> bool {
        let instance = self.instance();
        let starts: Vec<Timestamp> = (self.jobs[job].earliest.0..self.jobs[job].deadline.0)
            .step_by(usize::try_from(TICK).unwrap())
            .take(64)
            .map(Timestamp)
            .collect();
        let tiles: Vec<NodeIndex> = instance.fleet().tiles().collect();
        let options: Vec<Placement> = tiles
            .iter()
            .flat_map(|&tile| starts.iter().map(move |&start| (tile, start)))
            .flat_map(|(tile, start)| {
                let job_index = JobIndex(u32::try_from(job).unwrap());
                masks(&instance, job, tile).into_iter().map(move |devices| Placement {
                    job: job_index,
                    tile,
                    start,
                    count: 1,
                    devices,
                })
            })
            .filter(|option| pays(&instance, option))
            .collect();
        extend(&instance, &mut self.plan.clone(), &options, self.need(job))
    }

    /// The same world without these constraints.
    pub(super) fn waived(&self, job: usize, blockers: &BTreeSet<Blocker>) -> World {
        let mut world = self.clone();
        for blocker in blockers {
            match *blocker {
                Blocker::Account { owner, kind } => world.add(owner, kind, UNLIMITED),
                Blocker::Tiles { kind } => {
                    let tiles: Vec<NodeIndex> = self.instance().fleet().tiles().collect();
                    for tile in tiles {
                        world.add(Owner::Node(tile), kind, UNLIMITED);
                    }
                }
                Blocker::Rule(rule) => world.waive(job, rule),
            }
        }
        world
    }

    fn waive(&mut self, job: usize, rule: Rule) {
        let end = self.instance().horizon().end;
        let this = &mut self.jobs[job];
        match rule {
            Rule::Classes => this.classes.clear(),
            Rule::Band => this.band = None,
            Rule::Locality => this.locality = None,
            Rule::Latency => this.latency_max_us = None,
            Rule::Closed => self.closed.clear(),
            Rule::Window => this.deadline = end,
            Rule::Spread => this.spread = this.spread.map(|spread| Spread { most: u32::MAX, ..spread }),
            Rule::SpreadLeast => this.spread = this.spread.map(|spread| Spread { least: 0, ..spread }),
            Rule::Affinity => this.affinity = None,
            Rule::AntiAffinity => {
                this.anti_affinity = None;
                for other in &mut self.jobs {
                    other.anti_affinity = other.anti_affinity.filter(|relation| relation.job.at() != job);
                }
            }
            Rule::Gang => this.gang_min = 0,
            Rule::Devices => {
                let tiles: Vec<NodeIndex> = self.instance().fleet().tiles().collect();
                for tile in tiles {
                    self.add_devices(tile, 4);
                }
            }
            Rule::Worth => this.bid = 1 << 40,
        }
    }

    /// Adds capacity at an owner at every instant.
    pub(super) fn add(&mut self, owner: Owner, kind: Kind, amount: u64) {
        let raised = |old: u64| if old == UNLIMITED || amount == UNLIMITED { UNLIMITED } else { old + amount };
        let capacity = match owner {
            Owner::Node(node) => &mut self.parts.nodes.capacities[node.at()],
            Owner::Zone(zone) => &mut self.parts.zones[zone.at()].capacity,
        };
        capacity.0[kind.index()] = raised(capacity.get(kind));
        for step in self.parts.steps.get_mut(&(owner, kind)).into_iter().flatten() {
            step.1 = raised(step.1);
        }
    }

    /// Gives one tile more devices, with their headroom, in a class of its own.
    fn add_devices(&mut self, tile: NodeIndex, more: u8) {
        let old = self.parts.nodes.classes[tile.at()].unwrap();
        let mut class = self.parts.classes[old.at()].clone();
        class.devices += more;
        let new = ClassIndex(u32::try_from(self.parts.classes.len()).unwrap());
        self.parts.classes.push(class);
        self.parts.nodes.classes[tile.at()] = Some(new);
        for job in self.jobs.iter_mut().filter(|job| job.classes.contains(&old)) {
            job.classes.push(new);
        }
        let capacity = &mut self.parts.nodes.capacities[tile.at()];
        if capacity.get(Kind::Accelerator) != UNLIMITED {
            capacity.0[Kind::Accelerator.index()] += 1_000 * u64::from(more);
        }
    }

    /// The same world after a cure.
    pub(super) fn cured(&self, job: usize, cure: Cure) -> World {
        let mut world = self.clone();
        match cure {
            Cure::Capacity { owner: Owner::Node(tile), kind: Kind::Accelerator, amount }
                if self.jobs[job].demand.devices > 0 && self.parts.nodes.levels[tile.at()] == Level::Tile =>
            {
                assert_eq!(amount % 1_000, 0, "devices come whole");
                world.add_devices(tile, u8::try_from(amount / 1_000).unwrap());
            }
            Cure::Capacity { owner, kind, amount } => world.add(owner, kind, amount),
            Cure::Relax(rule) => world.waive(job, rule),
            Cure::Preempt { job: other, tile, count } => {
                // Every placement of a test is one capsule.
                for _ in 0..count {
                    let held = world.plan.iter().position(|held| (held.job, held.tile) == (other, tile)).unwrap();
                    world.plan.remove(held);
                }
                assert!(self.jobs[other.at()].preemptible);
            }
            Cure::Start(start) => {
                let span = self.instance().horizon().span();
                (world.jobs[job].earliest, world.jobs[job].deadline) = (start, start.after(span));
            }
            Cure::Bid(more) => world.jobs[job].bid += more,
        }
        world
    }
}

fn add(nodes: &mut NodeColumns, (name, parent): (String, Option<u32>), level: Level, capacity: Resources) {
    nodes.names.push(name);
    nodes.parents.push(parent);
    nodes.levels.push(level);
    nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
    nodes.capacities.push(capacity);
    nodes.uplink_delays_us.push(1);
}

/// An occupancy with the placements, and the placements with their devices.
pub(super) fn placed<'a>(lowered: &'a Lowered<'a>, plan: &[Placement]) -> (Occupancy<'a>, Vec<Placement>) {
    let mut occupancy = Occupancy::new(lowered);
    let mut given = Vec::new();
    for placement in plan {
        let class: JobClassIndex = lowered.class_of_job[placement.job.at()];
        let tile = TileIndex::new(lowered.tiles.iter().position(|&tile| tile == placement.tile).unwrap());
        let over = occupancy.buckets(class, lowered.group_of(tile), placement.start);
        let devices = if placement.devices == 0 {
            occupancy.choose_devices(tile, class, over).unwrap()
        } else {
            placement.devices
        };
        let Placement { count, start, .. } = *placement;
        occupancy.place(tile, Item { class, count, start, devices, is_current: false });
        given.push(Placement { devices, ..*placement });
    }
    (occupancy, given)
}

/// Every choice of a job's devices on a tile.
fn masks(instance: &Instance, job: usize, tile: NodeIndex) -> Vec<u64> {
    let fleet = instance.fleet();
    let present = fleet.classes()[fleet.class_of(tile).unwrap().at()].devices;
    let asked = u32::from(instance.jobs()[job].demand.devices);
    (0..1u64 << present).filter(|mask| mask.count_ones() == asked).collect()
}

fn pays(instance: &Instance, option: &Placement) -> bool {
    let job = &instance.jobs()[option.job.at()];
    let site = Site::of(instance.fleet(), option.tile, instance.weights());
    let delay = latency::delay_to_data_us(instance.fleet(), job, option.tile).unwrap_or(0);
    capsule_value(job, &site, job.earliest, delay, instance.weights()) > 0
}

/// Whether `need` more of the options keep the plan free of violations.
fn extend(instance: &Instance, plan: &mut Vec<Placement>, options: &[Placement], need: u32) -> bool {
    let is_short = |violation: &check::Violation| {
        matches!(violation, check::Violation::Rule { rule: Rule::Gang | Rule::SpreadLeast, .. })
    };
    let violations = check::violations(instance, plan);
    if need == 0 {
        return violations.is_empty();
    }
    if !violations.iter().all(is_short) {
        return false;
    }
    for (at, option) in options.iter().enumerate() {
        plan.push(*option);
        let fits = extend(instance, plan, &options[at..], need - 1);
        plan.pop();
        if fits {
            return true;
        }
    }
    false
}
