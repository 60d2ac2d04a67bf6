//! `/`: what is new, what happened with my records, what to do next.

use dhc_ipc::{Failure, Home, HomeView, News, PublishIdentity};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::names::Names;
use super::people::payer;
use crate::components::{Icon, busy_button, heading, icon, mark, notice, shown, skeleton};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::session::session;

/// The greeting of an hour of the day.
fn greeting(hour: u32) -> &'static str {
    match hour {
        5..=11 => t("home.morning"),
        12..=17 => t("home.afternoon"),
        _ => t("home.evening"),
    }
}

pub fn home_screen() -> AnyView {
    let session = session();
    let home = session.read(|| Home {});
    let names = Names::of_everything(session);
    view! {
        <main class="main wide" id="content">
            {move || if names.is_waiting() {
                skeleton(2)
            } else {
                shown(home, move |home| draw(home, names))
            }}
        </main>
    }
    .into_any()
}

fn draw(home: HomeView, names: Names) -> AnyView {
    let session = session();
    let hour = js_sys::Date::new_0().get_hours();
    let (arrived, happened): (Vec<_>, Vec<_>) = home
        .news
        .iter()
        .cloned()
        .partition(|news| matches!(news, News::Record { .. } | News::Received { .. }));
    // The demo's wallets are nobody's to lose.
    let unconfirmed = !session.is_demo() && session.current().is_some_and(|p| p.words_unconfirmed);
    let new_here = arrived.is_empty() && happened.is_empty();
    let rows = |list: Vec<News>, most: usize| {
        let rows: Vec<_> = list
            .into_iter()
            .take(most)
            .map(|news| row(news, names))
            .collect();
        view! { <div class="card flush rows">{rows}</div> }
    };
    view! {
        {heading(tr("home.greeting", &[("greeting", greeting(hour)), ("name", &home.name)]))}
        <div class="columns">
            <div class="stack">
                {(!home.identity_published).then(publish_card)}
                {unconfirmed.then(|| view! {
                    <a class="card warn row row-link" href="/settings">
                        <span class="waiting-text">{icon(Icon::Key)}</span>
                        <span class="grow">{t("home.words_unchecked")}</span>{icon(Icon::ChevronRight)}
                    </a>
                })}
                {new_here.then(|| view! {
                    <div class="card tinted stack-s">
                        <p class="strong lead">{t("home.nothing_title")}</p>
                        <p class="sub">{t("home.nothing_text")}</p>
                    </div>
                })}
                {(!arrived.is_empty()).then(|| rows(arrived, 3))}
                {(!happened.is_empty()).then(|| view! {
                    <section class="section">
                        <h2>{t("home.happened")}</h2>
                        {rows(happened, 6)}
                    </section>
                })}
            </div>
            <div class="stack">
                <section class="section first">
                    <h2>{t("home.next")}</h2>
                    {next_steps(&home)}
                </section>
                <p class="row wrap">{mark(&home.standing)}</p>
            </div>
        </div>
    }
    .into_any()
}

fn next_steps(home: &HomeView) -> AnyView {
    let tile = |to, sign, title: &'static str, text: String| {
        view! {
            <a class="card" href=to>{icon(sign)}<span class="grow stack-xs"><span class="strong">{title}</span><span class="sub">{text}</span></span></a>
        }
    };
    let earn = if format::is_zero(&home.claimable) {
        t("home.earn_text").to_owned()
    } else {
        tr(
            "home.earn_due",
            &[("amount", &format::dhl(&home.claimable))],
        )
    };
    view! {
        <div class="tiles">
            {(home.grants_received > 0).then(|| tile("/shared-with-me", Icon::Inbox, t("nav.shared_with_me"),
                tn("home.films_shared", u64::from(home.grants_received), &[])))}
            {tile("/records?import=1", Icon::Upload, t("records.import"), t("home.import_text").into())}
            {tile("/sharing/new", Icon::UserCheck, t("sharing.share"), t("home.share_text").into())}
            {tile("/earn", Icon::Sprout, t("nav.earn"), earn)}
        </div>
    }
    .into_any()
}

