//! The wallet for browsers, built: its files, their digest, and the headers they are served with.
//!
//! `wallet-web/build` makes the files, and whoever runs it gets the same bytes. `SHA256SUMS` among them lists
//! the SHA-256 of each other file, and [`digest`] is the SHA-256 of that list: one number for all of it.

/// A file of the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Its address relative to the wallet's folder, with `/`: `icons/icon.svg`.
    pub path: &'static str,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The SHA-256 of `bytes`, 64 lower-case hex digits.
    pub sha256: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
    /// The same, compressed for `Content-Encoding: br`; none of a file that does not get smaller.
    pub brotli: Option<&'static [u8]>,
}

/// All files, in the order of their paths. The folder itself stands for `index.html`.
pub const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The address, relative to the wallet's folder, of the one document that a page of another site opens as a
/// popup, and so the one without `Cross-Origin-Opener-Policy`.
pub const POPUP: &str = "popup.html";

/// The service worker. A browser asks for it by itself, and for a day takes it from its own cache then: opening
/// a link that pays makes no request.
const SERVICE_WORKER: &str = "sw.js";

/// What the pages may do: run the scripts of their own folder and WebAssembly, and reach mints and sites.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; manifest-src 'self'; \
    worker-src 'self'; connect-src 'self' https: http://localhost:* http://127.0.0.1:* http://*.onion:*; \
    form-action 'self' https: http://localhost:* http://127.0.0.1:* http://*.onion:*; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types farthing";

/// The headers of every file, names in lower case.
pub const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// Returns the headers of the file at `path` that are not those of its content: [`HEADERS`], how long it may be
/// kept, and that no other site shares its window.
pub fn headers(path: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let opener = (path != POPUP).then_some(("cross-origin-opener-policy", "same-origin"));
    let cached = match path {
        SERVICE_WORKER => "public, max-age=86400",
        _ => "no-cache",
    };
    let own = opener.into_iter().chain([("cache-control", cached)]);
    HEADERS.iter().copied().chain(own)
}

/// Returns the digest of all files, 64 lower-case hex digits: the SHA-256 of `SHA256SUMS`.
#[must_use]
pub fn digest() -> &'static str {
    file("SHA256SUMS")
        .expect("the build writes the list")
        .sha256
}

/// Returns the file at `path`, relative to the wallet's folder; the empty path is `index.html`.
#[must_use]
pub fn file(path: &str) -> Option<&'static File> {
    let path = match path {
        "" => "index.html",
        path => path,
    };
    FILES.iter().find(|file| file.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_list_of_digests_is_that_of_the_files() {
        let sums = file("SHA256SUMS").expect("the list is a file");
        let others = FILES.iter().filter(|file| file.path != "SHA256SUMS");
        let line = |file: &File| {
            let sha256 = hex::encode(Sha256::digest(file.bytes));
            assert_eq!(file.sha256, sha256, "{}", file.path);
            format!("{sha256}  {}\n", file.path)
        };
        let lines: String = others.map(line).collect();
        assert_eq!(String::from_utf8_lossy(sums.bytes), lines);
        assert_eq!(digest(), hex::encode(Sha256::digest(sums.bytes)));
    }

    #[test]
    fn files_have_their_types_and_a_smaller_variant_where_there_is_one() {
        let html = file("").expect("there is a page");
        assert_eq!(
            (html.path, html.content_type),
            ("index.html", "text/html; charset=utf-8")
        );
        let wasm = file("farthing_bg.wasm").expect("there is a core");
        assert_eq!(
            (wasm.content_type, &wasm.bytes[..4]),
            ("application/wasm", b"\0asm".as_slice())
        );
        let smaller = |file: &&File| {
            file.brotli
                .is_some_and(|brotli| brotli.len() < file.bytes.len())
        };
        let compressed = FILES.iter().filter(|file| file.brotli.is_some());
        assert!(compressed.clone().count() > 5 && compressed.clone().all(|file| smaller(&file)));
        assert_eq!(file("sw.js.br"), None);
        assert_eq!(file("no such file"), None);
    }

    #[test]
    fn what_a_reader_loads_is_small() {
        let size = |file: &File| file.brotli.unwrap_or(file.bytes).len();
        let core = file("farthing_bg.wasm").map_or(0, size);
        let total: usize = FILES.iter().map(size).sum();
        // A reader loads one language, and what reads QR codes only for the camera.
        let languages = FILES.iter().filter(|file| file.path.starts_with("texts/"));
        let other_language = languages.map(size).min().unwrap_or_default();
        let camera = file("vendor/qr-read.js").map_or(0, size);
        let rest = total - core - other_language - camera;
        assert!(core <= 420_000, "{core} bytes of WebAssembly");
        assert!(rest <= 60_000, "{rest} bytes of everything else");
    }

    #[test]
    fn the_popup_alone_shares_its_window_and_the_service_worker_alone_is_kept() {
        let header = |path, name| {
            headers(path)
                .find(|(n, _)| *n == name)
                .map(|(_, value)| value)
        };
        assert_eq!(
            header("index.html", "cross-origin-opener-policy"),
            Some("same-origin")
        );
        assert_eq!(header(POPUP, "cross-origin-opener-policy"), None);
        assert_eq!(
            header("sw.js", "cache-control"),
            Some("public, max-age=86400")
        );
        assert_eq!(header("index.html", "cache-control"), Some("no-cache"));
        let policy = header("index.html", "content-security-policy").expect("there is a policy");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
}
