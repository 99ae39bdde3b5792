//! The script for buttons and locked parts in a publisher's own pages (`docs/how-to/publishing.md`).

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};

use crate::shared::{Outcome, tell};

const SCRIPT: &str = include_str!("farthing.js");

/// Returns the script. Browsers may keep it for an hour.
pub(crate) fn script() -> Response<Body> {
    let mut answer = Response::new(Body::from(SCRIPT));
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    tell(answer, Outcome::Free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_small_and_needs_nothing_that_a_strict_policy_forbids() {
        assert!(SCRIPT.len() < 5 * 1024, "{} bytes", SCRIPT.len());
        for forbidden in [
            "eval(",
            "new Function",
            ".style",
            "import(",
            "document.write",
            "http://",
            "https://",
        ] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
    }
}
