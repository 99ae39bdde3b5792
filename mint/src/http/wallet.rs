//! The wallet for browsers: files that are part of this program. They are the same for everybody and at any address,
//! and nothing that is asked for here reaches the rest of the mint.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use farthing_protocol::ErrorCode;
use farthing_protocol::api::path;
use farthing_wallet_dist::{FILES, File};

use super::SharedApp;
use crate::error::{Error, Result};

/// The table of the wallet's files.
pub(super) fn routes() -> Router<SharedApp> {
    Router::new()
        // Relative, for the mint may stand behind a path.
        .route(folder(), get(async || Redirect::permanent("wallet/")))
        .route(path::WALLET, get(serve))
        .route("/wallet/{*file}", get(serve))
}

/// The folder's path without the slash at its end.
fn folder() -> &'static str {
    path::WALLET.trim_end_matches('/')
}

/// The label of the wallet's files in the metrics and in the log: one for all of them. `matched` is a path of the
/// router.
pub(super) fn label(matched: &str) -> &str {
    match matched.starts_with(folder()) {
        true => path::WALLET,
        false => matched,
    }
}

/// A file with what its answers have in common.
struct Served {
    file: &'static File,
    headers: HeaderMap,
}

/// By the path below the folder. The folder itself is its first page.
static SERVED: LazyLock<HashMap<&'static str, Served>> = LazyLock::new(|| {
    let first = farthing_wallet_dist::file("").map(|file| ("", Served::new(file)));
    let all = FILES.iter().map(|file| (file.path, Served::new(file)));
    all.chain(first).collect()
});

impl Served {
    fn new(file: &'static File) -> Self {
        let pair = |(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        let mut headers: HeaderMap = farthing_wallet_dist::headers(file.path).map(pair).collect();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(file.content_type),
        );
        if file.brotli.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        Self { file, headers }
    }

    /// Answers a request with these headers (RFC 9110, sections 12.5.3 and 13.1.2). The ETag is the file's
    /// SHA-256, with `-br` at the end for the compressed form.
    fn answer(&self, request: &HeaderMap) -> Response {
        let brotli = self.file.brotli.filter(|_| accepts_brotli(request));
        let suffix = if brotli.is_some() { "-br" } else { "" };
        let etag = format!("\"{}{suffix}\"", self.file.sha256);
        let is_known = is_known(request, &etag);
        let mut headers = self.headers.clone();
        let etag = HeaderValue::try_from(etag).expect("hex in quotation marks");
        headers.insert(header::ETAG, etag);
        if is_known {
            headers.remove(header::CONTENT_TYPE);
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        if brotli.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        (headers, Body::from(brotli.unwrap_or(self.file.bytes))).into_response()
    }
}

/// GET `/wallet/` and the files in it.
async fn serve(uri: Uri, request: HeaderMap) -> Result<Response> {
    let served = uri.path().strip_prefix(path::WALLET);
    let served = served.and_then(|path| SERVED.get(path));
    let missing = || Error::request(ErrorCode::NotFound, "the browser's wallet has no such file");
    Ok(served.ok_or_else(missing)?.answer(&request))
}

/// The members of all lines of a header that is a list.
fn members(request: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = request.get_all(name).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// Returns whether `br` is among the accepted encodings, with a weight that is not zero.
fn accepts_brotli(request: &HeaderMap) -> bool {
    members(request, header::ACCEPT_ENCODING).any(|member| {
        let (name, weight) = member.split_once(';').unwrap_or((member, ""));
        let weight = weight.trim().to_ascii_lowercase();
        let weight = weight.strip_prefix("q=").map(str::parse);
        name.trim().eq_ignore_ascii_case("br") && weight != Some(Ok(0.0))
    })
}

/// Returns whether the caller has what `etag` is of already. A proxy that changed the encoding has made the ETag weak.
fn is_known(request: &HeaderMap, etag: &str) -> bool {
    members(request, header::IF_NONE_MATCH)
        .any(|member| member == "*" || member.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let value = |line: &&str| HeaderValue::from_str(line).unwrap();
        lines
            .iter()
            .map(|line| (name.clone(), value(line)))
            .collect()
    }

    #[test]
    fn brotli_is_for_who_accepts_it() {
        let accepts = |lines: &[&str]| accepts_brotli(&request(header::ACCEPT_ENCODING, lines));
        for yes in [
            "br",
            "gzip, deflate, br, zstd",
            "BR",
            "gzip;q=1.0,br;q=0.001",
            "br ; Q=0.5",
        ] {
            assert!(accepts(&[yes]), "{yes}");
        }
        assert!(accepts(&["gzip", "br"]));
        for no in ["", "gzip", "br;q=0", "br; q=0.000", "identity, brotli", "*"] {
            assert!(!accepts(&[no]), "{no}");
        }
        assert!(!accepts_brotli(&HeaderMap::new()));
    }

    #[test]
    fn an_etag_is_known_in_a_list_and_when_it_is_weak() {
        let known = |lines: &[&str]| is_known(&request(header::IF_NONE_MATCH, lines), "\"ab\"");
        for yes in ["\"ab\"", "W/\"ab\"", "\"cd\", \"ab\"", "*"] {
            assert!(known(&[yes]), "{yes}");
        }
        assert!(known(&["\"cd\"", "\"ab\""]));
        for no in ["", "ab", "\"ab-br\"", "\"a\"", "\"cd\""] {
            assert!(!known(&[no]), "{no}");
        }
    }

    #[test]
    fn the_wallet_has_one_label() {
        for path in ["/wallet", "/wallet/", "/wallet/{*file}"] {
            assert_eq!(label(path), "/wallet/");
        }
        assert_eq!(label("/v1/info"), "/v1/info");
    }
}
