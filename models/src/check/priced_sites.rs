//! Tiles grouped by what the prices of a certificate make of them: few sites, however many tiles.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::bound::BoundError;
use super::{device_pattern, eligibility, tile_pattern};
use crate::certificate::{Certificate, Dual, PiecePrice, Scope, ShapePrice};
use crate::draw;
use crate::fleet::{ClassIndex, Fleet, Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::objective::tariff::Tariff;
use crate::resources::{Kind, Resources, UNLIMITED};
use crate::time::{Interval, Timestamp};

/// Places for an amount in a demand: the kinds, then bandwidth once per level.
pub(super) const SLOTS: usize = Kind::COUNT + Level::COUNT;

/// The place of a kind that crosses a level.
pub(super) fn slot(kind: Kind, level: Level) -> usize {
    if kind == Kind::Bandwidth { Kind::COUNT + level.index() } else { kind.index() }
}

/// What a capsule pays for at an instant, whatever its start, if it runs then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Held {
    /// A piece of a device, of so many milli.
    Piece(u16),
    /// A shape on tiles of a class, by its position among the shapes.
    Shape(usize),
}

/// Prices summed along the path of tiles of one class; told apart by class too, because use differs by class.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PricePath {
    class: ClassIndex,
    /// Of capacity, by slot times intervals plus interval; sorted.
    pub(super) capacity: Vec<(usize, i128)>,
    /// Of what is held, by that and position among its instants; sorted.
    held: Vec<((Held, usize), i128)>,
}

impl PricePath {
    /// The prices of what is held: position among its instants, and price. O(log n) for the first.
    pub(super) fn held(&self, held: Held) -> impl Iterator<Item = (usize, i128)> + '_ {
        let first = self.held.partition_point(|entry| entry.0.0 < held);
        let alike = self.held[first..].iter().take_while(move |entry| entry.0.0 == held);
        alike.map(|&((_, instant), price)| (instant, price))
    }
}

/// What tiles of equal worth have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Economy {
    pub(super) class: ClassIndex,
    /// Position among the tariffs.
    pub(super) tariff: usize,
    /// Heat envelope of each tile.
    pub(super) heat_mw: u64,
    /// The most that each tile ever gives beyond its standing draw.
    pub(super) room: Resources,
}

/// Tiles that no job without a place of its own can tell apart by price or worth.
pub(super) struct PricedSite {
    /// One of them.
    pub(super) tile: NodeIndex,
    /// Position among the economies.
    pub(super) economy: usize,
    /// Position among the price paths.
    pub(super) path: usize,
    /// Number of its path and its tariff together.
    pub(super) payment: usize,
}

/// Tiles of one site that no job at all can tell apart, whatever data or place it names.
pub(super) struct Spot {
    pub(super) site: usize,
    /// One of them.
    pub(super) tile: NodeIndex,
    /// How many there are.
    pub(super) tiles: u64,
}

/// Every distinct thing that prices tell apart, once.
pub(super) struct PricedSites {
    /// Intervals that a price of capacity holds over, sorted.
    pub(super) intervals: Vec<Interval>,
    /// Instants at which what is held has a price, sorted.
    instants: BTreeMap<Held, Vec<Timestamp>>,
    /// Positions of the shapes that have a price on tiles of a class.
    shapes: HashMap<(ClassIndex, Resources), usize>,
    /// How many pairs of a path and a tariff there are.
    pub(super) payments: usize,
    /// What energy costs and emits, and what accounts cost, within the horizon.
    pub(super) tariffs: Vec<Tariff<'static>>,
    pub(super) economies: Vec<Economy>,
    pub(super) paths: Vec<PricePath>,
    pub(super) distinct: Vec<PricedSite>,
    pub(super) spots: Vec<Spot>,
}

