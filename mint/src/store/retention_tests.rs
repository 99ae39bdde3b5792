//! How long a request is remembered: for the days of the retention, today aside, and no longer.

use super::Store;
use crate::domain::RequestDigest;

const DAYS: u32 = 7;
const TODAY: i64 = 20_000;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(&folder.path().join("store"), "credit").unwrap();
    (folder, store)
}

/// A request answered on each of these days before [`TODAY`], named by it.
fn answered(store: &Store, ages: &[u8]) {
    let mut writer = store.writer().unwrap();
    let batch = writer.begin().unwrap();
    for age in ages {
        batch
            .add_request(&digest(*age), TODAY - i64::from(*age))
            .unwrap();
    }
    batch.commit().unwrap();
}

fn digest(age: u8) -> RequestDigest {
    [age; 16]
}

fn known(store: &Store, today: i64, ages: &[u8]) -> Vec<bool> {
    let reader = store.reader().unwrap();
    let has = |age: &u8| reader.has_request(&digest(*age), today, DAYS).unwrap();
    ages.iter().map(has).collect()
}

#[test]
fn a_request_is_known_through_the_last_day_of_its_retention() {
    let (_folder, store) = store();
    answered(&store, &[0, 1, 7, 8]);
    assert_eq!(
        known(&store, TODAY, &[0, 1, 7, 8]),
        [true, true, true, false]
    );
    assert_eq!(known(&store, TODAY, &[99]), [false]);
    assert_eq!(known(&store, TODAY + 6, &[0, 1, 7]), [true, true, false]);
    assert_eq!(known(&store, TODAY + 7, &[0, 1]), [true, false]);
    assert_eq!(known(&store, TODAY + 8, &[0]), [false]);
    let (reader, none) = (store.reader().unwrap(), 0);
    assert!(reader.has_request(&digest(0), TODAY, none).unwrap());
    assert!(!reader.has_request(&digest(1), TODAY, none).unwrap());
}

#[test]
fn what_is_too_old_to_be_known_is_forgotten_and_nothing_else() {
    let (_folder, store) = store();
    answered(&store, &[0, 7, 8, 9]);
    let mut writer = store.writer().unwrap();
    let batch = writer.begin().unwrap();
    batch.forget_requests(TODAY - i64::from(DAYS)).unwrap();
    batch.commit().unwrap();
    // Looked for on the day they were answered, so that age alone does not hide them.
    let there = |age: u8| known(&store, TODAY - i64::from(age), &[age]) == [true];
    assert_eq!([0, 7, 8, 9].map(there), [true, true, false, false]);
}

#[test]
fn a_batch_that_is_dropped_never_happened() {
    let (_folder, store) = store();
    let mut writer = store.writer().unwrap();
    let batch = writer.begin().unwrap();
    batch.add_request(&digest(0), TODAY).unwrap();
    assert!(batch.has_request(&digest(0), TODAY, DAYS).unwrap());
    drop(batch);
    assert_eq!(known(&store, TODAY, &[0]), [false]);
}
