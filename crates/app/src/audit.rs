//! Who has looked: the owner's access log, complete by the head of its hash chain.

use std::collections::BTreeMap;

use alloy::sol_types::SolEvent;
use dhc_chain::{
    At, ProvenBlock,
    contracts::Consent,
    history::{Accessed, Entry as _},
};
use dhc_domain::{Address, GrantId, Height, Mode, RecordId};
use dhc_ipc::{AccessView, AuditView, Code, Failure};
use serde::{Deserialize, Serialize};

use crate::{
    contacts,
    failure::standing,
    glass,
    ledger::receipt_failure,
    profile::{Profile, Session},
    records,
    sealed::{Batch, HEIGHTS},
};

/// The openings of my records, newest first; of one record where `study` names it.
pub async fn audit(profile: &Profile, study: Option<&str>) -> Result<AuditView, Failure> {
    let session = profile.session()?;
    let records = records::all(&session)?;
    let by_id: BTreeMap<_, _> = records.iter().map(|r| (r.id, r)).collect();
    let only = study
        .map(|id| records::find(&session, id))
        .transpose()?
        .map(|r| r.id);
    let history = profile
        .history::<Accessed>(&session, "accesses", session.address, At::Latest)
        .await?;
    let found = find_blocks(profile, &session, &history.entries).await?;
    // A broken glass concerns every record of its grant.
    let broken: Vec<GrantId> = history
        .entries
        .iter()
        .filter(|e| only.is_some() && e.breaks_glass())
        .map(|e| e.id)
        .collect();
    let concerned = match only {
        Some(record) => glass::concerning(profile, &broken, record).await?,
        None => broken,
    };
    let names = contacts::known(&session)?;
    let standing = standing(history.standing);
    let verified = history.entries.len() as u64;
    let mut entries: Vec<AccessView> = history
        .entries
        .iter()
        .filter(|e| {
            only.is_none_or(|id| id.0 == e.object)
                || (e.breaks_glass() && concerned.contains(&e.id))
        })
        .map(|e| {
            let record = by_id.get(&RecordId(e.object));
            let found = found.get(&e.seq);
            let reason = found
                .and_then(|f| f.reason.as_ref())
                .and_then(|sealed| glass::read_reason(profile, &session, e.id, e.by, sealed));
            AccessView {
                grant: e.id.to_string(),
                by: e.by.to_string(),
                by_name: names.get(&e.by).cloned(),
                purpose: e
                    .purpose()
                    .map_or_else(|| e.purpose.to_string(), |p| p.to_string()),
                action: action_name(e),
                object: e.object.to_string(),
                reason,
                title: record.map(|r| r.title()),
                time: e.time.to_string(),
                height: found.map_or(0, |f| f.height.0),
                mode: e.mode().map_or("live", Mode::name).into(),
                standing,
            }
        })
        .collect();
    entries.reverse();
    Ok(AuditView {
        entries,
        complete: history.complete,
        verified,
        length: history.length,
        standing,
    })
}

fn action_name(entry: &Accessed) -> String {
    match entry.action() {
        Some(action) => action.to_string(),
        None if entry.breaks_glass() => "glass".into(),
        None => entry.action.to_string(),
    }
}

/// What an entry's block tells besides the entry.
#[derive(Clone, Serialize, Deserialize)]
struct Found {
    height: Height,
    /// As sealed by who broke the glass, where the entry is of that.
    reason: Option<Vec<u8>>,
}

/// The block of each entry, by its number: the entries' hashes do not say it, so each is looked up
/// once in the block itself, and kept.
async fn find_blocks(
    profile: &Profile,
    session: &Session,
    entries: &[Accessed],
) -> Result<BTreeMap<u64, Found>, Failure> {
    let contract = profile.contract("Consent")?;
    let mut all = BTreeMap::new();
    let mut batch = Batch::default();
    // Several openings may stand in one block, and stand together then.
    let mut last: Option<ProvenBlock> = None;
    for entry in entries {
        let key = session.blind(&format!("access block {}", entry.hash()));
        let found = match session.db.get(HEIGHTS, &key)? {
            Some(found) => found,
            None => {
                let block = match last.take().filter(|b| b.height == entry.height) {
                    Some(block) => block,
                    None => profile
                        .chain
                        .block(entry.height)
                        .await
                        .map_err(receipt_failure)?,
                };
                let found = find_in(&block, contract, entry)?;
                session.db.stage(&mut batch, HEIGHTS, &key, &found)?;
                last = Some(block);
                found
            }
        };
        all.insert(entry.seq, found);
    }
    session.db.commit(batch)?;
    Ok(all)
}

/// What a proven block says of an entry that a node claims to stand in it.
fn find_in(block: &ProvenBlock, contract: Address, entry: &Accessed) -> Result<Found, Failure> {
    let logs = || {
        let logs = block.txs.iter().flat_map(|tx| &tx.logs);
        logs.filter(|log| log.address == contract)
    };
    let stands = logs()
        .any(|log| Accessed::claimed(log, entry.height).is_some_and(|e| e.hash() == entry.hash()));
    if !stands {
        return Err(Failure::new(
            Code::NodeUntrusted,
            "an opening is not in the block that a node named",
        ));
    }
    let reason = logs()
        .filter_map(|log| Consent::GlassBroken::decode_log(log).ok())
        .map(|event| event.data.reason.to_vec())
        .find(|reason| alloy::primitives::keccak256(reason) == entry.object);
    Ok(Found {
        height: entry.height,
        reason: reason.filter(|_| entry.breaks_glass()),
    })
}
