//! Words that strangers chose, made fit to be shown to people.

/// The most characters of a stranger's text that are shown.
pub const SHOWN_CHARS_MAX: usize = 300;

/// A stranger's words as they may be shown in a terminal, a page or a log: what would command a
/// terminal, turn around the text beside it, or not be seen at all is replaced, and a text is cut at
/// [`SHOWN_CHARS_MAX`].
///
/// Control characters and line breaks become a space, what is invisible becomes U+FFFD: a name that
/// merely looks like another's must not look like it.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .take(SHOWN_CHARS_MAX)
        .map(|c| match c {
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
            c if is_invisible(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// Returns whether a character is not drawn: Unicode's `Default_Ignorable_Code_Point`, which holds all of
/// `Bidi_Control` and the tags, and the marks of interlinear annotation.
///
/// Source: Unicode 17, `DerivedCoreProperties.txt`.
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}'
            | '\u{034f}'
            | '\u{061c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_or_is_not_seen_is_replaced() {
        for (text, shown) in [
            ("The Gazette", "The Gazette"),
            ("u\x1b[2Jsd", "u [2Jsd"),
            ("two\nlines\u{2028}three", "two lines three"),
            ("9\u{202e}tas 001", "9\u{fffd}tas 001"),
            (
                "a\u{2066}b\u{200b}c\u{e0041}d",
                "a\u{fffd}b\u{fffd}c\u{fffd}d",
            ),
            (
                "caf\u{e9} \u{65e5}\u{672c} \u{5e2}\u{5d1}",
                "caf\u{e9} \u{65e5}\u{672c} \u{5e2}\u{5d1}",
            ),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let text = "x".repeat(10_000);
        assert_eq!(printable(&text).chars().count(), SHOWN_CHARS_MAX);
    }
}
