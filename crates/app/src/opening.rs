//! The grantee's side: enter the access log, get the key, fetch, verify, open.

mod asking;
mod files;
mod granted;

use std::path::PathBuf;

use dhc_chain::{
    TxRequest,
    contracts::Consent,
    history::{Accessed, Entry as _},
};
use dhc_content::oakley::{AccessEntry, AccessRequest};
use dhc_domain::{Action, B256, GrantId, GrantState, Height, Mode, RecordId, Timestamp, TxHash};
use dhc_ipc::{Code, Failure, Fetch, FetchView, HolderView, Indexed};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::{asking::ask, files::Files};
pub(crate) use self::{
    asking::refusal_code,
    granted::{action_refused, granted, received, record_of, refused},
};
use crate::{
    custody,
    grants::{Known, after, grant_id},
    job::Job,
    ledger::{proven_at, read_failure},
    notes::NotedRecord,
    objects::{Object, corrupt},
    ports::PeerHint,
    profile::{Profile, Session},
    sealed::{Batch, OPENINGS},
    seals::commitment,
    storage,
};

/// An entry goes on serving an opening that was cut off for this long, seconds: less than the
/// owner's app allows.
const RESUMED_WITHIN_S: u64 = 10 * 60;

/// An entry of mine in somebody's access log.
#[derive(Clone, Serialize, Deserialize)]
pub struct Access {
    pub tx: TxHash,
    pub height: Height,
    pub seq: u64,
    pub entry: B256,
    pub time: Timestamp,
}

/// A granted study, open.
pub struct Opened {
    pub known: Known,
    pub note: NotedRecord,
    pub object: Object,
    pub action: Action,
    pub access: Access,
    /// In custody mode, as they answered.
    pub holders: Vec<HolderView>,
}

/// Opens a study of a grant to this profile, for one action. Each call is one opening in the
/// owner's log.
pub async fn open(
    profile: &Profile,
    session: &Session,
    id: GrantId,
    study: Option<&str>,
    action: Action,
    job: &Job,
) -> Result<Opened, Failure> {
    let known = received(profile, session, id).await?;
    let state = known.state(profile.clock.now());
    if state != GrantState::Active {
        return Err(refused(state));
    }
    if !known.on_chain.actions.contains(action) {
        return Err(action_refused(known.on_chain.actions));
    }
    let record = record_of(&known, study)?;
    let (known, body) = granted(profile, session, id).await?;
    let note = body
        .records
        .into_iter()
        .find(|r| r.record == record)
        .ok_or_else(|| corrupt("the grant's note is not about this record"))?;

    let access = enter(profile, session, &known, record, action, job).await?;
    let request = AccessRequest {
        grantee: session.address,
        owner: known.on_chain.owner,
        grant: known.id,
        access: AccessEntry {
            seq: access.seq,
            entry: access.entry,
        },
        root: note.root,
    };
    let mut peers = body.peers;
    let mut holders = Vec::new();
    let key = match known.on_chain.mode {
        Mode::Sealed => note
            .key
            .clone()
            .ok_or_else(|| corrupt("the sealed grant's note holds no key"))?,
        Mode::Live => ask(profile, session, request, &note, &peers, job).await?,
        Mode::Custody => {
            let custody = body
                .custody
                .ok_or_else(|| corrupt("the grant's note names no holders"))?;
            let (key, heard) =
                custody::collect(profile, session, &known, &note, &custody, request, job).await?;
            holders = heard;
            // The owner may be offline: holders may have the content, too.
            peers.extend(custody.holders.into_iter().map(|h| PeerHint {
                peer: h.peer.peer,
                addresses: h.peer.addresses,
            }));
            key
        }
    };
    let blocks = profile.home.blocks.clone();
    let object = Object::open(blocks, peers.clone(), note.root, &key).await?;
    storage::make_sure_of_room_for(profile, session, &object).await?;
    let (record_id, grant) = (record.to_string(), id.to_string());
    storage::note(session, &record_id, &note.root, Some(grant), peers)?;
    check_commitment(profile, &note, &object, access.height).await?;
    Ok(Opened {
        known,
        note,
        object,
        action,
        access,
        holders,
    })
}

