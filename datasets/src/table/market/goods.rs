//! Goods in the tables of a market, one in each row: their columns are the same wherever they stand.

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::resources::Kind;
use lessor_models::time::Interval;

use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::plan::interval;
use crate::table::sink::Columns;
use crate::table::source::Batch;
use crate::table::words::{Owners, owner_type};

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

impl BidGood {
    /// Whether both are of one account at some instant.
    pub(super) fn meets(&self, other: &BidGood) -> bool {
        let (one, two) = (self.interval, other.interval);
        (self.owner, self.kind) == (other.owner, other.kind) && one.start < two.end && two.start < one.end
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
        let good = BidGood {
            owner: owners.find(self.owner_type, self.owner, row)?,
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

/// Writes the columns of goods.
pub(super) fn write_goods<'g>(columns: &mut Columns, fleet: &Fleet, goods: impl Iterator<Item = &'g BidGood> + Clone) {
    columns.text("owner", goods.clone().map(|good| Some(fleet.owner_name(good.owner))));
    columns.text("owner_type", goods.clone().map(|good| Some(owner_type(good.owner))));
    columns.text("kind", goods.clone().map(|good| Some(good.kind.name())));
    columns.integer("quantity", goods.clone().map(|good| Some(good.quantity)));
    columns.time("start", goods.clone().map(|good| Some(good.interval.start)));
    columns.time("end", goods.map(|good| Some(good.interval.end)));
}
