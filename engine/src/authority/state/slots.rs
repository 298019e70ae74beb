//! Every lease that is live, or ended and not yet forgotten: a slab of slots, in columns.
//!
//! A lease's id is its slot's position and how often the slot was used before, so that it is found without a search and no id
//! is given twice.

use std::collections::{BTreeMap, VecDeque};

use lessor_models::fleet::NodeIndex;
use lessor_models::job::ServiceClass;
use lessor_models::time::{Interval, Timestamp};

use super::stretches::Stretch;
use crate::authority::vocabulary::event::Displacement;
use crate::authority::vocabulary::label::{HolderId, RequestId};
use crate::authority::vocabulary::lease::{Lease, LeaseId, LeaseState, Notice, Token, Version};
use crate::authority::vocabulary::money::{Money, Rate};
use crate::ledger::{Devices, Draw, Entry, position};

/// Classes whose leases more protected ones may displace: A and B have floors that no market takes.
const TRADED: [ServiceClass; 2] = [ServiceClass::C, ServiceClass::D];

/// No slot: the end of a list.
pub(in crate::authority) const NONE: u32 = u32::MAX;

/// A lease, but for its draw and its names, which have columns of their own.
#[derive(Clone, Copy, Debug)]
pub(in crate::authority) struct Record {
    pub(in crate::authority) node: NodeIndex,
    pub(in crate::authority) state: LeaseState,
    pub(in crate::authority) class: ServiceClass,
    pub(in crate::authority) displacement: Displacement,
    pub(in crate::authority) is_returned: bool,
    pub(in crate::authority) is_fenced: bool,
    pub(in crate::authority) devices: Devices,
    pub(in crate::authority) device_mask: u64,
    pub(in crate::authority) version: Version,
    pub(in crate::authority) token: Token,
    pub(in crate::authority) start: Timestamp,
    pub(in crate::authority) end: Timestamp,
    pub(in crate::authority) returns_at: Timestamp,
    pub(in crate::authority) rate: Rate,
    pub(in crate::authority) price: Money,
    /// The first part of its term that is kept, and what was paid for it; those of leases that were renewed may go on in a column
    /// of their own.
    pub(in crate::authority) first: Stretch,
    pub(in crate::authority) safe_until: Timestamp,
    /// What was paid for work before that part that is not safe yet.
    pub(in crate::authority) worked: Money,
    pub(in crate::authority) notice: Option<Notice>,
    pub(in crate::authority) member: (u32, u32),
    /// The first lease of its gang.
    pub(in crate::authority) gang: LeaseId,
    /// Its neighbors in the list of its node's leases.
    pub(in crate::authority) previous: u32,
    pub(in crate::authority) next: u32,
}

/// What a new lease is made of.
#[derive(Clone, Copy, Debug)]
pub(in crate::authority) struct Names {
    pub(in crate::authority) holder: HolderId,
    pub(in crate::authority) request: RequestId,
}

/// The slab.
#[derive(Clone, Debug)]
pub(in crate::authority) struct Slots {
    generations: Vec<u32>,
    draws: Vec<Draw>,
    records: Vec<Record>,
    names: Vec<Names>,
    /// Parts of terms after the first, of leases that have some.
    further: BTreeMap<u32, Vec<Stretch>>,
    free: Vec<u32>,
    /// Slots whose lease ended and returned, the first to be forgotten first.
    ended: VecDeque<u32>,
    /// By node: the first of its leases that hold something.
    heads: Vec<u32>,
    /// By node: how many of its leases that hold something may be displaced, of class C and of class D.
    traded: Vec<[u32; 2]>,
    /// The generation of a slot that was never used.
    first_generation: u32,
    /// The slots that a snapshot still has to read, and what those among them held that changed since it began.
    cut: Option<SlotsCut>,
}

/// The slots of a snapshot that is being taken: from `next` on they are still to be read.
#[derive(Clone, Debug)]
struct SlotsCut {
    next: u32,
    end: u32,
    before: BTreeMap<u32, Image>,
}

/// A slot as it stands or stood: its generation, and the lease in it, with the parts of its term after the first.
#[derive(Clone, Debug)]
pub(in crate::authority) struct Image {
    pub(in crate::authority) generation: u32,
    pub(in crate::authority) lease: Option<(Record, Draw, Names)>,
    pub(in crate::authority) further: Vec<Stretch>,
}

