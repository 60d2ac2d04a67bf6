//! Ending a grant: one tap, then a confirmation that says what it does and what it cannot do.

use dhc_ipc::{Failure, GrantView, RevokeGrant};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, Sheet, busy_button, icon, notice, sheet};
use crate::format;
use crate::i18n::{t, tr};
use crate::screens::people::payer;
use crate::session::{Session, session};

#[derive(Clone)]
struct Asked {
    grant: String,
    question: String,
}

/// The grant that a person is asked about. Above the lists, which are drawn anew while the
/// question stands.
#[derive(Clone, Copy)]
pub struct Revocation {
    open: RwSignal<bool>,
    asked: RwSignal<Option<Asked>>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Revocation {
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            asked: RwSignal::new(None),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    fn ask(self, asked: Asked) {
        self.problem.set(None);
        self.asked.set(Some(asked));
        self.open.set(true);
    }

    /// Ends a grant of somebody else's, of which only the id is known here.
    pub fn ask_for(self, grant: String, owner: &str) {
        self.ask(Asked {
            grant,
            question: tr("revoke.question_for", &[("who", owner)]),
        });
    }

    fn revoke(self, session: Session) {
        let Some(Asked { grant, .. }) = self.asked.get_untracked() else {
            return;
        };
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match session.ask(&RevokeGrant { grant }).await {
                Ok(change) => {
                    let paid = payer(session, change.sponsored_by.as_deref()).await;
                    session.say(format!("{} {paid}", t("revoke.done")));
                    self.open.set(false);
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            session.changed();
        });
    }
}

/// `film`: what the grant is about.
pub fn revoke_button(grant: &GrantView, film: &str) -> AnyView {
    let revocation: Revocation = expect_context();
    let who = grant
        .to_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&grant.to));
    let asked = Asked {
        grant: grant.grant.clone(),
        question: tr("revoke.question", &[("who", &who), ("title", film)]),
    };
    view! {
        <button class="btn compact danger-quiet" on:click=move |_| revocation.ask(asked.clone())>
            {icon(Icon::Ban)}{t("sharing.revoke")}
        </button>
    }
    .into_any()
}

/// The question, once on every screen.
pub fn revoke_sheet() -> AnyView {
    let session = session();
    let revocation: Revocation = expect_context();
    let confirm = Sheet::over(revocation.open);
    let content = move || {
        let question = move || revocation.asked.get().map(|asked| asked.question);
        view! {
            <p>{question}</p>
            <p class="sub">{t("revoke.consequence")}</p>
            {notice(revocation.problem)}
            <div class="actions">
                <button class="btn quiet" on:click=move |_| confirm.close()>{t("revoke.keep")}</button>
                {busy_button("btn danger", None, t("revoke.confirm"), move || revocation.busy.get(), || false, move || revocation.revoke(session))}
            </div>
        }
        .into_any()
    };
    sheet(confirm, t("revoke.title"), content)
}
