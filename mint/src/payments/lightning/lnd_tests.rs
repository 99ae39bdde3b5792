//! LND against a server that answers as LND does.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::super::invoice::tests::invoice_of;
use super::super::open;
use super::super::script::{Answer, Script, Step, get, post};
use super::super::{Attempt, Backend, Outgoing, Preimage};
use super::*;
use crate::clock;
use crate::config::{Config, LightningBackend};

const MACAROON_HEX: &str = "0201036c6e64";
const HEADER: &str = "grpc-metadata-macaroon: 0201036c6e64";
const PREIMAGE: [u8; 32] = [0x51; 32];
const AMOUNT_MSAT: u64 = 21_000;
/// `track`, with the payment hash of PREIMAGE in URL-safe base64.
const TRACK: &str = "GET /v2/router/track/LPLGB3dp6PkQ7RGayPoojRKBfU_c7yRVdsdSoHbTIXo=";
const SEND: &str = "POST /v2/router/send";

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

/// `lnrpc.Payment` as LND writes it, with the fields that a mint does not read.
fn lnd_payment(status: &str, created_at: u64) -> Value {
    let preimage = if status == "SUCCEEDED" {
        PREIMAGE
    } else {
        [0; 32]
    };
    json!({
        "payment_hash": hex::encode(payment_hash()),
        "value": "21",
        "creation_date": created_at.to_string(),
        "fee": "1",
        "payment_preimage": hex::encode(preimage),
        "value_sat": "21",
        "value_msat": "21000",
        "payment_request": old().request,
        "status": status,
        "fee_sat": "1",
        "fee_msat": if status == "SUCCEEDED" { "1001" } else { "0" },
        "creation_time_ns": format!("{created_at}123456789"),
        "htlcs": [],
        "payment_index": "7",
        "failure_reason": if status == "FAILED" {
            "FAILURE_REASON_NO_ROUTE"
        } else {
            "FAILURE_REASON_NONE"
        },
        "first_hop_custom_records": {}
    })
}

fn line(payment: Value) -> Answer {
    Answer::Json(200, json!({ "result": payment }))
}

fn stream_error(status: u16, code: i64, message: &str) -> Answer {
    let error = json!({ "code": code, "message": message, "details": [] });
    Answer::Json(status, json!({ "error": error }))
}

fn plain_error(status: u16, code: i64, message: &str) -> Answer {
    Answer::Json(
        status,
        json!({ "code": code, "message": message, "details": [] }),
    )
}

fn not_initiated() -> Answer {
    stream_error(404, 5, "payment isn't initiated")
}

fn send_body(payment: &Payment) -> Value {
    json!({
        "payment_request": payment.request,
        "fee_limit_msat": "1500",
        "timeout_seconds": payment.timeout.as_secs().max(1),
        "no_inflight_updates": true,
    })
}

fn settings(url: &str, dir: &Path) -> NodeSettings {
    let file = dir.join("farthing.macaroon");
    std::fs::write(&file, hex::decode(MACAROON_HEX).unwrap()).unwrap();
    owner_only(&file);
    NodeSettings {
        url: url.to_owned(),
        secret_file: "farthing.macaroon".into(),
        certificate_file: None,
    }
}

fn owner_only(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o640)).unwrap();
}

