//! Keys in custody: any m holders restore them, fewer learn nothing, and a bad share is known.

mod people;
#[path = "../../../tests/seeded/mod.rs"]
mod seeded;

use curve25519_dalek::Scalar;
use dhc_content::{
    DigestSigner as _,
    custody::{
        CombineError, Dealing, DealingError, Dealt, KeyContext, Letter, LetterContext, MAX_HOLDERS,
        OpenLetterError, SealLetterError, Share, UnwrapError, WrappedKey, deal, open_letter,
        seal_letter,
    },
    object::ObjectKey,
};
use dhc_domain::{Address, B256, GrantId, ObjectId};
use people::{Identity, Wallet};
use proptest::prelude::*;
use seeded::Seeded;

fn dealt(threshold: u8, holders: u8, records: usize) -> Dealt {
    deal(threshold, holders, records, &mut Seeded::new("dealing")).unwrap()
}

fn key() -> ObjectKey {
    ObjectKey::make_random(&mut Seeded::new("object key"))
}

fn key_context() -> KeyContext {
    KeyContext {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
        grant: GrantId(B256::repeat_byte(3)),
        object: ObjectId([5; 16].into()),
    }
}

/// Of the holder with index 2.
fn letter_context() -> LetterContext {
    LetterContext {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
        owner: Wallet::new(1).address(),
        by: Wallet::new(1).address(),
        holder: Wallet::new(6).address(),
        grantee: Wallet::new(2).address(),
        grant: GrantId(B256::repeat_byte(3)),
        index: 2,
    }
}

fn letter(dealt: &Dealt) -> Letter {
    seal_letter(
        &dealt.shares[1],
        &dealt.dealing,
        &letter_context(),
        &Identity::new(9).public(),
        &Wallet::new(1),
        &mut Seeded::new("letter"),
    )
    .unwrap()
}

/// What the holders in `set`, a bit each, have of the record at `place`.
fn shares(dealt: &Dealt, place: usize, set: u32) -> Vec<Share> {
    let chosen = (0..dealt.shares.len()).filter(|i| set >> i & 1 == 1);
    chosen.map(|i| dealt.shares[i][place].clone()).collect()
}

#[test]
fn any_m_of_n_restore_the_key_and_fewer_do_not() {
    for holders in 2..=MAX_HOLDERS as u8 {
        for threshold in 2..=holders {
            let dealt = dealt(threshold, holders, 2);
            let context = key_context();
            for place in 0..2 {
                let wrapped = WrappedKey::wrap(&key(), &dealt.secrets[place], &context);
                for set in 0..1u32 << holders {
                    let shares = shares(&dealt, place, set);
                    let secret = dealt.dealing.combine(place, &shares);
                    if set.count_ones() >= threshold.into() {
                        assert_eq!(wrapped.unwrap(&secret.unwrap(), &context), Ok(key()));
                    } else {
                        let (have, need) = (shares.len(), threshold.into());
                        assert_eq!(secret, Err(CombineError::TooFew { have, need }));
                    }
                }
            }
        }
    }
}

#[test]
fn shares_of_another_record_or_dealing_are_named() {
    let (dealt, other) = (
        dealt(2, 3, 2),
        deal(2, 3, 2, &mut Seeded::new("another")).unwrap(),
    );
    for bad in 0..3 {
        for place in 0..2 {
            let mut mixed = shares(&dealt, place, 0b111);
            mixed[bad] = shares(&dealt, 1 - place, 0b111)[bad].clone();
            let named = Err(CombineError::Bad(bad as u8 + 1));
            assert_eq!(dealt.dealing.combine(place, &mixed), named);
            mixed[bad] = shares(&other, place, 0b111)[bad].clone();
            assert_eq!(dealt.dealing.combine(place, &mixed), named);
        }
    }
}

#[test]
fn a_share_twice_is_one_share() {
    let dealt = dealt(2, 3, 1);
    let once = shares(&dealt, 0, 0b010);
    assert_eq!(
        dealt
            .dealing
            .combine(0, &[once[0].clone(), once[0].clone()]),
        Err(CombineError::TooFew { have: 1, need: 2 })
    );
}

#[test]
fn a_threshold_or_commitments_of_another_make_every_share_bad() {
    let dealt = dealt(3, 4, 1);
    let commitments = dealt.dealing.commitments().to_vec();
    let downgraded = Dealing::new(2, 4, commitments[..2].to_vec()).unwrap();
    let mut exchanged = commitments.clone();
    exchanged.swap(0, 2);
    let exchanged = Dealing::new(3, 4, exchanged).unwrap();
    // At 1 a polynomial is the sum of its coefficients, in whichever order: the first is left out.
    let shares = shares(&dealt, 0, 0b1110);
    let first = Err(CombineError::Bad(2));
    assert_eq!(downgraded.combine(0, &shares), first);
    assert_eq!(exchanged.combine(0, &shares), first);
    assert_eq!(dealt.dealing.combine(1, &shares), first);
}

