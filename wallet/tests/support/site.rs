//! A publisher in memory: it asks, redeems at the mint, gives receipts, and misbehaves on demand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use ed25519_dalek::SigningKey;
use farthing_protocol::api::{RedeemRequest, Redeemed, path};
use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::payment::change::{decode_outputs, encode_signatures};
use farthing_protocol::payment::{LockOption, PaymentRequest, Receipt, header};
use farthing_protocol::*;
use farthing_wallet::http::Request;
use farthing_wallet::records::Item;
use farthing_wallet::web::Head;
use farthing_wallet::{ApiToken, PageRequest};

use super::mint::{API_TOKEN, FakeMint, NOW, URL};

/// Where it answers.
pub const SITE: &str = "https://site.test";
/// What its pages say.
pub const PAGE: &str = "the article";
/// For how long its receipts count.
pub const RECEIPT_S: u64 = 3600;

/// What it does wrong, each until taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deeds {
    /// Gives no receipt.
    pub no_receipt: bool,
    /// Gives a receipt for another address, with a true signature.
    pub other_receipt: bool,
    /// Gives a receipt that somebody altered.
    pub altered_receipt: bool,
    /// Gives the receipt twice.
    pub two_receipts: bool,
    /// Gives a receipt and redeems nothing.
    pub receipt_without_charge: bool,
    /// Gives no signatures.
    pub no_signatures: bool,
    /// Gives signatures that it made up.
    pub false_signatures: bool,
    /// Redeems without asking the mint for the change.
    pub keeps_change: bool,
    /// Redeems the first token alone.
    pub redeems_first_only: bool,
    /// Answers 500 after redeeming, without a receipt.
    pub charges_failure: bool,
    /// Does not take receipts.
    pub ignores_receipts: bool,
    /// Cannot ask the mint.
    pub mint_unasked: bool,
    /// Refuses payments with this code.
    pub refuses: Option<ErrorCode>,
    /// Forgets what was presented.
    pub forgets: bool,
    /// Breaks the next body off after so many bytes (over sockets alone).
    pub breaks_off: Option<usize>,
    /// But not before so many answers have gone.
    pub breaks_after: usize,
    /// Knows NUT-24 alone, and so gives no change.
    pub gives_no_change: bool,
    /// Gives the whole page to whoever asks for a part.
    pub ignores_range: bool,
}

type Headers = Vec<(String, String)>;

/// What it says of the mint's keysets with its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The digest of those that sign now.
    Now,
    /// The same text always.
    Text(String),
    /// Nothing.
    Nothing,
}

pub struct FakeSite {
    pub mint: Rc<RefCell<FakeMint>>,
    pub price: u64,
    pub deeds: Deeds,
    /// The status of what is behind it.
    pub upstream: u16,
    /// What it asks with; the price is put in.
    pub request: PaymentRequest,
    /// Written into `X-Cashu` instead of the request.
    pub x_cashu: Option<Vec<String>>,
    /// What it says of the mint's keysets.
    pub keysets: Named,
    /// Locked tokens that it took without redeeming them.
    pub unredeemed: Vec<Token>,
    /// Redirects by path.
    pub redirects: HashMap<String, (u16, String)>,
    pub body: Vec<u8>,
    /// What it asks and answers under.
    pub base: String,
    /// The address of the mint, as tokens and receipts name it.
    pub mint_url: String,
    /// All requests that arrived.
    pub seen: Vec<PageRequest>,
    pub now: u64,
    presented: HashMap<String, (Item, Option<String>, Headers)>,
}

pub struct SiteAnswer {
    pub head: Head,
    pub body: Vec<u8>,
}

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> SiteAnswer {
    let headers = headers.iter();
    SiteAnswer {
        head: Head {
            status,
            headers: headers
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        },
        body: body.to_vec(),
    }
}

fn error(status: u16, code: ErrorCode, headers: &[(&str, &str)]) -> SiteAnswer {
    let body = ErrorBody {
        detail: format!("site: {code:?}"),
        code: code.number(),
    };
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    answer(status, &all, &serde_json::to_vec(&body).unwrap())
}

impl FakeSite {
    pub fn new(mint: &Rc<RefCell<FakeMint>>, price: u64) -> Self {
        Self {
            mint: Rc::clone(mint),
            price,
            deeds: Deeds::default(),
            upstream: 200,
            request: PaymentRequest {
                unit: Some("credit".to_owned()),
                mints: vec![URL.to_owned()],
                description: Some("an article".to_owned()),
                ..PaymentRequest::default()
            },
            x_cashu: None,
            keysets: Named::Now,
            unredeemed: Vec::new(),
            redirects: HashMap::new(),
            body: PAGE.as_bytes().to_vec(),
            base: SITE.to_owned(),
            mint_url: URL.to_owned(),
            seen: Vec::new(),
            now: NOW,
            presented: HashMap::new(),
        }
    }

