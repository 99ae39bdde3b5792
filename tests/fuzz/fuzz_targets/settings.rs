//! `mint.toml`. Settings that are accepted can be written to a new file, and are the same again.

#![no_main]

use farthing_mint::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let folder = tempfile::tempdir().expect("a folder");
    let (given, written) = (folder.path().join("given"), folder.path().join("written"));
    std::fs::write(&given, text).expect("a file");
    if let Ok(config) = Config::load(&given) {
        config.create(&written).expect("what was read is written");
        assert_eq!(
            Config::load(&written).expect("what was written is read"),
            config
        );
    }
});
