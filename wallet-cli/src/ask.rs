//! What a person is asked, and what answers in their place. Nobody is asked where nobody looks.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use farthing_service::private;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::screen::{can_ask, say};

/// Stands for standard input.
pub(crate) const DASH: &str = "-";
/// As much as a terminal takes in one line; what comes after is lost without a word.
const TERMINAL_LINE_BYTES_MAX: usize = 4095;

/// Asks for a secret without showing it.
///
/// # Errors
/// [`Failure::Usage`] with `otherwise`, which says how to give it, when nobody is there to ask.
pub(crate) fn secret(what: &str, otherwise: &str) -> Result<Zeroizing<String>, Failure> {
    if !can_ask() {
        let text = format!("error: there is no terminal to ask for {what} on; {otherwise}");
        return Err(Failure::Usage(text));
    }
    // On a terminal that cannot be written to, what is typed is read all the same.
    let _ = write!(io::stderr(), "{} (not shown): ", capitalised(what));
    Ok(Zeroizing::new(rpassword::read_password()?))
}

/// Asks for a secret at a terminal, and reads standard input where there is none.
///
/// # Errors
/// [`Failure::Usage`] with `otherwise`, which says how to give it, when nothing came.
pub(crate) fn secret_or_input(what: &str, otherwise: &str) -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        return secret(what, otherwise);
    }
    let text = input(what)?;
    if text.trim().is_empty() {
        let text = format!("error: {what} is missing; {otherwise}");
        return Err(Failure::Usage(text));
    }
    Ok(text)
}

/// Standard input to its end.
///
/// # Errors
/// [`Failure::Usage`] for a line that a terminal has cut.
pub(crate) fn input(what: &str) -> Result<Zeroizing<String>, Failure> {
    let typed = io::stdin().is_terminal();
    if typed {
        say(&format!("Paste {what} here, then press Enter and Ctrl-D:"));
    }
    let mut text = Zeroizing::new(String::new());
    io::stdin().read_to_string(&mut text)?;
    if typed
        && text
            .lines()
            .any(|line| line.len() >= TERMINAL_LINE_BYTES_MAX)
    {
        return Err(Failure::Usage(format!(
            "error: a terminal cuts lines of more than {TERMINAL_LINE_BYTES_MAX} characters; put {what} \
             into a file, and give that: farthing ... - < FILE"
        )));
    }
    Ok(text)
}

/// An argument, or standard input for `-`.
pub(crate) fn argument_or_input(argument: &str, what: &str) -> Result<Zeroizing<String>, Failure> {
    match argument {
        DASH => input(what),
        _ => Ok(Zeroizing::new(argument.to_owned())),
    }
}

/// The text of a file with a secret, or of standard input for `-`.
///
/// # Errors
/// [`Failure::Terminal`] for a file that others than its owner may use, with the command that mends that,
/// or that cannot be read.
pub(crate) fn file_or_input(path: &Path, what: &str) -> Result<Zeroizing<String>, Failure> {
    if path == Path::new(DASH) {
        return input(what);
    }
    private::read_secret(path, what).map_err(|fault| Failure::Terminal(fault.to_string()))
}

/// The first line of a file, or of standard input for `-`: a secret, whose line's end is not its own.
pub(crate) fn line_of_file(path: &Path, what: &str) -> Result<Zeroizing<String>, Failure> {
    let text = file_or_input(path, what)?;
    let line = text.lines().next().unwrap_or_default();
    Ok(Zeroizing::new(line.to_owned()))
}

/// Asks a question of yes or no; no is what an empty line says.
pub(crate) fn yes(question: &str) -> io::Result<bool> {
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let line = line.trim();
    Ok(line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes"))
}

fn capitalised(text: &str) -> String {
    let text = text.strip_prefix("the ").unwrap_or(text);
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
