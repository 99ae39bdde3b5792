//! Core Lightning against a server that answers as clnrest does.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::super::invoice::tests::invoice_of;
use super::super::script::{Answer, Script, Step, post};
use super::super::{Attempt, Backend, Outgoing, Preimage, open};
use super::*;
use crate::clock;
use crate::config::{Config, LightningBackend};

const RUNE_TEXT: &str = "tU-RLjMiDpY2U0o3W1oFowar36RFGpWloPbW9-RuZdo9MyZtZXRob2Q9cGF5";
const HEADER: &str = "rune: tU-RLjMiDpY2U0o3W1oFowar36RFGpWloPbW9-RuZdo9MyZtZXRob2Q9cGF5";
const PREIMAGE: [u8; 32] = [0x51; 32];
const AMOUNT_MSAT: u64 = 21_000;
const LISTPAYS: &str = "POST /v1/listpays";
const XPAY: &str = "POST /v1/xpay";

fn payment_hash() -> PaymentHash {
    Sha256::digest(PREIMAGE).into()
}

/// A payment that was written down so long ago that no request for it is on its way.
fn old() -> Payment {
    Payment {
        request: invoice_of(payment_hash(), Some(AMOUNT_MSAT)),
        payment_hash: payment_hash(),
        amount_msat: AMOUNT_MSAT,
        partial: false,
        fee_max_msat: 1500,
        timeout: Duration::from_secs(30),
        started_at: 1_700_000_000,
    }
}

/// One that was written down just now.
fn fresh() -> Payment {
    Payment {
        started_at: clock::now_s(),
        ..old()
    }
}

fn paid() -> Outgoing {
    Outgoing::Paid {
        preimage: Preimage(PREIMAGE),
        fee_msat: 1001,
    }
}

/// An entry of `listpays`, with the fields that a mint does not read.
fn pay_of(status: &str, created_at: u64) -> Value {
    let mut pay = json!({
        "bolt11": old().request,
        "destination": "03cecbfdc68544cc596223b68ce0710c9e5d2c9cb317ee07822d95079acc703d31",
        "payment_hash": hex::encode(payment_hash()),
        "status": status,
        "created_at": created_at,
        "amount_sent_msat": 0,
        "created_index": 3,
        "updated_index": 4
    });
    if status == "complete" {
        pay["completed_at"] = json!(created_at + 1);
        pay["preimage"] = json!(hex::encode(PREIMAGE));
    }
    if status != "failed" {
        pay["amount_msat"] = json!(21_000);
        pay["amount_sent_msat"] = json!(22_001);
    }
    pay
}

fn pays(entries: &[Value]) -> Answer {
    Answer::Json(201, json!({ "pays": entries }))
}

fn error(status: u16, code: i64, text: &str) -> Answer {
    Answer::Json(
        status,
        json!({ "code": code, "data": null, "message": text }),
    )
}

fn lookup(answer: Answer) -> Step {
    let body = json!({ "payment_hash": hex::encode(payment_hash()) });
    post(LISTPAYS, body, answer)
}

fn xpay_body(payment: &Payment) -> Value {
    json!({
        "invstring": payment.request,
        "maxfee": 1500,
        "retry_for": payment.timeout.as_secs().max(1),
    })
}

fn xpaid() -> Value {
    json!({
        "payment_preimage": hex::encode(PREIMAGE),
        "amount_msat": 21_000,
        "amount_sent_msat": 22_001,
        "failed_parts": 1,
        "successful_parts": 2
    })
}

/// A Core Lightning that is asked these things in this order.
struct Scene {
    cln: Cln,
    script: Script,
    _dir: TempDir,
}

impl Scene {
    async fn new(steps: Vec<Step>) -> Self {
        // Impatient with an answer that will never come, and with no other.
        let hangs = |pays: bool| {
            let hangs = |step: &Step| matches!(step.answer, Answer::Hang);
            steps
                .iter()
                .any(|s| hangs(s) && (s.request == XPAY) == pays)
        };
        let impatient = |hangs, usual| {
            if hangs {
                Duration::from_millis(300)
            } else {
                usual
            }
        };
        let (looks_hang, pay_hangs) = (hangs(false), hangs(true));
        let script = Script::start(HEADER, steps).await;
        let dir = tempfile::tempdir().unwrap();
        write_rune(dir.path(), &format!("{RUNE_TEXT}\n"));
        let settings = NodeSettings {
            url: format!("http://127.0.0.1:{}", script.port()),
            secret_file: "farthing.rune".into(),
            certificate_file: None,
        };
        let mut cln = Cln::open(&settings, &DataDir::new(dir.path().to_owned())).unwrap();
        let patience = &mut cln.node.timeouts;
        patience.question = impatient(looks_hang, patience.question);
        patience.pay = impatient(pay_hangs, patience.pay);
        Self {
            cln,
            script,
            _dir: dir,
        }
    }

