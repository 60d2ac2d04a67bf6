//! A grant's note: opened by its grantee, from its owner, for its grant, and by nobody else.

mod people;
#[path = "../../../tests/seeded/mod.rs"]
mod seeded;

use dhc_content::{
    Cid, DigestSigner as _,
    custody::{
        Dealing, KeyContext, LetterContext, MAX_HOLDERS, Secret, Share, WrappedKey, deal,
        open_letter, seal_letter,
    },
    note::{
        Custody, Holder, MAX_NOTE, Note, NoteContext, NoteItem, OpenNoteError, PeerHint,
        SealNoteError, open_note, seal_note,
    },
    object::ObjectKey,
};
use dhc_domain::{Address, B256, GrantId, ObjectId, RecordId};
use people::{Identity, Wallet};
use seeded::Seeded;

fn context() -> NoteContext {
    NoteContext {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
        owner: Wallet::new(1).address(),
        by: Wallet::new(1).address(),
        grantee: Wallet::new(2).address(),
        grant: GrantId(B256::repeat_byte(3)),
    }
}

fn note(sealed_mode: bool) -> Note {
    Note {
        items: vec![item(4, sealed_mode)],
        peers: vec![PeerHint {
            peer: "12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5".to_owned(),
            addresses: vec!["/ip4/127.0.0.1/tcp/4001".to_owned()],
        }],
        custody: None,
    }
}

fn item(record: u8, sealed_mode: bool) -> NoteItem {
    NoteItem {
        record: RecordId(B256::repeat_byte(record)),
        object: ObjectId([5; 16].into()),
        root: "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca"
            .parse::<Cid>()
            .unwrap(),
        commitment_salt: B256::repeat_byte(6),
        label: "头部 MRI".to_owned(),
        key: sealed_mode.then(|| ObjectKey::make_random(&mut Seeded::new("note key"))),
    }
}

fn seal(note: &Note) -> Vec<u8> {
    seal_note(
        note,
        &context(),
        &Identity::new(9).public(),
        &Wallet::new(1),
        &mut Seeded::new("note"),
    )
    .unwrap()
}

#[test]
fn the_grantee_reads_what_the_owner_wrote() {
    for mode in [false, true] {
        let bytes = seal(&note(mode));
        assert!(bytes.len() <= MAX_NOTE);
        assert_eq!(
            open_note(&bytes, &context(), &Identity::new(9)),
            Ok(note(mode))
        );
    }
}

#[test]
fn sixteen_records_with_their_keys_fit() {
    let mut many = note(true);
    many.items = (0..16).map(|i| item(i, true)).collect();
    for item in &mut many.items {
        item.label = "多".repeat(60);
    }
    let bytes = seal(&many);
    assert!(bytes.len() <= MAX_NOTE);
    assert_eq!(open_note(&bytes, &context(), &Identity::new(9)), Ok(many));
}

#[test]
fn labels_of_like_length_make_notes_of_one_length() {
    let mut long = note(false);
    long.items[0].label.push_str(" mit Kontrastmittel");
    assert_eq!(seal(&long).len(), seal(&note(false)).len());
}

#[test]
fn nobody_else_reads_it_and_it_serves_no_other_grant() {
    let bytes = seal(&note(true));
    assert_eq!(
        open_note(&bytes, &context(), &Identity::new(8)),
        Err(OpenNoteError::NotForUs)
    );
    let others = [
        NoteContext {
            chain_id: 1,
            ..context()
        },
        NoteContext {
            consent: Address::ZERO,
            ..context()
        },
        NoteContext {
            owner: Address::ZERO,
            ..context()
        },
        NoteContext {
            by: Address::ZERO,
            ..context()
        },
        NoteContext {
            grantee: Wallet::new(3).address(),
            ..context()
        },
        NoteContext {
            grant: GrantId(B256::ZERO),
            ..context()
        },
    ];
    for other in others {
        assert_eq!(
            open_note(&bytes, &other, &Identity::new(9)),
            Err(OpenNoteError::Signature)
        );
    }
}

