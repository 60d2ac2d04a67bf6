//! The grantee's side: ask holders for their shares, all at once, until enough of them are good.

use dhc_content::{
    custody::{CombineError, KeyContext, Share},
    note::{Custody, Holder},
    oakley::{AccessRequest, HandshakeError, Initiator, Presented, Progress, Refusal, Scope},
    object::ObjectKey,
};
use dhc_domain::{GrantId, ObjectId, RecordId};
use dhc_ipc::{Code, Failure, HolderView, Stage};
use futures::{StreamExt as _, stream::FuturesUnordered};

use crate::{
    grants::Known,
    job::Job,
    keys::Signing,
    notes::NotedRecord,
    objects::corrupt,
    opening::refusal_code,
    ports::{ExchangeError, PeerHint},
    profile::{Profile, Session},
};

/// Why a holder gave no share.
#[derive(Debug, thiserror::Error)]
enum Withheld {
    #[error("is not reachable")]
    Unreachable(#[from] ExchangeError),
    #[error("did not answer as it should: {0}")]
    Broken(HandshakeError),
    #[error("refused: {0}")]
    Refused(Refusal),
    #[error("gave a share that is not what the commitments say")]
    Bad,
}

impl Withheld {
    fn code(&self) -> Code {
        match self {
            Self::Unreachable(_) | Self::Broken(_) => Code::HolderOffline,
            Self::Refused(Refusal::LetterUnusable) | Self::Bad => Code::ShareRefused,
            Self::Refused(refusal) => refusal_code(*refusal),
        }
    }
}

/// The key of a record of a grant in custody mode, and what became of each holder that was heard
/// until there were shares enough.
///
/// Errors: `share_refused` where a holder's share or letter is bad and the others' do not suffice,
/// naming the holder; what the holders refuse with where they agree; else `too_few_shares`.
pub(crate) async fn collect(
    profile: &Profile,
    session: &Session,
    known: &Known,
    note: &NotedRecord,
    custody: &Custody,
    request: AccessRequest,
    job: &Job,
) -> Result<(ObjectKey, Vec<HolderView>), Failure> {
    let dealing = &custody.dealing;
    let need = u64::from(dealing.threshold());
    job.report(Stage::AskingForKey, 0, need);
    let place = place_of(known, note.record)?;
    let scope = Scope {
        chain_id: profile.chain.network().evm_chain_id,
        consent: profile.contract("Consent")?,
    };
    let mut asked: FuturesUnordered<_> = (1..)
        .zip(&custody.holders)
        .map(|(index, holder)| async move {
            let presented = Presented {
                holder: holder.account,
                owner: known.on_chain.owner,
                by: known.on_chain.by,
                index,
                place,
                dealing: dealing.clone(),
                letter: holder.letter.clone(),
            };
            let share = ask(profile, session, scope, request, presented, holder).await;
            (holder, share)
        })
        .collect();
    let mut shares = Vec::new();
    let mut heard = Vec::new();
    while let Some((holder, answer)) = asked.next().await {
        job.go_on()?;
        let withheld = match answer {
            Ok(share) => {
                shares.push(share);
                job.report(Stage::AskingForKey, shares.len() as u64, need);
                None
            }
            Err(why) => {
                let (holder, grant) = (holder.account, known.id);
                tracing::warn!(%holder, %grant, %why, "a holder gave no share");
                Some(why)
            }
        };
        heard.push((holder, withheld));
        if shares.len() as u64 == need {
            break;
        }
    }
    let secret = dealing
        .combine(place.into(), &shares)
        .map_err(|e| match e {
            CombineError::TooFew { have, need } => too_few(have, need, &heard),
            CombineError::Bad(_) => corrupt("a share turned bad"),
        })?;
    let key = unwrapped(custody, place, &secret, scope, known.id, note.object)?;
    let heard = heard.into_iter().map(|(holder, withheld)| HolderView {
        holder: holder.account.to_string(),
        withheld: withheld.map(|w| w.code()),
    });
    Ok((key, heard.collect()))
}

fn place_of(known: &Known, record: RecordId) -> Result<u8, Failure> {
    let records = &known.on_chain.records;
    let place = records.iter().position(|r| *r == record);
    place
        .and_then(|p| u8::try_from(p).ok())
        .ok_or_else(|| corrupt("the record is none of the grant's"))
}

fn unwrapped(
    custody: &Custody,
    place: u8,
    secret: &dhc_content::custody::Secret,
    scope: Scope,
    grant: GrantId,
    object: ObjectId,
) -> Result<ObjectKey, Failure> {
    let context = KeyContext {
        chain_id: scope.chain_id,
        consent: scope.consent,
        grant,
        object,
    };
    custody
        .wrapped
        .get(usize::from(place))
        .and_then(|wrapped| wrapped.unwrap(secret, &context).ok())
        .ok_or_else(|| corrupt("the grant's note wraps another key than was shared"))
}

/// One holder's share (Oakley).
async fn ask(
    profile: &Profile,
    session: &Session,
    scope: Scope,
    request: AccessRequest,
    presented: Presented,
    holder: &Holder,
) -> Result<Share, Withheld> {
    let peer = PeerHint {
        peer: holder.peer.peer.clone(),
        addresses: holder.peer.addresses.clone(),
    };
    let signer = Signing(session.account.clone());
    let mut rng = profile.rng.clone();
    let (mut machine, mut message) = Initiator::for_share(scope, request, presented, &mut rng);
    loop {
        let answer = profile.home.channel.ask(&peer, message).await?;
        match machine.handle(&answer, &signer, &mut rng) {
            Ok(Progress::Send(next)) => message = next,
            Ok(Progress::Share(share)) => return Ok(share),
            Ok(Progress::Refused(refusal)) => return Err(Withheld::Refused(refusal)),
            Ok(Progress::Released(_)) => return Err(Withheld::Broken(HandshakeError::Unexpected)),
            Err(HandshakeError::Share) => return Err(Withheld::Bad),
            Err(e) => return Err(Withheld::Broken(e)),
        }
    }
}

fn too_few(have: usize, need: usize, heard: &[(&Holder, Option<Withheld>)]) -> Failure {
    let withheld: Vec<_> = heard
        .iter()
        .filter_map(|(holder, why)| why.as_ref().map(|why| (holder, why)))
        .collect();
    let codes: Vec<Code> = withheld.iter().map(|(_, why)| why.code()).collect();
    let each = withheld
        .iter()
        .map(|(holder, why)| format!("{} {why}", holder.account));
    let each: Vec<String> = each.collect();
    let message = format!("{have} of {need} shares: {}", each.join("; "));
    Failure::new(code_of(&codes), message)
}

/// What stands for all of it: a lie before all else; what every one says; else that they are few.
fn code_of(withheld: &[Code]) -> Code {
    if withheld.contains(&Code::ShareRefused) {
        return Code::ShareRefused;
    }
    match withheld {
        [first, rest @ ..] if *first != Code::HolderOffline && rest.iter().all(|c| c == first) => {
            *first
        }
        _ => Code::TooFewShares,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lie_is_said_before_a_silence_and_what_all_say_is_said() {
        use Code::{GrantRevoked, HolderOffline, ProofUnavailable, ShareRefused, TooFewShares};
        for (codes, said) in [
            (&[HolderOffline, ShareRefused][..], ShareRefused),
            (&[GrantRevoked, ShareRefused], ShareRefused),
            (&[GrantRevoked, GrantRevoked], GrantRevoked),
            (&[GrantRevoked, HolderOffline], TooFewShares),
            (&[GrantRevoked, ProofUnavailable], TooFewShares),
            (&[HolderOffline, HolderOffline], TooFewShares),
            (&[], TooFewShares),
        ] {
            assert_eq!(code_of(codes), said, "{codes:?}");
        }
    }
}
