//! What asking an endpoint has led to.

use std::sync::{Mutex, PoisonError};

use dhc_domain::{Height, Timestamp, UnprovenReason};

/// An endpoint as this run has found it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When it last gave an answer that held.
    pub answered: Option<Timestamp>,
    /// Why the last question to it led to nothing; `None` after an answer that held.
    pub failure: Option<UnprovenReason>,
    /// The highest block it has claimed.
    pub height: Option<Height>,
    /// The highest block below its own head of which it was asked for header, content or state and
    /// has it no more.
    pub pruned: Option<Height>,
}

/// One endpoint's place in the network's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Asked over CometBFT's RPC.
    Rpc,
    /// Asked over Ethereum's JSON-RPC.
    Evm,
    /// Compared with.
    Witness,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointStatus {
    pub endpoint: String,
    pub role: Role,
    pub health: Health,
}

/// An endpoint that keeps a record of itself.
pub(crate) trait Recorded {
    fn endpoint(&self) -> &str;
    fn record(&self) -> &Record;

    fn status(&self, role: Role) -> EndpointStatus {
        EndpointStatus {
            endpoint: self.endpoint().to_owned(),
            role,
            health: self.record().read(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Record(Mutex<Health>);

impl Record {
    fn with<T>(&self, f: impl FnOnce(&mut Health) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn read(&self) -> Health {
        self.with(|health| *health)
    }

    pub(crate) fn answered(&self, now: Timestamp) {
        self.with(|health| {
            health.answered = Some(now);
            health.failure = None;
        });
    }

    pub(crate) fn failed(&self, reason: UnprovenReason) {
        self.with(|health| health.failure = Some(reason));
    }

    pub(crate) fn claimed(&self, height: Height) {
        self.with(|health| health.height = health.height.max(Some(height)));
    }

    pub(crate) fn lacked(&self, height: Height) {
        self.with(|health| {
            // Above its head it is behind, and nothing is known of what it keeps.
            if health.height.is_some_and(|head| height <= head) {
                health.pruned = health.pruned.max(Some(height));
            }
        });
    }
}