/// A stranger strips the owner's signature and sends the envelope on as a grant of their own.
#[test]
fn an_envelope_signed_again_by_a_stranger_does_not_open() {
    let bytes = seal(&note(true));
    let stranger = NoteContext {
        by: Wallet::new(7).address(),
        ..context()
    };
    let mut forged = seal_note(
        &note(false),
        &stranger,
        &Identity::new(9).public(),
        &Wallet::new(7),
        &mut Seeded::new("x"),
    )
    .unwrap();
    assert!(open_note(&forged, &stranger, &Identity::new(9)).is_ok());
    forged.truncate(66);
    forged.extend_from_slice(&bytes[66..]);
    assert_eq!(
        open_note(&forged, &stranger, &Identity::new(9)),
        Err(OpenNoteError::Signature)
    );
}

#[test]
fn any_flipped_bit_and_any_cut_is_noticed() {
    let bytes = seal(&note(true));
    for i in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[i] ^= 1 << (i % 8);
        assert!(
            open_note(&altered, &context(), &Identity::new(9)).is_err(),
            "byte {i}"
        );
    }
    for cut in [0, 1, 65, 66, 1185, bytes.len() - 1] {
        assert!(
            open_note(&bytes[..cut], &context(), &Identity::new(9)).is_err(),
            "cut at {cut}"
        );
    }
}

#[test]
fn what_cannot_be_sealed_is_said() {
    let public = Identity::new(9).public();
    let mut rng = Seeded::new("refused");
    let mut seal = |note: &Note, recipient: &[u8], signer: u8| {
        seal_note(note, &context(), recipient, &Wallet::new(signer), &mut rng)
    };
    let mut long = note(true);
    long.items[0].label = "x".repeat(7000);
    assert_eq!(seal(&long, &public, 1), Err(SealNoteError::TooLong));
    assert_eq!(
        seal(&note(true), &public[1..], 1),
        Err(SealNoteError::Recipient)
    );
    assert_eq!(seal(&note(true), &public, 2), Err(SealNoteError::NotAuthor));
}

/// Of two records, in custody of three holders, of whom two release.
fn note_in_custody() -> Note {
    let mut note = note(false);
    note.items.push(item(7, false));
    let dealt = deal(2, 3, 2, &mut Seeded::new("dealing")).unwrap();
    let wrapped = |(item, secret): (&NoteItem, &Secret)| {
        let context = KeyContext {
            chain_id: context().chain_id,
            consent: context().consent,
            grant: context().grant,
            object: item.object,
        };
        let key = ObjectKey::make_random(&mut Seeded::new("note key"));
        WrappedKey::wrap(&key, secret, &context)
    };
    let holder = |(i, shares): (u8, &Vec<Share>)| {
        let account = Wallet::new(0x10 + i).address();
        let NoteContext {
            chain_id,
            consent,
            owner,
            by,
            grantee,
            grant,
        } = context();
        let context = LetterContext {
            chain_id,
            consent,
            owner,
            by,
            holder: account,
            grantee,
            grant,
            index: i,
        };
        let recipient = Identity::new(0x20 + i).public();
        let (signer, mut rng) = (Wallet::new(1), Seeded::new("letter"));
        let letter = seal_letter(
            shares,
            &dealt.dealing,
            &context,
            &recipient,
            &signer,
            &mut rng,
        );
        Holder {
            account,
            peer: note.peers[0].clone(),
            letter: letter.unwrap(),
        }
    };
    let custody = Custody {
        wrapped: note.items.iter().zip(&dealt.secrets).map(wrapped).collect(),
        holders: (1..).zip(&dealt.shares).map(holder).collect(),
        dealing: dealt.dealing.clone(),
    };
    Note {
        custody: Some(custody),
        ..note
    }
}

