//! The fake backend: real invoices, orders from outside, and what it remembers.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::super::invoice::tests::{BOLT_HASH, COFFEE, COFFEE_MSAT, DONATION, hash};
use super::super::{Backend, Network, open, parse};
use super::*;
use crate::config::{Config, DataDir, LightningBackend};

/// A fake backend as the settings open it, in a mint's folder of its own.
struct Mint {
    dir: TempDir,
    config: Config,
}

impl Mint {
    fn new() -> Self {
        let config = Config {
            lightning_backend: LightningBackend::Fake,
            ..Config::default()
        };
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("fake")).unwrap();
        Self { dir, config }
    }

    fn start(&self) -> Backend {
        let dir = DataDir::new(self.dir.path().to_owned());
        open(&self.config, &dir).unwrap().unwrap()
    }

    fn control(&self) -> &Path {
        self.dir.path()
    }

    fn order(&self, file: &str, line: &str) {
        let path = self.control().join("fake").join(file);
        std::fs::write(path, line).unwrap();
    }
}

fn coffee() -> Payment {
    Payment {
        request: COFFEE.to_owned(),
        payment_hash: hash(BOLT_HASH),
        amount_msat: COFFEE_MSAT,
        partial: false,
        fee_max_msat: 2000,
        timeout: Duration::from_secs(60),
        started_at: 1_800_000_000,
    }
}

fn paid(fee_msat: u64) -> Outgoing {
    Outgoing::Paid {
        preimage: Preimage([0; 32]),
        fee_msat,
    }
}

fn is_failed(outgoing: &Outgoing) -> bool {
    matches!(outgoing, Outgoing::Failed { .. })
}

fn is_unknown(outgoing: &Outgoing) -> bool {
    matches!(outgoing, Outgoing::Unknown { .. })
}

#[tokio::test]
async fn its_invoices_are_real_and_paid_at_once() {
    let mint = Mint::new();
    let fake = mint.start();
    let before = clock::now_s();
    let invoice = fake.create_invoice(21_000, Some("tea"), 600).await.unwrap();
    let read = parse(&invoice.request).unwrap();
    assert_eq!(read.payment_hash, invoice.payment_hash);
    assert_eq!(read.amount_msat, Some(21_000));
    assert_eq!(read.expires_at, invoice.expires_at);
    assert!((before + 600..=clock::now_s() + 600).contains(&read.expires_at));
    assert_eq!(read.description.as_deref(), Some("tea"));
    assert_eq!(read.network, Network::Regtest);
    assert!(
        invoice.request.starts_with("lnbcrt210n1"),
        "{}",
        invoice.request
    );
    let bolt: lightning_invoice::Bolt11Invoice = invoice.request.parse().unwrap();
    assert!(bolt.features().unwrap().requires_payment_secret());
    assert!(bolt.features().unwrap().supports_basic_mpp());

    let paid = Incoming::Paid {
        amount_msat: 21_000,
    };
    assert_eq!(fake.incoming(invoice.payment_hash).await, Ok(paid));
    let other = fake.create_invoice(21_000, None, 600).await.unwrap();
    assert_ne!(other.payment_hash, invoice.payment_hash);
    assert_eq!(
        parse(&other.request).unwrap().description.as_deref(),
        Some("")
    );
}

#[tokio::test]
async fn an_invoice_that_was_taken_back_is_never_paid_and_a_paid_one_is_not_taken_back() {
    let mint = Mint::new();
    mint.order("incoming-default", "unpaid");
    let fake = mint.start();
    let hash = fake
        .create_invoice(21_000, None, 600)
        .await
        .unwrap()
        .payment_hash;
    for _ in 0..2 {
        assert_eq!(fake.cancel_invoice(hash).await, Ok(()));
    }
    mint.order("incoming-default", "paid");
    assert_eq!(mint.start().incoming(hash).await, Ok(Incoming::Expired));

    let paid = fake.create_invoice(21_000, None, 600).await.unwrap();
    let refused = BackendError::Refused("the invoice is paid".to_owned());
    assert_eq!(fake.cancel_invoice(paid.payment_hash).await, Err(refused));
}

#[tokio::test]
async fn what_it_cannot_make_it_refuses() {
    let mint = Mint::new();
    let fake = mint.start();
    let long = "x".repeat(640);
    for refused in [
        fake.create_invoice(0, None, 600).await,
        fake.create_invoice(1000, Some(&long), 600).await,
        fake.create_invoice(u64::MAX, None, 600).await,
    ] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, BackendError::Refused(_)), "{refused}");
    }
    assert_eq!(
        fake.incoming([1; 32]).await,
        Err(BackendError::Refused("no such invoice".to_owned()))
    );
}

