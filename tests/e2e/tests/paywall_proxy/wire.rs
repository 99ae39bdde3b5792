//! What passes between readers and the site: answers to their own request alone, and no header by which
//! either could say more than it may.

use super::site::{NEWS, Raw, Site, send, send_bytes};
use super::*;

const HOST: &str = "Host: gazette.example\r\n";
/// The same, and the origin of a page of another site.
const ORIGIN: &str = "Host: gazette.example\r\nOrigin: https://reader.example\r\n";

/// Pages of many kinds, by their paths.
fn page(path: &str) -> String {
    match path {
        "/articles/near" => {
            "307 Temporary Redirect\r\nlocation: ./two?x=y#z\r\nset-cookie: a=b\r\n"
        }
        "/articles/far" => "308 Permanent Redirect\r\nlocation: https://other.example/x\r\n",
        "/articles/found" => "302 Found\r\nlocation: /login\r\nrefresh: 0;url=./x\r\n",
        "/articles/lost" => {
            "404 Not Found\r\nrefresh: 0;url=./x\r\ncontent-location: ./y\r\nset-cookie: a=b\r\n"
        }
        "/articles/locked" => "401 Unauthorized\r\nwww-authenticate: Basic realm=\"staff\"\r\n",
        "/articles/odd" => "300 Multiple Choices\r\n",
        "/articles/shared" => {
            "200 OK\r\naccess-control-allow-origin: https://reader.example\r\n\
             access-control-allow-headers: x-own\r\nallow: GET, POST\r\nset-cookie: a=b\r\n\
             etag: \"news\"\r\n"
        }
        "/articles/many" => {
            let lines = (0..101).map(|n| format!("x-line-{n}: {n}\r\n"));
            return format!("200 OK\r\n{}", lines.collect::<String>());
        }
        _ => "200 OK\r\n",
    }
    .to_owned()
}

async fn form(stage: &Stage, token: &str, path: &str) -> Raw {
    let body = format!("token={token}&url={path}");
    let headers = format!(
        "{HOST}Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         If-None-Match: \"news\"\r\nContent-Length: {}\r\n",
        body.len()
    );
    let line = "POST /.well-known/farthing/pay";
    send_bytes(&stage.url, line, &headers, body.as_bytes()).await
}

#[tokio::test]
async fn only_a_preflight_is_free_and_it_gives_nothing_away() {
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    for method in ["OPTIONS", "BREW", "PUT", "options", "TRACE"] {
        let answer = send(&stage.url, &format!("{method} /articles/shared"), HOST).await;
        assert_eq!(answer.status, 402, "{method}");
        assert!(!answer.body.contains(NEWS), "{method}");
    }
    // Half a preflight is none.
    for half in [
        "Origin: https://a.example\r\n",
        "Access-Control-Request-Method: GET\r\n",
    ] {
        let headers = format!("{HOST}{half}");
        let answer = send(&stage.url, "OPTIONS /articles/shared", &headers).await;
        assert_eq!(answer.status, 402, "{half}");
    }
    assert_eq!(site.seen(), [""; 0], "the site was asked nothing");

    let preflight = format!(
        "{HOST}Origin: https://reader.example\r\nAccess-Control-Request-Method: GET\r\n\
         Access-Control-Request-Headers: x-own, X-Cashu\r\nCookie: a=b\r\nAuthorization: x\r\n\
         X-Cashu: secret\r\nRange: bytes=0-9\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
         Content-Length: 4\r\n"
    );
    let line = "OPTIONS /articles/shared";
    let answer = send_bytes(&stage.url, line, &preflight, b"body").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let mut names = answer.names();
    names.retain(|name| !["connection", "content-length", "date"].contains(name));
    let allowed_headers = "access-control-allow-headers";
    let expected = [
        allowed_headers,
        allowed_headers,
        "access-control-allow-origin",
        "allow",
    ];
    assert_eq!(names, expected);
    let origin = answer.header("access-control-allow-origin");
    assert_eq!(origin, Some("https://reader.example"));
    let asked = site.seen().concat();
    assert!(
        asked.contains("\r\naccess-control-request-headers: x-own\r\n"),
        "{asked}"
    );
    for gone in [
        "cookie",
        "authorization",
        "x-cashu",
        "range",
        "upgrade",
        "content-length: 4",
    ] {
        assert!(!asked.contains(gone), "{gone} in {asked}");
    }
    let all = send(&stage.url, "OPTIONS *", HOST).await;
    assert_eq!((all.status, all.body.as_str()), (200, ""));

    // It can be bought like anything else.
    let headers = format!("{HOST}X-Cashu: {}\r\n", stage.token(&[1, 2]).await);
    let bought = send(&stage.url, "OPTIONS /articles/shared", &headers).await;
    assert_eq!((bought.status, bought.body.as_str()), (200, NEWS));
    assert_eq!(stage.income().await, PRICE);
    stage.stop();
}

