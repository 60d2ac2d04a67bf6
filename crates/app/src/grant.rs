//! Giving, approving and ending access.

use dhc_chain::{
    At, ProvenReceipt, TxRequest,
    contracts::{Consent, GrantTerms, intents},
};
use dhc_domain::{
    Action, Actions, Address, Asked, B256, GrantId, Mode, Power, Purpose, RecordId, RequestId,
    Timestamp, Until,
};
use dhc_ipc::{Code, Failure, Grant, GrantChange};
use serde::{Deserialize, Serialize};

use crate::{
    answers,
    custody::{self, Custodians, Lot},
    failure::{exchange_failure, misuse},
    fhir::{self, Document},
    grants::{grant_id, read},
    job::Job,
    keys,
    ledger::{self, proven_at, sponsored_by, sync_failure},
    notes::{self, NoteBody, NotedRecord},
    pins,
    profile::{Profile, Session},
    proxies,
    records::{self, Record},
    sealed::{Batch, JOURNAL, NOTES},
    templates,
    wallet::address,
    wards::{self, Ward},
};

/// As many as the contract takes.
const MAX_OBJECTS: usize = 16;

/// A grant as it was first asked for: the same command again goes on with it.
#[derive(Serialize, Deserialize)]
struct Draft {
    salt: B256,
    not_after: Timestamp,
    note: Vec<u8>,
    document: Document,
}

/// What a grant is for.
enum Given {
    /// Records of this profile's.
    Own(Vec<Record>),
    /// Records of an owner for whom this profile acts.
    Wards(Ward),
}

/// What a person asked for, read and checked.
struct Wish {
    owner: Address,
    given: Given,
    grantee: Address,
    purpose: Purpose,
    not_after: Timestamp,
    mode: Mode,
    actions: Actions,
    onward: bool,
    approvers: Vec<Address>,
    threshold: u8,
    /// In custody mode.
    custodians: Option<Custodians>,
    template: B256,
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

async fn read_wish(profile: &Profile, session: &Session, args: &Grant) -> Result<Wish, Failure> {
    let owner = match &args.owner {
        Some(owner) => address(owner)?,
        None => session.address,
    };
    let mode = match args.mode.as_deref() {
        None | Some("live") => Mode::Live,
        Some("sealed") => Mode::Sealed,
        Some("custody") => Mode::Custody,
        Some(other) => {
            return Err(misuse(format!(
                "{other:?} is no mode: live, sealed, custody"
            )));
        }
    };
    let given = if owner == session.address {
        let found = args.studies.iter().map(|id| records::find(session, id));
        Given::Own(found.collect::<Result<_, _>>()?)
    } else {
        Given::Wards(wards::find(profile, session, owner, &args.studies, mode).await?)
    };
    let mut ids = given.ids();
    let named = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if !(1..=MAX_OBJECTS).contains(&named) || ids.len() != named {
        return Err(misuse(format!(
            "a grant is for 1 to {MAX_OBJECTS} studies, each named once"
        )));
    }
    let grantee = address(&args.to)?;
    if grantee == owner {
        return Err(misuse("access to one's own records needs no grant"));
    }
    let parties = [owner, grantee];
    let custodians = custody::custodians(mode, &args.custodians, args.shares, parties)?;
    if custodians.is_some() && args.onward {
        return Err(misuse("whose keys are in custody, nobody shares onward"));
    }
    let purpose: Purpose = args.purpose.parse().map_err(|_| {
        misuse(format!(
            "{:?} is no purpose of use (HL7 ActReason)",
            args.purpose
        ))
    })?;
    // The contract counts from its block's time, which this device's clock is mostly ahead of: a
    // window as long as its template allows must not be a moment longer there.
    let now = profile.chain.sync().await.map_err(sync_failure)?.time;
    let not_after = until(&args.until)?.from(now);
    if not_after <= now {
        return Err(misuse("the end of the window lies in the past"));
    }
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
    let actions = actions(&args.actions)?;
    let asked = Asked {
        purpose,
        window_s: not_after.0 - now.0,
        threshold,
        mode,
        actions,
        onward: args.onward,
    };
    let template = templates::choose(profile, args.template.as_deref(), &asked).await?;
    Ok(Wish {
        owner,
        given,
        grantee,
        purpose,
        not_after,
        mode,
        actions: actions.unwrap_or(template.actions),
        onward: args.onward,
        approvers,
        threshold,
        custodians,
        template: template.id(),
    })
}

/// The end of a window, as a person says it.
pub(crate) fn until(text: &str) -> Result<Until, Failure> {
    text.parse()
        .map_err(|e: dhc_domain::TimeError| misuse(e.to_string()))
}

/// The actions named; `None` where none is.
pub(crate) fn actions(names: &[String]) -> Result<Option<Actions>, Failure> {
    let actions = names
        .iter()
        .map(|name| name.parse::<Action>().map_err(|e| misuse(e.to_string())))
        .collect::<Result<Actions, _>>()?;
    Ok((!names.is_empty()).then_some(actions))
}

impl Given {
    fn ids(&self) -> Vec<RecordId> {
        match self {
            Self::Own(records) => records.iter().map(|r| r.id).collect(),
            Self::Wards(ward) => ward.records.iter().map(|r| r.record).collect(),
        }
    }

    /// As the Consent document names them: the ward's study numbers are not known here.
    fn named(&self) -> Vec<String> {
        match self {
            Self::Own(records) => {
                let oid = |r: &Record| format!("urn:oid:{}", r.study.uid);
                records.iter().map(oid).collect()
            }
            Self::Wards(ward) => ward.records.iter().map(|r| r.record.to_string()).collect(),
        }
    }

    /// What the grantee is told: in sealed mode the keys, too.
    async fn note(
        &self,
        profile: &Profile,
        session: &Session,
        mode: Mode,
    ) -> Result<NoteBody, Failure> {
        let records = match self {
            Self::Own(records) => records,
            Self::Wards(ward) => {
                return Ok(NoteBody {
                    records: ward.records.clone(),
                    peers: ward.peers.clone(),
                    custody: None,
                });
            }
        };
        let here = profile.home.channel.here().await;
        let noted = records.iter().map(|record| {
            let key = match mode {
                Mode::Live | Mode::Custody => None,
                Mode::Sealed => Some(keys::of_record(profile, session, record)?),
            };
            NotedRecord::of(record, key)
        });
        Ok(NoteBody {
            records: noted.collect::<Result<_, Failure>>()?,
            peers: std::iter::once(here.map_err(exchange_failure)?)
                .chain(pins::keepers(session, records)?)
                .collect(),
            custody: None,
        })
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
