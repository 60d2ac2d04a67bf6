//! Who has looked: the owner's access log, complete by the head of its hash chain.

use std::collections::BTreeMap;

use dhc_chain::{
    At, ProvenBlock,
    history::{Accessed, Entry as _},
};
use dhc_domain::Height;
use dhc_ipc::{AccessView, AuditView, Code, Failure};

use crate::{
    contacts,
    failure::standing,
    grants,
    ledger::receipt_failure,
    profile::{Profile, Session},
    records,
    sealed::{Batch, HEIGHTS},
};

/// The openings of my records, newest first; of one record where `study` names it.
pub async fn audit(profile: &Profile, study: Option<&str>) -> Result<AuditView, Failure> {
    let session = profile.session()?;
    let records = records::all(&session)?;
    let by_root: BTreeMap<_, _> = records
        .iter()
        .filter_map(|r| r.root().ok().map(|root| (root, r)))
        .collect();
    let only = study
        .map(|id| records::find(&session, id))
        .transpose()?
        .map(|r| r.root())
        .transpose()?;
    let history = profile
        .history::<Accessed>(&session, "accesses", session.address, At::Latest)
        .await?;
    let heights = heights(profile, &session, &history.entries).await?;
    let names = contacts::known(&session)?;
    let standing = standing(history.standing);
    let verified = history.entries.len() as u64;
    let mut entries: Vec<AccessView> = history
        .entries
        .iter()
        .filter(|e| only.is_none_or(|root| root == e.object))
        .map(|e| {
            let record = by_root.get(&e.object);
            AccessView {
                grant: e.id.to_string(),
                by: e.by.to_string(),
                by_name: names.get(&e.by).cloned(),
                purpose: e
                    .purpose()
                    .map_or_else(|| e.purpose.to_string(), |p| p.to_string()),
                object: record.map_or_else(|| e.object.to_string(), |r| r.id.to_string()),
                title: record.map(|r| r.title()),
                time: e.time.to_string(),
                height: heights.get(&e.seq).map_or(0, |h| h.0),
                mode: e.mode().map_or("live", grants::mode_name).into(),
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

/// The block of each entry, by its number: the entries' hashes do not say it, so each is looked up
/// once in the block itself, and kept.
async fn heights(
    profile: &Profile,
    session: &Session,
    entries: &[Accessed],
) -> Result<BTreeMap<u64, Height>, Failure> {
    let contract = profile.contract("Consent")?;
    let mut heights = BTreeMap::new();
    let mut batch = Batch::default();
    // Several openings may stand in one block, and stand together then.
    let mut last: Option<ProvenBlock> = None;
    for entry in entries {
        let key = session.blind(&format!("access height {}", entry.hash()));
        let height = match session.db.get(HEIGHTS, &key)? {
            Some(height) => height,
            None => {
                let block = match last.take().filter(|b| b.height == entry.height) {
                    Some(block) => block,
                    None => profile
                        .chain
                        .block(entry.height)
                        .await
                        .map_err(receipt_failure)?,
                };
                let stands = block.txs.iter().flat_map(|tx| &tx.logs).any(|log| {
                    log.address == contract
                        && Accessed::claimed(log, entry.height)
                            .is_some_and(|e| e.hash() == entry.hash())
                });
                if !stands {
                    return Err(Failure::new(
                        Code::NodeUntrusted,
                        "an opening is not in the block that a node named",
                    ));
                }
                session.db.stage(&mut batch, HEIGHTS, &key, &entry.height)?;
                last = Some(block);
                entry.height
            }
        };
        heights.insert(entry.seq, height);
    }
    session.db.commit(batch)?;
    Ok(heights)
}
