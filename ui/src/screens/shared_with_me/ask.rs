//! `/shared-with-me/ask`: asking a patient for access. They alone read the words.

use dhc_ipc::{Code, Failure, Stage, TemplateView, Templates};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};
use wasm_bindgen_futures::spawn_local;

use super::wish::{MOST_TEXT, Wish};
use crate::components::{
    Icon, back_link, busy_button, field_problem, heading, icon, notice, option, progress, shown,
};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::screens::people::{Choice, Keys, choose, chooser, keys_state, payer};
use crate::session::session;

#[derive(Clone, Copy)]
struct Asking {
    wish: RwSignal<Wish>,
    whom: Choice,
}

pub fn ask_screen() -> AnyView {
    let session = session();
    // Asking again for what was given before begins with what it was.
    let told = |name: &str| {
        use_query_map()
            .with_untracked(|q| q.get(name))
            .unwrap_or_default()
    };
    let asking = Asking {
        wish: RwSignal::new(Wish {
            purpose: told("purpose"),
            days: 7,
            ..Wish::default()
        }),
        whom: choose(told("owner")).with_keys(),
    };
    let kind = told("template");
    let templates = session.read(|| Templates {});
    let (wish, whom) = (asking.wish, asking.whom);
    Effect::new(move |_| {
        let (owner, keys) = (whom.chosen.get(), whom.keys.get());
        wish.update(|wish| {
            wish.owner = owner;
            wish.reachable = keys == Keys::Published;
        });
    });
    view! {
        <main class="main wide" id="content">
            {back_link("/shared-with-me", t("nav.shared_with_me"))}
            {heading(t("ask.title"))}
            <div class="columns">
                <div class="stack">
                    <section class="section first">
                        <h2>{t("ask.whom")}</h2>
                        {chooser(whom, "asked", t("ask.whom"))}
                        {keys_state(whom, t("ask.has_keys"), t("ask.no_keys"))}
                    </section>
                    {shown(templates, move |view| {
                        let kinds: Vec<_> = view.templates.into_iter().filter(|t| !t.contribution).collect();
                        kinds_of(kinds, &kind, wish)
                    })}
                    {terms(wish)}
                </div>
                <div class="stack">{words_field(wish)}{meaning(asking)}{send(asking)}</div>
            </div>
        </main>
    }
    .into_any()
}

/// What kind of access, by its template.
fn kinds_of(kinds: Vec<TemplateView>, first: &str, wish: RwSignal<Wish>) -> AnyView {
    let already = wish.with_untracked(|w| w.template.as_ref().map(|t| t.name.clone()));
    let first = already.unwrap_or_else(|| {
        let known = kinds.iter().any(|t| t.name == first);
        if known {
            first.to_owned()
        } else {
            "treatment".into()
        }
    });
    let chosen = RwSignal::new(first);
    let options: Vec<_> = kinds
        .iter()
        .map(|template| {
            let span = time::length(template.max_window_s);
            let content = view! {
                <span class="stack-xs">
                    <span class="strong">{words::asked_template(&template.name)}</span>
                    <span class="sub">{tr("share.up_to", &[("span", &span)])}</span>
                </span>
            };
            option("kind", &template.name, chosen, content.into_any(), false)
        })
        .collect();
    let kinds = StoredValue::new(kinds);
    Effect::new(move |_| {
        let name = chosen.get();
        let found = kinds.with_value(|all| all.iter().find(|t| t.name == name).cloned());
        if let Some(template) = found {
            wish.update(|w| {
                if w.template.as_ref() != Some(&template) {
                    w.choose_template(template);
                }
            });
        }
    });
    view! {
        <section class="section">
            <h2>{t("ask.kind")}</h2>
            <div class="stack-s" role="radiogroup" aria-label=t("ask.kind")>{options}</div>
        </section>
    }
    .into_any()
}

/// Purpose, time, and what is to be done with it.
fn terms(wish: RwSignal<Wish>) -> AnyView {
    let template = Memo::new(move |_| wish.with(|w| w.template.clone()));
    let purposes = move || {
        let template = template.get()?;
        (template.purposes.len() > 1).then(|| {
            let options: Vec<_> = template
                .purposes
                .iter()
                .map(|code| {
                    let (value, mine) = (code.clone(), code.clone());
                    view! { <option value=value selected=move || wish.with(|w| w.purpose == mine)>{words::purpose_noun(code)}</option> }
                })
                .collect();
            view! {
                <div class="field">
                    <label for="ask-purpose">{t("ask.purpose")}</label>
                    <select class="input" id="ask-purpose"
                        on:change=move |event| wish.update(|w| w.purpose = event_target_value(&event))>{options}</select>
                </div>
            }
        })
    };
    let most = Memo::new(move |_| wish.with(Wish::most_days));
    let wrong = move || match (wish.with(|w| w.days), most.get()) {
        (_, 0) => None,
        (0, _) => Some(t("share.days_wrong").to_owned()),
        (days, most) if days > most => Some(tn("share.at_most", u64::from(most), &[])),
        _ => None,
    };
    let actions = move || {
        let template = template.get()?;
        let beyond: Vec<_> = template
            .actions
            .into_iter()
            .filter(|a| a != "view")
            .collect();
        (!beyond.is_empty()).then(|| {
            let boxes: Vec<_> = beyond.into_iter().map(|a| want(wish, a)).collect();
            view! {
                <div class="field">
                    <span class="label" id="ask-actions">{t("ask.actions")}</span>
                    <div class="stack-s" role="group" aria-labelledby="ask-actions">{boxes}</div>
                </div>
            }
        })
    };
    view! {
        <section class="section">
            <h2>{t("ask.terms")}</h2>
            <div class="card stack">
                {purposes}
                <div class="field">
                    <label for="ask-days">{t("ask.days")}</label>
                    <input class="input" id="ask-days" type="number" min="1" max=move || most.get().to_string() inputmode="numeric"
                        aria-describedby="ask-days-problem" value="7"
                        on:input=move |event| wish.update(|w| w.days = event_target_value(&event).parse().unwrap_or(0))/>
                    <span class="hint">{t("ask.days_text")}</span>
                    {field_problem("ask-days-problem", wrong)}
                </div>
                {actions}
            </div>
        </section>
    }
    .into_any()
}

