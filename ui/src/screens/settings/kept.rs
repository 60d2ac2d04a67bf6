//! Where each record's ciphertext is kept: on this device, at services that pin it, and whether a
//! stranger really gets it from them. Each is known apart.

use dhc_ipc::{
    AddPinService, Command, Failure, ObjectView, PinServiceKind, PinServiceView, PinServices,
    PinServicesView, Records, RecordsView, RemovePinService, RestoreRecords, StorageObjects,
    StorageObjectsView, SyncPins, VerifyStorage,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, busy_button, icon, notice, shown};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::screens::records;
use crate::session::{Loaded, Session, session};

#[derive(Clone, Copy)]
struct Desk {
    session: Session,
    objects: RwSignal<Loaded<StorageObjectsView>>,
    services: RwSignal<Loaded<PinServicesView>>,
    records: RwSignal<Loaded<RecordsView>>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Desk {
    /// Asks for something that takes a while, then `done` with its answer.
    fn work<C>(self, request: C, done: impl Fn(C::Answer) + 'static)
    where
        C: Command + 'static,
    {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let job = self.session.new_job();
            match self.session.work(Some(&job), &request).await {
                Ok(answer) => done(answer),
                // The screen may be gone by now.
                Err(failure) => drop(self.problem.try_set(Some(failure))),
            }
            let _ = self.busy.try_set(false);
        });
    }

    fn look_again(self) {
        spawn_local(async move {
            if let Ok(view) = self.session.ask(&StorageObjects::default()).await {
                let _ = self.objects.try_set(Loaded::Ready(view));
            }
        });
    }

    fn check(self) {
        let request = StorageObjects {
            id: None,
            check: true,
        };
        self.work(request, move |view| {
            let _ = self.objects.try_set(Loaded::Ready(view));
        });
    }

    fn verify(self) {
        let request = VerifyStorage {
            id: None,
            repair: true,
        };
        self.work(request, move |found| {
            let blocks = format::grouped(u64::from(found.blocks));
            let repaired = found.repaired.to_string();
            let lost = (found.damaged + found.missing)
                .saturating_sub(found.repaired)
                .to_string();
            self.session.say(if !found.whole {
                tr("kept.not_whole", &[("n", &lost)])
            } else if found.repaired > 0 {
                tr("kept.repaired", &[("n", &repaired), ("of", &blocks)])
            } else {
                tr("kept.whole", &[("n", &blocks)])
            });
            self.look_again();
        });
    }

    fn restore(self) {
        self.work(RestoreRecords::default(), move |found| {
            let count = found.restored.len() as u64;
            self.session.say(match found.failed.first() {
                Some(failed) => words::code(failed.code).to_owned(),
                None => tn("kept.restored", count, &[]),
            });
            self.session.changed();
            self.look_again();
        });
    }
}

pub fn kept_section() -> AnyView {
    let session = session();
    let desk = Desk {
        session,
        objects: session.read(StorageObjects::default),
        services: session.read(PinServices::default),
        records: session.read(|| Records {}),
        busy: RwSignal::new(false),
        problem: RwSignal::new(None),
    };
    let busy = move || desk.busy.get();
    view! {
        <section class="section">
            <h2>{t("kept.title")}</h2>
            <div class="card stack">
                <p class="sub">{t("kept.text")}</p>
                {shown(desk.objects, move |view| objects(&view, desk))}
                {notice(desk.problem)}
                <div class="stack-s">
                    {busy_button("btn quiet compact", Some(Icon::Refresh), t("kept.check"), busy, || false, move || desk.check())}
                    {busy_button("btn quiet compact", Some(Icon::ShieldCheck), t("kept.verify"), busy, || false, move || desk.verify())}
                    {busy_button("btn quiet compact", Some(Icon::Download), t("kept.restore"), busy, || false, move || desk.restore())}
                </div>
            </div>
            <div class="card stack">
                <h3>{t("kept.services")}</h3>
                <p class="sub">{t("kept.services_text")}</p>
                {shown(desk.services, move |view| services(&view, desk))}
                {new_service(desk)}
            </div>
        </section>
    }
    .into_any()
}

fn objects(view: &StorageObjectsView, desk: Desk) -> AnyView {
    if view.objects.is_empty() {
        return view! { <p>{t("kept.nothing")}</p> }.into_any();
    }
    let rows: Vec<_> = view.objects.iter().map(|o| object(o, desk)).collect();
    view! { <ul class="stack" aria-label=t("kept.title")>{rows}</ul> }.into_any()
}

fn object(object: &ObjectView, desk: Desk) -> AnyView {
    let id = object.id.clone();
    let (is_others, cid) = (object.grant.is_some(), object.cid.clone());
    let title = move || {
        desk.records
            .with(|loaded| match loaded {
                Loaded::Ready(view) => view.records.iter().find(|r| r.id == id).map(records::title),
                _ => None,
            })
            .unwrap_or_else(|| {
                if is_others {
                    t("kept.shared_film").to_owned()
                } else {
                    format::short_hex(&cid)
                }
            })
    };
    let here = &object.here;
    let broken = here.damaged + here.missing;
    let (class, sign, here) = if broken > 0 {
        let n = broken.to_string();
        ("mark bad", Icon::Alert, tr("kept.damaged", &[("n", &n)]))
    } else if here.whole {
        let read = here.scrubbed.as_deref().map(time::when);
        let said = match read {
            Some(when) => tr("kept.here_read", &[("when", &when)]),
            None => t("kept.here").to_owned(),
        };
        ("mark ok", Icon::HardDrive, said)
    } else {
        let (n, of) = (
            here.blocks.to_string(),
            here.of.map_or_else(|| "?".to_owned(), |of| of.to_string()),
        );
        (
            "mark",
            Icon::HardDrive,
            tr("kept.part", &[("n", &n), ("of", &of)]),
        )
    };
    let pinned = (!is_others).then(|| {
        let (class, said) = match object.pinned_at {
            0 => ("mark", t("kept.pinned_nowhere").to_owned()),
            n => ("mark ok", tn("kept.pinned", u64::from(n), &[])),
        };
        view! { <span class=class>{icon(Icon::Lock)}{said}</span> }
    });
    let others = (!is_others).then(|| {
        let (class, said) = match &object.retrievable {
            Some(when) => (
                "mark ok",
                tr("kept.retrievable", &[("when", &time::when(when))]),
            ),
            None => ("mark", t("kept.not_retrievable").to_owned()),
        };
        view! { <span class=class>{icon(Icon::Globe)}{said}</span> }
    });
    view! {
        <li class="stack-xs kept" data-testid="kept">
            <span class="strong">{title}</span>
            <span class=class>{icon(sign)}{here}</span>
            {pinned}
            {others}
        </li>
    }
    .into_any()
}

