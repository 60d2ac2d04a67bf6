//! Giving and ending access.

mod wish;

use dhc_chain::{
    At, ProvenReceipt, TxRequest,
    contracts::{Consent, GrantTerms, intents},
};
use dhc_domain::{Address, B256, GrantId, Power, RequestId, Timestamp};
use dhc_ipc::{Code, Failure, Grant, GrantChange};
use serde::{Deserialize, Serialize};

use self::wish::{Given, Wish, read_wish};
pub(crate) use self::wish::{actions, until};
use crate::{
    answers,
    custody::{self, Lot},
    fhir::{self, Document},
    grants::{grant_id, read},
    job::Job,
    keys,
    ledger::{self, proven_at, sponsored_by},
    notes,
    profile::{Profile, Session},
    proxies,
    sealed::{Batch, JOURNAL, NOTES},
};

/// A grant as it was first asked for: the same command again goes on with it.
#[derive(Serialize, Deserialize)]
struct Draft {
    salt: B256,
    not_after: Timestamp,
    note: Vec<u8>,
    document: Document,
}

pub async fn give(profile: &Profile, args: &Grant, job: &Job) -> Result<GrantChange, Failure> {
    give_for(profile, args, job, None).await
}

/// As [`give`], in answer to a request: that the grant is given for it is journaled together with
/// the grant, for the link that follows.
pub(crate) async fn give_in_answer(
    profile: &Profile,
    args: &Grant,
    job: &Job,
    request: RequestId,
) -> Result<GrantChange, Failure> {
    give_for(profile, args, job, Some(request)).await
}

async fn give_for(
    profile: &Profile,
    args: &Grant,
    job: &Job,
    request: Option<RequestId>,
) -> Result<GrantChange, Failure> {
    let session = profile.session()?;
    let wish = read_wish(profile, &session, args).await?;
    let ids = wish.given.ids();
    let act = format!(
        "grant {} {ids:?} {} {} {} {:?} {:?} {:?} {} {} {} {request:?} {:?} {}",
        wish.owner,
        wish.grantee,
        wish.purpose,
        args.until,
        args.template,
        args.mode,
        wish.approvers,
        wish.threshold,
        wish.actions.0,
        wish.onward,
        args.custodians,
        args.shares,
    );
    let draft_key = session.blind(&format!("draft {act}"));
    let draft = match session.db.get::<Draft>(JOURNAL, &draft_key)? {
        Some(draft) => draft,
        None => {
            let draft = draft(profile, &session, &wish).await?;
            session.db.put(JOURNAL, &draft_key, &draft)?;
            draft
        }
    };
    let id = id_of(wish.owner, draft.salt);
    let terms = GrantTerms {
        owner: wish.owner,
        salt: draft.salt,
        grantee: wish.grantee,
        recordIds: ids.iter().map(|id| id.0).collect(),
        templateId: wish.template,
        purpose: wish.purpose.index(),
        mode: wish.mode.index(),
        actions: wish.actions.0,
        onward: wish.onward,
        notAfter: draft.not_after.0,
        threshold: wish.threshold,
        approvers: wish.approvers,
        consentHash: draft.document.hash()?,
        note: draft.note.clone().into(),
    };
    let done = match wish.given {
        Given::Own(_) => ledger::Wish::from(intents::grant(terms)),
        // An intent to grant is the owner's own: a proxy pays.
        Given::Wards(_) => {
            let (contract, call) = (profile.contract("Consent")?, Consent::grantCall { terms });
            TxRequest::call(session.address, contract, &call).into()
        }
    };
    let sent = profile.transact_kept(&session, &act, job, done).await;
    // While it is signed and not known to be done or refused, the same command goes on with it.
    if sent.is_ok() || !profile.in_flight(&session, &act)? {
        let mut batch = Batch::default();
        if sent.is_ok() {
            session
                .db
                .stage(&mut batch, NOTES, id.0.as_slice(), &draft.document)?;
            if let Some(request) = request {
                let key = answers::given_key(&session, request);
                session.db.stage(&mut batch, JOURNAL, &key, &id)?;
            }
        }
        // Together: a draft without its act would be refused as given before.
        batch.delete(JOURNAL, &draft_key);
        profile.stage_forgotten(&session, &mut batch, &act);
        session.db.commit(batch)?;
    }
    job.changed();
    Ok(change(&session, id, &sent?))
}

/// `keccak256(abi.encode(owner, salt))`, as the contract numbers grants.
fn id_of(owner: Address, salt: B256) -> GrantId {
    GrantId(alloy::primitives::keccak256(
        [owner.into_word().as_slice(), salt.as_slice()].concat(),
    ))
}

pub(crate) fn change(session: &Session, grant: GrantId, receipt: &ProvenReceipt) -> GrantChange {
    GrantChange {
        grant: grant.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
        sponsored_by: sponsored_by(session, receipt),
    }
}

async fn draft(profile: &Profile, session: &Session, wish: &Wish) -> Result<Draft, Failure> {
    let mut note = wish.given.note(profile, session, wish.mode).await?;
    let salt = B256::from(profile.rng.array::<32>());
    let context = notes::context(
        profile,
        id_of(wish.owner, salt),
        wish.owner,
        session.address,
        wish.grantee,
    )?;
    if let (Some(custodians), Given::Own(records)) = (&wish.custodians, &wish.given) {
        let lots = records.iter().map(|record| {
            let key = keys::of_record(profile, session, record)?;
            let object = record.object;
            Ok(Lot { object, key })
        });
        let lots = lots.collect::<Result<Vec<_>, Failure>>()?;
        note.custody = Some(custody::deal(profile, session, custodians, &lots, &context).await?);
    }
    let note = notes::seal(profile, session, &note, &context).await?;
    let now = profile.clock.now();
    let document = fhir::Consent {
        owner: wish.owner,
        grantee: wish.grantee,
        purpose: wish.purpose,
        actions: wish.actions,
        template: wish.template,
        made: now,
        start: now,
        end: wish.not_after,
        studies: wish.given.named(),
    };
    Ok(Draft {
        salt,
        not_after: wish.not_after,
        note,
        document: document.salted(B256::from(profile.rng.array::<32>())),
    })
}

/// Ends a grant. Ending one that has ended is done, with the chain's word for it.
pub async fn revoke(profile: &Profile, grant: &str, job: &Job) -> Result<GrantChange, Failure> {
    let session = profile.session()?;
    let id = grant_id(grant)?;
    let known = read(profile, id, At::Latest).await?;
    let known = known.ok_or_else(|| Failure::new(Code::GrantUnknown, "there is no such grant"))?;
    let stranger = Failure::new(Code::GrantUnknown, "this grant is not yours");
    proxies::check(
        profile,
        &session,
        known.on_chain.owner,
        Power::Revoke,
        stranger,
    )
    .await?;
    let act = format!("revoke {id}");
    if known.on_chain.revoked && !profile.in_flight(&session, &act)? {
        return Err(Failure::new(
            Code::GrantRevoked,
            "this grant was revoked before",
        ));
    }
    let intent = intents::revoke(session.address, id);
    let receipt = profile.transact(&session, &act, job, intent).await?;
    job.changed();
    Ok(change(&session, id, &receipt))
}
