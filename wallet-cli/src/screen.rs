//! What the program writes to: whether somebody looks at it, how wide it is, and in which colours.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use console::{Style, Term, measure_text_width};

/// For a terminal that does not say how wide it is.
const COLUMNS_DEFAULT: usize = 80;
/// For a terminal that does not say how high it is.
const ROWS_DEFAULT: usize = 24;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// What standard output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// A pipe or a file: plain lines that programs can rely on.
    Plain,
    /// A terminal: tables and pictures.
    Terminal {
        /// How wide it is, in characters.
        columns: usize,
        /// How high it is, in lines.
        rows: usize,
    },
}

impl Screen {
    /// Returns what standard output is now.
    pub(crate) fn of_stdout() -> Self {
        if !io::stdout().is_terminal() {
            return Self::Plain;
        }
        let size = Term::stdout().size_checked();
        let (rows, columns) = size.map_or((ROWS_DEFAULT, COLUMNS_DEFAULT), |(rows, columns)| {
            (usize::from(rows), usize::from(columns))
        });
        Self::Terminal { columns, rows }
    }
}

/// Returns whether somebody can be asked: both ends of the conversation are a terminal.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes a line to standard error. Whether it could be written changes nothing of what was done, nor of
/// the exit code: `eprintln!` would end the program.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", for_stderr(text));
}

/// Returns what happened, what it means for the money, and what to do if there is anything, in the form that
/// failures have.
pub(crate) fn three_sentences(what: &str, money: &str, advice: &str) -> String {
    let (money_label, advice_label) = (Look::Strong.err("money:"), Look::Strong.err("to do:"));
    let told = format!("{what}\n  {money_label} {money}");
    if advice.is_empty() {
        return told;
    }
    format!("{told}\n  {advice_label} {advice}")
}

/// Text for standard error: on a terminal no word is broken at its edge.
fn for_stderr(text: &str) -> String {
    match io::stderr().is_terminal() {
        true => {
            let size = Term::stderr().size_checked();
            folded(
                text,
                size.map_or(COLUMNS_DEFAULT, |(_, columns)| columns.into()),
            )
        }
        false => text.to_owned(),
    }
}

/// Breaks lines between words, so that they have `columns` characters at the most. What goes on is
/// indented a little more than what it goes on from.
fn folded(text: &str, columns: usize) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let further = if indent > 0 { indent + 2 } else { 0 };
        let mut current = " ".repeat(indent);
        let mut empty = true;
        for word in line.split_whitespace() {
            let width = measure_text_width(&current) + measure_text_width(word);
            if !empty && width + 1 > columns {
                lines.push(std::mem::replace(&mut current, " ".repeat(further)));
                empty = true;
            }
            if !empty {
                current.push(' ');
            }
            current.push_str(word);
            empty = false;
        }
        lines.push(current);
    }
    lines.join("\n")
}

/// Decides about colours, once and for all, on each of the two outputs.
pub(crate) fn set_colours(color: Color) {
    let variable = |name: &str| std::env::var_os(name).unwrap_or_default();
    let unwanted = !variable("NO_COLOR").is_empty() || variable("TERM") == "dumb";
    let decide = |terminal: bool| match color {
        Color::Auto => terminal && !unwanted,
        Color::Always => true,
        Color::Never => false,
    };
    console::set_colors_enabled(decide(io::stdout().is_terminal()));
    console::set_colors_enabled_stderr(decide(io::stderr().is_terminal()));
}

/// How something looks in colours. Without them all look the same, so none says anything by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// As it is.
    Plain,
    /// Money.
    Money,
    /// What matters less.
    Faint,
    /// What went well.
    Good,
    /// What somebody should look at.
    Warning,
    /// What failed.
    Bad,
    /// A heading, or the name of a thing.
    Strong,
}

impl Look {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Money | Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dim(),
            Self::Good => Style::new().green(),
            Self::Warning => Style::new().yellow(),
            Self::Bad => Style::new().red().bold(),
        }
    }

    /// Text for standard output.
    pub(crate) fn out(self, text: &str) -> String {
        self.style().for_stdout().apply_to(text).to_string()
    }

    /// Text for standard error.
    pub(crate) fn err(self, text: &str) -> String {
        self.style().for_stderr().apply_to(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_long_words_are_left() {
        let text = "error: it is gone\n  money: Nothing was moved.\n";
        assert_eq!(
            folded(text, 14),
            "error: it is\ngone\n  money:\n    Nothing\n    was moved."
        );
        assert_eq!(folded(text, 80), text.trim_end());
        assert_eq!(
            folded("http://a-long.example go", 10),
            "http://a-long.example\ngo"
        );
        assert_eq!(folded("a\n\nb", 10), "a\n\nb");
        let coloured = "\x1b[1mmoney:\x1b[0m no more";
        assert_eq!(folded(coloured, 9), "\x1b[1mmoney:\x1b[0m no\nmore");
    }
}