    async fn pay(self, payment: &Payment, attempt: Attempt) -> Outgoing {
        let outgoing = self.cln.pay(payment, attempt).await;
        self.script.done().await;
        outgoing
    }

    async fn outgoing(self, payment: &Payment) -> Outgoing {
        let outgoing = self.cln.outgoing(payment).await;
        self.script.done().await;
        outgoing
    }
}

fn write_rune(dir: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = dir.join("farthing.rune");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn assert_failed(outgoing: &Outgoing, part: &str) {
    let Outgoing::Failed { reason } = outgoing else {
        panic!("{outgoing:?}");
    };
    assert!(reason.contains(part), "{reason}");
}

fn assert_unknown(outgoing: &Outgoing, part: &str) {
    let Outgoing::Unknown { reason } = outgoing else {
        panic!("{outgoing:?}");
    };
    assert!(reason.contains(part), "{reason}");
}

mod invoices {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn added(hash: &PaymentHash, amount_msat: u64) -> Answer {
        let answer = json!({
            "payment_hash": hex::encode(hash),
            "expires_at": 1_700_003_600,
            "bolt11": invoice_of(payment_hash(), Some(amount_msat)),
            "payment_secret": hex::encode([8; 32]),
            "created_index": 1,
            "warning_capacity": "Insufficient incoming channel capacity to pay invoice"
        });
        Answer::Json(201, answer)
    }

    /// Answers one request for an invoice, whose label is random, and gives its body back.
    async fn create(answer: &Answer) -> (Result<Invoice, BackendError>, Value) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        write_rune(dir.path(), RUNE_TEXT);
        let settings = NodeSettings {
            url: format!("http://{}", listener.local_addr().unwrap()),
            secret_file: "farthing.rune".into(),
            certificate_file: None,
        };
        let cln = Cln::open(&settings, &DataDir::new(dir.path().to_owned())).unwrap();
        let (status, text) = match answer {
            Answer::Json(status, body) => (*status, body.to_string()),
            Answer::Text(status, text) => (*status, (*text).to_owned()),
            Answer::Break(_) | Answer::Close | Answer::Hang => panic!("not for invoices"),
        };
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.ends_with(b"}") {
                let read = stream.read(&mut buffer).await.unwrap();
                assert!(read > 0, "a request broke off");
                request.extend_from_slice(&buffer[..read]);
            }
            let length = text.len();
            let head = format!(
                "HTTP/1.1 {status} As Told\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            );
            stream
                .write_all(format!("{head}{text}").as_bytes())
                .await
                .unwrap();
            String::from_utf8(request).unwrap()
        });
        let made = cln.create_invoice(AMOUNT_MSAT, Some("tea"), 600).await;
        let request = serving.await.unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /v1/invoice HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(HEADER), "{head}");
        (made, serde_json::from_str(body).unwrap())
    }

    #[tokio::test]
    async fn an_invoice_is_made_as_asked_under_a_label_of_its_own() {
        let mut labels = Vec::new();
        for _ in 0..2 {
            let (made, mut body) = create(&added(&payment_hash(), AMOUNT_MSAT)).await;
            let invoice = made.unwrap();
            assert_eq!(invoice.request, old().request);
            assert_eq!(invoice.payment_hash, payment_hash());
            assert_eq!(invoice.expires_at, 1_700_003_600);
            let label = body["label"].take().as_str().unwrap().to_owned();
            let expected = json!({
                "amount_msat": 21_000, "label": null, "description": "tea", "expiry": 600
            });
            assert_eq!(body, expected);
            let hex = label.strip_prefix("farthing-").unwrap();
            assert_eq!(hex::decode(hex).unwrap().len(), 16);
            labels.push(label);
        }
        assert_ne!(labels[0], labels[1]);
    }

    #[tokio::test]
    async fn what_cln_declines_is_refused() {
        let cases = [
            (
                error(500, 900, "Duplicate label"),
                "Duplicate label (code 900)",
            ),
            (
                error(500, -32602, "description: must be less than 639 bytes"),
                "description: must be less than 639 bytes (code -32602)",
            ),
            (
                error(401, 1502, "Not permitted: method is not equal to listpays"),
                "Not permitted: method is not equal to listpays (code 1502)",
            ),
        ];
        for (answer, text) in cases {
            let (refused, _) = create(&answer).await;
            assert_eq!(refused, Err(BackendError::Refused(text.to_owned())));
        }
    }

    #[tokio::test]
    async fn an_answer_that_makes_no_sense_is_none() {
        for answer in [
            added(&[0; 32], AMOUNT_MSAT),
            added(&payment_hash(), AMOUNT_MSAT + 1),
            Answer::Json(201, json!({})),
            Answer::Json(200, json!({})),
            Answer::Json(
                500,
                json!({ "code": null, "message": "Connection refused" }),
            ),
            Answer::Text(502, "<html>Bad Gateway</html>"),
            Answer::Text(201, ""),
        ] {
            let (made, _) = create(&answer).await;
            let error = made.unwrap_err();
            assert!(matches!(error, BackendError::Unreachable(_)), "{error}");
        }
    }

    fn invoice(status: &str) -> Value {
        let mut invoice = json!({
            "label": "farthing-00",
            "bolt11": old().request,
            "payment_hash": hex::encode(payment_hash()),
            "amount_msat": 21_000,
            "status": status,
            "description": "tea",
            "expires_at": 1_700_003_600,
            "created_index": 1
        });
        if status == "paid" {
            invoice["pay_index"] = json!(1);
            invoice["amount_received_msat"] = json!(21_500);
            invoice["paid_at"] = json!(1_700_000_100);
            invoice["payment_preimage"] = json!(hex::encode(PREIMAGE));
        }
        invoice
    }

    async fn incoming(answer: Answer) -> Result<Incoming, BackendError> {
        let body = json!({ "payment_hash": hex::encode(payment_hash()) });
        let steps = vec![post("POST /v1/listinvoices", body, answer)];
        let scene = Scene::new(steps).await;
        let incoming = scene.cln.incoming(payment_hash()).await;
        scene.script.done().await;
        incoming
    }

    fn invoices(invoices: &[Value]) -> Answer {
        Answer::Json(201, json!({ "invoices": invoices }))
    }

    #[tokio::test]
    async fn each_state_of_an_invoice_is_told() {
        let paid = Incoming::Paid {
            amount_msat: 21_500,
        };
        for (status, expected) in [
            ("unpaid", Incoming::Unpaid),
            ("expired", Incoming::Expired),
            ("paid", paid),
        ] {
            let answer = invoices(&[invoice(status)]);
            assert_eq!(incoming(answer).await, Ok(expected), "{status}");
        }
    }

    /// Takes an invoice back that is found so; the second answer is to deleting it.
    async fn cancel(found: Answer, deleted: Option<Answer>) -> Result<(), BackendError> {
        let body = json!({ "payment_hash": hex::encode(payment_hash()) });
        let mut steps = vec![post("POST /v1/listinvoices", body, found)];
        if let Some(deleted) = deleted {
            let body = json!({ "label": "farthing-00", "status": "unpaid" });
            steps.push(post("POST /v1/delinvoice", body, deleted));
        }
        let scene = Scene::new(steps).await;
        let cancelled = scene.cln.cancel_invoice(payment_hash()).await;
        scene.script.done().await;
        cancelled
    }

    #[tokio::test]
    async fn an_invoice_is_taken_back_unless_it_is_paid() {
        let unpaid = || invoices(&[invoice("unpaid")]);
        let deleted = Answer::Json(201, invoice("unpaid"));
        assert_eq!(cancel(unpaid(), Some(deleted)).await, Ok(()));
        // Nobody can pay these anyway.
        assert_eq!(cancel(invoices(&[invoice("expired")]), None).await, Ok(()));
        assert_eq!(cancel(invoices(&[]), None).await, Ok(()));

        let refused = |text: &str| Err(BackendError::Refused(text.to_owned()));
        let paid = cancel(invoices(&[invoice("paid")]), None).await;
        assert_eq!(paid, refused("the invoice is paid"));
        let text = "Invoice status is paid not unpaid";
        let meanwhile = Answer::Json(500, json!({ "code": 906, "message": text }));
        let meanwhile = cancel(unpaid(), Some(meanwhile)).await;
        assert_eq!(meanwhile, refused(&format!("{text} (code 906)")));

        for answer in [
            Answer::Json(200, invoice("unpaid")),
            Answer::Json(201, json!({})),
            Answer::Text(502, "<html>Bad Gateway</html>"),
            Answer::Close,
        ] {
            let error = cancel(unpaid(), Some(answer)).await.unwrap_err();
            assert!(matches!(error, BackendError::Unreachable(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn an_invoice_that_cln_does_not_have_is_refused() {
        let refused = BackendError::Refused("no such invoice".to_owned());
        assert_eq!(incoming(invoices(&[])).await, Err(refused));
    }

    #[tokio::test]
    async fn nothing_is_concluded_from_nonsense() {
        let changed = |field: &str, value: Value| {
            let mut invoice = invoice("paid");
            invoice[field] = value;
            invoices(&[invoice])
        };
        for answer in [
            changed("status", json!("settled")),
            changed("status", Value::Null),
            changed("amount_received_msat", json!(0)),
            changed("amount_received_msat", Value::Null),
            changed("amount_received_msat", json!("21000msat")),
            changed("payment_hash", json!("00")),
            invoices(&[invoice("paid"), invoice("paid")]),
            Answer::Json(200, json!({ "invoices": [invoice("paid")] })),
            Answer::Json(201, json!({})),
            Answer::Text(500, "oops"),
            Answer::Break("{"),
            Answer::Close,
            Answer::Hang,
        ] {
            let error = incoming(answer).await.unwrap_err();
            assert!(matches!(error, BackendError::Unreachable(_)), "{error}");
        }
    }
}

mod looking {
    use super::*;

    async fn look(answer: Answer, payment: &Payment) -> Outgoing {
        let scene = Scene::new(vec![lookup(answer)]).await;
        scene.outgoing(payment).await
    }

    #[tokio::test]
    async fn each_state_of_a_group_is_told() {
        for payment in [old(), fresh()] {
            let complete = pays(&[pay_of("complete", 1_700_000_001)]);
            assert_eq!(look(complete, &payment).await, paid());
            let pending = pays(&[pay_of("pending", 1_700_000_001)]);
            assert_eq!(look(pending, &payment).await, Outgoing::Pending);
        }
        let failed = look(pays(&[pay_of("failed", 1_700_000_000)]), &old()).await;
        assert_failed(&failed, "all parts have failed");
        assert_eq!(look(pays(&[]), &old()).await, Outgoing::Unseen);
    }

    #[tokio::test]
    async fn without_an_amount_the_fee_is_counted_from_the_payments() {
        let mut pay = pay_of("complete", 1_700_000_001);
        pay["amount_msat"] = Value::Null;
        assert_eq!(look(pays(&[pay]), &old()).await, paid());
    }

    #[tokio::test]
    async fn a_success_counts_before_all_and_a_part_under_way_before_a_failure() {
        let group = |status| pay_of(status, 1_700_000_001);
        for (groups, expected) in [
            (["failed", "complete", "pending"], paid()),
            (["pending", "failed", "complete"], paid()),
            (["complete", "failed", "failed"], paid()),
            (["failed", "pending", "failed"], Outgoing::Pending),
            (["pending", "failed", "failed"], Outgoing::Pending),
        ] {
            let answer = pays(&groups.map(group));
            assert_eq!(look(answer, &old()).await, expected, "{groups:?}");
        }
    }

    #[tokio::test]
    async fn a_failure_counts_once_no_further_way_is_tried() {
        // xpay may be about to try another way.
        let just_failed = pays(&[pay_of("failed", clock::now_s() + 1)]);
        assert_eq!(look(just_failed, &fresh()).await, Outgoing::Pending);
        assert_eq!(look(pays(&[]), &fresh()).await, Outgoing::Pending);
        for (age_s, quiet) in [(140, false), (160, true)] {
            let payment = Payment {
                started_at: clock::now_s() - age_s,
                ..old()
            };
            let failed = pays(&[pay_of("failed", clock::now_s())]);
            let outgoing = look(failed, &payment).await;
            assert_eq!(
                outgoing != Outgoing::Pending,
                quiet,
                "{age_s}: {outgoing:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_failure_of_an_earlier_payment_is_not_this_ones() {
        let earlier = pays(&[pay_of("failed", 1_699_999_999)]);
        assert_eq!(look(earlier, &old()).await, Outgoing::Unseen);
        for times in [
            [1_699_999_999, 1_700_000_000],
            [1_700_000_000, 1_699_999_999],
        ] {
            let both = pays(&times.map(|at| pay_of("failed", at)));
            assert_failed(&look(both, &old()).await, "all parts have failed");
        }
    }

    #[tokio::test]
    async fn nothing_is_concluded_from_nonsense() {
        let changed = |field: &str, value: Value| {
            let mut pay = pay_of("complete", 1_700_000_001);
            pay[field] = value;
            pays(&[pay_of("failed", 1_700_000_001), pay])
        };
        let zeros = json!(hex::encode([0; 32]));
        let cases = [
            ("in the state done", changed("status", json!("done"))),
            ("not what clnrest answers", changed("status", Value::Null)),
            ("in the state complete", changed("preimage", Value::Null)),
            (
                "in the state complete",
                changed("amount_sent_msat", Value::Null),
            ),
            ("not the payment's", changed("preimage", zeros)),
            (
                "not what clnrest answers",
                changed("amount_msat", json!("1msat")),
            ),
            (
                "not what clnrest answers",
                changed("created_at", Value::Null),
            ),
            ("another payment", changed("payment_hash", json!("00"))),
            ("code 1502", error(401, 1502, "Not permitted")),
            ("code -32601", error(404, -32601, "Unknown command")),
            (
                "code none",
                Answer::Json(500, json!({ "code": null, "message": "Io" })),
            ),
            ("status 200", Answer::Json(200, json!({ "pays": [] }))),
            ("status 404", Answer::Text(404, "not found")),
            ("status 502", Answer::Text(502, "<html>Bad Gateway</html>")),
            ("status 201", Answer::Text(201, "")),
            ("status 201", Answer::Json(201, json!({}))),
            ("", Answer::Break("{\"pays\": [")),
            ("", Answer::Close),
            ("no answer in time", Answer::Hang),
        ];
        for (part, answer) in cases {
            assert_unknown(&look(answer, &old()).await, part);
        }
        let scene = Scene::new(vec![]).await;
        assert_unknown(&scene.outgoing(&old()).await, "Connection refused");
    }
}

mod paying {
    use super::*;

    async fn pay_with(payment: &Payment, body: Value) -> Outgoing {
        let steps = vec![
            lookup(pays(&[])),
            post(XPAY, body, Answer::Json(201, xpaid())),
        ];
        Scene::new(steps).await.pay(payment, Attempt::First).await
    }

    /// Core Lightning has not seen it, gives this answer, and is asked again what it has on record.
    async fn pay_and_look(answer: Answer, record: Answer) -> Outgoing {
        let payment = Payment {
            timeout: Duration::ZERO,
            ..fresh()
        };
        let steps = vec![
            lookup(pays(&[])),
            post(XPAY, xpay_body(&payment), answer),
            lookup(record),
        ];
        let scene = Scene::new(steps).await;
        scene.pay(&payment, Attempt::First).await
    }

    #[tokio::test]
    async fn an_invoice_is_paid_whole_in_part_or_with_an_amount_of_the_payers() {
        let whole = fresh();
        assert_eq!(pay_with(&whole, xpay_body(&whole)).await, paid());

        let part = Payment {
            request: invoice_of(payment_hash(), Some(100_000)),
            partial: true,
            ..fresh()
        };
        let mut body = xpay_body(&part);
        body["partial_msat"] = json!(21_000);
        assert_eq!(pay_with(&part, body).await, paid());

        let open = Payment {
            request: invoice_of(payment_hash(), None),
            ..fresh()
        };
        let mut body = xpay_body(&open);
        body["amount_msat"] = json!(21_000);
        assert_eq!(pay_with(&open, body).await, paid());
    }

    #[tokio::test]
    async fn what_failed_before_is_tried_anew() {
        let payment = fresh();
        let steps = vec![
            lookup(pays(&[pay_of("failed", payment.started_at - 60)])),
            post(XPAY, xpay_body(&payment), Answer::Json(201, xpaid())),
        ];
        let outgoing = Scene::new(steps).await.pay(&payment, Attempt::First).await;
        assert_eq!(outgoing, paid());
    }

    #[tokio::test]
    async fn what_the_node_paid_before_is_not_this_payments_doing() {
        for status in ["complete", "pending"] {
            let steps = vec![lookup(pays(&[pay_of(status, 1_700_000_000)]))];
            let outgoing = Scene::new(steps).await.pay(&fresh(), Attempt::First).await;
            assert_failed(&outgoing, "has paid this invoice before, or is about to");
        }
    }

    #[tokio::test]
    async fn a_payment_that_never_left_the_mint_has_failed() {
        let scene = Scene::new(vec![]).await;
        let outgoing = scene.pay(&fresh(), Attempt::First).await;
        assert_failed(&outgoing, "Connection refused");
        let scene = Scene::new(vec![lookup(pays(&[]))]).await;
        let outgoing = scene.pay(&fresh(), Attempt::First).await;
        assert_failed(&outgoing, "Connection refused");
    }

    #[tokio::test]
    async fn an_error_that_ends_the_command_is_a_failure_when_nothing_is_under_way() {
        for (status, code) in [
            (500, -32602),
            (404, -32601),
            (500, 203),
            (500, 205),
            (500, 206),
            (500, 207),
            (500, 209),
            (500, 210),
            (500, 213),
            (403, 1501),
            (401, 1502),
        ] {
            let part = format!("no luck (code {code})");
            for record in [pays(&[]), pays(&[pay_of("failed", clock::now_s())])] {
                let answer = error(status, code, "no luck");
                assert_failed(&pay_and_look(answer, record).await, &part);
            }
        }
    }

    #[tokio::test]
    async fn an_error_is_no_end_while_a_part_is_under_way() {
        let now = clock::now_s();
        for code in [203, 205, 209, 200, 201, 219, -3] {
            let answer = || error(500, code, "no luck");
            let record = pays(&[pay_of("failed", now), pay_of("pending", now)]);
            let outgoing = pay_and_look(answer(), record).await;
            assert_eq!(outgoing, Outgoing::Pending, "{code}");
            let record = pays(&[pay_of("complete", now)]);
            assert_eq!(pay_and_look(answer(), record).await, paid(), "{code}");
            let outgoing = pay_and_look(answer(), Answer::Close).await;
            assert_unknown(&outgoing, &format!("no luck (code {code})"));
        }
    }

    /// Answers that leave open what Core Lightning did.
    fn lost() -> Vec<(&'static str, Answer)> {
        let mut foreign = xpaid();
        foreign["payment_preimage"] = json!(hex::encode([0; 32]));
        vec![
            ("code -1", error(500, -1, "catchall")),
            ("code -3", error(500, -3, "plugin error")),
            ("code -4", error(500, -4, "Plugin terminated")),
            ("code -5", error(500, -5, "lightningd is shutting down")),
            ("code 200", error(500, 200, "in progress")),
            ("code 201", error(500, 201, "already succeeded")),
            ("code 208", error(500, 208, "no such payment")),
            ("code 211", error(500, 211, "status unexpected")),
            ("code 219", error(500, 219, "Already paid")),
            ("code 999", error(500, 999, "news")),
            (
                "code none",
                Answer::Json(500, json!({ "code": null, "message": "Io" })),
            ),
            ("not the payment's", Answer::Json(201, foreign)),
            ("status 200", Answer::Json(200, xpaid())),
            (
                "status 201",
                Answer::Json(201, json!({ "status": "pending" })),
            ),
            ("status 201", error(201, 205, "no way")),
            ("status 502", Answer::Text(502, "<html>Bad Gateway</html>")),
            ("status 500", Answer::Text(500, "")),
            ("", Answer::Break("{\"payment_preimage\": \"5")),
            ("", Answer::Close),
            ("no answer in time", Answer::Hang),
        ]
    }

    #[tokio::test]
    async fn a_lost_answer_is_looked_for() {
        let now = clock::now_s();
        for (case, answer) in lost() {
            let record = pays(&[pay_of("complete", now)]);
            assert_eq!(pay_and_look(answer, record).await, paid(), "{case}");
        }
        for (case, answer) in lost() {
            let record = pays(&[pay_of("pending", now)]);
            let outgoing = pay_and_look(answer, record).await;
            assert_eq!(outgoing, Outgoing::Pending, "{case}");
        }
    }

    #[tokio::test]
    async fn a_lost_answer_without_a_record_leaves_all_open() {
        for (part, answer) in lost() {
            assert_unknown(&pay_and_look(answer, pays(&[])).await, part);
        }
        for (part, answer) in lost() {
            let record = pays(&[pay_of("failed", clock::now_s())]);
            assert_unknown(&pay_and_look(answer, record).await, part);
        }
        for (part, answer) in lost() {
            assert_unknown(&pay_and_look(answer, Answer::Text(502, "")).await, part);
        }
    }
}

mod paying_again {
    use super::*;

    #[tokio::test]
    async fn what_is_on_record_is_not_asked_for_again() {
        let look = |record, payment| async move {
            let scene = Scene::new(vec![lookup(record)]).await;
            scene.pay(&payment, Attempt::Again).await
        };
        let record = |status| pays(&[pay_of(status, 1_700_000_001)]);
        assert_eq!(look(record("complete"), old()).await, paid());
        assert_eq!(look(record("pending"), old()).await, Outgoing::Pending);
        assert_failed(&look(record("failed"), old()).await, "all parts");
        // While the first request may be on its way, there is no second.
        assert_eq!(look(record("failed"), fresh()).await, Outgoing::Pending);
        assert_eq!(look(pays(&[]), fresh()).await, Outgoing::Pending);
        assert_unknown(&look(Answer::Close, old()).await, "");
    }

    #[tokio::test]
    async fn what_cln_has_not_seen_is_asked_for_again() {
        let payment = old();
        let steps = vec![
            lookup(pays(&[])),
            post(XPAY, xpay_body(&payment), Answer::Json(201, xpaid())),
        ];
        let outgoing = Scene::new(steps).await.pay(&payment, Attempt::Again).await;
        assert_eq!(outgoing, paid());

        let expired = error(500, 207, "Invoice expired 5 seconds ago");
        let steps = vec![
            lookup(pays(&[pay_of("failed", 1_699_999_999)])),
            post(XPAY, xpay_body(&payment), expired),
            lookup(pays(&[pay_of("failed", 1_699_999_999)])),
        ];
        let outgoing = Scene::new(steps).await.pay(&payment, Attempt::Again).await;
        assert_failed(&outgoing, "Invoice expired");

        let scene = Scene::new(vec![lookup(pays(&[]))]).await;
        let outgoing = scene.pay(&payment, Attempt::Again).await;
        assert_unknown(&outgoing, "Connection refused");
    }
}

mod secrets {
    use super::*;

    fn open_in(dir: &TempDir) -> Result<Backend, String> {
        let config = Config {
            lightning_backend: LightningBackend::Cln,
            cln_url: Some("https://127.0.0.1:1".to_owned()),
            cln_rune_file: Some("farthing.rune".into()),
            ..Config::default()
        };
        let data = DataDir::new(dir.path().to_owned());
        let opened = open(&config, &data).map_err(|e| e.to_string())?;
        Ok(opened.unwrap())
    }

    #[test]
    fn a_file_without_a_rune_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "\n", "two words", "{\"rune\": \"abc\"}", "rüne"] {
            write_rune(dir.path(), text);
            let error = open_in(&dir).err().unwrap();
            let good = error.contains("farthing.rune") && error.contains("no rune in it");
            assert!(good, "{text}: {error}");
        }
        write_rune(dir.path(), RUNE_TEXT);
        assert!(open_in(&dir).is_ok());
    }

    #[test]
    fn a_certificate_that_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        write_rune(dir.path(), RUNE_TEXT);
        let settings = NodeSettings {
            url: "https://127.0.0.1:1".to_owned(),
            secret_file: "farthing.rune".into(),
            certificate_file: Some("server.pem".into()),
        };
        let opened = Cln::open(&settings, &DataDir::new(dir.path().to_owned()));
        let error = opened.err().unwrap().to_string();
        assert!(error.contains("server.pem"), "{error}");
    }

    #[tokio::test]
    async fn nothing_of_the_rune_is_shown() {
        let scene = Scene::new(vec![]).await;
        let shown = format!("{:?}", scene.cln.node);
        assert!(shown.contains("Secret(…)"), "{shown}");
        assert!(!shown.contains(RUNE_TEXT), "{shown}");
    }
}
