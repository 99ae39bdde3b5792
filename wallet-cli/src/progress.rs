//! What is shown while something takes long: nothing for a second, and nothing where nobody looks.

use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What takes less is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Waits for `future`; after a second says what for.
pub(crate) async fn waiting<F: Future>(what: &str, future: F) -> F::Output {
    let mut future = pin!(future);
    if !io::stderr().is_terminal() {
        return future.await;
    }
    tokio::select! {
        output = &mut future => return output,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    let spinner = spinner(what);
    let output = future.await;
    spinner.finish_and_clear();
    output
}

/// Something that turns, with a text.
pub(crate) fn spinner(text: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    spinner.set_message(text.to_owned());
    spinner.enable_steady_tick(TICK);
    spinner
}

/// A bar for so many bytes.
pub(crate) fn bytes(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = "{bar:40} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}
