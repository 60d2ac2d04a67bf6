//! A broken glass of mine stands on every screen until I acknowledge it.

use dhc_ipc::{AcknowledgeAlarms, AlarmView, Alarms, AlarmsView, ProfileState};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Session;

/// A glass of mine that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub by: String,
    pub time: String,
    /// Its place in the access log.
    pub seq: u64,
}

impl Session {
    /// What was not acknowledged before this page was loaded, or this profile chosen, stands.
    pub(super) fn watch_alarms(self) {
        Effect::new(move |before: Option<Option<String>>| {
            let profile = self.profile.get();
            let open = (self.state() == Some(ProfileState::Unlocked)).then_some(profile);
            if before.as_ref() != Some(&open) {
                self.alarm.set(None);
                if open.is_some() {
                    spawn_local(self.ask_alarms());
                }
            }
            open
        });
    }

    async fn ask_alarms(self) {
        let profile = self.profile.get_untracked();
        // Where the log cannot be read now, the core tells once it can.
        if let Ok(AlarmsView { alarms, .. }) = self.ask(&Alarms {}).await
            && profile == self.profile.get_untracked()
        {
            self.stand(alarms.into_iter().next());
        }
    }

    /// Keeps that the person has seen what the alarm tells, and everything before it.
    pub fn acknowledge(self) {
        let Some(Alarm { seq, .. }) = self.alarm.get_untracked() else {
            return;
        };
        self.alarm.set(None);
        spawn_local(async move {
            if let Ok(left) = self.ask(&AcknowledgeAlarms { seq }).await {
                self.stand(left.alarms.into_iter().next());
            }
        });
    }

    fn stand(self, newest: Option<AlarmView>) {
        if let Some(AlarmView { by, time, seq, .. }) = newest {
            self.alarm.set(Some(Alarm { by, time, seq }));
        }
    }
}
