//! The third step: why, until when, under which rules.

use dhc_ipc::TemplateView;
use leptos::prelude::*;

use super::approvers::approver_fields;
use super::draft::{Draft, usual_purpose};
use super::new::Flow;
use super::new_steps::so_far;
use crate::components::{field_problem, option, shown};
use crate::i18n::{t, time, tn, tr, words};

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
            // Custodians are named on the command line; there is no screen for them.
            .filter(|t| !t.contribution && !t.custody_only)
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
    let wrong = move || match (flow.draft.with(|d| d.days), most.get()) {
        (_, 0) => None,
        (0, _) => Some(t("share.days_wrong").to_owned()),
        (days, most) if days > most => Some(tn("share.at_most", u64::from(most), &[])),
        _ => None,
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
                    <input class="input" id="days" type="number" min="1" max=move || most.get().to_string() inputmode="numeric" aria-describedby="days-problem"
                        prop:value=move || flow.draft.with(|d| d.days.to_string())
                        on:input=move |event| flow.draft.update(|d| d.days = event_target_value(&event).parse().unwrap_or(0))/>
                    <span class="hint">{move || (wrong().is_none() && most.get() > 0).then(|| tn("share.at_most", u64::from(most.get()), &[]))}</span>
                    {field_problem("days-problem", wrong)}
                </div>
            })}
        </section>
    }
    .into_any()
}

fn approvers(flow: Flow) -> AnyView {
    let named = move |place: usize, address: String| {
        flow.draft.update(|d| {
            if let Some(approver) = d.approvers.get_mut(place) {
                *approver = address;
            }
        });
    };
    approver_fields(move || flow.draft.with(|d| d.approvers.clone()), named)
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
