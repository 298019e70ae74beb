//! The schema page states every column as the code has it.

#![allow(clippy::unwrap_used, reason = "a test stops where what it needs cannot be made")]

use std::fmt::Write;
use std::path::Path;

use lessor_datasets::table::{ColumnType, TABLES, TableSpec};

const fn type_name(holds: ColumnType) -> &'static str {
    match holds {
        ColumnType::Text => "utf8",
        ColumnType::U8 => "uint8",
        ColumnType::U16 => "uint16",
        ColumnType::U32 => "uint32",
        ColumnType::U64 => "uint64",
        ColumnType::Amount => "uint64, at most 2^53",
        ColumnType::Time => "timestamp[us, UTC]",
        ColumnType::Flag => "bool",
        ColumnType::Texts => "list<utf8>",
        ColumnType::Devices => "list<uint8>",
    }
}

fn section(table: &TableSpec) -> String {
    let mut text = format!("### `{}`\n\nOne row: {}.\n\n", table.name, table.row);
    text.push_str("| column | type | | meaning |\n|---|---|---|---|\n");
    for column in table.columns {
        let need = if column.required { "required" } else { "" };
        writeln!(text, "| `{}` | {} | {need} | {} |", column.name, type_name(column.holds), column.meaning).unwrap();
    }
    text
}

#[test]
fn the_schema_page_states_every_column() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema.md")).unwrap();
    for table in TABLES {
        let expected = section(table);
        assert!(page.contains(&expected), "docs/schema.md must hold this section:\n\n{expected}");
    }
}
