//! What a path may mean to the server behind.
//!
//! Servers differ in how they read a path: whether `%2F` is a slash, whether `//` is `/`, what `..`,
//! `\` and `;` do. A proxy in front of one cannot know. So a path is read in every one of those ways, and
//! a price is only sure when it is the same in all of them.

use std::collections::BTreeSet;

/// The reason why a path is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// It does not begin with a slash.
    #[error("the path does not begin with a slash")]
    Relative,
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("the path has a % that begins no percent-encoding")]
    Percent,
    /// It holds, or encodes, a control character.
    #[error("the path has a control character")]
    Control,
    /// Its decoded text is not UTF-8.
    #[error("the path is not UTF-8")]
    Utf8,
    /// It is encoded many times over, or unusual and very long.
    #[error("the path is too intricate")]
    Intricate,
    /// Servers that read it differently would be asked for different prices.
    #[error("the path can be read as more than one, with different prices")]
    Ambiguous,
}

/// Times that a path is decoded, one encoding within the other.
const DECODED_TIMES_MAX: usize = 4;
/// Bytes of a path that can be read in more than one way.
const UNUSUAL_BYTES_MAX: usize = 4096;

/// All that `path` can be read as, each without a slash at its end; the first is what most servers
/// take it for. A path that has nothing unusual has one reading.
pub(super) fn readings(path: &str) -> Result<Vec<String>, Unclear> {
    if !path.starts_with('/') {
        return Err(Unclear::Relative);
    }
    let decoded = decoded_texts(path, true)?;
    let [text] = decoded.as_slice() else {
        return unusual(path, decoded);
    };
    let has_encoded_slash = path.to_ascii_lowercase().contains("%2f");
    if has_encoded_slash || is_unusual(text) {
        return unusual(path, decoded);
    }
    Ok(vec![text.trim_end_matches('/').to_owned()])
}

fn is_unusual(text: &str) -> bool {
    text.contains(['\\', ';', '?', '#'])
        || text.contains("//")
        || text.split('/').any(|part| matches!(part, "." | ".."))
}

fn unusual(path: &str, mut texts: Vec<String>) -> Result<Vec<String>, Unclear> {
    if path.len() > UNUSUAL_BYTES_MAX {
        return Err(Unclear::Intricate);
    }
    texts.extend(decoded_texts(path, false)?);
    let mut readings = Vec::new();
    let mut seen = BTreeSet::new();
    for text in texts {
        // From all habits to none: the first reading is the most usual one.
        for bits in (0..1 << HABITS.len()).rev() {
            let reading = HABITS
                .iter()
                .enumerate()
                .filter(|(i, _)| bits & (1 << i) != 0)
                .fold(text.clone(), |text, (_, habit)| habit(&text));
            let reading = reading.trim_end_matches('/').to_owned();
            if seen.insert(reading.clone()) {
                readings.push(reading);
            }
        }
    }
    Ok(readings)
}

/// The changes that servers make to a decoded path, in their order; a server may make any of them.
const HABITS: [fn(&str) -> String; 6] = [
    without_query,
    |text| text.replace('\\', "/"),
    without_parameters,
    without_empty_segments,
    without_dot_segments,
    without_empty_segments,
];

/// Takes a `?` or `#` that was encoded for the real one, as those do who decode a path and parse it again.
fn without_query(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// `/a;b=c/d` as `/a/d`.
fn without_parameters(text: &str) -> String {
    let segments = text.split('/');
    let cut = segments.map(|segment| segment.split(';').next().unwrap_or_default());
    cut.collect::<Vec<_>>().join("/")
}

/// `//a///b` as `/a/b`.
fn without_empty_segments(text: &str) -> String {
    let segments = text.split('/').filter(|segment| !segment.is_empty());
    segments.fold(String::new(), |path, segment| path + "/" + segment)
}

/// RFC 3986, section 5.2.4.
fn without_dot_segments(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in text.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// The path decoded once, and again for as long as that changes it; `%2F` is left alone unless
/// `slashes`.
fn decoded_texts(path: &str, slashes: bool) -> Result<Vec<String>, Unclear> {
    let mut texts = vec![decode(path, slashes, true)?];
    while let Some(last) = texts.last() {
        let next = decode(last, slashes, false)?;
        if next == *last {
            break;
        }
        if texts.len() == DECODED_TIMES_MAX {
            return Err(Unclear::Intricate);
        }
        texts.push(next);
    }
    Ok(texts)
}

/// Decodes once. What is no percent-encoding is an error where `strict`, else it stays as it is.
fn decode(text: &str, slashes: bool, strict: bool) -> Result<String, Unclear> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        match (after.split_first_chunk().and_then(hex_digits), strict) {
            (Some((b'/', after)), _) if !slashes => {
                bytes.extend(b"%2F");
                rest = after;
            }
            (Some((decoded, after)), _) => {
                bytes.push(decoded);
                rest = after;
            }
            (None, true) => return Err(Unclear::Percent),
            (None, false) => bytes.push(byte),
        }
    }
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(Unclear::Control);
    }
    String::from_utf8(bytes).map_err(|_| Unclear::Utf8)
}

