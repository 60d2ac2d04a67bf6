//! What an open vault's handles do, and that nothing of a key shows.

#[path = "../../../tests/seeded/mod.rs"]
mod seeded;

use alloy_primitives::{Address, B256, Signature, eip191_hash_message, keccak256};
use dhc_vault::{
    AccountHandle, DatabaseKey, KdfParams, NewVault, RecordIdentity, SealedVault, Unlocked, Words,
};
use hpke::{
    Deserializable, Kem, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
};
use proptest::prelude::*;
use seeded::Seeded;
use sha2::{Digest, Sha256};

fn unlocked(words: &str, passphrase: &str) -> Unlocked {
    let words = Words::parse(words).unwrap();
    let kdf = KdfParams {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    let new = NewVault {
        words: &words,
        passphrase,
        password: "password",
        kdf,
    };
    SealedVault::create(&new, &mut Seeded::new("handles"))
        .unwrap()
        .1
}

fn junk() -> Unlocked {
    unlocked(
        "test test test test test test test test test test test junk",
        "",
    )
}

/// The well-known accounts of Hardhat's and Foundry's development words.
#[test]
fn accounts_are_those_that_every_wallet_derives() {
    let vault = junk();
    let addresses = [
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    ];
    for (i, address) in (0..).zip(addresses) {
        let account = vault.account(i).unwrap();
        assert_eq!(
            (account.index(), account.address().to_string()),
            (i, address.to_owned())
        );
    }
    assert!(vault.account(1 << 31).is_err());
}

#[test]
fn a_passphrase_makes_another_vault() {
    let words = "test test test test test test test test test test test junk";
    let with = unlocked(words, "秘密");
    let without = junk();
    assert_ne!(
        with.account(0).unwrap().address(),
        without.account(0).unwrap().address()
    );
    assert_ne!(
        with.record_identity().public_key(),
        without.record_identity().public_key()
    );
}

/// The branch of our own, pinned: a restored vault must find its records again. The hash is of
/// the key that Python's `cryptography` 50 computes from the same words by docs/spec/vault.md.
#[test]
fn the_record_identity_is_derived_as_ever() {
    let public = *junk().record_identity().public_key();
    assert_eq!(
        hex::encode(Sha256::digest(public)),
        "bc05ac995f23b4ffa6532b3bd73a4bd808a34f40199d1c2d3473f63d8a9fed42"
    );
}

fn recover(digest: &B256, signature: &[u8; 65]) -> Address {
    let signature = Signature::from_raw_array(signature).unwrap();
    signature.recover_address_from_prehash(digest).unwrap()
}

#[test]
fn messages_and_typed_data_are_signed_as_wallets_do() {
    let account = junk().account(0).unwrap();
    let signature = account.sign_message(b"hello");
    assert_eq!(
        recover(&eip191_hash_message(b"hello"), &signature),
        account.address()
    );

    let (domain, hash) = (keccak256("domain"), keccak256("struct"));
    let digest = keccak256([b"\x19\x01".as_slice(), domain.as_slice(), hash.as_slice()].concat());
    assert_eq!(
        account.sign_typed_data(&domain, &hash),
        account.sign_hash(&digest)
    );
}

/// The digest and signature of `cast wallet sign --no-hash` with the same key.
#[test]
fn signatures_are_deterministic() {
    let account = junk().account(0).unwrap();
    let digest = keccak256("DHC");
    let other = alloy::signers::local::PrivateKeySigner::from_slice(
        &hex::decode("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80").unwrap(),
    )
    .unwrap();
    let expected = alloy::signers::SignerSync::sign_hash_sync(&other, &digest).unwrap();
    assert_eq!(account.sign_hash(&digest), expected.as_bytes());
}

fn seal_to(
    identity: &RecordIdentity,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    let public = <XWing as Kem>::PublicKey::from_bytes(identity.public_key()).unwrap();
    let (enc, ct) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &public,
        info,
        plaintext,
        aad,
        &mut Seeded::new("hpke"),
    )
    .unwrap();
    (enc.to_bytes().to_vec(), ct)
}

