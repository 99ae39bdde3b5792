//! Vouchers on their way from the account to the printer. What one is made of is in a file before it
//! is paid for: were the command ended in between, it could be printed all the same.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use farthing_protocol::derive::{self, Position};
use farthing_protocol::suite::Ristretto255;
use farthing_protocol::{
    Blank, BlindSignature, BlindedMessage, KeysetId, Token, TokenProof, amount,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::config::{Config, DataDir};
use crate::domain::Keyset;
use crate::error::{Error, Result};

const PREFIX: &str = "voucher-";

/// What a voucher is made of, as its file has it. Worth nothing until it is paid for.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Recipe {
    #[zeroize(skip)]
    keyset: KeysetId,
    amount: u64,
    memo: Option<String>,
    /// 64 random bytes in hex, of which the secrets are derived.
    seed: String,
}

/// A voucher that is not printed yet, with its file, locked.
pub(super) struct Voucher {
    recipe: Recipe,
    path: PathBuf,
    _locked: File,
}

/// A token as a client holds it, with its amount, before it is signed.
type Part = (u64, Blank<Ristretto255>);

impl Voucher {
    /// Makes one, and its file, mode 0600; when this returns the file is on disk.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Operator`] when the system gives no random numbers.
    pub(super) fn begin(
        dir: &DataDir,
        keyset: KeysetId,
        amount: u64,
        memo: Option<String>,
    ) -> Result<Self> {
        let mut random = Zeroizing::new([0; 72]);
        getrandom::fill(&mut *random)
            .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        let (name, seed) = random.split_at(8);
        let recipe = Recipe {
            keyset,
            amount,
            memo,
            seed: hex::encode(seed),
        };
        let path = dir.path().join(format!("{PREFIX}{}", hex::encode(name)));
        let failed = Error::file(&path);
        let text = serde_json::to_vec(&recipe).map(Zeroizing::new);
        let text =
            text.map_err(|e| Error::Operator(format!("a voucher cannot be written: {e}")))?;
        let mut options = OpenOptions::new();
        let write = || {
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            file.lock()?;
            file.write_all(&text)?;
            file.sync_all()?;
            File::open(dir.path())?.sync_all()?;
            Ok(file)
        };
        Ok(Self {
            _locked: { write }().map_err(failed)?,
            recipe,
            path,
        })
    }

    /// Those that an earlier command left, but for those that another command works on.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(super) fn left(dir: &DataDir) -> Result<Vec<Self>> {
        let mut left = Vec::new();
        for entry in std::fs::read_dir(dir.path()).map_err(Error::file(dir.path()))? {
            let entry = entry.map_err(Error::file(dir.path()))?;
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                left.extend(Self::open(entry.path()).map_err(Error::file(&entry.path()))?);
            }
        }
        Ok(left)
    }

    fn open(path: PathBuf) -> std::io::Result<Option<Self>> {
        let mut file = File::open(&path)?;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        let mut text = Zeroizing::new(Vec::new());
        file.read_to_end(&mut text)?;
        // A file that is not whole was not paid for.
        let Ok(recipe) = farthing_protocol::json::from_slice(&text) else {
            std::fs::remove_file(&path)?;
            return Ok(None);
        };
        Ok(Some(Self {
            recipe,
            path,
            _locked: file,
        }))
    }

    /// The keyset that signs it.
    pub(super) fn keyset(&self) -> KeysetId {
        self.recipe.keyset
    }

    /// Returns what it is worth.
    pub(super) fn amount(&self) -> u64 {
        self.recipe.amount
    }

    /// Returns what is to be signed.
    ///
    /// # Errors
    /// [`Error::Operator`] when the keyset has no amounts for it.
    pub(super) fn outputs(&self, keyset: &Keyset) -> Result<Vec<BlindedMessage>> {
        let parts = self.parts(keyset)?;
        let outputs = parts.iter();
        Ok(outputs
            .map(|(amount, blank)| blank.output(*amount, keyset.id))
            .collect())
    }

    /// The text of the token, of the signatures on [`Self::outputs`].
    ///
    /// # Errors
    /// [`Error::Invariant`] when a signature does not verify.
    pub(super) fn token(
        &self,
        config: &Config,
        keyset: &Keyset,
        signatures: &[BlindSignature],
    ) -> Result<Zeroizing<String>> {
        let parts = self.parts(keyset)?;
        let proofs = signatures.iter().zip(parts);
        let proofs = proofs.map(|(signature, (_, blank))| unblind(keyset, blank, signature));
        let token = Token {
            mint: config.url.clone(),
            unit: config.unit.clone(),
            memo: self.recipe.memo.clone(),
            proofs: proofs.collect::<Result<_>>()?,
        };
        Ok(token.encode())
    }

    /// Removes the file: the voucher is printed, or was never paid for.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(super) fn end(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(Error::file(&self.path))
    }

    /// Returns where its file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn parts(&self, keyset: &Keyset) -> Result<Vec<Part>> {
        let amounts = amount::split(self.recipe.amount, &keyset.keys.amounts());
        let amounts = amounts
            .filter(|amounts| !amounts.is_empty())
            .ok_or_else(|| Error::Operator("a voucher is worth at least 1".to_owned()))?;
        let mut seed = Zeroizing::new([0; 64]);
        hex::decode_to_slice(&self.recipe.seed, &mut *seed)
            .map_err(|_| Error::Operator(format!("{}: damaged", self.path.display())))?;
        let part = |(counter, amount)| {
            let (keyset, lane) = (keyset.id, 0);
            let position = Position {
                keyset,
                lane,
                counter,
            };
            let r = derive::blinding::<Ristretto255>(&seed, position);
            let r = r.ok_or(Error::Invariant("a blinding factor is zero"))?;
            Ok((amount, Blank::new(derive::secret(&seed, position), r)))
        };
        (0..).zip(amounts).map(part).collect()
    }
}

fn unblind(
    keyset: &Keyset,
    blank: Blank<Ristretto255>,
    signature: &BlindSignature,
) -> Result<TokenProof> {
    let public = keyset.keys.get(signature.amount);
    let public = public.ok_or(Error::Invariant("no key for an amount just signed"))?;
    let broken = |_| Error::Invariant("the mint's own signature does not verify");
    blank.unblind(signature, public).map_err(broken)
}
