//! HTTP 402 for publishers: a reader with a wallet gets a page for a few units, at once, without an
//! account (`docs/protocol.md`, section 12).
