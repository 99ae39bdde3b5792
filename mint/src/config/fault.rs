//! Where in `mint.toml` something is wrong.

use std::path::Path;

/// An error in the file, with its line and the setting that stands there. Never with the line itself: it
/// may hold what nobody should see, such as a seed that was put there by mistake.
pub(super) fn of_file(path: &Path, text: &str, error: &toml::de::Error) -> String {
    let (shown, message) = (path.display(), error.message());
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

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn message(text: &str) -> String {
        let config = Config::parse(Path::new("mint.toml"), text, std::iter::empty());
        config.unwrap_err().to_string()
    }

    #[test]
    fn a_setting_that_is_there_twice_is_named_with_its_line_and_not_repeated() {
        let error = message("name = \"a\"\n\nqueue_max = 5\nname = \"s3cret\"\n");
        assert_eq!(error, "mint.toml, line 4, name: duplicate key");
        let error = message("# A mint.\nqueue_max = \"s3cret\"");
        let start = "mint.toml, line 2, queue_max: invalid type";
        assert!(error.starts_with(start), "{error}");
        let error = message("seed = \"s3cret\"");
        let start = "mint.toml, line 1, seed: unknown field";
        assert!(error.starts_with(start), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        let error = message("name = a b");
        assert!(error.starts_with("mint.toml, line 1"), "{error}");
    }
}
