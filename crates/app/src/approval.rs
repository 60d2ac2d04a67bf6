//! The approver's side: reads a grant's terms from the chain, and signs them.

use std::collections::BTreeMap;

use dhc_chain::{At, contracts::intents};
use dhc_domain::RecordId;
use dhc_ipc::{ApproveGrant, Approved, Code, Failure, GrantView};

use crate::{
    contacts,
    grant::change,
    grants::{self, Known, grant_id, item_of_record},
    job::Job,
    profile::{Profile, Session},
    records::{self, Record},
};

/// One grant as it stands on chain, whoever asks.
///
/// Errors: `grant_unknown`.
pub async fn show(profile: &Profile, grant: &str) -> Result<GrantView, Failure> {
    let session = profile.session()?;
    let known = standing(profile, grant).await?;
    terms(profile, &session, &known).await
}

/// Approves a grant in the round whose terms the person saw: what is signed says them in words, and
/// the contract takes them from the grant.
///
/// Errors: `grant_unknown`; `grant_unapproved` where a renewal began another round since;
/// `not_approver`; `grant_revoked`, `grant_expired`.
pub async fn approve(
    profile: &Profile,
    args: &ApproveGrant,
    job: &Job,
) -> Result<Approved, Failure> {
    let session = profile.session()?;
    let known = standing(profile, &args.grant).await?;
    let round = args.round.unwrap_or(known.on_chain.round);
    if round != known.on_chain.round {
        return Err(Failure::new(
            Code::GrantUnapproved,
            "the grant was renewed: its terms are others now",
        ));
    }
    let terms = terms(profile, &session, &known).await?;
    let intent = intents::approve(session.address, known.id, round);
    let act = format!("approve {} {round}", known.id);
    let receipt = profile.transact(&session, &act, job, intent).await?;
    job.changed();
    let change = change(&session, known.id, &receipt);
    Ok(Approved { change, terms })
}

async fn standing(profile: &Profile, grant: &str) -> Result<Known, Failure> {
    let known = grants::read(profile, grant_id(grant)?, At::Latest).await?;
    known.ok_or_else(|| Failure::new(Code::GrantUnknown, "there is no such grant"))
}

async fn terms(profile: &Profile, session: &Session, known: &Known) -> Result<GrantView, Failure> {
    let names = contacts::known(session)?;
    let templates = grants::template_names(profile).await?;
    let own: BTreeMap<RecordId, Record> = records::all(session)?
        .into_iter()
        .map(|r| (r.id, r))
        .collect();
    let studies = known.on_chain.records.iter();
    let items = studies.map(|id| item_of_record(*id, own.get(id))).collect();
    let template = templates.get(&known.on_chain.template);
    let template = template.map_or("", String::as_str);
    Ok(grants::view(profile, known, items, &names, template))
}