#[test]
fn what_no_honest_dealer_makes_is_refused() {
    let good = dealt(2, 3, 1).dealing.commitments().to_vec();
    let mut rng = Seeded::new("refused");
    for (threshold, holders, why) in [
        (0, 3, DealingError::Threshold(3)),
        (1, 3, DealingError::Threshold(3)),
        (4, 3, DealingError::Threshold(3)),
        (2, 0, DealingError::Holders),
        (1, 1, DealingError::Holders),
        (2, MAX_HOLDERS as u8 + 1, DealingError::Holders),
    ] {
        assert_eq!(Dealing::new(threshold, holders, good.clone()), Err(why));
        assert_eq!(deal(threshold, holders, 1, &mut rng).err(), Some(why));
    }
    for records in [0, 17] {
        let refused = deal(2, 3, records, &mut rng).err();
        assert_eq!(refused, Some(DealingError::Records));
    }
    for commitments in [vec![], good[..1].to_vec(), good.repeat(17)] {
        assert_eq!(Dealing::new(2, 3, commitments), Err(DealingError::Records));
    }
    // The identity, and encodings of no element: negative, not below the field's prime.
    for bad in [[0; 32], [1; 32], [0xff; 32]] {
        assert_eq!(
            Dealing::new(2, 3, vec![good[0], bad]),
            Err(DealingError::Commitment)
        );
    }
}

#[test]
fn a_wrapped_key_serves_its_secret_grant_and_object_only() {
    let dealt = dealt(2, 3, 2);
    let context = key_context();
    let wrapped = WrappedKey::wrap(&key(), &dealt.secrets[0], &context);
    assert_eq!(
        wrapped.unwrap(&dealt.secrets[1], &context),
        Err(UnwrapError)
    );
    let others = [
        KeyContext {
            chain_id: 1,
            ..context
        },
        KeyContext {
            consent: Address::ZERO,
            ..context
        },
        KeyContext {
            grant: GrantId(B256::ZERO),
            ..context
        },
        KeyContext {
            object: ObjectId([6; 16].into()),
            ..context
        },
    ];
    for other in others {
        assert_eq!(wrapped.unwrap(&dealt.secrets[0], &other), Err(UnwrapError));
    }
}

#[test]
fn a_holder_reads_its_shares_of_every_record() {
    for records in [1, 16] {
        let dealt = dealt(2, 3, records);
        let letter = letter(&dealt);
        let shares = open_letter(
            &letter,
            &dealt.dealing,
            &letter_context(),
            &Identity::new(9),
        );
        assert_eq!(shares.as_ref(), Ok(&dealt.shares[1]));
    }
}

#[test]
fn a_letter_serves_one_holder_grantee_grant_and_dealing() {
    let dealt = dealt(2, 3, 1);
    let letter = letter(&dealt);
    let open = |dealing: &Dealing, context: &LetterContext, identity: u8| {
        open_letter(&letter, dealing, context, &Identity::new(identity))
    };
    let context = letter_context();
    assert_eq!(
        open(&dealt.dealing, &context, 8),
        Err(OpenLetterError::NotForUs)
    );
    let stranger = Wallet::new(7).address();
    let others: [fn(&mut LetterContext, Address); 8] = [
        |c, _| c.chain_id = 1,
        |c, a| c.consent = a,
        |c, a| c.owner = a,
        |c, a| c.by = a,
        |c, a| c.holder = a,
        |c, a| c.grantee = a,
        |c, _| c.grant = GrantId(B256::ZERO),
        |c, _| c.index = 1,
    ];
    for alter in others {
        let mut other = context;
        alter(&mut other, stranger);
        assert_eq!(
            open(&dealt.dealing, &other, 9),
            Err(OpenLetterError::Signature),
            "{other:?}"
        );
    }
    let commitments = dealt.dealing.commitments().to_vec();
    let mut swapped = commitments.clone();
    swapped.swap(0, 1);
    for other in [
        Dealing::new(2, 4, commitments).unwrap(),
        Dealing::new(2, 3, swapped).unwrap(),
        deal(2, 3, 1, &mut Seeded::new("x")).unwrap().dealing,
    ] {
        assert_eq!(open(&other, &context, 9), Err(OpenLetterError::Signature));
    }
}

#[test]
fn what_cannot_be_sealed_is_said() {
    let dealt = dealt(2, 3, 1);
    let mut rng = Seeded::new("refused");
    let mut seal = |shares: &[Share], recipient: &[u8], signer: u8| {
        let (signer, context) = (Wallet::new(signer), letter_context());
        seal_letter(
            shares,
            &dealt.dealing,
            &context,
            recipient,
            &signer,
            &mut rng,
        )
    };
    let (public, shares) = (Identity::new(9).public(), &dealt.shares[1]);
    assert_eq!(
        seal(shares, &public[1..], 1),
        Err(SealLetterError::Recipient)
    );
    assert_eq!(seal(shares, &public, 2), Err(SealLetterError::NotAuthor));
    // Another dealing's, another holder's, none.
    let other = deal(2, 3, 1, &mut Seeded::new("x")).unwrap();
    for shares in [&other.shares[1], &dealt.shares[0], &Vec::new()] {
        assert_eq!(seal(shares, &public, 1), Err(SealLetterError::Shares));
    }
}

