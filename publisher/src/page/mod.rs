//! The page that asks a person to pay.

/// The Content-Security-Policy that the page needs.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'";

/// What the page says.
pub(crate) struct Page<'a> {
    pub(crate) site: &'a str,
    pub(crate) what: Option<&'a str>,
    pub(crate) amount: u64,
    pub(crate) unit: &'a str,
    pub(crate) decimals: u8,
    pub(crate) mint_urls: &'a [String],
    pub(crate) request: &'a str,
    pub(crate) url: &'a str,
    pub(crate) pay_path: &'a str,
    pub(crate) error: Option<&'a str>,
}

pub(crate) fn page(page: &Page<'_>) -> String {
    format!("{} {}", page.amount, page.unit)
}
