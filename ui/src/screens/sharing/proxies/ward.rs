//! Acting for somebody who has appointed me: by the id they tell, as far as they let me.

use dhc_ipc::{DeclineRequest, Failure, ProxyView};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::super::{Renewal, Revocation};
use super::called;
use crate::components::{Icon, Sheet, busy_button, field_problem, icon, notice, sheet};
use crate::format;
use crate::i18n::{t, tr};
use crate::screens::people::payer;
use crate::session::Session;

/// For whom something is done, and about what.
#[derive(Clone, Copy)]
pub struct Deed {
    session: Session,
    ward: RwSignal<Option<ProxyView>>,
    id: RwSignal<String>,
    sheet: Sheet,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Deed {
    pub fn new(session: Session) -> Self {
        Self {
            session,
            ward: RwSignal::new(None),
            id: RwSignal::new(String::new()),
            sheet: Sheet::new(),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    pub fn begin(self, ward: ProxyView) {
        self.id.set(String::new());
        self.problem.set(None);
        self.ward.set(Some(ward));
        self.sheet.open();
    }

    fn told(self) -> String {
        self.id.get_untracked().trim().to_owned()
    }

    fn decline(self) {
        let request = self.told();
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            match self.session.ask(&DeclineRequest { request }).await {
                Ok(change) => {
                    let paid = payer(self.session, change.sponsored_by.as_deref()).await;
                    self.session
                        .say(format!("{} {paid}", t("requests.declined")));
                    self.sheet.close();
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            self.session.changed();
        });
    }
}

pub fn sheet_of(deed: Deed) -> AnyView {
    sheet(deed.sheet, t("proxy.act"), move || form(deed))
}

fn form(deed: Deed) -> AnyView {
    let Some(ward) = deed.ward.get_untracked() else {
        return ().into_any();
    };
    let revocation: Revocation = expect_context();
    let renewal: Renewal = expect_context();
    let shaped = move || deed.id.with(|id| format::looks_like_id(id.trim()));
    let unready = move || !shaped();
    let wrong = move || {
        let begun = deed.id.with(|id| !id.trim().is_empty());
        (begun && !shaped()).then(|| t("requests.bad_id"))
    };
    let who = called(&ward);
    let may = |power: &str| ward.powers.iter().any(|p| p == power);
    let (end_for, renew_for) = (who.clone(), who.clone());
    let end = may("revoke").then(|| {
        let end = move |_| {
            deed.sheet.close();
            revocation.ask_for(deed.told(), &end_for);
        };
        view! { <button class="btn danger-quiet" disabled=unready on:click=end>{icon(Icon::Ban)}{t("proxy.end_access")}</button> }
    });
    let renew = may("renew").then(|| {
        let renew = move |_| {
            deed.sheet.close();
            renewal.ask_for(deed.told(), renew_for.clone());
        };
        view! { <button class="btn quiet" disabled=unready on:click=renew>{icon(Icon::Refresh)}{t("proxy.renew_access")}</button> }
    });
    let decline = may("answer").then(|| {
        busy_button(
            "btn quiet",
            Some(Icon::X),
            t("proxy.decline_request"),
            move || deed.busy.get(),
            unready,
            move || deed.decline(),
        )
    });
    view! {
        <p>{tr("proxy.act_text", &[("who", &who)])}</p>
        <div class="field">
            <label for="ward-id">{t("proxy.id")}</label>
            <input class="input mono" id="ward-id" autocomplete="off" spellcheck="false" placeholder="0x…"
                aria-describedby="ward-id-problem" prop:value=deed.id
                on:input=move |event| deed.id.set(event_target_value(&event))/>
            {field_problem("ward-id-problem", wrong)}
        </div>
        {notice(deed.problem)}
        <div class="actions">{end}{renew}{decline}</div>
    }
    .into_any()
}
