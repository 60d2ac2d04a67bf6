//! Receiving: the address, as text and as a QR code (EIP-681).

use dhc_ipc::{BalanceView, NodeView};
use leptos::prelude::*;

use crate::components::{copy_button, qr};
use crate::i18n::t;
use crate::session::{Loaded, session};

/// A payment request for `address` on chain `chain_id` (EIP-681).
pub fn payment_uri(address: &str, chain_id: Option<u64>) -> String {
    match chain_id {
        Some(id) => format!("ethereum:{address}@{id}"),
        None => format!("ethereum:{address}"),
    }
}

pub fn receive_code(
    balance: RwSignal<Loaded<BalanceView>>,
    node: RwSignal<Loaded<NodeView>>,
) -> AnyView {
    let session = session();
    let address = balance.with(|b| match b {
        Loaded::Ready(view) => view.address.clone(),
        _ => session.address(),
    });
    let chain_id = node.with(|n| match n {
        Loaded::Ready(view) => Some(view.evm_chain_id),
        _ => None,
    });
    let network = node.with(|n| match n {
        Loaded::Ready(view) => view.network.clone(),
        _ => String::new(),
    });
    view! {
        {qr(&payment_uri(&address, chain_id), t("wallet.qr_label"))}
        <div class="card row">
            <span class="mono grow">{address.clone()}</span>
            {copy_button(address)}
        </div>
        <p class="sub">{crate::i18n::tr("wallet.receive_text", &[("network", &network)])}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::payment_uri;

    #[test]
    fn a_payment_request_names_the_chain_where_it_is_known() {
        assert_eq!(payment_uri("0xab", Some(7761)), "ethereum:0xab@7761");
        assert_eq!(payment_uri("0xab", None), "ethereum:0xab");
    }
}
