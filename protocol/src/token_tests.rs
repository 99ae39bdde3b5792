use super::*;
use crate::EncodedScalar;

// Written by Python from the fields of `token()`, with an encoder of its own.
const TEXT: &str = concat!(
    "cashuBpGF0gqJhaUhSL6TNy4Hp9mFwgqRhYQFhc3hAMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTEx",
    "MTExMTExMTExMTExMTExMTExMTExMTExMWFjWCCGPzMMwaElntWlmYojrP03-0NRp5Ols8CQtkLdxDm5RWFko2FlWCABAQ",
    "EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAWFzWCACAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAmFyWCAD",
    "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA6RhYRBhc3hAMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMj",
    "IyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMmFjWCDMCyo1AQGIHYpMukyAJB10-33L_eSmH94vkUQ8K_nvDGF3",
    "cXsic2lnbmF0dXJlcyI6W119omFpSACtJoxNH1gmYXCBo2FhG4AAAAAAAAAAYXN4QDMzMzMzMzMzMzMzMzMzMzMzMzMzMz",
    "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzNhY1ghAsgD4sxrBfwVBkVJtZIGWcpKd7LMpvBP",
    "azVwCTNUdq1OYWRqVGhhbmsgeW91LmFtdGh0dHBzOi8vbWludC5leGFtcGxlYXVmY3JlZGl0"
);

/// NUT-00, "V4 tokens", the example.
const NUT_00: &str = concat!(
    "cashuBo2F0gqJhaUgA_9SLj17PgGFwgaNhYQFhc3hAYWNjMTI0MzVlN2I4NDg0YzNjZjE4NTAxNDkyMThhZjkwZjcxNmE1Mm",
    "JmNGE1ZWQzNDdlNDhlY2MxM2Y3NzM4OGFjWCECRFODGd5IXVW-07KaZCvuWHk3WrnnpiDhHki6SCQh88-iYWlIAK0mjE0fWC",
    "ZhcIKjYWECYXN4QDEzMjNkM2Q0NzA3YTU4YWQyZTIzYWRhNGU5ZjFmNDlmNWE1YjRhYzdiNzA4ZWIwZDYxZjczOGY0ODMwN2",
    "U4ZWVhY1ghAjRWqhENhLSsdHrr2Cw7AFrKUL9Ffr1XN6RBT6w659lNo2FhAWFzeEA1NmJjYmNiYjdjYzY0MDZiM2ZhNWQ1N2",
    "QyMTc0ZjRlZmY4YjQ0MDJiMTc2OTI2ZDNhNTdkM2MzZGNiYjU5ZDU3YWNYIQJzEpxXGeWZN5qXSmJjY8MzxWyvwObQGr5G1Y",
    "CCgHicY2FtdWh0dHA6Ly9sb2NhbGhvc3Q6MzMzOGF1Y3NhdA"
);

fn point(hex: &str) -> EncodedPoint {
    EncodedPoint::from_hex(hex).unwrap()
}

fn proof(amount: u64, id: &str, secret: &str, c: &str) -> TokenProof {
    TokenProof {
        proof: Proof {
            amount,
            id: KeysetId::from_hex(id).unwrap(),
            secret: Secret::new(secret.to_owned()),
            c: point(c),
            witness: None,
        },
        dleq: None,
    }
}

