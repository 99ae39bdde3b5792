//! The memory that the bodies of all requests take together, and how long one may take.

use std::time::{Duration, Instant};

use farthing_protocol::api::path;
use farthing_testkit::client::{Blanks, swap_body};
use farthing_testkit::raw::{Connection, head};
use farthing_testkit::scene::Scene;

use crate::BINARY;

const MIB: usize = 1024 * 1024;
/// How long a request may be kept out before the test counts it as kept out for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

/// Returns what the mint holds in memory, in KiB.
fn resident_kib(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

/// Connections that each announce 1 MiB, send all of it but a byte, and wait.
async fn stalled(url: String, count: usize) -> Vec<Connection> {
    let open = move || {
        let body = " ".repeat(MIB - 1);
        let mut all = Vec::new();
        for _ in 0..count {
            let mut connection = Connection::open(&url).unwrap();
            // Whoever is given up meanwhile is cut off.
            let _ = connection.send(head(path::SWAP, MIB));
            let _ = connection.send(&body);
            all.push(connection);
        }
        all
    };
    tokio::task::spawn_blocking(open).await.unwrap()
}

#[tokio::test]
async fn bodies_that_stall_keep_nobody_out_and_cost_a_bounded_memory() {
    // So that no stalled body ends by its time.
    let settings = [("READ_TIMEOUT_MS", "600000"), ("BODIES_MIB_MAX", "16")];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let (url, pid) = (scene.mint.url().unwrap(), scene.mint.pid().unwrap());
    let ann = scene.mint.account("ann", "withdraw", 100).unwrap();
    let (client, keyset) = (&scene.client, &scene.keyset);
    let mut tokens = client.withdraw(&ann, keyset, 8).await.unwrap();
    let before = resident_kib(pid);
    let mut connections = stalled(url.to_owned(), 400).await;
    for _ in 0..10 {
        let fresh = Blanks::worth(keyset, 8).unwrap();
        tokens = client.swap(&tokens, fresh).await.unwrap();
    }
    // One that is as large as any is served too, at the latest when what was sent before it is read: until
    // then it may be the one to go, and its caller tries again.
    let fresh = Blanks::worth(keyset, 8).unwrap();
    let proofs = farthing_testkit::client::proofs(&tokens);
    let body = swap_body(proofs, &fresh);
    let padded = format!("{body}{}", " ".repeat(MIB - body.len()));
    let begun = Instant::now();
    loop {
        let reply = client.post(path::SWAP, None, padded.clone()).await.unwrap();
        if reply.status == 200 {
            break;
        }
        assert_eq!(reply.refusal().unwrap(), (503, 50301));
        assert!(begun.elapsed() < FOR_EVER, "a large request is kept out");
    }
    // 400 MiB were sent. Of them 16 are kept, and what the allocator keeps of those that were given up.
    let grown = resident_kib(pid).saturating_sub(before) / 1024;
    assert!(grown < 128, "the mint has grown by {grown} MiB");
    // Those that were given up were told so, before their connection was closed.
    let (reply, _) = connections[0].answer().unwrap();
    assert_eq!(reply.refusal().unwrap(), (503, 50301));
    scene.mint.balanced().unwrap();
}

#[tokio::test]
async fn a_body_that_trickles_ends_in_time() {
    let settings = [("READ_TIMEOUT_MS", "500")];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    for chunked in [false, true] {
        let mut connection = Connection::open(scene.mint.url().unwrap()).unwrap();
        let start = format!(
            "POST {} HTTP/1.1\r\nhost: m\r\ntransfer-encoding: chunked\r\n\r\n",
            path::SWAP
        );
        connection
            .send(if chunked {
                start
            } else {
                head(path::SWAP, MIB)
            })
            .unwrap();
        // A byte each time, for as long as the mint listens.
        while !connection
            .answers_within(Duration::from_millis(20))
            .unwrap()
        {
            connection
                .send(if chunked { "1\r\n \r\n" } else { " " })
                .unwrap();
        }
        let (reply, closes) = connection.answer().unwrap();
        assert_eq!((reply.refusal().unwrap(), closes), ((408, 40801), true));
    }
}

/// Many chunks of one byte each take no more memory than one chunk.
#[tokio::test]
async fn a_body_in_small_pieces_costs_no_more_than_its_length() {
    let settings = [("READ_TIMEOUT_MS", "600000")];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let (url, pid) = (scene.mint.url().unwrap(), scene.mint.pid().unwrap());
    let before = resident_kib(pid);
    let start = format!(
        "POST {} HTTP/1.1\r\nhost: m\r\ntransfer-encoding: chunked\r\n\r\n",
        path::SWAP
    );
    let pieces = "1\r\n \r\n".repeat(MIB / 4);
    let mut connections = Vec::new();
    for _ in 0..8 {
        let mut connection = Connection::open(url).unwrap();
        connection.send(&start).unwrap();
        connection.send(&pieces).unwrap();
        connections.push(connection);
    }
    for mut connection in connections {
        let grown = resident_kib(pid).saturating_sub(before) / 1024;
        assert!(grown < 32, "the mint has grown by {grown} MiB");
        connection.send("0\r\n\r\n").unwrap();
        let (reply, _) = connection.answer().unwrap();
        assert_eq!(reply.refusal().unwrap(), (400, 40001));
    }
}