fn services(view: &PinServicesView, desk: Desk) -> AnyView {
    if view.services.is_empty() {
        return view! { <p>{t("kept.no_services")}</p> }.into_any();
    }
    let is_waiting = view.services.iter().any(|service| service.waiting > 0);
    let rows: Vec<_> = view.services.iter().map(|s| service(s, desk)).collect();
    view! {
        <ul class="stack" aria-label=t("kept.services")>{rows}</ul>
        {is_waiting.then(|| busy_button("btn quiet compact", Some(Icon::Upload), t("kept.sync"), move || desk.busy.get(), || false, move || {
            desk.work(SyncPins::default(), move |_| {
                desk.check();
                reload(desk);
            });
        }))}
    }
    .into_any()
}

fn reload(desk: Desk) {
    spawn_local(async move {
        if let Ok(view) = desk.session.ask(&PinServices::default()).await {
            let _ = desk.services.try_set(Loaded::Ready(view));
        }
    });
}

fn service(service: &PinServiceView, desk: Desk) -> AnyView {
    let (class, sign, health) = match service.code {
        Some(code) => ("mark bad", Icon::Alert, words::code(code).to_owned()),
        None => {
            let n = service.pinned.to_string();
            let of = (service.pinned + service.waiting).to_string();
            let class = if service.waiting == 0 {
                "mark ok"
            } else {
                "mark"
            };
            (
                class,
                Icon::Lock,
                tr("kept.keeps", &[("n", &n), ("of", &of)]),
            )
        }
    };
    let name = service.name.clone();
    let label = tr("kept.remove", &[("name", &service.name)]);
    let remove = move |_| {
        let request = RemovePinService {
            name: name.clone(),
            unpin: false,
        };
        desk.work(request, move |_| {
            reload(desk);
            desk.look_again();
        });
    };
    view! {
        <li class="row top-aligned">
            <div class="grow stack-xs">
                <span class="strong">{service.name.clone()}</span>
                <span class="sub mono">{service.url.clone()}</span>
                <span class=class>{icon(sign)}{health}</span>
            </div>
            <button class="icon-btn" aria-label=label disabled=move || desk.busy.get() on:click=remove>{icon(Icon::Trash)}</button>
        </li>
    }
    .into_any()
}

fn new_service(desk: Desk) -> AnyView {
    let (name, url) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (token, kind) = (
        RwSignal::new(String::new()),
        RwSignal::new("api".to_owned()),
    );
    let unready = move || {
        let is_address = url.with(|u| u.trim().starts_with("http"));
        name.with(|n| n.trim().is_empty()) || !is_address
    };
    let add = move || {
        let token_now = token.get_untracked().trim().to_owned();
        let request = AddPinService {
            name: name.get_untracked().trim().to_owned(),
            kind: if kind.get_untracked() == "kubo" {
                PinServiceKind::Kubo
            } else {
                PinServiceKind::Api
            },
            url: url.get_untracked().trim().to_owned(),
            token: (!token_now.is_empty()).then_some(token_now),
        };
        desk.work(request, move |_| {
            for field in [name, url, token] {
                let _ = field.try_set(String::new());
            }
            desk.session.say(t("kept.added"));
            reload(desk);
            desk.look_again();
        });
    };
    view! {
        <form class="stack-s" on:submit=move |event| { event.prevent_default(); if !unready() { add() } }>
            <div class="field"><label for="pin-name">{t("kept.name")}</label>
                <input class="input" id="pin-name" autocomplete="off" maxlength="40" prop:value=name on:input=move |event| name.set(event_target_value(&event))/></div>
            <div class="field"><label for="pin-kind">{t("kept.kind")}</label>
                <select class="input" id="pin-kind" on:change=move |event| kind.set(event_target_value(&event))>
                    <option value="api">{t("kept.kind_api")}</option>
                    <option value="kubo">{t("kept.kind_kubo")}</option>
                </select></div>
            <div class="field"><label for="pin-url">{t("kept.url")}</label>
                <input class="input mono" id="pin-url" autocomplete="off" spellcheck="false" placeholder="https://…" prop:value=url on:input=move |event| url.set(event_target_value(&event))/></div>
            <div class="field"><label for="pin-token">{t("kept.token")}</label>
                <input class="input mono" id="pin-token" type="password" autocomplete="off" prop:value=token on:input=move |event| token.set(event_target_value(&event))/></div>
            {busy_button("btn quiet compact", Some(Icon::Plus), t("kept.add"), move || desk.busy.get(), unready, add)}
        </form>
    }
    .into_any()
}
