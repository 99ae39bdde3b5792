//! Admission: each rule alone, the documented order of the rules, and the postings that come of it.
//! No curve is needed for any of it: points here are bytes.

use std::sync::Arc;

use farthing_protocol::api::PostingKind;
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{
    BlindedMessage, EncodedPoint, ErrorCode, KeysetId, Proof, PublicKeys, Secret, Unit,
};

use super::{
    AccountId, AuthToken, Directory, Entry, FEES, Keyset, KeysetState, KeysetTerms, Limits,
    Payment, Purpose, RESERVE, Transaction, admit, credited,
};
use crate::error::{Error, Result};

const NOW: u64 = 1_000_000;
const ANN: AccountId = 3;

// What the directory's keysets are for, by the byte that fills their ids.
const ACTIVE: u8 = 1;
const RETIRED: u8 = 2;
const FROZEN: u8 = 3;
const EXPIRED: u8 = 4;
const EXPIRES_NOW: u8 = 5;
const SATS: u8 = 6;
const DEAR: u8 = 7;
const RETIRED_AND_EXPIRED: u8 = 8;
/// Has all 64 powers of two.
const TALL: u8 = 9;
/// Blind authentication.
const AUTH: u8 = 10;
const UNKNOWN: u8 = 99;

fn id(number: u8) -> KeysetId {
    let mut bytes = [number; 33];
    bytes[0] = 0x52;
    KeysetId::from_bytes(&bytes).unwrap()
}

fn keyset(number: u8) -> Arc<Keyset> {
    let state = match number {
        RETIRED | RETIRED_AND_EXPIRED => KeysetState::Retired,
        FROZEN => KeysetState::Frozen,
        _ => KeysetState::Active,
    };
    let final_expiry = match number {
        EXPIRED | RETIRED_AND_EXPIRED => Some(NOW - 1),
        EXPIRES_NOW => Some(NOW),
        _ => None,
    };
    Arc::new(Keyset {
        id: id(number),
        terms: KeysetTerms {
            index: number.into(),
            suite: SuiteId::Ristretto255,
            unit: match number {
                SATS => "sat",
                AUTH => "auth",
                _ => "credit",
            }
            .to_owned(),
            amounts: if number == TALL { 64 } else { 8 },
            input_fee_ppk: if number == DEAR { 400 } else { 0 },
            final_expiry,
        },
        state,
        keys: PublicKeys::default(),
    })
}

fn directory() -> Directory {
    Directory::new((ACTIVE..=AUTH).map(keyset).collect(), 0)
}

fn limits() -> Limits {
    Limits {
        inputs_max: 5,
        outputs_max: 4,
        secret_bytes_max: 10,
        witness_bytes_max: 12,
    }
}

fn point(number: u8) -> EncodedPoint {
    EncodedPoint::from_bytes(&[number; 32]).unwrap()
}

/// Inputs with different secrets, of keysets and amounts.
fn inputs(of: &[(u8, u64)]) -> Vec<Proof> {
    let input = |(number, (keyset, amount)): (usize, &(u8, u64))| Proof {
        amount: *amount,
        id: id(*keyset),
        secret: Secret::new(format!("secret {number}")),
        c: point(1),
        witness: None,
    };
    of.iter().enumerate().map(input).collect()
}

/// Outputs with different points, of keysets and amounts.
fn outputs(of: &[(u8, u64)]) -> Vec<BlindedMessage> {
    let output = |((keyset, amount), number): (&(u8, u64), u8)| BlindedMessage {
        amount: *amount,
        id: id(*keyset),
        b: point(number),
    };
    of.iter().zip(1..).map(output).collect()
}

fn swap(ins: &[(u8, u64)], outs: &[(u8, u64)]) -> Transaction {
    Transaction::swap(inputs(ins), outputs(outs))
}

/// The mint's unit.
fn credit() -> Unit {
    Unit::new("credit", 0)
}

