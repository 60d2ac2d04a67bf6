//! The system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use dhc_app::ports::Clock;
use dhc_domain::Timestamp;

/// Civil time as the operating system tells it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// A clock set before 1970 reads as 1970; the light client reports such a clock.
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Timestamp(since.map_or(0, |since| since.as_secs()))
    }
}
