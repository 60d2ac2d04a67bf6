//! How well a statement is known: the standing mark, and what stands behind it.

use dhc_ipc::{Code, Standing};
use leptos::prelude::*;

use super::{Icon, copy_button, icon};
use crate::i18n::{t, tr, words};
use crate::session::session;

/// The small mark on everything that comes from the chain.
pub fn mark(standing: &Standing) -> AnyView {
    let (class, sign, text) = match standing {
        Standing::Proven { .. } => (
            "mark ok",
            Icon::ShieldCheck,
            t("standing.proven").to_owned(),
        ),
        Standing::Pending { .. } => (
            "mark waiting",
            Icon::Clock,
            t("standing.waiting").to_owned(),
        ),
        Standing::Unproven { reason } => (
            "mark bad",
            Icon::ShieldAlert,
            tr(
                "standing.unproven_because",
                &[("why", words::code(*reason))],
            ),
        ),
    };
    view! { <span class=class title=words::standing(standing)>{icon(sign)}{text}</span> }.into_any()
}

/// One fact of a proof: what it is, and its value, which can be copied.
pub fn fact(name: &'static str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// The disclosure under every statement: hashes, heights and what they prove.
pub fn how_do_we_know(
    explanation: &'static str,
    standing: &Standing,
    facts: Vec<(String, String)>,
) -> AnyView {
    let facts: Vec<_> = facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let long = value.len() > 20 && !value.contains(' ');
            let copy = long.then(|| copy_button(value.clone()));
            let class = if long {
                "mono row between"
            } else {
                "row between"
            };
            view! { <dt>{name}</dt><dd class=class><span class="grow">{value}</span>{copy}</dd> }
        })
        .collect();
    view! {
        <details class="proof">
            <summary>{t("proof.how")}{icon(Icon::ChevronRight)}</summary>
            <div class="stack-s">
                <p class="sub">{explanation}</p>
                <p class="small strong">{words::standing(standing)}</p>
                <dl class="facts">{facts}</dl>
            </div>
        </details>
    }
    .into_any()
}

/// Why the chain cannot be followed: a picture and two words.
pub fn trouble(code: Code) -> (Icon, &'static str) {
    match code {
        Code::WitnessConflict => (Icon::ShieldAlert, t("net.conflict")),
        Code::ClockSkew => (Icon::Clock, t("net.clock")),
        Code::TrustExpired => (Icon::ShieldQuestion, t("net.expired")),
        Code::NodeUntrusted => (Icon::ShieldAlert, t("net.untrusted")),
        Code::ProofUnavailable => (Icon::ShieldQuestion, t("net.no_proof")),
        _ => (Icon::WifiOff, t("net.offline")),
    }
}

/// Whether the chain is followed now: stands at the top of every screen.
pub fn chain_state() -> AnyView {
    let session = session();
    view! {
        {move || match (session.offline.get(), session.height.get()) {
            (Some(code), _) => {
                let (sign, words) = trouble(code);
                view! { <a href="/settings#network" class="net off" title=words::code(code)>{icon(sign)}{words}</a> }.into_any()
            }
            (None, Some(height)) => view! {
                <a href="/settings" class="net" title=tr("standing.proven_at", &[("height", &crate::format::grouped(height))])>
                    {icon(Icon::ShieldCheck)}{t("net.up_to_date")}
                </a>
            }.into_any(),
            // Known from before, while the chain is asked anew.
            (None, None) => match session.last_height() {
                Some(height) => view! {
                    <a href="/settings" class="net" title=t("net.checking")>
                        {icon(Icon::ShieldCheck)}{tr("standing.proven_at", &[("height", &crate::format::grouped(height))])}
                    </a>
                }.into_any(),
                None => view! {
                    <a href="/settings" class="net">{icon(Icon::ShieldQuestion)}{t("net.checking")}</a>
                }.into_any(),
            },
        }}
    }
    .into_any()
}