fn try_admit(transaction: &Transaction) -> Result<(Vec<Entry>, u64)> {
    let admitted = admit(transaction, &directory(), &credit(), &limits(), NOW)?;
    let indexes = |keysets: &[Arc<Keyset>]| -> Vec<KeysetId> {
        keysets.iter().map(|keyset| keyset.id).collect()
    };
    let input_ids: Vec<_> = transaction.inputs.iter().map(|i| i.id).collect();
    let output_ids: Vec<_> = transaction.outputs.iter().map(|o| o.id).collect();
    assert_eq!(indexes(admitted.input_keysets()), input_ids);
    assert_eq!(indexes(admitted.output_keysets()), output_ids);
    Ok((admitted.entries().to_vec(), admitted.credited()))
}

fn refused(transaction: &Transaction) -> ErrorCode {
    let error = try_admit(transaction).unwrap_err();
    let Error::Request { code, .. } = error else {
        panic!("not the request's fault: {error}");
    };
    code
}

/// Account, amount and kind of each posting, and what is credited.
fn admitted(transaction: &Transaction) -> (Vec<(AccountId, i64, PostingKind)>, u64) {
    let (entries, credited) = try_admit(transaction).unwrap();
    let entries = entries.iter().map(|e| (e.account, e.amount, e.kind));
    (entries.collect(), credited)
}

#[test]
fn a_balanced_swap_posts_nothing() {
    let swap = swap(&[(ACTIVE, 8), (RETIRED, 4)], &[(ACTIVE, 8), (ACTIVE, 4)]);
    assert_eq!(admitted(&swap), (vec![], 0));
}

#[test]
fn a_withdrawal_and_a_voucher_debit_the_account() {
    let outs = outputs(&[(ACTIVE, 8), (ACTIVE, 1)]);
    let withdrawal = Transaction::withdraw(ANN, outs.clone());
    assert_eq!(
        admitted(&withdrawal),
        (vec![(ANN, -9, PostingKind::Withdraw)], 0)
    );
    let voucher = Transaction::issue(ANN, outs, Some("stall".to_owned()));
    assert_eq!(admitted(&voucher), (vec![(ANN, -9, PostingKind::Issue)], 0));
    let (entries, _) = try_admit(&voucher).unwrap();
    assert_eq!(entries[0].note.as_deref(), Some("stall"));
}

#[test]
fn a_redemption_credits_what_change_and_fee_leave() {
    let redeem = |ins: &[_], outs: &[_]| Transaction::redeem(ANN, inputs(ins), outputs(outs));
    let plain = redeem(&[(ACTIVE, 8)], &[]);
    assert_eq!(admitted(&plain), (vec![(ANN, 8, PostingKind::Redeem)], 8));
    let change = redeem(&[(ACTIVE, 8)], &[(ACTIVE, 2), (ACTIVE, 1)]);
    assert_eq!(admitted(&change), (vec![(ANN, 5, PostingKind::Redeem)], 5));
    let all_change = redeem(&[(ACTIVE, 8)], &[(ACTIVE, 8)]);
    assert_eq!(
        admitted(&all_change),
        (vec![(ANN, 0, PostingKind::Redeem)], 0)
    );
    let too_much = redeem(&[(ACTIVE, 8)], &[(ACTIVE, 8), (ACTIVE, 1)]);
    assert_eq!(refused(&too_much), ErrorCode::Unbalanced);
    // Three inputs at 400 ppk: 1.2, rounded up to 2.
    let dear = redeem(&[(DEAR, 8), (DEAR, 1), (DEAR, 2)], &[(ACTIVE, 4)]);
    let posted = vec![
        (ANN, 5, PostingKind::Redeem),
        (FEES, 2, PostingKind::Redeem),
    ];
    assert_eq!(admitted(&dear), (posted, 5));
    assert_eq!(credited(&dear, &directory(), &credit()).unwrap(), 5);
    let eaten_up = redeem(&[(DEAR, 1)], &[]);
    let posted = vec![
        (ANN, 0, PostingKind::Redeem),
        (FEES, 1, PostingKind::Redeem),
    ];
    assert_eq!(admitted(&eaten_up), (posted, 0));
    assert_eq!(
        refused(&redeem(&[(DEAR, 1)], &[(ACTIVE, 1)])),
        ErrorCode::Unbalanced
    );
}

