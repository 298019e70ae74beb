//! From an instance of the model to raw integer tables: job classes, tile groups, accounts, time buckets.
//!
//! Typed quantities end here. What a kernel reads was range-checked by the model's constructors: every amount is at most
//! 2^53 or unlimited, so sums of up to 2^10 amounts stay within 64 bits.
//!
//! `groups` finds tiles that a plan cannot tell apart, `job_classes` jobs equal in all but name and count, `accounts` what
//! limits anything. `grid` cuts time into buckets whose `tick` goes into the terms of jobs, `surcharges` says what a start
//! costs beyond the cheapest one where a tariff changes, and [`strain`] what the use of a tile costs. Positions are of the
//! types in [`index`].

mod accounts;
mod grid;
mod groups;
pub mod index;
mod job_classes;
pub mod strain;
mod surcharges;
mod tick;

use std::collections::HashMap;

use lessor_models::draw;
use lessor_models::fleet::{Level, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Domain, Job, Relation, Spread};
use lessor_models::objective::tariff;
use lessor_models::objective::{Site, capsule_value, latency};
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Interval, Span, Timestamp};
use ndarray::Array2;

pub use accounts::Account;
pub(crate) use accounts::standing;
pub use grid::{Grid, TILE_VECTORS_MAX};
use groups::SitePlace;
pub use groups::{Cell, Group};
pub use job_classes::JobClass;
pub use surcharges::Varying;
use surcharges::{Payer, Surcharges};

use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::strain::Strain;

/// The raw instance.
#[derive(Debug)]
pub struct Lowered<'a> {
    /// Where it came from.
    pub instance: &'a Instance,
    /// Time in buckets.
    pub grid: Grid,
    /// Accounts above the tiles that limit something.
    pub accounts: Vec<Account>,
    /// Tile groups, cell by cell.
    pub groups: Vec<Group>,
    /// Cells, in order.
    pub cells: Vec<Cell>,
    /// Tiles, group by group.
    pub tiles: Vec<NodeIndex>,
    /// Each tile's group.
    pub group_of: Vec<GroupIndex>,
    /// Job classes, in the order of their first jobs.
    pub classes: Vec<JobClass>,
    /// Each job's class.
    pub class_of_job: Vec<JobClassIndex>,
    /// For classes that others must not be near: those others, with the domain that keeps them apart.
    avoided_by: HashMap<JobClassIndex, Vec<(JobClassIndex, Domain)>>,
    /// For classes that others must be near: those others, with the domain that joins them.
    followed_by: HashMap<JobClassIndex, Vec<(JobClassIndex, Domain)>>,
    sites: Vec<SitePlace>,
    surcharges: Surcharges,
    /// What the use of tiles costs.
    pub strain: Strain,
    /// Worth of one capsule at its cheapest start by (job class, site), without latency; `None` where class, band, window or an
    /// empty tile's room forbid it.
    worth: Array2<Option<i64>>,
    /// What one capsule draws from a tile, by (job class, tile class).
    draws: Array2<Resources>,
    /// How long one capsule runs, by (job class, tile class).
    terms: Array2<Span>,
    /// The most capsules of each class that its count and its spread allow.
    most: Vec<u64>,
    /// Of each class that must be at one location: whether a tile is in no member of its domain.
    has_outsiders: Vec<bool>,
}

