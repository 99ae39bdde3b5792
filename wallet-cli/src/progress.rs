//! What is shown while something takes long: nothing for a second, and nothing where nobody looks.

use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::time::{Duration, Instant};

use farthing_wallet::{Observer, Pause, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::Units;
use crate::screen::say;

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
    let spinner = ProgressBar::new_spinner();
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(TICK);
    let output = future.await;
    spinner.finish_and_clear();
    output
}

/// Shows how a long search gets on, and waits for as long as a mint asks.
pub(crate) struct TerminalObserver<'a> {
    units: &'a Units,
    begun: Instant,
    spinner: ProgressBar,
}

impl<'a> TerminalObserver<'a> {
    pub(crate) fn new(units: &'a Units) -> Self {
        let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self {
            units,
            begun: Instant::now(),
            spinner,
        }
    }
}

impl Drop for TerminalObserver<'_> {
    fn drop(&mut self) {
        self.spinner.finish_and_clear();
    }
}

impl Observer for TerminalObserver<'_> {
    fn progress(&mut self, progress: &Progress) {
        let Progress {
            mint,
            lane,
            places,
            tokens,
            ..
        } = progress;
        let found = self.units.at_mint(mint).show(progress.amount);
        self.spinner.set_message(format!(
            "{mint}: {found} in {tokens} tokens; asked about {places} places, lane {lane}"
        ));
        let seen = self.spinner.is_hidden() && io::stderr().is_terminal();
        if seen && self.begun.elapsed() > PATIENCE {
            self.spinner.set_draw_target(ProgressDrawTarget::stderr());
            self.spinner.enable_steady_tick(TICK);
        }
    }

    async fn wait(&mut self, pause: &Pause) -> bool {
        let (mint, seconds) = (&pause.mint, pause.seconds);
        let why = match pause.asked {
            true => "asks to be left alone",
            false => "does not answer",
        };
        let reason = &pause.reason;
        let told = format!("the mint {mint} {why} ({reason}); waiting {seconds} s");
        self.spinner.suspend(|| say(&told));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        true
    }
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
