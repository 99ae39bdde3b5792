//! The page that asks a person to pay. It has no script, loads nothing, and says nothing about the person who
//! reads it.

mod qr;

use std::fmt::Write as _;

use farthing_protocol::Unit;
use farthing_protocol::text::is_invisible;

/// The Content-Security-Policy that the page needs: its own style, and its form to its own site.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
     style-src 'sha256-c1JUxL3ix/3QFSikOkR6YXvoQwXVxHLqX81ck4hDJ1A='; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");
/// Characters that are shown of names from outside.
const SHOWN_CHARS_MAX: usize = 200;

/// The content of the page.
pub(crate) struct Page<'a> {
    /// The publisher's name.
    pub(crate) site: &'a str,
    /// What is bought.
    pub(crate) what: Option<&'a str>,
    /// The price in the unit's smallest part.
    pub(crate) amount: u64,
    /// The mint's unit.
    pub(crate) unit: &'a str,
    /// The unit's decimals.
    pub(crate) decimals: u8,
    /// The mint whose tokens are taken.
    pub(crate) mint_url: &'a str,
    /// Its address for Cashu's wallets, where their tokens are taken.
    pub(crate) cashu_url: Option<&'a str>,
    /// The payment request as text.
    pub(crate) request: &'a str,
    /// The URL of the resource.
    pub(crate) url: &'a str,
    /// The request for it.
    pub(crate) asked: Asked<'a>,
    /// The path that the form is sent to.
    pub(crate) pay_path: &'a str,
    /// The reason why the last payment was refused.
    pub(crate) error: Option<&'a str>,
}

/// A request for which the page asks money, as far as it is to be sent again.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Its method.
    pub(crate) method: &'a str,
    /// Whether it had a body.
    pub(crate) has_body: bool,
    /// The type of its body.
    pub(crate) content_type: Option<&'a str>,
}

impl Asked<'_> {
    /// Whether an address typed into a browser is the same request.
    fn is_plain_get(self) -> bool {
        self.method == "GET" && !self.has_body
    }
}

/// Writes the page.
pub(crate) fn page(page: &Page<'_>) -> String {
    let (site, url) = (shown(page.site), shown(page.url));
    let price = escape(&price(page));
    let what = page.what.map_or_else(|| "This page".to_owned(), shown);
    let mut html = String::with_capacity(16 * 1024);
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <meta name=\"referrer\" content=\"same-origin\">\n\
         <title>{what} costs {price} – {site}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"site\"><bdi>{site}</bdi></p>\n<h1><bdi>{what}</bdi></h1>\n\
         <p class=\"soft\">{url}</p>\n\
         <p class=\"price\">{price}</p>\n\
         <p>Pay once with ecash to read it: no account, no subscription, no name.</p>\n</header>\n"
    );
    if let Some(error) = page.error {
        let error = shown(error);
        let _ = writeln!(
            html,
            "<p class=\"bad\" role=\"alert\"><strong>This payment did not open the page:</strong> \
             {error}</p>"
        );
    }
    html.push_str("<ol>\n");
    html.push_str(&with_farthing(page));
    html.push_str(&with_a_wallet(page));
    // The form buys what a browser gets at the address, and nothing else.
    if page.asked.is_plain_get() {
        html.push_str(&with_a_token(page, &price));
    }
    let mint = link(page.mint_url);
    let _ = write!(
        html,
        "</ol>\n<footer>\n<p>The site takes tokens of {mint}. You are charged only if what you pay for is \
         delivered.</p>\n</footer>\n</main>\n</body>\n</html>\n"
    );
    html
}

fn with_farthing(page: &Page<'_>) -> String {
    let command = escape(&command(page));
    let file = if page.asked.has_body {
        "<p class=\"soft\">Put the body of the request into a file, and its name for FILE.</p>\n"
    } else {
        ""
    };
    format!(
        "<li>\n<h2>With the Farthing wallet</h2>\n\
         <p class=\"soft\">It asks you before it pays, and keeps the change.</p>\n\
         <pre><code>{command}</code></pre>\n{file}</li>\n"
    )
}

/// The command that sends the same request and pays.
fn command(page: &Page<'_>) -> String {
    let Asked {
        method,
        has_body,
        content_type,
    } = page.asked;
    let mut command = "farthing get".to_owned();
    if !page.asked.is_plain_get() {
        let _ = write!(command, " -X {}", shell_word(method));
    }
    if has_body {
        if let Some(kind) = content_type {
            let _ = write!(
                command,
                " -H {}",
                shell_word(&format!("Content-Type: {kind}"))
            );
        }
        command.push_str(" -d @FILE");
    }
    let _ = write!(command, " {}", shell_word(page.url));
    command
}

fn with_a_wallet(page: &Page<'_>) -> String {
    let request = escape(page.request);
    let (which, that) = match page.cashu_url {
        Some(url) => ("any", format!("to which you add the mint {}", link(url))),
        None => ("another", "that knows the mint".to_owned()),
    };
    let drawn = qr::svg(page.request, "QR code of the payment request").unwrap_or_default();
    let (how, then) = if page.asked.is_plain_get() {
        (
            "when you open this page's address in it",
            "paste the token below",
        )
    } else {
        (
            "when it sends the same request",
            "send the request again with the token in the header X-Cashu",
        )
    };
    format!(
        "<li>\n<h2>With {which} Cashu wallet</h2>\n<div class=\"scan\">\n{drawn}\
         <div>\n<p>A wallet that pays web pages (HTTP 402, NUT-24) pays {how}. Any other {that} makes a \
         token for this request: scan it, and {then}.</p>\n\
         <details>\n<summary>The request as text</summary>\n<pre><code>{request}</code></pre>\n\
         </details>\n</div>\n</div>\n</li>\n"
    )
}

fn with_a_token(page: &Page<'_>, price: &str) -> String {
    let (url, pay_path) = (escape(page.url), escape(page.pay_path));
    format!(
        "<li>\n<h2>With a token</h2>\n<form method=\"post\" action=\"{pay_path}\">\n\
         <input type=\"hidden\" name=\"url\" value=\"{url}\">\n\
         <label for=\"token\">A token of exactly {price}</label>\n\
         <textarea id=\"token\" name=\"token\" required rows=\"4\" placeholder=\"cashuB…\" \
         autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\" \
         aria-describedby=\"hint\"></textarea>\n\
         <p class=\"soft\" id=\"hint\">A token is money: whoever has its text can spend it. Here it \
         buys this page and nothing else. Your browser keeps the receipt as a cookie.</p>\n\
         <button>Pay {price}</button>\n</form>\n</li>\n"
    )
}

/// A link to a mint, if it has a web address.
fn link(url: &str) -> String {
    let shown = shown(url);
    if url.starts_with("https://") || url.starts_with("http://") {
        format!("<a href=\"{}\" rel=\"noreferrer\">{shown}</a>", escape(url))
    } else {
        shown
    }
}

/// The price as people write it: 250 of `usd` with two decimals is `2.50 usd`.
fn price(page: &Page<'_>) -> String {
    Unit::new(page.unit, page.decimals).show(page.amount)
}

/// A word for a shell, whatever is in it.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Text that others chose, cut to a length that can be shown.
fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let cut: String = chars.by_ref().take(SHOWN_CHARS_MAX).collect();
    let more = if chars.next().is_some() { "…" } else { "" };
    escape(&format!("{cut}{more}"))
}

/// Text as HTML, in elements and in quoted attributes. What would turn around or hide the text beside
/// it is replaced.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if c.is_control() || is_invisible(c) => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
#[path = "../page_tests.rs"]
mod tests;
