//! Sending: the form, then what is signed in plain words, then what came of it.

use dhc_ipc::{Code, Contacts, Failure, PreviewSend, Send, SendPreview, TransactionView};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{
    Icon, Sheet, busy_button, fact, field_problem, how_do_we_know, icon, mark, notice,
};
use crate::format::{self, AmountProblem};
use crate::i18n::{t, tr};
use crate::session::{Loaded, session};

#[derive(Clone)]
enum Step {
    Form,
    Sign(SendPreview),
    Sent(TransactionView),
}

/// What is wrong with an amount, in words; nothing is said before one is entered.
pub fn amount_words(problem: AmountProblem) -> Option<&'static str> {
    match problem {
        AmountProblem::Empty => None,
        AmountProblem::NotANumber => Some(t("amount.not_a_number")),
        AmountProblem::TooFine => Some(t("amount.too_fine")),
        AmountProblem::Zero => Some(t("amount.zero")),
    }
}

pub fn send_form(handle: Sheet) -> AnyView {
    let step = RwSignal::new(Step::Form);
    let to = RwSignal::new(String::new());
    let amount = RwSignal::new(String::new());
    view! {
        {move || match step.get() {
            Step::Form => form(step, to, amount),
            Step::Sign(preview) => sign(preview, step, to, amount),
            Step::Sent(done) => sent(&done, handle),
        }}
    }
    .into_any()
}

fn form(step: RwSignal<Step>, to: RwSignal<String>, amount: RwSignal<String>) -> AnyView {
    let session = session();
    let contacts = session.read(|| Contacts {});
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let unready = move || {
        !format::looks_like_address(to.get().trim())
            || amount.with(|a| format::check_amount(a).is_err())
    };
    let review = move || {
        let Ok(dhl) = amount.with_untracked(|a| format::check_amount(a)) else {
            return;
        };
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = PreviewSend {
                to: to.get_untracked().trim().to_owned(),
                amount: dhl,
            };
            match session.ask(&request).await {
                Ok(preview) => step.set(Step::Sign(preview)),
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
        });
    };
    let to_problem = move || {
        let typed = to.get();
        (!typed.trim().is_empty() && !format::looks_like_address(typed.trim()))
            .then(|| t("send.bad_address"))
    };
    let refused = move || match problem.get() {
        Some(failure) if failure.code == Code::Misuse => {
            view! { <div class="card danger" role="alert">{t("send.refused")}</div> }.into_any()
        }
        _ => notice(problem),
    };
    let known = move || match contacts.get() {
        Loaded::Ready(view) => view.contacts,
        _ => Vec::new(),
    };
    view! {
        <form class="stack" on:submit=move |event| { event.prevent_default(); if !unready() { review() } }>
            <div class="field">
                <label for="send-to">{t("send.to")}</label>
                <input class="input mono" id="send-to" autocomplete="off" spellcheck="false" list="send-contacts" aria-describedby="send-to-problem"
                    placeholder="0x…" prop:value=to on:input=move |event| to.set(event_target_value(&event))/>
                <datalist id="send-contacts">
                    {move || known().into_iter().map(|c| view! { <option value=c.address.clone()>{c.name.clone()}</option> }).collect::<Vec<_>>()}
                </datalist>
                {field_problem("send-to-problem", to_problem)}
            </div>
            <div class="field">
                <label for="send-amount">{t("send.amount")}</label>
                <input class="input" id="send-amount" autocomplete="off" inputmode="decimal" aria-describedby="send-amount-problem"
                    placeholder="0.00" prop:value=amount on:input=move |event| amount.set(event_target_value(&event))/>
                {field_problem("send-amount-problem", move || amount.with(|a| format::check_amount(a).err().and_then(amount_words)))}
            </div>
            {refused}
            {busy_button("btn full", None, t("action.continue"), move || busy.get(), unready, review)}
        </form>
    }
    .into_any()
}

/// What is signed: what, to whom, what it costs, what changes.
fn sign(
    preview: SendPreview,
    step: RwSignal<Step>,
    to: RwSignal<String>,
    amount: RwSignal<String>,
) -> AnyView {
    let session = session();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let checked = RwSignal::new(false);
    let suspicious = preview.looks_like.is_some();
    let first = preview.first_time || suspicious;
    let send = move || {
        let Ok(dhl) = amount.with_untracked(|a| format::check_amount(a)) else {
            return;
        };
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = Send {
                to: to.get_untracked().trim().to_owned(),
                amount: dhl,
            };
            match session.ask(&request).await {
                Ok(done) => step.set(Step::Sent(done)),
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
            session.changed();
        });
    };
    let warning = match &preview.looks_like {
        Some(known) => Some((
            "card danger stack-s",
            tr("send.looks_like", &[("address", known)]),
        )),
        None if preview.first_time => Some(("card warn stack-s", t("send.first_time").to_owned())),
        None => None,
    };
    let warning = warning.map(|(class, text)| {
        view! {
            <div class=class role="alert">
                <p>{text}</p>
                <label class="option">
                    <input type="checkbox" prop:checked=checked on:change=move |event| checked.set(event_target_checked(&event))/>
                    <span class="grow">{t("send.checked")}</span>
                </label>
            </div>
        }
    });
    view! {
        <p class="lead">{tr("send.sentence", &[
            ("amount", &format::exact(&preview.amount)),
            ("who", preview.to_name.as_deref().unwrap_or(t("send.this_address"))),
        ])}</p>
        <p class="mono card">{preview.to.clone()}</p>
        <dl class="facts">
            <dt>{t("send.fee")}</dt><dd>{tr("send.fee_at_most", &[("amount", &format::fee(&preview.max_fee, &preview.fee_denom))])}</dd>
            <dt>{t("send.before")}</dt><dd>{format::exact(&preview.balance_before)}" DHL"</dd>
            <dt>{t("send.after")}</dt><dd class="strong">{tr("send.at_least", &[("amount", &format::exact(&preview.balance_after))])}</dd>
        </dl>
        <p>{mark(&preview.standing)}</p>
        {warning}
        <p class="sub">{t("send.final")}</p>
        {notice(problem)}
        <div class="actions">
            <button class="btn quiet" on:click=move |_| step.set(Step::Form)>{t("action.back")}</button>
            {busy_button("btn", Some(Icon::ArrowUpRight), t("wallet.send"), move || busy.get(), move || first && !checked.get(), send)}
        </div>
    }
    .into_any()
}

fn sent(done: &TransactionView, handle: Sheet) -> AnyView {
    let ok = done.status == "ok";
    let facts = vec![
        fact(t("proof.tx"), &done.tx),
        fact(t("proof.height"), format::grouped(done.height)),
        fact(t("send.fee"), format::fee(&done.fee, &done.fee_denom)),
    ];
    let (class, sign, words) = if ok {
        ("tile", Icon::Check, t("send.done"))
    } else {
        ("tile bad", Icon::Alert, t("send.reverted"))
    };
    view! {
        <div class="empty">
            <span class=class>{icon(sign)}</span>
            <p class="lead strong" role="status">{words}</p>
            {mark(&done.standing)}
        </div>
        {how_do_we_know(t("send.proof"), &done.standing, facts)}
        <button class="btn full" on:click=move |_| handle.close()>{t("action.close")}</button>
    }
    .into_any()
}
