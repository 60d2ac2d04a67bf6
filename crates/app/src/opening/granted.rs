//! A grant to this profile: whether it may be opened, and what its note tells.

use dhc_chain::{At, history::GrantReceived};
use dhc_domain::{Action, Actions, GrantId, GrantState, RecordId};
use dhc_ipc::{Code, Failure};

use crate::{
    failure::misuse,
    grants::{self, Known},
    notes::{self, NoteBody},
    profile::{Profile, Session},
};

pub(crate) fn refused(state: GrantState) -> Failure {
    match state {
        GrantState::Revoked => Failure::new(Code::GrantRevoked, "the owner has ended this access"),
        GrantState::Expired => {
            Failure::new(Code::GrantExpired, "the window of this access is over")
        }
        GrantState::AwaitingApproval => {
            Failure::new(Code::GrantUnapproved, "approvals are missing")
        }
        GrantState::Dormant => Failure::new(Code::GrantDormant, "this access is for an emergency")
            .hint(
                "dhc consent break-glass GRANT --reason TEXT opens it; the owner is told at once",
            ),
        GrantState::Active => Failure::new(Code::Internal, "an active grant was refused"),
    }
}

/// The refusal of what is not among the actions that a grant allows.
pub(crate) fn action_refused(allowed: Actions) -> Failure {
    let allowed: Vec<_> = allowed.iter().map(Action::name).collect();
    Failure::new(
        Code::ActionRefused,
        format!("this access is to {} alone", allowed.join(", ")),
    )
}

/// A grant to this profile and its note, in whichever state it is.
pub(crate) async fn granted(
    profile: &Profile,
    session: &Session,
    id: GrantId,
) -> Result<(Known, NoteBody), Failure> {
    let known = received(profile, session, id).await?;
    let history = profile
        .history::<GrantReceived>(session, "received", session.address, At::Latest)
        .await?;
    let note = history.entries.iter().find(|e| e.id == id).ok_or_else(|| {
        Failure::new(
            Code::ContentUnavailable,
            "the network did not hand over the grant's note",
        )
    })?;
    let note = notes::open(profile, session, &known, &note.note)?;
    Ok((known, note))
}

/// A grant to this profile.
pub(crate) async fn received(
    profile: &Profile,
    session: &Session,
    id: GrantId,
) -> Result<Known, Failure> {
    let known = grants::read(profile, id, At::Latest)
        .await?
        .ok_or_else(|| Failure::new(Code::GrantUnknown, "there is no such grant"))?;
    if known.on_chain.grantee != session.address {
        return Err(Failure::new(
            Code::NotGrantee,
            "this access was given to somebody else",
        ));
    }
    Ok(known)
}

/// The record of a grant that is meant: the one named, or the only one.
pub(crate) fn record_of(known: &Known, study: Option<&str>) -> Result<RecordId, Failure> {
    let records = &known.on_chain.records;
    match (study, records.as_slice()) {
        (None, [only]) => Ok(*only),
        (None, _) => Err(
            misuse(format!("this access is for {} studies", records.len()))
                .hint("name one of them: --study ID"),
        ),
        (Some(study), _) => {
            let id: RecordId = study
                .parse()
                .map_err(|_| misuse("a record's id is 0x and 64 hex digits"))?;
            if records.contains(&id) {
                Ok(id)
            } else {
                Err(Failure::new(
                    Code::RecordUnknown,
                    "this access is not for that study",
                ))
            }
        }
    }
}
