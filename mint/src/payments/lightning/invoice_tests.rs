//! Reading invoices: the vectors of BOLT 11, and what they do not cover.

use std::time::Duration;

use bitcoin::hashes::{Hash as _, sha256};
use bitcoin::secp256k1::{Keypair, Secp256k1};
use lightning_invoice::{Currency, InvoiceBuilder, PaymentSecret, RawBolt11Invoice, SiPrefix};

use super::*;

/// BOLT 11: "Please consider supporting this project", any amount.
pub(in super::super) const DONATION: &str = "lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql";
/// BOLT 11: 2,500 µBTC for "1 cup coffee" within 60 seconds.
pub(in super::super) const COFFEE: &str = "lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh";
/// BOLT 11's payment hash.
pub(in super::super) const BOLT_HASH: &str =
    "0001020304050607080900010203040506070809000102030405060708090102";
/// What COFFEE asks for.
pub(in super::super) const COFFEE_MSAT: u64 = 250_000_000;

pub(in super::super) fn hash(text: &str) -> PaymentHash {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// An invoice with this payment hash.
pub(in super::super) fn invoice_of(payment_hash: PaymentHash, amount_msat: Option<u64>) -> String {
    let mut invoice = InvoiceBuilder::new(Currency::Regtest)
        .description("tea".to_owned())
        .payment_hash(sha256::Hash::from_byte_array(payment_hash))
        .payment_secret(PaymentSecret([8; 32]))
        .duration_since_epoch(Duration::from_secs(1_700_000_000))
        .min_final_cltv_expiry_delta(18);
    if let Some(amount_msat) = amount_msat {
        invoice = invoice.amount_milli_satoshis(amount_msat);
    }
    sign(invoice.build_raw().unwrap())
}

fn raw(currency: Currency) -> RawBolt11Invoice {
    InvoiceBuilder::new(currency)
        .description("tea".to_owned())
        .payment_hash(sha256::Hash::from_byte_array([7; 32]))
        .payment_secret(PaymentSecret([8; 32]))
        .duration_since_epoch(Duration::from_secs(1_700_000_000))
        .min_final_cltv_expiry_delta(18)
        .build_raw()
        .unwrap()
}

fn sign(raw: RawBolt11Invoice) -> String {
    let secp = Secp256k1::signing_only();
    let key = Keypair::from_seckey_slice(&secp, &[9; 32]).unwrap();
    let sign = |hash: &_| Ok::<_, ()>(secp.sign_ecdsa_recoverable(hash, &key.secret_key()));
    raw.sign(sign).unwrap().to_string()
}

#[test]
fn the_vectors_of_bolt_11_read_as_it_says() {
    let donation = parse(DONATION).unwrap();
    assert_eq!(donation.payment_hash, hash(BOLT_HASH));
    assert_eq!(donation.amount_msat, None);
    assert_eq!(donation.expires_at, 1_496_314_658 + 3600);
    assert_eq!(
        donation.description.as_deref(),
        Some("Please consider supporting this project")
    );
    assert_eq!(donation.network, Network::Bitcoin);

    let coffee = parse(COFFEE).unwrap();
    assert_eq!(coffee.amount_msat, Some(COFFEE_MSAT));
    assert_eq!(coffee.expires_at, 1_496_314_658 + 60);
    assert_eq!(coffee.description.as_deref(), Some("1 cup coffee"));
    assert_eq!(parse(&COFFEE.to_uppercase()), Ok(coffee));
}

#[test]
fn what_bolt_11_calls_invalid_is_refused() {
    let wrong = [
        // An unknown feature that is needed.
        "lnbc25m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5vdhkven9v5sxyetpdeessp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9q4psqqqqqqqqqqqqqqqqsgqtqyx5vggfcsll4wu246hz02kp85x4katwsk9639we5n5yngc3yhqkm35jnjw4len8vrnqnf5ejh0mzj9n3vz2px97evektfm2l6wqccp3y7372",
        // The checksum.
        "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpquwpc4curk03c9wlrswe78q4eyqc7d8d0xqzpuyk0sg5g70me25alkluzd2x62aysf2pyy8edtjeevuv4p2d5p76r4zkmneet7uvyakky2zr4cusd45tftc9c5fh0nnqpnl2jfll544esqchsrnt",
        // The signature.
        "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpusp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9qrsgqwgt7mcn5yqw3yx0w94pswkpq6j9uh6xfqqqtsk4tnarugeektd4hg5975x9am52rz4qskukxdmjemg92vvqz8nvmsye63r5ykel43pgz7zq0g2",
        // Less than a millisatoshi.
        "lnbc2500000001p1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpusp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9qrsgq0lzc236j96a95uv0m3umg28gclm5lqxtqqwk32uuk4k6673k6n5kfvx3d2h8s295fad45fdhmusm8sjudfhlf6dcsxmfvkeywmjdkxcp99202x",
        "",
        "lnbc",
        "a token",
    ];
    for text in wrong {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with("not a Lightning invoice: "), "{error}");
    }
    let long = format!("{COFFEE}{}", "q".repeat(8000));
    assert_eq!(
        parse(&long).unwrap_err().to_string(),
        "not a Lightning invoice: too long"
    );
}

