//! What the wallet does not believe: each lie of a mint, and each false token, is refused by name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_client::{KeysetError, Violation as OfApi};
use farthing_protocol::{EncodedScalar, Token};
use farthing_wallet::error::{UsageError, Violation};
use farthing_wallet::{ApiToken, Error, Origin, Redeem, SendOptions};
use support::mint::{FakeKeyset, Lies};
use support::*;

fn violation(error: Error) -> Violation {
    let Error::Misbehaved(misbehaved) = error else {
        panic!("not a violation of the mint: {error:?}");
    };
    misbehaved.violation
}

fn set(world: &World, lies: Lies) {
    world.mint.borrow_mut().lies = lies;
}

type Expected = fn(&Violation) -> bool;

/// Lies about signatures on a withdrawal of 1 + 2 + 4, and how the wallet names them.
fn false_signatures() -> [(Lies, Expected); 5] {
    [
        (
            Lies {
                dleq: true,
                ..Lies::default()
            },
            |l| matches!(l, Violation::Proof { amount: 1, .. }),
        ),
        (
            Lies {
                signed_amount: true,
                ..Lies::default()
            },
            |l| {
                matches!(
                    l,
                    Violation::Signed {
                        expected: 1,
                        got: 2,
                        ..
                    }
                )
            },
        ),
        (
            Lies {
                signed_keyset: true,
                ..Lies::default()
            },
            |l| matches!(l, Violation::Signed { keyset, got_keyset, .. } if keyset != got_keyset),
        ),
        (
            Lies {
                one_signature_less: true,
                ..Lies::default()
            },
            |l| {
                *l == Violation::Count {
                    expected: 3,
                    got: 2,
                }
            },
        ),
        (
            Lies {
                unreadable: true,
                ..Lies::default()
            },
            |l| {
                let path = "/v1/withdraw".to_owned();
                *l == Violation::Api(OfApi::Answer { path, status: 200 })
            },
        ),
    ]
}

#[tokio::test]
async fn a_false_signature_is_refused_and_the_operation_kept() {
    for (lies, expected) in false_signatures() {
        let world = World::new(FakeMint::new(100));
        let mut wallet = world.make(PHRASE, Origin::New).await;
        let mint = the_mint(&wallet).await;
        set(&world, lies);
        let error = wallet.withdraw(&mint, 7).await.unwrap_err();
        assert!(
            matches!(&error, Error::Misbehaved(m) if m.open == Some(1)),
            "{lies:?}"
        );
        let violation = violation(error);
        assert!(expected(&violation), "{lies:?}: {violation:?}");
        assert_eq!(
            (available(&wallet).await, pending(&wallet).await),
            (0, 7),
            "{lies:?}"
        );
    }
}

#[tokio::test]
async fn a_false_credit_is_refused() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 7).await.unwrap();
    set(
        &world,
        Lies {
            credited: true,
            ..Lies::default()
        },
    );
    let error = wallet.redeem(&mint, Redeem::Amount(5)).await.unwrap_err();
    assert_eq!(
        violation(error),
        Violation::Credited {
            expected: 5,
            got: 6,
            unit: farthing_wallet::Unit::new("credit", 0),
        }
    );
}

#[tokio::test]
async fn a_keyset_whose_id_is_not_of_its_keys_is_refused_by_name() {
    let world = World::new(FakeMint::new(100));
    let wallet = world.make(PHRASE, Origin::New).await;
    let right = world.mint.borrow().keysets[0].info.id;
    let other = world.device().make_stranger().await;
    for (lies, of_known) in [
        (
            Lies {
                keyset_id: true,
                ..Lies::default()
            },
            false,
        ),
        (
            Lies {
                other_keys: true,
                ..Lies::default()
            },
            true,
        ),
        (
            Lies {
                other_fee: true,
                ..Lies::default()
            },
            true,
        ),
    ] {
        // To a wallet that has never seen the mint.
        set(&world, Lies::default());
        let fresh = world.device();
        let newcomer = fresh.make_stranger().await;
        fresh
            .rows
            .borrow_mut()
            .retain(|(table, _), _| table.name() == "meta");
        set(&world, lies);
        let error = newcomer.mints().add(URL, None).await.unwrap_err();
        let Violation::Api(OfApi::Keyset {
            keyset: shown,
            error: KeysetError::Id { computed },
        }) = violation(error)
        else {
            panic!("{lies:?}")
        };
        assert_ne!(shown, computed);
        assert!(
            newcomer.mints().all().await.unwrap().is_empty(),
            "nothing is kept"
        );
        // To one that has.
        let violation = violation(wallet.mints().add(URL, None).await.unwrap_err());
        if of_known {
            assert_eq!(violation, Violation::KeysChanged(right), "{lies:?}");
        } else {
            assert!(
                matches!(
                    violation,
                    Violation::Api(OfApi::Keyset {
                        error: KeysetError::Id { .. },
                        ..
                    })
                ),
                "{lies:?}"
            );
        }
    }
    set(&world, Lies::default());
    other.mints().add(URL, None).await.unwrap();
}

