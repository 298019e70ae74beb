//! Planning again with one change: how many more capsules of a class fit when something is waived, added or taken away.
//!
//! The pure function: fill tiles in order, each as early as its starts allow, with what the plan left of tiles, devices,
//! accounts and domains. It deviates from the planner's own filling in that only the class in question is placed, and in that
//! nothing but the accounts above is remembered from tile to tile: no tile is visited twice, but where the first capsules must
//! open locations that others may join.

use std::collections::HashMap;
use std::ops::Range;

use lessor_models::fleet::Owner;
use lessor_models::plan::Rule;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::enforced::{Enforced, account_of};
use super::mask::Mask;
use super::shortage::Shortage;
use super::{Explainer, rules, starts};
use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, times};
use crate::plan::room::{Room, credit, debit};
use crate::support::stop::Stop;

/// Tiles between two looks at the flag: a fraction of a millisecond.
pub(super) const TILES_PER_LOOK: usize = 1 << 8;

/// When the capsules of a trial start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// At any start that the window allows, and, where it is waived, after it.
    Window,
    /// All at one instant, whatever the window says. Nothing else is changed then.
    At(Timestamp),
    /// At the end of the horizon, when all that is planned has ended; spreads still count it.
    Afterwards,
}

/// A what-if: the plan with a change.
#[derive(Clone, Debug)]
pub(super) struct Trial<'x, 'o, 'a> {
    pub(super) explainer: &'x Explainer<'o, 'a>,
    pub(super) class: JobClassIndex,
    /// What tiles lack for a capsule of the class, where it was read.
    pub(super) shortage: &'x Shortage,
    pub(super) enforced: Enforced,
    /// Capacity added at an owner, at every instant.
    pub(super) more: Option<(Owner, Kind, u64)>,
    /// Capsules taken off a tile.
    pub(super) gone: Option<(TileIndex, Item)>,
    /// Which starts are tried.
    pub(super) when: When,
    /// What is bid more for each capsule, in micro-credits.
    pub(super) bid_more: u64,
}

/// What the trial remembers from tile to tile.
#[derive(Default)]
struct Filled {
    /// What is left of accounts debited so far, by bucket.
    accounts: HashMap<AccountIndex, Vec<Resources>>,
    /// Capsules added in each member of the spread's domain.
    members: HashMap<Owner, u32>,
    /// How many of those held none before.
    locations: u32,
    /// What the tiles filled so far have left, where they are looked at twice.
    tiles: HashMap<TileIndex, Room>,
    count: u64,
}

/// What one tile and the accounts above it have left, the accounts by bucket.
struct Left {
    tile: Room,
    path: Vec<Vec<Resources>>,
}

