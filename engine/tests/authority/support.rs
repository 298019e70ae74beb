//! A small fleet, and an authority whose invariants are looked at after every event.

use lessor_engine::authority::{
    Answer, Authority, Decision, Effect, Event, FenceKey, HolderId, Request, RequestId, Terms,
};
use lessor_engine::invariants::{Invariants, Step};
use lessor_engine::ledger::Draw;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, Owner, Zone, ZoneKind};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;

/// A vector of compute and power, in small numbers.
pub(crate) fn vector(compute: u64, power: u64) -> Resources {
    Resources::of(Kind::Compute, compute).with(Kind::Power, power)
}

/// A cluster `r` (node 0) with two cells `a` (1) and `b` (2) of three tiles (3 to 5, 6 to 8). A tile has 10 of compute, 10 of
/// power and 2 devices, and is of class 1 (`a2`, `b1`) or 0; cell `a` gives 25 of compute; the feed that `a` hangs on gives 24
/// of power. At second 100 the compute of cell `b` falls to 12, at second 200 it is 30 again.
pub(crate) fn fleet() -> Fleet {
    fleet_with_feed_at(1)
}

/// The same with the feed at another node.
pub(crate) fn fleet_with_feed_at(node: u32) -> Fleet {
    let tile = vector(10, 10).with(Kind::Accelerator, 2_000);
    let open = Resources::UNLIMITED;
    let class = |name| TileClass { devices: 2, ..TileClass::plain(name) };
    let capacities =
        [open, open.with(Kind::Compute, 25), open.with(Kind::Compute, 30), tile, tile, tile, tile, tile, tile];
    let steps = [((Owner::Node(lessor_models::fleet::NodeIndex(2)), Kind::Compute), vec![at(100, 12), at(200, 30)])];
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: ["r", "a", "b", "a0", "a1", "a2", "b0", "b1", "b2"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(0), Some(1), Some(1), Some(1), Some(2), Some(2), Some(2)],
            levels: [Level::Cluster, Level::Cell, Level::Cell].into_iter().chain([Level::Tile; 6]).collect(),
            classes: [None; 3].into_iter().chain([0, 0, 1, 0, 1, 0].map(|class| Some(ClassIndex(class)))).collect(),
            capacities: capacities.to_vec(),
            uplink_delays_us: vec![0; 9],
        },
        classes: vec![class("plain"), class("other")],
        zone_names: vec!["feed".into()],
        zones: vec![Zone { kind: ZoneKind::PowerFeed, capacity: open.with(Kind::Power, 24), energy_price: None }],
        members: vec![(0, node)],
        steps: steps.into_iter().collect(),
        ..FleetParts::default()
    })
    .unwrap()
}

/// A cell of so many tiles (nodes 1 and on) with so much compute and power each.
pub(crate) fn cell_of(tiles: usize, (compute, power): (u64, u64)) -> Fleet {
    fn with_cell<T: Clone>(cell: T, tile: T, tiles: usize) -> Vec<T> {
        [vec![cell], vec![tile; tiles]].concat()
    }
    let capacity = vector(compute, power).with(Kind::Accelerator, 0);
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: (0..=tiles).map(|node| format!("n{node}")).collect(),
            parents: with_cell(None, Some(0), tiles),
            levels: with_cell(Level::Cell, Level::Tile, tiles),
            classes: with_cell(None, Some(ClassIndex(0)), tiles),
            capacities: with_cell(Resources::UNLIMITED, capacity, tiles),
            uplink_delays_us: vec![0; tiles + 1],
        },
        classes: vec![TileClass::plain("plain")],
        ..FleetParts::default()
    })
    .unwrap()
}

fn at(second: i64, amount: u64) -> (Timestamp, u64) {
    (Timestamp(second * SECOND), amount)
}

/// Terms in round numbers: a band of 1 s, clocks that run alike, a notice of 5 s, terms up to 1,000 s.
pub(crate) fn terms() -> Terms {
    Terms {
        term_min: Span(1_000_000),
        term_max: Span(1_000_000_000),
        guard_band: Span(1_000_000),
        drift_ppm: 0,
        notice: Span(5_000_000),
        repeat_window: Span(100_000_000),
        gang_max: 8,
        fence_keys_max: 3,
        ..Terms::default()
    }
}

/// A request for some compute and power on any tile for ten seconds.
pub(crate) fn request(holder: &str, name: &str, resources: Resources) -> Request {
    let names = (HolderId::new(holder).unwrap(), RequestId::new(name).unwrap());
    Request { draw: Draw::through(resources), ..Request::plain(names.0, names.1, Span(10_000_000)) }
}

/// A fence key.
pub(crate) fn key(name: &str) -> FenceKey {
    FenceKey::new(name).unwrap()
}

/// An authority under watch.
pub(crate) struct Watched {
    pub(crate) fleet: Fleet,
    pub(crate) authority: Authority,
    pub(crate) invariants: Invariants,
    /// Everything that was applied.
    pub(crate) journal: Vec<(Timestamp, Event, Decision)>,
}

impl Watched {
    pub(crate) fn new(terms: Terms) -> Watched {
        Watched::on(fleet(), terms)
    }

    pub(crate) fn on(fleet: Fleet, terms: Terms) -> Watched {
        let authority = Authority::new(&fleet, terms, Timestamp(0)).unwrap();
        Watched { fleet, authority, invariants: Invariants::default(), journal: Vec::new() }
    }

    /// Applies an event and looks at every invariant.
    pub(crate) fn apply(&mut self, now: Timestamp, event: Event) -> (Decision, Vec<Effect>) {
        let mut effects = Vec::new();
        let decision = self.authority.apply(now, &event, &mut effects);
        let step = Step { authority: &self.authority, now, event: &event, decision: &decision, effects: &effects };
        self.invariants.observe(&self.fleet, &step).unwrap();
        if decision.is_journaled() {
            self.journal.push((now, event, decision.clone()));
        }
        (decision, effects)
    }

    /// Works off everything that is due.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut all = Vec::new();
        while self.authority.next_deadline().is_some_and(|deadline| deadline <= now) {
            all.extend(self.apply(now, Event::Tick).1);
        }
        all
    }
}

/// The one answer among effects.
pub(crate) fn answer(effects: &[Effect]) -> &Answer {
    let mut answers = effects.iter().filter_map(|effect| match effect {
        Effect::Answer(answer) => Some(answer),
        _ => None,
    });
    let answer = answers.next().unwrap();
    assert!(answers.next().is_none(), "one answer for one event");
    answer
}