fn hex_digits<'a>((digits, rest): (&[u8; 2], &'a [u8])) -> Option<(u8, &'a [u8])> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let [high, low] = *digits;
    let value = digit(high)? * 16 + digit(low)?;
    Some((u8::try_from(value).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_path_has_one_reading() {
        for (path, reading) in [
            ("/", ""),
            ("/articles/1", "/articles/1"),
            ("/articles/", "/articles"),
            ("/caf%C3%A9", "/café"),
            ("/%61rticles/%31", "/articles/1"),
            ("/100%25", "/100%"),
            ("/a.b/..c/d...", "/a.b/..c/d..."),
            ("/a+b@c:d=e&f$g!(h)", "/a+b@c:d=e&f$g!(h)"),
        ] {
            assert_eq!(
                readings(path).as_deref(),
                Ok([reading.to_owned()].as_slice()),
                "{path}"
            );
        }
    }

    #[test]
    fn an_unusual_path_has_every_reading_that_a_server_may_have() {
        for (path, among) in [
            ("//a///b", &["/a/b", "//a///b"][..]),
            ("/a/../b", &["/b", "/a/../b"]),
            ("/a/./b", &["/a/b", "/a/./b"]),
            ("/../../a", &["/a", "/../../a"]),
            ("/a/%2e%2E/b", &["/b", "/a/../b"]),
            ("/a//../b", &["/b", "/a/b", "/a//../b"]),
            ("/x//a//../b", &["/x/b", "/x//a/b", "/x/a/b"]),
            ("/a%2Fb", &["/a/b", "/a%2Fb"]),
            ("/a%2fb", &["/a/b", "/a%2Fb"]),
            ("/a%5Cb", &["/a/b", "/a\\b"]),
            ("/a\\..\\b", &["/b", "/a\\..\\b"]),
            ("/a%252Fb", &["/a%2Fb", "/a/b"]),
            ("/%2561", &["/%61", "/a"]),
            ("/a;x=1/b", &["/a/b", "/a;x=1/b"]),
            ("/a/..;/b", &["/b", "/a/..;/b"]),
            ("/a%3Fb", &["/a", "/a?b"]),
            ("/a%23b", &["/a", "/a#b"]),
        ] {
            let all = readings(path).unwrap();
            assert_eq!(all[0], among[0], "{path}");
            for reading in among {
                assert!(
                    all.iter().any(|r| r == reading),
                    "{path}: {reading} not in {all:?}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let long = format!("//{}", "a".repeat(UNUSUAL_BYTES_MAX));
        for (path, why) in [
            ("a", Unclear::Relative),
            ("*", Unclear::Relative),
            ("", Unclear::Relative),
            ("/%", Unclear::Percent),
            ("/%4", Unclear::Percent),
            ("/%g1", Unclear::Percent),
            ("/%+1", Unclear::Percent),
            ("/a%00.png", Unclear::Control),
            ("/a%0d%0aX", Unclear::Control),
            ("/a%2500", Unclear::Control),
            ("/%c0%af", Unclear::Utf8),
            ("/%ff", Unclear::Utf8),
            ("/%2525252525", Unclear::Intricate),
            (&long, Unclear::Intricate),
        ] {
            assert_eq!(readings(path), Err(why), "{path}");
        }
    }
}