/// Two keysets, the ids in full.
fn token() -> Token {
    let id = "522fa4cdcb81e9f67f67ead8f589fa3cc2b52becc01ce688838918dbfb44d93f76";
    let mut first = proof(
        1,
        id,
        &"11".repeat(32),
        "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
    );
    first.dleq = Some(ProofDleq {
        e: EncodedScalar([1; 32]),
        s: EncodedScalar([2; 32]),
        r: EncodedScalar([3; 32]),
    });
    let mut second = proof(
        16,
        id,
        &"22".repeat(32),
        "cc0b2a350101881d8a4cba4c80241d74fb7dcbfde4a61fde2f91443c2bf9ef0c",
    );
    second.proof.witness = Some(r#"{"signatures":[]}"#.to_owned());
    let third = proof(
        1 << 63,
        "00ad268c4d1f5826",
        &"33".repeat(32),
        "02c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e",
    );
    Token {
        mint: "https://mint.example".to_owned(),
        unit: "credit".to_owned(),
        memo: Some("Thank you.".to_owned()),
        proofs: vec![first, second, third],
    }
}

/// Returns what reading gives back: short ids.
fn shortened(mut token: Token) -> Token {
    for p in &mut token.proofs {
        p.proof.id = p.proof.id.short();
    }
    token
}

#[test]
fn a_token_is_written_to_the_byte_and_read_again() {
    assert_eq!(token().encode().as_str(), TEXT);
    assert_eq!(Token::decode(TEXT), Ok(shortened(token())));
    assert_eq!(token().amount(), Ok((1 << 63) + 17));
}

#[test]
fn the_example_of_nut_00_is_read_and_written_to_the_byte() {
    let token = Token::decode(NUT_00).unwrap();
    assert_eq!(token.mint, "http://localhost:3338");
    assert_eq!(token.unit, "sat");
    assert_eq!(token.memo, None);
    assert_eq!(token.amount(), Ok(4));
    let expected = [
        proof(
            1,
            "00ffd48b8f5ecf80",
            "acc12435e7b8484c3cf1850149218af90f716a52bf4a5ed347e48ecc13f77388",
            "0244538319de485d55bed3b29a642bee5879375ab9e7a620e11e48ba482421f3cf",
        ),
        proof(
            2,
            "00ad268c4d1f5826",
            "1323d3d4707a58ad2e23ada4e9f1f49f5a5b4ac7b708eb0d61f738f48307e8ee",
            "023456aa110d84b4ac747aebd82c3b005aca50bf457ebd5737a4414fac3ae7d94d",
        ),
        proof(
            1,
            "00ad268c4d1f5826",
            "56bcbcbb7cc6406b3fa5d57d2174f4eff8b4402b176926d3a57d3c3dcbb59d57",
            "0273129c5719e599379a974a626363c333c56cafc0e6d01abe46d5808280789c63",
        ),
    ];
    assert_eq!(token.proofs, expected);
    assert_eq!(token.encode().as_str(), NUT_00);
}

#[test]
fn white_space_around_it_a_scheme_and_padding_are_skipped() {
    let expected = Ok(shortened(token()));
    for text in [
        format!("  {TEXT}\r\n"),
        format!("cashu:{TEXT}"),
        format!("cashu://{TEXT}"),
    ] {
        assert_eq!(Token::decode(&text), expected, "{text}");
    }
    // The example's base64 ends in the middle of a group of four.
    assert_eq!(Token::decode(&format!("{NUT_00}==")), Token::decode(NUT_00));
}

#[test]
fn the_mints_url_loses_its_slashes_when_written_and_when_read() {
    let mut slashed = token();
    slashed.mint.push_str("//");
    assert_eq!(slashed.encode().as_str(), TEXT);
    let mut cbor = BASE64.decode(&TEXT[PREFIX.len()..]).unwrap();
    let at = find(&cbor, b"example");
    cbor[at + 6] = b'/';
    assert_eq!(decode_cbor(&cbor).unwrap().mint, "https://mint.exampl");
}

#[test]
fn proofs_of_one_keyset_are_grouped_in_the_order_of_first_appearance() {
    let mut mixed = token();
    mixed.proofs.swap(1, 2);
    let read = Token::decode(&mixed.encode()).unwrap();
    assert_eq!(read, shortened(token()));
}

#[test]
fn ids_may_come_in_full() {
    let full = token().proofs[0].proof.id;
    let mut cbor = BASE64.decode(&TEXT[PREFIX.len()..]).unwrap();
    let at = find(&cbor, &[&[0x48], full.short().as_bytes()].concat());
    let long = [&[0x58, 33], full.as_bytes()].concat();
    cbor.splice(at..at + 9, long);
    let read = decode_cbor(&cbor).unwrap();
    assert_eq!(read.proofs[0].proof.id, full);
    assert_eq!(read.amount(), token().amount());
}

#[test]
fn other_texts_are_refused_by_their_beginning() {
    let body = &TEXT[PREFIX.len()..];
    for prefix in [
        "", "cashu", "cashuC", "CASHUB", "cashub", "creqA", "cashu: ",
    ] {
        let text = format!("{prefix}{body}");
        assert_eq!(Token::decode(&text), Err(TokenError::Prefix), "{prefix:?}");
    }
    assert_eq!(Token::decode(""), Err(TokenError::Prefix));
}

#[test]
fn a_token_cut_off_anywhere_is_damaged() {
    for text in [TEXT, NUT_00] {
        for len in PREFIX.len()..text.len() {
            let cut = Token::decode(&text[..len]);
            assert_eq!(cut, Err(TokenError::Damaged), "{len}");
        }
        for len in 0..PREFIX.len() {
            assert_eq!(Token::decode(&text[..len]), Err(TokenError::Prefix));
        }
    }
}

#[test]
fn what_is_not_base64_is_damaged() {
    for text in [
        format!("{}*{}", &TEXT[..20], &TEXT[21..]),
        format!("{}+{}", &TEXT[..20], &TEXT[21..]),
        format!("{} {}", &TEXT[..20], &TEXT[20..]),
        format!("{}é{}", &TEXT[..20], &TEXT[20..]),
        format!("{TEXT}===="),
    ] {
        assert_eq!(Token::decode(&text), Err(TokenError::Damaged), "{text}");
    }
}

#[test]
fn nothing_may_follow_the_cbor() {
    let cbor = BASE64.decode(&TEXT[PREFIX.len()..]).unwrap();
    assert!(decode_cbor(&cbor).is_ok());
    for extra in [&[0][..], &[0xf6], &cbor] {
        let longer = [&cbor, extra].concat();
        assert_eq!(decode_cbor(&longer), Err(TokenError::Damaged));
    }
}

#[test]
fn a_token_without_proofs_is_empty() {
    let mut none = token();
    none.proofs.clear();
    assert_eq!(Token::decode(&none.encode()), Err(TokenError::Empty));
    // One group, and no proofs in it.
    let hex = "a3617481a2616948000000000000000061708061 6d6178617563736174".replace(' ', "");
    let cbor = hex::decode(hex).unwrap();
    assert_eq!(decode_cbor(&cbor), Err(TokenError::Empty));
}

#[test]
fn amounts_that_overflow_are_refused() {
    let mut rich = token();
    rich.proofs[0].proof.amount = 1 << 63;
    assert_eq!(rich.amount(), Err(TokenError::Amount));
    assert_eq!(Token::decode(&rich.encode()), Err(TokenError::Amount));
    rich.proofs.truncate(1);
    rich.proofs[0].proof.amount = u64::MAX;
    assert_eq!(Token::decode(&rich.encode()), Ok(shortened(rich)));
}

#[test]
fn amounts_of_other_types_are_refused() {
    let cbor = BASE64.decode(&TEXT[PREFIX.len()..]).unwrap();
    let at = find(&cbor, b"\x61a\x1b") + 2;
    let with = |amount: &[u8]| decode_cbor(&[&cbor[..at], amount, &cbor[at + 9..]].concat());
    assert!(with(&[0x02]).is_ok());
    let negative: &[u8] = &[0x20];
    let float: &[u8] = &[0xf9, 0x3c, 0x00];
    let text: &[u8] = &[0x61, b'2'];
    // Tag 2, a big number of nine bytes: 2^64.
    let big: &[u8] = &[0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let null: &[u8] = &[0xf6];
    for amount in [negative, float, text, big, null] {
        assert_eq!(with(amount), Err(TokenError::Damaged), "{amount:?}");
    }
}

#[test]
fn lengths_that_the_text_cannot_hold_take_no_memory() {
    let huge = [0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    // Each major type with a length: bytes, text, array, map; on its own and as the value of `t`.
    for major in 2..=5u8 {
        let mut head = huge;
        head[0] |= major << 5;
        assert_eq!(decode_cbor(&head), Err(TokenError::Damaged));
        let inside = [b"\xa1\x61t".as_slice(), &head].concat();
        assert_eq!(decode_cbor(&inside), Err(TokenError::Damaged));
    }
    let mut cbor = BASE64.decode(&TEXT[PREFIX.len()..]).unwrap();
    for (field, major) in [(b"\x61t", 0x80), (b"\x61p", 0x80), (b"\x61m", 0x60)] {
        let at = find(&cbor, field) + 2;
        let mut head = huge;
        head[0] |= major;
        let swollen = [&cbor[..at], &head, &cbor[at + 1..]].concat();
        assert_eq!(decode_cbor(&swollen), Err(TokenError::Damaged));
    }
    cbor.truncate(20);
    assert_eq!(decode_cbor(&cbor), Err(TokenError::Damaged));
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    for byte in [0x81, 0xc1, 0x9f, 0xbf] {
        let deep = vec![byte; 1 << 20];
        assert_eq!(decode_cbor(&deep), Err(TokenError::Damaged));
        let unknown = [b"\xa1\x61z".as_slice(), &deep].concat();
        assert_eq!(decode_cbor(&unknown), Err(TokenError::Damaged));
    }
}

#[test]
fn points_and_ids_of_other_lengths_are_damaged() {
    let cbor = BASE64.decode(&TEXT[PREFIX.len()..]).unwrap();
    let at = find(&cbor, b"\x61c\x58\x20") + 2;
    for len in [0u8, 31, 34, 64] {
        let field = [&[0x58, len][..], &vec![7; len.into()]].concat();
        let text = [&cbor[..at], &field, &cbor[at + 34..]].concat();
        assert_eq!(decode_cbor(&text), Err(TokenError::Damaged), "{len}");
    }
    let at = find(&cbor, b"\x61i\x48") + 2;
    for len in [0u8, 7, 9, 32, 34] {
        let field = [&[0x58, len][..], &vec![7; len.into()]].concat();
        let text = [&cbor[..at], &field, &cbor[at + 9..]].concat();
        assert_eq!(decode_cbor(&text), Err(TokenError::Damaged), "{len}");
    }
}

#[test]
fn unknown_fields_are_skipped_and_doubled_ones_refused() {
    let cbor = BASE64.decode(&TEXT[PREFIX.len()..]).unwrap();
    assert_eq!(cbor[0], 0xa4);
    let grown = [&[0xa5], &cbor[1..], b"\x61z\x81\xf5"].concat();
    assert_eq!(decode_cbor(&grown), Ok(shortened(token())));
    let doubled = [&[0xa5], &cbor[1..], b"\x61u\x63sat"].concat();
    assert_eq!(decode_cbor(&doubled), Err(TokenError::Damaged));
}

#[test]
fn a_token_is_shown_by_its_worth_alone() {
    let token = token();
    assert_eq!(
        token.to_string(),
        "9223372036854775825 credit of https://mint.example"
    );
    let shown = format!("{token:?} {token} {:?}", token.proofs[1]);
    let r = &token.proofs[0].dleq.as_ref().unwrap().r;
    for hidden in [
        token.proofs[0].proof.secret.expose(),
        token.proofs[1].proof.secret.expose(),
        &hex::encode(r.0),
        &format!("{:?}", r.0),
        "signatures",
        "cashuB",
    ] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[test]
fn a_hostile_token_cannot_drive_the_terminal() {
    let mut hostile = token();
    hostile.unit = "sat\u{1b}[2J".to_owned();
    hostile.mint = "https://m\r\nü".to_owned();
    let shown = hostile.to_string();
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert!(shown.ends_with("ü"));
}

#[path = "token_v3_tests.rs"]
mod v3;

fn decode_cbor(cbor: &[u8]) -> Result<Token, TokenError> {
    Token::decode(&format!("{PREFIX}{}", BASE64.encode(cbor)))
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    let at = haystack.windows(needle.len()).position(|w| w == needle);
    at.expect("in the token")
}
