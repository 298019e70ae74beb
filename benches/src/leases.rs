//! A load of leases on an authority: grants and releases in turn at a constant load, or a million leases that end together.

use std::hint::black_box;

use lessor_engine::authority::{
    Answer, Authority, Decision, Effect, Event, HolderId, LeaseId, Money, Request, RequestId, Scope, Terms,
};
use lessor_engine::ledger::{ClassSet, Draw};
use lessor_models::fleet::{ClassIndex, Fleet, FleetError, FleetParts, Level, NodeColumns, NodeIndex, Zone, ZoneKind};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};

/// Tiles in one cell.
const CELL: u32 = 1_000;

/// What a tile has: compute, memory, power and heat, each a thousand units.
const TILE: u64 = 1_000;

/// The class of the few.
const RARE: ClassIndex = ClassIndex(1);

/// Which tiles are of a class of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rare {
    /// None.
    Nowhere,
    /// One tile of ten.
    Scattered,
    /// The last hundredth of all.
    Last,
}

impl Rare {
    /// Whether a tile is, of so many.
    fn has(self, tile: u32, tiles: u32) -> bool {
        match self {
            Rare::Nowhere => false,
            Rare::Scattered => tile % 10 == 9,
            Rare::Last => tile >= tiles - tiles / 100,
        }
    }
}

/// A cluster of cells of up to a thousand tiles, equal but for the class of a few. A lease debits six accounts: tile, cell,
/// cluster, and the feed, the loop and the failure domain that its cell belongs to.
///
/// # Errors
/// None, for any number of tiles from one up.
pub fn fleet(tiles: u32, rare: Rare) -> Result<Fleet, FleetError> {
    let cells = tiles.div_ceil(CELL);
    let amounts = |factor: u64| {
        let each = [Kind::Compute, Kind::Memory, Kind::Power, Kind::Heat].into_iter();
        each.fold(Resources::UNLIMITED, |sum, kind| sum.with(kind, factor * TILE))
    };
    let mut nodes = NodeColumns {
        names: vec!["cluster".into()],
        parents: vec![None],
        levels: vec![Level::Cluster],
        classes: vec![None],
        capacities: vec![amounts(tiles.into())],
        uplink_delays_us: vec![0; 1 + (cells + tiles) as usize],
    };
    for cell in 0..cells {
        push(&mut nodes, (format!("c{cell}"), 0), (Level::Cell, amounts(CELL.into())));
    }
    for tile in 0..tiles {
        push(&mut nodes, (format!("t{tile}"), 1 + tile / CELL), (Level::Tile, amounts(1).with(Kind::Accelerator, 0)));
        if rare.has(tile, tiles) {
            *nodes.classes.last_mut().expect("a tile was just added") = Some(RARE);
        }
    }
    let kinds = [ZoneKind::PowerFeed, ZoneKind::RadiatorLoop, ZoneKind::FailureDomain];
    let zones =
        (0..cells).flat_map(|_| kinds).map(|kind| Zone { kind, capacity: amounts(CELL.into()), energy_price: None });
    Fleet::new(FleetParts {
        nodes,
        classes: vec![TileClass::plain("tile"), TileClass::plain("rare")],
        zone_names: (0..3 * cells).map(|zone| format!("z{zone}")).collect(),
        zones: zones.collect(),
        members: (0..3 * cells).map(|zone| (zone, 1 + zone / 3)).collect(),
        ..FleetParts::default()
    })
}

fn push(nodes: &mut NodeColumns, (name, parent): (String, u32), (level, capacity): (Level, Resources)) {
    nodes.names.push(name);
    nodes.parents.push(Some(parent));
    nodes.levels.push(level);
    nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
    nodes.capacities.push(capacity);
}

fn rare_tiles() -> Scope {
    Scope::OfClasses(ClassSet(1 << RARE.0))
}

/// So many units of each kind that tiles have.
fn units_of(units: u64) -> Draw {
    let kinds = [Kind::Compute, Kind::Memory, Kind::Power, Kind::Heat].into_iter();
    Draw::through(kinds.fold(Resources::ZERO, |sum, kind| sum.with(kind, units)))
}

/// An authority under load.
#[derive(Debug)]
pub struct Load {
    /// The authority.
    pub authority: Authority,
    live: Vec<LeaseId>,
    effects: Vec<Effect>,
    event: Event,
    now: i64,
    asked: u64,
    state: u64,
}

impl Load {
    /// An authority of so many tiles, with nothing granted, whose leases last for a term.
    ///
    /// # Panics
    /// Never: the fleet and the terms are sound.
    #[must_use]
    pub fn new(tiles: u32, term: Span) -> Load {
        Load::with(tiles, Rare::Nowhere, term)
    }

    /// The same with a class of few tiles, each of which one lease fills.
    ///
    /// # Panics
    /// Never, as above.
    #[must_use]
    pub fn with_full_class(tiles: u32, rare: Rare, term: Span) -> Load {
        let mut load = Load::with(tiles, rare, term);
        for _ in (0..tiles).filter(|tile| rare.has(*tile, tiles)) {
            load.request(TILE, Request { scope: rare_tiles(), ..load.plain() });
        }
        load
    }

