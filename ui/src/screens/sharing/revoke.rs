//! Ending a grant: one tap, then a confirmation that says what it does and what it cannot do.

use dhc_ipc::{Failure, GrantView, RevokeGrant};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, Sheet, busy_button, icon, notice, sheet};
use crate::format;
use crate::i18n::{t, tr};
use crate::session::session;

/// `film`: what the grant is about.
pub fn revoke_button(grant: &GrantView, film: &str) -> AnyView {
    let session = session();
    let confirm = Sheet::new();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let who = grant
        .to_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&grant.to));
    let question = tr("revoke.question", &[("who", &who), ("title", film)]);
    let id = StoredValue::new(grant.grant.clone());
    let revoke = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match session
                .ask(&RevokeGrant {
                    grant: id.get_value(),
                })
                .await
            {
                Ok(_) => {
                    session.say(t("revoke.done"));
                    confirm.close();
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
            session.changed();
        });
    };
    let content = move || {
        view! {
            <p>{question.clone()}</p>
            <p class="sub">{t("revoke.consequence")}</p>
            {notice(problem)}
            <div class="actions">
                <button class="btn quiet" on:click=move |_| confirm.close()>{t("revoke.keep")}</button>
                {busy_button("btn danger", None, t("revoke.confirm"), move || busy.get(), || false, revoke)}
            </div>
        }
        .into_any()
    };
    view! {
        <button class="btn compact danger-quiet" on:click=move |_| confirm.open()>{icon(Icon::Ban)}{t("sharing.revoke")}</button>
        {sheet(confirm, t("revoke.title"), content)}
    }
    .into_any()
}
