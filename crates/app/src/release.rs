//! The answering side of a release, as an owner's app and as a holder's: a key or a share leaves only
//! after this app has itself proven the grant and the opening's entry in the access log.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use dhc_chain::{
    At,
    history::{Accessed, Entry},
};
use dhc_content::oakley::{
    AccessRequest, Authorisation, HandshakeError, Refusal, Responder as Machine, Scope, Step,
};
use dhc_domain::{Action, Actions, GrantState, Mode, RecordId, Timestamp};
use dhc_ipc::{Event, Failure};

use crate::{
    custody,
    grants::{self, Known},
    keys::{self, Signing},
    ports::Responder,
    profile::{Profile, Session},
    records::{self, Record},
};

/// The chain's word may be this old, seconds.
const FRESH_S: u64 = 60;
/// An entry in the access log opens for this long, seconds: a fetch that was cut off goes on with
/// its entry, a later opening needs one of its own.
const ENTRY_S: u64 = 15 * 60;

/// Answers grantees' requests for keys and for shares of keys, for one profile.
pub struct KeyRelease {
    profile: Weak<Profile>,
    scope: Scope,
    machine: Mutex<Machine>,
}

impl KeyRelease {
    /// For the profile's open session.
    pub fn new(profile: &Arc<Profile>) -> Result<Self, Failure> {
        let session = profile.session()?;
        let scope = Scope {
            chain_id: profile.chain.network().evm_chain_id,
            consent: profile.contract("Consent")?,
        };
        let machine = Machine::new(
            scope,
            session.address,
            profile.clock.now(),
            &mut profile.rng.clone(),
        );
        Ok(Self {
            profile: Arc::downgrade(profile),
            scope,
            machine: Mutex::new(machine),
        })
    }

    fn machine(&self) -> std::sync::MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(
        &self,
        profile: &Profile,
        session: &Session,
        peer: &str,
        message: &[u8],
    ) -> Result<Vec<u8>, HandshakeError> {
        let signer = Signing(session.account.clone());
        let mut rng = profile.rng.clone();
        let step =
            self.machine()
                .handle(peer.as_bytes(), message, profile.clock.now(), &mut rng)?;
        match step {
            Step::Send(answer) => Ok(answer),
            Step::Authorise(initiation) => {
                let request = initiation.request();
                let judged = match initiation.presented() {
                    None => judge(profile, session, request).await.map(|_| ()),
                    Some(presented) => {
                        custody::share_of(profile, session, &self.scope, request, presented)
                            .await
                            .map(|_| ())
                    }
                };
                let verdict = match judged {
                    Ok(()) => Authorisation::Allowed,
                    Err(refusal) => Authorisation::Refused(refusal),
                };
                self.machine().authorise(
                    *initiation,
                    verdict,
                    &signer,
                    profile.clock.now(),
                    &mut rng,
                )
            }
            Step::Release(release) => match judge(profile, session, release.request()).await {
                Ok(record) => match keys::of_record(profile, session, &record) {
                    Ok(key) => {
                        let grant = release.request().grant;
                        let answer = release.release(record.object, &key);
                        let _ = profile.events.send(Event::Opened {
                            profile: profile.id.clone(),
                            grant: grant.to_string(),
                        });
                        Ok(answer)
                    }
                    Err(_) => release.refuse(Refusal::ContentUnavailable, &signer),
                },
                Err(refusal) => release.refuse(refusal, &signer),
            },
            Step::ReleaseShare(release) => {
                let (request, presented) = (release.request(), release.presented());
                let grant = request.grant;
                match custody::share_of(profile, session, &self.scope, request, presented).await {
                    Ok(share) => {
                        tracing::info!(%grant, "released a share");
                        let _ = profile.events.send(Event::ShareReleased {
                            profile: profile.id.clone(),
                            grant: grant.to_string(),
                        });
                        Ok(release.release(&share))
                    }
                    Err(refusal) => release.refuse(refusal, &signer),
                }
            }
        }
    }
}

#[async_trait]
impl Responder for KeyRelease {
    async fn respond(&self, peer: &str, message: Vec<u8>) -> Option<Vec<u8>> {
        let profile = self.profile.upgrade()?;
        let session = profile.unlocked()?;
        self.answer(&profile, &session, peer, &message)
            .await
            .inspect_err(|e| tracing::debug!(error = %e, "a request for a key was not answered"))
            .ok()
    }
}

/// Proves the grant and the access entry that a request stands on; answers the record it is for.
async fn judge(
    profile: &Profile,
    session: &Session,
    request: &AccessRequest,
) -> Result<Record, Refusal> {
    let known = standing_grant(profile, request).await?;
    // In custody mode holders release, and the owner's app alone does not.
    if known.on_chain.mode == Mode::Custody {
        return Err(Refusal::ContentUnavailable);
    }
    let root = request.root.to_string();
    let record = records::all(session)
        .map_err(|_| Refusal::ContentUnavailable)?
        .into_iter()
        .find(|r| known.on_chain.records.contains(&r.id) && r.cid == root)
        .ok_or(Refusal::ContentUnavailable)?;
    entered(profile, session, &known, request, record.id).await?;
    Ok(record)
}