#[tokio::test]
async fn an_answer_of_the_site_is_never_the_answer_to_the_form() {
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    let token = stage.token(&[1, 2]).await;
    for (path, location) in [
        ("/articles/near", "/articles/two?x=y#z"),
        ("/articles/far", "https://other.example/x"),
        ("/articles/found", "/login"),
    ] {
        let answer = form(&stage, &token, path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert_eq!(answer.header("location"), Some(location));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("refresh"), None);
        assert_eq!(answer.header("x-cashu-receipt"), None);
        assert!(answer.body.is_empty());
    }
    for (path, status, told) in [
        ("/articles/lost", 404, "the site answered 404 Not Found"),
        (
            "/articles/locked",
            401,
            "the site answered 401 Unauthorized",
        ),
        (
            "/articles/odd",
            502,
            "the site answered 300 Multiple Choices",
        ),
    ] {
        let answer = form(&stage, &token, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.body.contains(told) && answer.body.contains("is unspent"),
            "{}",
            answer.body
        );
        assert!(!answer.body.contains(NEWS) && answer.body.contains("<form"));
        for gone in ["location", "refresh", "content-location", "x-cashu-receipt"] {
            assert_eq!(answer.header(gone), None, "{path}");
        }
        let is_locked = path == "/articles/locked";
        assert_eq!(answer.header("www-authenticate").is_some(), is_locked);
    }
    assert!(
        site.seen()
            .iter()
            .all(|head| !head.contains("if-none-match"))
    );
    assert_eq!(stage.income().await, 0);
    stage.stop();
}

#[tokio::test]
async fn the_form_leads_to_the_page_that_it_bought() {
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    let token = stage.token(&[1, 2]).await;
    // A free page is not asked for at all.
    let free = form(&stage, &token, "/about").await;
    assert_eq!(
        (free.status, free.header("location")),
        (303, Some("/about"))
    );
    assert_eq!(site.seen(), [""; 0]);
    assert_eq!(stage.income().await, 0);
    let bought = form(&stage, &token, "/articles/one?a=b").await;
    assert_eq!(
        (bought.status, bought.header("location")),
        (303, Some("/articles/one?a=b"))
    );
    assert!(
        bought
            .header("set-cookie")
            .unwrap()
            .starts_with("farthing-receipt")
    );
    assert_eq!(stage.income().await, PRICE);
    stage.stop();
}

#[tokio::test]
async fn only_a_get_has_a_form() {
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    let page = format!("{HOST}Accept: text/html\r\n");
    let get = send(&stage.url, "GET /articles/one", &page).await;
    assert!(get.body.contains("<form method=\"post\""), "{}", get.body);
    assert!(
        get.body
            .contains("farthing get &#39;http://gazette.example/articles/one&#39;")
    );
    let headers = format!("{page}Content-Type: application/json\r\nContent-Length: 2\r\n");
    let post = send_bytes(&stage.url, "POST /articles/one", &headers, b"{}").await;
    assert_eq!(post.status, 402);
    assert!(!post.body.contains("<form"), "{}", post.body);
    let command = "farthing get -X &#39;POST&#39; -H &#39;Content-Type: application/json&#39; -d @FILE \
                   &#39;http://gazette.example/articles/one&#39;";
    assert!(post.body.contains(command), "{}", post.body);
    stage.stop();
}

