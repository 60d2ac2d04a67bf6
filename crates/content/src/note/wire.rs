use cid::Cid;
use dhc_domain::{ObjectId, RecordId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Custody, ENCAPSULATED, Holder, MAX_NOTE, Note, NoteItem, PADDING, PeerHint, SIGNATURE,
    SealNoteError, TAG, VERSION_1, VERSION_2, VERSION_3,
};
use crate::{
    custody::{Dealing, Letter, WrappedKey},
    object::ObjectKey,
};

/// The plaintext of version 2, in postcard's encoding.
#[derive(Serialize, Deserialize)]
struct Wire {
    items: Vec<WireItem>,
    peers: Vec<PeerHint>,
}

/// The plaintext of version 3.
#[derive(Serialize, Deserialize)]
struct Wire3 {
    items: Vec<WireItem>,
    peers: Vec<PeerHint>,
    threshold: u8,
    commitments: Vec<[u8; 32]>,
    wrapped: Vec<Vec<u8>>,
    holders: Vec<WireHolder>,
}

#[derive(Serialize, Deserialize)]
struct WireHolder {
    account: [u8; 20],
    peer: PeerHint,
    envelope: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct WireItem {
    record: [u8; 32],
    object: [u8; 16],
    root: Vec<u8>,
    commitment_salt: [u8; 32],
    label: String,
    key: Option<Zeroizing<[u8; 32]>>,
}

/// The plaintext of version 1.
#[derive(Deserialize)]
struct Wire1 {
    record: [u8; 32],
    object: [u8; 16],
    root: Vec<u8>,
    commitment_salt: [u8; 32],
    label: String,
    peers: Vec<PeerHint>,
    key: Option<Zeroizing<[u8; 32]>>,
}

/// Length (2, big-endian) ‖ postcard ‖ zeros.
pub(super) fn encode(note: &Note) -> Result<Zeroizing<Vec<u8>>, SealNoteError> {
    let items = note.items.iter().map(|item| WireItem {
        record: item.record.0.0,
        object: item.object.0.0,
        root: item.root.to_bytes(),
        commitment_salt: item.commitment_salt.0,
        label: item.label.clone(),
        key: item.key.as_ref().map(|key| Zeroizing::new(*key.as_bytes())),
    });
    let (items, peers) = (items.collect(), note.peers.clone());
    let body = match &note.custody {
        None => postcard::to_allocvec(&Wire { items, peers }),
        Some(custody) => {
            if !fits(custody, &note.items) {
                return Err(SealNoteError::Custody);
            }
            let holders = custody.holders.iter().map(|holder| WireHolder {
                account: holder.account.into(),
                peer: holder.peer.clone(),
                envelope: holder.letter.envelope.clone(),
                signature: holder.letter.signature.clone(),
            });
            postcard::to_allocvec(&Wire3 {
                items,
                peers,
                threshold: custody.dealing.threshold(),
                commitments: custody.dealing.commitments().to_vec(),
                wrapped: custody
                    .wrapped
                    .iter()
                    .map(|w| w.as_bytes().to_vec())
                    .collect(),
                holders: holders.collect(),
            })
        }
    };
    let body = Zeroizing::new(body.map_err(|_| SealNoteError::TooLong)?);
    let len = u16::try_from(body.len()).map_err(|_| SealNoteError::TooLong)?;
    let padded = (2 + body.len()).next_multiple_of(PADDING);
    if 1 + SIGNATURE + ENCAPSULATED + padded + TAG > MAX_NOTE {
        return Err(SealNoteError::TooLong);
    }
    let mut out = Zeroizing::new(Vec::with_capacity(padded));
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&body);
    out.resize(padded, 0);
    Ok(out)
}

/// Reads the plaintext of a version.
pub(super) fn decode(version: u8, plaintext: &[u8]) -> Option<Note> {
    let (len, rest) = plaintext.split_first_chunk::<2>()?;
    let body = rest.get(..usize::from(u16::from_be_bytes(*len)))?;
    match version {
        VERSION_1 => decode_1(body),
        VERSION_2 => decode_2(body),
        VERSION_3 => decode_3(body),
        _ => None,
    }
}

/// Whether a dealing is of these records and holders; keys in the clear have no place beside it.
fn fits(custody: &Custody, items: &[NoteItem]) -> bool {
    let Custody {
        dealing,
        wrapped,
        holders,
    } = custody;
    let is_first =
        |(i, holder): (usize, &Holder)| holders[..i].iter().all(|h| h.account != holder.account);
    dealing.records() == items.len()
        && wrapped.len() == items.len()
        && usize::from(dealing.holders()) == holders.len()
        && holders.iter().enumerate().all(is_first)
        && items.iter().all(|item| item.key.is_none())
}

fn decode_2(body: &[u8]) -> Option<Note> {
    let wire: Wire = postcard::from_bytes(body).ok()?;
    Some(Note {
        items: items(wire.items)?,
        peers: wire.peers,
        custody: None,
    })
}

fn decode_3(body: &[u8]) -> Option<Note> {
    let wire: Wire3 = postcard::from_bytes(body).ok()?;
    let items = items(wire.items)?;
    let count = u8::try_from(wire.holders.len()).ok()?;
    let wrapped = wire.wrapped.iter().map(|w| WrappedKey::from_bytes(w));
    let holders = wire.holders.into_iter().map(|holder| Holder {
        account: holder.account.into(),
        peer: holder.peer,
        letter: Letter {
            signature: holder.signature,
            envelope: holder.envelope,
        },
    });
    let custody = Custody {
        dealing: Dealing::new(wire.threshold, count, wire.commitments).ok()?,
        wrapped: wrapped.collect::<Option<_>>()?,
        holders: holders.collect(),
    };
    fits(&custody, &items).then_some(Note {
        items,
        peers: wire.peers,
        custody: Some(custody),
    })
}

fn items(items: Vec<WireItem>) -> Option<Vec<NoteItem>> {
    let items = items.into_iter().map(|item| {
        Some(NoteItem {
            record: RecordId(item.record.into()),
            object: ObjectId(item.object.into()),
            root: Cid::try_from(item.root.as_slice()).ok()?,
            commitment_salt: item.commitment_salt.into(),
            label: item.label,
            key: item.key.map(|key| ObjectKey::from_bytes(*key)),
        })
    });
    items.collect()
}

fn decode_1(body: &[u8]) -> Option<Note> {
    let wire: Wire1 = postcard::from_bytes(body).ok()?;
    let item = NoteItem {
        record: RecordId(wire.record.into()),
        object: ObjectId(wire.object.into()),
        root: Cid::try_from(wire.root.as_slice()).ok()?,
        commitment_salt: wire.commitment_salt.into(),
        label: wire.label,
        key: wire.key.map(|key| ObjectKey::from_bytes(*key)),
    };
    Some(Note {
        items: vec![item],
        peers: wire.peers,
        custody: None,
    })
}
