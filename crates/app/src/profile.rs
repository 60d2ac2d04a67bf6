//! A profile: one person's folder, its vault, and what stands on it while it is open.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use dhc_chain::Chain;
use dhc_domain::{Address, Timestamp};
use dhc_ipc::{Code, Event, Failure, ProfileState, ProfileView, SettingsView};
use dhc_vault::{AccountHandle, DatabaseKey, RecordIdentity, Unlocked};
use sha2::{Digest, Sha256};
use tokio::sync::broadcast;
use zeroize::Zeroizing;

use crate::{
    entropy::Rng,
    failure::{damaged, misuse, store_failure},
    film::Film,
    ports::{Clock, Home, NetworkServices, Write},
    sealed::{IDENTITY, Sealed},
};

const PROFILE_TABLE: &str = "profile";
const LABEL_KEY: &[u8] = b"label";
const SETTINGS_KEY: &[u8] = b"settings";
const LONGEST_NAME: usize = 60;
const UNCONFIRMED_KEY: &[u8] = b"words_unconfirmed";

/// One person's home, open, with its vault locked or not.
pub struct Profile {
    pub id: String,
    pub home: Home,
    pub chain: Arc<Chain>,
    pub services: Arc<dyn NetworkServices>,
    pub clock: Arc<dyn Clock>,
    pub rng: Rng,
    pub events: broadcast::Sender<Event>,
    session: RwLock<Option<Arc<Session>>>,
    /// When its person last asked for something.
    touched: Mutex<Timestamp>,
    /// The words as shown last, until they are confirmed or the vault is locked.
    shown: Mutex<Option<Zeroizing<String>>>,
}

/// What exists only while the vault is open.
pub struct Session {
    pub account: AccountHandle,
    pub identity: RecordIdentity,
    pub database_key: DatabaseKey,
    pub address: Address,
    pub db: Sealed,
    /// Blinds database keys, so that they tell nothing.
    blinding: [u8; 32],
    pub(crate) films: Mutex<BTreeMap<String, Arc<Film>>>,
    /// One transaction at a time: the next nonce follows from a proven one.
    pub(crate) sending: tokio::sync::Mutex<()>,
    /// One import at a time.
    pub(crate) importing: tokio::sync::Mutex<()>,
}

impl Session {
    pub fn open(home: &Home, vault: &Unlocked, rng: &Rng) -> Result<Self, Failure> {
        let account = vault.account(0).map_err(|_| damaged("vault"))?;
        let address = account.address();
        let db = Sealed::new(home.database.clone(), vault.database_key(), rng.clone());
        let blinding = match db.get::<[u8; 32]>(IDENTITY, b"blinding")? {
            Some(b) => b,
            None => {
                let fresh = rng.array::<32>();
                db.put(IDENTITY, b"blinding", &fresh)?;
                fresh
            }
        };
        Ok(Self {
            account,
            identity: vault.record_identity(),
            database_key: vault.database_key(),
            address,
            db,
            blinding,
            films: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            importing: tokio::sync::Mutex::default(),
        })
    }

    /// A database key that tells nothing of `text` to who does not have this vault.
    pub fn blind(&self, text: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.blinding)
            .chain_update(text)
            .finalize()
            .into()
    }
}

impl Profile {
    pub(crate) fn new(
        id: String,
        home: Home,
        chain: Arc<Chain>,
        services: Arc<dyn NetworkServices>,
        clock: Arc<dyn Clock>,
        rng: Rng,
        events: broadcast::Sender<Event>,
    ) -> Self {
        Self {
            id,
            home,
            chain,
            services,
            clock,
            rng,
            events,
            session: RwLock::new(None),
            touched: Mutex::default(),
            shown: Mutex::default(),
        }
    }

    pub(crate) fn touch(&self) {
        *self.touched.lock().unwrap_or_else(PoisonError::into_inner) = self.clock.now();
    }

    pub(crate) fn idle_for(&self) -> Duration {
        let touched = *self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_secs(self.clock.now().0.saturating_sub(touched.0))
    }

    pub fn contract(&self, name: &'static str) -> Result<Address, Failure> {
        self.chain
            .contract(name)
            .map_err(|e| crate::failure::misuse(e.to_string()))
    }

    pub fn session(&self) -> Result<Arc<Session>, Failure> {
        self.unlocked()
            .ok_or_else(|| Failure::new(Code::VaultLocked, "the vault is locked"))
    }

    pub fn unlocked(&self) -> Option<Arc<Session>> {
        self.session
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn begin(&self, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        self.touch();
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        session
    }

    pub(crate) fn end(&self) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.forget_words();
    }

    pub(crate) fn show_words(&self, phrase: Zeroizing<String>) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(phrase);
    }

    pub(crate) fn shown_words(&self) -> Option<Zeroizing<String>> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn forget_words(&self) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn state(&self) -> Result<ProfileState, Failure> {
        Ok(if self.unlocked().is_some() {
            ProfileState::Unlocked
        } else if self.home.vault.read().map_err(store_failure)?.is_some() {
            ProfileState::Locked
        } else {
            ProfileState::Empty
        })
    }

    pub fn view(&self) -> Result<ProfileView, Failure> {
        Ok(ProfileView {
            id: self.id.clone(),
            name: self.label()?.unwrap_or_else(|| self.id.clone()),
            state: self.state()?,
            address: self.unlocked().map(|s| s.address.to_string()),
            words_unconfirmed: self.plain(UNCONFIRMED_KEY)?.is_some(),
        })
    }

    fn plain(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        self.home
            .database
            .get(PROFILE_TABLE, key)
            .map_err(store_failure)
    }

    fn set_plain(&self, key: &[u8], value: Option<Vec<u8>>) -> Result<(), Failure> {
        let key = key.to_vec();
        let write = match value {
            Some(value) => Write::Put {
                table: PROFILE_TABLE,
                key,
                value,
            },
            None => Write::Delete {
                table: PROFILE_TABLE,
                key,
            },
        };
        self.home.database.commit(&[write]).map_err(store_failure)
    }

    /// What its person calls the profile: shown before unlocking, so not sealed.
    pub fn label(&self) -> Result<Option<String>, Failure> {
        Ok(self
            .plain(LABEL_KEY)?
            .and_then(|b| String::from_utf8(b).ok()))
    }

    pub(crate) fn rename(&self, name: &str) -> Result<ProfileView, Failure> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(misuse(format!(
                "a profile's name has 1 to {LONGEST_NAME} characters"
            )));
        }
        self.set_label(name)?;
        self.view()
    }

    fn set_label(&self, name: &str) -> Result<(), Failure> {
        self.set_plain(LABEL_KEY, Some(name.as_bytes().to_vec()))
    }

    pub fn set_words_unconfirmed(&self, unconfirmed: bool) -> Result<(), Failure> {
        self.set_plain(UNCONFIRMED_KEY, unconfirmed.then(|| vec![1]))
    }

    pub fn settings(&self) -> Result<SettingsView, Failure> {
        match self.plain(SETTINGS_KEY)? {
            Some(json) => serde_json::from_slice(&json).map_err(|_| damaged("settings")),
            None => Ok(SettingsView {
                language: String::new(),
                theme: "system".into(),
                size: "normal".into(),
                auto_lock_min: 15,
            }),
        }
    }

    pub fn set_settings(&self, settings: &SettingsView) -> Result<(), Failure> {
        let json = serde_json::to_vec(settings).map_err(|_| damaged("settings"))?;
        self.set_plain(SETTINGS_KEY, Some(json))
    }
}
