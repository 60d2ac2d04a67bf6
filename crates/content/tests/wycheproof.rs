//! Wycheproof's vectors through the primitives that this crate calls.

use std::path::PathBuf;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce, Payload},
};
use hkdf::Hkdf;
use ml_kem::{Decapsulate, FromSeed, MlKem768};
use serde_json::Value;
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

fn groups(json: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(json).unwrap();
    file["testGroups"].as_array().unwrap().clone()
}

fn bytes(test: &Value, field: &str) -> Vec<u8> {
    hex::decode(test[field].as_str().unwrap()).unwrap()
}

#[test]
fn aes_256_gcm() {
    let mut checked = 0;
    for group in groups(include_str!("vectors/wycheproof_aes_gcm_test.json")) {
        if (group["keySize"].as_u64(), group["ivSize"].as_u64()) != (Some(256), Some(96)) {
            continue;
        }
        for test in group["tests"].as_array().unwrap() {
            let cipher = Aes256Gcm::new_from_slice(&bytes(test, "key")).unwrap();
            let nonce = Nonce::<Aes256Gcm>::try_from(bytes(test, "iv").as_slice()).unwrap();
            let (aad, msg) = (bytes(test, "aad"), bytes(test, "msg"));
            let sealed = [bytes(test, "ct"), bytes(test, "tag")].concat();
            let opened = cipher.decrypt(
                &nonce,
                Payload {
                    msg: &sealed,
                    aad: &aad,
                },
            );
            if test["result"] == "valid" {
                assert_eq!(opened.unwrap(), msg, "{}", test["tcId"]);
                assert_eq!(
                    cipher
                        .encrypt(
                            &nonce,
                            Payload {
                                msg: &msg,
                                aad: &aad
                            }
                        )
                        .unwrap(),
                    sealed
                );
            } else {
                assert!(opened.is_err(), "{}", test["tcId"]);
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 66);
}

#[test]
fn hkdf_sha256() {
    let mut checked = 0;
    for test in groups(include_str!("vectors/wycheproof_hkdf_sha256_test.json"))
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap())
    {
        let hkdf = Hkdf::<Sha256>::new(Some(&bytes(test, "salt")), &bytes(test, "ikm"));
        let mut okm = vec![0; test["size"].as_u64().unwrap() as usize];
        let expanded = hkdf.expand(&bytes(test, "info"), &mut okm);
        assert_eq!(
            expanded.is_ok(),
            test["result"] == "valid",
            "{}",
            test["tcId"]
        );
        if expanded.is_ok() {
            assert_eq!(okm, bytes(test, "okm"), "{}", test["tcId"]);
        }
        checked += 1;
    }
    assert_eq!(checked, 86);
}

#[test]
fn x25519() {
    let mut checked = 0;
    for test in groups(include_str!("vectors/wycheproof_x25519_test.json"))
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap())
    {
        let key = |field| -> [u8; 32] { bytes(test, field).try_into().unwrap() };
        let shared =
            StaticSecret::from(key("private")).diffie_hellman(&PublicKey::from(key("public")));
        assert_eq!(shared.to_bytes(), key("shared"), "{}", test["tcId"]);
        let zero = test["flags"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f == "ZeroSharedSecret");
        assert_eq!(shared.was_contributory(), !zero, "{}", test["tcId"]);
        checked += 1;
    }
    assert_eq!(checked, 518);
}

#[test]
fn ml_kem_768() {
    let Some(data) = std::env::var_os("DHC_TEST_DATA").map(PathBuf::from) else {
        println!("left out: DHC_TEST_DATA names no folder");
        return;
    };
    let json =
        std::fs::read_to_string(data.join("vectors/wycheproof_mlkem_768_test.json")).unwrap();
    let mut checked = 0;
    for test in groups(&json)
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap())
    {
        let Ok(seed) = ml_kem::Seed::try_from(bytes(test, "seed").as_slice()) else {
            assert_eq!(test["result"], "invalid");
            continue;
        };
        let (key, encapsulation_key) = MlKem768::from_seed(&seed);
        let ciphertext = bytes(test, "c");
        let Ok(ciphertext) = ciphertext.as_slice().try_into() else {
            assert_eq!(test["result"], "invalid", "{}", test["tcId"]);
            continue;
        };
        if test["result"] == "valid" {
            let public: &[u8] = &ml_kem::KeyExport::to_bytes(&encapsulation_key);
            assert_eq!(public, bytes(test, "ek"), "{}", test["tcId"]);
            let shared: &[u8] = &key.decapsulate(ciphertext);
            assert_eq!(shared, bytes(test, "K"), "{}", test["tcId"]);
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}