impl Slots {
    /// No lease, on so many nodes. Slot 0 is never used, so that no id is zero.
    pub(in crate::authority) fn new(nodes: usize, first_generation: u32) -> Slots {
        let mut slots = Slots {
            generations: Vec::new(),
            draws: Vec::new(),
            records: Vec::new(),
            names: Vec::new(),
            further: BTreeMap::new(),
            free: Vec::new(),
            ended: VecDeque::new(),
            heads: vec![NONE; nodes],
            traded: vec![[0; 2]; nodes],
            first_generation,
            cut: None,
        };
        slots.grow();
        slots
    }

    /// How many leases hold something or are still promised.
    pub(in crate::authority) fn live(&self) -> usize {
        self.records.len() - 1 - self.free.len() - self.ended.len()
    }

    /// How many slots there are, the one that is never used included.
    pub(in crate::authority) fn len(&self) -> usize {
        self.records.len()
    }

    /// The generation of a slot that was never used.
    pub(in crate::authority) fn first_generation(&self) -> u32 {
        self.first_generation
    }

    /// The id of the lease in a slot.
    #[inline]
    pub(in crate::authority) fn id(&self, slot: u32) -> LeaseId {
        slot_id(self.generations[slot as usize], slot)
    }

    /// The slot of a lease, if it is still there. O(1).
    #[inline]
    pub(in crate::authority) fn find(&self, id: LeaseId) -> Option<u32> {
        let slot = u32::try_from(id.0 & u64::from(u32::MAX)).expect("masked to 32 bits");
        let generation = *self.generations.get(slot as usize)?;
        (u64::from(generation) == id.0 >> 32 && self.is_used(slot)).then_some(slot)
    }

    /// Whether a slot has a lease.
    pub(in crate::authority) fn is_used(&self, slot: u32) -> bool {
        slot != 0 && (slot as usize) < self.records.len() && self.records[slot as usize].member.1 > 0
    }

    pub(in crate::authority) fn record(&self, slot: u32) -> &Record {
        &self.records[slot as usize]
    }

    /// A lease that is about to change.
    pub(in crate::authority) fn record_mut(&mut self, slot: u32) -> &mut Record {
        self.keep_for_cut(slot);
        &mut self.records[slot as usize]
    }

    pub(in crate::authority) fn names(&self, slot: u32) -> &Names {
        &self.names[slot as usize]
    }

