//! Whether a request that has a price may go on: what it shows is looked at before anything is asked of
//! what is behind the paywall. What was presented before is looked up before today's terms refuse it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use farthing_protocol::ErrorCode;

use crate::error::Refusal;
use crate::payment::{Payment, Terms};
use crate::receipts::Shown;
use crate::records::Locked;
use crate::settings::Accept;
use crate::shared::Shared;
use crate::visit::Visit;
use crate::{clock, locked, receipts, settle};

/// A request that may go on to the service behind the paywall.
pub(crate) struct Admission {
    /// The receipts that it shows: one of them may be for its body, which is not read yet.
    pub(crate) receipts: Vec<Shown>,
    /// The payment if none of them is, as far as it is known yet.
    pub(crate) payment: Result<Box<Admitted>, Refusal>,
}

/// A payment that may be settled once the answer is there.
pub(crate) struct Admitted {
    pub(crate) payment: Payment,
    /// For tokens locked to the publisher: what it takes to redeem them later.
    pub(crate) locked: Vec<Locked>,
    /// The reason why it would not be taken today. Then it counts only if it was charged before.
    pub(crate) fault: Option<Refusal>,
}

impl Visit<'_> {
    /// Looks at what the request shows, before anything is asked of anybody else. A receipt comes first:
    /// beside one that is for the request, no payment is looked at.
    ///
    /// # Errors
    /// The answer to a request that may not go on.
    pub(crate) async fn admit(&self) -> Result<Admission, Box<Response<Body>>> {
        let (keys, now) = (&self.shared.keys, clock::now_s());
        let mut receipts = receipts::find(keys, &self.headers, &self.target, now);
        if !self.has_body {
            if receipts::covers(&receipts, None) {
                let payment = Err(self.price_asked());
                return Ok(Admission { receipts, payment });
            }
            // A receipt for another body than none is no receipt for this request.
            receipts.clear();
        }
        match self.payment().await {
            Err(refusal) if receipts.is_empty() => Err(Box::new(self.refuse(&refusal))),
            payment => Ok(Admission { receipts, payment }),
        }
    }

    /// Reads and checks the request's payment.
    ///
    /// # Errors
    /// The reason why it is not served for that.
    async fn payment(&self) -> Result<Box<Admitted>, Refusal> {
        let Some(mut payment) = Payment::read(&self.headers)? else {
            receipts::check(&self.target)?;
            return Err(self.price_asked());
        };
        let (locked, fault) = match self.check(&mut payment).await {
            Ok(locked) => (locked, None),
            Err(fault) => {
                self.check_known(&mut payment, &fault).await?;
                (Vec::new(), Some(fault))
            }
        };
        Ok(Box::new(Admitted {
            payment,
            locked,
            fault,
        }))
    }

    /// Checks a payment against today's terms. Returns what it takes to redeem locked tokens later.
    async fn check(&self, payment: &mut Payment) -> Result<Vec<Locked>, Refusal> {
        receipts::check(&self.target)?;
        let terms = Terms {
            amount: self.price.amount,
            mint: &self.shared.mint,
        };
        payment.check(&terms).await?;
        let locked = self.check_lock(payment).await?;
        // What is redeemed before it is served for is not kept to be redeemed later.
        Ok(if self.shared.redeems_locked {
            Vec::new()
        } else {
            locked
        })
    }

    /// Checks whether a payment that would not be taken today may have been charged before.
    ///
    /// # Errors
    /// The refusal of one that surely was not, for this request: `fault`, or that it was for another.
    async fn check_known(&self, payment: &mut Payment, fault: &Refusal) -> Result<(), Refusal> {
        let Shared {
            keys,
            mint,
            records,
            ..
        } = self.shared;
        let known = records.known(payment.marks(keys)).await.map_err(|_| {
            Refusal::unavailable("the publisher cannot look payments up now; nothing was spent")
        })?;
        let is_resolved = payment.resolve(mint).await.is_ok();
        let binding = self.target.bind(None);
        let expected = [
            Some(payment.purpose(keys, &binding)),
            Some(payment.purpose_v1(&binding)),
        ];
        let mut others = known.iter().filter(|k| !expected.contains(&k.purpose));
        let refusal = match (known.is_empty(), self.has_body, others.next()) {
            (true, _, _) => fault.clone(),
            (false, false, Some(other)) if other.charged => return Err(settle::bound()),
            (false, false, Some(_)) => settle::bound(),
            (false, _, _) => return Ok(()),
        };
        // A record that is lost or old is no reason to refuse what was charged.
        if is_resolved && payment.is_spent(mint).await? {
            Ok(())
        } else {
            Err(refusal)
        }
    }

    /// Checks locked tokens, where such are asked for, on a thread that may compute.
    async fn check_lock(&self, payment: &Payment) -> Result<Vec<Locked>, Refusal> {
        let Accept::Locked {
            locktime_hours_min, ..
        } = self.shared.settings.accept
        else {
            return Ok(Vec::new());
        };
        if payment.has_outputs() {
            let detail =
                "tokens locked to the publisher pay exactly: there is no change; nothing was spent";
            return Err(Refusal::new(ErrorCode::LockMismatch, detail));
        }
        let until = clock::now_s() + u64::from(locktime_hours_min) * 3600;
        let (keys, mint) = (Arc::clone(&self.shared.keys), Arc::clone(&self.shared.mint));
        let proofs = payment.proofs().to_vec();
        let check = move || locked::check(&keys, &mint, &proofs, until);
        tokio::task::spawn_blocking(check)
            .await
            .unwrap_or_else(|_| Err(Refusal::unavailable("the payment could not be checked")))
    }
}
