//! Loading, empty, failed: designed states, the same on every screen.

use dhc_ipc::{Cancel, Code, Failure, Stage};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{Icon, icon};
use crate::format;
use crate::i18n::{t, tn, tr, words};
use crate::session::{Loaded, Progress, session};

/// Draws a value that is read from the core, in whichever state it is.
pub fn shown<T: Clone + Send + Sync + 'static>(
    value: RwSignal<Loaded<T>>,
    draw: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    view! {
        {move || match value.get() {
            Loaded::Waiting => skeleton(2),
            Loaded::Failed(failure) => failed(&failure),
            Loaded::Ready(value) => draw(value),
        }}
    }
    .into_any()
}

/// Where cards will stand.
pub fn skeleton(cards: usize) -> AnyView {
    let cards: Vec<_> = (0..cards)
        .map(|_| view! { <div class="skeleton"></div> })
        .collect();
    view! { <div class="stack" role="status" aria-label=t("state.loading")>{cards}</div> }
        .into_any()
}

/// Nothing there yet, what that means, and what to do about it.
pub fn empty(
    sign: Icon,
    title: &'static str,
    text: &'static str,
    action: Option<AnyView>,
) -> AnyView {
    view! {
        <div class="card empty">
            <span class="tile">{icon(sign)}</span>
            <p class="strong lead">{title}</p>
            <p>{text}</p>
            {action}
        </div>
    }
    .into_any()
}

const fn is_network(code: Code) -> bool {
    matches!(
        code,
        Code::NetworkUnreachable | Code::OwnerOffline | Code::ContentUnavailable
    )
}

/// Something could not be read: said by its code, with another try.
pub fn failed(failure: &Failure) -> AnyView {
    let session = session();
    let sign = if is_network(failure.code) {
        Icon::WifiOff
    } else {
        Icon::Alert
    };
    view! {
        <div class="card empty" role="alert">
            <span class="tile waiting">{icon(sign)}</span>
            <p class="strong lead">{if is_network(failure.code) { t("state.offline") } else { t("state.failed") }}</p>
            <p>{words::failure(failure)}</p>
            <button class="btn quiet compact" on:click=move |_| { session.refresh(); session.changed(); }>
                {icon(Icon::Refresh)}{t("action.try_again")}
            </button>
        </div>
    }
    .into_any()
}

/// A failure beside what it belongs to.
pub fn notice(problem: RwSignal<Option<Failure>>) -> AnyView {
    view! {
        {move || problem.get().map(|failure| view! {
            <div class="card danger row" role="alert">
                <span class="bad-text">{icon(Icon::Alert)}</span>
                <span class="grow">{words::failure(&failure)}</span>
            </div>
        })}
    }
    .into_any()
}

fn amounts(progress: Progress) -> String {
    match (progress.in_bytes(), progress.total) {
        (true, 0) => format::bytes(progress.done),
        (true, total) => tr(
            "progress.of",
            &[
                ("done", &format::bytes(progress.done)),
                ("total", &format::bytes(total)),
            ],
        ),
        (false, 0) => String::new(),
        (false, total) => tn(
            "progress.steps",
            total,
            &[("done", &format::grouped(progress.done))],
        ),
    }
}

/// The progress of a piece of work, with amounts and a way out of it. `before`: the stage to
/// name until the core tells the first.
pub fn progress(job: RwSignal<Option<String>>, before: Stage) -> AnyView {
    let session = session();
    let cancel = move |_| {
        let Some(job) = job.get_untracked() else {
            return;
        };
        spawn_local(async move {
            // If it cannot be cancelled any more, it ends by itself.
            let _ = session.ask(&Cancel { job }).await;
        });
    };
    view! {
        {move || job.get().map(|name| {
            let now = move || session.jobs.with(|jobs| jobs.get(&name).copied());
            let now = Memo::new(move |_| now());
            let stage = move || words::stage(now.get().map_or(before, |p| p.stage));
            view! {
                <div class="card stack-s" role="status">
                    <div class="row between">
                        <span class="strong">{stage}</span>
                        <span class="sub">{move || now.get().map(amounts)}</span>
                    </div>
                    {move || match now.get() {
                        Some(p) if p.total > 0 => view! {
                            <progress class="meter" max="1000" aria-label=stage
                                value=((p.done.min(p.total) as f64 / p.total as f64) * 1000.0) as u32></progress>
                        }.into_any(),
                        _ => view! { <progress class="meter" aria-label=stage></progress> }.into_any(),
                    }}
                    <button class="btn quiet compact" on:click=cancel>{t("action.cancel")}</button>
                </div>
            }
        })}
    }
    .into_any()
}