    pub fn key() -> SigningKey {
        SigningKey::from_bytes(&[9; 32])
    }

    /// Asks for tokens locked to its key.
    pub fn wants_locked(&mut self) {
        self.request.lock = Some(LockOption {
            kind: "P2PK".to_owned(),
            data: hex::encode(Self::key().verifying_key().as_bytes()),
            tags: Vec::new(),
        });
    }

    /// The values of a header over all requests that arrived, none where it was not there.
    pub fn header(&self, name: &str) -> Vec<Option<String>> {
        let value = |request: &PageRequest| {
            let mut values = request.headers.iter().filter(|(n, _)| n == name);
            values.next().map(|(_, value)| value.expose().to_owned())
        };
        self.seen.iter().map(value).collect()
    }

    /// Tokens that were shown, with repetitions.
    pub fn tokens(&self) -> Vec<String> {
        self.header(header::CASHU).into_iter().flatten().collect()
    }

    pub fn answer(&mut self, request: &PageRequest) -> SiteAnswer {
        self.seen.push(request.clone());
        let path = request.url.strip_prefix(&self.base);
        let path = path.expect("a request to another site").to_owned();
        if let Some((status, location)) = self.redirects.get(&path) {
            return answer(*status, &[("location", location)], b"elsewhere");
        }
        let first = |name: &str| {
            let mut of = request.headers.iter().filter(|(n, _)| n == name);
            let first = of.next().map(|(_, v)| v.expose().to_owned());
            assert!(of.next().is_none(), "{name} twice");
            first
        };
        if self.price == 0 {
            return self.content(request);
        }
        if let Some(token) = first(header::CASHU) {
            return self.paid(request, &token, first(header::OUTPUTS));
        }
        if let Some(receipt) = first(header::RECEIPT)
            && !self.deeds.ignores_receipts
        {
            let (receipt, key) = Receipt::verify(&receipt).expect("a true receipt");
            assert_eq!(key, *Self::key().verifying_key().as_bytes());
            assert_eq!(receipt.resource, Item::of(request).subject());
            if self.now < receipt.expires {
                return self.content(request);
            }
        }
        self.ask()
    }

