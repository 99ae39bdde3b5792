//! What a crash, another store or a bad disk can make of the log.

use std::fs;
use std::path::PathBuf;

use farthing_protocol::KeysetId;
use farthing_protocol::suite::SuiteId;

use super::{Ending, Frame, LogReader, Spend, SpentLog};
use crate::domain::{KeysetState, KeysetTerms};
use crate::error::Result;
use crate::store::{KeysetRow, LogPlace};

struct Scene {
    dir: tempfile::TempDir,
    /// As the store would have it.
    place: LogPlace,
}

impl Scene {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            place: SpentLog::begin().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("spent.log")
    }

    fn open(&self) -> Result<SpentLog> {
        SpentLog::open(&self.path(), &self.place)
    }

    /// Commits a frame to the "store", and with `written` to the log too.
    fn spend(&mut self, log: &mut SpentLog, marks: &[u8], written: bool) {
        let next = log.next_frame(Vec::new(), marks.iter().map(|m| spend(*m)).collect());
        self.place = LogPlace {
            id: self.place.id,
            start: log.end(),
            tail: next.bytes.clone(),
        };
        if written {
            log.write(&next).unwrap();
        }
    }

    /// A log of three frames, which nobody writes any more.
    fn of_three() -> Self {
        let mut scene = Self::new();
        let mut log = scene.open().unwrap();
        scene.spend(&mut log, &[3, 1], true);
        scene.spend(&mut log, &[2], true);
        scene.spend(&mut log, &[5, 4], true);
        scene
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    /// Returns what a replay from the log's beginning finds.
    fn read(&self) -> (Vec<Frame>, Ending) {
        let from = LogPlace {
            id: self.place.id,
            start: super::HEADER_BYTES,
            tail: Vec::new(),
        };
        let mut reader = LogReader::ended(&self.path(), &from).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = reader.next_frame().unwrap() {
            frames.push(frame);
        }
        (frames, reader.ending().unwrap())
    }

    fn marks(&self) -> Vec<u8> {
        let frames = self.read().0.into_iter();
        frames.flat_map(|f| f.spends).map(|s| s.mark[0]).collect()
    }

    fn refusal(&self) -> String {
        self.open().unwrap_err().to_string()
    }
}

fn spend(mark: u8) -> Spend {
    Spend {
        mark: [mark; 16],
        keyset: 1,
        amount: 1 << mark,
        preimage: mark.is_multiple_of(2).then_some([mark; 32]),
    }
}

#[test]
fn frames_read_back_sorted_within_each_and_numbered() {
    let scene = Scene::of_three();
    let (frames, ending) = scene.read();
    assert_eq!(ending, Ending::Whole);
    let numbers: Vec<_> = frames.iter().map(|frame| frame.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(frames[0].spends, [spend(1), spend(3)]);
    assert_eq!(scene.marks(), [1, 3, 2, 4, 5]);
}

#[test]
fn keysets_read_back() {
    let mut scene = Scene::new();
    let mut log = scene.open().unwrap();
    let row = |index, expiry| KeysetRow {
        id: KeysetId::from_bytes(&[0x52; 33]).unwrap(),
        terms: KeysetTerms {
            index,
            suite: SuiteId::Ristretto255,
            unit: "credit".to_owned(),
            amounts: 21,
            input_fee_ppk: 100,
            final_expiry: expiry,
        },
        state: KeysetState::Quarantined,
    };
    let rows = vec![row(1, None), row(7, Some(9))];
    let next = log.next_frame(rows.clone(), vec![spend(1)]);
    log.write(&next).unwrap();
    assert_eq!(log.newest(), 7);
    drop(log);
    assert_eq!(scene.read().0[0].keysets, rows);
    scene.place.tail = next.bytes;
    assert_eq!(scene.open().unwrap().newest(), 7, "also after a restart");
}

#[test]
fn a_frame_that_a_crash_kept_from_the_log_is_written_at_the_next_start() {
    let mut scene = Scene::new();
    let mut log = scene.open().unwrap();
    scene.spend(&mut log, &[1], true);
    scene.spend(&mut log, &[2, 3], false);
    drop(log);
    assert_eq!(scene.marks(), [1]);
    let whole = scene.bytes();
    let tail = scene.place.tail.clone();
    // However much of it had reached the disk, or zeros in its place.
    for torn in (0..tail.len()).map(|n| &tail[..n]).chain([&[0; 9][..]]) {
        fs::write(scene.path(), [&whole, torn].concat()).unwrap();
        let mut log = scene.open().unwrap();
        scene.spend(&mut log, &[4], true);
        drop(log);
        assert_eq!(scene.marks(), [1, 2, 3, 4]);
        assert_eq!(scene.read().1, Ending::Whole);
        scene.place.start = whole.len() as u64;
        scene.place.tail.clone_from(&tail);
    }
}

#[test]
fn a_torn_end_is_cut_and_damage_before_the_end_is_not_taken_for_one() {
    let scene = Scene::of_three();
    let whole = scene.bytes();
    let second = super::HEADER_BYTES as usize + scene.read_lengths()[0];
    let third = second + scene.read_lengths()[1];
    for length in third..whole.len() {
        fs::write(scene.path(), &whole[..length]).unwrap();
        let (frames, ending) = scene.read();
        assert_eq!(frames.len(), 2);
        let left = (length - third) as u64;
        let expected = if left == 0 {
            Ending::Whole
        } else {
            Ending::Torn(left)
        };
        assert_eq!(ending, expected);
    }
    // Any bit of the second frame, its length among them.
    for bit in second * 8..third * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(scene.path(), &damaged).unwrap();
        let (frames, ending) = scene.read();
        assert_eq!((frames.len(), ending), (1, Ending::Damaged(second as u64)));
    }
}

