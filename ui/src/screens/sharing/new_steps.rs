//! The four steps: what, whom, why and until when, what this means.

use dhc_ipc::{ContactView, SaveContact, ShowIdentity, TemplateView};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::draft::{Draft, usual_purpose};
use super::new::Flow;
use crate::components::{Icon, avatar, empty, icon, option, shown, thumbnail};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::screens::records;
use crate::session::{Loaded, session};

pub fn what(flow: Flow) -> AnyView {
    let chosen = RwSignal::new(flow.draft.with_untracked(|d| d.study.clone()));
    Effect::new(move |_| flow.draft.update(|d| d.study = chosen.get()));
    shown(flow.records, move |view| {
        if view.records.is_empty() {
            let action = view! { <a class="btn compact" href="/records?import=1">{icon(Icon::Upload)}{t("records.import")}</a> };
            return empty(
                Icon::FolderHeart,
                t("records.empty_title"),
                t("share.nothing"),
                Some(action.into_any()),
            );
        }
        let options: Vec<_> = view
            .records
            .into_iter()
            .map(|record| {
                let content = view! {
                    <span class="row">
                        {thumbnail("thumb", &record.id, 0)}
                        <span class="grow stack-xs">
                            <span class="strong">{records::title(&record)}</span>
                            <span class="sub">{format!("{} · {}", time::date(&record.date), records::extent(&record))}</span>
                        </span>
                    </span>
                };
                option("study", &record.id, chosen, content.into_any(), false)
            })
            .collect();
        view! { <div class="stack-s" role="radiogroup" aria-label=t("share.what")>{options}</div> }
            .into_any()
    })
}

/// Asks whether the recipient's record keys are published, and keeps the answer if the draft is
/// still for them.
fn ask_keys(flow: Flow, address: String) {
    let session = session();
    spawn_local(async move {
        let answer = session
            .ask(&ShowIdentity {
                address: Some(address.clone()),
            })
            .await;
        let reachable = answer.ok().map(|identity| identity.keys_hash.is_some());
        flow.draft.update(|draft| {
            if draft.to == address {
                draft.reachable = Some(reachable.unwrap_or(false));
            }
        });
    });
}

fn choose_recipient(flow: Flow, address: String) {
    flow.draft.update(|draft| {
        draft.to = address.clone();
        draft.reachable = None;
    });
    if format::looks_like_address(&address) {
        ask_keys(flow, address);
    }
}

pub fn whom(flow: Flow) -> AnyView {
    let chosen = RwSignal::new(flow.draft.with_untracked(|d| d.to.clone()));
    let typed = RwSignal::new(String::new());
    let name = RwSignal::new(String::new());
    let session = session();
    Effect::new(move |before: Option<String>| {
        let address = chosen.get();
        if before.as_ref() != Some(&address) && (before.is_some() || !address.is_empty()) {
            choose_recipient(flow, address.clone());
        }
        address
    });
    let save = move || {
        let contact = SaveContact {
            address: typed.get_untracked().trim().to_owned(),
            name: name.get_untracked().trim().to_owned(),
            organisation: String::new(),
        };
        spawn_local(async move {
            match session.ask(&contact).await {
                Ok(view) => {
                    flow.contacts.set(Loaded::Ready(view));
                    chosen.set(contact.address);
                    typed.set(String::new());
                }
                Err(failure) => session.say(words::failure(&failure)),
            }
        });
    };
    let unsaved = move || {
        !format::looks_like_address(typed.get().trim()) || name.with(|n| n.trim().is_empty())
    };
    let contacts = shown(flow.contacts, move |view| {
        let mine = session.address().to_lowercase();
        let options: Vec<_> = view
            .contacts
            .into_iter()
            .filter(|c| c.address.to_lowercase() != mine)
            .map(|contact| contact_option(&contact, chosen))
            .collect();
        if options.is_empty() {
            return view! { <p class="sub">{t("share.no_contacts")}</p> }.into_any();
        }
        view! { <div class="stack-s" role="radiogroup" aria-label=t("share.whom")>{options}</div> }
            .into_any()
    });
    view! {
        {contacts}
        {move || flow.draft.with(|d| (!d.to.is_empty()).then_some(d.reachable)).map(|reachable| match reachable {
            None => view! { <p class="sub row" role="status">{icon(Icon::Clock)}{t("share.asking_keys")}</p> }.into_any(),
            Some(true) => view! { <p class="mark ok" role="status">{icon(Icon::ShieldCheck)}{t("share.has_keys")}</p> }.into_any(),
            Some(false) => view! { <p class="card warn" role="alert">{t("share.no_keys")}</p> }.into_any(),
        })}
        <details class="card proof">
            <summary>{t("share.somebody_else")}{icon(Icon::ChevronRight)}</summary>
            <div class="stack">
                <p class="sub">{t("share.address_how")}</p>
                <div class="field">
                    <label for="recipient-name">{t("share.name")}</label>
                    <input class="input" id="recipient-name" autocomplete="off" prop:value=name
                        on:input=move |event| name.set(event_target_value(&event))/>
                </div>
                <div class="field">
                    <label for="recipient-address">{t("share.address")}</label>
                    <input class="input mono" id="recipient-address" autocomplete="off" spellcheck="false" prop:value=typed
                        on:input=move |event| typed.set(event_target_value(&event))/>
                </div>
                <button type="button" class="btn quiet compact" disabled=unsaved on:click=move |_| save()>{icon(Icon::BookUser)}{t("share.save_contact")}</button>
            </div>
        </details>
    }
    .into_any()
}

