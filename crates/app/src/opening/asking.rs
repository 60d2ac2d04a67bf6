//! The owner's app is asked for the key of what was granted live.

use dhc_content::{
    oakley::{AccessRequest, Initiator, Progress, Refusal, Scope},
    object::ObjectKey,
};
use dhc_ipc::{Code, Failure, Stage};

use crate::{
    failure::exchange_failure,
    job::Job,
    keys::Signing,
    notes::NotedRecord,
    objects::corrupt,
    ports::PeerHint,
    profile::{Profile, Session},
};

/// Asks the owner's app for the key (Oakley).
pub(super) async fn ask(
    profile: &Profile,
    session: &Session,
    request: AccessRequest,
    note: &NotedRecord,
    peers: &[PeerHint],
    job: &Job,
) -> Result<ObjectKey, Failure> {
    job.report(Stage::AskingForKey, 0, 1);
    let scope = Scope {
        chain_id: profile.chain.network().evm_chain_id,
        consent: profile.contract("Consent")?,
    };
    let peer = peers
        .first()
        .ok_or_else(|| corrupt("the grant's note names no peer"))?;
    let signer = Signing(session.account.clone());
    let mut rng = profile.rng.clone();
    let (mut machine, mut message) = Initiator::new(scope, request, &mut rng);
    loop {
        job.go_on()?;
        let answer = profile
            .home
            .channel
            .ask(peer, message)
            .await
            .map_err(exchange_failure)?;
        let progress = machine.handle(&answer, &signer, &mut rng).map_err(|e| {
            Failure::new(
                Code::OwnerOffline,
                format!("the owner's app did not answer as it should: {e}"),
            )
        })?;
        match progress {
            Progress::Send(next) => message = next,
            Progress::Released(released) if released.object == note.object => {
                tracing::debug!("the key is here");
                job.report(Stage::AskingForKey, 1, 1);
                return Ok(released.key);
            }
            Progress::Released(_) => {
                return Err(corrupt("the owner's app gave another object's key"));
            }
            Progress::Share(_) => return Err(corrupt("the owner's app gave a share for a key")),
            Progress::Refused(refusal) => {
                let why = format!("the owner's app refused: {refusal}");
                return Err(Failure::new(refusal_code(refusal), why));
            }
        }
    }
}

/// The code under which a peer's refusal is told.
pub(crate) fn refusal_code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::GrantUnknown => Code::GrantUnknown,
        Refusal::GrantRevoked => Code::GrantRevoked,
        Refusal::GrantExpired => Code::GrantExpired,
        Refusal::GrantUnapproved => Code::GrantUnapproved,
        Refusal::GrantDormant => Code::GrantDormant,
        Refusal::ActionRefused => Code::ActionRefused,
        Refusal::NotGrantee => Code::NotGrantee,
        Refusal::AccessUnproven => Code::ProofUnavailable,
        Refusal::ContentUnavailable => Code::ContentUnavailable,
        Refusal::LetterUnusable => Code::ShareRefused,
    }
}