impl PricedSites {
    /// Groups the usable tiles by what they cost. O(tiles) with one small hash each.
    pub(super) fn gather(instance: &Instance, certificate: &Certificate) -> Result<PricedSites, BoundError> {
        let fleet = instance.fleet();
        let prices = Prices::of(instance, certificate);
        let named = named_tiles(instance, certificate);
        let standing: Vec<Resources> = fleet.classes().iter().map(draw::standing).collect();
        let stepped = most_in_steps(fleet);
        let (mut distinct, mut spots): (Vec<PricedSite>, Vec<Spot>) = (Vec::new(), Vec::new());
        let (mut economies, mut paths, mut tariffs) = (Numbered::default(), Numbered::default(), Numbered::default());
        let mut payments = Numbered::default();
        let (mut spot_of, mut site_of) = (HashMap::new(), HashMap::new());
        for tile in eligibility::usable_tiles(instance) {
            let class = fleet.class_of(tile).expect("tiles have classes");
            let base = fleet.base_capacity(Owner::Node(tile));
            let most = stepped.get(&tile).unwrap_or(&base);
            let room = Resources(std::array::from_fn(|k| match most.0[k] {
                UNLIMITED => UNLIMITED,
                most => most.saturating_sub(standing[class.at()].0[k]),
            }));
            let heat_mw = base.get(Kind::Heat);
            let own_prices = fleet.prices().of(Owner::Node(tile));
            let place = (fleet.parent(tile), fleet.uplink_delay_us(tile), fleet.zones_listing(tile), own_prices);
            let key = (class, heat_mw, room, place, named.contains(&tile).then_some(tile));
            let spot = match spot_of.entry(key) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => {
                    let tariff = Tariff::of(fleet, tile, instance.weights()).within(instance.horizon());
                    let tariff = tariffs.number(tariff);
                    let economy = economies.number(Economy { class, tariff, heat_mw, room });
                    let path = paths.number(prices.along(fleet, tile)?);
                    let site = *site_of.entry((economy, path)).or_insert_with(|| {
                        let payment = payments.number((path, tariff));
                        distinct.push(PricedSite { tile, economy, path, payment });
                        distinct.len() - 1
                    });
                    spots.push(Spot { site, tile, tiles: 0 });
                    *unknown.insert(spots.len() - 1)
                }
            };
            spots[spot].tiles += 1;
        }
        let Prices { intervals, instants, shapes, .. } = prices;
        let (tariffs, economies, paths, shapes) = (tariffs.list, economies.list, paths.list, shapes.number_of);
        let payments = payments.list.len();
        Ok(PricedSites { intervals, instants, shapes, payments, tariffs, economies, paths, distinct, spots })
    }

    /// The instants at which what is held has a price, sorted.
    pub(super) fn instants_of(&self, held: Held) -> &[Timestamp] {
        self.instants.get(&held).map_or(&[], Vec::as_slice)
    }

    /// The shape of a draw on tiles of a class; `None` where it has no price.
    pub(super) fn shape(&self, class: ClassIndex, draw: Resources) -> Option<Held> {
        self.shapes.get(&(class, draw)).copied().map(Held::Shape)
    }
}

/// Values numbered in order of first sight.
struct Numbered<T> {
    list: Vec<T>,
    number_of: HashMap<T, usize>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { list: Vec::new(), number_of: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn number(&mut self, value: T) -> usize {
        *self.number_of.entry(value.clone()).or_insert_with(|| {
            self.list.push(value);
            self.list.len() - 1
        })
    }
}

/// The most that each tile with capacity steps ever gives, by kind.
fn most_in_steps(fleet: &Fleet) -> HashMap<NodeIndex, Resources> {
    let mut most: HashMap<NodeIndex, Resources> = HashMap::new();
    for ((owner, kind), function) in fleet.steps() {
        let Owner::Node(node) = *owner else { continue };
        let room = most.entry(node).or_insert_with(|| fleet.base_capacity(*owner));
        let highest = function.steps().iter().map(|step| step.1).max().unwrap_or(0);
        room.0[kind.index()] = room.0[kind.index()].max(highest);
    }
    most
}

/// Tiles unlike their neighbors because a job's place, a job's data or a price names them.
fn named_tiles(instance: &Instance, certificate: &Certificate) -> BTreeSet<NodeIndex> {
    let places = instance.jobs().iter().flat_map(|job| [job.locality, job.data]).flatten();
    let scopes = certificate.duals.iter().filter_map(|dual| match dual.scope {
        Scope::Tiles { under, .. } => Some(under),
        Scope::Owner(_) => None,
    });
    let scopes = scopes.chain(certificate.pieces.iter().map(|piece| piece.under));
    let scopes = scopes.chain(certificate.shapes.iter().map(|shape| shape.under));
    places.chain(scopes).filter(|&node| instance.fleet().level(node) == Level::Tile).collect()
}

/// What is held and when, and the scaled price of it.
type HeldPrice = (Held, Timestamp, i128);

/// Prices above zero, by the scope that they belong to.
struct Prices<'c> {
    capacity: HashMap<Scope, Vec<&'c Dual>>,
    intervals: Vec<Interval>,
    held: HashMap<(ClassIndex, NodeIndex), Vec<HeldPrice>>,
    instants: BTreeMap<Held, Vec<Timestamp>>,
    shapes: Numbered<(ClassIndex, Resources)>,
}

