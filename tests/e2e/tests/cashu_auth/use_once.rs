//! A blind authentication token is used up by the request that succeeds with it, and by no other.

use std::time::Duration;

use farthing_protocol::api::State;
use farthing_protocol::suite::SuiteId;
use farthing_testkit::client::{Client, Reply, proofs, y};
use farthing_testkit::lightning::Payment;
use serde_json::{Value, json};

use super::setting::{Auth, Club, MINT_QUOTE, SWAP};

const FAILED: (u16, u32) = (400, 31002);

/// Returns how many invoices the mint made.
fn quotes(club: &Club) -> i64 {
    let store = rusqlite::Connection::open(club.mint.dir().join("mint.sqlite")).unwrap();
    let count = "SELECT count(*) FROM mint_quotes";
    store.query_row(count, [], |row| row.get(0)).unwrap()
}

fn asking_for(amount: u64) -> Value {
    json!({"amount": amount, "unit": "sat"})
}

#[tokio::test]
async fn what_ends_in_an_error_costs_no_token() {
    let club = Club::open().await;
    let [pass] = club.passes().await;
    let auth = Auth::Blind(&pass);
    let money = club.tokens(3).await;
    let mut swap = club.swap(&money);
    swap["outputs"].as_array_mut().unwrap().pop();
    assert_eq!(club.refusal(SWAP, auth, &swap).await, (400, 11005));
    assert_eq!(club.refusal(SWAP, auth, &json!({})).await, (400, 40001));
    let unit = json!({"amount": 1, "unit": "usd"});
    assert_eq!(club.refusal(MINT_QUOTE, auth, &unit).await, (400, 11013));
    let none = json!({"quote": "none", "outputs": club.swap(&money)["outputs"]});
    let path = "/v1/mint/bolt11";
    assert_eq!(club.refusal(path, auth, &none).await, (400, 40010));
    let none = json!({"quote": "none", "inputs": proofs(&money)});
    let path = "/v1/melt/bolt11";
    assert_eq!(club.refusal(path, auth, &none).await, (400, 40010));
    let mut forged = club.swap(&money);
    forged["inputs"][0]["C"] = forged["inputs"][1]["C"].clone();
    assert_eq!(club.refusal(SWAP, auth, &forged).await, (400, 10001));
    assert_eq!(club.counted(), (1, 0));
    // Nor anything else, until something succeeds.
    assert_eq!(club.post(SWAP, auth, &club.swap(&money)).await.status, 200);
    assert_eq!(club.counted(), (1, 1));
    let more = club.swap(&club.tokens(3).await);
    assert_eq!(club.refusal(SWAP, auth, &more).await, FAILED);
    assert_eq!(club.refusal(MINT_QUOTE, auth, &asking_for(1)).await, FAILED);
}

/// The order of refusals: who sends it, then what it asks for, then whether the token was used.
#[tokio::test]
async fn whether_it_was_used_comes_after_what_it_asks_for() {
    let club = Club::open().await;
    let [pass] = club.passes().await;
    let auth = Auth::Blind(&pass);
    assert_eq!(
        club.post(MINT_QUOTE, auth, &asking_for(1)).await.status,
        200
    );
    let money = club.tokens(3).await;
    let mut unbalanced = club.swap(&money);
    unbalanced["outputs"].as_array_mut().unwrap().pop();
    assert_eq!(club.refusal(SWAP, auth, &json!({})).await, (400, 40001));
    assert_eq!(club.refusal(SWAP, auth, &unbalanced).await, (400, 11005));
    // And before any curve operation for what it asks for.
    let mut forged = club.swap(&money);
    forged["inputs"][0]["C"] = forged["inputs"][1]["C"].clone();
    assert_eq!(club.refusal(SWAP, auth, &forged).await, FAILED);
    // Where no answer is given again, nothing is done for it either.
    let bad = json!({"amount": 1, "unit": "usd"});
    assert_eq!(club.refusal(MINT_QUOTE, auth, &bad).await, FAILED);
}

