//! Receiving a token: everything that can be checked without the mint is, and only then is it swapped
//! for tokens that nobody else knows.

use std::collections::{BTreeSet, HashSet};

use farthing_protocol::cashu;
use farthing_protocol::conditions::{Lock, SigFlag, Witness, parse};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{KeysetId, Token, TokenProof, with_suite};

use super::swap::Swap;
use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::lock::LockKey;
use crate::operation::record::{Batched, ROUNDS};
use crate::purse::Purse;
use crate::purse::tables::Tables;
use crate::records::{Coin, Keyset, Kind, Mint, suite_of, worth, y};
use crate::store::Store;
use farthing_protocol::text::printable;

/// A token to be taken in, whose proofs are verified and whose locks are open.
pub(crate) struct Receive {
    mint: Mint,
    coins: Vec<Coin>,
    memo: Option<String>,
}

impl Receive {
    /// Reads the token in a text, and checks all that can be checked without the mint, which is asked
    /// for its keysets if the token's are not known yet.
    pub(crate) async fn read<S: Store, H: Http>(
        engine: &Engine<S, H>,
        text: &str,
    ) -> Result<Self, Error> {
        let purse = &engine.purse;
        let token = Token::find(text)?;
        let mint = purse.tables.mint_of(&token).await?;
        if token.unit != mint.unit {
            let (token, mint) = (printable(&token.unit), mint.unit);
            return Err(UsageError::TokenUnit { token, mint }.into());
        }
        let mut keysets = purse.tables.keysets(&mint.url).await?;
        let unknown = |keysets: &[Keyset]| -> Vec<KeysetId> {
            let ids = token.proofs.iter().map(|p| p.proof.id);
            ids.filter(|id| resolve(id, keysets).is_none()).collect()
        };
        let suites: BTreeSet<SuiteId> = unknown(&keysets).iter().filter_map(SuiteId::of).collect();
        if !suites.is_empty() {
            keysets = engine.refresh_keysets(suites, &mint, &mut ()).await?;
        }
        if let Some(id) = unknown(&keysets).first() {
            return Err(UsageError::TokenKeyset(*id).into());
        }
        Ok(Self {
            coins: purse.inspect(&mint, token.proofs, &keysets)?,
            mint,
            memo: token.memo,
        })
    }

    /// Swaps the coins, or what is left of them.
    pub(crate) async fn run<S: Store, H: Http>(
        self,
        engine: &Engine<S, H>,
    ) -> Result<Batched, Error> {
        let mut done = Batched::default();
        let mut rest = self.coins;
        for _ in 0..ROUNDS {
            let swap = Swap {
                kind: Kind::Receive,
                coins: &rest,
                memo: self.memo.as_ref(),
            };
            let planned = engine.planned(&self.mint, |held| swap.plan(held));
            let (held, (drafts, dust)) = planned.await?;
            if drafts.is_empty() && done.is_empty() {
                return Err(held.fee_eats_all(&rest).into());
            }
            done.dust = done.dust.saturating_add(worth(&dust));
            let operations = engine.purse.begin(&held.mint, drafts).await?;
            rest = engine.run_each(operations, &mut done).await?;
            let Ok(spent) = engine.spent(&self.mint.url, &rest).await else {
                break;
            };
            rest.retain(|coin| !spent.contains(coin));
            if rest.is_empty() {
                break;
            }
        }
        done.failure().map_or(Ok(done), Err)
    }
}

impl<S: Store> Tables<S> {
    /// The mint of a token: the one whose keysets it is of, whatever address it names. When it is of
    /// keysets that are not known yet, the one that it names, which is asked for them.
    async fn mint_of(&self, token: &Token) -> Result<Mint, Error> {
        let native = token
            .mint
            .trim_end_matches('/')
            .strip_suffix(cashu::path::PREFIX);
        let named = self.mint(Some(native.unwrap_or(&token.mint))).await;
        let mut of = Vec::new();
        for mint in self.all::<Mint>().await? {
            let keysets = self.keysets(&mint.url).await?;
            let mut ids = token.proofs.iter().map(|p| p.proof.id);
            if ids.all(|id| resolve(&id, &keysets).is_some()) {
                of.push(mint);
            }
        }
        // The first bytes of an id may be those of two mints' keysets: then the address decides.
        match (of.as_slice(), named) {
            ([only], _) => Ok(only.clone()),
            ([_, ..], Ok(named)) if !of.contains(&named) => {
                Err(UsageError::MintUnknown(printable(&token.mint)).into())
            }
            (_, named) => named,
        }
    }
}

