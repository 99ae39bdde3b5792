//! A real Varnish with its default rules in front of the paywall: what one reader paid for is no other
//! reader's.

use super::site::{NEWS, Raw, Site, send};
use super::*;

/// Varnish in front of the paywall, in a folder that goes when this does.
struct Varnish {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

/// The program, if there is one. Where `CI` is set there must be one.
fn varnish() -> Option<PathBuf> {
    let found = ["/usr/sbin/varnishd", "/usr/local/sbin/varnishd"].map(PathBuf::from);
    let found = found.into_iter().find(|file| file.is_file());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "varnish is needed to try the paywall behind it: apt-get install varnish"
    );
    if found.is_none() {
        eprintln!("there is no varnish on this machine: the paywall was not tried behind it");
    }
    found
}

impl Varnish {
    async fn start(program: &Path, paywall: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..5 {
            let free = StdListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap();
            let mut child = Command::new(program)
                .args(["-F", "-j", "none", "-s", "malloc,16m", "-n"])
                .arg(folder.path().join("varnish"))
                .args(["-a", &free.to_string()])
                .args(["-b", paywall.trim_start_matches("http://")])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let begun = Instant::now();
            while child.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE {
                if TcpStream::connect(free).await.is_ok() {
                    let url = format!("http://{free}");
                    return Self {
                        child,
                        url,
                        _folder: folder,
                    };
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("varnish did not start");
    }
}

impl Drop for Varnish {
    fn drop(&mut self) {
        // Its child follows when it is asked to go.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.child.wait();
    }
}

/// Returns what a site may say to caches, all at once.
fn cached(_: &str) -> String {
    "200 OK\r\ncache-control: public, max-age=3600, s-maxage=3600\r\nsurrogate-control: max-age=3600\r\n\
     cdn-cache-control: max-age=3600\r\ncloudflare-cdn-cache-control: max-age=3600\r\n\
     x-accel-expires: 3600\r\nexpires: Fri, 01 Jan 2100 00:00:00 GMT\r\netag: \"news\"\r\n"
        .to_owned()
}

const HOST: &str = "Host: gazette.example\r\n";

#[tokio::test]
async fn nothing_that_a_shared_cache_may_prefer_is_left_on_what_was_paid_for() {
    let site = Site::open(cached).await;
    let mut stage = Stage::before(&site.url).await;
    let said = |answer: &Raw| {
        let mut names = answer.names().join(" ");
        for other in ["connection", "content-length", "content-type", "date"] {
            names = names.replace(other, "");
        }
        (
            answer.status,
            names.split_whitespace().collect::<Vec<_>>().join(" "),
        )
    };
    let headers = format!("{HOST}X-Cashu: {}\r\n", stage.token(&[1, 2]).await);
    let paid = send(&stage.url, "GET /articles/one", &headers).await;
    let names = "cache-control etag set-cookie x-cashu-receipt".to_owned();
    assert_eq!(said(&paid), (200, names));
    assert_eq!(paid.header("cache-control"), Some("private, max-age=3600"));
    let receipt = format!(
        "{HOST}X-Cashu-Receipt: {}\r\n",
        paid.header("x-cashu-receipt").unwrap()
    );
    let again = send(&stage.url, "GET /articles/one", &receipt).await;
    assert_eq!(said(&again), (200, "cache-control etag".to_owned()));
    assert_eq!(again.header("cache-control"), Some("private, max-age=3600"));
    let asked = send(&stage.url, "GET /articles/one", HOST).await;
    assert_eq!(
        said(&asked),
        (
            402,
            "cache-control x-cashu x-cashu-keysets x-cashu-outputs".to_owned()
        )
    );
    assert_eq!(asked.header("cache-control"), Some("no-store"));
    // What is free stays as the site says.
    let free = send(&stage.url, "GET /free", HOST).await;
    assert_eq!(free.header("surrogate-control"), Some("max-age=3600"));
    stage.stop();
}

#[tokio::test]
async fn what_one_reader_paid_for_is_not_served_to_others_by_varnish() {
    let Some(program) = varnish() else { return };
    let site = Site::open(cached).await;
    let mut stage = Stage::before(&site.url).await;
    let front = Varnish::start(&program, &stage.url).await;
    // It caches what is free.
    for _ in 0..2 {
        let free = send(&front.url, "GET /free", HOST).await;
        assert_eq!((free.status, free.body.as_str()), (200, NEWS));
    }
    assert_eq!(site.seen().len(), 1);
    let headers = format!("{HOST}X-Cashu: {}\r\n", stage.token(&[1, 2]).await);
    let paid = send(&front.url, "GET /articles/one", &headers).await;
    assert_eq!((paid.status, paid.body.as_str()), (200, NEWS));
    let receipt = format!(
        "{HOST}X-Cashu-Receipt: {}\r\n",
        paid.header("x-cashu-receipt").unwrap()
    );
    for _ in 0..2 {
        let again = send(&front.url, "GET /articles/one", &receipt).await;
        assert_eq!((again.status, again.body.as_str()), (200, NEWS));
        let unpaid = send(&front.url, "GET /articles/one", HOST).await;
        assert_eq!(unpaid.status, 402, "{unpaid:?}");
    }
    assert_eq!(stage.income().await, PRICE);
    stage.stop();
}