    /// The parts of a lease's term after the first.
    pub(in crate::authority) fn further(&self, slot: u32) -> &[Stretch] {
        self.further.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// Sets them.
    pub(in crate::authority) fn set_further(&mut self, slot: u32, stretches: Vec<Stretch>) {
        self.keep_for_cut(slot);
        if stretches.is_empty() {
            self.further.remove(&slot);
        } else {
            self.further.insert(slot, stretches);
        }
    }

    pub(in crate::authority) fn draw(&self, slot: u32) -> &Draw {
        &self.draws[slot as usize]
    }

    /// What the lease in a slot holds of the ledger.
    #[inline]
    pub(in crate::authority) fn entry(&self, slot: u32) -> Entry {
        let record = self.record(slot);
        Entry {
            draw: self.draws[slot as usize],
            devices: record.devices,
            class: record.class,
            interval: Interval { start: record.start, end: record.returns_at },
        }
    }

    /// The lease in a slot as its holder sees it.
    #[inline]
    pub(in crate::authority) fn lease(&self, slot: u32) -> Lease {
        let at = slot as usize;
        as_seen(self.id(slot), (&self.records[at], &self.draws[at], &self.names[at]))
    }

    /// The id that the next lease will have.
    pub(in crate::authority) fn next_id(&self) -> LeaseId {
        match self.free.last() {
            Some(&slot) => self.id(slot),
            None => slot_id(self.first_generation, position(self.records.len())),
        }
    }

    /// Puts a lease into a slot. Amortized O(1).
    pub(in crate::authority) fn insert(&mut self, record: Record, draw: Draw, names: Names) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.grow(),
        };
        self.keep_for_cut(slot);
        self.records[slot as usize] = record;
        self.draws[slot as usize] = draw;
        self.names[slot as usize] = names;
        slot
    }

    fn grow(&mut self) -> u32 {
        let slot = position(self.records.len());
        let nobody = crate::authority::vocabulary::label::Label::new("-").expect("one visible character");
        self.generations.push(self.first_generation);
        self.records.push(Record::empty());
        self.draws.push(Draw::through(lessor_models::resources::Resources::ZERO));
        self.names.push(Names { holder: HolderId(nobody), request: RequestId(nobody) });
        slot
    }

    /// Adds a lease to its node's list.
    pub(in crate::authority) fn link(&mut self, slot: u32) {
        let node = self.records[slot as usize].node.at();
        let head = self.heads[node];
        self.records[slot as usize].previous = NONE;
        self.records[slot as usize].next = head;
        if head != NONE {
            self.records[head as usize].previous = slot;
        }
        self.heads[node] = slot;
        if let Some(count) = self.traded_like(slot) {
            *count += 1;
        }
    }

    /// Takes a lease off its node's list.
    pub(in crate::authority) fn unlink(&mut self, slot: u32) {
        let Record { node, previous, next, .. } = self.records[slot as usize];
        match previous {
            NONE => self.heads[node.at()] = next,
            previous => self.records[previous as usize].next = next,
        }
        if next != NONE {
            self.records[next as usize].previous = previous;
        }
        if let Some(count) = self.traded_like(slot) {
            *count -= 1;
        }
    }

    /// How many leases at the node of one may be displaced and are of its class; none where it may not be displaced itself.
    fn traded_like(&mut self, slot: u32) -> Option<&mut u32> {
        let Record { node, class, displacement, .. } = self.records[slot as usize];
        let at = TRADED.iter().position(|traded| *traded == class).filter(|_| displacement == Displacement::Allowed)?;
        Some(&mut self.traded[node.at()][at])
    }

    /// Whether a lease at a node may be displaced by a request of a class, unless it is on its way out. O(1).
    pub(in crate::authority) fn may_give_way(&self, node: NodeIndex, class: ServiceClass) -> bool {
        TRADED.iter().zip(self.traded[node.at()]).any(|(traded, count)| *traded > class && count > 0)
    }

    /// The slots of a node's leases that hold something, those that became active last first: by their tokens, so also after the
    /// state came back from a snapshot.
    pub(in crate::authority) fn at_node(&self, node: NodeIndex) -> impl Iterator<Item = u32> + '_ {
        let some = |slot: u32| (slot != NONE).then_some(slot);
        std::iter::successors(some(self.heads[node.at()]), move |slot| some(self.records[*slot as usize].next))
    }

    /// A lease has ended and holds nothing: it can be looked up until too many others have.
    pub(in crate::authority) fn end(&mut self, slot: u32) {
        self.ended.push_back(slot);
    }

    /// The slot of the lease that ended first and is to be forgotten, where more are kept than so many.
    pub(in crate::authority) fn surplus(&mut self, most: u32) -> Option<u32> {
        if self.ended.len() > most as usize { self.ended.pop_front() } else { None }
    }

    /// Forgets the lease in a slot.
    pub(in crate::authority) fn empty(&mut self, slot: u32) {
        self.keep_for_cut(slot);
        self.records[slot as usize] = Record::empty();
        self.further.remove(&slot);
        let generation = &mut self.generations[slot as usize];
        *generation = generation.wrapping_add(1);
        self.free.push(slot);
    }
}

impl Record {
    /// What is in a slot without a lease: a gang of none.
    pub(in crate::authority) const fn empty() -> Record {
        Record {
            node: NodeIndex(0),
            state: LeaseState::Released,
            class: ServiceClass::D,
            displacement: Displacement::Allowed,
            is_returned: true,
            is_fenced: false,
            devices: Devices::NONE,
            device_mask: 0,
            version: Version(0),
            token: Token(0),
            start: Timestamp(0),
            end: Timestamp(0),
            returns_at: Timestamp(0),
            rate: Rate(0),
            price: Money::ZERO,
            first: Stretch { from: Timestamp(0), paid: Money::ZERO },
            safe_until: Timestamp(0),
            worked: Money::ZERO,
            notice: None,
            member: (0, 0),
            gang: LeaseId(0),
            previous: NONE,
            next: NONE,
        }
    }

    /// Where it stands at an instant, whether or not its end was worked off.
    pub(in crate::authority) fn state_at(&self, now: Timestamp) -> LeaseState {
        if self.state == LeaseState::Active && now >= self.end { LeaseState::Expired } else { self.state }
    }
}

/// The id of a lease: where it lies, and how often its slot was used before.
#[inline]
pub(in crate::authority) fn slot_id(generation: u32, slot: u32) -> LeaseId {
    LeaseId(u64::from(generation) << 32 | u64::from(slot))
}

