//! `docs/tables.md` is the schema in words: every table and column, in order, with its type, and no
//! others.

use crate::record::schema::{Kind, LABELS, columns};
use crate::record::{Table, TableSet};

const PAGE: &str = include_str!("../../../docs/tables.md");
const SCENARIOS: &str = include_str!("../../../docs/scenarios.md");

/// Words that a statement in SQL may only have in quotes: of PostgreSQL, SQLite, DuckDB and MySQL, those that
/// somebody could want as the name of a column.
const RESERVED: [&str; 58] = [
    "all",
    "analyze",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_time",
    "default",
    "desc",
    "distinct",
    "div",
    "do",
    "else",
    "end",
    "except",
    "fetch",
    "for",
    "foreign",
    "from",
    "group",
    "having",
    "in",
    "index",
    "interval",
    "into",
    "is",
    "key",
    "like",
    "limit",
    "lock",
    "mod",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "primary",
    "range",
    "return",
    "row",
    "rows",
    "select",
    "table",
    "then",
    "to",
    "trigger",
    "union",
    "user",
];

#[test]
fn no_column_is_a_keyword_of_sql() {
    for table in Table::ALL {
        for (name, _) in columns(table) {
            assert!(!RESERVED.contains(name), "{}.{name}", table.name());
        }
    }
}

const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "Float64",
        Kind::Count => "UInt64",
        Kind::Small => "UInt32",
        Kind::Word | Kind::Text => "String",
        Kind::Time => "Datetime(ns)",
        Kind::Money => "Decimal",
    }
}

/// Returns names and types of the columns that a part of the page lists, in order.
fn listed(part: &str) -> Vec<(&str, &str)> {
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let named = cells.flat_map(|cells| {
        let (names, kind) = (cells[1], cells[2]);
        names.split(", ").map(move |name| (name.trim_matches('`'), kind)).collect::<Vec<_>>()
    });
    named.collect()
}

fn expected(columns: &[(&'static str, Kind)]) -> Vec<(&'static str, &'static str)> {
    columns.iter().map(|(name, kind)| (*name, type_name(*kind))).collect()
}

#[test]
fn the_page_has_every_table_with_its_columns_and_no_others() {
    let mut parts = PAGE.split("\n## ");
    let head = parts.next().unwrap();
    let labels = head.split("Every table ends with two columns").nth(1).unwrap();
    assert_eq!(listed(labels), expected(&LABELS));
    let mut described = Vec::new();
    for part in parts.filter(|part| !part.starts_with("Layouts\n") && !part.starts_with("Reasons\n")) {
        let (title, body) = part.split_once('\n').unwrap();
        let table = Table::ALL.into_iter().find(|table| table.name() == title).unwrap();
        assert_eq!(listed(body), expected(columns(table)), "{title}");
        assert!(head.contains(&format!("`{title}`")), "{title} is not in the list of files");
        described.push(table);
    }
    assert_eq!(described, Table::ALL, "in the order of the program");
}

#[test]
fn the_page_of_scenarios_names_all_tables_and_those_that_are_not_usual() {
    let keys = SCENARIOS.split("## `[record]`").nth(1).unwrap();
    let row = keys.lines().find(|line| line.starts_with("| `tables`")).unwrap();
    let cells: Vec<&str> = row.split('|').collect();
    let names = |cell: &str| cell.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(cells[2]), Table::ALL.map(|table| table.name().to_owned()));
    let unusual = Table::ALL.into_iter().filter(|table| !TableSet::usual().contains(*table));
    let unusual: Vec<&str> = unusual.map(Table::name).collect();
    assert_eq!(names(cells[3])[..2], unusual);
}