impl<S: Store> Purse<S> {
    /// Verifies each proof and opens its lock; gives them as coins of the mint, ids in full.
    pub(crate) fn inspect(
        &self,
        mint: &Mint,
        proofs: Vec<TokenProof>,
        keysets: &[Keyset],
    ) -> Result<Vec<Coin>, UsageError> {
        let lock_keys = self.lock_keys(mint, keysets);
        let mut seen = HashSet::new();
        let mut coins = Vec::with_capacity(proofs.len());
        for (number, mut token) in (1..).zip(proofs) {
            let amount = token.proof.amount;
            let refuse = |reason: String| UsageError::TokenProof {
                number,
                amount,
                reason,
            };
            let keyset = resolve(&token.proof.id, keysets);
            let keyset = keyset.ok_or(UsageError::TokenKeyset(token.proof.id))?;
            token.proof.id = keyset.info.id;
            if !seen.insert(y(&token.proof)) {
                return Err(refuse("it is in the token twice".to_owned()));
            }
            verify(&token, keyset).map_err(refuse)?;
            let lock = parse(suite_of(&keyset.info.id), &token.proof.secret)
                .map_err(|error| UsageError::TokenLock { number, error })?;
            if let Some(lock) = lock {
                self.open_lock(mint, &lock_keys, number, &lock, &mut token)?;
            }
            coins.push(Coin {
                mint: mint.url.clone(),
                token,
            });
        }
        Ok(coins)
    }

    /// Signs for a lock with this wallet's key for the mint (NUT-11); a lock that is open to all needs
    /// nothing.
    fn open_lock(
        &self,
        mint: &Mint,
        own: &[LockKey],
        number: usize,
        lock: &Lock,
        token: &mut TokenProof,
    ) -> Result<(), UsageError> {
        let locked = |reason| Err(UsageError::TokenLocked { number, reason });
        let expired = lock.locktime.is_some_and(|locktime| self.now() > locktime);
        if expired && lock.refund.is_empty() {
            return Ok(());
        }
        if lock.hash.is_some() {
            return locked("it needs a preimage, which this version cannot give");
        }
        let is_in = |keys: &[[u8; 32]], key: &LockKey| keys.contains(&key.public());
        let opens =
            |key: &&LockKey| is_in(&lock.keys, key) || (expired && is_in(&lock.refund, key));
        let Some(key) = own.iter().find(opens) else {
            let former = self.seed.former_lock_key();
            if opens(&&former) {
                let mint = mint.url.clone();
                return Err(UsageError::TokenLockedFormerly { number, mint });
            }
            return locked("to another key than this wallet's for this mint");
        };
        let (main, refund) = (is_in(&lock.keys, key), expired && is_in(&lock.refund, key));
        let alone = (main && lock.n_sigs == 1) || (refund && lock.n_sigs_refund == 1);
        if !alone {
            return locked("more signatures are needed than this wallet's");
        }
        if lock.sigflag == SigFlag::All {
            return locked(
                "its signature must cover the whole request, which this version cannot do",
            );
        }
        let signature = key.sign(token.proof.secret.expose().as_bytes());
        let signatures = vec![hex::encode(signature)];
        token.proof.witness = Some(
            Witness {
                preimage: None,
                signatures,
            }
            .to_json(),
        );
        Ok(())
    }
}

/// The one keyset that a full or short id stands for.
fn resolve<'a>(id: &KeysetId, keysets: &'a [Keyset]) -> Option<&'a Keyset> {
    let full = id.resolve(keysets.iter().map(|k| &k.info.id))?;
    keysets.iter().find(|k| k.info.id == full)
}

/// Checks what can be checked of a proof without the mint (NUT-12, "Receiver"): the keyset has such an
/// amount, `C` is a point, and the proof that travels with it, if there is one, verifies.
fn verify(token: &TokenProof, keyset: &Keyset) -> Result<(), String> {
    let key = keyset
        .keys
        .get(token.proof.amount)
        .ok_or("its keyset has no such amount")?;
    let verified = with_suite!(suite_of(&keyset.info.id), S => token.verify::<S>(key));
    verified.map(drop).map_err(|fault| fault.to_string())
}
