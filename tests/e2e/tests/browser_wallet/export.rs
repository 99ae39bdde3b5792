//! The files for other hosts.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use farthing_testkit::nginx::{self, Nginx};
use farthing_testkit::process::Program;
use farthing_testkit::programs::AS_MINT;

use super::*;

/// `farthing-mint` without a mint.
fn farthing_mint(arguments: &[&str]) -> Output {
    let mut command = Program::new(BINARY, AS_MINT).command();
    command.args(arguments).output().unwrap()
}

/// The paths of all files below a folder.
fn files_in(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap();
                found.insert(name.to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn the_digest_and_the_version_are_printed_without_a_mint() {
    let version = env!("CARGO_PKG_VERSION");
    let text = farthing_mint(&["wallet", "digest"]);
    assert!(text.status.success());
    let expected = format!("{}  version {version}\n", digest());
    assert_eq!(String::from_utf8(text.stdout).unwrap(), expected);
    let json = farthing_mint(&["wallet", "digest", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"version": version, "digest": digest()})
    );
}

#[test]
fn an_export_has_exactly_the_files_and_fits_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("new/site");
    let shown = dir.to_str().unwrap();
    let exported = farthing_mint(&["wallet", "export", shown, "--json"]);
    assert!(exported.status.success(), "{exported:?}");
    let report: Value = serde_json::from_slice(&exported.stdout).unwrap();
    assert_eq!(report["files"], FILES.len());
    assert_eq!(report["digest"], digest());
    let mut expected: BTreeSet<_> = ["nginx.conf", "Caddyfile"].map(str::to_owned).into();
    for file in FILES {
        let path = format!("wallet/{}", file.path);
        assert_eq!(
            std::fs::read(dir.join(&path)).unwrap(),
            file.bytes,
            "{path}"
        );
        if let Some(brotli) = file.brotli {
            let packed = format!("{path}.br");
            assert_eq!(
                std::fs::read(dir.join(&packed)).unwrap(),
                brotli,
                "{packed}"
            );
            expected.insert(packed);
        }
        expected.insert(path);
    }
    assert_eq!(files_in(&dir), expected);
    // As the documents tell people to compare it.
    let sha256sum = |arguments: &[&str]| {
        let mut command = Command::new("sha256sum");
        command.args(arguments).current_dir(dir.join("wallet"));
        command.output().unwrap()
    };
    assert!(
        sha256sum(&["--check", "--strict", "--quiet", "SHA256SUMS"])
            .status
            .success()
    );
    let printed = String::from_utf8(sha256sum(&["SHA256SUMS"]).stdout).unwrap();
    assert_eq!(printed, format!("{}  SHA256SUMS\n", digest()));
}

#[test]
fn a_folder_that_has_something_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.js");
    std::fs::write(&old, "old").unwrap();
    let shown = folder.path().to_str().unwrap();
    let refused = farthing_mint(&["wallet", "export", shown]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("is not empty"), "{told}");
    assert_eq!(
        files_in(folder.path()),
        BTreeSet::from(["old.js".to_owned()])
    );
    std::fs::remove_file(old).unwrap();
    assert!(farthing_mint(&["wallet", "export", shown]).status.success());
}

#[tokio::test]
async fn nginx_serves_an_export_as_the_mint_does() {
    let Some(program) = nginx::program() else {
        return;
    };
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("site");
    let exported = farthing_mint(&["wallet", "export", dir.to_str().unwrap()]);
    assert!(exported.status.success(), "{exported:?}");
    let snippet = dir.join("nginx.conf").display().to_string();
    let server = |listen| format!("server {{ listen {listen}; include {snippet}; }}\n");
    let host = Nginx::start(&program, folder, server).unwrap();
    for file in FILES {
        let theirs = get(&at(&host.url, file), &[]).await;
        let ours = get(&at(mint, file), &[]).await;
        assert_eq!(theirs.status(), 200, "{}", file.path);
        assert_eq!(
            fixed(theirs.headers()),
            fixed(ours.headers()),
            "{}",
            file.path
        );
        assert_eq!(theirs.bytes().await.unwrap(), file.bytes, "{}", file.path);
    }
    let first = get(&format!("{}/wallet/", host.url), &[]).await;
    assert_eq!(sha256(&first.bytes().await.unwrap()), sums()["index.html"]);
    let folder = get(&format!("{}/wallet", host.url), &[]).await;
    assert_eq!(folder.status(), 308);
    assert_eq!(
        get(&format!("{}/wallet/none", host.url), &[])
            .await
            .status(),
        404
    );
    assert_eq!(
        get(&format!("{}/nginx.conf", host.url), &[]).await.status(),
        404
    );
}
