//! What a grant tells its grantee, in an envelope that only they open.

use dhc_content::{
    Cid,
    note::{Custody, Note, NoteContext, NoteItem, SealNoteError, open_note, seal_note},
    object::ObjectKey,
};
use dhc_domain::{Address, B256, GrantId, ObjectId, RecordId};
use dhc_ipc::{Code, Failure};
use serde::{Deserialize, Serialize};

use crate::{
    failure::misuse,
    grants::Known,
    identity,
    keys::{Opening, Signing},
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

/// What an opened note says of one record.
#[derive(Clone)]
pub struct NotedRecord {
    pub record: RecordId,
    pub title: String,
    pub date: Option<String>,
    pub modalities: Vec<String>,
    pub images: u32,
    pub object: ObjectId,
    pub root: Cid,
    pub salt: B256,
    /// In sealed mode.
    pub key: Option<ObjectKey>,
}

/// A note that was opened: of each record of the grant, in the grant's order.
pub struct NoteBody {
    pub records: Vec<NotedRecord>,
    /// Where the owner's app listens, and then who keeps the content for it.
    pub peers: Vec<PeerHint>,
    /// In custody mode.
    pub custody: Option<Custody>,
}

/// Titles are cut to the longest of these that lets the note fit.
const LONGEST_TITLES: [usize; 4] = [80, 40, 20, 8];

impl NotedRecord {
    pub fn of(record: &Record, key: Option<ObjectKey>) -> Result<Self, Failure> {
        Ok(Self {
            record: record.id,
            title: record.title(),
            date: record.study.date.clone(),
            modalities: record.study.modalities.clone(),
            images: record.images(),
            object: record.object,
            root: crate::objects::parse_cid(&record.cid)?,
            salt: record.salt,
            key,
        })
    }

    fn item(&self, longest_title: usize) -> Result<NoteItem, Failure> {
        let label = Label {
            t: self.title.chars().take(longest_title).collect(),
            d: self.date.clone(),
            m: self.modalities.clone(),
            n: self.images,
        };
        Ok(NoteItem {
            record: self.record,
            object: self.object,
            root: self.root,
            commitment_salt: self.salt,
            label: serde_json::to_string(&label)
                .map_err(|e| Failure::new(Code::Internal, e.to_string()))?,
            key: self.key.clone(),
        })
    }
}

/// The note of a grant that this profile makes, sealed to its grantee.
pub async fn seal(
    profile: &Profile,
    session: &Session,
    note: &NoteBody,
    context: &NoteContext,
) -> Result<Vec<u8>, Failure> {
    let recipient = identity::keys_of(profile, context.grantee).await?;
    let peers: Vec<_> = note
        .peers
        .iter()
        .map(|peer| dhc_content::note::PeerHint {
            peer: peer.peer.clone(),
            addresses: peer.addresses.clone(),
        })
        .collect();
    let mut refusal = SealNoteError::TooLong;
    // The owner's app alone, where no title is short enough beside those who keep the content.
    let alone = &peers[..peers.len().min(1)];
    let ways = LONGEST_TITLES.map(|longest| (longest, &peers[..]));
    for (longest, peers) in ways.into_iter().chain(LONGEST_TITLES.map(|l| (l, alone))) {
        let items = note.records.iter().map(|r| r.item(longest));
        let note = Note {
            items: items.collect::<Result<_, _>>()?,
            peers: peers.to_vec(),
            custody: note.custody.clone(),
        };
        let signer = Signing(session.account.clone());
        match seal_note(
            &note,
            context,
            &recipient,
            &signer,
            &mut profile.rng.clone(),
        ) {
            Err(SealNoteError::TooLong) => {}
            Ok(sealed) => return Ok(sealed),
            Err(e) => {
                refusal = e;
                break;
            }
        }
    }
    Err(misuse(refusal.to_string()))
}

pub fn context(
    profile: &Profile,
    grant: GrantId,
    owner: Address,
    by: Address,
    grantee: Address,
) -> Result<NoteContext, Failure> {
    Ok(NoteContext {
        chain_id: profile.chain.network().evm_chain_id,
        consent: profile.contract("Consent")?,
        owner,
        by,
        grantee,
        grant,
    })
}

/// Opens the note of a grant to this profile; what it says is checked against the grant's proven
/// records.
pub fn open(
    profile: &Profile,
    session: &Session,
    known: &Known,
    note: &[u8],
) -> Result<NoteBody, Failure> {
    let g = &known.on_chain;
    let context = context(profile, known.id, g.owner, g.by, g.grantee)?;
    let note = open_note(note, &context, &Opening(&session.identity))
        .map_err(|e| Failure::new(Code::ContentCorrupt, e.to_string()))?;
    if !note
        .items
        .iter()
        .map(|item| item.record)
        .eq(g.records.iter().copied())
    {
        return Err(Failure::new(
            Code::ContentCorrupt,
            "the note is about other records than the grant",
        ));
    }
    let records = note.items.into_iter().map(|item| {
        let label: Label = serde_json::from_str(&item.label).unwrap_or_else(|_| Label {
            t: item.label.clone(),
            d: None,
            m: Vec::new(),
            n: 0,
        });
        NotedRecord {
            record: item.record,
            title: label.t,
            date: label.d,
            modalities: label.m,
            images: label.n,
            object: item.object,
            root: item.root,
            salt: item.commitment_salt,
            key: item.key,
        }
    });
    Ok(NoteBody {
        records: records.collect(),
        custody: note.custody,
        peers: note
            .peers
            .into_iter()
            .map(|p| PeerHint {
                peer: p.peer,
                addresses: p.addresses,
            })
            .collect(),
    })
}