#[tokio::test]
async fn pages_of_other_origins_read_the_price_and_what_their_payment_brought() {
    let allow = "access-control-allow-origin";
    let expose = "access-control-expose-headers";
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    let asked = send(&stage.url, "GET /articles/one", ORIGIN).await;
    assert_eq!((asked.status, asked.header(allow)), (402, Some("*")));
    assert_eq!(
        asked.header(expose),
        Some("x-cashu, x-cashu-outputs, x-cashu-keysets, retry-after")
    );
    let unclear = send(&stage.url, "GET /articles%2fone", ORIGIN).await;
    assert_eq!((unclear.status, unclear.header(allow)), (400, Some("*")));
    let wrong = send(
        &stage.url,
        "GET /articles/one",
        &format!("{ORIGIN}X-Cashu: x\r\n"),
    )
    .await;
    assert_eq!((wrong.status, wrong.header(allow)), (400, Some("*")));

    let mut paid = Vec::new();
    for path in ["/articles/shared", "/articles/one"] {
        let headers = format!("{ORIGIN}X-Cashu: {}\r\n", stage.token(&[1, 2]).await);
        let answer = send(&stage.url, &format!("GET {path}"), &headers).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, NEWS));
        assert_eq!(
            answer.header(expose),
            Some("x-cashu-signatures, x-cashu-receipt")
        );
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        paid.push(answer.header(allow).map(str::to_owned));
    }
    // Whether the content may be read is the site's to say.
    assert_eq!(paid, [Some("https://reader.example".to_owned()), None]);

    stage.stop();
}

/// Returns what a preflight is told: who may read, and which headers may be sent.
async fn preflight(stage: &Stage, method: &str, names: &str) -> (Option<String>, Option<String>) {
    let headers = format!(
        "{ORIGIN}Access-Control-Request-Method: {method}\r\n\
         Access-Control-Request-Headers: {names}\r\n"
    );
    let answer = send(&stage.url, "OPTIONS /articles/one", &headers).await;
    assert_eq!(answer.body, "");
    let told = |name: &str| answer.header(name).map(str::to_owned);
    (
        told("access-control-allow-origin"),
        told("access-control-allow-headers"),
    )
}

#[tokio::test]
async fn a_preflight_for_the_paywalls_headers_is_answered_as_the_settings_say() {
    let allow = "access-control-allow-origin";
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    // The site says nothing of preflights: the paywall answers for its own headers alone.
    let own = (
        Some("*".to_owned()),
        Some("x-cashu, x-cashu-outputs".to_owned()),
    );
    assert_eq!(
        preflight(&stage, "GET", "x-cashu,x-cashu-outputs").await,
        own
    );
    for (method, names) in [
        ("GET", "x-cashu,x-other"),
        ("PUT", "x-cashu"),
        ("GET", "x-other"),
    ] {
        assert_eq!(
            preflight(&stage, method, names).await,
            (None, None),
            "{method} {names}"
        );
    }
    stage.stop();

    let settings = [(
        "ALLOWED_ORIGINS",
        "https://other.example,https://third.example",
    )];
    let mut stage = Stage::with(&site.url, &settings).await;
    let asked = send(&stage.url, "GET /articles/one", ORIGIN).await;
    assert_eq!((asked.status, asked.header(allow)), (402, None));
    assert_eq!(preflight(&stage, "GET", "x-cashu").await, (None, None));
    let headers = format!("{HOST}Origin: https://other.example\r\n");
    let asked = send(&stage.url, "GET /articles/one", &headers).await;
    assert_eq!(asked.header(allow), Some("https://other.example"));
    assert_eq!(asked.header("vary"), Some("origin"));
    stage.stop();
}