/// The grant that a request names, proven by a fresh head to be its owner's, its grantee's and
/// active.
pub(crate) async fn standing_grant(
    profile: &Profile,
    request: &AccessRequest,
) -> Result<Known, Refusal> {
    let now = profile.clock.now();
    let head = profile
        .chain
        .sync()
        .await
        .map_err(|_| Refusal::AccessUnproven)?;
    if now.0.saturating_sub(head.time.0) > FRESH_S {
        return Err(Refusal::AccessUnproven);
    }
    let known = grants::read(profile, request.grant, At::Latest)
        .await
        .map_err(|_| Refusal::AccessUnproven)?
        .filter(|k| k.on_chain.owner == request.owner)
        .ok_or(Refusal::GrantUnknown)?;
    if known.on_chain.grantee != request.grantee {
        return Err(Refusal::NotGrantee);
    }
    match known.state(now) {
        GrantState::Active => Ok(known),
        GrantState::Revoked => Err(Refusal::GrantRevoked),
        GrantState::Expired => Err(Refusal::GrantExpired),
        GrantState::AwaitingApproval => Err(Refusal::GrantUnapproved),
        GrantState::Dormant => Err(Refusal::GrantDormant),
    }
}

/// Proves that the entry which a request names stands in the owner's log, which is read to its
/// end, and opens this record.
pub(crate) async fn entered(
    profile: &Profile,
    session: &Session,
    known: &Known,
    request: &AccessRequest,
    record: RecordId,
) -> Result<(), Refusal> {
    let now = profile.clock.now();
    let log = profile
        .history::<Accessed>(session, "accesses", request.owner, At::Latest)
        .await
        .map_err(|_| Refusal::AccessUnproven)?;
    let named = |entry: &&Accessed| stands_behind(entry, request, record, now);
    let entry = log
        .entries
        .iter()
        .find(named)
        .filter(|_| log.complete)
        .ok_or(Refusal::AccessUnproven)?;
    if opens_content(entry, known.on_chain.actions) {
        Ok(())
    } else {
        Err(Refusal::ActionRefused)
    }
}

/// Whether a proven entry of the log is the one that the request names, and still opens.
fn stands_behind(
    entry: &Accessed,
    request: &AccessRequest,
    record: RecordId,
    now: Timestamp,
) -> bool {
    entry.seq == request.access.seq
        && entry.hash() == request.access.entry
        && entry.id == request.grant
        && entry.by == request.grantee
        && entry.object == record.0
        && is_recent(now, entry.time)
}

/// Whether an entry is of an action that reads content, and that the grant allows. Breaking a
/// glass and writing back need no key.
fn opens_content(entry: &Accessed, allowed: Actions) -> bool {
    match entry.action() {
        Some(action @ (Action::View | Action::Export)) => allowed.contains(action),
        Some(Action::Annotate) | None => false,
    }
}

fn is_recent(now: Timestamp, entered: Timestamp) -> bool {
    now.0.saturating_sub(entered.0) <= ENTRY_S
}

#[cfg(test)]
mod tests {
    use cid::Cid;
    use dhc_content::oakley::AccessEntry;
    use dhc_domain::{Address, B256, GLASS, GrantId, Height};

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);
    const RECORD: RecordId = RecordId(B256::repeat_byte(3));

    fn entry(time: Timestamp) -> Accessed {
        Accessed {
            owner: Address::repeat_byte(1),
            seq: 4,
            id: GrantId(B256::repeat_byte(2)),
            by: Address::repeat_byte(5),
            purpose: 0,
            object: RECORD.0,
            mode: 0,
            action: Action::View.index(),
            time,
            height: Height(9),
        }
    }

    fn request_for(entry: &Accessed) -> AccessRequest {
        AccessRequest {
            grantee: entry.by,
            owner: entry.owner,
            grant: entry.id,
            access: AccessEntry {
                seq: entry.seq,
                entry: entry.hash(),
            },
            root: Cid::default(),
        }
    }

    #[test]
    fn an_entry_of_anything_else_or_too_old_opens_nothing() {
        let entry = entry(NOW);
        let request = request_for(&entry);
        assert!(stands_behind(&entry, &request, RECORD, NOW));
        assert!(!stands_behind(&entry, &request, RecordId(B256::ZERO), NOW));
        let others: [fn(&mut AccessRequest); 4] = [
            |r| r.access.seq += 1,
            |r| r.access.entry = B256::ZERO,
            |r| r.grant = GrantId(B256::ZERO),
            |r| r.grantee = Address::ZERO,
        ];
        for alter in others {
            let mut request = request;
            alter(&mut request);
            assert!(!stands_behind(&entry, &request, RECORD, NOW), "{request:?}");
        }
        let last = NOW.plus(ENTRY_S);
        assert!(stands_behind(&entry, &request, RECORD, last));
        assert!(!stands_behind(&entry, &request, RECORD, last.plus(1)));
    }

    #[test]
    fn an_entry_opens_content_only_for_an_action_that_reads_and_is_allowed() {
        let of = |action: u8| Accessed {
            action,
            ..entry(NOW)
        };
        let all: Actions = Action::ALL.iter().copied().collect();
        let view: Actions = [Action::View].into_iter().collect();
        assert!(opens_content(&of(Action::View.index()), view));
        assert!(opens_content(&of(Action::Export.index()), all));
        assert!(!opens_content(&of(Action::Export.index()), view));
        assert!(!opens_content(&of(Action::Annotate.index()), all));
        assert!(!opens_content(&of(GLASS), Actions(u32::MAX)));
    }

    #[test]
    fn an_entry_opens_for_a_quarter_of_an_hour() {
        let entered = Timestamp(1_000);
        assert!(is_recent(entered, entered));
        assert!(is_recent(entered.plus(ENTRY_S), entered));
        assert!(!is_recent(entered.plus(ENTRY_S + 1), entered));
        // A chain a moment ahead of this device's clock.
        assert!(is_recent(Timestamp(995), entered));
    }
}