impl<'c> Prices<'c> {
    fn of(instance: &Instance, certificate: &'c Certificate) -> Prices<'c> {
        let mut capacity: HashMap<Scope, Vec<&Dual>> = HashMap::new();
        let mut intervals = BTreeSet::new();
        for dual in certificate.duals.iter().filter(|dual| dual.price > 0) {
            capacity.entry(dual.scope).or_default().push(dual);
            intervals.insert(dual.interval);
        }
        let mut shapes = Numbered::default();
        let mut held: HashMap<_, Vec<HeldPrice>> = HashMap::new();
        let mut instants: BTreeMap<Held, Vec<Timestamp>> = BTreeMap::new();
        let mut note = |scope, price: HeldPrice| {
            held.entry(scope).or_default().push(price);
            instants.entry(price.0).or_default().push(price.1);
        };
        for piece in certificate.pieces.iter().filter(|piece| piece.price > 0) {
            let &PiecePrice { class, under, milli, instant, .. } = piece;
            note((class, under), (Held::Piece(milli), instant, device_pattern::scaled_price(piece)));
        }
        for shape in certificate.shapes.iter().filter(|shape| shape.price > 0) {
            let &ShapePrice { class, under, job, instant, .. } = shape;
            let number = shapes.number((class, tile_pattern::shape(instance, class, job)));
            note((class, under), (Held::Shape(number), instant, tile_pattern::scaled_price(shape)));
        }
        for instants in instants.values_mut() {
            instants.sort_unstable();
            instants.dedup();
        }
        Prices { capacity, intervals: intervals.into_iter().collect(), held, instants, shapes }
    }

    /// What one unit, one piece and one shape cost on a tile, summed over every scope that holds it.
    fn along(&self, fleet: &Fleet, tile: NodeIndex) -> Result<PricePath, BoundError> {
        let class = fleet.class_of(tile).expect("tiles have classes");
        let (mut capacity, mut held) = (BTreeMap::new(), BTreeMap::new());
        for node in fleet.path(tile) {
            self.add_capacity(&mut capacity, Scope::Tiles { class, under: node }, Level::Tile)?;
            self.add_capacity(&mut capacity, Scope::Owner(Owner::Node(node)), fleet.level(node))?;
            for &zone in fleet.zones_listing(node) {
                self.add_capacity(&mut capacity, Scope::Owner(Owner::Zone(zone)), fleet.level(node))?;
            }
            for &(what, instant, price) in self.held.get(&(class, node)).into_iter().flatten() {
                let instant = self.instants[&what].binary_search(&instant);
                add(&mut held, (what, instant.expect("every instant is listed under what is held then")), price)?;
            }
        }
        Ok(PricePath { class, capacity: capacity.into_iter().collect(), held: held.into_iter().collect() })
    }

    fn add_capacity(&self, sums: &mut BTreeMap<usize, i128>, scope: Scope, level: Level) -> Result<(), BoundError> {
        for dual in self.capacity.get(&scope).into_iter().flatten() {
            let interval = self.intervals.binary_search(&dual.interval).expect("every interval is listed");
            add(sums, slot(dual.kind, level) * self.intervals.len() + interval, i128::from(dual.price))?;
        }
        Ok(())
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, i128>, key: K, price: i128) -> Result<(), BoundError> {
    let sum = sums.entry(key).or_default();
    *sum = sum.checked_add(price).ok_or(BoundError::Overflow)?;
    Ok(())
}