impl Scene {
    fn read_lengths(&self) -> Vec<usize> {
        let frames = self.read().0.into_iter();
        frames.map(|f| f.encode(&self.place.id).len()).collect()
    }
}

#[test]
fn the_log_of_another_store_and_the_store_of_another_time_are_refused() {
    let scene = Scene::of_three();
    let mut older = Scene::of_three();
    older.place = scene.place.clone();
    assert!(older.refusal().contains("not the one that this store"));

    let lengths = scene.read_lengths();
    let mut copy = Scene { ..scene };
    let newest = copy.place.clone();
    let whole = copy.bytes();
    copy.place.start = super::HEADER_BYTES;
    copy.place.tail = whole[super::HEADER_BYTES as usize..][..lengths[0]].to_vec();
    assert!(
        copy.refusal().contains("the store is an old copy"),
        "{}",
        copy.refusal()
    );
    copy.place.tail = Vec::new();
    assert!(copy.refusal().contains("the store is an old copy"));
    copy.place = newest;
    drop(copy.open().unwrap());
    assert_eq!(copy.bytes(), whole, "and nothing was changed");

    fs::write(copy.path(), &whole[..60]).unwrap();
    assert!(copy.refusal().contains("ends before the store says"));
    fs::write(copy.path(), "something else altogether, and longer").unwrap();
    assert!(copy.refusal().contains("not a spent log"));
    fs::remove_file(copy.path()).unwrap();
    assert!(copy.refusal().contains("Is its disk mounted?"));
}

#[test]
fn one_process_writes_it_and_none_reads_it_meanwhile() {
    let scene = Scene::new();
    let log = scene.open().unwrap();
    assert!(scene.refusal().contains("another process is writing"));
    let reading = LogReader::ended(&scene.path(), &scene.place).unwrap_err();
    assert!(reading.to_string().contains("stop it first"));
    drop(log);
    LogReader::ended(&scene.path(), &scene.place).unwrap();
}

#[test]
fn a_disk_without_room_is_an_error_and_what_follows_takes_the_same_place() {
    let mut scene = Scene::new();
    let mut log = scene.open().unwrap();
    scene.spend(&mut log, &[1], true);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let disk = std::mem::replace(&mut log.file, full);
    let next = log.next_frame(Vec::new(), vec![spend(2)]);
    let end = log.end();
    assert!(log.write(&next).is_err());
    assert_eq!(log.end(), end);
    log.file = disk;
    log.write(&next).unwrap();
    drop(log);
    assert_eq!(scene.marks(), [1, 2]);
}
