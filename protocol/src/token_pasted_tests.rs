use super::*;
use crate::{KeysetId, Proof, Secret, TokenProof};
use proptest::prelude::*;

/// NUT-00's example of a token, V4.
const V4: &str = "cashuBpGF0gaJhaUgArSaMTR9YJmFwgaNhYQFhc3hAOWE2ZGJiODQ3YmQyMzJiYTc2ZGIwZGYxOTcyMTZiMjlkM2I4Y2MxNDU1M2NkMjc4MjdmYzFjYzk0MmZlZGI0ZWFjWCEDhhhUP_trhpXfStS6vN6So0qWvc2X3O4NfM-Y1HISZ5JhZGlUaGFuayB5b3VhbXVodHRwOi8vbG9jYWxob3N0OjMzMzhhdWNzYXQ";
const V3: &str = "cashuAeyJ0b2tlbiI6W3sibWludCI6Imh0dHBzOi8vODMzMy5zcGFjZTozMzM4IiwicHJvb2ZzIjpbeyJhbW91bnQiOjIsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6IjQwNzkxNWJjMjEyYmU2MWE3N2UzZTZkMmFlYjRjNzI3OTgwYmRhNTFjZDA2YTZhZmMyOWUyODYxNzY4YTc4MzciLCJDIjoiMDJiYzkwOTc5OTdkODFhZmIyY2M3MzQ2YjVlNDM0NWE5MzQ2YmQyYTUwNmViNzk1ODU5OGE3MmYwY2Y4NTE2M2VhIn0seyJhbW91bnQiOjgsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6ImZlMTUxMDkzMTRlNjFkNzc1NmIwZjhlZTBmMjNhNjI0YWNhYTNmNGUwNDJmNjE0MzNjNzI4YzcwNTdiOTMxYmUiLCJDIjoiMDI5ZThlNTA1MGI4OTBhN2Q2YzA5NjhkYjE2YmMxZDVkNWZhMDQwZWExZGUyODRmNmVjNjlkNjEyOTlmNjcxMDU5In1dfV0sInVuaXQiOiJzYXQiLCJtZW1vIjoiVGhhbmsgeW91In0";

fn wrapped(text: &str, width: usize, end: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let lines: Vec<String> = chars.chunks(width).map(|c| c.iter().collect()).collect();
    lines.join(end)
}

fn found(text: &str) -> Result<String, NoToken> {
    find(text).map(|token| token.to_string())
}

#[test]
fn tokens_are_found_as_people_paste_them() {
    for token in [V4, V3] {
        for text in [
            token.to_owned(),
            format!("  {token}\n\n"),
            wrapped(token, 76, "\n"),
            wrapped(token, 76, "\r\n"),
            wrapped(token, 72, "\n> "),
            wrapped(token, 76, "=\r\n"),
            wrapped(token, 64, "\n    "),
            wrapped(token, 20, "\u{200b}"),
            format!("cashu:{token}"),
            format!("CASHU:{token}"),
            format!("cashu://{token}"),
            format!("web+cashu:{token}"),
            format!("web+cashu://{token}"),
            format!("\"{token}\""),
            format!("“{token}”"),
            format!("`{token}`"),
            format!("_{token}_"),
            format!("**{token}**"),
            format!("<{token}>"),
            format!("<cashu:{token}>"),
            format!("{token}=="),
            format!("{token}=\n"),
            format!("Here are your 5 sat: {token}. Thanks for the coffee, see you!"),
            format!("Hello,\n\n{}\n\nthanks\nBob", wrapped(token, 76, "\n")),
            format!("https://wallet.example/#token={token}"),
            format!("https://wallet.example/?token={token}&memo=x"),
            format!("https://wallet.example/receive?u=%23token%3D{token}"),
            format!("https://wallet.example/t/{token}"),
            format!("farthing receive {token}"),
            format!("{{\"token\":\"{token}\"}}"),
            format!("[{token}](cashu:{token})"),
            format!("a token (cashuB...) is this: {token}"),
        ] {
            assert_eq!(found(&text).as_deref(), Ok(token), "{text}");
        }
    }
}

