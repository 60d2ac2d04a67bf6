//! What a grant tells its grantee, in an envelope that only they open.

use dhc_content::{
    Cid,
    note::{Note, NoteContext, open_note},
    object::ObjectKey,
};
use dhc_domain::{Address, B256, GrantId, ObjectId};
use dhc_ipc::{Code, Failure};
use serde::{Deserialize, Serialize};

use crate::{
    grants::Known,
    keys::Opening,
    ports::PeerHint,
    profile::{Profile, Session},
    records::Record,
};

/// The label of a note, as JSON: what the owner tells of the study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Label {
    t: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<String>,
    m: Vec<String>,
    n: u32,
}

/// A note that was opened.
pub struct NoteBody {
    pub title: String,
    pub date: Option<String>,
    pub modalities: Vec<String>,
    pub images: u32,
    pub object: ObjectId,
    pub root: Cid,
    pub salt: B256,
    pub peers: Vec<PeerHint>,
    /// In sealed mode.
    pub key: Option<ObjectKey>,
}

const LONGEST_TITLE: usize = 80;

/// What the note of a grant of `record` says.
pub fn write(record: &Record, here: &PeerHint, key: Option<ObjectKey>) -> Result<Note, Failure> {
    let label = Label {
        t: record.title().chars().take(LONGEST_TITLE).collect(),
        d: record.study.date.clone(),
        m: record.study.modalities.clone(),
        n: record.images(),
    };
    Ok(Note {
        record: record.id,
        object: record.object,
        root: crate::objects::parse_cid(&record.cid)?,
        commitment_salt: record.salt,
        label: serde_json::to_string(&label)
            .map_err(|e| Failure::new(Code::Internal, e.to_string()))?,
        peers: vec![dhc_content::note::PeerHint {
            peer: here.peer.clone(),
            addresses: here.addresses.clone(),
        }],
        key,
    })
}

pub fn context(
    profile: &Profile,
    grant: GrantId,
    owner: Address,
    grantee: Address,
) -> Result<NoteContext, Failure> {
    Ok(NoteContext {
        chain_id: profile.chain.network().evm_chain_id,
        consent: profile.contract("Consent")?,
        owner,
        grantee,
        grant,
    })
}

/// Opens the note of a grant to this profile; what it says is checked against the grant's proven
/// record.
pub fn open(
    profile: &Profile,
    session: &Session,
    known: &Known,
    note: &[u8],
) -> Result<NoteBody, Failure> {
    let g = &known.on_chain;
    let context = context(profile, known.id, g.owner, g.grantee)?;
    let note = open_note(note, &context, &Opening(&session.identity))
        .map_err(|e| Failure::new(Code::ContentCorrupt, e.to_string()))?;
    if note.record != g.record {
        return Err(Failure::new(
            Code::ContentCorrupt,
            "the note is about another record than the grant",
        ));
    }
    let label: Label = serde_json::from_str(&note.label).unwrap_or_else(|_| Label {
        t: note.label.clone(),
        d: None,
        m: Vec::new(),
        n: 0,
    });
    Ok(NoteBody {
        title: label.t,
        date: label.d,
        modalities: label.m,
        images: label.n,
        object: note.object,
        root: note.root,
        salt: note.commitment_salt,
        peers: note
            .peers
            .into_iter()
            .map(|p| PeerHint {
                peer: p.peer,
                addresses: p.addresses,
            })
            .collect(),
        key: note.key,
    })
}
