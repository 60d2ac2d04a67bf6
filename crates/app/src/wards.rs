//! What this profile can pass on for somebody whose proxy it is: records to which they gave it
//! access. A proxy has no keys: the owner's app releases them, on proof, as for any grant.

use std::collections::BTreeMap;

use dhc_chain::{At, history::GrantReceived};
use dhc_domain::{Address, GrantId, Mode, Power, RecordId};
use dhc_ipc::{Code, Failure};

use crate::{
    failure::misuse,
    grants,
    notes::{self, NotedRecord},
    ports::PeerHint,
    profile::{Profile, Session},
    proxies,
};

/// Records of an owner, and where the app listens that has their keys.
pub(crate) struct Ward {
    /// Without keys.
    pub records: Vec<NotedRecord>,
    pub peers: Vec<PeerHint>,
}

/// The records of `owner` that are named, from the notes of the grants that this profile has of
/// them.
///
/// Errors: `proxy_refused` without the power to grant, and for sealed access: a key that a proxy
/// was given for herself is not hers to hand on; `record_unknown` for a record to which the owner
/// never gave this profile access.
pub(crate) async fn find(
    profile: &Profile,
    session: &Session,
    owner: Address,
    studies: &[String],
    mode: Mode,
) -> Result<Ward, Failure> {
    let stranger = Failure::new(
        Code::ProxyRefused,
        format!("{owner} has not let you act for them"),
    );
    proxies::check(profile, session, owner, Power::Grant, stranger).await?;
    if mode != Mode::Live {
        return Err(Failure::new(
            Code::ProxyRefused,
            "only the owner seals a record's key, or deals it; what you give is live",
        ));
    }
    let history = profile
        .history::<GrantReceived>(session, "received", session.address, At::Latest)
        .await?;
    let ids: Vec<GrantId> = history.entries.iter().map(|e| e.id).collect();
    let known = grants::read_all(profile, &ids).await?;
    let by_id: BTreeMap<GrantId, _> = known.iter().map(|k| (k.id, k)).collect();
    // The newest grant says where the owner's app listens now.
    let mut notes = Vec::new();
    for entry in history.entries.iter().rev() {
        let theirs = by_id.get(&entry.id).filter(|k| k.on_chain.owner == owner);
        if let Some(known) = theirs
            && let Ok(note) = notes::open(profile, session, known, &entry.note)
        {
            notes.push(note);
        }
    }
    let records = studies.iter().map(|study| {
        let id: RecordId = study
            .parse()
            .map_err(|_| misuse("a record's id is 0x and 64 hex digits"))?;
        let mut noted = notes.iter().flat_map(|note| &note.records);
        let found = noted.find(|r| r.record == id).cloned();
        found
            .map(|record| NotedRecord {
                key: None,
                ..record
            })
            .ok_or_else(|| {
                Failure::new(
                    Code::RecordUnknown,
                    format!("{owner} has given you no access to this record yourself"),
                )
                .hint("only its owner can pass it on")
            })
    });
    let records = records.collect::<Result<_, _>>()?;
    let peers = notes.into_iter().next().map(|note| note.peers);
    Ok(Ward {
        records,
        peers: peers.unwrap_or_default(),
    })
}