fn contact_option(contact: &ContactView, chosen: RwSignal<String>) -> AnyView {
    let organisation = if contact.organisation.is_empty() {
        format::short_hex(&contact.address)
    } else {
        contact.organisation.clone()
    };
    let content = view! {
        <span class="row">
            {avatar(&contact.name)}
            <span class="grow stack-xs"><span class="strong">{contact.name.clone()}</span><span class="sub">{organisation}</span></span>
        </span>
    };
    option(
        "recipient",
        &contact.address,
        chosen,
        content.into_any(),
        false,
    )
}

/// What is shared and with whom, in one line.
fn so_far(flow: Flow) -> AnyView {
    view! { {move || view! { <p class="sub">{tr("share.so_far", &[("title", &record_name(flow)), ("who", &recipient_name(flow))])}</p> }} }.into_any()
}

pub fn record_name(flow: Flow) -> String {
    let study = flow.draft.with(|d| d.study.clone());
    flow.records
        .with(|records| match records {
            Loaded::Ready(view) => view
                .records
                .iter()
                .find(|r| r.id == study)
                .map(records::full_title),
            _ => None,
        })
        .unwrap_or_else(|| t("film.untitled").to_owned())
}

pub fn recipient_name(flow: Flow) -> String {
    let to = flow.draft.with(|d| d.to.clone());
    flow.contacts
        .with(|contacts| match contacts {
            Loaded::Ready(view) => view
                .contacts
                .iter()
                .find(|c| c.address.eq_ignore_ascii_case(&to))
                .map(|c| c.name.clone()),
            _ => None,
        })
        .unwrap_or_else(|| format::short_hex(&to))
}

pub fn why(flow: Flow) -> AnyView {
    let chosen = RwSignal::new(flow.draft.with_untracked(|d| {
        d.template
            .as_ref()
            .map_or_else(|| "treatment".into(), |t| t.name.clone())
    }));
    let templates = shown(flow.templates, move |view| {
        let list: Vec<TemplateView> = view
            .templates
            .into_iter()
            .filter(|t| !t.contribution)
            .collect();
        let all = StoredValue::new(list.clone());
        Effect::new(move |_| {
            let name = chosen.get();
            if let Some(template) =
                all.with_value(|all| all.iter().find(|t| t.name == name).cloned())
            {
                flow.draft.update(|d| {
                    if d.template.as_ref() != Some(&template) {
                        d.choose_template(template);
                    }
                });
            }
        });
        let options: Vec<_> = list
            .iter()
            .map(|template| template_option(template, chosen))
            .collect();
        view! { <div class="stack-s" role="radiogroup" aria-label=t("share.why")>{options}</div> }
            .into_any()
    });
    view! {
        {so_far(flow)}
        {templates}
        {until(flow)}
        {approvers(flow)}
        {super::allowed::allowed(flow)}
        {mode(flow)}
    }
    .into_any()
}

fn template_option(template: &TemplateView, chosen: RwSignal<String>) -> AnyView {
    let mut limits = vec![tr(
        "share.up_to",
        &[("span", &time::length(template.max_window_s))],
    )];
    if template.min_approvals > 0 {
        limits.push(tn(
            "share.needs_approvals",
            u64::from(template.min_approvals),
            &[],
        ));
    }
    if template.glass_window_s > 0 {
        limits.push(tr(
            "share.glass",
            &[("span", &time::length(template.glass_window_s))],
        ));
    }
    let meaning = words::template_meaning(&template.name);
    let content = view! {
        <span class="stack-xs">
            <span class="strong">{words::template(&template.name)}</span>
            <span class="sub">{meaning}</span>
            <span class="sub">{limits.join(" · ")}</span>
        </span>
    };
    option(
        "template",
        &template.name,
        chosen,
        content.into_any(),
        usual_purpose(template).is_empty(),
    )
}

fn until(flow: Flow) -> AnyView {
    let most = Memo::new(move |_| flow.draft.with(Draft::most_days));
    let chosen = RwSignal::new(match flow.draft.with_untracked(|d| d.days) {
        days @ (3 | 7) => days.to_string(),
        _ => "other".into(),
    });
    Effect::new(move |_| {
        if let Ok(days) = chosen.get().parse::<u32>() {
            flow.draft.update(|d| d.choose_days(days));
        }
    });
    let segment = move |value: &'static str, label: String| {
        option("until", value, chosen, view! { {label} }.into_any(), false)
    };
    view! {
        <section class="section">
            <h2>{t("share.until")}</h2>
            <div class="segments" role="radiogroup" aria-label=t("share.until")>
                {segment("3", tn("time.days", 3, &[]))}
                {segment("7", t("share.one_week").to_owned())}
                {segment("other", t("share.other").to_owned())}
            </div>
            {move || (chosen.get() == "other").then(|| view! {
                <div class="field">
                    <label for="days">{t("share.days")}</label>
                    <input class="input" id="days" type="number" min="1" max=move || most.get().to_string() inputmode="numeric"
                        prop:value=move || flow.draft.with(|d| d.days.to_string())
                        on:input=move |event| flow.draft.update(|d| d.days = event_target_value(&event).parse().unwrap_or(0))/>
                    <span class="hint">{move || tn("share.at_most", u64::from(most.get()), &[])}</span>
                </div>
            })}
        </section>
    }
    .into_any()
}

