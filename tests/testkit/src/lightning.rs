//! The fake Lightning node behind a mint: what it is told, and what it has done. And invoices of others.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::hashes::{Hash as _, sha256};
use bitcoin::secp256k1::{Keypair, Secp256k1};
use lightning_invoice::{Bolt11Invoice, Currency, InvoiceBuilder, PaymentSecret};
use serde::Deserialize;

use crate::Result;
use crate::process::Mint;

/// The key of a node that nobody knows. It guards nothing.
const OTHERS_KEY: [u8; 32] = [7; 32];

/// An invoice, by its payment hash.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// The invoice (BOLT 11).
    pub text: String,
    /// Its payment hash.
    pub hash: [u8; 32],
}

impl Invoice {
    /// An invoice of a node that nobody knows, over that much or over what the payer likes, made at a
    /// time; it can be paid for an hour.
    ///
    /// # Errors
    /// When there is no such invoice, or the system gives no random numbers.
    pub fn of_others(amount_msat: Option<u64>, made: SystemTime) -> Result<Self> {
        let context = Secp256k1::signing_only();
        let key = Keypair::from_seckey_slice(&context, &OTHERS_KEY)?;
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let hash = sha256::Hash::hash(&random);
        let builder = InvoiceBuilder::new(Currency::Regtest)
            .description(String::new())
            .payment_hash(hash)
            .payment_secret(PaymentSecret(random))
            .duration_since_epoch(made.duration_since(UNIX_EPOCH)?)
            .min_final_cltv_expiry_delta(144)
            .basic_mpp();
        let builder = match amount_msat {
            Some(amount) => builder.amount_milli_satoshis(amount),
            None => builder,
        };
        let signed =
            builder.build_signed(|hash| context.sign_ecdsa_recoverable(hash, &key.secret_key()));
        let signed = signed.map_err(|e| format!("no invoice: {e}"))?;
        Ok(Self {
            text: signed.to_string(),
            hash: hash.to_byte_array(),
        })
    }

    /// Reads an invoice.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self> {
        let invoice: Bolt11Invoice = text.parse().map_err(|e| format!("no invoice: {e}"))?;
        Ok(Self {
            text: text.to_owned(),
            hash: *invoice.payment_hash().as_ref(),
        })
    }

    fn hash_text(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The fake node of a mint.
#[derive(Clone, Debug)]
pub struct Node {
    control: PathBuf,
}

/// What the node has on record for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payment {
    /// It has it, and it has not ended.
    Open,
    /// It did not arrive.
    Failed,
    /// It arrived.
    Paid {
        /// What the way cost.
        fee_msat: u64,
    },
}

impl Node {
    /// The node of a mint whose settings say nothing else.
    #[must_use]
    pub fn of(mint: &Mint) -> Self {
        Self {
            control: mint.dir().join("fake"),
        }
    }

    /// Tells the node what becomes of all payments, or invoices: `outgoing-default`, `incoming-default`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn order(&self, which: &str, line: &str) -> Result<()> {
        // All at once, so that nobody reads half a line.
        let new = self.control.join(format!("{which}.order"));
        std::fs::write(&new, line)?;
        Ok(std::fs::rename(new, self.control.join(which))?)
    }

    /// Tells the node what becomes of one payment.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn order_outgoing(&self, invoice: &Invoice, line: &str) -> Result<()> {
        self.order(&format!("outgoing-{}", invoice.hash_text()), line)
    }

    /// Tells the node what becomes of an invoice of its own.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn order_incoming(&self, invoice: &Invoice, line: &str) -> Result<()> {
        self.order(&format!("incoming-{}", invoice.hash_text()), line)
    }

    /// The node's record of a payment; `None` when it has none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn payment(&self, invoice: &Invoice) -> Result<Option<Payment>> {
        let name = format!("payment-{}", invoice.hash_text());
        match std::fs::read(self.control.join(name)) {
            Ok(text) => Ok(Some(serde_json::from_slice::<Record>(&text)?.state)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns whether an invoice of the node's own was taken back, so that nobody can pay it.
    ///
    /// # Errors
    /// When the node has no such invoice, or its record cannot be read.
    pub fn is_taken_back(&self, invoice: &Invoice) -> Result<bool> {
        let name = format!("invoice-{}", invoice.hash_text());
        let text = std::fs::read(self.control.join(name))?;
        Ok(serde_json::from_slice::<OwnRecord>(&text)?.canceled)
    }

    /// Returns how many payments have arrived, of all that the node ever had.
    ///
    /// # Errors
    /// When its records cannot be read.
    pub fn paid(&self) -> Result<usize> {
        let mut paid = 0;
        for entry in std::fs::read_dir(&self.control)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("payment-") && !name.contains('.') {
                let record: Record = serde_json::from_slice(&std::fs::read(entry.path())?)?;
                paid += usize::from(matches!(record.state, Payment::Paid { .. }));
            }
        }
        Ok(paid)
    }
}

#[derive(Deserialize)]
struct Record {
    state: Payment,
}

#[derive(Deserialize)]
struct OwnRecord {
    canceled: bool,
}
