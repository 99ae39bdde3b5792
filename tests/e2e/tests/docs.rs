//! What the documentation tells people to run, run.

use std::process::Command;

use farthing_protocol::api::Redeemed;
use farthing_testkit::Result;
use farthing_testkit::client::{Blanks, proofs};
use farthing_testkit::scene::Scene;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const API: &str = include_str!("../../../docs/reference/api.md");

/// The redemption of `docs/reference/api.md`, a fenced block.
fn redemption() -> Result<&'static str> {
    let start = API.split_once("```sh\n# runnable: redeem\n");
    let block = start.and_then(|(_, rest)| rest.split_once("\n```"));
    Ok(block
        .ok_or("docs/reference/api.md has no runnable redemption")?
        .0)
}

/// Returns whether there is a curl. The tests need nothing but Rust and a C compiler, so without one this test
/// has nothing to say; where `CI` is set there must be one.
fn curl_is_there() -> bool {
    let there = Command::new("curl").arg("--version").output().is_ok();
    assert!(
        there || std::env::var_os("CI").is_none(),
        "curl is needed to try the documentation"
    );
    there
}

#[tokio::test]
async fn a_publisher_redeems_as_the_api_documentation_says() -> Result<()> {
    if !curl_is_there() {
        eprintln!("there is no curl on this machine: docs/reference/api.md was not tried");
        return Ok(());
    }
    let scene = Scene::start(BINARY).await?;
    let member = scene.mint.account("ann", "withdraw", 100)?;
    let publisher = scene.mint.account("the-daily", "redeem,read", 0)?;
    let tokens = scene.client.withdraw(&member, &scene.keyset, 13).await?;
    let change = Blanks::worth(&scene.keyset, 5)?;

    let script = redemption()?;
    let run_as = |reference: &str| {
        Command::new("sh")
            .arg("-c")
            .arg(script)
            .env("MINT", scene.mint.url().unwrap())
            .env("API_TOKEN", &publisher)
            .env("PROOFS", serde_json::to_string(&proofs(&tokens)).unwrap())
            .env("OUTPUTS", serde_json::to_string(&change.outputs).unwrap())
            .env("REFERENCE", reference)
            .output()
    };
    let run = || run_as(&"a7".repeat(32));
    let first = run()?;
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    let printed: Vec<Value> = serde_json::Deserializer::from_slice(&first.stdout)
        .into_iter()
        .collect::<std::result::Result<_, _>>()?;
    let [redeemed, account, statement] = printed.as_slice() else {
        return Err(format!("the block prints three objects, not {}", printed.len()).into());
    };
    assert_eq!(redeemed["credited"], 8);
    assert_eq!(
        (&account["name"], &account["balance"]),
        (&"the-daily".into(), &8.into())
    );
    assert_eq!(statement["postings"][0]["amount"], 8);
    assert_eq!(statement["postings"][0]["kind"], "redeem");

    // Run again with the same environment, it is a repetition: nothing moves.
    assert_eq!(run()?.stdout, first.stdout);
    // For another order the same token is no payment.
    let other = run_as(&"a8".repeat(32))?;
    assert_eq!((other.status.code(), other.stdout), (Some(1), Vec::new()));
    let told = String::from_utf8_lossy(&other.stderr);
    assert!(told.contains("\"code\":11001"), "{told}");
    let redeemed: Redeemed = serde_json::from_value(redeemed.clone())?;
    let change = change.unblind(&redeemed.signatures)?;
    let fresh = Blanks::worth(&scene.keyset, 5)?;
    assert_eq!(scene.client.swap(&change, fresh).await?.len(), 2);
    let books = scene.books()?;
    assert_eq!(
        (
            books.reserve,
            books.accounts_total(),
            books.outstanding_total()
        ),
        (100, 95, 5)
    );
    Ok(())
}

#[tokio::test]
async fn a_spent_token_ends_the_documented_redemption_with_its_refusal() -> Result<()> {
    if !curl_is_there() {
        return Ok(());
    }
    let scene = Scene::start(BINARY).await?;
    let member = scene.mint.account("ann", "withdraw", 8)?;
    let publisher = scene.mint.account("the-daily", "redeem,read", 0)?;
    let tokens = scene.client.withdraw(&member, &scene.keyset, 8).await?;
    scene
        .client
        .swap(&tokens, Blanks::worth(&scene.keyset, 8)?)
        .await?;
    let output = Command::new("sh")
        .arg("-c")
        .arg(redemption()?)
        .env("MINT", scene.mint.url()?)
        .env("API_TOKEN", &publisher)
        .env("PROOFS", serde_json::to_string(&proofs(&tokens))?)
        .env("OUTPUTS", "[]")
        .env("REFERENCE", "a7".repeat(32))
        .output()?;
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("\"code\":11001"), "{told}");
    Ok(())
}