#[test]
fn a_fee_is_rounded_up_once_for_all_inputs() {
    for (count, fee) in [(1, 1), (2, 1), (3, 2), (5, 2)] {
        let ins = vec![(DEAR, 8); count];
        let left = 8 * count as u64 - fee;
        let bits = (0..8).map(|n| 1 << n).filter(|bit| left & bit != 0);
        let outs: Vec<_> = bits.map(|bit| (ACTIVE, bit)).collect();
        let entries = vec![(FEES, fee.cast_signed(), PostingKind::Redeem)];
        assert_eq!(admitted(&swap(&ins, &outs)), (entries, 0), "{count}");
        let mut dearer = outs;
        dearer[0] = (ACTIVE, 128);
        assert_eq!(refused(&swap(&ins, &dearer)), ErrorCode::Unbalanced);
    }
    // An input of a free keyset adds nothing to it.
    let mixed = swap(
        &[(DEAR, 8), (ACTIVE, 8)],
        &[(ACTIVE, 8), (ACTIVE, 4), (ACTIVE, 2), (ACTIVE, 1)],
    );
    assert_eq!(admitted(&mixed).0, [(FEES, 1, PostingKind::Redeem)]);
}

#[test]
fn funding_and_payout_mirror_each_other_on_the_reserve() {
    let credit = Transaction::postings(Purpose::Credit(ANN, 5, None));
    let posted = vec![
        (ANN, 5, PostingKind::Credit),
        (RESERVE, -5, PostingKind::Credit),
    ];
    assert_eq!(admitted(&credit), (posted, 0));
    let debit = Transaction::postings(Purpose::Debit(ANN, 5, None));
    let posted = vec![
        (ANN, -5, PostingKind::Debit),
        (RESERVE, 5, PostingKind::Debit),
    ];
    assert_eq!(admitted(&debit), (posted, 0));
    for purpose in [Purpose::Credit(ANN, 0, None), Purpose::Debit(ANN, 0, None)] {
        let nothing = Transaction::postings(purpose);
        assert_eq!(refused(&nothing), ErrorCode::AmountOutOfRange);
    }
    let endless = Transaction::postings(Purpose::Credit(ANN, 1 << 63, None));
    assert_eq!(refused(&endless), ErrorCode::Unbalanced);
    let most = Transaction::postings(Purpose::Credit(ANN, (1 << 63) - 1, None));
    assert_eq!(admitted(&most).0[0], (ANN, i64::MAX, PostingKind::Credit));
}

#[test]
fn limits_are_exact() {
    let five = swap(&[(ACTIVE, 4); 5], &[(ACTIVE, 16), (ACTIVE, 4)]);
    admitted(&five);
    assert_eq!(
        refused(&swap(&[(ACTIVE, 4); 6], &[(ACTIVE, 8)])),
        ErrorCode::InputsMax
    );
    admitted(&swap(&[(ACTIVE, 16)], &[(ACTIVE, 4); 4]));
    assert_eq!(
        refused(&swap(&[(ACTIVE, 4)], &[(ACTIVE, 1); 5])),
        ErrorCode::OutputsMax
    );
    let mut long = swap(&[(ACTIVE, 4)], &[(ACTIVE, 4)]);
    long.inputs[0].secret = Secret::new("ten bytes!".to_owned());
    long.inputs[0].witness = Some("twelve bytes".to_owned());
    admitted(&long);
    long.inputs[0].secret = Secret::new("ten byteß!".to_owned());
    assert_eq!(refused(&long), ErrorCode::SecretTooLong);
    long.inputs[0].secret = Secret::new(String::new());
    long.inputs[0].witness = Some("thirteen byte".to_owned());
    assert_eq!(refused(&long), ErrorCode::Malformed);
}

