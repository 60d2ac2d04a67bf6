//! Passing on what was granted, where its owner allowed that.

use dhc_chain::{TxRequest, contracts::Consent};
use dhc_domain::{Actions, Address, B256, GrantId, GrantState, Mode, RecordId, Timestamp};
use dhc_ipc::{Code, Failure, GrantChange, ShareGrant};
use serde::{Deserialize, Serialize};

use crate::{
    failure::misuse,
    grant::{actions, change, until},
    grants::{Known, grant_id},
    job::Job,
    ledger::sync_failure,
    notes::{self, NoteBody},
    opening,
    profile::{Profile, Session},
    sealed::{Batch, JOURNAL},
    wallet::address,
};

/// A share as it was first asked for: the same command again goes on with it.
#[derive(Serialize, Deserialize)]
struct Draft {
    salt: B256,
    not_after: Timestamp,
    records: Vec<RecordId>,
    actions: Actions,
    note: Vec<u8>,
}

/// Gives somebody a part, or all, of a grant to this profile. The patient sees it among what is
/// given and can end it; it ends with the grant that it comes from.
///
/// Errors: `onward_refused` where the owner did not allow it, `action_refused` for more than the
/// grant allows, the codes of a grant that is not active, and what sending gives.
pub async fn share(
    profile: &Profile,
    args: &ShareGrant,
    job: &Job,
) -> Result<GrantChange, Failure> {
    let session = profile.session()?;
    let parent = grant_id(&args.grant)?;
    let to = address(&args.to)?;
    let act = format!(
        "share {parent} {to} {} {:?} {:?}",
        args.until, args.studies, args.actions
    );
    let draft_key = session.blind(&format!("draft {act}"));
    let draft = match session.db.get::<Draft>(JOURNAL, &draft_key)? {
        Some(draft) => draft,
        None => {
            let draft = draft(profile, &session, parent, to, args).await?;
            session.db.put(JOURNAL, &draft_key, &draft)?;
            draft
        }
    };
    let call = Consent::shareCall {
        parentId: parent.0,
        salt: draft.salt,
        grantee: to,
        recordIds: draft.records.iter().map(|id| id.0).collect(),
        notAfter: draft.not_after.0,
        actions: draft.actions.0,
        note: draft.note.clone().into(),
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
    job.changed();
    let id = id_of(parent, session.address, draft.salt);
    Ok(change(&session, id, &sent?))
}

/// `keccak256(abi.encode(parent, sharer, salt))`, as the contract numbers what is shared.
fn id_of(parent: GrantId, sharer: Address, salt: B256) -> GrantId {
    let words = [
        parent.0.as_slice(),
        sharer.into_word().as_slice(),
        salt.as_slice(),
    ]
    .concat();
    GrantId(alloy::primitives::keccak256(words))
}

async fn draft(
    profile: &Profile,
    session: &Session,
    id: GrantId,
    to: Address,
    args: &ShareGrant,
) -> Result<Draft, Failure> {
    let now = profile.chain.sync().await.map_err(sync_failure)?.time;
    let (known, note) = opening::granted(profile, session, id).await?;
    let grant = &known.on_chain;
    let state = known.state(now);
    if state != GrantState::Active {
        return Err(opening::refused(state));
    }
    // A sharer has no secret to deal anew.
    if !grant.onward || grant.mode == Mode::Custody {
        return Err(Failure::new(
            Code::OnwardRefused,
            "the owner did not allow this access to be shared",
        ));
    }
    if to == session.address || to == grant.owner {
        return Err(misuse(
            "share with somebody who is neither you nor the owner",
        ));
    }
    let actions = actions(&args.actions)?.unwrap_or(grant.actions);
    if !actions.within(grant.actions) {
        return Err(opening::action_refused(grant.actions));
    }
    let not_after = until(&args.until)?.from(now);
    if not_after > grant.not_after {
        return Err(misuse(format!(
            "what is shared ends with the grant, at {}",
            grant.not_after
        )));
    }
    let records = chosen(&known, &args.studies)?;
    let shared = NoteBody {
        records: note
            .records
            .into_iter()
            .filter(|r| records.contains(&r.record))
            .collect(),
        peers: note.peers,
        custody: None,
    };
    let salt = B256::from(profile.rng.array::<32>());
    let child = id_of(id, session.address, salt);
    let context = notes::context(profile, child, grant.owner, session.address, to)?;
    Ok(Draft {
        salt,
        not_after,
        records,
        actions,
        note: notes::seal(profile, session, &shared, &context).await?,
    })
}

/// The records named, in the grant's order; all where none is named.
fn chosen(known: &Known, studies: &[String]) -> Result<Vec<RecordId>, Failure> {
    let all = &known.on_chain.records;
    let named = studies
        .iter()
        .map(|study| opening::record_of(known, Some(study)))
        .collect::<Result<Vec<_>, _>>()?;
    let picked = |id: &&RecordId| named.is_empty() || named.contains(id);
    Ok(all.iter().filter(picked).copied().collect())
}