#[test]
fn the_grantee_learns_who_holds_the_shares() {
    let note = note_in_custody();
    let bytes = seal(&note);
    assert_eq!(bytes[0], 3);
    assert!(bytes.len() <= MAX_NOTE);
    assert_eq!(
        open_note(&bytes, &context(), &Identity::new(9)),
        Ok(note.clone())
    );
    // A letter in it serves its holder.
    let custody = note.custody.unwrap();
    let NoteContext {
        chain_id,
        consent,
        owner,
        by,
        grantee,
        grant,
    } = context();
    let context = LetterContext {
        chain_id,
        consent,
        owner,
        by,
        holder: custody.holders[2].account,
        grantee,
        grant,
        index: 3,
    };
    let identity = Identity::new(0x23);
    let letter = &custody.holders[2].letter;
    let shares = open_letter(letter, &custody.dealing, &context, &identity);
    assert_eq!(shares.map(|s| s.len()), Ok(2));
}

#[test]
fn the_most_holders_fit_beside_several_records() {
    let mut note = note_in_custody();
    let custody = note.custody.as_mut().unwrap();
    let commitments = custody.dealing.commitments().repeat(2);
    custody.dealing = Dealing::new(2, MAX_HOLDERS as u8, commitments).unwrap();
    custody.wrapped = custody.wrapped.repeat(2);
    let mut last = custody.holders[0].clone();
    last.account = Wallet::new(0x14).address();
    custody.holders.push(last);
    note.items = (0..4).map(|i| item(i, false)).collect();
    let bytes = seal(&note);
    assert_eq!(open_note(&bytes, &context(), &Identity::new(9)), Ok(note));
}

#[test]
fn custody_that_does_not_fit_its_note_is_not_sealed() {
    let alter: [fn(&mut Note); 5] = [
        |n| n.items.truncate(1),
        |n| n.custody.as_mut().unwrap().wrapped.truncate(1),
        |n| n.custody.as_mut().unwrap().holders.truncate(2),
        |n| n.items[0].key = Some(ObjectKey::make_random(&mut Seeded::new("key"))),
        |n| {
            let holders = &mut n.custody.as_mut().unwrap().holders;
            holders[1].account = holders[0].account;
        },
    ];
    for alter in alter {
        let mut note = note_in_custody();
        alter(&mut note);
        let sealed = seal_note(
            &note,
            &context(),
            &Identity::new(9).public(),
            &Wallet::new(1),
            &mut Seeded::new("note"),
        );
        assert_eq!(sealed, Err(SealNoteError::Custody));
    }
}

#[test]
fn any_flipped_bit_of_a_note_in_custody_is_noticed() {
    let bytes = seal(&note_in_custody());
    // Beyond the signature everything is in it: a part stands for all.
    for i in (0..66).chain((66..bytes.len()).step_by(13)) {
        let mut altered = bytes.clone();
        altered[i] ^= 1 << (i % 8);
        assert!(
            open_note(&altered, &context(), &Identity::new(9)).is_err(),
            "byte {i}"
        );
    }
}

#[test]
fn a_note_of_version_3_opens_for_ever() {
    let made = seal(&note_in_custody());
    let pinned = include_str!("vectors/note-3.hex").trim();
    assert!(hex::encode(&made) == pinned, "{}", hex::encode(&made));
    let pinned = hex::decode(pinned).unwrap();
    assert_eq!(
        open_note(&pinned, &context(), &Identity::new(9)),
        Ok(note_in_custody())
    );
}

#[test]
fn a_note_of_version_1_opens_for_ever() {
    let pinned = hex::decode(include_str!("vectors/note-1.hex").trim()).unwrap();
    assert_eq!(
        open_note(&pinned, &context(), &Identity::new(9)),
        Ok(note(true))
    );
    // Its author is its owner.
    let passed_on = NoteContext {
        owner: Wallet::new(7).address(),
        ..context()
    };
    assert!(open_note(&pinned, &passed_on, &Identity::new(9)).is_err());
}

#[test]
fn a_note_of_version_2_opens_for_ever() {
    let mut two = note(true);
    two.items.push(item(7, false));
    let pinned = hex::decode(include_str!("vectors/note-2.hex").trim()).unwrap();
    assert_eq!(hex::encode(seal(&two)), hex::encode(&pinned));
    assert_eq!(open_note(&pinned, &context(), &Identity::new(9)), Ok(two));
}