#[test]
fn a_request_that_moves_nothing_is_empty() {
    let (some_in, some_out) = (inputs(&[(ACTIVE, 1)]), outputs(&[(ACTIVE, 1)]));
    let empty = [
        Transaction::swap(vec![], some_out.clone()),
        Transaction::swap(some_in, vec![]),
        Transaction::swap(vec![], vec![]),
        Transaction::withdraw(ANN, vec![]),
        Transaction::issue(ANN, vec![], None),
        Transaction::redeem(ANN, vec![], some_out),
        Transaction::redeem(ANN, vec![], vec![]),
    ];
    for transaction in empty {
        assert_eq!(refused(&transaction), ErrorCode::Empty, "{transaction:?}");
    }
}

#[test]
fn points_of_the_other_suite_are_malformed() {
    let long = EncodedPoint::from_bytes(&[2; 33]).unwrap();
    let mut input = swap(&[(ACTIVE, 4)], &[(ACTIVE, 4)]);
    input.inputs[0].c = long;
    assert_eq!(refused(&input), ErrorCode::Malformed);
    let mut output = swap(&[(ACTIVE, 4)], &[(ACTIVE, 4)]);
    output.outputs[0].b = long;
    assert_eq!(refused(&output), ErrorCode::Malformed);
}

#[test]
fn the_same_secret_is_the_same_input_and_the_same_point_the_same_output() {
    let mut twice = swap(&[(ACTIVE, 4), (RETIRED, 8)], &[(ACTIVE, 8), (ACTIVE, 4)]);
    twice.inputs[1].secret = twice.inputs[0].secret.clone();
    twice.inputs[1].c = point(9);
    assert_eq!(refused(&twice), ErrorCode::DuplicateInputs);
    let mut twice = swap(&[(ACTIVE, 4), (RETIRED, 8)], &[(ACTIVE, 8), (ACTIVE, 4)]);
    twice.outputs[1].b = twice.outputs[0].b;
    assert_eq!(refused(&twice), ErrorCode::DuplicateOutputs);
}

#[test]
fn what_each_keyset_may_be_used_for() {
    let as_input = |keyset| swap(&[(keyset, 4)], &[(ACTIVE, 4)]);
    let as_output = |keyset| swap(&[(ACTIVE, 4)], &[(keyset, 4)]);
    let as_withdrawal = |keyset| Transaction::withdraw(ANN, outputs(&[(keyset, 4)]));
    for keyset in [ACTIVE, EXPIRES_NOW] {
        admitted(&as_input(keyset));
        admitted(&as_output(keyset));
        admitted(&as_withdrawal(keyset));
    }
    admitted(&as_input(RETIRED));
    for (keyset, code) in [
        (FROZEN, ErrorCode::KeysetInactive),
        (EXPIRED, ErrorCode::KeysetExpired),
        (RETIRED_AND_EXPIRED, ErrorCode::KeysetExpired),
        (UNKNOWN, ErrorCode::KeysetUnknown),
    ] {
        assert_eq!(refused(&as_input(keyset)), code, "{keyset}");
    }
    for (keyset, code) in [
        (RETIRED, ErrorCode::KeysetInactive),
        (FROZEN, ErrorCode::KeysetInactive),
        (EXPIRED, ErrorCode::KeysetExpired),
        (UNKNOWN, ErrorCode::KeysetUnknown),
    ] {
        assert_eq!(refused(&as_output(keyset)), code, "{keyset}");
        assert_eq!(refused(&as_withdrawal(keyset)), code, "{keyset}");
    }
    let mut short = as_input(ACTIVE);
    short.inputs[0].id = id(ACTIVE).short();
    assert_eq!(refused(&short), ErrorCode::KeysetUnknown);
}

