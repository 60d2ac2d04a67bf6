//! Who is using the app and what the core last told: one context for every screen.

mod alarm;
mod reading;

use std::collections::HashMap;

pub use alarm::Alarm;
use dhc_ipc::{
    AppState, AppView, Code, Command, Event, Failure, NodeStatus, NodeView, ProfileState,
    ProfileView, Stage, Standing,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::backend::Transport;
use crate::i18n::t;
use crate::preferences;

/// The profile used last on this device.
const PROFILE: &str = "dhc.profile";
/// The height proven last in this tab.
const HEIGHT: &str = "dhc.height";

/// How far a named piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub stage: Stage,
    pub done: u64,
    /// 0: not known yet.
    pub total: u64,
}

impl Progress {
    /// Whether the amounts are bytes; else they are steps.
    pub const fn in_bytes(self) -> bool {
        matches!(
            self.stage,
            Stage::Reading | Stage::Sealing | Stage::Fetching
        )
    }
}

/// What stands of a value that the core was asked for.
#[derive(Clone, Debug)]
pub enum Loaded<T> {
    Waiting,
    Ready(T),
    Failed(Failure),
}

#[derive(Clone, Copy)]
pub struct Session {
    pub transport: Transport,
    pub app: RwSignal<Loaded<AppView>>,
    /// The chosen profile's id.
    pub profile: RwSignal<String>,
    /// Counts changes told by the core: lists that read it are read again.
    pub revision: RwSignal<u64>,
    /// The height proven now; `None` until the first answer.
    pub height: RwSignal<Option<u64>>,
    pub offline: RwSignal<Option<Code>>,
    pub jobs: RwSignal<HashMap<String, Progress>>,
    pub toast: RwSignal<Option<String>>,
    /// The newest broken glass of mine: stands until the person acknowledges it.
    pub alarm: RwSignal<Option<Alarm>>,
    next_job: StoredValue<u64>,
    /// What was read last, by profile and question.
    answers: StoredValue<HashMap<(String, String), serde_json::Value>>,
}

/// The profile to begin with where none was used on this device yet: in the demo the patient,
/// whose story it tells, else one that is open already, else the first.
fn first_profile(view: &AppView) -> Option<&ProfileView> {
    let is = |wanted: &dyn Fn(&ProfileView) -> bool| view.profiles.iter().find(|p| wanted(p));
    is(&|p| view.demo && p.id == "patient")
        .or_else(|| is(&|p| p.state == ProfileState::Unlocked))
        .or_else(|| is(&|p| p.state == ProfileState::Locked))
        .or(view.profiles.first())
}

/// The session of the running app.
pub fn session() -> Session {
    expect_context()
}

impl Session {
    pub fn start() -> Self {
        let session = Self {
            transport: Transport::detect(),
            app: RwSignal::new(Loaded::Waiting),
            profile: RwSignal::new(preferences::kept(PROFILE).unwrap_or_default()),
            revision: RwSignal::new(0),
            height: RwSignal::new(None),
            offline: RwSignal::new(None),
            jobs: RwSignal::new(HashMap::new()),
            toast: RwSignal::new(None),
            alarm: RwSignal::new(None),
            next_job: StoredValue::new(0),
            answers: StoredValue::new(HashMap::new()),
        };
        session.refresh();
        session.transport.listen(move |event| session.hear(event));
        // Until the first event tells, the node is asked.
        Effect::new(move |_| {
            if session.state() == Some(ProfileState::Unlocked)
                && session.height.get_untracked().is_none()
            {
                spawn_local(session.ask_height());
            }
        });
        session.watch_alarms();
        session
    }

    /// Reads the profiles and their states again.
    pub fn refresh(self) {
        spawn_local(async move {
            match self.transport.call("", None, &AppState {}).await {
                Ok(view) => {
                    let chosen = self.profile.get_untracked();
                    if !view.profiles.iter().any(|p| p.id == chosen) {
                        let first = first_profile(&view).map(|p| p.id.clone());
                        self.profile.set(first.unwrap_or_default());
                    }
                    self.forget_locked(&view);
                    self.app.set(Loaded::Ready(view));
                }
                Err(failure) => self.app.set(Loaded::Failed(failure)),
            }
        });
    }

    async fn ask_height(self) {
        match self.ask(&NodeStatus {}).await {
            Ok(NodeView {
                standing: Standing::Proven { height },
                ..
            }) => self.proven(height),
            Ok(NodeView {
                standing: Standing::Unproven { reason },
                ..
            }) => self.offline.set(Some(reason)),
            Err(failure) if failure.code == Code::NetworkUnreachable => {
                self.offline.set(Some(failure.code))
            }
            // The first event tells.
            _ => {}
        }
    }

