//! Reading a whole database, and what is looked for in it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection as Database;
use rusqlite::types::Value;

/// The tables of tokens and requests; the others are of accounts and keysets.
pub(crate) const TOKEN_TABLES: [&str; 3] = ["spent", "signed", "requests"];

/// A row's table and the key it is found by: a mark, a digest, or a posting's account and number.
pub(crate) type RowName = (&'static str, Vec<Value>);

/// A table: its columns, and its rows in the order in which they come.
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Every table of a database.
pub(crate) fn read_all(database: &Database) -> BTreeMap<String, Table> {
    let sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')";
    let mut names = database.prepare(sql).unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let read = |name: String| {
        let mut statement = database
            .prepare(&format!("SELECT * FROM \"{name}\""))
            .unwrap();
        let columns: Vec<String> = statement.column_names().map(|c| (*c).to_owned()).collect();
        let count = columns.len();
        let row = |row: &rusqlite::Row<'_>| (0..count).map(|n| row.get(n)).collect();
        let rows = statement
            .query_map([], row)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        (name, Table { columns, rows })
    };
    names.into_iter().map(read).collect()
}

/// The needles that are in a haystack, as bytes or as hex of either case.
pub(crate) fn found(needles: &[(String, Vec<u8>)], haystack: &[u8]) -> BTreeSet<String> {
    // By their first bytes, so that each place is looked at once.
    let mut by_start: BTreeMap<[u8; 4], Vec<(&str, Vec<u8>)>> = BTreeMap::new();
    for (name, bytes) in needles {
        let hex = hex::encode(bytes);
        for form in [
            bytes.clone(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
        ] {
            by_start
                .entry(form[..4].try_into().unwrap())
                .or_default()
                .push((name, form));
        }
    }
    let mut found = BTreeSet::new();
    for place in 0..haystack.len().saturating_sub(3) {
        let rest = &haystack[place..];
        let forms = by_start.get::<[u8; 4]>(rest[..4].try_into().unwrap());
        let here = forms
            .into_iter()
            .flatten()
            .filter(|(_, form)| rest.starts_with(form));
        found.extend(here.map(|(name, _)| (*name).to_owned()));
    }
    found
}

pub(crate) fn cells(tables: &BTreeMap<String, Table>) -> Vec<u8> {
    let mut all = Vec::new();
    for cell in tables
        .values()
        .flat_map(|table| table.rows.iter().flatten())
    {
        match cell {
            Value::Text(text) => all.extend(text.as_bytes()),
            Value::Blob(bytes) => all.extend(bytes),
            Value::Integer(number) => all.extend(number.to_string().as_bytes()),
            Value::Real(_) | Value::Null => {}
        }
        all.push(b'\n');
    }
    all
}

/// The rows of each transaction, with their tables.
fn rows_of<'t>(
    tables: &'t BTreeMap<String, Table>,
    transactions: &[Vec<RowName>],
) -> Vec<Vec<(&'static str, &'t Vec<Value>)>> {
    let find = |(table, key): &RowName| {
        let rows = &tables[*table].rows;
        let row = rows.iter().find(|row| {
            key.iter().all(|part| row.contains(part))
                && match *table {
                    "postings" => row[..2] == key[..],
                    _ => true,
                }
        });
        (
            *table,
            row.unwrap_or_else(|| panic!("no row in {table} for {key:?}")),
        )
    };
    transactions
        .iter()
        .map(|rows| rows.iter().map(find).collect())
        .collect()
}

/// Values that two rows of one transaction share in different tables, and that no two rows of
/// different transactions share in the same columns.
pub(crate) fn links(
    tables: &BTreeMap<String, Table>,
    transactions: &[Vec<RowName>],
) -> BTreeSet<String> {
    let transactions = rows_of(tables, transactions);
    // Which transactions have a value in a column.
    let mut having: BTreeMap<(String, String), BTreeSet<usize>> = BTreeMap::new();
    let cells_of = |(table, row): &(&'static str, &Vec<Value>)| -> Vec<(String, String)> {
        let columns = &tables[*table].columns;
        let cells = columns
            .iter()
            .zip(row.iter())
            .filter(|(_, value)| **value != Value::Null);
        cells
            .map(|(column, value)| (format!("{table}.{column}"), format!("{value:?}")))
            .collect()
    };
    for (number, rows) in transactions.iter().enumerate() {
        for cell in rows.iter().flat_map(cells_of) {
            having.entry(cell).or_default().insert(number);
        }
    }
    let mut links = BTreeSet::new();
    for (number, rows) in transactions.iter().enumerate() {
        let alone = BTreeSet::from([number]);
        for (place, one) in rows.iter().enumerate() {
            for other in rows[place + 1..].iter().filter(|other| other.0 != one.0) {
                for cell in cells_of(one) {
                    for twin in cells_of(other).into_iter().filter(|twin| twin.1 == cell.1) {
                        if having[&cell] == alone && having[&twin] == alone {
                            links.insert(format!("{} = {}", cell.0, twin.0));
                        }
                    }
                }
            }
        }
    }
    links
}

/// Columns of the token tables, other than the keyed hashes, that tell rows apart well enough to
/// number or to time them.
pub(crate) fn telling_columns(tables: &BTreeMap<String, Table>) -> BTreeSet<String> {
    let mut telling = BTreeSet::new();
    for name in TOKEN_TABLES {
        let Table { columns, rows } = &tables[name];
        for (place, column) in columns.iter().enumerate() {
            let values: BTreeSet<String> =
                rows.iter().map(|row| format!("{:?}", row[place])).collect();
            if column != "mark" && column != "digest" && values.len() > 2 {
                telling.insert(format!("{name}.{column}"));
            }
        }
    }
    telling
}

/// Returns whether rows come in the order of their keyed hashes, which is nobody's order of arrival.
pub(crate) fn is_in_order_of_hashes(table: &Table) -> bool {
    let place = table
        .columns
        .iter()
        .position(|c| c == "mark" || c == "digest")
        .unwrap();
    let hashes: Vec<&Vec<u8>> = table
        .rows
        .iter()
        .map(|row| {
            let Value::Blob(bytes) = &row[place] else {
                panic!("no hash: {row:?}");
            };
            bytes
        })
        .collect();
    hashes.windows(2).all(|pair| pair[0] < pair[1])
}