#[tokio::test]
async fn states_of_other_tokens_are_refused() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 7).await.unwrap();
    world.rows.borrow_mut().clear();
    let mut wallet = world.make(PHRASE, Origin::Restored).await;
    set(
        &world,
        Lies {
            states_of_others: true,
            ..Lies::default()
        },
    );
    assert_eq!(
        violation(wallet.restore(&mint, &mut ()).await.unwrap_err()),
        Violation::Api(OfApi::States)
    );
    assert_eq!(available(&wallet).await, 0);
}

/// A token of 7, and a wallet to receive it with its world.
async fn token() -> (World, TestWallet, Token) {
    let world = World::new(FakeMint::new(100));
    let mut sender = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&sender).await;
    sender.withdraw(&mint, 7).await.unwrap();
    let sent = sender.send(&mint, 7, SendOptions::default()).await.unwrap();
    let elsewhere = world.device();
    let receiver = elsewhere.make_stranger().await;
    (elsewhere, receiver, sent.token())
}

#[tokio::test]
async fn an_altered_token_is_refused_before_the_mint_is_asked() {
    type Change = fn(&mut Token);
    let changes: [(&str, Change); 8] = [
        ("a larger amount", |t| t.proofs[1].proof.amount = 4),
        ("an amount without a key", |t| t.proofs[1].proof.amount = 3),
        ("another secret", |t| {
            t.proofs[1].proof.secret = t.proofs[0].proof.secret.clone()
        }),
        ("another signature", |t| {
            t.proofs[1].proof.c = t.proofs[0].proof.c
        }),
        ("no point", |t| t.proofs[1].proof.c = [0xff; 32].into()),
        ("another challenge", |t| {
            t.proofs[1].dleq.as_mut().unwrap().e = EncodedScalar([1; 32]);
        }),
        ("another blinding factor", |t| {
            t.proofs[1].dleq.as_mut().unwrap().r = t.proofs[0].dleq.as_ref().unwrap().r.clone();
        }),
        ("no blinding factor", |t| {
            t.proofs[1].dleq.as_mut().unwrap().r = EncodedScalar([0; 32]);
        }),
    ];
    for (name, change) in changes {
        let (world, mut receiver, mut token) = token().await;
        change(&mut token);
        let before = world.mint.borrow().requests.len();
        let error = receiver.receive(&token.encode()).await.unwrap_err();
        let Error::Usage(UsageError::TokenProof { number: 2, .. }) = error else {
            panic!("{name}: {error:?}");
        };
        assert_eq!(
            world.mint.borrow().requests.len(),
            before,
            "{name}: the mint was asked"
        );
        assert!(receiver.open_operations().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_token_twice_in_itself_of_another_unit_or_of_another_mint_is_refused() {
    let (world, mut receiver, token) = token().await;
    let before = world.mint.borrow().requests.len();
    let mut twice = token.clone();
    twice.proofs.push(token.proofs[0].clone());
    let error = receiver.receive(&twice.encode()).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Usage(UsageError::TokenProof { number: 4, .. })
        ),
        "{error:?}"
    );

    let unit = Token {
        unit: "sat".into(),
        ..token.clone()
    };
    let error = receiver.receive(&unit.encode()).await.unwrap_err();
    assert!(
        matches!(error, Error::Usage(UsageError::TokenUnit { .. })),
        "{error:?}"
    );

    // Of keysets that are not this mint's, and at another address.
    let mut mint = Token {
        mint: "https://other.test".into(),
        ..token.clone()
    };
    let foreign = FakeKeyset::new(9, 0, 8).info.id;
    mint.proofs.iter_mut().for_each(|p| p.proof.id = foreign);
    let error = receiver.receive(&mint.encode()).await.unwrap_err();
    assert_eq!(
        error,
        Error::Usage(UsageError::MintUnknown("https://other.test".into()))
    );

    let error = receiver.receive("cashuBnonsense").await.unwrap_err();
    assert!(
        matches!(error, Error::Usage(UsageError::Token(_))),
        "{error:?}"
    );
    assert_eq!(world.mint.borrow().requests.len(), before);

    let mut keyset = token;
    keyset.proofs[0].proof.id = foreign;
    let error = receiver.receive(&keyset.encode()).await.unwrap_err();
    assert!(
        matches!(error, Error::Usage(UsageError::TokenKeyset(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_token_without_dleq_is_for_the_mint_to_judge() {
    let (_, mut receiver, mut token) = token().await;
    token.proofs.iter_mut().for_each(|p| p.dleq = None);
    receiver.receive(&token.encode()).await.unwrap();
    assert_eq!(available(&receiver).await, 7);
}

#[tokio::test]
async fn nothing_secret_is_shown_by_debug_or_by_an_error() {
    let (world, mut receiver, token) = token().await;
    let text = token.encode();
    let secret = token.proofs[0].proof.secret.expose().to_owned();
    world.fault.set(Some(Fault::DropAnswer));
    let error = receiver.receive(&text).await.unwrap_err();
    let operations = receiver.open_operations().await.unwrap();
    let shown = format!(
        "{error:?} {error} {:?} {operations:?} {token:?}",
        error.explain()
    );
    assert!(!shown.contains(&secret) && !shown.contains(API_TOKEN));
    assert!(!format!("{:?}", ApiToken::new(API_TOKEN)).contains(API_TOKEN));
    assert!(!format!("{:?}", receiver.mints().all().await.unwrap()).contains(API_TOKEN));
}
