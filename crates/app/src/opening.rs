//! The grantee's side: enter the access log, get the key, fetch, verify, open.

mod files;

use std::path::PathBuf;

use dhc_chain::{
    At, TxRequest,
    contracts::Consent,
    history::{Accessed, Entry as _, GrantReceived},
};
use dhc_content::{
    oakley::{AccessEntry, AccessRequest, Initiator, Progress, Refusal, Scope},
    object::ObjectKey,
};
use dhc_domain::{
    Action, Actions, B256, GrantId, GrantState, Height, Mode, RecordId, Timestamp, TxHash,
};
use dhc_ipc::{Code, Failure, Fetch, FetchView, HolderView, Indexed, Stage};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::files::Files;
use crate::{
    custody,
    failure::{exchange_failure, misuse},
    grants::{self, Known, after, grant_id},
    job::Job,
    keys::Signing,
    ledger::{proven_at, read_failure},
    notes::{self, NoteBody, NotedRecord},
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

pub(crate) fn refused(state: GrantState) -> Failure {
    match state {
        GrantState::Revoked => Failure::new(Code::GrantRevoked, "the owner has ended this access"),
        GrantState::Expired => {
            Failure::new(Code::GrantExpired, "the window of this access is over")
        }
        GrantState::AwaitingApproval => {
            Failure::new(Code::GrantUnapproved, "approvals are missing")
        }
        GrantState::Dormant => Failure::new(Code::GrantDormant, "this access is for an emergency")
            .hint(
                "dhc consent break-glass GRANT --reason TEXT opens it; the owner is told at once",
            ),
        GrantState::Active => Failure::new(Code::Internal, "an active grant was refused"),
    }
}

/// The refusal of what is not among the actions that a grant allows.
pub(crate) fn action_refused(allowed: Actions) -> Failure {
    let allowed: Vec<_> = allowed.iter().map(Action::name).collect();
    Failure::new(
        Code::ActionRefused,
        format!("this access is to {} alone", allowed.join(", ")),
    )
}

/// A grant to this profile and its note, in whichever state it is.
pub(crate) async fn granted(
    profile: &Profile,
    session: &Session,
    id: GrantId,
) -> Result<(Known, NoteBody), Failure> {
    let known = received(profile, session, id).await?;
    let history = profile
        .history::<GrantReceived>(session, "received", session.address, At::Latest)
        .await?;
    let note = history.entries.iter().find(|e| e.id == id).ok_or_else(|| {
        Failure::new(
            Code::ContentUnavailable,
            "the network did not hand over the grant's note",
        )
    })?;
    let note = notes::open(profile, session, &known, &note.note)?;
    Ok((known, note))
}

/// A grant to this profile.
pub(crate) async fn received(
    profile: &Profile,
    session: &Session,
    id: GrantId,
) -> Result<Known, Failure> {
    let known = grants::read(profile, id, At::Latest)
        .await?
        .ok_or_else(|| Failure::new(Code::GrantUnknown, "there is no such grant"))?;
    if known.on_chain.grantee != session.address {
        return Err(Failure::new(
            Code::NotGrantee,
            "this access was given to somebody else",
        ));
    }
    Ok(known)
}

/// The record of a grant that is meant: the one named, or the only one.
pub(crate) fn record_of(known: &Known, study: Option<&str>) -> Result<RecordId, Failure> {
    let records = &known.on_chain.records;
    match (study, records.as_slice()) {
        (None, [only]) => Ok(*only),
        (None, _) => Err(
            misuse(format!("this access is for {} studies", records.len()))
                .hint("name one of them: --study ID"),
        ),
        (Some(study), _) => {
            let id: RecordId = study
                .parse()
                .map_err(|_| misuse("a record's id is 0x and 64 hex digits"))?;
            if records.contains(&id) {
                Ok(id)
            } else {
                Err(Failure::new(
                    Code::RecordUnknown,
                    "this access is not for that study",
                ))
            }
        }
    }
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

/// Asks the owner's app for the key (Oakley).
async fn ask(
    profile: &Profile,
    session: &Session,
    request: AccessRequest,
    note: &NotedRecord,
    peers: &[PeerHint],
    job: &Job,
) -> Result<ObjectKey, Failure> {
    job.report(Stage::AskingForKey, 0, 1);
    let scope = Scope {
        chain_id: profile.chain.network().evm_chain_id,
        consent: profile.contract("Consent")?,
    };
    let peer = peers
        .first()
        .ok_or_else(|| corrupt("the grant's note names no peer"))?;
    let signer = Signing(session.account.clone());
    let mut rng = profile.rng.clone();
    let (mut machine, mut message) = Initiator::new(scope, request, &mut rng);
    loop {
        job.go_on()?;
        let answer = profile
            .home
            .channel
            .ask(peer, message)
            .await
            .map_err(exchange_failure)?;
        let progress = machine.handle(&answer, &signer, &mut rng).map_err(|e| {
            Failure::new(
                Code::OwnerOffline,
                format!("the owner's app did not answer as it should: {e}"),
            )
        })?;
        match progress {
            Progress::Send(next) => message = next,
            Progress::Released(released) if released.object == note.object => {
                tracing::debug!("the key is here");
                job.report(Stage::AskingForKey, 1, 1);
                return Ok(released.key);
            }
            Progress::Released(_) => {
                return Err(corrupt("the owner's app gave another object's key"));
            }
            Progress::Share(_) => return Err(corrupt("the owner's app gave a share for a key")),
            Progress::Refused(refusal) => {
                let why = format!("the owner's app refused: {refusal}");
                return Err(Failure::new(refusal_code(refusal), why));
            }
        }
    }
}

/// The code under which a peer's refusal is told.
pub(crate) fn refusal_code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::GrantUnknown => Code::GrantUnknown,
        Refusal::GrantRevoked => Code::GrantRevoked,
        Refusal::GrantExpired => Code::GrantExpired,
        Refusal::GrantUnapproved => Code::GrantUnapproved,
        Refusal::GrantDormant => Code::GrantDormant,
        Refusal::ActionRefused => Code::ActionRefused,
        Refusal::NotGrantee => Code::NotGrantee,
        Refusal::AccessUnproven => Code::ProofUnavailable,
        Refusal::ContentUnavailable => Code::ContentUnavailable,
        Refusal::LetterUnusable => Code::ShareRefused,
    }
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
