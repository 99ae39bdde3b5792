//! The record of payments.

use super::*;
use std::sync::Arc;
use std::time::Duration;

fn open() -> (tempfile::TempDir, Records) {
    let dir = tempfile::tempdir().unwrap();
    let records = open_in(&dir);
    (dir, records)
}

fn open_in(dir: &tempfile::TempDir) -> Records {
    let path = dir.path().join("r");
    let store = Store::open(&path, false).unwrap();
    Records::start(store, &path, 8).unwrap()
}

fn presented(marks: &[u8], purpose: u8) -> Presented {
    Presented {
        marks: marks.iter().map(|mark| [*mark; 16]).collect(),
        purpose: [purpose; 32],
        purpose_v1: [purpose + 100; 32],
        day: crate::clock::day(),
        may_be_new: true,
        locked: Vec::new(),
    }
}

fn ticket(mark: u8, purpose: u8) -> Ticket {
    Ticket {
        marks: vec![[mark; 16]],
        purpose: [purpose; 32],
    }
}

const AGAIN: PaymentStatus = PaymentStatus::Again(Form::Referenced);
const BOUND: PaymentStatus = PaymentStatus::Bound { charged: false };
const BOUND_FOR_GOOD: PaymentStatus = PaymentStatus::Bound { charged: true };
const CHARGED: PaymentStatus = PaymentStatus::Charged(Form::Referenced);

fn locked(marks: &[u8], purpose: u8) -> Presented {
    let token = |mark: &u8| Locked {
        input: farthing_protocol::Secret::new(format!("input {mark}")),
        amount: u64::from(*mark),
    };
    Presented {
        locked: marks.iter().map(token).collect(),
        ..presented(marks, purpose)
    }
}

#[tokio::test]
async fn a_token_is_bound_to_what_it_was_presented_for_first() {
    let (_dir, records) = open();
    let present = |marks: &'static [u8], purpose| records.present(presented(marks, purpose));
    assert_eq!(present(&[1, 2], 7).await, Ok(PaymentStatus::New));
    assert_eq!(present(&[1, 2], 7).await, Ok(AGAIN));
    assert_eq!(present(&[1, 2], 8).await, Ok(BOUND));
    // In other company too.
    assert_eq!(present(&[2, 3], 9).await, Ok(BOUND));
    // The company of the refused one is free.
    assert_eq!(present(&[3], 9).await, Ok(PaymentStatus::New));
}

#[tokio::test]
async fn what_was_charged_is_known_as_such_and_what_was_refused_is_forgotten() {
    let (_dir, records) = open();
    for mark in [1, 2] {
        let status = records.present(presented(&[mark], 7)).await;
        assert_eq!(status, Ok(PaymentStatus::New));
    }
    records.charge(ticket(1, 7)).await;
    records.release(ticket(1, 7)).await;
    records.release(ticket(2, 7)).await;
    let present = |mark, purpose| records.present(presented(&[mark], purpose));
    assert_eq!(present(1, 7).await, Ok(CHARGED));
    assert_eq!(present(1, 8).await, Ok(BOUND_FOR_GOOD));
    assert_eq!(present(2, 8).await, Ok(PaymentStatus::New));
}

#[tokio::test]
async fn a_payment_is_forgotten_only_when_each_presentation_of_it_was_refused() {
    let (_dir, records) = open();
    let present = |mark, purpose| records.present(presented(&[mark], purpose));
    // Three at once: two are refused, one is charged later.
    assert_eq!(present(1, 7).await, Ok(PaymentStatus::New));
    assert_eq!(present(1, 7).await, Ok(AGAIN));
    assert_eq!(present(1, 7).await, Ok(AGAIN));
    records.release(ticket(1, 7)).await;
    records.release(ticket(1, 7)).await;
    assert_eq!(present(1, 8).await, Ok(BOUND));
    records.charge(ticket(1, 7)).await;
    assert_eq!(present(1, 8).await, Ok(BOUND_FOR_GOOD));
    assert_eq!(present(1, 7).await, Ok(CHARGED));
    // Two at once, and both are refused.
    assert_eq!(present(2, 7).await, Ok(PaymentStatus::New));
    assert_eq!(present(2, 7).await, Ok(AGAIN));
    records.release(ticket(2, 7)).await;
    records.release(ticket(2, 7)).await;
    assert_eq!(present(2, 8).await, Ok(PaymentStatus::New));
    // A release of something else takes nothing back.
    records.release(ticket(2, 7)).await;
    assert_eq!(present(2, 8).await, Ok(AGAIN));
    // What the mint has redeemed is charged, whatever the record said.
    records.charge(ticket(2, 9)).await;
    assert_eq!(present(2, 9).await, Ok(CHARGED));
    records.charge(ticket(3, 7)).await;
    assert_eq!(present(3, 7).await, Ok(CHARGED));
}

