//! One process at a time on a home.

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::{Duration, Instant},
};

use dhc_app::ports::OpenError;

use crate::durable;

const POLL: Duration = Duration::from_millis(50);

/// An advisory lock on a home. Dropping it, and any end of the process, frees the home.
#[derive(Debug)]
pub struct HomeLock(#[expect(dead_code, reason = "held open: closing it frees the lock")] File);

impl HomeLock {
    /// Waits for the lock for as long as `patience`.
    ///
    /// # Errors
    /// `Busy` when somebody else still holds it then.
    pub async fn acquire(folder: &Path, patience: Duration) -> Result<Self, OpenError> {
        let failed = durable::failed("the home's lock");
        let mut options = durable::private();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(folder.join("lock")).map_err(&failed)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if start.elapsed() >= patience => {
                    return Err(OpenError::Busy);
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(POLL).await,
                Err(TryLockError::Error(error)) => return Err(failed(error).into()),
            }
        }
    }
}
