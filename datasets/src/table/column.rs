//! Columns of one batch, checked once so that reading a cell is plain and cheap.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, ListArray, PrimitiveArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use lessor_models::time::{TIMESTAMP_MAX, Timestamp};

use super::error::Problem;
use super::spec::{ColumnSpec, ColumnType};

/// The checked cells of one column in one batch.
#[derive(Debug)]
pub(crate) enum Column {
    /// The file lacks the column, or it holds nothing but nulls.
    Absent,
    /// Text.
    Text(StringArray),
    /// Integers within the column's range; device lists as masks.
    Integer(Integers),
    /// Instants.
    Time(PrimitiveArray<TimestampMicrosecondType>),
    /// Flags.
    Flag(BooleanArray),
    /// Lists of texts without nulls inside.
    Texts(ListArray),
}

/// Integers of any width, widened.
#[derive(Debug)]
pub(crate) struct Integers {
    values: Vec<u64>,
    nulls: Option<NullBuffer>,
}

/// A defect and the row of the batch that has it.
pub(crate) type Defect = (usize, Problem);

impl Column {
    /// Checks a column against its specification.
    pub(crate) fn check(spec: &ColumnSpec, array: &ArrayRef) -> Result<Column, Defect> {
        if spec.required
            && let Some(row) = first_null(array)
        {
            return Err((row, Problem::Null));
        }
        if array.data_type() == &DataType::Null || array.null_count() == array.len() {
            return Ok(Column::Absent);
        }
        Ok(match spec.holds {
            ColumnType::Text => Column::Text(array.as_string::<i32>().clone()),
            ColumnType::Time => Column::Time(times(array)?),
            ColumnType::Flag => Column::Flag(array.as_boolean().clone()),
            ColumnType::Texts => Column::Texts(texts(array)?),
            ColumnType::Devices => Column::Integer(masks(array.as_list::<i32>())?),
            _ => Column::Integer(integers(array, spec.holds.most())?),
        })
    }

    /// The text of a row.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Column::Text(array) if array.is_valid(row) => Some(array.value(row)),
            _ => None,
        }
    }

    /// The integer of a row.
    pub(crate) fn integer(&self, row: usize) -> Option<u64> {
        match self {
            Column::Integer(integers) if integers.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) => {
                Some(integers.values[row])
            }
            _ => None,
        }
    }

    /// The instant of a row.
    pub(crate) fn time(&self, row: usize) -> Option<Timestamp> {
        match self {
            Column::Time(array) if array.is_valid(row) => Some(Timestamp(array.value(row))),
            _ => None,
        }
    }

    /// The flag of a row.
    pub(crate) fn flag(&self, row: usize) -> Option<bool> {
        match self {
            Column::Flag(array) if array.is_valid(row) => Some(array.value(row)),
            _ => None,
        }
    }

    /// The texts of a row's list; none where the list is null.
    pub(crate) fn texts(&self, row: usize) -> impl Iterator<Item = &str> {
        let list = match self {
            Column::Texts(array) if array.is_valid(row) => Some(array),
            _ => None,
        };
        list.into_iter().flat_map(move |array| {
            let offsets = array.value_offsets();
            let at = |offset: i32| usize::try_from(offset).expect("Arrow offsets are not negative");
            let values = array.values().as_string::<i32>();
            (at(offsets[row])..at(offsets[row + 1])).map(move |item| values.value(item))
        })
    }
}

fn first_null(array: &ArrayRef) -> Option<usize> {
    if array.data_type() == &DataType::Null {
        return (!array.is_empty()).then_some(0);
    }
    if array.null_count() == 0 {
        return None;
    }
    (0..array.len()).find(|&row| array.is_null(row))
}

/// Widens an integer column of any width and sign, and checks its range.
fn integers(array: &ArrayRef, most: u64) -> Result<Integers, Defect> {
    match array.data_type() {
        DataType::Int8 => widen(array.as_primitive::<Int8Type>(), most),
        DataType::Int16 => widen(array.as_primitive::<Int16Type>(), most),
        DataType::Int32 => widen(array.as_primitive::<Int32Type>(), most),
        DataType::Int64 => widen(array.as_primitive::<Int64Type>(), most),
        DataType::UInt8 => widen(array.as_primitive::<UInt8Type>(), most),
        DataType::UInt16 => widen(array.as_primitive::<UInt16Type>(), most),
        DataType::UInt32 => widen(array.as_primitive::<UInt32Type>(), most),
        _ => widen(array.as_primitive::<UInt64Type>(), most),
    }
}

fn widen<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, most: u64) -> Result<Integers, Defect>
where
    T::Native: Into<i128>,
{
    let mut values = Vec::with_capacity(array.len());
    for (row, &value) in array.values().iter().enumerate() {
        let wide: i128 = value.into();
        match u64::try_from(wide) {
            Ok(within) if within <= most => values.push(within),
            // What lies under a null is arbitrary.
            _ if array.is_null(row) => values.push(0),
            _ => return Err((row, Problem::OutOfRange { found: wide, least: 0, most })),
        }
    }
    Ok(Integers { values, nulls: array.nulls().cloned() })
}

fn times(array: &ArrayRef) -> Result<PrimitiveArray<TimestampMicrosecondType>, Defect> {
    let times = array.as_primitive::<TimestampMicrosecondType>();
    match times
        .values()
        .iter()
        .enumerate()
        .position(|(row, &value)| is_beyond_time(Timestamp(value)) && times.is_valid(row))
    {
        Some(row) => Err((row, Problem::BeyondTime)),
        None => Ok(times.clone()),
    }
}

/// Whether an instant is outside what the models reckon with.
pub(crate) fn is_beyond_time(time: Timestamp) -> bool {
    time.0.unsigned_abs() > TIMESTAMP_MAX.0.unsigned_abs()
}

fn texts(array: &ArrayRef) -> Result<ListArray, Defect> {
    let list = array.as_list::<i32>();
    for row in 0..list.len() {
        if list.is_valid(row) && list.value(row).null_count() > 0 {
            return Err((row, Problem::NullInList));
        }
    }
    Ok(list.clone())
}

/// Turns lists of device numbers into masks of a bit each.
fn masks(list: &ListArray) -> Result<Integers, Defect> {
    let mut masks = vec![0u64; list.len()];
    for (row, mask) in masks.iter_mut().enumerate() {
        if list.is_null(row) {
            continue;
        }
        let items = list.value(row);
        if items.null_count() > 0 {
            return Err((row, Problem::NullInList));
        }
        for device in integers(&items, ColumnType::Devices.most()).map_err(|(_, problem)| (row, problem))?.values {
            if *mask & (1 << device) != 0 {
                return Err((row, Problem::DeviceTwice { device }));
            }
            *mask |= 1 << device;
        }
    }
    Ok(Integers { values: masks, nulls: list.nulls().cloned() })
}
