//! `/shared-with-me`: the doctor's worklist.

use dhc_ipc::{GrantStateView, GrantView, Grants, GrantsView};
use leptos::prelude::*;

use super::sharing::{is_running, state_chip};
use crate::components::{Icon, empty, fact, heading, how_do_we_know, icon, mark, shown, thumbnail};
use crate::format;
use crate::i18n::{t, time, tn, words};
use crate::session::session;

pub fn shared_screen() -> AnyView {
    let session = session();
    let grants = session.read(|| Grants {
        direction: Some("received".into()),
    });
    let ended = RwSignal::new(false);
    view! {
        <main class="main wide" id="content">
            {heading(t("nav.shared_with_me"))}
            {shown(grants, move |view| draw(view, ended))}
        </main>
    }
    .into_any()
}

fn draw(view: GrantsView, ended: RwSignal<bool>) -> AnyView {
    let (open, over): (Vec<_>, Vec<_>) = view.grants.into_iter().partition(is_running);
    let standing = open
        .iter()
        .chain(&over)
        .map(|g| g.standing)
        .find(|s| !matches!(s, dhc_ipc::Standing::Proven { .. }))
        .or_else(|| open.iter().chain(&over).map(|g| g.standing).next());
    let counts = (open.len() as u64, over.len() as u64);
    let lists = StoredValue::new((open, over));
    let tab = move |over: bool, label: String| {
        view! {
            <button class="tab" aria-pressed=move || (ended.get() == over).to_string() on:click=move |_| ended.set(over)>{label}</button>
        }
    };
    view! {
        <div class="row between wrap">
            <div class="tabs" role="group" aria-label=t("nav.shared_with_me")>
                {tab(false, format!("{} {}", t("shared.to_read"), format::grouped(counts.0)))}
                {tab(true, format!("{} {}", t("shared.ended"), format::grouped(counts.1)))}
            </div>
            {standing.map(|s| mark(&s))}
        </div>
        {(!view.complete).then(|| view! {
            <div class="card warn row"><span class="waiting-text">{icon(Icon::ShieldAlert)}</span><span class="grow">{t("given.incomplete")}</span></div>
        })}
        {move || {
            let list = lists.with_value(|(open, over)| if ended.get() { over.clone() } else { open.clone() });
            if list.is_empty() {
                return empty(Icon::Inbox, t("shared.empty_title"), t("shared.empty_text"), None);
            }
            let facts: Vec<_> = list.iter().map(|g| fact(t("proof.grant"), &g.grant)).collect();
            let proof = how_do_we_know(t("shared.proof"), &list[0].standing, facts);
            view! {
                <div class="card flush worklist">
                    <div class="head" aria-hidden="true">
                        <span></span><span>{t("shared.examination")}</span><span>{t("shared.patient")}</span>
                        <span>{t("shared.for")}</span><span>{t("shared.until")}</span><span></span>
                    </div>
                    {list.into_iter().map(item).collect::<Vec<_>>()}
                </div>
                {proof}
            }.into_any()
        }}
    }
    .into_any()
}

fn item(grant: GrantView) -> AnyView {
    let active = grant.state == GrantStateView::Active;
    let mut about = Vec::new();
    about.extend(
        grant
            .date
            .as_deref()
            .filter(|d| !d.is_empty())
            .map(time::date),
    );
    about.extend(grant.images.map(|n| tn("film.images", u64::from(n), &[])));
    let picture = if active {
        thumbnail("thumb", &grant.grant, 0)
    } else {
        view! { <span class="thumb locked">{icon(Icon::Lock)}</span> }.into_any()
    };
    let end = if active {
        view! { <a class="btn compact" href=format!("/films/{}", grant.grant)>{icon(Icon::Play)}{t("film.open")}</a> }.into_any()
    } else {
        state_chip(&grant)
    };
    let title = grant.title.as_deref().unwrap_or_default();
    let title = words::film_title(title, None, &grant.modalities, "");
    let soon = time::ends_soon(&grant.not_after);
    view! {
        <div class="item">
            {picture}
            <div class="stack-xs"><p class="strong">{title}</p><span class="sub">{about.join(" · ")}</span></div>
            <div><span class="sub phone-label">{t("shared.patient")}" "</span>{grant.from_name.clone().unwrap_or_else(|| format::short_hex(&grant.from))}</div>
            <div><span class="sub phone-label">{t("shared.for")}" "</span>{words::purpose_noun(&grant.purpose)}</div>
            <div>
                <span class="sub phone-label">{t("shared.until")}" "</span>{time::day(&grant.not_after)}
                {active.then(|| view! { <div class=if soon { "small waiting-text" } else { "sub" }>{time::left(&grant.not_after)}</div> })}
            </div>
            {end}
        </div>
    }
    .into_any()
}
