use serde::{Deserialize, Serialize};

/// What stands before any profile is chosen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AppState {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppView {
    pub version: String,
    pub network: String,
    /// The profiles of `xtask run`, whose passwords the demo knows.
    pub demo: bool,
    pub profiles: Vec<ProfileView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileState {
    /// No vault yet: `/welcome`.
    Empty,
    /// `/unlock`.
    Locked,
    Unlocked,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileView {
    pub id: String,
    /// As its person calls it: "Li Mei".
    pub name: String,
    pub state: ProfileState,
    /// First account, while unlocked.
    pub address: Option<String>,
    /// Words were shown and not yet checked by re-entry.
    pub words_unconfirmed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateProfile {
    pub name: String,
}

/// Calls the profile as its person likes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RenameProfile {
    pub name: String,
}

/// `words`: 12 or 24.
#[derive(Clone, Serialize, Deserialize)]
pub struct CreateVault {
    pub words: u8,
    pub password: String,
    #[serde(default)]
    pub passphrase: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct RestoreVault {
    pub words: String,
    pub password: String,
    #[serde(default)]
    pub passphrase: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct VaultCreated {
    pub accounts: Vec<AccountView>,
    /// Shown once. `None` after a restore.
    pub words: Option<Vec<String>>,
}

/// The words at the asked positions, as re-entered: (position from 0, word).
#[derive(Clone, Serialize, Deserialize)]
pub struct ConfirmWords {
    pub entered: Vec<(u8, String)>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct RevealWords {
    pub password: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Words {
    pub words: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct VerifyVault {}

#[derive(Clone, Serialize, Deserialize)]
pub struct Unlock {
    pub password: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lock {}

/// Ends the named job: what it finished stays, the rest is undone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cancel {
    pub job: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    pub index: u32,
    pub address: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Settings {}

/// `language`: BCP 47, `en` or `zh-CN`. `theme`: `system`, `light`, `dark`. `size`: `normal`,
/// `large`. `auto_lock_min`: 0 never.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    pub language: String,
    pub theme: String,
    pub size: String,
    pub auto_lock_min: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangeSettings {
    pub language: Option<String>,
    pub theme: Option<String>,
    pub size: Option<String>,
    pub auto_lock_min: Option<u32>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Home {}

/// What is new and what comes next, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeView {
    pub name: String,
    pub news: Vec<News>,
    /// Whether there is a record, a published identity, a grant: the next steps follow from it.
    pub records: u32,
    pub identity_published: bool,
    pub grants_given: u32,
    pub grants_received: u32,
    pub claimable: String,
    pub standing: crate::Standing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// A record of mine arrived.
    Record {
        id: String,
        title: String,
        source: Option<String>,
        images: u32,
        time: String,
        sealed: bool,
    },
    /// Somebody opened a record of mine, for the `nth` time, whatever the grant.
    Opening {
        grant: String,
        by: String,
        by_name: Option<String>,
        record: String,
        title: String,
        purpose: String,
        nth: u32,
        time: String,
    },
    /// A grant of mine ends within three days.
    Ending {
        grant: String,
        to: String,
        to_name: Option<String>,
        title: String,
        not_after: String,
    },
    /// I was given access.
    Received {
        grant: String,
        from: String,
        from_name: Option<String>,
        title: Option<String>,
        not_after: String,
    },
    /// A reward can be claimed.
    Reward { amount: String },
}