fn approvers(flow: Flow) -> AnyView {
    let count = Memo::new(move |_| flow.draft.with(|d| d.approvers.len()));
    view! {
        {move || (count.get() > 0).then(|| view! {
            <section class="section">
                <h2>{t("share.approvers")}</h2>
                <p class="sub">{t("share.approvers_text")}</p>
                {(0..count.get()).map(|i| {
                    let id = format!("approver-{i}");
                    view! {
                        <div class="field">
                            <label for=id.clone()>{tr("share.approver", &[("n", &(i + 1).to_string())])}</label>
                            <input class="input mono" id=id autocomplete="off" spellcheck="false"
                                prop:value=move || flow.draft.with(|d| d.approvers.get(i).cloned().unwrap_or_default())
                                on:input=move |event| flow.draft.update(|d| if let Some(a) = d.approvers.get_mut(i) {
                                    *a = event_target_value(&event).trim().to_owned();
                                })/>
                        </div>
                    }
                }).collect::<Vec<_>>()}
            </section>
        })}
    }
    .into_any()
}

fn mode(flow: Flow) -> AnyView {
    let chosen = RwSignal::new(
        if flow.draft.with_untracked(|d| d.sealed) {
            "sealed"
        } else {
            "live"
        }
        .to_owned(),
    );
    Effect::new(move |_| flow.draft.update(|d| d.sealed = chosen.get() == "sealed"));
    let allowed = Memo::new(move |_| {
        flow.draft
            .with(|d| d.template.as_ref().is_some_and(|t| t.sealed_allowed))
    });
    Effect::new(move |_| {
        if !allowed.get() {
            chosen.set("live".into());
        }
    });
    let content = |title: &'static str, text: &'static str| {
        view! { <span class="stack-xs"><span class="strong">{title}</span><span class="sub">{text}</span></span> }.into_any()
    };
    view! {
        {move || allowed.get().then(|| view! {
            <section class="section">
                <h2>{t("share.how")}</h2>
                <div class="stack-s" role="radiogroup" aria-label=t("share.how")>
                    {option("mode", "live", chosen, content(t("mode.live"), t("mode.live_text")), false)}
                    {option("mode", "sealed", chosen, content(t("mode.sealed"), t("mode.sealed_text")), false)}
                </div>
            </section>
        })}
    }
    .into_any()
}

pub fn meaning(flow: Flow) -> AnyView {
    let line = |sign, words: String| view! { <li class="row top-aligned"><span class="tile">{icon(sign)}</span><span class="grow">{words}</span></li> };
    view! {
        {move || {
            let draft = flow.draft.get();
            let who = recipient_name(flow);
            let until = time::moment(&time::iso(time::now_ms() + f64::from(draft.days) * time::DAY_MS));
            // Who pays, where it is not I alone.
            let fee = flow.sponsors.with(|sponsors| match sponsors {
                Loaded::Ready(view) if view.sponsors.is_empty() => None,
                Loaded::Ready(view) if view.always => Some(t("meaning.fee_always")),
                Loaded::Ready(_) => Some(t("meaning.fee_if_short")),
                _ => None,
            });
            let approvals = draft.approvers.len() as u64;
            let emergency = draft.template.as_ref().is_some_and(|t| t.glass_window_s > 0);
            view! {
                <div class="card">
                    <ul class="stack">
                        {line(Icon::Eye, tr("meaning.may_open", &[("who", &who), ("title", &record_name(flow)), ("time", &until)]))}
                        {emergency.then(|| line(Icon::Alert, t("meaning.emergency").to_owned()))}
                        {line(Icon::Layers, words::actions(&draft.actions))}
                        {draft.onward.then(|| line(Icon::UserPlus, t("meaning.onward").to_owned()))}
                        {line(Icon::Heart, tr("meaning.purpose", &[("purpose", &words::purpose(&draft.purpose))]))}
                        {(approvals > 0).then(|| line(Icon::Users, tn("meaning.approvals", approvals, &[])))}
                        {line(Icon::FileText, if draft.sealed { t("meaning.sealed") } else { t("meaning.live") }.to_owned())}
                        {fee.map(|words| line(Icon::Wallet, words.to_owned()))}
                        {line(Icon::Ban, t("meaning.revoke").to_owned())}
                    </ul>
                </div>
                <div class="card tinted row top-aligned"><span class="accent">{icon(Icon::Info)}</span><p class="grow">{t("meaning.chain")}</p></div>
            }
        }}
    }
    .into_any()
}
