//! Addresses of mints: one form for each, and whether two lead to the same place.

use url::{Host, Url};

use crate::error::UsageError;
use farthing_protocol::text::printable;

/// The normal form of a mint's address: `http` or `https`, host in lower case, no port that is the
/// scheme's own, no slash at its end.
///
/// # Errors
/// [`UsageError::MintUrl`], also for an address with a user, a query or a fragment.
pub(crate) fn normal_url(text: &str) -> Result<String, UsageError> {
    let wrong = || UsageError::MintUrl(printable(text));
    let url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let has_space = text.trim().contains(|c: char| c.is_whitespace());
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !bare || has_space {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Returns whether two addresses lead to the same place: they are equal in normal form, and the names of this
/// machine are one name.
pub(crate) fn same_place(a: &str, b: &str) -> bool {
    match (place(a), place(b)) {
        (Some(a), Some(b)) => a == b,
        (_, _) => a == b,
    }
}

/// Returns whether an address leads nowhere but to this machine, or nowhere in particular.
pub(crate) fn is_local(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let unspecified = match url.host() {
        Some(Host::Ipv4(address)) => address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_unspecified(),
        Some(Host::Domain(_)) | None => false,
    };
    unspecified || is_this_machine(&url)
}

/// An address in normal form, with one name for this machine.
fn place(url: &str) -> Option<String> {
    let mut url = Url::parse(&normal_url(url).ok()?).ok()?;
    if is_this_machine(&url) {
        url.set_host(Some("localhost")).ok()?;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_mint_are_one_address() {
        for same in [
            "https://Mint.Example",
            " HTTPS://mint.example/ ",
            "https://mint.example//",
            "https://mint.example:443",
        ] {
            assert_eq!(normal_url(same).unwrap(), "https://mint.example");
        }
        assert_eq!(normal_url("http://h:1/Path/").unwrap(), "http://h:1/Path");
        assert_eq!(normal_url("http://h:80").unwrap(), "http://h");
        assert_eq!(normal_url("https://h:80").unwrap(), "https://h:80");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "",
            "mint.example",
            "ftp://h",
            "https://",
            "https://u:p@h",
            "https://u@h",
            "https://h?q",
            "https://h#f",
            "https://h /",
        ] {
            assert!(
                matches!(normal_url(wrong), Err(UsageError::MintUrl(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn this_machine_has_several_names_and_others_have_one() {
        let here = "http://127.0.0.1:5100";
        for same in [
            "http://localhost:5100",
            "http://LOCALHOST:5100/",
            "http://[::1]:5100",
        ] {
            assert!(same_place(here, same), "{same}");
        }
        for other in [
            "http://localhost:5101",
            "https://localhost:5100",
            "http://localhost:5100/b",
            "http://mint.example:5100",
        ] {
            assert!(!same_place(here, other), "{other}");
        }
        assert!(same_place("https://m", "https://M:443/"));
    }
}
