//! The vault's file: opens with its password, tells damage from a wrong password, survives the
//! loss of its newest generation.

#[path = "../../../tests/seeded/mod.rs"]
mod seeded;

use dhc_vault::{
    ChangePasswordError, CreateError, KdfParams, NewVault, OpenError, ParseError, SealedVault,
    Words, choose,
};
use proptest::prelude::*;
use seeded::Seeded;
use sha2::{Digest, Sha256};

const WORDS: &str = "test test test test test test test test test test test junk";
const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const PASSWORD: &str = "correct horse battery staple";
/// Far below what people's vaults get, so that tests are quick.
const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

fn vault(label: &'static str) -> SealedVault {
    let words = Words::parse(WORDS).unwrap();
    let new = NewVault {
        words: &words,
        passphrase: "",
        password: PASSWORD,
        kdf: QUICK,
    };
    SealedVault::create(&new, &mut Seeded::new(label))
        .unwrap()
        .0
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 32;
    let checksum = Sha256::digest(&bytes[..end]);
    bytes[end..].copy_from_slice(&checksum);
    bytes
}

#[test]
fn a_vault_file_of_version_1_opens_for_ever() {
    let pinned = hex::decode(include_str!("vectors/vault-1.hex").trim()).unwrap();
    assert_eq!(
        hex::encode(vault("pinned vault").as_bytes()),
        hex::encode(&pinned)
    );
    let vault = SealedVault::parse(pinned).unwrap();
    assert_eq!((vault.generation(), vault.kdf()), (1, Some(QUICK)));
    let unlocked = vault.open(PASSWORD).unwrap();
    assert_eq!(unlocked.account(0).unwrap().address().to_string(), FIRST);
    assert_eq!(
        vault.reveal_words(PASSWORD).unwrap().phrase().as_str(),
        WORDS
    );
}

#[test]
fn the_length_does_not_tell_how_many_words_there_are() {
    let long = Words::generate(dhc_vault::WordCount::TwentyFour, &mut Seeded::new("words"));
    let new = NewVault {
        words: &long,
        passphrase: "x",
        password: PASSWORD,
        kdf: QUICK,
    };
    let (sealed, _) = SealedVault::create(&new, &mut Seeded::new("long")).unwrap();
    assert_eq!(sealed.as_bytes().len(), vault("short").as_bytes().len());
    assert_eq!(sealed.reveal_words(PASSWORD).unwrap().count(), 24);
}

#[test]
fn a_wrong_password_is_a_wrong_password_and_nothing_else() {
    let vault = vault("bad password");
    for wrong in [
        "",
        "Correct horse battery staple",
        "correct horse battery staple ",
    ] {
        assert_eq!(
            vault.open(wrong).unwrap_err(),
            OpenError::BadPassword,
            "{wrong:?}"
        );
        assert_eq!(
            vault.reveal_words(wrong).unwrap_err(),
            OpenError::BadPassword
        );
    }
}

#[test]
fn a_password_typed_in_another_unicode_form_opens() {
    let words = Words::parse(WORDS).unwrap();
    let new = NewVault {
        words: &words,
        passphrase: "",
        password: "Zu\u{308}rich",
        kdf: QUICK,
    };
    let (vault, _) = SealedVault::create(&new, &mut Seeded::new("nfc")).unwrap();
    assert!(vault.open("Z\u{fc}rich").is_ok());
}

#[test]
fn any_changed_byte_and_any_cut_is_damage_before_a_password_is_asked_for() {
    let whole = vault("damage").as_bytes().to_vec();
    for i in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[i] ^= 1;
        let refused = SealedVault::parse(bytes).unwrap_err();
        assert!(
            matches!(refused, ParseError::Damaged(_) | ParseError::NotAVault),
            "byte {i}: {refused}"
        );
        assert!(
            SealedVault::parse(whole[..i].to_vec()).is_err(),
            "cut at {i}"
        );
    }
}

