//! Locks a profile that nobody has used for the time its settings say.

use dhc_ipc::{Lock, ProfileState, Settings};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;

use crate::i18n::time::now_ms;
use crate::session::Session;

/// Whether `idle_ms` without a touch is too long. 0 minutes: never.
pub fn is_due(idle_ms: f64, minutes: u32) -> bool {
    minutes > 0 && idle_ms >= f64::from(minutes) * 60_000.0
}

pub fn watch(session: Session) {
    let touched = StoredValue::new(now_ms());
    let minutes = RwSignal::new(0u32);
    Effect::new(move |_| {
        session.revision.track();
        session.profile.track();
        if session.state() != Some(ProfileState::Unlocked) {
            return;
        }
        touched.set_value(now_ms());
        spawn_local(async move {
            if let Ok(settings) = session.ask(&Settings {}).await {
                minutes.set(settings.auto_lock_min);
            }
        });
    });
    if let Some(window) = web_sys::window() {
        let touch = Closure::<dyn Fn()>::new(move || touched.set_value(now_ms()));
        for event in ["pointerdown", "keydown", "wheel"] {
            // A window always takes these listeners.
            let _ = window.add_event_listener_with_callback(event, touch.as_ref().unchecked_ref());
        }
        // Listens as long as the page lives.
        touch.forget();
    }
    set_interval(
        move || {
            let unlocked = session.state() == Some(ProfileState::Unlocked);
            if unlocked && is_due(now_ms() - touched.get_value(), minutes.get_untracked()) {
                touched.set_value(now_ms());
                spawn_local(async move {
                    // A lock that did not go through is tried again when the time is up again.
                    let _ = session.ask(&Lock {}).await;
                    session.refresh();
                });
            }
        },
        std::time::Duration::from_secs(10),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_locks_after_its_time_and_never_where_it_says_never() {
        assert!(!is_due(59_999.0, 1));
        assert!(is_due(60_000.0, 1));
        assert!(!is_due(1e12, 0));
    }
}