#[test]
fn amounts_are_those_of_the_keyset() {
    for amount in [0, 3, 6, 127, 256, 1 << 32, u64::MAX, 1 << 63] {
        let code = ErrorCode::AmountOutOfRange;
        assert_eq!(
            refused(&swap(&[(ACTIVE, amount)], &[(ACTIVE, 4)])),
            code,
            "{amount}"
        );
        assert_eq!(
            refused(&swap(&[(ACTIVE, 4)], &[(ACTIVE, amount)])),
            code,
            "{amount}"
        );
    }
    for exponent in 0..8 {
        let amount = 1 << exponent;
        admitted(&swap(&[(ACTIVE, amount)], &[(ACTIVE, amount)]));
    }
}

#[test]
fn units_do_not_mix() {
    admitted(&swap(&[(SATS, 4)], &[(SATS, 4)]));
    let mixed_in = swap(&[(SATS, 4), (ACTIVE, 4)], &[(ACTIVE, 8)]);
    assert_eq!(refused(&mixed_in), ErrorCode::MultipleUnits);
    let mixed_out = swap(&[(ACTIVE, 8)], &[(ACTIVE, 4), (SATS, 4)]);
    assert_eq!(refused(&mixed_out), ErrorCode::MultipleUnits);
    let exchanged = swap(&[(SATS, 4)], &[(ACTIVE, 4)]);
    assert_eq!(refused(&exchanged), ErrorCode::UnitMismatch);
    let withdrawn = Transaction::withdraw(ANN, outputs(&[(SATS, 4)]));
    assert_eq!(refused(&withdrawn), ErrorCode::UnitUnsupported);
    let issued = Transaction::issue(ANN, outputs(&[(SATS, 4)]), None);
    assert_eq!(refused(&issued), ErrorCode::UnitUnsupported);
    let redeemed = Transaction::redeem(ANN, inputs(&[(SATS, 4)]), vec![]);
    assert_eq!(refused(&redeemed), ErrorCode::UnitUnsupported);
    let change = outputs(&[(ACTIVE, 1)]);
    let redeemed = Transaction::redeem(ANN, inputs(&[(SATS, 4)]), change);
    assert_eq!(refused(&redeemed), ErrorCode::UnitMismatch);
}

/// NUT-22: blind authentication is worth nothing. It is not swapped, also not for itself, and whatever else
/// is done with it is refused; what makes it makes no money.
#[test]
fn authentication_is_no_money() {
    let (bats, money) = ([(AUTH, 4)], [(ACTIVE, 4)]);
    assert_eq!(refused(&swap(&bats, &bats)), ErrorCode::UnitUnsupported);
    assert_eq!(refused(&swap(&bats, &money)), ErrorCode::UnitMismatch);
    assert_eq!(refused(&swap(&money, &bats)), ErrorCode::UnitMismatch);
    let both = swap(&[(AUTH, 4), (ACTIVE, 4)], &[(ACTIVE, 8)]);
    assert_eq!(refused(&both), ErrorCode::MultipleUnits);
    let payment = || Payment {
        quote: QuoteId::new("q".to_owned()),
        due: 1,
    };
    for transaction in [
        Transaction::withdraw(ANN, outputs(&bats)),
        Transaction::redeem(ANN, inputs(&bats), vec![]),
        Transaction::issue(ANN, outputs(&bats), None),
        Transaction::mint(vec![(payment().quote, 4)], outputs(&bats)),
        Transaction::melt(payment(), inputs(&bats), vec![]),
        Transaction::issue_auth(outputs(&money)),
    ] {
        assert_eq!(refused(&transaction), ErrorCode::UnitUnsupported);
    }
    // Issued for nothing, and posted nowhere.
    let issued = Transaction::issue_auth(outputs(&bats));
    assert_eq!(admitted(&issued), (vec![], 0));
    let nothing = Transaction::issue_auth(vec![]);
    assert_eq!(refused(&nothing), ErrorCode::Empty);
    let mark = [7; 16];
    let used = Transaction::spend_auth(AuthToken { mark, keyset: 10 });
    assert_eq!(admitted(&used), (vec![], 0));
}