#[test]
fn an_alteration_with_its_checksum_set_right_still_does_not_open() {
    let whole = vault("altered").as_bytes().to_vec();
    let end = whole.len() - 32;
    for i in 10..end {
        let mut bytes = whole.clone();
        bytes[i] ^= 1;
        if let Ok(vault) = SealedVault::parse(with_checksum(bytes)) {
            assert!(vault.open(PASSWORD).is_err(), "byte {i}");
        }
    }
    let mut payload = whole;
    payload[end - 1] ^= 1;
    let vault = SealedVault::parse(with_checksum(payload)).unwrap();
    assert!(matches!(vault.open(PASSWORD), Err(OpenError::Damaged(_))));
}

#[test]
fn a_file_of_a_newer_app_is_recognised() {
    let mut bytes = vault("newer").as_bytes().to_vec();
    bytes[9] = 2;
    assert_eq!(
        SealedVault::parse(with_checksum(bytes)).unwrap_err(),
        ParseError::Version(2)
    );
    assert_eq!(
        SealedVault::parse(b"{}".to_vec()).unwrap_err(),
        ParseError::NotAVault
    );
}

#[test]
fn a_file_cannot_make_its_reader_spend_gigabytes() {
    let mut bytes = vault("greedy").as_bytes().to_vec();
    bytes[22..26].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(
        SealedVault::parse(with_checksum(bytes)),
        Err(ParseError::Damaged(_))
    ));
}

#[test]
fn a_changed_password_opens_and_the_old_one_no_longer_does() {
    let old = vault("old");
    let mut rng = Seeded::new("change");
    let new = old
        .change_password(PASSWORD, "another password", QUICK, &mut rng)
        .unwrap();
    assert_eq!(new.generation(), 2);
    assert_eq!(new.open(PASSWORD).unwrap_err(), OpenError::BadPassword);
    assert_eq!(
        new.open("another password")
            .unwrap()
            .account(0)
            .unwrap()
            .address()
            .to_string(),
        FIRST
    );
    assert_eq!(
        old.change_password("wrong", "x", QUICK, &mut rng)
            .unwrap_err(),
        ChangePasswordError::Open(OpenError::BadPassword)
    );
    assert_eq!(
        old.change_password(PASSWORD, "", QUICK, &mut rng)
            .unwrap_err(),
        ChangePasswordError::Create(CreateError::EmptyPassword)
    );
}

#[test]
fn the_generation_before_is_taken_when_the_newest_is_damaged_or_gone() {
    let first = vault("first");
    let mut rng = Seeded::new("second");
    let second = first
        .change_password(PASSWORD, "second", QUICK, &mut rng)
        .unwrap();
    let (first, second) = (first.as_bytes().to_vec(), second.as_bytes().to_vec());
    let torn = || Some(second[..100].to_vec());
    let taken = |current, previous| {
        choose(current, previous).map(|l| l.map(|l| (l.vault.generation(), l.fell_back)))
    };
    assert_eq!(taken(None, None), Ok(None));
    assert_eq!(
        taken(Some(second.clone()), Some(first.clone())),
        Ok(Some((2, false)))
    );
    assert_eq!(taken(Some(second.clone()), torn()), Ok(Some((2, false))));
    assert_eq!(taken(torn(), Some(first.clone())), Ok(Some((1, true))));
    assert_eq!(taken(None, Some(first)), Ok(Some((1, true))));
    assert!(matches!(taken(torn(), torn()), Err(ParseError::Damaged(_))));
    assert!(matches!(taken(torn(), None), Err(ParseError::Damaged(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_password_opens_its_own_vault_only(password in ".{1,40}", other in ".{1,40}") {
        use unicode_normalization::UnicodeNormalization;
        let words = Words::parse(WORDS).unwrap();
        let new = NewVault { words: &words, passphrase: "", password: &password, kdf: QUICK };
        let (vault, _) = SealedVault::create(&new, &mut Seeded::new("any")).unwrap();
        prop_assert!(vault.open(&password).is_ok());
        prop_assert_eq!(vault.open(&other).is_ok(), password.nfc().eq(other.nfc()));
    }
}