#[tokio::test]
async fn its_invoices_are_paid_after_the_delay_and_by_order() {
    let mut mint = Mint::new();
    mint.config.fake_delay_ms = Some(3_600_000);
    let fake = mint.start();
    let hash = fake
        .create_invoice(1000, None, 7200)
        .await
        .unwrap()
        .payment_hash;
    let name = format!("incoming-{}", hex::encode(hash));
    assert_eq!(fake.incoming(hash).await, Ok(Incoming::Unpaid));
    mint.order("incoming-default", "paid\n");
    let paid = Incoming::Paid { amount_msat: 1000 };
    assert_eq!(fake.incoming(hash).await, Ok(paid));
    mint.order(&name, "unpaid");
    assert_eq!(fake.incoming(hash).await, Ok(Incoming::Unpaid));
    mint.order(&name, "expired");
    assert_eq!(fake.incoming(hash).await, Ok(Incoming::Expired));
    mint.order(&name, "nonsense");
    let error = fake.incoming(hash).await.unwrap_err();
    assert!(matches!(error, BackendError::Unreachable(_)), "{error}");

    // It would be paid after it has expired, so it never is.
    mint.order("incoming-default", "unpaid");
    let short = fake
        .create_invoice(1000, None, 0)
        .await
        .unwrap()
        .payment_hash;
    assert_eq!(fake.incoming(short).await, Ok(Incoming::Expired));
}

#[tokio::test]
async fn an_invoice_is_known_again_after_a_restart() {
    let mut mint = Mint::new();
    mint.config.fake_delay_ms = Some(3_600_000);
    let hash = mint
        .start()
        .create_invoice(1000, None, 7200)
        .await
        .unwrap()
        .payment_hash;
    assert_eq!(mint.start().incoming(hash).await, Ok(Incoming::Unpaid));
    mint.config.fake_delay_ms = None;
    let paid = Incoming::Paid { amount_msat: 1000 };
    assert_eq!(mint.start().incoming(hash).await, Ok(paid));
}

#[tokio::test]
async fn each_order_gives_its_state() {
    type Is = fn(&Outgoing) -> bool;
    let cases: [(&str, Is, Is); 9] = [
        ("paid", |o| *o == paid(0), |o| *o == paid(0)),
        (
            "paid fee=2000\n",
            |o| *o == paid(2000),
            |o| *o == paid(2000),
        ),
        ("paid fee=2001", is_failed, is_failed),
        ("failed", is_failed, is_failed),
        (
            "pending",
            |o| *o == Outgoing::Pending,
            |o| *o == Outgoing::Pending,
        ),
        ("unknown", is_unknown, is_unknown),
        ("lost", is_unknown, |o| *o == Outgoing::Unseen),
        ("nonsense", is_unknown, |o| *o == Outgoing::Unseen),
        ("paid fee=much", is_unknown, |o| *o == Outgoing::Unseen),
    ];
    for (line, answer, look) in cases {
        let mint = Mint::new();
        let fake = mint.start();
        assert_eq!(fake.outgoing(&coffee()).await, Outgoing::Unseen);
        mint.order("outgoing-default", "failed");
        mint.order(&format!("outgoing-{BOLT_HASH}"), line);
        let outgoing = fake.pay(&coffee(), Attempt::First).await;
        assert!(answer(&outgoing), "{line}: {outgoing:?}");
        let outgoing = mint.start().outgoing(&coffee()).await;
        assert!(look(&outgoing), "{line}, looked at: {outgoing:?}");
    }
    let mint = Mint::new();
    let fake = mint.start();
    assert_eq!(fake.pay(&coffee(), Attempt::First).await, paid(0));
}

#[tokio::test]
async fn what_is_open_can_end_later_and_what_ended_stays() {
    for open in ["pending", "unknown"] {
        for (end, ended) in [("paid fee=7", paid(7)), ("failed", failed())] {
            let mint = Mint::new();
            mint.order("outgoing-default", open);
            mint.start().pay(&coffee(), Attempt::First).await;
            mint.order("outgoing-default", end);
            assert_eq!(mint.start().outgoing(&coffee()).await, ended);
            for later in ["paid", "failed", "pending", "unknown", "lost"] {
                mint.order("outgoing-default", later);
                assert_eq!(mint.start().outgoing(&coffee()).await, ended, "{later}");
                let again = mint.start().pay(&coffee(), Attempt::Again).await;
                assert_eq!(again, ended, "{later}");
            }
        }
    }
}

