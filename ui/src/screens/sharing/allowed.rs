//! What the recipient may do beyond looking, as far as the template allows it.

use leptos::prelude::*;

use super::new::Flow;
use crate::i18n::{t, words};

pub fn allowed(flow: Flow) -> AnyView {
    let offered = Memo::new(move |_| {
        flow.draft.with(|d| {
            let template = d.template.as_ref();
            let beyond = |a: &&String| a.as_str() != "view";
            let actions: Vec<String> = template
                .map(|t| t.actions.iter().filter(beyond).cloned().collect())
                .unwrap_or_default();
            (actions, template.is_some_and(|t| t.onward))
        })
    });
    view! {
        {move || {
            let (actions, onward) = offered.get();
            if actions.is_empty() && !onward {
                return None;
            }
            let boxes: Vec<_> = actions.into_iter().map(|action| choice(flow, action)).collect();
            Some(view! {
                <section class="section">
                    <h2>{t("allow.title")}</h2>
                    <div class="stack-s" role="group" aria-label=t("allow.title")>
                        <label class="option disabled"><input type="checkbox" checked disabled/><span class="grow">{t("allow.always_look")}</span></label>
                        {boxes}
                        {onward.then(|| view! {
                            <label class="option">
                                <input type="checkbox" prop:checked=move || flow.draft.with(|d| d.onward)
                                    on:change=move |event| flow.draft.update(|d| d.onward = event_target_checked(&event))/>
                                <span class="grow stack-xs"><span class="strong">{t("allow.onward")}</span><span class="sub">{t("allow.onward_text")}</span></span>
                            </label>
                        })}
                    </div>
                </section>
            })
        }}
    }
    .into_any()
}

fn choice(flow: Flow, action: String) -> AnyView {
    let name = words::action(&action);
    let shown = action.clone();
    view! {
        <label class="option">
            <input type="checkbox" prop:checked=move || flow.draft.with(|d| d.actions.contains(&shown))
                on:change=move |event| flow.draft.update(|d| d.allow(&action, event_target_checked(&event)))/>
            <span class="grow">{name}</span>
        </label>
    }
    .into_any()
}
