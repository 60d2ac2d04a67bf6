//! Wycheproof's vectors through [`dhc_content::primitives`], which every format of this crate calls.

use dhc_content::primitives::{Aead, Hkdf, KemKey, encapsulate, x25519};
use serde_json::Value;
use x25519_dalek::StaticSecret;

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
            let cipher = Aead::new(bytes(test, "key").as_slice().try_into().unwrap());
            let nonce: [u8; 12] = bytes(test, "iv").try_into().unwrap();
            let (aad, msg) = (bytes(test, "aad"), bytes(test, "msg"));
            let sealed = [bytes(test, "ct"), bytes(test, "tag")].concat();
            let mut buffer = sealed.clone();
            let opened = cipher.open(nonce, &aad, &mut buffer);
            if test["result"] == "valid" {
                assert_eq!((opened, &buffer), (Some(()), &msg), "{}", test["tcId"]);
                cipher.seal(nonce, &aad, &mut buffer);
                assert_eq!(buffer, sealed, "{}", test["tcId"]);
            } else {
                assert_eq!(opened, None, "{}", test["tcId"]);
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
        let hkdf = Hkdf::extract(Some(&bytes(test, "salt")), &bytes(test, "ikm"));
        let info = bytes(test, "info");
        let (first, rest) = info.split_at(info.len() / 2);
        let mut okm = vec![0; test["size"].as_u64().unwrap() as usize];
        let expanded = hkdf.expand(&[first, rest], &mut okm);
        assert_eq!(
            expanded.is_some(),
            test["result"] == "valid",
            "{}",
            test["tcId"]
        );
        if expanded.is_some() {
            assert_eq!(okm, bytes(test, "okm"), "{}", test["tcId"]);
        }
        checked += 1;
    }
    assert_eq!(checked, 86);
}

#[test]
fn x25519_and_its_refusal_of_zero() {
    let mut checked = 0;
    for test in groups(include_str!("vectors/wycheproof_x25519_test.json"))
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap())
    {
        let key = |field| -> [u8; 32] { bytes(test, field).try_into().unwrap() };
        let shared = x25519(&StaticSecret::from(key("private")), &key("public"));
        let is_zero = test["flags"]
            .as_array()
            .unwrap()
            .iter()
            .any(|flag| flag == "ZeroSharedSecret");
        let expected = (!is_zero).then(|| key("shared"));
        assert_eq!(shared.map(|s| *s), expected, "{}", test["tcId"]);
        checked += 1;
    }
    assert_eq!(checked, 518);
}

#[test]
fn ml_kem_768() {
    let (mut checked, mut refused) = (0, 0);
    for test in groups(include_str!("vectors/wycheproof_mlkem_768_test.json"))
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap())
    {
        let seed: Option<[u8; 64]> = bytes(test, "seed").try_into().ok();
        let shared = seed.and_then(|seed| {
            let (key, public) = KemKey::from_seed(&seed);
            let is_ours = test["ek"].is_null() || public == bytes(test, "ek");
            is_ours.then(|| key.decapsulate(&bytes(test, "c")))?
        });
        let is_right = shared.is_some_and(|shared| shared[..] == bytes(test, "K"));
        assert_eq!(is_right, test["result"] == "valid", "{}", test["tcId"]);
        checked += 1;
        refused += u32::from(!is_right);
    }
    assert!(checked > 150 && refused > 0, "{checked}, {refused}");
}

#[test]
fn what_is_encapsulated_is_decapsulated_and_a_key_of_no_use_is_refused() {
    let mut rng = getrandom::SysRng;
    let mut rng = dhc_content::rand_core::UnwrapErr(&mut rng);
    let (key, public) = KemKey::generate(&mut rng);
    let (ciphertext, shared) = encapsulate(&public, &mut rng).unwrap();
    assert_eq!(key.decapsulate(&ciphertext).unwrap(), shared);
    assert!(encapsulate(&public[1..], &mut rng).is_none());
    // FIPS 203, section 7.2: coefficients are below 3329.
    let mut beyond = public;
    beyond[..2].copy_from_slice(&[0xff; 2]);
    assert!(encapsulate(&beyond, &mut rng).is_none());
}
