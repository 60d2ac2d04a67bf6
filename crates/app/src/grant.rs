//! Giving, approving and ending access.

use dhc_chain::{
    At, ProvenReceipt,
    contracts::{Consent, intents},
};
use dhc_content::note::seal_note;
use dhc_domain::{Address, B256, GrantId, Mode, Purpose, Timestamp, Until};
use dhc_ipc::{Code, Failure, Grant, GrantChange};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    failure::{exchange_failure, misuse},
    grants::{grant_id, read},
    identity,
    job::Job,
    keys::{self, Signing},
    ledger::{proven_at, sponsored_by, sync_failure},
    notes,
    profile::{Profile, Session},
    records::{self, Record},
    sealed::{Batch, JOURNAL, NOTES},
    templates,
    wallet::address,
};

/// A grant as it was first asked for: the same command again goes on with it.
#[derive(Serialize, Deserialize)]
struct Draft {
    salt: B256,
    not_after: Timestamp,
    note: Vec<u8>,
    /// The FHIR R4 Consent that the chain holds a salted hash of.
    document: serde_json::Value,
    document_salt: B256,
}

/// What a person asked for, read and checked.
struct Wish {
    record: Record,
    grantee: Address,
    purpose: Purpose,
    not_after: Timestamp,
    mode: Mode,
    approvers: Vec<Address>,
    threshold: u8,
    template: B256,
}

