//! A payment that the operator ends by hand, since its node is lost.

use farthing_protocol::api::State;
use farthing_protocol::cashu::bolt11::{MeltQuote, MeltQuoteState};
use farthing_testkit::client::Client;
use serde_json::json;

use super::setting::{Shop, invoice, melt_body};

#[tokio::test]
async fn the_operators_word_ends_a_payment_while_the_mint_stands_still() {
    let mut shop = Shop::open().await;
    shop.order("outgoing-default", "unknown");
    let tokens = [shop.tokens(64).await, shop.tokens(64).await];
    let mut quotes = Vec::new();
    for tokens in &tokens {
        let quote = shop.melt_quote(&invoice(Some(50_000))).await;
        let mut body = melt_body(&quote, tokens, &shop.outputs(&[1; 6]));
        body["prefer_async"] = json!(true);
        let pending: MeltQuote = shop.post("/v1/melt/bolt11", &body).await.ok().unwrap();
        assert_eq!(pending.state, MeltQuoteState::Pending);
        quotes.push(quote);
    }
    let id = |i: usize| quotes[i].quote.as_str().to_owned();
    let end = |mint: &farthing_testkit::process::Mint, i: usize, how: &[&str]| {
        let id = id(i);
        let arguments = [&["payment", "end", &id, "--reason", "asked the payee"], how].concat();
        mint.run(&arguments)
    };
    let listed = shop.mint.run(&["payment", "list"]).unwrap();
    assert_eq!(listed["payments"].as_array().unwrap().len(), 2);
    let refused = end(&shop.mint, 0, &["--failed"]).unwrap_err().to_string();
    assert!(refused.contains("the mint is running"), "{refused}");

    let address = shop.mint.url().unwrap().replace("http://", "");
    shop.mint.stop().unwrap();
    assert!(
        end(&shop.mint, 0, &[]).is_err(),
        "one of the two has to be said"
    );
    assert_eq!(
        end(&shop.mint, 0, &["--failed"]).unwrap()["state"],
        "failed"
    );
    assert_eq!(
        end(&shop.mint, 1, &["--paid", "--fee", "1"]).unwrap()["state"],
        "paid"
    );
    let again = end(&shop.mint, 1, &["--failed"]).unwrap_err().to_string();
    assert!(again.contains("no payment with this quote"), "{again}");
    assert_eq!(
        shop.mint.run(&["payment", "list"]).unwrap(),
        json!({"payments": []})
    );
    let books = shop.books();
    let notes = books["suspense"]["postings"].as_array().unwrap();
    assert_eq!(notes.len(), 2);
    assert!(
        notes
            .iter()
            .all(|note| note["note"].as_str().unwrap().contains("asked the payee"))
    );

    shop.mint.start_at(&address).unwrap();
    shop.client = Client::new(&format!("http://{address}/cashu")).unwrap();
    let states = [State::Unspent, State::Spent];
    for ((tokens, quote), expected) in tokens.iter().zip(&quotes).zip(states) {
        assert!(
            shop.states(tokens)
                .await
                .iter()
                .all(|state| state.state == expected)
        );
        let change = shop.read_melt_quote(quote).await.change;
        let change: u64 = change.iter().map(|signature| signature.amount).sum();
        assert_eq!(change, if expected == State::Spent { 13 } else { 0 });
    }
    assert_eq!(shop.sums(), (128 - 51, 64 + 13, 0));
}
