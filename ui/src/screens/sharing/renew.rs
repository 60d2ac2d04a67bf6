//! Renewing a grant: until when, as far as its rules admit, with what that means in words.

use dhc_ipc::{Failure, GrantChange, GrantView, RenewGrant, Templates, TemplatesView};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, Sheet, busy_button, copy_button, icon, notice, sheet, shown};
use crate::format;
use crate::i18n::{t, time, tn, tr};
use crate::screens::end::{End, Limits, end_choice};
use crate::screens::people::payer;
use crate::session::{Session, session};

/// Spans offered beside a day of one's own choice, days.
const SPANS: [u32; 3] = [7, 30, 90];

#[derive(Clone)]
struct Asked {
    grant: String,
    who: String,
    film: String,
    /// When it ends now, and under which template; unknown of a grant of somebody else's.
    known: Option<(String, String)>,
    threshold: u8,
}

impl Asked {
    fn limits(&self, templates: &TemplatesView) -> Limits {
        let Some((ends, template)) = &self.known else {
            return Limits::default();
        };
        let rules = templates.templates.iter().find(|t| t.name == *template);
        Limits {
            after: time::parse(ends),
            most_s: rules.map(|t| t.max_window_s),
        }
    }

    /// Whether the rules it was given under still stand.
    fn has_rules(&self, templates: &TemplatesView) -> bool {
        self.known
            .as_ref()
            .is_none_or(|(_, name)| templates.templates.iter().any(|t| t.name == *name))
    }
}

/// The grant that is to be renewed. Above the lists, which are drawn anew meanwhile.
#[derive(Clone, Copy)]
pub struct Renewal {
    open: RwSignal<bool>,
    asked: RwSignal<Option<Asked>>,
    end: End,
    renewed: RwSignal<Option<GrantChange>>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Renewal {
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            asked: RwSignal::new(None),
            end: End::new(),
            renewed: RwSignal::new(None),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    fn ask(self, asked: Asked) {
        self.problem.set(None);
        self.renewed.set(None);
        self.end.clear();
        self.asked.set(Some(asked));
        self.open.set(true);
    }

    /// Renews for somebody else, of whose grant only the id is known here.
    pub fn ask_for(self, grant: String, owner: String) {
        self.ask(Asked {
            grant,
            who: owner,
            film: String::new(),
            known: None,
            threshold: 0,
        });
    }

    fn renew(self, session: Session) {
        let (Some(asked), Some(until)) = (self.asked.get_untracked(), self.end.told()) else {
            return;
        };
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let grant = asked.grant;
            match session.ask(&RenewGrant { grant, until }).await {
                Ok(change) => {
                    let paid = payer(session, change.sponsored_by.as_deref()).await;
                    session.say(format!("{} {paid}", t("renew.done")));
                    if asked.threshold > 0 {
                        self.renewed.set(Some(change));
                    } else {
                        self.open.set(false);
                    }
                }
                Err(failure) => self.problem.set(Some(failure)),
            }
            self.busy.set(false);
            session.changed();
        });
    }
}

/// `film`: what the grant is about.
pub fn renew_button(grant: &GrantView, film: &str) -> AnyView {
    let renewal: Renewal = expect_context();
    let asked = Asked {
        grant: grant.grant.clone(),
        who: grant
            .to_name
            .clone()
            .unwrap_or_else(|| format::short_hex(&grant.to)),
        film: film.to_owned(),
        known: Some((grant.not_after.clone(), grant.template.clone())),
        threshold: grant.threshold,
    };
    view! {
        <button class="btn compact quiet" on:click=move |_| renewal.ask(asked.clone())>
            {icon(Icon::Refresh)}{t("sharing.renew")}
        </button>
    }
    .into_any()
}

/// The question, once on every screen.
pub fn renew_sheet() -> AnyView {
    let session = session();
    let renewal: Renewal = expect_context();
    let handle = Sheet::over(renewal.open);
    let content = move || {
        let templates = session.read(|| Templates {});
        view! {
            {move || match renewal.renewed.get() {
                Some(change) => tell_approvers(&change.grant, handle),
                None => shown(templates, move |view| form(&view, renewal, session)),
            }}
        }
        .into_any()
    };
    sheet(handle, t("renew.title"), content)
}

fn form(templates: &TemplatesView, renewal: Renewal, session: Session) -> AnyView {
    let Some(asked) = renewal.asked.get_untracked() else {
        return ().into_any();
    };
    let handle = Sheet::over(renewal.open);
    let limits = asked.limits(templates);
    let last = limits.last(time::now_ms());
    let refused = if !asked.has_rules(templates) {
        Some(t("renew.retired").to_owned())
    } else if last.is_some_and(|last| limits.after.is_some_and(|after| last <= after)) {
        let span = time::length(limits.most_s.unwrap_or_default());
        Some(tr("renew.longest_already", &[("span", &span)]))
    } else {
        None
    };
    if let Some(words) = refused {
        return view! {
            <p class="card warn">{words}</p>
            <button class="btn quiet" on:click=move |_| handle.close()>{t("action.close")}</button>
        }
        .into_any();
    }
    let now_until = asked.known.as_ref().map(|(ends, _)| {
        tr(
            "renew.now",
            &[
                ("who", &asked.who),
                ("title", &asked.film),
                ("time", &time::moment(ends)),
            ],
        )
    });
    let about = now_until.unwrap_or_else(|| tr("renew.for_somebody", &[("who", &asked.who)]));
    let approvals =
        (asked.threshold > 0).then(|| tn("renew.approvals", u64::from(asked.threshold), &[]));
    let meaning = move || {
        let end = renewal.end.at()?;
        limits.judge(time::now_ms(), end).is_none().then(|| {
            let until = time::moment(&time::iso(end));
            tr("renew.then", &[("time", &until)])
        })
    };
    let unready = move || !renewal.end.is_ready(limits);
    view! {
        <p>{about}</p>
        {end_choice(renewal.end, &SPANS, limits)}
        <div class="card tinted stack-s" role="status">
            <p class="strong">{meaning}</p>
            {approvals.map(|words| view! { <p class="waiting-text strong">{words}</p> })}
            <p class="sub">{t("renew.consequence")}</p>
        </div>
        {notice(renewal.problem)}
        <div class="actions">
            <button class="btn quiet" on:click=move |_| handle.close()>{t("action.cancel")}</button>
            {busy_button("btn", Some(Icon::Refresh), t("sharing.renew"), move || renewal.busy.get(), unready, move || renewal.renew(session))}
        </div>
    }
    .into_any()
}

/// A renewed grant waits for its approvers: what they have to be told.
fn tell_approvers(grant: &str, handle: Sheet) -> AnyView {
    let grant = grant.to_owned();
    view! {
        <p class="strong" role="status">{t("renew.waits")}</p>
        <div class="card warn stack-s">
            <p>{t("share.tell_approvers")}</p>
            <div class="row"><span class="mono grow">{grant.clone()}</span>{copy_button(grant)}</div>
        </div>
        <button class="btn full" on:click=move |_| handle.close()>{t("action.close")}</button>
    }
    .into_any()
}