#[tokio::test]
async fn a_reader_says_nothing_that_takes_another_page_for_the_price_of_this_one() {
    let site = Site::open(page).await;
    let settings = [("TRUSTED_PROXIES", "127.0.0.0/8")];
    let mut stage = Stage::with(&site.url, &settings).await;
    let lies = "SCRIPT_NAME: /x\r\nScript-Name: /x\r\nPATH_INFO: /x\r\nPath-Info: /x\r\n\
                REMOTE_USER: ann\r\nX-Remote-User: ann\r\nX-Original-URL: /x\r\nX_Original_URL: /x\r\n\
                X.Original.URL: /x\r\nX-Rewrite-URL: /x\r\nX-HTTP-Method-Override: BREW\r\n\
                X-Forwarded-Prefix: /x\r\nX-Forwarded-Port: 8443\r\nX-Forwarded-Uri: /x\r\n\
                Forwarded: for=1.1.1.1\r\nX-Real-IP: 1.1.1.1\r\nClient-IP: 1.1.1.1\r\nProxy: evil:1\r\n\
                X-Sendfile-Type: x\r\n";
    let headers = format!("{HOST}{lies}X-Forwarded-Proto: https\r\nX-Own: 1\r\n");
    let answer = send(&stage.url, "GET /free", &headers).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, NEWS));
    let seen = site.seen().concat();
    let names = seen
        .split("\r\n")
        .filter_map(|line| line.split(": ").next());
    let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "get /free http/1.1",
            "host",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-own"
        ]
    );
    stage.stop();

    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.0/8"),
        ("TRUSTED_HEADERS", "X-Forwarded-Prefix,X-Remote-User"),
    ];
    let mut stage = Stage::with(&site.url, &settings).await;
    send(&stage.url, "GET /free", &headers).await;
    let seen = site.seen().concat();
    assert!(
        seen.contains("\r\nx-forwarded-prefix: /x\r\nx-remote-user: ann\r\n") || {
            seen.contains("\r\nx-forwarded-prefix: /x\r\n")
                && seen.contains("\r\nx-remote-user: ann\r\n")
        }
    );
    assert!(!seen.contains("8443"), "{seen}");
    stage.stop();
    for wrong in ["X_Forwarded_Prefix", "X-Original-URL", "a b"] {
        let plan = stage.plan.clone().with("TRUSTED_HEADERS", wrong);
        let output = plan.command("run").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("trusted_headers") && said.contains(wrong),
            "{said}"
        );
    }
}

#[tokio::test]
async fn an_answer_of_many_lines_arrives() {
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    let headers = format!("{HOST}X-Cashu: {}\r\n", stage.token(&[1, 2]).await);
    let answer = send(&stage.url, "GET /articles/many", &headers).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, NEWS));
    assert_eq!(answer.header("x-line-100"), Some("100"));
    let many: String = (0..101).map(|n| format!("x-line-{n}: {n}\r\n")).collect();
    let answer = send(&stage.url, "GET /free", &format!("{HOST}{many}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stage.income().await, PRICE);
    stage.stop();
}

#[tokio::test]
async fn a_request_names_one_host_and_a_receipt_names_it_without_the_usual_port() {
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    for hosts in [
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "",
        "Host: a,b\r\n",
        "Host: u@a\r\n",
    ] {
        let answer = send(&stage.url, "GET /free", hosts).await;
        assert_eq!(answer.status, 400, "{hosts}");
        assert!(answer.body.contains("\"code\":40001"), "{}", answer.body);
    }
    assert_eq!(site.seen(), [""; 0]);
    let token = stage.token(&[1, 2]).await;
    let headers = format!("Host: Gazette.example:80\r\nX-Cashu: {token}\r\n");
    let bought = send(&stage.url, "GET /articles/one", &headers).await;
    let receipt = bought.header("x-cashu-receipt").unwrap();
    let (receipt, _) = farthing_protocol::payment::Receipt::verify(receipt).unwrap();
    assert_eq!(receipt.resource, "GET http://gazette.example/articles/one");
    stage.stop();
}
