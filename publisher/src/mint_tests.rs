use super::*;
use ed25519_dalek::SigningKey;
use farthing_protocol::Identity;
use farthing_protocol::api::Limits;

fn info(unit: &str, decimals: u8, identity: Option<u8>) -> Info {
    let of = |seed: u8| Identity::sign(&SigningKey::from_bytes(&[seed; 32]), Vec::new(), 1);
    Info {
        name: "A mint".to_owned(),
        version: "Farthing/0.1.0".to_owned(),
        description: None,
        contact: Vec::new(),
        time: 1,
        suite: Ristretto255::NAME.to_owned(),
        unit: unit.to_owned(),
        decimals,
        keysets_digest: String::new(),
        bundle: None,
        identity: identity.map(of),
        wallet: None,
        limits: Limits {
            inputs_max: 1,
            outputs_max: 1,
            secret_bytes_max: 1,
            body_bytes_max: 1,
            replay_days: 1,
        },
        nuts: std::collections::BTreeMap::new(),
    }
}

#[test]
fn another_unit_other_decimals_or_another_identity_are_not_taken_over() {
    let known = info("eur", 2, Some(1));
    assert_eq!(unchanged(&known, &info("eur", 2, Some(1))), Ok(()));
    let before = info("eur", 2, None);
    assert_eq!(unchanged(&before, &info("eur", 2, Some(1))), Ok(()));
    for (now, why) in [
        (info("eur", 0, Some(1)), "prices would mean"),
        (info("usd", 2, Some(1)), "prices would mean"),
        (info("eur", 2, Some(2)), "another mint"),
        (info("eur", 2, None), "another mint"),
    ] {
        let refused = unchanged(&known, &now).unwrap_err();
        assert!(refused.contains(why), "{refused}");
        assert!(refused.contains(CACHE_FILE), "{refused}");
    }
}

#[test]
fn what_a_mint_says_must_hold() {
    assert_eq!(check(&info("eur", 8, Some(1)), &[]), Ok(()));
    assert!(check(&info("eur", 255, None), &[]).is_err());
    let mut later = info("eur", 2, Some(1));
    later.identity.as_mut().unwrap().issued = 2;
    assert!(check(&later, &[]).unwrap_err().contains("does not hold"));
}

#[test]
fn readers_are_sent_to_a_wallet_that_nobody_on_the_way_can_change() {
    let sent_to = |url: Option<&str>| {
        let said = Info {
            wallet: url.map(str::to_owned),
            ..info("eur", 2, None)
        };
        wallet(&said)
    };
    for url in [
        "https://mint.example/wallet/",
        "http://127.0.0.1:3338/wallet/",
    ] {
        assert_eq!(sent_to(Some(url)).as_deref(), Some(url));
    }
    for url in [
        None,
        Some(""),
        Some("http://mint.example/wallet/"),
        Some("https://mint.example/wallet"),
        Some("javascript:alert(1)//"),
        Some("https://mint.example/wallet/#pay=creqB1"),
        Some("\"><script>alert(1)</script>/"),
    ] {
        assert_eq!(sent_to(url), None, "{url:?}");
    }
}
