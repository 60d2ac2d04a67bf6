//! Network and node: how far it is proven, by whom it is confirmed, what each endpoint answers, and
//! what a person can decide where the app must not.

use dhc_ipc::{
    AnchorOrigin, AnchorView, CheckNode, Code, ConflictView, EndpointRole, EndpointView, Failure,
    Finding, Guard, NodeStatus, NodeView, Standing,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::node_sheets::{Decisions, sheets};
use crate::components::{
    Icon, busy_button, copy_button, fact, how_do_we_know, icon, mark, notice, shown,
};
use crate::format;
use crate::i18n::{t, time, tn, tr, words};
use crate::session::{Loaded, session};

pub fn node_section() -> AnyView {
    let session = session();
    let node = session.read(|| NodeStatus {});
    let decisions = Decisions::new(node);
    let checking = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let check = move || {
        checking.set(true);
        problem.set(None);
        spawn_local(async move {
            match session.ask(&CheckNode {}).await {
                Ok(view) => node.set(Loaded::Ready(view)),
                Err(failure) => problem.set(Some(failure)),
            }
            checking.set(false);
        });
    };
    view! {
        <section class="section" id="network">
            <h2>{t("settings.network")}</h2>
            {shown(node, move |view| draw(&view, decisions))}
            {notice(problem)}
            <div class="actions">
                {busy_button("btn quiet compact", Some(Icon::Refresh), t("node.check"), move || checking.get(), || false, check)}
            </div>
        </section>
        {sheets(decisions)}
    }
    .into_any()
}

fn draw(node: &NodeView, decisions: Decisions) -> AnyView {
    let grouped = format::grouped;
    let last = node.trusted_time.as_deref().map(time::when);
    let of = last.clone().unwrap_or_default();
    let sentence = match (node.trusted_height, node.synced) {
        (0, _) => t("node.nothing_yet").to_owned(),
        (height, true) => tr(
            "settings.synced",
            &[("height", &grouped(height)), ("time", &of)],
        ),
        (height, false) => tr(
            "settings.syncing",
            &[
                ("height", &grouped(height)),
                ("latest", &grouped(node.latest_height)),
                ("time", &of),
            ],
        ),
    };
    let day = (node.day_s != 86_400).then(|| time::length(node.day_s));
    let anchor = node.anchor.as_ref();
    let facts = vec![
        fact(t("settings.chain_id"), &node.chain_id),
        fact(t("settings.evm_chain_id"), node.evm_chain_id.to_string()),
        fact(t("settings.trusted_height"), grouped(node.trusted_height)),
        fact(t("settings.latest_height"), grouped(node.latest_height)),
        fact(t("settings.trusted_hash"), &node.trusted_hash),
        fact(t("settings.last_proof"), last.unwrap_or_default()),
        fact(
            t("node.checkpoint_height"),
            anchor.map(|a| grouped(a.height)).unwrap_or_default(),
        ),
        fact(
            t("node.checkpoint_hash"),
            anchor.map(|a| a.hash.clone()).unwrap_or_default(),
        ),
        fact(t("settings.day_length"), day.unwrap_or_default()),
    ];
    view! {
        <div class="card stack-s">
            <div class="row"><span class="tile">{icon(Icon::Globe)}</span>
                <div class="grow stack-xs"><span class="strong">{node.network.clone()}</span><span class="sub">{sentence}</span></div></div>
            {mark(&node.standing)}
            {trouble(node, decisions)}
            {guarded(node)}
            {anchor.map(anchored)}
            {how_do_we_know(t("settings.node_proof"), &node.standing, facts)}
        </div>
        {(!node.endpoints.is_empty()).then(|| view! {
            <ul class="card flush rows" aria-label=t("settings.endpoints")>{node.endpoints.iter().map(|e| endpoint(e, node)).collect::<Vec<_>>()}</ul>
        })}
    }
    .into_any()
}

/// Who confirms the head, and what it is worth where nobody does.
fn guarded(node: &NodeView) -> AnyView {
    let agreeing = node.witnesses.iter().filter(|w| w.agrees).count() as u64;
    let (class, sign, words) = match node.guard {
        Guard::Witnessed => (
            "accent",
            Icon::ShieldCheck,
            tn("settings.witnesses", agreeing, &[]),
        ),
        Guard::Unconfirmed => (
            "waiting-text",
            Icon::ShieldQuestion,
            t("settings.unconfirmed").to_owned(),
        ),
        Guard::Alone => (
            "waiting-text",
            Icon::ShieldQuestion,
            t("settings.alone").to_owned(),
        ),
    };
    view! { <p class="row top-aligned"><span class=class>{icon(sign)}</span><span class="grow sub">{words}</span></p> }.into_any()
}

/// What trust stands on, and how long it lasts without a connection.
fn anchored(anchor: &AnchorView) -> AnyView {
    let height = format::grouped(anchor.height);
    let origin = match anchor.origin {
        AnchorOrigin::Network => tr("node.anchor_network", &[("height", &height)]),
        AnchorOrigin::Person => tr("node.anchor_person", &[("height", &height)]),
    };
    let lasts = match &anchor.lapses {
        Some(lapses) if !anchor.lapsed => {
            tr("node.lasts_until", &[("time", &time::moment(lapses))])
        }
        _ => String::new(),
    };
    view! { <p class="row top-aligned"><span class="accent">{icon(Icon::Lock)}</span><span class="grow sub">{format!("{origin} {lasts}")}</span></p> }.into_any()
}

/// What stands in the way, what it means, and what can be done.
fn trouble(node: &NodeView, decisions: Decisions) -> Option<AnyView> {
    if let Some(conflict) = &node.conflict {
        return Some(disputed(conflict, decisions));
    }
    let lapsed = node.anchor.as_ref().is_some_and(|a| a.lapsed);
    let Standing::Unproven { reason } = node.standing else {
        return lapsed.then(|| expired(decisions));
    };
    Some(match reason {
        Code::TrustExpired => expired(decisions),
        _ if lapsed => expired(decisions),
        Code::ClockSkew => told(t("node.clock_title"), clock_wrong(node), None),
        Code::ProofUnavailable => told(t("node.pruned_title"), t("node.pruned_text"), None),
        Code::NodeUntrusted => told(t("node.untrusted_title"), t("node.untrusted_text"), None),
        _ => told(t("node.offline_title"), t("node.offline_text"), None),
    })
}

/// What this device's clock says, and by how much it is slow at least: a block that was proven is
/// not from the future.
fn clock_wrong(node: &NodeView) -> String {
    let now = time::now_ms();
    let said = time::moment(&time::iso(now));
    let ahead = node
        .trusted_time
        .as_deref()
        .and_then(time::parse)
        .map_or(0.0, |proven| (proven - now) / 1000.0);
    if ahead >= 1.0 {
        let by = time::length(ahead.ceil() as u64);
        tr("node.clock_by", &[("now", &said), ("by", &by)])
    } else {
        tr("node.clock_text", &[("now", &said)])
    }
}

fn told(title: &'static str, text: impl Into<String>, act: Option<AnyView>) -> AnyView {
    view! {
        <div class="card warn stack-s" role="alert">
            <p class="strong">{title}</p>
            <p>{text.into()}</p>
            {act}
        </div>
    }
    .into_any()
}

fn expired(decisions: Decisions) -> AnyView {
    let begin = view! {
        <button class="btn compact" on:click=move |_| decisions.show_checkpoint()>{icon(Icon::ShieldQuestion)}{t("node.begin_anew")}</button>
    };
    told(
        t("node.expired_title"),
        t("node.expired_text"),
        Some(begin.into_any()),
    )
}

/// Nodes contradict each other: about what, who, and the evidence to send on.
fn disputed(conflict: &ConflictView, decisions: Decisions) -> AnyView {
    let height = format::grouped(conflict.height);
    let names = [
        ("height", height.as_str()),
        ("followed", conflict.followed.as_str()),
        ("contradicting", conflict.contradicting.as_str()),
    ];
    let sentence = tr("node.conflict_text", &names);
    let finding = match conflict.finding {
        Finding::Fork => tn("node.fork", u64::from(conflict.signed_both), &[]),
        Finding::FalseWitness => t("node.false_witness").to_owned(),
        Finding::Unexplained => t("node.unexplained").to_owned(),
    };
    let class = if conflict.stops {
        "card danger stack-s"
    } else {
        "card warn stack-s"
    };
    let title = if conflict.stops {
        t("node.conflict_stops")
    } else {
        t("node.conflict_noted")
    };
    view! {
        <div class=class role="alert">
            <p class="strong">{title}</p>
            <p>{sentence}</p>
            <p>{finding}</p>
            {conflict.evidence.clone().map(|path| view! {
                <p class="small">{t("settings.evidence")}</p>
                <div class="row"><span class="mono grow">{path.clone()}</span>{copy_button(path)}</div>
            })}
            {conflict.stops.then(|| view! {
                <button class="btn compact danger-quiet" on:click=move |_| decisions.resuming.open()>{icon(Icon::ShieldAlert)}{t("node.resume")}</button>
            })}
        </div>
    }
    .into_any()
}

/// One endpoint: where, what for, and how it answers.
fn endpoint(endpoint: &EndpointView, node: &NodeView) -> AnyView {
    let role = match endpoint.role {
        EndpointRole::Rpc => t("node.role_rpc"),
        EndpointRole::Evm => t("node.role_evm"),
        EndpointRole::Witness => t("node.role_witness"),
    };
    let agrees = (endpoint.role == EndpointRole::Witness)
        .then(|| {
            node.witnesses
                .iter()
                .find(|w| w.url == endpoint.url && w.agrees)
        })
        .flatten();
    let (class, sign, health) = match (endpoint.code, agrees, &endpoint.answered) {
        (Some(code), ..) => ("mark bad", Icon::ShieldAlert, words::code(code).to_owned()),
        (None, Some(witness), _) => (
            "mark ok",
            Icon::ShieldCheck,
            tr(
                "settings.agrees",
                &[("height", &format::grouped(witness.height))],
            ),
        ),
        (None, None, Some(answered)) => (
            "mark ok",
            Icon::Check,
            tr("node.answered", &[("time", &time::when(answered))]),
        ),
        (None, None, None) => ("mark waiting", Icon::Clock, t("node.not_asked").to_owned()),
    };
    let mut about = vec![role.to_owned()];
    about.extend(
        endpoint
            .height
            .map(|h| tr("node.claims", &[("height", &format::grouped(h))])),
    );
    about.extend(
        endpoint
            .pruned
            .map(|h| tr("node.pruned_to", &[("height", &format::grouped(h))])),
    );
    view! {
        <li class="stack-xs">
            <span class="mono">{endpoint.url.clone()}</span>
            <span class="sub">{about.join(" · ")}</span>
            <span class=class>{icon(sign)}{health}</span>
        </li>
    }
    .into_any()
}
