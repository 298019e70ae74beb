//! Goods in the tables of a market, one in each row: their columns are the same wherever they stand.

use std::collections::BTreeSet;

use lessor_models::fleet::{Fleet, Level, NodeClass, Owner};
use lessor_models::resources::Kind;
use lessor_models::time::Interval;

use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::plan::interval;
use crate::table::sink::Columns;
use crate::table::source::Batch;
use crate::table::stated::StatedRow;
use crate::table::words::{OWNER_TYPES, Owners, owner_type};

/// What is wrong with a level at or above that of the owner.
const NOT_BELOW: &str = "is not a level below that of the owner; state a lower one, or node for the owner itself";

/// A good of a bundle: a quantity of an account over a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BidGood {
    /// Whose account.
    pub owner: Owner,
    /// Of which kind.
    pub kind: Kind,
    /// How much, in base units; above zero.
    pub quantity: u64,
    /// For how long.
    pub interval: Interval,
}

/// A quantity of a kind over a term, at a node that something else says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeGood {
    /// Of which kind.
    pub kind: Kind,
    /// How much, in base units; above zero.
    pub quantity: u64,
    /// For how long.
    pub interval: Interval,
}

/// What a bid is for at any one node of a class, all of it at the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnywhereGoods {
    /// The nodes that will do; at least one.
    pub class: NodeClass,
    /// What is needed there: at least one good, no kind twice at one instant.
    pub goods: Vec<NodeGood>,
}

impl NodeGood {
    /// Whether both are of one kind at some instant.
    pub(super) fn meets(&self, other: &NodeGood) -> bool {
        self.kind == other.kind && self.interval.meets(&other.interval)
    }
}

impl BidGood {
    /// Whether both are of one account at some instant.
    pub(super) fn meets(&self, other: &BidGood) -> bool {
        (self.owner, self.kind) == (other.owner, other.kind) && self.interval.meets(&other.interval)
    }
}

/// The columns of goods in one batch.
pub(super) struct GoodCells<'b> {
    owner: Cells<'b>,
    owner_type: Cells<'b>,
    kind: Cells<'b>,
    quantity: Cells<'b>,
    window: [Cells<'b>; 2],
}

impl<'b> GoodCells<'b> {
    pub(super) fn of(batch: &'b Batch) -> GoodCells<'b> {
        let [owner, owner_type, kind, quantity] =
            ["owner", "owner_type", "kind", "quantity"].map(|name| batch.column(name));
        GoodCells { owner, owner_type, kind, quantity, window: ["start", "end"].map(|name| batch.column(name)) }
    }

    /// The good of a row, of which there is more than nothing; `nothing` says what is wrong where there is not.
    pub(super) fn read(
        &self,
        owners: &mut Owners<'_>,
        row: usize,
        nothing: &'static str,
    ) -> Result<BidGood, DatasetError> {
        let owner = owners.find(self.owner_type, self.owner, row)?;
        let NodeGood { kind, quantity, interval } = self.need(row, nothing)?;
        Ok(BidGood { owner, kind, quantity, interval })
    }

    /// The node class of a row that names one: a level where others have the type of an owner.
    pub(super) fn class(&self, places: &mut Places<'_>, row: usize) -> Result<Option<NodeClass>, DatasetError> {
        let Some(level) = Level::from_name(self.owner_type.need_word(row, &places.types, |name| name)?) else {
            return Ok(None);
        };
        let under = self.owner.need(row, |name| places.owners.node(name))?;
        let class = NodeClass { under, level };
        if level >= places.fleet.level(under) {
            return Err(self.owner_type.refuse(row, Problem::Model(NOT_BELOW)));
        }
        if !places.classes.get_or_insert_with(|| places.fleet.node_classes()).contains(&class) {
            let none = "has no node of the level that the row states below it; name another node, or another level";
            return Err(self.owner.refuse(row, Problem::Model(none)));
        }
        Ok(Some(class))
    }

    /// What a row is for, wherever that is.
    pub(super) fn need(&self, row: usize, nothing: &'static str) -> Result<NodeGood, DatasetError> {
        let good = NodeGood {
            kind: self.kind.need_word(row, &Kind::ALL, Kind::name)?,
            quantity: self.quantity.need_integer(row)?,
            interval: interval(self.window, row)?,
        };
        if good.quantity == 0 {
            return Err(self.quantity.refuse(row, Problem::Model(nothing)));
        }
        Ok(good)
    }
}

/// Where goods may be: the owners of accounts, and the node classes that have a node.
pub(super) struct Places<'f> {
    fleet: &'f Fleet,
    pub(super) owners: Owners<'f>,
    /// The types of an owner, and the levels that may stand in their place.
    types: Vec<&'static str>,
    /// Found once a row names one.
    classes: Option<BTreeSet<NodeClass>>,
}

impl<'f> Places<'f> {
    pub(super) fn new(fleet: &'f Fleet) -> Places<'f> {
        Places { fleet, owners: Owners::new(fleet), types: place_types(), classes: None }
    }
}

/// The types of an owner, and the levels that may stand in their place.
fn place_types() -> Vec<&'static str> {
    OWNER_TYPES.into_iter().chain(Level::ALL.map(Level::name)).collect()
}

/// The type of an owner in a row of a bid as it is stated, or the level that stands in its place; `None` is NULL.
///
/// # Errors
/// A word that is none, and the level of a root, which no node is above.
pub fn stated_place(stated: &StatedRow<'_>) -> Result<Option<&'static str>, DatasetError> {
    let place = stated.word("owner_type", &place_types())?;
    if place == Some(Level::Layer.name()) {
        return Err(stated.batch.refuse(stated.row, "owner_type", Problem::Model(NOT_BELOW)));
    }
    Ok(place)
}

/// Writes the columns of goods, of which each is of an owner of a type.
pub(super) fn write_goods<'g>(
    columns: &mut Columns,
    fleet: &Fleet,
    goods: impl Iterator<Item = (Owner, &'static str, NodeGood)> + Clone + 'g,
) {
    columns.text("owner", goods.clone().map(|(owner, ..)| Some(fleet.owner_name(owner))));
    columns.text("owner_type", goods.clone().map(|(_, owner_type, _)| Some(owner_type)));
    columns.text("kind", goods.clone().map(|(.., good)| Some(good.kind.name())));
    columns.integer("quantity", goods.clone().map(|(.., good)| Some(good.quantity)));
    columns.time("start", goods.clone().map(|(.., good)| Some(good.interval.start)));
    columns.time("end", goods.map(|(.., good)| Some(good.interval.end)));
}

/// A good as its columns say it: the owner, its type, and what is wanted there.
pub(super) fn cells(good: &BidGood) -> (Owner, &'static str, NodeGood) {
    let &BidGood { owner, kind, quantity, interval } = good;
    (owner, owner_type(owner), NodeGood { kind, quantity, interval })
}
