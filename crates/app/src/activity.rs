//! The account's movements. A node's word says in which blocks to look; what is shown was proven
//! from those blocks themselves.

use std::collections::{BTreeMap, BTreeSet};

use alloy::sol_types::{SolCall, SolEvent};
use dhc_chain::{
    ProvenReceipt, TxStatus,
    contracts::{
        Consent, Contract, DHLToken, Identity, IncentivePool, Proxies, RecordIndex, Requests,
        intents,
    },
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
/// Blocks whose logs are asked for at once: what public endpoints allow.
const LOG_BLOCKS: u64 = 5_000;

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
    let hits;
    let last;
    if profile.chain.is_ethereum() {
        last = head.0;
        let first = (scanned + 1).max(profile.chain.network().trust.height);
        hits = token_blocks(profile, session.address, first, last).await?;
    } else {
        // The head's own results are proven by the header after it.
        last = head.0.saturating_sub(1);
        hits = own_blocks(profile, session.address, scanned + 1, last).await?;
    }

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
            for (j, movement) in movements_in(receipt, session.address, &names).enumerate() {
                let mut key = vec![ENTRY];
                key.extend_from_slice(&height.to_be_bytes());
                key.extend_from_slice(&(i as u32).to_be_bytes());
                if j > 0 {
                    key.extend_from_slice(&(j as u32).to_be_bytes());
                }
                session.db.stage(&mut batch, ACTIVITY, &key, &movement)?;
            }
        }
    }
    session
        .db
        .stage(&mut batch, ACTIVITY, SCANNED, &last.max(scanned))?;
    session.db.commit(batch)
}

/// The blocks from `first` to `last` that have, by a node's word, a transaction from or to me.
async fn own_blocks(
    profile: &Profile,
    me: Address,
    first: u64,
    last: u64,
) -> Result<Vec<u64>, Failure> {
    let mine = format!("{me:#x}");
    stream::iter(first..=last)
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
        .await
}

/// The blocks from `first` to `last` in which, by a node's word, the token moved from or to me.
async fn token_blocks(
    profile: &Profile,
    me: Address,
    first: u64,
    last: u64,
) -> Result<Vec<u64>, Failure> {
    let token = profile.contract("DHLToken")?;
    let mine = me.into_word();
    let mut blocks = BTreeSet::new();
    let mut from = first;
    while from <= last {
        let to = last.min(from + LOG_BLOCKS - 1);
        for topics in [
            json!([DHLToken::Transfer::SIGNATURE_HASH, mine]),
            json!([DHLToken::Transfer::SIGNATURE_HASH, null, mine]),
        ] {
            let filter = json!({
                "address": token,
                "topics": topics,
                "fromBlock": format!("{from:#x}"),
                "toBlock": format!("{to:#x}"),
            });
            let logs = profile
                .services
                .call("eth_getLogs", json!([filter]))
                .await
                .map_err(service_failure)?;
            let heights = logs.as_array().into_iter().flatten().filter_map(|log| {
                let digits = log["blockNumber"].as_str()?.strip_prefix("0x")?;
                u64::from_str_radix(digits, 16).ok()
            });
            blocks.extend(heights.filter(|h| (from..=to).contains(h)));
        }
        from = to + 1;
    }
    Ok(blocks.into_iter().collect())
}

/// Whose act a transaction carries in, if it carries one in.
fn author(receipt: &ProvenReceipt, contracts: &BTreeMap<Address, &str>) -> Option<Address> {
    let name = contracts.get(&receipt.to?)?;
    let contract = Contract::ALL.iter().find(|c| c.name() == *name)?;
    intents::parse(*contract, &receipt.input).map(|intent| intent.author())
}

/// Whether a block, by a node's word, has a transaction from or to `address` (lower-case hex), or
/// one whose arguments name it.
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
            }) || tx["input"]
                .as_str()
                .is_some_and(|input| input.to_lowercase().contains(&address[2..]))
        })
}

/// What a transaction moved from or to me.
fn movements_in(
    receipt: &ProvenReceipt,
    me: Address,
    contracts: &BTreeMap<Address, &str>,
) -> impl Iterator<Item = Movement> {
    let mut moved = transfers(receipt, me, contracts);
    let mine =
        receipt.from == me || receipt.to == Some(me) || author(receipt, contracts) == Some(me);
    if moved.is_empty() && mine {
        moved.push(movement(receipt, me, contracts));
    }
    moved.into_iter()
}

