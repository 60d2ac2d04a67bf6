//! Breaking the glass of a dormant grant, and what its owner reads of it.

use dhc_chain::{At, TxRequest, contracts::Consent, history::Accessed};
use dhc_content::reason::{ReasonContext, open_reason, seal_reason};
use dhc_domain::{Address, B256, GrantId, GrantState};
use dhc_ipc::{AlarmView, AlarmsView, BreakGlass, Code, Failure, GivenReason, GlassView};
use serde::{Deserialize, Serialize};

use crate::{
    contacts,
    failure::{misuse, standing},
    grants::{after, grant_id},
    histories::Verified,
    identity,
    job::Job,
    keys::Opening,
    ledger::{proven_at, read_failure},
    opening,
    profile::{Profile, Session},
    sealed::{Batch, GLASS, JOURNAL},
};

/// A breaking as it was first asked for: the same command again goes on with it.
#[derive(Serialize, Deserialize)]
struct Draft {
    /// As the event carries it.
    sealed: Vec<u8>,
}

/// What the grantee keeps of the reason given last, by its grant.
#[derive(Serialize, Deserialize)]
struct Kept {
    text: String,
    /// Where the owner has published no keys, the chain holds only the salted hash of the text.
    salt: Option<B256>,
}

/// How many entries of the access log the person has acknowledged.
const ACKNOWLEDGED: &[u8] = b"acknowledged";

/// Opens a dormant grant to this profile for its template's time. The act is an entry in the
/// owner's access log.
///
/// Errors: `not_grantee`, `grant_revoked`, `grant_expired`, `grant_unapproved`; `misuse` where there
/// is no glass or it is broken already; what sending gives.
pub async fn break_glass(
    profile: &Profile,
    args: &BreakGlass,
    job: &Job,
) -> Result<GlassView, Failure> {
    let session = profile.session()?;
    let id = grant_id(&args.grant)?;
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(misuse("say why: the owner is told"));
    }
    let act = format!("glass {id}");
    let draft_key = session.blind(&format!("draft {act}"));
    let draft = match session.db.get::<Draft>(JOURNAL, &draft_key)? {
        Some(draft) => draft,
        None => {
            let draft = draft(profile, &session, id, reason).await?;
            session.db.put(JOURNAL, &draft_key, &draft)?;
            draft
        }
    };
    let call = Consent::breakGlassCall {
        id: id.0,
        reason: draft.sealed.into(),
    };
    let contract = profile.contract("Consent")?;
    let request = TxRequest::call(session.address, contract, &call);
    let sent = profile.transact_kept(&session, &act, job, request).await;
    if sent.is_ok() || !profile.in_flight(&session, &act)? {
        let mut batch = Batch::default();
        batch.delete(JOURNAL, &draft_key);
        profile.stage_forgotten(&session, &mut batch, &act);
        session.db.commit(batch)?;
    }
    let receipt = sent?;
    job.changed();
    let grant = profile
        .chain
        .grant(id, after(receipt.height))
        .await
        .map_err(read_failure)?
        .value;
    let open_until = grant
        .and_then(|g| Some(g.life().glass_open_until()?.min(g.not_after)))
        .ok_or_else(|| Failure::new(Code::NodeUntrusted, "the glass is not proven broken"))?;
    Ok(GlassView {
        grant: id.to_string(),
        open_until: open_until.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
    })
}

async fn draft(
    profile: &Profile,
    session: &Session,
    id: GrantId,
    reason: &str,
) -> Result<Draft, Failure> {
    let known = opening::received(profile, session, id).await?;
    let grant = &known.on_chain;
    match grant.life().state(profile.clock.now()) {
        _ if grant.glass_window_s == 0 => {
            return Err(misuse("this access has no glass to break"));
        }
        GrantState::Dormant => {}
        GrantState::Active => {
            return Err(misuse("the glass is broken already: the access is open"));
        }
        state => return Err(opening::refused(state)),
    }
    let (sealed, salt) = match identity::keys_of(profile, grant.owner).await {
        Ok(keys) => {
            let context = context(profile, id, grant.owner, session.address)?;
            let sealed = seal_reason(reason, &context, &keys, &mut profile.rng.clone())
                .map_err(|e| misuse(e.to_string()))?;
            (sealed, None)
        }
        // An emergency does not wait for the owner's keys: the reason stays here, its hash there.
        Err(e) if e.code == Code::NoIdentity => {
            let salt = B256::from(profile.rng.array::<32>());
            let salted = [salt.as_slice(), reason.as_bytes()].concat();
            let hash = alloy::primitives::keccak256(salted).to_vec();
            (hash, Some(salt))
        }
        Err(e) => return Err(e),
    };
    let kept = Kept {
        text: reason.to_owned(),
        salt,
    };
    session.db.put(GLASS, id.0.as_slice(), &kept)?;
    Ok(Draft { sealed })
}