    fn with(tiles: u32, rare: Rare, term: Span) -> Load {
        let fleet = fleet(tiles, rare).expect("a regular tree is a fleet");
        let authority = Authority::new(&fleet, Terms::default(), Timestamp(0)).expect("the default terms are sound");
        let names = (HolderId::new("bench").expect("a label"), RequestId::new("r").expect("a label"));
        let event = Event::Request(Request::plain(names.0, names.1, term));
        Load { authority, live: Vec::new(), effects: Vec::new(), event, now: 1, asked: 0, state: 1 }
    }

    /// How many leases the load holds.
    #[must_use]
    pub fn live(&self) -> usize {
        self.live.len()
    }

    /// Grants leases of 1 to `most` units until as much of the tiles' compute is held as asked, in thousandths.
    pub fn fill(&mut self, permille: u64, tiles: u32, most: u64) {
        let wanted = u64::from(tiles) * TILE * permille / 1_000;
        let mut held = 0;
        while held < wanted {
            held += self.grant(most);
        }
    }

    /// Grants one lease of 1 to `most` units and says how many.
    ///
    /// # Panics
    /// Where it is refused: the load is chosen so that it never is.
    pub fn grant(&mut self, most: u64) -> u64 {
        let units = 1 + self.random() % most;
        self.asked += 1;
        self.now += 1;
        let Event::Request(request) = &mut self.event else { unreachable!("the load asks") };
        request.request = RequestId::new(&format!("r{}", self.asked)).expect("a short name is a label");
        request.first_sent = Timestamp(self.now);
        request.draw = units_of(units);
        self.effects.clear();
        self.authority.apply(Timestamp(self.now), &self.event, &mut self.effects);
        let Some(Effect::Answer(Answer::Lease(lease))) = self.effects.last() else {
            panic!("refused: {:?}", self.effects);
        };
        self.live.push(lease.id);
        units
    }

    /// Releases one lease, drawn at random.
    ///
    /// # Panics
    /// Where nothing is held.
    pub fn release(&mut self) {
        let at = usize::try_from(self.random() % self.live.len() as u64).expect("less than a length");
        let lease = self.live.swap_remove(at);
        self.now += 1;
        let Event::Request(request) = &self.event else { unreachable!("the load asks") };
        let event = Event::Release { holder: request.holder, lease };
        self.effects.clear();
        self.authority.apply(Timestamp(self.now), &event, &mut self.effects);
        black_box(&self.effects);
    }

    /// Offers a lease in place of one that fills the last of so many tiles, lets that one go, and then the other.
    ///
    /// # Panics
    /// Where something is on that tile, or makes no way.
    pub fn offer(&mut self, tiles: u32) {
        let scope = Scope::Under(NodeIndex(tiles.div_ceil(CELL) + tiles));
        let lesser = Request { scope, class: ServiceClass::D, ..self.plain() };
        let lesser = self.request(TILE, lesser);
        let bid = Some(Money(1 << 40));
        let offered = Request { scope, bid, ..self.plain() };
        let offered = self.request(TILE, offered);
        self.give_back(lesser);
        self.give_back(offered);
    }

    /// What is said to one who asks for a whole tile of the rare class, with a bid.
    pub fn quote_rare(&mut self) -> Decision {
        let draw = units_of(TILE);
        let request = Request { scope: rare_tiles(), bid: Some(Money(1)), draw, ..self.plain() };
        self.authority.quote(&request)
    }

    fn plain(&self) -> Request {
        let Event::Request(request) = &self.event else { unreachable!("the load asks") };
        request.clone()
    }

    fn request(&mut self, units: u64, request: Request) -> LeaseId {
        self.asked += 1;
        self.now += 1;
        let name = RequestId::new(&format!("r{}", self.asked)).expect("a short name is a label");
        let request = Request { request: name, first_sent: Timestamp(self.now), draw: units_of(units), ..request };
        self.effects.clear();
        self.authority.apply(Timestamp(self.now), &Event::Request(request), &mut self.effects);
        match self.effects.last() {
            Some(Effect::Answer(Answer::Lease(lease))) => lease.id,
            _ => panic!("refused: {:?}", self.effects),
        }
    }

    fn give_back(&mut self, lease: LeaseId) {
        self.now += 1;
        let event = Event::Release { holder: self.plain().holder, lease };
        self.effects.clear();
        self.authority.apply(Timestamp(self.now), &event, &mut self.effects);
    }

    /// When the first of the leases that are live ends, by the engine's clock; 0 where there is none.
    #[must_use]
    pub fn first_end(&self) -> i64 {
        let ends = self.live.iter().filter_map(|id| self.authority.lease(*id)).map(|lease| lease.end.0);
        ends.min().unwrap_or(0)
    }

    /// Whether a tick is due at an instant.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        self.authority.next_deadline().is_some_and(|deadline| deadline.0 <= now)
    }

    /// One tick; what came of it.
    pub fn tick(&mut self, now: i64) -> &[Effect] {
        self.now = self.now.max(now);
        self.effects.clear();
        self.authority.apply(Timestamp(self.now), &Event::Tick, &mut self.effects);
        &self.effects
    }

    /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