#[tokio::test]
async fn what_may_not_be_new_is_looked_up_and_not_recorded() {
    let (_dir, records) = open();
    let old = |mark| Presented {
        may_be_new: false,
        ..presented(&[mark], 7)
    };
    assert_eq!(records.present(old(1)).await, Ok(PaymentStatus::Unknown));
    assert_eq!(records.known(vec![[1; 16]]).await, Ok(vec![]));
    let new = records.present(presented(&[1], 7)).await;
    assert_eq!(new, Ok(PaymentStatus::New));
    assert_eq!(records.present(old(1)).await, Ok(AGAIN));
    let known = records.known(vec![[1; 16], [2; 16]]).await;
    let expected = Known {
        purpose: Some([7; 32]),
        charged: false,
    };
    assert_eq!(known, Ok(vec![expected]));
}

#[tokio::test]
async fn writes_wait_for_a_place_in_the_queue_and_none_is_dropped() {
    let (_dir, records) = open();
    let many: Vec<u16> = (0..2 * QUEUE_MAX as u16).collect();
    let mark = |n: u16| {
        let mut mark = [0; 16];
        mark[..2].copy_from_slice(&n.to_be_bytes());
        mark
    };
    // More at once than the queue holds, while the writer is held up.
    let records = Arc::new(records);
    let (open_gate, gate) = std::sync::mpsc::channel::<()>();
    let mut tasks = tokio::task::JoinSet::new();
    let holder = Arc::clone(&records);
    tasks.spawn(async move {
        let held = holder.run(move |_| {
            let _ = gate.recv();
            Ok(())
        });
        held.await.unwrap();
    });
    for n in many.iter().copied() {
        let records = Arc::clone(&records);
        let marks = vec![mark(n)];
        let purpose = [7; 32];
        tasks.spawn(async move { records.charge(Ticket { marks, purpose }).await });
    }
    tokio::task::yield_now().await;
    drop(open_gate);
    tasks.join_all().await;
    let marks: Vec<Mark> = many.iter().map(|n| mark(*n)).collect();
    let known = records.known(marks).await.unwrap();
    assert_eq!(known.len(), many.len());
}

/// The record as version 1 made it.
const VERSION_1: &str = "
    CREATE TABLE presented (mark BLOB PRIMARY KEY, purpose BLOB, day INTEGER NOT NULL,
        charged INTEGER NOT NULL, locked INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX presented_day ON presented (day) WHERE purpose IS NOT NULL;
    CREATE TABLE unredeemed (id INTEGER PRIMARY KEY, input TEXT NOT NULL, amount INTEGER NOT NULL,
        batch INTEGER) STRICT;
    CREATE INDEX unredeemed_batch ON unredeemed (batch);
    CREATE TABLE refused (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, day INTEGER NOT NULL,
        reason TEXT NOT NULL) STRICT;
    PRAGMA user_version = 1;
    INSERT INTO unredeemed VALUES (1, 'input 1', 1, 1), (2, 'input 2', 2, 1), (3, 'input 3', 3, NULL);
";

#[tokio::test]
async fn a_record_of_version_1_goes_on_as_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(dir.path().join("r")).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    let insert = "INSERT INTO presented VALUES (?1, ?2, ?3, ?4, 0)";
    for (mark, charged) in [(1u8, false), (2, true)] {
        let row = rusqlite::params![[mark; 16], [107u8; 32], crate::clock::day(), charged];
        connection.execute(insert, row).unwrap();
    }
    drop(connection);
    let records = open_in(&dir);
    let present = |mark, purpose| records.present(presented(&[mark], purpose));
    let again = PaymentStatus::Again(Form::Version1);
    assert_eq!(present(1, 7).await, Ok(again));
    assert_eq!(present(1, 8).await, Ok(BOUND));
    assert_eq!(
        present(2, 7).await,
        Ok(PaymentStatus::Charged(Form::Version1))
    );
    // A refusal now says nothing of what was sent before the upgrade.
    records.release(ticket(1, 107)).await;
    assert_eq!(present(1, 7).await, Ok(again));
    // The batch that was begun has no reference, and the next one has.
    let batch = records.run(|store| store.next_batch(10, 0)).await.unwrap();
    assert_eq!((batch.tokens.len(), batch.reference), (2, None));
    let redeemed = records.run(move |store| store.redeemed(&batch.tokens));
    redeemed.await.unwrap();
    let batch = records.run(|store| store.next_batch(10, 0)).await.unwrap();
    assert_eq!(batch.tokens.len(), 1);
    assert!(batch.reference.is_some());
    assert!(!records.run(|store| store.has_gap()).await.unwrap());
}

#[tokio::test]
async fn a_record_made_anew_beside_an_old_key_has_a_gap_for_good() {
    for (key_is_old, gap) in [(false, false), (true, true)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r");
        let has_gap = |old| Store::open(&path, old).unwrap().has_gap().unwrap();
        assert_eq!(has_gap(key_is_old), gap);
        // A key that is old beside its record is as it should be.
        assert_eq!(has_gap(true), gap);
        assert_eq!(has_gap(false), gap);
    }
}

