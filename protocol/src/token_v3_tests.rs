//! NUT-00, "V3 tokens".

use super::*;

/// NUT-00, "V3 tokens", the example.
const EXAMPLE: &str = concat!(
    "cashuAeyJ0b2tlbiI6W3sibWludCI6Imh0dHBzOi8vODMzMy5zcGFjZTozMzM4IiwicHJvb2ZzIjpbeyJhbW91bnQiOjIsImlkIj",
    "oiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6IjQwNzkxNWJjMjEyYmU2MWE3N2UzZTZkMmFlYjRjNzI3OTgwYmRhNTFjZDA2YT",
    "ZhZmMyOWUyODYxNzY4YTc4MzciLCJDIjoiMDJiYzkwOTc5OTdkODFhZmIyY2M3MzQ2YjVlNDM0NWE5MzQ2YmQyYTUwNmViNzk1OD",
    "U5OGE3MmYwY2Y4NTE2M2VhIn0seyJhbW91bnQiOjgsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6ImZlMTUxMDkzMT",
    "RlNjFkNzc1NmIwZjhlZTBmMjNhNjI0YWNhYTNmNGUwNDJmNjE0MzNjNzI4YzcwNTdiOTMxYmUiLCJDIjoiMDI5ZThlNTA1MGI4OT",
    "BhN2Q2YzA5NjhkYjE2YmMxZDVkNWZhMDQwZWExZGUyODRmNmVjNjlkNjEyOTlmNjcxMDU5In1dfV0sInVuaXQiOiJzYXQiLCJtZW",
    "1vIjoiVGhhbmsgeW91LiJ9"
);
const POINT: &str = "02bc9097997d81afb2cc7346b5e4345a9346bd2a506eb7958598a72f0cf85163ea";

fn decode(json: &str) -> Result<Token, TokenError> {
    Token::decode(&format!("cashuA{}", BASE64.encode(json)))
}

fn proof_json(amount: &str, more: &str) -> String {
    format!(r#"{{"amount":{amount},"id":"009a1f293253e41e","secret":"s","C":"{POINT}"{more}}}"#)
}

/// A token with the proofs given, and more fields behind them.
fn json(proofs: &str, more: &str) -> String {
    format!(r#"{{"token":[{{"mint":"https://m.example","proofs":[{proofs}]}}]{more}}}"#)
}

#[test]
fn the_example_is_read_with_and_without_a_scheme() {
    let expected = Token {
        mint: "https://8333.space:3338".to_owned(),
        unit: "sat".to_owned(),
        memo: Some("Thank you.".to_owned()),
        proofs: vec![
            proof(
                2,
                "009a1f293253e41e",
                "407915bc212be61a77e3e6d2aeb4c727980bda51cd06a6afc29e2861768a7837",
                POINT,
            ),
            proof(
                8,
                "009a1f293253e41e",
                "fe15109314e61d7756b0f8ee0f23a624acaa3f4e042f61433c728c7057b931be",
                "029e8e5050b890a7d6c0968db16bc1d5d5fa040ea1de284f6ec69d61299f671059",
            ),
        ],
    };
    for text in [EXAMPLE.to_owned(), format!(" cashu:{EXAMPLE}\n")] {
        assert_eq!(Token::decode(&text).as_ref(), Ok(&expected), "{text}");
    }
    // It is written as what is written today.
    assert_eq!(Token::decode(&expected.encode()), Ok(expected));
}

#[test]
fn what_holders_keep_beside_a_proof_is_read() {
    let [e, s, r] = ["01", "02", "03"].map(|byte| byte.repeat(32));
    let dleq = format!(r#","dleq":{{"e":"{e}","s":"{s}","r":"{r}"}},"witness":"w","Y":"00""#);
    let token = decode(&json(&proof_json("1", &dleq), "")).unwrap();
    let expected = ProofDleq {
        e: EncodedScalar([1; 32]),
        s: EncodedScalar([2; 32]),
        r: EncodedScalar([3; 32]),
    };
    assert!(token.proofs[0].dleq == Some(expected));
    assert_eq!(token.proofs[0].proof.witness.as_deref(), Some("w"));
    assert_eq!((token.unit.as_str(), token.memo), ("sat", None));
    let nulls = r#","dleq":null,"witness":null"#;
    let token = decode(&json(
        &proof_json("1", nulls),
        r#","unit":null,"memo":null"#,
    ));
    assert!(token.unwrap().proofs[0].dleq.is_none());
    let object = r#","witness":{"signatures":["00"]}"#;
    let token = decode(&json(&proof_json("1", object), "")).unwrap();
    let witness = token.proofs[0].proof.witness.as_deref();
    assert_eq!(witness, Some(r#"{"signatures":["00"]}"#));
}

#[test]
fn several_entries_of_one_mint_are_one_token_and_several_mints_are_refused() {
    let entry = |mint: &str| format!(r#"{{"mint":"{mint}","proofs":[{}]}}"#, proof_json("4", ""));
    let two = |a: &str, b: &str| decode(&format!(r#"{{"token":[{},{}]}}"#, entry(a), entry(b)));
    let token = two("https://m.example/", "https://m.example").unwrap();
    assert_eq!(token.to_string(), "8 sat of https://m.example");
    let other = two("https://m.example", "https://n.example");
    assert_eq!(other, Err(TokenError::Mints));
}

#[test]
fn other_json_is_damaged_and_no_proofs_are_empty() {
    for bad in [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        r#"{"token":{}}"#.to_owned(),
        json(&proof_json("-1", ""), ""),
        json(&proof_json("\"1\"", ""), ""),
        json(&proof_json("18446744073709551616", ""), ""),
        json(&proof_json("1", r#","dleq":{"e":"00"}"#), ""),
        json(&proof_json("1", "").replace(POINT, "02"), ""),
        json(
            &proof_json("1", "").replace("009a1f293253e41e", "yjzQhxghPdrr"),
            "",
        ),
        json(&proof_json("1", ""), r#","unit":1"#),
        format!("{} ]", json(&proof_json("1", ""), "")),
        "[".repeat(1 << 20),
    ] {
        assert_eq!(decode(&bad), Err(TokenError::Damaged), "{bad:.200}");
    }
    assert_eq!(Token::decode("cashuA"), Err(TokenError::Damaged));
    assert_eq!(Token::decode("cashuA*"), Err(TokenError::Damaged));
    assert_eq!(decode(r#"{"token":[]}"#), Err(TokenError::Empty));
    assert_eq!(decode(&json("", "")), Err(TokenError::Empty));
    let most = proof_json("18446744073709551615", "");
    let more = json(&format!("{most},{}", proof_json("1", "")), "");
    assert_eq!(decode(&more), Err(TokenError::Amount));
    for len in "cashuA".len()..EXAMPLE.len() {
        let cut = Token::decode(&EXAMPLE[..len]);
        assert_eq!(cut, Err(TokenError::Damaged), "{len}");
    }
}
