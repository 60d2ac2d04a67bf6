use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use dhc_chain::ports::Clock;
use dhc_domain::Timestamp;

use crate::clock::SystemClock;

/// The moment from which the steady clock counts.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        dhc_app::ports::Clock::now(self)
    }

    fn monotonic(&self) -> Duration {
        START.elapsed()
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}
