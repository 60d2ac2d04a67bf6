//! What has been chosen so far, beside the steps where there is room.

use leptos::prelude::*;

use super::new::Flow;
use super::new_steps::{recipient_name, record_names};
use crate::components::{skeleton, thumbnail};
use crate::i18n::{t, tn, words};
use crate::session::Loaded;

pub fn summary(flow: Flow) -> AnyView {
    let line = |name: &'static str, value: Option<String>| {
        view! { <div class="stack-xs"><dt class="sub">{name}</dt><dd class="strong">{value.unwrap_or_else(|| "–".into())}</dd></div> }
    };
    let facts = move || {
        let draft = flow.draft.get();
        let reached = |step: usize| flow.step.get() >= step;
        let what = (!draft.studies.is_empty()).then(|| record_names(flow));
        let whom = (!draft.to.is_empty()).then(|| recipient_name(flow));
        let why = (reached(2) && !draft.purpose.is_empty()).then(|| words::purpose(&draft.purpose));
        let long =
            (reached(2) && draft.days > 0).then(|| tn("time.days", u64::from(draft.days), &[]));
        view! {
            <dl class="stack-s">
                {line(t("shared.examination"), what)}
                {line(t("proof.recipient"), whom)}
                {line(t("shared.for"), why)}
                {line(t("share.length"), long)}
            </dl>
        }
    };
    let known = move || flow.records.with(|r| !matches!(r, Loaded::Waiting));
    let study = Memo::new(move |_| flow.draft.with(|d| d.studies.first().cloned()));
    view! {
        <aside class="card stack desk-aside" aria-label=t("share.summary")>
            <h2>{t("share.summary")}</h2>
            {move || study.get().map(|id| thumbnail("preview", &id, 0))}
            {move || if known() { facts().into_any() } else { skeleton(1) }}
        </aside>
    }
    .into_any()
}