/// Why this profile last broke the glass of a grant to it.
pub(crate) fn given_reason(session: &Session, id: GrantId) -> Result<Option<GivenReason>, Failure> {
    let kept = session.db.get::<Kept>(GLASS, id.0.as_slice())?;
    Ok(kept.map(|k| GivenReason {
        text: k.text,
        salt: k.salt.map(|s| s.to_string()),
    }))
}

/// The glasses of this profile's grants that were broken, as its log has them, and that the person
/// has not acknowledged.
pub async fn alarms(profile: &Profile) -> Result<AlarmsView, Failure> {
    let session = profile.session()?;
    let log = log(profile, &session).await?;
    let names = contacts::known(&session)?;
    let alarms = unacknowledged(&session, &log.entries)?;
    let alarms = alarms.into_iter().rev().map(|e| AlarmView {
        grant: e.id.to_string(),
        by: e.by.to_string(),
        by_name: names.get(&e.by).cloned(),
        time: e.time.to_string(),
        seq: e.seq,
    });
    Ok(AlarmsView {
        alarms: alarms.collect(),
        complete: log.complete,
        standing: standing(log.standing),
    })
}

/// Keeps that the person has seen every broken glass up to entry `seq` of the log; answers what is
/// left.
///
/// Errors: `misuse` where the proven log has no such entry.
pub async fn acknowledge(profile: &Profile, seq: u64) -> Result<AlarmsView, Failure> {
    let session = profile.session()?;
    let there = log(profile, &session).await?.entries.len() as u64;
    if seq >= there {
        return Err(misuse("the access log has no such entry"));
    }
    let before = acknowledged(&session)?;
    session.db.put(GLASS, ACKNOWLEDGED, &before.max(seq + 1))?;
    alarms(profile).await
}

pub(crate) async fn log(
    profile: &Profile,
    session: &Session,
) -> Result<Verified<Accessed>, Failure> {
    profile
        .history::<Accessed>(session, "accesses", session.address, At::Latest)
        .await
}

fn acknowledged(session: &Session) -> Result<u64, Failure> {
    Ok(session.db.get(GLASS, ACKNOWLEDGED)?.unwrap_or_default())
}

/// The broken glasses among these entries that were not acknowledged, in their order.
pub(crate) fn unacknowledged<'a>(
    session: &Session,
    entries: &'a [Accessed],
) -> Result<Vec<&'a Accessed>, Failure> {
    let seen = acknowledged(session)?;
    let loud = |e: &&Accessed| e.breaks_glass() && e.seq >= seen;
    Ok(entries.iter().filter(loud).collect())
}

fn context(
    profile: &Profile,
    grant: GrantId,
    owner: Address,
    by: Address,
) -> Result<ReasonContext, Failure> {
    Ok(ReasonContext {
        chain_id: profile.chain.network().evm_chain_id,
        consent: profile.contract("Consent")?,
        owner,
        by,
        grant,
    })
}

/// Why `by` broke the glass of a grant of this profile, from what the event carried; `None` where
/// it was sealed to nobody, or to older keys.
pub(crate) fn read_reason(
    profile: &Profile,
    session: &Session,
    grant: GrantId,
    by: Address,
    sealed: &[u8],
) -> Option<String> {
    let context = context(profile, grant, session.address, by).ok()?;
    open_reason(sealed, &context, &Opening(&session.identity))
}

/// The grants, among these, whose records include one.
pub(crate) async fn concerning(
    profile: &Profile,
    grants: &[GrantId],
    record: dhc_domain::RecordId,
) -> Result<Vec<GrantId>, Failure> {
    let read = profile
        .chain
        .grants(grants, At::Latest)
        .await
        .map_err(read_failure)?;
    let views = read.value.into_iter().flatten();
    Ok(views
        .filter(|g| g.records.contains(&record))
        .map(|g| g.id)
        .collect())
}