fn failed() -> Outgoing {
    Outgoing::Failed {
        reason: "no way to the recipient within the fee".to_owned(),
    }
}

#[tokio::test]
async fn a_payment_that_hangs_is_there_before_its_answer() {
    let mint = Mint::new();
    mint.order("outgoing-default", "hang");
    let fake = Arc::new(mint.start());
    let paying = tokio::spawn({
        let fake = Arc::clone(&fake);
        async move { fake.pay(&coffee(), Attempt::First).await }
    });
    let record = mint.control().join(format!("fake/payment-{BOLT_HASH}"));
    while !record.exists() {
        assert!(!paying.is_finished());
        tokio::task::yield_now().await;
    }
    assert_eq!(fake.outgoing(&coffee()).await, Outgoing::Pending);
    mint.order("outgoing-default", "paid fee=3");
    assert_eq!(paying.await.unwrap(), paid(3));

    let mint = Mint::new();
    mint.order("outgoing-default", "hang");
    let impatient = Payment {
        timeout: Duration::ZERO,
        ..coffee()
    };
    let outgoing = mint.start().pay(&impatient, Attempt::First).await;
    assert_eq!(outgoing, Outgoing::Pending);
}

#[tokio::test]
async fn a_lost_request_can_be_made_again_and_no_payment_is_made_twice() {
    let mint = Mint::new();
    let fake = mint.start();
    mint.order("outgoing-default", "lost");
    assert!(is_unknown(&fake.pay(&coffee(), Attempt::First).await));
    assert_eq!(fake.outgoing(&coffee()).await, Outgoing::Unseen);
    mint.order("outgoing-default", "paid fee=5");
    assert_eq!(fake.pay(&coffee(), Attempt::Again).await, paid(5));
    mint.order("outgoing-default", "paid fee=6");
    assert_eq!(fake.pay(&coffee(), Attempt::Again).await, paid(5));
    let second = Payment {
        started_at: coffee().started_at + 1,
        ..coffee()
    };
    assert!(is_failed(&fake.pay(&second, Attempt::First).await));
    assert_eq!(fake.outgoing(&coffee()).await, paid(5));
}

#[tokio::test]
async fn what_failed_can_be_tried_anew() {
    let mint = Mint::new();
    let fake = mint.start();
    mint.order("outgoing-default", "failed");
    assert!(is_failed(&fake.pay(&coffee(), Attempt::First).await));
    let second = Payment {
        started_at: coffee().started_at + 1,
        ..coffee()
    };
    assert_eq!(fake.outgoing(&second).await, Outgoing::Unseen);
    mint.order("outgoing-default", "pending");
    assert_eq!(fake.pay(&second, Attempt::First).await, Outgoing::Pending);
    mint.order("outgoing-default", "paid fee=9");
    assert_eq!(fake.outgoing(&second).await, paid(9));
}

#[tokio::test]
async fn one_fake_node_knows_the_preimages_of_all() {
    let ours = Mint::new();
    let theirs = Mint::new();
    let invoice = theirs
        .start()
        .create_invoice(5000, None, 600)
        .await
        .unwrap();
    let payment = Payment {
        request: invoice.request,
        payment_hash: invoice.payment_hash,
        amount_msat: 5000,
        ..coffee()
    };
    let outgoing = ours.start().pay(&payment, Attempt::First).await;
    let Outgoing::Paid {
        preimage,
        fee_msat: 0,
    } = outgoing
    else {
        panic!("{outgoing:?}");
    };
    assert_eq!(Sha256::digest(preimage.0).as_slice(), invoice.payment_hash);
    assert!(!format!("{outgoing:?}").contains(&hex::encode(preimage.0)));
    assert_eq!(format!("{preimage:?}"), "Preimage(…)");
}

#[tokio::test]
async fn what_does_not_fit_its_invoice_fails() {
    let mint = Mint::new();
    let fake = mint.start();
    let too_little = Payment {
        amount_msat: COFFEE_MSAT - 1,
        ..coffee()
    };
    assert!(is_failed(&fake.pay(&too_little, Attempt::First).await));
    let part = Payment {
        partial: true,
        ..too_little
    };
    assert_eq!(fake.pay(&part, Attempt::First).await, paid(0));
    let mint = Mint::new();
    let fake = mint.start();
    let donation = Payment {
        request: DONATION.to_owned(),
        amount_msat: 1,
        ..coffee()
    };
    assert_eq!(fake.pay(&donation, Attempt::First).await, paid(0));
}
