//! Appointing somebody: whom, for what, until when, and what that means.

use dhc_ipc::{AppointProxy, Failure};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::powers;
use crate::components::{Icon, Sheet, busy_button, field_problem, notice};
use crate::format;
use crate::i18n::{lookup, t, time, tr};
use crate::screens::end::{End, Limits, end_choice};
use crate::screens::people::{choose, chooser, payer};
use crate::session::session;

const POWERS: [&str; 4] = ["revoke", "renew", "answer", "grant"];
/// Spans offered beside a day of one's own choice, days.
const SPANS: [u32; 3] = [30, 90, 365];

pub fn form(handle: Sheet) -> AnyView {
    let session = session();
    let whom = choose(String::new());
    let ticked = RwSignal::new(vec![POWERS[0].to_owned()]);
    let end = End::new();
    let limits = Limits::default();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let appoint = move || {
        let Some(until) = end.told() else {
            return;
        };
        let appointment = AppointProxy {
            proxy: whom.chosen.get_untracked(),
            powers: ticked.get_untracked(),
            until,
        };
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match session.ask(&appointment).await {
                Ok(change) => {
                    let paid = payer(session, change.sponsored_by.as_deref()).await;
                    session.say(format!("{} {paid}", t("proxy.appointed")));
                    handle.close();
                }
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
            session.changed();
        });
    };
    let unready = move || {
        !whom.chosen.with(|a| format::looks_like_address(a))
            || ticked.with(Vec::is_empty)
            || !end.is_ready(limits)
    };
    let meaning = move || {
        let chosen = whom.chosen.with(|a| format::looks_like_address(a));
        let until = end
            .at()
            .filter(|at| limits.judge(time::now_ms(), *at).is_none())?;
        let what = ticked.with(|all| powers(all));
        (chosen && !what.is_empty()).then(|| {
            tr(
                "proxy.may",
                &[
                    ("who", &whom.called()),
                    ("what", &what),
                    ("time", &time::moment(&time::iso(until))),
                ],
            )
        })
    };
    let may_give = move || ticked.with(|all| all.iter().any(|p| p == "grant"));
    let nothing = move || ticked.with(Vec::is_empty).then(|| t("proxy.tick_one"));
    let boxes = Vec::from(POWERS.map(|power| power_box(power, ticked)));
    view! {
        <p class="sub">{t("proxy.appoint_text")}</p>
        <div class="field"><span class="label">{t("proxy.whom")}</span>{chooser(whom, "proxy", t("proxy.whom"))}</div>
        <div class="field">
            <span class="label" id="powers-label">{t("proxy.powers")}</span>
            <div class="stack-s" role="group" aria-labelledby="powers-label">{boxes}</div>
            {field_problem("powers-problem", nothing)}
        </div>
        {end_choice(end, &SPANS, limits)}
        <div class="card tinted stack-s" role="status">
            {move || meaning().map(|words| view! { <p class="strong">{words}</p> })}
            <p>{t("proxy.consequence")}</p>
            {move || may_give().then(|| view! { <p class="waiting-text strong">{t("proxy.grant_warning")}</p> })}
            <p class="sub">{t("proxy.replaces")}</p>
        </div>
        {notice(problem)}
        <div class="actions">
            <button class="btn quiet" on:click=move |_| handle.close()>{t("action.cancel")}</button>
            {busy_button("btn", Some(Icon::UserCheck), t("proxy.appoint_now"), move || busy.get(), unready, appoint)}
        </div>
    }
    .into_any()
}

fn power_box(power: &'static str, ticked: RwSignal<Vec<String>>) -> AnyView {
    let words = |kind: &str| lookup(&format!("{kind}.{power}")).unwrap_or(power);
    let (name, text) = (words("power_name"), words("power_text"));
    view! {
        <label class="option">
            <input type="checkbox" prop:checked=move || ticked.with(|all| all.iter().any(|p| p == power))
                on:change=move |event| {
                    let wanted = event_target_checked(&event);
                    ticked.update(|all| {
                        all.retain(|p| p != power);
                        if wanted {
                            all.push(power.to_owned());
                        }
                    });
                }/>
            <span class="grow stack-xs"><span class="strong">{name}</span><span class="sub">{text}</span></span>
        </label>
    }
    .into_any()
}
