//! Parameters of a query that make no difference to what is bought.
//!
//! Links that are passed around gather parameters that say where a reader came from (`fbclid`,
//! `utm_source`), and the page is the same with them. They are left out where purchases are compared,
//! and nowhere else: the server behind is asked exactly what the reader asked.
//!
//! Servers differ in how they take a query apart, and what is left out must be nothing but the named
//! parameter to all of them: else `utm_x=1;v=2` would be a way to `v=2`. So a parameter counts as named
//! only when its name and value are free of everything that separates, however often it is encoded.

use std::borrow::Cow;
use std::sync::Arc;

/// Parameters of a query that make no difference to what is bought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredQuery(Arc<[Pattern]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    name: String,
    /// Whether it is for all names that begin with it.
    is_prefix: bool,
}

impl IgnoredQuery {
    /// Reads names such as `fbclid`, or `utm_*` for all that begin with `utm_`.
    ///
    /// # Errors
    /// The text that is not such a name, and what to write.
    pub fn parse<T: AsRef<str>>(names: &[T]) -> Result<Self, String> {
        let pattern = |name: &T| {
            let text = name.as_ref();
            let (name, is_prefix) = match text.strip_suffix('*') {
                Some(name) => (name, true),
                None => (text, false),
            };
            if name.is_empty() || !name.bytes().all(is_of_name) {
                return Err(format!(
                    "ignore_query: {text:?} names no parameter: write \"fbclid\", or \"utm_*\" for all \
                     that begin with utm_"
                ));
            }
            let name = name.to_owned();
            Ok(Pattern { name, is_prefix })
        };
        names
            .iter()
            .map(pattern)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A URL, or what ends in one, without these parameters.
    pub(crate) fn strip<'a>(&self, url: &'a str) -> Cow<'a, str> {
        let Some((path, query)) = url.split_once('?').filter(|_| !self.0.is_empty()) else {
            return Cow::Borrowed(url);
        };
        let kept: Vec<&str> = query.split('&').filter(|pair| !self.covers(pair)).collect();
        match kept.as_slice() {
            [] => Cow::Borrowed(path),
            kept if kept.len() == query.split('&').count() => Cow::Borrowed(url),
            kept => Cow::Owned(format!("{path}?{}", kept.join("&"))),
        }
    }

    fn covers(&self, pair: &str) -> bool {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_named = |pattern: &Pattern| match pattern.is_prefix {
            true => name.starts_with(&pattern.name),
            false => name == pattern.name,
        };
        name.bytes().all(is_of_name) && self.0.iter().any(is_named) && is_one_value(value)
    }
}

/// Returns whether a byte may be part of a parameter's name. No server reads such a byte as something else.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~')
}

/// Returns whether every server takes all of this for the value of one parameter.
fn is_one_value(value: &str) -> bool {
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let decoded = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                let Some(Ok(decoded)) = decoded.map(u8::try_from) else {
                    return false;
                };
                decoded
            }
            byte => byte,
        };
        if byte.is_ascii_control() || b"&;?#%\\".contains(&byte) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored() -> IgnoredQuery {
        IgnoredQuery::parse(&["fbclid", "utm_*"]).unwrap()
    }

    #[test]
    fn named_parameters_are_left_out_wherever_they_stand() {
        for (url, stripped) in [
            ("/a", "/a"),
            ("/a?", "/a?"),
            ("/a?fbclid=x", "/a"),
            ("/a?fbclid", "/a"),
            ("/a?fbclid=&utm_source=b", "/a"),
            ("/a?v=1&fbclid=x", "/a?v=1"),
            ("/a?fbclid=x&v=1&utm_medium=mail&w=2", "/a?v=1&w=2"),
            ("/a?utm_campaign=Caf%C3%A9+au%20lait=", "/a"),
            ("/a?v=1&v=1", "/a?v=1&v=1"),
            ("GET https://a/b?fbclid=x", "GET https://a/b"),
        ] {
            assert_eq!(ignored().strip(url), stripped, "{url}");
            assert_eq!(IgnoredQuery::default().strip(url), url);
        }
    }

    #[test]
    fn what_some_server_could_take_for_more_than_the_parameter_stays() {
        for url in [
            "/a?utm_x=1;v=2",
            "/a?utm_x=1%3Bv=2",
            "/a?utm_x=1%26v=2",
            "/a?utm_x=1%2526v=2",
            "/a?utm_x=1?v=2",
            "/a?utm_x=%3fv=2",
            "/a?utm_x=%23",
            "/a?utm_x=%00",
            "/a?utm_x=%zz",
            "/a?utm_x=%2",
            "/a?utm_x=%+1",
            "/a?utm_x=a\\b",
            "/a?utm_;v=2",
            "/a?utm_[v]=2",
            "/a?utm%5fx=1",
            "/a?FBCLID=1",
            "/a?xfbclid=1",
            "/a?fbclidx=1",
            "/a?utm=1",
        ] {
            assert_eq!(ignored().strip(url), url);
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_what_to_write() {
        for wrong in ["", "*", "a b", "utm_*x", "a=b", "a&b", "%61"] {
            let error = IgnoredQuery::parse(&[wrong]).unwrap_err();
            let start = format!("ignore_query: {wrong:?} names no parameter: write");
            assert!(error.starts_with(&start), "{error}");
        }
    }
}
