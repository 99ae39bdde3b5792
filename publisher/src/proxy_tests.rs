//! Tests of the proxy without the paywall.