#[test]
fn an_impossible_amount_is_not_taken_for_none() {
    let mut invoice = raw(Currency::Bitcoin);
    assert_eq!(parse(&sign(invoice.clone())).unwrap().amount_msat, None);
    invoice.hrp.si_prefix = Some(SiPrefix::Milli);
    // The second is 2^64 pBTC and more.
    for amount in [0, 20_000_000_000, u64::MAX] {
        invoice.hrp.raw_amount = Some(amount);
        parse(&sign(invoice.clone())).unwrap_err();
    }
    invoice.hrp.raw_amount = Some(3);
    let amount = parse(&sign(invoice)).unwrap().amount_msat;
    assert_eq!(amount, Some(300_000_000));
}

#[test]
fn each_network_is_told_from_the_others() {
    for (currency, prefix, network) in [
        (Currency::Bitcoin, "lnbc1", Network::Bitcoin),
        (Currency::BitcoinTestnet, "lntb1", Network::Testnet),
        (Currency::Signet, "lntbs1", Network::Signet),
        (Currency::Regtest, "lnbcrt1", Network::Regtest),
        (Currency::Simnet, "lnsb1", Network::Simnet),
    ] {
        let text = sign(raw(currency));
        assert!(text.starts_with(prefix), "{text}");
        assert_eq!(parse(&text).unwrap().network, network);
    }
}

#[test]
fn a_description_that_is_only_hashed_is_none() {
    let raw = InvoiceBuilder::new(Currency::Bitcoin)
        .description_hash(sha256::Hash::from_byte_array([1; 32]))
        .payment_hash(sha256::Hash::from_byte_array([7; 32]))
        .payment_secret(PaymentSecret([8; 32]))
        .duration_since_epoch(Duration::from_secs(1_700_000_000))
        .min_final_cltv_expiry_delta(18)
        .build_raw()
        .unwrap();
    assert_eq!(parse(&sign(raw)).unwrap().description, None);
}

#[test]
fn a_payment_is_payable_only_as_its_invoice_says() {
    let everything = Features {
        description: true,
        amountless: true,
        partial: true,
    };
    let nothing = Features {
        description: false,
        amountless: false,
        partial: false,
    };
    let of = |request: &str, amount_msat, partial| Payment {
        request: request.to_owned(),
        payment_hash: hash(BOLT_HASH),
        amount_msat,
        partial,
        fee_max_msat: 0,
        timeout: Duration::ZERO,
        started_at: 0,
    };
    for (payment, payable_with_everything, payable_with_nothing) in [
        (of(COFFEE, COFFEE_MSAT, false), true, true),
        (of(COFFEE, COFFEE_MSAT - 1, false), false, false),
        (of(COFFEE, COFFEE_MSAT + 1, false), false, false),
        (of(COFFEE, COFFEE_MSAT - 1, true), true, false),
        (of(COFFEE, COFFEE_MSAT, true), true, false),
        (of(COFFEE, COFFEE_MSAT + 1, true), false, false),
        (of(COFFEE, 0, true), false, false),
        (of(DONATION, 1, false), true, false),
        (of(DONATION, 0, false), false, false),
        (of(DONATION, 1, true), false, false),
    ] {
        let shown = format!("{payment:?} of {}", payment.request);
        let result = payable(&payment, everything);
        assert_eq!(result.is_ok(), payable_with_everything, "{shown}");
        let result = payable(&payment, nothing);
        assert_eq!(result.is_ok(), payable_with_nothing, "{shown}");
    }
    let other = Payment {
        payment_hash: [0; 32],
        ..of(COFFEE, COFFEE_MSAT, false)
    };
    assert_eq!(
        payable(&other, everything),
        Err("the payment hash is not the invoice's".to_owned())
    );
}

proptest::proptest! {
    /// One character of an invoice changed: its checksum finds it, and nothing panics.
    #[test]
    fn a_changed_character_is_found(at in 0..COFFEE.len(), to in "[ -~]") {
        let mut changed = COFFEE.to_owned();
        changed.replace_range(at..=at, &to);
        let unchanged = changed == COFFEE;
        proptest::prop_assert_eq!(parse(&changed).is_ok(), unchanged);
    }

    /// Whatever somebody sends, there is an answer.
    #[test]
    fn nothing_that_is_sent_panics(text in "(ln(bc|tb|bcrt)[0-9]{0,22}[munp]?1?)?[ac-hj-np-z02-9]{0,300}") {
        let _answer = parse(&text);
    }
}