impl<'a> Lowered<'a> {
    /// Lowers an instance. O(tiles + jobs log jobs + job classes times sites).
    #[must_use]
    pub fn new(instance: &'a Instance) -> Lowered<'a> {
        Lowered::within(instance, TILE_VECTORS_MAX)
    }

    /// The same with time told apart no finer than that a plan's table of tiles has so many vectors.
    #[must_use]
    pub fn within(instance: &'a Instance, vectors: usize) -> Lowered<'a> {
        Lowered::on(instance, Grid::within(instance, vectors))
    }

    /// The same with time told apart by a grid that covers the instance's horizon.
    #[must_use]
    pub fn on(instance: &'a Instance, grid: Grid) -> Lowered<'a> {
        let classes = job_classes::classes(instance);
        let accounts = accounts::accounts(instance, &grid);
        let grouped = groups::group(instance, &grid, &accounts);
        let fleet = instance.fleet();
        let shape = (classes.len(), fleet.classes().len());
        let job = |c: usize| &instance.jobs()[classes[c].first.at()];
        let draws = Array2::from_shape_fn(shape, |(c, t)| draw::draw(&job(c).demand, &fleet.classes()[t], Level::Tile));
        let terms = Array2::from_shape_fn(shape, |(c, t)| draw::term(job(c), &fleet.classes()[t]));
        let worth = Array2::from_shape_fn((classes.len(), grouped.sites.len()), |(c, s)| {
            let (site, job) = (grouped.sites[s].site(instance), job(c));
            let class = fleet.class_of(grouped.sites[s].tile).expect("sites are tiles");
            let in_band = job.band.is_none_or(|band| band.contains(&site.class.band));
            let in_window = job.earliest.after(terms[(c, class.at())]) <= job.deadline;
            let fits_empty = draws[(c, class.at())].fits(&grouped.sites[s].room);
            (job.allows(class) && in_band && in_window && fits_empty).then(|| best_value(instance, job, &site, 0))
        });
        let groups::Grouped { groups, cells, tiles, group_of, sites, varying } = grouped;
        let surcharges = Surcharges::new(varying, classes.len());
        let mut class_of_job = vec![JobClassIndex(0); instance.jobs().len()];
        for (at, class) in classes.iter().enumerate() {
            class.jobs.iter().for_each(|job| class_of_job[job.at()] = JobClassIndex::new(at));
        }
        let named_by = |relation: fn(&Job) -> Option<Relation>| {
            let mut named_by: HashMap<JobClassIndex, Vec<(JobClassIndex, Domain)>> = HashMap::new();
            for (at, class) in classes.iter().enumerate() {
                if let Some(other) = relation(&instance.jobs()[class.first.at()]) {
                    let names = (JobClassIndex::new(at), other.domain);
                    named_by.entry(class_of_job[other.job.at()]).or_default().push(names);
                }
            }
            named_by
        };
        let (avoided_by, followed_by) = (named_by(|job| job.anti_affinity), named_by(|job| job.affinity));
        let most = classes.iter().map(|class| class.count).collect();
        let strain = Strain::of(instance, &grid);
        let mut lowered = Lowered {
            instance,
            grid,
            accounts,
            groups,
            cells,
            tiles,
            group_of,
            classes,
            class_of_job,
            avoided_by,
            followed_by,
            sites,
            surcharges,
            strain,
            worth,
            draws,
            terms,
            most,
            has_outsiders: Vec::new(),
        };
        lowered.limit_by_spread();
        lowered.look_for_outsiders();
        lowered
    }

    fn look_for_outsiders(&mut self) {
        let fleet = self.instance.fleet();
        let mut known: HashMap<Domain, bool> = HashMap::new();
        let mut has_outsiders = |domain| {
            let is_outside = |group: &Group| fleet.members(group.tile, domain).is_empty();
            *known.entry(domain).or_insert_with(|| self.groups.iter().any(is_outside))
        };
        let spreads = self.class_indexes().map(|class| self.job(class).spread.filter(|spread| spread.least == 1));
        let found = spreads.map(|spread| spread.is_some_and(|spread| has_outsiders(spread.domain)));
        self.has_outsiders = found.collect();
    }

    fn limit_by_spread(&mut self) {
        for class in self.class_indexes() {
            if self.job(class).spread.is_some() {
                let usable: Vec<GroupIndex> =
                    self.group_indexes().filter(|&group| self.worth(class, group).is_some()).collect();
                self.most[class.at()] = self.most(class).min(self.spread_room(class, &usable));
            }
        }
    }

    /// The job that stands for a class: all of its jobs are equal but for their names.
    #[must_use]
    pub fn job(&self, class: JobClassIndex) -> &'a Job {
        &self.instance.jobs()[self.classes[class.at()].first.at()]
    }

    /// The classes that must not be near this one, each with the domain that keeps them apart.
    pub fn avoided_by(&self, class: JobClassIndex) -> impl Iterator<Item = (JobClassIndex, Domain)> + '_ {
        self.avoided_by.get(&class).into_iter().flatten().copied()
    }

    /// The classes that this one must not be near, and those that must not be near it, each with the domain that keeps them apart.
    pub fn kept_apart(&self, class: JobClassIndex) -> impl Iterator<Item = (JobClassIndex, Domain)> + '_ {
        let avoided = self.job(class).anti_affinity.map(|other| (self.class_of_job[other.job.at()], other.domain));
        avoided.into_iter().chain(self.avoided_by(class))
    }

