//! What happens when an answer cannot be written, or a file must not be: nothing is lost, and the exit code
//! says what it says elsewhere.

use std::fs::File;
use std::process::Output;

use crate::program::{command, farthing, json, text};
use crate::server::Server;
use crate::support::mint::API_TOKEN;

/// A wallet with 100 at a mint on this machine.
struct Scene {
    server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { server, folder };
        let url = scene.server.base.clone();
        scene.ok(&["init"]);
        scene.ok(&["mint", "add", &url, "--token", API_TOKEN]);
        scene.ok(&["withdraw", "100"]);
        scene
    }

    fn wallet(&self) -> std::path::PathBuf {
        self.folder.path().join("wallet")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        farthing(&self.wallet(), arguments, "")
    }

    fn ok(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        output
    }

    #[cfg(target_os = "linux")]
    fn without(&self, output: &str, arguments: &[&str]) -> Output {
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let mut command = command(&self.wallet(), arguments);
        match output {
            "stdout" => command.stdout(full()).stderr(std::process::Stdio::piped()),
            _ => command.stderr(full()).stdout(std::process::Stdio::piped()),
        };
        command.spawn().unwrap().wait_with_output().unwrap()
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_standard_error_all_is_done_and_the_exit_codes_are_the_same() {
    let scene = Scene::new();
    let sent = scene.without("stderr", &["send", "1"]);
    assert_eq!(sent.status.code(), Some(0));
    assert!(text(&sent.stdout).starts_with("cashuB"));
    for (arguments, code) in [
        (&["withdraw", "5000"][..], 4),
        (&["send", "5000"], 3),
        (&["sent", "99"], 3),
        (&["receive", "nonsense"], 3),
        (&["withdraw"], 2),
        (&["--wallet", "/nowhere", "balance"], 7),
        (&["mint", "add", "http://127.0.0.1:9"], 6),
        (&["history"], 0),
        (&["recover"], 0),
        (&["phrase"], 2),
    ] {
        let output = scene.without("stderr", arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_standard_output_the_token_is_kept_and_that_is_said() {
    let scene = Scene::new();
    let sent = scene.without("stdout", &["send", "1"]);
    assert_eq!(sent.status.code(), Some(1));
    let said = text(&sent.stderr);
    assert!(
        said.contains("The token is kept: farthing sent 2 shows it."),
        "{said}"
    );
    let again = scene.ok(&["sent", "2"]);
    assert!(text(&again.stdout).starts_with("cashuB"));
    let said = scene.without("stdout", &["send", "1", "--json"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stderr).contains("farthing sent 3"));
    for arguments in [
        &["balance"][..],
        &["--help"],
        &["key"],
        &["man"],
        &["completions", "bash"],
    ] {
        let output = scene.without("stdout", arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
    // A page that was paid for and could not be written can be had again.
    let page = format!("{}/article", scene.server.base);
    let output = scene.without("stdout", &["get", &page, "--yes", "--max", "3"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("It is paid, and the wallet keeps the receipt."),
        "{said}"
    );
    scene.ok(&["get", &page]);
}

#[test]
fn a_file_is_replaced_by_a_whole_page_alone() {
    let scene = Scene::new();
    let file = scene.folder.path().join("page.html");
    std::fs::write(&file, "what was there").unwrap();
    let path = file.to_str().unwrap();
    scene.server.with(|site| {
        site.redirects
            .insert("/gone".to_owned(), (404, String::new()));
    });
    let gone = format!("{}/gone", scene.server.base);
    let output = scene.run(&["get", &gone, "-o", path, "--json"]);
    assert_eq!(output.status.code(), Some(8));
    assert_eq!(json(&output)["file"], serde_json::Value::Null);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "what was there");
    let output = scene.run(&["get", "http://127.0.0.1:9/", "-o", path]);
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "what was there");
    // A page that breaks off, and is not paid for.
    scene.server.with(|site| {
        site.price = 0;
        site.deeds.breaks_off = Some(3);
    });
    let free = format!("{}/free", scene.server.base);
    let output = scene.run(&["get", &free, "-o", path]);
    assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "what was there");
    let files = std::fs::read_dir(scene.folder.path()).unwrap();
    assert_eq!(files.count(), 2, "nothing is left beside the file");
    scene.ok(&["get", &free, "-o", path]);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), "what was there");
}

#[test]
fn the_same_command_again_goes_on_with_what_is_open() {
    let scene = Scene::new();
    let unavailable = |is: bool| {
        scene
            .server
            .with(move |site| site.mint.borrow_mut().lies.unavailable = is);
    };
    let open = || json(&scene.ok(&["history", "--json"]))["open"].clone();
    unavailable(true);
    for _ in 0..3 {
        let output = scene.run(&["withdraw", "5"]);
        assert_eq!(output.status.code(), Some(6));
        assert_eq!(open().as_array().unwrap().len(), 1);
    }
    assert_eq!(
        (&open()[0]["id"], &open()[0]["kind"]),
        (&2.into(), &"withdraw".into())
    );
    let listed = scene.ok(&["history"]);
    assert!(text(&listed.stdout).contains("2  withdraw (open)  5 credit\n"));
    // Another amount is another withdrawal.
    assert_eq!(scene.run(&["withdraw", "6"]).status.code(), Some(6));
    assert_eq!(open().as_array().unwrap().len(), 2);
    unavailable(false);
    let done = scene.ok(&["withdraw", "5"]);
    assert_eq!(text(&done.stdout), "withdrew 5 credit\n");
    assert!(text(&done.stderr).contains("nothing was begun anew"));
    let balance = json(&scene.ok(&["balance", "--json"]));
    assert_eq!(balance["balances"][0]["available"], 111);
    // What is open can be ended, as soon as the mint says that it did not do it.
    unavailable(true);
    assert_eq!(scene.run(&["redeem", "7"]).status.code(), Some(6));
    let id = open()[0]["id"].to_string();
    unavailable(false);
    scene.ok(&["recover"]);
    assert_eq!(scene.run(&["cancel", &id]).status.code(), Some(3));
    scene
        .server
        .with(|site| site.mint.borrow_mut().lies.revoked = true);
    let output = scene.run(&["withdraw", "5"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("money: Nothing was moved."));
    assert_eq!(open(), serde_json::Value::Array(vec![]));
}

#[test]
fn an_api_token_that_the_mint_does_not_know_is_not_kept() {
    let scene = Scene::new();
    let url = scene.server.base.clone();
    let output = farthing(
        &scene.wallet(),
        &["mint", "add", &url, "--token", "-"],
        "wrong",
    );
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("Give the right API token"));
    scene.ok(&["withdraw", "5"]);
}