/// An entry serves the record and the action that it was made for.
fn opening_key(session: &Session, id: GrantId, record: RecordId, action: Action) -> [u8; 32] {
    session.blind(&format!("opening {id} {record} {action}"))
}

/// Enters the opening in the owner's log, or goes on with the entry of one that was cut off.
async fn enter(
    profile: &Profile,
    session: &Session,
    known: &Known,
    record: RecordId,
    action: Action,
    job: &Job,
) -> Result<Access, Failure> {
    let key = opening_key(session, known.id, record, action);
    let now = profile.clock.now();
    if let Some(access) = session.db.get::<Access>(OPENINGS, &key)?
        && now.0.saturating_sub(access.time.0) < RESUMED_WITHIN_S
    {
        return Ok(access);
    }
    let contract = profile.contract("Consent")?;
    let call = Consent::recordAccessCall {
        id: known.id.0,
        recordId: record.0,
        action: action.index(),
    };
    let act = format!("access {} {record} {action}", known.id);
    let receipt = profile
        .transact_kept(
            session,
            &act,
            job,
            TxRequest::call(session.address, contract, &call),
        )
        .await?;
    let accessed = receipt
        .logs
        .iter()
        .filter(|log| log.address == contract)
        .find_map(|log| Accessed::claimed(log, receipt.height))
        .ok_or_else(|| {
            Failure::new(
                Code::NodeUntrusted,
                "the proven result holds no access entry",
            )
        })?;
    let access = Access {
        tx: receipt.tx,
        height: receipt.height,
        seq: accessed.seq,
        entry: accessed.hash(),
        time: accessed.time,
    };
    let mut batch = Batch::default();
    session.db.stage(&mut batch, OPENINGS, &key, &access)?;
    profile.stage_forgotten(session, &mut batch, &act);
    session.db.commit(batch)?;
    Ok(access)
}

/// What was opened is what the record's commitment on chain says.
async fn check_commitment(
    profile: &Profile,
    note: &NotedRecord,
    object: &Object,
    height: Height,
) -> Result<(), Failure> {
    let record = profile
        .chain
        .record(note.record, after(height))
        .await
        .map_err(read_failure)?
        .value
        .ok_or_else(|| corrupt("the grant's record is not on chain"))?;
    let mut hashes: Vec<B256> = object.manifest.entries.iter().map(|e| e.sha256).collect();
    hashes.sort_unstable();
    let mut digest = Sha256::new();
    for hash in &hashes {
        digest.update(hash);
    }
    let digest = B256::from_slice(&digest.finalize());
    if commitment(&note.salt, &digest) != record.commitment {
        return Err(corrupt(
            "the content is not what the record on chain commits to",
        ));
    }
    Ok(())
}

/// Ends an opening: the next one is entered anew.
pub fn finish(session: &Session, opened: &Opened) -> Result<(), Failure> {
    let key = opening_key(session, opened.known.id, opened.note.record, opened.action);
    session.db.delete(OPENINGS, &key)
}

/// Fetches a granted study. With a folder its original files leave the app, and the entry in the
/// owner's log says so.
pub async fn fetch(profile: &Profile, args: &Fetch, job: &Job) -> Result<FetchView, Failure> {
    let session = profile.session()?;
    let id = grant_id(&args.grant)?;
    let action = match args.out {
        Some(_) => Action::Export,
        None => Action::View,
    };
    let opened = open(profile, &session, id, args.study.as_deref(), action, job).await?;
    let mut files = Files::new(args.out.as_ref().map(PathBuf::from));
    opened.object.each_entry(&mut files, job).await?;
    tracing::debug!("the study is whole");
    finish(&session, &opened)?;
    job.changed();
    Ok(FetchView {
        grant: id.to_string(),
        study: opened.note.record.to_string(),
        instances: opened.object.manifest.entries.len() as u32,
        bytes: opened.object.manifest.length,
        accessed: Indexed {
            tx: opened.access.tx.to_string(),
            height: opened.access.height.0,
        },
        holders: opened.holders,
        standing: proven_at(opened.access.height),
    })
}