fn want(wish: RwSignal<Wish>, action: String) -> AnyView {
    let name = words::action(&action);
    let shown = action.clone();
    view! {
        <label class="option">
            <input type="checkbox" prop:checked=move || wish.with(|w| w.actions.contains(&shown))
                on:change=move |event| wish.update(|w| w.want(&action, event_target_checked(&event)))/>
            <span class="grow">{name}</span>
        </label>
    }
    .into_any()
}

fn words_field(wish: RwSignal<Wish>) -> AnyView {
    let wrong = move || {
        wish.with(Wish::is_too_long).then(|| {
            let over = wish.with(|w| w.text.trim().len() - MOST_TEXT) as u64;
            tn("ask.text_too_long", over, &[])
        })
    };
    view! {
        <section class="section first">
            <h2>{t("ask.words")}</h2>
            <div class="card field">
                <label for="ask-text">{t("ask.text")}</label>
                <textarea class="input" id="ask-text" rows="5" aria-describedby="ask-text-problem"
                    prop:value=move || wish.with(|w| w.text.clone())
                    on:input=move |event| wish.update(|w| w.text = event_target_value(&event))></textarea>
                <span class="hint">{t("ask.text_hint")}</span>
                {field_problem("ask-text-problem", wrong)}
            </div>
        </section>
    }
    .into_any()
}

/// What asking does, and what it does not.
fn meaning(asking: Asking) -> AnyView {
    let sentence = move || {
        asking.wish.with(|wish| {
            (!wish.owner.is_empty() && wish.days > 0).then(|| {
                let said = [
                    ("who", asking.whom.called()),
                    ("purpose", words::purpose_noun(&wish.purpose)),
                    ("span", tn("time.days", u64::from(wish.days), &[])),
                ];
                let said = said.each_ref().map(|(name, value)| (*name, value.as_str()));
                tr("ask.means", &said)
            })
        })
    };
    let approvals = move || {
        let least = asking
            .wish
            .with(|w| w.template.as_ref().map_or(0, |t| t.min_approvals));
        (least > 0).then(|| tn("share.needs_approvals", u64::from(least), &[]))
    };
    view! {
        <div class="card tinted stack-s">
            <p class="strong">{t("share.meaning")}</p>
            <p>{sentence}</p>
            <p>{t("ask.nothing_opens")}</p>
            {move || approvals().map(|words| view! { <p class="waiting-text">{words}</p> })}
            <p class="sub">{t("ask.on_chain")}</p>
        </div>
    }
    .into_any()
}

fn send(asking: Asking) -> AnyView {
    let session = session();
    let job = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<Failure>);
    let navigate = StoredValue::new_local(use_navigate());
    let send = move || {
        let name = session.new_job();
        problem.set(None);
        job.set(Some(name.clone()));
        spawn_local(async move {
            let request = asking.wish.with_untracked(Wish::request);
            match session.work(Some(&name), &request).await {
                Ok(change) => {
                    let paid = payer(session, change.sponsored_by.as_deref()).await;
                    session.say(format!("{} {paid}", t("ask.sent")));
                    session.changed();
                    navigate.with_value(|go| go("/shared-with-me?tab=asked", Default::default()));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            job.set(None);
        });
    };
    let working = move || job.with(Option::is_some);
    let unready = move || !asking.wish.with(Wish::is_ready);
    let needs_keys =
        move || problem.with(|p| p.as_ref().is_some_and(|f| f.code == Code::NoIdentity));
    // What is still lacking, so that a button that does nothing is no riddle.
    let lacking = move || {
        asking.wish.with(|w| {
            if !format::looks_like_address(&w.owner) {
                Some(t("ask.lacks_whom"))
            } else if w.text.trim().is_empty() {
                Some(t("ask.lacks_words"))
            } else {
                None
            }
        })
    };
    view! {
        {progress(job, Stage::Committing)}
        {notice(problem)}
        {move || needs_keys().then(|| view! { <a class="btn quiet compact" href="/">{icon(Icon::Key)}{t("home.publish_title")}</a> })}
        {move || lacking().map(|words| view! { <p class="sub" role="status">{words}</p> })}
        {busy_button("btn full", Some(Icon::UserCheck), t("ask.send"), working, unready, send)}
    }
    .into_any()
}
