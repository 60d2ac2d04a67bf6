//! Answering a request: a grant within what was asked, and its link to the request. Two acts, of
//! which the second follows the first however often the command is cut off.

use dhc_chain::contracts::{RequestView, intents};
use dhc_domain::{GrantId, Power, RequestId};
use dhc_ipc::{AnswerRequest, Code, Failure, Grant, RequestAnswered};

use crate::{
    failure::misuse,
    grant::{actions, give_in_answer, until},
    grants::{grant_id, template_names},
    job::Job,
    ledger::{proven_at, sponsored_by, sync_failure},
    profile::{Profile, Session},
    proxies,
    requests::{read, request_id, require_open, unknown},
    sealed::{Batch, JOURNAL},
};

/// Where the grant is kept that answers a request, from when it is given until it is linked.
pub(crate) fn given_key(session: &Session, request: RequestId) -> [u8; 32] {
    session.blind(&format!("given for {request}"))
}

/// Gives what was asked of this profile, or of somebody for whom it grants and answers, or less,
/// and links it to the request.
///
/// Errors: `request_unknown`, `request_closed`, `proxy_refused`, `misuse` for more than was asked, what giving
/// access gives, and what sending gives.
pub async fn answer(
    profile: &Profile,
    args: &AnswerRequest,
    job: &Job,
) -> Result<RequestAnswered, Failure> {
    let session = profile.session()?;
    let id = request_id(&args.request)?;
    let key = given_key(&session, id);
    let grant = match session.db.get::<GrantId>(JOURNAL, &key)? {
        Some(given) => given,
        None => {
            let request = read(profile, id).await?;
            proxies::check(profile, &session, request.owner, Power::Answer, unknown()).await?;
            require_open(&request)?;
            let terms = terms(profile, &request, args).await?;
            grant_id(&give_in_answer(profile, &terms, job, id).await?.grant)?
        }
    };
    let act = format!("answer {id}");
    let intent = intents::answer(session.address, id, grant);
    let sent = profile.transact_kept(&session, &act, job, intent).await;
    let over = match &sent {
        Ok(_) => true,
        Err(e) => matches!(e.code, Code::RequestClosed | Code::RequestUnknown),
    };
    if over {
        let mut batch = Batch::default();
        batch.delete(JOURNAL, &key);
        profile.stage_forgotten(&session, &mut batch, &act);
        session.db.commit(batch)?;
    }
    job.changed();
    let receipt = sent.map_err(|e| e.hint(format!("the access itself was given: {grant}")))?;
    Ok(RequestAnswered {
        request: id.to_string(),
        grant: grant.to_string(),
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        standing: proven_at(receipt.height),
        sponsored_by: sponsored_by(&session, &receipt),
    })
}

/// What was asked, as far as the owner did not narrow it.
async fn terms(
    profile: &Profile,
    request: &RequestView,
    args: &AnswerRequest,
) -> Result<Grant, Failure> {
    let more = |what: &str| misuse(format!("{what} than was asked: for that, give access anew"));
    let until_text = match &args.until {
        None => format!("{}s", request.window_s),
        Some(text) => {
            let now = profile.chain.sync().await.map_err(sync_failure)?.time;
            if until(text)?.from(now) > now.plus(request.window_s) {
                return Err(more("that is longer"));
            }
            text.clone()
        }
    };
    let chosen = match actions(&args.actions)? {
        None => request.actions,
        Some(chosen) if chosen.within(request.actions) => chosen,
        Some(_) => return Err(more("those are more actions")),
    };
    let templates = template_names(profile).await?;
    let template = templates
        .get(&request.template)
        .ok_or_else(|| Failure::new(Code::TemplateRefused, "the template asked for is retired"))?;
    Ok(Grant {
        studies: args.studies.clone(),
        to: request.asker.to_string(),
        purpose: request.purpose.to_string(),
        until: until_text,
        template: Some(template.clone()),
        mode: args.mode.clone(),
        approvers: args.approvers.clone(),
        threshold: args.threshold,
        custodians: args.custodians.clone(),
        shares: args.shares,
        actions: chosen.iter().map(|a| a.to_string()).collect(),
        onward: false,
        owner: Some(request.owner.to_string()),
    })
}
