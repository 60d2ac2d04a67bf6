//! Asking others for access, and what others ask of this profile.

use std::collections::BTreeMap;

use dhc_chain::{
    At, ProvenReceipt,
    contracts::{
        RequestView as OnChain, RequestWish,
        intents::{self, Intent},
    },
    history::{RequestMade, RequestReceived},
};
use dhc_content::request::{RequestContext, open_request, seal_request};
use dhc_domain::{Address, Asked, B256, Mode, Power, Purpose, RequestId, RequestState, Until};
use dhc_ipc::{
    AskAccess, Code, Failure, RequestChange, RequestStateView, RequestView, RequestsView,
};
use serde::{Deserialize, Serialize};

use crate::{
    contacts,
    failure::{misuse, standing},
    grant::{actions, until},
    grants::template_names,
    identity,
    job::Job,
    keys::{Opening, Signing},
    ledger::{proven_at, read_failure, sponsored_by},
    profile::{Profile, Session},
    proxies,
    sealed::{Batch, JOURNAL, REQUESTS},
    templates,
    wallet::address,
};

/// A request as it was first made: the same command again goes on with it.
#[derive(Serialize, Deserialize)]
struct Draft {
    salt: B256,
    note: Vec<u8>,
}

/// Asks an owner for access. They alone read the text.
///
/// Errors: `no_identity` where the owner has published no keys, or this profile has not;
/// `too_many_requests`; `template_refused`; `misuse` for what cannot be asked; what sending gives.
pub async fn ask(profile: &Profile, args: &AskAccess, job: &Job) -> Result<RequestChange, Failure> {
    let session = profile.session()?;
    let owner = address(&args.owner)?;
    if owner == session.address {
        return Err(misuse("one's own records need no request"));
    }
    let text = args.text.trim();
    if text.is_empty() {
        return Err(misuse("say which records you ask for, and why"));
    }
    let purpose: Purpose = args.purpose.parse().map_err(|_| {
        misuse(format!(
            "{:?} is no purpose of use (HL7 ActReason)",
            args.purpose
        ))
    })?;
    let Until::After { seconds: window_s } = until(&args.window)? else {
        return Err(misuse(
            "the window is a span, as 7d, from when access is given",
        ));
    };
    let wanted = actions(&args.actions)?;
    let asked = Asked {
        purpose,
        window_s,
        // Approvers are for the owner to name.
        threshold: u8::MAX,
        // The owner chooses; this one every template admits.
        mode: Mode::Custody,
        actions: wanted,
        onward: false,
    };
    let template = templates::choose(profile, args.template.as_deref(), &asked).await?;
    let wanted = wanted.unwrap_or(template.actions);
    let act = format!(
        "request {owner} {purpose} {window_s} {} {} {text}",
        template.name, wanted.0
    );
    let draft_key = session.blind(&format!("draft {act}"));
    let draft = match session.db.get::<Draft>(JOURNAL, &draft_key)? {
        Some(draft) => draft,
        None => {
            let draft = draft(profile, &session, owner, text).await?;
            session.db.put(JOURNAL, &draft_key, &draft)?;
            draft
        }
    };
    let id = id_of(session.address, draft.salt);
    let intent = intents::ask(RequestWish {
        asker: session.address,
        owner,
        salt: draft.salt,
        templateId: template.id(),
        purpose: purpose.index(),
        window: window_s,
        actions: wanted.0,
        note: draft.note.into(),
    });
    let sent = profile.transact_kept(&session, &act, job, intent).await;
    // While it is signed and not known to be done or refused, the same command goes on with it.
    if sent.is_ok() || !profile.in_flight(&session, &act)? {
        let mut batch = Batch::default();
        if sent.is_ok() {
            let (db, key) = (&session.db, id.0.as_slice());
            db.stage(&mut batch, REQUESTS, key, &text)?;
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
    owner: Address,
    text: &str,
) -> Result<Draft, Failure> {
    let recipient = identity::keys_of(profile, owner).await?;
    let salt = B256::from(profile.rng.array::<32>());
    let context = context(
        profile,
        id_of(session.address, salt),
        owner,
        session.address,
    )?;
    let signer = Signing(session.account.clone());
    let note = seal_request(
        text,
        &context,
        &recipient,
        &signer,
        &mut profile.rng.clone(),
    )
    .map_err(|e| misuse(e.to_string()))?;
    Ok(Draft { salt, note })
}

/// `keccak256(abi.encode(asker, salt))`, as the contract numbers requests.
fn id_of(asker: Address, salt: B256) -> RequestId {
    RequestId(alloy::primitives::keccak256(
        [asker.into_word().as_slice(), salt.as_slice()].concat(),
    ))
}

fn context(
    profile: &Profile,
    request: RequestId,
    owner: Address,
    asker: Address,
) -> Result<RequestContext, Failure> {
    Ok(RequestContext {
        chain_id: profile.chain.network().evm_chain_id,
        requests: profile.contract("Requests")?,
        owner,
        asker,
        request,
    })
}

fn change(session: &Session, request: RequestId, receipt: &ProvenReceipt) -> RequestChange {
    RequestChange {
        request: request.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
        sponsored_by: sponsored_by(session, receipt),
    }
}

pub(crate) fn request_id(text: &str) -> Result<RequestId, Failure> {
    text.parse()
        .map_err(|_| misuse("a request's id is 0x and 64 hex digits"))
}

pub(crate) fn unknown() -> Failure {
    Failure::new(Code::RequestUnknown, "there is no such request to you")
}

pub(crate) fn require_open(request: &OnChain) -> Result<(), Failure> {
    let what = match request.state {
        RequestState::Open => return Ok(()),
        RequestState::Answered => "answered",
        RequestState::Declined => "declined",
        RequestState::Withdrawn => "withdrawn",
    };
    Err(Failure::new(
        Code::RequestClosed,
        format!("this request was {what} before"),
    ))
}

/// The proven request `id`.
pub(crate) async fn read(profile: &Profile, id: RequestId) -> Result<OnChain, Failure> {
    let read = profile.chain.requests(&[id], At::Latest).await;
    let mut found = read.map_err(read_failure)?.value;
    found.pop().flatten().ok_or_else(unknown)
}

/// Says no to a request to this profile's owner, or to somebody for whom this profile answers.
///
/// Errors: `request_unknown`, `request_closed`, `proxy_refused`; what sending gives.
pub async fn decline(
    profile: &Profile,
    request: &str,
    job: &Job,
) -> Result<RequestChange, Failure> {
    let session = profile.session()?;
    let id = request_id(request)?;
    let known = read(profile, id).await?;
    proxies::check(profile, &session, known.owner, Power::Answer, unknown()).await?;
    let intent = intents::decline(session.address, id);
    close(profile, &session, &known, "decline", intent, job).await
}

/// Takes back a request of this profile's.
///
/// Errors: `request_unknown`, `request_closed`; what sending gives.
pub async fn withdraw(
    profile: &Profile,
    request: &str,
    job: &Job,
) -> Result<RequestChange, Failure> {
    let session = profile.session()?;
    let id = request_id(request)?;
    let known = read(profile, id).await?;
    if known.asker != session.address {
        return Err(Failure::new(
            Code::RequestUnknown,
            "this request is not yours",
        ));
    }
    let intent = intents::withdraw(session.address, id);
    close(profile, &session, &known, "withdraw", intent, job).await
}

async fn close(
    profile: &Profile,
    session: &Session,
    known: &OnChain,
    verb: &str,
    intent: Box<dyn Intent>,
    job: &Job,
) -> Result<RequestChange, Failure> {
    let act = format!("{verb} {}", known.id);
    if !profile.in_flight(session, &act)? {
        require_open(known)?;
    }
    let receipt = profile.transact(session, &act, job, intent).await?;
    job.changed();
    Ok(change(session, known.id, &receipt))
}

/// Requests with their state, newest first: `received`, `asked`, or both.
pub async fn list(profile: &Profile, direction: Option<&str>) -> Result<RequestsView, Failure> {
    let session = profile.session()?;
    match direction {
        Some("received") => received(profile, &session).await,
        Some("asked") => asked(profile, &session).await,
        None => {
            let mut both = received(profile, &session).await?;
            let asked = asked(profile, &session).await?;
            both.requests.extend(asked.requests);
            both.requests.sort_by(|a, b| b.asked.cmp(&a.asked));
            both.complete &= asked.complete;
            Ok(both)
        }
        Some(_) => Err(misuse("a direction is `asked` or `received`")),
    }
}

async fn received(profile: &Profile, session: &Session) -> Result<RequestsView, Failure> {
    let history = profile
        .history::<RequestReceived>(session, "requests", session.address, At::Latest)
        .await?;
    let texts: BTreeMap<RequestId, Vec<u8>> = history
        .entries
        .iter()
        .map(|e| (e.id, e.note.clone()))
        .collect();
    let text = |known: &OnChain| {
        let context = context(profile, known.id, known.owner, known.asker).ok()?;
        open_request(texts.get(&known.id)?, &context, &Opening(&session.identity)).ok()
    };
    let ids: Vec<RequestId> = history.entries.iter().map(|e| e.id).collect();
    let (requests, all) = views(profile, session, &ids, text).await?;
    Ok(RequestsView {
        complete: history.complete && all,
        requests,
        standing: standing(history.standing),
    })
}

async fn asked(profile: &Profile, session: &Session) -> Result<RequestsView, Failure> {
    let history = profile
        .history::<RequestMade>(session, "asked", session.address, At::Latest)
        .await?;
    let text = |known: &OnChain| {
        let kept = session.db.get::<String>(REQUESTS, known.id.0.as_slice());
        kept.ok().flatten()
    };
    let ids: Vec<RequestId> = history.entries.iter().map(|e| e.id).collect();
    let (requests, all) = views(profile, session, &ids, text).await?;
    Ok(RequestsView {
        complete: history.complete && all,
        requests,
        standing: standing(history.standing),
    })
}

/// The requests as they stand, newest first, and whether each was found.
async fn views(
    profile: &Profile,
    session: &Session,
    ids: &[RequestId],
    text: impl Fn(&OnChain) -> Option<String>,
) -> Result<(Vec<RequestView>, bool), Failure> {
    let read = profile.chain.requests(ids, At::Latest).await;
    let read = read.map_err(read_failure)?;
    let names = contacts::known(session)?;
    let templates = template_names(profile).await?;
    let mut views: Vec<RequestView> = read
        .value
        .iter()
        .flatten()
        .map(|r| RequestView {
            request: r.id.to_string(),
            from: r.asker.to_string(),
            from_name: names.get(&r.asker).cloned(),
            to: r.owner.to_string(),
            to_name: names.get(&r.owner).cloned(),
            asked: r.asked_at.to_string(),
            purpose: r.purpose.to_string(),
            template: templates.get(&r.template).cloned().unwrap_or_default(),
            window_s: r.window_s,
            actions: r.actions.iter().map(|a| a.to_string()).collect(),
            text: text(r),
            state: match r.state {
                RequestState::Open => RequestStateView::Open,
                RequestState::Answered => RequestStateView::Answered,
                RequestState::Declined => RequestStateView::Declined,
                RequestState::Withdrawn => RequestStateView::Withdrawn,
            },
            grant: r.grant.map(|g| g.to_string()),
            standing: standing(read.standing),
        })
        .collect();
    views.reverse();
    let all = views.len() == ids.len();
    Ok((views, all))
}

/// The requests that came after the first `known` ones, with who asks; `None`: tells nothing yet.
pub(crate) async fn arrived(
    profile: &Profile,
    known: &mut Option<usize>,
) -> Result<Vec<(RequestId, Address)>, Failure> {
    let session = profile.session()?;
    let history = profile
        .history::<RequestReceived>(&session, "requests", session.address, At::Latest)
        .await?;
    let count = history.entries.len();
    let new = known.map_or(&[][..], |n| history.entries.get(n..).unwrap_or_default());
    let ids: Vec<RequestId> = new.iter().map(|e| e.id).collect();
    let told = if ids.is_empty() {
        Vec::new()
    } else {
        let read = profile.chain.requests(&ids, At::Latest).await;
        let found = read.map_err(read_failure)?.value.into_iter().flatten();
        found.map(|r| (r.id, r.asker)).collect()
    };
    *known = Some(count);
    Ok(told)
}