pub async fn give(profile: &Profile, args: &Grant, job: &Job) -> Result<GrantChange, Failure> {
    let session = profile.session()?;
    let wish = read_wish(profile, &session, args).await?;
    let act = format!(
        "grant {} {} {} {} {:?} {:?} {:?} {}",
        wish.record.id,
        wish.grantee,
        wish.purpose,
        args.until,
        args.template,
        args.mode,
        wish.approvers,
        wish.threshold
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
    let id = id_of(session.address, draft.salt);
    let document = serde_json::to_vec(&draft.document)
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
    let intent = Consent::GrantIntent {
        owner: session.address,
        salt: draft.salt,
        grantee: wish.grantee,
        recordId: wish.record.id.0,
        templateId: wish.template,
        purpose: wish.purpose.index(),
        mode: wish.mode.index(),
        notAfter: draft.not_after.0,
        threshold: wish.threshold,
        approvers: wish.approvers,
        consentHash: alloy::primitives::keccak256(
            [draft.document_salt.as_slice(), &document].concat(),
        ),
        note: draft.note.clone().into(),
        deadline: alloy::primitives::U256::ZERO,
    };
    let sent = profile
        .transact_kept(&session, &act, job, intents::grant(intent))
        .await;
    // While it is signed and not known to be done or refused, the same command goes on with it.
    if sent.is_ok() || !profile.in_flight(&session, &act)? {
        let mut batch = Batch::default();
        if sent.is_ok() {
            session.db.stage(
                &mut batch,
                NOTES,
                id.0.as_slice(),
                &(draft.document, draft.document_salt),
            )?;
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

fn change(session: &Session, grant: GrantId, receipt: &ProvenReceipt) -> GrantChange {
    GrantChange {
        grant: grant.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
        sponsored_by: sponsored_by(session, receipt),
    }
}

async fn read_wish(profile: &Profile, session: &Session, args: &Grant) -> Result<Wish, Failure> {
    let record = records::find(session, &args.study)?;
    let grantee = address(&args.to)?;
    if grantee == session.address {
        return Err(misuse("access for oneself needs no grant"));
    }
    let purpose: Purpose = args.purpose.parse().map_err(|_| {
        misuse(format!(
            "{:?} is no purpose of use (HL7 ActReason)",
            args.purpose
        ))
    })?;
    let until: Until = args
        .until
        .parse()
        .map_err(|e: dhc_domain::TimeError| misuse(e.to_string()))?;
    // The contract counts from its block's time, which this device's clock is mostly ahead of: a
    // window as long as its template allows must not be a moment longer there.
    let now = profile.chain.sync().await.map_err(sync_failure)?.time;
    let not_after = until.from(now);
    if not_after <= now {
        return Err(misuse("the end of the window lies in the past"));
    }
    let mode = match args.mode.as_deref() {
        None | Some("live") => Mode::Live,
        Some("sealed") => Mode::Sealed,
        Some(other) => return Err(misuse(format!("{other:?} is no mode: live, sealed"))),
    };
    let approvers = args
        .approvers
        .iter()
        .map(|a| address(a))
        .collect::<Result<Vec<_>, _>>()?;
    let threshold = match (args.threshold, approvers.len()) {
        (0, n) => u8::try_from(n).map_err(|_| misuse("too many approvers"))?,
        (t, n) if usize::from(t) <= n => t,
        _ => {
            return Err(misuse(
                "the threshold is higher than the number of approvers",
            ));
        }
    };
    let window = not_after.0 - now.0;
    let template = templates::choose(
        profile,
        args.template.as_deref(),
        purpose,
        window,
        threshold,
        mode,
    )
    .await?;
    Ok(Wish {
        record,
        grantee,
        purpose,
        not_after,
        mode,
        approvers,
        threshold,
        template: template.id(),
    })
}

async fn draft(profile: &Profile, session: &Session, wish: &Wish) -> Result<Draft, Failure> {
    let recipient = identity::keys_of(profile, wish.grantee).await?;
    let here = profile
        .home
        .channel
        .here()
        .await
        .map_err(exchange_failure)?;
    let key = match wish.mode {
        Mode::Live => None,
        Mode::Sealed => Some(keys::of_record(profile, session, &wish.record)?),
    };
    let salt = B256::from(profile.rng.array::<32>());
    let context = notes::context(
        profile,
        id_of(session.address, salt),
        session.address,
        wish.grantee,
    )?;
    let note = seal_note(
        &notes::write(&wish.record, &here, key)?,
        &context,
        &recipient,
        &Signing(session.account.clone()),
        &mut profile.rng.clone(),
    )
    .map_err(|e| misuse(e.to_string()))?;
    Ok(Draft {
        salt,
        not_after: wish.not_after,
        note,
        document: consent_document(wish, session.address, profile.clock.now()),
        document_salt: B256::from(profile.rng.array::<32>()),
    })
}

/// The consent as a FHIR R4 Consent (hl7.org/fhir/R4/consent.html), kept by the patient.
fn consent_document(wish: &Wish, owner: Address, now: Timestamp) -> serde_json::Value {
    const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
    const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"identifier": {"system": "urn:ietf:rfc:3986", "value": format!("did:ethr:{owner}")}},
        "dateTime": now.to_string(),
        "policyRule": {"text": wish.template.to_string()},
        "provision": {
            "type": "permit",
            "period": {"start": now.to_string(), "end": wish.not_after.to_string()},
            "actor": [{
                "role": {"coding": [{"system": ROLE, "code": "IRCP"}]},
                "reference": {"identifier": {"value": format!("did:ethr:{}", wish.grantee)}}
            }],
            "purpose": [{"system": REASON, "code": wish.purpose.code()}],
            "data": [{"meaning": "instance", "reference": {
                "type": "ImagingStudy",
                "identifier": {"system": "urn:dicom:uid", "value": format!("urn:oid:{}", wish.record.study.uid)}
            }}]
        }
    })
}

pub async fn approve(profile: &Profile, grant: &str, job: &Job) -> Result<GrantChange, Failure> {
    let session = profile.session()?;
    let id = grant_id(grant)?;
    let intent = intents::approve(session.address, id);
    let receipt = profile
        .transact(&session, &format!("approve {id}"), job, intent)
        .await?;
    job.changed();
    Ok(change(&session, id, &receipt))
}

/// Ends a grant. Ending one that has ended is done, with the chain's word for it.
pub async fn revoke(profile: &Profile, grant: &str, job: &Job) -> Result<GrantChange, Failure> {
    let session = profile.session()?;
    let id = grant_id(grant)?;
    let known = read(profile, id, At::Latest).await?;
    let known = known.ok_or_else(|| Failure::new(Code::GrantUnknown, "there is no such grant"))?;
    if known.on_chain.owner != session.address {
        return Err(Failure::new(Code::GrantUnknown, "this grant is not yours"));
    }
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
