//! What is thrown: an `Error` with what it means for the money and what to do.

use farthing_protocol::AmountError;
use farthing_wallet::error::payment::Unpayable;
use farthing_wallet::error::{Explanation, UsageError};
use farthing_wallet::{Error, StoreError};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;

/// Why a call failed.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    told: Explanation,
}

impl Failure {
    /// `{"code", "what", "money", "advice": [{"name", …}]}`: the code never changes, `what` and `money` are
    /// English sentences, and each advice is a name with its fields.
    pub(crate) fn json(&self) -> Value {
        let mut json = explanation(&self.told);
        if let Value::Object(fields) = &mut json {
            fields.insert("code".to_owned(), self.code.into());
        }
        json
    }
}

/// `{"what", "money", "advice"}`, as in [`Failure::json`].
pub(crate) fn explanation(told: &Explanation) -> Value {
    json!({"what": told.what, "money": told.money, "advice": told.advice})
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: error.code(),
            told: error.explain(),
        }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        error.clone().into()
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Error::from(error).into()
    }
}

impl From<Unpayable> for Failure {
    fn from(error: Unpayable) -> Self {
        Error::from(error).into()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

/// A text that is not an amount of the mint's unit: `amount_invalid`.
impl From<AmountError> for Failure {
    fn from(error: AmountError) -> Self {
        Self {
            code: "amount_invalid",
            told: Explanation {
                what: error.to_string(),
                money: "Nothing was moved.".to_owned(),
                advice: Vec::new(),
            },
        }
    }
}

/// An `Error` with `code`, `what`, `money` and `advice` as its own properties.
impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        let error = js_sys::Error::new(&failure.told.what);
        let fields = js_sys::JSON::parse(&failure.json().to_string());
        let fields = fields.expect("serde_json writes JSON");
        js_sys::Object::assign(&error, &fields.into());
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_protocol::Unit;

    #[test]
    fn an_error_has_its_code_its_sentences_and_its_advice_with_fields() {
        let unknown = UsageError::MintUnknown("https://mint.example".to_owned());
        assert_eq!(
            Failure::from(unknown).json(),
            json!({
                "code": "mint_unknown",
                "what": "the mint https://mint.example is not in this wallet",
                "money": "Nothing was moved.",
                "advice": [{"name": "add_mint", "url": "https://mint.example"}],
            })
        );
        assert_eq!(
            Failure::from(StoreError::Sealed).json(),
            json!({
                "code": "passphrase_needed",
                "what": "this wallet is protected by a passphrase",
                "money": "Nothing was moved.",
                "advice": [{"name": "give_passphrase"}],
            })
        );
    }

    #[test]
    fn what_is_not_an_amount_is_told_by_the_unit() {
        let error = Unit::new("eur", 2).read("1.234").unwrap_err();
        assert_eq!(
            Failure::from(error).json(),
            json!({
                "code": "amount_invalid",
                "what": "it has 3 decimals, and eur has 2",
                "money": "Nothing was moved.",
                "advice": [],
            })
        );
    }
}
