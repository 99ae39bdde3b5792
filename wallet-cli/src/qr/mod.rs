//! QR codes on a terminal, two modules to a character: one that stands still for what is short, and for
//! what is long a sequence that is shown until a key is pressed (NUT-16).

mod parts;
mod picture;

use std::io::{self, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use console::Term;

use crate::failure::Failure;
use crate::report::Picture;
use crate::screen::Screen;
use parts::Parts;
use picture::Drawing;

/// How long each part of a sequence is shown: a phone's camera takes some ten pictures a second.
const PART_SHOWN: Duration = Duration::from_millis(200);
/// The largest code that is shown whole, in modules with its margin: phones read it from a terminal.
const STANDING_SIDE_MAX: usize = 81;
/// Lines below a code: what it is, and how to go on.
const STATUS_LINES: usize = 1;

/// Draws `picture` below what was printed, if it is to be drawn there at all.
///
/// # Errors
/// [`Failure::Terminal`] when it cannot be drawn, or nothing can be written.
pub(crate) fn show(picture: &Picture, screen: Screen) -> Result<(), Failure> {
    match screen {
        Screen::Plain if !picture.asked_for => Ok(()),
        Screen::Plain => {
            let drawing = Drawing::of(&picture.text).ok_or_else(|| too_long(picture))?;
            Ok(writeln!(io::stdout(), "{}", drawing.text())?)
        }
        Screen::Terminal { columns, rows } => on_terminal(picture, columns, rows),
    }
}

fn on_terminal(picture: &Picture, columns: usize, rows: usize) -> Result<(), Failure> {
    let side = Drawing::side_max(columns, rows.saturating_sub(STATUS_LINES + 1));
    let whole = Drawing::of(&picture.text);
    let whole = whole.filter(|drawing| drawing.side() <= side.min(STANDING_SIDE_MAX));
    match (whole, picture.secret) {
        (Some(drawing), false) => Ok(writeln!(io::stdout(), "{}", drawing.text())?),
        (Some(drawing), true) => {
            let mut drawing = Some(drawing.text());
            until_a_key("Press a key to go on.", || Ok(drawing.take()))
        }
        (None, _) if !picture.asked_for => Ok(()),
        (None, _) => {
            let mut parts = Parts::of(&picture.text, side).ok_or_else(too_small)?;
            let count = parts.count();
            let status = format!("{count} parts, over and over. Press a key to go on.");
            until_a_key(&status, || parts.next().map(Some).ok_or_else(too_small))
        }
    }
}

fn too_long(picture: &Picture) -> Failure {
    let bytes = picture.text.len();
    Failure::Terminal(format!(
        "{bytes} characters are too many for one QR code, and one in moving parts needs a terminal"
    ))
}

fn too_small() -> Failure {
    let side = parts::SIDE_MIN;
    let rows = side.div_ceil(2) + STATUS_LINES + 1;
    Failure::Terminal(format!(
        "this terminal is too small for a QR code: it takes {side} columns and {rows} lines"
    ))
}

/// Shows pictures in one place, each until the next, until a key is pressed; then nothing is left of
/// them on the screen. `draw` gives the next one, or nothing when the last one stays.
fn until_a_key(
    status: &str,
    mut draw: impl FnMut() -> Result<Option<String>, Failure>,
) -> Result<(), Failure> {
    let term = Term::stdout();
    let pressed = key_pressed();
    let mut lines = 0;
    loop {
        if let Some(drawing) = draw()? {
            // All of it at once: a camera must not see half of one and half of the next.
            let again = match lines {
                0 => String::new(),
                lines => format!("\x1b[{lines}A\r"),
            };
            term.write_str(&format!("{again}{drawing}\n{status}\n"))?;
            lines = drawing.lines().count() + STATUS_LINES;
        }
        match pressed.recv_timeout(PART_SHOWN) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) => return Ok(term.clear_last_lines(lines)?),
            Err(RecvTimeoutError::Disconnected) => {
                let text = "there is no keyboard to end the QR code with";
                return Err(Failure::Terminal(text.to_owned()));
            }
        }
    }
}

/// Tells when a key is pressed, Ctrl-C too: then the terminal is as it was before.
fn key_pressed() -> Receiver<()> {
    let (pressed, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        if Term::stdout().read_key_raw().is_ok() {
            // Nobody listens any more when drawing has failed.
            let _ = pressed.send(());
        }
    });
    receiver
}
