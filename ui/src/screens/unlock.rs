//! `/unlock`: the password of the chosen profile.

use dhc_ipc::{Code, Failure, ProfileState, Unlock};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};
use wasm_bindgen_futures::spawn_local;

use super::welcome::{gate, password_field};
use crate::components::{Icon, failed, heading, icon, notice, skeleton};
use crate::i18n::{t, tr};
use crate::session::{Loaded, session};

/// The password of every profile of the demo; the demo says it itself.
const DEMO_PASSWORD: &str = "correct horse battery staple";

/// Seconds to wait after `failures` wrong passwords in a row: none for three, then doubling to a
/// minute. The core limits too; this keeps a person from running into it.
pub fn wait_after(failures: u32) -> u32 {
    match failures {
        0..=2 => 0,
        n => (1 << (n - 2).min(6)).min(60),
    }
}

/// Where to go after unlocking: only a path of this app.
pub fn safe_next(next: Option<String>) -> String {
    next.filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'))
        .filter(|path| !path.starts_with("/unlock"))
        .unwrap_or_else(|| "/".into())
}

#[component]
pub fn UnlockScreen() -> impl IntoView {
    let session = session();
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let failures = RwSignal::new(0u32);
    let wait = RwSignal::new(0u32);
    let navigate = StoredValue::new_local(use_navigate());
    let query = use_query_map();
    let next = move || safe_next(query.with_untracked(|q| q.get("next")));
    let go = move |to: &str| navigate.with_value(|go| go(to, Default::default()));

    // Unlocked meanwhile, or chosen already unlocked: nothing to do here.
    Effect::new(move |_| match session.state() {
        Some(ProfileState::Unlocked) => go(&next()),
        Some(ProfileState::Empty) => go("/welcome"),
        _ => {}
    });
    set_interval(
        move || {
            let _ = wait.try_update(|left| *left = left.saturating_sub(1));
        },
        std::time::Duration::from_secs(1),
    );
    let unlock = move || {
        if busy.get_untracked() || wait.get_untracked() > 0 {
            return;
        }
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match session
                .ask(&Unlock {
                    password: password.get_untracked(),
                })
                .await
            {
                Ok(_) => {
                    password.set(String::new());
                    session.choose(&session.profile.get_untracked());
                }
                Err(failure) => {
                    if failure.code == Code::BadPassword {
                        failures.update(|n| *n += 1);
                        wait.set(wait_after(failures.get_untracked()));
                    }
                    problem.set(Some(failure));
                }
            }
            busy.set(false);
        });
    };
    let name = move || session.current().map(|p| p.name).unwrap_or_default();
    let form = move || {
        view! {
            <form class="stack" on:submit=move |event| { event.prevent_default(); unlock() }>
                {password_field("password", t("unlock.password"), "current-password", password)}
                {notice(problem)}
                {move || (wait.get() > 0).then(|| view! {
                    <p class="sub" role="status">{tr("unlock.wait", &[("n", &wait.get().to_string())])}</p>
                })}
                <button class="btn full" type="submit" aria-busy=move || busy.get().to_string()
                    disabled=move || busy.get() || wait.get() != 0 || password.with(String::is_empty)>
                    {icon(Icon::LockOpen)}
                    {move || if busy.get() { t("state.working") } else { t("unlock.unlock") }}
                </button>
                {move || session.is_demo().then(|| view! {
                    <button type="button" class="btn quiet full" on:click=move |_| password.set(DEMO_PASSWORD.into())>
                        {icon(Icon::Key)}{t("unlock.demo_password")}
                    </button>
                    <p class="sub">{t("unlock.demo_hint")}</p>
                })}
            </form>
        }
    };
    gate(
        view! {
            {move || heading(tr("unlock.title", &[("name", &name())]))}
            <p class="sub">{t("unlock.text")}</p>
            {move || match session.app.get() {
                Loaded::Waiting => skeleton(1),
                Loaded::Failed(failure) => failed(&failure),
                Loaded::Ready(_) => form().into_any(),
            }}
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_passwords_cost_more_and_more_time() {
        assert_eq!([0, 2, 3, 4, 8, 40].map(wait_after), [0, 0, 2, 4, 60, 60]);
    }

    #[test]
    fn unlocking_leads_only_to_places_of_this_app() {
        assert_eq!(safe_next(Some("/records/0x1".into())), "/records/0x1");
        for hostile in [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "javascript:1",
            "/unlock?next=/unlock",
        ] {
            assert_eq!(safe_next(Some(hostile.into())), "/");
        }
        assert_eq!(safe_next(None), "/");
    }
}
