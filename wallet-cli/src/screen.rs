//! What the program writes to: whether somebody looks at it, how wide it is, and in which colours.

use std::io::{self, IsTerminal as _};

use console::{Style, Term};

use crate::args::Color;

/// For a terminal that does not say how wide it is.
const COLUMNS_DEFAULT: usize = 80;
/// For a terminal that does not say how high it is.
const ROWS_DEFAULT: usize = 24;

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
    /// What standard output is now.
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

/// Whether somebody can be asked: both ends of the conversation are a terminal.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
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
