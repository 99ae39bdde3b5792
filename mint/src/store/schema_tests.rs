//! Stores of older versions are brought up to date, and lose nothing.

use std::path::Path;

use farthing_protocol::cashu::QuoteId;
use rusqlite::Connection;

use super::{Store, schema};
use crate::clock;
use crate::domain::{MeltState, MintQuote};

/// A store as version 2 made it, with a quote in each state.
fn version_2(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    let all = [
        include_str!("schema.sql"),
        "INSERT INTO meta VALUES ('unit', 'sat');
         INSERT INTO accounts (id, name, balance) VALUES (7, 'ann', 40);
         UPDATE accounts SET balance = 24 WHERE id = -2;
         INSERT INTO mint_quotes
             (id, payment_hash, request, amount, account, pubkey, expiry, paid, issued) VALUES
             ('unpaid', randomblob(32), 'lnbc1', 8, NULL, NULL, 4000000000, 0, 0),
             ('paid', randomblob(32), 'lnbc2', 24, NULL, NULL, 4000000000, 24, 0),
             ('issued', randomblob(32), 'lnbc3', 16, NULL, NULL, 4000000000, 16, 16),
             ('of ann', randomblob(32), 'lnbc4', 40, 7, NULL, 4000000000, 40, 40);
         INSERT INTO melt_quotes
             (id, payment_hash, request, amount_msat, is_partial, amount, fee_reserve, expiry, state)
             VALUES ('melt', randomblob(32), 'lnbc5', 5000, 0, 5, 2, 4000000000, 'unpaid');
         PRAGMA user_version = 2;",
    ];
    for sql in all {
        connection.execute_batch(sql).unwrap();
    }
}

/// The tables and indices of a store, and their columns.
fn shape(path: &Path) -> Vec<(String, String)> {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT m.name, group_concat(c.name || ' ' || c.type || ' ' || c.\"notnull\")
               FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) c GROUP BY m.name";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1).unwrap_or_default())));
    rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn quote(store: &Store, id: &str) -> MintQuote {
    let quote = store.reader().unwrap().mint_quote(&QuoteId::new(id.into()));
    quote.unwrap().unwrap()
}

#[test]
fn a_store_of_version_2_is_brought_up_to_date_and_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mint.sqlite");
    version_2(&path);
    let before = clock::now_s();
    let store = Store::open(&path).unwrap();
    let states = ["unpaid", "paid", "issued", "of ann"].map(|id| quote(&store, id));
    let sums = states
        .each_ref()
        .map(|quote| (quote.amount, quote.paid, quote.issued));
    assert_eq!(sums, [(8, 0, 0), (24, 24, 0), (16, 16, 16), (40, 40, 40)]);
    assert_eq!(states[3].account, Some(7));
    // Wallets were told the time of asking: what is told next is no older.
    for quote in &states {
        assert!((before..=clock::now_s()).contains(&quote.updated_at));
    }
    let reader = store.reader().unwrap();
    let melt = reader.melt_quote(&QuoteId::new("melt".into())).unwrap();
    assert_eq!(melt.unwrap().state, MeltState::Unpaid);
    assert_eq!(reader.unit().unwrap(), "sat");

    // It is done once.
    let again = Store::open(&path).unwrap();
    assert_eq!(quote(&again, "paid"), states[1]);
    let new = folder.path().join("new.sqlite");
    Store::create(&new, "sat").unwrap();
    assert_eq!(shape(&path), shape(&new));
}

#[test]
fn a_copy_of_version_2_becomes_a_store_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.sqlite");
    version_2(&path);
    // A copy has no write-ahead log.
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "DELETE")
        .unwrap();
    drop(connection);
    let copied = std::fs::read(&path).unwrap();
    assert_eq!(Store::open_copy(&path).unwrap().unit().unwrap(), "sat");
    let store = Store::from_copy(&path, &folder.path().join("mint.sqlite")).unwrap();
    assert_eq!(quote(&store, "paid").paid, 24);
    assert_eq!(
        std::fs::read(&path).unwrap(),
        copied,
        "the copy itself stays"
    );
}

#[test]
fn a_store_of_an_unknown_version_is_refused_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mint.sqlite");
    for version in [0, 1, schema::VERSION + 1] {
        version_2(&path);
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        let error = Store::open(&path).unwrap_err().to_string();
        let told = format!("has schema version {version}");
        assert!(error.contains(&told), "{error}");
        assert_eq!(
            shape(&path)
                .iter()
                .filter(|(name, _)| name.contains("unpaid"))
                .count(),
            0
        );
        drop(connection);
        std::fs::remove_file(&path).unwrap();
    }
}