#[test]
fn what_is_no_token_is_called_what_it_is() {
    let cut = |by: usize| V4[..V4.len() - by].to_owned();
    let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let invoice = "lnbc20u1p3y0x3hpp5743k2g0fsqqxj7n8qzuhns5gmkk4djeejk3wkp64ppevgekvc0jsdqcve5kzar2v9nr5gpqd4hkuetesp5ez2g297jduwc20t6lmqlsg3man0vf2jfd8ar9fh8fhn2g8yttfkqxqy9gcqcqzys9qrsgqrzjqtx3k77yrrav9hye7zar2rtqlfkytl094dsp0ms5majzth6gt7ca6uhdkxl983uywgqqqqlgqqqvx5qqjqrzjqd98kxkpyw0l9tyy8r8q57k7zpy9zjmh6sez752wj6gcumqnj3yxzhdsmg6qq56utgqqqqqqqqqqqeqqjq7jd56882gtxhrjm03c93aacyfy306m4fq0tskf83c0nmet8zc2lxyyg3saz8x6vwcp26xnrlagf9semau3qm2glysp7sv95693fphvsp54l567";
    for (text, expected) in [
        (String::new(), NoToken::Empty),
        (" \n".to_owned(), NoToken::Empty),
        ("five dollars".to_owned(), NoToken::Absent),
        ("https://wallet.example/".to_owned(), NoToken::Absent),
        (cut(1), NoToken::CutOff),
        (cut(100), NoToken::CutOff),
        (V3[..V3.len() - 5].to_owned(), NoToken::CutOff),
        ("cashuB".to_owned(), NoToken::CutOff),
        (format!("{V4}AAAA"), NoToken::Altered),
        (V4.replacen("pGF0", "pGFx", 1), NoToken::Altered),
        (V4.to_uppercase(), NoToken::Case),
        (V4.to_lowercase(), NoToken::Case),
        (V4.replacen("cashuB", "cashuC", 1), NoToken::Version),
        (format!("{V4}\n{V3}"), NoToken::Several),
        (format!("{V4}\n{}", &V3[..V3.len() - 9]), NoToken::Several),
        (
            "creqApWF0gaNhdGVub3N0cmFheKlucHJvZmlsZTFxeTI4d3VtbjhnaGo3".to_owned(),
            NoToken::Request,
        ),
        (
            "CREQB1QYQQWER9D4HNZV3NQGQQSQQQQQQQQQQRAQPSQQGQQSQQZQG9QQVXSAR5".to_owned(),
            NoToken::Request,
        ),
        (invoice.to_owned(), NoToken::Invoice),
        (
            format!("LIGHTNING:{}", invoice.to_uppercase()),
            NoToken::Invoice,
        ),
        (phrase.to_owned(), NoToken::Phrase),
    ] {
        assert_eq!(found(&text), Err(expected), "{text}");
    }
}

#[test]
fn a_long_text_of_beginnings_costs_little() {
    let text = "cashuB".to_owned() + &" cashuBpGF0".repeat(100_000);
    assert!(find(&text).is_err());
}

fn token() -> impl Strategy<Value = Token> {
    let proof = (0u64..1 << 40, "[a-f0-9]{64}", any::<[u8; 33]>()).prop_map(|(amount, s, c)| {
        let proof = Proof {
            amount,
            id: KeysetId::from_bytes(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap(),
            secret: Secret::new(s),
            c: c.into(),
            witness: None,
        };
        TokenProof { proof, dleq: None }
    });
    let proofs = prop::collection::vec(proof, 1..6);
    (
        proofs,
        "https://[a-z]{1,20}\\.example",
        "[a-z]{3}",
        prop::option::of(".{0,20}"),
    )
        .prop_map(|(proofs, mint, unit, memo)| Token {
            mint,
            unit,
            memo,
            proofs,
        })
}

proptest! {
    #[test]
    fn any_token_is_found_in_any_dress(
        token in token(),
        width in 1usize..120,
        end in prop::sample::select(vec!["\n", "\r\n", "\n> ", "\n\t", " ", "=\n"]),
        before in prop::sample::select(vec![
            "", "cashu:", "Here you are: ", "<", "\"", "https://w.example/#token=", "CASHU:", "- ",
        ]),
        after in prop::sample::select(vec!["", ".", ", thanks", "\n\nBob", ">", "\"", "&x=1", " ok?"]),
    ) {
        let text = token.encode();
        let dressed = format!("{before}{}{after}", wrapped(&text, width, end));
        prop_assert_eq!(find(&dressed).map(|t| t.to_string()), Ok(text.to_string()));
        prop_assert_eq!(Token::find(&dressed), Token::decode(&text).map_err(NoToken::Token));
    }
}
