//! Exit codes of the mint's and the paywall's commands, also when what they print cannot be written.

use std::process::Stdio;

use farthing_testkit::paywall::PaywallPlan;
use farthing_testkit::process::Mint;
use farthing_testkit::scene::Scene;
use farthing_testkit::site;

use crate::BINARY;
use crate::logs::full;

/// The exit code of a mint's command, with a full disk for standard output, for standard error, or both.
fn code(mint: &Mint, arguments: &[&str], full_out: bool, full_err: bool) -> i32 {
    let mut command = mint.command(arguments);
    command.stdin(Stdio::null());
    command.stdout(if full_out {
        full().into()
    } else {
        Stdio::null()
    });
    command.stderr(if full_err {
        full().into()
    } else {
        Stdio::null()
    });
    command.status().unwrap().code().unwrap()
}

#[tokio::test]
async fn a_mints_command_says_by_its_exit_code_what_it_did() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = &scene.mint;
    for json in [&[][..], &["--json"]] {
        let run = |arguments: &[&str], out, err| code(mint, &[arguments, json].concat(), out, err);
        // Carried out, and nobody was told.
        let name = if json.is_empty() { "ann" } else { "bob" };
        assert_eq!(run(&["account", "create", name], true, false), 4);
        assert_eq!(run(&["account", "credit", name, "5"], true, true), 4);
        assert_eq!(run(&["audit"], true, false), 4);
        // Carried out, and nothing was to be said on standard error.
        assert_eq!(run(&["account", "credit", name, "7"], false, true), 0);
        assert_eq!(run(&["audit"], false, true), 0);
        assert_eq!(run(&["check"], false, true), 0);
        // Not carried out.
        for (out, err) in [(false, false), (false, true), (true, true)] {
            assert_eq!(run(&["account", "credit", "nobody", "5"], out, err), 2);
            assert_eq!(run(&["account", "debit", name, "999"], out, err), 2);
            assert_eq!(run(&["nonsense"], out, err), 2);
            assert_eq!(run(&["account", "credit"], out, err), 2);
        }
        assert_eq!(run(&["--help"], true, true), 0);
        assert_eq!(run(&["--version"], true, true), 0);
    }
    // Once each, as the codes say.
    let books = scene.books().unwrap();
    assert_eq!((books.reserve, books.accounts_total()), (24, 24));
    // The message says so too.
    let mut command = mint.command(&["account", "credit", "ann", "1"]);
    let output = command.stdout(full()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("was carried out"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[tokio::test]
async fn a_voucher_that_could_not_be_printed_is_printed_later() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = &scene.mint;
    mint.account("ann", "withdraw", 20).unwrap();
    let mut command = mint.command(&["issue", "20", "--account", "ann"]);
    let output = command.stdout(full()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("issue --unprinted"), "{told}");
    let printed = mint.run(&["issue", "--unprinted"]).unwrap();
    assert_eq!(printed["vouchers"][0]["amount"], 20);
    let again = mint.run(&["issue", "--unprinted"]).unwrap();
    assert_eq!(again["vouchers"].as_array().unwrap().len(), 0);
}

#[test]
fn the_demo_says_that_its_command_line_is_wrong() {
    for (out, err) in [(false, false), (true, true)] {
        let mut command = std::process::Command::new(BINARY);
        command.arg("nonsense");
        command.stdout(if out { full().into() } else { Stdio::null() });
        command.stderr(if err { full().into() } else { Stdio::null() });
        assert_eq!(command.status().unwrap().code(), Some(2));
    }
}

#[tokio::test]
async fn a_paywalls_command_says_by_its_exit_code_what_it_did() {
    let scene = Scene::start(BINARY).await.unwrap();
    let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
    let site = site::serve().await.unwrap();
    let good = PaywallPlan::new(
        BINARY,
        &scene.folder().join("paywall"),
        &site,
        scene.mint.url().unwrap(),
        &publisher,
    );
    let good = good.price("/articles/*=3");
    let run = |plan: &PaywallPlan, name: &str, out: bool, err: bool| {
        let mut command = plan.command(name);
        command.stdout(if out { full().into() } else { Stdio::null() });
        command.stderr(if err { full().into() } else { Stdio::null() });
        command.status().unwrap().code().unwrap()
    };
    assert_eq!(run(&good, "check", false, true), 0);
    assert_eq!(run(&good, "check", true, true), 2);
    let wrong = good.clone().with("READ_TIMEOUT_MS", "many");
    for (out, err) in [(false, false), (false, true), (true, true)] {
        assert_eq!(run(&wrong, "run", out, err), 2);
        assert_eq!(run(&wrong, "check", out, err), 2);
        assert_eq!(run(&good, "nonsense", out, err), 2);
    }
    let revoke = ["account", "token", "gazette", "--revoke"];
    scene.mint.run(&revoke).unwrap();
    assert_eq!(run(&good, "check", false, true), 1);
}
