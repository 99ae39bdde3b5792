//! A log that cannot be written: the disk is full, its reader has gone, or its reader has stopped reading.

use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeReader};
use std::process::{Child, Command, Stdio};

use farthing_testkit::client::{Blanks, Client};
use farthing_testkit::paywall::PaywallPlan;
use farthing_testkit::scene::Scene;
use farthing_testkit::site;
use serde_json::Value;

use crate::BINARY;

/// What is wrong with standard error.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Full,
    Closed,
    Stuck,
}

const TROUBLES: [Trouble; 3] = [Trouble::Full, Trouble::Closed, Trouble::Stuck];

/// More than the pipe and the server's own queue hold, at 100 bytes a line.
const REQUESTS: usize = 3_000;

/// A server that runs with such a standard error.
struct Server {
    child: Child,
    url: String,
    operator_url: String,
    /// The end of the pipe that is never read.
    _unread: Option<PipeReader>,
}

impl Server {
    fn start(mut command: Command, trouble: Trouble) -> Self {
        let mut unread = None;
        let stderr = match trouble {
            Trouble::Full => Stdio::from(full()),
            Trouble::Closed => {
                let (reader, writer) = std::io::pipe().unwrap();
                drop(reader);
                writer.into()
            }
            Trouble::Stuck => {
                let (reader, writer) = std::io::pipe().unwrap();
                unread = Some(reader);
                writer.into()
            }
        };
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let printed: Value = serde_json::from_str(&line).unwrap();
        let url = |name: &str| printed[name].as_str().unwrap().to_owned();
        Self {
            url: url("listening"),
            operator_url: url("metrics"),
            child,
            _unread: unread,
        }
    }

    async fn text(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.operator_url);
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Returns how many lines are lost, as the metrics have it.
    async fn lines_lost(&self, program: &str) -> u64 {
        let (status, text) = self.text("/metrics").await;
        assert_eq!(status, 200);
        let name = format!("farthing_{program}_log_lines_lost_total ");
        let value = text.lines().find_map(|line| line.strip_prefix(&name));
        value.unwrap().parse().unwrap()
    }

    /// Ends it as an operator does; it exits with 0.
    fn stop(mut self) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A disk without room.
pub(crate) fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

const FAILING: &str = "ready, but the log cannot be written: lines are lost\n";

#[tokio::test]
async fn a_mint_goes_on_without_its_log() {
    let settings = [
        ("METRICS_LISTEN", "127.0.0.1:0"),
        ("LOG_LEVEL", "debug"),
        ("LOG_FORMAT", "json"),
    ];
    let mut scene = Scene::with(BINARY, &settings).await.unwrap();
    let ann = scene.mint.account("ann", "withdraw", 100).unwrap();
    scene.mint.stop().unwrap();
    for trouble in TROUBLES {
        let run = ["run", "--json", "--listen", "127.0.0.1:0"];
        let server = Server::start(scene.mint.command(&run), trouble);
        let client = Client::new(&server.url).unwrap();
        for _ in 0..REQUESTS {
            let reply = client.get("/v1/keysets", None).await.unwrap();
            assert_eq!(reply.status, 200, "{trouble:?}");
        }
        let tokens = client.withdraw(&ann, &scene.keyset, 8).await.unwrap();
        let fresh = Blanks::worth(&scene.keyset, 8).unwrap();
        client.swap(&tokens, fresh).await.unwrap();
        assert!(server.lines_lost("mint").await > 0, "{trouble:?}");
        let told = (200, FAILING.to_owned());
        assert_eq!(server.text("/readyz").await, told, "{trouble:?}");
        server.stop();
    }
    // Beside it, a log that can be written.
    scene.mint.start().unwrap();
    let ready = reqwest::get(format!("{}/readyz", scene.mint.url().unwrap()));
    assert_eq!(ready.await.unwrap().text().await.unwrap(), "ready\n");
    assert!(scene.mint.log().unwrap().contains("the mint is up"));
    scene.mint.balanced().unwrap();
}

#[tokio::test]
async fn a_paywall_goes_on_without_its_log() {
    let scene = Scene::start(BINARY).await.unwrap();
    let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
    let site = site::serve().await.unwrap();
    let plan = PaywallPlan::new(
        BINARY,
        &scene.folder().join("paywall"),
        &site,
        scene.mint.url().unwrap(),
        &publisher,
    )
    .price("/articles/*=3")
    .with("LOG_FORMAT", "json");
    std::fs::create_dir_all(scene.folder().join("paywall")).unwrap();
    let http = reqwest::Client::new();
    for trouble in TROUBLES {
        let server = Server::start(plan.command("run"), trouble);
        for _ in 0..REQUESTS / 2 {
            for (path, status) in [("/", 200), ("/articles/1", 402)] {
                let answer = http.get(format!("{}{path}", server.url)).send().await;
                assert_eq!(answer.unwrap().status(), status, "{trouble:?}");
            }
        }
        assert!(server.lines_lost("paywall").await > 0, "{trouble:?}");
        let told = (200, FAILING.to_owned());
        assert_eq!(server.text("/readyz").await, told, "{trouble:?}");
        server.stop();
    }
    let good = plan.start().unwrap();
    let ready = reqwest::get(format!("{}/readyz", good.operator_url));
    assert_eq!(ready.await.unwrap().text().await.unwrap(), "ready\n");
    assert!(good.log().unwrap().contains("the paywall is up"));
}

/// Nobody hears where it listens, and it listens.
#[tokio::test]
async fn servers_start_without_standard_output() {
    let mut scene = Scene::start(BINARY).await.unwrap();
    scene.mint.stop().unwrap();
    let mut mint = scene
        .mint
        .command(&["run", "--listen", "127.0.0.1:0"])
        .stdout(full())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(mint.stderr.take().unwrap()).lines();
    let mut has = |text: &str| log.any(|line| line.unwrap().contains(text));
    assert!(has("the address could not be announced"));
    assert!(has("the mint is up"));
    let pid = mint.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert_eq!(mint.wait().unwrap().code(), Some(0));
}
