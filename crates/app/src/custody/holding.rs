//! The holder's side: a share leaves only after this app has itself proven the grant, the opening's
//! entry in the owner's log, and, where its person is an approver, that person's approval.

use dhc_chain::At;
use dhc_content::{
    custody::{Share, open_letter},
    oakley::{AccessRequest, Presented, Refusal, Scope},
};
use dhc_domain::{Mode, RecordId};

use crate::{
    grants::Known,
    keys::Opening,
    profile::{Profile, Session},
    release,
};

/// Proves what a request for a share stands on; answers this holder's share of its record. The
/// letter is opened last: until the chain has named author and grantee, it is anybody's.
pub(crate) async fn share_of(
    profile: &Profile,
    session: &Session,
    scope: &Scope,
    request: &AccessRequest,
    presented: &Presented,
) -> Result<Share, Refusal> {
    let known = release::standing_grant(profile, request).await?;
    let record = record_at(&known, presented)?;
    if known.on_chain.threshold > 0 {
        let approved = approval(profile, session, request, known.on_chain.round).await?;
        if !approved {
            return Err(Refusal::GrantUnapproved);
        }
    }
    let on_chain = profile
        .chain
        .record(record, At::Latest)
        .await
        .map_err(|_| Refusal::AccessUnproven)?
        .value
        .ok_or(Refusal::ContentUnavailable)?;
    if on_chain.root.as_slice() != request.root.hash().digest() {
        return Err(Refusal::ContentUnavailable);
    }
    release::entered(profile, session, &known, request, record).await?;
    let context = presented.context(scope, request.grantee, request.grant);
    let (letter, dealing) = (&presented.letter, &presented.dealing);
    let shares = open_letter(letter, dealing, &context, &Opening(&session.identity))
        .map_err(|_| Refusal::LetterUnusable)?;
    shares
        .into_iter()
        .nth(presented.place.into())
        .ok_or(Refusal::LetterUnusable)
}

/// The record that is meant, where the letter's author made this grant, in this mode.
fn record_at(known: &Known, presented: &Presented) -> Result<RecordId, Refusal> {
    let grant = &known.on_chain;
    if grant.mode != Mode::Custody || grant.by != presented.by {
        return Err(Refusal::LetterUnusable);
    }
    if presented.dealing.records() != grant.records.len() {
        return Err(Refusal::LetterUnusable);
    }
    let record = grant.records.get(usize::from(presented.place));
    record.copied().ok_or(Refusal::LetterUnusable)
}

/// `false` where this profile is an approver of the grant and has not approved this round.
async fn approval(
    profile: &Profile,
    session: &Session,
    request: &AccessRequest,
    round: u16,
) -> Result<bool, Refusal> {
    let standing = profile
        .chain
        .approver(request.grant, session.address, At::Latest)
        .await
        .map_err(|_| Refusal::AccessUnproven)?
        .value;
    Ok(standing == 0 || standing == 1 + u32::from(round))
}
