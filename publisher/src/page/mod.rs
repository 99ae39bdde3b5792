//! The page that asks a person to pay. It has no script, loads nothing, and says nothing about the person who
//! reads it.

mod qr;

use std::fmt::Write as _;

use farthing_protocol::text::is_invisible;

/// The Content-Security-Policy that the page needs: its own style, its empty icon, and its form to its own site.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
     style-src 'sha256-gKLayBzvfc7VvNFYWZgZd1n4WyPch1dcdjEC4drIajM='; img-src data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// No icon: without a word of it browsers ask the site for one.
const ICON: &str = "<link rel=\"icon\" href=\"data:,\">";
const STYLE: &str = include_str!("style.css");
/// Characters that are shown of names from outside.
const SHOWN_CHARS_MAX: usize = 200;

/// The content of the page.
pub(crate) struct Page<'a> {
    /// The publisher's name.
    pub(crate) site: &'a str,
    /// What is bought.
    pub(crate) what: Option<&'a str>,
    /// The price, as people write it.
    pub(crate) price: &'a str,
    /// Where the button leads: to the reader's wallet, with what to pay in the fragment.
    pub(crate) pay: Option<&'a str>,
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
    /// Returns whether an address typed into a browser is the same request.
    pub(crate) fn is_plain_get(self) -> bool {
        self.method == "GET" && !self.has_body
    }
}

/// Writes the page: the price and the button first, and then what serves readers of other wallets.
pub(crate) fn page(page: &Page<'_>) -> String {
    let (site, url) = (shown(page.site), shown(page.url));
    let price = escape(page.price);
    let what = page.what.map_or_else(|| "This page".to_owned(), shown);
    let mut html = String::with_capacity(16 * 1024);
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <meta name=\"referrer\" content=\"same-origin\">\n{ICON}\n\
         <title>{what} costs {price} – {site}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"site\"><bdi>{site}</bdi></p>\n<h1><bdi>{what}</bdi></h1>\n"
    );
    if let Some(error) = page.error {
        let error = shown(error);
        let _ = writeln!(
            html,
            "<p class=\"bad\" role=\"alert\"><strong>The page did not open:</strong> {error}</p>"
        );
    }
    let _ = writeln!(html, "<p class=\"price\">{price}</p>");
    html.push_str(&button(page, &price));
    let _ = write!(
        html,
        "<p class=\"soft\">{url}</p>\n</header>\n<div class=\"ways\">\n"
    );
    html.push_str(&with_another_wallet(page));
    // The form buys what a browser gets at the address, and nothing else.
    if page.asked.is_plain_get() {
        html.push_str(&with_a_token(page, &price));
    }
    html.push_str(&with_the_command_line(page));
    let mint = link(page.mint_url);
    let _ = write!(
        html,
        "</div>\n<footer>\n<p>The site takes tokens of {mint}. You are charged only if what you pay for is \
         delivered.</p>\n</footer>\n</main>\n</body>\n</html>\n"
    );
    html
}

/// The one button, and what it is for a reader without a wallet.
fn button(page: &Page<'_>, price: &str) -> String {
    let Some(pay) = page.pay else {
        return "<p>Pay once with ecash to read it: no account, no subscription, no name. You need a wallet \
                with tokens of the mint below.</p>\n"
            .to_owned();
    };
    format!(
        "<a class=\"button\" href=\"{}\" rel=\"noreferrer\">Pay {price}</a>\n\
         <p>No wallet yet? The same button leads to one: a page in your browser that holds ecash and pays \
         with it, without anything to install, without an account here, and without your name.</p>\n",
        escape(pay)
    )
}

/// A way to pay, behind its name. It is open where the page has no button.
fn way(name: &str, is_open: bool, content: &str) -> String {
    let open = if is_open { " open" } else { "" };
    format!("<details{open}>\n<summary>{name}</summary>\n{content}</details>\n")
}

/// The command, which alone sends every request.
fn with_the_command_line(page: &Page<'_>) -> String {
    let command = escape(&command(page));
    let file = if page.asked.has_body {
        "<p class=\"soft\">Put the body of the request into a file, and its name for FILE.</p>\n"
    } else {
        ""
    };
    let content = format!(
        "<p>Farthing's command asks you before it pays, and keeps the change.</p>\n\
         <pre><code>{command}</code></pre>\n{file}"
    );
    way(
        "Pay on the command line",
        !page.asked.is_plain_get(),
        &content,
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

/// The request for Cashu's wallets, where their tokens are taken.
fn with_another_wallet(page: &Page<'_>) -> String {
    let Some(cashu_url) = page.cashu_url else {
        return String::new();
    };
    let (request, mint) = (escape(page.request), link(cashu_url));
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
    let content = format!(
        "<div class=\"scan\">\n{drawn}<div>\n<p>Any Cashu wallet pays, once you have added the mint {mint} \
         to it. One that pays web pages (HTTP 402, NUT-24) pays {how}. Any other makes a token for this \
         request: scan it, and {then}.</p>\n\
         <p class=\"soft\">The request as text:</p>\n<pre><code>{request}</code></pre>\n</div>\n</div>\n"
    );
    way("Pay with another wallet", false, &content)
}

/// The form for a token.
fn with_a_token(page: &Page<'_>, price: &str) -> String {
    let (url, pay_path) = (escape(page.url), escape(page.pay_path));
    let content = format!(
        "<form method=\"post\" action=\"{pay_path}\">\n\
         <input type=\"hidden\" name=\"url\" value=\"{url}\">\n\
         <label for=\"token\">A token of exactly {price}</label>\n\
         <textarea id=\"token\" name=\"token\" required rows=\"4\" placeholder=\"cashuB…\" \
         autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\" \
         aria-describedby=\"hint\"></textarea>\n\
         <p class=\"soft\" id=\"hint\">A token is money: whoever has its text can spend it. Here it \
         buys this page and nothing else. Your browser keeps the receipt as a cookie.</p>\n\
         <button>Pay {price}</button>\n</form>\n"
    );
    way("Pay with a token", page.pay.is_none(), &content)
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