impl<'x, 'o, 'a> Trial<'x, 'o, 'a> {
    /// The plan as it is, every constraint obeyed.
    pub(super) fn new(
        explainer: &'x Explainer<'o, 'a>,
        class: JobClassIndex,
        shortage: &'x Shortage,
    ) -> Trial<'x, 'o, 'a> {
        let enforced = Enforced::all(explainer.occupancy.lowered());
        Trial { explainer, class, shortage, enforced, more: None, gone: None, when: When::Window, bid_more: 0 }
    }

    /// Whether `need` more capsules fit, on one tile where one is named. `None` where the flag was raised first.
    pub(super) fn fits(&self, only: Option<TileIndex>, need: u64, stop: &Stop) -> Option<bool> {
        Some(self.fill(only, need, stop)? >= need)
    }

    /// How many more capsules fit, at most `need`. `None` where the flag was raised first. O(tiles times starts).
    pub(super) fn fill(&self, only: Option<TileIndex>, need: u64, stop: &Stop) -> Option<u64> {
        let lowered = self.explainer.occupancy.lowered();
        let mut filled = Filled::default();
        if let Some(tile) = only {
            self.fill_group(lowered.group_of(tile), tile.at()..tile.at() + 1, need, &mut filled);
            return Some(filled.count);
        }
        let is_short = |filled: &Filled| self.least().is_some_and(|least| self.locations(filled) < least);
        let looks_twice = is_short(&filled);
        self.fill_groups(need, &mut filled, stop)?;
        // Now that there are locations enough, others may join those that opened them.
        if looks_twice && filled.count < need && !is_short(&filled) {
            self.fill_groups(need, &mut filled, stop)?;
        }
        Some(filled.count)
    }

    fn fill_groups(&self, need: u64, filled: &mut Filled, stop: &Stop) -> Option<()> {
        let lowered = self.explainer.occupancy.lowered();
        for group in lowered.group_indexes() {
            let tiles = lowered.group(group).tiles.clone();
            if self.is_full_group(group) {
                continue;
            }
            for from in tiles.clone().step_by(TILES_PER_LOOK) {
                if stop.is_raised() {
                    return None;
                }
                self.fill_group(group, from..tiles.end.min(from + TILES_PER_LOOK), need, filled);
            }
            if filled.count >= need {
                break;
            }
        }
        Some(())
    }

    fn fill_group(&self, group: GroupIndex, tiles: Range<usize>, need: u64, filled: &mut Filled) {
        let lowered = self.explainer.occupancy.lowered();
        let starts = self.starts(group);
        let broken = rules::of_pair(self.explainer.occupancy, self.class, group);
        let pays = rules::worth(self.explainer.occupancy, self.class, group).saturating_add_unsigned(self.bid_more) > 0;
        let broken = broken.without(Mask::rule(Rule::Worth).when(pays));
        let is_cut_off = !rules::reaches_data(lowered, self.class, group);
        if starts.is_empty() || is_cut_off || broken.meets(self.enforced.mask) {
            return;
        }
        let path = self.path_left(group, filled);
        let has_room = |start: &Timestamp| {
            let over = self.over(group, *start);
            self.may_have_room(group, over.clone()) && self.path_room(group, over, &path) > 0
        };
        if !starts.iter().any(has_room) {
            return;
        }
        let mut left = Left { tile: Room::default(), path };
        for tile in tiles.map(TileIndex::new) {
            if filled.count >= need {
                break;
            }
            // Spread is counted below, with what this trial adds.
            let spread = Mask::rule(Rule::Spread).with(Mask::rule(Rule::SpreadLeast));
            let is_broken = |start: &Timestamp| {
                let broken = self.explainer.bonds.broken(self.class, tile, *start).without(spread);
                broken.meets(self.enforced.mask)
            };
            if self.is_full(tile) || starts.iter().all(is_broken) {
                continue;
            }
            match filled.tiles.get(&tile) {
                Some(known) => left.tile.clone_from(known),
                None => self.enter(tile, &mut left.tile),
            }
            let before = filled.count;
            for &start in starts.iter().filter(|start| !is_broken(start)) {
                self.fill_tile(tile, start, need, (&mut left, filled));
            }
            if filled.count > before && self.least().is_some() {
                filled.tiles.insert(tile, left.tile.clone());
            }
        }
        for (&(account, _), left) in lowered.group(group).path.iter().zip(left.path) {
            filled.accounts.insert(account, left);
        }
    }

    /// Places as many capsules as fit on a tile at one start.
    fn fill_tile(&self, tile: TileIndex, start: Timestamp, need: u64, (left, filled): (&mut Left, &mut Filled)) {
        let lowered = self.explainer.occupancy.lowered();
        let group = lowered.group_of(tile);
        let over = self.over(group, start);
        let demand = &lowered.job(self.class).demand;
        let holds_devices = demand.devices > 0 && self.enforced.holds(Rule::Devices);
        let draw = self.tile_draw(tile, over.clone());
        loop {
            let on_tile = left.tile.times(&draw, &over);
            let above = self.path_room(group, over.clone(), &left.path);
            let spread = self.spread_room(tile, filled).min(self.room_apart(tile, filled));
            let mut count = (need - filled.count).min(on_tile).min(above).min(spread);
            let mut devices = 0;
            if holds_devices && count > 0 {
                let chosen = left.tile.choose_devices(demand, &over);
                (count, devices) = chosen.map_or((0, 0), |devices| (1, devices));
            }
            if count == 0 {
                return;
            }
            left.tile.take(&draw, count, (demand.device_milli, devices), &over);
            for (&(account, level), left) in lowered.group(group).path.iter().zip(&mut left.path) {
                let draw = self.account_draw(account, &lowered.draw_at(self.class, group, level));
                debit(&mut left[over.clone()], &draw, count);
            }
            self.note_members(tile, count, filled);
            filled.count += count;
        }
    }

    fn starts(&self, group: GroupIndex) -> Vec<Timestamp> {
        let lowered = self.explainer.occupancy.lowered();
        match self.when {
            When::Window => self.starts_by_window(group),
            When::At(start) => {
                let may_start = starts::ends_in_known_time(lowered, self.class, group, start)
                    && starts::earns(lowered, self.class, group, start);
                may_start.then_some(start).into_iter().collect()
            }
            When::Afterwards if starts::is_constant_after(lowered, group) => vec![lowered.instance.horizon().end],
            When::Afterwards => Vec::new(),
        }
    }

    fn starts_by_window(&self, group: GroupIndex) -> Vec<Timestamp> {
        let lowered = self.explainer.occupancy.lowered();
        let inside = starts::inside(lowered, self.class, group);
        let is_open = !self.enforced.holds(Rule::Window);
        let late = is_open.then(|| starts::late(lowered, self.class, group)).into_iter().flatten();
        inside.chain(late).collect()
    }

    /// The buckets in which a capsule that starts then runs. What comes after the horizon is like its last bucket.
    fn over(&self, group: GroupIndex, start: Timestamp) -> Range<usize> {
        let count = self.explainer.occupancy.lowered().grid.count();
        match self.when {
            When::Afterwards => count - 1..count,
            When::Window | When::At(_) => self.explainer.occupancy.buckets(self.class, group, start),
        }
    }

    /// Whether the most that tiles of a group have left may be enough; asked of one start alone, for a window has [`Shortage`].
    fn may_have_room(&self, group: GroupIndex, mut over: Range<usize>) -> bool {
        let draw = self.explainer.occupancy.lowered().draw(self.class, group);
        let row = |bucket| self.explainer.headroom.row(group, bucket);
        !matches!(self.when, When::At(_)) || over.all(|bucket| draw.fits(&row(bucket).most))
    }

    /// Whether a tile that the change does not touch lacks something at every start: a quick test before all others.
    fn is_full(&self, tile: TileIndex) -> bool {
        match self.when {
            When::Window => self.is_full_by_window(tile),
            When::At(start) => !self.explainer.occupancy.fits_tile(tile, self.class, start),
            When::Afterwards => false,
        }
    }

    fn is_full_by_window(&self, tile: TileIndex) -> bool {
        let owner = Owner::Node(self.explainer.occupancy.lowered().tiles[tile.at()]);
        let is_touched =
            self.more.is_some_and(|(whose, ..)| whose == owner) || self.gone.is_some_and(|(from, _)| from == tile);
        self.shortage.of_tile(tile).meets(self.enforced_kinds()) && !is_touched
    }

    /// Whether that holds for every tile of a group.
    fn is_full_group(&self, group: GroupIndex) -> bool {
        let lowered = self.explainer.occupancy.lowered();
        // What is added to a tile of its own is tried on that tile alone; elsewhere it is added to an account.
        let is_added_to_a_tile = self.more.is_some_and(|(owner, ..)| account_of(lowered, owner).is_none());
        let is_touched = is_added_to_a_tile || self.gone.is_some_and(|(from, _)| lowered.group_of(from) == group);
        !self.shortage.has_tile_with(group, self.enforced_kinds()) && !is_touched && self.when == When::Window
    }

    /// The kinds of a tile that count when it is asked whether it is full: a start that is asked for may be one that was not
    /// looked at, and waived devices bring their own headroom.
    fn enforced_kinds(&self) -> Mask {
        let brought = Mask::tiles(Kind::Accelerator).when(!self.enforced.holds(Rule::Devices));
        self.enforced.mask.without(brought)
    }

    /// What a capsule debits from the tile, of the kinds that count.
    fn tile_draw(&self, tile: TileIndex, over: Range<usize>) -> Resources {
        let lowered = self.explainer.occupancy.lowered();
        let is_waived = |kind: &Kind| !self.enforced.mask.contains(Mask::tiles(*kind));
        let drawn = *lowered.draw(self.class, lowered.group_of(tile));
        let draw = Kind::ALL.into_iter().filter(is_waived).fold(drawn, |draw, kind| draw.with(kind, 0));
        // Waived devices bring their own headroom: a tile that had too few has as much as is asked.
        let is_granted =
            !self.enforced.holds(Rule::Devices) && devices_short(self.explainer, self.class, tile, over) > 0;
        if is_granted { draw.with(Kind::Accelerator, 0) } else { draw }
    }

    /// What a capsule debits from an account, of the kinds that count.
    fn account_draw(&self, account: AccountIndex, draw: &Resources) -> Resources {
        let bits = self.enforced.accounts[account.at()];
        let mut counted = *draw;
        for kind in Kind::ALL {
            if bits >> kind.index() & 1 == 0 {
                counted = counted.with(kind, 0);
            }
        }
        counted
    }

    fn path_room(&self, group: GroupIndex, over: Range<usize>, path: &[Vec<Resources>]) -> u64 {
        let lowered = self.explainer.occupancy.lowered();
        let rooms = lowered.group(group).path.iter().zip(path).map(|(&(account, level), left)| {
            let draw = self.account_draw(account, &lowered.draw_at(self.class, group, level));
            over.clone().map(|k| times(&draw, &left[k])).min().unwrap_or(0)
        });
        rooms.min().unwrap_or(u64::MAX)
    }

    fn spread_room(&self, tile: TileIndex, filled: &Filled) -> u64 {
        let lowered = self.explainer.occupancy.lowered();
        let Some(spread) = lowered.job(self.class).spread.filter(|_| self.enforced.holds(Rule::Spread)) else {
            return u64::MAX;
        };
        let members = lowered.instance.fleet().members(lowered.tiles[tile.at()], spread.domain);
        let room = |member| {
            let added = filled.members.get(&member).copied().unwrap_or(0);
            spread
                .most
                .saturating_sub(self.explainer.occupancy.bonds().count_in(self.class, member).saturating_add(added))
        };
        members.into_iter().map(room).min().map_or(u64::MAX, u64::from)
    }

    /// The least number of locations, where that is obeyed and must be counted.
    fn least(&self) -> Option<u32> {
        let spread = self.explainer.occupancy.lowered().spread_to_count(self.class);
        spread.map(|spread| spread.least).filter(|_| self.enforced.holds(Rule::SpreadLeast))
    }

    /// At how many locations the class is, with what this trial added.
    fn locations(&self, filled: &Filled) -> u32 {
        self.explainer.occupancy.bonds().locations(self.class) + filled.locations
    }

    /// How many capsules may come to a tile at once for all that there must be locations enough.
    fn room_apart(&self, tile: TileIndex, filled: &Filled) -> u64 {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        let locations = self.locations(filled);
        if self.least().is_none_or(|least| locations >= least) {
            return u64::MAX;
        }
        let domain = lowered.job(self.class).spread.expect("a least number is a spread's").domain;
        let mut members = lowered.instance.fleet().members(lowered.tiles[tile.at()], domain).into_iter();
        let is_new = members
            .any(|member| occupancy.bonds().count_in(self.class, member) == 0 && !filled.members.contains_key(&member));
        let placed = occupancy.placed(self.class) + filled.count;
        u64::from(locations).saturating_sub(placed).max(u64::from(is_new))
    }

    fn note_members(&self, tile: TileIndex, count: u64, filled: &mut Filled) {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        let Some(spread) = lowered.job(self.class).spread else { return };
        let count = u32::try_from(count).expect("a job has at most 2^32 capsules");
        for member in lowered.instance.fleet().members(lowered.tiles[tile.at()], spread.domain) {
            let added = filled.members.entry(member).or_default();
            filled.locations += u32::from(*added == 0 && occupancy.bonds().count_in(self.class, member) == 0);
            *added += count;
        }
    }

    /// Reads what a tile has left, with the change.
    fn enter(&self, tile: TileIndex, room: &mut Room) {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        let group = lowered.group_of(tile);
        match self.when {
            When::Afterwards => *room = Room::empty(lowered, group),
            When::Window | When::At(_) => room.enter(occupancy, tile),
        }
        if let Some((_, item)) = self.gone.filter(|&(from, _)| from == tile) {
            let held = (lowered.job(item.class).demand.device_milli, item.devices);
            let over = occupancy.buckets(item.class, group, item.start);
            room.give_back(lowered.draw(item.class, group), u64::from(item.count), held, &over);
        }
        let owner = Owner::Node(lowered.tiles[tile.at()]);
        if let Some((_, kind, amount)) = self.more.filter(|&(whose, ..)| whose == owner) {
            room.widen(kind, amount);
        }
    }

    /// Reads what the accounts above a group have left, with the change and with what was filled so far.
    fn path_left(&self, group: GroupIndex, filled: &Filled) -> Vec<Vec<Resources>> {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        let all = 0..lowered.grid.count();
        let left = |&(account, _): &(AccountIndex, _)| {
            if let Some(left) = filled.accounts.get(&account) {
                return left.clone();
            }
            let mut left: Vec<Resources> = match self.when {
                When::Afterwards => all.clone().map(|k| *lowered.account(account).capacity(k)).collect(),
                When::Window | When::At(_) => all.clone().map(|k| *occupancy.account_left(account, k)).collect(),
            };
            let added = self.more.filter(|&(whose, ..)| whose == lowered.account(account).owner);
            if let Some((_, kind, amount)) = added {
                credit(&mut left, &Resources::of(kind, amount), 1);
            }
            self.give_back(account, &mut left);
            left
        };
        lowered.group(group).path.iter().map(left).collect()
    }

    /// Credits an account with what the capsules taken away drew from it.
    fn give_back(&self, account: AccountIndex, left: &mut [Resources]) {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        let Some((tile, item)) = self.gone else { return };
        let group = lowered.group_of(tile);
        if let Some(&(_, level)) = lowered.group(group).path.iter().find(|(at, _)| *at == account) {
            let draw = lowered.draw_at(item.class, group, level);
            let over = occupancy.buckets(item.class, group, item.start);
            credit(&mut left[over], &draw, u64::from(item.count));
        }
    }
}

/// How many devices a tile lacks for one capsule.
pub(super) fn devices_short(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    tile: TileIndex,
    over: Range<usize>,
) -> u64 {
    let demand = &explainer.occupancy.lowered().job(class).demand;
    if demand.devices == 0 {
        return 0;
    }
    let fitting = explainer.occupancy.devices_left(tile, over).filter(|&left| left >= demand.device_milli).count();
    u64::from(demand.devices).saturating_sub(u64::try_from(fitting).unwrap_or(u64::MAX))
}