fn publish_card() -> AnyView {
    let session = session();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let publish = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match session.ask(&PublishIdentity {}).await {
                Ok(identity) => {
                    let paid = payer(session, identity.sponsored_by.as_deref()).await;
                    session.say(format!("{} {paid}", t("home.published")));
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
            session.changed();
        });
    };
    view! {
        <div class="card stack-s">
            <div class="row top-aligned">
                <span class="tile">{icon(Icon::Key)}</span>
                <div class="grow stack-xs"><span class="strong">{t("home.publish_title")}</span><span class="sub">{t("home.publish_text")}</span></div>
            </div>
            {notice(problem)}
            {busy_button("btn compact", None, t("home.publish"), move || busy.get(), || false, publish)}
        </div>
    }
    .into_any()
}

/// "first time", "second time", "7 times so far".
fn nth_time(nth: u32) -> String {
    match nth {
        2 => t("home.second_time").to_owned(),
        n => tn("home.nth_time", u64::from(n), &[]),
    }
}

/// Whom a name or, failing that, an address stands for.
fn person(name: Option<String>, address: &str) -> String {
    name.unwrap_or_else(|| format::short_hex(address))
}

fn row(news: News, names: Names) -> AnyView {
    let line = |to: String, sign, class, title: String, text: String, seal: Option<AnyView>| {
        view! {
            <a class="row-link" href=to>
                <span class=class>{icon(sign)}</span>
                <span class="grow stack-xs"><span class="strong">{title}</span><span class="sub">{text}</span>{seal}</span>
                {icon(Icon::ChevronRight)}
            </a>
        }
        .into_any()
    };
    match news {
        News::Record {
            id,
            title,
            source,
            images,
            time,
            sealed,
        } => {
            let title = tr("home.record_here", &[("title", &names.record(&id, &title))]);
            let mut parts: Vec<String> = source.into_iter().collect();
            parts.push(tn("film.images", u64::from(images), &[]));
            parts.push(time::when(&time));
            let seal = sealed.then(|| {
                view! { <span class="row"><span class="chip ok">{icon(Icon::BadgeCheck)}{t("home.sealed")}</span></span> }.into_any()
            });
            line(
                format!("/records/{id}"),
                Icon::ScanLine,
                "tile",
                title,
                parts.join(" · "),
                seal,
            )
        }
        News::Opening {
            by,
            by_name,
            record,
            title,
            purpose,
            nth,
            time,
            ..
        } => {
            let title = tr(
                "home.opened",
                &[
                    ("who", &person(by_name, &by)),
                    ("title", &names.record(&record, &title)),
                ],
            );
            let text = format!(
                "{} · {} · {}",
                time::when(&time),
                words::purpose(&purpose),
                nth_time(nth),
            );
            line(
                "/sharing?tab=log".into(),
                Icon::Eye,
                "tile",
                title,
                text,
                None,
            )
        }
        News::Ending {
            grant,
            to,
            to_name,
            title,
            not_after,
        } => {
            let text = format!("{} · {}", person(to_name, &to), names.grant(&grant, &title));
            let title = tr("home.ends_in", &[("left", &time::left(&not_after))]);
            line(
                "/sharing".into(),
                Icon::Clock,
                "tile waiting",
                title,
                text,
                None,
            )
        }
        News::Received {
            from,
            from_name,
            title,
            not_after,
            grant,
        } => {
            let film = names.grant(&grant, title.as_deref().unwrap_or_default());
            let title = tr(
                "home.received",
                &[("who", &person(from_name, &from)), ("title", &film)],
            );
            let text = tr("home.until", &[("time", &time::moment(&not_after))]);
            line(
                format!("/shared-with-me?grant={grant}"),
                Icon::Inbox,
                "tile",
                title,
                text,
                None,
            )
        }
        News::Reward { amount } => line(
            "/earn".into(),
            Icon::Sprout,
            "tile",
            tr("home.reward", &[("amount", &format::dhl(&amount))]),
            t("home.reward_text").into(),
            None,
        ),
    }
}
