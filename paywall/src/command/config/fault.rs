//! Where in the settings something is wrong.

/// An error in a file, with its line and the setting that stands there. Never with the line itself: it
/// may hold what nobody should see, such as an API token that was put there by mistake.
pub(super) fn of_file(shown: &str, text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return format!("{shown}: {message}");
    };
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    match line.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => {
            format!("{shown}, line {number}, {}: {message}", key.trim())
        }
        _ => format!("{shown}, line {number}: {message}"),
    }
}

/// Whether a value is of another type than the setting.
pub(super) fn is_of_type(error: &toml::de::Error) -> bool {
    error.message().starts_with("invalid type")
}