#[test]
fn any_flipped_bit_and_any_cut_of_a_letter_is_noticed() {
    let dealt = dealt(2, 3, 2);
    let letter = letter(&dealt);
    let is_refused = |letter: &Letter| {
        let context = letter_context();
        open_letter(letter, &dealt.dealing, &context, &Identity::new(9)).is_err()
    };
    for i in 0..letter.envelope.len() {
        let mut altered = letter.clone();
        altered.envelope[i] ^= 1 << (i % 8);
        assert!(is_refused(&altered), "envelope, byte {i}");
    }
    for i in 0..letter.signature.len() {
        let mut altered = letter.clone();
        altered.signature[i] ^= 1 << (i % 8);
        assert!(is_refused(&altered), "signature, byte {i}");
    }
    for cut in [0, 1, 1120, letter.envelope.len() - 1] {
        let mut altered = letter.clone();
        altered.envelope.truncate(cut);
        assert!(is_refused(&altered), "cut at {cut}");
    }
}

#[test]
fn nothing_of_a_secret_shows_in_logs() {
    let dealt = dealt(2, 3, 1);
    assert_eq!(format!("{:?}", dealt.secrets[0]), "Secret([redacted])");
    assert_eq!(format!("{:?}", dealt.shares[1][0]), "Share(2, [redacted])");
}

proptest! {
    /// Whatever a stranger sends as commitments and as a share is read or refused.
    #[test]
    fn rubbish_is_read_without_harm(
        threshold: u8,
        holders: u8,
        commitments: Vec<[u8; 32]>,
        place in 0..20usize,
        index: u8,
        value: [u8; 32],
    ) {
        if let Ok(dealing) = Dealing::new(threshold, holders, commitments) {
            prop_assert!(dealing.share(place, index, &value).is_none());
        }
        let dealing = dealt(2, 3, 1).dealing;
        prop_assert!(dealing.share(place, index, &value).is_none());
    }
}

/// Commitments, then a letter's signature and envelope, then a wrapped key.
#[test]
fn custody_of_version_1_is_the_same_for_ever() {
    let dealt = dealt(2, 3, 2);
    let letter = letter(&dealt);
    let wrapped = WrappedKey::wrap(&key(), &dealt.secrets[1], &key_context());
    let mut lines: Vec<String> = dealt
        .dealing
        .commitments()
        .iter()
        .map(hex::encode)
        .collect();
    lines.extend([
        hex::encode(&letter.signature),
        hex::encode(&letter.envelope),
        hex::encode(wrapped.as_bytes()),
    ]);
    let made = lines.join("\n") + "\n";
    assert!(made == include_str!("vectors/custody-1.txt"), "{made}");
}

/// The scalars that a dealing draws from the tests' randomness, 64 bytes each, little-endian.
fn drawn(count: usize) -> Vec<[u8; 32]> {
    use dhc_content::rand_core::Rng as _;
    let mut rng = Seeded::new("dealing");
    let scalars = (0..count).map(|_| {
        let mut wide = [0; 64];
        rng.fill_bytes(&mut wide);
        Scalar::from_bytes_mod_order_wide(&wide).to_bytes()
    });
    scalars.collect()
}

/// A second maker, in Python, from the specification alone. `DHC_PYTHON` names one with the packages
/// of `tests/second_reader/requirements.txt`; without it this test is left out.
#[test]
fn other_code_makes_the_same_commitments_and_wrapped_key() {
    let Some(python) = std::env::var_os("DHC_PYTHON") else {
        println!("left out: DHC_PYTHON names no Python for the second maker");
        return;
    };
    let scalars: Vec<String> = drawn(2).iter().map(hex::encode).collect();
    let mut object_key = [0; 32];
    dhc_content::rand_core::Rng::fill_bytes(&mut Seeded::new("object key"), &mut object_key);
    let context = key_context();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/second_reader/dhc_custody.py"
    );
    let made = std::process::Command::new(python)
        .arg(script)
        .arg(context.chain_id.to_string())
        .args([hex::encode(context.consent), hex::encode(context.grant.0)])
        .args([hex::encode(context.object.0), hex::encode(object_key)])
        .args([&scalars[0], &scalars.join(",")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    let dealt = dealt(2, 3, 1);
    let wrapped = WrappedKey::wrap(&key(), &dealt.secrets[0], &context);
    let mut ours: Vec<String> = dealt
        .dealing
        .commitments()
        .iter()
        .map(hex::encode)
        .collect();
    ours.push(hex::encode(wrapped.as_bytes()));
    let theirs = String::from_utf8(made.stdout).unwrap();
    assert_eq!(theirs.lines().collect::<Vec<_>>(), ours);
}