    fn content(&self, request: &PageRequest) -> SiteAnswer {
        let range = request
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case("range"));
        let from = range.and_then(|(_, v)| v.expose().strip_prefix("bytes=")?.strip_suffix('-'));
        match from.and_then(|from| from.parse::<usize>().ok()) {
            Some(from) if from < self.body.len() && !self.deeds.ignores_range => {
                let all = self.body.len();
                let range = format!("bytes {from}-{}/{all}", all - 1);
                answer(206, &[("content-range", &range)], &self.body[from..])
            }
            _ => answer(self.upstream, &[("etag", "\"1\"")], &self.body),
        }
    }

    fn ask(&self) -> SiteAnswer {
        let request = PaymentRequest {
            amount: self.request.amount.or(Some(self.price)),
            ..self.request.clone()
        };
        let values = self.x_cashu.clone().unwrap_or(vec![request.encode()]);
        let mut headers: Vec<_> = values.iter().map(|v| (header::CASHU, v.as_str())).collect();
        if self.request.lock.is_none() && !self.deeds.gives_no_change {
            headers.push((header::OUTPUTS, "outA"));
        }
        let keysets = self.named_keysets();
        if let Some(keysets) = &keysets {
            headers.push((header::KEYSETS, keysets));
        }
        error(402, ErrorCode::PaymentRequired, &headers)
    }

    fn named_keysets(&self) -> Option<String> {
        match &self.keysets {
            Named::Nothing => None,
            Named::Text(text) => Some(text.clone()),
            Named::Now => Some(self.mint.borrow().active_digest()),
        }
    }

    fn paid(&mut self, request: &PageRequest, token: &str, outputs: Option<String>) -> SiteAnswer {
        let item = Item::of(request);
        if let Some(code) = self.deeds.refuses {
            return error(400, code, &[]);
        }
        if self.deeds.mint_unasked {
            return error(503, ErrorCode::Unavailable, &[("retry-after", "1")]);
        }
        if let Some((before, with, headers)) = self.presented.get(token)
            && !self.deeds.forgets
        {
            if *before != item || *with != outputs {
                return error(400, ErrorCode::TokenBound, &[]);
            }
            let headers = headers.clone();
            return self.with_headers(request, headers);
        }
        if self.upstream >= 400 && !self.deeds.charges_failure {
            return self.content(request);
        }
        let decoded = Token::decode(token).expect("a token");
        assert_eq!(
            (decoded.mint.as_str(), decoded.unit.as_str()),
            (self.mint_url.as_str(), "credit")
        );
        let blinded = outputs.as_deref().map(|text| decode_outputs(text).unwrap());
        let sum: u64 = blinded.iter().flatten().map(|o| o.amount).sum();
        assert_eq!(decoded.amount().unwrap() - sum, self.price, "the price");
        let locked = self.request.lock.is_some();
        for proof in &decoded.proofs {
            assert_eq!(proof.dleq.is_some(), locked, "r is given away");
            assert_eq!(proof.proof.secret.expose().contains("P2PK"), locked);
        }
        let signatures = if locked {
            self.unredeemed.push(decoded);
            Vec::new()
        } else if self.deeds.receipt_without_charge {
            Vec::new()
        } else {
            match self.redeem(&decoded, blinded.unwrap_or_default()) {
                Ok(signatures) => signatures,
                Err(code) => return error(400, code, &[]),
            }
        };
        let headers = self.answer_headers(&item, signatures);
        if self.deeds.charges_failure {
            return answer(500, &[], b"it broke");
        }
        self.presented
            .insert(token.to_owned(), (item, outputs, headers.clone()));
        self.with_headers(request, headers)
    }

    fn with_headers(&self, request: &PageRequest, headers: Headers) -> SiteAnswer {
        let mut answer = self.content(request);
        answer.head.headers.extend(headers);
        answer
    }

    fn redeem(
        &self,
        token: &Token,
        outputs: Vec<BlindedMessage>,
    ) -> Result<Vec<BlindSignature>, ErrorCode> {
        let mut mint = self.mint.borrow_mut();
        let ids: Vec<KeysetId> = mint.keysets.iter().map(|k| k.info.id).collect();
        let full = |proof: &TokenProof| Proof {
            id: proof.proof.id.resolve(ids.iter()).unwrap(),
            ..proof.proof.clone()
        };
        let mut inputs: Vec<Proof> = token.proofs.iter().map(full).collect();
        let outputs = match self.deeds.keeps_change || self.deeds.redeems_first_only {
            true => Vec::new(),
            false => outputs,
        };
        if self.deeds.redeems_first_only {
            inputs.truncate(1);
        }
        let request = RedeemRequest {
            inputs,
            outputs,
            reference: None,
        };
        let body = serde_json::to_string(&request).unwrap();
        let response = mint.answer(&Request {
            url: format!("{URL}{}", path::REDEEM),
            bearer: Some(ApiToken::new(API_TOKEN)),
            body: Some(Secret::new(body)),
        });
        if response.status == 200 {
            let redeemed: Redeemed = serde_json::from_slice(&response.body).unwrap();
            return Ok(redeemed.signatures);
        }
        let body: ErrorBody = serde_json::from_slice(&response.body).unwrap();
        Err(ErrorCode::from_number(body.code).unwrap())
    }

    fn answer_headers(&self, item: &Item, mut signatures: Vec<BlindSignature>) -> Headers {
        let deeds = self.deeds;
        let resource = match deeds.other_receipt {
            true => format!("{}x", item.subject()),
            false => item.subject(),
        };
        let receipt = Receipt {
            issuer: "The Gazette".to_owned(),
            resource,
            body: item.body.clone(),
            amount: self.price,
            unit: "credit".to_owned(),
            mint: self.mint_url.clone(),
            issued: self.now / 60 * 60,
            expires: self.now + RECEIPT_S,
        };
        let mut text = receipt.sign(&Self::key());
        if deeds.altered_receipt {
            let at = text.len() - 20;
            let other = if text[at..].starts_with('A') {
                "B"
            } else {
                "A"
            };
            text.replace_range(at..=at, other);
        }
        let mut headers = Vec::new();
        if !deeds.no_receipt {
            headers.push((header::RECEIPT.to_owned(), text.clone()));
        }
        if deeds.two_receipts {
            headers.push((header::RECEIPT.to_owned(), text));
        }
        if deeds.false_signatures {
            let first = signatures[0].clone();
            signatures
                .iter_mut()
                .for_each(|s| s.dleq = first.dleq.clone());
            signatures[0].c = [7; 32].into();
        }
        if let Some(text) = encode_signatures(&signatures).filter(|_| !deeds.no_signatures) {
            headers.push((header::SIGNATURES.to_owned(), text));
        }
        headers
    }
}
