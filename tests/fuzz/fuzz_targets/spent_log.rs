//! A spent log that something else has written into. The reader ends, and does not read past the end.

#![no_main]

use farthing_mint::spent_log::LogReader;
use farthing_mint::store::LogPlace;
use libfuzzer_sys::fuzz_target;

/// The name of the log that the seeds are.
const ID: [u8; 16] = [7; 16];
/// Where a log's first frame begins.
const FIRST: u64 = 32;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    std::fs::write(&path, bytes).expect("a file");
    let place = LogPlace {
        id: ID,
        start: FIRST,
        tail: Vec::new(),
    };
    let Ok(mut reader) = LogReader::at(&path, &place) else {
        return;
    };
    let mut read = FIRST;
    while let Ok(Some(frame)) = reader.next_frame() {
        read += reader.bytes_of_last().len() as u64;
        assert!(
            read <= bytes.len() as u64,
            "frame {} is not in the file",
            frame.number
        );
    }
});
