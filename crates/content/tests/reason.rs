//! Why a glass was broken: read by the patient, of that breaking, and by nobody else.

mod people;
#[path = "../../../tests/seeded/mod.rs"]
mod seeded;

use dhc_content::{
    DigestSigner as _, EnvelopeOpener,
    reason::{ReasonContext, SealReasonError, open_reason, seal_reason},
};
use dhc_domain::{Address, B256, GrantId};
use people::{Identity, Wallet};
use proptest::prelude::*;
use seeded::Seeded;
use zeroize::Zeroizing;

/// What the padding leaves for the text, bytes.
const LONGEST: usize = 1022;
const TEXT: &str = "昏迷, unconscious on arrival; needs the MRI of March.";

fn context() -> ReasonContext {
    ReasonContext {
        chain_id: 7761,
        consent: Address::repeat_byte(0xc0),
        owner: Wallet::new(1).address(),
        by: Wallet::new(2).address(),
        grant: GrantId(B256::repeat_byte(3)),
    }
}

fn seal(text: &str) -> Vec<u8> {
    let public = Identity::new(9).public();
    seal_reason(text, &context(), &public, &mut Seeded::new("reason")).unwrap()
}

fn read(bytes: &[u8]) -> Option<String> {
    open_reason(bytes, &context(), &Identity::new(9))
}

#[test]
fn the_patient_reads_what_the_doctor_wrote() {
    let longest = "x".repeat(LONGEST);
    for text in ["", TEXT, &longest] {
        let bytes = seal(text);
        assert_eq!(bytes.len(), seal("").len(), "the length tells the text's");
        assert_eq!(read(&bytes).as_deref(), Some(text));
    }
}

#[test]
fn nobody_else_reads_it_and_it_serves_no_other_breaking() {
    let bytes = seal(TEXT);
    assert_eq!(open_reason(&bytes, &context(), &Identity::new(8)), None);
    let others = [
        ReasonContext {
            chain_id: 1,
            ..context()
        },
        ReasonContext {
            consent: Address::ZERO,
            ..context()
        },
        ReasonContext {
            owner: Address::ZERO,
            ..context()
        },
        ReasonContext {
            by: Address::ZERO,
            ..context()
        },
        ReasonContext {
            grant: GrantId(B256::ZERO),
            ..context()
        },
    ];
    for other in others {
        assert_eq!(open_reason(&bytes, &other, &Identity::new(9)), None);
    }
}

#[test]
fn any_flipped_bit_and_any_cut_is_noticed() {
    let bytes = seal(TEXT);
    for i in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[i] ^= 1 << (i % 8);
        assert_eq!(read(&altered), None, "byte {i}");
    }
    for cut in [0, 1, 1120, 1121, bytes.len() - 1] {
        assert_eq!(read(&bytes[..cut]), None, "cut at {cut}");
    }
}

#[test]
fn what_cannot_be_sealed_is_said() {
    let public = Identity::new(9).public();
    let mut rng = Seeded::new("refused");
    let mut seal =
        |text: &str, recipient: &[u8]| seal_reason(text, &context(), recipient, &mut rng);
    let long = "x".repeat(LONGEST + 1);
    assert_eq!(seal(&long, &public), Err(SealReasonError::TooLong));
    assert_eq!(seal(TEXT, &public[1..]), Err(SealReasonError::Recipient));
}

#[test]
fn a_reason_of_version_1_opens_for_ever() {
    let pinned = hex::decode(include_str!("vectors/reason-1.hex").trim()).unwrap();
    assert_eq!(hex::encode(seal(TEXT)), hex::encode(&pinned));
    assert_eq!(read(&pinned).as_deref(), Some(TEXT));
}

/// Who seals may be a stranger: hands over what stands in the envelope, as it stands there.
struct Open;

impl EnvelopeOpener for Open {
    fn open_envelope(&self, _: &[u8], _: &[u8], _: &[u8], ct: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(ct.to_vec()))
    }
}

proptest! {
    /// Whatever a stranger has sealed: a text that stands in it, or none.
    #[test]
    fn what_a_stranger_seals_is_a_text_or_none(plaintext in prop::collection::vec(any::<u8>(), 0..1200)) {
        let bytes = [&[1][..], &[0; 1120], &plaintext].concat();
        if let Some(text) = open_reason(&bytes, &context(), &Open) {
            prop_assert!(plaintext[2..].starts_with(text.as_bytes()));
        }
    }
}
