//! Activity: what happened on my account, and its export.

use dhc_ipc::{Activity, ActivityEntry, ActivityView};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::components::{Icon, empty, icon, mark, shown};
use crate::format;
use crate::i18n::{t, time, tr};
use crate::session::session;

pub fn activity_panel() -> AnyView {
    let session = session();
    let activity = session.read(|| Activity {});
    shown(activity, draw)
}

fn draw(mut view: ActivityView) -> AnyView {
    let session = session();
    view.entries
        .sort_by(|a, b| b.height.cmp(&a.height).then(b.time.cmp(&a.time)));
    if view.entries.is_empty() {
        return empty(
            Icon::Wallet,
            t("activity.empty_title"),
            t("activity.empty_text"),
            None,
        );
    }
    let rows: Vec<_> = view.entries.iter().map(row).collect();
    let entries = StoredValue::new(view.entries);
    let export = move |_| {
        let saved = entries.with_value(|entries| save("dhc-activity.csv", &csv(entries)));
        if saved.is_none() {
            session.say(t("activity.export_failed"));
        }
    };
    view! {
        <section class="section">
            <div class="row between">
                <h2>{t("wallet.activity")}</h2>
                <button class="link small" on:click=export>{icon(Icon::Download)}{t("activity.export")}</button>
            </div>
            <div class="card flush rows">{rows}</div>
        </section>
    }
    .into_any()
}

/// How an entry looks: its sign, and whether money came, went or neither.
fn looks(kind: &str) -> (Icon, &'static str) {
    match kind {
        "sent" => (Icon::ArrowUpRight, "−"),
        "received" => (Icon::ArrowDownLeft, "+"),
        "reward" => (Icon::Sprout, "+"),
        "identity" => (Icon::Key, ""),
        "record" => (Icon::FolderHeart, ""),
        "grant" | "approval" | "answer" | "appointment" => (Icon::UserCheck, ""),
        "revocation" | "decline" | "withdrawal" | "dismissal" => (Icon::Ban, ""),
        "access" => (Icon::Eye, ""),
        "contribution" => (Icon::Heart, ""),
        _ => (Icon::FileText, ""),
    }
}

fn title(entry: &ActivityEntry) -> String {
    let who = entry
        .to_name
        .clone()
        .unwrap_or_else(|| format::short_hex(&entry.to));
    match entry.kind.as_str() {
        "sent" => tr("activity.sent", &[("who", &who)]),
        "received" => tr(
            "activity.received",
            &[("who", &format::short_hex(&entry.from))],
        ),
        "reward" => t("activity.reward").to_owned(),
        "identity" => t("activity.identity").to_owned(),
        "record" => t("activity.record").to_owned(),
        "grant" => t("activity.grant").to_owned(),
        "revocation" => t("activity.revocation").to_owned(),
        "access" => t("activity.access").to_owned(),
        "contribution" => t("activity.contribution").to_owned(),
        "approval" => t("activity.approval").to_owned(),
        "sponsored" => t("activity.sponsored").to_owned(),
        "request" => t("activity.request").to_owned(),
        "answer" => t("activity.answer").to_owned(),
        "decline" => t("activity.decline").to_owned(),
        "withdrawal" => t("activity.withdrawal").to_owned(),
        "appointment" => t("activity.appointment").to_owned(),
        "dismissal" => t("activity.dismissal").to_owned(),
        _ => t("activity.other").to_owned(),
    }
}

fn row(entry: &ActivityEntry) -> AnyView {
    let (sign, direction) = looks(&entry.kind);
    let failed = entry.status == "reverted";
    let tile = if failed { "tile bad" } else { "tile" };
    let amount = (!direction.is_empty() && !format::is_zero(&entry.amount)).then(|| {
        let class = if direction == "+" { "strong accent" } else { "strong" };
        view! { <span class=class title=format!("{} DHL", format::exact(&entry.amount))>{direction}{format::dhl(&entry.amount)}</span> }
    });
    view! {
        <div class="row">
            <span class=tile>{icon(sign)}</span>
            <span class="grow stack-xs">
                <span class="strong">{title(entry)}</span>
                <span class="sub">{time::when(&entry.time)}{failed.then(|| view! { " · "<span class="bad-text">{t("activity.reverted")}</span> })}</span>
            </span>
            <span class="stack-xs right">{amount}{mark(&entry.standing)}</span>
        </div>
    }
    .into_any()
}

/// Activity as CSV (RFC 4180), amounts exact in DHL.
pub fn csv(entries: &[ActivityEntry]) -> String {
    let mut out = String::from("time,kind,from,to,amount_dhl,status,height,transaction\r\n");
    for entry in entries {
        let exact = format::exact(&entry.amount).replace(',', "");
        let height = entry.height.to_string();
        let fields = [
            &entry.time,
            &entry.kind,
            &entry.from,
            &entry.to,
            &exact,
            &entry.status,
            &height,
            &entry.tx,
        ];
        out.push_str(&fields.map(|field| format::csv_field(field)).join(","));
        out.push_str("\r\n");
    }
    out
}

/// Hands a file to the browser for saving; `None` where it does not take it.
fn save(name: &str, text: &str) -> Option<()> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/csv;charset=utf-8");
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    let link: web_sys::HtmlAnchorElement = web_sys::window()?
        .document()?
        .create_element("a")
        .ok()?
        .unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    web_sys::Url::revoke_object_url(&url).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhc_ipc::Standing;

    #[test]
    fn the_export_is_exact_and_one_line_an_entry() {
        let entry = ActivityEntry {
            tx: "0x01".into(),
            height: 7,
            time: "2026-11-22T09:12:00Z".into(),
            kind: "sent".into(),
            from: "0xa".into(),
            to: "0xb".into(),
            to_name: Some("never exported".into()),
            amount: "1284500000000000000001".into(),
            status: "ok".into(),
            standing: Standing::Proven { height: 7 },
        };
        let text = csv(&[entry]);
        assert_eq!(
            text,
            "time,kind,from,to,amount_dhl,status,height,transaction\r\n\
             2026-11-22T09:12:00Z,sent,0xa,0xb,1284.500000000000000001,ok,7,0x01\r\n"
        );
    }
}
