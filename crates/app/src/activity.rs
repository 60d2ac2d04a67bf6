//! The account's movements. A node's word says in which blocks to look; what is shown was proven
//! from those blocks themselves.

use std::collections::{BTreeMap, BTreeSet};

use alloy::sol_types::{SolCall, SolEvent};
use dhc_chain::{
    ProvenReceipt, TxStatus,
    contracts::{Consent, Identity, IncentivePool, RecordIndex},
};
use dhc_domain::{Address, Amount, Height};
use dhc_ipc::{ActivityEntry, ActivityView, Failure};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    contacts,
    ledger::{proven_at, receipt_failure, sync_failure},
    profile::{Profile, Session},
    sealed::{ACTIVITY, Batch},
    wallet::service_failure,
};

const SCANNED: &[u8] = b"scanned";
const SENT: &[u8] = b"sent";
const ENTRY: u8 = b'e';
/// Blocks asked for at once.
const AT_ONCE: usize = 16;

/// An entry as kept: once proven it does not change.
#[derive(Clone, Serialize, Deserialize)]
struct Movement {
    tx: String,
    height: u64,
    time: String,
    kind: String,
    from: Address,
    to: Address,
    amount: Amount,
    status: String,
}

/// Brings the kept movements up to the head and answers them, newest first.
pub async fn list(profile: &Profile) -> Result<ActivityView, Failure> {
    let session = profile.session()?;
    catch_up(profile, &session).await?;
    let names = contacts::known(&session)?;
    let mut kept = movements(&session)?;
    kept.sort_by_key(|m| std::cmp::Reverse(m.height));
    let entries = kept
        .into_iter()
        .map(|m| ActivityEntry {
            tx: m.tx,
            height: m.height,
            time: m.time,
            kind: m.kind,
            to_name: names
                .get(&if m.from == session.address {
                    m.to
                } else {
                    m.from
                })
                .cloned(),
            from: m.from.to_string(),
            to: m.to.to_string(),
            amount: m.amount.to_string(),
            status: m.status,
            standing: proven_at(Height(m.height)),
        })
        .collect();
    Ok(ActivityView { entries })
}

fn movements(session: &Session) -> Result<Vec<Movement>, Failure> {
    let rows = session.db.all::<Value>(ACTIVITY)?;
    Ok(rows
        .into_iter()
        .filter(|(key, _)| key.first() == Some(&ENTRY))
        .filter_map(|(_, value)| serde_json::from_value(value).ok())
        .collect())
}

/// Addresses this profile has sent to.
pub(crate) fn sent_to(session: &Session) -> Result<BTreeSet<Address>, Failure> {
    Ok(session.db.get(ACTIVITY, SENT)?.unwrap_or_default())
}

pub(crate) fn note_sent(session: &Session, to: Address) -> Result<(), Failure> {
    let mut sent = sent_to(session)?;
    if sent.insert(to) {
        session.db.put(ACTIVITY, SENT, &sent)?;
    }
    Ok(())
}

async fn catch_up(profile: &Profile, session: &Session) -> Result<(), Failure> {
    let head = profile.chain.sync().await.map_err(sync_failure)?.height;
    let scanned = session.db.get::<u64>(ACTIVITY, SCANNED)?.unwrap_or(0);
    // The head's own results are proven by the header after it.
    let last = head.0.saturating_sub(1);
    let mine = format!("{:#x}", session.address);
    let hits: Vec<u64> = stream::iter(scanned + 1..=last)
        .map(|height| {
            let mine = mine.clone();
            async move {
                let block = profile
                    .services
                    .call(
                        "eth_getBlockByNumber",
                        json!([format!("{height:#x}"), true]),
                    )
                    .await
                    .map_err(service_failure)?;
                Ok::<_, Failure>(concerns(&block, &mine).then_some(height))
            }
        })
        .buffered(AT_ONCE)
        .try_filter_map(|hit| async move { Ok(hit) })
        .try_collect()
        .await?;

    let contracts = &profile.chain.network().contracts;
    let names: BTreeMap<Address, &str> = contracts.iter().map(|(n, a)| (*a, n.as_str())).collect();
    let mut batch = Batch::default();
    for height in hits {
        let block = profile
            .chain
            .block(Height(height))
            .await
            .map_err(receipt_failure)?;
        for (i, receipt) in block.txs.iter().enumerate() {
            if receipt.from == session.address || receipt.to == Some(session.address) {
                let mut key = vec![ENTRY];
                key.extend_from_slice(&height.to_be_bytes());
                key.extend_from_slice(&(i as u32).to_be_bytes());
                session.db.stage(
                    &mut batch,
                    ACTIVITY,
                    &key,
                    &movement(receipt, session.address, &names),
                )?;
            }
        }
    }
    session
        .db
        .stage(&mut batch, ACTIVITY, SCANNED, &last.max(scanned))?;
    session.db.commit(batch)
}

/// Whether a block, by a node's word, has a transaction from or to `address` (lower-case hex).
fn concerns(block: &Value, address: &str) -> bool {
    block["transactions"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|tx| {
            ["from", "to"].iter().any(|side| {
                tx[side]
                    .as_str()
                    .is_some_and(|a| a.eq_ignore_ascii_case(address))
            })
        })
}

fn movement(receipt: &ProvenReceipt, me: Address, contracts: &BTreeMap<Address, &str>) -> Movement {
    let to = receipt.to.unwrap_or_default();
    let selector = receipt
        .input
        .get(..4)
        .and_then(|s| <[u8; 4]>::try_from(s).ok());
    let mut amount = Amount(receipt.value);
    let kind = match (contracts.get(&to).copied(), selector) {
        (Some("Identity"), Some(Identity::publishCall::SELECTOR)) => "identity",
        (Some("RecordIndex"), Some(RecordIndex::addCall::SELECTOR)) => "record",
        (Some("Consent"), Some(Consent::grantCall::SELECTOR)) => "grant",
        (Some("Consent"), Some(Consent::revokeCall::SELECTOR)) => "revocation",
        (Some("Consent"), Some(Consent::approveCall::SELECTOR)) => "approval",
        (Some("Consent"), Some(Consent::recordAccessCall::SELECTOR)) => "access",
        (Some("IncentivePool"), Some(IncentivePool::contributeCall::SELECTOR)) => "contribution",
        (Some("IncentivePool"), Some(IncentivePool::claimCall::SELECTOR)) => {
            amount = receipt
                .logs
                .iter()
                .filter(|log| log.address == to)
                .filter_map(|log| IncentivePool::Claimed::decode_log(log).ok())
                .filter(|e| e.contributor == me)
                .fold(amount, |sum, e| {
                    sum.checked_add(Amount(e.reward)).unwrap_or(sum)
                });
            "reward"
        }
        _ if receipt.from == me => "sent",
        _ => "received",
    };
    Movement {
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        time: receipt.time.to_string(),
        kind: kind.into(),
        from: receipt.from,
        to,
        amount,
        status: if receipt.status == TxStatus::Ok {
            "ok"
        } else {
            "reverted"
        }
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_concerns_whom_it_pays_or_who_pays() {
        let block =
            json!({"transactions": [{"from": "0xAB", "to": null}, {"from": "0x01", "to": "0xcd"}]});
        assert!(concerns(&block, "0xab"));
        assert!(concerns(&block, "0xcd"));
        assert!(!concerns(&block, "0xef"));
        assert!(!concerns(&json!(null), "0xab"));
    }
}