/// A lease as its holder sees it.
#[inline]
pub(in crate::authority) fn as_seen(id: LeaseId, (record, draw, names): (&Record, &Draw, &Names)) -> Lease {
    Lease {
        id,
        holder: names.holder,
        request: names.request,
        member: record.member,
        node: record.node,
        state: record.state,
        version: record.version,
        token: record.token,
        start: record.start,
        end: record.end,
        resources: *draw.resources(),
        devices: record.devices,
        device_mask: record.device_mask,
        class: record.class,
        price: record.price,
        notice: record.notice,
        is_returned: record.is_returned,
    }
}

/// How a snapshot reads the slab, at once or while it changes.
impl Slots {
    /// A slot as it stands.
    pub(in crate::authority) fn image(&self, slot: u32) -> Image {
        let at = slot as usize;
        let lease = self.is_used(slot).then(|| (self.records[at], self.draws[at], self.names[at]));
        Image { generation: self.generations[at], lease, further: self.further(slot).to_vec() }
    }

    /// Positions of empty slots; the last is used next.
    pub(in crate::authority) fn free(&self) -> &[u32] {
        &self.free
    }

    /// Positions of slots whose lease ended and returned, the first to be forgotten first.
    pub(in crate::authority) fn ended(&self) -> impl Iterator<Item = u32> + '_ {
        self.ended.iter().copied()
    }

    /// From now on every slot is kept as it is now until it was read once.
    pub(in crate::authority) fn begin_cut(&mut self) {
        self.cut = Some(SlotsCut { next: 0, end: position(self.records.len()), before: BTreeMap::new() });
    }

    /// The next slot as it was when the cut began; none once all were read. Amortized O(log slots changed since).
    pub(in crate::authority) fn next_of_cut(&mut self) -> Option<(u32, Image)> {
        let cut = self.cut.as_mut().filter(|cut| cut.next < cut.end)?;
        let slot = cut.next;
        cut.next += 1;
        let kept = cut.before.remove(&slot);
        Some((slot, kept.unwrap_or_else(|| self.image(slot))))
    }

    /// Whether a cut has still to read a slot.
    pub(in crate::authority) fn is_to_be_read(&self, slot: u32) -> bool {
        self.cut.as_ref().is_some_and(|cut| (cut.next..cut.end).contains(&slot))
    }

    /// Nobody reads on.
    pub(in crate::authority) fn end_cut(&mut self) {
        self.cut = None;
    }

    #[inline]
    fn keep_for_cut(&mut self, slot: u32) {
        if self.is_to_be_read(slot) {
            let image = self.image(slot);
            let cut = self.cut.as_mut().expect("a cut reads the slot");
            cut.before.entry(slot).or_insert(image);
        }
    }
}

/// How a slab is filled again, slot by slot.
impl Slots {
    /// Fills the next slot. The node of a lease must be one of the fleet.
    pub(in crate::authority) fn refill(&mut self, slot: u32, image: &Image) {
        while self.records.len() <= slot as usize {
            self.grow();
        }
        let at = slot as usize;
        self.generations[at] = image.generation;
        let Some((record, draw, names)) = image.lease else { return };
        (self.records[at], self.draws[at], self.names[at]) = (record, draw, names);
        if !image.further.is_empty() {
            self.further.insert(slot, image.further.clone());
        }
    }

    /// Says which slots are empty, and which leases have ended, once every slot was filled. Every position must be valid.
    /// O(n log n) in leases.
    pub(in crate::authority) fn refill_lists(&mut self, free: Vec<u32>, ended: Vec<u32>) {
        self.free = free;
        self.ended = ended.into();
        let holds = |record: &Record| !record.is_returned && record.state != LeaseState::Offered;
        let slots = self.records.iter().zip(0..).filter(|(record, _)| holds(record));
        let mut active: Vec<(Token, u32)> = slots.map(|(record, slot)| (record.token, slot)).collect();
        active.sort_unstable();
        active.into_iter().for_each(|(_, slot)| self.link(slot));
    }

    /// Whether ids can move on by so many generations.
    pub(in crate::authority) fn can_skip_generations(&self, by: u32) -> bool {
        let free = self.free.iter().map(|at| self.generations[*at as usize]);
        free.chain([self.first_generation]).all(|generation| generation.checked_add(by).is_some())
    }

    /// Ids move on by so many generations, wherever one is given again.
    pub(in crate::authority) fn skip_generations(&mut self, by: u32) {
        self.first_generation += by;
        for at in &self.free {
            self.generations[*at as usize] += by;
        }
    }
}
