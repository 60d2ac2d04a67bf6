//! Locking DHL for votes, and taking it back.

use dhc_ipc::{Failure, LockVotes, UnlockVotes};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, Sheet, busy_button, field_problem, notice};
use crate::format;
use crate::i18n::{t, tr};
use crate::screens::wallet::amount_words;
use crate::session::Session;

#[derive(Clone, Copy)]
pub struct Locking {
    session: Session,
    /// To lock, or to take back.
    locks: RwSignal<bool>,
    amount: RwSignal<String>,
    pub sheet: Sheet,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Locking {
    pub fn new(session: Session) -> Self {
        Self {
            session,
            locks: RwSignal::new(true),
            amount: RwSignal::new(String::new()),
            sheet: Sheet::new(),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    pub fn begin(self, locks: bool) {
        self.locks.set(locks);
        self.amount.set(String::new());
        self.problem.set(None);
        self.sheet.open();
    }

    fn act(self) {
        let Ok(amount) = self.amount.with_untracked(|a| format::check_amount(a)) else {
            return;
        };
        let locks = self.locks.get_untracked();
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let answer = if locks {
                self.session.ask(&LockVotes { amount }).await
            } else {
                self.session.ask(&UnlockVotes { amount }).await
            };
            match answer {
                Ok(view) => {
                    let all = format::dhl(&view.locked);
                    self.session.say(tr("lock.now", &[("amount", &all)]));
                    self.sheet.close();
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            self.session.changed();
        });
    }
}

pub fn form(locking: Locking) -> AnyView {
    let locks = locking.locks.get_untracked();
    let (label, sign, text) = if locks {
        (t("lock.lock"), Icon::Lock, t("lock.consequence"))
    } else {
        (
            t("lock.unlock"),
            Icon::LockOpen,
            t("lock.unlock_consequence"),
        )
    };
    let unready = move || locking.amount.with(|a| format::check_amount(a).is_err());
    let wrong = move || {
        let judged = locking.amount.with(|a| format::check_amount(a));
        judged.err().and_then(amount_words)
    };
    view! {
        <form class="stack" on:submit=move |event| { event.prevent_default(); if !unready() { locking.act() } }>
            <div class="field">
                <label for="lock-amount">{t("send.amount")}</label>
                <input class="input" id="lock-amount" autocomplete="off" inputmode="decimal" placeholder="0.00"
                    aria-describedby="lock-amount-problem" prop:value=locking.amount
                    on:input=move |event| locking.amount.set(event_target_value(&event))/>
                {field_problem("lock-amount-problem", wrong)}
            </div>
            <p>{text}</p>
            {notice(locking.problem)}
            {busy_button("btn full", Some(sign), label, move || locking.busy.get(), unready, move || locking.act())}
        </form>
    }
    .into_any()
}
