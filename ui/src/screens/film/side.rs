//! The series of the film, with a picture of each.

use dhc_ipc::{FilmSeries, FilmView};
use leptos::prelude::*;

use super::state::Viewer;
use crate::components::{Icon, fact, how_do_we_know, icon, mark, thumbnail};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};

fn name(series: &FilmSeries) -> String {
    if series.description.is_empty() {
        words::modality(&series.modality)
    } else {
        series.description.clone()
    }
}

/// What the film is called: its date stands over it.
pub fn title(film: &FilmView) -> String {
    let mut modalities: Vec<String> = film.series.iter().map(|s| s.modality.clone()).collect();
    modalities.sort();
    modalities.dedup();
    words::film_title(&film.title, None, &modalities, "")
}

/// At a desk: the patient, the time left, and the series.
pub fn panel(viewer: Viewer) -> AnyView {
    let film = viewer.film.get_value();
    let about = [
        film.sex.clone(),
        film.birth_date.chars().take(4).collect(),
        title(&film),
    ]
    .into_iter()
    .filter(|part: &String| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" · ");
    let until = film.not_after.as_deref().map(|until| {
        view! { <p><span class="chip ok">{icon(Icon::Clock)}{tr("film.until", &[("time", &time::moment(until))])}</span></p> }
    });
    let proof = film.accessed.as_ref().map(|opening| {
        let facts = vec![
            fact(t("proof.tx"), &opening.tx),
            fact(t("proof.height"), format::grouped(opening.height)),
        ];
        how_do_we_know(t("film.opening_proof"), &film.standing, facts)
    });
    let patient = format::person(&film.patient);
    let rows: Vec<_> = film
        .series
        .iter()
        .enumerate()
        .map(|(i, series)| {
            let i = i as u32;
            view! {
                <button aria-pressed=move || (viewer.series.get() == i).to_string() on:click=move |_| viewer.choose_series(i)>
                    {thumbnail("thumb", &film.id, i)}
                    <span class="grow stack-xs"><span class="strong">{name(series)}</span><span class="sub">{tn("film.images", u64::from(series.frames), &[])}</span></span>
                </button>
            }
        })
        .collect();
    view! {
        <aside class="v-side" aria-label=t("film.series_heading")>
            <div class="v-patient stack-s">
                <div class="stack-xs">
                    {move || viewer.banner.get().then(|| view! { <p class="lead strong">{patient.clone()}</p> })}
                    <p class="sub">{about}</p>
                </div>
                {until}
                {mark(&film.standing)}
                {proof}
            </div>
            <div class="v-scroll stack-s">
                <h2>{t("film.series_heading")}</h2>
                <div class="v-series">{rows}</div>
            </div>
        </aside>
    }
    .into_any()
}

/// On a phone: a strip of pictures, where there is more than one series.
pub fn strip(viewer: Viewer) -> AnyView {
    let film = viewer.film.get_value();
    if film.series.len() < 2 {
        return ().into_any();
    }
    let items: Vec<_> = film
        .series
        .iter()
        .enumerate()
        .map(|(i, series)| {
            let i = i as u32;
            view! {
                <button aria-label=name(series) aria-pressed=move || (viewer.series.get() == i).to_string()
                    on:click=move |_| viewer.choose_series(i)>{thumbnail("thumb", &film.id, i)}</button>
            }
        })
        .collect();
    view! { <div class="v-strip" role="group" aria-label=t("film.series_heading")>{items}</div> }
        .into_any()
}
