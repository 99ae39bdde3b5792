//! How the tokens are had that the requests spend: out of an account, or by invoices that the mint's
//! payment backend pays by itself.

use std::time::Duration;

use farthing_protocol::api::{Info, Signatures, path};
use farthing_protocol::cashu::bolt11::{MintQuote, MintQuoteRequest, MintQuoteState, MintRequest};
use farthing_protocol::cashu::{QuoteId, path as cashu_path};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{KeysetId, PublicKeys, TokenProof};
use serde::Deserialize;

use crate::fire::{self, Pace};
use crate::plan::parallel;
use crate::wire::Target;
use farthing_testkit::Result;
use farthing_testkit::client::{Blanks, Keyset, withdraw_body};

/// Outputs of one request at the most, whatever the mint allows.
const OUTPUTS_MAX: usize = 256;
/// How often a quote is asked about before the payment backend is given up.
const POLLS_MAX: usize = 200;
/// How long between two such questions.
const POLL: Duration = Duration::from_millis(50);

/// The active keysets, without what mints of other makes leave out.
#[derive(Deserialize)]
struct Keys {
    keysets: Vec<ActiveKeyset>,
}

#[derive(Deserialize)]
struct ActiveKeyset {
    id: KeysetId,
    unit: String,
    input_fee_ppk: Option<u64>,
    keys: PublicKeys,
}

/// Who prepares: a door of a mint, the keyset there, and perhaps an account.
pub(super) struct Wallet<'a> {
    /// Farthing's own API for ristretto255 keysets, a Cashu mint's for secp256k1.
    pub(super) door: &'a Target,
    /// The keyset of all inputs and outputs.
    pub(super) keyset: Keyset,
    unit: String,
    account: Option<Account<'a>>,
}

/// An account at a Farthing mint.
pub(super) struct Account<'a> {
    /// Farthing's own API, where accounts are.
    pub(super) door: Target,
    /// The API token.
    pub(super) token: &'a str,
}

impl<'a> Wallet<'a> {
    /// Asks the door for its keyset.
    ///
    /// # Errors
    /// When it has none of the suite, or the keyset takes a fee; when an account is given, and the
    /// door is no Farthing mint's.
    pub(super) fn open(door: &'a Target, suite: SuiteId, token: Option<&'a str>) -> Result<Self> {
        let keys: Keys = get(door, path::KEYS)?;
        let is_of_suite = |keyset: &ActiveKeyset| SuiteId::of(&keyset.id) == Some(suite);
        let keyset = keys.keysets.into_iter().find(is_of_suite);
        let keyset = keyset.ok_or_else(|| format!("no active keyset of {}", suite.name()))?;
        if keyset.input_fee_ppk.is_some_and(|fee| fee > 0) {
            return Err("the keyset has a fee, and these requests pay none".into());
        }
        let account = token.map(|token| Account::new(door, suite, token));
        Ok(Self {
            door,
            keyset: Keyset {
                id: keyset.id,
                keys: keyset.keys,
            },
            unit: keyset.unit,
            account: account.transpose()?,
        })
    }

    /// The account.
    ///
    /// # Errors
    /// When none was given.
    pub(super) fn account(&self) -> Result<&Account<'a>> {
        Ok(self.account.as_ref().ok_or("--token is needed")?)
    }

    /// Has tokens of these amounts made, many in a request, of the outputs that `make` makes: out of the
    /// account if there is one.
    ///
    /// # Errors
    /// When the mint refuses, for example because the account holds too little; when nobody pays the
    /// mint's invoices.
    pub(super) fn tokens(
        &self,
        amounts: &[u64],
        make: impl Fn(&Keyset, &[u64]) -> Result<Blanks> + Sync,
    ) -> Result<Vec<TokenProof>> {
        let chunks = amounts.chunks(self.outputs_max()?).map(<[u64]>::to_vec);
        let blanks = parallel(chunks.collect(), |amounts| make(&self.keyset, &amounts))?;
        let requests = blanks.iter().map(|blanks| self.funding(blanks));
        let requests = requests.collect::<Result<Vec<_>>>()?;
        // Some mints do not bear large requests side by side.
        let pace = Pace {
            connections: if self.account.is_some() { 4 } else { 1 },
            limit: Duration::from_secs(600),
            pause: Some(Duration::from_millis(100)),
        };
        let bodies = fire::ask_all(self.door, &requests, pace)?;
        let items = blanks.into_iter().zip(bodies).collect();
        let tokens = parallel(items, |(blanks, body): (Blanks, Vec<u8>)| {
            let signed: Signatures = serde_json::from_slice(&body)?;
            blanks.unblind(&signed.signatures)
        });
        Ok(tokens?.into_iter().flatten().collect())
    }

    fn outputs_max(&self) -> Result<usize> {
        let Some(account) = &self.account else {
            return Ok(OUTPUTS_MAX);
        };
        let info: Info = get(&account.door, path::INFO)?;
        Ok(info.limits.outputs_max.min(OUTPUTS_MAX))
    }

    /// The request that has outputs signed.
    fn funding(&self, blanks: &Blanks) -> Result<Vec<u8>> {
        if self.account.is_some() || self.keyset.suite()? == SuiteId::Ristretto255 {
            let Account { door, token } = self.account()?;
            return Ok(door.post(path::WITHDRAW, Some(token), &withdraw_body(blanks)));
        }
        let amounts = blanks.outputs.iter().map(|output| output.amount);
        let body = MintRequest {
            quote: self.paid_quote(amounts.sum())?,
            outputs: blanks.outputs.clone(),
            signature: None,
        };
        let body = serde_json::to_string(&body)?;
        Ok(self.door.post(cashu_path::MINT, None, &body))
    }

    /// A mint quote whose invoice the mint's backend has paid.
    fn paid_quote(&self, amount: u64) -> Result<QuoteId> {
        let body = serde_json::to_string(&MintQuoteRequest {
            amount,
            unit: self.unit.clone(),
            description: None,
            pubkey: None,
        })?;
        let path = cashu_path::MINT_QUOTE;
        let asked = fire::ask(self.door, self.door.post(path, None, &body))?;
        let mut quote: MintQuote = serde_json::from_slice(&asked)?;
        for _ in 0..POLLS_MAX {
            if quote.state == MintQuoteState::Paid {
                return Ok(quote.quote);
            }
            std::thread::sleep(POLL);
            quote = get(self.door, &format!("{path}/{}", quote.quote.as_str()))?;
        }
        Err("the mint's invoice was not paid".into())
    }
}

impl<'a> Account<'a> {
    /// An account at the Farthing mint with this door.
    fn new(door: &Target, suite: SuiteId, token: &'a str) -> Result<Self> {
        let door = match suite {
            SuiteId::Ristretto255 => Some(door.clone()),
            SuiteId::Secp256k1 => door.above(cashu_path::PREFIX),
        };
        let door = door.ok_or("--token is for a Farthing mint, whose URL ends with /cashu")?;
        Ok(Self { door, token })
    }
}

fn get<T: serde::de::DeserializeOwned>(target: &Target, path: &str) -> Result<T> {
    let body = fire::ask(target, target.get(path))?;
    Ok(serde_json::from_slice(&body)?)
}
