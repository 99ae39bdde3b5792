//! A token from its making to its end, in one program and without any I/O: a wallet blinds a secret, the mint signs it
//! without seeing it, the wallet unblinds the signature, and later the mint verifies the token.
//!
//!     cargo run -p farthing-protocol --example token

use std::io::Write as _;

use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{Blank, BlindSignature, KeysetId, PublicKeys, Token};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The mint has a key for each amount. Its keyset's id commits to all of them.
    let key = Ristretto255::secret_key(&random()?).ok_or("a key is never zero")?;
    let public = Ristretto255::encode_point(&Ristretto255::public_key(&key));
    let keys = PublicKeys::from_iter([(8, public)]);
    let id = KeysetId::derive::<Ristretto255>(&keys, "credit", 0, None);

    // The wallet makes a secret and blinds it. It sends the output, and keeps the blank.
    let blank = Blank::<Ristretto255>::from_random(&random()?, &random()?);
    let blank = blank.ok_or("a blinding factor is never zero")?;
    let output = blank.output(8, id);

    // The mint signs the output, which tells it nothing of the secret, and proves which key it used.
    let point = Ristretto255::decode_point(&output.b)?;
    let signed = Ristretto255::evaluate(&key, &point);
    let signature = BlindSignature {
        amount: output.amount,
        id: output.id,
        c: Ristretto255::encode_point(&signed),
        dleq: Ristretto255::prove(&key, &point, &signed),
    };

    // The wallet verifies that proof and unblinds. The token can be handed to anybody, as text.
    let proof = blank.unblind(&signature, &public)?;
    let token = Token {
        mint: "https://mint.example".to_owned(),
        unit: "credit".to_owned(),
        memo: None,
        proofs: vec![proof],
    };
    let text = token.encode();

    // Whoever receives it verifies it without the mint, which alone knows whether it was spent before.
    let received = Token::decode(&text)?;
    let [proof] = received.proofs.as_slice() else {
        return Err("one proof was written".into());
    };
    assert!(proof.verify::<Ristretto255>(&public)?);

    // The mint, redeeming it: its key made this signature. It has never seen the secret or the signature before.
    let y = Ristretto255::hash_to_group(proof.proof.secret.expose().as_bytes());
    let c = Ristretto255::decode_point(&proof.proof.c)?;
    assert!(Ristretto255::verify_token(&key, &y, &c));
    writeln!(std::io::stdout(), "{received}: {}", *text)?;
    Ok(())
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