/// The token's transfers from or to me.
fn transfers(
    receipt: &ProvenReceipt,
    me: Address,
    contracts: &BTreeMap<Address, &str>,
) -> Vec<Movement> {
    let of_token = |log: &&alloy::primitives::Log| contracts.get(&log.address) == Some(&"DHLToken");
    receipt
        .logs
        .iter()
        .filter(of_token)
        .filter_map(|log| DHLToken::Transfer::decode_log(log).ok())
        .filter(|moved| moved.from == me || moved.to == me)
        .map(|moved| Movement {
            kind: if moved.from == me { "sent" } else { "received" }.into(),
            from: moved.from,
            to: moved.to,
            amount: Amount(moved.value),
            ..movement(receipt, me, contracts)
        })
        .collect()
}

fn movement(receipt: &ProvenReceipt, me: Address, contracts: &BTreeMap<Address, &str>) -> Movement {
    let to = receipt.to.unwrap_or_default();
    let selector = receipt
        .input
        .get(..4)
        .and_then(|s| <[u8; 4]>::try_from(s).ok());
    let mut amount = Amount(receipt.value);
    let kind = match (contracts.get(&to).copied(), selector) {
        _ if author(receipt, contracts).is_some_and(|author| author != me) => "sponsored",
        (
            Some("Identity"),
            Some(Identity::publishCall::SELECTOR | Identity::publishBySigCall::SELECTOR),
        ) => "identity",
        (
            Some("RecordIndex"),
            Some(RecordIndex::addCall::SELECTOR | RecordIndex::addBySigCall::SELECTOR),
        ) => "record",
        (
            Some("Consent"),
            Some(Consent::grantCall::SELECTOR | Consent::grantBySigCall::SELECTOR),
        ) => "grant",
        (
            Some("Consent"),
            Some(Consent::renewCall::SELECTOR | Consent::renewBySigCall::SELECTOR),
        ) => "renewal",
        (Some("Consent"), Some(Consent::shareCall::SELECTOR)) => "share",
        (Some("Consent"), Some(Consent::breakGlassCall::SELECTOR)) => "glass",
        (
            Some("Consent"),
            Some(Consent::revokeCall::SELECTOR | Consent::revokeBySigCall::SELECTOR),
        ) => "revocation",
        (
            Some("Consent"),
            Some(Consent::approveCall::SELECTOR | Consent::approveBySigCall::SELECTOR),
        ) => "approval",
        (Some("Consent"), Some(Consent::recordAccessCall::SELECTOR)) => "access",
        (
            Some("Requests"),
            Some(Requests::askCall::SELECTOR | Requests::askBySigCall::SELECTOR),
        ) => "request",
        (
            Some("Requests"),
            Some(Requests::answerCall::SELECTOR | Requests::answerBySigCall::SELECTOR),
        ) => "answer",
        (
            Some("Requests"),
            Some(Requests::declineCall::SELECTOR | Requests::declineBySigCall::SELECTOR),
        ) => "decline",
        (
            Some("Requests"),
            Some(Requests::withdrawCall::SELECTOR | Requests::withdrawBySigCall::SELECTOR),
        ) => "withdrawal",
        (
            Some("Proxies"),
            Some(Proxies::appointCall::SELECTOR | Proxies::appointBySigCall::SELECTOR),
        ) => "appointment",
        (
            Some("Proxies"),
            Some(Proxies::dismissCall::SELECTOR | Proxies::dismissBySigCall::SELECTOR),
        ) => "dismissal",
        (
            Some("IncentivePool"),
            Some(
                IncentivePool::contributeCall::SELECTOR
                | IncentivePool::contributeBySigCall::SELECTOR,
            ),
        ) => "contribution",
        (
            Some("IncentivePool"),
            Some(IncentivePool::claimCall::SELECTOR | IncentivePool::claimForCall::SELECTOR),
        ) => {
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
    fn a_block_concerns_whom_it_pays_who_pays_and_whom_it_names() {
        let block =
            json!({"transactions": [{"from": "0xAB", "to": null}, {"from": "0x01", "to": "0xcd"}]});
        assert!(concerns(&block, "0xab"));
        assert!(concerns(&block, "0xcd"));
        assert!(!concerns(&block, "0xef"));
        let carried =
            json!({"transactions": [{"from": "0x01", "to": "0x02", "input": "0x00EF11"}]});
        assert!(concerns(&carried, "0xef"));
        assert!(!concerns(&json!(null), "0xab"));
    }
}