    fn hear(self, event: Event) {
        let mine = |profile: &str| profile == self.profile.get_untracked();
        match event {
            Event::Progress {
                job,
                stage,
                done,
                total,
                ..
            } => self.jobs.update(|jobs| {
                jobs.insert(job, Progress { stage, done, total });
            }),
            Event::Head { height } => {
                self.proven(height);
                if self.offline.get_untracked().is_some() {
                    self.offline.set(None);
                }
            }
            Event::Offline { code } => self.offline.set(Some(code)),
            Event::GlassBroken {
                profile,
                by,
                time,
                seq,
                ..
            } => {
                if mine(&profile) {
                    self.alarm.set(Some(Alarm { by, time, seq }));
                    self.changed();
                }
            }
            Event::Requested { profile, .. } => {
                if mine(&profile) {
                    self.say(t("requests.arrived"));
                    self.changed();
                }
            }
            Event::Opened { profile, .. }
            | Event::ShareReleased { profile, .. }
            | Event::Changed { profile } => {
                if mine(&profile) {
                    self.changed();
                }
            }
            Event::Locked { .. } => self.refresh(),
        }
    }

    fn proven(self, height: u64) {
        preferences::keep_in_tab(HEIGHT, &height.to_string());
        self.height.set(Some(height));
    }

    /// The height proven before this page was loaded, until the chain is asked again.
    pub fn last_height(self) -> Option<u64> {
        preferences::kept_in_tab(HEIGHT)?.parse().ok()
    }

    /// What a locked profile held is not kept in memory.
    fn forget_locked(self, view: &AppView) {
        let is_open = |id: &str| {
            view.profiles
                .iter()
                .any(|p| p.id == id && p.state == ProfileState::Unlocked)
        };
        self.answers
            .update_value(|answers| answers.retain(|(profile, _), _| is_open(profile)));
    }

    /// Has every list on screen read again.
    pub fn changed(self) {
        self.revision.update(|n| *n += 1);
    }

    pub fn current(self) -> Option<ProfileView> {
        let id = self.profile.get();
        self.app.with(|app| match app {
            Loaded::Ready(view) => view.profiles.iter().find(|p| p.id == id).cloned(),
            _ => None,
        })
    }

    pub fn is_demo(self) -> bool {
        self.app
            .with(|app| matches!(app, Loaded::Ready(view) if view.demo))
    }

    pub fn state(self) -> Option<ProfileState> {
        self.current().map(|p| p.state)
    }

    /// My first account; empty while locked.
    pub fn address(self) -> String {
        self.current().and_then(|p| p.address).unwrap_or_default()
    }

    /// Makes a profile the one that is used, now and at the next start.
    pub fn remember(self, id: &str) {
        preferences::keep(PROFILE, id);
        self.profile.set(id.into());
    }

    pub fn choose(self, id: &str) {
        self.remember(id);
        self.refresh();
    }

    /// A name for a piece of work, unique while the page lives and unlikely to meet another's.
    pub fn new_job(self) -> String {
        self.next_job.update_value(|n| *n += 1);
        format!(
            "ui-{:x}-{}",
            crate::i18n::time::now_ms() as u64,
            self.next_job.get_value()
        )
    }

    pub fn say(self, words: impl Into<String>) {
        self.toast.set(Some(words.into()));
    }

    /// Asks the core for the chosen profile. A vault found locked sends the shell to unlock.
    pub async fn ask<C: Command>(self, args: &C) -> Result<C::Answer, Failure> {
        self.work(None, args).await
    }

    /// [`ask`](Self::ask) under a job's name, for progress and cancelling.
    pub async fn work<C: Command>(self, job: Option<&str>, args: &C) -> Result<C::Answer, Failure> {
        let profile = self.profile.get_untracked();
        let answer = self.transport.call(&profile, job, args).await;
        if let Err(failure) = &answer
            && matches!(failure.code, Code::VaultLocked | Code::VaultMissing)
        {
            self.refresh();
        }
        if let Some(job) = job {
            self.jobs.update(|jobs| {
                jobs.remove(job);
            });
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(demo: bool, profiles: &[(&str, ProfileState)]) -> AppView {
        AppView {
            version: String::new(),
            network: String::new(),
            demo,
            profiles: profiles
                .iter()
                .map(|(id, state)| ProfileView {
                    id: (*id).into(),
                    name: String::new(),
                    state: *state,
                    address: None,
                    words_unconfirmed: false,
                })
                .collect(),
        }
    }

    #[test]
    fn the_first_profile_is_the_demos_patient_or_one_that_can_be_used() {
        use ProfileState::{Empty, Locked, Unlocked};
        let first = |view: &AppView| first_profile(view).map(|p| p.id.clone());
        let demo = [("doctor", Unlocked), ("patient", Locked)];
        assert_eq!(first(&app(true, &demo)).as_deref(), Some("patient"));
        let own = [("a", Empty), ("b", Locked), ("c", Unlocked)];
        assert_eq!(first(&app(false, &own)).as_deref(), Some("c"));
        assert_eq!(first(&app(false, &own[..2])).as_deref(), Some("b"));
        assert_eq!(first(&app(false, &own[..1])).as_deref(), Some("a"));
        assert_eq!(first(&app(false, &[])), None);
    }
}
