use serde::{Deserialize, Serialize};

use crate::Code;

/// What the core tells of its own accord, in one stream for all profiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Work named by the caller goes on. `total` 0: not known yet. Units: bytes, or steps where
    /// the stage says so.
    Progress {
        profile: String,
        job: String,
        stage: Stage,
        done: u64,
        total: u64,
    },
    /// A new head was verified.
    Head {
        height: u64,
    },
    /// The chain cannot be followed now.
    Offline {
        code: Code,
    },
    /// Somebody opened a record of this profile; its lists are to be read again.
    Opened {
        profile: String,
        grant: String,
    },
    /// This profile, a holder, released its share of a key that somebody is allowed to open.
    ShareReleased {
        profile: String,
        grant: String,
    },
    /// Somebody broke the glass of a grant of this profile: to be said loudly, until the person
    /// acknowledges it. Told as it happens, and after unlocking for what happened before.
    GlassBroken {
        profile: String,
        grant: String,
        by: String,
        time: String,
        /// Its place in the access log.
        seq: u64,
    },
    /// Somebody asks this profile for access to its records.
    Requested {
        profile: String,
        request: String,
        from: String,
    },
    /// Something of this profile changed; its screens are to be read again.
    Changed {
        profile: String,
    },
    Locked {
        profile: String,
    },
}

/// What a long piece of work is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Files are read and understood; bytes.
    Reading,
    /// Content is encrypted and stored; bytes.
    Sealing,
    /// A transaction was sent and waits for its block; steps.
    Committing,
    /// A header is awaited that proves the result; steps.
    Proving,
    /// The owner's app is asked for the key; steps.
    AskingForKey,
    /// Content is fetched; bytes.
    Fetching,
}
