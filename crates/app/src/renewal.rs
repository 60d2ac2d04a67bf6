//! Moving the end of a grant.

use dhc_chain::{At, contracts::intents};
use dhc_domain::{B256, GrantId, GrantState, Power, Timestamp};
use dhc_ipc::{Code, Failure, GrantChange, RenewGrant};
use serde::{Deserialize, Serialize};

use crate::{
    failure::misuse,
    fhir::{self, Document},
    grant::{change, until},
    grants::{Known, grant_id, read},
    job::Job,
    ledger::sync_failure,
    profile::{Profile, Session},
    proxies,
    sealed::{Batch, JOURNAL, NOTES},
};

/// A renewal as it was first asked for: the same command again goes on with it.
#[derive(Serialize, Deserialize)]
struct Draft {
    not_after: Timestamp,
    document: Document,
}

/// Moves the end of a grant of this profile to a later time that its template admits.
///
/// Errors: `grant_unknown`, `grant_revoked`, `grant_expired`, `template_refused`, `misuse` for an
/// end that is not later, and what sending gives.
pub async fn renew(
    profile: &Profile,
    args: &RenewGrant,
    job: &Job,
) -> Result<GrantChange, Failure> {
    let session = profile.session()?;
    let id = grant_id(&args.grant)?;
    let act = format!("renew {id} {}", args.until);
    let draft_key = session.blind(&format!("draft {act}"));
    let draft = match session.db.get::<Draft>(JOURNAL, &draft_key)? {
        Some(draft) => draft,
        None => {
            let draft = draft(profile, &session, id, &args.until).await?;
            session.db.put(JOURNAL, &draft_key, &draft)?;
            draft
        }
    };
    let intent = intents::renew(session.address, id, draft.not_after, draft.document.hash()?);
    let sent = profile.transact_kept(&session, &act, job, intent).await;
    // While it is signed and not known to be done or refused, the same command goes on with it.
    if sent.is_ok() || !profile.in_flight(&session, &act)? {
        let mut batch = Batch::default();
        if sent.is_ok() {
            session
                .db
                .stage(&mut batch, NOTES, id.0.as_slice(), &draft.document)?;
        }
        batch.delete(JOURNAL, &draft_key);
        profile.stage_forgotten(&session, &mut batch, &act);
        session.db.commit(batch)?;
    }
    job.changed();
    Ok(change(&session, id, &sent?))
}

async fn draft(
    profile: &Profile,
    session: &Session,
    id: GrantId,
    end: &str,
) -> Result<Draft, Failure> {
    let now = profile.chain.sync().await.map_err(sync_failure)?.time;
    let known = read(profile, id, At::Latest).await?;
    let known = known.ok_or_else(|| Failure::new(Code::GrantUnknown, "there is no such grant"))?;
    let grant = &known.on_chain;
    let stranger = Failure::new(Code::GrantUnknown, "this grant is not yours");
    proxies::check(profile, session, grant.owner, Power::Renew, stranger).await?;
    match grant.life().state(now) {
        GrantState::Revoked => {
            return Err(
                Failure::new(Code::GrantRevoked, "this grant was revoked").hint("give access anew")
            );
        }
        GrantState::Expired => {
            return Err(
                Failure::new(Code::GrantExpired, "this grant is over").hint("give access anew")
            );
        }
        GrantState::Active | GrantState::AwaitingApproval | GrantState::Dormant => {}
    }
    let not_after = until(end)?.from(now);
    if not_after <= grant.not_after {
        return Err(misuse(format!(
            "the grant lasts until {} already",
            grant.not_after
        )));
    }
    let salt = B256::from(profile.rng.array::<32>());
    let document = match session.db.get::<Document>(NOTES, id.0.as_slice())? {
        Some(document) => document.renewed(profile.clock.now(), not_after, salt),
        None => written_anew(profile, &known, not_after).salted(salt),
    };
    Ok(Draft {
        not_after,
        document,
    })
}

/// What the chain knows of a consent whose document is on another device.
fn written_anew(profile: &Profile, known: &Known, end: Timestamp) -> fhir::Consent {
    let grant = &known.on_chain;
    fhir::Consent {
        owner: grant.owner,
        grantee: grant.grantee,
        purpose: grant.purpose,
        actions: grant.actions,
        template: grant.template,
        made: profile.clock.now(),
        start: grant.not_before,
        end,
        studies: grant.records.iter().map(ToString::to_string).collect(),
    }
}
