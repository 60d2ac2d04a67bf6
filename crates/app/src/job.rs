//! Work that tells how far it is and can be ended.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use dhc_ipc::{Code, Event, Failure, Stage};
use tokio::sync::broadcast;

/// A running command, as its use case sees it.
#[derive(Clone)]
pub struct Job {
    profile: String,
    name: Option<String>,
    events: broadcast::Sender<Event>,
    ended: Arc<AtomicBool>,
}

impl Job {
    pub(crate) fn new(
        profile: &str,
        name: Option<String>,
        events: broadcast::Sender<Event>,
    ) -> Self {
        Self {
            profile: profile.to_owned(),
            name,
            events,
            ended: Arc::default(),
        }
    }

    pub fn report(&self, stage: Stage, done: u64, total: u64) {
        if let Some(job) = &self.name {
            // Nobody listening is fine.
            let _ = self.events.send(Event::Progress {
                profile: self.profile.clone(),
                job: job.clone(),
                stage,
                done,
                total,
            });
        }
    }

    pub fn changed(&self) {
        let _ = self.events.send(Event::Changed {
            profile: self.profile.clone(),
        });
    }

    /// Asks the work to end at its next check.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// `cancelled` once somebody ended the work.
    pub fn go_on(&self) -> Result<(), Failure> {
        if self.ended() {
            return Err(Failure::new(Code::Cancelled, "ended on request"));
        }
        Ok(())
    }
}
