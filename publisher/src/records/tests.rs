//! The record of payments.

use super::*;

fn open() -> (tempfile::TempDir, Records) {
    let dir = tempfile::tempdir().unwrap();
    let records = Records::open(&dir.path().join("r"), 8).unwrap();
    (dir, records)
}

fn presented(marks: &[u8], purpose: u8) -> Presented {
    Presented {
        marks: marks.iter().map(|mark| [*mark; 16]).collect(),
        purpose: [purpose; 32],
        day: crate::clock::day(),
        locked: Vec::new(),
    }
}

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
    assert_eq!(present(&[1, 2], 7).await, Ok(Standing::New));
    assert_eq!(present(&[1, 2], 7).await, Ok(Standing::Again));
    assert_eq!(present(&[1, 2], 8).await, Ok(Standing::Bound));
    // In other company too.
    assert_eq!(present(&[2, 3], 9).await, Ok(Standing::Bound));
    // The company of the refused one is free.
    assert_eq!(present(&[3], 9).await, Ok(Standing::New));
}

#[tokio::test]
async fn what_was_charged_is_known_as_such_and_what_was_refused_is_forgotten() {
    let (_dir, records) = open();
    for mark in [1, 2] {
        let standing = records.present(presented(&[mark], 7)).await;
        assert_eq!(standing, Ok(Standing::New));
    }
    records.charge(vec![[1; 16]]);
    records.withdraw(vec![[1; 16]]);
    records.withdraw(vec![[2; 16]]);
    let present = |mark, purpose| records.present(presented(&[mark], purpose));
    assert_eq!(present(1, 7).await, Ok(Standing::Charged));
    assert_eq!(present(1, 8).await, Ok(Standing::Bound));
    assert_eq!(present(2, 8).await, Ok(Standing::New));
}

#[tokio::test]
async fn the_record_outlives_the_process_and_is_forgotten_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r");
    let records = Records::open(&path, 8).unwrap();
    for (mark, age) in [(1, 8), (2, 9)] {
        let mut old = presented(&[mark], 7);
        old.day -= age;
        assert_eq!(records.present(old).await, Ok(Standing::New));
        let mut old = locked(&[mark + 10], 7);
        old.day -= age;
        assert_eq!(records.present(old).await, Ok(Standing::New));
    }
    drop(records);
    // The first write after a start forgets what is too old.
    let records = Records::open(&path, 8).unwrap();
    assert_eq!(records.present(presented(&[3], 7)).await, Ok(Standing::New));
    let present = |mark| records.present(presented(&[mark], 7));
    assert_eq!(present(1).await, Ok(Standing::Again), "8 days are kept");
    assert_eq!(present(2).await, Ok(Standing::New), "9 are not");
    assert_eq!(present(11).await, Ok(Standing::Charged));
    assert_eq!(present(12).await, Ok(Standing::Bound), "but its mark is");
}

#[tokio::test]
async fn locked_tokens_wait_in_batches_that_never_change() {
    let (_dir, records) = open();
    let standing = records.present(locked(&[1, 2, 3], 7)).await;
    assert_eq!(standing, Ok(Standing::New));
    let batch = |max| records.run(move |store| store.next_batch(max));
    let ids = |batch: &[Unredeemed]| batch.iter().map(|t| t.id).collect::<Vec<_>>();
    let first = batch(2).await.unwrap();
    assert_eq!(ids(&first), [1, 2]);
    assert_eq!(
        ids(&batch(3).await.unwrap()),
        [1, 2],
        "an open one comes again"
    );

    let refused = first.clone();
    records
        .run(move |store| store.split_batch(&refused))
        .await
        .unwrap();
    let alone = batch(3).await.unwrap();
    assert_eq!(ids(&alone), [1]);
    let lost = alone[0].clone();
    records
        .run(move |store| store.lost(&lost, 1, "11001"))
        .await
        .unwrap();
    let alone = batch(3).await.unwrap();
    assert_eq!((ids(&alone), alone[0].amount), (vec![2], 2));
    records
        .run(move |store| store.redeemed(&alone))
        .await
        .unwrap();
    let rest = batch(3).await.unwrap();
    assert_eq!(ids(&rest), [3]);
    assert_eq!(rest[0].input.expose(), "input 3");
    records
        .run(move |store| store.redeemed(&rest))
        .await
        .unwrap();
    assert!(batch(3).await.unwrap().is_empty());
}
