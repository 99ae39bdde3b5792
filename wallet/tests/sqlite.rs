//! The SQLite store: private, exclusive, and versioned.
#![cfg(feature = "native")]

use farthing_wallet::native::SqliteStore;
use farthing_wallet::store::{Change, Store, Table};
use farthing_wallet::{Passphrase, Sealed, StoreError};
use zeroize::Zeroizing;

fn put(key: &str, value: &[u8]) -> Change {
    Change::Put(
        Table::Proofs,
        key.to_owned(),
        Zeroizing::new(value.to_vec()),
    )
}

#[tokio::test]
async fn what_is_written_is_there_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(dir.path()).unwrap();
    store
        .apply(vec![put("b", b"2"), put("a", b"1"), put("c", b"3")])
        .await
        .unwrap();
    let delete = Change::Delete(Table::Proofs, "c".to_owned());
    store.apply(vec![delete, put("b", b"4")]).await.unwrap();
    drop(store);
    let store = SqliteStore::open(dir.path()).unwrap();
    let rows = store.scan(Table::Proofs).await.unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_slice()))
        .collect();
    assert_eq!(rows, [("a", &b"1"[..]), ("b", &b"4"[..])]);
    assert_eq!(
        store
            .get(Table::Proofs, "b")
            .await
            .unwrap()
            .unwrap()
            .as_slice(),
        b"4"
    );
    assert!(store.get(Table::Sent, "b").await.unwrap().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_file_and_its_log() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("wallet");
    let store = SqliteStore::create(&dir).unwrap();
    store.apply(vec![put("a", b"1")]).await.unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

#[test]
fn a_wallet_is_never_overwritten_and_a_missing_one_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().display().to_string();
    assert_eq!(
        SqliteStore::open(dir.path()).unwrap_err(),
        StoreError::Missing(place)
    );
    // A file with nothing in it is what a killed init leaves: it may be used.
    drop(SqliteStore::create(dir.path()).unwrap());
    drop(SqliteStore::create(dir.path()).unwrap());
}

#[tokio::test]
async fn a_wallet_with_anything_in_it_is_not_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(dir.path()).unwrap();
    store.apply(vec![put("a", b"1")]).await.unwrap();
    drop(store);
    let error = SqliteStore::create(dir.path()).unwrap_err();
    assert_eq!(error, StoreError::Exists(dir.path().display().to_string()));
    let store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(store.scan(Table::Proofs).await.unwrap().len(), 1);
}

#[test]
fn a_second_process_is_told_that_the_wallet_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(dir.path()).unwrap();
    assert_eq!(
        SqliteStore::open(dir.path()).unwrap_err(),
        StoreError::Locked
    );
    drop(store);
    assert!(SqliteStore::open(dir.path()).is_ok());
}

#[test]
fn a_second_process_waits_for_the_first_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(dir.path()).unwrap();
    let (begun, first) = std::sync::mpsc::channel();
    let second = std::thread::spawn({
        let dir = dir.path().to_owned();
        move || {
            begun.send(()).unwrap();
            SqliteStore::open(&dir).map(drop)
        }
    });
    // Whether it is waiting by now or comes later, it gets the wallet.
    first.recv().unwrap();
    drop(store);
    assert_eq!(second.join().unwrap(), Ok(()));
}

#[tokio::test]
async fn under_a_passphrase_the_files_show_neither_phrase_nor_token() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(dir.path()).unwrap();
    let mut store = Sealed::open(store, None).await.unwrap();
    let words = "legal winner thank year";
    let seen = |dir: &std::path::Path| {
        let mut files = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path());
        let has = |file: std::path::PathBuf| {
            let bytes = std::fs::read(file).unwrap();
            bytes.windows(words.len()).any(|w| w == words.as_bytes())
        };
        files.any(has)
    };
    store.apply(vec![put("a", words.as_bytes())]).await.unwrap();
    assert!(seen(dir.path()));
    let passphrase = Passphrase::new("correct horse").unwrap();
    store.set_passphrase(Some(&passphrase)).await.unwrap();
    drop(store);
    // Closed, the log is gone, and what was deleted is overwritten.
    assert!(!seen(dir.path()));
    let store = SqliteStore::open(dir.path()).unwrap();
    let store = Sealed::open(store, Some(&passphrase)).await.unwrap();
    let value = store.get(Table::Proofs, "a").await.unwrap();
    assert_eq!(value.unwrap().as_slice(), words.as_bytes());
}

#[test]
fn a_newer_layout_and_a_strange_file_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(SqliteStore::create(dir.path()).unwrap());
    let path = dir.path().join("wallet.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 2).unwrap();
    drop(connection);
    assert!(matches!(
        SqliteStore::open(dir.path()),
        Err(StoreError::Version(_))
    ));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "application_id", 7).unwrap();
    drop(connection);
    assert!(matches!(
        SqliteStore::open(dir.path()),
        Err(StoreError::Version(_))
    ));
    std::fs::write(
        &path,
        "this is not a database, but long enough to look at".repeat(30),
    )
    .unwrap();
    assert!(matches!(
        SqliteStore::open(dir.path()),
        Err(StoreError::Version(_))
    ));
}