#[tokio::test]
async fn the_record_outlives_the_process_and_is_forgotten_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let records = open_in(&dir);
    for (mark, age) in [(1, 8), (2, 9)] {
        let mut old = presented(&[mark], 7);
        old.day -= age;
        assert_eq!(records.present(old).await, Ok(PaymentStatus::New));
        let mut old = locked(&[mark + 10], 7);
        old.day -= age;
        assert_eq!(records.present(old).await, Ok(PaymentStatus::New));
    }
    drop(records);
    // The first write after a start forgets what is too old.
    let records = open_in(&dir);
    assert_eq!(
        records.present(presented(&[3], 7)).await,
        Ok(PaymentStatus::New)
    );
    let present = |mark| records.present(presented(&[mark], 7));
    assert_eq!(present(1).await, Ok(AGAIN), "8 days are kept");
    assert_eq!(present(2).await, Ok(PaymentStatus::New), "9 are not");
    assert_eq!(present(11).await, Ok(CHARGED));
    assert_eq!(present(12).await, Ok(BOUND_FOR_GOOD), "but its mark is");
}

#[tokio::test]
async fn locked_tokens_wait_in_batches_that_never_change() {
    let (_dir, records) = open();
    let status = records.present(locked(&[1, 2, 3], 7)).await;
    assert_eq!(status, Ok(PaymentStatus::New));
    let batch = |max| records.run(move |store| store.next_batch(max, 0));
    let dear = |max| records.run(move |store| store.next_batch(max, 3000));
    let ids = |batch: &Batch| batch.tokens.iter().map(|t| t.id).collect::<Vec<_>>();
    let none = dear(2).await.unwrap();
    assert!(none.tokens.is_empty(), "the fee would be more");
    let first = batch(2).await.unwrap();
    assert_eq!(ids(&first), [2, 3], "the largest first");
    let again = batch(3).await.unwrap();
    assert_eq!(ids(&again), [2, 3], "an open one comes again");
    assert_eq!(again.reference, first.reference, "as it was sent");

    let refused = first.tokens.clone();
    records
        .run(move |store| store.split_batch(&refused))
        .await
        .unwrap();
    let alone = batch(3).await.unwrap();
    assert_eq!(ids(&alone), [2]);
    let lost = alone.tokens[0].clone();
    records
        .run(move |store| store.lost(&lost, 1, "11001"))
        .await
        .unwrap();
    let next = batch(3).await.unwrap();
    assert_eq!((ids(&next), next.tokens[0].amount), (vec![3], 3));
    let redeemed = next.tokens.clone();
    records
        .run(move |store| store.redeemed(&redeemed))
        .await
        .unwrap();
    let rest = batch(3).await.unwrap();
    assert_eq!(ids(&rest), [1]);
    assert_eq!(rest.tokens[0].input.expose(), "input 1");
    // Each redemption has a reference of its own.
    let references = [&first, &alone, &next, &rest].map(|batch| batch.reference.unwrap());
    for (n, reference) in references.iter().enumerate() {
        assert!(!references[..n].contains(reference));
    }
    records
        .run(move |store| store.redeemed(&rest.tokens))
        .await
        .unwrap();
    assert!(batch(3).await.unwrap().tokens.is_empty());
}

#[tokio::test]
async fn a_quiet_record_has_an_empty_write_ahead_log_and_no_order_of_arrival_when_it_ends() {
    let (dir, records) = open();
    let arrived: [u8; 8] = [50, 10, 90, 30, 70, 20, 80, 60];
    for mark in arrived {
        assert_eq!(
            records.present(presented(&[mark], 7)).await,
            Ok(PaymentStatus::New)
        );
    }
    let log = dir.path().join("r-wal");
    let mut patience = 600;
    while std::fs::metadata(&log).unwrap().len() > 0 {
        assert_ne!(patience, 0, "the write-ahead log was not emptied");
        patience -= 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        !is_in_order_of_marks(&dir, &arrived),
        "the test would see the order of arrival"
    );
    drop(records);
    assert!(is_in_order_of_marks(&dir, &arrived));
}

/// Whether every page of the file has the marks in their order: SQLite fills a page from its end.
fn is_in_order_of_marks(dir: &tempfile::TempDir, marks: &[u8]) -> bool {
    let file = std::fs::read(dir.path().join("r")).unwrap();
    let mut sorted = marks.to_vec();
    sorted.sort_unstable();
    let mut found = 0;
    let in_order = file.chunks(4096).all(|page| {
        let place = |mark: &u8| page.windows(16).position(|window| window == [*mark; 16]);
        let places: Vec<usize> = sorted.iter().filter_map(place).collect();
        found += places.len();
        places.is_sorted_by(|a, b| a > b)
    });
    assert!(found >= marks.len(), "the marks are in the file");
    in_order
}
