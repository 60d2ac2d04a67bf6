//! `/films/:id`: a record of mine or a film shared with me, opened and read.

mod actions;
mod cuts;
mod keys;
mod measured;
mod overlay;
mod pointer;
mod side;
mod stage;
mod state;
mod tools;

use dhc_ipc::{Failure, FilmView, OpenFilm, Stage};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, icon, progress, switcher};
use crate::i18n::{t, words};
use crate::session::{Loaded, session};

pub fn film_screen() -> AnyView {
    let session = session();
    let id = use_params_map()
        .with_untracked(|p| p.get("id"))
        .unwrap_or_default();
    let film = RwSignal::new(Loaded::<FilmView>::Waiting);
    let job = RwSignal::new(None::<String>);
    let open = move || {
        let name = session.new_job();
        let request = OpenFilm { id: id.clone() };
        film.set(Loaded::Waiting);
        job.set(Some(name.clone()));
        spawn_local(async move {
            let answer = session.work(Some(&name), &request).await;
            // The screen may be gone by now.
            let _ = job.try_set(None);
            let _ = film.try_set(match answer {
                Ok(view) => Loaded::Ready(view),
                Err(failure) => Loaded::Failed(failure),
            });
        });
    };
    open();
    let open = StoredValue::new(open);
    view! {
        {move || match film.get() {
            Loaded::Ready(view) if view.series.is_empty() => waiting(no_images()),
            Loaded::Ready(view) => stage::viewer(view),
            Loaded::Failed(failure) => waiting(refused(&failure, move || open.with_value(|open| open()))),
            Loaded::Waiting => waiting(opening(job)),
        }}
    }
    .into_any()
}

/// The viewer before there is a film in it.
fn waiting(content: AnyView) -> AnyView {
    view! {
        <div class="viewer" data-theme="dark">
            <header class="v-top">
                <a class="tool" href="/records" aria-label=t("action.back")>{icon(Icon::ChevronLeft)}</a>
                {switcher()}
            </header>
            <main class="v-stage" id="content">
                <h1 class="sr">{t("film.opening")}</h1>
                <div class="v-loading">{content}</div>
            </main>
        </div>
    }
    .into_any()
}

fn opening(job: RwSignal<Option<String>>) -> AnyView {
    view! {
        <div class="stack">
            <p class="sub">{t("film.opening_text")}</p>
            {progress(job, Stage::Reading)}
        </div>
    }
    .into_any()
}

fn no_images() -> AnyView {
    view! { <div class="card empty"><span class="tile">{icon(Icon::Image)}</span><p class="strong lead">{t("film.no_images")}</p></div> }.into_any()
}

fn refused(failure: &Failure, again: impl Fn() + 'static) -> AnyView {
    view! {
        <div class="card empty" role="alert">
            <span class="tile waiting">{icon(Icon::Lock)}</span>
            <p class="strong lead">{t("film.not_opened")}</p>
            <p>{words::failure(failure)}</p>
            <div class="actions">
                <button class="btn compact" on:click=move |_| again()>{icon(Icon::Refresh)}{t("action.try_again")}</button>
                <a class="btn quiet compact" href="/shared-with-me">{t("nav.shared_with_me")}</a>
            </div>
        </div>
    }
    .into_any()
}