/// An LND that is asked these things in this order.
struct Scene {
    lnd: Lnd,
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
                .any(|s| hangs(s) && (s.request == SEND) == pays)
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
        let url = format!("http://127.0.0.1:{}", script.port());
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(&url, dir.path());
        let mut lnd = Lnd::open(&settings, &DataDir::new(dir.path().to_owned())).unwrap();
        let patience = &mut lnd.node.timeouts;
        patience.question = impatient(looks_hang, patience.question);
        patience.pay = impatient(pay_hangs, patience.pay);
        Self {
            lnd,
            script,
            _dir: dir,
        }
    }

    async fn pay(self, payment: &Payment, attempt: Attempt) -> Outgoing {
        let outgoing = self.lnd.pay(payment, attempt).await;
        self.script.done().await;
        outgoing
    }

    async fn outgoing(self, payment: &Payment) -> Outgoing {
        let outgoing = self.lnd.outgoing(payment).await;
        self.script.done().await;
        outgoing
    }
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
    use super::*;

    const ADD: &str = "POST /v1/invoices";
    const LOOKUP: &str =
        "GET /v1/invoice/2cf2c6077769e8f910ed119ac8fa288d12817d4fdcef245576c752a076d3217a";

    fn add_body() -> Value {
        json!({ "memo": "tea", "value_msat": "21000", "expiry": "600", "private": true })
    }

    fn added(r_hash: &PaymentHash, amount_msat: u64) -> Answer {
        let answer = json!({
            "r_hash": STANDARD.encode(r_hash),
            "payment_request": invoice_of(payment_hash(), Some(amount_msat)),
            "add_index": "12",
            "payment_addr": STANDARD.encode([8; 32]),
        });
        Answer::Json(200, answer)
    }

    async fn create(answer: Answer) -> Result<Invoice, BackendError> {
        let scene = Scene::new(vec![post(ADD, add_body(), answer)]).await;
        let made = scene
            .lnd
            .create_invoice(AMOUNT_MSAT, Some("tea"), 600)
            .await;
        scene.script.done().await;
        made
    }

    #[tokio::test]
    async fn an_invoice_is_made_as_asked() {
        let invoice = create(added(&payment_hash(), AMOUNT_MSAT)).await.unwrap();
        assert_eq!(invoice.request, old().request);
        assert_eq!(invoice.payment_hash, payment_hash());
        assert_eq!(invoice.expires_at, 1_700_000_000 + 3600);
    }

    #[tokio::test]
    async fn without_a_description_the_memo_is_empty() {
        let body = json!({ "memo": "", "value_msat": "21000", "expiry": "600", "private": true });
        let steps = vec![post(ADD, body, added(&payment_hash(), AMOUNT_MSAT))];
        let scene = Scene::new(steps).await;
        scene
            .lnd
            .create_invoice(AMOUNT_MSAT, None, 600)
            .await
            .unwrap();
        scene.script.done().await;
    }

    #[tokio::test]
    async fn what_lnd_declines_is_refused() {
        for (status, code, text) in [
            (500, 2, "memo too large: 2000 bytes (maxsize=639)"),
            (400, 3, "invalid value"),
            (500, 2, "permission denied"),
            (401, 16, "no macaroon"),
        ] {
            let refused = create(plain_error(status, code, text)).await;
            assert_eq!(refused, Err(BackendError::Refused(text.to_owned())));
        }
    }

    #[tokio::test]
    async fn an_answer_that_makes_no_sense_is_none() {
        for answer in [
            added(&[0; 32], AMOUNT_MSAT),
            added(&payment_hash(), AMOUNT_MSAT + 1),
            Answer::Json(200, json!({})),
            Answer::Json(200, json!({ "r_hash": "", "payment_request": "" })),
            plain_error(503, 14, "connection refused"),
            Answer::Text(502, "<html>Bad Gateway</html>"),
            Answer::Text(200, ""),
            Answer::Break("{\"r_hash\""),
            Answer::Close,
            Answer::Hang,
        ] {
            let error = create(answer).await.unwrap_err();
            assert!(matches!(error, BackendError::Unreachable(_)), "{error}");
        }
    }

    fn invoice(state: &str, amt_paid_msat: &str) -> Value {
        json!({
            "memo": "tea",
            "r_preimage": STANDARD.encode(PREIMAGE),
            "r_hash": STANDARD.encode(payment_hash()),
            "value": "21",
            "value_msat": "21000",
            "settled": state == "SETTLED",
            "creation_date": "1700000000",
            "settle_date": "0",
            "payment_request": old().request,
            "expiry": "3600",
            "amt_paid": amt_paid_msat,
            "amt_paid_sat": "21",
            "amt_paid_msat": amt_paid_msat,
            "state": state,
            "htlcs": [],
            "is_keysend": false,
        })
    }

    async fn incoming(answer: Answer) -> Result<Incoming, BackendError> {
        let scene = Scene::new(vec![get(LOOKUP, answer)]).await;
        let incoming = scene.lnd.incoming(payment_hash()).await;
        scene.script.done().await;
        incoming
    }

    #[tokio::test]
    async fn each_state_of_an_invoice_is_told() {
        let paid = |amount_msat| Incoming::Paid { amount_msat };
        for (state, amount, expected) in [
            ("OPEN", "0", Incoming::Unpaid),
            ("ACCEPTED", "21000", Incoming::Unpaid),
            ("CANCELED", "0", Incoming::Expired),
            ("SETTLED", "21000", paid(21_000)),
            ("SETTLED", "21999", paid(21_999)),
        ] {
            let answer = Answer::Json(200, invoice(state, amount));
            assert_eq!(incoming(answer).await, Ok(expected), "{state}");
        }
        let mut numbers = invoice("SETTLED", "");
        numbers["amt_paid_msat"] = json!(21_000);
        assert_eq!(incoming(Answer::Json(200, numbers)).await, Ok(paid(21_000)));
    }

    async fn cancel(answer: Answer) -> Result<(), BackendError> {
        let body = json!({ "payment_hash": STANDARD.encode(payment_hash()) });
        let scene = Scene::new(vec![post("POST /v2/invoices/cancel", body, answer)]).await;
        let cancelled = scene.lnd.cancel_invoice(payment_hash()).await;
        scene.script.done().await;
        cancelled
    }

    #[tokio::test]
    async fn an_invoice_is_taken_back_unless_it_is_paid() {
        assert_eq!(cancel(Answer::Json(200, json!({}))).await, Ok(()));
        for (status, code, text) in [
            (500, 2, "invoice already settled"),
            (404, 5, "unable to locate invoice"),
            (500, 2, "permission denied"),
        ] {
            let refused = cancel(plain_error(status, code, text)).await;
            assert_eq!(refused, Err(BackendError::Refused(text.to_owned())));
        }
        for answer in [
            Answer::Json(503, json!({})),
            Answer::Json(200, json!({ "state": "OPEN" })),
            Answer::Text(502, "<html>Bad Gateway</html>"),
            Answer::Close,
            Answer::Hang,
        ] {
            let error = cancel(answer).await.unwrap_err();
            assert!(matches!(error, BackendError::Unreachable(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn an_invoice_that_lnd_does_not_have_is_refused() {
        let answer = plain_error(404, 5, "unable to locate invoice");
        let refused = BackendError::Refused("unable to locate invoice".to_owned());
        assert_eq!(incoming(answer).await, Err(refused));
    }

    #[tokio::test]
    async fn nothing_is_concluded_from_nonsense() {
        let changed = |field: &str, value: Value| {
            let mut invoice = invoice("SETTLED", "21000");
            invoice[field] = value;
            Answer::Json(200, invoice)
        };
        for answer in [
            changed("state", json!("DONE")),
            changed("state", Value::Null),
            changed("amt_paid_msat", json!("0")),
            changed("amt_paid_msat", json!("-1")),
            changed("amt_paid_msat", json!("many")),
            changed("amt_paid_msat", Value::Null),
            changed("r_hash", json!(STANDARD.encode([0; 32]))),
            Answer::Json(200, json!([])),
            Answer::Text(500, "oops"),
            Answer::Break("{"),
            Answer::Close,
            Answer::Hang,
        ] {
            let error = incoming(answer).await.unwrap_err();
            assert!(matches!(error, BackendError::Unreachable(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn a_node_that_is_down_is_unreachable() {
        let scene = Scene::new(vec![]).await;
        scene.script.done().await;
        let error = scene.lnd.incoming(payment_hash()).await.unwrap_err();
        let text = error.to_string();
        let expected = "the Lightning node does not answer: Connection refused";
        assert!(text.starts_with(expected), "{text}");
    }
}

mod looking {
    use super::*;

    async fn look(answer: Answer, payment: &Payment) -> Outgoing {
        let scene = Scene::new(vec![get(TRACK, answer)]).await;
        scene.outgoing(payment).await
    }

    #[tokio::test]
    async fn what_is_paid_is_paid_at_any_age() {
        for payment in [old(), fresh()] {
            let answer = line(lnd_payment("SUCCEEDED", 1_700_000_001));
            assert_eq!(look(answer, &payment).await, paid());
        }
    }

    #[tokio::test]
    async fn what_is_under_way_is_pending() {
        for status in ["IN_FLIGHT", "INITIATED"] {
            let answer = line(lnd_payment(status, 1_700_000_001));
            assert_eq!(look(answer, &old()).await, Outgoing::Pending, "{status}");
        }
    }

    #[tokio::test]
    async fn the_first_line_of_a_stream_is_enough() {
        let first = json!({ "result": lnd_payment("IN_FLIGHT", 1_700_000_001) });
        let text: &str = format!("{first}\n").leak();
        // The stream goes on, as LND's does while the payment is under way.
        assert_eq!(look(Answer::Break(text), &old()).await, Outgoing::Pending);
    }

    #[tokio::test]
    async fn a_failure_counts_once_no_request_can_be_on_its_way() {
        let failed = || line(lnd_payment("FAILED", 1_700_000_000));
        assert_failed(&look(failed(), &old()).await, "FAILURE_REASON_NO_ROUTE");
        let just_failed = line(lnd_payment("FAILED", clock::now_s() + 1));
        assert_eq!(look(just_failed, &fresh()).await, Outgoing::Pending);
        // The whole time that LND may look for ways has to be over, and two minutes more.
        for (age_s, quiet) in [(140, false), (160, true)] {
            let payment = Payment {
                started_at: clock::now_s() - age_s,
                ..old()
            };
            let outgoing = look(line(lnd_payment("FAILED", clock::now_s())), &payment).await;
            assert_eq!(
                outgoing != Outgoing::Pending,
                quiet,
                "{age_s}: {outgoing:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_failure_of_an_earlier_payment_is_not_this_ones() {
        let earlier = line(lnd_payment("FAILED", 1_699_999_999));
        assert_eq!(look(earlier, &old()).await, Outgoing::Unseen);
        let earlier = line(lnd_payment("FAILED", 1_699_999_999));
        assert_eq!(look(earlier, &fresh()).await, Outgoing::Pending);
    }

    #[tokio::test]
    async fn what_lnd_has_not_seen_is_unseen_once_no_request_can_be_on_its_way() {
        assert_eq!(look(not_initiated(), &old()).await, Outgoing::Unseen);
        assert_eq!(look(not_initiated(), &fresh()).await, Outgoing::Pending);
    }

    #[tokio::test]
    async fn nothing_is_concluded_from_nonsense() {
        let changed = |field: &str, value: Value| {
            let mut payment = lnd_payment("SUCCEEDED", 1_700_000_001);
            payment[field] = value;
            line(payment)
        };
        let cases = [
            (
                "in the state CANCELED",
                changed("status", json!("CANCELED")),
            ),
            ("in the state UNKNOWN", changed("status", json!("UNKNOWN"))),
            ("not what LND answers", changed("status", json!(2))),
            ("not what LND answers", changed("status", Value::Null)),
            ("not what LND answers", changed("fee_msat", json!("-1"))),
            (
                "not what LND answers",
                changed("creation_time_ns", Value::Null),
            ),
            ("another payment", changed("payment_hash", json!("00"))),
            (
                "not the payment's",
                changed("payment_preimage", json!(hex::encode([0; 32]))),
            ),
            (
                "not the payment's",
                changed("payment_preimage", json!("51")),
            ),
            (
                "permission denied",
                stream_error(500, 2, "permission denied"),
            ),
            (
                "permission denied",
                plain_error(500, 2, "permission denied"),
            ),
            // No such path: a proxy in the way, or no LND at all.
            ("Not Found", plain_error(404, 5, "Not Found")),
            ("status 404", Answer::Text(404, "not found")),
            ("unavailable", stream_error(503, 14, "unavailable")),
            ("status 502", Answer::Text(502, "<html>Bad Gateway</html>")),
            ("status 200", Answer::Text(200, "")),
            ("status 200", Answer::Json(200, json!({ "result": null }))),
            ("status 200", Answer::Json(200, json!("SUCCEEDED"))),
            ("", Answer::Break("{\"result\": {\"status\": \"FAI")),
            ("", Answer::Close),
            ("no answer in time", Answer::Hang),
        ];
        for (part, answer) in cases {
            assert_unknown(&look(answer, &old()).await, part);
        }
    }

    #[tokio::test]
    async fn a_node_that_is_down_tells_nothing() {
        let scene = Scene::new(vec![]).await;
        assert_unknown(&scene.outgoing(&old()).await, "Connection refused");
    }
}

mod paying {
    use super::*;

    /// The first time: LND has not seen it, and answers this when it is asked to pay.
    async fn pay(answer: Answer) -> Outgoing {
        let payment = fresh();
        let steps = vec![
            get(TRACK, not_initiated()),
            post(SEND, send_body(&payment), answer),
        ];
        Scene::new(steps).await.pay(&payment, Attempt::First).await
    }

    /// The same, and LND is asked again what it has on record.
    async fn pay_and_look(answer: Answer, record: Answer) -> Outgoing {
        let payment = Payment {
            timeout: Duration::ZERO,
            ..fresh()
        };
        let steps = vec![
            get(TRACK, not_initiated()),
            post(SEND, send_body(&payment), answer),
            get(TRACK, record),
        ];
        let scene = Scene::new(steps).await;
        scene.pay(&payment, Attempt::First).await
    }

    #[tokio::test]
    async fn the_answer_to_the_request_itself_is_the_end() {
        let now = clock::now_s();
        assert_eq!(pay(line(lnd_payment("SUCCEEDED", now))).await, paid());
        let failed = pay(line(lnd_payment("FAILED", now))).await;
        assert_failed(&failed, "FAILURE_REASON_NO_ROUTE");
    }

    #[tokio::test]
    async fn an_invoice_without_an_amount_is_paid_with_the_payments() {
        let payment = Payment {
            request: invoice_of(payment_hash(), None),
            ..fresh()
        };
        let mut body = send_body(&payment);
        body["amt_msat"] = json!("21000");
        let steps = vec![
            get(TRACK, not_initiated()),
            post(SEND, body, line(lnd_payment("SUCCEEDED", clock::now_s()))),
        ];
        let outgoing = Scene::new(steps).await.pay(&payment, Attempt::First).await;
        assert_eq!(outgoing, paid());
    }

    #[tokio::test]
    async fn what_failed_before_is_tried_anew() {
        let payment = fresh();
        let steps = vec![
            get(TRACK, line(lnd_payment("FAILED", payment.started_at - 60))),
            post(
                SEND,
                send_body(&payment),
                line(lnd_payment("SUCCEEDED", payment.started_at)),
            ),
        ];
        let outgoing = Scene::new(steps).await.pay(&payment, Attempt::First).await;
        assert_eq!(outgoing, paid());
    }

    #[tokio::test]
    async fn what_the_node_paid_before_is_not_this_payments_doing() {
        for status in ["SUCCEEDED", "IN_FLIGHT", "INITIATED"] {
            let steps = vec![get(TRACK, line(lnd_payment(status, 1_700_000_000)))];
            let outgoing = Scene::new(steps).await.pay(&fresh(), Attempt::First).await;
            assert_failed(&outgoing, "has paid this invoice before, or is about to");
        }
    }

    #[tokio::test]
    async fn a_payment_that_never_left_the_mint_has_failed() {
        let scene = Scene::new(vec![]).await;
        let outgoing = scene.pay(&fresh(), Attempt::First).await;
        assert_failed(&outgoing, "Connection refused");

        let steps = vec![get(TRACK, Answer::Text(502, "Bad Gateway"))];
        let outgoing = Scene::new(steps).await.pay(&fresh(), Attempt::First).await;
        assert_failed(&outgoing, "status 502");

        // The node goes down between the look and the payment.
        let steps = vec![get(TRACK, not_initiated())];
        let outgoing = Scene::new(steps).await.pay(&fresh(), Attempt::First).await;
        assert_failed(&outgoing, "Connection refused");
    }

    #[tokio::test]
    async fn what_does_not_fit_its_invoice_is_not_asked_for() {
        for payment in [
            Payment {
                amount_msat: AMOUNT_MSAT - 1,
                ..fresh()
            },
            Payment {
                partial: true,
                ..fresh()
            },
            Payment {
                request: "lnbc1".to_owned(),
                ..fresh()
            },
        ] {
            for attempt in [Attempt::First, Attempt::Again] {
                let outgoing = Scene::new(vec![]).await.pay(&payment, attempt).await;
                assert_failed(&outgoing, "invoice");
            }
        }
    }

    #[tokio::test]
    async fn a_refusal_is_a_failure_when_the_record_agrees() {
        for (status, code, text) in [
            (500, 2, "invoice expired. Valid until 2023-11-14"),
            (500, 2, "self-payments not allowed"),
            (400, 3, "invalid argument"),
            (403, 7, "permission denied"),
        ] {
            let failed = pay_and_look(stream_error(status, code, text), not_initiated()).await;
            assert_failed(&failed, text);
            let earlier = line(lnd_payment("FAILED", 1_700_000_000));
            let failed = pay_and_look(stream_error(status, code, text), earlier).await;
            assert_failed(&failed, text);
        }
        let unread = plain_error(400, 3, "unexpected EOF");
        let failed = pay_and_look(unread, not_initiated()).await;
        assert_failed(&failed, "unexpected EOF");
    }

    #[tokio::test]
    async fn a_refusal_is_none_when_the_record_says_otherwise() {
        let refusal = || stream_error(409, 6, "payment is in transition");
        let now = clock::now_s();
        let outgoing = pay_and_look(refusal(), line(lnd_payment("IN_FLIGHT", now))).await;
        assert_eq!(outgoing, Outgoing::Pending);
        let outgoing = pay_and_look(refusal(), line(lnd_payment("SUCCEEDED", now))).await;
        assert_eq!(outgoing, paid());
        let outgoing = pay_and_look(refusal(), Answer::Text(502, "Bad Gateway")).await;
        assert_unknown(&outgoing, "payment is in transition");
    }

    /// Answers that leave open what LND did.
    fn lost() -> Vec<(&'static str, Answer)> {
        let now = clock::now_s();
        vec![
            ("no end yet", line(lnd_payment("IN_FLIGHT", now))),
            ("in the state LOST", line(lnd_payment("LOST", now))),
            ("unavailable", stream_error(503, 14, "unavailable")),
            ("internal", stream_error(500, 13, "internal")),
            ("deadline", stream_error(504, 4, "deadline")),
            ("Not Found", plain_error(404, 5, "Not Found")),
            ("permission", plain_error(500, 2, "permission")),
            ("status 502", Answer::Text(502, "<html>Bad Gateway</html>")),
            ("status 500", Answer::Text(500, "")),
            ("", Answer::Break("{\"result\": {\"status\": \"SUCC")),
            ("", Answer::Close),
            ("no answer in time", Answer::Hang),
        ]
    }

    #[tokio::test]
    async fn a_lost_answer_is_looked_for() {
        let now = clock::now_s();
        for (case, answer) in lost() {
            let record = line(lnd_payment("SUCCEEDED", now));
            assert_eq!(pay_and_look(answer, record).await, paid(), "{case}");
        }
        for (case, answer) in lost() {
            let record = line(lnd_payment("IN_FLIGHT", now));
            let outgoing = pay_and_look(answer, record).await;
            assert_eq!(outgoing, Outgoing::Pending, "{case}");
        }
    }

    #[tokio::test]
    async fn a_lost_answer_without_a_record_leaves_all_open() {
        for (part, answer) in lost() {
            assert_unknown(&pay_and_look(answer, not_initiated()).await, part);
        }
        for (part, answer) in lost() {
            let earlier = line(lnd_payment("FAILED", 1_700_000_000));
            assert_unknown(&pay_and_look(answer, earlier).await, part);
        }
        for (part, answer) in lost() {
            assert_unknown(&pay_and_look(answer, Answer::Close).await, part);
        }
    }
}

mod paying_again {
    use super::*;

    async fn pay(record: Answer, answer: Answer) -> Outgoing {
        let payment = old();
        let steps = vec![get(TRACK, record), post(SEND, send_body(&payment), answer)];
        Scene::new(steps).await.pay(&payment, Attempt::Again).await
    }

    #[tokio::test]
    async fn what_is_on_record_is_not_asked_for_again() {
        let look = |answer, payment| async move {
            let scene = Scene::new(vec![get(TRACK, answer)]).await;
            scene.pay(&payment, Attempt::Again).await
        };
        let record = |status| line(lnd_payment(status, 1_700_000_001));
        assert_eq!(look(record("SUCCEEDED"), old()).await, paid());
        assert_eq!(look(record("IN_FLIGHT"), old()).await, Outgoing::Pending);
        let failed = look(record("FAILED"), old()).await;
        assert_failed(&failed, "FAILURE_REASON_NO_ROUTE");
        // While the first request may be on its way, there is no second.
        assert_eq!(look(record("FAILED"), fresh()).await, Outgoing::Pending);
        assert_eq!(look(not_initiated(), fresh()).await, Outgoing::Pending);
        assert_unknown(&look(Answer::Close, old()).await, "");
    }

    #[tokio::test]
    async fn what_lnd_has_not_seen_is_asked_for_again() {
        let now = clock::now_s();
        let outgoing = pay(not_initiated(), line(lnd_payment("SUCCEEDED", now))).await;
        assert_eq!(outgoing, paid());
        let outgoing = pay(not_initiated(), line(lnd_payment("FAILED", now))).await;
        assert_failed(&outgoing, "FAILURE_REASON_NO_ROUTE");
        let earlier = line(lnd_payment("FAILED", 1_699_999_999));
        let outgoing = pay(earlier, line(lnd_payment("SUCCEEDED", now))).await;
        assert_eq!(outgoing, paid());
    }

    #[tokio::test]
    async fn without_a_connection_all_stays_open() {
        let scene = Scene::new(vec![]).await;
        let outgoing = scene.pay(&old(), Attempt::Again).await;
        assert_unknown(&outgoing, "Connection refused");
        let scene = Scene::new(vec![get(TRACK, not_initiated())]).await;
        let outgoing = scene.pay(&old(), Attempt::Again).await;
        assert_unknown(&outgoing, "Connection refused");
    }
}

mod secrets {
    use super::*;

    fn open_in(dir: &TempDir, config: &Config) -> Result<Backend, String> {
        let data = DataDir::new(dir.path().to_owned());
        let opened = open(config, &data).map_err(|e| e.to_string())?;
        Ok(opened.unwrap())
    }

    fn config(url: &str) -> Config {
        Config {
            lightning_backend: LightningBackend::Lnd,
            lnd_url: Some(url.to_owned()),
            lnd_macaroon_file: Some("farthing.macaroon".into()),
            ..Config::default()
        }
    }

    #[tokio::test]
    async fn a_macaroon_is_read_as_lnd_writes_it_and_in_hex() {
        let in_hex = format!("{}\n", MACAROON_HEX.to_uppercase());
        let binary = hex::decode(MACAROON_HEX).unwrap();
        let upper = "grpc-metadata-macaroon: 0201036C6E64";
        for (bytes, header) in [(binary, HEADER), (in_hex.into_bytes(), upper)] {
            let answer = plain_error(404, 5, "unable to locate invoice");
            let lookup =
                "GET /v1/invoice/2cf2c6077769e8f910ed119ac8fa288d12817d4fdcef245576c752a076d3217a";
            let script = Script::start(header, vec![get(lookup, answer)]).await;
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("farthing.macaroon");
            std::fs::write(&file, bytes).unwrap();
            owner_only(&file);
            let url = format!("http://127.0.0.1:{}/", script.port());
            let lnd = open_in(&dir, &config(&url)).unwrap();
            lnd.incoming(payment_hash()).await.unwrap_err();
            script.done().await;
        }
    }

    #[test]
    fn a_file_that_is_missing_empty_or_open_to_all_is_named() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let config = config("https://127.0.0.1:1");
        let file = dir.path().join("farthing.macaroon");
        let complaint = |part: &str| {
            let error = open_in(&dir, &config).err().unwrap();
            assert!(
                error.contains("farthing.macaroon") && error.contains(part),
                "{error}"
            );
        };
        complaint("No such file");
        std::fs::write(&file, "").unwrap();
        owner_only(&file);
        complaint("no macaroon in it");
        std::fs::write(&file, MACAROON_HEX).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        complaint("run: chmod g-w,o=");
        owner_only(&file);
        assert!(open_in(&dir, &config).is_ok());
    }

    #[tokio::test]
    async fn nothing_of_the_macaroon_or_a_preimage_is_shown() {
        let scene = Scene::new(vec![]).await;
        let shown = format!("{:?}", scene.lnd.node);
        assert!(shown.contains("Secret(…)"), "{shown}");
        assert!(!shown.contains(MACAROON_HEX), "{shown}");
        let shown = format!("{:?} {:?}", old(), paid());
        assert!(!shown.contains(&hex::encode(PREIMAGE)), "{shown}");
        assert!(!shown.contains("lnbcrt"), "{shown}");
    }
}