/// NUT-19: the same request, with the token that it came with.
#[tokio::test]
async fn a_request_sent_again_is_answered_again() {
    let mut club = Club::open().await;
    let [pass, other, third] = club.passes().await;
    let swap = club.swap(&club.tokens(7).await);
    let first = club.post(SWAP, Auth::Blind(&pass), &swap).await;
    assert_eq!(first.status, 200);
    for _ in 0..2 {
        assert_eq!(club.post(SWAP, Auth::Blind(&pass), &swap).await, first);
    }
    // Some wallets take another token for every try. That one is not used up by an answer of before.
    assert_eq!(club.post(SWAP, Auth::Blind(&other), &swap).await, first);
    assert_eq!(club.counted(), (3, 1));
    // One that is none is refused here too, and so is none at all.
    let mut forged = pass.clone();
    forged.truncate(forged.len() - 8);
    let refused = club.refusal(SWAP, Auth::Blind(&forged), &swap).await;
    assert_eq!(refused, FAILED);
    let refused = club.refusal(SWAP, Auth::None, &swap).await;
    assert_eq!(refused, (400, 31001));
    // Another request with the used token is another request.
    let different = club.swap(&club.tokens(7).await);
    let refused = club.refusal(SWAP, Auth::Blind(&pass), &different).await;
    assert_eq!(refused, FAILED);
    club.mint.kill().unwrap();
    club.mint.start().unwrap();
    assert_eq!(club.post(SWAP, Auth::Blind(&pass), &swap).await, first);
    let refused = club.refusal(SWAP, Auth::Blind(&pass), &different).await;
    assert_eq!(refused, FAILED);
    let taken = club.post(SWAP, Auth::Blind(&other), &different).await;
    assert_eq!(taken.status, 200);
    let taken = club
        .post(MINT_QUOTE, Auth::Blind(&third), &asking_for(1))
        .await;
    assert_eq!(taken.status, 200);
    assert_eq!(club.counted(), (3, 3));
}

