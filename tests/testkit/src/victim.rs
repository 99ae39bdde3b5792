//! A process that others may kill while somebody waits for it.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Result;

/// How often it is looked whether the process has ended.
const LOOK: Duration = Duration::from_millis(2);

/// A running process. Its number stays its own until it was waited for, so no other is ever killed.
#[derive(Debug)]
pub struct Victim(Mutex<Child>);

impl Victim {
    /// Starts a process that reads nothing and whose output nobody reads.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Arc<Self>> {
        let command = command.stdin(Stdio::null());
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Arc::new(Self(Mutex::new(child))))
    }

    /// Kills it with SIGKILL, unless it has ended by itself.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn kill(&self) -> Result<()> {
        Ok(self.child().kill()?)
    }

    /// Waits until it has ended, by itself or not.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn wait(&self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child().try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