#[test]
fn an_envelope_opens_for_its_identity_and_context_alone() {
    let identity = junk().record_identity();
    let (enc, ct) = seal_to(&identity, b"info", b"aad", b"secret");
    assert_eq!(
        identity
            .open_envelope(&enc, b"info", b"aad", &ct)
            .unwrap()
            .as_slice(),
        b"secret"
    );
    assert!(identity.open_envelope(&enc, b"Info", b"aad", &ct).is_err());
    assert!(identity.open_envelope(&enc, b"info", b"aaD", &ct).is_err());
    assert!(
        identity
            .open_envelope(&enc[1..], b"info", b"aad", &ct)
            .is_err()
    );
    assert!(
        identity
            .open_envelope(&enc, b"info", b"aad", &ct[1..])
            .is_err()
    );
    assert!(identity.open_envelope(&[], b"", b"", &[]).is_err());
    let stranger = unlocked(
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "",
    );
    assert!(
        stranger
            .record_identity()
            .open_envelope(&enc, b"info", b"aad", &ct)
            .is_err()
    );
}

#[test]
fn handles_cross_threads_and_show_nothing() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Unlocked>();
    crosses::<AccountHandle>();
    crosses::<RecordIdentity>();
    crosses::<DatabaseKey>();

    let vault = junk();
    assert_eq!(format!("{vault:?}"), "Unlocked([redacted])");
    assert_eq!(
        format!("{:?}", vault.account(3).unwrap()),
        "AccountHandle { index: 3, .. }"
    );
    assert_eq!(
        format!("{:?}", vault.record_identity()),
        "RecordIdentity([redacted])"
    );
    assert_eq!(
        format!("{:?}", vault.database_key()),
        "DatabaseKey([redacted])"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_signature_recovers_and_has_its_low_s(digest in any::<[u8; 32]>()) {
        let account = junk().account(1).unwrap();
        let digest = B256::from(digest);
        let bytes = account.sign_hash(&digest);
        prop_assert!((27..=28).contains(&bytes[64]));
        let signature = Signature::from_raw_array(&bytes).unwrap();
        prop_assert!(signature.normalize_s().is_none());
        prop_assert_eq!(recover(&digest, &bytes), account.address());
    }

    #[test]
    fn a_database_value_opens_in_its_place_only(
        place in proptest::collection::vec(any::<u8>(), 0..40),
        value in proptest::collection::vec(any::<u8>(), 0..200),
        flip in any::<proptest::sample::Index>(),
    ) {
        let key = junk().database_key();
        let sealed = key.seal(&place, &value, &mut Seeded::new("value"));
        let opened = key.open(&place, &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), value.as_slice());
        let elsewhere = [place.as_slice(), b"x"].concat();
        prop_assert!(key.open(&elsewhere, &sealed).is_err());
        let mut altered = sealed.clone();
        altered[flip.index(sealed.len())] ^= 1;
        prop_assert!(key.open(&place, &altered).is_err());
        prop_assert!(key.open(&place, &sealed[..sealed.len() - 1]).is_err());
    }
}

/// Sealed once by this crate: what a database holds must open after every update.
#[test]
fn a_database_value_of_version_1_opens_for_ever() {
    let key = junk().database_key();
    let pinned = "01c3ab0236cb5f83f41b96b7fcbcfed9eff9121a9aa3fe06b0e152ad30933ee2e043";
    let sealed = key.seal(b"table\0key", b"value", &mut Seeded::new("pinned value"));
    assert_eq!(hex::encode(&sealed), pinned);
    let opened = key
        .open(b"table\0key", &hex::decode(pinned).unwrap())
        .unwrap();
    assert_eq!(opened.as_slice(), b"value");
}