#[test]
fn sums_never_wrap() {
    let half = (TALL, 1 << 63);
    for (ins, outs) in [
        (vec![half, half], vec![(ACTIVE, 1)]),
        (vec![(ACTIVE, 1)], vec![half, half]),
        (vec![half, half], vec![half, half]),
    ] {
        assert_eq!(refused(&swap(&ins, &outs)), ErrorCode::Unbalanced);
    }
    // What a posting cannot hold is refused, and what it can is not.
    let withdrawn = Transaction::withdraw(ANN, outputs(&[half]));
    assert_eq!(refused(&withdrawn), ErrorCode::Unbalanced);
    let redeemed = Transaction::redeem(ANN, inputs(&[half]), vec![]);
    assert_eq!(refused(&redeemed), ErrorCode::Unbalanced);
    let least = Transaction::redeem(ANN, inputs(&[half]), outputs(&[(TALL, 1)]));
    assert_eq!(admitted(&least).1, (1 << 63) - 1);
}

#[test]
fn what_was_answered_is_credited_again_whatever_became_of_its_keysets() {
    let redeem =
        |keyset| Transaction::redeem(ANN, inputs(&[(keyset, 8)]), outputs(&[(RETIRED, 1)]));
    for keyset in [ACTIVE, RETIRED, FROZEN, EXPIRED] {
        assert_eq!(
            credited(&redeem(keyset), &directory(), &credit()).unwrap(),
            7,
            "{keyset}"
        );
    }
    assert!(credited(&redeem(UNKNOWN), &directory(), &credit()).is_err());
}

type Fault = (&'static str, ErrorCode, fn(&mut Transaction));

/// What admission refuses, in the documented order.
const FAULTS: [Fault; 10] = [
    ("empty", ErrorCode::Empty, |t| t.outputs.clear()),
    ("inputs", ErrorCode::InputsMax, |t| {
        t.inputs = [&t.inputs[..], &t.inputs].concat()
    }),
    ("outputs", ErrorCode::OutputsMax, |t| {
        t.outputs = [&t.outputs[..], &t.outputs].concat()
    }),
    ("secret", ErrorCode::SecretTooLong, |t| {
        t.inputs[0].secret = Secret::new("0123456789A".to_owned())
    }),
    ("point", ErrorCode::Malformed, |t| {
        t.inputs[0].c = EncodedPoint::from_bytes(&[2; 33]).unwrap()
    }),
    ("input twice", ErrorCode::DuplicateInputs, |t| {
        t.inputs[1].secret = t.inputs[2].secret.clone()
    }),
    ("output twice", ErrorCode::DuplicateOutputs, |t| {
        t.outputs[1].b = t.outputs[2].b
    }),
    ("keyset", ErrorCode::KeysetUnknown, |t| {
        t.inputs[0].id = id(UNKNOWN)
    }),
    ("unit", ErrorCode::MultipleUnits, |t| {
        t.inputs[1].id = id(SATS)
    }),
    ("balance", ErrorCode::Unbalanced, |t| {
        t.inputs[2].amount = 16
    }),
];

#[test]
fn of_two_faults_the_first_in_the_documented_order_is_told() {
    let good = swap(&[(ACTIVE, 8); 3], &[(ACTIVE, 8); 3]);
    admitted(&good);
    for (place, (first, code, spoil_first)) in FAULTS.into_iter().enumerate() {
        let mut one = good.clone();
        spoil_first(&mut one);
        assert_eq!(refused(&one), code, "{first}");
        for (second, _, spoil_second) in FAULTS.into_iter().skip(place + 1) {
            let mut both = good.clone();
            spoil_second(&mut both);
            spoil_first(&mut both);
            assert_eq!(refused(&both), code, "{first} and {second}");
        }
    }
}
