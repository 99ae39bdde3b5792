//! Paying for a reader in a browser: what a wallet of another origin and a paywall say to each other
//! (`docs/reference/protocol.md`, section 12.7).

use serde::{Deserialize, Serialize};

use crate::Secret;

/// Takes a [`PayRequest`] (`POST`, `application/json`), or the page's form with a pasted token.
pub const PAY_PATH: &str = "/.well-known/farthing/pay";
/// Takes an [`OpenRequest`] (`POST`, `application/x-www-form-urlencoded`), and opens the page with the
/// receipt's cookie.
pub const OPEN_PATH: &str = "/.well-known/farthing/open";
/// Serves the script for buttons and locked parts in a publisher's own pages (`GET`).
pub const SCRIPT_PATH: &str = "/.well-known/farthing/farthing.js";

/// No body of these is longer, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Buys a page for a reader who is sent there afterwards.
///
/// The same request again gives the same answer, and is charged once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayRequest {
    /// A token, as in `X-Cashu`: at most 16 KiB.
    pub token: Secret,
    /// Outputs for change, as in `X-Cashu-Outputs`: at most 16 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<String>,
    /// The method of the request that is bought: `GET`, and no other.
    pub method: String,
    /// The address of the page, with scheme and host: at most 8,192 bytes.
    pub url: String,
}

/// What was bought. Refusals have the body of any refused payment ([`crate::error_code::ErrorBody`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The [receipt](super::Receipt), as in `X-Cashu-Receipt`.
    pub receipt: Secret,
    /// The mint's signatures on the outputs, as in `X-Cashu-Signatures`; none without outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<String>,
    /// The address of the page, as it stands in the receipt.
    pub url: String,
}

/// Hands a receipt over to the reader's browser, as the fields of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// The receipt, as in `X-Cashu-Receipt`: at most 16 KiB.
    pub receipt: Secret,
    /// The address of the page that the receipt is for.
    pub url: String,
    /// The address of the page of the same site to go to, if that is another: one that has what was
    /// bought as a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn the_bodies_are_those_of_the_specification() {
        let mut request = PayRequest {
            token: Secret::new("cashuBo2".to_owned()),
            outputs: None,
            method: "GET".to_owned(),
            url: "https://gazette.example/articles/one".to_owned(),
        };
        let plain =
            r#"{"token":"cashuBo2","method":"GET","url":"https://gazette.example/articles/one"}"#;
        assert_eq!(serde_json::to_string(&request).unwrap(), plain);
        assert_eq!(json::from_str::<PayRequest>(plain).unwrap(), request);
        request.outputs = Some("outAo2".to_owned());
        let with_outputs = serde_json::to_string(&request).unwrap();
        assert!(with_outputs.contains(r#""outputs":"outAo2""#));
        assert_eq!(
            json::from_str::<PayRequest>(&with_outputs).unwrap(),
            request
        );
        assert!(!format!("{request:?}").contains("cashuBo2"));

        let paid = r#"{"receipt":"eyJ","signatures":"sigAo2","url":"https://gazette.example/"}"#;
        let read: Paid = json::from_str(paid).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), paid);
        assert!(!format!("{read:?}").contains("eyJ"));
    }

    #[test]
    fn unknown_fields_are_refused_in_requests_and_skipped_in_answers() {
        let unknown = r#"{"token":"t","method":"GET","url":"u","tip":1}"#;
        assert!(json::from_str::<PayRequest>(unknown).is_err());
        let array = r#"["t",null,"GET","u"]"#;
        assert!(json::from_str::<PayRequest>(array).is_err());
        let newer = r#"{"receipt":"r","url":"u","visits":9}"#;
        assert!(json::from_str::<Paid>(newer).is_ok());
    }
}