/// Minting what was paid for, sent again with its token: the wallet lost the answer.
#[tokio::test]
async fn a_minting_sent_again_is_answered_again() {
    let club = Club::open().await;
    let [for_quote, for_mint] = club.passes().await;
    let quote = club
        .post(MINT_QUOTE, Auth::Blind(&for_quote), &asking_for(5))
        .await;
    let id = quote.body["quote"].clone();
    let path = format!("/v1/mint/quote/bolt11/{}", id.as_str().unwrap());
    assert_eq!(club.get(&path, Auth::None).await.body["state"], "PAID");
    let outputs = club.swap(&club.tokens(5).await)["outputs"].clone();
    for (path, body) in [("/v1/mint/bolt11", json!({"quote": id, "outputs": outputs}))] {
        let first = club.post(path, Auth::Blind(&for_mint), &body).await;
        assert_eq!(first.status, 200, "{:?}", first.body);
        assert_eq!(club.post(path, Auth::Blind(&for_mint), &body).await, first);
    }
    assert_eq!(club.counted(), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_swaps_with_one_token_one_is_carried_out() {
    let club = Club::open().await;
    let client = Client::of_suite(club.mint.url().unwrap(), SuiteId::Secp256k1).unwrap();
    for round in 1..=5 {
        let [pass] = club.passes().await;
        let money = [club.tokens(3).await, club.tokens(3).await];
        let bodies = money.each_ref().map(|tokens| club.swap(tokens));
        let auth = Auth::Blind(&pass);
        let (one, two) = tokio::join!(
            club.post(SWAP, auth, &bodies[0]),
            club.post(SWAP, auth, &bodies[1])
        );
        let (lost, kept) = match (one.status, two.status) {
            (200, _) => (two, &money[1]),
            _ => {
                assert_eq!(two.status, 200, "{:?}", two.body);
                (one, &money[0])
            }
        };
        assert_eq!(lost.refusal().unwrap(), FAILED);
        // The other lost nothing.
        let ys: Vec<_> = kept.iter().map(|token| y(&token.proof).unwrap()).collect();
        let states = client.states(&ys).await.unwrap();
        assert!(states.iter().all(|state| *state == State::Unspent));
        assert_eq!(club.counted(), (round, round));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_questions_with_one_token_one_is_answered() {
    let club = Club::open().await;
    for round in 1..=5_i64 {
        let [pass] = club.passes().await;
        let body = asking_for(round.unsigned_abs());
        let ask = || club.post(MINT_QUOTE, Auth::Blind(&pass), &body);
        let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
        let (good, bad): (Vec<Reply>, Vec<Reply>) = [a, b, c, d]
            .into_iter()
            .partition(|reply| reply.status == 200);
        assert_eq!(good.len(), 1);
        for reply in bad {
            assert_eq!(reply.refusal().unwrap(), FAILED);
        }
        assert_eq!(club.counted(), (round, round));
        assert_eq!(quotes(&club), round, "nothing was done for the others");
    }
}

/// Whoever goes away before the answer has had what they asked for: with one token they cannot ask for
/// more than one thing, however often they hang up.
#[tokio::test]
async fn a_question_whose_asker_goes_away_costs_its_token() {
    use tokio::io::AsyncWriteExt as _;
    let club = Club::open().await;
    let [pass] = club.passes().await;
    let address = club.mint.url().unwrap().trim_start_matches("http://");
    let body = asking_for(1).to_string();
    let head = format!(
        "POST /cashu{MINT_QUOTE} HTTP/1.1\r\nHost: mint\r\nBlind-auth: {pass}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for round in 0..150 {
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        // At any moment of what is done for it: what holds has to hold at all of them.
        tokio::time::sleep(Duration::from_millis(round % 15)).await;
        drop(socket);
    }
    // Used by one of them, or by this one.
    let ask = async || {
        club.post(MINT_QUOTE, Auth::Blind(&pass), &asking_for(2))
            .await
    };
    let is_used = |reply: &Reply| {
        reply.status != 200 && reply.body["detail"].to_string().contains("used before")
    };
    club.wait_for(ask, is_used).await;
    assert_eq!(club.counted(), (1, 1));
    assert_eq!(quotes(&club), 1);
}

#[tokio::test]
async fn a_payment_that_fails_gives_its_token_back() {
    let club = Club::open().await;
    let [for_quote, pass, other] = club.passes().await;
    let (invoice, quote) = club.melt_quote(2000, &for_quote).await;
    club.node().order_outgoing(&invoice, "failed").unwrap();
    let money = club.tokens(7).await;
    let body = json!({"quote": quote["quote"], "inputs": proofs(&money), "outputs": []});
    let path = "/v1/melt/bolt11";
    let auth = Auth::Blind(&pass);
    assert_eq!(club.refusal(path, auth, &body).await, (400, 20004));
    assert_eq!(club.counted(), (3, 1));
    let swap = club.swap(&money);
    assert_eq!(club.post(SWAP, auth, &swap).await.status, 200);
    assert_eq!(club.counted(), (3, 2));
    let swap = club.swap(&club.tokens(7).await);
    assert_eq!(club.refusal(SWAP, auth, &swap).await, FAILED);
    assert_eq!(
        club.post(SWAP, Auth::Blind(&other), &swap).await.status,
        200
    );
}

#[tokio::test]
async fn a_payment_under_way_holds_its_token_and_one_that_arrives_uses_it_up() {
    let mut club = Club::open().await;
    let [for_quote, pass] = club.passes().await;
    let (invoice, quote) = club.melt_quote(2000, &for_quote).await;
    club.node().order_outgoing(&invoice, "pending").unwrap();
    let money = club.tokens(7).await;
    let body = json!({
        "quote": quote["quote"], "inputs": proofs(&money), "outputs": [], "prefer_async": true
    });
    let path = "/v1/melt/bolt11";
    let auth = Auth::Blind(&pass);
    let begun = club.post(path, auth, &body).await;
    assert_eq!(begun.body["state"], "PENDING", "{:?}", begun.body);
    // It is in circulation, and cannot be used.
    assert_eq!(club.counted(), (2, 1));
    let swap = club.swap(&club.tokens(3).await);
    assert_eq!(club.refusal(SWAP, auth, &swap).await, FAILED);
    assert_eq!(club.refusal(MINT_QUOTE, auth, &asking_for(1)).await, FAILED);
    // The same request again is told how it stands, also after a crash.
    assert_eq!(club.post(path, auth, &body).await.body["state"], "PENDING");
    club.mint.kill().unwrap();
    club.mint.start().unwrap();
    assert_eq!(club.post(path, auth, &body).await.body["state"], "PENDING");
    assert_eq!(club.refusal(SWAP, auth, &swap).await, FAILED);
    club.node().order_outgoing(&invoice, "paid").unwrap();
    let path_of_quote = format!("/v1/melt/quote/bolt11/{}", quote["quote"].as_str().unwrap());
    let ask = async || club.get(&path_of_quote, Auth::None).await;
    club.wait_for(ask, |reply| reply.body["state"] == "PAID")
        .await;
    let payment = club.node().payment(&invoice).unwrap();
    assert!(matches!(payment, Some(Payment::Paid { .. })));
    assert_eq!(club.counted(), (2, 2));
    assert_eq!(club.refusal(SWAP, auth, &swap).await, FAILED);
    assert_eq!(club.post(path, auth, &body).await.body["state"], "PAID");
    // The books: 7 were put in, 2 went out, and the rest, without outputs for it, was the mint's. The
    // token of authentication is none of it.
    let books = club.mint.balanced().unwrap();
    assert_eq!(books["fees"], 5);
    assert_eq!(books["reserve"], 10_000 - 2);
}