    /// The classes that must be near this one, each with the domain that joins them.
    pub fn followed_by(&self, class: JobClassIndex) -> impl Iterator<Item = (JobClassIndex, Domain)> + '_ {
        self.followed_by.get(&class).into_iter().flatten().copied()
    }

    /// A group.
    #[must_use]
    pub fn group(&self, group: GroupIndex) -> &Group {
        &self.groups[group.at()]
    }

    /// The tile that each node is, for those that are tiles. O(tiles).
    #[must_use]
    pub fn tile_of_nodes(&self) -> HashMap<NodeIndex, TileIndex> {
        self.tiles.iter().enumerate().map(|(at, &node)| (node, TileIndex::new(at))).collect()
    }

    /// The group of a tile.
    #[must_use]
    pub fn group_of(&self, tile: TileIndex) -> GroupIndex {
        self.group_of[tile.at()]
    }

    /// The capsules of a gang that are fewer than it needs where so many of a class are placed; zero where no gang is partial. Jobs
    /// of a class are filled one after another, so only the last one can be.
    #[must_use]
    pub fn partial_gang(&self, class: JobClassIndex, placed: u64) -> u64 {
        let job = self.job(class);
        let last = placed % u64::from(job.count);
        if last < u64::from(job.gang_min) { last } else { 0 }
    }

    /// Whether what a capsule of a class is worth, and where it may be, depends on no other: it is of no gang and earns no
    /// bonus, and neither a spread nor another job binds it.
    #[must_use]
    pub fn is_loose(&self, class: JobClassIndex) -> bool {
        let job = self.job(class);
        !self.classes[class.at()].is_bound && job.gang_min <= 1 && job.wanted == 0
    }

    /// Every job class.
    pub fn class_indexes(&self) -> impl Iterator<Item = JobClassIndex> + use<> {
        (0..u32::try_from(self.classes.len()).expect("jobs are indexed by u32")).map(JobClassIndex)
    }

    /// Every group.
    pub fn group_indexes(&self) -> impl Iterator<Item = GroupIndex> + use<> {
        (0..u32::try_from(self.groups.len()).expect("nodes are indexed by u32")).map(GroupIndex)
    }

    /// What a capsule of the class is worth on a tile of the group at its cheapest start, `None` where a rule of the pair
    /// forbids it.
    #[must_use]
    #[inline]
    pub fn worth(&self, class: JobClassIndex, group: GroupIndex) -> Option<i64> {
        let at = &self.groups[group.at()];
        let plain = self.worth[(class.at(), at.site)];
        if self.classes[class.at()].is_placeless { plain } else { plain.and_then(|_| self.worth_at_place(class, at)) }
    }

    /// Worth for a job with a place of its own: locality, data, greatest latency.
    fn worth_at_place(&self, class: JobClassIndex, group: &Group) -> Option<i64> {
        let (job, fleet) = (self.job(class), self.instance.fleet());
        if job.locality.is_some_and(|home| !fleet.path(group.tile).any(|node| node == home)) {
            return None;
        }
        let delay = latency::delay_to_data_us(fleet, job, group.tile)?;
        if job.latency_max_us.is_some_and(|most| delay > most) {
            return None;
        }
        Some(best_value(self.instance, job, &self.site(group), delay))
    }

    /// What a capsule would be worth in a group at its cheapest start, whatever forbids it, at a delay to its data.
    #[must_use]
    pub fn worth_regardless(&self, class: JobClassIndex, group: GroupIndex, delay_us: u64) -> i64 {
        best_value(self.instance, self.job(class), &self.site(self.group(group)), delay_us)
    }

    fn site(&self, group: &Group) -> Site<'_> {
        self.sites[group.site].site(self.instance)
    }

    fn payer(&self, class: JobClassIndex, group: &Group) -> Payer<'_> {
        let (job, site, weights) = (self.job(class), self.site(group), self.instance.weights());
        Payer { class, job, site, grid: &self.grid, weights }
    }

    /// What a start costs beyond the cheapest one of its class in the group, in micro-credits.
    #[must_use]
    #[inline]
    pub fn surcharge(&self, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> i64 {
        let at = self.group(group);
        let Some(varying) = at.varying else { return 0 };
        i64::try_from(self.surcharges.surcharge(varying, &self.payer(class, at), start)).unwrap_or(i64::MAX)
    }

    /// What a capsule of the class is worth on a tile of the group if it starts then; zero where a rule forbids the pair.
    #[must_use]
    pub fn worth_from(&self, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> i64 {
        self.worth(class, group).map_or(0, |worth| worth.saturating_sub(self.surcharge(class, group, start)))
    }

    /// What a capsule earns if it starts then, its part of the bonus with it: what it may strain a tile by at most.
    #[must_use]
    pub fn earns(&self, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> i64 {
        self.worth_from(class, group, start).saturating_add_unsigned(self.bonus_share(class))
    }

    /// What a capsule earns at its cheapest start, its part of the bonus with it; `None` where a rule of the pair forbids it or
    /// that is nothing.
    #[must_use]
    #[inline]
    pub fn earning(&self, class: JobClassIndex, group: GroupIndex) -> Option<i64> {
        let worth = self.worth(class, group)?.saturating_add_unsigned(self.bonus_share(class));
        (worth > 0).then_some(worth)
    }

    /// The part of its job's bonus that a capsule earns where just as many run as the bonus wants.
    #[must_use]
    #[inline]
    pub fn bonus_share(&self, class: JobClassIndex) -> u64 {
        let job = self.job(class);
        job.bonus.checked_div(job.wanted.into()).unwrap_or(0)
    }

    /// The instants at which what energy costs or emits, or what accounts cost, changes in the group, in no order; none where
    /// nothing changes.
    pub fn tariff_changes(&self, group: GroupIndex) -> impl Iterator<Item = Timestamp> + '_ {
        let varying = self.group(group).varying;
        varying.into_iter().flat_map(|varying| self.surcharges.changes(varying))
    }

    /// What a capsule of the class draws from a tile of the group.
    #[must_use]
    #[inline]
    pub fn draw(&self, class: JobClassIndex, group: GroupIndex) -> &Resources {
        &self.draws[(class.at(), self.groups[group.at()].class.at())]
    }

    /// What a capsule of the class debits from accounts of a level.
    #[must_use]
    #[inline]
    pub fn draw_at(&self, class: JobClassIndex, group: GroupIndex, level: Level) -> Resources {
        self.draw(class, group).with(Kind::Bandwidth, self.job(class).demand.bandwidth_bps[level.index()])
    }

    /// When a capsule of the class runs on a tile of the group if it starts then.
    #[must_use]
    pub fn run(&self, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> Interval {
        Interval { start, end: start.after(self.term(class, group)) }
    }

    /// How long a capsule of the class runs on a tile of the group.
    #[must_use]
    #[inline]
    pub fn term(&self, class: JobClassIndex, group: GroupIndex) -> Span {
        self.terms[(class.at(), self.groups[group.at()].class.at())]
    }

    /// The starts worth trying for a capsule of the class in the group: the earliest first or, where the tariff changes, the
    /// cheapest first, and then none that eats up what is earned.
    pub fn starts(&self, class: JobClassIndex, group: GroupIndex) -> impl Iterator<Item = Timestamp> + '_ {
        self.offers(class, group).map(|(_, start)| start)
    }

    /// The starts worth trying, in the order of [`Self::starts`], each with what a capsule is worth then; zero where a rule
    /// forbids the pair.
    pub fn offers(&self, class: JobClassIndex, group: GroupIndex) -> impl Iterator<Item = (i64, Timestamp)> + '_ {
        self.offers_below(class, group, self.earning(class, group).map_or(u64::MAX, i64::unsigned_abs))
    }

    /// The same with the starts at which a capsule costs more than it and its part of the bonus earn.
    pub fn all_offers(&self, class: JobClassIndex, group: GroupIndex) -> impl Iterator<Item = (i64, Timestamp)> + '_ {
        self.offers_below(class, group, u64::MAX)
    }

    /// The starts that cost less than so much more than the cheapest, in micro-credits.
    fn offers_below(
        &self,
        class: JobClassIndex,
        group: GroupIndex,
        most: u64,
    ) -> impl Iterator<Item = (i64, Timestamp)> + '_ {
        let (job, at) = (self.job(class), self.group(group));
        let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(self.term(class, group).0));
        let plain = at.varying.is_none().then(|| self.grid.starts(job.earliest, latest));
        let worth = self.worth(class, group).unwrap_or(0);
        let by_cost = at.varying.map(|varying| self.surcharges.starts(varying, &self.payer(class, at)));
        let earning = by_cost.into_iter().flatten().take_while(move |&(surcharge, _)| surcharge < most);
        let net = move |surcharge| worth.saturating_sub_unsigned(surcharge);
        let priced = earning.map(move |(surcharge, start)| (net(surcharge), start));
        plain.into_iter().flatten().map(move |start| (worth, start)).chain(priced)
    }

    /// The most capsules of a class that its count and its spread allow.
    #[must_use]
    #[inline]
    pub fn most(&self, class: JobClassIndex) -> u64 {
        self.most[class.at()]
    }

    /// The most capsules of a class that its spread allows within some groups, its count left aside.
    #[must_use]
    pub fn spread_room(&self, class: JobClassIndex, groups: &[GroupIndex]) -> u64 {
        let Some(spread) = self.job(class).spread else { return u64::MAX };
        let mut met = std::collections::BTreeSet::new();
        let mut members = 0u64;
        for group in groups.iter().map(|&group| self.group(group)) {
            let here = self.instance.fleet().members(group.tile, spread.domain);
            match here.first() {
                None => return u64::MAX,
                Some(_) if spread.domain == Domain::Level(Level::Tile) => members += group.tiles.len() as u64,
                Some(&first) => members += u64::from(met.insert(first)),
            }
        }
        members.saturating_mul(u64::from(spread.most))
    }

    /// How a class must lie, where its locations must be counted: where it must be at several and, because of tiles that are in
    /// no member of the domain, where it must be at one.
    #[must_use]
    pub fn spread_to_count(&self, class: JobClassIndex) -> Option<Spread> {
        self.job(class).spread.filter(|spread| spread.least > 1 || spread.least == 1 && self.has_outsiders[class.at()])
    }

    /// An account.
    #[must_use]
    pub fn account(&self, account: AccountIndex) -> &Account {
        &self.accounts[account.at()]
    }
}

impl SitePlace {
    fn site<'s>(&'s self, instance: &'s Instance) -> Site<'s> {
        let fleet = instance.fleet();
        let class = fleet.class_of(self.tile).expect("sites are tiles");
        Site { class: &fleet.classes()[class.at()], tariff: self.tariff.as_borrowed(), heat_mw: self.heat_mw }
    }
}

/// What a capsule is worth at its cheapest start.
fn best_value(instance: &Instance, job: &Job, site: &Site<'_>, delay_us: u64) -> i64 {
    let start = tariff::cheapest_start(job, site, instance.weights());
    capsule_value(job, site, start, delay_us, instance.weights())
}
