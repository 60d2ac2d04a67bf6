//! `/wallet`: balance, Send, Receive, Activity, accounts, address book.

mod activity;
mod book;
mod receive;
mod send;

pub use send::amount_words;

use dhc_ipc::{
    Accounts, AccountsView, Balance, BalanceView, Failure, Fund, NodeStatus, NodeView, Standing,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::{
    Icon, Sheet, busy_button, copy_button, fact, heading, how_do_we_know, icon, mark, notice,
    sheet, shown,
};
use crate::format;
use crate::i18n::{t, tr};
use crate::session::{Loaded, session};

/// What the faucet gives on a development network, DHL.
const TEST_AMOUNT: &str = "100";

pub fn wallet_screen() -> AnyView {
    let session = session();
    let balance = session.read(|| Balance { address: None });
    let accounts = session.read(|| Accounts {});
    let node = session.read(|| NodeStatus {});
    let (sending, receiving) = (Sheet::new(), Sheet::new());
    view! {
        <main class="main wide" id="content">
            {heading(t("nav.wallet"))}
            <div class="columns">
                <div class="stack">
                    {shown(balance, draw_balance)}
                    <div class="actions">
                        <button class="btn" on:click=move |_| sending.open()>{icon(Icon::ArrowUpRight)}{t("wallet.send")}</button>
                        <button class="btn quiet" on:click=move |_| receiving.open()>{icon(Icon::QrCode)}{t("wallet.receive")}</button>
                    </div>
                    {move || test_money(node)}
                    {activity::activity_panel()}
                </div>
                <div class="stack large-hide">
                    {shown(accounts, draw_accounts)}
                    {book::address_book()}
                </div>
            </div>
            {sheet(sending, t("wallet.send"), move || send::send_form(sending))}
            {sheet(receiving, t("wallet.receive"), move || receive::receive_code(balance, node))}
        </main>
    }
    .into_any()
}

fn draw_balance(balance: BalanceView) -> AnyView {
    // What nobody proved is not an amount, least of all nothing.
    let known = !matches!(balance.standing, Standing::Unproven { .. });
    let exact = known.then(|| format!("{} DHL", format::exact(&balance.amount)));
    let facts = vec![
        fact(t("proof.address"), &balance.address),
        fact(t("proof.exact"), exact.unwrap_or_default()),
    ];
    let amount = if known {
        view! { <p class="amount">{format::dhl(&balance.amount)}<small>"DHL"</small></p> }
            .into_any()
    } else {
        view! { <p class="amount">{t("wallet.not_known")}</p> }.into_any()
    };
    view! {
        <div class="stack-xs">
            <h2>{t("wallet.balance")}</h2>
            {amount}
            {mark(&balance.standing)}
            {how_do_we_know(t("wallet.proof"), &balance.standing, facts)}
        </div>
    }
    .into_any()
}

/// Test DHL, on development networks only.
fn test_money(node: RwSignal<Loaded<NodeView>>) -> Option<AnyView> {
    let session = session();
    let development = node.with(|node| matches!(node, Loaded::Ready(view) if view.network == "devnet" || view.network.starts_with("demo")));
    if !development {
        return None;
    }
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Failure>);
    let fund = move || {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let request = Fund {
                to: session
                    .current()
                    .and_then(|p| p.address)
                    .unwrap_or_default(),
                amount: TEST_AMOUNT.into(),
            };
            match session.ask(&request).await {
                Ok(_) => session.say(tr("wallet.funded", &[("amount", TEST_AMOUNT)])),
                Err(failure) => problem.set(Some(failure)),
            }
            busy.set(false);
            session.changed();
        });
    };
    Some(
        view! {
            <div class="card row wrap large-hide">
                <span class="grow sub">{t("wallet.test_network")}</span>
                {busy_button("btn quiet compact", Some(Icon::Download), t("wallet.fund"), move || busy.get(), || false, fund)}
            </div>
            {notice(problem)}
        }
        .into_any(),
    )
}

fn draw_accounts(view: AccountsView) -> AnyView {
    let rows: Vec<_> = view
        .accounts
        .into_iter()
        .map(|account| {
            let name = tr("wallet.account", &[("n", &(account.index + 1).to_string())]);
            view! {
                <div class="row">
                    <span class="tile">{icon(Icon::Wallet)}</span>
                    <span class="grow stack-xs"><span class="strong">{name}</span><span class="mono sub">{account.address.clone()}</span></span>
                    {copy_button(account.address)}
                </div>
            }
        })
        .collect();
    view! { <section class="section"><h2>{t("wallet.accounts")}</h2><div class="card flush rows">{rows}</div></section> }.into_any()
}
