//! The schemas: one list of columns per table, from which readers, writers and `docs/schema.md` all follow.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use lessor_models::resources::AMOUNT_MAX;

/// The version of every schema here, as the metadata states it.
pub const VERSION: &str = "1";

/// The metadata key of the schema version.
pub const VERSION_KEY: &str = "lessor.schema_version";

/// The metadata key of the table's name.
pub const TABLE_KEY: &str = "lessor.table";

/// One table: its name, which is also its file's, and its columns in order.
#[derive(Clone, Copy, Debug)]
pub struct TableSpec {
    /// The name; the file is `NAME.parquet`.
    pub name: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// The columns.
    pub columns: &'static [ColumnSpec],
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    /// The name, which ends in the unit where there is one.
    pub name: &'static str,
    /// What it holds.
    pub holds: ColumnType,
    /// Whether it must be there without a null.
    pub required: bool,
    /// What a value means, and what a null or an absent column means.
    pub meaning: &'static str,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// An integer from 0 to 2^8 - 1.
    U8,
    /// An integer from 0 to 2^16 - 1.
    U16,
    /// An integer from 0 to 2^32 - 1.
    U32,
    /// An integer from 0 to 2^64 - 1.
    U64,
    /// An integer from 0 to 2^53: a quantity of a resource, of money or of time.
    Amount,
    /// An instant, in microseconds since 1970-01-01 UTC.
    Time,
    /// Yes or no.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of distinct device numbers from 0 to 63.
    Devices,
}

impl ColumnType {
    /// What a reader accepts, in words.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            ColumnType::Text => "a string",
            ColumnType::U8 => "an integer from 0 to 255",
            ColumnType::U16 => "an integer from 0 to 65535",
            ColumnType::U32 => "an integer from 0 to 2^32 - 1",
            ColumnType::U64 => "an integer from 0 to 2^64 - 1",
            ColumnType::Amount => "an integer from 0 to 2^53",
            ColumnType::Time => "a timestamp in microseconds UTC",
            ColumnType::Flag => "a boolean",
            ColumnType::Texts => "a list of strings",
            ColumnType::Devices => "a list of integers from 0 to 63",
        }
    }

    /// The Arrow type as it is written.
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::U8 => DataType::UInt8,
            ColumnType::U16 => DataType::UInt16,
            ColumnType::U32 => DataType::UInt32,
            ColumnType::U64 | ColumnType::Amount => DataType::UInt64,
            ColumnType::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ColumnType::Flag => DataType::Boolean,
            ColumnType::Texts => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
            ColumnType::Devices => DataType::List(Arc::new(Field::new_list_field(DataType::UInt8, true))),
        }
    }

    /// The largest integer that the column may hold.
    pub(crate) const fn most(self) -> u64 {
        match self {
            ColumnType::U8 => u8::MAX as u64,
            ColumnType::U16 => u16::MAX as u64,
            ColumnType::U32 => u32::MAX as u64,
            ColumnType::Amount => AMOUNT_MAX,
            ColumnType::Devices => 63,
            ColumnType::U64 | ColumnType::Text | ColumnType::Time | ColumnType::Flag | ColumnType::Texts => u64::MAX,
        }
    }

    /// Whether a column of this Arrow type can be read. A column of nothing but nulls may be of any type.
    pub(crate) fn accepts(self, found: &DataType) -> bool {
        if *found == DataType::Null {
            return true;
        }
        match self {
            ColumnType::Text => *found == DataType::Utf8,
            ColumnType::U8 | ColumnType::U16 | ColumnType::U32 | ColumnType::U64 | ColumnType::Amount => {
                found.is_integer()
            }
            ColumnType::Time => matches!(found, DataType::Timestamp(TimeUnit::Microsecond, _)),
            ColumnType::Flag => *found == DataType::Boolean,
            ColumnType::Texts => matches!(found, DataType::List(item) if *item.data_type() == DataType::Utf8),
            ColumnType::Devices => matches!(found, DataType::List(item) if item.data_type().is_integer()),
        }
    }
}

/// A column that must be there and holds no null.
pub(crate) const fn required(name: &'static str, holds: ColumnType, meaning: &'static str) -> ColumnSpec {
    ColumnSpec { name, holds, required: true, meaning }
}

/// A column that may be absent or null.
pub(crate) const fn optional(name: &'static str, holds: ColumnType, meaning: &'static str) -> ColumnSpec {
    ColumnSpec { name, holds, required: false, meaning }
}

impl TableSpec {
    /// The Arrow schema as it is written.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let fields = self.columns.iter().map(|column| Field::new(column.name, column.holds.arrow(), !column.required));
        Schema::new(fields.collect::<Vec<Field>>())
    }

    /// The position of a column that the code knows to be there.
    pub(crate) fn position(&self, name: &str) -> usize {
        let found = self.columns.iter().position(|column| column.name == name);
        found.expect("readers and writers name columns of their own table")
    }

    /// The name of the table's file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.parquet", self.name)
    }
}
