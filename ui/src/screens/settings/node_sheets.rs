//! What only a person may decide about the chain: whom to follow after a fork, and from which block
//! to begin anew. Above the card, which is drawn anew meanwhile.

use dhc_ipc::{CheckpointView, Failure, NodeView, ResumeNode, ShowCheckpoint, TrustCheckpoint};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{Icon, Sheet, busy_button, copy_button, icon, notice, sheet, skeleton};
use crate::format;
use crate::i18n::{t, time, tr, words};
use crate::session::{Loaded, Session, session};

/// The open questions about the chain.
#[derive(Clone, Copy)]
pub struct Decisions {
    session: Session,
    node: RwSignal<Loaded<NodeView>>,
    pub resuming: Sheet,
    anchoring: Sheet,
    checkpoint: RwSignal<Loaded<CheckpointView>>,
    compared: RwSignal<bool>,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<Failure>>,
}

impl Decisions {
    pub fn new(node: RwSignal<Loaded<NodeView>>) -> Self {
        Self {
            session: session(),
            node,
            resuming: Sheet::new(),
            anchoring: Sheet::new(),
            checkpoint: RwSignal::new(Loaded::Waiting),
            compared: RwSignal::new(false),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    /// Asks the nodes for a recent header, and shows it.
    pub fn show_checkpoint(self) {
        self.checkpoint.set(Loaded::Waiting);
        self.anchoring.open();
        spawn_local(async move {
            let shown = match self.session.ask(&ShowCheckpoint {}).await {
                Ok(view) => Loaded::Ready(view),
                Err(failure) => Loaded::Failed(failure),
            };
            self.checkpoint.set(shown);
        });
    }

    fn trust(self, height: u64, hash: String) {
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let answer = self.session.ask(&TrustCheckpoint { height, hash }).await;
            self.decided(answer, self.anchoring, t("node.begun_anew"));
        });
    }

    fn resume(self) {
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let answer = self.session.ask(&ResumeNode {}).await;
            self.decided(answer, self.resuming, t("node.resumed"));
        });
    }

    fn decided(self, answer: Result<NodeView, Failure>, over: Sheet, said: &'static str) {
        match answer {
            Ok(view) => {
                self.node.set(Loaded::Ready(view));
                self.session.offline.set(None);
                self.session.say(said);
                over.close();
                self.session.changed();
            }
            Err(failure) => self.problem.set(Some(failure)),
        }
        self.busy.set(false);
    }
}

pub fn sheets(decisions: Decisions) -> AnyView {
    Effect::new(move |_| {
        decisions.resuming.is_open();
        decisions.anchoring.is_open();
        decisions.compared.set(false);
        decisions.problem.set(None);
    });
    view! {
        {sheet(decisions.resuming, t("node.resume_title"), move || resume(decisions))}
        {sheet(decisions.anchoring, t("node.begin_anew"), move || anchoring(decisions))}
    }
    .into_any()
}

/// What a person confirms to have done before the button works.
fn vow(decisions: Decisions, words: &'static str) -> AnyView {
    view! {
        <label class="option">
            <input type="checkbox" prop:checked=decisions.compared
                on:change=move |event| decisions.compared.set(event_target_checked(&event))/>
            <span class="grow">{words}</span>
        </label>
    }
    .into_any()
}

fn resume(decisions: Decisions) -> AnyView {
    let unready = move || !decisions.compared.get();
    view! {
        <p>{t("node.resume_text")}</p>
        <p class="sub">{t("node.resume_consequence")}</p>
        {vow(decisions, t("node.resume_vow"))}
        {notice(decisions.problem)}
        <div class="actions">
            <button class="btn quiet" on:click=move |_| decisions.resuming.close()>{t("node.stay_stopped")}</button>
            {busy_button("btn danger", None, t("node.resume"), move || decisions.busy.get(), unready, move || decisions.resume())}
        </div>
    }
    .into_any()
}

/// The header as the nodes show it, or why they show none.
fn anchoring(decisions: Decisions) -> AnyView {
    view! {
        {move || match decisions.checkpoint.get() {
            Loaded::Waiting => skeleton(2),
            Loaded::Ready(view) => begin(&view, decisions),
            Loaded::Failed(failure) => view! {
                <p class="card warn" role="alert">{words::failure(&failure)}</p>
                <button class="btn quiet" on:click=move |_| decisions.show_checkpoint()>{icon(Icon::Refresh)}{t("action.try_again")}</button>
            }
            .into_any(),
        }}
    }
    .into_any()
}

fn begin(shown: &CheckpointView, decisions: Decisions) -> AnyView {
    let (height, hash) = (shown.height, shown.hash.clone());
    let trusted = hash.clone();
    // Apart to the eye, whole when it is copied.
    let grouped: Vec<_> = format::groups(&hash)
        .into_iter()
        .map(|group| view! { <span class="hash-group">{group.to_owned()}</span> })
        .collect();
    let disputed = !shown.contradicted_by.is_empty();
    let unready = move || !decisions.compared.get();
    let list = |label: &'static str, nodes: &[String]| {
        (!nodes.is_empty()).then(|| {
            let nodes: Vec<_> = nodes
                .iter()
                .map(|n| view! { <li class="mono">{n.clone()}</li> })
                .collect();
            view! { <div class="stack-xs"><p class="small strong">{label}</p><ul class="stack-xs">{nodes}</ul></div> }
        })
    };
    let cancel = move |_| decisions.anchoring.close();
    // What the nodes contradict each other about is not a person's to believe.
    let act = if disputed {
        view! { <button class="btn quiet" on:click=cancel>{t("action.close")}</button> }.into_any()
    } else {
        view! {
            {vow(decisions, t("node.compared"))}
            {notice(decisions.problem)}
            <div class="actions">
                <button class="btn quiet" on:click=cancel>{t("action.cancel")}</button>
                {busy_button("btn", None, t("node.trust"), move || decisions.busy.get(), unready, move || decisions.trust(height, trusted.clone()))}
            </div>
        }
        .into_any()
    };
    view! {
        <p>{t("node.compare_text")}</p>
        <div class="card stack-s">
            <p class="strong">{tr("node.block", &[("height", &format::grouped(height)), ("time", &time::moment(&shown.time))])}</p>
            <div class="row"><span class="mono grow" data-testid="checkpoint-hash">{grouped}</span>{copy_button(hash.clone())}</div>
            {list(t("node.shown_by"), &shown.shown_by)}
            {list(t("node.contradicted_by"), &shown.contradicted_by)}
        </div>
        {disputed.then(|| view! {
            <p class="card danger row" role="alert"><span class="bad-text">{icon(Icon::ShieldAlert)}</span><span class="grow">{t("node.disputed")}</span></p>
        })}
        {(!shown.needed).then(|| view! { <p class="card tinted">{t("node.not_needed")}</p> })}
        {act}
    }
    .into_any()
}
