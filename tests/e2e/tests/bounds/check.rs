//! What `farthing-mint check` warns of, and what stands in the log at the start.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use farthing_testkit::process::Mint;
use farthing_testkit::scene::Scene;
use rusqlite::Connection;

use crate::BINARY;

/// The warnings of a mint whose file is sound.
fn warnings(mint: &Mint) -> Vec<String> {
    let report = mint.run(&["check"]).unwrap();
    assert_eq!(report["sound"], true);
    serde_json::from_value(report["warnings"].clone()).unwrap()
}

fn has(warnings: &[String], text: &str) -> bool {
    warnings.iter().any(|warning| warning.contains(text))
}

#[tokio::test]
async fn check_warns_of_what_will_hurt() {
    let log = tempfile::tempdir().unwrap();
    let log = log.path().to_str().unwrap();
    let mut scene = Scene::start(BINARY).await.unwrap();
    scene.mint.account("ann", "withdraw", 5).unwrap();
    scene.mint.stop().unwrap();
    let mint = scene.mint;
    let first = warnings(&mint);
    assert!(has(&first, "spent_log: not set"), "{first:?}");
    for text in ["chmod", "the clock", "url:"] {
        assert!(!has(&first, text), "{first:?}");
    }
    // Others may look into its folder.
    std::fs::set_permissions(mint.dir(), Permissions::from_mode(0o755)).unwrap();
    let open = warnings(&mint);
    assert!(has(&open, "chmod 700"), "{open:?}");
    std::fs::set_permissions(mint.dir(), Permissions::from_mode(0o700)).unwrap();
    // The mint wrote last at a time that is to come.
    let database = Connection::open(mint.dir().join("mint.sqlite")).unwrap();
    let moved = database.execute("UPDATE postings SET hour = hour + 48", ());
    assert!(moved.unwrap() > 0);
    drop(database);
    let early = warnings(&mint);
    assert!(
        has(&early, "the clock: the last posting is of "),
        "{early:?}"
    );
    // Settings that are allowed, and a spent log beside the database.
    let mut mint = mint
        .with("URL", "http://mint.example")
        .with("SPENT_LOG", "spent.log");
    let text = String::from_utf8(mint.output(&["check"]).unwrap().stdout).unwrap();
    assert!(
        text.starts_with("The database file is sound.\nWarnings:\n"),
        "{text}"
    );
    assert!(text.contains("\n  url: it is not https"), "{text}");
    assert!(text.contains("\n  spent_log: on the same disk"), "{text}");
    // At the start it is in the log.
    mint = mint.with("SPENT_LOG", log);
    mint.start().unwrap();
    let told = mint.log().unwrap();
    assert!(told.contains("WARN url: it is not https"), "{told}");
}

#[tokio::test]
async fn settings_that_make_no_sense_end_the_start_and_every_command() {
    let scene = Scene::start(BINARY).await.unwrap();
    for (setting, value, told) in [
        ("URL", "https://ann:secret@mint.example", "url: "),
        ("INPUTS_MAX", "1", "inputs_max: between 2 and 10000"),
        ("METRICS_LISTEN", "127.0.0.1:3338", "metrics_listen: "),
        ("BODIES_MIB_MAX", "0", "bodies_mib_max: at least one body"),
        ("INPUT_FEE_PPK", "1001", "input_fee_ppk: at most 1000"),
    ] {
        for arguments in [&["run"][..], &["audit"]] {
            let mut command = scene.mint.command(arguments);
            command.env(format!("FARTHING_MINT_{setting}"), value);
            let output = command.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{setting}: {said}");
            assert!(said.contains(told), "{setting}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
